/*
 * What monitor and guest say to each other through the gate: a kind in one register, a word in
 * another, the rest in the block.
 */
#pragma once

#include <stdint.h>

/* The monitor asks. With it comes the number of the block: kind | number << 8. */
enum mpk_what {
	MPK_ANSWER = 1,		/* what the guest asked for is done */
	MPK_CALL,		/* the block's items are to be run */
	MPK_DESCRIBE,		/* the block holds a struct wire_gate */
};

/* The guest says. */
enum mpk_reason {
	MPK_READY = 1,		/* word: address of a struct mpk_loaded */
	MPK_UNLOADABLE,		/* word: address of a text */
	MPK_FINISHED,		/* what was asked for is done */
	MPK_BIND,		/* the next block holds a struct mpk_bind; the answer is written there */
	MPK_INVOKE,		/* the next block holds a call; word: which bound gate */
};

/* INVOKE: the call's status when it failed; a struct mpk_answer says why. */
enum {
	MPK_FAILED = -66,
	MPK_ANSWER_AT = (64 << 20) - 4096,	/* in the block */
};

/* In the view's page, which the compartment only reads: who calls. */
enum { MPK_CALLER_AT = 1024 };
struct mpk_caller {
	uint64_t thread, compartment;
	char context[128];
};

struct mpk_loaded {
	uint64_t base, size;
};

enum { MPK_BIND_TEXT = 1024 };

/* A stub of the service's wants to be bound. */
struct mpk_bind {
	uint64_t hash;
	char service[256], gate[256], signature[MPK_BIND_TEXT];
};

/* The answer to BIND and INVOKE. */
struct mpk_answer {
	uint64_t cls, code;	/* of the error; cls 0: none */
	uint64_t number;	/* BIND: of the gate among those bound; a struct wire_gate follows */
	char text[1024];
};
