/*
 * The texts that a library has for its errors: a gate of the same service, the speaker, is called with what another
 * one failed with. It takes the number, an object that the failed gate was given too, or both, and gives a text or
 * writes one into a buffer. As plan->speaker names it.
 */
#pragma once

#include "twz/plan.h"

enum { TWZ_FAILTEXT_MAX = 512 };	/* bytes of a text, its NUL included */

/** Why @speaker cannot be called for what the gate of @plan fails with; NULL: it can. */
const char *twz_failtext_reason(const struct twz_plan *plan, const struct twz_plan *speaker);
/**
 * The words of the speaker's call: @number is what the gate failed with, @words are the gate's own, and @buffer, of
 * TWZ_FAILTEXT_MAX bytes, is where the speaker writes if it does not return the text.
 */
void twz_failtext_words(const struct twz_plan *plan, const uint64_t *words, int64_t number,
			const struct twz_plan *speaker, char *buffer, uint64_t *ret);
/**
 * Puts what the speaker gave into @buffer, in which it may stand already: printable, UTF-8, in one line; "" when it
 * gave none. @returned is its result's memory.
 */
void twz_failtext_take(const struct twz_plan *speaker, const void *returned, char *buffer);
