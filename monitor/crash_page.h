/*
 * What a dying compartment leaves behind: one page that it shares with the monitor. Written by the
 * guest's signal handler, read by the monitor when the compartment is dead. The service can write
 * whatever it likes there, so it is a statement by the accused: good for a message, nothing else.
 */
#pragma once

#include <stdint.h>

enum { CRASH_PAGE_SIZE = 4096, CRASH_FRAMES = 32, CRASH_MODULES = 8, CRASH_PATH = 184 };

enum crash_state { CRASH_NONE, CRASH_CLAIMED, CRASH_WRITTEN };

/* A file that frames lie in. */
struct crash_module {
	uint64_t base;			/* what its addresses were moved by */
	char path[CRASH_PATH];
};

struct crash_page {
	uint32_t state;			/* enum crash_state */
	int32_t signal;
	uint64_t fault_address, pc;
	uint32_t stack_overflow, out_of_memory;
	uint32_t foreign_key;		/* it touched memory of another protection key */
	uint32_t nframes;
	uint64_t base, size;		/* where the service's file lies; written as soon as it is loaded */
	uint64_t frames[CRASH_FRAMES];	/* return addresses, innermost first */
	/* Written last. Of pc, then of each frame: 1 + its place among the modules; 0: none. */
	uint8_t module[1 + CRASH_FRAMES];
	char said[120];			/* what the guest ended it for; "" */
	uint32_t nmodules;
	struct crash_module modules[CRASH_MODULES];
};

_Static_assert(sizeof(struct crash_page) <= CRASH_PAGE_SIZE, "one page");
