/* The block: byte images, alignment, end marker, and what a hostile other side may leave in it. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "twz/block.h"

static void
two_items_and_the_end(void **state)
{
	_Alignas(8) unsigned char mem[256];
	struct twz_block_writer w = twz_block_writer(mem, sizeof(mem));
	struct twz_syscall_item *call;
	struct twz_gatecall_item *gate;
	uint64_t ref, words[sizeof(mem) / 8];

	(void)state;
	memset(mem, 0xff, sizeof(mem));
	call = twz_block_item(&w, TWZ_ITEM_SYSCALL, sizeof(*call));
	assert_non_null(call);
	call->num = 39;
	call->ret[0] = (uint64_t)-ENOSYS;
	gate = twz_block_item(&w, TWZ_ITEM_GATECALL, sizeof(*gate) + 8);
	assert_non_null(gate);
	memcpy(twz_block_data(&w, 3, 1, &ref), "bob", 3);
	gate->argv[0] = ref;
	twz_block_end(&w);
	memcpy(words, mem, sizeof(mem));
	assert_true(words[0] == 72 && words[1] == TWZ_ITEM_SYSCALL && words[2] == 39);
	assert_true(words[9] == (uint64_t)-ENOSYS);
	assert_true(words[11] == 24 + 8 + 8 && words[12] == TWZ_ITEM_GATECALL);
	assert_true(words[16] == twz_ref(0, 3));
	assert_memory_equal(&words[17], "bob", 3);
	assert_true(words[18] == 0 && words[19] == TWZ_ITEM_END);
}

static void
data_is_aligned_and_bounded(void **state)
{
	_Alignas(64) unsigned char mem[256];
	struct twz_block_writer w = twz_block_writer(mem, sizeof(mem));
	uint64_t ref;

	(void)state;
	assert_non_null(twz_block_item(&w, TWZ_ITEM_GATECALL, 24));
	assert_non_null(twz_block_data(&w, 1, 1, &ref));
	assert_non_null(twz_block_data(&w, 8, 64, &ref));
	assert_int_equal(twz_ref_offset(ref), 64);
	/* 256 - 16 (header) - 24 - 72 used - 16 kept for END = 128 */
	assert_null(twz_block_data(&w, 129, 1, &ref));
	assert_non_null(twz_block_data(&w, 128, 1, &ref));
	assert_null(twz_block_data(&w, 1, 1, &ref));
	assert_null(twz_block_item(&w, TWZ_ITEM_SYSCALL, 72));
	twz_block_end(&w);
	assert_int_equal(w.used, 240);
}

static void
no_room_for_an_item(void **state)
{
	_Alignas(8) unsigned char mem[64];
	struct twz_block_writer w = twz_block_writer(mem, sizeof(mem));

	(void)state;
	assert_null(twz_block_item(&w, TWZ_ITEM_SYSCALL, 72));
	assert_null(twz_block_item(&w, TWZ_ITEM_GATECALL, 20));	/* no multiple of 8 */
	assert_non_null(twz_block_item(&w, TWZ_ITEM_GATECALL, 32));
	twz_block_end(&w);
}

/* Headers that a hostile side may have written, and what reading them must give. */
static const struct {
	uint64_t size, kind;
	int want;
} hostile[] = {
	{ 0, TWZ_ITEM_END, 0 },
	{ 24, TWZ_ITEM_GATECALL, 1 },
	{ 240, 99, 1 },				/* unknown, but well-formed: skipped by its size */
	{ 241, TWZ_ITEM_GATECALL, -EINVAL },
	{ 248, TWZ_ITEM_GATECALL, -EOVERFLOW },
	{ UINT64_MAX & ~(uint64_t)7, TWZ_ITEM_SYSCALL, -EOVERFLOW },
	{ (uint64_t)1 << 32, TWZ_ITEM_SYSCALL, -EOVERFLOW },
	{ UINT64_MAX, UINT64_MAX, -EINVAL },
};

static void
hostile_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		_Alignas(8) unsigned char mem[256] = { 0 };
		struct twz_block_reader r = { mem, sizeof(mem), 0 };
		struct twz_item item;
		uint32_t at = 0;

		memcpy(mem, &hostile[i], 16);
		assert_int_equal(twz_block_next(&r, &item, &at), hostile[i].want);
		if (hostile[i].want == 1) {
			assert_int_equal(at, 16);
			assert_int_equal(r.offset, 16 + hostile[i].size);
		}
	}
}

static void
a_chain_without_end_stops(void **state)
{
	_Alignas(8) unsigned char mem[64] = { 0 };
	struct twz_block_reader r = { mem, sizeof(mem), 0 };
	struct twz_item item = { 48, 99 };
	uint32_t at;

	(void)state;
	memcpy(mem, &item, sizeof(item));
	assert_int_equal(twz_block_next(&r, &item, &at), 1);
	assert_int_equal(twz_block_next(&r, &item, &at), -EOVERFLOW);
}

static const struct {
	uint64_t ref, size;
	uint32_t align;
	bool want;
} refs[] = {
	{ 0, 0, 1, true },
	{ (uint64_t)8 << 32 | 8, 16, 8, true },
	{ (uint64_t)9 << 32 | 8, 16, 8, false },
	{ (uint64_t)4 << 32 | 4, 16, 8, false },
	{ (uint64_t)UINT32_MAX << 32 | 1, 16, 1, false },
	{ (uint64_t)1 << 32 | UINT32_MAX, 16, 1, false },
	{ 17, 16, 1, false },
	{ UINT64_MAX, UINT64_MAX, 1, false },
};

static void
references(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++)
		assert_int_equal(twz_ref_inside(refs[i].ref, refs[i].size, refs[i].align),
				 refs[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_items_and_the_end),
		cmocka_unit_test(data_is_aligned_and_bounded),
		cmocka_unit_test(no_room_for_an_item),
		cmocka_unit_test(hostile_headers),
		cmocka_unit_test(a_chain_without_end_stops),
		cmocka_unit_test(references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
