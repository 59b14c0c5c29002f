/*
 * Joins what the three readers say: the file its exports, the records what is a gate and what C cannot
 * express, DWARF the types. A gate about which they disagree (a parameter that does not exist, an
 * extent that is no integer) is kept and refused with the reason, because its author has to see it.
 */
#include "introspect/introspect.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "introspect/file/debug.h"
#include "introspect/gates.h"
#include "introspect/headers/header_types.h"
#include "introspect/judge.h"
#include "introspect/returns.h"
#include "twz/typetext.h"

enum { AHEAD = 8 };	/* names that the memory is asked for */

/* One inspection: what was read, and what is made of it. */
struct inspection {
	struct twz_arena *arena;
	const struct introspect_options *options;
	struct elf_file *file;
	const struct elf_symbol *exports;
	size_t nexports;
	struct records records;
	struct twz_gate *gates;
	struct dw_function *functions;	/* one per gate */
	const struct record_gate **of;	/* its record, or NULL */
	size_t n, nrecorded;		/* the recorded ones come first */
	const char **taken;		/* names and aliases of the recorded ones: a hash table */
	size_t mask;
	const char *debug_path;
	const char *gates_path;		/* the gates file that the records were read from; NULL */
	const char *unfit;		/* why no function of the file can be called; NULL */
	bool partial;
};

/* The default version of a function comes first. */
static const struct elf_symbol *
find_export(const struct inspection *in, const char *name)
{
	size_t from = 0, n = in->nexports;

	while (n) {
		size_t half = n / 2;
		int order = strcmp(in->exports[from + half].name, name);

		from += order < 0 ? half + 1 : 0;
		n = order < 0 ? n - half - 1 : half;
	}
	return from < in->nexports && !strcmp(in->exports[from].name, name) ? &in->exports[from] : NULL;
}

/* -- which functions -------------------------------------------------------------------------------- */

static bool
is_asked_for(const struct inspection *in, const char *name)
{
	const char *const *patterns = in->options->patterns;

	for (; patterns && *patterns; patterns++)
		if (!fnmatch(*patterns, name, 0))
			return true;
	return !in->options->patterns;
}

static void
add_gate(struct inspection *in, struct twz_gate gate, const struct elf_symbol *symbol,
	 const struct record_gate *record)
{
	gate.version = symbol ? symbol->version : "";
	gate.address = symbol ? symbol->address : 0;
	if (!symbol)
		judge_refuse(&gate, "it is not an exported function of the file");
	if (in->unfit)
		judge_refuse(&gate, in->unfit);
	in->functions[in->n] = (struct dw_function){
		.symbol = gate.symbol,
		.address = symbol ? symbol->address : UINT64_MAX,
		.ifunc = symbol && symbol->ifunc, .hidden = symbol && symbol->hidden,
	};
	in->of[in->n] = record;
	in->gates[in->n++] = gate;
}

static const char **
taken_slot(const struct inspection *in, const char *name)
{
	size_t i = 5381;

	for (const char *c = name; *c; c++)
		i = i * 33 + (unsigned char)*c;
	for (i &= in->mask; in->taken[i] && strcmp(in->taken[i], name); i = (i + 1) & in->mask)
		;
	return &in->taken[i];
}

/* Whether an earlier gate has this name; from now on one has. */
static bool
take(const struct inspection *in, const char *name)
{
	const char **slot = taken_slot(in, name);
	bool was = *slot;

	*slot = name;
	return was;
}

static void
make_taken(struct inspection *in)
{
	size_t n = 16;

	for (size_t i = 0; i < in->records.ngates; i++)
		n += 2 + 2 * (size_t)in->records.gates[i].naliases;
	while (n & (n - 1))
		n += n & -n;
	in->mask = n - 1;
	in->taken = twz_new_array(in->arena, n, const char *);
}

static void
add_recorded(struct inspection *in, const struct record_gate *record)
{
	struct twz_gate gate = {
		.name = record->name, .symbol = record->name, .doc = record->doc,
		.requires = record->requires, .converts = record->converts,
		.aliases = (const char *const *)record->aliases, .naliases = record->naliases,
		.role = record->role, .level = record->level, .readonly = record->readonly,
		.visibility = record->visibility,
		.has_record = true, .how = "none", .why = "", .shown = "", .alias_of = "",
		.language = "", .file = "",
	};
	bool asked = is_asked_for(in, gate.name);

	if (record->bad)
		judge_refuse(&gate, record->bad);
	if (take(in, gate.name))
		judge_refuse(&gate, "another gate has this name already");
	for (uint32_t i = 0; i < gate.naliases; i++) {
		asked |= is_asked_for(in, gate.aliases[i]);
		if (take(in, gate.aliases[i]))
			judge_refuse(&gate, twz_format(in->arena, "its alias '%s' is another gate's name "
						       "already", gate.aliases[i]));
	}
	if (asked)
		add_gate(in, gate, find_export(in, gate.symbol), record);
}

