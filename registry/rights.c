/*
 * Rights: asked for before a call, granted, taken back. The question is cheap where nothing is required, and
 * is otherwise asked anew each time, so that what is taken back is gone with the next call, whoever took it
 * back and in which process.
 */
#include "registry/rights_in.h"

#include <inttypes.h>
#include <string.h>


enum { NAME_MAX_ = 255, GATE_MAX = 4096 };

/* -- may ------------------------------------------------------------------------------------------- */

struct right_question {
	const char *context, *service, *capability, *gate;
	uint64_t number;		/* of the gate */
	bool numbered;
	const uint8_t *build_id;
	uint32_t build_id_size;
	uint32_t rights;
};

/* Why the best of the capabilities that could have answered did not. */
struct answer {
	bool yes;
	struct twz_error why;
};

static bool
is_for(const struct capability *c, const struct right_question *q)
{
	if ((strcmp(c->is.capability, "*") && strcmp(c->is.capability, q->capability)) ||
	    !capability_is_about(&c->is, q->service, q->gate))
		return false;
	return (!c->is.length && !c->is.align) ||
	       (q->numbered && registry_in_range(c->is.first, c->is.length, c->is.align, q->number));
}

static bool
is_of_this_file(const struct capability *c, const struct right_question *q)
{
	return (!c->is.length && !c->is.align) ||
	       (c->is.build_id_size == q->build_id_size &&
		!memcmp(c->is.build_id, q->build_id, q->build_id_size));
}

static bool
look_at(struct registry *reg, const struct capability *c, const struct right_question *q, uint32_t unmasked,
	struct twz_error *err)
{
	if (q->rights & ~c->is.rights)
		return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
				"does not say so much");
	if (q->rights & ~unmasked)
		return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
				"is masked in the context '%s'", q->context);
	if (!is_of_this_file(c, q))
		return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
				"is for numbers of gates in an older file");
	return capability_holds(reg, c, err);
}

static bool
ask_once(struct registry *reg, const struct right_question *q, struct answer *ret, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	uint32_t unmasked;
	bool row;

	*ret = (struct answer){ .yes = false };
	if (!registry_unmasked(reg, q->context, q->service, &unmasked, err) ||
	    !db_prepare(reg, "SELECT " CAPABILITY_COLUMNS " FROM capability"
			     " WHERE context = ? AND service = ? ORDER BY id", &st, err))
		return false;
	db_bind(st, 1, q->context);
	db_bind(st, 2, q->service);
	for (;;) {
		TWZ_ARENA arena = { 0 };
		struct twz_error why = { 0 };
		struct capability c;

		if (!db_step(reg, st, &row, err))
			return false;
		if (!row)
			return true;
		capability_read(st, &arena, &c);
		if (!is_for(&c, q))
			continue;
		ret->yes = look_at(reg, &c, q, unmasked, &why);
		if (ret->yes)
			return true;
		capability_say(&why, "capability %" PRId64, c.is.id);
		/* A forged one is what somebody should hear of. */
		if (!ret->why.cls || (ret->why.code == TWZ_ERR(SECURITY, GATE_DENIED) &&
				      why.code != ret->why.code))
			ret->why = why;
	}
}

static bool
ask(struct registry *reg, const struct right_question *q, struct answer *ret, struct twz_error *err)
{
	return ask_once(reg, q, ret, err) ||
	       (registry_recover(reg, err) && ask_once(reg, q, ret, err));
}

static bool
say_why(const struct right_question *q, const struct answer *a, struct twz_error *err)
{
	if (err && a->why.code)
		err->code = a->why.code;
	if (a->why.cls != TWZ_CLASS_NONE)
		return twz_hint(err, "%.300s", a->why.text);
	return twz_hint(err, "it needs the capability '%s', which the context '%s' does not hold",
			q->capability, q->context);
}

bool
registry_may_call(struct registry *reg, const char *context, const struct twz_service *service,
		  const struct twz_gate *gate, struct twz_error *err)
{
	const struct right_question q = {
		.context = context, .service = service->name, .capability = gate->requires,
		.gate = gate->name, .number = gate->index, .numbered = true,
		.build_id = service->build_id, .build_id_size = service->build_id_size,
		.rights = RIGHT_CALL,
	};
	struct answer a;

	if (!*gate->requires || !strcmp(context, REGISTRY_OWNER))
		return true;
	if (!ask(reg, &q, &a, err))
		return false;
	if (a.yes)
		return true;
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
		 "Failed to call %s in %s: Permission denied", gate->name, service->name);
	return say_why(&q, &a, err);
}

