/*
 * A small world for the language: struct repl_host over two services made by hand, whose gates are a
 * few lines of C on values. Everything else - types, plans, texts - is the real thing.
 */
#pragma once

#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "repl/lang/interp.h"
#include "repl/lang/lang.h"
#include "twz/plan.h"
#include "twz/typetext.h"

#define FIELD(n, t, o) { .name = (n), .type = (t), .offset = (o) }
#define POINTER_TO(t) { .kind = TWZ_POINTER, .is_const = true, .size = 8, .align = 8, .name = "", .target = (t) }

static const struct twz_member color_members[] = {
	{ .name = "RED", .value = 0 }, { .name = "GREEN", .value = 5 }, { .name = "BLUE", .value = 6 },
};
static const struct twz_type color_type = { .kind = TWZ_ENUM, .size = 4, .align = 4, .name = "color",
	.members = color_members, .nmembers = 3 };
static const struct twz_member access_members[] = {
	{ .name = "READ", .value = 1 }, { .name = "WRITE", .value = 2 }, { .name = "EXECUTE", .value = 4 },
};
static const struct twz_type access_type = { .kind = TWZ_ENUM, .is_flags = true, .size = 4, .align = 4,
	.name = "access", .members = access_members, .nmembers = 3 };
static const struct twz_type name_type = { .kind = TWZ_ARRAY, .size = 8, .align = 1, .count = 8,
	.name = "", .target = &twz_type_char };
static const struct twz_member user_members[] = {
	FIELD("id", &twz_type_u32, 0), FIELD("name", &name_type, 4),
};
static const struct twz_type user_struct = { .kind = TWZ_STRUCT, .size = 12, .align = 4, .name = "User",
	.members = user_members, .nmembers = 2 };
static const struct twz_type user_pointer = POINTER_TO(&user_struct);
static const struct twz_type triple_type = { .kind = TWZ_ARRAY, .size = 12, .align = 4, .count = 3,
	.name = "", .target = &twz_type_i32 };
static const struct twz_member shape_members[] = {
	FIELD("color", &color_type, 0), FIELD("sides", &triple_type, 4),
};
static const struct twz_type shape_struct = { .kind = TWZ_STRUCT, .size = 16, .align = 4, .name = "Shape",
	.members = shape_members, .nmembers = 2 };
static const struct twz_type bytes_pointer = POINTER_TO(&twz_type_u8);
static const struct twz_type ints_pointer = POINTER_TO(&twz_type_i32);
static const struct twz_member option_members[] = {
	FIELD("twz_some", &twz_type_u32, 0), FIELD("twz_value", &twz_type_i32, 4),
};
static const struct twz_type option_type = { .kind = TWZ_OPTION, .size = 8, .align = 4, .name = "maybe",
	.members = option_members, .nmembers = 2 };

static const struct twz_member error_members[] = {
	{ .name = "NoSuchUser", .value = 1, .text = "No such user" }, { .name = "Locked", .value = 2 },
};
static const struct twz_type error_type = { .kind = TWZ_ENUM, .size = 4, .align = 4,
	.name = "LookupError", .members = error_members, .nmembers = 2 };
static const struct twz_member lookup_members[] = {
	FIELD("twz_state", &twz_type_u32, 0), FIELD("twz_err", &error_type, 4),
	FIELD("twz_ok", &user_struct, 8),
};
static const struct twz_type lookup_result = { .kind = TWZ_RESULT, .size = 20, .align = 4,
	.name = "lookup_result", .members = lookup_members, .nmembers = 3 };
static const struct twz_type unit_result = { .kind = TWZ_RESULT, .size = 8, .align = 4,
	.name = "update_result", .members = lookup_members, .nmembers = 2 };

#define FUNC_TYPE(id, result, ...) \
	static const struct twz_member id##_params[] = { __VA_ARGS__ }; \
	static const struct twz_type id##_type = { .kind = TWZ_FUNC, .is_prototyped = true, .name = "", \
		.target = (result), .members = id##_params, .nmembers = TWZ_COUNT(id##_params) }
