/*
 * The errors of the C library as one enum, and what a gate gives that tells of them by errno: Result<i32, Errno>.
 * Between guest and caller such a failure is the negative number of its error, as between kernel and C library.
 */
#include <pthread.h>
#include <string.h>

#include "twz/type.h"
#include "twz/util.h"

enum { ERRNOS = 134 };		/* the highest number, and one */

static struct twz_member errors[ERRNOS];
static struct twz_type errno_type = {
	.kind = TWZ_ENUM, .name = "Errno", .size = 4, .align = 4, .is_signed = true, .members = errors,
};
static const struct twz_member parts[][3] = {
	{ { .name = "twz_state", .type = &twz_type_u32 }, { .name = "twz_ok", .type = &twz_type_i32, .offset = 8 },
	  { .name = "twz_err", .type = &errno_type, .offset = 4 } },
	{ { .name = "twz_state", .type = &twz_type_u32 }, { .name = "twz_ok", .type = &twz_type_i64, .offset = 8 },
	  { .name = "twz_err", .type = &errno_type, .offset = 4 } },
};
static const struct twz_type results[] = {
	{ .kind = TWZ_RESULT, .name = "", .size = 16, .align = 8, .members = parts[0], .nmembers = 3 },
	{ .kind = TWZ_RESULT, .name = "", .size = 16, .align = 8, .members = parts[1], .nmembers = 3 },
};

static void
list_errors(void)
{
	for (int number = 1; number < ERRNOS; number++) {
		const char *name = strerrorname_np(number), *text = strerrordesc_np(number);

		if (name && text)
			errors[errno_type.nmembers++] = (struct twz_member){ .name = name, .text = text, .value = number };
	}
}

bool
twz_errno_able(const struct twz_type *ret)
{
	ret = ret ? twz_type_strip(ret) : NULL;
	return ret && ret->kind == TWZ_INT && ret->is_signed && (ret->size == 4 || ret->size == 8);
}

const struct twz_type *
twz_errno_result(const struct twz_type *ret)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, list_errors);
	return &results[twz_type_strip(ret)->size == 8];
}
