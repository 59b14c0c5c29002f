/*
 * Errors: one type, on the caller's stack, owning nothing.
 *
 * An error says two things. Its *class* is what a person or script should do about it: it gives the
 * first words of the message and the exit status (language.md 1.5 and 2.2). Its *code* is Twizzler's
 * 64-bit number, category << 32 | code, which programs compare and which crosses boundaries.
 *
 * Only the value 0 is success. GENERIC/OTHER has code 0 but category 1, so it is not success; every
 * code survives encode and decode (both were broken in the system the numbers come from).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "twz/util.h"

/* class, first words of the message, exit status */
#define TWZ_CLASSES(X) \
	X(NONE, "", 0) \
	X(GATE, "Error", 1)			/* the gate itself said no */ \
	X(SYNTAX, "Syntax Error", 2) \
	X(NAME, "Name Error", 3) \
	X(TYPE, "Type Error", 3) \
	X(SECURITY, "Security Error", 4) \
	X(FAULT, "Fault", 5)			/* crashed or lied; outcome unknown */ \
	X(LINK, "Link Error", 6)		/* service missing or changed, system said no */ \
	X(TIMEOUT, "Timeout", 124) \
	X(INTERRUPTED, "Interrupted", 130)

enum twz_class {
#define X(name, text, status) TWZ_CLASS_##name,
	TWZ_CLASSES(X)
#undef X
};

/* category name, number, shown text */
#define TWZ_CATEGORIES(X) \
	X(UNCATEGORIZED, 0, "uncategorized error") \
	X(GENERIC, 1, "generic error") \
	X(ARGUMENT, 2, "argument error") \
	X(RESOURCE, 3, "resource error") \
	X(NAMING, 4, "naming error") \
	X(OBJECT, 5, "object error") \
	X(IO, 6, "I/O error") \
	X(SECURITY, 7, "security error")

enum twz_category {
#define X(name, number, text) TWZ_CAT_##name = number,
	TWZ_CATEGORIES(X)
#undef X
};

/* category, code number, name, shown text */
#define TWZ_ERRORS(X) \
	X(GENERIC, 0, OTHER, "other error") \
	X(GENERIC, 1, NOT_SUPPORTED, "not supported") \
	X(GENERIC, 2, INTERNAL, "internal error") \
	X(GENERIC, 3, WOULD_BLOCK, "would block") \
	X(GENERIC, 4, TIMED_OUT, "timed out") \
	X(GENERIC, 5, ACCESS_DENIED, "access denied") \
	X(GENERIC, 6, NO_SUCH_OPERATION, "no such operation") \
	X(GENERIC, 7, INTERRUPTED, "interrupted") \
	X(GENERIC, 8, IN_PROGRESS, "in progress") \
	X(ARGUMENT, 1, INVALID_ARGUMENT, "invalid argument") \
	X(ARGUMENT, 2, WRONG_TYPE, "wrong type") \
	X(ARGUMENT, 3, INVALID_ADDRESS, "invalid address") \
	X(ARGUMENT, 4, BAD_HANDLE, "bad handle") \
	X(RESOURCE, 1, OUT_OF_MEMORY, "out of memory") \
	X(RESOURCE, 2, OUT_OF_RESOURCES, "out of resources") \
	X(RESOURCE, 3, OUT_OF_NAMES, "out of names") \
	X(RESOURCE, 4, UNAVAILABLE, "unavailable") \
	X(RESOURCE, 5, BUSY, "busy") \
	X(RESOURCE, 6, NOT_CONNECTED, "not connected") \
	X(RESOURCE, 7, UNREACHABLE, "unreachable") \
	X(RESOURCE, 8, REFUSED, "refused") \
	X(RESOURCE, 9, NON_ATOMIC, "non-atomic") \
	X(NAMING, 1, NOT_FOUND, "not found") \
	X(NAMING, 2, ALREADY_EXISTS, "already exists") \
	X(NAMING, 3, WRONG_NAME_KIND, "wrong name kind") \
	X(NAMING, 4, ALREADY_BOUND, "already bound") \
	X(NAMING, 5, INVALID_NAME, "invalid name") \
	X(NAMING, 6, LINK_LOOP, "link loop") \
	X(NAMING, 7, NOT_EMPTY, "not empty") \
	X(OBJECT, 1, MAPPING_FAILED, "mapping failed") \
	X(OBJECT, 2, NOT_MAPPED, "not mapped") \
	X(OBJECT, 3, INVALID_FOTE, "invalid FOT entry") \
	X(OBJECT, 4, INVALID_PTR, "invalid pointer") \
	X(OBJECT, 5, INVALID_META, "invalid metadata") \
	X(OBJECT, 6, BASETYPE_MISMATCH, "base type mismatch") \
	X(OBJECT, 7, NO_SUCH_OBJECT, "no such object") \
	X(IO, 1, OTHER, "other I/O error") \
	X(IO, 2, DATA_LOSS, "data loss") \
	X(IO, 3, DEVICE_ERROR, "device error") \
	X(IO, 4, SEEK_FAILED, "seek failed") \
	X(IO, 5, RESET, "reset") \
	X(SECURITY, 1, INVALID_KEY, "invalid key") \
	X(SECURITY, 2, INVALID_SCHEME, "invalid scheme") \
	X(SECURITY, 3, SIGNATURE_MISMATCH, "signature mismatch") \
	X(SECURITY, 4, GATE_DENIED, "gate denied") \
	X(SECURITY, 5, INVALID_GATE, "invalid gate")

