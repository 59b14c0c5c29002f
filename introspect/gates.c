/*
 * A line is one statement: a keyword, then words and texts in quotes. A line that begins with a blank
 * belongs to the gate or the codes above it. Whatever is wrong ends the reading with its place, because a
 * file that was understood only in part would leave out what matters: an extent, a secret.
 */
#include "introspect/gates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "introspect/gates_line.h"
#include "introspect/records.h"
#include "twz/ask.h"
#include "twz/json.h"
#include "twz/nearest.h"
#include "twz/text.h"

enum { FILE_MAX = 1 << 20, GATES_MAX = 4096, LINES_MAX = 400 };

struct parser {
	const char *path;
	uint32_t line;
	struct twz_arena *arena;
	struct twz_error *err;
	struct gates_file *out;
	struct gates_line in;		/* this line */
	const char *inside;		/* what indented lines belong to: "gate", "codes"; NULL */
	uint32_t below;			/* lines that belong to it */
	uint32_t ngates;
	bool has_service;
	struct twz_text record;		/* all records so far */
};

static void
clean_parser(struct parser *p)
{
	twz_text_free(&p->record);
}

static bool
wrong(const struct parser *p, uint32_t column, const char *what, const char *hint)
{
	twz_fail(p->err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "%s:%u:%u: %s", p->path,
		 p->line, column, what);
	return hint ? twz_hint(p->err, "%s", hint) : false;
}

/* @text stands for at most 60 bytes of the file, made harmless. */
static bool
wrong_word(const struct parser *p, const struct gates_word *word, const char *what, const char *hint)
{
	return wrong(p, word->column, twz_format(p->arena, "'%.60s' %s", record_clean(p->arena, word->text),
						 what), hint);
}

static bool
split(struct parser *p, const char *line, const char *end)
{
	return gates_line_split(&p->in, line, end, p->arena) || wrong(p, p->in.column, p->in.wrong, p->in.hint);
}

/* -- records ---------------------------------------------------------------------------------------- */

static void
pair(struct parser *p, const char *key, const char *value)
{
	twz_text_puts(&p->record, key);
	twz_text_byte(&p->record, '=');
	twz_text_puts(&p->record, value);
	twz_text_byte(&p->record, '\0');
}

static void
begin_record(struct parser *p)
{
	p->below = 0;
	twz_text_add(&p->record, "twz=1", 6);
}

/* An empty text, then zeros to the next multiple of 8. */
static bool
end_record(struct parser *p)
{
	if (!p->inside)
		return true;
	if (!strcmp(p->inside, "codes") && !p->below)
		return wrong(p, 1, "the codes above have no values", "as in: value Z_OK 0");
	do
		twz_text_byte(&p->record, '\0');
	while (p->record.n % 8);
	p->inside = NULL;
	return true;
}

static bool
identifier(const struct parser *p, const struct gates_word *word, const char *what)
{
	if (!word->quoted && record_identifier(word->text))
		return true;
	return wrong_word(p, word, twz_format(p->arena, "is no name of %s", what),
			  "names are letters, digits and _");
}

/* The text behind the words that a statement needs, or "". */
static bool
text_behind(const struct parser *p, size_t at, const char **ret)
{
	*ret = "";
	if (p->in.nwords <= at)
		return true;
	if (!p->in.words[at].quoted)
		return wrong_word(p, &p->in.words[at], "is too much here", "texts stand in quotes");
	*ret = p->in.words[at].text;
	return true;
}

/* -- statements ------------------------------------------------------------------------------------- */

static bool
on_library(struct parser *p)
{
	const struct gates_word *word = &p->in.words[1];

	if (p->out->library)
		return wrong_word(p, word, "is a second library", "one gates file is about one library");
	if (*word->text != '/' && strchr(word->text, '/'))
		return wrong_word(p, word, "is neither a file's name nor an absolute path",
				  "as in: library libz.so.1");
	p->out->library = word->text;
	return true;
}

static bool
on_service(struct parser *p)
{
	const char *doc;

	if (p->has_service)
		return wrong_word(p, &p->in.words[1], "is a second service", NULL);
	if (!identifier(p, &p->in.words[1], "a service") || !text_behind(p, 2, &doc))
		return false;
	p->has_service = true;
	begin_record(p);
	p->inside = "service";
	pair(p, "service", p->in.words[1].text);
	pair(p, "doc", doc);
	return end_record(p);
}

