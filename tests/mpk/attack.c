/*
 * usage: attack GUEST SERVICE [NAME]	(in tests/mpk's virtual machine, whose processor has protection keys)
 *
 * Loads evil.c's service by protection keys and has it attack, one attack after the other, each with the
 * memory of this program as its prey. Prints a line per attack, as tests/run reads them. Each attack
 * needs a compartment of its own when it ends the one before; the program itself has to survive all.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "monitor/wire.h"
#include "tests/mpk/attack.h"

static const char *only;
static int failed;
const char *guest, *service;
volatile uint64_t secret = 0x5ec2e75ec2e7;	/* what no compartment may read or change */
static const uint64_t secret_is = 0x5ec2e75ec2e7;
static bool printed;

/* -- compartments --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t nwords;
} gates[] = {
#define X(name, n) { #name, n },
	EVIL_GATES(X)
#undef X
};

static void
on_output(void *data, const char *bytes, size_t n)
{
	(void)data;
	printed |= memmem(bytes, n, &secret_is, sizeof(secret_is)) != NULL;
}

void
describe(struct mpk *box, uint32_t number)
{
	const char *name = gates[number].name;
	uint32_t n = gates[number].nwords;
	struct wire_gate *g;
	unsigned char *block;
	size_t size = sizeof(*g) + (n + 1) * sizeof(g->slots[0]) + strlen(name) + 1;

	if (mpk_acquire(box, -1, &block))
		abort();
	g = (void *)block;
	memset(g, 0, size);
	*g = (struct wire_gate){ .bytes = (uint32_t)size, .number = number, .nslots = n, .words_only = 1 };
	for (uint32_t i = 0; i <= n; i++)
		g->slots[i] = (struct wire_slot){ .pass = TWZ_PASS_WORD, .size = 8, .align = 8, .extent = -1 };
	memcpy((char *)g + size - strlen(name) - 1, name, strlen(name) + 1);
	if (mpk_run(box, MPK_DESCRIBE, PATIENCE))
		abort();
	mpk_release(box);
}

bool
start_of(const char *path, struct mpk **made, struct twz_error *err)
{
	const struct mpk_options o = { .guest = guest, .service = path, .build_id = "", .output = on_output };

	if (!mpk_start(&o, made, err))
		return false;
	for (uint32_t i = 0; i < EVIL_COUNT; i++)
		describe(*made, i);
	return true;
}

struct mpk *
start(void)
{
	struct twz_error err = { 0 };
	struct mpk *made;

	if (!start_of(service, &made, &err)) {
		printf("not ok a compartment\n# %s\n", err.text);
		exit(1);
	}
	return made;
}

bool
call_for(struct mpk *box, enum evil_gate gate, const uint64_t *w, uint64_t *word, enum mpk_end *how, int64_t ns)
{
	uint32_t n = gates[gate].nwords;
	struct link_call *h;
	unsigned char *block;
	uint64_t *argv;
	bool ok;

	*how = mpk_acquire(box, ns, &block);
	if (*how != MPK_DONE)
		return false;
	h = (void *)block;
	argv = (void *)(h + 1);
	h->item = (struct twz_item){ 24 + n * 8, TWZ_ITEM_GATECALL };
	h->call = (struct twz_gatecall_item){ gate, { -ENOSYS, 0 } };
	for (uint32_t i = 0; i < n; i++)
		argv[i] = w[i];
	*(struct twz_item *)(void *)(argv + n) = (struct twz_item){ 0, TWZ_ITEM_END };
	*how = mpk_run(box, MPK_CALL, ns);
	*word = (uint64_t)h->call.ret[1];
	ok = *how == MPK_DONE && !h->call.ret[0];
	mpk_release(box);
	return ok;
}


/* -- one attack ----------------------------------------------------------------------------------- */

struct mpk *c;
uint64_t ret;
enum mpk_end end;
bool answered;

struct mpk *
alive(void)
{
	if (c && mpk_dead(c)) {
		mpk_free(c);
		c = NULL;
	}
	if (!c)
		c = start();
	return c;
}

/* However an attack ended: nothing was reached, and this program can still make calls. */
void
verdict(const char *name, bool good)
{
	bool works;

	if (secret != secret_is) {
		printf("# the secret was changed\n");
		good = false;
		secret = secret_is;
	}
	if (printed || (answered && ret == secret_is)) {
		printf("# the secret was read\n");
		good = printed = false;
	}
	works = CALL(alive(), add, &ret, &end, 20, 22) && ret == 42;
	if (!works)
		printf("# and then a call failed\n");
	if (!good || !works)
		printf("# end %d, answered %d with %#llx; signal %d at %#llx\n", end, answered, (unsigned long long)ret,
		       mpk_crash(c)->signal, (unsigned long long)mpk_crash(c)->fault_address);
	printf("%s mpk: %s\n", good && works ? "ok" : "not ok", name);
	failed += !good || !works;
}

