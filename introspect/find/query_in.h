/* What reading a question and answering it share. */
#pragma once

#include "introspect/find/query.h"

enum { QUERY_DEPTH = 32, QUERY_PARAMS = 64 };

enum pattern_kind {
	PATTERN_ANY,
	PATTERN_NAME,			/* name, and tag if one is written */
	PATTERN_NUMBER,			/* kind, size, is_signed */
	PATTERN_VOID,
	PATTERN_STRING,
	PATTERN_OPTION,			/* args[0] */
	PATTERN_RESULT,			/* args[0], args[1] */
	PATTERN_LIST,			/* args[0]; count, or 0 for any */
	PATTERN_FUNC,			/* args, if has_args; result */
};

struct pattern {
	enum pattern_kind what;
	enum twz_kind kind;		/* NAME: of the tag, VOID: none was written. NUMBER */
	uint32_t size;
	bool is_signed;
	const char *name;
	int stars;			/* -1: none was written */
	uint32_t consts;		/* bit i: const behind i stars */
	uint64_t count;
	const struct pattern *args[QUERY_PARAMS];
	uint32_t nargs;
	bool has_args, more;		/* more: "..." at the end */
	const struct pattern *result;	/* NULL: any */
};

enum clause_kind { CLAUSE_TAKES, CLAUSE_RETURNS, CLAUSE_REACHES, CLAUSE_NAME, CLAUSE_SIGNATURE };

struct clause {
	enum clause_kind kind;
	const char *name;		/* NAME: a pattern */
	const struct pattern *type;
};

struct query {
	const struct clause *clauses;
	size_t n;
	const char *const *names;	/* of types */
	size_t nnames;
};
