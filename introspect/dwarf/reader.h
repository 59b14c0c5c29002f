/*
 * The reader of DWARF, as the rest of introspection sees it: which type has this function, and where
 * does this address come from. The engine that decodes the file stays behind it.
 */
#pragma once

#include "introspect/file/debug.h"
#include "introspect/introspect.h"
#include "introspect/node.h"

struct dw;

/* A function whose type is wanted. */
struct dw_function {
	const char *symbol;
	uint64_t address;
	bool ifunc;			/* the address is that of the resolver */
	bool hidden;			/* an old version of the symbol */
	/* the answer: */
	const struct twz_type *type;	/* FUNC; NULL: unknown, and … */
	const char *why;		/* … why; with a type: why it must not be called; "" */
	const char *care;		/* what a caller has to know; "" */
	const char *how;		/* provenance; "none" */
	const char *alias_of;		/* the name of the function at this address; "" when it is @symbol */
	const char *shown;		/* of a mangled symbol: with its scopes, as in the source; "" */
	const char *language;		/* "C", …; "" when unknown */
	const char *file;		/* of the source; "" */
	uint32_t line;
	bool noreturn;
	uint64_t order;			/* sorts functions as their source has them; UINT64_MAX: unknown */
};

/** @engine: "own", "libdwarf" or NULL. */
TWZ_MUST bool dw_open(struct debug *debug, const char *engine, struct twz_arena *arena,
		      struct dw **ret, struct twz_error *err);
/** NULL is fine. */
void dw_close(struct dw *dw);

/**
 * Fills the answers of @n functions and finishes all types that they reach. Once per reader. @brief:
 * without source files, and without the fields of structs that no verdict depends on.
 */
void dw_functions(struct dw *dw, struct dw_function *functions, size_t n, bool brief);
/** Every type that was made. */
const struct nodes *dw_nodes(const struct dw *dw);
/** True when something could not be read. */
bool dw_partial(const struct dw *dw);

/** Function, file and line of @address; what is not known stays as it is in @ret. */
void dw_place(struct dw *dw, uint64_t address, struct introspect_place *ret);

static inline void
dw_closep(struct dw **dw)
{
	dw_close(*dw);
}
