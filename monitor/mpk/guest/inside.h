/* Between the files of the guest that lives in the monitor's process. */
#pragma once

#include "monitor/mpk/protocol.h"

/** Where what is asked goes, and the answer comes. */
unsigned char *inside_block(void);
/** Asks the monitor, by leaving; returns when it is answered. */
void inside_ask(uint64_t reason, uint64_t word);