bool
wanted(const char *name)
{
	return !only || strstr(name, only);
}


/* -- groups --------------------------------------------------------------------------------------- */

static void
memory(void)
{
	struct mpk *other;
	uint64_t theirs = 0;

	DIES("reading the caller's memory", SIGSEGV, SIGSEGV, peek, address(&secret));
	DIES("writing the caller's memory", SIGSEGV, SIGSEGV, poke, address(&secret));
	if (wanted("SEGV_PKUERR")) {
		answered = CALL(alive(), peek, &ret, &end, address(&secret));
		verdict("such a fault is known as SEGV_PKUERR, with its address",
			!answered && mpk_crash(c)->foreign_key &&
			mpk_crash(c)->fault_address == address(&secret));
	}
	DIES("reading the caller's stack", SIGSEGV, SIGSEGV, peek, address(__builtin_frame_address(0)));
	DIES("reading the caller's thread-locals", SIGSEGV, SIGSEGV, peek, address(&errno));
	DIES("reading the gate's own memory", SIGSEGV, SIGSEGV, peek, address(&mpk_arena));
	DIES("writing the view", SIGSEGV, SIGSEGV, poke,
	     mpk_arena + ((uint64_t)mpk_key(alive()) << MPK_SLOT_BITS));
	other = start();
	if (!CALL(other, canary, &theirs, &end, 0))
		printf("# no canary\n");
	DIES("reading another compartment", SIGSEGV, SIGSEGV, peek, theirs);
	DIES("writing another compartment", SIGSEGV, SIGSEGV, poke, theirs);
	DIES("running the caller's code", SIGSEGV, SIGSEGV, call, address((void *)(uintptr_t)alive));
	mpk_free(other);
}

