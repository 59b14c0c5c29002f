#include "twz/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts @text, of which @size - 1 bytes were kept, at the start of a split UTF-8 sequence. */
static void
cut_at_character(char *text, size_t size)
{
	size_t n = strlen(text);

	if (n < size - 1)
		return;
	while (n > 0 && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
		n--;
	if (n > 0 && (unsigned char)text[n - 1] >= 0xc0)
		n--;
	text[n] = '\0';
}

static void
set_text(struct twz_error *err, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void
set_text(struct twz_error *err, const char *fmt, va_list ap)
{
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	cut_at_character(err->text, sizeof(err->text));
}

bool
twz_fail(struct twz_error *err, enum twz_class cls, uint64_t code, const char *fmt, ...)
{
	va_list ap;

	if (!err || err->cls != TWZ_CLASS_NONE)
		return false;
	memset(err, 0, sizeof(*err));
	err->cls = cls;
	err->code = code;
	va_start(ap, fmt);
	set_text(err, fmt, ap);
	va_end(ap);
	return false;
}

bool
twz_fail_parts(struct twz_error *err, enum twz_class cls, uint64_t code, const char *const *parts)
{
	size_t n = 0;

	if (!err || err->cls != TWZ_CLASS_NONE)
		return false;
	memset(err, 0, sizeof(*err));
	err->cls = cls;
	err->code = code;
	for (; *parts; parts++) {
		size_t more = strnlen(*parts, sizeof(err->text) - 1 - n);

		memcpy(err->text + n, *parts, more);
		n += more;
	}
	cut_at_character(err->text, sizeof(err->text));
	return false;
}

bool
twz_fail_sys(struct twz_error *err, int errnum, const char *fmt, ...)
{
	char buf[128];
	va_list ap;
	size_t n;

	if (!err || err->cls != TWZ_CLASS_NONE)
		return false;
	memset(err, 0, sizeof(*err));
	err->cls = TWZ_CLASS_LINK;
	err->code = twz_code_from_errno(errnum);
	va_start(ap, fmt);
	set_text(err, fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s", strerror_r(errnum, buf, sizeof(buf)));
	cut_at_character(err->text, sizeof(err->text));
	return false;
}

bool
twz_wrap(struct twz_error *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list ap;
	size_t n;

	if (!err || err->cls == TWZ_CLASS_NONE)
		return false;
	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	set_text(err, fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s", old);
	cut_at_character(err->text, sizeof(err->text));
	return false;
}

bool
twz_hint(struct twz_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err || err->hint[0])
		return false;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	cut_at_character(err->hint, sizeof(err->hint));
	return false;
}

static const struct {
	const char *text, *name;
	int status;
} classes[] = {
#define X(id, words, exit_status) [TWZ_CLASS_##id] = { words, #id, exit_status },
	TWZ_CLASSES(X)
#undef X
};

const char *
twz_class_text(enum twz_class cls)
{
	return classes[cls].text;
}

int
twz_class_status(enum twz_class cls)
{
	return classes[cls].status;
}

const char *
twz_class_name(enum twz_class cls)
{
	static const char *const names[] = {
		[TWZ_CLASS_NONE] = "none", [TWZ_CLASS_GATE] = "gate",
		[TWZ_CLASS_SYNTAX] = "syntax", [TWZ_CLASS_NAME] = "name",
		[TWZ_CLASS_TYPE] = "type", [TWZ_CLASS_SECURITY] = "security",
		[TWZ_CLASS_FAULT] = "fault", [TWZ_CLASS_LINK] = "link",
		[TWZ_CLASS_TIMEOUT] = "timeout", [TWZ_CLASS_INTERRUPTED] = "interrupted",
	};

	_Static_assert(TWZ_COUNT(names) == TWZ_COUNT(classes), "one name per class");
	return names[cls];
}

static const char *const categories[] = {
#define X(name, number, text) [number] = text,
	TWZ_CATEGORIES(X)
#undef X
};

static const struct twz_code codes[] = {
#define X(cat, number, nam, txt) { TWZ_ERR(cat, nam), #cat, #nam, txt },
	TWZ_ERRORS(X)
#undef X
};

const struct twz_code *
twz_codes(size_t *n)
{
	*n = TWZ_COUNT(codes);
	return codes;
}

enum twz_category
twz_code_category(uint64_t code)
{
	uint64_t category = code >> 32;

	return category < TWZ_COUNT(categories) ? (enum twz_category)category
						: TWZ_CAT_UNCATEGORIZED;
}

const char *
twz_code_text(uint64_t code, char *buf, size_t size)
{
	for (size_t i = 0; i < TWZ_COUNT(codes); i++) {
		if (codes[i].code != code)
			continue;
		snprintf(buf, size, "%s: %s", categories[twz_code_category(code)], codes[i].text);
		return buf;
	}
	if (code == 0)
		snprintf(buf, size, "success");
	else
		snprintf(buf, size, "%s: %llu", categories[twz_code_category(code)],
			 (unsigned long long)(twz_code_category(code) ? code & UINT32_MAX : code));
	return buf;
}

uint64_t
twz_code_from_errno(int errnum)
{
	static const struct {
		int errnum;
		uint64_t code;
	} map[] = {
		{ ENOENT, TWZ_ERR(NAMING, NOT_FOUND) },
		{ EEXIST, TWZ_ERR(NAMING, ALREADY_EXISTS) },
		{ ENOTDIR, TWZ_ERR(NAMING, WRONG_NAME_KIND) },
		{ EISDIR, TWZ_ERR(NAMING, WRONG_NAME_KIND) },
		{ ENAMETOOLONG, TWZ_ERR(NAMING, INVALID_NAME) },
		{ ELOOP, TWZ_ERR(NAMING, LINK_LOOP) },
		{ ENOTEMPTY, TWZ_ERR(NAMING, NOT_EMPTY) },
		{ EADDRINUSE, TWZ_ERR(NAMING, ALREADY_BOUND) },
		{ EACCES, TWZ_ERR(GENERIC, ACCESS_DENIED) },
		{ EPERM, TWZ_ERR(GENERIC, ACCESS_DENIED) },
		{ EROFS, TWZ_ERR(GENERIC, ACCESS_DENIED) },
		{ ENOSYS, TWZ_ERR(GENERIC, NOT_SUPPORTED) },
		{ EOPNOTSUPP, TWZ_ERR(GENERIC, NOT_SUPPORTED) },
		{ EAGAIN, TWZ_ERR(GENERIC, WOULD_BLOCK) },
		{ ETIMEDOUT, TWZ_ERR(GENERIC, TIMED_OUT) },
		{ EINTR, TWZ_ERR(GENERIC, INTERRUPTED) },
		{ EINPROGRESS, TWZ_ERR(GENERIC, IN_PROGRESS) },
		{ EINVAL, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT) },
		{ EFAULT, TWZ_ERR(ARGUMENT, INVALID_ADDRESS) },
		{ EBADF, TWZ_ERR(ARGUMENT, BAD_HANDLE) },
		{ ENOMEM, TWZ_ERR(RESOURCE, OUT_OF_MEMORY) },
		{ EMFILE, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES) },
		{ ENFILE, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES) },
		{ ENOSPC, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES) },
		{ EBUSY, TWZ_ERR(RESOURCE, BUSY) },
		{ ENOTCONN, TWZ_ERR(RESOURCE, NOT_CONNECTED) },
		{ ECONNREFUSED, TWZ_ERR(RESOURCE, REFUSED) },
		{ EIO, TWZ_ERR(IO, OTHER) },
		{ ECONNRESET, TWZ_ERR(IO, RESET) },
		{ EPIPE, TWZ_ERR(IO, RESET) },
		{ ESPIPE, TWZ_ERR(IO, SEEK_FAILED) },
		{ ENXIO, TWZ_ERR(IO, DEVICE_ERROR) },
	};

	for (size_t i = 0; i < TWZ_COUNT(map); i++)
		if (map[i].errnum == errnum)
			return map[i].code;
	return TWZ_ERR(GENERIC, OTHER);
}
