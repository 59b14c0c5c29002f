#include "registry/order.h"

#include <endian.h>
#include <string.h>

#include "registry/words.h"

enum { MOST_GATES = 1 << 22, PLACE_BYTES = 4 };

/* -- writing ---------------------------------------------------------------------------------------- */

struct named {
	const char *name;
	uint32_t place;
};

static int
by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

void
order_make(const struct twz_gate *gates, size_t n, struct twz_arena *arena, const uint8_t **ret)
{
	struct named *named;
	uint8_t *places;
	size_t in_order = 1;

	*ret = NULL;
	/* All functions of a library mostly are. */
	while (in_order < n && strcmp(gates[in_order - 1].name, gates[in_order].name) <= 0)
		in_order++;
	if (in_order >= n)
		return;
	named = twz_new_array(arena, n, struct named);
	for (uint32_t i = 0; i < n; i++)
		named[i] = (struct named){ gates[i].name, i };
	qsort(named, n, sizeof(*named), by_name);
	*ret = places = twz_alloc(arena, n * PLACE_BYTES);
	for (size_t i = 0; i < n; i++) {
		uint32_t place = htole32(named[i].place);

		memcpy(places + i * PLACE_BYTES, &place, PLACE_BYTES);
	}
}

/* -- reading ---------------------------------------------------------------------------------------- */

/* As it is stored; the bytes are the statement's. */
struct order {
	struct registry *reg;
	int64_t service;
	size_t n;
	const uint8_t *places;		/* NULL: 0, 1, 2, … */
	struct twz_error *err;
};

/* From columns id, gates and by_name. */
static bool
order_read(struct order *o, sqlite3_stmt *st)
{
	int64_t n = sqlite3_column_int64(st, 1);
	int bytes = sqlite3_column_bytes(st, 2);

	o->service = sqlite3_column_int64(st, 0);
	if (o->service < 0 || o->service > INT32_MAX || n < 0 || n > MOST_GATES ||
	    (bytes && bytes != n * PLACE_BYTES))
		return db_nonsense(o->reg, o->err, "names of gates are missing");
	o->n = (size_t)n;
	o->places = bytes ? sqlite3_column_blob(st, 2) : NULL;
	return true;
}

static uint32_t
place_of(const struct order *o, size_t i)
{
	uint32_t place;

	if (!o->places)
		return (uint32_t)i;
	memcpy(&place, o->places + i * PLACE_BYTES, sizeof(place));
	return le32toh(place);
}

/* The name of the gate at @i in the order; it is the statement's, which is reset by whoever is done with it. */
static bool
name_at(const struct order *o, size_t i, const char **ret)
{
	struct registry *reg = o->reg;
	bool row;

	if (!reg->find_name && !db_prepare(reg, "SELECT name FROM gate WHERE id = ?1", &reg->find_name, o->err))
		return false;
	sqlite3_reset(reg->find_name);
	sqlite3_bind_int64(reg->find_name, 1, words_first(o->service) + place_of(o, i));
	if (!db_step(reg, reg->find_name, &row, o->err))
		return false;
	*ret = row ? (const char *)sqlite3_column_text(reg->find_name, 0) : NULL;
	return *ret || db_nonsense(reg, o->err, "a gate is missing");
}

/* How many begin with less than the @n bytes of @prefix; @after: with no more than that. */
static bool
count_before(const struct order *o, const char *prefix, size_t n, bool after, size_t *ret)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *name;
		int order;

		if (!name_at(o, middle, &name))
			return false;
		order = strncmp(name, prefix, n);
		if (order < 0 || (after && !order))
			low = middle + 1;
		else
			high = middle;
	}
	*ret = low;
	return true;
}

/* Where those that begin with @prefix end. That of one whole name, of which the first is wanted, is behind it. */
static bool
find_end(const struct order *o, const char *prefix, bool exact, size_t first, size_t *ret)
{
	const char *name;

	if (!exact)
		return count_before(o, prefix, strlen(prefix), true, ret);
	*ret = first;
	if (first == o->n)
		return true;
	if (!name_at(o, first, &name))
		return false;
	*ret += !strcmp(name, prefix);
	return true;
}

static bool
find(struct order *o, const char *prefix, bool exact, struct twz_arena *arena, uint32_t **ret, size_t *n)
{
	size_t first, end;
	uint32_t *places;

	if (!count_before(o, prefix, strlen(prefix) + exact, false, &first) || !find_end(o, prefix, exact, first, &end))
		return false;
	*n = end > first ? end - first : 0;	/* an order that is none may say anything */
	*ret = places = twz_new_array(arena, *n, uint32_t);
	for (size_t i = 0; i < *n; i++)
		places[i] = place_of(o, first + i);
	return true;
}

bool
order_find(struct registry *reg, const char *path, const char *prefix, bool exact, struct twz_arena *arena,
	   int64_t *service, uint32_t **ret, size_t *n, struct twz_error *err)
{
	struct order o = { .reg = reg, .err = err };
	bool ok, row;

	*n = 0;
	*service = 0;
	if (!reg->find_order &&
	    !db_prepare(reg, "SELECT id, gates, by_name FROM file JOIN service ON id = service WHERE path = ?1",
			&reg->find_order, err))
		return false;
	sqlite3_bind_text(reg->find_order, 1, path, -1, SQLITE_TRANSIENT);
	ok = db_step(reg, reg->find_order, &row, err) &&
	     (!row || (order_read(&o, reg->find_order) && find(&o, prefix, exact, arena, ret, n)));
	*service = o.service;
	return ok;
}

void
order_end(struct registry *reg)
{
	if (reg->find_name)
		sqlite3_reset(reg->find_name);
	if (reg->find_order)
		sqlite3_reset(reg->find_order);
}

bool
order_verify(struct registry *reg, int64_t service, struct twz_error *err)
{
	struct order o = { .reg = reg, .err = err };
	DB_STATEMENT *st = NULL;
	TWZ_ARENA arena = { 0 };
	const char *before = NULL, *name;
	bool ok, row;

	if (!db_prepare(reg, "SELECT id, gates, by_name FROM service WHERE id = ?1", &st, err))
		return false;
	sqlite3_bind_int64(st, 1, service);
	ok = db_step(reg, st, &row, err) && (!row || order_read(&o, st));
	for (size_t i = 0; ok && i < o.n; i++) {
		int order;

		if (!(ok = name_at(&o, i, &name)))
			break;
		order = before ? strcmp(before, name) : -1;
		if (order > 0 || (!order && place_of(&o, i - 1) >= place_of(&o, i)))
			ok = db_nonsense(reg, err, "names of gates are in no order");
		before = twz_strdup(&arena, name);
	}
	if (reg->find_name)
		sqlite3_reset(reg->find_name);
	return ok;
}