static bool
on_asks(struct parser *p)
{
	static const char *const names[] = { "asks", "what", "rights", "needed" };
	const char *const values[] = { p->in.words[1].text, p->in.words[2].text, p->in.nwords > 3 ? p->in.words[3].text : "call",
				       *p->in.words[0].text == 'n' ? "1" : "0" };
	struct twz_ask ask;

	p->inside = names[0];
	if (!twz_ask_make(values[0], values[2], values[1], false, p->arena, &ask))
		return wrong_word(p, &p->in.words[1], "is not asked for so", "as in: asks files /etc/magic read");
	begin_record(p);
	for (size_t i = 0; i < TWZ_COUNT(values); i++)
		pair(p, names[i], values[i]);
	return end_record(p);
}

/* <zlib.h>, "/usr/include/zlib.h": names that reach a C file. */
static bool
on_header(struct parser *p)
{
	const struct gates_word *word = &p->in.words[1];
	size_t n = strlen(word->text);
	const char *name = word->text;

	if (!word->quoted && n > 2 && *name == '<' && name[n - 1] == '>')
		name = twz_strndup(p->arena, name + 1, n - 2);
	if (!*name || *name == '-' || strstr(name, "..") ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-")])
		return wrong_word(p, word, "is no header", "as in: header <zlib.h>");
	twz_push(p->arena, p->out->headers, p->out->nheaders, name);
	return true;
}

bool
gates_compiles_with(const char *arg)
{
	return arg[0] == '-' && arg[1] && strchr("IDU", arg[1]) && arg[2] && arg[2] != '-';
}

/* Nothing else: a compiler has options that run programs. */
static bool
on_compile(struct parser *p)
{
	for (size_t i = 1; i < p->in.nwords; i++) {
		if (!gates_compiles_with(p->in.words[i].text))
			return wrong_word(p, &p->in.words[i], "is nothing that headers are compiled with",
					  "as in: compile -I/usr/include/libxml2 -DNAME=1");
		twz_push(p->arena, p->out->compile, p->out->ncompile, p->in.words[i].text);
	}
	return true;
}

static bool
on_gate(struct parser *p)
{
	const char *doc;

	if (!identifier(p, &p->in.words[1], "a function") || !text_behind(p, 2, &doc))
		return false;
	begin_record(p);
	p->inside = "gate";
	pair(p, "gate", p->in.words[1].text);
	if (*doc)
		pair(p, "doc", doc);
	return true;
}

static bool
on_codes(struct parser *p)
{
	if (!identifier(p, &p->in.words[1], "codes"))
		return false;
	begin_record(p);
	p->inside = "codes";
	pair(p, "codes", p->in.words[1].text);
	return true;
}

/* dest[*destLen], buf[len], sig[8] */
static bool
on_extent(struct parser *p)
{
	const struct gates_word *word = &p->in.words[1];
	const char *open = strchr(word->text, '['), *hint = "as in: in buf[len], in sig[8], out dest[*destLen]";
	char *name, *count;
	size_t n;

	if (!open || word->quoted || word->text[strlen(word->text) - 1] != ']')
		return wrong_word(p, word, "does not say how long it is", hint);
	name = twz_strndup(p->arena, word->text, (size_t)(open - word->text));
	count = twz_strdup(p->arena, open + 1);
	n = strlen(count);
	count[n - 1] = '\0';
	if (!record_identifier(name) ||
	    (!record_identifier(count + (*count == '*')) && count[strspn(count, "0123456789")]) || n < 2)
		return wrong_word(p, word, "does not name a parameter and its length", hint);
	pair(p, p->in.words[0].text, twz_format(p->arena, "%s,%s", name, count));
	return true;
}

static bool
on_name(struct parser *p)
{
	if (!identifier(p, &p->in.words[1], "a parameter, gate, capability or type"))
		return false;
	pair(p, p->in.words[0].text, p->in.words[1].text);
	return true;
}

/* Names for all parameters, because headers may leave them out. */
static bool
on_params(struct parser *p)
{
	TWZ_TEXT names = { 0 };

	for (size_t i = 1; i < p->in.nwords; i++) {
		if (!identifier(p, &p->in.words[i], "a parameter"))
			return false;
		twz_text_printf(&names, "%s%s", i > 1 ? "," : "", p->in.words[i].text);
	}
	pair(p, "params", twz_text_copy(p->arena, &names));
	return true;
}

/* callback visit, callback visit data */
static bool
on_callback(struct parser *p)
{
	if (!identifier(p, &p->in.words[1], "a parameter") ||
	    (p->in.nwords > 2 && !identifier(p, &p->in.words[2], "a parameter")))
		return false;
	pair(p, "callback", p->in.nwords > 2 ? twz_format(p->arena, "%s,%s", p->in.words[1].text, p->in.words[2].text) :
					    p->in.words[1].text);
	return true;
}

/* fails ZCode, fails nonzero text gai_strerror */
static bool
on_fails(struct parser *p)
{
	const struct gates_word *what = &p->in.words[1];

	if (!identifier(p, what, "codes or of an enum"))
		return false;
	if (p->in.nwords == 2) {
		pair(p, "fails", what->text);
		return true;
	}
	if (p->in.words[2].quoted || strcmp(p->in.words[2].text, "text") || p->in.nwords != 4)
		return wrong_word(p, &p->in.words[2], "is too much here", "as in: fails nonzero text gai_strerror");
	if (!identifier(p, &p->in.words[3], "a gate"))
		return false;
	if (!strcmp(what->text, "errno"))
		return wrong_word(p, &p->in.words[3], "is too much here", "errors of errno have their texts");
	pair(p, "fails", twz_format(p->arena, "%s,%s", what->text, p->in.words[3].text));
	return true;
}

static bool on_of(struct parser *p);

/* The second word, which is one of @names. */
static bool
one_of(struct parser *p, const char *key, const char *const *names, size_t n, const char *wrong, const char *hint)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(p->in.words[1].text, names[i]))
			return pair(p, key, names[i]), true;
	return wrong_word(p, &p->in.words[1], wrong, hint);
}

