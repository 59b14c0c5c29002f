/*
 * A compartment's life, and the loop of a call: go in, see why it came out, answer, go in again.
 *
 * While a thread is inside: its signals are blocked but those that the compartment can cause and the
 * one that ends late calls; its restartable sequence is unregistered, because the kernel would write to
 * it with the compartment's rights and kill the process; its system calls are dispatched to us.
 */
#include <errno.h>
#include <linux/prctl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor/mpk/mpk_in.h"
#include "monitor/mpk/process.h"
#include "monitor/mpk/protocol.h"

enum { DEFAULT_MEMORY = 512 << 20, LOAD_S = 10, MXCSR = 0x1f80 };

uint64_t mpk_arena = UINT64_MAX;
struct mpk_host *mpk_inside[MPK_SLOTS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* of everything static */
static uint32_t in_use;

void
mpk_keys(uint32_t *free_keys, uint32_t *all)
{
	pthread_mutex_lock(&lock);
	*all = MPK_SLOTS - 1;
	*free_keys = *all - in_use;
	pthread_mutex_unlock(&lock);
}

/* -- making one ---------------------------------------------------------------------------------- */

/* With the lock: what this process needs once. */
static bool
prepare(struct twz_error *err)
{
	void *arena;

	/* In this order: a page close to the loader is needed, and the arena is large. */
	if (!mpk_available(err) || !process_prepare(err))
		return false;
	if (mpk_arena == UINT64_MAX) {
		size_t size = (size_t)MPK_SLOT_SIZE * MPK_SLOTS;

		arena = mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (arena == MAP_FAILED)
			return machine_lacks(err, "32 GiB of addresses cannot be reserved (ulimit -v)");
		mpk_arena = TWZ_ALIGN((uint64_t)(uintptr_t)arena, (uint64_t)size);
	}
	return signals_take(err);
}

/* The slot's memory that both sides have, at both addresses. */
static bool
map_shared(struct mpk *c, struct twz_error *err)
{
	const struct mpk_space *s = &c->space;
	TWZ_CLOSE int fd = memfd_create("twz-mpk", MFD_CLOEXEC);
	static const struct {
		size_t at, size, offset;
		int prot;
	} parts[] = {
		{ 0, MPK_PAGE, 0, PROT_READ },
		{ MPK_SIGNAL_AT, MPK_SIGNAL_SIZE, SHARED_SIGNAL, PROT_READ | PROT_WRITE },
		{ MPK_BLOCKS_AT, (size_t)MPK_BLOCKS * MPK_BLOCK_SIZE, SHARED_BLOCKS, PROT_READ | PROT_WRITE },
	};
	uint64_t base = (uint64_t)(uintptr_t)s->base;

	if (fd < 0 || ftruncate(fd, (off_t)SHARED_SIZE))
		return twz_fail_sys(err, errno, "mpk: make shared memory");
	c->shared = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (c->shared == MAP_FAILED) {
		c->shared = NULL;
		return twz_fail_sys(err, errno, "mpk: map shared memory");
	}
	for (size_t i = 0; i < TWZ_COUNT(parts); i++)
		if (mmap(s->base + parts[i].at, parts[i].size, PROT_NONE,
			 MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, (off_t)parts[i].offset) == MAP_FAILED ||
		    !space_tag(s, base + parts[i].at, parts[i].size, parts[i].prot))
			return twz_fail_sys(err, errno, "mpk: map shared memory");
	if (mmap(s->base + MPK_STACK_AT, MPK_STACK_SIZE, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED ||
	    !space_tag(s, base + MPK_STACK_AT, MPK_STACK_SIZE, PROT_READ | PROT_WRITE))
		return twz_fail_sys(err, errno, "mpk: map a stack");
	return true;
}

static bool
take_key(struct mpk *c, struct twz_error *err)
{
	int key = pkey_alloc(0, 0);

	if (key < 0) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
			 "mpk: all protection keys of this process are in use (%u by compartments; a "
			 "processor has 15)", in_use);
		return twz_hint(err, "unload a compartment, or load with mechanism process");
	}
	in_use++;
	c->space.key = key;
	c->space.base = (unsigned char *)(uintptr_t)(mpk_arena + (uint64_t)key * MPK_SLOT_SIZE);
	c->host.slot = (uint64_t)key;
	return true;
}

