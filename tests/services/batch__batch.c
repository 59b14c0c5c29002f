/* batch: gates that only look, and so may be called several at a time; and one that does not. */
#include <stdio.h>
#include <twz/gate.h>
#include <unistd.h>

TWZ_SERVICE("batch", "1.0", "Looks, and at times fails to");

enum Trouble { Odd = 1 };
TWZ_ERROR_TEXT(Odd, "That one is odd");
TWZ_RESULT(half, int, enum Trouble);

static int counted;

TWZ_GATE(int, twice, (int i), TWZ_DOC("Twice as much"), TWZ_READONLY)
{
	return 2 * i;
}

TWZ_GATE(struct half, half_until, (int i, int at), TWZ_DOC("Fails at one of them"), TWZ_READONLY)
{
	return i == at ? half_err(Odd) : half_ok(i / 2);
}

TWZ_GATE(int, crash_at, (int i, int at), TWZ_DOC("Crashes at one of them"), TWZ_READONLY)
{
	return i == at ? *(volatile int *)8 : i;
}

TWZ_GATE(int, wait_at, (int i, int at), TWZ_DOC("Never returns from one of them"), TWZ_READONLY)
{
	if (i == at) {
		puts("begun");
		for (;;)
			pause();
	}
	return i;
}

TWZ_GATE(const char *, name, (int i, const char *suffix), TWZ_DOC("A text, of any length"), TWZ_READONLY)
{
	static _Thread_local char text[1000];

	snprintf(text, sizeof(text), "%*d%s", i % 900, i, suffix);
	return text;
}

TWZ_GATE(_Bool, is_even, (int i), TWZ_DOC("Whether it is"), TWZ_READONLY)
{
	return i % 2 == 0;
}

TWZ_GATE(uint64_t, sum, (const unsigned char *bytes, size_t n), TWZ_DOC("Adds up bytes"), TWZ_IN(bytes, n),
	 TWZ_READONLY)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += bytes[i];
	return sum;
}

TWZ_GATE(void, back, (unsigned char *bytes, size_t n), TWZ_DOC("The last comes first"), TWZ_INOUT(bytes, n))
{
	for (size_t i = 0; i < n / 2; i++) {
		unsigned char c = bytes[i];

		bytes[i] = bytes[n - 1 - i];
		bytes[n - 1 - i] = c;
	}
}

TWZ_GATE(int, count, (int i), TWZ_DOC("Counts its calls"))
{
	return i * 0 + ++counted;
}
