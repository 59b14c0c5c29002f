/*
 * What records say of what a function returns: codes of which some are errors, a text, an object, the number of an
 * error; and who gives the texts of its errors, which can be judged only when all gates are known.
 */
#include "introspect/returns.h"

#include <string.h>

#include "introspect/judge.h"
#include "twz/failtext.h"
#include "twz/util.h"

/* Result<(), E>, as TWZ_RESULT makes it. */
static const struct twz_type *
result_of(const struct twz_type *codes, struct twz_arena *arena)
{
	struct twz_type *result = twz_new(arena, struct twz_type);
	struct twz_member *members = twz_new_array(arena, 2, struct twz_member);

	members[0] = (struct twz_member){ .name = "twz_state", .type = &twz_type_u32 };
	members[1] = (struct twz_member){ .name = "twz_err", .type = codes, .offset = 4 };
	*result = (struct twz_type){
		.kind = TWZ_RESULT, .name = "", .size = 8, .align = 4, .members = members, .nmembers = 2,
	};
	return result;
}

/* What the function's type says of how it fails by an integer of its own; 0: nothing. */
static uint64_t
failing_how(const struct record_gate *record)
{
	static const char *const names[] = {
		[TWZ_RETURNS_ERRNO] = "errno", [TWZ_RETURNS_NEGATIVE] = "negative", [TWZ_RETURNS_NONZERO] = "nonzero",
		[TWZ_RETURNS_ZERO] = "zero",
	};

	for (uint64_t how = TWZ_RETURNS_ERRNO; record->fails && !record->codes && how < TWZ_COUNT(names); how++)
		if (!strcmp(record->returns, names[how]))
			return how;
	return 0;
}

/* By an integer, or by an enum of the library's own, whose names need not be said again. */
static const struct twz_type *
failing(struct twz_gate *gate, const struct twz_type *type, const struct record_gate *record,
	struct twz_arena *arena)
{
	const struct twz_type *ret = type ? twz_type_strip(type) : &twz_type_void;
	uint64_t how = failing_how(record);
	struct twz_type *codes;

	if (how) {
		if (!twz_failing_able(how, type))
			judge_refuse(gate, how == TWZ_RETURNS_ERRNO ?
				     "its record says that errno tells of its errors, but it returns no int" :
				     "its record says that it returns the number of an error, but it returns no int");
		return type;
	}
	if (ret->kind != TWZ_ENUM || (strcmp(ret->name, record->returns) && strcmp(type->name, record->returns))) {
		judge_refuse(gate, twz_format(arena, "its record has a wrong result: '%.60s'",
					      record_clean(arena, record->returns)));
		return type;
	}
	codes = twz_new(arena, struct twz_type);
	*codes = *ret;
	codes->name = record->returns;
	codes->target = result_of(codes, arena);
	return codes;
}

/* What the function returns according to its record: one of some codes, a text, or an object. */
static const struct twz_type *
returned(struct twz_gate *gate, const struct twz_type *type, const struct record_gate *record,
	 struct twz_arena *arena)
{
	const struct twz_type *ret = type ? twz_type_strip(type) : &twz_type_void;
	struct twz_type *codes;

	if (!*record->returns)
		return type;
	if (!record->codes && record->fails)
		return failing(gate, type, record, arena);
	if (!record->codes && !strcmp(record->returns, "object")) {
		if (ret->kind != TWZ_POINTER)
			judge_refuse(gate, "its record says that it returns an object");
		return type;
	}
	if (!record->codes) {
		if (!judge_points_to_bytes(ret))
			judge_refuse(gate, "its record says that it returns a string");
		return &twz_type_string;
	}
	if (ret->kind != TWZ_INT || ret->size != 4) {
		judge_refuse(gate, twz_format(arena, "its record says that it returns %s, but it returns no int",
					      record->codes->name));
		return type;
	}
	codes = twz_new(arena, struct twz_type);
	*codes = (struct twz_type){
		.kind = TWZ_ENUM, .name = record->codes->name, .size = 4, .align = 4, .is_signed = true,
		.members = record->codes->values, .nmembers = record->codes->nvalues,
	};
	if (record->fails)
		codes->target = result_of(codes, arena);
	return codes;
}

void
returns_join(struct twz_gate *gate, struct twz_type *func, const struct record_gate *record, struct twz_arena *arena)
{
	func->target = returned(gate, func->target, record, arena);
	func->count = !record->codes && !strcmp(record->returns, "object") ? TWZ_RETURNS_OBJECT : failing_how(record);
	func->why = record->speaker;
}

/* The gate called @name, of @n; NULL: none. */
static const struct twz_gate *
find(const struct twz_gate *gates, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(gates[i].name, name))
			return &gates[i];
		for (uint32_t k = 0; k < gates[i].naliases; k++)
			if (!strcmp(gates[i].aliases[k], name))
				return &gates[i];
	}
	return NULL;
}

void
returns_judge_speakers(struct twz_gate *gates, size_t n, bool all, struct twz_arena *arena)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = gates[i].has_record && gates[i].type ? gates[i].type->why : NULL, *why = NULL;
		const struct twz_gate *speaker = name ? find(gates, n, name) : NULL;
		const struct twz_plan *plan, *other;
		struct twz_error err = { 0 };
		TWZ_ARENA scratch = { 0 };

		if (!name || gates[i].verdict == TWZ_VERDICT_REFUSED || (!speaker && !all))
			continue;
		if (!speaker)
			why = "is no gate of this service";
		else if (speaker->verdict == TWZ_VERDICT_REFUSED || !twz_plan_make(speaker, &scratch, &other, &err))
			why = "cannot be called itself";
		else if (twz_plan_make(&gates[i], &scratch, &plan, &err))
			why = twz_failtext_reason(plan, other);
		if (why)
			judge_refuse(&gates[i], twz_format(arena, "the text of its errors: %s %s", name, why));
	}
}
