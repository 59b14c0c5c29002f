/*
 * Joins what the three readers say: the file its exports, the records what is a gate and what C cannot
 * express, DWARF the types. A gate about which they disagree (a parameter that does not exist, an
 * extent that is no integer) is kept and refused with the reason, because its author has to see it.
 */
#include "introspect/introspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "introspect/dwarf.h"
#include "introspect/elf.h"
#include "introspect/records.h"
#include "twz/plan.h"
#include "twz/typetext.h"

/* One inspection: what was read, and what is made of it. */
struct inspection {
	struct twz_arena *arena;
	struct elf_file *file;
	const struct elf_symbol *exports;
	size_t nexports;
	struct records records;
	struct twz_gate *gates;
	struct dw_function *functions;	/* one per gate */
	const struct record_gate **of;	/* its record, or NULL */
	size_t n;
	bool partial;
};

static const struct elf_symbol *
find_export(const struct inspection *in, const char *name)
{
	size_t from = 0, n = in->nexports;

	while (n) {
		size_t half = n / 2;
		int order = strcmp(in->exports[from + half].name, name);

		if (!order)
			return &in->exports[from + half];
		from += order < 0 ? half + 1 : 0;
		n = order < 0 ? n - half - 1 : half;
	}
	return NULL;
}

/* Only the first reason is kept. */
static void
refuse(struct twz_gate *gate, const char *why)
{
	if (gate->verdict == TWZ_VERDICT_REFUSED)
		return;
	gate->verdict = TWZ_VERDICT_REFUSED;
	gate->why = why;
}

/* -- which functions -------------------------------------------------------------------------------- */

static void
add_gate(struct inspection *in, struct twz_gate gate, const struct record_gate *record)
{
	const struct elf_symbol *symbol = find_export(in, gate.symbol);
	size_t n = in->n, of = in->n;

	gate.address = symbol ? symbol->address : 0;
	if (!symbol)
		refuse(&gate, "it is not an exported function of the file");
	twz_push(in->arena, in->functions, n, ((struct dw_function){
		.symbol = gate.symbol,
		.address = symbol ? symbol->address : UINT64_MAX,
		.ifunc = symbol && symbol->ifunc,
	}));
	twz_push(in->arena, in->of, of, record);
	twz_push(in->arena, in->gates, in->n, gate);
}

/* A name of @gate that an earlier gate has already, or NULL. */
static const char *
taken(const struct inspection *in, const char *name)
{
	for (size_t i = 0; i < in->n; i++) {
		if (!strcmp(in->gates[i].name, name))
			return name;
		for (uint32_t k = 0; k < in->gates[i].naliases; k++)
			if (!strcmp(in->gates[i].aliases[k], name))
				return name;
	}
	return NULL;
}

static void
add_recorded(struct inspection *in, const struct record_gate *record)
{
	struct twz_gate gate = {
		.name = record->name, .symbol = record->name, .doc = record->doc,
		.requires = record->requires, .converts = record->converts,
		.aliases = (const char *const *)record->aliases, .naliases = record->naliases,
		.role = record->role, .level = record->level, .readonly = record->readonly,
		.has_record = true, .how = "none", .why = "",
	};

	if (record->bad)
		refuse(&gate, record->bad);
	if (taken(in, gate.name))
		refuse(&gate, "another gate has this name already");
	for (uint32_t i = 0; i < gate.naliases; i++)
		if (taken(in, gate.aliases[i]) || !strcmp(gate.aliases[i], gate.name))
			refuse(&gate, twz_format(in->arena, "its alias '%s' is another gate's name "
						 "already", gate.aliases[i]));
	add_gate(in, gate, record);
}

static void
choose(struct inspection *in, bool all)
{
	size_t ngates = in->records.ngates;

	for (size_t i = 0; i < ngates; i++)
		add_recorded(in, &in->records.gates[i]);
	for (size_t i = 0; all && i < in->nexports; i++) {
		const char *name = in->exports[i].name;
		bool is_gate = false;

		for (size_t k = 0; k < ngates && !is_gate; k++)
			is_gate = !strcmp(in->records.gates[k].name, name);
		if (!is_gate)
			add_gate(in, (struct twz_gate){
				.name = record_clean(in->arena, name), .symbol = name, .doc = "",
				.requires = "", .converts = "", .how = "none", .why = "" }, NULL);
	}
}

