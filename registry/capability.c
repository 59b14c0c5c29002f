/*
 * One capability: its row, the bytes that are signed, what it covers and whether it still holds.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "registry/rights_in.h"

bool
registry_in_range(uint64_t first, uint64_t length, uint64_t align, uint64_t number)
{
	if (length && (number < first || number - first >= length))
		return false;
	return !align || number % align == 0;
}

void
registry_set_clock(struct registry *reg, int64_t (*now)(void))
{
	reg->now = now;
}

int64_t
registry_now(const struct registry *reg)
{
	struct timespec now;

	if (reg->now)
		return reg->now();
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* -- rows ------------------------------------------------------------------------------------------- */

static const void *
copy_blob(sqlite3_stmt *st, int column, struct twz_arena *arena, int *n)
{
	const void *bytes = sqlite3_column_blob(st, column);

	*n = sqlite3_column_bytes(st, column);
	return *n ? memcpy(twz_alloc(arena, (size_t)*n), bytes, (size_t)*n) : "";
}

static const char *
copy_text(sqlite3_stmt *st, int column, struct twz_arena *arena)
{
	const char *text = db_text(st, column, arena);

	return text ? text : "";
}

void
capability_read(sqlite3_stmt *st, struct twz_arena *arena, struct capability *ret)
{
	int build_id;

	*ret = (struct capability){
		.is = {
			.id = sqlite3_column_int64(st, 0),
			.context = copy_text(st, 1, arena),
			.service = copy_text(st, 2, arena),
			.capability = copy_text(st, 3, arena),
			.gate = copy_text(st, 4, arena),
			.first = (uint64_t)sqlite3_column_int64(st, 5),
			.length = (uint64_t)sqlite3_column_int64(st, 6),
			.align = (uint64_t)sqlite3_column_int64(st, 7),
			.build_id = copy_blob(st, 8, arena, &build_id),
			.rights = (uint32_t)sqlite3_column_int64(st, 9),
			.delegable = sqlite3_column_int64(st, 10) & CAPABILITY_DELEGABLE,
			.expires = sqlite3_column_int64(st, 11),
			.granted = sqlite3_column_int64(st, 12),
			.grantor = copy_text(st, 13, arena),
			.parent = sqlite3_column_int64(st, 14),
		},
		.seal.scheme = sqlite3_column_int64(st, 15),
	};
	ret->is.build_id_size = (uint32_t)build_id;
	ret->seal.key = copy_blob(st, 16, arena, &ret->seal.key_size);
	ret->seal.signature = copy_blob(st, 17, arena, &ret->seal.signature_size);
}

bool
capability_find(struct registry *reg, int64_t id, struct twz_arena *arena, struct capability *ret,
		struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	bool row;

	if (!db_prepare(reg, "SELECT " CAPABILITY_COLUMNS " FROM capability WHERE id = ?", &st, err))
		return false;
	sqlite3_bind_int64(st, 1, id);
	if (!db_step(reg, st, &row, err) || !row)
		return false;
	capability_read(st, arena, ret);
	return true;
}

static void
add_number(struct twz_text *text, uint64_t n)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(n >> 8 * i);
	twz_text_add(text, (const char *)bytes, sizeof(bytes));
}

/* With its length first: no two rows have the same bytes. */
static void
add_bytes(struct twz_text *text, const void *bytes, size_t n)
{
	add_number(text, n);
	if (n)
		twz_text_add(text, bytes, n);
}

void
capability_text(const struct registry_capability *c, struct twz_text *ret)
{
	const char *const texts[] = { "twz capability 1", c->context, c->service, c->capability, c->gate,
				      c->grantor };
	const uint64_t numbers[] = {
		(uint64_t)c->id, c->first, c->length, c->align, c->rights, c->delegable,
		(uint64_t)c->expires, (uint64_t)c->granted, (uint64_t)c->parent,
	};

	for (size_t i = 0; i < TWZ_COUNT(texts); i++)
		add_bytes(ret, texts[i], strlen(texts[i]));
	add_bytes(ret, c->build_id, c->build_id_size);
	for (size_t i = 0; i < TWZ_COUNT(numbers); i++)
		add_number(ret, numbers[i]);
}

/* -- what it covers --------------------------------------------------------------------------------- */

