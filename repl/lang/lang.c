#include "repl/lang/lang.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "repl/lang/check.h"
#include "repl/lang/convert.h"
#include "repl/lang/interp.h"
#include "repl/lang/parse.h"

/* -- life -------------------------------------------------------------------------------------- */

static void
declare_args(struct lang *l)
{
	const struct lang_options *o = l->options;
	TWZ_ARENA arena = { 0 };
	struct twz_value *items = twz_new_array(&arena, o->nargs, struct twz_value), list;

	for (size_t i = 0; i < o->nargs; i++)
		items[i] = twz_cstring(&arena, o->args[i]);
	list = twz_list(NULL, items, o->nargs);
	lang_declare(l, lang_name(l, "args", 4), &list);
}

static struct lang *
new_interpreter(const struct lang_options *options, struct lang_shared *shared)
{
	struct lang *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->options = options;
	l->shared = shared;
	l->root = l;
	l->arena = &l->statement;
	l->timeout_ns = options->timeout_ns;
	l->deadline_ns = -1;
	return l;
}

struct lang *
lang_new(const struct lang_options *options)
{
	struct lang_shared *shared = calloc(1, sizeof(*shared));
	struct lang *l;

	if (!shared)
		abort();
	pthread_mutex_init(&shared->turn, NULL);
	pthread_cond_init(&shared->ended, NULL);
	l = new_interpreter(options, shared);
	l->module = &shared->main;
	declare_args(l);
	l->nglobals = l->nvisible = l->nbindings;
	return l;
}

struct lang *
lang_new_peer(struct lang *l)
{
	return new_interpreter(l->options, l->shared);
}

struct lang *
lang_clone(const struct lang *l, bool blocks)
{
	struct lang *child = new_interpreter(l->options, l->shared);

	child->module = l->module;
	for (size_t i = 0; i < (blocks ? l->nbindings : l->nglobals); i++) {
		const struct lang_binding *b = &l->bindings[i];

		if (b->frame == l->frame || i < l->nvisible)
			lang_declare(child, b->name, &b->value)->is_fn = b->is_fn;
	}
	child->nglobals = child->nvisible = child->nbindings;
	return child;
}

static void
free_program(struct lang_program *program)
{
	twz_arena_free(&program->arena);
	free(program);
}

static void
bury(struct lang *l)
{
	while (l->ngraves)
		twz_arena_free(&l->graves[--l->ngraves]);
}

void
lang_free_peer(struct lang *l)
{
	for (size_t i = 0; i < l->npeers; i++)
		lang_free_peer(l->peers[i]);
	free(l->peers);
	l->flow = FLOW_NONE;
	lang_leave(l, 0);
	free(l->bindings);
	free(l->newest);
	bury(l);
	free(l->graves);
	twz_arena_free(&l->statement);
	free(l->services);
	free(l);
}

void
lang_free(struct lang *l)
{
	struct lang_shared *shared;
	struct lang_program *next;

	if (!l)
		return;
	shared = l->shared;
	lang_end_jobs(l);
	lang_free_peer(l);
	for (struct lang_program *p = shared->programs; p; p = next) {
		next = p->next;
		free_program(p);
	}
	lang_names_free(&shared->names);
	twz_arena_free(&shared->durable);
	pthread_mutex_destroy(&shared->turn);
	pthread_cond_destroy(&shared->ended);
	free(shared);
}

int
lang_exit_status(const struct lang *l)
{
	return l->exit_status;
}

/* -- running ----------------------------------------------------------------------------------- */

struct lang_program *
lang_new_program(const char *text, size_t n, const char *file, struct lang_module *module)
{
	struct lang_program *program = calloc(1, sizeof(*program));

	if (!program)
		abort();
	program->text = twz_strndup(&program->arena, text, n);
	program->n = n;
	program->file = file;
	program->module = module;
	return program;
}

