/*
 * Calls and their judges. A call that comes back must be right; one that does not must say so with a
 * class that fits and with a text.
 */
#include <stdarg.h>

#include "tests/soak/soak.h"

void
soak_wrong(struct soak *s, const char *fmt, ...)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	va_list ap;

	va_start(ap, fmt);
	pthread_mutex_lock(&lock);
	if (!*s->wrong)
		vsnprintf(s->wrong, sizeof(s->wrong), fmt, ap);
	__atomic_store_n(&s->stop, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&lock);
	va_end(ap);
}

uint64_t
soak_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* What may become of any call: others kill its compartment, and the monitor runs out of everything. */
static bool
may_fail(enum twz_class cls)
{
	return cls == TWZ_CLASS_FAULT || cls == TWZ_CLASS_LINK || cls == TWZ_CLASS_TIMEOUT;
}

/* True when it came back. */
static bool
call(struct soak *s, enum gate_number gate, uint64_t *seed, void *ret, int64_t timeout, const uint64_t *words)
{
	const struct twz_service *service = &s->services[soak_random(seed) % SOAK_SERVICES];
	struct twz_error err = { 0 };
	struct monitor_gate *g = NULL;
	bool ok = monitor_bind(s->f->m, service, &service->gates[gate], &g, &err) &&
		  monitor_call(g, words, ret, timeout, &err);

	__atomic_add_fetch(&s->calls, 1, __ATOMIC_RELAXED);
	if (ok) {
		__atomic_add_fetch(&s->right, 1, __ATOMIC_RELAXED);
		return true;
	}
	__atomic_add_fetch(&s->failed[err.cls & 15], 1, __ATOMIC_RELAXED);
	if (!may_fail(err.cls) || !err.code || !*err.text)
		soak_wrong(s, "%s failed with class '%s', code %llx, text '%s'", fixture_gates[gate].name,
			   twz_class_text(err.cls), (unsigned long long)err.code, err.text);
	return false;
}

