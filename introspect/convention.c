#include "introspect/convention.h"

#include <string.h>
#include <strings.h>

#include "twz/util.h"

static bool
has_word(const char *name, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

bool
convention_ends(const char *function)
{
	static const char *const words[] = { "free", "destroy", "delete", "close", "release", "unref",
					     "dispose", "cleanup", "finish", "end", "term", "fini" };

	return has_word(function, words, TWZ_COUNT(words));
}

static const char *const counts[] = { "len", "size", "count", "num", "cnt", "bytes", "capacity" };

bool
convention_begins(const char *function, bool ends)
{
	static const char *const words[] = { "init", "create", "setup" }, *const last[] = { "comp", "new", "open" };
	size_t n = strlen(function);

	for (size_t i = 0; ends && i < TWZ_COUNT(last); i++)
		if (n > strlen(last[i]) && !strcasecmp(function + n - strlen(last[i]), last[i]))
			return true;
	return has_word(function, words, TWZ_COUNT(words));
}

bool
convention_speaks(const char *function)
{
	static const char *const words[] = { "strerror", "errstr", "str_error", "error_name", "errorname", "geterror",
					     "error_string", "errorstring", "err_name", "error_message", "errmsg",
					     "status_to_string", "zerror" };

	return has_word(function, words, TWZ_COUNT(words));
}

bool
convention_counts(const char *name, const char *pointer)
{
	if (has_word(name, counts, TWZ_COUNT(counts)) || !strcmp(name, "n") || !strcmp(name, "sz"))
		return true;
	return *name == 'n' && *pointer && !strcasecmp(name + 1 + (name[1] == '_'), pointer);
}

bool
convention_counts_that(const char *name, const char *pointer)
{
	size_t n = strlen(pointer);

	if (!n || strncasecmp(name, pointer, n) != 0)
		return false;
	name += n + (name[n] == '_');
	for (size_t i = 0; i < TWZ_COUNT(counts); i++)
		if (!strncasecmp(name, counts[i], strlen(counts[i])))
			return true;
	return false;
}
