/*
 * Damaged files: bits turned over, bytes replaced, ends cut off. Whatever is read, shown and declared
 * from them, the process that does it says so and ends by itself. (This version of libdwarf aborts on a
 * few; that is what the process is for, and those are counted.)
 */
#include "tests/unit/unit.h"

#include <sys/resource.h>

#include "introspect/show.h"
#include "tests/unit/introspect_fixture.h"

enum { MUTANTS = 150, MAX_ABORTS = 8, READ = 10, REFUSED = 11 };

static const char *const builds[] = { "gcc -gdwarf-5 -O2", "gcc -gdwarf-4 -O0" };

/* The same mutants in every run. */
static uint64_t
random_below(uint64_t *seed, uint64_t n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed % n;
}

static size_t
mutate(unsigned char *bytes, size_t n, uint64_t seed)
{
	uint64_t way, from, changes;

	seed = seed * 0x9e3779b97f4a7c15 + 1;
	way = random_below(&seed, 10);
	if (way == 0)
		return random_below(&seed, n);
	/* Most of what is interesting stands behind the code. */
	from = way < 3 ? 0 : n / 3;
	changes = (uint64_t[]){ 1, 3, 10, 60 }[random_below(&seed, 4)];
	while (changes--) {
		uint64_t at = from + random_below(&seed, n - from);
		static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };

		if (random_below(&seed, 2))
			bytes[at] ^= (unsigned char)(1u << random_below(&seed, 8));
		else
			bytes[at] = values[random_below(&seed, sizeof(values))];
	}
	return n;
}

static void
read_all(const char *path)
{
	const struct introspect_options options = { .all = true };
	const struct twz_service *service;
	struct introspect_place place;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	FILE *null = fopen("/dev/null", "w");
	struct rlimit cpu = { 5, 5 };
	bool ok;

	introspect_confine();
	setrlimit(RLIMIT_CPU, &cpu);
	ok = introspect_file(path, &options, &arena, &service, &err);
	if (ok) {
		show_text(null, service, true);
		show_json(null, service);
		show_c(null, service, false);
		show_c(null, service, true);
		show_types(null, service, NULL, true);
		show_dot(null, service);
		for (uint32_t i = 0; i < service->ngates; i++)
			show_gate(null, service, &service->gates[i], true);
	} else if (err.cls != TWZ_CLASS_LINK || !*err.text) {
		_exit(1);
	}
	err = (struct twz_error){ 0 };
	for (uint64_t address = 0x1100; address < 0x1400; address += 0x55)
		if (!introspect_where(path, address, &arena, &place, &err))
			break;
	_exit(ok ? READ : REFUSED);
}

static void
write_file(const char *path, const unsigned char *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static size_t
read_file(const char *path, unsigned char *bytes, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, size, f);
	fclose(f);
	assert_true(n && n < size);
	return n;
}

static int
run_one(const char *path)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (!child)
		read_all(path);
	assert_true(waitpid(child, &status, 0) == child);
	return status;
}

static void
test_mutants(void **state)
{
	static unsigned char whole[1 << 20], bytes[1 << 20];
	unsigned results[2] = { 0 }, aborts = 0;

	(void)state;
	for (size_t b = 0; b < TWZ_COUNT(builds); b++) {
		size_t n;

		assert_int_equal(shell("%s -w -fPIC -shared -Iinclude -o $D/whole.so " FIXTURES
				       "kinds.c", builds[b]), 0);
		n = read_file(in_folder("whole.so"), whole, sizeof(whole));
		for (uint64_t i = 0; i < MUTANTS; i++) {
			int status;

			memcpy(bytes, whole, n);
			write_file(in_folder("mutant.so"), bytes, mutate(bytes, n, b * MUTANTS + i));
			status = run_one(in_folder("mutant.so"));
			if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
				aborts++;
			else if (!WIFEXITED(status) || WEXITSTATUS(status) < READ)
				fail_msg("mutant %llu of '%s': status %#x", (unsigned long long)i,
					 builds[b], status);
			else
				results[WEXITSTATUS(status) - READ]++;
		}
	}
	print_message("%u read, %u refused, %u aborted by libdwarf\n", results[0], results[1], aborts);
	assert_true(aborts <= MAX_ABORTS);
	assert_true(results[0] > MUTANTS / 4 && results[1] > MUTANTS / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutants),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
