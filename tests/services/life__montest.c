/* montest: what a compartment's life consists of, seen from inside. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <twz/gate.h>
#include <unistd.h>

TWZ_SERVICE("montest", "1.0", "Constructors, destructors, environment and lasting numbers");

static int constructed;
static uint64_t random_number;

__attribute__((constructor)) static void
on_load(void)
{
	constructed++;
	if (getentropy(&random_number, sizeof(random_number)))
		random_number = 0;
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

TWZ_GATE(uint64_t, drawn, (void), TWZ_DOC("The random number that its constructor has drawn"), TWZ_READONLY)
{
	return random_number;
}

TWZ_GATE(const char *, environment, (const char *name), TWZ_DOC("A variable of the environment"),
	 TWZ_READONLY)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static size_t argument_count;	/* as its constructor saw them */

__attribute__((constructor)) static void
count_arguments(void)
{
	const char *const *args;

	argument_count = twz_args(&args);
}

TWZ_GATE(const char *, argument, (uint32_t i), TWZ_DOC("An argument that it was loaded with"), TWZ_READONLY)
{
	const char *const *args;

	return i < twz_args(&args) && i < argument_count ? args[i] : "there is none";
}

TWZ_GATE(const char *, read_given, (const char *name), TWZ_DOC("A line of the file that it was given"))
{
	static _Thread_local char text[100];
	ssize_t n = read(twz_fd(name), text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = 0;
	text[strcspn(text, "\n")] = 0;
	return n < 0 ? strerror(errno) : text;
}

TWZ_GATE(long, write_given, (const char *name, const char *text), TWZ_DOC("Writes to the file that it was given"))
{
	return write(twz_fd(name), text, strlen(text)) < 0 ? -errno : 0;
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