/* In the folder @tree, or it itself. */
static bool
is_below(const char *tree, const char *path)
{
	size_t n = strlen(tree);

	while (n > 1 && tree[n - 1] == '/')
		n--;
	if (strstr(path, "/../") || (strlen(path) >= 3 && !strcmp(path + strlen(path) - 3, "/..")))
		return false;
	return !strncmp(tree, path, n) && (!path[n] || path[n] == '/' || n == 1);
}

static bool
covers_thing(const struct registry_capability *c, const char *thing)
{
	if (!strcmp(c->capability, "files"))
		return is_below(c->gate, thing);
	if (!strcmp(c->capability, "memory"))
		return strtoull(thing, NULL, 10) <= strtoull(c->gate, NULL, 10);
	return !strcmp(c->gate, thing);
}

bool
capability_is_about(const struct registry_capability *c, const char *service, const char *gate)
{
	if (strcmp(c->service, service))
		return false;
	return !*c->gate || (!strcmp(service, REGISTRY_HOST) ? covers_thing(c, gate) : !strcmp(c->gate, gate));
}

bool
registry_covers(const struct registry_capability *above, const struct registry_capability *c)
{
	return !strcmp(above->capability, c->capability) && !(c->rights & ~above->rights) &&
	       capability_is_about(above, c->service, c->gate);
}

static bool
covers_range(const struct registry_capability *above, const struct registry_capability *c)
{
	if (!above->length && !above->align)
		return true;
	if (above->build_id_size != c->build_id_size ||
	    memcmp(above->build_id, c->build_id, c->build_id_size))
		return false;
	if (above->align && (!c->align || c->align % above->align))
		return false;
	return !above->length || (c->length && c->first >= above->first &&
				  c->first - above->first <= above->length &&
				  c->length <= above->length - (c->first - above->first));
}

bool
capability_covers(const struct registry_capability *above, const struct registry_capability *c)
{
	return above->delegable && !strcmp(above->service, c->service) &&
	       (!strcmp(above->capability, "*") || !strcmp(above->capability, c->capability)) &&
	       (!*above->gate || (*c->gate && capability_is_about(above, c->service, c->gate))) &&
	       covers_range(above, c) && !(c->rights & ~above->rights) &&
	       (!above->expires || (c->expires && c->expires <= above->expires));
}

/* -- whether it holds ------------------------------------------------------------------------------- */

static bool
expired(const struct registry_capability *c, struct twz_error *err)
{
	time_t seconds = (time_t)(c->expires / 1000);
	struct tm tm;
	char text[32];

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED), "expired at %s", text);
}

bool
capability_say(struct twz_error *err, const char *fmt, ...)
{
	char before[128], text[sizeof(err->text)];
	va_list ap;

	if (!err)
		return false;
	va_start(ap, fmt);
	vsnprintf(before, sizeof(before), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "%s %.300s", before, err->text);
	memcpy(err->text, text, sizeof(err->text));
	return false;
}

/* Itself, whatever it was passed on from. */
static bool
holds_alone(struct registry *reg, const struct capability *c, struct twz_error *err)
{
	TWZ_TEXT text = { 0 };

	capability_text(&c->is, &text);
	return rights_verify(reg, &c->seal, text.bytes, text.n, err) &&
	       (!c->is.expires || registry_now(reg) < c->is.expires || expired(&c->is, err));
}

bool
capability_holds(struct registry *reg, const struct capability *c, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	struct capability at = *c;

	for (int depth = 0; depth < CAPABILITY_DEEPEST; depth++) {
		struct capability above;

		if (!holds_alone(reg, &at, err))
			return depth ? capability_say(err, "was passed on from %" PRId64 ", which", at.is.id)
				     : false;
		if (!at.is.parent)
			return !strcmp(at.is.grantor, REGISTRY_OWNER) ||
			       twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
					"was granted by nobody who could");
		if (!capability_find(reg, at.is.parent, &arena, &above, err))
			return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
					"was passed on from one that was taken back");
		if (!capability_covers(&above.is, &at.is) || strcmp(above.is.context, at.is.grantor))
			return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
					"says more than the one that it was passed on from");
		at = above;
	}
	return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
			"was passed on too many times");
}