static void
system_calls(void)
{
	static char page[8192] __attribute__((aligned(4096)));
	static const char mem[] = "/proc/self/mem";
	uint64_t at = address(&secret), code = address((void *)(uintptr_t)start) & ~0xfffull;
	static const struct {
		const char *name;
		uint64_t nr, a[5];
		int64_t answer;
	} plain[] = {
		{ "pkey_alloc", SYS_pkey_alloc, { 0, 0 }, -EPERM },
		{ "pkey_free", SYS_pkey_free, { 1 }, -EPERM },
		{ "memfd_create", SYS_memfd_create, { 0, 0 }, -EPERM },
		{ "userfaultfd", SYS_userfaultfd, { 0 }, -EPERM },
		{ "io_uring_setup", 425, { 8, 0 }, -EPERM },
		{ "shmget", SYS_shmget, { 1, 4096, 01600 }, -EPERM },
		{ "shmat", SYS_shmat, { 0, 0, 0 }, -EPERM },
		{ "rt_sigaction", SYS_rt_sigaction, { SIGSEGV, 0, 0, 8 }, -EPERM },
		{ "sigaltstack", SYS_sigaltstack, { 0, 0 }, -EPERM },
		{ "clone", SYS_clone, { 0x50f00, 0, 0, 0, 0 }, -EPERM },
		{ "clone3", 435, { 0, 88 }, -EPERM },
		{ "fork", SYS_fork, { 0 }, -EPERM },
		{ "vfork", SYS_vfork, { 0 }, -EPERM },
		{ "execve", SYS_execve, { 0, 0, 0 }, -EPERM },
		{ "ptrace", SYS_ptrace, { 0 }, -EPERM },
		{ "seccomp", SYS_seccomp, { 0 }, -EPERM },
		{ "prctl that ends dispatching", SYS_prctl, { 59, 0, 0, 0, 0 }, -EPERM },
		{ "modify_ldt", SYS_modify_ldt, { 1, 0, 0 }, -EPERM },
		{ "personality (READ_IMPLIES_EXEC)", SYS_personality, { 0x400000 }, -EPERM },
		{ "arch_prctl for GS", SYS_arch_prctl, { 0x1001, 0 }, -EINVAL },
		{ "socket", SYS_socket, { 1, 1, 0 }, -EPERM },
		{ "bpf", SYS_bpf, { 0 }, -EPERM },
		{ "perf_event_open", SYS_perf_event_open, { 0 }, -EPERM },
		{ "dup of the caller's descriptor", SYS_dup, { 0 }, -EPERM },
		{ "reading the caller's descriptor", SYS_read, { 3, 0, 0 }, -EBADF },
		{ "shared memory that can run", SYS_mmap, { 0, 4096, PROT_EXEC | PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1ull }, -EPERM },
		{ "memory that can be written and run", SYS_mmap, { 0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1ull }, -EACCES },
		{ "memory that can run", SYS_mmap, { 0, 4096, 5, MAP_PRIVATE | MAP_ANONYMOUS, -1ull }, -EACCES },
		{ "kexec_load", SYS_kexec_load, { 0 }, -EPERM },
		{ "mount", SYS_mount, { 0 }, -EPERM },
		{ "an x32 system call", 0x40000000 + SYS_getpid, { 0 }, -EPERM },
		{ "a system call that does not exist", 9999, { 0 }, -EPERM },
	};

	for (size_t i = 0; i < TWZ_COUNT(plain); i++) {
		char name[96];

		snprintf(name, sizeof(name), "system call: %s", plain[i].name);
		GETS(name, plain[i].answer, system_call, plain[i].nr, plain[i].a[0], plain[i].a[1], plain[i].a[2],
		     plain[i].a[3], plain[i].a[4]);
	}
	GETS("system call: mprotect of the caller's memory", -ENOMEM, system_call, SYS_mprotect, at & ~0xfffull,
	     4096, PROT_READ | PROT_WRITE);
	GETS("system call: mprotect of the caller's code", -ENOMEM, system_call, SYS_mprotect, code, 4096,
	     PROT_READ | PROT_WRITE);
	GETS("system call: mprotect that makes its memory run", -EACCES, system_call, SYS_mprotect, at & ~0xfffull,
	     4096, PROT_READ | PROT_EXEC);
	GETS("system call: pkey_mprotect of the caller's memory", -EPERM, system_call, SYS_pkey_mprotect,
	     at & ~0xfffull, 4096, PROT_READ | PROT_WRITE, (uint64_t)mpk_key(alive()));
	GETS("system call: mremap of the caller's memory", -EPERM, system_call, SYS_mremap, address(page), 4096, 8192, 1);
	GETS("system call: madvise of the caller's memory", -ENOSYS, system_call, SYS_madvise, address(page), 4096, 4);
	GETS("system call: munmap of the caller's memory", -EINVAL, system_call, SYS_munmap, address(page), 4096);
	GETS("system call: mmap over the caller's memory", -EPERM, system_call, SYS_mmap, address(page), 4096, 3,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1ull);
	GETS("system call: mmap over its signal stack", -EPERM, system_call, SYS_mmap,
	     mpk_arena + ((uint64_t)mpk_key(alive()) << MPK_SLOT_BITS) + (1 << 20), 4096, 3,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1ull);
	GETS("system call: open of /proc/self/mem", -EACCES, system_call, SYS_openat, (uint64_t)AT_FDCWD, address(mem),
	     O_RDWR);
	GETS("proc_mem in a constructor", -EACCES, constructor_saw, 0);
	GETS("a constructor reads /etc/passwd", -ENOENT, constructor_saw, 1);
	GETS("a constructor makes a file", -EACCES, constructor_saw, 2);
	GETS("a constructor makes memory that can be written and run", -EACCES, constructor_saw, 3);
	GETS("process_vm_readv", -EPERM, leak_memory, 0, at, 8);
	GETS("process_vm_writev", -EPERM, leak_memory, 7, at, 8);
	DIES("a 32-bit system call", SIGSYS, SIGSYS, int80, 20, 0);
	DIES("forged sigreturn", SIGSYS, SIGILL, forge_frame, 0);
}

/* What the monitor does for a compartment must not be done to the caller's memory. */
static void
deputies(void)
{
	uint64_t at = address(&secret);

	GETS("confused deputy: write from the caller's memory", -EFAULT, leak_memory, 1, at, 8);
	GETS("confused deputy: writev from the caller's memory", -EFAULT, leak_memory, 2, at, 8);
	GETS("confused deputy: clock_gettime into the caller's memory", -EFAULT, leak_memory, 3, at, 8);
	GETS("confused deputy: getrandom into the caller's memory", -EFAULT, leak_memory, 4, at, 8);
	GETS("confused deputy: open with a path in the caller's memory", -EACCES, leak_memory, 5, at, 8);
	GETS("confused deputy: futex on the caller's memory", -EFAULT, leak_memory, 6, at, 8);
	GETS("confused deputy: write across its slot's end", -EFAULT, leak_memory, 1,
	     mpk_arena + (((uint64_t)mpk_key(alive()) + 1) << MPK_SLOT_BITS) - 4, 8);
	DIES("vsyscall writes into the caller's memory", SIGSEGV, SIGSEGV, vsyscall, at);
}

