/* What tests/mpk/attack.c and the service that it sets against itself, evil.c, both know. */
#pragma once

#include <stdint.h>

/* Every gate takes up to six words and returns one. */
#define EVIL_GATES(X) \
	X(add, 2) X(system_call, 6) X(peek, 1) X(poke, 1) X(canary, 0) X(leak_memory, 3) X(jump, 6) \
	X(jump_rights, 2) X(jump_xrstor, 3) X(jump_gs, 2) X(lose_gs, 1) X(lie, 2) X(int80, 2) \
	X(stack_pointer, 2) X(trap_flag, 0) X(flags, 0) X(clobber, 1) X(hijack, 1) X(overflow, 1) \
	X(hang, 0) X(constructor_saw, 1) X(vector_state, 0) X(thread_local_count, 0) X(allocate, 1) \
	X(forge_frame, 1) X(vsyscall, 1) X(set_gs_selector, 1) X(call, 1)

enum evil_gate {
#define X(name, n) EVIL_##name,
	EVIL_GATES(X)
#undef X
	EVIL_COUNT
};
