/*
 * back: calls back, with all that may cross, and as no service should. Attacks on the link go at its memory, which
 * a service finds by the lock that the kernel holds for its thread.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <twz/gate.h>

#include "monitor/link.h"

TWZ_SERVICE("back", "1.0", "Calls back, well and badly");

/* -- well ------------------------------------------------------------------------------------------- */

struct point {
	double x;
	int32_t y;
};
struct item {
	const char *name;
	uint64_t weight;
};

TWZ_GATE(struct point, map, (struct point p, struct point (*f)(struct point, void *), void *data),
	 TWZ_DOC("What f makes of p"), TWZ_CALLBACK(f, data))
{
	return f(p, data);
}

TWZ_GATE(const char *, label, (const char *(*name)(int, void *), void *data, int n),
	 TWZ_DOC("The names of 1 to n"), TWZ_CALLBACK(name, data))
{
	static char all[1024];

	all[0] = 0;
	for (int i = 1; i <= n; i++) {
		strncat(all, name(i, data), 100);
		strcat(all, ";");
	}
	return all;
}

TWZ_GATE(uint64_t, drain, (int32_t (*next)(uint8_t *bytes, size_t n, void *data), void *data),
	 TWZ_DOC("The sum of bytes that next gives, until it gives none"), TWZ_CALLBACK(next, data),
	 TWZ_CALLBACK_PARAMS(next, bytes, n, data), TWZ_CALLBACK_OUT(next, bytes, n))
{
	uint8_t bytes[64];
	uint64_t sum = 0;

	for (int32_t n; (n = next(bytes, sizeof(bytes), data)) > 0;)
		for (int32_t i = 0; i < n && i < (int32_t)sizeof(bytes); i++)
			sum += bytes[i];
	return sum;
}

struct spot {
	int x, y;
};

TWZ_GATE(int, area, (void (*corner)(struct spot *at)), TWZ_DOC("Of the rectangle from 0, 0 to what corner says"),
	 TWZ_CALLBACK(corner), TWZ_CALLBACK_PARAMS(corner, at), TWZ_CALLBACK_OUT(corner, at, 1))
{
	struct spot at = { 1, 1 };

	corner(&at);
	return at.x * at.y;
}

TWZ_GATE(const char *, word, (bool (*next)(char *text, size_t *n, int *mark), int mark),
	 TWZ_DOC("What next writes, how much that is, and its mark"), TWZ_CALLBACK(next),
	 TWZ_CALLBACK_PARAMS(next, text, n, mark), TWZ_CALLBACK_OUT(next, text, *n), TWZ_CALLBACK_INOUT(next, mark, 1))
{
	static char said[100];
	char text[16] = "";
	size_t n = sizeof(text) - 1;
	bool more = next(text, &n, &mark);

	snprintf(said, sizeof(said), "%.*s %d %d %s", (int)n, text, (int)n, mark, more ? "more" : "end");
	return said;
}

TWZ_GATE(int, show, (void (*see)(const struct item *, const char *const *names, size_t n, void *), void *data),
	 TWZ_DOC("Shows an item and some names"), TWZ_CALLBACK(see, data),
	 TWZ_CALLBACK_PARAMS(see, item, names, n, data), TWZ_CALLBACK_IN(see, names, n))
{
	static const char *const names[] = { "one", NULL, "three" };
	const struct item item = { "lead", 7 };

	see(&item, names, 3, data);
	return 3;
}

typedef double numbers(float a, double b, int8_t c, uint16_t d, bool e, int64_t f, int g, int h, int i, double j,
		       float k, uint8_t l);

TWZ_GATE(double, spread, (numbers *f), TWZ_DOC("Numbers of all sizes, in registers and not"), TWZ_CALLBACK(f))
{
	return f(1.5f, -2.25, -3, 65535, true, INT64_MIN + 1, 7, 8, 9, 10.5, 11.5f, 255);
}

TWZ_GATE(int, maybe, (int (*f)(int, void *), void *data), TWZ_DOC("What f makes of 20; -1 without it"),
	 TWZ_CALLBACK(f, data), TWZ_OPTIONAL(f))
{
	return f ? f(20, data) : -1;
}

typedef int step(int n, void *data);

TWZ_GATE(int, two, (step *f, void *of_f, step *g, void *of_g), TWZ_DOC("What g makes of what f makes of 1"),
	 TWZ_CALLBACK(f, of_f), TWZ_CALLBACK(g, of_g))
{
	return g(f(1, of_f), of_g);
}

TWZ_GATE(int, count, (step *f, void *data, int n), TWZ_DOC("Calls f n times; the sum"), TWZ_CALLBACK(f, data))
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum += f(i, data);
	return sum;
}

TWZ_GATE(int, plain, (int n), TWZ_DOC("n + 1"))
{
	return n + 1;
}

/* -- badly ------------------------------------------------------------------------------------------ */

static step *kept;
static void *kept_data;

TWZ_GATE(int, keep, (step *f, void *data), TWZ_DOC("Remembers what it must not"), TWZ_CALLBACK(f, data))
{
	kept = f;
	kept_data = data;
	return f(1, data);
}

TWZ_GATE(int, use_kept, (int n), TWZ_DOC("Calls back whom no call has given"))
{
	return kept(n, kept_data);
}

TWZ_GATE(int, use_kept_with, (const char *text), TWZ_DOC("The same, in a gate that takes data"))
{
	return kept((int)strlen(text), kept_data);
}

