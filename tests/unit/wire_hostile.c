/* The guest's half: arguments forged by a caller, and descriptions that are none. */
#include "monitor/wire.h"
#include "tests/unit/monitor_fixture.h"

enum { ROOM = 4096 };
#define REF(offset, size) ((uint64_t)(uint32_t)(size) << 32 | (uint32_t)(offset))

/* One link's block in private memory. */
struct half {
	struct wire_gate *gate;
	unsigned char *block;
	struct wire_room room;
	struct wire_run run;
	struct twz_arena arena;
};

static void
half_open(struct half *h, enum gate_number gate)
{
	const struct twz_plan *plan = NULL;
	struct twz_error err = { 0 };

	*h = (struct half){ .block = calloc(1, LINK_BLOCK_SIZE) };
	assert_non_null(h->block);
	assert_true(twz_plan_make(&fixture_gates[gate], &h->arena, &plan, &err));
	assert_true(wire_describe(plan, 0, &h->gate, &err));
	assert_true(wire_valid(h->gate, h->gate->bytes));
}

static void
half_close(struct half *h)
{
	wire_room_free(&h->room);
	free(h->gate);
	free(h->block);
	twz_arena_free(&h->arena);
}

/* Takes @words as they stand in the block, @size bytes of data behind them. */
static enum wire_status
take(struct half *h, const uint64_t *words, uint64_t size)
{
	struct link_call *head = (void *)h->block;

	memcpy(head + 1, words, h->gate->nslots * 8);
	h->run.gate = h->gate;
	h->run.size = size;
	return wire_take(&h->run, h->block + sizeof(struct twz_item), &h->room);
}

static const struct {
	enum gate_number gate;
	uint64_t words[4];
	enum wire_status want;
} arguments[] = {
	{ GATE_greet, { REF(0, 4) }, WIRE_OK },		/* zeros: an empty text with its NUL */
	{ GATE_greet, { TWZ_REF_NULL }, WIRE_OK },
	{ GATE_greet, { REF(0, 0) }, WIRE_FORGED },
	{ GATE_greet, { REF(ROOM, 1) }, WIRE_FORGED },
	{ GATE_greet, { REF(ROOM - 1, 2) }, WIRE_FORGED },
	{ GATE_greet, { REF(UINT32_MAX, 1) }, WIRE_FORGED },
	{ GATE_greet, { REF(0, UINT32_MAX) }, WIRE_FORGED },
	{ GATE_greet, { REF(UINT32_MAX, UINT32_MAX - 1) }, WIRE_FORGED },
	{ GATE_greet, { REF(ROOM / 2, 4) }, WIRE_FORGED },	/* a text without its NUL */
	{ GATE_sum, { REF(0, 8), 2 }, WIRE_OK },
	{ GATE_sum, { REF(0, 8), 3 }, WIRE_FORGED },
	{ GATE_sum, { REF(0, 8), 1 }, WIRE_FORGED },
	{ GATE_sum, { REF(2, 8), 2 }, WIRE_FORGED },		/* not aligned */
	{ GATE_sum, { TWZ_REF_NULL, 2 }, WIRE_IS_NULL },
	{ GATE_sum, { TWZ_REF_NULL, 0 }, WIRE_OK },
	{ GATE_sum, { REF(0, 0xfffffffc), 0x3fffffff }, WIRE_FORGED },
	{ GATE_pack, { REF(8, 0), REF(0, 8) }, WIRE_OK },	/* the count lies in zeros */
	{ GATE_pack, { REF(8, 16), REF(0, 8) }, WIRE_FORGED },
	{ GATE_pack, { REF(8, 16), REF(0, 4) }, WIRE_FORGED },
	{ GATE_pack, { REF(8, 16), TWZ_REF_NULL }, WIRE_IS_NULL },
	{ GATE_pack, { REF(8, 16), REF(ROOM, 8) }, WIRE_FORGED },
	{ GATE_pack, { REF(8, 16), REF(ROOM / 2, 8) }, WIRE_FORGED },	/* a count of 0x7878… */
	{ GATE_point_y, { REF(0, 16) }, WIRE_OK },
	{ GATE_point_y, { REF(0, 15) }, WIRE_FORGED },
	{ GATE_point_y, { REF(0, 17) }, WIRE_FORGED },
	{ GATE_point_y, { REF(4, 16) }, WIRE_FORGED },
	{ GATE_point_y, { REF(ROOM - 8, 16) }, WIRE_FORGED },
};

