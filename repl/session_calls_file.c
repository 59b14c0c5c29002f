#include "repl/session_calls_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twz/text.h"
#include "twz/util.h"

enum { TEXT_MAX = 255, FIELDS = 16 };

/* -- writing ------------------------------------------------------------------------------------- */

/* One field: its ends are tabs, the line's a newline. */
static void
add_text(struct twz_text *out, const char *text)
{
	size_t n = strnlen(text, TEXT_MAX);

	for (size_t i = 0; i < n; i++)
		twz_text_byte(out, (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i]);
	twz_text_byte(out, '\t');
}

static void
add_row(struct twz_text *out, const struct calls_session *s, const struct monitor_calls *c)
{
	/* What a full disk has cut off must not take the next row with it. */
	twz_text_printf(out, "\n1\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\t", s->id, s->began, s->ended, s->status);
	add_text(out, s->context);
	add_text(out, s->script);
	add_text(out, c->service->name);
	add_text(out, c->gate->name);
	twz_text_printf(out, "%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
			"\n", c->calls, c->errors, c->failures, c->p50, c->p90, c->p99, c->longest);
}

/* Whoever comes first puts a full file away; one that another session has put away is not @fd's any more. */
static void
turn_over(const char *path, const char *old, int fd, const struct stat *own)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB))
		return;
	if (!stat(path, &st) && st.st_ino == own->st_ino && st.st_dev == own->st_dev)
		(void)!rename(path, old);
	flock(fd, LOCK_UN);
}

void
calls_file_add(const char *path, const struct calls_session *session, const struct monitor_calls *rows, size_t n)
{
	TWZ_ARENA arena = { 0 };
	const char *file = twz_format(&arena, "%s.calls", path);
	TWZ_CLOSE int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW,
				0600);
	TWZ_TEXT text = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return;
	/* They are read from the end. */
	for (size_t i = n < CALLS_GATES_MAX ? n : CALLS_GATES_MAX; i-- > 0;)
		add_row(&text, session, &rows[i]);
	if (write(fd, text.bytes, text.n) < 0)
		return;
	if (st.st_size > CALLS_FILE_MAX)
		turn_over(file, twz_format(&arena, "%s.old", file), fd, &st);
}

/* -- reading ------------------------------------------------------------------------------------- */

static bool
read_number(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return !errno && end != text && !*end && *text != '-';
}

static bool
take_row(char *line, struct calls_row *ret)
{
	char *field[FIELDS], *rest = line;
	uint64_t number[FIELDS] = { 0 };
	size_t n = 0;

	while (rest && n < FIELDS)
		field[n++] = strsep(&rest, "\t");
	if (n != FIELDS || rest || strcmp(field[0], "1") != 0)
		return false;
	for (size_t i = 1; i < FIELDS; i++)
		if ((i < 5 || i > 8) && !read_number(field[i], &number[i]))
			return false;
	*ret = (struct calls_row){
		.session = { (int64_t)(number[1] & INT64_MAX), (int64_t)(number[2] & INT64_MAX),
			     (int64_t)(number[3] & INT64_MAX), (int)(number[4] & 0xff), field[5], field[6] },
		.service = field[7], .gate = field[8],
		.counts = { .calls = number[9], .errors = number[10], .failures = number[11], .p50 = number[12],
			    .p90 = number[13], .p99 = number[14], .longest = number[15] },
	};
	return true;
}

/* The lines of @text from its end on; they are cut out of it. */
static void
take_rows(char *text, size_t size, struct twz_arena *arena, struct calls_row **all, size_t *n)
{
	struct calls_row row;

	for (char *end = text + size; end > text;) {
		char *at = memrchr(text, '\n', (size_t)(end - text));

		*end = '\0';
		end = at ? at : text;
		if (take_row(at ? at + 1 : text, &row))
			twz_push(arena, *all, *n, row);
	}
}

static void
read_file(const char *path, struct twz_arena *arena, struct calls_row **all, size_t *n)
{
	TWZ_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t size = 0;
	struct stat st;
	char *text;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > 4 * (off_t)CALLS_FILE_MAX)
		return;
	text = twz_alloc(arena, (size_t)st.st_size + 1);
	while (size < (size_t)st.st_size) {
		ssize_t got = read(fd, text + size, (size_t)st.st_size - size);

		if (got <= 0)
			break;
		size += (size_t)got;
	}
	take_rows(text, size, arena, all, n);
}

size_t
calls_file_read(const char *path, struct twz_arena *arena, const struct calls_row **ret)
{
	struct calls_row *all = NULL;
	size_t n = 0;

	read_file(twz_format(arena, "%s.calls", path), arena, &all, &n);
	read_file(twz_format(arena, "%s.calls.old", path), arena, &all, &n);
	*ret = all;
	return n;
}
