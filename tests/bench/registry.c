/*
 * The registry: a library of 5,400 functions, 9,200 types and 15,700 members (as many as libcrypto has) stored
 * and read, a gate found by name among 10,000, and a listing of a real library from the registry beside nm -D.
 * Storing is CPU time: how long the disk takes says nothing about us.
 */
#include <string.h>
#include <time.h>

#include "registry/keep.h"
#include "tests/bench/bench.h"

enum { FUNCTIONS = 5400, TYPES = 9200 - FUNCTIONS, FIELDS = 4900, GATES = 10000 };

/* What all rows share; made when the first one is opened, and never given back. */
static struct {
	struct twz_arena arena;
	struct twz_service crypto, many;
	struct registry *reg;
	unsigned round;
} world;

static double
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Structs, and pointers to them by turns; each struct has its share of the fields. */
static const struct twz_type **
make_types(void)
{
	const struct twz_type **types = twz_new_array(&world.arena, TYPES, const struct twz_type *);
	size_t fields = 0;

	for (size_t i = 0; i < TYPES; i++) {
		struct twz_type *t = twz_new(&world.arena, struct twz_type);
		size_t n = i % 2 ? 0 : (i + 2) * FIELDS / TYPES - fields;
		struct twz_member *members = twz_new_array(&world.arena, n, struct twz_member);

		for (size_t k = 0; k < n; k++)
			members[k] = (struct twz_member){
				.name = twz_format(&world.arena, "field_%zu", k), .offset = k * 8,
				.type = i ? types[(i * 7 + k * 13) % i] : &twz_type_i32,
			};
		fields += n;
		*t = (struct twz_type){ .kind = i % 2 ? TWZ_POINTER : TWZ_STRUCT, .size = 8, .align = 8,
					.name = i % 2 ? "" : twz_format(&world.arena, "struct_%zu_st", i),
					.target = i % 2 ? types[i - 1] : NULL, .members = members,
					.nmembers = (uint32_t)n };
		types[i] = t;
	}
	return types;
}

/* @n functions of two parameters; without @types all are of one type. */
static const struct twz_gate *
make_gates(size_t n, const struct twz_type **types)
{
	struct twz_gate *gates = twz_new_array(&world.arena, n, struct twz_gate);
	struct twz_type *func = twz_new(&world.arena, struct twz_type);

	for (size_t i = 0; i < n; i++) {
		struct twz_member *params = twz_new_array(&world.arena, 2, struct twz_member);
		const char *name = twz_format(&world.arena, "EVP_%08zx_set_%zu", i * 2654435761u % (1u << 31), i);

		params[0] = (struct twz_member){ .name = "ctx", .type = &twz_type_i64 };
		params[1] = (struct twz_member){ .name = "length", .type = &twz_type_i32 };
		if (types) {
			params[0].type = types[i % TYPES];
			func = twz_new(&world.arena, struct twz_type);
		}
		*func = (struct twz_type){ .kind = TWZ_FUNC, .name = "", .target = &twz_type_i32,
					   .members = params, .nmembers = 2, .is_prototyped = true };
		gates[i] = (struct twz_gate){
			.name = name, .symbol = name, .index = (uint32_t)i, .doc = "", .requires = "",
			.converts = "", .how = "low_pc", .version = "OPENSSL_3.0.0", .shown = "",
			.alias_of = "", .language = "C", .file = "crypto/evp/evp_lib.c", .line = 1234,
			.verdict = TWZ_VERDICT_REFUSED, .why = "parameter 'ctx': a pointer to private memory",
			.type = func, .address = 0x100000 + i * 64, .has_record = !types,
		};
	}
	return gates;
}

static const char *
make_world(void)
{
	struct twz_error err = { 0 };
	const char *path = bench_text("%s/bin/twz-inspect", bench.root);

	if (world.reg)
		return NULL;
	world.crypto = (struct twz_service){ .name = "crypto", .version = "", .doc = "", .path = path,
					     .ngates = FUNCTIONS };
	world.crypto.gates = make_gates(FUNCTIONS, make_types());
	world.many = (struct twz_service){ .name = "many", .version = "", .doc = "", .ngates = GATES,
					   .path = bench_text("%s/bin/twz", bench.root) };
	world.many.gates = make_gates(GATES, NULL);
	if (!registry_open(bench_text("%s/bench-registry.db", bench.folder), &world.reg, &err) ||
	    !registry_store(world.reg, &world.crypto, NULL, &err) ||
	    !registry_store(world.reg, &world.many, NULL, &err))
		return bench_text("%s", err.text);
	return NULL;
}

static const char *
open_world(struct bench_row *row)
{
	row->state = &world;
	return make_world();
}

