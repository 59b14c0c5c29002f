/*
 * uint64_t around(void (*f)(void)): calls f with all registers that it has to keep set to something, and
 * returns what is left of the difference: 0 when it kept them.
 */
	.text
	.globl	around
	.type	around, @function
around:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	subq	$8, %rsp
	movl	$0x1111, %ebx
	movl	$0x2222, %ebp
	movl	$0x3333, %r12d
	movl	$0x4444, %r13d
	movl	$0x5555, %r14d
	movl	$0x6666, %r15d
	call	*%rdi
	xorq	$0x1111, %rbx
	xorq	$0x2222, %rbp
	xorq	$0x3333, %r12
	xorq	$0x4444, %r13
	xorq	$0x5555, %r14
	xorq	$0x6666, %r15
	movq	%rbx, %rax
	orq	%rbp, %rax
	orq	%r12, %rax
	orq	%r13, %rax
	orq	%r14, %rax
	orq	%r15, %rax
	addq	$8, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
	.size	around, .-around
	.section .note.GNU-stack,"",@progbits
