/*
 * import: other files.
 *
 * A file has a scope of its own: its variables and functions are seen by itself only. Who imports it
 * calls its functions by the file's name, lib.twz: lib::greet. All files that a text imports are read
 * and parsed before anything of the text runs; each is run once, where it is first imported.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "repl/lang/interp.h"
#include "repl/lang/parse.h"
#include "twz/nearest.h"

enum { FILE_MAX = 64 << 20, IMPORTS_DEEP = 50 };

/* -- finding ----------------------------------------------------------------------------------- */

struct lang_module *
lang_imported(const struct lang_module *module, const char *name, size_t n)
{
	for (size_t i = module->nimports; i-- > 0;)
		if (!strncmp(module->imports[i].name, name, n) && !module->imports[i].name[n])
			return module->imports[i].module;
	return NULL;
}

/* "lib" of "dir/lib.twz"; '-' and '.' become '_'. NULL: it makes no name. */
static const char *
name_of(struct twz_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t n = strlen(base);
	char *name;

	if (n > 4 && !strcmp(base + n - 4, ".twz"))
		n -= 4;
	name = twz_strndup(arena, base, n);
	for (char *c = name; *c; c++) {
		if (*c == '-' || *c == '.')
			*c = '_';
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789", *c))
			return NULL;
	}
	return *name && !strchr("0123456789", *name) ? name : NULL;
}

/* The real path of the file that @a names, seen from the file it stands in. */
static bool
find_file(struct lang *l, const struct lang_program *program, const struct ast *a, const char **ret,
	  struct twz_error *err)
{
	const char *from = program->file ? program->file : l->options->file;
	const char *slash = from && *a->text != '/' ? strrchr(from, '/') : NULL;
	char real[PATH_MAX];
	const char *path = a->text;

	if (slash)
		path = twz_format(l->arena, "%.*s/%s", (int)(slash - from), from, a->text);
	if (!realpath(path, real)) {
		twz_fail(err, TWZ_CLASS_NAME, twz_code_from_errno(errno), "cannot import %s: %s", path,
			 strerror(errno));
		return lang_at(err, a);
	}
	*ret = twz_strdup(&l->shared->durable, real);
	return true;
}

static bool
read_file(const char *path, struct twz_arena *arena, const char **text, size_t *n,
	  struct twz_error *err)
{
	struct stat st;
	/* A pipe would be waited for. */
	bool regular = !stat(path, &st) && S_ISREG(st.st_mode);
	TWZ_FCLOSE FILE *f = regular ? fopen(path, "re") : NULL;
	size_t room = 4096;
	char *all = twz_alloc(arena, room + 1);

	if (!regular)
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"cannot import %s: it is no regular file", path);
	if (!f)
		return twz_fail(err, TWZ_CLASS_NAME, twz_code_from_errno(errno), "cannot import %s: %s",
				path, strerror(errno));
	for (*n = 0;;) {
		size_t got = fread(all + *n, 1, room - *n, f);

		*n += got;
		if (!got)
			break;
		if (*n > FILE_MAX)
			return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
					"cannot import %s: it is too long for a script", path);
		if (*n == room) {
			char *larger = twz_alloc(arena, 2 * room + 1);

			memcpy(larger, all, *n);
			all = larger;
			room *= 2;
		}
	}
	if (ferror(f))
		return twz_fail(err, TWZ_CLASS_NAME, twz_code_from_errno(errno), "cannot import %s: %s",
				path, strerror(errno));
	*text = all;
	lang_skip_mark(text, n);
	return true;
}

/* The script that was started is a file too. */
static void
name_main(struct lang *l)
{
	struct lang_module *main = &l->shared->main;
	char real[PATH_MAX];

	if (main->path || !l->options->file || !realpath(l->options->file, real))
		return;
	main->path = twz_strdup(&l->shared->durable, real);
	main->name = name_of(&l->shared->durable, real);
	if (!main->name)
		main->name = main->path;
}

/* -- loading ----------------------------------------------------------------------------------- */

static bool
refuse_cycle(const struct lang_module *again, const struct lang_module *by, const struct ast *a,
	     struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char *chain = again->name;

	for (const struct lang_module *m = by; m && m != again; m = m->loaded_by)
		chain = twz_format(&arena, "%s → %s", m->name, chain);
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(GENERIC, NOT_SUPPORTED),
		 "%s imports itself: %s → %s", again->name, again->name, chain);
	twz_hint(err, "put what both need into a third file");
	return lang_at(err, a);
}