/* Where glibc's own copies in this process went. */
static const unsigned char *
patched(const char *symbol, const unsigned char *want, size_t n, size_t within)
{
	const unsigned char *p = dlsym(RTLD_DEFAULT, symbol);

	return p ? memmem(p, within, want, n) : NULL;
}

/* The checked copy of lazy binding's XRSTOR: behind the jump that replaced it. */
static uint64_t
checked_copy(void)
{
	static const char begins[] = "\x0f\xae\x6c\x24\x40\xa9";
	char line[512];
	unsigned long from, to;
	FILE *f = fopen("/proc/self/maps", "re");
	uint64_t found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx r-xp 00000000 00:00 0", &from, &to) == 2 && to - from == 4096 &&
		    strstr(line, "r-xp 00000000 00:00 0") && !strchr(line, '[') &&
		    !memcmp((void *)from, begins, 6))
			found = from;
	if (f)
		fclose(f);
	return found;
}

static void
gadgets(void)
{
	static const unsigned char set[] = { 0xcc, 0xcc, 0xcc, 0x31, 0xc0, 0xc3 };
	const unsigned char *pkey = patched("pkey_set", set, sizeof(set), 256);
	uint64_t leave = address(mpk_leave_wrpkru), enter = address(mpk_enter_wrpkru);
	uint64_t open = 0, other = 0x55555554, copy = checked_copy();

	DIES("gate: the way out's WRPKRU with all rights", SIGILL, SIGSEGV, jump_rights, leave, open);
	DIES("gate: the way out's WRPKRU with key 0", SIGILL, SIGSEGV, jump_rights, leave, other);
	DIES("gate: the way in's WRPKRU with all rights", SIGILL, SIGSEGV, jump_rights, enter, open);
	DIES("gate: the way in's WRPKRU with key 0", SIGILL, SIGSEGV, jump_rights, enter, other);
	DIES("gate: the way back from a signal", SIGILL, SIGILL, jump, address((void *)(uintptr_t)mpk_restore), 0, 0, 0, 0, 0);
	DIES("gate: the way back's WRPKRU with rights of its own", SIGILL, SIGSEGV, jump_rights,
	     address(mpk_restore_wrpkru), 0x5555555c);
	DIES("gate: the WRPKRU of a failed check", SIGILL, SIGSEGV, jump_rights, address(mpk_die_wrpkru), other);
	DIES("gate: the way out's WRPKRU without any rights", SIGILL, SIGSEGV, jump_rights, leave, ~0u);
	DIES("gate: the way in's XRSTOR with rights in its image", SIGILL, SIGSEGV, jump_xrstor,
	     address(mpk_enter_xrstor) - 1, 0x200, address(&secret));
	DIES("gate: the way in from its beginning", SIGSEGV, SIGSEGV, jump, address((void *)(uintptr_t)mpk_enter), 0, 0, 0,
	     address(&secret), 0);
	DIES("gate: WRGSBASE on the way in", SIGSEGV, SIGSEGV, jump_gs, address(mpk_enter_wrgsbase), address(&secret));
	DIES("gate: WRGSBASE on the way out", SIGSEGV, SIGSEGV, jump_gs, address(mpk_leave_wrgsbase), address(&secret));
	DIES("gate: WRGSBASE of the signal handler", SIGSEGV, SIGSEGV, jump_gs, address(mpk_signal_wrgsbase),
	     address(&secret));
	DIES("gate: the signal handler, called", SIGSEGV, SIGSEGV, jump, address((void *)(uintptr_t)mpk_signal), 0, 0, 0,
	     SIGSYS, 0);
	DIES("gate: left without GS", SIGSEGV, SIGSEGV, lose_gs, address((void *)(uintptr_t)mpk_leave));
	DIES("gate: left with GS of another selector", SIGSEGV, SIGILL, set_gs_selector, 0x2b);
	DIES("gate: left for no reason", SIGILL, SIGSEGV, lie, address((void *)(uintptr_t)mpk_leave), 99);
	DIES("gate: left as if it were loaded again", SIGILL, SIGSEGV, lie, address((void *)(uintptr_t)mpk_leave), 1);
	DIES("gate: left as if by a signal", SIGSEGV, SIGILL, lie, address((void *)(uintptr_t)mpk_leave), MPK_SIGNALLED);
	if (pkey)
		DIES("glibc: pkey_set() of this process", SIGTRAP, SIGTRAP, jump_rights, address(pkey), open);
	else
		printf("not ok mpk: glibc: pkey_set() of this process was not found\n"), failed++;
	if (copy)
		DIES("glibc: lazy binding's XRSTOR with rights in its image", SIGILL, SIGSEGV, jump_xrstor, copy, 0x200,
		     address(&secret));
	else
		printf("not ok mpk: glibc: the checked XRSTOR was not found\n"), failed++;
}

