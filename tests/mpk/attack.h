/*
 * Between the files of tests/mpk/attack: the compartment that attacks, and how an attack is written down.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "monitor/mpk/gate.h"
#include "monitor/mpk/mpk.h"
#include "tests/mpk/evil.h"

enum { PATIENCE = 2000000000 };

extern const char *guest, *service;
extern volatile uint64_t secret;	/* what no compartment may read or change */
extern struct mpk *c;			/* the compartment that attacks; what came of its last call: */
extern uint64_t ret;
extern enum mpk_end end;
extern bool answered;

/** A compartment of the service at @path, or of evil.c's, that knows its gates. */
bool start_of(const char *path, struct mpk **made, struct twz_error *err);
struct mpk *start(void);
void describe(struct mpk *box, uint32_t number);
/** The answer's word in *@word; false: it has not answered, see *@how. */
bool call_for(struct mpk *box, enum evil_gate gate, const uint64_t *w, uint64_t *word, enum mpk_end *how,
	      int64_t ns);
/** The one that attacks, made anew if it is dead. */
struct mpk *alive(void);
/** However an attack ended: nothing was reached, and this program can still make calls. */
void verdict(const char *name, bool good);
bool wanted(const char *name);

/* -- attack_life.c: time, threads, signals, files, keys */
extern char *own_page;
void own_handler(int signal, siginfo_t *info, void *context);
void deadlines(void);
void threads(void);
void own_signals(void);
void files(void);
void keys(void);

static inline uint64_t
address(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

#define CALL(c, gate, ret, end, ...) \
	call_for(c, EVIL_##gate, (const uint64_t[6]){ __VA_ARGS__ }, ret, end, PATIENCE)

/* The attack must end the compartment by one of two signals. */
#define DIES(name, sig1, sig2, gate, ...) do { \
	if (!wanted(name)) \
		break; \
	answered = CALL(alive(), gate, &ret, &end, __VA_ARGS__); \
	verdict(name, !answered && end == MPK_DIED && (mpk_crash(c)->signal == (sig1) || \
						       mpk_crash(c)->signal == (sig2))); \
} while (0)

/* It must be answered with this word, and the compartment lives on. */
#define GETS(name, word, gate, ...) do { \
	if (!wanted(name)) \
		break; \
	answered = CALL(alive(), gate, &ret, &end, __VA_ARGS__); \
	verdict(name, answered && ret == (uint64_t)(int64_t)(word)); \
} while (0)
