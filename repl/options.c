#include "repl/options.h"

#include <stdarg.h>
#include <string.h>

#define USAGE "usage: twz [OPTION...] [-c TEXT | FILE | call GATE | run PROGRAM] [ARG...]"

/* As messages and help list them. */
#define OUTPUTS "pretty, table, json, jsonl, json-envelope, csv, tsv, raw"

enum { DEFAULT_TIMEOUT_S = 30 };

#define NS_PER_S 1000000000LL

/* -- one function per option that takes something ------------------------------------------------- */

static bool
set_text(struct options *o, const char *value, struct twz_error *err)
{
	(void)err;
	if (o->mode == OPTIONS_INPUT)
		o->mode = OPTIONS_TEXT;
	o->text = value;
	return true;
}

static bool
set_output(struct options *o, const char *value, struct twz_error *err)
{
	static const char *const names[] = {
#define X(name, text) text,
		LANG_OUTPUTS(X)
#undef X
	};

	for (size_t i = 0; i < TWZ_COUNT(names); i++) {
		if (!strcmp(names[i], value)) {
			o->output = (enum lang_output)i;
			return true;
		}
	}
	return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			"no output form '%s'; there are " OUTPUTS, value);
}

static bool
set_json(struct options *o, const char *value, struct twz_error *err)
{
	(void)value, (void)err;
	o->output = LANG_JSON;
	o->errors_json = true;
	return true;
}

/* An option that is either @yes or @no. */
static bool
set_either(const char *value, const char *yes, const char *no, bool *ret, struct twz_error *err)
{
	*ret = !strcmp(value, yes);
	return *ret || !strcmp(value, no) ||
	       twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			"'%s' is neither %s nor %s", value, yes, no);
}

static bool
set_json_bigint(struct options *o, const char *value, struct twz_error *err)
{
	return set_either(value, "string", "number", &o->json.bigint_text, err) ||
	       twz_wrap(err, "--json-bigint");
}

static bool
set_json_nan(struct options *o, const char *value, struct twz_error *err)
{
	return set_either(value, "string", "error", &o->json.nan_text, err) ||
	       twz_wrap(err, "--json-nan");
}

static bool
set_verbose(struct options *o, const char *value, struct twz_error *err)
{
	(void)value, (void)err;
	o->verbose = true;
	return true;
}

static bool
set_check(struct options *o, const char *value, struct twz_error *err)
{
	(void)value, (void)err;
	o->mode = OPTIONS_CHECK;
	return true;
}

static bool
set_test(struct options *o, const char *value, struct twz_error *err)
{
	(void)value, (void)err;
	o->mode = OPTIONS_TEST;
	return true;
}

static bool
set_update(struct options *o, const char *value, struct twz_error *err)
{
	(void)value, (void)err;
	o->mode = OPTIONS_TEST;
	o->update = true;
	return true;
}

static bool
set_trace(struct options *o, const char *value, struct twz_error *err)
{
	(void)value, (void)err;
	o->trace = true;
	return true;
}

static bool
set_dry_run(struct options *o, const char *value, struct twz_error *err)
{
	(void)value, (void)err;
	o->dry_run = true;
	return true;
}

static bool
set_context(struct options *o, const char *value, struct twz_error *err)
{
	if (!*value)
		return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"--as needs the name of a security context");
	o->context = value;
	return true;
}

static bool
set_timeout(struct options *o, const char *value, struct twz_error *err)
{
	return options_duration(value, &o->timeout_ns, err);
}

static bool
set_errors(struct options *o, const char *value, struct twz_error *err)
{
	if (strcmp(value, "json") && strcmp(value, "text"))
		return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"no form of errors '%s'; there are text and json", value);
	o->errors_json = !strcmp(value, "json");
	return true;
}

static bool
set_color(struct options *o, const char *value, struct twz_error *err)
{
	static const char *const names[] = { "auto", "always", "never" };

	for (size_t i = 0; i < TWZ_COUNT(names); i++) {
		if (!strcmp(names[i], value)) {
			o->color = (enum options_color)i;
			return true;
		}
	}
	return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			"no colour choice '%s'; there are auto, always and never", value);
}

