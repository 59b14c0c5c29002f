/* A service goes into the registry and comes back the same, whatever its types look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#include "registry/registry.h"
#include "tests/unit/registry_fixture.h"
#include "twz/typetext.h"

/* Every kind, with every field set to something that is not its zero. */
static const struct twz_type t_void = { .kind = TWZ_VOID, .name = "void" };
static const struct twz_type t_bool = {
	.kind = TWZ_BOOL, .size = 1, .align = 1, .name = "_Bool",
};
static const struct twz_type t_char = {
	.kind = TWZ_CHAR, .is_signed = true, .size = 1, .align = 1, .name = "char",
};
static const struct twz_type t_int = {
	.kind = TWZ_INT, .is_signed = true, .size = 4, .align = 4, .name = "int",
};
static const struct twz_type t_size = {
	.kind = TWZ_INT, .size = 8, .align = 8, .name = "unsigned long",
};
static const struct twz_type t_double = {
	.kind = TWZ_FLOAT, .size = 8, .align = 8, .name = "double",
};
static const struct twz_member m_color[] = {
	{ .name = "RED", .value = INT64_MIN },
	{ .name = "GREEN", .value = INT64_MAX, .text = "no such \x1b[1mcolour" },
	{ .name = "BLUE", .value = -1, .text = "" },
};
static const struct twz_type t_color = {
	.kind = TWZ_ENUM, .is_signed = true, .is_flags = true, .size = 8, .align = 8,
	.name = "color", .members = m_color, .nmembers = 3,
};
static const struct twz_type t_text = {
	.kind = TWZ_STRING, .is_const = true, .size = 8, .align = 8, .name = "",
};
static const struct twz_type t_name = {
	.kind = TWZ_ARRAY, .size = 16, .align = 1, .count = 16, .target = &t_char, .name = "",
};
static const struct twz_type t_node;
static const struct twz_type t_link = {
	.kind = TWZ_POINTER, .size = 8, .align = 8, .name = "", .target = &t_node,
};
static const struct twz_member m_node[] = {
	{ .name = "next", .type = &t_link },
	{ .name = "low", .type = &t_int, .offset = 8, .bit_size = 3, .bit_offset = 5 },
	{ .name = "name", .type = &t_name, .offset = 12 },
	{ .name = "", .type = &t_color, .offset = UINT32_MAX },
};
static const struct twz_type t_node = {
	.kind = TWZ_STRUCT, .size = 48, .align = 8, .name = "node", .members = m_node,
	.nmembers = 4,
};
static const struct twz_member m_either[] = {
	{ .name = "d", .type = &t_double }, { .name = "b", .type = &t_bool },
};
static const struct twz_type t_either = {
	.kind = TWZ_UNION, .size = 8, .align = 8, .name = "either", .members = m_either,
	.nmembers = 2,
};
static const struct twz_type t_Node = {
	.kind = TWZ_TYPEDEF, .size = 48, .align = 8, .name = "Node", .target = &t_node,
};
static const struct twz_member m_result[] = {
	{ .name = "twz_state", .type = &t_int },
	{ .name = "twz_err", .type = &t_color, .offset = 8 },
	{ .name = "twz_ok", .type = &t_Node, .offset = 16 },
};
static const struct twz_type t_result = {
	.kind = TWZ_RESULT, .size = 64, .align = 8, .name = "result", .members = m_result,
	.nmembers = 3,
};
static const struct twz_member m_option[] = {
	{ .name = "twz_some", .type = &t_int },
	{ .name = "twz_value", .type = &t_size, .offset = 8 },
};
static const struct twz_type t_option = {
	.kind = TWZ_OPTION, .size = 16, .align = 8, .name = "option", .members = m_option,
	.nmembers = 2,
};
static const struct twz_type t_opaque = {
	.kind = TWZ_OPAQUE, .form = TWZ_FORM_STRUCT, .name = "FILE", .why = "declared only",
};
static const struct twz_type t_vector = {
	.kind = TWZ_OPAQUE, .form = TWZ_FORM_VECTOR, .size = 16, .align = 16, .count = 2, .name = "",
	.target = &t_double, .why = "a vector",
};
static const struct twz_type t_label = {
	.kind = TWZ_TYPEDEF, .size = 1, .align = 1, .name = "label_char", .target = &t_char,
	.quals = TWZ_VOLATILE,
};
static const struct twz_type t_label_text = {
	.kind = TWZ_STRING, .quals = TWZ_CONST | TWZ_ATOMIC, .size = 8, .align = 8, .name = "",
	.target = &t_label,
};
static const struct twz_type t_handle = {
	.kind = TWZ_POINTER, .is_const = true, .size = 8, .align = 8, .name = "",
	.target = &t_opaque,
};
static const struct twz_type t_void_pointer = {
	.kind = TWZ_POINTER, .size = 8, .align = 8, .name = "", .target = &t_void,
};
static const struct twz_type t_records = {
	.kind = TWZ_LIST, .name = "", .target = &twz_type_record,
};
static const struct twz_type t_callback = { .kind = TWZ_FUNC, .name = "", .target = &t_void };
static const struct twz_member m_first[] = {
	{ .name = "node", .type = &t_link, .dir = TWZ_INOUT, .optional = true },
	{ .name = "secret", .type = &t_text, .secret = true },
	{ .name = "bytes", .type = &t_void_pointer, .dir = TWZ_OUT, .has_extent = true, .extent = 3,
	  .count = 7 },
	{ .name = "n", .type = &t_size },
	{ .name = "fixed", .type = &t_void_pointer, .has_extent = true, .extent = -1,
	  .count = UINT64_MAX },
	{ .name = "either", .type = &t_either },
	{ .name = "handle", .type = &t_handle },
	{ .name = "call", .type = &t_callback },
	{ .name = "option", .type = &t_option },
	{ .name = "list", .type = &t_records },
	{ .name = "this", .type = &t_link, .artificial = true, .quals = TWZ_RESTRICT },
	{ .name = "vector", .type = &t_vector },
	{ .name = "label", .type = &t_label_text, .dir = TWZ_OUT, .secret = true },
};
static const struct twz_type t_first = {
	.kind = TWZ_FUNC, .is_variadic = true, .is_prototyped = true, .name = "",
	.target = &t_result, .members = m_first, .nmembers = 13,
};
static const struct twz_type t_second = { .kind = TWZ_FUNC, .name = "", .target = &t_void };

