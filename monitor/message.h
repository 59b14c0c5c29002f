/*
 * Messages between monitor, zygote and compartments: one datagram each on a SOCK_SEQPACKET socket, a
 * fixed head, then texts or a gate's description, with descriptors beside it. Off the path of calls.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_kind {
	/* monitor to zygote; SERIAL names the instance in all answers */
	MESSAGE_CLONE = 1,	/* control, log, crash, memory of the first link: what becomes of the clone,
				   START says to itself */
	MESSAGE_PRELOAD,	/* memory; "path\0build id\0granted\0": loads the service for all clones to come;
				   then START has no state, and all descriptors are one less */
	/* zygote to monitor; with PRELOAD also UNLOADABLE, and CONFINED before it loads */
	MESSAGE_HELLO,		/* struct message_confinement */
	MESSAGE_STARTED,	/* pid; pidfd */
	MESSAGE_FAILED,		/* errno */
	MESSAGE_REAPED,		/* pid, wait status; no serial */
	/* monitor to compartment */
	MESSAGE_START,		/* memory, compartment id, number of variables, whether full
				   confinement is required, number of GIVEN messages;
				   "path\0state\0build id\0granted\0" and the variables; state, and for a program's stdout one of its own */
	MESSAGE_GATE,		/* a struct wire_gate */
	MESSAGE_LINK,		/* thread, compartment, depth, hot limit, size of a wire_gate as with GATE (0: none),
				   LINK_OF_… flags and, above them, changes of the tables of handlers;
				   that, "context\0"; memory (none: CLONE's) */
	MESSAGE_BOUND,		/* answer to BIND; number, link serial, hot limit, whether for one call, changes
				   as for LINK, whether to a handler; a wire_gate; memory */
	MESSAGE_ALLOW,		/* SERIAL: link between compartments; gate's number, how many calls (0: all) */
	MESSAGE_FORBID,		/* changes as for LINK: all that was allowed is so no more */
	MESSAGE_REFUSED,	/* answer to BIND: class, code; text */
	MESSAGE_LENT,		/* answer to LEND and BORROW: id, size, errno; descriptor */
	MESSAGE_END,		/* unload the service and end */
	MESSAGE_SHARED,		/* SERIAL: of the memory; size, 0: it is given back; its descriptor */
	MESSAGE_GIVEN,		/* after START, before all others: numbers of arguments and of descriptors; a text
				   for each, then a name for each; the descriptors */
	MESSAGE_ASK,		/* SERIAL: of the question; enum message_question; text */
	/* compartment to monitor */
	MESSAGE_READY,		/* the service is loaded, and what was sent meanwhile was read */
	MESSAGE_UNLOADABLE,	/* text */
	MESSAGE_CONFINED,	/* struct message_confinement: before START; again only when it became less */
	MESSAGE_BIND,		/* SERIAL: calling link; hash, serial of its link to the service, to the gate's
				   handler, BIND_…; "service\0gate\0signature\0" */
	MESSAGE_CANCEL,		/* SERIAL: link whose call shall end with its compartment */
	MESSAGE_AWAKE,		/* a call has come since it was parked */
	MESSAGE_TOLD,		/* answer to ASK, SERIAL as there: words and texts */
	MESSAGE_LEND,		/* SERIAL: calling link; size */
	MESSAGE_BORROW,		/* SERIAL: calling link; id */
	MESSAGE_TAKE_BACK,	/* id of what it has lent */
};

enum message_question {
	ASK_SYMBOL,		/* "symbol\0" → address (0: unknown), base; "file\0" */
	ASK_LIBRARIES,		/* → "base in hex, blank, file\0" each */
	ASK_PARK,		/* gives back what memory it can → nothing */
};

enum {
	LINK_OF_COMPARTMENT = 1,	/* it may call what it is allowed to */
	LINK_OF_HANDLER = 2,		/* calls over it are answers: they may be refused and passed on */
};

enum {
	BIND_GATE,
	BIND_BELOW,		/* what the call of SERIAL is passed on to; no texts */
};

/* Kinds of zygotes, on their command line. */
enum {
	GUEST_OPEN = 1,		/* its compartments are not confined */
	GUEST_OWN = 2,		/* made for one compartment, by exec */
	GUEST_NET = 8,		/* sockets can be made, of the families that are granted */
	GUEST_PRELOAD = 16,	/* its clones are all of one service, which it has loaded */
	GUEST_DEBUG = 4,	/* debuggers may attach; the compartment stops before it loads its service */
};

enum { MESSAGE_MAX = 128 << 10, MESSAGE_FDS = 5 };

struct message {
	uint32_t kind, reserved;
	uint64_t serial;
	uint64_t word[6];
};

/* What zygote and compartment really got from the kernel. */
struct message_confinement {
	uint32_t landlock;	/* ABI; 0: none */
	uint32_t landlock_scoped;
	uint32_t filter;	/* instructions of the zygote's seccomp filter; 0: none */
	uint32_t filter_own;	/* instructions of each compartment's own */
	uint32_t no_new_privs, not_dumpable, no_capabilities, is_init;
	uint32_t limits;	/* all were set */
	uint32_t files;		/* RLIMIT_NOFILE */
	uint64_t memory, file_size;
};

/** False with errno set; EAGAIN when the other side does not read. */
bool message_send(int fd, const struct message *head, const void *bytes, size_t n, const int *fds,
		  size_t nfds);

/* A received message. Descriptors that nobody took (set to -1) are closed by message_drop(). */
struct message_in {
	struct message head;
	size_t n;			/* of bytes */
	int fds[MESSAGE_FDS];		/* -1: none */
	unsigned char bytes[MESSAGE_MAX + 1];	/* a NUL follows */
};

/**
 * 1: one message; 0: the other side is gone; -1: errno. EPROTO: malformed. EMFILE: @in has the message, but not its
 * descriptors, which this process has no room for or which were too many.
 */
int message_receive(int fd, struct message_in *in, bool wait);
void message_drop(struct message_in *in);
/** Takes the next NUL-terminated text of the message; "" when there is none. */
const char *message_text(const struct message_in *in, size_t *at);