static bool
lay_out(struct mpk *c, struct twz_error *err)
{
	uint64_t base;
	int key;

	if (!take_key(c, err) || !map_shared(c, err))
		return false;
	base = (uint64_t)(uintptr_t)c->space.base;
	key = c->space.key;
	c->view = (struct mpk_view *)(void *)c->shared;
	*c->view = (struct mpk_view){
		.pkru_in = 0x55555555 & ~((uint32_t)3 << (2 * key)),
		.host = (uint64_t)(uintptr_t)&c->host,
		.xmask = machine_vector_state(),
		.mxcsr = MXCSR,
	};
	c->host.view = base;
	c->host.alias = (uint64_t)(uintptr_t)c->view;
	c->host.vectors = machine_vectors();
	c->host.stack = (stack_t){ .ss_sp = c->space.base + MPK_SIGNAL_AT, .ss_size = MPK_SIGNAL_SIZE,
				   .ss_flags = (int)(1u << 31) /* SS_AUTODISARM */ };
	return image_load(c, err);
}

static char *
copy(const char *text)
{
	return strdup(text ? text : "");
}

static struct mpk *
new_compartment(const struct mpk_options *options)
{
	struct mpk *c = calloc(1, sizeof(*c));
	pthread_mutexattr_t attr;

	if (!c)
		return NULL;
	c->options = *options;
	c->options.guest = copy(options->guest);
	c->options.service = copy(options->service);
	c->options.build_id = copy(options->build_id);
	c->space.limit = (options->memory ? options->memory : DEFAULT_MEMORY) / MPK_PAGE;
	for (size_t i = 0; i < MPK_FILES; i++)
		c->files[i].fd = -1;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&c->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return c;
}

static void
free_text(const char *text)
{
	free((void *)(uintptr_t)text);
}

void
mpk_free(struct mpk *c)
{
	if (!c)
		return;
	watch_remove(c);
	system_call_close_files(c);
	pthread_mutex_lock(&lock);
	if (c->space.key > 0) {
		/* The key is given away again only when no page has it any more. */
		if (mmap(c->space.base, MPK_SLOT_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED)
			pkey_free(c->space.key);
		in_use--;
	}
	pthread_mutex_unlock(&lock);
	if (c->shared)
		munmap(c->shared, SHARED_SIZE);
	pthread_mutex_destroy(&c->lock);
	free_text(c->options.guest);
	free_text(c->options.service);
	free_text(c->options.build_id);
	free(c);
}

/* -- going in and out ---------------------------------------------------------------------------- */

static void
leave_rseq(void)
{
	static _Thread_local bool left;
	unsigned int size = __rseq_size > 32 ? __rseq_size : 32;

	if (!left && __rseq_size)
		syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, size,
			RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
	left = true;
}

/* The rights of this thread, with the compartment's key open: signals must reach its signal stack. */
static void
open_key(struct mpk *c)
{
	uint32_t rights, high, mine = (uint32_t)3 << (2 * c->space.key);

	__asm__ volatile("rdpkru" : "=a"(rights), "=d"(high) : "c"(0));
	c->view->pkru_host = rights & ~mine;
	if (rights & mine)
		mpk_raise(&c->host);
}

struct outside {
	uint64_t signals;
};

static void
arm(struct mpk *c, struct outside *o, uint64_t deadline)
{
	signals_block(&o->signals);
	leave_rseq();
	c->tid = gettid();
	open_key(c);
	watch_enter(c, deadline);
	prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, c->host.view +
	      offsetof(struct mpk_view, selector));
}

/* False: it was too late. */
static bool
disarm(struct mpk *c, const struct outside *o)
{
	bool in_time;

	prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0);
	in_time = watch_leave(c);
	signals_restore(o->signals);
	return in_time;
}

/* Lets the guest go on where it waits. */
static void
go(struct mpk *c, uint64_t word)
{
	c->view->rip = c->at;
	c->view->rsp = c->sp;
	c->view->rdi = word;
	c->view->rsi = 0;
	c->view->fpstate = 0;
	c->host.resume = 0;
	mpk_enter(&c->host);
}