static void
test_arguments(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(arguments); i++) {
		struct half h;
		enum wire_status got;

		half_open(&h, arguments[i].gate);
		memset(h.block + ROOM / 2, 'x', ROOM / 2);
		got = take(&h, arguments[i].words, ROOM);
		if (got != arguments[i].want)
			fprintf(stderr, "row %zu: %d\n", i, (int)got);
		assert_int_equal(got, arguments[i].want);
		half_close(&h);
	}
}

/* A struct by value needs a place; so does a struct result. */
static void
test_places(void **state)
{
	const uint64_t good[] = { REF(0, 16), 3 }, none[] = { TWZ_REF_NULL, 3 };
	struct half h;
	struct link_call *head;

	(void)state;
	half_open(&h, GATE_scale);
	head = (void *)h.block;
	head->call.ret[1] = (int64_t)REF(16, 16);
	assert_int_equal(take(&h, good, ROOM), WIRE_OK);
	assert_int_equal(take(&h, none, ROOM), WIRE_IS_NULL);
	head->call.ret[1] = (int64_t)REF(16, 8);
	assert_int_equal(take(&h, good, ROOM), WIRE_FORGED);
	head->call.ret[1] = (int64_t)REF(ROOM, 16);
	assert_int_equal(take(&h, good, ROOM), WIRE_FORGED);
	half_close(&h);
}

/* Both halves in one process: what goes in comes out, and inner references are checked. */
static void
test_inner_texts(void **state)
{
	struct person bob = { "bob", 7, { 1 } };
	const uint64_t words[] = { POINTER(&bob) };
	uint64_t forged[] = { REF(UINT32_MAX, 1), REF(24, 0), REF(24, UINT32_MAX), REF(24, 3) };
	struct half h;
	struct wire_call call;
	uint64_t *name;

	(void)state;
	half_open(&h, GATE_rename_person);
	call = (struct wire_call){ .gate = h.gate, .words = words };
	h.run.gate = h.gate;
	h.run.size = LINK_ROOM - 8;
	assert_int_equal(wire_pack(&call, h.block), WIRE_OK);
	assert_int_equal(wire_take(&h.run, h.block + 16, &h.room), WIRE_OK);
	assert_string_equal(((struct person *)(uintptr_t)h.run.values[0])->name, "bob");
	assert_ptr_not_equal(((struct person *)(uintptr_t)h.run.values[0])->name, bob.name);
	name = (void *)(h.block + sizeof(struct link_call) + 8);
	for (size_t i = 0; i < TWZ_COUNT(forged); i++) {
		*name = forged[i];
		assert_int_equal(wire_take(&h.run, h.block + 16, &h.room), WIRE_FORGED);
	}
	half_close(&h);
}

/* -- what stays in the block: of a caller who is trusted ---------------------------------------------- */

enum { LARGE = 16 << 10, DATA = 4 * LARGE };

static unsigned char *
data_of(const struct half *h)
{
	return h->block + sizeof(struct link_call) + h->gate->nslots * 8;
}

static bool
in_block(const struct half *h, uint32_t i)
{
	return h->run.values[i] >= POINTER(h->block) && h->run.values[i] < POINTER(h->block + LINK_BLOCK_SIZE);
}

