/*
 * What stands elsewhere: a secret, or the bytes of a file for a gate that takes bytes.
 *
 * Where a secret comes from when it stands neither in the text nor in the arguments of a program, which
 * everybody sees: a variable of the environment, a file, a descriptor that is open already.
 *
 * Only a word for a secret parameter is read so, and only when the call is about to be made. One newline
 * at the end of it is not part of the secret: editors and echo put it there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "repl/lang/interp.h"

enum { SOURCE_MAX = 64 << 10, LARGE = 1 << 20, PIECE = 64 << 10, BYTES_MAX = 1 << 30 };

static const char *
after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) ? NULL : text + n;
}

bool
lang_is_source(const char *text)
{
	return after(text, "@env:") || after(text, "@file:") || after(text, "@fd:");
}

static bool
cannot_read(const char *text, const char *why, struct twz_error *err)
{
	return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "cannot read the secret %s: %s",
			text, why);
}

static bool
read_descriptor(struct lang *l, const char *text, int fd, struct twz_value *ret, struct twz_error *err)
{
	char bytes[SOURCE_MAX + 1];
	size_t n = 0;
	ssize_t r;
	bool done = true;

	do {
		r = read(fd, bytes + n, sizeof(bytes) - n);
		n += r > 0 ? (size_t)r : 0;
		if (r < 0 && errno == EINTR && l->options->host->interrupted &&
		    l->options->host->interrupted(l->options->host->data))
			break;
	} while ((r > 0 && n < sizeof(bytes)) || (r < 0 && errno == EINTR));
	if (r < 0)
		done = cannot_read(text, strerror(errno), err);
	else if (n > SOURCE_MAX)
		done = cannot_read(text, "it is longer than 64 KiB", err);
	if (done && n && bytes[n - 1] == '\n')
		n -= 1 + (n > 1 && bytes[n - 2] == '\r');
	if (done)
		*ret = twz_string(l->arena, bytes, n);
	explicit_bzero(bytes, sizeof(bytes));
	return done;
}

static bool
read_number(struct lang *l, const char *text, const char *number, struct twz_value *ret,
	    struct twz_error *err)
{
	size_t n = strlen(number);

	if (!n || n > 6 || strspn(number, "0123456789") != n)
		return cannot_read(text, "write @fd: and the number of an open descriptor", err);
	return read_descriptor(l, text, atoi(number), ret, err);
}

static bool
read_file(struct lang *l, const char *text, const char *path, struct twz_value *ret,
	  struct twz_error *err)
{
	TWZ_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return cannot_read(text, strerror(errno), err);
	return read_descriptor(l, text, fd, ret, err);
}

bool
lang_read_source(struct lang *l, const char *text, struct twz_value *ret, struct twz_error *err)
{
	const char *name = after(text, "@env:"), *path = after(text, "@file:"), *value;

	if (path)
		return read_file(l, text, path, ret, err);
	if (!name)
		return read_number(l, text, after(text, "@fd:"), ret, err);
	value = getenv(name);
	if (!value)
		return cannot_read(text, "the environment has no such variable", err);
	*ret = twz_cstring(l->arena, value);
	return true;
}

/* -- files ----------------------------------------------------------------------------------------- */

const char *
lang_file_source(const char *text)
{
	return after(text, "@file:");
}

static bool
cannot_read_file(const char *path, const char *why, struct twz_error *err)
{
	return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "cannot read %s: %s", path, why);
}

/* Room for @n bytes and a NUL: where they can be passed on as they are, when they are many. */
static char *
room(struct lang *l, size_t n)
{
	const struct repl_host *host = l->options->host;
	char *bytes = n >= LARGE && host->large ? host->large(host->data, l->arena, n + 1) : NULL;

	return bytes ? bytes : twz_alloc(l->arena, n + 1);
}

/* False: it did not work, or somebody wants an end. */
static bool
read_all(struct lang *l, int fd, char *bytes, size_t *n, size_t most)
{
	const struct repl_host *host = l->options->host;
	ssize_t r = 1;

	while (*n < most && r) {
		r = read(fd, bytes + *n, most - *n);
		if (r > 0)
			*n += (size_t)r;
		else if (r < 0 && (errno != EINTR || (host->interrupted && host->interrupted(host->data))))
			return false;
	}
	return true;
}

/* A pipe or a device says nothing of its size. */
static bool
read_pieces(struct lang *l, int fd, char **bytes, size_t *n)
{
	size_t size = PIECE;

	*bytes = twz_alloc(l->arena, size + 1);
	while (read_all(l, fd, *bytes, n, size)) {
		char *more;

		if (*n < size)
			return true;
		if (size >= BYTES_MAX) {
			errno = EFBIG;
			return false;
		}
		more = twz_alloc(l->arena, 2 * size + 1);
		memcpy(more, *bytes, *n);
		*bytes = more;
		size *= 2;
	}
	return false;
}

bool
lang_read_bytes(struct lang *l, const char *path, struct twz_value *ret, struct twz_error *err)
{
	TWZ_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	char *bytes;
	size_t n = 0;

	if (fd < 0 || fstat(fd, &st))
		return cannot_read_file(path, strerror(errno), err);
	if (S_ISREG(st.st_mode) && st.st_size > BYTES_MAX)
		return cannot_read_file(path, "it is longer than 1 GiB", err);
	if (S_ISREG(st.st_mode) && st.st_size > 0) {
		bytes = room(l, (size_t)st.st_size);
		if (!read_all(l, fd, bytes, &n, (size_t)st.st_size))
			return cannot_read_file(path, strerror(errno), err);
	} else if (!read_pieces(l, fd, &bytes, &n)) {
		return cannot_read_file(path, strerror(errno), err);
	}
	*ret = (struct twz_value){ .kind = TWZ_VALUE_STRING, .type = &twz_type_string, .string = { bytes, n } };
	return true;
}