#define PARAM(n, t) { .name = (n), .type = (t) }

FUNC_TYPE(add, &twz_type_i32, PARAM("a", &twz_type_i32), PARAM("b", &twz_type_i32));
FUNC_TYPE(fn_i8, &twz_type_i8, PARAM("v", &twz_type_i8));
FUNC_TYPE(fn_u16, &twz_type_u16, PARAM("v", &twz_type_u16));
FUNC_TYPE(fn_i64, &twz_type_i64, PARAM("v", &twz_type_i64));
FUNC_TYPE(fn_u64, &twz_type_u64, PARAM("v", &twz_type_u64));
FUNC_TYPE(fn_f32, &twz_type_f32, PARAM("v", &twz_type_f32));
FUNC_TYPE(fn_f64, &twz_type_f64, PARAM("v", &twz_type_f64));
FUNC_TYPE(fn_bool, &twz_type_bool, PARAM("v", &twz_type_bool));
FUNC_TYPE(fn_char, &twz_type_char, PARAM("v", &twz_type_char));
FUNC_TYPE(fn_string, &twz_type_string, PARAM("v", &twz_type_string));
FUNC_TYPE(fn_color, &color_type, PARAM("v", &color_type));
FUNC_TYPE(fn_access, &access_type, PARAM("v", &access_type));
FUNC_TYPE(fn_shape, &shape_struct, PARAM("v", &shape_struct));
FUNC_TYPE(fn_option, &option_type, PARAM("v", &option_type));
FUNC_TYPE(fn_bytes, &twz_type_u32,
	  { .name = "v", .type = &bytes_pointer, .has_extent = true, .extent = 1 },
	  PARAM("n", &twz_type_u64));
FUNC_TYPE(fn_ints, &twz_type_u32,
	  { .name = "v", .type = &ints_pointer, .has_extent = true, .extent = 1 },
	  PARAM("n", &twz_type_u64));
FUNC_TYPE(fn_maybe, &twz_type_u32, PARAM("a", &twz_type_i32),
	  { .name = "v", .type = &twz_type_string, .optional = true });
FUNC_TYPE(fn_flag, &twz_type_bool, PARAM("name", &twz_type_string), PARAM("force", &twz_type_bool));
FUNC_TYPE(from_string, &lookup_result, PARAM("text", &twz_type_string));
FUNC_TYPE(update, &unit_result, PARAM("user", &user_pointer),
	  { .name = "password", .type = &twz_type_string, .secret = true });
FUNC_TYPE(pin, &twz_type_u32, { .name = "pin", .type = &twz_type_u16, .secret = true });

#define GATE(n, t) { .name = (n), .symbol = (n), .doc = "", .requires = "", .converts = "", .type = (t) }

static const struct twz_gate calc_gates[] = {
	GATE("add", &add_type), GATE("i8", &fn_i8_type), GATE("u16", &fn_u16_type),
	GATE("i64", &fn_i64_type), GATE("u64", &fn_u64_type), GATE("f32", &fn_f32_type),
	GATE("f64", &fn_f64_type), GATE("bool", &fn_bool_type), GATE("char", &fn_char_type),
	GATE("string", &fn_string_type), GATE("color", &fn_color_type),
	GATE("access", &fn_access_type), GATE("shape", &fn_shape_type),
	GATE("option", &fn_option_type), GATE("bytes", &fn_bytes_type), GATE("ints", &fn_ints_type),
	GATE("maybe", &fn_maybe_type), GATE("flag", &fn_flag_type), GATE("pin", &pin_type),
};
static const struct twz_service calc_service = { .name = "calc", .version = "", .doc = "", .path = "",
	.gates = calc_gates, .ngates = TWZ_COUNT(calc_gates) };

