/*
 * Records: the texts that the macros of twz/gate.h leave in .twz_gates, checked. What they say about
 * parameters is joined with the types from DWARF in gates.c.
 */
#pragma once

#include "introspect/clean.h"
#include "introspect/file/elf.h"
#include "twz/type.h"

/* What a record says about one parameter. */
struct record_param {
	const char *name;
	bool secret, optional, has_extent;
	enum twz_dir dir;
	const char *count;		/* a parameter, '*' and a parameter that points to it, or a number */
	bool string;			/* a pointer to bytes that end with a NUL */
	bool null;			/* always NULL */
	const char *keeper;		/* the object that points to it afterwards, or "result"; NULL */
	const char *kind;		/* what the object with this id implements; NULL: it does not matter */
	bool object;			/* to an object of the service's own, by @dir as TWZ_OBJECT says */
	bool makes;			/* object, TWZ_OUT: in memory that the function is given */
	const char *data;		/* a callback: the parameter that is its user data, ""; NULL: it is none */
	struct record_gate *callback;	/* what is said of the callback's own parameters; NULL: nothing */
};

/* Codes that a function of type int returns. */
struct record_codes {
	const char *name;
	struct twz_member *values;
	uint32_t nvalues;
};

struct record_gate {
	const char *name, *doc, *requires, *converts;
	const char *names;		/* "a,b": of all parameters, instead of the library's; "" */
	const char *returns;		/* the name of codes, or "string", "object"; "" */
	bool fails;			/* of these codes all but 0 are errors; or "errno", "negative", "nonzero", "zero" */
	const char *speaker;		/* the gate that gives the texts of its errors; NULL */
	const struct record_codes *codes;
	const char **aliases;
	struct record_param *params;
	uint32_t naliases, nparams;
	enum twz_role role;
	enum twz_level level;
	enum twz_visibility visibility;
	bool readonly;
	const char *bad;		/* why the gate cannot be trusted, or NULL */
};

struct record_text {
	const char *name, *text;	/* an enumerator and what to say for it */
};

struct records {
	const char *service, *version, *doc;	/* service NULL: no such record */
	struct record_gate *gates;
	size_t ngates;
	struct record_text *errors;
	size_t nerrors;
	const char **flags;
	size_t nflags;
	struct record_codes *codes;
	size_t ncodes;
	const char *asks;		/* twz/ask.h; "" */
	size_t nasks;
	bool partial;			/* something was skipped */
};

/** Reads every record of @section. What is wrong is skipped and noted, never fatal. */
void records_read(struct elf_section section, struct twz_arena *arena, struct records *ret);