/* -- records and types ------------------------------------------------------------------------------ */

/* Enums whose values are unions, by their tag or a typedef; texts of the errors. */
static void
mark_enums(struct inspection *in, const struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->n; i++) {
		struct node *node = nodes->all[i];
		struct node *target = (struct node *)(uintptr_t)twz_type_strip(&node->type);

		for (size_t k = 0; k < in->records.nflags; k++)
			if (!strcmp(node->type.name, in->records.flags[k]) &&
			    target->type.kind == TWZ_ENUM)
				target->type.is_flags = true;
		if (node->type.kind != TWZ_ENUM)
			continue;
		for (uint32_t m = 0; m < node->type.nmembers; m++)
			for (size_t k = 0; k < in->records.nerrors; k++)
				if (!strcmp(node->members[m].name, in->records.errors[k].name))
					node->members[m].text = in->records.errors[k].text;
	}
}

static bool
is_count(const struct twz_type *type)
{
	type = twz_type_strip(type);
	return type->kind == TWZ_INT && type->size <= 8;
}

/* The extent's count is a parameter of integer type or a number in C's notation. */
static const char *
set_extent(struct twz_member *params, uint32_t n, struct twz_member *p, const char *count,
	   struct twz_arena *arena)
{
	unsigned long long number;
	char *end;

	p->has_extent = true;
	p->extent = -1;
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(params[i].name, count))
			continue;
		p->extent = (int32_t)i;
		return is_count(params[i].type) ? NULL :
		       twz_format(arena, "the extent of '%s' is '%s', which is no integer", p->name,
				  count);
	}
	errno = 0;
	number = strtoull(count, &end, 0);
	end += strspn(end, "uUlL");
	if (*end || errno || *count < '0' || *count > '9' || !number)
		return twz_format(arena, "the extent of '%s' is '%.60s', which is neither a parameter "
				  "nor a number", p->name, record_clean(arena, count));
	p->count = number;
	return NULL;
}

/* Puts what @record says about parameters to @params. Returns why not, or NULL. */
static const char *
join_params(const struct record_gate *record, struct twz_member *params, uint32_t n,
	    struct twz_arena *arena)
{
	for (uint32_t i = 0; i < record->nparams; i++) {
		const struct record_param *said = &record->params[i];
		struct twz_member *p = NULL;
		const char *why = NULL;
		enum twz_kind kind;

		for (uint32_t k = 0; k < n && !p; k++)
			if (!strcmp(params[k].name, said->name))
				p = &params[k];
		if (!p)
			return twz_format(arena, "its record names a parameter '%.60s' that it does "
					  "not have", record_clean(arena, said->name));
		kind = twz_type_strip(p->type)->kind;
		if ((said->has_extent || said->optional) && kind != TWZ_POINTER && kind != TWZ_STRING)
			return twz_format(arena, "its record treats parameter '%s' as a pointer",
					  p->name);
		p->secret = said->secret;
		p->optional = said->optional;
		p->dir = said->dir;
		if (said->has_extent)
			why = set_extent(params, n, p, said->count, arena);
		if (why)
			return why;
	}
	return NULL;
}

/* Gates may share a function's type but not what their records say: each gets its own copy. */
static struct twz_member *
own_type(struct twz_gate *gate, const struct twz_type *type, struct twz_arena *arena)
{
	struct twz_type *own = twz_new(arena, struct twz_type);
	struct twz_member *params = twz_new_array(arena, type->nmembers, struct twz_member);

	if (type->nmembers)
		memcpy(params, type->members, type->nmembers * sizeof(*params));
	*own = *type;
	own->members = params;
	gate->type = own;
	return params;
}

/* -- verdicts --------------------------------------------------------------------------------------- */

static bool
is_text(const struct twz_type *type)
{
	return twz_type_strip(type)->kind == TWZ_STRING;
}

