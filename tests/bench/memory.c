/*
 * What processes can do with shared memory and nothing else, or with one futex: the floor under
 * a gate call. A call inside the process stands beside it.
 *
 * A message is a number and a payload. Writing the number publishes the payload, so a spinning pair
 * moves cache lines to and fro and does nothing else: one line each way is the plain way to do it;
 * two when 64 bytes and the number have to travel; and one line that both write, which is the least.
 * The futex pair shares a CPU: each side wakes the other and goes to sleep, which costs two system
 * calls a side, through libc or, faster, with the instruction in the loop.
 */
#include <assert.h>
#include <ffi.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/rseq.h>
#include <sys/syscall.h>

#include "tests/bench/bench.h"

/* -- in this process --------------------------------------------------------------------------- */

static int
add(int a, int b)
{
	return a + b;
}

static int (*volatile add_pointer)(int, int) = add;

static bool
pointer_run(struct bench_row *row, unsigned n)
{
	unsigned sum = 0;

	(void)row;
	for (unsigned i = 0; i < n; i++)
		sum += (unsigned)add_pointer((int)i, 1);
	return sum == n * (n - 1) / 2 + n;
}

static ffi_cif add_cif;

static const char *
ffi_open(struct bench_row *row)
{
	static ffi_type *types[] = { &ffi_type_sint, &ffi_type_sint };

	(void)row;
	return ffi_prep_cif(&add_cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) == FFI_OK ?
		NULL : "libffi refuses int (int, int)";
}

static bool
ffi_run(struct bench_row *row, unsigned n)
{
	unsigned sum = 0;

	(void)row;
	for (unsigned i = 0; i < n; i++) {
		int a = (int)i, b = 1;
		void *values[] = { &a, &b };
		ffi_arg ret;

		ffi_call(&add_cif, FFI_FN(add_pointer), &ret, values);
		sum += (unsigned)ret;
	}
	return sum == n * (n - 1) / 2 + n;
}

/* -- two processes -------------------------------------------------------------------------- */

/* Where messages of a spinning pair lie. */
enum layout {
	LINE_SHARED,		/* both ways in the same line */
	LINE_EACH,		/* a line each way */
	LINES_TWO,		/* a line for the number and one for the payload, each way */
};

struct line {
	_Alignas(BENCH_LINE) _Atomic uint32_t number;
	_Atomic uint32_t other;			/* LINE_SHARED: number of the answer */
	char payload[BENCH_LINE - 8];
};

static_assert(sizeof(struct line) == BENCH_LINE, "lines are what this measures");

struct pair {
	struct line to, from;
	_Alignas(BENCH_LINE) char to_payload[BENCH_LINE], from_payload[BENCH_LINE];
	_Alignas(BENCH_LINE) _Atomic uint32_t awake;	/* the server may spin */
	int pid;
	uint32_t number;				/* of the caller's last message */
};

/* One direction of a pair. */
struct way {
	_Atomic uint32_t *number;
	char *payload;
	size_t size;
};

#define INLINE static inline __attribute__((always_inline))

INLINE struct way
way_to(struct pair *pair, enum layout layout)
{
	if (layout == LINES_TWO)
		return (struct way){ &pair->to.number, pair->to_payload, BENCH_LINE };
	return (struct way){ &pair->to.number, pair->to.payload, sizeof(pair->to.payload) };
}

INLINE struct way
way_from(struct pair *pair, enum layout layout)
{
	if (layout == LINE_SHARED)
		return (struct way){ &pair->to.other, pair->to.payload, sizeof(pair->to.payload) };
	if (layout == LINES_TWO)
		return (struct way){ &pair->from.number, pair->from_payload, BENCH_LINE };
	return (struct way){ &pair->from.number, pair->from.payload, sizeof(pair->from.payload) };
}

/* The answer: the request, its first word plus one, so that all of it has to be read and written. */
INLINE void
answer(struct way to, struct way from)
{
	char payload[BENCH_LINE];
	uint32_t first;

	memcpy(payload, to.payload, to.size);
	memcpy(&first, payload, sizeof(first));
	first++;
	memcpy(payload, &first, sizeof(first));
	memcpy(from.payload, payload, from.size);
}

