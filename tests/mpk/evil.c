/*
 * A service that attacks what keeps it in. Only tests/mpk builds and loads it. Its gates take and return
 * plain words; what an attack is to reach is told by attack.c, as a hostile service could find out.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/mpk/evil.h"

#define GATE __attribute__((visibility("default"), used)) uint64_t
#define W(x) ((void *)(uintptr_t)(x))

static int64_t
raw(uint64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = e;
	register uint64_t r9 __asm__("r9") = 0;
	int64_t ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/* -- before the first call: a constructor is the service's code too ------------------------------- */

static int64_t saw[4];

static void __attribute__((constructor))
begin(void)
{
	static const char mem[] = "/proc/self/mem", passwd[] = "/etc/passwd", new[] = "/tmp/evil-was-here";

	saw[0] = raw(SYS_openat, (uint64_t)AT_FDCWD, (uintptr_t)mem, O_RDWR, 0, 0);
	saw[1] = raw(SYS_openat, (uint64_t)AT_FDCWD, (uintptr_t)passwd, O_RDONLY, 0, 0);
	saw[2] = raw(SYS_openat, (uint64_t)AT_FDCWD, (uintptr_t)new, O_CREAT | O_RDWR, 0600, 0);
	saw[3] = raw(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, ~0ull);
}

GATE
constructor_saw(uint64_t i)
{
	return (uint64_t)saw[i & 3];
}

/* -- honest work ---------------------------------------------------------------------------------- */

GATE
add(uint64_t a, uint64_t b)
{
	return a + b;
}

static _Thread_local uint64_t local = 7;

GATE
thread_local_count(void)
{
	return local++;
}

GATE
allocate(uint64_t n)
{
	unsigned char *p = malloc(n);

	if (!p)
		return 0;
	memset(p, 1, n);
	free(p);
	return n;
}

static uint64_t own[2] = { 0x600df00d, 0 };	/* as a time to sleep: long */

GATE
canary(void)
{
	return (uintptr_t)own;
}

/* Vector registers across a system call, which C does not promise and compilers rely on. */
GATE
vector_state(void)
{
	uint64_t in[4] = { 1, 2, 3, 4 }, out[4];

	__asm__ volatile("movdqu %1, %%xmm3\n\tmovdqu %2, %%xmm15\n\t"
			 "movl %3, %%eax\n\tsyscall\n\t"
			 "movdqu %%xmm3, %0\n\tmovdqu %%xmm15, %4"
			 : "=m"(*(uint64_t (*)[2])out), "+m"(*(uint64_t (*)[2])in), "+m"(*(uint64_t (*)[2])(in + 2))
			 : "i"(SYS_getpid), "m"(*(uint64_t (*)[2])(out + 2))
			 : "rax", "rcx", "r11", "xmm3", "xmm15", "memory");
	return memcmp(in, out, sizeof(in)) == 0;
}

/* -- system calls --------------------------------------------------------------------------------- */

GATE
system_call(uint64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	return (uint64_t)raw(nr, a, b, c, d, e);
}

/* By 32-bit system call. */
GATE
int80(uint64_t nr, uint64_t a)
{
	uint64_t ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(0), "d"(0) : "memory");
	return ret;
}

/* Has the kernel or the monitor fetch @n bytes from @at for us: 0 process_vm_readv, 1 write, 2 writev … */
GATE
leak_memory(uint64_t how, uint64_t at, uint64_t n)
{
	static uint64_t got[8];
	struct iovec mine = { got, n }, other = { W(at), n };

	switch (how) {
	case 0:
		return (uint64_t)raw(SYS_process_vm_readv, (uint64_t)raw(SYS_getpid, 0, 0, 0, 0, 0),
				     (uintptr_t)&mine, 1, (uintptr_t)&other, 1);
	case 1:
		return (uint64_t)raw(SYS_write, 1, at, n, 0, 0);
	case 2:
		return (uint64_t)raw(SYS_writev, 1, (uintptr_t)&other, 1, 0, 0);
	case 3:
		return (uint64_t)raw(SYS_clock_gettime, 1, at, 0, 0, 0);
	case 4:
		return (uint64_t)raw(SYS_getrandom, at, n, 0, 0, 0);
	case 5:
		return (uint64_t)raw(SYS_openat, (uint64_t)AT_FDCWD, at, O_RDONLY, 0, 0);
	case 6:
		return (uint64_t)raw(SYS_futex, at, 0, 42, 0, 0);
	case 7:
		return (uint64_t)raw(SYS_process_vm_writev, (uint64_t)raw(SYS_getpid, 0, 0, 0, 0, 0),
				     (uintptr_t)&mine, 1, (uintptr_t)&other, 1);
	}
	return 0;
}

