/* A temporary folder, and libraries built into it by the compilers that are there. */
#pragma once

#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "introspect/introspect.h"
#include "twz/typetext.h"

#define FIXTURES "tests/fixtures/introspect/"

static char folder[64];

static inline int
make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/twz-introspect-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int
remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st, (void)what, (void)ftw;
	return remove(path);
}

static inline int
remove_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Runs a shell command with $D set to the folder. */
__attribute__((format(printf, 1, 2))) static inline int
shell(const char *fmt, ...)
{
	char command[2048];
	int n = snprintf(command, sizeof(command), "D=%s; ", folder);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command + n, sizeof(command) - (size_t)n, fmt, ap);
	va_end(ap);
	return system(command);
}

static inline bool
have(const char *program)
{
	bool there = !shell("command -v %s >/dev/null", program);

	if (!there)	/* a line that tests/run counts and shows */
		printf("skip introspection with %s # it is not installed\n", program);
	return there;
}

/* The path of a file in the folder; good until the fourth call after this one. */
static inline const char *
in_folder(const char *name)
{
	static char paths[4][256];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

/* Writes @text to file @name of the folder. */
static inline void
write_text(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static inline const struct twz_service *
inspect_by(const char *engine, bool brief, const char *path, bool all, struct twz_arena *arena)
{
	const struct introspect_options options = {
		.all = all, .engine = engine, .brief = brief, .debug_dir = folder,
	};
	const struct twz_service *service = NULL;
	struct twz_error err = { 0 };

	if (!introspect_file(path, &options, arena, &service, &err))
		fail_msg("%s by %s: %s", path, engine, err.text);
	return service;
}

/* Two engines, one answer; and a listing says the same as the whole. */
static inline const struct twz_service *
inspect_ok(const char *path, bool all, struct twz_arena *arena)
{
	const struct twz_service *own = inspect_by("own", false, path, all, arena);
	const struct twz_service *other = inspect_by("libdwarf", false, path, all, arena);
	const struct twz_service *brief = inspect_by("own", true, path, all, arena);

	assert_int_equal(own->ngates, other->ngates);
	assert_int_equal(own->ngates, brief->ngates);
	assert_int_equal(own->partial, other->partial);
	for (uint32_t i = 0; i < own->ngates; i++) {
		const struct twz_gate *a = &own->gates[i], *b = &other->gates[i], *c = &brief->gates[i];

		assert_string_equal(twz_signature_text(arena, a), twz_signature_text(arena, b));
		assert_string_equal(twz_signature_text(arena, a), twz_signature_text(arena, c));
		assert_string_equal(a->why, c->why);
		assert_int_equal(a->verdict, c->verdict);
		assert_string_equal(a->how, b->how);
		assert_string_equal(a->why, b->why);
		assert_string_equal(a->shown, b->shown);
		assert_string_equal(a->file, b->file);
		assert_int_equal(a->line, b->line);
		assert_int_equal(a->verdict, b->verdict);
		assert_true(a->hash == b->hash);
		assert_true(a->type == b->type || twz_type_equal(a->type, b->type));
	}
	return own;
}

static inline const struct twz_gate *
gate_of(const struct twz_service *service, const char *name)
{
	const struct twz_gate *gate = twz_gate_find(service, name);

	if (!gate)
		fail_msg("no %s", name);
	return gate;
}
