/*
 * When the service crashes, a signal handler writes what can be said about it to the crash page and
 * ends the process. It runs on a stack of its own, since the usual one may be what overflowed, and
 * calls nothing but the unwinder, last: should that crash too, the rest is written already.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "monitor/guest/guest.h"

/* libc's own, which the one for services is in front of. */
int __sigaction(int number, const struct sigaction *act, struct sigaction *old);

static const int deadly[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP };
static struct crash_page *page;
/* Where the thread's frames begin; 0: it has no stack to crash on, and can't tell of an overflow. */
static _Thread_local uint64_t top;

enum {
	NEAR_NULL = 64 << 10,
	NEAR_GUARD = 64 << 10,
	SKIP = 2,		/* frames of our own: record() and the handler */
};

static _Unwind_Reason_Code
add_frame(struct _Unwind_Context *context, void *data)
{
	int *skip = data;
	uint64_t pc = _Unwind_GetIP(context);

	if (*skip > 0) {
		--*skip;
		return _URC_NO_REASON;
	}
	if (!pc || page->nframes >= CRASH_FRAMES)
		return _URC_END_OF_STACK;
	page->frames[page->nframes] = pc;
	__atomic_store_n(&page->nframes, page->nframes + 1, __ATOMIC_RELEASE);
	return _URC_NO_REASON;
}

static uint64_t
register_of(const ucontext_t *context, bool stack)
{
#if defined(__x86_64__)
	return (uint64_t)context->uc_mcontext.gregs[stack ? REG_RSP : REG_RIP];
#elif defined(__aarch64__)
	return stack ? context->uc_mcontext.sp : context->uc_mcontext.pc;
#else
	(void)context, (void)stack;
	return 0;
#endif
}

/*
 * A fault close to where the stack pointer stands is the stack running into its guard. Not so above the thread's
 * frames: other memory may lie there, as close to one that has called little yet.
 */
static bool
overflowed(const ucontext_t *context, uint64_t address)
{
	uint64_t sp = register_of(context, true);

	return sp && address < top && address + NEAR_GUARD > sp && address < sp + NEAR_GUARD;
}

/* After a call to where no code is, the return address still says who made it; 0 otherwise. */
static uint64_t
jumped_from(const ucontext_t *context, uint64_t address)
{
	uint64_t from = 0;

	if (!address || address != register_of(context, false))
		return 0;
#if defined(__x86_64__)
	memcpy(&from, (const void *)(uintptr_t)register_of(context, true), sizeof(from));
#elif defined(__aarch64__)
	from = context->uc_mcontext.regs[30];
#endif
	return from;
}

/* Takes no lock: the loader's may be what the crash holds. */
static uint8_t
module_of(uint64_t address)
{
	struct dl_find_object found;
	struct crash_module *m;
	uint32_t i = 0;

	if (_dl_find_object((void *)(uintptr_t)address, &found) || !found.dlfo_link_map)
		return 0;
	while (i < page->nmodules && page->modules[i].base != found.dlfo_link_map->l_addr)
		i++;
	if (i < page->nmodules)
		return (uint8_t)(i + 1);
	if (i >= CRASH_MODULES)
		return 0;
	m = &page->modules[i];
	m->base = found.dlfo_link_map->l_addr;
	strncpy(m->path, found.dlfo_link_map->l_name, sizeof(m->path) - 1);
	page->nmodules++;
	return (uint8_t)(i + 1);
}

static void
add_modules(void)
{
	page->module[0] = module_of(page->pc);
	for (uint32_t i = 0; i < page->nframes && i < CRASH_FRAMES; i++)
		page->module[1 + i] = module_of(page->frames[i]);
}

static void
record(int signal, const siginfo_t *info, const ucontext_t *context, int error)
{
	bool memory = signal == SIGSEGV || signal == SIGBUS;
	uint64_t address = signal == SIGABRT || signal == SIGSYS || info->si_code <= 0
				   ? 0 : (uint64_t)(uintptr_t)info->si_addr;
	int skip = SKIP;

	page->signal = signal;
	page->fault_address = address;
	page->pc = register_of(context, false);
	page->stack_overflow = signal == SIGSEGV && info->si_code > 0 && overflowed(context, address);
	page->out_of_memory = memory && error == ENOMEM && address < NEAR_NULL;
	__atomic_store_n(&page->state, CRASH_WRITTEN, __ATOMIC_RELEASE);
	page->frames[0] = memory ? jumped_from(context, address) : 0;
	page->nframes = page->frames[0] != 0;
	if (!page->stack_overflow && !page->nframes)
		_Unwind_Backtrace(add_frame, &skip);
	add_modules();
}

static void
on_crash(int signal, siginfo_t *info, void *context)
{
	int error = errno;
	uint32_t none = CRASH_NONE;

	if (__atomic_compare_exchange_n(&page->state, &none, CRASH_CLAIMED, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		record(signal, info, context, error);
	for (;;)
		syscall(SYS_exit_group, 128 + signal);
}

void
crash_refuse(const char *format, ...)
{
	uint32_t none = CRASH_NONE;
	va_list ap;

	if (__atomic_load_n(&page->state, __ATOMIC_ACQUIRE) == none) {
		va_start(ap, format);
		vsnprintf(page->said, sizeof(page->said), format, ap);
		va_end(ap);
	}
	abort();
}

void
crash_init(int fd)
{
	struct sigaction act = { .sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	page = mmap(NULL, CRASH_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		_exit(126);
	/* A second crash, while the first is written down, ends the process at once. */
	sigfillset(&act.sa_mask);
	for (size_t i = 0; i < TWZ_COUNT(deadly); i++)
		__sigaction(deadly[i], &act, NULL);
	/* Too large a file or a closed pipe is an error that the service can handle, no death. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	crash_thread();
}

void
crash_warm(void)
{
	crash_loaded(0, 0);
}

void
crash_loaded(uint64_t base, uint64_t size)
{
	page->base = base;
	page->size = size;
}

/*
 * What a service would do on a crash is not asked: the handlers stay ours, and it is told that its own are in
 * place. By a system call of its own it could still replace them, and then speaks for itself.
 */
static bool
is_ours(int number)
{
	for (size_t i = 0; i < TWZ_COUNT(deadly); i++)
		if (deadly[i] == number)
			return page != NULL;
	return false;
}

__attribute__((visibility("default"))) int
sigaction(int number, const struct sigaction *act, struct sigaction *old)
{
	if (!act || !is_ours(number))
		return __sigaction(number, act, old);
	if (old)
		*old = (struct sigaction){ .sa_handler = SIG_DFL };
	return 0;
}

__attribute__((visibility("default"))) sighandler_t
signal(int number, sighandler_t handler)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	return sigaction(number, &act, &old) ? SIG_ERR : old.sa_handler;
}

void
crash_thread(void)
{
	stack_t stack = { .ss_size = GUEST_ALTSTACK };

	top = (uint64_t)(uintptr_t)__builtin_frame_address(0);
	stack.ss_sp = mmap(NULL, stack.ss_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp != MAP_FAILED)
		sigaltstack(&stack, NULL);
}