GATE
vsyscall(uint64_t at)
{
	int64_t (*time_of_day)(void *, void *) = (int64_t (*)(void *, void *))W(0xffffffffff600000);

	return (uint64_t)time_of_day(W(at), NULL);
}

/* -- memory --------------------------------------------------------------------------------------- */

GATE
peek(uint64_t at)
{
	return *(volatile uint64_t *)W(at);
}

GATE
poke(uint64_t at)
{
	*(volatile uint64_t *)W(at) = 0xbad;
	return 1;
}

/* Code of somebody else, run with our rights. */
GATE
call(uint64_t at)
{
	return ((uint64_t (*)(uint64_t, uint64_t))W(at))(1, 2);
}

/* -- gadgets and gates ---------------------------------------------------------------------------- */

/* Jumps anywhere with RAX, RCX, RDX, RDI and RSI as asked. */
GATE
jump(uint64_t to, uint64_t a, uint64_t c, uint64_t d, uint64_t di, uint64_t si)
{
	register uint64_t target __asm__("r8") = to;

	__asm__ volatile("jmp *%0" : : "r"(target), "a"(a), "c"(c), "d"(d), "D"(di), "S"(si) : "memory");
	return 0;
}

/* To a WRPKRU, with the rights that we want; if it is passed, reads the secret at once. */
GATE
jump_rights(uint64_t to, uint64_t rights)
{
	register uint64_t target __asm__("r8") = to;

	__asm__ volatile("jmp *%0" : : "r"(target), "a"(rights), "c"(0), "d"(0) : "memory");
	return 0;
}

/*
 * To an XRSTOR that loads rights from an image of ours, by the registers that each of them uses. Where it
 * goes on is arranged for both: in the gate, behind the last system call; in lazy binding, by R11. There
 * the secret is read, which only works with the rights.
 */
