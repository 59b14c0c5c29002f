/*
 * usage: unconfined LIBRARY GATE [ARG]
 *
 * Calls a gate of the service attack in this very process, without a compartment: status 0 when the
 * attempt worked. It shows that the confinement tests would fail without confinement.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How the results of attack begin: a state, of which 1 is Ok, and an error. */
struct attempt {
	uint32_t state, error;
};

struct loot {
	struct attempt attempt;
	uint64_t value;
};

static const struct {
	const char *gate;
	enum { NOTHING, TEXT, NUMBER } takes;
	enum { ATTEMPT, LOOT } gives;
} gates[] = {
	{ "read_file", TEXT, LOOT },
	{ "write_file", TEXT, ATTEMPT },
	{ "list_processes", NOTHING, LOOT },
	{ "open_socket", NUMBER, ATTEMPT },
	{ "trace_process", NUMBER, ATTEMPT },
};

static struct attempt
call(size_t row, void *function, const char *arg)
{
	union {
		void *address;
		struct attempt (*text)(const char *);
		struct attempt (*number)(int);
		struct loot (*loot_text)(const char *);
		struct loot (*loot)(void);
	} f = { .address = function };

	if (gates[row].gives == LOOT)
		return gates[row].takes == TEXT ? f.loot_text(arg).attempt : f.loot().attempt;
	return gates[row].takes == TEXT ? f.text(arg) : f.number(atoi(arg));
}

int
main(int argc, char **argv)
{
	void *library = argc > 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
	void *function = library ? dlsym(library, argv[2]) : NULL;

	for (size_t i = 0; function && i < sizeof(gates) / sizeof(gates[0]); i++) {
		struct attempt attempt;

		if (strcmp(gates[i].gate, argv[2]) != 0)
			continue;
		attempt = call(i, function, argc > 3 ? argv[3] : "");
		printf("state %u, error %u\n", attempt.state, attempt.error);
		return attempt.state == 1 ? 0 : 1;
	}
	fprintf(stderr, "usage: unconfined LIBRARY GATE [ARG]\n");
	return 2;
}