static bool
set_private(struct options *o, const char *value, struct twz_error *err)
{
	(void)value, (void)err;
	o->private = true;
	return true;
}

static bool
set_registry(struct options *o, const char *value, struct twz_error *err)
{
	(void)err;
	o->registry = value;
	return true;
}

static bool
set_require(struct options *o, const char *value, struct twz_error *err)
{
	(void)err;
	o->require = value;
	return true;
}

static bool
set_isolation(struct options *o, const char *value, struct twz_error *err)
{
	(void)err;
	o->isolation = value;
	return true;
}

static bool
set_preload(struct options *o, const char *value, struct twz_error *err)
{
	(void)err;
	o->preload = value;
	return true;
}

static bool
set_help(struct options *o, const char *value, struct twz_error *err)
{
	(void)value, (void)err;
	o->mode = OPTIONS_HELP;
	return true;
}

static bool
set_version(struct options *o, const char *value, struct twz_error *err)
{
	(void)value, (void)err;
	o->mode = OPTIONS_VERSION;
	return true;
}

static const struct option_row {
	char letter;			/* 0: none */
	const char *name;		/* without "--"; "": none */
	const char *arg;		/* NULL: takes nothing */
	const char *help;
	bool (*set)(struct options *o, const char *value, struct twz_error *err);
} rows[] = {
	{ 'c', "", "TEXT", "run TEXT; what follows -- is the variable args", set_text },
	{ 'o', "output", "FORM", "show values as " OUTPUTS, set_output },
	{ 'j', "json", NULL, "values and errors as JSON: -o json --errors=json", set_json },
	{ 0, "json-bigint", "HOW", "integers beyond 2^53 as number (default) or string", set_json_bigint },
	{ 0, "json-nan", "HOW", "NaN and infinities are an error (default) or a string", set_json_nan },
	{ 'v', "verbose", NULL, "show where in the text an error is, also without a terminal",
	  set_verbose },
	{ 'x', "trace", NULL, "show every call, what it gave and how long it took; secrets masked",
	  set_trace },
	{ 0, "dry-run", NULL, "run without the calls that change something: show these", set_dry_run },
	{ 0, "check", NULL, "only look at scripts, or at -c TEXT: names, types, doubtful places", set_check },
	{ 0, "test", NULL, "replay the twz> blocks of documents; fails where they say something else",
	  set_test },
	{ 0, "update", NULL, "with --test: write into the documents what came out", set_update },
	{ 0, "as", "CONTEXT", "call as this security context (default: owner)", set_context },
	{ 0, "timeout", "TIME", "deadline of each call: 200ms, 5s, 1m, none (default: 30s)",
	  set_timeout },
	{ 0, "errors", "FORM", "write errors as text or as one JSON object each", set_errors },
	{ 0, "color", "WHEN", "auto, always or never", set_color },
	{ 0, "private", NULL, "at the prompt: neither read nor keep the history", set_private },
	{ 0, "registry", "FILE", "use this registry", set_registry },
	{ 0, "require", "full", "run no service with less confinement than all of it", set_require },
	{ 0, "isolation", "LEVEL", "isolate services so far: none, callee, caller, full (the default)",
	  set_isolation },
	{ 0, "sctx", "LIB,LIB", "with run: put these services into compartments", set_preload },
	{ 'h', "help", NULL, "show this", set_help },
	{ 'V', "version", NULL, "show the version", set_version },
};

static const struct {
	const char *form, *help;
} forms[] = {
	{ "twz", "a prompt; without a terminal: runs standard input" },
	{ "twz -c TEXT [-- ARG...]", "runs TEXT" },
	{ "twz FILE [ARG...]", "runs a script; - is standard input" },
	{ "twz call GATE [ARG...]", "calls one gate; every ARG is plain text for its parameter" },
	{ "twz --check FILE...", "says what is wrong with scripts; nothing is called" },
	{ "twz --test FILE.md...", "replays the twz> blocks of documents" },
	{ "twz run PROGRAM [ARG...]", "runs a program that calls gates" },
};