static const char *const aliases[] = { "premier", "erster" };

static struct twz_gate gates[] = {
	{ .name = "first", .symbol = "svc_first", .doc = "Does it", .requires = "admin",
	  .converts = "", .aliases = aliases, .naliases = 2, .index = 0, .role = TWZ_ROLE_GATE,
	  .level = TWZ_LEVEL_FULL,
	  .readonly = true, .visibility = TWZ_VISIBILITY_PRIVATE,
	  .has_record = true, .type = &t_first, .how = "low_pc",
	  .verdict = TWZ_VERDICT_CARE, .why = "a callback", .address = UINT64_MAX - 1,
	  .version = "SVC_1.0", .shown = "svc::first(int)", .alias_of = "do_first", .language = "C++",
	  .file = "src/first.cc", .line = UINT32_MAX, .noreturn = true },
	{ .name = "second", .symbol = "second", .doc = "", .requires = "", .converts = "Node",
	  .index = 1, .role = TWZ_ROLE_TO_STRING, .level = TWZ_LEVEL_CALLEE, .type = &t_second,
	  .how = "name", .verdict = TWZ_VERDICT_CALLABLE, .why = "", .address = 0x1000,
	  .version = "", .shown = "", .alias_of = "", .language = "", .file = "" },
	{ .name = "third", .symbol = "third", .doc = "", .requires = "", .converts = "", .index = 2,
	  .role = TWZ_ROLE_FROM_STRING, .has_record = true, .type = NULL, .how = "",
	  .verdict = TWZ_VERDICT_REFUSED, .why = "no debug information" },
};

