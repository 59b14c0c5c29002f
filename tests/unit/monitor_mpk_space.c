/*
 * The addresses of a compartment, without keys: key -1 makes pkey_mprotect() an mprotect(). Who owns which
 * pages, and what may become executable.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "monitor/mpk/space.h"

enum { RX = PROT_READ | PROT_EXEC, RW = PROT_READ | PROT_WRITE };

struct world {
	struct mpk_space *space;
	uint64_t heap;
	int fd;			/* a file of two pages of nops */
};

static int
begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	unsigned char page[MPK_PAGE];

	w->space = calloc(1, sizeof(*w->space));
	w->space->key = -1;
	w->space->limit = 1000;
	w->space->base = mmap(NULL, MPK_SLOT_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	w->heap = (uint64_t)(uintptr_t)w->space->base + MPK_HEAP_AT;
	w->fd = memfd_create("code", 0);
	memset(page, 0x90, sizeof(page));
	if (w->space->base == MAP_FAILED || write(w->fd, page, sizeof(page)) < 0 ||
	    write(w->fd, page, sizeof(page)) < 0)
		return -1;
	*state = w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	munmap(w->space->base, MPK_SLOT_SIZE);
	close(w->fd);
	free(w->space);
	free(w);
	return 0;
}

static void
put(const struct world *w, off_t at, const char *bytes, size_t n)
{
	assert_int_equal(pwrite(w->fd, bytes, n, at), n);
}

/* Page @page of the file, as code, at page @at of the heap; 0: anywhere. */
static int64_t
code(struct world *w, int page, uint64_t at)
{
	const struct mpk_mapping m = { .at = at ? w->heap + at * MPK_PAGE : 0, .fixed = at != 0, .size = MPK_PAGE,
				       .prot = RX, .fd = w->fd, .offset = page * MPK_PAGE, .name = "libx.so" };

	return space_map(w->space, &m);
}

static int64_t
memory(struct world *w, uint64_t at, uint64_t size, int prot)
{
	const struct mpk_mapping m = { .at = at, .fixed = at != 0, .size = size, .prot = prot, .fd = -1 };

	return space_map(w->space, &m);
}

static void
writable_or_executable(void **state)
{
	struct world *w = *state;
	const struct mpk_mapping both = { .size = 1, .prot = RX | PROT_WRITE, .fd = w->fd };
	int64_t at = code(w, 0, 0);

	assert_true(at > 0);
	assert_int_equal(*(unsigned char *)(uintptr_t)at, 0x90);
	assert_int_equal(space_map(w->space, &both), -EACCES);
	assert_int_equal(memory(w, 0, 1, RX), -EACCES);
	assert_int_equal(memory(w, 0, 1, RX | PROT_WRITE), -EACCES);
	/* What was code stays code. */
	assert_int_equal(space_protect(w->space, (uint64_t)at, 1, RW), -EACCES);
	assert_int_equal(space_unmap(w->space, (uint64_t)at, 1), -EPERM);
	assert_int_equal(memory(w, (uint64_t)at, 1, RW), -EPERM);
	/* And what was data stays data. */
	at = memory(w, 0, 1, RW);
	assert_true(at > 0);
	assert_int_equal(space_protect(w->space, (uint64_t)at, 1, RX), -EACCES);
	assert_int_equal(space_protect(w->space, (uint64_t)at, 1, PROT_READ), 0);
	w->space->sealed = true;
	assert_int_equal(code(w, 0, 0), -EACCES);
}

/* A copy: what happens to the file happens to nobody else. */
static void
code_is_a_copy(void **state)
{
	struct world *w = *state;
	int64_t at = code(w, 0, 0);

	put(w, 0, "\xcc\xcc", 2);
	assert_int_equal(*(unsigned char *)(uintptr_t)at, 0x90);
}

static void
refuses_stray_instructions(void **state)
{
	struct world *w = *state;

	put(w, 100, "\x0f\x01\xef", 3);
	assert_int_equal(code(w, 0, 0), -EACCES);
	assert_string_equal(w->space->refused, "libx.so has a stray WRPKRU at file offset 0x64");
	assert_int_equal(w->space->pages, 0);
	/* glibc's own becomes a trap. */
	put(w, 100, "\x0f\x01\xef\x31\xc0\xc3", 6);
	assert_memory_equal((unsigned char *)(uintptr_t)code(w, 0, 0) + 100, "\xcc\xcc\xcc\x31\xc0\xc3", 6);
}