static const char *const update_aliases[] = { "update_passwd" };
static const struct twz_gate passwd_gates[] = {
	GATE("lookup_user", &from_string_type),
	{ .name = "update_password", .doc = "", .requires = "", .converts = "", .type = &update_type,
	  .aliases = update_aliases, .naliases = 1 },
	GATE("boom", &add_type),
	{ .name = "user_from_string", .doc = "", .requires = "", .converts = "User",
	  .role = TWZ_ROLE_FROM_STRING, .type = &from_string_type },
};
static const struct twz_service passwd_service = { .name = "passwd", .version = "", .doc = "", .path = "",
	.gates = passwd_gates, .ngates = 4 };
/* The same without the converter. */
static const struct twz_service plain_service = { .name = "plain", .version = "", .doc = "", .path = "",
	.gates = passwd_gates, .ngates = 3 };

static const struct twz_service *const world_services[] = {
	&calc_service, &passwd_service, &plain_service,
};

struct world {
	struct twz_arena arena;
	struct repl_host host;
	struct lang_options options;
	struct lang *lang;
	char *out, *err;		/* what was written since the last world_run() */
	size_t nout, nerr;
	unsigned ncalls;		/* since then, converters too */
	int64_t timeout_ns;		/* of the last call */
	bool denied;
	unsigned meet, met;		/* calls of u16 wait until so many of them are under way */
	bool finish;			/* the text is a script: its jobs are waited for */
	char log[4096];			/* "add(1, 2) i8(3) " */
};

static bool
world_service(void *data, const char *name, const struct twz_service **ret, struct twz_error *err)
{
	(void)data;
	for (size_t i = 0; i < TWZ_COUNT(world_services); i++) {
		if (strcmp(world_services[i]->name, name))
			continue;
		*ret = world_services[i];
		return true;
	}
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no service '%s'", name);
	return twz_hint(err, "did you mean calc?");
}

static size_t
world_services_list(void *data, struct twz_arena *arena, const char *const **ret)
{
	static const char *const names[] = { "calc", "passwd", "plain" };

	(void)data, (void)arena;
	*ret = names;
	return 3;
}

static bool
world_plan(void *data, const struct twz_service *service, const struct twz_gate *gate,
	   const struct twz_plan **ret, struct twz_error *err)
{
	struct world *w = data;

	(void)service;
	return twz_plan_make(gate, &w->arena, ret, err);
}

static struct twz_value
world_user(struct twz_arena *arena)
{
	static const char *const names[] = { "id", "name" };
	struct twz_value *items = twz_new_array(arena, 2, struct twz_value);

	items[0] = twz_int(&twz_type_u32, 1001);
	items[1] = twz_cstring(arena, "bob");
	items[1].type = &name_type;
	return twz_record(&user_struct, names, items, 2);
}

static void
world_log(struct world *w, const struct twz_gate *gate, const struct twz_value *args, size_t nargs)
{
	size_t used = strlen(w->log);
	FILE *f = fmemopen(w->log + used, sizeof(w->log) - used, "w");

	w->ncalls++;
	if (!f || used > sizeof(w->log) / 2)
		w->log[0] = '\0';
	if (!f)
		return;
	fprintf(f, "%s(", gate->name);
	for (size_t i = 0; i < nargs; i++) {
		fputs(i ? ", " : "", f);
		lang_write(f, &args[i]);
	}
	fputs(") ", f);
	fclose(f);
}

