/*
 * Questions about functions by their types: "takes User returns int", "name png_*",
 * "(const char *, int) -> int".
 *
 *	question  = { clause }			all of them must hold
 *	clause    = "takes" type | "returns" type | "reaches" type | "name" pattern | signature
 *	signature = "(" [ type { "," type } ] [ "..." ] ")" [ "->" type ]
 *
 * Types are written as in C or as twz shows them. A name means a tag, a typedef, or what a typedef
 * stands for. A type without "*" is meant behind any number of pointers, one with "*" behind exactly
 * as many; "const" where it is written must be there, elsewhere it may be. "_" is any type. A signature
 * has exactly as many parameters as are written, in any order; "..." at its end allows for more.
 */
#pragma once

#include "twz/arena.h"
#include "twz/error.h"
#include "twz/type.h"

struct query;

/** Parses. When it fails, @err has the place in @question (from, to), what is wrong and examples. */
TWZ_MUST bool query_parse(const char *question, struct twz_arena *arena, const struct query **ret,
			  struct twz_error *err);
/** The gates of @service that fit, in its order; ends with NULL; in @arena. */
const struct twz_gate **query_run(const struct query *query, const struct twz_service *service,
				  struct twz_arena *arena);

/** The names of types that @query asks for. */
size_t query_names(const struct query *query, const char *const **ret);
/** Whether @service has a type called @name; if not, @nearest is one that it has, or NULL. */
bool query_knows(const struct twz_service *service, const char *name, struct twz_arena *arena,
		 const char **nearest);
