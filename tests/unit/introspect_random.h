/* A service whose types no compiler made: hostile files come to that once they are decoded. */
#pragma once

#include "twz/arena.h"
#include "twz/type.h"

enum { NTYPES = 60, NGATES = 20 };

static inline unsigned
next(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16 & 0x7fff;
}

/* Types of every kind and form that lead anywhere, themselves included. */
static inline struct twz_service
make_random(unsigned seed, struct twz_arena *arena)
{
	static const char *const names[] = { "", "a", "b", "c", "reserved", "user", "pad1" };
	struct twz_type *types = twz_new_array(arena, NTYPES, struct twz_type);
	struct twz_gate *all = twz_new_array(arena, NGATES, struct twz_gate);

	for (int i = 0; i < NTYPES; i++) {
		struct twz_type *t = &types[i];
		uint32_t n = next(&seed) % 5;
		struct twz_member *m = twz_new_array(arena, n, struct twz_member);

		*t = (struct twz_type){
			.kind = (enum twz_kind)(next(&seed) % (TWZ_OPAQUE + 1)), .quals = next(&seed) % 16,
			.size = next(&seed) % 40, .align = next(&seed) % 9, .count = next(&seed) % 4,
			.is_signed = next(&seed) % 2, .name = names[next(&seed) % TWZ_COUNT(names)],
			.target = next(&seed) % 8 ? &types[next(&seed) % NTYPES] : NULL,
		};
		if (t->kind == TWZ_OPAQUE)
			t->form = (enum twz_form)(next(&seed) % (TWZ_FORM_OTHER + 1));
		for (uint32_t k = 0; k < n; k++)
			m[k] = (struct twz_member){
				.name = names[next(&seed) % TWZ_COUNT(names)],
				.type = t->kind == TWZ_ENUM ? NULL : &types[next(&seed) % NTYPES],
				.offset = next(&seed) % 64, .value = next(&seed) % 4,
				.bit_size = next(&seed) % 4 ? 0 : 3,
			};
		t->members = m;
		t->nmembers = n;
	}
	for (int i = 0; i < NGATES; i++) {
		uint32_t n = next(&seed) % 3;
		struct twz_member *m = twz_new_array(arena, n, struct twz_member);
		struct twz_type *func = twz_new(arena, struct twz_type);

		for (uint32_t k = 0; k < n; k++)
			m[k] = (struct twz_member){ .name = "p", .type = &types[next(&seed) % NTYPES] };
		*func = (struct twz_type){ .kind = TWZ_FUNC, .name = "", .members = m, .nmembers = n,
					   .target = &types[next(&seed) % NTYPES] };
		all[i] = (struct twz_gate){ .name = twz_format(arena, "f%d", i), .symbol = "f", .how = "",
					      .why = "", .type = func };
	}
	return (struct twz_service){ .name = "", .version = "", .path = "", .gates = all, .ngates = NGATES };
}
