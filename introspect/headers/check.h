/*
 * What is compared when a library is checked against its headers: facts, each a number that we know from
 * the library's debug information and an expression of C whose value, below the headers, must be the
 * same. Names known only inside the library are said by what they stand for; what still cannot be said
 * is not checked, and the reason is kept.
 *
 * Two jobs of the confined child, which alone reads the library: first it lists what is to be looked for
 * in the headers, then it makes facts of what is there. Both give lines of text, fields between tabs.
 */
#pragma once

#include <stdio.h>

#include "twz/arena.h"
#include "twz/type.h"

/* What a line is about: its first field. */
enum {
	CHECK_FUNCTION = 'f',	/* wanted: symbol. known: name, symbol */
	CHECK_TYPEDEF = 't',	/* wanted, known: name */
	CHECK_LAYOUT = 's',	/* wanted, known: the type as C says it ("struct x") */
	CHECK_UNSAID = 'u',	/* facts: subject, why */
	CHECK_FACT = 'v',	/* facts: subject, what, number, our text, macros to undefine, expression */
};

enum { CHECK_FIELDS = 7 };

/** Writes what is to be looked for. */
void check_wanted(FILE *out, const struct twz_service *service);
/** Reads from @known what was found and writes facts about it. */
void check_facts(FILE *known, FILE *out, const struct twz_service *service);
/** Cuts @line at its tabs, at most CHECK_FIELDS times; fields that it lacks are "". */
void check_split(char *line, const char **fields);
