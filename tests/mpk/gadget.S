/* Code with a stray instruction: which one, says GADGET. Built into a service that must not load. */
	.text
	.globl	add
	.type	add, @function
add:
	leaq	(%rdi,%rsi), %rax
	ret
#if GADGET == 1
	wrpkru
	ret
#elif GADGET == 2
	movl	$0x00ef010f, %eax
	ret
#elif GADGET == 3
	.p2align 12
	.fill	4095, 1, 0x90
	.byte	0x0f, 0x01, 0xef
	ret
#elif GADGET == 4
	xrstor	0x80(%rdi)
	ret
#elif GADGET == 5
	wrgsbase %rdi
	ret
#endif
	.section .note.GNU-stack,"",@progbits