bool
registry_may_use(struct registry *reg, const char *context, const char *capability, const char *what,
		 uint32_t rights, struct twz_error *err)
{
	const struct right_question q = { .context = context, .service = REGISTRY_HOST, .capability = capability,
				    .gate = what, .rights = rights };
	struct answer a;

	if (!ask(reg, &q, &a, err))
		return false;
	if (a.yes)
		return true;
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, ACCESS_DENIED), "%s %s was not granted to %s",
		 capability, what, context);
	return say_why(&q, &a, err);
}

/* -- grant ----------------------------------------------------------------------------------------- */

static bool
is_name(const char *text)
{
	size_t n = strlen(text);

	return n && n <= NAME_MAX_ && !text[strcspn(text, " \t\n\r\"'()[]{};|")];
}

static bool
is_sound(const struct registry_capability *c, const struct registry *reg, struct twz_error *err)
{
	const char *why = NULL;

	if (!is_name(c->context))
		why = "a context is a name of at most 255 bytes, without blanks, quotes and brackets";
	else if (!strcmp(c->context, REGISTRY_OWNER))
		why = "the context 'owner' holds everything already";
	else if (!is_name(c->service) || !is_name(c->capability) || strlen(c->gate) > GATE_MAX)
		why = "a service, a gate or a capability is a name";
	else if (!c->rights || c->rights & ~(uint32_t)RIGHT_ALL)
		why = "there are the rights call, read and write";
	else if (c->length && c->first + c->length < c->first)
		why = "the range of gates is too large";
	else if (c->expires && c->expires <= registry_now(reg))
		why = "its time of expiry has passed";
	return !why || twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "%s", why);
}

/* Finds what @c can be passed on from; for the owner, nothing. */
static bool
find_above(struct registry *reg, struct registry_capability *c, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	uint32_t unmasked;
	bool row;

	c->parent = 0;
	if (!strcmp(c->grantor, REGISTRY_OWNER))
		return true;
	if (!registry_unmasked(reg, c->grantor, c->service, &unmasked, err) ||
	    !db_prepare(reg, "SELECT " CAPABILITY_COLUMNS " FROM capability"
			     " WHERE context = ? AND service = ? ORDER BY id", &st, err))
		return false;
	db_bind(st, 1, c->grantor);
	db_bind(st, 2, c->service);
	for (;;) {
		struct registry_capability wanted = *c;
		TWZ_ARENA arena = { 0 };
		struct capability above;

		if (!db_step(reg, st, &row, err))
			return false;
		if (!row)
			break;
		capability_read(st, &arena, &above);
		if (!wanted.expires)
			wanted.expires = above.is.expires;
		if (c->rights & ~unmasked || !capability_covers(&above.is, &wanted) || !capability_holds(reg, &above, NULL))
			continue;
		c->parent = above.is.id;
		c->expires = wanted.expires;
		return true;
	}
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
		 "Failed to call grant in sys: Permission denied");
	return twz_hint(err, "the context '%s' holds nothing that it may pass on and that says as much",
			c->grantor);
}

static bool
put_context(struct registry *reg, const char *name, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_prepare(reg, "INSERT OR IGNORE INTO context VALUES (?, 0, 7)", &st, err))
		return false;
	db_bind(st, 1, name);
	return db_run(reg, st, err);
}

static bool
put_row(struct registry *reg, struct registry_capability *c, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	const int64_t numbers[] = { (int64_t)c->first, (int64_t)c->length, (int64_t)c->align };

	if (!db_prepare(reg, "INSERT INTO capability VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,x'',x'')",
			&st, err))
		return false;
	db_bind(st, 1, c->context);
	db_bind(st, 2, c->service);
	db_bind(st, 3, c->capability);
	db_bind(st, 4, c->gate);
	for (int i = 0; i < 3; i++)
		sqlite3_bind_int64(st, 5 + i, numbers[i]);
	sqlite3_bind_blob(st, 8, c->build_id, (int)c->build_id_size, SQLITE_STATIC);
	sqlite3_bind_int64(st, 9, c->rights);
	sqlite3_bind_int64(st, 10, c->delegable ? CAPABILITY_DELEGABLE : 0);
	sqlite3_bind_int64(st, 11, c->expires);
	sqlite3_bind_int64(st, 12, c->granted);
	db_bind(st, 13, c->grantor);
	if (c->parent)
		sqlite3_bind_int64(st, 14, c->parent);
	if (!db_run(reg, st, err))
		return false;
	c->id = sqlite3_last_insert_rowid(reg->db);
	return true;
}

/* Its number is part of what is signed, so that the row comes first. */
static bool
sign_row(struct registry *reg, const struct registry_capability *c, const struct rights_key *key,
	 struct twz_error *err)
{
	unsigned char signature[SIGNATURE_SIZE];
	DB_STATEMENT *st = NULL;
	TWZ_TEXT text = { 0 };

