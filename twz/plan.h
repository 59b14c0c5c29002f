/*
 * Plans: a gate's signature compiled once into what a call has to do with each parameter. This is
 * also where the crossing rule lives: a signature that has no plan is not callable, and the error
 * names the parameter and the reason.
 *
 * A call hands over one 64-bit word per parameter, in the caller's own terms:
 *
 *   WORD     the value, sign- or zero-extended; a float's bits in the low half
 *   STRUCT   address of the struct, which is passed by value
 *   STRING   address of the text, or 0 where the parameter may be NULL
 *   REF      address of one object, or 0 where it may be NULL
 *   BUFFER   address of the first element, or 0 where it may be NULL
 *
 * and the address of memory for the result, plan->ret.size bytes. The plan says how many bytes stand
 * behind each address; nobody else works that out.
 */
#pragma once

#include "twz/arena.h"
#include "twz/error.h"
#include "twz/type.h"

#define TWZ_PASSES(X) X(NOTHING) X(WORD) X(STRUCT) X(STRING) X(REF) X(BUFFER)

enum twz_pass {
#define X(pass) TWZ_PASS_##pass,
	TWZ_PASSES(X)
#undef X
};

/* A string pointer somewhere inside an object: at @offset, and @count more every @stride bytes. */
struct twz_inner {
	uint32_t offset;
};

struct twz_slot {
	enum twz_pass pass;
	enum twz_dir dir;
	bool optional;
	bool implied;			/* WORD: extent of an IN buffer, filled in from its length */
	bool is_float;			/* WORD */
	bool is_signed;			/* WORD */
	bool is_text;			/* BUFFER of char: shown as a string */
	bool behind;			/* BUFFER: @extent is a REF to the count, which the gate may lower */
	bool object;			/* WORD: the number of an object of the service's; REF, result: of one that it makes */
	bool closes;			/* object: gone afterwards */
	bool null;			/* WORD: a pointer that is always NULL */
	bool by_errno;			/* result: negative for a failure, which is errno's */
	bool makes;			/* object, REF: of @count bytes, for which the service gives memory */
	bool token;			/* WORD: user data of a callback, which only its caller knows */
	uint32_t tag;			/* object: tells its type from others */
	/* STRING, REF, BUFFER that goes in: 1 + the parameter with the object that keeps it, or nslots; 0: none does */
	uint32_t keeper;
	uint32_t size;			/* WORD: 1, 2, 4, 8; STRUCT, REF: bytes; BUFFER: bytes of one element */
	uint32_t align;
	int32_t extent;			/* BUFFER: parameter that counts the elements, or < 0: @count */
	uint64_t count;
	const struct twz_type *type;	/* of the word, the object or one element; typedefs kept */
	const struct twz_inner *inner;	/* strings inside the object */
	uint32_t ninner;
	/* WORD: a callback. Its plan is of a call the other way: in and out as its own function sees them. */
	const struct twz_plan *callback;
	int32_t data;			/* callback: the parameter that is its user data; < 0: none */
};

struct twz_plan {
	const struct twz_gate *gate;
	const struct twz_slot *slots;	/* one per parameter */
	uint32_t nslots;
	struct twz_slot ret;		/* NOTHING, WORD, STRUCT or STRING */
	const struct twz_type *codes;	/* the Result that the word returned stands for: see twz_returned(); NULL */
	uint64_t fails;			/* how it says that it failed, as for twz_failing(); 0: not at all */
	const char *speaker;		/* the gate that gives the texts of its errors: see twz/failtext.h; NULL */
	bool makes;			/* a slot does: what it has made stays only if it did not fail */
	bool keeps;			/* a slot has a keeper */
	bool closes;			/* a slot does */
	uint32_t nouts;			/* slots with dir OUT or INOUT */
	uint32_t ncallbacks;		/* slots that are one */
	bool words_only;		/* at most 6 integer words in, an integer word or nothing out */
};

enum {
	TWZ_MAX_PARAMS = 64,
	TWZ_MAX_INNER = 4096,
	TWZ_OBJECT_MAX = 16 << 20,	/* bytes of an object that a gate makes in memory that it is given */
};

/**
 * Compiles the signature of @gate. Fails with class TYPE and code ARGUMENT/WRONG_TYPE when it cannot
 * cross, or when introspection has refused it; the text reads "parameter 'cb': a function pointer cannot cross a
 * gate". The plan lives in
 * @arena and refers to the gate's types.
 */
TWZ_MUST bool twz_plan_make(const struct twz_gate *gate, struct twz_arena *arena,
			    const struct twz_plan **ret, struct twz_error *err);

/** Whether a gate takes argc and argv, as a program does; @plan may be NULL. */
bool twz_is_program(const struct twz_gate *gate, const struct twz_plan *plan);

/** True when a caller gives this parameter: it is neither implied nor only an out-parameter. */
static inline bool
twz_slot_given(const struct twz_slot *slot)
{
	return !slot->implied && slot->dir != TWZ_OUT;
}

/**
 * Elements of a BUFFER slot, given the call's words. False when the count word is negative or the
 * bytes would overflow or exceed @limit.
 */
TWZ_MUST bool twz_slot_bytes(const struct twz_plan *plan, const struct twz_slot *slot,
			     const uint64_t *words, uint64_t limit, uint64_t *ret);