static struct twz_service
sample(const char *path)
{
	for (size_t i = 0; i < TWZ_COUNT(gates); i++)
		if (gates[i].type)
			gates[i].hash = twz_gate_hash(&gates[i]);
	return (struct twz_service){
		.name = "svc", .version = "1.2", .doc = "Tests \xff the registry",
		.asks = "files read may /srv\nnet call need inet\n", .path = path,
		.debug_path = "/usr/lib/debug/svc.debug",
		.build_id = { 0, 1, 2, 0xff }, .build_id_size = 4, .gates = gates,
		.ngates = TWZ_COUNT(gates), .partial = true,
	};
}

/* NULL is not "". */
static void
same_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void
same_member(const struct twz_member *a, const struct twz_member *b)
{
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->offset, b->offset);
	assert_int_equal(a->value, b->value);
	assert_int_equal(a->bit_size, b->bit_size);
	assert_int_equal(a->bit_offset, b->bit_offset);
	assert_int_equal(a->dir, b->dir);
	assert_int_equal(a->secret, b->secret);
	assert_int_equal(a->optional, b->optional);
	assert_int_equal(a->has_extent, b->has_extent);
	assert_int_equal(a->extent, b->extent);
	assert_int_equal(a->count, b->count);
	same_text(a->text, b->text);
	assert_int_equal(a->quals, b->quals);
	assert_int_equal(a->artificial, b->artificial);
	assert_int_equal(!a->type, !b->type);
}

/* Every field, and the parts as far as @depth: cycles end there. */
static void
same_type(const struct twz_type *a, const struct twz_type *b, int depth)
{
	assert_int_equal(!a, !b);
	if (!a || !depth)
		return;
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->form, b->form);
	assert_int_equal(a->quals, b->quals);
	same_text(a->why, b->why);
	assert_int_equal(a->is_signed, b->is_signed);
	assert_int_equal(a->is_const, b->is_const);
	assert_int_equal(a->is_flags, b->is_flags);
	assert_int_equal(a->is_variadic, b->is_variadic);
	assert_int_equal(a->is_prototyped, b->is_prototyped);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->align, b->align);
	assert_int_equal(a->count, b->count);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->nmembers, b->nmembers);
	same_type(a->target, b->target, depth - 1);
	for (uint32_t i = 0; i < a->nmembers; i++) {
		same_member(&a->members[i], &b->members[i]);
		same_type(a->members[i].type, b->members[i].type, depth - 1);
	}
}

static void
same_gate(const struct twz_gate *a, const struct twz_gate *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->symbol, b->symbol);
	assert_string_equal(a->doc, b->doc);
	assert_string_equal(a->requires, b->requires);
	assert_string_equal(a->converts, b->converts);
	assert_int_equal(a->naliases, b->naliases);
	for (uint32_t i = 0; i < a->naliases; i++)
		assert_string_equal(a->aliases[i], b->aliases[i]);
	assert_int_equal(a->index, b->index);
	assert_int_equal(a->role, b->role);
	assert_int_equal(a->level, b->level);
	assert_int_equal(a->readonly, b->readonly);
	assert_int_equal(a->visibility, b->visibility);
	assert_int_equal(a->has_record, b->has_record);
	assert_string_equal(a->how, b->how);
	assert_int_equal(a->verdict, b->verdict);
	assert_string_equal(a->why, b->why);
	assert_int_equal(a->address, b->address);
	assert_int_equal(a->hash, b->hash);
	same_text(a->version, b->version);
	same_text(a->shown, b->shown);
	same_text(a->alias_of, b->alias_of);
	same_text(a->language, b->language);
	same_text(a->file, b->file);
	assert_int_equal(a->line, b->line);
	assert_int_equal(a->noreturn, b->noreturn);
	same_type(a->type, b->type, 7);
	if (a->type) {
		assert_true(twz_type_equal(a->type, b->type));
		assert_int_equal(twz_gate_hash(b), a->hash);
	}
}