static bool
add_import(struct lang *l, struct lang_module *to, struct lang_module *module)
{
	struct lang_import import = { module->name, module };

	twz_push(&l->shared->durable, to->imports, to->nimports, import);
	return true;
}

static bool
parse_module(struct lang *l, struct lang_module *module, const char *text, size_t n,
	     struct twz_error *err)
{
	struct lang_program *program = lang_new_program(text, n, module->path, module);

	module->program = program;
	program->keep = true;
	program->next = l->shared->programs;
	l->shared->programs = program;
	if (parse_text(program->text, n, &program->arena, &program->root, err) != LANG_OK) {
		lang_blame(l, program, err);
		return false;
	}
	lang_prepare(l, program, program->root);
	return lang_load_imports(l, program, program->root, err);
}

static bool
load(struct lang *l, const struct lang_program *program, struct ast *a, struct twz_error *err)
{
	struct lang_module *module = l->shared->modules;
	const char *path, *text = "", *name;
	TWZ_ARENA arena = { 0 };
	unsigned deep = 0;
	size_t n = 0;

	if (!find_file(l, program, a, &path, err))
		return false;
	name = name_of(&l->shared->durable, path);
	if (!name) {
		twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, INVALID_NAME),
			 "cannot import %s: its functions would have no name", a->text);
		twz_hint(err, "call the file like a name: my_lib.twz");
		return lang_at(err, a);
	}
	name_main(l);
	if (l->shared->main.path && !strcmp(l->shared->main.path, path))
		return refuse_cycle(&l->shared->main, program->module, a, err);
	for (const struct lang_module *m = program->module; m; m = m->loaded_by)
		deep++;
	if (deep > IMPORTS_DEEP) {
		twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
			 "files import each other too deeply");
		return lang_at(err, a);
	}
	if (!read_file(path, &arena, &text, &n, err))
		return lang_at(err, a);
	while (module && (strcmp(module->path, path) || module->program->n != n ||
			  memcmp(module->program->text, text, n)))
		module = module->next;
	if (module && module->loading)
		return refuse_cycle(module, program->module, a, err);
	if (!module) {
		module = twz_new(&l->shared->durable, struct lang_module);
		*module = (struct lang_module){ .path = path, .name = name, .loading = true,
						.loaded_by = program->module,
						.next = l->shared->modules };
		l->shared->modules = module;
		if (!parse_module(l, module, text, n, err)) {
			l->shared->modules = module->next;
			return false;
		}
		module->loading = false;
	}
	a->module = module;
	return add_import(l, program->module, module);
}

static bool
load_all(struct lang *l, struct lang_program *program, struct ast *a, struct twz_error *err)
{
	if (a->kind == AST_IMPORT && !load(l, program, a, err)) {
		lang_blame(l, program, err);
		return false;
	}
	for (uint32_t i = 0; i < a->nitems; i++)
		if (!load_all(l, program, a->items[i], err))
			return false;
	return true;
}

bool
lang_load_imports(struct lang *l, struct lang_program *program, struct ast *a, struct twz_error *err)
{
	/* Most texts import nothing: their trees need not be searched. */
	return !memmem(program->text, program->n, "import", 6) || load_all(l, program, a, err);
}

/* -- running ----------------------------------------------------------------------------------- */

/* Runs the file's statements in @m, which is new. */
static bool
run_module(struct lang *l, struct lang *m, struct lang_module *module, struct twz_error *err)
{
	const struct ast *root = module->program->root;
	struct twz_value v;
	bool done = true;

	m->program = module->program;
	m->timeout_ns = l->options->timeout_ns;
	m->deadline_ns = l->deadline_ns;
	m->deadline_after_ns = l->deadline_after_ns;
	m->depth = l->depth;
	m->calls = l->calls;
	for (uint32_t i = 0; i < root->nitems && done; i++) {
		const struct ast *a = root->items[i];

		m->nglobals = m->nvisible = m->nbindings;
		done = lang_eval_checked(m, a, &v, err) && !lang_unhandled(m, a, &v, err);
		if (!done && m->flow == FLOW_RETURN)
			return true;
		if (!done)
			lang_at(err, a);
	}
	m->nglobals = m->nvisible = m->nbindings;
	return done;
}