/* Two mappings side by side, one half in each; in either order. */
static void
refuses_what_meets_at_a_joint(void **state)
{
	struct world *w = *state;

	put(w, MPK_PAGE - 1, "\x0f\x01\xef", 3);
	assert_true(code(w, 0, 10) > 0);
	assert_int_equal(code(w, 1, 11), -EACCES);
	assert_true(code(w, 1, 21) > 0);
	assert_int_equal(code(w, 0, 20), -EACCES);
	assert_true(code(w, 0, 30) > 0);
	assert_true(code(w, 1, 40) > 0);
	put(w, MPK_PAGE - 4, "\xf3\x48\x0f\xae\xd8", 5);
	assert_true(code(w, 0, 50) > 0);
	assert_int_equal(code(w, 1, 51), -EACCES);
}

static void
keeps_to_its_own(void **state)
{
	static char mine[MPK_PAGE] __attribute__((aligned(MPK_PAGE)));
	struct world *w = *state;
	uint64_t at = (uint64_t)(uintptr_t)mine, base = (uint64_t)(uintptr_t)w->space->base;
	char text[16];

	assert_int_equal(memory(w, at, 1, RW), -EPERM);
	assert_int_equal(memory(w, base, 1, RW), -EPERM);
	assert_int_equal(memory(w, base + MPK_SIGNAL_AT, 1, RW), -EPERM);
	assert_int_equal(memory(w, base + MPK_SLOT_SIZE - MPK_PAGE, 2 * MPK_PAGE, RW), -EPERM);
	assert_int_equal(memory(w, w->heap + 1, 1, RW), -EPERM);
	assert_int_equal(memory(w, 0, 0, RW), -EINVAL);
	assert_int_equal(memory(w, 0, UINT64_MAX, RW), -EINVAL);
	assert_int_equal(space_unmap(w->space, at, MPK_PAGE), -EINVAL);
	assert_int_equal(space_unmap(w->space, w->heap, UINT64_MAX - 5), -EINVAL);
	assert_int_equal(space_protect(w->space, at, MPK_PAGE, RW), -ENOMEM);
	assert_int_equal(space_protect(w->space, w->heap, MPK_PAGE, RW), -ENOMEM);
	assert_false(space_read(w->space, at, text, 1));
	assert_false(space_write(w->space, at, "x", 1));
	assert_false(space_read(w->space, base - 1, text, 2));
	assert_false(space_read(w->space, base + MPK_SLOT_SIZE - 1, text, 2));
	assert_false(space_read(w->space, base + 5, text, SIZE_MAX));
	assert_false(space_read(w->space, w->heap, text, 1));		/* nothing is mapped there */
}

static void
limits_and_reuses(void **state)
{
	struct world *w = *state;
	int64_t at = memory(w, 0, 600 * MPK_PAGE, RW);

	assert_true(at > 0);
	assert_int_equal(memory(w, 0, 401 * MPK_PAGE, RW), -ENOMEM);
	assert_true(memory(w, 0, 400 * MPK_PAGE, RW) > 0);
	assert_int_equal(space_unmap(w->space, (uint64_t)at, 600 * MPK_PAGE), 0);
	assert_int_equal(w->space->pages, 400);
	assert_int_equal(memory(w, 0, 600 * MPK_PAGE, RW), at);
}

static void
reads_texts(void **state)
{
	struct world *w = *state;
	uint64_t at = (uint64_t)memory(w, 0, MPK_PAGE, RW);
	char text[8];

	assert_true(space_write(w->space, at + MPK_PAGE - 4, "abc", 4));
	assert_true(space_text(w->space, at + MPK_PAGE - 4, text, sizeof(text)));
	assert_string_equal(text, "abc");
	assert_true(space_write(w->space, at + MPK_PAGE - 1, "x", 1));
	assert_false(space_text(w->space, at + MPK_PAGE - 4, text, sizeof(text)));	/* its end is nowhere */
	assert_true(space_write(w->space, at, "12345678", 9));
	assert_false(space_text(w->space, at, text, sizeof(text)));	/* too long */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writable_or_executable, begin, end),
		cmocka_unit_test_setup_teardown(code_is_a_copy, begin, end),
		cmocka_unit_test_setup_teardown(refuses_stray_instructions, begin, end),
		cmocka_unit_test_setup_teardown(refuses_what_meets_at_a_joint, begin, end),
		cmocka_unit_test_setup_teardown(keeps_to_its_own, begin, end),
		cmocka_unit_test_setup_teardown(limits_and_reuses, begin, end),
		cmocka_unit_test_setup_teardown(reads_texts, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
