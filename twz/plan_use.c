/* What is asked of a plan once it is made. */
#include "twz/plan.h"

#include <string.h>

bool
twz_slot_bytes(const struct twz_plan *plan, const struct twz_slot *slot, const uint64_t *words,
	       uint64_t limit, uint64_t *ret)
{
	uint64_t n = slot->count;

	if (slot->extent >= 0) {
		const struct twz_slot *counter = &plan->slots[slot->extent];

		n = words[slot->extent];
		if (slot->behind) {
			const void *at = (const void *)(uintptr_t)n;

			n = 0;
			if (!at)
				return false;
			memcpy(&n, at, counter->size);
			if (twz_type_strip(counter->type)->is_signed && n >> (counter->size * 8 - 1))
				return false;
		}
		if (counter->is_signed && (int64_t)n < 0)
			return false;
		if (counter->size < 8)
			n &= ((uint64_t)1 << counter->size * 8) - 1;
	}
	return !__builtin_mul_overflow(n, (uint64_t)slot->size, ret) && *ret <= limit;
}

bool
twz_is_program(const struct twz_gate *gate, const struct twz_plan *plan)
{
	const struct twz_member *m = gate->type ? gate->type->members : NULL;
	const struct twz_type *result = gate->type ? twz_type_strip(gate->type->target) : NULL;

	return plan && result && gate->type->nmembers == 2 && result->kind == TWZ_INT && result->size == 4 &&
	       result->is_signed && !strcmp(m[0].name, "argc") && !strcmp(m[1].name, "argv") &&
	       !twz_slot_given(&plan->slots[0]) && plan->slots[1].pass == TWZ_PASS_BUFFER &&
	       plan->slots[1].dir == TWZ_IN && twz_type_strip(plan->slots[1].type)->kind == TWZ_STRING;
}