static void
add_exported(struct inspection *in, const struct elf_symbol *symbol)
{
	const char *name = record_clean_kept(in->arena, symbol->name);
	struct twz_gate gate = {
		.name = name, .symbol = symbol->name, .doc = "", .requires = "", .converts = "",
		.how = "none", .why = "", .shown = "", .alias_of = "", .language = "", .file = "",
	};

	if (symbol->hidden) {
		gate.name = twz_format(in->arena, "%s@%s", name, symbol->version);
		judge_refuse(&gate, "an old version of the symbol, which no new program gets");
	}
	add_gate(in, gate, symbol, NULL);
}

static void
choose(struct inspection *in)
{
	size_t most = in->records.ngates + (in->options->all ? in->nexports : 0);
	bool *is_gate = twz_new_array(in->arena, in->nexports, bool);

	in->gates = twz_new_array(in->arena, most, struct twz_gate);
	in->functions = twz_new_array(in->arena, most, struct dw_function);
	in->of = twz_new_array(in->arena, most, const struct record_gate *);
	make_taken(in);
	if (in->file->kind != ELF_KIND_SHARED)
		in->unfit = twz_format(in->arena, "it is in %s, which cannot be loaded to be called",
				       elf_kind_name(in->file->kind));
	for (size_t i = 0; i < in->records.ngates; i++)
		add_recorded(in, &in->records.gates[i]);
	in->nrecorded = in->n;
	if (!in->options->all)
		return;
	for (size_t i = 0; i < in->records.ngates; i++) {
		const struct elf_symbol *symbol = find_export(in, in->records.gates[i].name);

		if (symbol)
			is_gate[symbol - in->exports] = true;
	}
	for (size_t i = 0; i < in->nexports; i++) {
		if (i + AHEAD < in->nexports)
			__builtin_prefetch(in->exports[i + AHEAD].name);
		if (!is_gate[i] && is_asked_for(in, in->exports[i].name))
			add_exported(in, &in->exports[i]);
	}
}

/* -- records and types ------------------------------------------------------------------------------ */

/* Enums whose values are unions, by their tag or a typedef; texts of the errors. */
static void
mark_enums(struct inspection *in, const struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->n && (in->records.nflags || in->records.nerrors); i++) {
		struct node *node = node_at(nodes, i);
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

/* -- the whole -------------------------------------------------------------------------------------- */

/* libpasswd.so.1 is passwd, and passwd.gates as well. */
static const char *
name_of_file(struct twz_arena *arena, const char *path)
{
	const char *base = strrchr(path, '/');
	char *name, *end;

	base = base ? base + 1 : path;
	name = twz_strdup(arena, strncmp(base, "lib", 3) ? base : base + 3);
	end = strstr(name, ".so");
	if (!end)
		end = strstr(name, ".gates");
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
		.version = in->records.version, .doc = in->records.doc, .asks = in->records.asks,
		.path = twz_strdup(in->arena, real ? real : path),
		.soname = twz_strdup(in->arena, elf_soname(in->file)),
		.debug_path = in->gates_path ? in->gates_path : in->debug_path,
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
	size_t n = in->nrecorded;
	struct place *places = twz_new_array(in->arena, n, struct place);
	struct twz_gate *gates = twz_new_array(in->arena, n, struct twz_gate);
	struct dw_function *functions = twz_new_array(in->arena, n, struct dw_function);
	const struct record_gate **of = twz_new_array(in->arena, n, const struct record_gate *);

	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){ in->functions[i].order, i };
	qsort(places, n, sizeof(*places), by_order);
	for (size_t i = 0; i < n; i++) {
		gates[i] = in->gates[places[i].from];
		functions[i] = in->functions[places[i].from];
		of[i] = in->of[places[i].from];
	}
	for (size_t i = 0; i < n; i++) {
		in->gates[i] = gates[i];
		in->functions[i] = functions[i];
		in->of[i] = of[i];
	}
	for (size_t i = 0; i < in->n; i++)
		in->gates[i].index = (uint32_t)i;
}

