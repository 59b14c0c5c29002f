/* Inside of monitor/mpk: one compartment, and what its files share. */
#pragma once

#include <pthread.h>
#include <signal.h>

#include "monitor/mpk/gate.h"
#include "monitor/mpk/mpk.h"
#include "monitor/mpk/space.h"

enum { MPK_FILES = 8, MPK_FIRST_FILE = 3 };

/* A file that the loader has open: it sees our number, never the kernel's. */
struct mpk_file {
	int fd;				/* -1: none */
	char *path;
};

/* Whose turn it is: between the caller's thread and the one that watches deadlines. */
enum mpk_turn { MPK_IDLE, MPK_INSIDE, MPK_EXPIRED };

struct mpk {
	struct mpk_host host;
	struct mpk_view *view;		/* where we write it */
	struct mpk_space space;
	struct mpk_options options;	/* strings owned */
	unsigned char *shared;		/* view, signal stack and blocks, as we see them */
	pthread_mutex_t lock;		/* held by who is inside; recursive */
	uint32_t depth;			/* blocks in use */
	uint64_t at, sp;		/* where the guest waits */
	uint32_t turn;			/* atomic; enum mpk_turn */
	bool stopped;			/* EXPIRED: because of *stop */
	uint64_t deadline;		/* 0: none */
	int tid;			/* of the thread inside */
	struct mpk_file files[MPK_FILES];
	bool dead;
	int exit_status;
	struct crash_page crash;
	uint64_t base, size;		/* of the service's file */
	struct twz_error *failure;	/* while it is loaded: why not */
};

/* Where things lie in the memory that both sides have. */
enum {
	SHARED_SIGNAL = 64 << 10,
	SHARED_BLOCKS = 1 << 20,
};
#define SHARED_SIZE ((size_t)SHARED_BLOCKS + (size_t)MPK_BLOCKS * MPK_BLOCK_SIZE)

/* A signal that took the thread out, copied from the compartment's signal stack. */
struct mpk_trap {
	greg_t regs[NGREG];
	siginfo_t info;
	uint64_t fpstate;
};

/* -- machine.c */
/** Fails with "mpk unavailable: @why". */
bool machine_lacks(struct twz_error *err, const char *why);
/** Which state components the processor saves, without the rights to keys. */
uint32_t machine_vector_state(void);
/** What there is to scrub: see struct mpk_host. */
uint32_t machine_vectors(void);

/* -- image.c */
/** Maps guest and loader, and sets up the stack on which they begin. */
TWZ_MUST bool image_load(struct mpk *c, struct twz_error *err);

/* -- system_call.c */
/** Answers the system call; false: it ended the compartment. */
bool system_call(struct mpk *c, struct mpk_trap *t);
void system_call_close_files(struct mpk *c);

/* -- fault.c */
/** The kernel's frame; false: there is none where it says. */
bool trap_read(const struct mpk *c, struct mpk_trap *ret);
void fault_record(struct mpk *c, const struct mpk_trap *t);
/** It died of @signal without a frame. */
void fault_of(struct mpk *c, int signal);

/* -- watch.c */
/** The signal that takes a thread out of a compartment. */
extern int watch_signal;
TWZ_MUST bool watch_add(struct mpk *c, struct twz_error *err);
void watch_remove(struct mpk *c);
/** The thread goes in, until @deadline; 0: as long as it likes. */
void watch_enter(struct mpk *c, uint64_t deadline);
/** It is out; false: too late. */
bool watch_leave(struct mpk *c);
uint64_t watch_now(void);

/* -- signals.c */
TWZ_MUST bool signals_take(struct twz_error *err);
/** Blocks everything but what a compartment causes. */
void signals_block(uint64_t *old);
void signals_restore(uint64_t old);