void
lang_blame(struct lang *l, struct lang_program *program, struct twz_error *err)
{
	if (!l->root->blamed && err->to)
		l->root->blamed = program;
}

/* Keeps the tree when functions live in it. */
static void
end_program(struct lang *l, struct lang_program *program)
{
	l->program = NULL;
	/* Who reports the failure has the text. */
	if (l->blamed == program)
		l->blamed = NULL;
	if (!program->keep) {
		free_program(program);
		return;
	}
	program->next = l->shared->programs;
	l->shared->programs = program;
}

/* Line and column, counted in characters. */
static void
number_lines(const struct lang *l, const struct lang_program *program, struct twz_error *err)
{
	const char *text = l->blamed ? l->blamed->text : program->text;
	size_t n = l->blamed ? l->blamed->n : program->n;
	uint32_t line = 1, col = 1;

	if (!err->to || err->from > n)
		return;
	for (uint32_t i = 0; i < err->from; i++) {
		col += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (text[i] == '\n') {
			line++;
			col = 1;
		}
	}
	err->line = line;
	err->col = col;
}

/* What a statement that stopped without a failure means for the whole text. */
static enum lang_result
stopped(struct lang *l, const struct ast *a, struct twz_error *err)
{
	enum lang_flow flow = l->flow;

	l->flow = FLOW_NONE;
	if (err->cls != TWZ_CLASS_NONE) {
		lang_at(err, a);
		return LANG_FAILED;
	}
	if (flow == FLOW_EXIT)
		return LANG_EXIT;
	if (flow == FLOW_RETURN) {
		if (l->returned.kind != TWZ_VALUE_ERR)
			return LANG_OK;
		lang_fail_err(&l->returned, err);
	} else {
		twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			 "'%s' outside of a loop", flow == FLOW_BREAK ? "break" : "continue");
	}
	lang_at(err, a);
	return LANG_FAILED;
}

static bool
shown(const struct lang *l, const struct ast *a)
{
	return !l->options->script && a->kind != AST_ASSIGN && a->kind != AST_LET && a->kind != AST_FN;
}

/*
 * A gate that is a program has ended: as the last statement its status is that of the text, elsewhere any
 * but 0 is a failure.
 */
static enum lang_result
program_ended(struct lang *l, const struct ast *a, const struct twz_value *v, bool last,
	      struct twz_error *err)
{
	int status = (int)v->integer & 255;

	if (!status)
		return LANG_OK;
	if (last) {
		l->exit_status = status;
		return LANG_EXIT;
	}
	twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(GENERIC, OTHER), "%s ended with status %d", a->text, status);
	lang_at(err, a);
	return LANG_FAILED;
}

/* @last: all that there is to run ends with it. */
/* Of a result, what is in it; nothing is not worth keeping. */
static void
keep_last(struct lang *l, const struct twz_value *v)
{
	if (v->kind == TWZ_VALUE_OK)
		v = &v->list.items[0];
	if (v->kind != TWZ_VALUE_UNIT)
		lang_assign(l, lang_name(l, "_", 1), v);
}

static enum lang_result
run_statement(struct lang *l, const struct ast *a, bool last, struct twz_error *err)
{
	struct twz_value v;

	l->depth = l->holding = l->calls = l->frame = 0;
	l->flow = FLOW_NONE;
	l->nframes = 0;
	l->deadline_ns = -1;
	l->arena = &l->statement;
	l->gate[0] = '\0';
	l->direct = shown(l, a) && a->kind == AST_CALL ? a : NULL;
	l->shown = false;
	l->nglobals = l->nvisible = l->nbindings;
	if (!lang_eval_checked(l, a, &v, err))
		return stopped(l, a, err);
	if (lang_unhandled(l, a, &v, err))
		return LANG_FAILED;
	if (a->kind == AST_CALL && a->is_path && *a->site && (*a->site)->program && v.kind == TWZ_VALUE_INT)
		return program_ended(l, a, &v, last, err);
	if (shown(l, a) && !l->shown && !lang_show_statement(l, &v, err))
		return LANG_FAILED;
	if (l->options->last && shown(l, a))
		keep_last(l, &v);
	return LANG_OK;
}