/* Back behind its system call. */
static void
go_on(struct mpk *c, const struct mpk_trap *t)
{
	static const int order[MPK_NREGS] = {
		[MPK_R8] = REG_R8, [MPK_R9] = REG_R9, [MPK_R10] = REG_R10, [MPK_R12] = REG_R12,
		[MPK_R13] = REG_R13, [MPK_R14] = REG_R14, [MPK_R15] = REG_R15, [MPK_RDI] = REG_RDI,
		[MPK_RSI] = REG_RSI, [MPK_RBP] = REG_RBP, [MPK_RBX] = REG_RBX,
	};

	for (size_t i = 0; i < MPK_NREGS; i++)
		c->host.regs[i] = (uint64_t)t->regs[order[i]];
	c->view->rip = (uint64_t)t->regs[REG_RIP];
	c->view->rsp = (uint64_t)t->regs[REG_RSP];
	c->view->rax = (uint64_t)t->regs[REG_RAX];
	c->view->rdx = (uint64_t)t->regs[REG_RDX];
	c->view->flags = (uint64_t)t->regs[REG_EFL] & 0xcd5;	/* no trap flag, no alignment check */
	c->view->fpstate = t->fpstate;
	c->host.resume = 1;
	mpk_enter(&c->host);
}

/* It came out by a signal: true when it went in again. */
static bool
signalled(struct mpk *c)
{
	struct mpk_trap t;
	uint64_t now;

	signals_block(&now);	/* the handler, which is never returned from, blocks one more */
	if (!c->host.signal || c->host.signal == (uint32_t)watch_signal) {
		fault_of(c, c->host.signal ? watch_signal : SIGILL);
		return false;
	}
	if (!trap_read(c, &t)) {
		fault_of(c, (int)c->host.signal);
		return false;
	}
	if (c->host.signal != SIGSYS) {
		fault_record(c, &t);
		return false;
	}
	/* Taken once: whoever only says that there was a signal would have its last system call made again. */
	c->host.signal = 0;
	if (!system_call(c, &t))
		return false;
	go_on(c, &t);
	return true;
}

/* A gate of its calls another one: done outside, as any call of this thread. False: too late. */
static bool
request(struct mpk *c, struct outside *o, uint64_t deadline)
{
	unsigned char *block = c->shared + SHARED_BLOCKS + (size_t)c->depth * MPK_BLOCK_SIZE;
	uint64_t kind = c->host.reason, word = c->host.arg;
	int64_t left = -1;

	if (!disarm(c, o))
		return false;
	if (deadline)
		left = (int64_t)(deadline - watch_now());
	if (deadline && left <= 0)
		left = 1;
	if (c->options.request && c->depth < MPK_BLOCKS) {
		c->depth++;
		c->options.request(c->options.data, block, kind | word << 8, left);
		c->depth--;
	}
	arm(c, o, deadline);
	return true;
}

/* Runs until the guest says that it has finished; the reason that it gave, or 0: it is dead. */
static uint64_t
run(struct mpk *c, struct outside *o, uint64_t word, uint64_t deadline, bool *late)
{
	go(c, word);
	for (;;) {
		if (__atomic_load_n(&c->turn, __ATOMIC_SEQ_CST) == MPK_EXPIRED)
			break;
		if (c->host.reason == MPK_SIGNALLED) {
			if (!signalled(c))
				break;
			continue;
		}
		c->at = c->host.at;
		c->sp = c->host.sp;
		switch (c->host.reason) {
		case MPK_READY:
		case MPK_UNLOADABLE:
		case MPK_FINISHED:
			return c->host.reason;
		case MPK_BIND:
		case MPK_INVOKE:
			if (!request(c, o, deadline)) {
				*late = true;
				return 0;
			}
			if (c->dead)
				return 0;
			go(c, MPK_ANSWER);
			continue;
		}
		fault_of(c, SIGILL);	/* it used the gate for what it is not for */
		break;
	}
	return 0;
}

static enum mpk_end
enter(struct mpk *c, uint64_t word, int64_t timeout_ns, uint64_t *reason)
{
	uint64_t deadline = timeout_ns < 0 ? 0 : watch_now() + (uint64_t)timeout_ns;
	struct outside o;
	bool late = false;

	arm(c, &o, deadline);
	*reason = run(c, &o, word, deadline, &late);
	if ((late || !disarm(c, &o)) && !c->dead) {
		fault_of(c, SIGKILL);
		return c->stopped ? MPK_STOPPED : MPK_LATE;
	}
	if (!*reason || c->dead) {
		c->dead = true;
		return MPK_DIED;
	}
	return MPK_DONE;
}

/* -- loading ------------------------------------------------------------------------------------- */

