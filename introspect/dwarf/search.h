/* From functions' symbols to their DIEs. See search.c. */
#pragma once

#include "introspect/dwarf/reader_in.h"

/* How good a way of finding a function is. */
enum rank {
	RANK_NONE,
	RANK_ASM,		/* assembly: has an address, but no parameters */
	RANK_DECL,		/* declared only */
	RANK_NAME_OF_VERSIONS,	/* like NAME, of a symbol that has several addresses */
	RANK_ALIAS_RANGES,	/* the address fits, the name is another one */
	RANK_ALIAS,
	RANK_NAME,		/* no address of its own: inlined or folded away */
	RANK_RANGES,
	RANK_LOW_PC,
};

enum { MAX_DECLARED = 4, MAX_CANDIDATES = 1 << 20 };

struct declaration {
	die_ref ref;
	uint32_t unit;
};

/* What was found for one function. */
struct match {
	enum rank rank;
	uint32_t unit;
	die_ref ref;
	struct language language;
	const char *name;		/* ALIAS: of the function at the address, in the file's memory */
	struct declaration *declared;	/* where its name is declared: MAX_DECLARED at most */
	uint32_t ndeclared;
	bool assembly;			/* what is at its address was written in assembly */
};

/* Why a DIE may be that of a function. */
enum evidence {
	BEGINS,		/* low_pc */
	RANGE,		/* one of its ranges */
	NAMED,
	DECLARED,
};

struct candidate {
	die_ref ref;
	const char *linkage, *name;	/* of the DIE itself, in the file's memory; "" */
	uint32_t unit;
	uint32_t key;		/* address: place in by_address; name: function */
	uint8_t evidence;	/* enum evidence */
	bool bare;		/* as little is said about it as about assembly */
};

struct search {
	struct dw *dw;
	struct twz_arena *arena;	/* only for the search */
	const struct dw_function *functions;
	size_t n;
	struct match *matches;		/* the answer, one per function */
	/* hash tables; entries are numbers from 1 */
	size_t mask;
	uint32_t *slots, *by_address, *same;
	struct called {
		uint32_t function, hash;	/* what tells nearly all other names apart without a look at them */
	} *names;
	uint64_t *addresses;
	bool *versions;			/* its name has several addresses */
	bool *wanted;			/* in the second walk: its name is looked for */
	bool *visited;			/* units */
	struct candidate *candidates;	/* malloc'ed; while functions are searched for */
	size_t ncandidates;
};

void search_functions(struct search *search);

/* -- choose.c -------------------------------------------------------------------------------------- */

/** Considers all candidates for the functions that they may be of. */
void search_choose(struct search *search);
/** Whether function @f may still be found, or found in a better way, in units that nobody looked into. */
bool search_is_open(const struct search *search, uint32_t f);