#define CALL(gate, ret, ...) call(s, GATE_##gate, seed, ret, LONG, WORDS(__VA_ARGS__))
#define CHECK(condition) \
	do { \
		if (!(condition)) \
			soak_wrong(s, "%s: not %s", __func__, #condition); \
	} while (0)

static const int64_t LONG = 30 * (int64_t)1000000000;

/* -- gates that answer ------------------------------------------------------------------------------ */

static void
words(struct soak *s, uint64_t *seed)
{
	int32_t a = (int32_t)soak_random(seed) / 2, b = (int32_t)soak_random(seed) / 2, sum = 0;

	if (CALL(add, &sum, (uint64_t)(int64_t)a, (uint64_t)(int64_t)b))
		CHECK(sum == a + b);
}

static void
hot(struct soak *s, uint64_t *seed)
{
	for (int i = 0; i < 50; i++)
		words(s, seed);
}

static void
text(struct soak *s, uint64_t *seed)
{
	const char *got = NULL;
	char name[64], want[80];

	snprintf(name, sizeof(name), "%llx", (unsigned long long)soak_random(seed));
	snprintf(want, sizeof(want), "hello %s", name);
	if (CALL(greet, &got, POINTER(name)))
		CHECK(!strcmp(got, want));
}

static void
buffer_in(struct soak *s, uint64_t *seed)
{
	uint32_t n = (uint32_t)(soak_random(seed) % 20000), *values = malloc((n + 1) * sizeof(*values));
	uint64_t want = 0, got = 0;

	for (uint32_t i = 0; values && i < n; i++)
		want += values[i] = (uint32_t)soak_random(seed);
	if (values && CALL(sum, &got, POINTER(values), n))
		CHECK(got == want);
	free(values);
}

static void
buffer_both(struct soak *s, uint64_t *seed)
{
	unsigned char bytes[300];
	uint32_t n = (uint32_t)(soak_random(seed) % sizeof(bytes));

	for (uint32_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)i;
	if (CALL(reverse, NULL, POINTER(bytes), n))
		for (uint32_t i = 0; i < n; i++)
			CHECK(bytes[i] == (unsigned char)(n - 1 - i));
}

static void
structs(struct soak *s, uint64_t *seed)
{
	struct person bob = { "bob", soak_random(seed), { 1, 2, 3, 4 } }, got = { 0 };
	struct big b = { .v = { [39] = (int64_t)soak_random(seed) / 2 } }, c = { 0 };

	if (CALL(rename_person, &got, POINTER(&bob)))
		CHECK(!strcmp(got.name, "bob!") && got.id == bob.id + 1 && got.tag[3] == 7);
	if (CALL(grow, &c, POINTER(&b)))
		CHECK(c.v[0] == 1 && c.v[39] == b.v[39] + 1);
}

/* The gate itself says -1 when its own call failed. */
static void
nested(struct soak *s, uint64_t *seed)
{
	int32_t a = (int32_t)(soak_random(seed) % 1000), sum = 0;

	if (CALL(call_add, &sum, (uint64_t)a, 2))
		CHECK(sum == a + 2 || sum == -1);
}

/* Twenty in one crossing: each right, or failed with a code, and the first failure explained. */
static void
many(struct soak *s, uint64_t *seed)
{
	const struct twz_service *service = &s->services[soak_random(seed) % SOAK_SERVICES];
	struct twz_error err = { 0 };
	struct monitor_gate *g = NULL;
	struct monitor_one ones[20];
	uint64_t arguments[20][2], rets[20] = { 0 };
	size_t failed, seen = 0;

	if (!monitor_bind(s->f->m, service, &service->gates[GATE_add], &g, &err))
		return;
	for (uint64_t i = 0; i < 20; i++) {
		arguments[i][0] = i, arguments[i][1] = 7;
		ones[i] = (struct monitor_one){ g, arguments[i], &rets[i], 0 };
	}
	failed = monitor_call_many(ones, 20, LONG, &err);
	__atomic_add_fetch(&s->calls, 20, __ATOMIC_RELAXED);
	__atomic_add_fetch(&s->right, 20 - failed, __ATOMIC_RELAXED);
	for (uint64_t i = 0; i < 20; i++) {
		seen += ones[i].code != 0;
		CHECK(ones[i].code || (uint32_t)rets[i] == i + 7);
	}
	CHECK(seen == failed);
	CHECK(!failed || (may_fail(err.cls) && *err.text));
}

/* -- gates that don't ------------------------------------------------------------------------------- */

static const struct {
	enum gate_number gate;
	uint64_t words[3];
	int64_t timeout_ns;
} evil[] = {
	{ GATE_crash, { 0 }, 0 },
	{ GATE_leave, { 3 }, 0 },
	{ GATE_give_up, { 0 }, 0 },
	{ GATE_spin, { 0 }, 3000000 },
	{ GATE_end_thread, { 0 }, 0 },
	{ GATE_overflow, { 1 }, 0 },
	{ GATE_exhaust, { 0 }, 0 },
	{ GATE_vanish, { 0 }, 0 },
	{ GATE_scribble, { 0x40000001 }, 3000000 },
	{ GATE_forge_text, { 0, 0xffffffff00000008 }, 0 },
	{ GATE_forge_person, { 0, 0xffffffff00000008, UINT64_MAX }, 0 },
};

static void
evil_call(struct soak *s, uint64_t *seed)
{
	size_t i = soak_random(seed) % TWZ_COUNT(evil);
	uint64_t ret[64];

	if (call(s, evil[i].gate, seed, ret, evil[i].timeout_ns ? evil[i].timeout_ns : LONG, evil[i].words))
		soak_wrong(s, "%s came back", fixture_gates[evil[i].gate].name);
}

void
soak_call(struct soak *s, uint64_t *seed)
{
	static void (*const good[])(struct soak *s, uint64_t *seed) = {
		words, words, hot, text, buffer_in, buffer_both, structs, nested, many,
	};

	if (soak_random(seed) % 64 == 0)
		evil_call(s, seed);
	else
		good[soak_random(seed) % TWZ_COUNT(good)](s, seed);
}