	capability_text(c, &text);
	rights_sign(key, text.bytes, text.n, signature);
	if (!db_prepare(reg, "UPDATE capability SET scheme = ?, key = ?, signature = ? WHERE id = ?", &st,
			err))
		return false;
	sqlite3_bind_int64(st, 1, SCHEME_ED25519);
	sqlite3_bind_blob(st, 2, key->open, KEY_SIZE, SQLITE_STATIC);
	sqlite3_bind_blob(st, 3, signature, SIGNATURE_SIZE, SQLITE_STATIC);
	sqlite3_bind_int64(st, 4, c->id);
	return db_run(reg, st, err);
}

static bool
grant_once(struct registry *reg, struct registry_capability *c, const struct rights_key *key,
	   struct twz_error *err)
{
	DB_TRANSACTION t = { NULL };

	return db_writer(reg, err) && db_begin(reg, &t, err) && find_above(reg, c, err) &&
	       put_context(reg, c->context, err) && put_row(reg, c, err) && sign_row(reg, c, key, err) &&
	       db_commit(&t, err);
}

bool
registry_grant(struct registry *reg, const struct registry_capability *wanted, int64_t *ret,
	       struct twz_error *err)
{
	struct registry_capability c = *wanted;
	RIGHTS_KEY key = { 0 };

	c.granted = registry_now(reg);
	if (!c.build_id)
		c.build_id = (const uint8_t *)"";
	if (!is_sound(&c, reg, err))
		return false;
	if (!rights_key_read(reg, true, &key, err) ||
	    (!grant_once(reg, &c, &key, err) &&
	     (!registry_recover(reg, err) || !grant_once(reg, &c, &key, err))))
		return false;
	*ret = c.id;
	return true;
}

/* -- revoke ---------------------------------------------------------------------------------------- */

/* Whoever granted it, or one that it was passed on from. */
static bool
may_revoke(struct registry *reg, const char *by, int64_t id, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	struct capability c;

	for (int depth = 0; id && depth < CAPABILITY_DEEPEST; depth++, id = c.is.parent) {
		struct twz_error failure = { 0 };

		if (!capability_find(reg, id, &arena, &c, &failure)) {
			if (failure.cls && err)
				*err = failure;
			break;
		}
		if (!strcmp(c.is.grantor, by))
			return true;
	}
	return false;
}

static bool
revoke_once(struct registry *reg, const char *by, int64_t id, uint64_t *n, struct twz_error *err)
{
	DB_TRANSACTION t = { NULL };
	DB_STATEMENT *st = NULL;
	TWZ_ARENA arena = { 0 };
	int64_t before, after;
	struct capability c;

	if (!db_writer(reg, err) || !db_begin(reg, &t, err))
		return false;
	if (strcmp(by, REGISTRY_OWNER) && !may_revoke(reg, by, id, err)) {
		twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
			 "Failed to call revoke in sys: Permission denied");
		return twz_hint(err, "the context '%s' has granted no capability %" PRId64, by, id);
	}
	if (!capability_find(reg, id, &arena, &c, err))
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND),
				"there is no capability %" PRId64, id);
	if (!db_number(reg, "SELECT count(*) FROM capability", &before, err) ||
	    !db_prepare(reg, "DELETE FROM capability WHERE id = ?", &st, err))
		return false;
	sqlite3_bind_int64(st, 1, id);
	if (!db_run(reg, st, err) || !db_number(reg, "SELECT count(*) FROM capability", &after, err))
		return false;
	*n = (uint64_t)(before - after);
	return db_commit(&t, err);
}

bool
registry_revoke(struct registry *reg, const char *by, int64_t id, uint64_t *n, struct twz_error *err)
{
	return revoke_once(reg, by, id, n, err) ||
	       (registry_recover(reg, err) && revoke_once(reg, by, id, n, err));
}

/* -- list ------------------------------------------------------------------------------------------ */

bool
registry_capabilities(struct registry *reg, const char *context, struct twz_arena *arena,
		      const struct registry_capability **ret, size_t *n, struct twz_error *err)
{
	struct registry_capability *all = NULL;
	DB_STATEMENT *st = NULL;
	bool row;

	*n = 0;
	*ret = NULL;
	if (!db_prepare(reg, "SELECT " CAPABILITY_COLUMNS " FROM capability"
			     " WHERE ?1 IS NULL OR context = ?1 ORDER BY id", &st, err))
		return false;
	if (context)
		db_bind(st, 1, context);
	for (;;) {
		struct twz_error why = { 0 };
		struct capability c;

		if (!db_step(reg, st, &row, err))
			return false;
		if (!row)
			break;
		capability_read(st, arena, &c);
		c.is.state = capability_holds(reg, &c, &why) ? "valid" : twz_strdup(arena, why.text);
		twz_push(arena, all, *n, c.is);
	}
	*ret = all;
	return true;
}
