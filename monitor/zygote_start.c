/*
 * Starting the zygote.
 *
 * The new process shares our memory until it runs the guest program, so nothing is copied however
 * large the program is that embeds us, and it has its own stack and makes raw system calls only, so
 * that nobody waits for it: the program goes on while the kernel executes the guest. One clone makes
 * all namespaces at once; a kernel that refuses some is asked again with fewer.
 *
 * Confinement cannot be taken back and a layout of addresses cannot be changed: compartments that ask for
 * less of the one or for their own of the other have other zygotes, which are started when they are needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/internal.h"

enum { STACK = 32 << 10, ZYGOTE_FD = 3, PARENT_FD = 4, HIGH_FD = 10 };

/* What is asked for, most first. */
static const uint32_t confined[] = {
	CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS,
	CLONE_NEWUSER | CLONE_NEWPID,
	CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS,
	0,
};
static const uint32_t open_to_all[] = { 0 };

/* In the new process, beside the running program: no libc state may be touched. */
__attribute__((no_sanitize("address", "undefined", "thread"), noreturn)) static int
launch(void *data)
{
	const struct monitor_launch *l = data;
	static char name[] = "twz-guest", rseq[] = "GLIBC_TUNABLES=glibc.pthread.rseq=0";
	static char lang[] = "LANG=C.UTF-8";
	char kind[] = { l->kind, 0 };
	char *argv[] = { name, kind, NULL };
	char *envp[] = { rseq, lang, NULL };

	/* First out of the way, so that neither lands on the other; this clears close-on-exec. */
	int control = (int)syscall(SYS_fcntl, l->control, F_DUPFD_CLOEXEC, HIGH_FD);
	int parent = (int)syscall(SYS_fcntl, l->parent, F_DUPFD_CLOEXEC, HIGH_FD);

	syscall(SYS_dup3, control, ZYGOTE_FD, 0);
	syscall(SYS_dup3, parent, PARENT_FD, 0);
	syscall(SYS_execve, l->path, argv, envp);
	syscall(SYS_exit_group, 127);
	__builtin_unreachable();
}

/* ThreadSanitizer's own clone() takes the child, which shares our memory, for a copy of us. */
#if defined(__SANITIZE_THREAD__)
int __clone(int (*run)(void *), void *stack, int flags, void *data, ...);
#define CLONE __clone
#else
#define CLONE clone
#endif

static bool
spawn(struct zygote *z, struct twz_error *err)
{
	struct monitor *m = z->monitor;
	const uint32_t *wish = z->kind & GUEST_OPEN ? open_to_all : confined;
	sigset_t all, old;
	pid_t pid = -1;
	char *stack = m->zygote_stack;
	int pidfd = -1;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (;; wish++) {
		z->namespaces = *wish;
		m->zygote_starting = 1;
		pid = CLONE(launch, stack + STACK,
			    (int)(CLONE_VM | CLONE_PIDFD | CLONE_CHILD_CLEARTID | *wish | SIGCHLD),
			    &m->launch, &pidfd, NULL, &m->zygote_starting);
		if (pid > 0 || errno == EAGAIN || errno == ENOMEM || !*wish)
			break;
	}
	if (pid < 0)
		twz_fail_sys(err, errno, "start the zygote");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	z->pidfd = pidfd;
	return pid > 0;
}

/* Until the guest program runs, the new process uses our memory. */
static void
await_exec(struct monitor *m)
{
	uint32_t starting;

	while ((starting = __atomic_load_n(&m->zygote_starting, __ATOMIC_ACQUIRE)))
		link_sleep(&m->zygote_starting, starting, NULL);
}

static bool
start(struct zygote *z, struct twz_error *err)
{
	struct monitor *m = z->monitor;
	TWZ_CLOSE int self = -1, theirs = -1;
	int pair[2];

	if (access(m->options.guest, X_OK))
		return twz_fail_sys(err, errno, "the guest program %s", m->options.guest);
	if (!m->zygote_stack) {
		m->zygote_stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
		if (m->zygote_stack == MAP_FAILED) {
			m->zygote_stack = NULL;
			return twz_fail_sys(err, errno, "start the zygote");
		}
	}
	await_exec(m);
	self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (self < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return twz_fail_sys(err, errno, "start the zygote");
	theirs = pair[1];
	m->launch = (struct monitor_launch){ m->options.guest, (char)('0' + z->kind), pair[1], self };
	if (!spawn(z, err)) {
		close(pair[0]);
		return false;
	}
	z->fd = pair[0];
	z->said_hello = z->watched = false;
	return true;
}

bool
zygote_ensure(struct monitor *m, struct twz_error *err)
{
	return m->zygote.fd >= 0 || start(&m->zygote, err);
}

static uint32_t
kind_for(const struct compartment *c)
{
	const struct monitor_load_options *o = &c->options;
	uint32_t own = 0;

	if (c->active >= TWZ_LEVEL_CALLER && asks_granted(c->service, TWZ_ASK_NET, NULL))
		own |= GUEST_NET;
	if (o->preload)
		own |= GUEST_PRELOAD;
	return own | (c->active < TWZ_LEVEL_CALLER ? GUEST_OPEN : 0) | (o->fresh ? GUEST_OWN : 0) |
	       (o->debug ? GUEST_OWN | GUEST_DEBUG : 0);
}

bool
zygote_can_preload(const struct compartment *c, enum twz_level level, const struct mechanism *mechanism,
		   const struct monitor_load_options *o, struct twz_error *err)
{
	const struct {
		bool is;
		const char *what;
	} against[] = {
		{ mechanism != &mechanism_process, "it has no process of its own" },
		{ level < TWZ_LEVEL_CALLER, "its level does not confine it" },
		{ o->fresh || o->debug, "it is to have a process from exec" },
		{ o->nenv || o->nargs || o->nfds, "it is given something of its own" },
		{ c->monitor->options.require_full, "full confinement is required, and who preloads may make processes" },
	};

	for (size_t i = 0; i < TWZ_COUNT(against); i++)
		if (against[i].is)
			return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
					"%s cannot be preloaded: %s", c->service->name, against[i].what);
	return true;
}

