/* vault: what others would like to call. */
#include <twz/gate.h>

TWZ_SERVICE("vault", "1.0", "Keeps something");

static int opened;

TWZ_GATE(int, look, (int a), TWZ_DOC("Everybody may"), TWZ_READONLY)
{
	return a + 1;
}

TWZ_GATE(int, open_it, (int a), TWZ_DOC("Few may"), TWZ_REQUIRES(open_it))
{
	opened++;
	return a + 100;
}

TWZ_GATE(int, count, (void), TWZ_DOC("How often it was opened"), TWZ_READONLY)
{
	return opened;
}

TWZ_GATE(const char *, context, (void), TWZ_DOC("Who calls"), TWZ_READONLY)
{
	return twz_caller()->context;
}

TWZ_GATE(int, keep, (const char *name, const char *secret), TWZ_DOC("Takes a secret"),
	 TWZ_REQUIRES(keep), TWZ_SECRET(secret))
{
	return name && secret;
}
