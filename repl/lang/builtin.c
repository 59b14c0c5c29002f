/* Functions that are there without any service. Help and completion read the same table. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "repl/lang/interp.h"
#include "repl/lang/number.h"
#include "twz/json.h"
#include "twz/typetext.h"

/* Words come as texts: a number among them is one all the same. */
static bool
integer(const struct twz_value *v, twz_wide *ret, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };

	if (v->kind == TWZ_VALUE_INT) {
		*ret = v->integer;
		return true;
	}
	if (v->kind == TWZ_VALUE_STRING &&
	    number_integer(v->string.text, v->string.n, ret) == NUMBER_OK)
		return true;
	return lang_type_error(err, "Expected 'int' got '%s'", lang_type_of(&arena, v));
}

static bool
mismatch(const char *wanted, const struct twz_value *v, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };

	return lang_type_error(err, "Expected '%s' got '%s'", wanted, lang_type_of(&arena, v));
}

static bool
run_print(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	  struct twz_error *err)
{
	FILE *out = l->options->out;

	*ret = twz_unit();
	lang_settle(l);
	if (l->options->output == LANG_CSV || l->options->output == LANG_TSV) {
		struct twz_value row = twz_list(NULL, args, nargs), rows = twz_list(NULL, &row, 1);

		return !nargs || lang_show(l, nargs == 1 ? &args[0] : &rows, err);
	}
	if (lang_is_json(l) || (nargs == 1 && args[0].kind != TWZ_VALUE_STRING)) {
		for (size_t i = 0; i < nargs; i++)
			if (!lang_show(l, &args[i], err))
				return false;
		return true;
	}
	for (size_t i = 0; i < nargs; i++) {
		if (i)
			fputc(' ', out);
		if (args[i].kind != TWZ_VALUE_STRING)
			lang_write(out, &args[i]);
		else if (l->options->output == LANG_RAW)
			fwrite(args[i].string.text, 1, args[i].string.n, out);
		else
			lang_write_clean(out, args[i].string.text, args[i].string.n);
	}
	fputc('\n', out);
	return !ferror(out) || lang_fail_output(l, err);
}

static bool
show_help(struct lang *l, const char *topic, struct twz_error *err)
{
	const struct lang_options *o = l->options;
	TWZ_FREE char *text = NULL, *wrapped = NULL;
	size_t n = 0, n_wrapped = 0;
	int columns = o->out_tty && !o->plain && o->columns ? o->columns() : 0;
	FILE *f = o->page || columns > 0 ? open_memstream(&text, &n) : NULL;
	bool done;

	if (!f)
		return lang_help(l, topic, o->out, err);
	done = lang_help(l, topic, f, err);
	fclose(f);
	if (!done || columns <= 0)
		return done && (o->page(o->page_data, text, n, err) || lang_fail_output(l, err));
	f = open_memstream(&wrapped, &n_wrapped);
	if (!f)
		return twz_fail_sys(err, errno, "show help");
	lang_wrap(f, text, n, (size_t)columns);
	fclose(f);
	if (o->page)
		return o->page(o->page_data, wrapped, n_wrapped, err) || lang_fail_output(l, err);
	return fwrite(wrapped, 1, n_wrapped, o->out) == n_wrapped || lang_fail_output(l, err);
}

static bool
run_help(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	 struct twz_error *err)
{
	*ret = twz_unit();
	if (nargs && args[0].kind != TWZ_VALUE_STRING)
		return mismatch("String", &args[0], err);
	return show_help(l, nargs ? args[0].string.text : NULL, err);
}

static bool
run_exit(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	 struct twz_error *err)
{
	twz_wide status = 0;

	*ret = twz_unit();
	if (nargs && !integer(&args[0], &status, err))
		return false;
	if (status < 0 || status > 255)
		return lang_type_error(err, "a status is a number from 0 to 255");
	l->exit_status = (int)status;
	l->flow = FLOW_EXIT;
	return false;
}

static bool
run_ok(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
       struct twz_error *err)
{
	(void)l, (void)nargs;
	if (args[0].kind != TWZ_VALUE_OK && args[0].kind != TWZ_VALUE_ERR)
		return mismatch("Result", &args[0], err);
	*ret = twz_bool(args[0].kind == TWZ_VALUE_OK);
	return true;
}

static bool
run_unwrap(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	   struct twz_error *err)
{
	(void)l, (void)nargs;
	return lang_unwrap(&args[0], ret, err);
}