bool
lang_peer(struct lang *l, struct lang_module *module, struct lang **ret, struct twz_error *err)
{
	struct lang *root = l->root, *m;
	bool done;

	*ret = module == root->module ? root : NULL;
	for (size_t i = 0; i < root->npeers && !*ret; i++)
		if (root->peers[i]->module == module)
			*ret = root->peers[i];
	if (*ret)
		return true;
	m = module->first ? lang_clone(module->first, false) : lang_new_peer(l);
	m->module = module;
	m->root = root;
	root->peers = reallocarray(root->peers, root->npeers + 1, sizeof(struct lang *));
	if (!root->peers)
		abort();
	root->peers[root->npeers++] = m;
	*ret = m;
	if (module->first)
		return true;
	done = run_module(l, m, module, err);
	if (m->flow == FLOW_EXIT) {
		l->flow = FLOW_EXIT;
		l->exit_status = m->exit_status;
	}
	m->flow = FLOW_NONE;
	if (done) {
		if (root->module == &l->shared->main)
			module->first = m;
		return true;
	}
	snprintf(l->gate, sizeof(l->gate), "%s", m->gate);
	lang_blame(l, module->program, err);
	root->npeers--;
	lang_free_peer(m);
	return false;
}

bool
lang_eval_import(struct lang *l, const struct ast *a, struct twz_error *err)
{
	struct lang *m;

	return lang_peer(l, a->module, &m, err) || lang_at(err, a);
}

/* The same before the file has run: its functions are in its text. */
static bool
check_imported(struct lang *l, const struct lang_module *module, const struct ast *a,
	       const struct twz_value **ret, struct twz_error *err)
{
	const char *name = strstr(a->text, "::") + 2, *near, **names = NULL;
	const struct ast *root = module->program->root;
	struct twz_value *f;
	size_t n = 0;

	for (uint32_t i = root->nitems; i-- > 0;) {
		const struct ast *fn = root->items[i];

		/* A variable may hold a function as well. */
		if (fn->kind == AST_ASSIGN || fn->kind == AST_LET ? !strcmp(fn->text, name) : false)
			return true;
		if (fn->kind != AST_FN)
			continue;
		twz_push(l->arena, names, n, fn->text);
		if (strcmp(fn->text, name))
			continue;
		f = twz_new(l->arena, struct twz_value);
		if (!lang_make_function(l, fn, f, err))
			return false;
		*f = twz_record(f->type, NULL, NULL, 0);
		*ret = f;
		return true;
	}
	near = twz_nearest(name, names, n);
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no function '%s' in %s", name,
		 module->name);
	if (near)
		twz_hint(err, "did you mean %s?", near);
	return lang_at_span(err, a->from + (uint32_t)(name - a->text), a->head_to);
}

bool
lang_imported_function(struct lang *l, const struct ast *a, const struct twz_value **ret,
		       struct twz_error *err)
{
	const char *colons = strstr(a->text, "::"), *near;
	struct lang_module *module = lang_imported(l->program->module, a->text,
						   (size_t)(colons - a->text));
	const struct lang_variable *variables;
	const struct lang_binding *b;
	const char **names = NULL;
	size_t n, kept = 0;
	struct lang *m;

	*ret = NULL;
	if (!module)
		return true;
	if (l->check)
		return check_imported(l, module, a, ret, err);
	if (!lang_peer(l, module, &m, err))
		return false;
	b = lang_find(m, colons + 2, strlen(colons + 2));
	if (b && lang_function_of(&b->value)) {
		*ret = &b->value;
		return true;
	}
	n = lang_variables(m, l->arena, &variables);
	for (size_t i = 0; i < n; i++)
		if (lang_function_of(variables[i].value))
			twz_push(l->arena, names, kept, variables[i].name);
	near = twz_nearest(colons + 2, names, kept);
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no function '%s' in %s", colons + 2,
		 module->name);
	if (near)
		twz_hint(err, "did you mean %s?", near);
	return lang_at_span(err, a->from + (uint32_t)(colons + 2 - a->text), a->head_to);
}
