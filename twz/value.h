/*
 * Values as the language sees them: trees in an arena, immutable. A value that came from a gate keeps
 * its C type; one made by a literal has type NULL until a parameter gives it one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "twz/arena.h"
#include "twz/error.h"
#include "twz/type.h"

__extension__ typedef __int128 twz_wide;	/* holds every value of every integer type exactly */

#define TWZ_VALUE_KINDS(X) \
	X(UNIT, "()") \
	X(BOOL, "bool") \
	X(INT, "int")		/* also CHAR, ENUM and flags: the type says how to show it */ \
	X(FLOAT, "float") \
	X(STRING, "string")	/* text and length; may hold any bytes, NUL included */ \
	X(LIST, "list")		/* items */ \
	X(RECORD, "record")	/* items and names */ \
	X(NONE, "none")		/* an Option without value, a NULL pointer that may be NULL */ \
	X(OK, "Ok")		/* items[0] */ \
	X(ERR, "Err")		/* items[0] */

enum twz_value_kind {
#define X(kind, text) TWZ_VALUE_##kind,
	TWZ_VALUE_KINDS(X)
#undef X
};

struct twz_value {
	enum twz_value_kind kind;
	const struct twz_type *type;	/* NULL: a literal without a C type */
	union {
		bool boolean;
		twz_wide integer;
		double real;
		struct {
			const char *text;	/* followed by a NUL that is not counted */
			size_t n;
		} string;
		struct {
			const struct twz_value *items;
			const char *const *names;	/* RECORD only */
			size_t n;
		} list;
	};
};

struct twz_value twz_unit(void);
struct twz_value twz_bool(bool b);
struct twz_value twz_int(const struct twz_type *type, twz_wide i);
struct twz_value twz_float(const struct twz_type *type, double d);
/** Copies @text. */
struct twz_value twz_string(struct twz_arena *arena, const char *text, size_t n);
struct twz_value twz_cstring(struct twz_arena *arena, const char *text);
/** Takes @items as they are. */
struct twz_value twz_list(const struct twz_type *type, const struct twz_value *items, size_t n);
struct twz_value twz_record(const struct twz_type *type, const char *const *names,
			    const struct twz_value *items, size_t n);
struct twz_value twz_ok(struct twz_arena *arena, const struct twz_type *type, struct twz_value v);
struct twz_value twz_err(struct twz_arena *arena, const struct twz_type *type, struct twz_value v);

/** @err, an Err, with the text that its service has for it: a second element, which is no part of what it is. */
struct twz_value twz_err_text(struct twz_arena *arena, struct twz_value err, const char *text);
/** That text; NULL: there is none. */
const char *twz_err_said(const struct twz_value *err);
/** What to say for an Err whose error is an integer; NULL: it is something else. */
const char *twz_err_message(struct twz_arena *arena, const struct twz_value *err);

/** The field called @name of a RECORD, or NULL. */
const struct twz_value *twz_field(const struct twz_value *v, const char *name);
/** Deep copy into another arena. Types are shared, not copied. */
struct twz_value twz_value_copy(struct twz_arena *arena, const struct twz_value *v);
/** Same kind, same contents; types are not compared. */
bool twz_value_equal(const struct twz_value *a, const struct twz_value *b);
/** The range of an integer type: CHAR, INT, ENUM. */
void twz_int_range(const struct twz_type *type, twz_wide *min, twz_wide *max);
/** Decimal digits of a wide integer; @buf has at least 48 bytes. Returns @buf. */
const char *twz_wide_text(twz_wide i, char *buf);
/** The shortest decimal text that reads back as @d (as a float when @size is 4). @buf: 40 bytes. */
const char *twz_float_text(double d, uint32_t size, char *buf);
/** The enumerator with this value, or NULL. */
const struct twz_member *twz_enumerator(const struct twz_type *type, twz_wide value);
