/*
 * What is shown can be typed in again: for types and values that nobody thought of. Each type's text
 * parses to a type of the same text; each value's text, read for its type, is the same value again with
 * the same type. TWZ_SEED=N: another sequence; TWZ_CASES=N: more of them.
 */
#include "tests/unit/lang_world.h"

#include <math.h>

#include "repl/lang/convert.h"
#include "repl/lang/parse.h"

enum { CASES = 4000, DEEP = 3, NAMED = 64 };

struct maker {
	struct twz_arena arena;
	uint64_t seed;
	const struct twz_type *named[NAMED];	/* structs and enums, for the parser of type text */
	size_t nnamed;
};

static uint32_t
pick(struct maker *m, uint32_t n)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(m->seed >> 33) % n;
}

static uint64_t
bits(struct maker *m)
{
	return (uint64_t)pick(m, UINT32_MAX) << 33 ^ (uint64_t)pick(m, UINT32_MAX) << 11 ^ pick(m, UINT32_MAX);
}

/* -- types ---------------------------------------------------------------------------------------- */

static const struct twz_type *make_type(struct maker *m, unsigned deep);

static const char *
make_name(struct maker *m, const char *prefix)
{
	return twz_format(&m->arena, "%s%zu", prefix, m->nnamed);
}

static const struct twz_type *
make_enum(struct maker *m, bool flags)
{
	uint32_t n = 1 + pick(m, 5);
	struct twz_member *all = twz_new_array(&m->arena, n, struct twz_member);
	struct twz_type *t = twz_new(&m->arena, struct twz_type);
	bool is_signed = !flags && pick(m, 2);

	for (uint32_t i = 0; i < n; i++)
		all[i] = (struct twz_member){ .name = twz_format(&m->arena, "E%zu_%u", m->nnamed, i),
					      .value = flags ? 1 << i : is_signed ? (int)i * 7 - 9 : (int)i * 3 };
	*t = (struct twz_type){ .kind = TWZ_ENUM, .is_flags = flags, .is_signed = is_signed, .size = 4,
				.align = 4, .name = make_name(m, "enum_"), .members = all, .nmembers = n };
	m->named[m->nnamed++] = t;
	return t;
}

static const struct twz_type *
make_struct(struct maker *m, unsigned deep)
{
	uint32_t n = 1 + pick(m, 4);
	struct twz_member *all = twz_new_array(&m->arena, n, struct twz_member);
	struct twz_type *t = twz_new(&m->arena, struct twz_type);

	for (uint32_t i = 0; i < n; i++)
		all[i] = (struct twz_member){ .name = twz_format(&m->arena, "f%u", i),
					      .type = make_type(m, deep + 1) };
	*t = (struct twz_type){ .kind = TWZ_STRUCT, .name = make_name(m, "Struct"), .members = all, .nmembers = n };
	m->named[m->nnamed++] = t;
	return t;
}

static const struct twz_type *
make_around(struct maker *m, enum twz_kind kind, unsigned deep)
{
	struct twz_type *t = twz_new(&m->arena, struct twz_type);
	const struct twz_type *inner = make_type(m, deep + 1);
	struct twz_member *members;

	/* none in an option of options would be either. */
	if (kind == TWZ_OPTION && inner->kind == TWZ_OPTION)
		return inner;
	*t = (struct twz_type){ .kind = kind, .name = "", .target = inner };
	if (kind == TWZ_ARRAY) {
		bool text = inner->kind == TWZ_CHAR || pick(m, 3) == 0;

		t->target = text ? &twz_type_char : inner;
		t->count = text ? 1 + pick(m, 40) : pick(m, 4);
	} else if (kind == TWZ_OPTION) {
		members = twz_new_array(&m->arena, 2, struct twz_member);
		members[0] = (struct twz_member){ .name = "twz_some", .type = &twz_type_u32 };
		members[1] = (struct twz_member){ .name = "twz_value", .type = inner };
		t->members = members;
		t->nmembers = 2;
	}
	return t;
}