static void *
call_kept(void *data)
{
	(void)data;
	kept(1, kept_data);
	return NULL;
}

TWZ_GATE(int, elsewhere, (step *f, void *data), TWZ_DOC("Calls back from another thread"), TWZ_CALLBACK(f, data))
{
	pthread_t thread;

	kept = f;
	kept_data = data;
	pthread_create(&thread, NULL, call_kept, NULL);
	pthread_join(thread, NULL);
	return 0;
}

TWZ_GATE(int, other_data, (step *f, void *data, int64_t off), TWZ_DOC("Other user data than its own"),
	 TWZ_CALLBACK(f, data))
{
	return f(1, (char *)data + off);
}

TWZ_GATE(int, follow, (step *f, void *data), TWZ_DOC("Reads the user data"), TWZ_CALLBACK(f, data))
{
	return f(*(volatile int *)data, data);
}

TWZ_GATE(int, no_text, (int (*f)(const char *)), TWZ_DOC("NULL for a text"), TWZ_CALLBACK(f))
{
	return f(NULL);
}

TWZ_GATE(int, wrong_length, (int (*f)(const int *values, int n), int n), TWZ_DOC("A length that is none"),
	 TWZ_CALLBACK(f), TWZ_CALLBACK_PARAMS(f, values, n), TWZ_CALLBACK_IN(f, values, n))
{
	return f(&n, n);
}

TWZ_GATE(void, for_ever, (step *f, void *data), TWZ_DOC("Calls back for ever"), TWZ_CALLBACK(f, data))
{
	for (int i = 0;; i++)
		f(i, data);
}

static void *
crash(void *data)
{
	(void)data;
	*(volatile int *)8 = 1;
	return NULL;
}

TWZ_GATE(int, crash_beside, (step *f, void *data), TWZ_DOC("Crashes while its caller is called back"),
	 TWZ_CALLBACK(f, data))
{
	pthread_t thread;
	int answer = f(1, data);

	pthread_create(&thread, NULL, crash, NULL);
	return answer + f(2, data);
}

/* -- by the link ------------------------------------------------------------------------------------ */

static struct link_shared *
link_here(void)
{
	struct robust_list_head *head = NULL;
	size_t n = 0;

	syscall(SYS_get_robust_list, 0, &head, &n);
	return (struct link_shared *)((char *)head->list.next + head->futex_offset - offsetof(struct link_shared, reply));
}

/* Writes an item where callbacks stand, and says in the guest's place that the gate calls back. */
static void
forge(uint64_t kind, uint64_t num, uint64_t size, uint64_t word, uint64_t data)
{
	struct link_shared *s = link_here();
	struct link_call *back = (struct link_call *)(s->block + LINK_CALLBACK_AT);
	uint64_t words[4] = { word, data, 0, 0 };

	*back = (struct link_call){ { size, kind }, { num, { -ENOSYS, 0 } } };
	memcpy(back + 1, words, sizeof(words));
	((struct link_call *)s->block)->call.ret[0] = LINK_CALLS_BACK;
	if (__atomic_exchange_n(&s->reply, 0, __ATOMIC_SEQ_CST) & FUTEX_WAITERS || s->caller_asleep)
		syscall(SYS_futex, &s->reply, FUTEX_WAKE, 1, NULL, NULL, 0);
	for (;;)
		pause();
}

TWZ_GATE(int, forge_step, (step *f, void *data, step *never, uint64_t kind, uint64_t num, uint64_t size,
			   uint64_t word, uint64_t token),
	 TWZ_DOC("Calls f back in the guest's place"), TWZ_CALLBACK(f, data), TWZ_CALLBACK(never),
	 TWZ_CALLBACK_PARAMS(never, n, data), TWZ_CALLBACK_IN(never, data, 1), TWZ_OPTIONAL(never))
{
	(void)f, (void)data, (void)never;
	forge(kind, num, size, word, token);
	return 0;
}

TWZ_GATE(int, forge_text, (int (*f)(const char *), uint64_t size, uint64_t ref),
	 TWZ_DOC("A text that is none"), TWZ_CALLBACK(f))
{
	(void)f;
	forge(TWZ_ITEM_CALLBACK, 0, size, ref, 0);
	return 0;
}

TWZ_GATE(int, forge_bool, (int (*f)(bool), uint64_t word), TWZ_DOC("A bool that is neither true nor false"),
	 TWZ_CALLBACK(f))
{
	(void)f;
	forge(TWZ_ITEM_CALLBACK, 0, 32, word, 0);
	return 0;
}

TWZ_GATE(int, forge_plain, (int n), TWZ_DOC("Calls back where nobody is to be called"))
{
	forge(TWZ_ITEM_CALLBACK, (uint64_t)n, 32, 0, 0);
	return 0;
}

static void *
scribble(void *data)
{
	volatile uint64_t *back = data;
	uint64_t z = 1;

	for (;;) {
		z = z * 6364136223846793005 + 1442695040888963407;
		back[z >> 61] = z >> 60 & 1 ? UINT64_MAX : z & 0x000000ff0000ffff;
	}
	return NULL;
}

TWZ_GATE(int, race, (int (*f)(const char *, int), int n), TWZ_DOC("Changes what it calls back with"),
	 TWZ_CALLBACK(f))
{
	pthread_t thread;
	int sum = 0;

	pthread_create(&thread, NULL, scribble, link_here()->block + LINK_CALLBACK_AT);
	for (int i = 0; i < n; i++)
		sum += f("a text of some length", i);
	return sum;
}