void
options_help(FILE *out)
{
	fprintf(out, USAGE "\n\n");
	for (size_t i = 0; i < TWZ_COUNT(forms); i++)
		fprintf(out, "  %-26s %s\n", forms[i].form, forms[i].help);
	fprintf(out, "\nOptions:\n");
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		const struct option_row *r = &rows[i];
		char left[40];

		snprintf(left, sizeof(left), "%c%c%s%s%s%s%s", r->letter ? '-' : ' ',
			 r->letter ? r->letter : ' ', r->letter && *r->name ? ", " : "  ",
			 *r->name ? "--" : "", r->name, r->arg ? (*r->name ? "=" : "") : "",
			 r->arg ? r->arg : "");
		fprintf(out, "  %-26s %s\n", left, r->help);
	}
	fprintf(out, "\nExit status: 0 done, 1 a gate said no, 2 nothing ran, "
		"3 name or type error, 4 not permitted,\n5 fault, 6 service missing or changed, 124 timeout, 130 interrupted, "
		"143 terminated.\n"
		"`twz -c help` shows the language and the services.\n");
}

bool
options_duration(const char *text, int64_t *ret, struct twz_error *err)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "", 1e9 }, { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 },
		{ "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 },
	};
	char *end;
	double n;

	if (!strcmp(text, "none")) {
		*ret = -1;
		return true;
	}
	n = strtod(text, &end);
	/* strtod also reads blanks, signs, inf, nan and hexadecimal: none of them is a duration. */
	if (end != text && *text >= '0' && *text <= '9' && !strpbrk(text, "xXpP")) {
		for (size_t i = 0; i < TWZ_COUNT(units); i++) {
			if (strcmp(end, units[i].name))
				continue;
			if (n * units[i].ns > 9e18)
				break;
			/* 0 is none; what is above it but below a nanosecond is still a deadline. */
			*ret = n > 0 ? (int64_t)(n * units[i].ns) + (n * units[i].ns < 1) : -1;
			return true;
		}
	}
	return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			"no duration '%s'; write 200ms, 5s, 1m or none", text);
}

static bool __attribute__((format(printf, 2, 3)))
usage(struct twz_error *err, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			"%s; " USAGE ", see twz --help", text);
}

static bool
set_option(const struct option_row *row, const char *shown, const char *value, struct options *o,
	   struct twz_error *err)
{
	if (row->arg && !value)
		return usage(err, "option '%s' needs a value", shown);
	if (!row->arg && value)
		return usage(err, "option '%s' takes no value", shown);
	return row->set(o, value, err);
}

/* --name, --name=value, --name value. @i is left at the last element that was used. */
static bool
take_long(int argc, char **argv, int *i, struct options *o, struct twz_error *err)
{
	const char *name = argv[*i] + 2;
	size_t n = strcspn(name, "=");

	for (size_t r = 0; r < TWZ_COUNT(rows); r++) {
		const struct option_row *row = &rows[r];
		const char *value = NULL;

		if (!n || strlen(row->name) != n || strncmp(row->name, name, n))
			continue;
		if (name[n])
			value = name + n + 1;
		else if (row->arg && *i + 1 < argc)
			value = argv[++*i];
		return set_option(row, argv[*i], value, o, err);
	}
	return usage(err, "unknown option '%s'", argv[*i]);
}

static const struct option_row *
find_letter(char letter)
{
	for (size_t r = 0; r < TWZ_COUNT(rows); r++)
		if (rows[r].letter == letter)
			return &rows[r];
	return NULL;
}

/* -v, -vc TEXT, -ojson. */
static bool
take_short(int argc, char **argv, int *i, struct options *o, struct twz_error *err)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		const struct option_row *row = find_letter(*p);
		const char shown[] = { '-', *p, '\0' };
		const char *value = NULL;

		if (!row)
			return usage(err, "unknown option '%s'", shown);
		if (row->arg) {
			value = p[1] ? p + 1 : *i + 1 < argc ? argv[++*i] : NULL;
			return set_option(row, shown, value, o, err);
		}
		if (!set_option(row, shown, NULL, o, err))
			return false;
	}
	return true;
}