static const struct {
	enum gate_number gate;
	uint64_t words[4];
	bool trusts;
	bool stays;		/* the first parameter */
	enum wire_status want;
} placed[] = {
	{ GATE_sum, { REF(0, LARGE), LARGE / 4 }, true, true, WIRE_OK },
	{ GATE_sum, { REF(0, LARGE), LARGE / 4 }, false, false, WIRE_OK },
	{ GATE_sum, { REF(0, 1024), 256 }, true, false, WIRE_OK },
	{ GATE_sum, { REF(DATA - LARGE, LARGE), LARGE / 4 }, true, true, WIRE_OK },
	{ GATE_sum, { REF(DATA - LARGE + 4, LARGE), LARGE / 4 }, true, false, WIRE_FORGED },
	{ GATE_sum, { REF(2, LARGE), LARGE / 4 }, true, false, WIRE_FORGED },
	{ GATE_sum, { REF(0, LARGE), LARGE / 4 + 1 }, true, false, WIRE_FORGED },
	{ GATE_sum, { REF(0, UINT32_MAX), UINT32_MAX / 4 }, true, false, WIRE_FORGED },
	{ GATE_fill, { REF(0, LARGE), LARGE, 7 }, true, true, WIRE_OK },
	{ GATE_fill, { REF(0, LARGE), LARGE, 7 }, false, false, WIRE_OK },
	{ GATE_reverse, { REF(0, LARGE), LARGE }, true, true, WIRE_OK },
	{ GATE_reverse, { REF(0, LARGE), LARGE }, false, false, WIRE_OK },
	{ GATE_greet, { REF(0, LARGE) }, true, true, WIRE_OK },
	{ GATE_greet, { REF(0, LARGE) }, false, false, WIRE_OK },
	{ GATE_greet, { REF(0, LARGE + 1) }, true, false, WIRE_FORGED },	/* its end is no NUL */
	{ GATE_greet, { REF(0, LARGE + 1) }, false, false, WIRE_FORGED },
	/* Both take all of it: nobody who is copied from may ask for more than there is. */
	{ GATE_convert, { REF(0, DATA), DATA, REF(0, DATA), DATA }, false, false, WIRE_FORGED },
	{ GATE_convert, { REF(0, LARGE), LARGE, REF(LARGE, LARGE), LARGE }, true, true, WIRE_OK },
	{ GATE_convert, { REF(0, LARGE), LARGE, REF(LARGE, LARGE), LARGE }, false, false, WIRE_OK },
};

static void
test_what_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(placed); i++) {
		struct half h;
		enum wire_status got;

		half_open(&h, placed[i].gate);
		memset(data_of(&h), 'x', DATA);
		data_of(&h)[LARGE - 1] = '\0';
		h.run.trusts = placed[i].trusts;
		got = take(&h, placed[i].words, DATA);
		if (got != placed[i].want || (got == WIRE_OK && in_block(&h, 0) != placed[i].stays))
			fprintf(stderr, "row %zu: %d\n", i, (int)got);
		assert_int_equal(got, placed[i].want);
		if (got == WIRE_OK)
			assert_int_equal(in_block(&h, 0), placed[i].stays);
		half_close(&h);
	}
}

/* A count lies in the private copy, wherever the buffer is that it counts: what is checked is what is used. */
static void
test_counts_are_copied(void **state)
{
	const uint64_t words[] = { REF(8, LARGE), REF(0, 8), 0, 0 };
	struct half h;
	uint64_t n = LARGE, word = 0;

	(void)state;
	half_open(&h, GATE_pack);
	h.run.trusts = true;
	memset(data_of(&h), 'x', DATA);
	memcpy(data_of(&h), &n, sizeof(n));
	assert_int_equal(take(&h, words, DATA), WIRE_OK);
	assert_true(in_block(&h, 0));
	assert_false(in_block(&h, 1));
	memset(data_of(&h), 0xff, sizeof(n));
	assert_memory_equal((void *)(uintptr_t)h.run.values[1], &n, sizeof(n));
	for (uint32_t i = 0; i < LARGE; i++)
		assert_int_equal(data_of(&h)[8 + i], 0);
	assert_int_equal(data_of(&h)[8 + LARGE], 'x');
	memset((void *)(uintptr_t)h.run.values[0], 3, LARGE);
	*(uint64_t *)(uintptr_t)h.run.values[1] = 5;
	assert_int_equal(wire_give(&h.run, h.block + sizeof(struct twz_item), &word), WIRE_OK);
	assert_int_equal(data_of(&h)[0], 5);
	assert_int_equal(data_of(&h)[8 + LARGE - 1], 3);
	half_close(&h);
}

/* What the elements' type wants of an address is wanted of one in the block, too. */
static void
test_unaligned_is_copied(void **state)
{
	uint64_t words[] = { REF(0, LARGE), LARGE / 4 };

	(void)state;
	for (uint32_t at = 0; at < 256; at += 8) {
		struct half h;

		half_open(&h, GATE_sum);
		h.run.trusts = true;
		h.gate->slots[0].align = 64;
		words[0] = REF(at, LARGE);
		assert_int_equal(take(&h, words, DATA), at % 64 ? WIRE_FORGED : WIRE_OK);
		if (at % 64 == 0) {
			assert_int_equal(h.run.values[0] % 64, 0);
			assert_int_equal(in_block(&h, 0), POINTER(data_of(&h) + at) % 64 == 0);
		}
		half_close(&h);
	}
}