static const struct twz_type *
make_type(struct maker *m, unsigned deep)
{
	static const struct twz_type *const basic[] = {
		&twz_type_i8, &twz_type_i16, &twz_type_i32, &twz_type_i64, &twz_type_u8, &twz_type_u16,
		&twz_type_u32, &twz_type_u64, &twz_type_f32, &twz_type_f64, &twz_type_bool, &twz_type_char,
		&twz_type_string,
	};
	uint32_t way = pick(m, 20);

	if (deep >= DEEP || way < 10 || m->nnamed + 8 >= NAMED)
		return basic[pick(m, TWZ_COUNT(basic))];
	if (way < 13)
		return make_enum(m, way == 12);
	if (way < 16)
		return make_struct(m, deep);
	return make_around(m, way == 16 ? TWZ_OPTION : way == 17 ? TWZ_LIST : TWZ_ARRAY, deep);
}

/* -- values --------------------------------------------------------------------------------------- */

static struct twz_value make_value(struct maker *m, const struct twz_type *t);

static twz_wide
make_integer(struct maker *m, const struct twz_type *t)
{
	twz_wide min, max;

	twz_int_range(t, &min, &max);
	switch (pick(m, 4)) {
	case 0:
		return min;
	case 1:
		return max;
	case 2:
		return min < 0 && pick(m, 2) ? -1 : (twz_wide)pick(m, 2);
	default:
		return min + (twz_wide)(bits(m) % (uint64_t)(max - min));
	}
}

static double
make_real(struct maker *m, uint32_t size)
{
	static const double odd[] = { 0.0, -0.0, 1e300, 5e-324, 0.1, -1.5, 3e38, 1e-45, 123456789.0, 1e22 };
	uint64_t any = bits(m);
	double d;

	switch (pick(m, 5)) {
	case 0:
		d = INFINITY;
		break;
	case 1:
		d = odd[pick(m, TWZ_COUNT(odd))];
		break;
	case 2:
		d = (double)(int64_t)any / 1000.0;
		break;
	default:
		memcpy(&d, &any, sizeof(d));
	}
	return size == 4 ? (double)(float)d : d;
}

/* Bytes that mean something somewhere, and any others but NUL. */
static struct twz_value
make_text(struct maker *m, const struct twz_type *t, size_t max)
{
	static const char *const pieces[] = { "\"", "\\", "${", "$", "'", "\n", "\t", "\033[31m", "none", "true",
					      "é", "日本", "\u202e", "\xff", "\xc3", " ", "#", "{", "}", "-5", "a" };
	char text[64];
	size_t n = 0, wanted = pick(m, (uint32_t)(max < 40 ? max + 1 : 40));
	struct twz_value v;

	while (n < wanted) {
		const char *piece = pieces[pick(m, TWZ_COUNT(pieces))];
		size_t k = strlen(piece);

		if (pick(m, 3) == 0 || k > wanted - n)
			text[n++] = (char)(1 + pick(m, 255));
		else
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", piece);
	}
	v = twz_string(&m->arena, text, n);
	v.type = t;
	return v;
}

static struct twz_value
make_items(struct maker *m, const struct twz_type *t, const struct twz_type *item, size_t n)
{
	struct twz_value *items = twz_new_array(&m->arena, n, struct twz_value);

	for (size_t i = 0; i < n; i++)
		items[i] = make_value(m, item);
	return twz_list(t, items, n);
}

static struct twz_value
make_record(struct maker *m, const struct twz_type *t)
{
	struct twz_value *items = twz_new_array(&m->arena, t->nmembers, struct twz_value);
	const char **names = twz_new_array(&m->arena, t->nmembers, const char *);

	for (uint32_t i = 0; i < t->nmembers; i++) {
		names[i] = t->members[i].name;
		items[i] = make_value(m, t->members[i].type);
	}
	return twz_record(t, names, items, t->nmembers);
}

static struct twz_value
make_enumerator(struct maker *m, const struct twz_type *t)
{
	twz_wide all = 0;

	if (!t->is_flags)
		return twz_int(t, t->members[pick(m, t->nmembers)].value);
	for (uint32_t i = 0; i < t->nmembers; i++)
		all |= pick(m, 2) ? t->members[i].value : 0;
	return twz_int(t, all);
}

