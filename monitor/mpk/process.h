/*
 * Makes this process fit for compartments: a compartment can jump to any executable byte of it, so none
 * may raise rights but the gate. Looks at every executable page, replaces what glibc needs by checked
 * copies, and refuses with file and address what it does not know.
 */
#pragma once

#include "twz/error.h"
#include "twz/util.h"

/** Cheap when no executable mapping is new since the last time. To be called with mpk's lock held. */
TWZ_MUST bool process_prepare(struct twz_error *err);
