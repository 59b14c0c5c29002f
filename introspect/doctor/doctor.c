/*
 * Asks everybody who knows something about a library's debug information: the file itself, the search
 * for debug information with its looks, the units, the introspection of all exported functions, and,
 * when something is missing, the system's packages. What is missing leads to advice.
 */
#include "introspect/doctor/doctor.h"

#include <string.h>

#include "introspect/dwarf/die.h"
#include "introspect/doctor/packages.h"
#include "introspect/records.h"

enum { MAX_COMPILERS = 64, MAX_PRODUCER = 60 };

/* -- the file --------------------------------------------------------------------------------------- */

static void
examine_file(const struct elf_file *file, struct doctor *d)
{
	const struct elf_symbol *exports;
	struct elf_section section;
	uint8_t id[TWZ_BUILD_ID_MAX];
	Elf64_Shdr sh;

	d->soname = record_clean(file->arena, elf_soname(file));
	d->machine = elf_machine(file);
	d->elf_kind = file->kind;
	d->kind = elf_kind_name(file->kind);
	d->size = file->size;
	for (uint32_t i = 0, n = elf_build_note(file, id); i < n; i++)
		snprintf(d->build_id + 2 * (size_t)i, 3, "%02x", id[i]);
	d->stripped = !elf_find(file, ".symtab", &sh, &section);
	d->nexports = elf_exports(file, &exports);
	for (size_t i = 0; i < d->nexports; i++)
		d->nold += exports[i].hidden;
}

/* -- units ------------------------------------------------------------------------------------------ */

/* By their numbers in DWARF. A language's versions (C89, C99, C11) are one language here. */
static const struct { uint16_t number; const char *name; } languages[] = {
	{ 0x01, "C" }, { 0x02, "C" }, { 0x0c, "C" }, { 0x1d, "C" }, { 0x2c, "C" },
	{ 0x04, "C++" }, { 0x1a, "C++" }, { 0x21, "C++" }, { 0x2b, "C++" },
	{ 0x03, "Ada" }, { 0x0d, "Ada" }, { 0x2e, "Ada" }, { 0x2f, "Ada" },
	{ 0x07, "Fortran" }, { 0x08, "Fortran" }, { 0x0e, "Fortran" }, { 0x22, "Fortran" },
	{ 0x23, "Fortran" }, { 0x2d, "Fortran" },
	{ 0x09, "Pascal" }, { 0x0a, "Modula-2" }, { 0x0b, "Java" }, { 0x10, "Objective-C" },
	{ 0x11, "Objective-C++" }, { 0x13, "D" }, { 0x14, "Python" }, { 0x16, "Go" },
	{ 0x18, "Haskell" }, { 0x1b, "OCaml" }, { 0x1c, "Rust" }, { 0x1e, "Swift" },
	{ 0x27, "Zig" }, { 0x8001, "assembly" },
};

static const char *
language_of(const struct die *die, struct twz_arena *arena)
{
	int64_t number;

	if (!die_number(die, DIE_LANGUAGE, &number))
		return "";
	for (size_t i = 0; i < TWZ_COUNT(languages); i++)
		if (languages[i].number == number)
			return languages[i].name;
	return twz_format(arena, "language %#llx", (unsigned long long)number);
}

/* "GNU C17 12.2.0 -mtune=generic -g": without the options. */
static const char *
producer_of(const struct die *die, struct twz_arena *arena)
{
	const char *text = die_text(die, DIE_PRODUCER), *options = strstr(text, " -");
	size_t n = options ? (size_t)(options - text) : strlen(text);

	return record_clean(arena, twz_strndup(arena, text, n < MAX_PRODUCER ? n : MAX_PRODUCER));
}

static size_t
count_compiler(struct doctor_compiler **list, size_t n, const char *language, const char *producer,
	       struct twz_arena *arena)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp((*list)[i].language, language) && !strcmp((*list)[i].producer, producer)) {
			(*list)[i].units++;
			return n;
		}
	if (n < MAX_COMPILERS)
		twz_push(arena, *list, n, ((struct doctor_compiler){ language, producer, 1 }));
	return n;
}

static int
by_units(const void *a, const void *b)
{
	const struct doctor_compiler *p = a, *q = b;
	int order = strcmp(p->language, q->language);

	if (p->units != q->units)
		return p->units > q->units ? -1 : 1;
	return order ? order : strcmp(p->producer, q->producer);
}