/* Characters of a text; bytes where it is no UTF-8. */
static size_t
characters(const struct twz_value *v)
{
	size_t n = 0;

	if (!twz_utf8_valid(v->string.text, v->string.n))
		return v->string.n;
	for (size_t i = 0; i < v->string.n; i++)
		n += ((unsigned char)v->string.text[i] & 0xc0) != 0x80;
	return n;
}

static bool
run_count(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	  struct twz_error *err)
{
	const struct twz_value *v = &args[0];

	(void)l, (void)nargs;
	if ((v->kind != TWZ_VALUE_STRING && v->kind != TWZ_VALUE_LIST && v->kind != TWZ_VALUE_RECORD) ||
	    lang_function_of(v))
		return mismatch("list", v, err);
	*ret = twz_int(NULL, (twz_wide)(v->kind == TWZ_VALUE_STRING ? characters(v) : v->list.n));
	return true;
}

/* The first or last items of a list. */
static bool
part(const struct twz_value *args, size_t nargs, bool last, struct twz_value *ret,
     struct twz_error *err)
{
	twz_wide n = 1;
	size_t all;

	if (args[0].kind != TWZ_VALUE_LIST)
		return mismatch("list", &args[0], err);
	if (nargs > 1 && !integer(&args[1], &n, err))
		return false;
	all = args[0].list.n;
	n = n < 0 ? 0 : n > (twz_wide)all ? (twz_wide)all : n;
	*ret = twz_list(args[0].type, args[0].list.items + (last ? all - (size_t)n : 0), (size_t)n);
	return true;
}

static bool
run_first(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	  struct twz_error *err)
{
	(void)l;
	return part(args, nargs, false, ret, err);
}

static bool
run_last(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	 struct twz_error *err)
{
	(void)l;
	return part(args, nargs, true, ret, err);
}

static bool
run_lines(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	  struct twz_error *err)
{
	const char *s, *end, *eol;
	struct twz_value *items = NULL;
	size_t n = 0;

	(void)nargs;
	if (args[0].kind != TWZ_VALUE_STRING)
		return mismatch("String", &args[0], err);
	s = args[0].string.text;
	end = s + args[0].string.n;
	for (; s < end; s = eol + 1) {
		eol = memchr(s, '\n', (size_t)(end - s));
		if (!eol)
			eol = end;
		twz_push(l->arena, items, n, twz_string(l->arena, s, (size_t)(eol - s)));
	}
	*ret = twz_list(NULL, items, n);
	return true;
}

static bool
run_to_json(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	    struct twz_error *err)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	bool done;

	(void)nargs;
	if (!f)
		return twz_fail_sys(err, errno, "to_json");
	done = lang_write_json(l, f, &args[0], err);
	fclose(f);
	if (done)
		*ret = twz_string(l->arena, text, n);
	return done;
}

static bool
run_save(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	 struct twz_error *err)
{
	const struct lang_options *o = l->options;

	(void)nargs;
	*ret = twz_unit();
	if (args[0].kind != TWZ_VALUE_STRING || args[1].kind != TWZ_VALUE_STRING ||
	    strcmp(args[0].string.text, "session"))
		return lang_type_error(err, "what can be saved is the session: save session FILE");
	if (!o->save)
		return lang_type_error(err, "only what was typed at a prompt can be saved");
	return o->save(o->save_data, args[1].string.text, err);
}

static bool
run_type(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	 struct twz_error *err)
{
	(void)nargs, (void)err;
	*ret = twz_cstring(l->arena, args[0].type && !lang_function_of(&args[0]) ? twz_type_text(l->arena, args[0].type)
						  : lang_type_of(l->arena, &args[0]));
	return true;
}

/* One job, or a list of them. */
static bool
run_wait(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	 struct twz_error *err)
{
	const struct twz_value *v = &args[0];
	struct twz_value *all;

	(void)nargs;
	if (l->check) {
		*ret = lang_unknown(NULL);
		return true;
	}
	if (v->kind != TWZ_VALUE_LIST)
		return lang_wait(l, v, ret, err);
	all = twz_new_array(l->arena, v->list.n, struct twz_value);
	for (size_t i = 0; i < v->list.n; i++)
		if (!lang_wait(l, &v->list.items[i], &all[i], err))
			return false;
	*ret = twz_list(NULL, all, v->list.n);
	return true;
}