#define X(what, text) text,
static bool
on_level(struct parser *p)
{
	static const char *const names[] = { TWZ_LEVELS(X) };

	return one_of(p, "level", names, TWZ_COUNT(names), "is no level", "levels are none, callee, caller and full");
}

static bool
on_visibility(struct parser *p)
{
	static const char *const names[] = { TWZ_VISIBILITIES(X) };

	return one_of(p, "visibility", names, TWZ_COUNT(names), "is no visibility",
		      "there are public, private and public_incl_self");
}
#undef X

/* kind where Kind: what the object that a caller names must be. */
static bool
on_kind(struct parser *p)
{
	if (!identifier(p, &p->in.words[1], "a parameter") || !identifier(p, &p->in.words[2], "a kind of object"))
		return false;
	pair(p, "kind", twz_format(p->arena, "%s,%s", p->in.words[1].text, p->in.words[2].text));
	return true;
}

/* keeps input parser: what the object that a parameter is points to from now on. */
static bool
on_keeps(struct parser *p)
{
	if (!identifier(p, &p->in.words[1], "a parameter") || !identifier(p, &p->in.words[2], "a parameter"))
		return false;
	pair(p, "keeps", twz_format(p->arena, "%s,%s", p->in.words[1].text, p->in.words[2].text));
	return true;
}

static bool
on_readonly(struct parser *p)
{
	pair(p, "readonly", "1");
	return true;
}

static bool
on_value(struct parser *p)
{
	const struct gates_word *name = &p->in.words[1], *number = &p->in.words[2];
	const char *doc;
	char *end;

	if (!identifier(p, name, "a code") || !text_behind(p, 3, &doc))
		return false;
	errno = 0;
	(void)strtoll(number->text, &end, 0);
	if (errno || *end || !*number->text || number->quoted)
		return wrong_word(p, number, "is no number", "as in: value Z_OK 0");
	pair(p, "value", twz_format(p->arena, "%s,%s", name->text, number->text));
	if (*doc)
		pair(p, "text", doc);
	return true;
}

