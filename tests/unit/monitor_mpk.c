/* Compartments by protection keys: what can be tested where the processor has none. */
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/mman.h>

#include "monitor/mpk/mpk.h"
#include "monitor/mpk/process.h"
#include "monitor/mpk/scan.h"

static enum mpk_gadget
find(const char *bytes, size_t n, size_t *at)
{
	return mpk_scan((const unsigned char *)bytes, n, 0, at);
}

#define FIND(bytes, at) find(bytes, sizeof(bytes) - 1, at)

static void
finds_every_form(void **state)
{
	size_t at;

	(void)state;
	assert_int_equal(FIND("\x90\x0f\x01\xef", &at), MPK_WRPKRU);
	assert_int_equal(at, 1);
	/* XRSTOR with each way to name memory, and with a REX prefix before it */
	assert_int_equal(FIND("\x0f\xae\x28", &at), MPK_XRSTOR);
	assert_int_equal(FIND("\x0f\xae\x6c\x24\x40", &at), MPK_XRSTOR);
	assert_int_equal(FIND("\x48\x0f\xae\xaf\x00\x01\x00\x00", &at), MPK_XRSTOR);
	assert_int_equal(at, 1);
	assert_int_equal(FIND("\xf3\x48\x0f\xae\xd8", &at), MPK_WRGSBASE);
	assert_int_equal(FIND("\x90\xf3\x0f\xae\xdf", &at), MPK_WRGSBASE);
	assert_int_equal(at, 1);
}

/* Inside of other instructions: a move of a constant whose bytes are a WRPKRU. */
static void
finds_unaligned(void **state)
{
	size_t at;

	(void)state;
	assert_int_equal(FIND("\xb8\x0f\x01\xef\x00\xc3", &at), MPK_WRPKRU);
	assert_int_equal(at, 1);
	assert_int_equal(FIND("\x0f\x0f\x01\xef", &at), MPK_WRPKRU);
	assert_int_equal(at, 1);
	assert_int_equal(FIND("\xe8\xf3\xf3\x48\x0f\xae\xda", &at), MPK_WRGSBASE);
	assert_int_equal(at, 2);
}

static void
passes_neighbours(void **state)
{
	size_t at;

	(void)state;
	assert_int_equal(FIND("\x0f\x01\xee", &at), MPK_NO_GADGET);		/* RDPKRU */
	assert_int_equal(FIND("\x0f\xae\xe8", &at), MPK_NO_GADGET);		/* LFENCE */
	assert_int_equal(FIND("\x0f\xae\x4c\x24\x40", &at), MPK_NO_GADGET);	/* FXRSTOR */
	assert_int_equal(FIND("\x0f\xae\x64\x24\x40", &at), MPK_NO_GADGET);	/* XSAVE */
	assert_int_equal(FIND("\xf3\x48\x0f\xae\xd0", &at), MPK_NO_GADGET);	/* WRFSBASE */
	assert_int_equal(FIND("\xf3\x48\x0f\xae\xc8", &at), MPK_NO_GADGET);	/* RDGSBASE */
	assert_int_equal(FIND("\x0f\x01", &at), MPK_NO_GADGET);			/* cut off */
	assert_int_equal(FIND("\x0f\xae", &at), MPK_NO_GADGET);
	assert_int_equal(FIND("\xf3\x48\x0f\xae", &at), MPK_NO_GADGET);
}

/* Every three bytes there are, against what the manual says. */
static void
agrees_with_the_manual(void **state)
{
	(void)state;
	for (uint32_t v = 0; v < 1 << 24; v++) {
		const unsigned char b[3] = { (unsigned char)(v >> 16), (unsigned char)(v >> 8),
					     (unsigned char)v };
		bool bad = b[0] == 0x0f && ((b[1] == 1 && b[2] == 0xef) ||
					    (b[1] == 0xae && b[2] / 64 != 3 && b[2] / 8 % 8 == 5));
		size_t at;

		if ((mpk_scan(b, 3, 0, &at) != MPK_NO_GADGET) != bad)
			fail_msg("%02x %02x %02x", b[0], b[1], b[2]);
	}
}

static void
knows_the_c_library(void **state)
{
	static const unsigned char set[] = "\x09\xf0\x0f\x01\xef\x31\xc0\xc3";
	static unsigned char lazy[] = "\xb8\xee\x00\x00\x00\x31\xd2\x0f\xae\x6c\x24\x40";

	(void)state;
	assert_int_equal(mpk_known(set, 8, 2), MPK_PKEY_SET);
	assert_int_equal(mpk_known(set, 7, 2), MPK_UNKNOWN);
	assert_int_equal(mpk_known(lazy, 12, 7), MPK_LAZY_BINDING);
	lazy[2] = 2;	/* a mask with the rights in it */
	assert_int_equal(mpk_known(lazy, 12, 7), MPK_UNKNOWN);
}

/* This process becomes fit, still runs, and is found fit again; then it is made unfit. */
static void
prepares_this_process(void **state)
{
#if defined(__x86_64__)
	struct twz_error err = { 0 };
	unsigned char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	if (!process_prepare(&err)) {
		/* A sanitizer's runtime may bring stray ones along: then that is what is said. */
		assert_non_null(strstr(err.text, "mpk unavailable: "));
		print_message("# %s\n", err.text);
		skip();
	}
	assert_true(process_prepare(&err));
	memset(page, 0x90, 8192);
	memcpy(page + 4095, "\x0f\x01\xef", 3);		/* across the boundary */
	assert_int_equal(mprotect(page, 8192, PROT_READ | PROT_EXEC), 0);
	assert_false(process_prepare(&err));
	assert_non_null(strstr(err.text, "stray WRPKRU at 0x"));
	munmap(page, 8192);
	err = (struct twz_error){ 0 };
	assert_true(process_prepare(&err));
#else
	(void)state;
	skip();
#endif
}

static void
says_why_not(void **state)
{
	struct mpk_options options = { .guest = "/nonexistent", .service = "/nonexistent", .build_id = "" };
	struct twz_error err = { 0 };
	struct mpk *c = NULL;

	(void)state;
	if (mpk_available(&err))
		skip();		/* tests/mpk tests the rest */
	assert_true(err.text == strstr(err.text, "mpk unavailable: "));
	assert_int_equal(twz_class_status(err.cls), 6);
	err = (struct twz_error){ 0 };
	assert_false(mpk_start(&options, &c, &err));
	assert_null(c);
	assert_true(err.text == strstr(err.text, "mpk unavailable: "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_every_form),
		cmocka_unit_test(finds_unaligned),
		cmocka_unit_test(passes_neighbours),
		cmocka_unit_test(agrees_with_the_manual),
		cmocka_unit_test(knows_the_c_library),
		cmocka_unit_test(prepares_this_process),
		cmocka_unit_test(says_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
