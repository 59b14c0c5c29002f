#include "registry/words.h"

#include <string.h>

#include "twz/util.h"

static const char *const roles[] = {
#define X(role, text) text,
	TWZ_ROLES(X)
#undef X
};

static const char *const levels[] = {
#define X(level, text) text,
	TWZ_LEVELS(X)
#undef X
};

static const char *const verdicts[] = {
#define X(verdict, text) text,
	TWZ_VERDICTS(X)
#undef X
};

static const char *const forms[] = {
#define X(form, text) text,
	TWZ_FORMS(X)
#undef X
};

static bool
parse(const char *const *words, size_t n, const char *text, unsigned *ret)
{
	for (size_t i = 0; text && i < n; i++)
		if (!strcmp(words[i], text)) {
			*ret = (unsigned)i;
			return true;
		}
	return false;
}

#define WORDS(what, table, type) \
	const char *words_##what(type value) \
	{ \
		return table[value]; \
	} \
	bool words_parse_##what(const char *text, type *ret) \
	{ \
		unsigned value; \
		if (!parse(table, TWZ_COUNT(table), text, &value)) \
			return false; \
		*ret = (type)value; \
		return true; \
	}

WORDS(role, roles, enum twz_role)
WORDS(level, levels, enum twz_level)
WORDS(verdict, verdicts, enum twz_verdict)
WORDS(form, forms, enum twz_form)
