/*
 * The only way into a compartment and the only way out.
 *
 * Every instruction here can be jumped to by a compartment, with any registers. What makes that
 * harmless: before mpk_leave_wrpkru the caller's memory cannot be read, so code that is to run in the
 * caller's name reads some of it first; behind each WRPKRU, XRSTOR and WRGSBASE stands a check that
 * no register of the compartment's can satisfy. A check that fails ends in an invalid instruction, and
 * the signal takes the thread out by way of its signal stack, which the kernel chose.
 */
#if defined(__x86_64__)
#include "monitor/mpk/gate.h"

	.text

#define SYS_sigaltstack 131

	.macro SAVE
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, MPK_H_RSP(%rdi)
	rdfsbase %rax
	movq	%rax, MPK_H_FS(%rdi)
	stmxcsr	MPK_H_MXCSR(%rdi)
	fnstcw	MPK_H_FCW(%rdi)
	.endm

/*
 * Behind a WRPKRU: EAX, the rights that are in force, must be the view's. The view may be read when GS
 * is one, and its key is open; until then no memory is touched, because a fault would end the process.
 */
	.macro CHECK gs, want
	rdgsbase \gs
	testq	\gs, \gs
	jz	mpk_die
	movq	\gs, %rcx
	shrq	$(MPK_SLOT_BITS - 1), %rcx
	andl	$(2 * (MPK_SLOTS - 1)), %ecx
	movl	%eax, %r11d
	shrl	%cl, %r11d
	testb	$3, %r11b
	jnz	mpk_die
	cmpl	%gs:\want, %eax
	jne	mpk_die
	.endm

/* void mpk_raise(struct mpk_host *host) */
	.globl	mpk_raise
	.hidden	mpk_raise
	.type	mpk_raise, @function
	.p2align 6
mpk_raise:
	SAVE
	leaq	MPK_H_OLD_STACK(%rdi), %rsi
	xorl	%edi, %edi
	movq	%rsi, %rbx
	movl	$SYS_sigaltstack, %eax
	syscall
	leaq	-MPK_H_OLD_STACK(%rbx), %rcx
	movl	$MPK_RAISED, %edi
	jmp	leave_with

/* void mpk_enter(struct mpk_host *host) */
	.globl	mpk_enter
	.hidden	mpk_enter
	.type	mpk_enter, @function
	.p2align 6
mpk_enter:
	SAVE
	/* A signal that comes while the signal stack is set up takes the thread out as well. */
	movq	%rdi, %rbx
	leaq	mpk_inside(%rip), %rcx
	movq	MPK_H_SLOT(%rbx), %rax
	movq	%rbx, (%rcx,%rax,8)
	movl	$SYS_sigaltstack, %eax
	leaq	MPK_H_STACK(%rbx), %rdi
	leaq	MPK_H_OLD_STACK(%rbx), %rsi
	syscall
	movq	%rbx, %rdi
	movq	MPK_H_VIEW(%rdi), %rax
	.globl	mpk_enter_wrgsbase
	.hidden	mpk_enter_wrgsbase
mpk_enter_wrgsbase:
	wrgsbase %rax
	movq	mpk_arena(%rip), %rcx		/* whoever jumped here ends here */
	movq	MPK_H_GUEST_FS(%rdi), %rcx
	wrfsbase %rcx
	movq	MPK_H_ALIAS(%rdi), %rcx
	movb	$1, MPK_V_SELECTOR(%rcx)
	cmpl	$0, MPK_H_RESUME(%rdi)
	jne	resume

	/* Nothing of the caller's stays in a register. */
	testl	$1, MPK_H_VECTORS(%rdi)
	jz	1f
	vzeroall
1:	testl	$2, MPK_H_VECTORS(%rdi)
	jz	2f
	vpxorq	%zmm16, %zmm16, %zmm16
	vpxorq	%zmm17, %zmm17, %zmm17
	vpxorq	%zmm18, %zmm18, %zmm18
	vpxorq	%zmm19, %zmm19, %zmm19
	vpxorq	%zmm20, %zmm20, %zmm20
	vpxorq	%zmm21, %zmm21, %zmm21
	vpxorq	%zmm22, %zmm22, %zmm22
	vpxorq	%zmm23, %zmm23, %zmm23
	vpxorq	%zmm24, %zmm24, %zmm24
	vpxorq	%zmm25, %zmm25, %zmm25
	vpxorq	%zmm26, %zmm26, %zmm26
	vpxorq	%zmm27, %zmm27, %zmm27
	vpxorq	%zmm28, %zmm28, %zmm28
	vpxorq	%zmm29, %zmm29, %zmm29
	vpxorq	%zmm30, %zmm30, %zmm30
	vpxorq	%zmm31, %zmm31, %zmm31
	kxorw	%k0, %k0, %k0
	kxorw	%k1, %k1, %k1
	kxorw	%k2, %k2, %k2
	kxorw	%k3, %k3, %k3
	kxorw	%k4, %k4, %k4
	kxorw	%k5, %k5, %k5
	kxorw	%k6, %k6, %k6
	kxorw	%k7, %k7, %k7