static void
examine_units(struct debug *debug, struct twz_arena *arena, struct doctor *d)
{
	enum { PARTIAL_UNIT = 0x3c };		/* DW_TAG_partial_unit */
	struct doctor_compiler *compilers = NULL;
	struct engine *engine;
	struct die_unit unit;
	TWZ_ARENA own = { 0 };

	if (!engine_own.open(debug, &own, &engine, NULL))
		return;
	for (size_t i = 0, n = engine->ops->units(engine); i < n; i++) {
		if (!engine->ops->unit(engine, i, &unit) || unit.is_damaged) {
			d->damaged_units++;
			continue;
		}
		if (unit.version < TWZ_COUNT(d->versions))
			d->versions[unit.version] = true;
		d->type_units += unit.is_type;
		d->partial_units += unit.die.tag == PARTIAL_UNIT;
		if (unit.is_type || unit.die.tag == PARTIAL_UNIT)
			continue;
		d->units++;
		d->ncompilers = count_compiler(&compilers, d->ncompilers, language_of(&unit.die, arena),
					       producer_of(&unit.die, arena), arena);
	}
	if (compilers)
		qsort(compilers, d->ncompilers, sizeof(*compilers), by_units);
	d->compilers = compilers;
	d->partial |= engine->ops->partial(engine);
	engine->ops->close(engine);
}

/* A unit's split file is looked for in several places: it is missing when all looks of its name failed. */
static void
count_split(struct doctor *d)
{
	static const char what[] = "split file ";

	for (size_t i = 0; i < d->nlooks; i++) {
		const struct debug_look *look = &d->looks[i];
		bool last = i + 1 == d->nlooks || strcmp(look[1].what, look->what) != 0;

		if (strncmp(look->what, what, sizeof(what) - 1) || (!look->found && !last))
			continue;
		d->split_found += look->found;
		d->split_missing += !look->found;
	}
}

static bool
examine_debug(struct elf_file *file, const struct introspect_options *options, struct doctor *d)
{
	struct twz_arena *arena = file->arena;
	TWZ_CLEANUP(debug_closep) struct debug *debug = NULL;
	bool ok = debug_open(file, options->debug_dir, arena, &debug, NULL);
	const struct debug_look *looks;
	struct debug_look *copy;

	if (ok) {
		d->debug_path = twz_strdup(arena, debug_path(debug_main(debug)));
		d->compression = debug_compression(debug_main(debug));
		d->debug_size = debug_section(debug_main(debug), DEBUG_INFO).n;
		if (debug_alternate(debug))
			d->alternate = twz_strdup(arena, debug_path(debug_alternate(debug)));
		examine_units(debug, arena, d);
	}
	d->partial |= debug_partial(debug);
	d->nlooks = debug_looks(debug, &looks);
	d->looks = copy = twz_new_array(arena, d->nlooks, struct debug_look);
	for (size_t i = 0; i < d->nlooks; i++)
		copy[i] = (struct debug_look){
			twz_strdup(arena, looks[i].what), record_clean(arena, looks[i].where),
			record_clean(arena, looks[i].result), looks[i].found,
		};
	count_split(d);
	return ok;
}

/* -- functions -------------------------------------------------------------------------------------- */

static size_t
count_group(struct doctor_group **list, size_t n, const char *text, const char *name,
	    struct twz_arena *arena)
{
	struct doctor_group *group = NULL;

	for (size_t i = 0; i < n && !group; i++)
		if (!strcmp((*list)[i].text, text))
			group = &(*list)[i];
	if (!group) {
		twz_push(arena, *list, n, ((struct doctor_group){ .text = text }));
		group = &(*list)[n - 1];
	}
	if (group->n < TWZ_COUNT(group->names))
		group->names[group->n] = name;
	group->n++;
	return n;
}

static int
by_count(const void *a, const void *b)
{
	const struct doctor_group *p = a, *q = b;

	if (p->n != q->n)
		return p->n > q->n ? -1 : 1;
	return strcmp(p->text, q->text);
}

static void
examine_functions(const struct twz_service *service, struct twz_arena *arena, struct doctor *d)
{
	struct doctor_group *how = NULL, *why = NULL;

	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];

		if (gate->type) {
			d->typed++;
			d->nhow = count_group(&how, d->nhow, gate->how, gate->name, arena);
		} else {
			d->untyped++;
			d->nwhy = count_group(&why, d->nwhy, *gate->why ? gate->why : "unknown",
					      gate->name, arena);
		}
	}
	if (how)
		qsort(how, d->nhow, sizeof(*how), by_count);
	if (why)
		qsort(why, d->nwhy, sizeof(*why), by_count);
	d->how = how;
	d->why = why;
	d->partial |= service->partial;
}

