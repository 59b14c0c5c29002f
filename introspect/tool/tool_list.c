/*
 * What a library can be asked: its gates, or every function it exports, or those of some name, in one of
 * the forms of show.h. Several files are read two at a time, and shown in their order.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "introspect/show/show.h"
#include "introspect/tool/tool.h"
#include "introspect/tool/tool_many.h"
#include "introspect/tool/tool_progress.h"
#include "introspect/tool/tool_select.h"
#include "introspect/tool/tool_watch.h"

/* One file: what is known of it, or in the child that reads it. */
struct listing {
	struct selection select;
	const char *path;
	struct stat seen;		/* the file before it was read */
	const struct twz_service *whole, *part;	/* all that was read; what was asked for of it */
	struct twz_error untyped;	/* why no types are known; it is told behind the names */
};

/* -- reading ---------------------------------------------------------------------------------------- */

/* --types also takes names of types, and nobody knows beforehand what reaches those. */
static bool
inspect(struct request *r, struct listing *l, bool all, bool narrow, struct twz_error *err)
{
	struct introspect_options options = r->options;

	options.all |= all;
	/* Whoever asks for everything gets names, too. What is not known is not stored, nor written as C. */
	if (r->options.all && (r->show == TOOL_TEXT || r->show == TOOL_JSON))
		options.untyped = &l->untyped;
	options.patterns = narrow ? l->select.names : NULL;
	options.brief = r->show == TOOL_TEXT && !r->types && !l->select.exact;
	options.signatures = r->show == TOOL_REGISTER;	/* the listing asks for them, and so does the registry */
	if (!introspect_file(l->path, &options, &r->arena, &l->whole, err))
		return false;
	l->part = selection_apply(r, &l->select, l->whole);
	return true;
}

/* Whether the registry knows all that was asked for. */
static bool
read_known(struct request *r, struct listing *l)
{
	if (l->select.exact || !tool_brief(r, l->path, &l->whole))
		return false;
	l->part = selection_apply(r, &l->select, l->whole);
	if (!l->select.any || l->part->ngates)
		return true;
	l->whole = l->part = NULL;
	return false;
}

/*
 * A name that no gate has is looked for among all functions, and where the reader of names finds nothing
 * among those that only debug information knows.
 */
static bool
read_file(struct request *r, struct listing *l)
{
	struct twz_error err = { 0 };
	bool found;

	if (!l->select.any)
		return inspect(r, l, false, false, &err) || tool_complain(l->path, &err);
	found = inspect(r, l, false, true, &err) && l->part->ngates;
	/* That there are no gates is no answer to somebody who asks for a function. */
	if (!found && !r->options.all) {
		err = (struct twz_error){ 0 };
		found = inspect(r, l, true, true, &err) && l->part->ngates;
	}
	if (!found) {
		err = (struct twz_error){ 0 };
		if (!inspect(r, l, true, false, &err))
			return tool_complain(l->path, &err);
	}
	if (!l->part->ngates && !r->types)
		selection_nearest(r, &l->select, l->whole);
	return true;
}

/* -- handing out ------------------------------------------------------------------------------------ */

/* Patterns that named functions have done their work; the others are names of types. */
static const char *const *
type_patterns(struct request *r, const struct listing *l)
{
	const char **left = NULL;
	size_t n = 0;

	for (size_t i = 0; i < l->select.n; i++)
		if (!l->select.matched[i])
			twz_push(&r->arena, left, n, r->patterns[i]);
	if (!n)
		return NULL;
	twz_push(&r->arena, left, n, NULL);
	return left;
}

static void
show_with_types(struct request *r, const struct listing *l)
{
	const char *const *patterns = type_patterns(r, l);
	const struct twz_service *from = l->part->ngates ? l->part : l->whole;

	if (!patterns || l->part->ngates) {
		show_text(stdout, l->part, r->colour);
		fputc('\n', stdout);
	}
	if (!patterns)
		show_types(stdout, from, NULL, r->colour);
	for (size_t i = 0; patterns && i < l->select.n; i++) {
		const char *const one[] = { r->patterns[i], NULL };

		if (!l->select.matched[i] && show_types(stdout, from, one, r->colour))
			l->select.matched[i] = true;
	}
}