/* -- registers, flags, stacks --------------------------------------------------------------------- */

static uint64_t
host_flags(void)
{
	uint64_t f;

	__asm__ volatile("pushfq\n\tpopq %0" : "=r"(f));
	return f & 0x40500;	/* alignment check, direction, trap */
}

static uint64_t
host_units(void)
{
	uint32_t mxcsr;
	uint16_t control;

	__asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(control));
	return (uint64_t)(mxcsr & 0xffc0) << 16 | control;
}

/* Goes in and comes out by the gate alone, with every register of the compartment's being rubbish. */
static void
clobbered_call(void)
{
	answered = CALL(alive(), clobber, &ret, &end, address((void *)(uintptr_t)mpk_leave));
}

uint64_t around(void (*f)(void));

static void
registers(void)
{
	uint64_t units = host_units(), base, slot;
	bool same;

	GETS("register clobber: all of them on the way out", 1, add, 1, 0);
	if (wanted("clobber")) {
		same = !around(clobbered_call) && end == MPK_DONE;
		answered = CALL(c, add, &ret, &end, 1, 1);	/* goes on where it left, and returns */
		verdict("register clobber: the caller's are as they were", same && answered && ret == 1);
	}
	if (wanted("flags")) {
		answered = CALL(alive(), flags, &ret, &end, 0);
		same = !host_flags() && host_units() == units;
		verdict("flags and floating-point control are the caller's again", answered && same);
	}
	if (wanted("leak")) {
		uint64_t full[2] = { secret_is, secret_is };

		answered = CALL(alive(), hijack, &ret, &end, address((void *)(uintptr_t)mpk_leave));
		__asm__ volatile("movups %0, %%xmm15\n\tmovups %0, %%xmm8\n\tmovq %0, %%mm3\n\tmovq %0, %%mm7"
				 : : "m"(full) : "xmm15", "xmm8");
		answered = CALL(c, add, &ret, &end, 1, 1);
		verdict("register leak: none carries anything in", answered && ret == 0);
	}
	GETS("vector registers survive a system call", 1, vector_state, 0);
	DIES("trap flag", SIGTRAP, SIGTRAP, trap_flag, 0);
	slot = (uint64_t)mpk_key(alive());
	base = mpk_arena + (slot << MPK_SLOT_BITS) + (1 << 20);
	DIES("stack pointer 0, then a system call", SIGSEGV, SIGBUS, stack_pointer, 0, 0);
	DIES("stack pointer 0, then an invalid instruction", SIGILL, SIGILL, stack_pointer, 0, 1);
	DIES("stack pointer 0, then a push", SIGSEGV, SIGBUS, stack_pointer, 0, 2);
	DIES("stack pointer in the caller's stack", SIGSEGV, SIGBUS, stack_pointer, address(&base), 2);
	DIES("stack pointer that is no address", SIGBUS, SIGSEGV, stack_pointer, 1ull << 63, 2);
	/* Who stands on the signal stack already could make the kernel go on below, out of it. */
	DIES("stack pointer low in its signal stack", SIGILL, SIGILL, stack_pointer, base + 1024, 1);
	DIES("stack pointer below its signal stack", SIGILL, SIGILL, stack_pointer, base - 64, 1);
	if (wanted("overflow")) {
		answered = CALL(alive(), overflow, &ret, &end, 0);
		verdict("stack overflow", !answered && end == MPK_DIED && mpk_crash(c)->stack_overflow);
	}
}

static void
work(void)
{
	GETS("work: a call", 42, add, 40, 2);
	GETS("work: thread-local storage", 7, thread_local_count, 0);
	GETS("work: a heap of its own", 4 << 20, allocate, 4 << 20);
	GETS("work: no more memory than it may have", 0, allocate, 600 << 20);
}

int
main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = own_handler, .sa_flags = SA_SIGINFO };

	if (argc < 3)
		return 2;
	guest = argv[1];
	service = argv[2];
	only = argv[3];
	setvbuf(stdout, NULL, _IONBF, 0);
	own_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGSEGV, &sa, NULL);
	work();
	memory();
	system_calls();
	deputies();
	gadgets();
	registers();
	deadlines();
	threads();
	own_signals();
	files();
	keys();
	mpk_free(c);
	return failed != 0;
}