/* Result<T, E> f(const char *), T shown as @converts. */
static bool
makes(const struct twz_gate *gate, struct twz_arena *arena)
{
	const struct twz_member *ok = twz_result_ok(gate->type->target);

	return gate->type->nmembers == 1 && is_text(gate->type->members[0].type) && ok &&
	       !strcmp(twz_type_text(arena, ok->type), gate->converts);
}

/* void f(const T *, char *text, size_t size), T shown as @converts. */
static bool
writes(const struct twz_gate *gate, struct twz_arena *arena)
{
	const struct twz_member *params = gate->type->members;
	const struct twz_type *value;

	if (gate->type->nmembers != 3 || !is_text(params[1].type) || !is_count(params[2].type))
		return false;
	value = twz_type_strip(params[0].type);
	return value->kind == TWZ_POINTER &&
	       !strcmp(twz_type_text(arena, value->target), gate->converts);
}

static void
check_role(struct twz_gate *gate, struct twz_arena *arena)
{
	bool fits = true;

	switch (gate->role) {
	case TWZ_ROLE_GATE:
		break;
	case TWZ_ROLE_FROM_STRING:
		fits = makes(gate, arena);
		break;
	case TWZ_ROLE_TO_STRING:
		fits = writes(gate, arena);
		break;
	}
	if (!fits)
		refuse(gate, twz_format(arena, "it does not convert a type shown as '%s'",
					gate->converts));
}

static void
judge(struct twz_gate *gate, const struct dw_function *f, const struct record_gate *record,
      struct twz_arena *arena)
{
	const struct twz_plan *plan;
	struct twz_error err = { 0 };
	struct twz_member *params;
	const char *why;

	gate->how = f->how;
	if (!f->type) {
		refuse(gate, *f->why ? f->why : "its type is not known");
		return;
	}
	params = own_type(gate, f->type, arena);
	why = record ? join_params(record, params, gate->type->nmembers, arena) : NULL;
	if (why)
		refuse(gate, why);
	if (*f->why)
		refuse(gate, f->why);
	if (gate->type->is_variadic)
		refuse(gate, "it takes a variable number of arguments");
	if (gate->verdict != TWZ_VERDICT_REFUSED && !twz_plan_make(gate, arena, &plan, &err))
		refuse(gate, twz_strdup(arena, err.text));
	if (gate->verdict != TWZ_VERDICT_REFUSED)
		check_role(gate, arena);
	gate->hash = twz_gate_hash(gate);
}

/* -- the whole -------------------------------------------------------------------------------------- */

/* libpasswd.so.1 is passwd. */
static const char *
name_of_file(struct twz_arena *arena, const char *path)
{
	const char *base = strrchr(path, '/');
	char *name, *end;

	base = base ? base + 1 : path;
	name = twz_strdup(arena, strncmp(base, "lib", 3) ? base : base + 3);
	end = strstr(name, ".so");
	if (end)
		*end = '\0';
	for (char *c = name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *c))
			*c = '_';
	return *name ? name : "unnamed";
}

static struct twz_service *
make_service(struct inspection *in, const char *path)
{
	struct twz_service *service = twz_new(in->arena, struct twz_service);
	TWZ_FREE char *real = realpath(path, NULL);

	*service = (struct twz_service){
		.name = in->records.service,
		.version = in->records.version, .doc = in->records.doc,
		.path = twz_strdup(in->arena, real ? real : path),
		.gates = in->gates, .ngates = (uint32_t)in->n, .partial = in->partial,
	};
	if (!service->name)
		service->name = name_of_file(in->arena, path);
	service->build_id_size = elf_build_id(in->file, service->build_id);
	return service;
}

/* One gate with all that belongs to it, while gates change places. */
struct place {
	uint64_t order;
	size_t from;
};

static int
by_order(const void *a, const void *b)
{
	const struct place *p = a, *q = b;

	if (p->order != q->order)
		return p->order < q->order ? -1 : 1;
	return p->from < q->from ? -1 : p->from > q->from;
}

/*
 * Marked gates stand in the order of their source, whatever order the compiler wrote its records in
 * (gcc -O2 turns them round). A gate whose line is not known comes after the others.
 */
