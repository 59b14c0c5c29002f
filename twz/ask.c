#include "twz/ask.h"

#include <stdlib.h>
#include <string.h>

#include "twz/util.h"

static const char *const kinds[] = {
#define X(kind, text) text,
	TWZ_ASKS(X)
#undef X
};

static const char *const families[] = { "inet", "inet6", "unix" };

static const struct {
	uint32_t right;
	const char *name;
} rights[] = { { TWZ_ASK_CALL, "call" }, { TWZ_ASK_READ, "read" }, { TWZ_ASK_WRITE, "write" } };

const char *
twz_ask_kind_text(enum twz_ask_kind kind)
{
	return kinds[kind];
}

/* "read,write", and what a macro makes of read | write. */
static bool
parse_rights(const char *text, uint32_t *ret)
{
	*ret = 0;
	while (*(text += strspn(text, " |,"))) {
		size_t n = strcspn(text, " |,"), i = 0;

		while (i < TWZ_COUNT(rights) &&
		       (strlen(rights[i].name) != n || memcmp(rights[i].name, text, n)))
			i++;
		if (i == TWZ_COUNT(rights))
			return false;
		*ret |= rights[i].right;
		text += n;
	}
	return *ret;
}

static bool
is_plain_path(const char *path)
{
	size_t n = strlen(path);

	if (*path != '/' || n >= TWZ_ASK_LONGEST || strstr(path, "//") || strstr(path, "/../") ||
	    strstr(path, "/./") || (n > 2 && !strcmp(path + n - 3, "/..")))
		return false;
	for (; *path; path++)
		if ((unsigned char)*path < ' ' || *path == 0x7f)
			return false;
	return true;
}

static bool
is_family(const char *what)
{
	for (size_t i = 0; i < TWZ_COUNT(families); i++)
		if (!strcmp(families[i], what))
			return true;
	return false;
}

/* "2147483648", "2G"; at most 1 TiB. */
static const char *
bytes(const char *text, struct twz_arena *arena)
{
	static const char units[] = "KMG";
	char *end;
	unsigned long long n = *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
	const char *unit;

	if (!n || n > 1ULL << 40)
		return NULL;
	unit = *end ? strchr(units, *end) : NULL;
	if (*end && (!unit || end[1]))
		return NULL;
	for (const char *u = units; unit && u <= unit; u++)
		n *= 1024;
	return n <= 1ULL << 40 ? twz_format(arena, "%llu", n) : NULL;
}

bool
twz_ask_make(const char *kind, const char *rights_text, const char *what, bool needed,
	     struct twz_arena *arena, struct twz_ask *ret)
{
	size_t i = 0;

	while (i < TWZ_COUNT(kinds) && strcmp(kinds[i], kind))
		i++;
	if (i == TWZ_COUNT(kinds) || !parse_rights(rights_text, &ret->rights))
		return false;
	ret->kind = (enum twz_ask_kind)i;
	ret->needed = needed;
	ret->what = twz_strdup(arena, what);
	switch (ret->kind) {
	case TWZ_ASK_FILES:
		return is_plain_path(what) && !(ret->rights & TWZ_ASK_CALL);
	case TWZ_ASK_NET:
		return is_family(what) && ret->rights == TWZ_ASK_CALL;
	case TWZ_ASK_MEMORY:
		ret->what = bytes(what, arena);
		return ret->what && ret->rights == TWZ_ASK_CALL;
	}
	return false;
}

bool
twz_ask_next(const char **at, struct twz_arena *arena, struct twz_ask *ret)
{
	while (*at && **at) {
		size_t n = strcspn(*at, "\n");
		char *line = twz_strndup(arena, *at, n), *rest = line;
		const char *kind = strsep(&rest, " "), *set = strsep(&rest, " "), *need = strsep(&rest, " ");

		*at += n + ((*at)[n] == '\n');
		if (rest && twz_ask_make(kind, set, rest, !strcmp(need, "need"), arena, ret))
			return true;
	}
	return false;
}

static const char *
rights_text(const struct twz_ask *ask, const char *between, struct twz_arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < TWZ_COUNT(rights); i++)
		if (ask->rights & rights[i].right)
			text = twz_format(arena, "%s%s%s", text, *text ? between : "", rights[i].name);
	return text;
}

const char *
twz_ask_line(const struct twz_ask *ask, struct twz_arena *arena)
{
	return twz_format(arena, "%s %s %s %s\n", kinds[ask->kind], rights_text(ask, ",", arena),
			  ask->needed ? "need" : "may", ask->what);
}

const char *
twz_ask_shown(const struct twz_ask *ask, struct twz_arena *arena)
{
	switch (ask->kind) {
	case TWZ_ASK_FILES:
		return twz_format(arena, "files %s (%s)", ask->what, rights_text(ask, ", ", arena));
	case TWZ_ASK_NET:
		return twz_format(arena, "network sockets (%s)", ask->what);
	case TWZ_ASK_MEMORY:
		return twz_format(arena, "%llu MiB of memory", strtoull(ask->what, NULL, 10) >> 20);
	}
	return "";
}

/* -- how it is run ----------------------------------------------------------------------------- */

static const struct {
	const char *word, *sentence;
} ways[] = {
#define X(how, text, sentence) { text, sentence },
	TWZ_RUNS(X)
#undef X
};

enum twz_runs
twz_runs_find(const char *word)
{
	size_t i = 0;

	while (i < TWZ_COUNT(ways) && strcmp(ways[i].word, word))
		i++;
	return (enum twz_runs)i;
}

const char *
twz_runs_text(enum twz_runs how)
{
	return ways[how].word;
}

const char *
twz_runs_shown(enum twz_runs how)
{
	return ways[how].sentence;
}

bool
twz_runs(const char *asks, enum twz_runs how)
{
	const char *word = ways[how].word, *at = asks;
	size_t n = strlen(word);

	for (; at && *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (!strncmp(at, "runs ", 5) && !strncmp(at + 5, word, n) && at[5 + n] == '\n')
			return true;
	return false;
}