static bool
run_done(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	 struct twz_error *err)
{
	bool done = false;

	(void)nargs;
	if (!lang_job_done(l, &args[0], &done))
		return mismatch("Job", &args[0], err);
	*ret = twz_bool(done);
	return true;
}

#define LISTS (1u << TWZ_VALUE_LIST)
#define TEXTS (1u << TWZ_VALUE_STRING)
#define RECORDS (1u << TWZ_VALUE_RECORD)
#define RESULTS (1u << TWZ_VALUE_OK)

static const struct lang_builtin builtins[] = {
	{ "Result::unwrap", "Result::unwrap RESULT", "The value of a result; its error ends the script",
	  1, 1, LANG_ANY, 0, NULL, run_unwrap },
	{ "count", "count LIST", "How many elements a list has, or characters a text", 1, 1,
	  TWZ_VALUE_INT, LISTS | TEXTS | RECORDS, "list", run_count },
	{ "debug", "debug CALL", "Makes the call under gdb, which stops at the gate's first line", 1, UINT_MAX, LANG_FORM, 0,
	  NULL, NULL },
	{ "done", "done JOB", "Whether a job has ended", 1, 1, TWZ_VALUE_BOOL, RECORDS, "Job", run_done },
	{ "exit", "exit [STATUS]", "Ends the session or script", 0, 1, 0, 0, NULL, run_exit },
	{ "explain", "explain CALL", "Shows what each word of a call, or of a pipe, was found to be; nothing is called", 1, UINT_MAX,
	  LANG_FORM, 0, NULL, NULL },
	{ "first", "first LIST [N]", "The first element, or the first N, as a list", 1, 2,
	  TWZ_VALUE_LIST, LISTS, "list", run_first },
	{ "help", "help [SERVICE | SERVICE::GATE | WORD]", "Explains twz, a service, a gate, the language", 0, 1, 0, 0, NULL,
	  run_help },
	{ "last", "last LIST [N]", "The last element, or the last N, as a list", 1, 2,
	  TWZ_VALUE_LIST, LISTS, "list", run_last },
	{ "len", "len LIST", "The same as count", 1, 1, TWZ_VALUE_INT, LISTS | TEXTS | RECORDS, "list",
	  run_count },
	{ "lines", "lines TEXT", "The lines of a text as a list", 1, 1, TWZ_VALUE_LIST, TEXTS, "String",
	  run_lines },
	{ "ok", "ok RESULT", "Whether a result is Ok", 1, 1, TWZ_VALUE_BOOL, RESULTS, "Result", run_ok },
	{ "print", "print VALUE …", "Prints values, texts without quotes", 0, UINT_MAX, 0, 0, NULL,
	  run_print },
	{ "save", "save session FILE", "Writes what was typed and what came out as a document for twz --test", 2,
	  2, 0, 0, NULL, run_save },
	{ "some", "some VALUE", "The value of an option that is there, as none stands for one that is not", 1, 1, LANG_SELF, 0, NULL,
	  NULL },
	{ "sql", "sql QUERY [VALUE …] | sql TABLE [where …]",
	  "Rows of what twz knows, as a list of records; sql tables shows what there is", 1, UINT_MAX,
	  TWZ_VALUE_LIST, TEXTS, "String", lang_run_query },
	{ "time", "time CALL", "Makes the call, or all of a pipe, and says how long it took", 1, UINT_MAX, LANG_FORM, 0, NULL, NULL },
	{ "to_json", "to_json VALUE", "A value as JSON text", 1, 1, TWZ_VALUE_STRING, 0, NULL,
	  run_to_json },
	{ "type", "type VALUE", "The name of a value's type", 1, 1, TWZ_VALUE_STRING, 0, NULL, run_type },
	{ "wait", "wait JOB", "The value of a job (spawn), once it is there; of a list of jobs, all of them",
	  1, 1, LANG_ANY, 0, NULL, run_wait },
	{ "watch", "watch [TIME] CALL", "Makes the call, or all of a pipe, again and again, each second or TIME, until Ctrl-C", 1,
	  UINT_MAX, LANG_FORM, 0, NULL, NULL },
};

const struct lang_builtin *
lang_builtins(size_t *n)
{
	*n = TWZ_COUNT(builtins);
	return builtins;
}

const struct lang_builtin *
lang_builtin_find(const char *name)
{
	for (size_t i = 0; i < TWZ_COUNT(builtins); i++)
		/* Each word of a text is looked for: most differ in the first letter. */
		if (*builtins[i].name == *name && !strcmp(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}
