/*
 * The words of the language, each with how it is written and what it does: keywords, stages of pipes,
 * built-in functions. Help, sql, man pages and the syntax file for editors are made from this list; the
 * words themselves are those that the lexer, the evaluator and the table of functions know.
 */
#include "repl/lang/words.h"

#include <assert.h>
#include <string.h>

#include "repl/lang/interp.h"
#include "repl/lang/lex.h"

struct described {
	const char *usage, *help;
};

static const struct described keywords[] = {
	[LEX_KW_LET] = { "let NAME[: TYPE] = VALUE", "a new variable, which hides an older one" },
	[LEX_KW_FN] = { "fn NAME(A: TYPE, --B = VALUE) -> TYPE { … }", "a function; fn main gets a script's arguments" },
	[LEX_KW_WHILE] = { "while CONDITION { … }", "again and again, as long as it is true" },
	[LEX_KW_FOR] = { "for NAME in LIST { … }", "once for each element; 1 .. 3 is a list" },
	[LEX_KW_IN] = { "VALUE in LIST", "whether it is one of the elements" },
	[LEX_KW_TIMEOUT] = { "timeout 2s { … }", "a deadline for all that is in the block" },
	[LEX_KW_IMPORT] = { "import \"FILE.twz\"", "its functions are FILE::NAME from here on" },
	[LEX_KW_RETURN] = { "return [VALUE]", "ends a function, or the text" },
	[LEX_KW_BREAK] = { "break", "ends a loop" },
	[LEX_KW_CONTINUE] = { "continue", "goes on with a loop's next turn" },
	[LEX_KW_IF] = { "if CONDITION { … } else { … }", "one or the other; it has a value" },
	[LEX_KW_ELSE] = { "if C { … } else { … }, try A else B", "what is done or taken otherwise" },
	[LEX_KW_MATCH] = { "match VALUE { Ok(x) => …, Err(NoSuchUser) => …, _ => … }", "by what the value is" },
	[LEX_KW_TRY] = { "try A else B, try { … } catch e { … }", "what to do when something fails" },
	[LEX_KW_CATCH] = { "try { … } catch e { … }", "what to do with the error e" },
	[LEX_KW_SPAWN] = { "JOB = spawn CALL", "runs it beside the text; wait JOB gives its value" },
	[LEX_KW_RUN] = { "run PROGRAM WORD …", "an external program; words, operators too, are its arguments, $NAME a value" },
	[LEX_KW_AND] = { "A and B", "both are true" },
	[LEX_KW_OR] = { "A or B", "one of them is" },
	[LEX_KW_NOT] = { "not A", "it is false" },
	[LEX_KW_TRUE] = { "true", "the bool" },
	[LEX_KW_FALSE] = { "false", "the bool" },
	[LEX_KW_NONE] = { "none", "an option without a value; x ?? y takes y for it" },
};

#define X(keyword, text) +1
static_assert(TWZ_COUNT(keywords) == 1 LEX_KEYWORDS(X), "each keyword is described");
#undef X

static const struct {
	const char *name;
	struct described is;
} stages[] = {
	{ "where", { "LIST | where CONDITION", "the elements for which it is true; it is the element" } },
	{ "map", { "LIST | map VALUE", "a list of what becomes of each element" } },
	{ "each", { "LIST | each CALL", "the call, once for each element" } },
	{ "sort", { "LIST | sort [VALUE]", "in the order of the elements, or of that value of them" } },
	{ "group", { "LIST | group VALUE", "records of a key and the elements that have it" } },
	{ "select", { "LIST | select FIELD …", "only these fields of each record" } },
};

static bool
add(struct lang_word *ret, const char *kind, const char *name, const char *usage, const char *help)
{
	*ret = (struct lang_word){ .name = name, .kind = kind, .usage = usage, .help = help };
	return true;
}

bool
lang_word(size_t i, struct lang_word *ret)
{
	size_t nkeywords, nbuiltins;
	const char *const *names = lex_keywords(&nkeywords);
	const struct lang_builtin *builtins = lang_builtins(&nbuiltins);

	if (i < nkeywords)
		return add(ret, "keyword", names[i], keywords[i + 1].usage, keywords[i + 1].help);
	i -= nkeywords;
	if (i < TWZ_COUNT(stages))
		return add(ret, "stage", stages[i].name, stages[i].is.usage, stages[i].is.help);
	i -= TWZ_COUNT(stages);
	return i < nbuiltins && add(ret, "function", builtins[i].name, builtins[i].usage, builtins[i].help);
}

bool
lang_word_find(const char *name, struct lang_word *ret)
{
	for (size_t i = 0; lang_word(i, ret); i++)
		if (!strcmp(ret->name, name))
			return true;
	return false;
}