static void
same_service(const struct twz_service *a, const struct twz_service *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->version, b->version);
	assert_string_equal(a->asks, b->asks);
	assert_string_equal(a->doc, b->doc);
	assert_string_equal(a->path, b->path);
	assert_int_equal(a->build_id_size, b->build_id_size);
	assert_memory_equal(a->build_id, b->build_id, sizeof(a->build_id));
	assert_int_equal(a->partial, b->partial);
	same_text(a->debug_path, b->debug_path);
	assert_int_equal(a->ngates, b->ngates);
	for (uint32_t i = 0; i < a->ngates; i++)
		same_gate(&a->gates[i], &b->gates[i]);
}

static void
store(const char *registry, const struct twz_service *service)
{
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };

	assert_true(registry_open(registry, &reg, &err));
	assert_true(registry_store(reg, service, NULL, &err));
	assert_int_equal(err.cls, TWZ_CLASS_NONE);
}

static void
test_everything_comes_back(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libsvc.so", "contents");
	struct twz_service before = sample(path);
	const struct twz_service *after;
	REGISTRY *reg = NULL;
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 };

	store(p->registry, &before);
	assert_true(registry_open(p->registry, &reg, &err));
	assert_true(registry_service(reg, path, &arena, &after, &err));
	same_service(&before, after);

	/* What was one type is one again, and the cycle is closed. */
	const struct twz_type *link = after->gates[0].type->members[0].type;
	assert_ptr_equal(link->target->members[0].type, link);
	assert_ptr_equal(twz_type_strip(after->gates[0].type->target->members[2].type),
			 link->target);
}

static void
test_storing_again_replaces(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libsvc.so", "contents");
	struct twz_service before = sample(path);
	const struct twz_service *after;
	REGISTRY *reg = NULL;
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 };

	store(p->registry, &before);
	before.ngates = 1;
	before.version = "2";
	place_file(p, "libsvc.so", "other contents");
	store(p->registry, &before);
	assert_true(registry_open(p->registry, &reg, &err));
	assert_true(registry_service(reg, path, &arena, &after, &err));
	same_service(&before, after);
	assert_int_equal(place_count(p, "SELECT count(*) FROM service"), 1);
	assert_int_equal(place_count(p, "SELECT count(*) FROM gate"), 1);
	assert_int_equal(place_count(p, "SELECT count(*) FROM alias"), 2);
	place_whole(p);
}

static void
test_people_can_ask(void **state)
{
	struct place *p = *state;
	struct twz_service before = sample(place_file(p, "libsvc.so", "contents"));

	store(p->registry, &before);
	assert_int_equal(place_count(p, "SELECT count(*) FROM param WHERE service = 'svc'"
					" AND gate = 'first' AND name = 'secret' AND secret"
					" AND type = 'string'"), 1);
	assert_int_equal(place_count(p, "SELECT count(*) FROM gate WHERE level = 'full' AND signature LIKE"
					" '%-> Result<Node, color>'"), 1);
	assert_int_equal(place_count(p, "SELECT count(*) FROM param WHERE name = 'bytes' AND place = 2"
					" AND direction = 'out'"), 1);
	assert_int_equal(place_count(p, "SELECT count(*) FROM type WHERE kind = 'struct'"
					" AND name = 'node'"), 1);
	assert_int_equal(place_count(p, "SELECT count(*) FROM service"
					" WHERE build_id = x'000102ff'"), 1);
}

/* Another file with the same build-id says nothing about this one. */
static void
test_build_id_is_not_believed(void **state)
{
	struct place *p = *state;
	struct twz_service honest = sample(place_file(p, "libsvc.so", "contents"));
	struct twz_service forged = sample(place_file(p, "libforged.so", "other"));
	const struct twz_service *after;
	REGISTRY *reg = NULL;
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 };

	forged.ngates = 0;
	store(p->registry, &honest);
	store(p->registry, &forged);
	assert_true(registry_open(p->registry, &reg, &err));
	assert_true(registry_service(reg, honest.path, &arena, &after, &err));
	same_service(&honest, after);
}

