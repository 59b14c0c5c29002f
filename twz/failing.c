/*
 * What gates give whose function says by its integer that it failed: a Result. Of its error the integer is the number,
 * or errno tells: the errors of the C library as one enum. Between guest and caller a failure by errno is the negative
 * number of its error, as between kernel and C library.
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

/* One for each integer that may tell: by size and sign. */
#define STATE { .name = "twz_state", .type = &twz_type_u32 }
#define OK(of) { .name = "twz_ok", .type = &twz_type_##of, .offset = 8 }
#define ERR(of) { .name = "twz_err", .type = &(of), .offset = 16 }
#define BOTH(ok, err) { STATE, OK(ok), ERR(err) }
static const struct twz_member by_errno[][3] = { BOTH(i32, errno_type), BOTH(i64, errno_type) };
static const struct twz_member negative[][3] = {
	BOTH(i32, twz_type_i32), BOTH(i64, twz_type_i64), BOTH(u32, twz_type_i32), BOTH(u64, twz_type_i64),
};
static const struct twz_member zero[][3] = {
	BOTH(i32, twz_type_i32), BOTH(i64, twz_type_i64), BOTH(u32, twz_type_u32), BOTH(u64, twz_type_u64),
};
static const struct twz_member nonzero[][2] = {
	{ STATE, ERR(twz_type_i32) }, { STATE, ERR(twz_type_i64) }, { STATE, ERR(twz_type_u32) },
	{ STATE, ERR(twz_type_u64) },
};

#define RESULT(parts) { .kind = TWZ_RESULT, .name = "", .size = 24, .align = 8, .members = (parts), \
			.nmembers = TWZ_COUNT(parts) }
#define RESULTS(of) { RESULT((of)[0]), RESULT((of)[1]), RESULT((of)[2]), RESULT((of)[3]) }
static const struct twz_type results[][4] = {
	[TWZ_RETURNS_ERRNO] = { RESULT(by_errno[0]), RESULT(by_errno[1]) },
	[TWZ_RETURNS_NEGATIVE] = RESULTS(negative),
	[TWZ_RETURNS_NONZERO] = RESULTS(nonzero),
	[TWZ_RETURNS_ZERO] = RESULTS(zero),
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
twz_failing_able(uint64_t how, const struct twz_type *ret)
{
	if (how < TWZ_RETURNS_ERRNO || how > TWZ_RETURNS_ZERO)
		return false;
	ret = ret ? twz_type_strip(ret) : NULL;
	return ret && ret->kind == TWZ_INT && (ret->size == 4 || ret->size == 8) &&
	       (ret->is_signed || how != TWZ_RETURNS_ERRNO);
}

const struct twz_type *
twz_failing_result(uint64_t how, const struct twz_type *ret)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, list_errors);
	ret = twz_type_strip(ret);
	return &results[how][(ret->size == 8) + 2 * !ret->is_signed];
}

bool
twz_failing(uint64_t how, const struct twz_type *ret, int64_t value)
{
	bool small = twz_type_strip(ret)->size == 4;

	if (small)
		value = (int32_t)value;
	switch (how) {
	case TWZ_RETURNS_ERRNO:
	case TWZ_RETURNS_NEGATIVE:
		return value < 0;
	case TWZ_RETURNS_NONZERO:
		return value != 0;
	case TWZ_RETURNS_ZERO:
		return value == 0;
	}
	return false;
}
