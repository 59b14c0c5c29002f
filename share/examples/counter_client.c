/*
 * usage: counter_client [CALLS]
 *
 * Calls the service counter from four threads, each CALLS times (250,000), and shows that no call was
 * lost and that the service could tell the threads apart. To the program a gate is a function:
 * counter_stub.h, made by `twz-inspect --stubs libcounter.so`, declares it.
 */
#include "counter_stub.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <twz/call.h>

enum { THREADS = 4 };

struct worker {
	pthread_t thread;
	unsigned long calls;
	uint64_t own_count;
	struct caller_result who;
};

static void *
work(void *data)
{
	struct worker *w = data;

	for (unsigned long i = 0; i < w->calls; i++)
		counter_inc();
	w->own_count = counter_get_own();
	w->who = counter_who_called();
	return NULL;
}

int
main(int argc, char **argv)
{
	struct worker workers[THREADS] = { 0 };
	unsigned long calls = argc > 1 ? strtoul(argv[1], NULL, 10) : 250000;
	uint64_t total;

	counter_reset();
	if (twz_failed()) {
		twz_perror("counter_client");
		return twz_failed()->status;
	}
	for (int i = 0; i < THREADS; i++) {
		workers[i].calls = calls;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			return 1;
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		if (workers[i].who.twz_state == TWZ_STATE_OK)
			printf("thread %" PRIu64 ": ", workers[i].who.twz_ok.thread);
		printf("%" PRIu64 " calls\n", workers[i].own_count);
	}
	total = counter_get();
	printf("%" PRIu64 " calls in all\n", total);
	return total == THREADS * calls ? 0 : 1;
}