static struct twz_value
make_value(struct maker *m, const struct twz_type *t)
{
	struct twz_value v;

	switch (t->kind) {
	case TWZ_BOOL:
		v = twz_bool(pick(m, 2));
		v.type = t;
		return v;
	case TWZ_CHAR: case TWZ_INT:
		return twz_int(t, make_integer(m, t));
	case TWZ_FLOAT:
		return twz_float(t, make_real(m, t->size));
	case TWZ_ENUM:
		return make_enumerator(m, t);
	case TWZ_STRING:
		return make_text(m, t, 40);
	case TWZ_ARRAY:
		if (t->target->kind == TWZ_CHAR)
			return make_text(m, t, t->count - 1);
		return make_items(m, t, t->target, t->count);
	case TWZ_LIST:
		return make_items(m, t, t->target, pick(m, 4));
	case TWZ_STRUCT:
		return make_record(m, t);
	case TWZ_OPTION:
		if (pick(m, 2))
			return make_value(m, t->members[1].type);
		return (struct twz_value){ .kind = TWZ_VALUE_NONE, .type = t };
	case TWZ_VOID: case TWZ_POINTER: case TWZ_UNION: case TWZ_RESULT: case TWZ_TYPEDEF:
	case TWZ_FUNC: case TWZ_RECORD: case TWZ_OPAQUE:
		break;
	}
	fail_msg("no values of kind %d", t->kind);
	return twz_unit();
}

/* -- and back ------------------------------------------------------------------------------------- */

static const struct twz_type *
find_named(void *data, const char *name, size_t n)
{
	const struct maker *m = data;

	for (size_t i = 0; i < m->nnamed; i++)
		if (strlen(m->named[i]->name) == n && !memcmp(m->named[i]->name, name, n))
			return m->named[i];
	return NULL;
}

static void
check_type(struct maker *m, const struct twz_type *t)
{
	const char *text = twz_type_text(&m->arena, t);
	const struct twz_type *again = NULL;
	struct twz_error err = { 0 };

	if (!twz_type_parse(text, find_named, m, &m->arena, &again, &err))
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(twz_type_text(&m->arena, again), text);
}

/* NaN is not equal to itself: then the text decides. */
static bool
same(struct maker *m, const struct twz_value *a, const struct twz_value *b)
{
	return !strcmp(lang_value_text(&m->arena, a), lang_value_text(&m->arena, b)) &&
	       (twz_value_equal(a, b) || strstr(lang_value_text(&m->arena, a), "nan"));
}

static void
same_types(struct maker *m, const struct twz_value *a, const struct twz_value *b)
{
	if (a->kind != TWZ_VALUE_NONE)
		assert_string_equal(twz_type_text(&m->arena, a->type), twz_type_text(&m->arena, b->type));
	if (a->kind == TWZ_VALUE_LIST || a->kind == TWZ_VALUE_RECORD)
		for (size_t i = 0; i < a->list.n; i++)
			same_types(m, &a->list.items[i], &b->list.items[i]);
}

/* As an argument of a call, which is where values are typed in. */
static void
check_value(struct world *w, struct maker *m, const struct twz_value *v, const struct twz_type *t)
{
	const char *shown = lang_value_text(&m->arena, v), *text = twz_format(&m->arena, "f %s", shown);
	struct lang_program *program = lang_new_program(text, strlen(text), NULL, w->lang->module);
	struct convert_want want = { .type = t };
	struct twz_error err = { 0 };
	struct twz_value again;

	program->keep = true;
	program->next = w->lang->shared->programs;
	w->lang->shared->programs = program;
	if (parse_text(program->text, program->n, &program->arena, &program->root, &err) != LANG_OK)
		fail_msg("%s: %s", text, err.text);
	w->lang->program = program;
	lang_prepare(w->lang, program, program->root);
	assert_int_equal(program->root->items[0]->nargs, 1);
	if (convert_argument(w->lang, &want, program->root->items[0]->args[0].value, true, &again, &err) !=
	    CONVERT_DONE)
		fail_msg("%s: %s: %s", twz_type_text(&m->arena, t), text, err.text);
	if (!same(m, v, &again))
		fail_msg("%s: %s became %s", twz_type_text(&m->arena, t), shown,
			 lang_value_text(&m->arena, &again));
	same_types(m, v, &again);
	w->lang->program = NULL;
}