static const struct statement {
	const char *name, *inside;	/* inside: what it belongs to; NULL: it stands for itself */
	size_t least, most;		/* words behind the keyword */
	bool (*read)(struct parser *p);
	const char *usage;
} statements[] = {
	{ "library", NULL, 1, 1, on_library, "library FILE" },
	{ "service", NULL, 1, 2, on_service, "service NAME \"WHAT IT IS\"" },
	{ "header", NULL, 1, 1, on_header, "header <FILE>" },
	{ "compile", NULL, 1, GATES_WORDS, on_compile, "compile -IFOLDER -DNAME" },
	{ "asks", NULL, 2, 3, on_asks, "asks files PATH read,write" },
	{ "needs", NULL, 2, 3, on_asks, "needs net inet" },
	{ "codes", NULL, 1, 1, on_codes, "codes NAME" },
	{ "value", "codes", 2, 3, on_value, "value NAME NUMBER \"WHAT IT MEANS\"" },
	{ "gate", NULL, 1, 2, on_gate, "gate FUNCTION \"WHAT IT DOES\"" },
	{ "params", "gate", 1, GATES_WORDS, on_params, "params NAME…" },
	{ "in", "gate", 1, 1, on_extent, "in PARAMETER[LENGTH]" },
	{ "out", "gate", 1, 1, on_extent, "out PARAMETER[LENGTH]" },
	{ "inout", "gate", 1, 1, on_extent, "inout PARAMETER[LENGTH]" },
	{ "string", "gate", 1, 1, on_name, "string PARAMETER" },
	{ "optional", "gate", 1, 1, on_name, "optional PARAMETER" },
	{ "secret", "gate", 1, 1, on_name, "secret PARAMETER" },
	{ "object", "gate", 1, 1, on_name, "object PARAMETER" },
	{ "opens", "gate", 1, 1, on_name, "opens PARAMETER" },
	{ "makes", "gate", 1, 1, on_name, "makes PARAMETER" },
	{ "closes", "gate", 1, 1, on_name, "closes PARAMETER" },
	{ "null", "gate", 1, 1, on_name, "null PARAMETER" },
	{ "keeps", "gate", 2, 2, on_keeps, "keeps PARAMETER OBJECT" },
	{ "callback", "gate", 1, 2, on_callback, "callback PARAMETER USER-DATA" },
	{ "of", "gate", 2, GATES_WORDS, on_of, "of CALLBACK in PARAMETER[LENGTH]" },
	{ "returns", "gate", 1, 1, on_name, "returns CODES, returns string or returns object" },
	{ "fails", "gate", 1, 3, on_fails, "fails CODES, fails ENUM, fails errno or fails nonzero text FUNCTION" },
	{ "alias", "gate", 1, 1, on_name, "alias NAME" },
	{ "requires", "gate", 1, 1, on_name, "requires CAPABILITY" },
	{ "level", "gate", 1, 1, on_level, "level LEVEL" },
	{ "visibility", "gate", 1, 1, on_visibility, "visibility VISIBILITY" },
	{ "kind", "gate", 2, 2, on_kind, "kind PARAMETER KIND" },
	{ "readonly", "gate", 0, 0, on_readonly, "readonly" },
};

/* of visit in name[n]: what the callback's own parameters are. It becomes "callback.in=visit,name,n". */
static bool
on_of(struct parser *p)
{
	static const char *const names[] = { "params", "in", "out", "inout", "optional", "string" };
	const struct gates_word *callback = &p->in.words[1], *word = &p->in.words[2];
	const char *const usage = "as in: of visit in name[n]";
	const struct statement *s = NULL;
	const char *said;
	size_t from;

	if (!identifier(p, callback, "a parameter"))
		return false;
	for (size_t i = 0; i < TWZ_COUNT(names); i++)
		for (size_t k = 0; !word->quoted && k < TWZ_COUNT(statements); k++)
			if (!strcmp(word->text, names[i]) && !strcmp(word->text, statements[k].name))
				s = &statements[k];
	if (!s || p->in.nwords - 3 < s->least || p->in.nwords - 3 > s->most)
		return wrong_word(p, word, "is nothing that is said of a callback", usage);
	said = callback->text;
	p->in.nwords -= 2;
	memmove(p->in.words, p->in.words + 2, p->in.nwords * sizeof(p->in.words[0]));
	from = p->record.n;
	if (!s->read(p))
		return false;
	/* What was written: KEY=VALUE. */
	said = twz_format(p->arena, "callback.%s=%s,%s", s->name, said, p->record.bytes + from + strlen(s->name) + 1);
	p->record.n = from;
	twz_text_add(&p->record, said, strlen(said) + 1);
	return true;
}