/* Texts inside an object are looked for in all that was copied, and that is all but what stays, in its order. */
static void
test_inner_texts_beside(void **state)
{
	static uint8_t in[LARGE], out[LARGE];
	struct person bob = { "bob", 7, { 1 } };
	const uint64_t words[] = { POINTER(&bob), POINTER(in), LARGE, POINTER(out), LARGE };
	struct half h;
	struct wire_call call;
	uint64_t *argv, swapped;

	(void)state;
	half_open(&h, GATE_label);
	call = (struct wire_call){ .gate = h.gate, .words = words };
	memset(in, 'i', sizeof(in));
	h.run.gate = h.gate;
	h.run.trusts = true;
	assert_int_equal(wire_pack(&call, h.block), WIRE_OK);
	h.run.size = call.data;
	assert_int_equal(wire_take(&h.run, h.block + 16, &h.room), WIRE_OK);
	assert_false(in_block(&h, 0));
	assert_true(in_block(&h, 1) && in_block(&h, 3));
	assert_memory_equal((void *)(uintptr_t)h.run.values[1], in, LARGE);
	assert_memory_equal((void *)(uintptr_t)h.run.values[3], out, LARGE);
	assert_string_equal(((struct person *)(uintptr_t)h.run.values[0])->name, "bob");
	argv = (void *)(h.block + sizeof(struct link_call));
	swapped = argv[1], argv[1] = argv[3], argv[3] = swapped;
	assert_int_equal(wire_take(&h.run, h.block + 16, &h.room), WIRE_FORGED);
	argv[1] = argv[3];
	assert_int_equal(wire_take(&h.run, h.block + 16, &h.room), WIRE_FORGED);
	half_close(&h);
}

/* No prefix of a description is one, and no single broken byte makes the reader leave it. */
static void
check_descriptions(enum gate_number gate)
{
	struct half h;
	size_t n;

	half_open(&h, gate);
	n = h.gate->bytes;
	for (size_t i = 0; i < n; i++) {
		TWZ_FREE struct wire_gate *copy = malloc(i ? i : 1);

		memcpy(copy, h.gate, i);
		assert_false(wire_valid(copy, i));
	}
	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit++) {
			TWZ_FREE struct wire_gate *copy = malloc(n);

			memcpy(copy, h.gate, n);
			((unsigned char *)copy)[i] ^= (unsigned char)(1 << bit);
			if (wire_valid(copy, n))
				assert_true(strlen(wire_symbol(copy)) < n);
		}
	half_close(&h);
}

static void
test_descriptions(void **state)
{
	(void)state;
	check_descriptions(GATE_rename_person);
	check_descriptions(GATE_call_back);
}

/* What a callback's description must not be. */
static void
test_callback_descriptions(void **state)
{
	struct half h;
	struct wire_gate *g, *inner;

	(void)state;
	half_open(&h, GATE_call_back);
	g = h.gate;
	inner = (struct wire_gate *)(uintptr_t)wire_callback(g, &g->slots[0]);
	assert_int_equal(g->slots[0].stands, WIRE_CALLBACK);
	assert_int_equal(g->slots[1].stands, WIRE_TOKEN);
	assert_int_equal(inner->slots[1].stands, WIRE_TOKEN);
	for (uint32_t at = 0; at <= g->bytes + 64; at += 4) {
		uint32_t tag = g->slots[0].tag;

		g->slots[0].tag = at;
		assert_int_equal(wire_valid(g, g->bytes), at == tag);
		g->slots[0].tag = tag;
	}
	g->slots[0].tag = UINT32_MAX & ~7u;
	assert_false(wire_valid(g, g->bytes));
	half_close(&h);
	half_open(&h, GATE_call_back);
	inner = (struct wire_gate *)(uintptr_t)wire_callback(h.gate, &h.gate->slots[0]);
	inner->slots[1].stands = WIRE_CALLBACK;	/* one in another: no end of it */
	assert_false(wire_valid(h.gate, h.gate->bytes));
	inner->slots[1].stands = WIRE_TOKEN;
	assert_true(wire_valid(h.gate, h.gate->bytes));
	h.gate->slots[1].stands = WIRE_NUMBER;	/* its user data is none */
	assert_false(wire_valid(h.gate, h.gate->bytes));
	half_close(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_places),
		cmocka_unit_test(test_inner_texts), cmocka_unit_test(test_descriptions),
		cmocka_unit_test(test_callback_descriptions), cmocka_unit_test(test_what_stays),
		cmocka_unit_test(test_counts_are_copied), cmocka_unit_test(test_unaligned_is_copied),
		cmocka_unit_test(test_inner_texts_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