static inline void
world_unlock(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

/* Whether the other calls that are to be under way come within a long time. */
static inline bool
world_meet(struct world *w, pthread_mutex_t *lock)
{
	static pthread_cond_t come = PTHREAD_COND_INITIALIZER;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	w->met++;
	pthread_cond_broadcast(&come);
	while (w->met < w->meet)
		if (pthread_cond_timedwait(&come, lock, &until))
			return false;
	return true;
}

static bool
world_call(void *data, const struct twz_service *service, const struct twz_gate *gate,
	   const struct twz_value *args, size_t nargs, int64_t timeout_ns, struct twz_arena *arena,
	   struct twz_value *ret, struct twz_error *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	TWZ_CLEANUP(world_unlock) pthread_mutex_t *held = &lock;
	struct world *w = data;

	pthread_mutex_lock(held);
	if (w->meet && !strcmp(gate->name, "u16") && !world_meet(w, held))
		return twz_fail(err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT), "nobody came");
	w->timeout_ns = timeout_ns;
	if (w->denied && !strcmp(gate->name, "update_password"))
		return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
				"Failed to call %s in %s: Permission denied", gate->name, service->name);
	world_log(w, gate, args, nargs);
	if (!strcmp(gate->name, "boom"))
		return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL),
				"passwd::boom: SIGSEGV; outcome unknown");
	if (!strcmp(gate->name, "add"))
		*ret = twz_int(&twz_type_i32, args[0].integer + args[1].integer);
	else if (gate->type == &from_string_type)
		*ret = strcmp(args[0].string.text, "bob")
			       ? twz_err(arena, &lookup_result, twz_int(&error_type, 1))
			       : twz_ok(arena, &lookup_result, world_user(arena));
	else if (gate->type == &update_type)
		*ret = twz_ok(arena, &unit_result, twz_unit());
	else if (gate->type->target == &twz_type_u32)
		*ret = twz_int(&twz_type_u32, args[0].kind == TWZ_VALUE_LIST ? (twz_wide)args[0].list.n
			       : args[0].kind == TWZ_VALUE_STRING ? (twz_wide)args[0].string.n : 0);
	else
		*ret = args[nargs - 1];
	return true;
}

/* A world whose text is shown as a pipe gets it; change w->options before world_run() for others. */
static struct world *
world_open(void)
{
	struct world *w = calloc(1, sizeof(*w));

	w->host = (struct repl_host){ .data = w, .service = world_service,
				      .services = world_services_list, .plan = world_plan,
				      .call = world_call };
	w->options = (struct lang_options){ .host = &w->host, .timeout_ns = -1, .no_programs = true };
	w->lang = lang_new(&w->options);
	return w;
}

static void
world_close(struct world *w)
{
	lang_free(w->lang);
	twz_arena_free(&w->arena);
	free(w->out);
	free(w->err);
	free(w);
}

static void
world_begin(struct world *w)
{
	free(w->out);
	free(w->err);
	w->out = w->err = NULL;
	w->options.out = open_memstream(&w->out, &w->nout);
	w->options.err = open_memstream(&w->err, &w->nerr);
	w->ncalls = 0;
	w->log[0] = '\0';
}

static void
world_end(struct world *w)
{
	fclose(w->options.out);
	fclose(w->options.err);
}

/* Runs @text, reports what fails, and returns the exit status that twz would give. */
static inline int
world_run(struct world *w, const char *text)
{
	struct twz_error err = { 0 };
	enum lang_result r;

	world_begin(w);
	r = lang_run(w->lang, text, strlen(text), &err);
	if (r == LANG_OK && w->finish && !lang_finish(w->lang, &err))
		r = LANG_FAILED;
	if (r == LANG_FAILED || r == LANG_MORE)
		lang_report(w->lang, text, strlen(text), &err);
	world_end(w);
	return r == LANG_EXIT ? lang_exit_status(w->lang) : twz_class_status(err.cls);
}

/* The same for `twz call`. */
static inline int
world_call_argv(struct world *w, const char *const *argv, size_t argc)
{
	struct twz_error err = { 0 };
	enum lang_result r;

	world_begin(w);
	r = lang_call(w->lang, argv, argc, &err);
	if (r == LANG_FAILED)
		lang_report(w->lang, NULL, 0, &err);
	world_end(w);
	return twz_class_status(err.cls);
}

/* One row of a table: a text, its status, and what is on its output (0) or its messages. */
struct world_row {
	const char *text;
	int status;
	const char *shown;
};

static inline void
world_check(struct world *w, const struct world_row *row)
{
	int status = world_run(w, row->text);
	const char *got = row->status ? w->err : w->out;

	if (status != row->status || strcmp(got, row->shown))
		fail_msg("%s\n  wanted [%d] %s\n  got    [%d] %s%s", row->text, row->status, row->shown, status,
			 w->out, w->err);
}