enum {
#define X(category, number, name, text) TWZ_NUM_##category##_##name = number,
	TWZ_ERRORS(X)
#undef X
};

/* TWZ_ERR(NAMING, NOT_FOUND): the 64-bit code. */
#define TWZ_ERR(category, name) \
	((uint64_t)TWZ_CAT_##category << 32 | TWZ_NUM_##category##_##name)

struct twz_error {
	enum twz_class cls;	/* NONE: no error */
	uint64_t code;		/* TWZ_ERR(…) */
	uint32_t from, to;	/* span in the text that was run, in bytes; to == 0: none */
	uint32_t line, col;	/* 1-based; line == 0: none. Set by the language. */
	char text[480];		/* what went wrong, without the class's words */
	char hint[320];		/* what to do about it; "" when there is nothing to say */
};

/**
 * Fills @err and returns false. The first failure wins: an @err that already holds one is left as it
 * is. @err may be NULL. The text is cut at a character boundary when too long.
 */
bool twz_fail(struct twz_error *err, enum twz_class cls, uint64_t code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), cold));

/** The same with the texts of @parts, up to NULL, one after the other: for failures that come by the thousand. */
bool twz_fail_parts(struct twz_error *err, enum twz_class cls, uint64_t code, const char *const *parts);

/** The system said no: class LINK, a code that fits @errnum, ": strerror" appended. Returns false. */
bool twz_fail_sys(struct twz_error *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

/** Puts "fmt: " before the text of a failure on its way up. Returns false. */
bool twz_wrap(struct twz_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), cold));

/** Sets the hint if there is none yet. Returns false, so that it can end a failing function. */
bool twz_hint(struct twz_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), cold));

/** "Type Error" */
const char *twz_class_text(enum twz_class cls);
/** The exit status that a program gives for this class. */
int twz_class_status(enum twz_class cls);
/** The machine name of a class in JSON: "type", "gate", … */
const char *twz_class_name(enum twz_class cls);

/** Category of a code; UNCATEGORIZED when the number is not a known category. */
enum twz_category twz_code_category(uint64_t code);
/** Writes "naming error: not found" (or "uncategorized error: 7") to @buf and returns it. */
const char *twz_code_text(uint64_t code, char *buf, size_t size);
/** The code that says what @errnum says. */
uint64_t twz_code_from_errno(int errnum);

/** One row of the code list, for tables and tests. */
struct twz_code {
	uint64_t code;
	const char *category, *name, *text;
};
/** All rows; @n gets their number. Static. */
const struct twz_code *twz_codes(size_t *n);