2:	pxor	%xmm0, %xmm0
	pxor	%xmm1, %xmm1
	pxor	%xmm2, %xmm2
	pxor	%xmm3, %xmm3
	pxor	%xmm4, %xmm4
	pxor	%xmm5, %xmm5
	pxor	%xmm6, %xmm6
	pxor	%xmm7, %xmm7
	pxor	%xmm8, %xmm8
	pxor	%xmm9, %xmm9
	pxor	%xmm10, %xmm10
	pxor	%xmm11, %xmm11
	pxor	%xmm12, %xmm12
	pxor	%xmm13, %xmm13
	pxor	%xmm14, %xmm14
	pxor	%xmm15, %xmm15
	fninit
	pxor	%mm0, %mm0
	pxor	%mm1, %mm1
	pxor	%mm2, %mm2
	pxor	%mm3, %mm3
	pxor	%mm4, %mm4
	pxor	%mm5, %mm5
	pxor	%mm6, %mm6
	pxor	%mm7, %mm7
	emms
	ldmxcsr	MPK_V_MXCSR(%rax)
	xorl	%ebx, %ebx
	xorl	%ebp, %ebp
	xorl	%esi, %esi
	xorl	%edi, %edi
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	xorl	%r12d, %r12d
	xorl	%r13d, %r13d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
	jmp	lower

	/* The compartment's own registers, as its system call found them. */
resume:
	movq	MPK_H_REGS+0(%rdi), %r8
	movq	MPK_H_REGS+8(%rdi), %r9
	movq	MPK_H_REGS+16(%rdi), %r10
	movq	MPK_H_REGS+24(%rdi), %r12
	movq	MPK_H_REGS+32(%rdi), %r13
	movq	MPK_H_REGS+40(%rdi), %r14
	movq	MPK_H_REGS+48(%rdi), %r15
	movq	MPK_H_REGS+64(%rdi), %rsi
	movq	MPK_H_REGS+72(%rdi), %rbp
	movq	MPK_H_REGS+80(%rdi), %rbx
	movq	MPK_H_REGS+56(%rdi), %rdi
lower:
	movl	%gs:MPK_V_PKRU_IN, %eax
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	.globl	mpk_enter_wrpkru
	.hidden	mpk_enter_wrpkru
mpk_enter_wrpkru:
	wrpkru
	CHECK	%rdx, MPK_V_PKRU_IN
	movq	%gs:MPK_V_FPSTATE, %rcx
	testq	%rcx, %rcx
	jz	3f
	movl	%gs:MPK_V_XMASK, %eax
	xorl	%edx, %edx
	.globl	mpk_enter_xrstor
	.hidden	mpk_enter_xrstor
	.byte	0x48				/* all 64 bits of what it loads */
mpk_enter_xrstor:
	xrstor	(%rcx)
	testl	$0x200, %eax			/* it may have loaded the key rights */
	jnz	mpk_die
	movq	%gs:MPK_V_RSP, %rsp
	leaq	-128(%rsp), %rsp
	pushq	%gs:MPK_V_FLAGS
	popfq
	leaq	128(%rsp), %rsp
	movq	%gs:MPK_V_FLAGS, %r11
	movq	%gs:MPK_V_RDX, %rdx
	movq	%gs:MPK_V_RAX, %rax
	movq	%gs:MPK_V_RIP, %rcx
	jmp	*%rcx
3:	xorl	%eax, %eax
	xorl	%edx, %edx
	xorl	%r11d, %r11d
	movq	%gs:MPK_V_RSP, %rsp
	movq	%gs:MPK_V_RDI, %rdi
	movq	%gs:MPK_V_RSI, %rsi
	jmp	*%gs:MPK_V_RIP
	.size	mpk_enter, .-mpk_enter

/* From inside: RDI reason, RSI word, R8 where to go on, R9 with which stack. */
	.globl	mpk_leave
	.hidden	mpk_leave
	.type	mpk_leave, @function
	.p2align 6
mpk_leave:
	movl	%gs:MPK_V_PKRU_HOST, %eax
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	.globl	mpk_leave_wrpkru
	.hidden	mpk_leave_wrpkru
