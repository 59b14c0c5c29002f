/*
 * Type text: the one place that prints and parses what types look like.
 *
 * Shown form (language.md): i8 … u64 f32 f64 bool char string, a typedef's name where the source used
 * the typedef, else the tag's name; Result<T, E>, Option<T>, [T; N], [T] for a list or a buffer, ()
 * for no value; a pointer to one const struct shows as the struct.
 */
#pragma once

#include <stdio.h>

#include "twz/arena.h"
#include "twz/error.h"
#include "twz/text.h"
#include "twz/type.h"

/* The text of one signature or declaration is cut here, and ends with "…truncated". */
enum { TWZ_SIGNATURE_MAX = 64 << 10 };

/** Writes the shown name of @type: "User", "[u8; 4]", "Result<(), E>". */
void twz_type_write(FILE *out, const struct twz_type *type);
/** The same in arena memory. */
const char *twz_type_text(struct twz_arena *arena, const struct twz_type *type);
/** "a" or "an": what stands before @name in a sentence. */
const char *twz_article(const char *name);

/**
 * Writes the shown type of one parameter, which its direction, extent and optionality change:
 * "User", "[u8]", "Option<string>". The words "out" and "inout" are not part of it.
 */
void twz_param_write(FILE *out, const struct twz_member *param);

/**
 * Writes "update_password(user: User, password: string) -> Result<(), UpdatePasswordError>". A count
 * that goes with a buffer which the caller gives is left out: nobody gives it.
 */
void twz_signature_write(FILE *out, const struct twz_gate *gate);
/** Whether a caller gives parameter @i: it is neither filled by the gate nor the count of a given buffer. */
bool twz_param_given(const struct twz_type *func, uint32_t i);
const char *twz_signature_text(struct twz_arena *arena, const struct twz_gate *gate);

/* The same three, added to a text: for those who write many. */
void twz_type_add(struct twz_text *out, const struct twz_type *type);
void twz_param_add(struct twz_text *out, const struct twz_member *param);
void twz_signature_add(struct twz_text *out, const struct twz_gate *gate);

/**
 * Writes a C declaration of @name with @type ("const char *name", "int name[4]"). With @name "" an
 * abstract declarator. FUNC prints parameters with their names.
 */
void twz_c_declare(FILE *out, const struct twz_type *type, const char *name);

/**
 * Whether @type is what va_list stands for on x86-64, behind all names. It is written
 * "__builtin_va_list": no other spelling is the same type for a compiler.
 */
bool twz_c_is_va_list(const struct twz_type *type);

/** Whether C has a name for @type, a basic one. */
bool twz_c_is_basic(const struct twz_type *type);

/* How C text differs for one reader. All zeros: for people. */
struct twz_c_style {
	void *data;
	/* Writes the specifier of a type that is no pointer, array or function. False: nothing was written. */
	bool (*base)(void *data, struct twz_text *out, const struct twz_type *type);
	/* The name of parameter @i of @func. */
	const char *(*param)(void *data, const struct twz_type *func, uint32_t i);
	bool portable;		/* __restrict and TWZ_ATOMIC: words that C++ can have as well */
	bool promote;		/* parameters without a prototype as they are passed: double for float, … */
};

/**
 * Adds a declaration of @name with @type, itself qualified by @quals. @style may be NULL. False when it
 * was cut.
 */
bool twz_c_text(struct twz_text *out, const struct twz_type *type, unsigned quals, const char *name,
		const struct twz_c_style *style);

/**
 * Hash (64-bit FNV-1a) of the canonical text of a gate's signature and of every layout it reaches:
 * two gates with one hash take and give the same bytes under the same names.
 */
uint64_t twz_gate_hash(const struct twz_gate *gate);

/** Finds a named type for the parser, or NULL. */
typedef const struct twz_type *twz_type_lookup(void *data, const char *name, size_t n);

/**
 * Parses the shown form. Basic names are known; every other name is asked of @lookup (may be NULL).
 * All of @text must be consumed.
 */
TWZ_MUST bool twz_type_parse(const char *text, twz_type_lookup *lookup, void *data,
			     struct twz_arena *arena, const struct twz_type **ret,
			     struct twz_error *err);