/* Takes options from @i on; leaves @i at the first word that is none. */
static bool
take_options(int argc, char **argv, int *i, struct options *o, struct twz_error *err)
{
	for (; *i < argc; ++*i) {
		const char *word = argv[*i];

		if (word[0] != '-' || !word[1])
			return true;
		if (!strcmp(word, "--")) {
			++*i;
			return true;
		}
		if (!(word[1] == '-' ? take_long(argc, argv, i, o, err)
				     : take_short(argc, argv, i, o, err)))
			return false;
	}
	return true;
}

/* The first word that is no option says what is to be done, unless -c did. */
static bool
take_words(int argc, char **argv, int i, struct options *o, struct twz_error *err)
{
	static const struct {
		const char *word, *missing;
		enum options_mode mode;
	} words[] = {
		{ "call", "a gate", OPTIONS_CALL },
		{ "run", "a program", OPTIONS_RUN },
	};

	if (o->mode == OPTIONS_INPUT && i < argc && strcmp(argv[i - 1], "--")) {
		for (size_t w = 0; w < TWZ_COUNT(words); w++) {
			if (strcmp(argv[i], words[w].word))
				continue;
			i++;
			if (!take_options(argc, argv, &i, o, err))
				return false;
			if (i == argc)
				return usage(err, "%s needs %s", words[w].word, words[w].missing);
			o->mode = words[w].mode;
			break;
		}
	}
	if (o->mode == OPTIONS_TEST && o->text)
		return usage(err, "--test replays documents, no -c TEXT");
	if ((o->mode == OPTIONS_CHECK || o->mode == OPTIONS_TEST) && !o->text && i == argc)
		return usage(err, "%s needs a file", o->mode == OPTIONS_CHECK ? "--check" : "--test");
	if (o->mode == OPTIONS_INPUT && i < argc) {
		o->text = argv[i++];
		if (strcmp(o->text, "-"))
			o->mode = OPTIONS_FILE;
	}
	o->args = (const char *const *)(argv + i);
	o->nargs = (size_t)(argc - i);
	return true;
}

bool
options_parse(int argc, char **argv, struct options *ret, struct twz_error *err)
{
	const char *timeout = getenv("TWZ_TIMEOUT");
	int i = 1;

	*ret = (struct options){ .timeout_ns = DEFAULT_TIMEOUT_S * NS_PER_S };
	if (timeout && *timeout && !options_duration(timeout, &ret->timeout_ns, err))
		return twz_wrap(err, "TWZ_TIMEOUT");
	if (argc < 1)
		return usage(err, "no program name");
	if (!take_options(argc, argv, &i, ret, err)) {
		/* Who reads errors as JSON reads this one so as well, wherever the option stands. */
		for (int k = 1; k < argc && strcmp(argv[k], "--"); k++)
			ret->errors_json |= !strcmp(argv[k], "--errors=json") ||
					    !strcmp(argv[k], "--json") || !strcmp(argv[k], "-j");
		return false;
	}
	if (ret->mode == OPTIONS_HELP || ret->mode == OPTIONS_VERSION)
		return true;
	return take_words(argc, argv, i, ret, err);
}

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value && strcmp(value, "0");
}

bool
options_plain(void)
{
	const char *plain = getenv("TWZ_PLAIN");

	return plain && *plain;
}

bool
options_dumb(void)
{
	const char *term = getenv("TERM");

	return !term || !*term || !strcmp(term, "dumb");
}

bool
options_colored(const struct options *o, bool tty)
{
	const char *no = getenv("NO_COLOR");

	switch (o->color) {
	case OPTIONS_COLOR_ALWAYS:
		return true;
	case OPTIONS_COLOR_NEVER:
		return false;
	case OPTIONS_COLOR_AUTO:
		break;
	}
	if ((no && *no) || options_plain())
		return false;
	return is_set("CLICOLOR_FORCE") || (tty && !options_dumb());
}
