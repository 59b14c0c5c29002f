/*
 * Signals of `twz`: Ctrl-C ends what runs and not twz; SIGTERM and SIGHUP end twz, with the terminal as
 * it was found. There is one of it in a process, as there is one set of signal handlers.
 */
#pragma once

#include <stdbool.h>

struct session;

/**
 * Installs the handlers. On SIGINT the calls of @s are ended (NULL: there are none yet) and
 * signals_interrupted() says so; blocking system calls return EINTR.
 */
void signals_install(struct session *s);
/** Whether SIGINT came since the last signals_clear(). */
bool signals_interrupted(void);
/** Forgets an interrupt, so that calls work again. */
void signals_clear(void);

/** Remembers the modes of the terminal that standard input is, for signals_restore_terminal(). */
void signals_save_terminal(void);
/** Puts them back. Safe in a signal handler; nothing to do is fine. */
void signals_restore_terminal(void);
