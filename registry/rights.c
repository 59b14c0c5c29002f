#include <string.h>

#include "registry/db.h"

/* Whoever runs the embedded monitor owns the registry: design.md section 8. */
static const char owner[] = "owner";

static bool
holds_once(struct registry *reg, const char *context, const char *service, const char *capability,
	   bool *ret, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_prepare(reg, "SELECT 1 FROM capability WHERE context = ? AND service = ?"
			     " AND capability = ?", &st, err))
		return false;
	db_bind(st, 1, context);
	db_bind(st, 2, service);
	db_bind(st, 3, capability);
	return db_step(reg, st, ret, err);
}

bool
registry_may_call(struct registry *reg, const char *context, const char *service,
		  const struct twz_gate *gate, struct twz_error *err)
{
	bool holds;

	if (!*gate->requires || !strcmp(context, owner))
		return true;
	if (!holds_once(reg, context, service, gate->requires, &holds, err) &&
	    (!registry_recover(reg, err) ||
	     !holds_once(reg, context, service, gate->requires, &holds, err)))
		return false;
	if (holds)
		return true;
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
		 "Failed to call %s in %s: Permission denied", gate->name, service);
	return twz_hint(err, "it needs the capability '%s', which the context '%s' does not hold",
			gate->requires, context);
}

static bool
put(struct registry *reg, const char *sql, const char *const values[3], struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_prepare(reg, sql, &st, err))
		return false;
	for (int i = 0; i < sqlite3_bind_parameter_count(st); i++)
		db_bind(st, i + 1, values[i]);
	return db_run(reg, st, err);
}

static bool
grant_once(struct registry *reg, const char *const values[3], struct twz_error *err)
{
	DB_TRANSACTION t = { NULL };

	return db_writer(reg, err) && db_begin(reg, &t, err) &&
	       put(reg, "INSERT OR IGNORE INTO context VALUES (?)", values, err) &&
	       put(reg, "INSERT OR IGNORE INTO capability VALUES (?, ?, ?)", values, err) &&
	       db_commit(&t, err);
}

bool
registry_grant(struct registry *reg, const char *context, const char *service,
	       const char *capability, struct twz_error *err)
{
	const char *const values[3] = { context, service, capability };

	return grant_once(reg, values, err) ||
	       (registry_recover(reg, err) && grant_once(reg, values, err)) ||
	       twz_wrap(err, "grant %s in %s to %s", capability, service, context);
}