/* Ends what a statement left: temporaries, half-left scopes. */
static void
clean_up(struct lang *l, size_t globals)
{
	l->flow = FLOW_NONE;
	l->arena = &l->statement;
	if (globals != SIZE_MAX)
		lang_leave(l, globals);
	bury(l);
	twz_arena_reset(&l->statement);
}

static enum lang_result
run_program(struct lang *l, const struct ast *root, bool ends, struct twz_error *err)
{
	enum lang_result result = LANG_OK;

	for (uint32_t i = 0; i < root->nitems && result == LANG_OK; i++) {
		const struct ast *a = root->items[i];
		bool last = a->kind == AST_RETURN;

		result = run_statement(l, a, ends && i + 1 == root->nitems, err);
		/* A failure may leave variables of the blocks that it left: each drops its own. */
		clean_up(l, result == LANG_OK ? SIZE_MAX : l->nglobals);
		if (last)
			break;
	}
	l->nglobals = l->nvisible = l->nbindings;
	return result;
}

/* Runs the statements and then main, whose arguments are looked at before anything runs. */
static enum lang_result
run_whole(struct lang *l, struct lang_program *program, struct twz_error *err)
{
	const struct ast *fn = l->options->whole ? lang_find_main(program->root) : NULL;
	struct ast *call = NULL;
	enum lang_result result;

	l->program = program;
	if (fn && lang_main_help(l, program, fn))
		return LANG_OK;
	if (fn) {
		call = lang_main_call(l, program, fn);
		lang_prepare(l, program, call);
		if (!lang_main_check(l, program, fn, call, err))
			return LANG_FAILED;
	}
	if (!lang_check_first(l, program, err))
		return LANG_FAILED;
	result = run_program(l, program->root, l->options->whole && !call, err);
	if (result != LANG_OK || !call)
		return result;
	result = run_statement(l, call, true, err);
	clean_up(l, l->nglobals);
	return result;
}

/* Values that did not arrive are a failure, whatever the statements said. */
static enum lang_result
flush_output(struct lang *l, enum lang_result result, struct twz_error *err)
{
	errno = 0;
	if (!fflush(l->options->out) && !ferror(l->options->out))
		return result;
	lang_fail_output(l, err);
	return LANG_FAILED;
}

enum lang_result
lang_run(struct lang *l, const char *text, size_t n, struct twz_error *err)
{
	struct lang_program *program = lang_new_program(text, n, NULL, l->module);
	enum lang_result result;

	*err = (struct twz_error){ 0 };
	lang_begin_turn(l);
	result = parse_text(program->text, n, &program->arena, &program->root, err);
	l->gate[0] = '\0';
	l->blamed = NULL;
	l->program = program;
	if (result == LANG_MORE && lang_lost(l, program, err))
		result = LANG_FAILED;
	if (result == LANG_OK) {
		lang_prepare(l, program, program->root);
		if (!lang_load_imports(l, program, program->root, err))
			result = LANG_FAILED;
	}
	if (result == LANG_OK)
		result = run_whole(l, program, err);
	if (result == LANG_FAILED || result == LANG_MORE)
		number_lines(l, program, err);
	end_program(l, program);
	lang_end_turn(l);
	return flush_output(l, result, err);
}

/* Other files would be read for it, and stay. */
static bool
imports(const struct ast *root)
{
	for (uint32_t i = 0; i < root->nitems; i++)
		if (root->items[i]->kind == AST_IMPORT)
			return true;
	return false;
}