static const struct registry_source *
source(unsigned round)
{
	static struct registry_source ret = { .all = true };

	ret.maker = bench_text("round %u", round % 2);
	return &ret;
}

/* A first store: what was known is forgotten before. */
static bool
measure_store(struct bench_row *row, double *ret)
{
	const struct registry_entry *entries;
	TWZ_ARENA arena = { 0 };
	double start;
	size_t n;

	(void)row;
	if (!registry_entries(world.reg, &arena, &entries, &n, NULL))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct registry_entry *const one[] = { &entries[i] };

		if (!strcmp(entries[i].name, "crypto") && !registry_forget(world.reg, one, 1, NULL))
			return false;
	}
	start = cpu_now();
	if (!registry_store(world.reg, &world.crypto, source(0), NULL))
		return false;
	*ret = cpu_now() - start;
	return true;
}

static bool
run_again(struct bench_row *row, unsigned n)
{
	(void)row;
	while (n--)
		if (!registry_store(world.reg, &world.crypto, source(0), NULL))
			return false;
	return true;
}

static bool
run_load(struct bench_row *row, unsigned n)
{
	(void)row;
	while (n--) {
		const struct twz_service *service;
		TWZ_ARENA arena = { 0 };

		if (!registry_service(world.reg, world.crypto.path, &arena, &service, NULL))
			return false;
	}
	return true;
}

static bool
run_find(struct bench_row *row, unsigned n)
{
	TWZ_ARENA arena = { 0 };

	(void)row;
	while (n--) {
		const struct twz_gate *gate;
		unsigned i = world.round++ * 7919 % GATES;

		if (!registry_find_gate(world.reg, world.many.path, world.many.gates[i].name, &arena, &gate,
					NULL))
			return false;
	}
	return true;
}

/* One in about forty begins so. */
static bool
run_complete(struct bench_row *row, unsigned n)
{
	(void)row;
	while (n--) {
		const struct twz_gate *gates;
		TWZ_ARENA arena = { 0 };

		if (registry_complete(world.reg, world.many.path, "EVP_12", false, 1000, &arena, &gates) < 10)
			return false;
	}
	return true;
}

/* -- a listing -------------------------------------------------------------------------------------- */

static const char library[] = "/lib/x86_64-linux-gnu/libc.so.6";

static bool
run_command(struct bench_row *row, unsigned n)
{
	while (n--)
		if (bench_command(row->state, true))
			return false;
	return true;
}

static const char *
open_warm(struct bench_row *row)
{
	const char *inspect = bench_text("%s/bin/twz-inspect", bench.root);
	const char *db = bench_text("%s/bench-warm.db", bench.folder);
	const char *store[] = { inspect, "--all", "--register", "--db", db, library, NULL };
	static const char *list[] = { NULL, "--all", "--db", NULL, library, NULL };

	list[0] = inspect;
	list[3] = db;
	row->state = list;
	return bench_command((char *const *)(uintptr_t)store, true) ?
	       "needs debug information of libc.so.6 (libc6-dbg)" : NULL;
}

static const char *
open_nm(struct bench_row *row)
{
	static const char *argv[] = { "nm", "-D", library, NULL };

	row->state = argv;
	return bench_command(row->state, true) ? "needs nm" : NULL;
}

void
bench_registry_rows(void)
{
	struct bench_row row = { .group = "registry: 5,400 functions, 9,200 types, 16,000 members",
				 .open = open_world, .pinned = true };

	row.key = "reg_store", row.name = "store (CPU)", row.measure = measure_store, row.samples = 4;
	bench_row(row);
	row.measure = NULL;
	row.key = "reg_again", row.name = "store again", row.run = run_again, row.samples = 16;
	bench_row(row);
	row.key = "reg_load", row.name = "load all", row.run = run_load, row.samples = 4;
	bench_row(row);
	row.group = "registry: 10,000 gates";
	row.key = "reg_find", row.name = "find one by name", row.run = run_find, row.samples = 32;
	row.batch = 32;
	bench_row(row);
	row.key = "reg_complete", row.name = "complete a prefix", row.run = run_complete, row.batch = 4;
	bench_row(row);
	row = (struct bench_row){ .group = "registry: a listing of libc.so.6", .run = run_command,
				  .samples = 16, .pinned = true };
	row.key = "reg_warm", row.name = "twz-inspect --all, registered", row.open = open_warm;
	bench_row(row);
	row.key = "reg_nm", row.name = "nm -D", row.open = open_nm;
	bench_row(row);
	bench_ratio((struct bench_ratio){ "warm_nm", "registered listing / nm -D", "reg_warm", "reg_nm", NULL,
					  1.0 / 8 });
}
