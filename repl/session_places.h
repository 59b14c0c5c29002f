/* Where the parts of twz are, seen from the program or libtwz.so that runs. */
#pragma once

#include "twz/arena.h"
#include "twz/error.h"

struct places {
	const char *guest;	/* ROOT/libexec/twz/twz-guest */
	const char *inspect;	/* ROOT/bin/twz-inspect */
	const char *services;	/* ROOT/lib/twz */
	const char *state;	/* where services' private folders are made */
};

/**
 * ROOT is two steps up from ROOT/bin/PROGRAM or ROOT/lib/libtwz.so, in the build tree as where it
 * is installed. Makes the state folder. In @arena.
 */
TWZ_MUST bool places_find(struct twz_arena *arena, struct places *ret, struct twz_error *err);
