/*
 * What a dying compartment leaves behind: one page that it shares with the monitor. Written by the
 * guest's signal handler, read by the monitor when the compartment is dead. The service can write
 * whatever it likes there, so it is a statement by the accused: good for a message, nothing else.
 */
#pragma once

#include <stdint.h>

enum { CRASH_PAGE_SIZE = 4096, CRASH_FRAMES = 32 };

enum crash_state { CRASH_NONE, CRASH_CLAIMED, CRASH_WRITTEN };

struct crash_page {
	uint32_t state;			/* enum crash_state */
	int32_t signal;
	uint64_t fault_address, pc;
	uint32_t stack_overflow, out_of_memory;
	uint32_t foreign_key;		/* it touched memory of another protection key */
	uint32_t nframes;
	uint64_t frames[CRASH_FRAMES];	/* return addresses, innermost first */
};