INLINE void
ask(struct way to, uint32_t number)
{
	char payload[BENCH_LINE] = "";

	memcpy(payload, &number, sizeof(number));
	memcpy(to.payload, payload, to.size);
}

INLINE bool
check(struct way from, uint32_t number)
{
	char payload[BENCH_LINE];
	uint32_t first;

	memcpy(payload, from.payload, from.size);
	__asm__ volatile("" : : "r"(payload) : "memory");
	memcpy(&first, payload, sizeof(first));
	return first == number + 1;
}

INLINE bool
arrived(struct way way, uint32_t number)
{
	if (atomic_load_explicit(way.number, memory_order_acquire) == number)
		return true;
	__builtin_ia32_pause();
	return false;
}

INLINE void
spin_serve(struct pair *pair, enum layout layout)
{
	const struct way to = way_to(pair, layout), from = way_from(pair, layout);

	for (uint32_t number = 1;; number++) {
		for (unsigned i = 1; !arrived(to, number); i++)
			if (i % 1024 == 0)
				while (!atomic_load(&pair->awake))
					syscall(SYS_futex, &pair->awake, FUTEX_WAIT, 0, NULL, NULL, 0);
		answer(to, from);
		atomic_store_explicit(from.number, number, memory_order_release);
	}
}

INLINE bool
spin_run(struct pair *pair, unsigned n, enum layout layout)
{
	const struct way to = way_to(pair, layout), from = way_from(pair, layout);

	while (n--) {
		uint32_t number = ++pair->number;

		ask(to, number);
		atomic_store_explicit(to.number, number, memory_order_release);
		while (!arrived(from, number))
			;
		if (!check(from, number))
			return false;
	}
	return true;
}

/* One copy of server and caller for each layout, so that the compiler knows it. */
#define SPIN(name, layout) \
	static void serve_##name(void *arg) { spin_serve(arg, layout); } \
	static bool run_##name(struct bench_row *row, unsigned n) \
	{ \
		return spin_run(row->state, n, layout); \
	} \
	static const char *open_##name(struct bench_row *row) \
	{ \
		return spin_open(row, serve_##name); \
	}

static const char *
spin_open(struct bench_row *row, void (*serve)(void *))
{
	struct pair *pair;

	if (bench.ncpus < 2)
		return "needs two CPUs";
	row->state = pair = bench_shared(sizeof(*pair));
	pair->pid = bench_fork(bench.cpu[1], serve, pair);
	return NULL;
}

SPIN(shared, LINE_SHARED)
SPIN(each, LINE_EACH)
SPIN(two, LINES_TWO)

/* The server spins only while it is measured: it shares the machine with the other rows. */
static void
spin_ready(struct bench_row *row)
{
	struct pair *pair = row->state;

	atomic_store(&pair->awake, 1);
	syscall(SYS_futex, &pair->awake, FUTEX_WAKE, 1, NULL, NULL, 0);
	row->run(row, 1000);
}

static void
spin_rest(struct bench_row *row)
{
	struct pair *pair = row->state;

	atomic_store(&pair->awake, 0);
}

INLINE long
futex(_Atomic uint32_t *word, long op, uint32_t value, bool inlined)
{
	register long timeout __asm__("r10") = 0;
	long ret;

	if (!inlined)
		return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(SYS_futex), "D"(word), "S"(op), "d"((long)value), "r"(timeout)
			 : "rcx", "r11", "memory");
	return ret;
}

/* Publishes message @number and waits until the other side's has @reply. */
INLINE void
hand_over(_Atomic uint32_t *mine, _Atomic uint32_t *theirs, uint32_t number, uint32_t reply,
	  bool inlined)
{
	uint32_t seen;

	atomic_store_explicit(mine, number, memory_order_release);
	futex(mine, FUTEX_WAKE, 1, inlined);
	while ((seen = atomic_load_explicit(theirs, memory_order_acquire)) != reply)
		futex(theirs, FUTEX_WAIT, seen, inlined);
}