static void
sort_recorded(struct inspection *in)
{
	size_t n = in->records.ngates;
	struct place *places = twz_new_array(in->arena, n, struct place);
	struct twz_gate *gates = twz_new_array(in->arena, n, struct twz_gate);
	struct dw_function *functions = twz_new_array(in->arena, n, struct dw_function);

	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){ in->functions[i].order, i };
	qsort(places, n, sizeof(*places), by_order);
	for (size_t i = 0; i < n; i++) {
		gates[i] = in->gates[places[i].from];
		functions[i] = in->functions[places[i].from];
		in->of[i] = &in->records.gates[places[i].from];
	}
	for (size_t i = 0; i < n; i++) {
		in->gates[i] = gates[i];
		in->functions[i] = functions[i];
	}
	for (size_t i = 0; i < in->n; i++)
		in->gates[i].index = (uint32_t)i;
}

static bool
read_types(struct inspection *in, const char *debug_dir, struct twz_error *err)
{
	struct elf_file *debug = NULL;
	TWZ_CLEANUP(elf_closep) struct elf_file *separate = NULL;
	TWZ_CLEANUP(dw_closep) struct dw *dw = NULL;

	if (!elf_open_debug(in->file, debug_dir, &debug, err))
		return false;
	separate = debug == in->file ? NULL : debug;
	if (!dw_open(debug->elf, in->arena, &dw, err))
		return false;
	dw_functions(dw, in->functions, in->n);
	sort_recorded(in);
	mark_enums(in, dw_nodes(dw));
	in->partial = in->records.partial || dw_partial(dw);
	for (size_t i = 0; i < in->n; i++)
		judge(&in->gates[i], &in->functions[i], in->of[i], in->arena);
	return true;
}

bool
introspect_file(const char *path, const struct introspect_options *options,
		struct twz_arena *arena, const struct twz_service **ret, struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	struct inspection in = { .arena = arena };
	struct elf_section section = { 0 };

	if (!elf_open(path, arena, &file, err))
		return false;
	in.file = file;
	elf_section(file, ".twz_gates", &section);
	records_read(section, arena, &in.records);
	if (!in.records.ngates && !options->all) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "no gates");
		return twz_hint(err, "mark functions with TWZ_GATE of <twz/gate.h>; "
				"twz-inspect --all shows every exported function");
	}
	in.nexports = elf_exports(file, &in.exports);
	choose(&in, options->all);
	if (!read_types(&in, options->debug_dir, err))
		return false;
	*ret = make_service(&in, path);
	return true;
}

bool
introspect_where(const char *path, uint64_t address, struct twz_arena *arena,
		 struct introspect_place *ret, struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	TWZ_CLEANUP(elf_closep) struct elf_file *separate = NULL;
	TWZ_CLEANUP(dw_closep) struct dw *dw = NULL;
	struct elf_file *debug = NULL;

	*ret = (struct introspect_place){ "", "", 0 };
	if (!elf_open(path, arena, &file, err))
		return false;
	if (elf_open_debug(file, NULL, &debug, NULL)) {
		separate = debug == file ? NULL : debug;
		if (dw_open(debug->elf, arena, &dw, NULL))
			dw_place(dw, address, ret);
	}
	if (!*ret->function)
		ret->function = elf_function_at(file, address);
	ret->function = record_clean(arena, ret->function);
	ret->file = record_clean(arena, ret->file);
	return true;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SHADOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SHADOW 1
#endif
#endif
#ifndef HAS_SHADOW
#define HAS_SHADOW 0
#endif

void
introspect_confine(void)
{
	/* A sanitizer's shadow memory counts as address space, terabytes of it. */
	const struct { int resource; rlim_t limit; } limits[] = {
		{ RLIMIT_CPU, 20 },
		{ RLIMIT_AS, HAS_SHADOW ? RLIM_INFINITY : (rlim_t)4 << 30 },
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE, 64 },
	};

	for (size_t i = 0; i < TWZ_COUNT(limits); i++) {
		struct rlimit limit;

		if (getrlimit((__rlimit_resource_t)limits[i].resource, &limit))
			continue;
		if (limits[i].limit < limit.rlim_cur)
			limit.rlim_cur = limits[i].limit;
		if (limits[i].limit < limit.rlim_max)
			limit.rlim_max = limits[i].limit;
		setrlimit((__rlimit_resource_t)limits[i].resource, &limit);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
