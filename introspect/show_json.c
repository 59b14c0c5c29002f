/*
 * A service as JSON, schema "twz.gates" 1. Fields are only ever added.
 *
 *   {"twz.gates":1, "path", "service", "version", "doc", "build_id": hex, "partial",
 *    "gates": [{"name", "symbol", "role": "gate"|"from_string"|"to_string", "signature",
 *               "type": id|null, "verdict": "callable"|"needs care"|"refused", "why", "how",
 *               "doc", "aliases": [], "level", "requires", "readonly", "converts", "marked",
 *               "address", "hash": hex, "index"}],
 *    "types": [{"id", "kind", "name", "size", "align", "signed", "const", "flags", "variadic",
 *               "prototyped", "count", "target": id|null,
 *               "members": [{"name", "type": id|null, "offset", "value", "bit_size", "bit_offset",
 *                            "dir": "in"|"out"|"inout", "secret", "optional",
 *                            "extent": {"param"}|{"count"}|null, "text": string|null}]}]}
 *
 * Types refer to each other by id; the ids mean nothing outside of the document.
 */
#include <inttypes.h>
#include <string.h>

#include "introspect/show.h"
#include "twz/json.h"
#include "twz/typetext.h"

/* Types in the order in which they are met, found by address. */
struct ids {
	struct twz_arena arena;
	const struct twz_type **list;
	size_t n;
	struct { const struct twz_type *type; size_t id; } *slots;
	size_t size;
};

static size_t
slot_of(const struct ids *ids, const struct twz_type *type)
{
	size_t i = (size_t)(((uintptr_t)type >> 4) * 0x9e3779b97f4a7c15) & (ids->size - 1);

	while (ids->slots[i].type && ids->slots[i].type != type)
		i = (i + 1) & (ids->size - 1);
	return i;
}

static void
grow(struct ids *ids)
{
	ids->size = ids->size ? ids->size * 2 : 256;
	ids->slots = twz_alloc_array(&ids->arena, ids->size, sizeof(*ids->slots));
	for (size_t i = 0; i < ids->n; i++) {
		size_t slot = slot_of(ids, ids->list[i]);

		ids->slots[slot].type = ids->list[i];
		ids->slots[slot].id = i;
	}
}

static void
write_id(FILE *out, struct ids *ids, const struct twz_type *type)
{
	size_t slot;

	if (!type) {
		fputs("null", out);
		return;
	}
	if (ids->n * 2 >= ids->size)
		grow(ids);
	slot = slot_of(ids, type);
	if (!ids->slots[slot].type) {
		ids->slots[slot].type = type;
		ids->slots[slot].id = ids->n;
		twz_push(&ids->arena, ids->list, ids->n, type);
	}
	fprintf(out, "%zu", ids->slots[slot].id);
}

static void
write_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	if (text)
		twz_json_string(out, text, strlen(text));
	else
		fputs("null", out);
}

static void
write_bool(FILE *out, const char *key, bool value)
{
	fprintf(out, ",\"%s\":%s", key, value ? "true" : "false");
}

static const char *
level_name(enum twz_level level)
{
	static const char *const names[] = {
#define X(name, text) [TWZ_LEVEL_##name] = text,
		TWZ_LEVELS(X)
#undef X
	};

	return names[level];
}

static const char *
role_name(enum twz_role role)
{
	static const char *const names[] = {
#define X(name, text) [TWZ_ROLE_##name] = text,
		TWZ_ROLES(X)
#undef X
	};

	return names[role];
}

static const char *
verdict_name(enum twz_verdict verdict)
{
	static const char *const names[] = {
#define X(name, text) [TWZ_VERDICT_##name] = text,
		TWZ_VERDICTS(X)
#undef X
	};

	return names[verdict];
}

