/*
 * Documents whose examples are true: the blocks of a Markdown file that begin with "twz> " are run, and
 * what comes out is compared with what stands there.
 *
 *	twz> STATEMENT		lines below it, as long as it is not complete, belong to it
 *	its output		… is the rest of a line; a line … any lines; [US], [ID], [N] a duration, an
 *				object id, a number
 *	? 3			its status, where that matters
 *
 * <!-- twz: [NAME] = REGEX --> anywhere in the document declares another pattern.
 */
#include "repl/transcript.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "repl/lang/lang.h"
#include "repl/transcript_inner.h"

enum { FAILED = 1, USAGE = 2, DOCUMENT_MAX = 64 << 20 };

#define PROMPT "twz> "
#define MORE "...> "

struct document {
	const char *name;
	struct twz_arena arena;
	const char *const *lines;
	size_t nlines;
	struct transcript_block *blocks;
	size_t nblocks;
	struct transcript_pattern *patterns;
	size_t npatterns;
	size_t nsteps, wrong;
	size_t lost;			/* of them, those that never ran */
};

/* -- reading a document --------------------------------------------------------------------------- */

static bool
read_document(struct document *d, struct twz_error *err)
{
	TWZ_FCLOSE FILE *f = fopen(d->name, "re");
	TWZ_FREE char *text = NULL;
	size_t n = 0, room = 0;

	while (f && !feof(f) && !ferror(f) && n < DOCUMENT_MAX) {
		if (n == room)
			text = realloc(text, room = room ? 2 * room : 1 << 16);
		if (!text)
			abort();
		n += fread(text + n, 1, room - n, f);
	}
	if (!f || ferror(f))
		return twz_fail(err, TWZ_CLASS_SYNTAX, twz_code_from_errno(errno), "cannot read %s: %s",
				d->name, strerror(errno));
	if (n >= DOCUMENT_MAX || memchr(text, '\0', n))
		return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"cannot read %s: it is no text", d->name);
	d->nlines = transcript_lines(text, n, &d->arena, &d->lines);
	return true;
}

static void
add_pattern(struct document *d, const char *name, const char *regex)
{
	twz_push(&d->arena, d->patterns, d->npatterns, ((struct transcript_pattern){ name, regex }));
}

/* <!-- twz: [NAME] = REGEX --> */
static bool
read_pattern(struct document *d, size_t line, struct twz_error *err)
{
	const char *s = d->lines[line] + strspn(d->lines[line], " "), *close, *end;
	const char *name, *regex;
	regex_t compiled;

	if (strncmp(s, "<!-- twz: [", 11))
		return true;
	s += 11;
	close = strstr(s, "] = ");
	end = close ? strstr(close, " -->") : NULL;
	if (!end || end < close + 4)
		return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"%s:%zu: a pattern is declared so: <!-- twz: [NAME] = REGEX -->", d->name,
				line + 1);
	name = twz_strndup(&d->arena, s, (size_t)(close - s));
	regex = twz_strndup(&d->arena, close + 4, (size_t)(end - close) - 4);
	if (regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB))
		return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"%s:%zu: '%s' is no regular expression", d->name, line + 1, regex);
	regfree(&compiled);
	add_pattern(d, name, regex);
	return true;
}

static bool
begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* A fence: ``` or ~~~, at most three blanks before it. Its length; 0: none. */
static size_t
fence(const char *line, char *mark)
{
	size_t blanks = strspn(line, " "), n = 0;

	*mark = line[blanks];
	if (blanks > 3 || (*mark != '`' && *mark != '~'))
		return 0;
	while (line[blanks + n] == *mark)
		n++;
	return n >= 3 ? n : 0;
}

static bool
is_incomplete(const char *text)
{
	struct twz_error ignored = { 0 };

	return lang_parse_check(text, strlen(text), &ignored) == LANG_MORE;
}

/* "? 3" */
static bool
read_status(const char *line, int *status)
{
	char *end;
	long n;

	if (!begins(line, "? ") || line[2] < '0' || line[2] > '9')
		return false;
	n = strtol(line + 2, &end, 10);
	*status = n <= 255 ? (int)n : -1;
	return !*end;
}

