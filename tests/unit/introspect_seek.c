/* A definition in a unit of its own is found by its name's bytes, wherever in the unit they stand. */
#include "tests/unit/unit.h"

#include "tests/unit/introspect_fixture.h"

/*
 * struct hidden { int n; }, SHIFT bytes further behind and TAIL bytes before the unit's end. Its name is a text, or
 * with STRP the offset of one. The unit has code elsewhere, and in front more than all texts: else its DIEs are read at once.
 */
static const char unit[] =
	".section .debug_info,\"\",@progbits\n"
	".long 9f - 1f\n1: .short 5\n.byte 1, 8\n.long 8f\n"
	".uleb128 1\n.byte 0x1d\n.quad 0x7000000, 16\n.short 8192 + SHIFT\n.skip 8192 + SHIFT\n"
	"2: .uleb128 2\n.string \"int\"\n.byte 4, 5\n"
	".uleb128 3\n.if STRP\n.long 7f\n.else\n.string \"hidden\"\n.endif\n.byte 4\n"
	".uleb128 4\n.string \"n\"\n.long 2b - 1b + 4\n.byte 0, 0\n"
	".uleb128 5\n.byte TAIL\n.skip TAIL\n.byte 0\n9:\n"
	".section .debug_str,\"MS\",@progbits,1\n.string \"long before it\"\n7: .string \"hidden\"\n"
	".section .debug_abbrev,\"\",@progbits\n"
	"8: .uleb128 1, 0x11\n.byte 1\n.uleb128 0x13, 0x0b, 0x11, 1, 0x12, 7, 0x2000, 0x03, 0, 0\n"
	".uleb128 2, 0x24\n.byte 0\n.uleb128 3, 8, 0x0b, 0x0b, 0x3e, 0x0b, 0, 0\n"
	".uleb128 3, 0x13\n.byte 1\n.if STRP\n.uleb128 3, 0x0e\n.else\n.uleb128 3, 8\n.endif\n.uleb128 0x0b, 0x0b, 0, 0\n"
	".uleb128 4, 0x0d\n.byte 0\n.uleb128 3, 8, 0x49, 0x13, 0x38, 0x0b, 0, 0\n"
	".uleb128 5, 0x34\n.byte 0\n.uleb128 0x2000, 0x0a, 0, 0, 0\n"
	".section .note.GNU-stack,\"\",@progbits\n";

/* What ask() takes, with the definition so far into its unit and from its end. */
static void
check(int shift, int tail, int strp)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *s;
	const struct twz_type *hidden;

	assert_int_equal(shell("cd $D && as --defsym SHIFT=%d --defsym TAIL=%d --defsym STRP=%d -o unit.o unit.s && "
			       "ld -shared -o seek.so ask.o unit.o", shift, tail, strp), 0);
	s = inspect_ok(in_folder("seek.so"), true, &arena);
	assert_false(s->partial);
	hidden = gate_of(s, "ask")->type->members[0].type->target;
	if (hidden->size != 4)
		fprintf(stderr, "shift %d, tail %d, strp %d\n", shift, tail, strp);
	assert_int_equal(hidden->size, 4);
	assert_string_equal(hidden->members[0].name, "n");
}

static void
test_everywhere(void **state)
{
	(void)state;
	write_text("unit.s", unit);
	write_text("ask.c", "struct hidden; int ask(struct hidden *h) { return h != 0; }\n");
	assert_int_equal(shell("cd $D && gcc -g -fPIC -c ask.c"), 0);
	for (int shift = 0; shift <= 64; shift++)
		check(shift, 200, shift % 2);
	for (int tail = 1; tail < 100; tail += 7)
		check(3, tail, tail % 2);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everywhere),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