GATE
jump_xrstor(uint64_t to, uint64_t mask, uint64_t at)
{
	static unsigned char room[12288] __attribute__((aligned(64)));
	static uint64_t stack;
	static uint32_t tried;
	uint64_t have = 0x200;				/* the image's header says: rights are in it, all zero */
	unsigned char *image = (unsigned char *)memcpy(room + 4096 + 512, &have, sizeof(have)) - 512;
	register uint64_t where __asm__("r15") = to;
	register uint64_t which __asm__("r12") = mask;
	register unsigned char *from __asm__("r13") = image;
	register uint64_t got __asm__("r14") = at;

	tried = 0;
	__asm__ volatile("pushq %%rbx\n\tpushq %%rbp\n\tmovq %%rsp, %[stack]\n\t"
			 "movl $39, %%eax\n\tsyscall\n\t"
			 "cmpl $0, %[tried]\n\tjne 1f\n\tmovl $1, %[tried]\n\t"
			 "movq %%rsp, %%rbx\n\tleaq -24(%%rbx), %%rbx\n\tleaq 1f(%%rip), %%r11\n\t"
			 "movq %%r13, %%rcx\n\tleaq -0x40(%%r13), %%rsp\n\txorl %%edx, %%edx\n\t"
			 "movq %%r12, %%rax\n\tjmp *%%r15\n"
			 "1:\tmovq %[stack], %%rsp\n\tpopq %%rbp\n\tpopq %%rbx\n\tmovq (%%r14), %%r14"
			 : [stack] "=m"(stack), [tried] "+m"(tried), "+r"(got)
			 : "r"(where), "r"(which), "r"(from)
			 : "memory", "cc", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
	return got;
}

/*
 * To a WRGSBASE, with a view of our own making that allows everything, and a forged host for it. Whoever
 * gets through to where that view says prints the secret.
 */
GATE
jump_gs(uint64_t to, uint64_t at)
{
	static uint64_t view[64], host[64], scratch[64], got[512];
	register uint64_t target __asm__("r8") = to;
	register uint64_t secret __asm__("r9") = at;

	view[16 / 8] = (uintptr_t)host;
	view[32 / 8] = (uintptr_t)(got + 256);			/* its stack */
	view[88 / 8] = (uint64_t)0x1f80 << 32;
	host[24 / 8] = (uintptr_t)scratch;
	host[40 / 8] = (uint64_t)0x37f << 32 | 0x1f80;
	got[0] = secret;
	__asm__ volatile("leaq 1f(%%rip), %%r10\n\tmovq %%r10, 24+%[view]\n\tmovq %%rcx, %%rdi\n\tjmp *%[to]\n"
			 "1:\tmovq %[got], %%rcx\n\tmovq (%%rcx), %%rcx\n\tmovq %%rcx, %[got]\n\t"
			 "movl $1, %%eax\n\tmovl $1, %%edi\n\tleaq %[got], %%rsi\n\tmovl $8, %%edx\n\tsyscall\n\tud2"
			 : [view] "+m"(view), [got] "+m"(got[0])
			 : [to] "r"(target), "a"(view), "c"(host) : "memory", "r10", "rdi");
	return 0;
}

/* GS made zero by a segment load, then out through the gate. */
GATE
lose_gs(uint64_t gate)
{
	register uint64_t target __asm__("r8") = gate;

	__asm__ volatile("xorl %%ecx, %%ecx\n\tmovl %%ecx, %%gs\n\tjmp *%0" : : "r"(target), "D"(3), "S"(0)
			 : "memory", "rcx");
	return 0;
}

GATE
set_gs_selector(uint64_t selector)
{
	__asm__ volatile("movl %0, %%gs" : : "r"((uint32_t)selector) : "memory");
	return 1;
}

/* Out through the gate with a reason that there is none of, or without a place to go on. */
GATE
lie(uint64_t gate, uint64_t reason)
{
	__asm__ volatile("xorl %%r8d, %%r8d\n\tmovq $-1, %%r9\n\tjmp *%%rax" : : "a"(gate), "D"(reason), "S"(0)
			 : "memory", "r8", "r9");
	return 0;
}

/* The stack pointer to @to, then a system call (0), an invalid instruction (1) or a push (2). */
GATE
stack_pointer(uint64_t to, uint64_t then)
{
	if (then == 0)
		__asm__ volatile("movq %0, %%rsp\n\tmovl $39, %%eax\n\tsyscall\n\tud2" : : "r"(to) : "memory");
	else if (then == 1)
		__asm__ volatile("movq %0, %%rsp\n\tud2" : : "r"(to) : "memory");
	else
		__asm__ volatile("movq %0, %%rsp\n\tpushq %%rax\n\tud2" : : "r"(to) : "memory");
	return 0;
}

GATE
trap_flag(void)
{
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop" : : : "memory", "cc");
	return 1;
}

/* Direction, alignment check, rounding and exceptions of both floating-point units: all set. */
GATE
flags(void)
{
	uint32_t mxcsr = 0x7f80;
	uint16_t control = 0xc7f;

	__asm__ volatile("ldmxcsr %0\n\tfldcw %1\n\tpushfq\n\torq $0x40400, (%%rsp)\n\tpopfq"
			 : : "m"(mxcsr), "m"(control) : "memory", "cc");
	return 1;
}

/* Out through the gate with every register full of rubbish; the monitor must not go on with any. */
GATE
clobber(uint64_t gate)
{
	static uint64_t kept;

	__asm__ volatile("pushq %%rbx\n\tpushq %%rbp\n\tpushq %%r12\n\tpushq %%r13\n\tpushq %%r14\n\tpushq %%r15\n\t"
			 "movq %%rsp, %0\n\tleaq 1f(%%rip), %%r8\n\tmovq %%rsp, %%r9\n\t"
			 "movl $3, %%edi\n\tmovq $-2, %%rbx\n\tmovq %%rbx, %%rbp\n\tmovq %%rbx, %%r12\n\t"
			 "movq %%rbx, %%r13\n\tmovq %%rbx, %%r14\n\tmovq %%rbx, %%r15\n\tmovq %%rbx, %%rsi\n\t"
			 "movq %%rbx, %%r10\n\tmovq %%rbx, %%r11\n\tstd\n\tjmp *%%rax\n"
			 "1:\tcld\n\tpopq %%r15\n\tpopq %%r14\n\tpopq %%r13\n\tpopq %%r12\n\tpopq %%rbp\n\tpopq %%rbx"
			 : "=m"(kept) : "a"(gate) : "memory", "cc", "rcx", "rdx", "rdi", "rsi", "r8", "r9", "r10", "r11");
	return 1;
}

/*
 * Out through the gate, to be entered next not in the guest's loop but here: everything that is in a
 * register then was left there by the caller. The number of registers that are not zero.
 */
GATE
hijack(uint64_t gate)
{
	static uint64_t regs[16], xmm[32], mmx[8];
	uint64_t found = 0;

	__asm__ volatile(
		"pushq %%rbx\n\tpushq %%rbp\n\tpushq %%r12\n\tpushq %%r13\n\tpushq %%r14\n\tpushq %%r15\n\t"
		"leaq 1f(%%rip), %%r8\n\tmovq %%rsp, %%r9\n\tmovl $3, %%edi\n\tjmp *%%rax\n"
		"1:\tmovq %%rax, 0+%[r]\n\tmovq %%rbx, 8+%[r]\n\tmovq %%rcx, 16+%[r]\n\tmovq %%rdx, 24+%[r]\n\t"
		"movq %%rsi, 32+%[r]\n\tmovq %%rbp, 40+%[r]\n\tmovq %%r8, 48+%[r]\n\tmovq %%r9, 56+%[r]\n\t"
		"movq %%r10, 64+%[r]\n\tmovq %%r11, 72+%[r]\n\tmovq %%r12, 80+%[r]\n\tmovq %%r13, 88+%[r]\n\t"
		"movq %%r14, 96+%[r]\n\tmovq %%r15, 104+%[r]\n\t"
		"movups %%xmm0, 0+%[x]\n\tmovups %%xmm1, 16+%[x]\n\tmovups %%xmm7, 32+%[x]\n\t"
		"movups %%xmm8, 48+%[x]\n\tmovups %%xmm15, 64+%[x]\n\t"
		"movq %%mm0, 0+%[m]\n\tmovq %%mm3, 8+%[m]\n\tmovq %%mm7, 16+%[m]\n\temms\n\t"
		"popq %%r15\n\tpopq %%r14\n\tpopq %%r13\n\tpopq %%r12\n\tpopq %%rbp\n\tpopq %%rbx"
		: [r] "=m"(regs), [x] "=m"(xmm), [m] "=m"(mmx), "+a"(gate) :
		: "memory", "cc", "rcx", "rdx", "rdi", "rsi", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm7",
		  "xmm8", "xmm15");
	/* RAX holds the rights' low half or zero, and RDX its high one: both are the gate's. */
	for (int i = 0; i < 14; i++)
		found += regs[i] != 0;
	for (int i = 0; i < 10; i++)
		found += xmm[i] != 0;
	for (int i = 0; i < 3; i++)
		found += mmx[i] != 0;
	return found;
}

/* Writes a frame for sigreturn, with all rights, and returns into it. */
GATE
forge_frame(uint64_t at)
{
	static unsigned char frame[4096] __attribute__((aligned(64)));

	(void)at;
	memset(frame, 0, sizeof(frame));
	__asm__ volatile("movq %%rcx, %%rsp\n\tmovl $15, %%eax\n\tsyscall\n\tud2" : : "c"(frame + 2048) : "memory");
	return 0;
}

GATE
overflow(uint64_t n)
{
	volatile char room[4096];

	room[n % sizeof(room)] = 1;
	return overflow(n + 1) + (uint64_t)room[0];
}

GATE
hang(void)
{
	for (volatile uint64_t i = 0;; i++)
		;
}