static bool
unknown_statement(struct parser *p)
{
	const char *names[TWZ_COUNT(statements)], *near;
	size_t n = 0;

	if (!strcmp(p->in.words[0].text, "??"))
		return wrong_word(p, &p->in.words[0], "is a question of the draft",
				  "keep what is right of its line, without the ??: out digest[32]");
	for (size_t i = 0; i < TWZ_COUNT(statements); i++)
		names[n++] = statements[i].name;
	near = twz_nearest(p->in.words[0].text, names, n);
	return wrong_word(p, &p->in.words[0], "begins no statement",
			  near ? twz_format(p->arena, "did you mean %s?", near) :
				 "twz-gates(5) describes gates files");
}

static bool
read_statement(struct parser *p)
{
	const struct statement *s = NULL;

	for (size_t i = 0; i < TWZ_COUNT(statements) && !s; i++)
		if (!p->in.words[0].quoted && !strcmp(p->in.words[0].text, statements[i].name))
			s = &statements[i];
	if (!s)
		return unknown_statement(p);
	if (!s->inside && p->in.indented)
		return wrong_word(p, &p->in.words[0], "stands at the beginning of a line", NULL);
	if (!s->inside && !end_record(p))
		return false;
	if (s->inside && ++p->below > LINES_MAX)
		return wrong(p, 1, "too many lines below one", NULL);
	if (!s->inside && !strcmp(s->name, "gate") && ++p->ngates > GATES_MAX)
		return wrong(p, 1, "too many gates", NULL);
	if (s->inside && (!p->in.indented || !p->inside || strcmp(p->inside, s->inside)))
		return wrong_word(p, &p->in.words[0],
				  twz_format(p->arena, "stands indented below a line '%s'", s->inside), NULL);
	if (p->in.nwords - 1 < s->least || p->in.nwords - 1 > s->most)
		return wrong_word(p, &p->in.words[0], "has too few or too many words behind it",
				  twz_format(p->arena, "as in: %s", s->usage));
	return s->read(p);
}

bool
gates_parse(const char *path, const char *text, size_t n, struct twz_arena *arena,
	    struct gates_file *ret, struct twz_error *err)
{
	TWZ_CLEANUP(clean_parser) struct parser p = { .path = path, .arena = arena, .err = err, .out = ret };
	const char *end = text + n;

	*ret = (struct gates_file){ 0 };
	p.line = 1;
	if (memchr(text, '\0', n) || !twz_utf8_valid(text, n))
		return wrong(&p, 1, "this is no text (UTF-8)", NULL);
	for (const char *line = text; line < end; p.line++) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		if (!stop)
			stop = end;
		if (!split(&p, line, stop) || (p.in.nwords && !read_statement(&p)))
			return false;
		line = stop + 1;
	}
	if (!end_record(&p))
		return false;
	if (!ret->library)
		return wrong(&p, 1, "it does not say for which library it is", "as in: library libz.so.1");
	ret->records = (struct elf_section){
		(const unsigned char *)twz_strndup(arena, p.record.n ? p.record.bytes : "", p.record.n),
		p.record.n,
	};
	return true;
}

bool
gates_read(const char *path, struct twz_arena *arena, struct gates_file *ret, struct twz_error *err)
{
	TWZ_FCLOSE FILE *f = fopen(path, "re");
	char *text = twz_alloc(arena, FILE_MAX + 1);
	size_t n = f ? fread(text, 1, FILE_MAX + 1, f) : 0;

	if (!f || ferror(f))
		return twz_fail_sys(err, errno, "cannot read %s", path);
	if (n > FILE_MAX)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"%s: a gates file of more than %d bytes", path, FILE_MAX);
	return gates_parse(path, text, n, arena, ret, err);
}
