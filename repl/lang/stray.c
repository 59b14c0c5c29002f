/*
 * What a word that means nothing may have been meant as: a habit from another program, a service, a gate without
 * its service, a program, a file. Said below the error, so that who types what other shells take has a next step.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "repl/lang/interp.h"
#include "repl/lang/lang.h"

enum { CALL_SHOWN = 60 };

/* What people type first because other programs take it, and what to type here. */
static const struct {
	const char *words, *hint;
} habits[] = {
	{ " quit q bye logout :q :q! :quit :exit .quit .exit .q \\q ", "exit, or Ctrl-D, leaves" },
	{ " \\ \\? \\h ? ?? :help :h .help --help -h info usage commands intro ", "help shows what there is" },
	{ " list dir services ", "help lists the services, help SERVICE its gates" },
	{ " ls ", "help lists the services, help SERVICE its gates; for the program write: run ls" },
	{ " man apropos whatis ", "help shows what there is; for a page of the manual write: run man twz" },
	{ " \\d \\dt \\l .tables tables show describe desc ", "help NAME shows a service, a gate or a word; sql tables lists tables" },
	{ " select SELECT ", "for SQL write: sql \"select …\"; sql tables lists what can be asked for" },
	{ " cd chdir pushd ", "a session stays in the folder that twz was started in" },
	{ " set export setenv declare var const ", "to keep a value write: NAME = VALUE" },
	{ " source . include require ", "functions of a file come with: import \"FILE.twz\"" },
	{ " use open inspect ", "services need not be opened: SERVICE::GATE calls; twz-inspect FILE shows a library's functions" },
	{ " def function func define ", "a function is written: fn NAME(A, B) { … }" },
	{ " history hist ", "Ctrl-R searches what was typed, and so does: sql history" },
	{ " version ver ", "for the version write: run twz --version" },
	{ " clear cls ", "Ctrl-L clears the screen" },
	{ " echo printf puts ", "for values write: print VALUE" },
	{ " sudo su doas ", "who calls is chosen when twz starts: twz --as CONTEXT" },
};

bool
lang_habit(const char *word, struct twz_error *err)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < TWZ_COUNT(habits); i++)
		for (const char *at = strstr(habits[i].words, word); at; at = strstr(at + 1, word))
			if (n && at[-1] == ' ' && at[n] == ' ') {
				twz_hint(err, "%s", habits[i].hint);
				return true;
			}
	return false;
}

static bool
is_service(const char *const *services, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(services[i], word))
			return true;
	return false;
}

/* The first service that has such a gate, of those that need not be inspected for it. */
static const char *
service_with(struct lang *l, const char *const *services, size_t n, const char *word)
{
	const struct repl_host *host = l->options->host;

	for (size_t i = 0; i < n; i++) {
		struct twz_error ignored = { 0 };
		const struct twz_service *service;
		const struct twz_gate *gates;
		size_t ngates;

		if (host->known && !host->known(host->data, services[i]))
			continue;
		if (host->gates && host->gates(host->data, services[i], word, l->arena, &gates, &ngates)) {
			for (size_t k = 0; k < ngates; k++)
				if (!strcmp(gates[k].name, word))
					return services[i];
		} else if (host->service(host->data, services[i], &service, &ignored) &&
			   twz_gate_find(service, word)) {
			return services[i];
		}
	}
	return NULL;
}

