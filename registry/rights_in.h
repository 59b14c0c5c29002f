/* Inside registry/: capabilities as rows, and what one covers. */
#pragma once

#include "registry/db.h"
#include "registry/rights.h"
#include "registry/rights_key.h"
#include "twz/text.h"

enum { CAPABILITY_DELEGABLE = 1, CAPABILITY_DEEPEST = 16 };

#define CAPABILITY_COLUMNS \
	"id, context, service, capability, gate, first, length, align, build_id, rights, flags, expires," \
	" granted, grantor, parent, scheme, key, signature"

/* A row, copied. */
struct capability {
	struct registry_capability is;
	struct rights_seal seal;
};

void capability_read(sqlite3_stmt *st, struct twz_arena *arena, struct capability *ret);
/** The one with this number; false without an error set when there is none. */
TWZ_MUST bool capability_find(struct registry *reg, int64_t id, struct twz_arena *arena,
			      struct capability *ret, struct twz_error *err);
/** Everything that is signed. */
void capability_text(const struct registry_capability *c, struct twz_text *ret);

/** Puts "fmt " before the text of a failure. Returns false. */
bool capability_say(struct twz_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), cold));

/** Whether whoever holds @above could pass on @c. */
bool capability_covers(const struct registry_capability *above, const struct registry_capability *c);
/** Whether it is about gate or thing @gate of @service. */
bool capability_is_about(const struct registry_capability *c, const char *service, const char *gate);

/**
 * Whether it holds now: signature, time, and the same of all that it was passed on from. The text of the
 * error says what is wrong, to stand after "capability N ".
 */
TWZ_MUST bool capability_holds(struct registry *reg, const struct capability *c, struct twz_error *err);
