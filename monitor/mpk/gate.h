/*
 * What the two sides of a protection-key gate share, in C and in assembly (gate.S).
 *
 *   struct mpk_view   one page per compartment: the compartment reads it, and only reads it, at its
 *                     own address; the monitor writes it at another. GS points to it while the thread
 *                     is inside, and at no other time.
 *   struct mpk_host   the caller's side: memory that no compartment can touch.
 *
 * Rights are raised by one WRPKRU, behind mpk_leave, and lowered by one, in mpk_enter. Both check what
 * they have written against the view. Wherever else a compartment jumps to in this process, it does so
 * with its own rights: the first access to the caller's memory is a fault.
 */
#pragma once

#define MPK_V_PKRU_IN 0
#define MPK_V_PKRU_HOST 4
#define MPK_V_SELECTOR 8
#define MPK_V_HOST 16
#define MPK_V_RIP 24
#define MPK_V_RSP 32
#define MPK_V_RDI 40
#define MPK_V_RSI 48
#define MPK_V_FLAGS 56
#define MPK_V_RAX 64
#define MPK_V_RDX 72
#define MPK_V_FPSTATE 80
#define MPK_V_XMASK 88
#define MPK_V_MXCSR 92
#define MPK_V_FCW 96

#define MPK_H_RSP 0
#define MPK_H_FS 8
#define MPK_H_VIEW 16
#define MPK_H_ALIAS 24
#define MPK_H_GUEST_FS 32
#define MPK_H_MXCSR 40
#define MPK_H_FCW 44
#define MPK_H_RESUME 48
#define MPK_H_VECTORS 52
#define MPK_H_REASON 56
#define MPK_H_ARG 64
#define MPK_H_AT 72
#define MPK_H_SP 80
#define MPK_H_FRAME 88
#define MPK_H_SIGNAL 96
#define MPK_H_SLOT 104
#define MPK_H_STACK 112
#define MPK_H_OLD_STACK 136
#define MPK_H_REGS 160

#define MPK_SLOT_BITS 30	/* of a compartment's addresses; its key is the slot's number */
#define MPK_SLOTS 16
#define MPK_SIGNALLED 0x7fff	/* reason: a signal took the thread out */
#define MPK_RAISED 0x7ffe	/* reason: it has never been in */

#ifndef __ASSEMBLER__
#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

struct mpk_view {
	uint32_t pkru_in, pkru_host;
	uint8_t selector;		/* 1: this thread's system calls are stopped */
	uint64_t host;			/* struct mpk_host */
	uint64_t rip, rsp, rdi, rsi;	/* where the compartment goes on */
	uint64_t flags, rax, rdx;	/* and, after a system call, with what */
	uint64_t fpstate;		/* its vector state; 0: none */
	uint32_t xmask, mxcsr;
	uint16_t fcw;
};

/* Registers of the compartment that its system call leaves alone. */
enum { MPK_R8, MPK_R9, MPK_R10, MPK_R12, MPK_R13, MPK_R14, MPK_R15, MPK_RDI, MPK_RSI, MPK_RBP,
       MPK_RBX, MPK_NREGS };

struct mpk_host {
	uint64_t rsp, fs;
	uint64_t view, alias;		/* of struct mpk_view: the compartment's address and ours */
	uint64_t guest_fs;
	uint32_t mxcsr;
	uint16_t fcw;
	uint32_t resume;		/* after a system call: all registers are given back */
	uint32_t vectors;		/* what there is to scrub: 1: AVX, 2: AVX-512 */
	uint64_t reason, arg, at, sp;	/* why it left, and where it wants to go on; not to be trusted */
	uint64_t frame;			/* SIGNALLED: the kernel's, on the compartment's signal stack */
	uint32_t signal;
	uint64_t slot;
	stack_t stack, old_stack;	/* for signals: the compartment's, and this thread's own */
	uint64_t regs[MPK_NREGS];
};