static void
show_as_text(struct request *r, const struct listing *l)
{
	const struct twz_gate *one = selection_one(r, &l->select, l->part);

	if (r->types)
		show_with_types(r, l);
	else if (one)
		show_gate(stdout, l->part, one, r->colour);
	else if (!l->select.any || l->part->ngates)
		show_text(stdout, l->part, r->colour);
}

static bool
hand_out(struct request *r, const struct listing *l, struct twz_error *err)
{
	if (l->select.any && !l->part->ngates && r->show != TOOL_TEXT)
		return true;
	switch (r->show) {
	case TOOL_TEXT:
		show_as_text(r, l);
		return true;
	case TOOL_JSON:
		show_json(stdout, l->part);
		return true;
	case TOOL_C:
	case TOOL_HEADER:
		show_c(stdout, l->part, r->show == TOOL_HEADER);
		return true;
	case TOOL_DOT:
		show_dot(stdout, l->part);
		return true;
	case TOOL_GATES:
		show_gates(stdout, l->part, (const char *const *)r->headers, r->compiler_args);
		return true;
	case TOOL_STUBS:
		return show_stubs(l->part, r->folder, err);
	case TOOL_REGISTER:
		return tool_store(r, l->whole, &l->seen, err);
	}
	return true;
}

/*
 * Whether every gate can be called; the others are named where they are not listed anyway. With --all,
 * functions that are no gates need not be callable.
 */
static bool
is_whole(const struct request *r, const struct twz_service *service, const char *path)
{
	bool quiet = r->show == TOOL_TEXT || r->show == TOOL_REGISTER;
	bool whole = !service->partial;

	if (service->partial)
		fprintf(stderr, "%s: %s: some of it could not be read\n  hint: 'twz-inspect doctor FILE' says what\n",
			tool_name, path);
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];

		if (!gate->has_record || gate->verdict != TWZ_VERDICT_REFUSED)
			continue;
		whole = false;
		if (!quiet)
			fprintf(stderr, "%s: %s: gate %s is not callable: %s\n", tool_name, path,
				gate->name, gate->why);
	}
	return whole;
}

static bool
list(struct request *r, void *data)
{
	struct listing *l = data;
	struct twz_error err = { 0 };
	bool ok;

	stat(l->path, &l->seen);
	ok = l->part || read_file(r, l);
	selection_searched(&l->select, ok);
	if (!ok)
		return false;
	progress_output();
	if (!hand_out(r, l, &err))
		return tool_complain(l->path, &err);
	if (!tool_flush())
		return false;
	if (l->untyped.cls != TWZ_CLASS_NONE && (l->part->ngates || !l->select.any))
		return tool_complain(l->path, &l->untyped);
	return is_whole(r, l->part, l->path);
}

/* -- files ------------------------------------------------------------------------------------------ */

static int
list_file(struct request *r, const char *path, void *data)
{
	struct listing l = { .select = *(const struct selection *)data, .path = path };
	bool as_it_is = !l.select.any && !r->colour;
	int stored;

	tool_gates(r, path);
	stored = as_it_is ? tool_stored(r, path) : -1;
	if (stored >= 0)
		return stored;
	if (!as_it_is && read_known(r, &l))
		return list(r, &l) ? 0 : 1;
	return tool_probe(r, path) ? tool_run(r, path, list, &l) : 1;
}

int
tool_list(struct request *r, char **args)
{
	const char **files = tool_files(r, args);
	struct watch *watch = NULL;
	struct selection select;
	int status;

	if (!tool_any(files, args) && !(files && r->watch))
		return 1;
	if (r->patterns && r->show == TOOL_REGISTER) {
		fprintf(stderr, "%s: --register stores a whole library: name no functions\n", tool_name);
		return 2;
	}
	select = selection_make(r);
	if (r->watch && !(watch = tool_watch_begin(r, files, args)))
		return 1;
	progress_begin();
	status = tool_many(r, files, list_file, &select);
	if (!selection_complain(r, &select))
		status = 1;
	return watch ? tool_watch(watch, list_file, &select) : status;
}
