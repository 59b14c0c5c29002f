/* What every file of ours may use: cleanup attributes, counts, alignment. No code of its own. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TWZ_MUST __attribute__((warn_unused_result))
/* On the way of every call: such functions are placed together, so that few pages are touched. */
#define TWZ_HOT __attribute__((hot))
#define TWZ_CLEANUP(f) __attribute__((cleanup(f)))
#define TWZ_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Hands the value of @p to the caller and leaves NULL behind, so that its cleanup does nothing. */
#define twz_steal(p) (__extension__({ __typeof__(*(p)) twz_stolen = *(p); *(p) = NULL; twz_stolen; }))

static inline void
twz_freep(void *p)
{
	free(*(void **)p);
}

static inline void
twz_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void
twz_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define TWZ_FREE TWZ_CLEANUP(twz_freep)
#define TWZ_CLOSE TWZ_CLEANUP(twz_closep)
#define TWZ_FCLOSE TWZ_CLEANUP(twz_fclosep)

/* Rounds up to a power of two. Wraps like all unsigned arithmetic: check the size first. */
#define TWZ_ALIGN(n, to) (((n) + ((to) - 1)) & ~((__typeof__(n))(to) - 1))