static uint64_t
memory_of(const struct compartment *c)
{
	return c->options.memory ? c->options.memory : c->monitor->options.memory;
}

/* What its clones find is what this compartment would load, with the same rights. */
static bool
has_loaded(const struct zygote *z, const struct compartment *c)
{
	const struct compartment *p = z->preloads;
	const char *a = __atomic_load_n(&p->service->granted, __ATOMIC_ACQUIRE);
	const char *b = __atomic_load_n(&c->service->granted, __ATOMIC_ACQUIRE);

	return z->failure.cls == TWZ_CLASS_NONE && !strcmp(p->service->path, c->service->path) &&
	       p->service->build_id_size == c->service->build_id_size &&
	       !memcmp(p->service->build_id, c->service->build_id, c->service->build_id_size) &&
	       memory_of(p) == memory_of(c) && !strcmp(a ? a : "", b ? b : "");
}

static bool
send_preload(struct zygote *z, struct twz_error *err)
{
	const struct compartment *c = z->preloads;
	const char *granted = __atomic_load_n(&c->service->granted, __ATOMIC_ACQUIRE);
	struct message head = { .kind = MESSAGE_PRELOAD, .word = { memory_of(c) } };
	char id[2 * TWZ_BUILD_ID_MAX + 1], text[32 << 10];
	int n;

	/* In a process namespace it can do nothing to others, whatever its service does to it. */
	if (!(z->namespaces & CLONE_NEWPID))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"%s cannot be preloaded: the kernel refuses process namespaces", c->service->name);
	instance_build_id(c, id);
	n = snprintf(text, sizeof(text), "%s%c%s%c%s", c->service->path, 0, id, 0, granted ? granted : "");
	if (n < 0 || (size_t)n >= sizeof(text))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"the path of service %s is too long", c->service->name);
	return message_send(z->fd, &head, text, (size_t)n + 1, NULL, 0) ||
	       twz_fail_sys(err, errno, "preload service %s", c->service->name);
}

bool
zygote_for(struct monitor *m, const struct compartment *c, struct zygote **ret,
	   struct twz_error *err)
{
	uint32_t kind = kind_for(c);
	struct zygote *z = m->zygotes;

	if (!zygote_ensure(m, err) || !loop_start(m, err))
		return false;
	if (!kind) {
		*ret = &m->zygote;
		return true;
	}
	while (z && (z->kind != kind || kind & GUEST_OWN || (kind & GUEST_PRELOAD && !has_loaded(z, c))))
		z = z->next;
	if (!z) {
		z = calloc(1, sizeof(*z));
		if (!z)
			return twz_fail_sys(err, errno, "start a zygote");
		*z = (struct zygote){ .monitor = m, .next = m->zygotes, .kind = kind,
				      .serial = ++m->next_serial, .fd = -1, .pidfd = -1 };
		m->zygotes = z;
		z->preloads = kind & GUEST_PRELOAD ? c : NULL;
		if (!start(z, err) || !loop_watch_zygote(z, err) || (z->preloads && !send_preload(z, err))) {
			zygote_end(z);
			return false;
		}
	}
	*ret = z;
	return true;
}

void
zygote_vouches(struct instance *i)
{
	if (!i->zygote || !i->zygote->preloads || !i->zygote->told || i->ready)
		return;
	i->got = i->zygote->got;
	i->got.filter_own = 0;	/* they say so themselves, and their service may have had a hand in it */
	i->told = true;
}

static void
forget(struct zygote *z)
{
	struct zygote **at = &z->monitor->zygotes;

	while (*at && *at != z)
		at = &(*at)->next;
	if (*at) {
		*at = z->next;
		free(z);
	}
}

void
zygote_end(struct zygote *z)
{
	await_exec(z->monitor);
	if (z->spare)
		spare_drop(z->spare);
	if (z->fd >= 0)
		close(z->fd);
	z->fd = -1;
	if (z->pidfd >= 0) {
		siginfo_t info;

		syscall(SYS_pidfd_send_signal, z->pidfd, SIGKILL, NULL, 0);
		/* Fails when the program has reaped it already: as good. */
		while (waitid(P_PIDFD, (id_t)z->pidfd, &info, WEXITED | __WALL) && errno == EINTR)
			;
		close(z->pidfd);
	}
	z->pidfd = -1;
	forget(z);
}

void
zygote_release(struct zygote *z)
{
	if (z && z->kind & GUEST_OWN)
		zygote_end(z);
}
