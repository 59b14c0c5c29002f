/* What the monitor's thread waits for; a tag tells what kind of descriptor it is, and whose. */
#pragma once

#include <stdint.h>

enum loop_kind { LOOP_WAKE, LOOP_ZYGOTE, LOOP_CONTROL, LOOP_LOG, LOOP_OUT, LOOP_PIDFD, LOOP_KINDS = 8 };

static inline uint64_t
loop_tag(enum loop_kind kind, uint64_t serial)
{
	return serial * LOOP_KINDS + kind;
}