/* Restartable sequences make each switch to a thread that asked for them slower. glibc asks. */
static void
rseq_leave(void)
{
	enum { SIGNATURE = 0x53053053, UNREGISTER = 1 };

	if (__rseq_size)
		syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset,
			__rseq_size < 32 ? 32 : __rseq_size, UNREGISTER, SIGNATURE);
}

INLINE void
futex_serve(struct pair *pair, bool inlined)
{
	const struct way to = way_to(pair, LINE_EACH), from = way_from(pair, LINE_EACH);

	while (atomic_load_explicit(to.number, memory_order_acquire) != 1)
		futex(to.number, FUTEX_WAIT, 0, inlined);
	for (uint32_t number = 1;; number++) {
		answer(to, from);
		hand_over(from.number, to.number, number, number + 1, inlined);
	}
}

static void
futex_serve_libc(void *arg)
{
	futex_serve(arg, false);
}

static void
futex_serve_inlined(void *arg)
{
	rseq_leave();
	futex_serve(arg, true);
}

static const char *
futex_open(struct bench_row *row, void (*serve)(void *))
{
	struct pair *pair;

	row->state = pair = bench_shared(sizeof(*pair));
	pair->pid = bench_fork(bench.cpu[0], serve, pair);
	return NULL;
}

static const char *
futex_open_libc(struct bench_row *row)
{
	return futex_open(row, futex_serve_libc);
}

static const char *
futex_open_inlined(struct bench_row *row)
{
	return futex_open(row, futex_serve_inlined);
}

INLINE bool
futex_run(struct pair *pair, unsigned n, bool inlined)
{
	const struct way to = way_to(pair, LINE_EACH), from = way_from(pair, LINE_EACH);

	while (n--) {
		uint32_t number = ++pair->number;

		ask(to, number);
		hand_over(to.number, from.number, number, number, inlined);
		if (!check(from, number))
			return false;
	}
	return true;
}

static bool
futex_run_libc(struct bench_row *row, unsigned n)
{
	return futex_run(row->state, n, false);
}

static bool
futex_run_inlined(struct bench_row *row, unsigned n)
{
	return futex_run(row->state, n, true);
}

static void
pair_close(struct bench_row *row)
{
	struct pair *pair = row->state;

	bench_kill(pair->pid);
}

void
bench_memory_rows(void)
{
	struct bench_row libc = {
		.key = "futex", .group = "round trips on one CPU, 64 bytes each way",
		.name = "futex through libc", .open = futex_open_libc, .run = futex_run_libc,
		.close = pair_close, .batch = 100, .samples = 40, .pinned = true,
	};
	struct bench_row inlined = libc, spin = {
		.key = "spin", .group = "round trips between two CPUs",
		.name = "spin, one cache line each way", .open = open_each, .ready = spin_ready,
		.rest = spin_rest, .run = run_each, .close = pair_close,
		.batch = 500, .samples = 100, .pinned = true,
	};

	bench_row((struct bench_row){
		.key = "pointer", .group = "calls in one process", .name = "function pointer",
		.run = pointer_run, .batch = 10000, .samples = 50, .pinned = true,
	});
	bench_row((struct bench_row){
		.key = "libffi", .group = "calls in one process", .name = "libffi, prepared",
		.open = ffi_open, .run = ffi_run, .batch = 1000, .samples = 50, .pinned = true,
	});
	bench_row(spin);
	spin.key = "spin2", spin.name = "spin, two cache lines each way";
	spin.open = open_two, spin.run = run_two;
	bench_row(spin);
	spin.key = "spin_shared", spin.name = "spin, one cache line for both ways";
	spin.open = open_shared, spin.run = run_shared;
	bench_row(spin);
	bench_row(libc);
	inlined.key = "futex_inlined", inlined.name = "futex, system calls inlined";
	inlined.open = futex_open_inlined, inlined.run = futex_run_inlined;
	bench_row(inlined);
	libc.key = "cold_futex", libc.name = "futex through libc, 1 ms between calls";
	libc.batch = 1, libc.samples = 50, libc.gap_us = 1000;
	bench_row(libc);
	inlined.key = "cold_futex_inlined", inlined.name = "futex, inlined, 1 ms between calls";
	inlined.batch = 1, inlined.samples = 50, inlined.gap_us = 1000;
	bench_row(inlined);
}
