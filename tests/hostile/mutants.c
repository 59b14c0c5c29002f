/*
 * usage: mutants ENGINE COUNT FILE…	COUNT broken copies of the files, read in children with limits
 *
 * FILE=OTHER: the file is read, while another one, that it refers to, is broken where it lies; both in the end as
 * they were.
 *
 * Bits turned over, bytes and whole fields replaced, stretches copied over others, ends cut off: most of
 * it behind the code, where the debug information lies. A child may show the file or refuse it; it may not
 * crash, hang or take more memory than the limit. Debian's libdwarf aborts on a few: with that engine an
 * abort is counted, and is what the child is for.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "introspect/confine.h"
#include "introspect/introspect.h"
#include "introspect/show/show.h"

enum { MAX_FILE = 64 << 20, CPU_SECONDS = 10, SHOWN = 10, REFUSED = 11 };

static uint64_t
random_below(uint64_t *seed, uint64_t n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return n ? *seed % n : 0;
}

/* Changes @bytes; the same @seed does the same. Returns how many bytes are left. */
static size_t
mutate(unsigned char *bytes, size_t n, uint64_t seed)
{
	static const unsigned char values[] = { 0, 1, 2, 0x7f, 0x80, 0xfe, 0xff };
	uint64_t from, changes;

	seed = seed * 0x9e3779b97f4a7c15 + 1;
	if (!random_below(&seed, 20))
		return 1 + random_below(&seed, n - 1);
	from = random_below(&seed, 4) ? n / 4 : 0;
	changes = (uint64_t[]){ 1, 2, 5, 20, 100 }[random_below(&seed, 5)];
	while (changes--) {
		uint64_t at = from + random_below(&seed, n - from), size = 1 + random_below(&seed, 8);

		size = size < n - at ? size : n - at;
		switch (random_below(&seed, 5)) {
		case 0:
			bytes[at] ^= (unsigned char)(1u << random_below(&seed, 8));
			break;
		case 1:
			bytes[at] = values[random_below(&seed, sizeof(values))];
			break;
		case 2:
			memset(bytes + at, values[random_below(&seed, sizeof(values))], size);
			break;
		case 3:
			memmove(bytes + at, bytes + random_below(&seed, n - size), size);
			break;
		default:
			bytes[at] += (unsigned char)random_below(&seed, 5);
			break;
		}
	}
	return n;
}

static void
read_one(const char *path, const char *engine)
{
	const struct introspect_options options = { .all = true, .engine = engine };
	const struct twz_service *service;
	struct introspect_place place;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	FILE *null = fopen("/dev/null", "w");
	bool ok;

	introspect_confine(CPU_SECONDS, NULL);
	ok = introspect_file(path, &options, &arena, &service, &err);
	if (ok) {
		show_text(null, service, true);
		show_json(null, service);
		show_c(null, service, true);
		show_types(null, service, NULL, true);
		show_dot(null, service);
		for (uint32_t i = 0; i < service->ngates && i < 20; i++)
			show_gate(null, service, &service->gates[i], true);
	} else if (err.cls != TWZ_CLASS_LINK || !*err.text) {
		_exit(1);
	}
	for (uint64_t address = 0x1100; address < 0x1400; address += 0x155)
		if (!introspect_where(path, address, &arena, &place, NULL))
			break;
	_exit(ok ? SHOWN : REFUSED);
}

struct totals {
	unsigned long shown, refused, aborted, bad;
	long most;			/* KiB */
};

static void
run_one(const char *path, const char *engine, uint64_t seed, struct totals *t)
{
	struct rusage use = { 0 };
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (!child)
		read_one(path, engine);
	if (child < 0 || wait4(child, &status, 0, &use) != child) {
		perror("mutants");
		exit(EXIT_FAILURE);
	}
	if (use.ru_maxrss > t->most)
		t->most = use.ru_maxrss;
	if (WIFEXITED(status) && WEXITSTATUS(status) == SHOWN) {
		t->shown++;
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED) {
		t->refused++;
	} else if (WIFSIGNALED(status) && !strcmp(engine, "libdwarf")) {
		t->aborted++;
	} else {
		t->bad++;
		printf("# mutant %lu ended with status %#x\n", (unsigned long)seed, (unsigned)status);
	}
}

static void
put(int fd, const unsigned char *bytes, size_t n)
{
	if (ftruncate(fd, 0) || pwrite(fd, bytes, n, 0) != (ssize_t)n) {
		perror("mutants");
		exit(EXIT_FAILURE);
	}
}

int
main(int argc, char **argv)
{
	unsigned long count = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
	int memory = memfd_create("mutant", MFD_CLOEXEC);
	unsigned char *bytes = malloc(MAX_FILE), *copy = malloc(MAX_FILE);
	struct totals t = { 0 };
	size_t files = argc > 3 ? (size_t)argc - 3 : 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	for (size_t i = 0; i < files; i++) {
		char *name = argv[3 + i], *other = strchr(name, '=');
		const char *broken = other ? other + 1 : name;
		FILE *f = fopen(broken, "r+");
		size_t n = f && bytes ? fread(bytes, 1, MAX_FILE, f) : 0;
		int fd = other && f ? fileno(f) : memory;

		if (!n || !copy || fd < 0) {
			fprintf(stderr, "mutants: %s: %s\n", broken, strerror(errno));
			return EXIT_FAILURE;
		}
		if (other)
			*other = '\0';
		for (unsigned long seed = i; seed < count; seed += files) {
			memcpy(copy, bytes, n);
			put(fd, copy, mutate(copy, n, seed));
			run_one(other ? name : path, argv[1], seed, &t);
		}
		put(fd, bytes, n);
		fclose(f);
	}
	free(bytes);
	free(copy);
	printf("# %s: %lu files shown, %lu refused, %lu ended by a signal, at most %ld KiB\n", argv[1],
	       t.shown, t.refused, t.aborted, t.most);
	printf("%s hostile: %lu broken files, %s\n", t.bad || !count ? "not ok" : "ok", count, argv[1]);
	return t.bad || !count;
}
