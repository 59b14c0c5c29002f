/*
 * The debug information of one library as a whole: what is open, what was looked for, and which file
 * answers for which unit. Where files are looked for is in debug_find.c, how sections get into memory in
 * debug_section.c, split units in debug_split.c.
 */
#include "introspect/file/debug.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "introspect/file/debug_in.h"

bool
debug_looked(const struct debug *debug, const char *what, const char *where)
{
	size_t from = debug->nlooks > RECENT_LOOKS ? debug->nlooks - RECENT_LOOKS : 0;

	for (size_t i = from; i < debug->nlooks; i++)
		if (!strcmp(debug->looks[i].where, where) && !strcmp(debug->looks[i].what, what))
			return true;
	return false;
}

void
debug_note(struct debug *debug, const char *what, const char *where, const char *result, bool found)
{
	if (debug->nlooks == MAX_LOOKS || debug_looked(debug, what, where))
		return;
	twz_push(&debug->own, debug->looks, debug->nlooks, ((struct debug_look){
		.what = what, .where = twz_strdup(&debug->own, where),
		.result = twz_strdup(&debug->own, result), .found = found,
	}));
}

struct debug_file *
debug_add(struct debug *debug, struct elf_file *elf, bool split)
{
	struct debug_file *file = twz_new(&debug->own, struct debug_file);

	file->debug = debug;
	file->elf = elf;
	file->split = split;
	for (size_t i = 0; i < DEBUG_SECTIONS; i++)
		pthread_mutex_init(&file->memory[i].lock, NULL);
	file->next = debug->files;
	debug->files = file;
	return file;
}

/* Whoever looks for a split unit reads sections of it, which may have something to note. */
static void
init_lock(struct debug *debug)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&debug->lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

static const char *const *
split_dirs(struct twz_arena *arena, const char *dirs)
{
	const char **list = NULL;
	size_t n = 0;

	for (const char *end; *dirs; dirs = end + (*end == ':')) {
		end = strchrnul(dirs, ':');
		if (end > dirs)
			twz_push(arena, list, n, twz_strndup(arena, dirs, (size_t)(end - dirs)));
	}
	twz_push(arena, list, n, NULL);
	return list;
}

/* The most telling of the looks that failed: a file that was there and not good enough. */
static bool
fail_to_find(const struct debug *debug, struct twz_error *err)
{
	const struct debug_look *refused = NULL;

	for (size_t i = 1; i < debug->nlooks; i++)
		if (strcmp(debug->looks[i].result, "no such file"))
			refused = &debug->looks[i];
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(OBJECT, INVALID_META),
		 "no debug information, so the types of its functions are not known");
	if (refused)
		return twz_hint(err, "%.160s is there, but %.100s", refused->where, refused->result);
	return twz_hint(err, "build it with -g, or install its debug package: 'twz-inspect doctor FILE' says "
			"which; --headers FILE takes the types from its headers");
}

bool
debug_open(struct elf_file *file, const char *debug_dirs, struct twz_arena *arena, struct debug **ret,
	   struct twz_error *err)
{
	struct debug *debug = twz_new(arena, struct debug);
	struct elf_file *found = file;
	struct elf_section section;
	Elf64_Shdr sh;

	*ret = debug;
	init_lock(debug);
	debug->file = file;
	debug->dirs = split_dirs(&debug->own, debug_dirs ? debug_dirs : "/usr/lib/debug");
	if (debug_has_info(file)) {
		debug_note(debug, "in the file", file->path, "found", true);
	} else {
		debug_note(debug, "in the file", file->path,
			   elf_find(file, ".gnu_debugdata", &sh, &section) ?
			   "none: its .gnu_debugdata holds names of functions only" : "none", false);
		found = debug_find_main(debug);
	}
	if (!found)
		return fail_to_find(debug, err);
	debug->main = debug_add(debug, found, false);
	return true;
}

void
debug_close(struct debug *debug)
{
	if (!debug)
		return;
	for (struct debug_file *file = debug->files; file; file = file->next) {
		for (size_t i = 0; i < DEBUG_SECTIONS; i++) {
			struct debug_memory *memory = &file->memory[i];

			if (memory->mapped)
				munmap((void *)(uintptr_t)memory->section.bytes, memory->mapped);
			pthread_mutex_destroy(&memory->lock);
		}
		if (file->elf != debug->file)
			elf_close(file->elf);
	}
	pthread_mutex_destroy(&debug->lock);
	twz_arena_free(&debug->own);
	*debug = (struct debug){ 0 };
}

size_t
debug_looks(const struct debug *debug, const struct debug_look **ret)
{
	*ret = debug->looks;
	return debug->nlooks;
}

bool
debug_partial(const struct debug *debug)
{
	return atomic_load(&debug->partial);
}

struct debug_file *
debug_main(struct debug *debug)
{
	return debug->main;
}

struct debug_file *
debug_alternate(struct debug *debug)
{
	struct debug_file *alternate;

	pthread_mutex_lock(&debug->lock);
	if (!debug->alternate_tried && debug->main) {
		struct elf_file *elf = debug_find_alternate(debug);

		if (elf)
			debug->alternate = debug_add(debug, elf, false);
	}
	debug->alternate_tried = true;
	alternate = debug->alternate;
	pthread_mutex_unlock(&debug->lock);
	return alternate;
}

const char *
debug_path(const struct debug_file *file)
{
	return file->whole ? file->whole->elf->path : file->elf->path;
}

bool
debug_is_split(const struct debug_file *file)
{
	return file->split;
}
