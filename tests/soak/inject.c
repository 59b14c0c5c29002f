/*
 * System calls that fail. The linker sends the monitor's calls of these functions here (--wrap), with the
 * error that each has when the machine has no more of what it gives.
 */
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "tests/soak/soak.h"

static uint64_t seen, nth, one_in, done;

void
inject_nth(uint64_t n)
{
	__atomic_store_n(&seen, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&nth, n, __ATOMIC_SEQ_CST);
}

void
inject_one_in(uint64_t n)
{
	__atomic_store_n(&one_in, n, __ATOMIC_SEQ_CST);
}

uint64_t
inject_seen(void)
{
	return __atomic_load_n(&seen, __ATOMIC_SEQ_CST);
}

uint64_t
inject_done(void)
{
	return __atomic_load_n(&done, __ATOMIC_SEQ_CST);
}

static bool
fails(int error)
{
	uint64_t n = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
	uint64_t rate = __atomic_load_n(&one_in, __ATOMIC_SEQ_CST);

	if (n != __atomic_load_n(&nth, __ATOMIC_SEQ_CST) &&
	    (!rate || (n * 0x9e3779b97f4a7c15) >> 32 >= (UINT64_C(1) << 32) / rate))
		return false;
	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
	errno = error;
	return true;
}

#define WRAP(ret, name, error, failed, params, args) \
	ret __real_##name params; \
	ret __wrap_##name params; \
	ret __wrap_##name params { return fails(error) ? (failed) : __real_##name args; }

WRAP(int, memfd_create, EMFILE, -1, (const char *name, unsigned flags), (name, flags))
WRAP(int, ftruncate, ENOSPC, -1, (int fd, off_t n), (fd, n))
WRAP(int, socketpair, EMFILE, -1, (int domain, int type, int protocol, int pair[2]),
     (domain, type, protocol, pair))
WRAP(int, pipe2, EMFILE, -1, (int pair[2], int flags), (pair, flags))
WRAP(int, eventfd, EMFILE, -1, (unsigned value, int flags), (value, flags))
WRAP(int, epoll_create1, EMFILE, -1, (int flags), (flags))
WRAP(int, epoll_ctl, ENOSPC, -1, (int epoll, int op, int fd, struct epoll_event *ev), (epoll, op, fd, ev))
WRAP(void *, mmap, ENOMEM, MAP_FAILED, (void *at, size_t n, int protection, int flags, int fd, off_t offset),
     (at, n, protection, flags, fd, offset))
WRAP(ssize_t, sendmsg, ENOBUFS, -1, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags))
WRAP(void *, calloc, ENOMEM, NULL, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, ENOMEM, NULL, (void *old, size_t size), (old, size))
WRAP(int, pthread_create, EAGAIN, EAGAIN,
     (pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *data),
     (thread, attr, run, data))
