/* grate: answers calls of batch, and counts them: what only looks is answered by what does not. */
#include <twz/gate.h>

TWZ_SERVICE("grate", "1.0", "Counts calls that it answers");

enum Trouble { Odd = 1 };
TWZ_ERROR_TEXT(Odd, "That one is odd");
TWZ_RESULT(half, int, enum Trouble);

static int answered;

TWZ_GATE(struct half, half_until, (int i, int at), TWZ_DOC("Answers in its place"))
{
	answered++;
	return i == at ? half_err(Odd) : half_ok(i / 2);
}

TWZ_GATE(int, count, (void), TWZ_DOC("How many calls it has answered"), TWZ_READONLY)
{
	return answered;
}
