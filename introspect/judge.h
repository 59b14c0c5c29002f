/* Verdicts about functions, and what records add to their types. */
#pragma once

#include "introspect/dwarf/reader.h"
#include "introspect/records.h"

/** Refuses @gate, unless it is refused already: only the first reason is kept. */
void judge_refuse(struct twz_gate *gate, const char *why);
/** Whether @pointer, without typedefs, is to bytes or a text. */
bool judge_points_to_bytes(const struct twz_type *pointer);
/**
 * Fills the type, the provenance, the verdict and, if asked for and it can be called, the hash of
 * @gate from what was found (@f) and from its record (NULL: it has none). What is in @scratch afterwards is of no use.
 */
void judge(struct twz_gate *gate, const struct dw_function *f, const struct record_gate *record,
	   bool hashed, struct twz_arena *scratch, struct twz_arena *arena);
/** Asks the memory for what the judge will read of one of the @n functions a few places behind the @i-th. */
void judge_expect(const struct twz_gate *gates, const struct dw_function *functions, size_t i, size_t n);