/* The statement at @line and what stands below it, up to line @end. The line after it. */
static size_t
read_step(struct document *d, struct transcript_block *block, size_t line, size_t end)
{
	struct transcript_step s = { .line = line, .text = d->lines[line] + strlen(PROMPT) };

	for (line++; line < end && !begins(d->lines[line], PROMPT) && is_incomplete(s.text); line++)
		s.text = twz_format(&d->arena, "%s\n%s", s.text,
				    d->lines[line] + (begins(d->lines[line], MORE) ? strlen(MORE) : 0));
	s.from = line;
	while (line < end && !begins(d->lines[line], PROMPT))
		line++;
	s.to = line;
	while (s.to > s.from && !*d->lines[s.to - 1])
		s.to--;
	if (s.to > s.from && read_status(d->lines[s.to - 1], &s.status)) {
		s.has_status = true;
		s.to--;
	}
	twz_push(&d->arena, block->steps, block->nsteps, s);
	return line;
}

static void
read_block(struct document *d, size_t line, size_t end)
{
	const char *columns = strstr(d->lines[line - 1], " columns=");
	struct transcript_block block = { .columns = columns ? atoi(columns + strlen(" columns=")) : 0 };

	if (line == end || !begins(d->lines[line], PROMPT))
		return;
	while (line < end)
		line = read_step(d, &block, line, end);
	d->nsteps += block.nsteps;
	twz_push(&d->arena, d->blocks, d->nblocks, block);
}

static bool
find_blocks(struct document *d, struct twz_error *err)
{
	add_pattern(d, "US", "[0-9.]+ ?(ns|us|µs|ms|s|min|h)");
	add_pattern(d, "ID", "(0x)?[0-9a-f]{1,32}");
	add_pattern(d, "N", "-?[0-9]+");
	for (size_t i = 0; i < d->nlines; i++) {
		char mark, other;
		size_t n = fence(d->lines[i], &mark), from = i + 1;

		if (!n && !read_pattern(d, i, err))
			return false;
		if (!n)
			continue;
		for (i = from; i < d->nlines; i++) {
			size_t k = fence(d->lines[i], &other);

			if (k >= n && other == mark && !d->lines[i][strspn(d->lines[i], " `~")])
				break;
		}
		read_block(d, from, i);
	}
	return true;
}

/* -- comparing and showing ------------------------------------------------------------------------ */

static bool
fits_text(struct document *d, const struct transcript_step *s, const char *text)
{
	TWZ_ARENA arena = { 0 };
	const char *const *got;
	size_t n = transcript_lines(text, strlen(text), &arena, &got);

	return transcript_fits(d->lines + s->from, s->to - s->from, got, n, d->patterns, d->npatterns);
}

static bool
fits(struct document *d, const struct transcript_step *s)
{
	return s->ran && (!s->has_status || s->status == s->got_status) &&
	       (fits_text(d, s, s->full) || fits_text(d, s, s->brief));
}

/* What stands there, and what came out, as a test suite shows it. */
static void
show_difference(struct document *d, const struct transcript_step *s)
{
	TWZ_ARENA arena = { 0 };
	const char *const *got;
	size_t n;

	printf("not ok %s:%zu: %s\n", d->name, s->line + 1, d->lines[s->line]);
	if (!s->ran) {
		puts("# the session had ended");
		return;
	}
	n = transcript_lines(s->full, strlen(s->full), &arena, &got);
	for (size_t i = s->from; i < s->to; i++)
		printf("# - %s\n", d->lines[i]);
	if (s->has_status && s->status != s->got_status)
		printf("# - ? %d\n", s->status);
	for (size_t i = 0; i < n; i++)
		printf("# + %s\n", got[i]);
	if (s->has_status && s->status != s->got_status)
		printf("# + ? %d\n", s->got_status);
}

static bool
run_block(const struct options *o, struct document *d, struct transcript_block *block,
	  struct twz_error *err)
{
	size_t wrong = 0;

