/* Texts of types: what is accepted is shown as a text that is accepted, and stays as it is. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "twz/typetext.h"

static const struct twz_type *
find_any(void *data, const char *name, size_t n)
{
	static const struct twz_type user = { .kind = TWZ_STRUCT, .name = "User" };

	(void)data;
	return n == 4 && !memcmp(name, "User", 4) ? &user : NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct twz_type *t, *again;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	const char *shown;

	if (!twz_type_parse(twz_strndup(&arena, (const char *)data, n), find_any, NULL, &arena, &t, &err))
		return 0;
	shown = twz_type_text(&arena, t);
	if (!twz_type_parse(shown, find_any, NULL, &arena, &again, &err) ||
	    strcmp(shown, twz_type_text(&arena, again)))
		__builtin_trap();
	return 0;
}
