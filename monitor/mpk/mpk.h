/*
 * Compartments in this process, by protection keys (x86-64).
 *
 * A compartment is a small guest program with a dynamic loader, C library, heap, stack and TLS of its
 * own, all of it in one slot of addresses under one key; it is loaded and runs with the rights to that
 * key alone. The calling thread itself goes in, by a gate (gate.h); the kernel stops every system call
 * that it makes inside (Syscall User Dispatch), and the monitor answers the few that a library needs
 * (system_call.c). What this does not protect against: share/doc/mpk.md.
 *
 * One thread at a time is in a compartment; others wait for it. Thread-safe.
 */
#pragma once

#include "monitor/crash_page.h"
#include "monitor/mpk/protocol.h"
#include "twz/error.h"
#include "twz/util.h"

struct mpk;

enum mpk_end {
	MPK_DONE,
	MPK_DIED,		/* a fault, or it ended itself: see mpk_crash() */
	MPK_LATE,		/* the deadline passed; the compartment is dead */
	MPK_STOPPED,		/* *stop became true; the compartment is dead */
	MPK_BUSY,		/* the deadline passed while another thread was inside; it was not called */
	MPK_DEEP,		/* too many calls of this compartment on this thread; it was not called */
};

/* What the compartment is made of and whom it talks to. All of it has to outlive the compartment. */
struct mpk_options {
	const char *guest;		/* path of the guest program */
	const char *service;		/* absolute path of the shared object */
	const char *build_id;		/* in hex; "": not compared */
	uint64_t memory;		/* bytes; 0: 512 MiB */
	const uint32_t *stop;		/* may be NULL */
	void *data;
	/** What the service prints. */
	void (*output)(void *data, const char *bytes, size_t n);
	/** A gate calls another gate: @block holds a request, and gets the answer. See protocol.h. */
	void (*request)(void *data, unsigned char *block, uint64_t kind, int64_t timeout_ns);
};

/** True when processor, kernel and this process allow it; else @err says why, "mpk unavailable: …". */
TWZ_MUST bool mpk_available(struct twz_error *err);
/** Keys that a compartment could have now, and all that there are. */
void mpk_keys(uint32_t *free_keys, uint32_t *all);

/** Makes a compartment and loads its service, confined from the first instruction. */
TWZ_MUST bool mpk_start(const struct mpk_options *options, struct mpk **ret, struct twz_error *err);
/** Gives everything back. No thread may be inside. NULL is fine. */
void mpk_free(struct mpk *c);

/**
 * Takes the compartment for this thread; again, when a call inside of it comes back to it. *@block is
 * where the call's item goes. DONE, BUSY or DEEP; after DONE, mpk_release() must follow.
 */
TWZ_MUST enum mpk_end mpk_acquire(struct mpk *c, int64_t timeout_ns, unsigned char **block);
void mpk_release(struct mpk *c);
/** Whom the service is told when it asks who calls. To be called with it acquired. */
void mpk_called_by(struct mpk *c, const struct mpk_caller *caller);
/** Goes in, and has it do @what with the block. */
enum mpk_end mpk_run(struct mpk *c, uint32_t what, int64_t timeout_ns);

/** It lied: it is not entered again. */
void mpk_condemn(struct mpk *c);
bool mpk_dead(const struct mpk *c);
/** How it died. */
const struct crash_page *mpk_crash(const struct mpk *c);
int mpk_exit_status(const struct mpk *c);
/** Where the service's file lies. */
void mpk_place(const struct mpk *c, uint64_t *base, uint64_t *size);
int mpk_key(const struct mpk *c);
/** Bytes of private memory that it has now. */
uint64_t mpk_memory(const struct mpk *c);