static bool
read_types(struct inspection *in, struct twz_error *err)
{
	const struct introspect_options *options = in->options;
	TWZ_ARENA scratch = { 0 };
	TWZ_CLEANUP(debug_closep) struct debug *debug = NULL;
	TWZ_CLEANUP(dw_closep) struct dw *dw = NULL;
	struct header_types *headers = NULL;
	struct twz_error why = { 0 };
	bool untyped = options->all && options->untyped;

	if (options->header_probe &&
	    !header_types_read(options->header_probe, options->engine, in->arena, &headers, err))
		return false;
	/* With headers, no debug information is no failure. */
	if (debug_open(in->file, options->debug_dir, in->arena, &debug, headers ? NULL : &why) &&
	    dw_open(debug, options->engine, in->arena, &dw, headers ? NULL : &why)) {
		in->debug_path = twz_strdup(in->arena, debug_path(debug_main(debug)));
		/* What a record says may need any type. */
		dw_functions(dw, in->functions, in->n, options->brief && !in->nrecorded);
		mark_enums(in, dw_nodes(dw));
	} else if (!headers) {
		if (untyped)
			*options->untyped = why;
		else if (err && err->cls == TWZ_CLASS_NONE)
			*err = why;
		if (!untyped)
			return false;
	}
	header_types_join(headers, in->functions, in->n, in->arena);
	sort_recorded(in);
	for (size_t i = 0; i < in->n; i++) {
		judge_expect(in->gates, in->functions, i, in->n);
		judge(&in->gates[i], &in->functions[i], in->of[i], !options->brief, &scratch, in->arena);
		if (options->brief || options->signatures)
			in->gates[i].signature = twz_signature_text(in->arena, &in->gates[i]);
		twz_arena_reset(&scratch);
	}
	returns_judge_speakers(in->gates, in->n, !options->patterns, in->arena);
	in->partial = in->records.partial || (dw && (dw_partial(dw) || debug_partial(debug)));
	return true;
}

/* What stands in no library: what its gates file says. */
static bool
read_gates(struct inspection *in, struct twz_error *err)
{
	struct gates_file gates;

	if (!gates_read(in->options->gates, in->arena, &gates, err))
		return false;
	records_read(gates.records, in->arena, &in->records);
	in->gates_path = in->options->gates;
	if (!in->records.service)
		in->records.service = name_of_file(in->arena, in->gates_path);
	return true;
}

/* Types come from nowhere: said so that one of the two ways can be opened. */
static bool
no_types(const struct inspection *in, struct twz_error *err)
{
	if (!in->gates_path || !in->options->no_headers)
		return false;
	*err = (struct twz_error){ 0 };
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "no debug information, and %s",
		 in->options->no_headers);
	return twz_hint(err, "install the library's -dev package and a C compiler, or its debug information; what the headers "
			"need is said in %s: compile -IFOLDER -DNAME", in->gates_path);
}

bool
introspect_file(const char *path, const struct introspect_options *options,
		struct twz_arena *arena, const struct twz_service **ret, struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	struct inspection in = { .arena = arena, .options = options, .debug_path = "" };
	struct elf_section section = { 0 };

	if (!(options->all ? elf_open_any : elf_open)(path, arena, &file, err))
		return false;
	in.file = file;
	elf_section(file, ".twz_gates", &section);
	records_read(section, arena, &in.records);
	if (!in.records.ngates && options->gates && !read_gates(&in, err))
		return false;
	if (!in.records.ngates && !options->all) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "no gates");
		if (in.gates_path)
			return twz_hint(err, "%s makes none of its functions a gate: take the # away from those that are right",
					in.gates_path);
		return twz_hint(err, "mark functions with TWZ_GATE of <twz/gate.h>; "
				"twz-inspect --all shows every exported function, --gates drafts a gates file for them");
	}
	in.nexports = elf_exports(file, &in.exports);
	choose(&in);
	if (!read_types(&in, err))
		return no_types(&in, err);
	*ret = make_service(&in, path);
	return true;
}

bool
introspect_where(const char *path, uint64_t address, struct twz_arena *arena,
		 struct introspect_place *ret, struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	TWZ_CLEANUP(debug_closep) struct debug *debug = NULL;
	TWZ_CLEANUP(dw_closep) struct dw *dw = NULL;

	*ret = (struct introspect_place){ "", "", 0 };
	if (!elf_open_any(path, arena, &file, err))
		return false;
	if (debug_open(file, NULL, arena, &debug, NULL) && dw_open(debug, NULL, arena, &dw, NULL))
		dw_place(dw, address, ret);
	if (!*ret->function)
		ret->function = elf_function_at(file, address);
	ret->function = record_clean(arena, ret->function);
	ret->file = record_clean(arena, ret->file);
	return true;
}

unsigned
introspect_seconds(const struct introspect_options *options)
{
	return options->engine && !strcmp(options->engine, "libdwarf") ? 120 : 20;
}