/* -- advice ----------------------------------------------------------------------------------------- */

struct advice {
	struct twz_arena *arena;
	const char **list;
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void
advise(struct advice *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	twz_push(a->arena, a->list, a->n, twz_vformat(a->arena, fmt, ap));
	va_end(ap);
}

static bool
any_look(const struct doctor *d, const char *result)
{
	for (size_t i = 0; i < d->nlooks; i++)
		if (!strcmp(d->looks[i].result, result))
			return true;
	return false;
}

static bool
alternate_missing(const struct doctor *d)
{
	bool tried = false;

	for (size_t i = 0; i < d->nlooks; i++)
		tried |= !strcmp(d->looks[i].what, "alternate file");
	return tried && !d->alternate;
}

/* How to get the file with this build-id, or its alternate file. */
static void
advise_package(struct advice *a, const struct doctor *d)
{
	const char *debug = package_with_debug(d->build_id, a->arena);
	const char *archive = package_debug_archive(a->arena);

	if (debug) {
		advise(a, "install its debug package: apt install %s", debug);
	} else if (d->package) {
		advise(a, "install its debug package: apt install %s-dbgsym (or %s-dbg)", d->package,
		       d->package);
		if (*archive)
			advise(a, "packages that end with -dbgsym come from an archive of their own: "
			       "add '%s' to apt's sources", archive);
	}
	if (*d->build_id && (debug || d->package))
		advise(a, "or let debuginfod's client fetch it: debuginfod-find debuginfo %s",
		       d->build_id);
}

static void
make_advice(struct doctor *d, struct twz_arena *arena)
{
	struct advice a = { .arena = arena };

	if (any_look(d, "its build-id differs") || any_look(d, "its checksum differs"))
		advise(&a, "a file of another build is in the way: upgrade the library and its debug "
		       "package together");
	if (!d->debug_path || alternate_missing(d))
		advise_package(&a, d);
	if (!d->debug_path && d->elf_kind != ELF_KIND_DEBUG)
		advise(&a, d->package ? "or build it with -g" :
		       "build it with -g, and do not strip it or keep what objcopy --only-keep-debug "
		       "makes of it");
	if (alternate_missing(d))
		advise(&a, "some types are in an alternate file (dwz): it must lie where the library's "
		       "debug file says, or under a folder of --debug-dir");
	if (d->split_missing)
		advise(&a, "keep .dwo files where they were made or beside the library, or pack them: "
		       "%s -e %.200s -o %.200s.dwp", d->versions[5] ? "llvm-dwp" : "dwp", d->path,
		       d->path);
	if (d->untyped && d->elf_kind != ELF_KIND_DEBUG)
		advise(&a, "%s: twz-inspect --all --headers FILE %.200s",
		       d->debug_path ? "for functions that the debug information does not describe, "
				       "prototypes can be had from headers" :
				       "or have the prototypes from its headers", d->path);
	twz_push(arena, a.list, a.n, NULL);
	d->advice = a.list;
}

bool
doctor_content(const struct doctor *d)
{
	return d->debug_path && !d->untyped;
}

bool
doctor_examine(const char *path, const struct introspect_options *options, struct twz_arena *arena,
	       struct doctor *ret, struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	TWZ_FREE char *real = realpath(path, NULL);
	struct introspect_options all = *options;
	const struct twz_service *service;
	struct twz_error why = { 0 };

	*ret = (struct doctor){ .path = record_clean(arena, path) };
	if (!elf_open_any(path, arena, &file, err))
		return false;
	examine_file(file, ret);
	all.all = true;
	if (!examine_debug(file, options, ret)) {
		ret->untyped = ret->nexports;
	} else if (introspect_file(path, &all, arena, &service, &why)) {
		examine_functions(service, arena, ret);
	} else {
		struct doctor_group *group = twz_new(arena, struct doctor_group);

		*group = (struct doctor_group){ .text = twz_strdup(arena, why.text), .n = ret->nexports };
		ret->untyped = ret->nexports;
		ret->why = group;
		ret->nwhy = 1;
	}
	ret->package = package_of(real ? real : path, arena);
	make_advice(ret, arena);
	return true;
}