static_assert(offsetof(struct mpk_view, pkru_host) == MPK_V_PKRU_HOST, "");
static_assert(offsetof(struct mpk_view, selector) == MPK_V_SELECTOR, "");
static_assert(offsetof(struct mpk_view, host) == MPK_V_HOST, "");
static_assert(offsetof(struct mpk_view, rip) == MPK_V_RIP, "");
static_assert(offsetof(struct mpk_view, rsi) == MPK_V_RSI, "");
static_assert(offsetof(struct mpk_view, flags) == MPK_V_FLAGS, "");
static_assert(offsetof(struct mpk_view, rdx) == MPK_V_RDX, "");
static_assert(offsetof(struct mpk_view, fpstate) == MPK_V_FPSTATE, "");
static_assert(offsetof(struct mpk_view, mxcsr) == MPK_V_MXCSR, "");
static_assert(offsetof(struct mpk_view, fcw) == MPK_V_FCW, "");
static_assert(offsetof(struct mpk_host, guest_fs) == MPK_H_GUEST_FS, "");
static_assert(offsetof(struct mpk_host, fcw) == MPK_H_FCW, "");
static_assert(offsetof(struct mpk_host, resume) == MPK_H_RESUME, "");
static_assert(offsetof(struct mpk_host, vectors) == MPK_H_VECTORS, "");
static_assert(offsetof(struct mpk_host, reason) == MPK_H_REASON, "");
static_assert(offsetof(struct mpk_host, sp) == MPK_H_SP, "");
static_assert(offsetof(struct mpk_host, frame) == MPK_H_FRAME, "");
static_assert(offsetof(struct mpk_host, signal) == MPK_H_SIGNAL, "");
static_assert(offsetof(struct mpk_host, slot) == MPK_H_SLOT, "");
static_assert(offsetof(struct mpk_host, stack) == MPK_H_STACK, "");
static_assert(offsetof(struct mpk_host, old_stack) == MPK_H_OLD_STACK, "");
static_assert(offsetof(struct mpk_host, regs) == MPK_H_REGS, "");

/* The lowest address of all slots, aligned to all of them: an address tells its slot. And who is in each. */
extern uint64_t mpk_arena __attribute__((visibility("hidden")));
extern struct mpk_host *mpk_inside[MPK_SLOTS] __attribute__((visibility("hidden")));

/** Goes into the compartment; comes back when it leaves, whichever way. The thread has to be armed. */
void mpk_enter(struct mpk_host *host) __attribute__((visibility("hidden")));
/** Opens the compartment's key to this thread, which never was in it: signals must reach its stack. */
void mpk_raise(struct mpk_host *host) __attribute__((visibility("hidden")));
/** Where a compartment jumps to: reason in RDI, a word in RSI, where it wants to go on in R8 and R9. */
void mpk_leave(void) __attribute__((visibility("hidden")));
/** The handler of every signal that a compartment can cause. */
void mpk_signal(int signal, siginfo_t *info, void *context) __attribute__((visibility("hidden")));
/** What it does when the thread was not in a compartment. */
void mpk_outside(int signal, void *info, void *context) __attribute__((visibility("hidden")));

/** … and where it returns to. */
void mpk_restore(void) __attribute__((visibility("hidden")));
/** Where a failed check goes, and the checked copies of glibc's XRSTOR. */
void mpk_die(void) __attribute__((visibility("hidden"), noreturn));

/* The instructions that may be found by a scan of this process: gate.S has no others. */
extern const unsigned char mpk_enter_wrpkru[] __attribute__((visibility("hidden")));
extern const unsigned char mpk_enter_wrgsbase[] __attribute__((visibility("hidden")));
extern const unsigned char mpk_enter_xrstor[] __attribute__((visibility("hidden")));
extern const unsigned char mpk_leave_wrpkru[] __attribute__((visibility("hidden")));
extern const unsigned char mpk_leave_wrgsbase[] __attribute__((visibility("hidden")));
extern const unsigned char mpk_restore_wrpkru[] __attribute__((visibility("hidden")));
extern const unsigned char mpk_die_wrpkru[] __attribute__((visibility("hidden")));
extern const unsigned char mpk_signal_wrgsbase[] __attribute__((visibility("hidden")));
#endif
