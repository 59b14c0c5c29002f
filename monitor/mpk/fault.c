/* What took the thread out of a compartment: read from the kernel's frame, kept for a report. */
#include <string.h>

#include "monitor/mpk/mpk_in.h"

/* How the kernel lays out the frame of a signal on x86-64: a return address, this, the siginfo. */
struct frame {
	uint64_t restorer;
	uint64_t flags, link;
	stack_t stack;
	greg_t regs[NGREG];
	uint64_t fpstate, reserved[8];
	uint64_t mask;
	siginfo_t info;
};

static_assert(offsetof(struct frame, regs) == 8 + 40, "as in <asm/ucontext.h>");
static_assert(offsetof(struct frame, info) == 8 + 304, "as in <asm/ucontext.h>");

bool
trap_read(const struct mpk *c, struct mpk_trap *ret)
{
	uint64_t stack = (uint64_t)(uintptr_t)c->space.base + MPK_SIGNAL_AT;
	uint64_t at = c->host.frame - stack;
	struct frame f;

	if (c->host.frame < stack || at > MPK_SIGNAL_SIZE - sizeof(f))
		return false;
	memcpy(&f, c->shared + SHARED_SIGNAL + at, sizeof(f));
	memcpy(ret->regs, f.regs, sizeof(f.regs));
	ret->info = f.info;
	ret->fpstate = f.fpstate;
	return f.fpstate > stack && f.fpstate < stack + MPK_SIGNAL_SIZE;
}

static bool
in_service(const struct mpk *c, uint64_t address)
{
	return c->size && address > c->base && address - c->base < c->size;
}

/* The service's frames: whatever on the stack looks like a return into its file. */
static void
walk(const struct mpk *c, const struct mpk_trap *t, struct crash_page *page)
{
	uint64_t words[512], sp = (uint64_t)t->regs[REG_RSP] & ~(uint64_t)7;
	size_t n = TWZ_COUNT(words);

	while (n && !space_read(&c->space, sp, words, n * sizeof(*words)))
		n /= 2;
	for (size_t i = 0; i < n && page->nframes < CRASH_FRAMES; i++)
		if (in_service(c, words[i])) {
			page->frames[page->nframes++] = words[i];
			page->module[page->nframes] = 1;
		}
}

void
fault_of(struct mpk *c, int signal)
{
	c->crash = (struct crash_page){ .state = CRASH_WRITTEN, .signal = signal };
	c->dead = true;
}

void
fault_record(struct mpk *c, const struct mpk_trap *t)
{
	uint64_t stack = (uint64_t)(uintptr_t)c->space.base + MPK_STACK_AT;
	uint64_t sp = (uint64_t)t->regs[REG_RSP];

	fault_of(c, (int)c->host.signal);
	c->crash.pc = (uint64_t)t->regs[REG_RIP];
	c->crash.fault_address = (uint64_t)(uintptr_t)t->info.si_addr;
	c->crash.foreign_key = t->info.si_signo == SIGSEGV && t->info.si_code == SEGV_PKUERR;
	c->crash.stack_overflow = t->info.si_signo == SIGSEGV && c->crash.fault_address < stack &&
				  c->crash.fault_address >= stack - MPK_STACK_SIZE &&
				  sp < stack + MPK_PAGE;
	c->crash.nmodules = 1;
	c->crash.modules[0].base = c->base;
	snprintf(c->crash.modules[0].path, sizeof(c->crash.modules[0].path), "%s", c->options.service);
	c->crash.module[0] = in_service(c, c->crash.pc);
	walk(c, t, &c->crash);
}