static bool
is_program(struct lang *l, const char *word)
{
	const char *path = getenv("PATH");
	struct stat st;

	while (path && *path && !strchr(word, '/')) {
		size_t n = strcspn(path, ":");
		const char *file = twz_format(l->arena, "%.*s/%s", (int)n, path, word);

		if (!access(file, X_OK) && !stat(file, &st) && S_ISREG(st.st_mode))
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

/* A number or a variable, directly followed by an operator and more: "1+1". */
static bool
is_glued(struct lang *l, const char *word, struct twz_error *err)
{
	size_t left = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	const char *op = word + left, *right = op + strspn(op, "+-*/%.=<>!");
	bool number = strspn(word, "0123456789") == left;

	if (!left || right == op || right - op > 2 || !*right || strpbrk(right, "+-*/%=<>.:@") ||
	    !(number || lang_find(l, word, left)) || (*op == '.' && right - op == 1))
		return false;
	twz_hint(err, "operators stand between blanks: %.*s %.*s %s", (int)left, word, (int)(right - op), op, right);
	return true;
}

/* Of a file, what can be done with it: one that runs, and one that is loaded. */
static bool
is_file(const char *word, struct twz_error *err)
{
	const char *name = strrchr(word, '/') ? strrchr(word, '/') + 1 : word, *so = strstr(name, ".so");
	struct stat st;

	if (so && so != name && (!so[3] || so[3] == '.')) {
		twz_hint(err, "twz-inspect %s shows what can be called in it; sys::load NAME::FILE makes a service of one", word);
		return true;
	}
	if (!strchr(word, '/') || stat(word, &st) || !S_ISREG(st.st_mode) || access(word, X_OK))
		return false;
	twz_hint(err, "for the program write: run %s; for the text: \"%s\"", word, word);
	return true;
}

/* The call as it was written, or what its head is called. */
static const char *
call_text(struct lang *l, const char *word, const struct ast *call)
{
	const struct lang_program *p = l->program;
	size_t n = call->to - call->from;
	const char *text;

	if (!p || call->to > p->n || n > CALL_SHOWN || n < strlen(word))
		return word;
	text = twz_strndup(l->arena, p->text + call->from, n);
	return strncmp(text, word, strlen(word)) || strchr(text, '\n') ? word : text;
}

bool
lang_stray(struct lang *l, const char *word, const struct ast *call, struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	const char *const *services = NULL, *service, *end = strstr(word, "::");
	bool program = is_program(l, word);
	size_t n = 0;

	if ((!call || !program) && lang_habit(word, err))
		return true;
	if (host->services)
		n = host->services(host->data, l->arena, &services);
	if (end && !end[2])
		word = twz_strndup(l->arena, word, (size_t)(end - word));
	if (is_service(services, n, word)) {
		twz_hint(err, "help %s lists the gates of this service, which are called as %s::GATE", word, word);
		return true;
	}
	service = call ? service_with(l, services, n, word) : NULL;
	if (service)
		twz_hint(err, "did you mean %s::%s?", service, word);
	else if (program && call)
		twz_hint(err, "for the program write: run %s", call_text(l, word, call));
	else if (program)
		twz_hint(err, "for the program write: run %s; for the text: \"%s\"", word, word);
	else if (end)
		twz_hint(err, "help lists the services");
	else if (!is_file(word, err))
		is_glued(l, word, err);
	return *err->hint;
}

bool
lang_stray_topic(struct lang *l, const char *word, struct twz_error *err)
{
	const char *const *services = NULL, *service;
	size_t n = 0;

	if (l->options->host->services)
		n = l->options->host->services(l->options->host->data, l->arena, &services);
	service = service_with(l, services, n, word);
	if (service)
		return twz_hint(err, "did you mean %s::%s?", service, word);
	return twz_hint(err, "help alone lists the services, help language the words; a gate is SERVICE::GATE");
}

/* The one word that a text consists of but for its arguments, when it means nothing; an operator ends the text. */
static const char *
lost_word(struct lang *l, const char *text, size_t n, struct twz_arena *arena)
{
	const struct lex_token *t;
	const char *word;
	struct lex lex;

	lex_text(text, 0, (uint32_t)n, arena, &lex);
	t = lex.tokens;
	if (lex.ntokens < 3 || t->kind != LEX_NAME || t->keyword || t[lex.ntokens - 2].kind < LEX_PLUS)
		return NULL;
	for (uint32_t i = 1; i + 2 < lex.ntokens; i++)
		if ((t[i].kind < LEX_NAME || t[i].kind > LEX_STRING) && !lex_is_sum(t[i].kind))
			return NULL;
	word = twz_strndup(arena, text + t->from, t->to - t->from);
	return lang_find(l, word, strlen(word)) || lang_builtin_find(word) ? NULL : word;
}

bool
lang_wants_more(struct lang *l, const char *text, size_t n)
{
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };

	return lang_parse_check(text, n, &err) == LANG_MORE && !lost_word(l, text, n, &arena);
}

bool
lang_lost(struct lang *l, const struct lang_program *p, struct twz_error *err)
{
	const char *word = lost_word(l, p->text, p->n, l->arena);
	struct ast call = { .to = (uint32_t)p->n };

	if (!word)
		return false;
	while (call.from < p->n && p->text[call.from] != *word)
		call.from++;
	*err = (struct twz_error){ 0 };
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no function '%s'", word);
	if (!lang_stray(l, word, &call, err))
		twz_hint(err, "gates are called as SERVICE::GATE; help lists the services");
	lang_at_span(err, call.from, call.from + (uint32_t)strlen(word));
	return true;
}
