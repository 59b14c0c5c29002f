/* What records add to the results of functions. */
#pragma once

#include "introspect/records.h"

/** Joins @func, the gate's own copy of its function's type, with what its record says of its result. */
void returns_join(struct twz_gate *gate, struct twz_type *func, const struct record_gate *record,
		  struct twz_arena *arena);
/** Refuses those of @n gates, judged all, whose errors' texts nobody can give; @all: these are all of the service. */
void returns_judge_speakers(struct twz_gate *gates, size_t n, bool all, struct twz_arena *arena);