static bool
not_loaded(struct mpk *c, enum mpk_end end, uint64_t reason, struct twz_error *err)
{
	char text[512] = "";

	if (*c->space.refused)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED), "mpk: %s",
				c->space.refused);
	if (end == MPK_STOPPED)
		return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED),
				"service %s was not loaded", c->options.service);
	if (end == MPK_DONE && reason == MPK_UNLOADABLE &&
	    space_text(&c->space, c->host.arg, text, sizeof(text)))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED), "%s", text);
	if (c->crash.signal)
		return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(RESOURCE, UNAVAILABLE),
				"service %s died of signal %d at %#llx while it was loaded",
				c->options.service, c->crash.signal,
				(unsigned long long)c->crash.fault_address);
	return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(RESOURCE, UNAVAILABLE),
			"service %s ended with status %d while it was loaded", c->options.service,
			c->exit_status);
}

static bool
load(struct mpk *c, struct twz_error *err)
{
	struct mpk_loaded loaded;
	uint64_t reason;
	enum mpk_end end = enter(c, 0, LOAD_S * (int64_t)1000000000, &reason);

	system_call_close_files(c);
	if (end != MPK_DONE || reason != MPK_READY ||
	    !space_read(&c->space, c->host.arg, &loaded, sizeof(loaded)))
		return not_loaded(c, end, reason, err);
	c->space.sealed = true;
	c->base = loaded.base;
	c->size = loaded.size;
	return true;
}

bool
mpk_start(const struct mpk_options *options, struct mpk **ret, struct twz_error *err)
{
	struct mpk *c;
	bool ok;

	pthread_mutex_lock(&lock);
	ok = prepare(err);
	c = ok ? new_compartment(options) : NULL;
	ok = c && lay_out(c, err);
	pthread_mutex_unlock(&lock);
	if (!c)
		return ok || (err && err->cls != TWZ_CLASS_NONE ? false : twz_fail_sys(err, ENOMEM, "mpk"));
	if (!ok || !watch_add(c, err) || !load(c, err)) {
		mpk_free(c);
		return false;
	}
	*ret = c;
	return true;
}

/* -- calls --------------------------------------------------------------------------------------- */

enum mpk_end
mpk_acquire(struct mpk *c, int64_t timeout_ns, unsigned char **block)
{
	struct timespec until;
	uint64_t at = watch_now() + (uint64_t)timeout_ns;
	int error;

	until = (struct timespec){ (time_t)(at / 1000000000), (long)(at % 1000000000) };
	error = timeout_ns < 0 ? pthread_mutex_lock(&c->lock)
			       : pthread_mutex_clocklock(&c->lock, CLOCK_MONOTONIC, &until);
	if (error)
		return MPK_BUSY;
	if (c->depth + 1 >= MPK_BLOCKS) {
		pthread_mutex_unlock(&c->lock);
		return MPK_DEEP;
	}
	*block = c->shared + SHARED_BLOCKS + (size_t)c->depth++ * MPK_BLOCK_SIZE;
	return MPK_DONE;
}

void
mpk_release(struct mpk *c)
{
	c->depth--;
	pthread_mutex_unlock(&c->lock);
}

enum mpk_end
mpk_run(struct mpk *c, uint32_t what, int64_t timeout_ns)
{
	uint64_t reason;
	enum mpk_end end;

	if (c->dead)
		return MPK_DIED;
	end = enter(c, what | (uint64_t)(c->depth - 1) << 8, timeout_ns, &reason);
	if (end == MPK_DONE && reason != MPK_FINISHED) {
		fault_of(c, SIGILL);
		return MPK_DIED;
	}
	return end;
}

void
mpk_called_by(struct mpk *c, const struct mpk_caller *caller)
{
	memcpy(c->shared + MPK_CALLER_AT, caller, sizeof(*caller));
}

void
mpk_condemn(struct mpk *c)
{
	c->dead = true;
}

bool
mpk_dead(const struct mpk *c)
{
	return __atomic_load_n(&c->dead, __ATOMIC_RELAXED);
}

const struct crash_page *
mpk_crash(const struct mpk *c)
{
	return &c->crash;
}

int
mpk_exit_status(const struct mpk *c)
{
	return c->exit_status;
}

void
mpk_place(const struct mpk *c, uint64_t *base, uint64_t *size)
{
	*base = c->base;
	*size = c->size;
}

int
mpk_key(const struct mpk *c)
{
	return c->space.key;
}

uint64_t
mpk_memory(const struct mpk *c)
{
	return c->space.pages * MPK_PAGE;
}