static void
write_gate(FILE *out, struct ids *ids, const struct twz_gate *gate)
{
	TWZ_ARENA arena = { 0 };

	fputs("{\"name\":", out);
	twz_json_string(out, gate->name, strlen(gate->name));
	write_text(out, "symbol", gate->symbol);
	write_text(out, "role", role_name(gate->role));
	write_text(out, "signature", twz_signature_text(&arena, gate));
	fputs(",\"type\":", out);
	write_id(out, ids, gate->type);
	write_text(out, "verdict", verdict_name(gate->verdict));
	write_text(out, "why", gate->why);
	write_text(out, "how", gate->how);
	write_text(out, "doc", gate->doc);
	fputs(",\"aliases\":[", out);
	for (uint32_t i = 0; i < gate->naliases; i++) {
		fputs(i ? "," : "", out);
		twz_json_string(out, gate->aliases[i], strlen(gate->aliases[i]));
	}
	fputc(']', out);
	write_text(out, "level", level_name(gate->level));
	write_text(out, "requires", gate->requires);
	write_bool(out, "readonly", gate->readonly);
	write_text(out, "converts", gate->converts);
	write_bool(out, "marked", gate->has_record);
	fprintf(out, ",\"address\":%" PRIu64 ",\"hash\":\"%016" PRIx64 "\",\"index\":%u}",
		gate->address, gate->hash, gate->index);
}

static void
write_member(FILE *out, struct ids *ids, const struct twz_type *owner, const struct twz_member *m)
{
	static const char *const dirs[] = { [TWZ_IN] = "in", [TWZ_OUT] = "out",
					    [TWZ_INOUT] = "inout" };

	fputs("{\"name\":", out);
	twz_json_string(out, m->name, strlen(m->name));
	fputs(",\"type\":", out);
	write_id(out, ids, m->type);
	fprintf(out, ",\"offset\":%" PRIu64, m->offset);
	if (owner->is_signed)
		fprintf(out, ",\"value\":%" PRId64, m->value);
	else
		fprintf(out, ",\"value\":%" PRIu64, (uint64_t)m->value);
	fprintf(out, ",\"bit_size\":%u,\"bit_offset\":%u", m->bit_size, m->bit_offset);
	write_text(out, "dir", dirs[m->dir]);
	write_bool(out, "secret", m->secret);
	write_bool(out, "optional", m->optional);
	if (!m->has_extent)
		fputs(",\"extent\":null", out);
	else if (m->extent >= 0)
		fprintf(out, ",\"extent\":{\"param\":%d}", m->extent);
	else
		fprintf(out, ",\"extent\":{\"count\":%" PRIu64 "}", m->count);
	write_text(out, "text", m->text);
	fputc('}', out);
}

static void
write_type(FILE *out, struct ids *ids, size_t id)
{
	const struct twz_type *t = ids->list[id];

	fprintf(out, "%s{\"id\":%zu", id ? "," : "", id);
	write_text(out, "kind", twz_kind_name(t->kind));
	write_text(out, "name", t->name ? t->name : "");
	fprintf(out, ",\"size\":%u,\"align\":%u", t->size, t->align);
	write_bool(out, "signed", t->is_signed);
	write_bool(out, "const", t->is_const);
	write_bool(out, "flags", t->is_flags);
	write_bool(out, "variadic", t->is_variadic);
	write_bool(out, "prototyped", t->is_prototyped);
	fprintf(out, ",\"count\":%" PRIu64 ",\"target\":", t->count);
	write_id(out, ids, t->target);
	fputs(",\"members\":[", out);
	for (uint32_t i = 0; i < t->nmembers; i++) {
		fputs(i ? "," : "", out);
		write_member(out, ids, t, &t->members[i]);
	}
	fputs("]}", out);
}

void
show_json(FILE *out, const struct twz_service *service)
{
	struct ids ids = { 0 };

	fputs("{\"twz.gates\":1", out);
	write_text(out, "path", service->path);
	write_text(out, "service", service->name);
	write_text(out, "version", service->version);
	write_text(out, "doc", service->doc);
	fputs(",\"build_id\":\"", out);
	for (uint32_t i = 0; i < service->build_id_size; i++)
		fprintf(out, "%02x", service->build_id[i]);
	fputc('"', out);
	write_bool(out, "partial", service->partial);
	fputs(",\"gates\":[", out);
	for (uint32_t i = 0; i < service->ngates; i++) {
		fputs(i ? "," : "", out);
		write_gate(out, &ids, &service->gates[i]);
	}
	fputs("],\"types\":[", out);
	for (size_t i = 0; i < ids.n; i++)	/* grows as types name others */
		write_type(out, &ids, i);
	fputs("]}\n", out);
	twz_arena_free(&ids.arena);
}