/* Rows that contradict each other are damage, not addresses. */
static void
test_hostile_rows(void **state)
{
	static const char *const edits[] = {
		"UPDATE type SET target = 9999 WHERE kind = 'pointer'",
		"UPDATE type SET target = -1 WHERE kind = 'array'",
		"UPDATE type SET target = NULL WHERE kind = 'typedef'",
		"UPDATE type SET target = NULL WHERE form = 'vector'",
		"UPDATE type SET kind = 'nonsense' WHERE kind = 'union'",
		"UPDATE type SET form = 'nonsense' WHERE form = 'vector'",
		"UPDATE type SET members = NULL WHERE name = 'either'",
		"UPDATE type SET members = json_insert(members, '$[#]', json('[\"n\",0]')) WHERE name = 'either'",
		"UPDATE type SET members = json_replace(members, '$[0][1]', 4000000000) WHERE name = 'node'",
		"UPDATE type SET members = json_replace(members, '$[0][1]', -1) WHERE name = 'node'",
		"UPDATE type SET members = json_replace(members, '$[0][1]', NULL) WHERE name = 'node'",
		"UPDATE type SET members = replace(members, ',4352', ',4864')",
		"UPDATE type SET members = replace(members, '],[', '], [')",
		"UPDATE type SET members = substr(members, 1, length(members) - 1) WHERE name = 'node'",
		"UPDATE type SET members = members || ']' WHERE name = 'node'",
		"UPDATE type SET members = replace(members, '\"next\",', '\"next,') WHERE name = 'node'",
		"UPDATE type SET members = replace(members, '\"next\",', '\"next\",9') WHERE name = 'node'",
		"UPDATE type SET members = replace(members, '\"next\",', '\"next\",92233720368547758') WHERE name = 'node'",
		"UPDATE type SET members = replace(members, '\"next\",', '\"ne\\u0000xt\",') WHERE name = 'node'",
		"UPDATE type SET members = '[]' WHERE name = 'node'",
		"UPDATE type SET members = '' WHERE name = 'node'",
		"UPDATE type SET members = json_remove(members, '$[0]') WHERE name = 'node'",
		"DELETE FROM type WHERE id & 4294967295 = 2",
		"UPDATE gate SET type = 2 WHERE name = 'second'",
		"UPDATE gate SET role = '' WHERE name = 'second'",
		"UPDATE gate SET level = 'fuller' WHERE name = 'second'",
		"UPDATE gate SET verdict = 'guilty' WHERE name = 'second'",
		"DELETE FROM gate WHERE id & 4294967295 = 0",
		"UPDATE alias SET gate = 77 WHERE name = 'erster'",
		"UPDATE service SET gates = 4294967296",
		"UPDATE service SET types = -1",
		"UPDATE service SET build_id = zeroblob(65)",
	};
	struct place *p = *state;
	struct twz_service before = sample(place_file(p, "libsvc.so", "contents"));

	for (size_t i = 0; i < TWZ_COUNT(edits); i++) {
		const struct twz_service *after;
		REGISTRY *reg = NULL;
		TWZ_ARENA arena = { 0 };
		struct twz_error err = { 0 };

		store(p->registry, &before);
		place_edit(p, edits[i]);
		assert_true(registry_open(p->registry, &reg, &err));
		assert_null(registry_notice(reg));
		if (registry_service(reg, before.path, &arena, &after, &err))
			fail_msg("accepted: %s", edits[i]);
		assert_int_equal(err.cls, TWZ_CLASS_LINK);
		assert_non_null(registry_notice(reg));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_everything_comes_back),
		TEST(test_storing_again_replaces),
		TEST(test_people_can_ask),
		TEST(test_build_id_is_not_believed),
		TEST(test_hostile_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
