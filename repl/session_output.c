/*
 * What services write. It is hostile: it may hold terminal escapes, never end a line, or never end
 * at all. It leaves here as whole lines that begin with the service's name, in which everything
 * that a terminal would obey is shown as \xNN, and no more of it than BURST bytes per call.
 *
 * What a gate that is a program writes while it is called is what the program would: all of it, without a name, to
 * stdout and stderr as it did. Only on a terminal it is shown as any other text.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "repl/session_inner.h"
#include "twz/json.h"

enum { BURST = 64 * 1024 };

/* What stands in place of a service's name: it is the program's that runs. */
static const char PROGRAM_OUT[] = "", PROGRAM_ERR[] = "/";	/* no service is called so */

static void
write_stderr(void *data, const char *line)
{
	TWZ_FREE char *text = NULL;
	int n = asprintf(&text, "%s\n", line);

	(void)data;
	/* One write, so that lines of several threads stay whole. Nobody learns of failures. */
	if (n > 0 && write(STDERR_FILENO, text, (size_t)n) < 0)
		return;
}

static void
write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t wrote = write(fd, bytes, n);

		if (wrote < 0 && errno != EINTR)
			return;
		bytes += wrote > 0 ? wrote : 0;
		n -= wrote > 0 ? (size_t)wrote : 0;
	}
}

void
output_init(struct output *out, const struct session_options *options)
{
	memset(out, 0, sizeof(*out));
	pthread_mutex_init(&out->lock, NULL);
	out->room = BURST;
	out->write = options->output ? options->output : write_stderr;
	out->data = options->output_data;
}

void
output_deinit(struct output *out)
{
	for (size_t i = 0; i < out->nlines; i++)
		free(out->lines[i].service);
	free(out->lines);
	pthread_mutex_destroy(&out->lock);
}

/* Length of the harmless character at @text, or 0: what a terminal obeys, or no UTF-8. */
static size_t
harmless(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t length = *p < 0x80 ? 1 : *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;

	if (*p == '\t')
		return 1;
	if (*p < 0x20 || *p == 0x7f || length > n || !twz_utf8_valid(text, length))
		return 0;
	if (*p == 0xc2 && p[1] < 0xa0)
		return 0;	/* control characters of the upper half */
	if (*p == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
			   (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
		return 0;	/* turn the direction of what follows */
	return length;
}

static void
write_line(struct output *out, const char *service, const char *text, size_t n)
{
	TWZ_FREE char *line = malloc(strlen(service) + sizeof(": \n") + n * 4);
	bool program = out->program && !strcmp(service, PROGRAM_OUT);
	char *end;

	if (!line)
		return;
	end = program || !strcmp(service, PROGRAM_ERR) ? line : stpcpy(stpcpy(line, service), ": ");
	for (size_t i = 0; i < n;) {
		size_t length = harmless(text + i, n - i);

		if (length) {
			memcpy(end, text + i, length);
			end += length;
			i += length;
		} else {
			end += sprintf(end, "\\x%02x", (unsigned char)text[i++]);
		}
	}
	*end = '\0';
	if (program && out->write == write_stderr) {
		*end++ = '\n';
		write_all(STDOUT_FILENO, line, (size_t)(end - line));
	} else {
		out->write(out->data, line);
	}
}

static void
end_line(struct output *out, struct output_line *line)
{
	write_line(out, line->service, line->text, line->n);
	line->n = 0;
}

static struct output_line *
line_of(struct output *out, const char *service)
{
	struct output_line *lines;

	for (size_t i = 0; i < out->nlines; i++)
		if (!strcmp(out->lines[i].service, service))
			return &out->lines[i];
	lines = reallocarray(out->lines, out->nlines + 1, sizeof(*lines));
	if (!lines)
		return NULL;
	out->lines = lines;
	lines += out->nlines;
	lines->n = 0;
	lines->service = strdup(service);
	if (!lines->service)
		return NULL;
	out->nlines++;
	return lines;
}

static void
put_byte(struct output *out, struct output_line *line, char c)
{
	if (c == '\n') {
		end_line(out, line);
		return;
	}
	line->text[line->n++] = c;
	if (line->n == sizeof(line->text))
		end_line(out, line);
}

static bool
is_program(const struct output *out, const char *service)
{
	return out->program && !strcmp(out->program, service);
}

/* With the lock held. */
static void
put_all(struct output *out, const char *name, int fd, bool raw, const char *bytes, size_t n)
{
	struct output_line *line = raw ? NULL : line_of(out, name);

	if (raw)
		write_all(fd, bytes, n);
	for (size_t i = 0; line && i < n; i++)
		put_byte(out, line, bytes[i]);
}

void
output_put(struct output *out, const char *service, const char *bytes, size_t n)
{
	struct output_line *line;
	size_t taken;

	pthread_mutex_lock(&out->lock);
	if (is_program(out, service)) {
		put_all(out, PROGRAM_ERR, STDERR_FILENO, out->raw_err, bytes, n);
		pthread_mutex_unlock(&out->lock);
		return;
	}
	line = line_of(out, service);
	taken = line && n > out->room ? out->room : n;
	for (size_t i = 0; line && i < taken; i++)
		put_byte(out, line, bytes[i]);
	out->room -= taken;
	out->dropped += n - taken;
	pthread_mutex_unlock(&out->lock);
}

void
output_program(struct output *out, const char *service)
{
	pthread_mutex_lock(&out->lock);
	for (size_t i = 0; i < out->nlines; i++)
		if (out->lines[i].n && (!strcmp(out->lines[i].service, PROGRAM_OUT) ||
					!strcmp(out->lines[i].service, PROGRAM_ERR)))
			end_line(out, &out->lines[i]);
	out->program = service;
	out->raw = out->write == write_stderr && !isatty(STDOUT_FILENO);
	out->raw_err = out->write == write_stderr && !isatty(STDERR_FILENO);
	pthread_mutex_unlock(&out->lock);
}

void
output_put_program(struct output *out, const char *service, const char *bytes, size_t n)
{
	bool ours;

	pthread_mutex_lock(&out->lock);
	ours = is_program(out, service);
	if (ours)
		put_all(out, PROGRAM_OUT, STDOUT_FILENO, out->raw, bytes, n);
	pthread_mutex_unlock(&out->lock);
	if (!ours)
		output_put(out, service, bytes, n);
}

static void
tell_dropped(struct output *out)
{
	char text[64];

	if (out->dropped) {
		snprintf(text, sizeof(text), "… %zu bytes dropped", out->dropped);
		out->write(out->data, text);
	}
	out->dropped = 0;
}

void
output_begin(struct output *out)
{
	pthread_mutex_lock(&out->lock);
	tell_dropped(out);
	out->room = BURST;
	pthread_mutex_unlock(&out->lock);
}

void
output_flush(struct output *out)
{
	pthread_mutex_lock(&out->lock);
	for (size_t i = 0; i < out->nlines; i++)
		if (out->lines[i].n)
			end_line(out, &out->lines[i]);
	tell_dropped(out);
	pthread_mutex_unlock(&out->lock);
}
