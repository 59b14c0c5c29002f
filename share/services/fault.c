/*
 * fault: every way in which a service can go wrong. None of them harms the caller: each becomes one
 * typed error, and the next call starts a new compartment.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <twz/gate.h>
#include <unistd.h>

TWZ_SERVICE("fault", "1.0", "Goes wrong in every way that there is");

/* -- crashes ----------------------------------------------------------------------------------------- */

TWZ_GATE(int, null, (void), TWZ_DOC("Reads from address 0"))
{
	int *volatile nowhere = NULL;

	return *nowhere;
}

TWZ_GATE(void, wild_jump, (void), TWZ_DOC("Jumps to where no code is"))
{
	void (*volatile nowhere)(void) = (void (*)(void))0xdead000;

	nowhere();
}

TWZ_GATE(int, divide_by_zero, (int a), TWZ_DOC("Divides by an int that is 0"))
{
	volatile int zero = 0;

	return a / zero;
}

TWZ_GATE(void, abort_now, (void), TWZ_DOC("Calls abort()"))
{
	abort();
}

static __attribute__((noinline)) uint64_t
recurse(volatile uint64_t *above, uint64_t depth)
{
	volatile uint64_t frame[128];

	frame[depth % 128] = above ? *above + 1 : 0;
	return depth == UINT64_MAX ? frame[0] : recurse(&frame[depth % 128], depth + 1) + frame[1];
}

TWZ_GATE(uint64_t, overflow, (void), TWZ_DOC("Recurses until the stack is full"))
{
	return recurse(NULL, 0);
}

/* -- leaving without an answer ----------------------------------------------------------------------- */

TWZ_GATE(void, leave, (int status), TWZ_DOC("Calls exit()"))
{
	exit(status);
}

TWZ_GATE(void, end_thread, (void), TWZ_DOC("Ends the thread that serves the call"))
{
	pthread_exit(NULL);
}

TWZ_GATE(void, spin, (void), TWZ_DOC("Never returns, and burns a processor"))
{
	for (volatile uint64_t i = 0;; i++)
		;
}

TWZ_GATE(void, sleep_long, (void), TWZ_DOC("Never returns, and sleeps"))
{
	for (;;)
		pause();
}

static jmp_buf long_gone;

static __attribute__((noinline)) int
remember(void)
{
	return setjmp(long_gone);
}

TWZ_GATE(void, long_jump, (void), TWZ_DOC("Jumps back into a function that has returned"))
{
	if (remember() == 0) {
		char trash[4096];

		memset(trash, 0x5a, sizeof(trash));
		__asm__ volatile("" : : "r"(trash) : "memory");
		longjmp(long_gone, 1);
	}
	abort();
}

/* -- greed ------------------------------------------------------------------------------------------- */

enum Limit { OutOfMemory = 1, OutOfProcesses, OutOfThreads, OutOfDisk };
TWZ_ERROR_TEXT(OutOfMemory, "No more memory");
TWZ_ERROR_TEXT(OutOfProcesses, "No more processes");
TWZ_ERROR_TEXT(OutOfThreads, "No more threads");
TWZ_ERROR_TEXT(OutOfDisk, "No more disk space");

TWZ_RESULT_UNIT(greed, enum Limit);

TWZ_GATE(struct greed, eat_memory, (void), TWZ_DOC("Takes and uses memory until there is no more"))
{
	enum { MEGABYTE = 1 << 20 };
	char *taken;

	while ((taken = malloc(MEGABYTE))) {
		memset(taken, 1, MEGABYTE);
		__asm__ volatile("" : : "r"(taken) : "memory");	/* it is used, whatever the compiler thinks */
	}
	return greed_err(OutOfMemory);
}

TWZ_GATE(struct greed, fork_bomb, (void), TWZ_DOC("Starts processes, and they start processes"))
{
	pid_t first = getpid();

	while (fork() >= 0)
		;
	while (getpid() != first)
		pause();
	return greed_err(OutOfProcesses);
}

static void *
wait_forever(void *data)
{
	for (;;)
		pause();
	return data;
}

TWZ_GATE(struct greed, thread_bomb, (void), TWZ_DOC("Starts threads until there are no more"))
{
	pthread_t thread;

	while (pthread_create(&thread, NULL, wait_forever, NULL) == 0)
		pthread_detach(thread);
	return greed_err(OutOfThreads);
}

TWZ_GATE(struct greed, fill_disk, (void), TWZ_DOC("Writes to a file until it may not grow"))
{
	static const char block[1 << 16];
	FILE *file = fopen("greed", "we");
	bool ok = file != NULL;

	while (ok)
		ok = fwrite(block, sizeof(block), 1, file) == 1;
	if (file)
		fclose(file);
	unlink("greed");
	return greed_err(OutOfDisk);
}

/* -- lies -------------------------------------------------------------------------------------------- */

TWZ_RESULT(promise, int32_t, enum Limit);

TWZ_GATE(struct promise, no_result, (void), TWZ_DOC("Returns a result that it never made"))
{
	return (struct promise){ 0 };
}

TWZ_GATE(struct promise, bad_state, (void), TWZ_DOC("Returns a result that is neither Ok nor Err"))
{
	return (struct promise){ .twz_state = 77, .twz_ok = 1 };
}

TWZ_GATE(struct promise, bad_error, (void), TWZ_DOC("Returns an error that its enum does not have"))
{
	return promise_err((enum Limit)4711);
}

enum truth { FALSEHOOD, TRUTH };

TWZ_GATE(enum truth, bad_enum, (void), TWZ_DOC("Returns a value that its enum does not have"))
{
	return (enum truth)99;
}

struct claim {
	bool holds;
};

TWZ_GATE(struct claim, bad_bool, (void), TWZ_DOC("Returns a bool that is neither true nor false"))
{
	struct claim claim;

	memset(&claim, 0x2a, sizeof(claim));
	return claim;
}

TWZ_GATE(const char *, bad_text, (void), TWZ_DOC("Returns a text that begins where no memory is"))
{
	return (const char *)0xdead000;
}

/* -- noise ------------------------------------------------------------------------------------------- */

TWZ_GATE(int, garbage, (void), TWZ_DOC("Writes nonsense to stdout and stderr, and returns 7"))
{
	printf("\033[31m3\nnot a result\n");
	fflush(stdout);
	fprintf(stderr, "nonsense\n");
	return 7;
}

TWZ_GATE(const char *, escapes, (void), TWZ_DOC("Returns a text that would steer a terminal"))
{
	return "\033]0;owned\a\033[2Jred\033[31m\r\n\x9b" "0m";
}

TWZ_GATE(const char *, no_utf8, (void), TWZ_DOC("Returns bytes that are no text"))
{
	return "caf\xe9 \xff\xfe";
}