mpk_leave_wrpkru:
	wrpkru
	CHECK	%r10, MPK_V_PKRU_HOST
	/* From here on the thread acts for the caller: nothing in a register is believed. */
	movq	%gs:MPK_V_HOST, %rcx
	cld
	movq	MPK_H_RSP(%rcx), %rsp
	pushq	$2
	popfq
	xorl	%eax, %eax
	.globl	mpk_leave_wrgsbase
	.hidden	mpk_leave_wrgsbase
mpk_leave_wrgsbase:
	wrgsbase %rax
	movq	mpk_arena(%rip), %rdx		/* whoever jumped here ends here */
	movq	MPK_H_FS(%rcx), %rdx
	wrfsbase %rdx
	fninit
	ldmxcsr	MPK_H_MXCSR(%rcx)
	fldcw	MPK_H_FCW(%rcx)
	movq	MPK_H_ALIAS(%rcx), %rdx
	movb	$0, MPK_V_SELECTOR(%rdx)
	movq	%rdi, MPK_H_REASON(%rcx)
	movq	%rsi, MPK_H_ARG(%rcx)
	movq	%r8, MPK_H_AT(%rcx)
	movq	%r9, MPK_H_SP(%rcx)
	/* Until its own signal stack is back, a signal takes the thread out once more. */
	movq	%rcx, %rbx
	leaq	MPK_H_OLD_STACK(%rbx), %rdi
	xorl	%esi, %esi
	movl	$SYS_sigaltstack, %eax
	syscall
	leaq	mpk_inside(%rip), %rcx
	movq	MPK_H_SLOT(%rbx), %rax
	movq	$0, (%rcx,%rax,8)
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
	.size	mpk_leave, .-mpk_leave

/*
 * void mpk_signal(int signal): a handler. The kernel starts it with the rights of key 0, which no
 * compartment has, and on the signal stack of the compartment that this thread is in. That stack is
 * not touched: which compartment it was follows from its address, and the thread leaves as if the
 * compartment had asked to.
 */
	.globl	mpk_signal
	.hidden	mpk_signal
	.type	mpk_signal, @function
	.p2align 6
mpk_signal:
	movq	%rsp, %rax
	subq	mpk_arena(%rip), %rax		/* whoever jumped here ends here */
	shrq	$MPK_SLOT_BITS, %rax
	cmpq	$MPK_SLOTS, %rax
	jae	4f
	leaq	mpk_inside(%rip), %rcx
	movq	(%rcx,%rax,8), %rcx
	testq	%rcx, %rcx
	jz	4f
	movq	%rsp, MPK_H_FRAME(%rcx)
	movl	%edi, MPK_H_SIGNAL(%rcx)
	movl	$MPK_SIGNALLED, %edi
leave_with:
	movq	MPK_H_VIEW(%rcx), %rax
	.globl	mpk_signal_wrgsbase
	.hidden	mpk_signal_wrgsbase
mpk_signal_wrgsbase:
	wrgsbase %rax
	movq	mpk_arena(%rip), %rdx		/* whoever jumped here ends here */
	/* The view has the compartment's key, which is closed: the monitor's own address of it. */
	movq	MPK_H_ALIAS(%rcx), %rax
	movl	MPK_V_PKRU_HOST(%rax), %eax
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	jmp	mpk_leave_wrpkru
4:	jmp	mpk_outside
	.size	mpk_signal, .-mpk_signal

/*
 * Where that handler returns to when the thread was not inside. The kernel looks at the selector, which
 * is under the key of the compartment that the thread is about to enter, before it gives the rights back:
 * so they are taken, for the one system call that gives them back. In a compartment it is stopped.
 */
	.globl	mpk_restore
	.hidden	mpk_restore
	.type	mpk_restore, @function
	.p2align 4
mpk_restore:
	xorl	%eax, %eax
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	.globl	mpk_restore_wrpkru
	.hidden	mpk_restore_wrpkru
mpk_restore_wrpkru:
	wrpkru
	testl	%eax, %eax
	jnz	mpk_die
	movl	$15, %eax			/* rt_sigreturn */
	syscall
	ud2
	.size	mpk_restore, .-mpk_restore

/*
 * Whoever failed a check dies here. With the rights that it chose the kernel could not write the signal's
 * frame, and would end the process: so all rights are taken, however often it takes, and then nothing is
 * done with them.
 */
	.globl	mpk_die
	.hidden	mpk_die
	.type	mpk_die, @function
mpk_die:
	xorl	%eax, %eax
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	.globl	mpk_die_wrpkru
	.hidden	mpk_die_wrpkru
mpk_die_wrpkru:
	wrpkru
	testl	%eax, %eax
	jnz	mpk_die
	ud2
	.size	mpk_die, .-mpk_die
#endif
	.section .note.GNU-stack,"",@progbits