/* One argument of the outer shell's, where lists and records are no expressions. */
static void
check_call(struct world *w, struct maker *m, const struct twz_value *v, const struct twz_type *t)
{
	struct convert_want want = { .type = t };
	struct ast text = { .kind = AST_TEXT, .text = lang_value_text(&m->arena, v) };
	struct twz_error err = { 0 };
	struct twz_value again;

	if (v->kind != TWZ_VALUE_LIST && v->kind != TWZ_VALUE_RECORD)
		return;
	text.n = (uint32_t)strlen(text.text);
	if (convert_argument(w->lang, &want, &text, true, &again, &err) != CONVERT_DONE)
		fail_msg("%s: call %s: %s", twz_type_text(&m->arena, t), text.text, err.text);
	assert_true(same(m, v, &again));
}

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void
typed_values(void **state)
{
	uint64_t cases = number_of("TWZ_CASES", CASES), seed = number_of("TWZ_SEED", 1);
	unsigned seen[TWZ_OPAQUE + 1] = { 0 };

	(void)state;
	for (uint64_t i = 0; i < cases; i++) {
		struct maker m = { .seed = seed + i * 7919 };
		struct world *w = world_open();
		const struct twz_type *t = make_type(&m, 0);
		struct twz_value v = make_value(&m, t);

		seen[t->kind]++;
		check_type(&m, t);
		check_value(w, &m, &v, t);
		check_call(w, &m, &v, t);
		world_close(w);
		twz_arena_free(&m.arena);
	}
	/* All kinds have come up, or the test tests less than it says. */
	for (enum twz_kind k = TWZ_BOOL; k <= TWZ_STRUCT; k++)
		assert_true(seen[k] > 10 || k == TWZ_POINTER);
	assert_true(seen[TWZ_OPTION] > 10 && seen[TWZ_LIST] > 10);
}

/* -- without types -------------------------------------------------------------------------------- */

static struct twz_value
make_literal(struct maker *m, unsigned deep)
{
	static const char *const names[] = { "a", "b c", "if", "\"", "é" };
	uint32_t n = pick(m, 4), way = pick(m, deep >= DEEP ? 5 : 8);
	struct twz_value *items, v;

	switch (way) {
	case 0:
		return twz_int(NULL, pick(m, 2) ? (twz_wide)(int64_t)bits(m) : (twz_wide)bits(m));
	case 1:
		v = twz_float(NULL, make_real(m, 8));
		v.real = isfinite(v.real) ? v.real : 0.5;
		return v;
	case 2:
		return twz_bool(pick(m, 2));
	case 3:
		return (struct twz_value){ .kind = TWZ_VALUE_NONE };
	case 4:
		return make_text(m, NULL, 40);
	default:
		break;
	}
	items = twz_new_array(&m->arena, n, struct twz_value);
	for (uint32_t i = 0; i < n; i++)
		items[i] = make_literal(m, deep + 1);
	return way == 7 ? twz_list(NULL, items, n) : twz_record(NULL, names, items, n);
}

/* What a variable holds after its text was typed in. */
static void
literals(void **state)
{
	uint64_t cases = number_of("TWZ_CASES", CASES), seed = number_of("TWZ_SEED", 1);
	struct world *w = world_open();

	(void)state;
	for (uint64_t i = 0; i < cases; i++) {
		struct maker m = { .seed = seed + i * 104729 };
		struct twz_value v = make_literal(&m, 0);
		const char *text = twz_format(&m.arena, "x = %s", lang_value_text(&m.arena, &v));

		if (world_run(w, text))
			fail_msg("%s\n%s", text, w->err);
		if (!same(&m, &v, &lang_find(w->lang, "x", 1)->value))
			fail_msg("%s became another value", text);
		twz_arena_free(&m.arena);
	}
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typed_values),
		cmocka_unit_test(literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