	if (!transcript_play(o, block, &d->arena, err))
		return false;
	for (size_t i = 0; i < block->nsteps; i++) {
		if (fits(d, &block->steps[i]))
			continue;
		wrong++;
		if (!o->update || !block->steps[i].ran)
			show_difference(d, &block->steps[i]);
		d->lost += !block->steps[i].ran;
	}
	d->wrong += wrong;
	if (!wrong)
		printf("ok %s:%zu\n", d->name, block->steps[0].line + 1);
	return true;
}

/* -- --update ------------------------------------------------------------------------------------- */

/* The lines of @s as they came out; the line of the document to go on with. */
static size_t
write_step(FILE *f, const struct transcript_step *s, const struct document *d)
{
	size_t n = strlen(s->full);

	for (size_t i = s->line; i < s->from; i++)
		fprintf(f, "%s\n", d->lines[i]);
	fwrite(s->full, 1, n, f);
	if (n && s->full[n - 1] != '\n')
		fputc('\n', f);
	if (s->has_status)
		fprintf(f, "? %d\n", s->got_status);
	return s->to + s->has_status;
}

static void
write_document(FILE *f, struct document *d)
{
	size_t line = 0;

	for (size_t b = 0; b < d->nblocks; b++) {
		for (size_t i = 0; i < d->blocks[b].nsteps; i++) {
			const struct transcript_step *s = &d->blocks[b].steps[i];

			if (!s->ran || fits(d, s))
				continue;
			for (; line < s->line; line++)
				fprintf(f, "%s\n", d->lines[line]);
			line = write_step(f, s, d);
		}
	}
	for (; line < d->nlines; line++)
		fprintf(f, "%s\n", d->lines[line]);
}

/* The document is replaced whole: who is interrupted has the old one or the new one. */
static bool
update(struct document *d, struct twz_error *err)
{
	TWZ_FREE char *real = realpath(d->name, NULL);
	const char *made = twz_format(&d->arena, "%s.new", real ? real : d->name);
	FILE *f = real ? fopen(made, "wxe") : NULL;
	struct stat st;
	bool done;

	if (!f)
		return twz_fail(err, TWZ_CLASS_GATE, twz_code_from_errno(errno), "cannot write %s: %s",
				made, strerror(errno));
	write_document(f, d);
	done = !stat(real, &st) && !fchmod(fileno(f), st.st_mode & 07777) && !ferror(f);
	done = !fclose(f) && done && !rename(made, real);
	if (done)
		return true;
	twz_fail(err, TWZ_CLASS_GATE, twz_code_from_errno(errno), "cannot write %s: %s", d->name,
		 strerror(errno));
	unlink(made);
	return false;
}

/* -- entry ---------------------------------------------------------------------------------------- */

static bool
test_document(const struct options *o, struct document *d, struct twz_error *err)
{
	if (!read_document(d, err) || !find_blocks(d, err))
		return false;
	for (size_t i = 0; i < d->nblocks; i++)
		if (!run_block(o, d, &d->blocks[i], err))
			return twz_wrap(err, "%s:%zu", d->name, d->blocks[i].steps[0].line + 1);
	return !o->update || d->wrong == d->lost || update(d, err);
}

int
transcript_test(const struct options *o)
{
	size_t nblocks = 0, nsteps = 0, wrong = 0, lost = 0;
	int status = 0;

	for (size_t i = 0; i < o->nargs; i++) {
		struct document d = { .name = o->args[i] };
		struct twz_error err = { 0 };

		if (!test_document(o, &d, &err)) {
			fflush(stdout);
			lang_report_outside(stderr, o->errors_json, &err);
			status = twz_class_status(err.cls);
		}
		nblocks += d.nblocks;
		nsteps += d.nsteps;
		wrong += d.wrong;
		lost += d.lost;
		twz_arena_free(&d.arena);
	}
	printf("%zu statement%s in %zu block%s, %zu %s\n", nsteps, nsteps == 1 ? "" : "s", nblocks,
	       nblocks == 1 ? "" : "s", o->update ? wrong - lost : wrong, o->update ? "written anew" : "not as written");
	if (status)
		return status;
	if (!nblocks) {
		fflush(stdout);
		fputs("twz: no block begins with 'twz> '\n", stderr);
		return USAGE;
	}
	return lost || (wrong && !o->update) ? FAILED : 0;
}