/* Whether all services that the text names are at hand. */
static bool
at_hand(const struct lang *l, const char *text, size_t n, struct twz_arena *arena)
{
	const struct repl_host *host = l->options->host;
	struct lex lex;

	lex_text(text, 0, (uint32_t)n, arena, &lex);
	for (uint32_t i = 0; host->known && i < lex.ntokens; i++) {
		const struct lex_token *t = &lex.tokens[i];
		const char *word = text + t->from, *colons;

		if (t->kind != LEX_PATH)
			continue;
		colons = memmem(word, t->to - t->from, "::", 2);
		if (colons && !host->known(host->data, twz_strndup(arena, word, (size_t)(colons - word))))
			return false;
	}
	return true;
}

bool
lang_would_run(struct lang *l, const char *text, size_t n)
{
	struct lang_program *program = lang_new_program(text, n, NULL, l->module);
	struct twz_error err = { 0 };
	bool good;

	lang_begin_turn(l);
	good = parse_text(program->text, n, &program->arena, &program->root, &err) == LANG_OK &&
	       program->root->nitems && !imports(program->root) && at_hand(l, text, n, &program->arena);
	if (good) {
		lang_prepare(l, program, program->root);
		l->program = program;
		good = lang_check_first(l, program, &err);
		l->program = NULL;
	}
	l->blamed = NULL;
	l->gate[0] = '\0';
	free_program(program);
	lang_end_turn(l);
	return good;
}

/* -- twz call ---------------------------------------------------------------------------------- */

static struct ast *
text_node(struct twz_arena *arena, const char *text)
{
	struct ast *a = twz_new(arena, struct ast);

	a->kind = AST_TEXT;
	a->text = twz_strdup(arena, text);
	a->n = (uint32_t)strlen(text);
	return a;
}

/* --name=text and, for switches, --name. */
static bool
named_text(struct twz_arena *arena, const char *text, struct ast_arg *arg)
{
	const char *eq = strchr(text, '=');
	size_t n;

	if (strncmp(text, "--", 2))
		return false;
	n = strcspn(text + 2, "=");
	if (!n || !((text[2] >= 'a' && text[2] <= 'z') || (text[2] >= 'A' && text[2] <= 'Z') ||
		    text[2] == '_'))
		return false;
	arg->name = twz_strndup(arena, text + 2, n);
	arg->glued = eq != NULL;
	arg->value = eq ? text_node(arena, eq + 1) : NULL;
	return true;
}

struct ast *
lang_call_words(struct twz_arena *arena, const char *const *argv, size_t argc)
{
	struct ast *call = twz_new(arena, struct ast);
	bool named = true;

	call->kind = AST_CALL;
	call->text = twz_strdup(arena, argv[0]);
	call->n = (uint32_t)strlen(argv[0]);
	call->site = twz_new(arena, struct call_site *);
	for (size_t i = 1; i < argc; i++) {
		struct ast_arg arg = { 0 };

		if (named && !strcmp(argv[i], "--")) {
			named = false;
			continue;
		}
		if (!named || !named_text(arena, argv[i], &arg))
			arg.value = text_node(arena, argv[i]);
		twz_push(arena, call->args, call->nargs, arg);
	}
	return call;
}

enum lang_result
lang_call(struct lang *l, const char *const *argv, size_t argc, struct twz_error *err)
{
	struct lang_program *program = lang_new_program("", 0, NULL, l->module);
	enum lang_result result = LANG_FAILED;

	*err = (struct twz_error){ 0 };
	lang_begin_turn(l);
	if (!argc || !strstr(argv[0], "::")) {
		twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, INVALID_NAME), "'%s' is no gate",
			 argc ? argv[0] : "");
		twz_hint(err, "write: twz call SERVICE::GATE ARGUMENT …");
	} else {
		l->program = program;
		program->root = lang_call_words(&program->arena, argv, argc);
		lang_prepare(l, program, program->root);
		result = run_statement(l, program->root, true, err);
		clean_up(l, SIZE_MAX);
	}
	end_program(l, program);
	lang_end_turn(l);
	return flush_output(l, result, err);
}
