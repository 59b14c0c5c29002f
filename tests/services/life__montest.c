/* montest: what a compartment's life consists of, seen from inside. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <twz/gate.h>

TWZ_SERVICE("montest", "1.0", "Constructors, destructors, environment and lasting numbers");

static int constructed;

__attribute__((constructor)) static void
on_load(void)
{
	constructed++;
}

__attribute__((destructor)) static void
on_unload(void)
{
	puts("destructed");
}

TWZ_GATE(_Bool, was_ctor_run, (void), TWZ_DOC("Whether the constructor ran, once"), TWZ_READONLY)
{
	return constructed == 1;
}

TWZ_GATE(const char *, environment, (const char *name), TWZ_DOC("A variable of the environment"),
	 TWZ_READONLY)
{
	const char *value = getenv(name);

	return value ? value : "";
}

TWZ_GATE(void, leave, (int status), TWZ_DOC("Exits with this status"))
{
	exit(status);
}

TWZ_GATE(uint64_t, eat, (uint64_t mebibytes), TWZ_DOC("Allocates so much, and says how much it got"))
{
	uint64_t got = 0;
	char *p;

	while (got < mebibytes && (p = malloc(1 << 20))) {
		memset(p, 1, 1 << 20);
		__asm__ volatile("" : : "r"(p) : "memory");	/* it is used, whatever the compiler thinks */
		got++;
	}
	return got;
}

static void
hide(int number)
{
	_Exit(number ? 0 : 1);
}

TWZ_GATE(void, crash_quietly, (void), TWZ_DOC("Crashes, with handlers of its own that would hide it"))
{
	struct sigaction act = { .sa_handler = hide };

	signal(SIGSEGV, hide);
	sigaction(SIGSEGV, &act, NULL);
	*(volatile int *)8 = 1;
}
