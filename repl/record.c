#include "repl/record.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "repl/editor_text.h"
#include "twz/error.h"

/*
 * Of one entry's output, and of all that is kept. The oldest entries go first. A value of many megabytes
 * goes out in slices: Ctrl-C is looked for between two.
 */
enum { ENTRY_MAX = 256 << 10, RECORD_MAX = 32 << 20, SLICE = 4 << 10 };

struct entry {
	struct entry *next;
	char *text, *output;
	size_t n;
	int status;
	bool cut;
};

struct record {
	FILE *streams[2];	/* ours */
	FILE *targets[2];
	bool (*stopped)(void);
	struct entry *first, *last;
	struct entry *open;	/* what is written belongs to it */
	size_t n;		/* bytes of all outputs */
};

/* -- what is written ------------------------------------------------------------------------------ */

/* Bytes of the colour that begins at @s, or 0. */
static size_t
color(const char *s, size_t n)
{
	size_t k = 2;

	if (n < 3 || s[0] != '\033' || s[1] != '[')
		return 0;
	while (k < n && (s[k] == ';' || (s[k] >= '0' && s[k] <= '9')))
		k++;
	return k < n && s[k] == 'm' ? k + 1 : 0;
}

/* Without colours: a document has none. Other escapes are never written. */
static void
keep(struct record *r, const char *bytes, size_t n)
{
	struct entry *e = r->open;
	size_t before = e ? e->n : 0;
	char *grown;

	if (!e)
		return;
	grown = realloc(e->output, e->n + n + 1);
	if (!grown)
		abort();
	e->output = grown;
	for (size_t i = 0, k; i < n; i += k ? k : 1) {
		k = color(bytes + i, n - i);
		if (!k && e->n < ENTRY_MAX)
			grown[e->n++] = bytes[i];
		e->cut |= !k && e->n == ENTRY_MAX;
	}
	grown[e->n] = '\0';
	r->n += e->n - before;
}

void
record_keep(struct record *r, const char *bytes, size_t n)
{
	keep(r, bytes, n);
}

static ssize_t
pass_on(struct record *r, int which, const char *bytes, size_t n)
{
	keep(r, bytes, n);
	if (fwrite(bytes, 1, n, r->targets[which]) == n && !fflush(r->targets[which]))
		return (ssize_t)n;
	/* Ours is not the stream that stays broken. */
	clearerr(r->targets[which]);
	return 0;
}

static ssize_t
write_out(void *record, const char *bytes, size_t n)
{
	struct record *r = record;

	for (size_t done = 0, some; done < n; done += some) {
		some = n - done < SLICE ? n - done : SLICE;
		errno = EINTR;
		if ((r->stopped && r->stopped()) || !pass_on(r, 0, bytes + done, some))
			return 0;
	}
	return (ssize_t)n;
}

static ssize_t
write_err(void *record, const char *bytes, size_t n)
{
	return pass_on(record, 1, bytes, n);
}

struct record *
record_new(FILE *out, FILE *err, bool (*stopped)(void))
{
	struct record *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->targets[0] = out;
	r->targets[1] = err;
	r->stopped = stopped;
	r->streams[0] = fopencookie(r, "w", (cookie_io_functions_t){ .write = write_out });
	r->streams[1] = fopencookie(r, "w", (cookie_io_functions_t){ .write = write_err });
	for (int i = 0; i < 2; i++)
		if (r->streams[i])
			setvbuf(r->streams[i], NULL, _IOLBF, 0);
	return r;
}

FILE *
record_out(struct record *r)
{
	return r->streams[0] ? r->streams[0] : r->targets[0];
}

FILE *
record_err(struct record *r)
{
	return r->streams[1] ? r->streams[1] : r->targets[1];
}

/* -- entries -------------------------------------------------------------------------------------- */

static void
drop_first(struct record *r)
{
	struct entry *e = r->first;

	r->first = e->next;
	if (!r->first)
		r->last = NULL;
	r->n -= e->n;
	free(e->text);
	free(e->output);
	free(e);
}

void
record_begin(struct record *r, const char *text)
{
	struct entry *e;

	if (!text || strspn(text, " \t\n") == strlen(text))
		return;
	e = calloc(1, sizeof(*e));
	if (!e || !(e->text = strdup(text)))
		abort();
	r->open = e;
}

void
record_end(struct record *r, int status)
{
	struct entry *e = r->open;

	fflush(record_out(r));
	fflush(record_err(r));
	r->open = NULL;
	if (!e)
		return;
	e->status = status;
	if (r->last)
		r->last->next = e;
	else
		r->first = e;
	r->last = e;
	while (r->n > RECORD_MAX)
		drop_first(r);
}

/* -- the document --------------------------------------------------------------------------------- */

/* A fence that no line of the session looks like. */
static size_t
fence_length(const struct record *r)
{
	size_t n = 3;

	for (const struct entry *e = r->first; e; e = e->next) {
		const char *texts[] = { e->text, e->output ? e->output : "" };

		for (size_t i = 0; i < 2; i++) {
			for (const char *s = strchr(texts[i], '`'); s; s = strchr(s, '`')) {
				size_t run = strspn(s, "`");

				n = run >= n ? run + 1 : n;
				s += run;
			}
		}
	}
	return n;
}

static void
write_fence(FILE *f, size_t n, const char *info)
{
	while (n--)
		fputc('`', f);
	fprintf(f, "%s\n", info);
}

static void
write_entry(FILE *f, const struct entry *e)
{
	fprintf(f, "twz> %s\n", e->text);
	/* What a program writes goes to the terminal and not through us. */
	if (strstr(e->text, "run "))
		fputs("…\n", f);
	fwrite(e->output ? e->output : "", 1, e->n, f);
	if (e->n && e->output[e->n - 1] != '\n')
		fputc('\n', f);
	if (e->cut)
		fputs("…\n", f);
	if (e->status)
		fprintf(f, "? %d\n", e->status);
}

bool
record_save(void *record, const char *file, struct twz_error *err)
{
	struct record *r = record;
	/* A script that somebody saved is not to be lost by a slip. */
	FILE *f = fopen(file, "wxe");
	time_t now = time(NULL);
	struct tm tm;
	size_t n = fence_length(r);
	char info[32];
	bool done;

	if (!f)
		return twz_fail(err, TWZ_CLASS_GATE, twz_code_from_errno(errno), "cannot write %s: %s",
				file, strerror(errno));
	localtime_r(&now, &tm);
	fprintf(f, "# Session of %04d-%02d-%02d\n\n`twz --test` replays it. Where something differs each time, write … for it.\n\n",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	/* What is wide was shown as this terminal is wide. */
	snprintf(info, sizeof(info), " columns=%d", editor_columns());
	write_fence(f, n, info);
	for (const struct entry *e = r->first; e; e = e->next)
		write_entry(f, e);
	write_fence(f, n, "");
	done = !fflush(f) && !ferror(f);
	if (!done)
		twz_fail(err, TWZ_CLASS_GATE, twz_code_from_errno(errno), "cannot write %s: %s", file,
			 strerror(errno));
	fclose(f);
	return done;
}
