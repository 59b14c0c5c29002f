/*
 * The gates that may be called here. The monitor describes each before its first call, on the control
 * thread; links' threads only read. A gate stays once added, and its number, given by the
 * monitor, is its place.
 */
#include <dlfcn.h>
#include <errno.h>
#include <ffi.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/guest/guest.h"

struct gate {
	struct wire_gate *wire;
	void (*function)(void);		/* NULL: not exported by the file */
	bool typed;			/* cif is prepared */
	bool has_others;		/* words that stand for something else */
	bool makes;			/* objects in memory that it is given */
	bool keeps;			/* what it is given, in an object */
	void *callbacks[TWZ_MAX_PARAMS];	/* functions that stand for them; NULL: no callback */
	ffi_cif cif;
	ffi_type *types[TWZ_MAX_PARAMS];
};

static struct gate *gates[GUEST_GATES];
static uint32_t added;		/* futex: changes with each gate */

static ffi_type *
word_type(const struct wire_slot *slot)
{
	if (slot->is_float)
		return slot->size == 4 ? &ffi_type_float : &ffi_type_double;
	switch (slot->size) {
	case 1:
		return slot->is_signed ? &ffi_type_sint8 : &ffi_type_uint8;
	case 2:
		return slot->is_signed ? &ffi_type_sint16 : &ffi_type_uint16;
	case 4:
		return slot->is_signed ? &ffi_type_sint32 : &ffi_type_uint32;
	}
	return slot->is_signed ? &ffi_type_sint64 : &ffi_type_uint64;
}

/* A struct by value: its scalars in order, or, when it is too large for registers, any. */
static ffi_type *
struct_type(const struct wire_gate *g, const struct wire_slot *slot)
{
	const char *shape = wire_shapes(g) + slot->shape;
	ffi_type *type = calloc(1, sizeof(*type));
	ffi_type **elements = calloc(slot->nshape + 2, sizeof(ffi_type *));

	if (!type || !elements)
		return NULL;
	for (uint32_t i = 0; i < slot->nshape; i++)
		elements[i] = shape[i] == 'f' ? &ffi_type_float
					      : shape[i] == 'd' ? &ffi_type_double : &ffi_type_uint8;
	if (!slot->nshape)
		elements[0] = &ffi_type_uint64;
	*type = (ffi_type){ .size = slot->size, .alignment = (unsigned short)slot->align,
			    .type = FFI_TYPE_STRUCT, .elements = elements };
	return type;
}

static ffi_type *
type_of(const struct wire_gate *g, const struct wire_slot *slot)
{
	switch ((enum twz_pass)slot->pass) {
	case TWZ_PASS_NOTHING:
		return &ffi_type_void;
	case TWZ_PASS_WORD:
		return word_type(slot);
	case TWZ_PASS_STRUCT:
		return struct_type(g, slot);
	case TWZ_PASS_STRING:
	case TWZ_PASS_REF:
	case TWZ_PASS_BUFFER:
		break;
	}
	return &ffi_type_pointer;
}

bool
gate_prepare(const struct wire_gate *g, ffi_cif *cif, ffi_type **types)
{
	ffi_type *ret = type_of(g, wire_ret(g));

	for (uint32_t i = 0; i < g->nslots; i++) {
		types[i] = type_of(g, &g->slots[i]);
		if (!types[i])
			return false;
	}
	return ret && ffi_prep_cif(cif, FFI_DEFAULT_ABI, g->nslots, ret, types) == FFI_OK;
}

static void
release_type(const struct wire_slot *slot, ffi_type *type)
{
	if (slot->pass != TWZ_PASS_STRUCT)
		return;
	free(type->elements);
	free(type);
}

void
gate_release(const struct wire_gate *g, const ffi_cif *cif, ffi_type **types)
{
	for (uint32_t i = 0; i < g->nslots; i++)
		release_type(&g->slots[i], types[i]);
	release_type(wire_ret(g), cif->rtype);
}

static bool
is_made(const struct wire_slot *slot)
{
	return slot->stands == WIRE_OBJECT && slot->pass == TWZ_PASS_REF && slot->count;
}

static bool
is_kept(const struct wire_slot *slot)
{
	return slot->stands == WIRE_NUMBER && slot->tag;
}

void
gate_add(void *library, const struct wire_gate *wire, size_t n)
{
	struct gate *gate = calloc(1, sizeof(*gate));
	void *symbol;

	if (!gate || !wire_valid(wire, n) || wire->number >= GUEST_GATES)
		_exit(126);
	gate->wire = malloc(n);
	if (!gate->wire)
		_exit(126);
	memcpy(gate->wire, wire, n);
	symbol = dlsym(library, wire_symbol(wire));
	memcpy(&gate->function, &symbol, sizeof(symbol));
	for (uint32_t i = 0; i < wire->nslots; i++) {
		gate->has_others |= wire->slots[i].stands != WIRE_NUMBER;
		gate->makes |= is_made(&wire->slots[i]);
		gate->keeps |= is_kept(&wire->slots[i]);
		if (wire->slots[i].stands == WIRE_CALLBACK)
			gate->callbacks[i] = callback_make(gate->wire, i);
	}
	gate->has_others |= gate->keeps || wire_ret(gate->wire)->stands != WIRE_NUMBER;
	gate->typed = gate->function && (wire->words_only || gate_prepare(gate->wire, &gate->cif, gate->types));
	__atomic_store_n(&gates[wire->number], gate, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&added, 1, __ATOMIC_SEQ_CST);
	link_futex(&added, FUTEX_WAKE, INT32_MAX, NULL);
}

TWZ_HOT struct gate *
gate_wait(uint64_t number)
{
	struct gate *gate;

	if (number >= GUEST_GATES)
		return NULL;
	for (;;) {
		uint32_t n = __atomic_load_n(&added, __ATOMIC_SEQ_CST);

		gate = __atomic_load_n(&gates[number], __ATOMIC_SEQ_CST);
		if (gate)
			return gate;
		/* The monitor sends the description before the caller rings: it is under way. */
		link_sleep(&added, n, NULL);
	}
}

TWZ_HOT const struct wire_gate *
gate_wire(const struct gate *gate)
{
	return gate->wire;
}

TWZ_HOT gate_words *
gate_fast(const struct gate *gate)
{
	return gate->typed && gate->wire->words_only ? (gate_words *)(uintptr_t)gate->function : NULL;
}

/*
 * Puts pointers in the place of numbers; 0, or why not. A number of nothing is 0: what it means is the library's.
 * Of user data callers give a token, and nothing else: a service may compare it, and never follow it.
 */
static int
take_others(const struct gate *gate, struct wire_run *run)
{
	const struct wire_gate *g = gate->wire;

	for (uint32_t i = 0; i < g->nslots; i++) {
		const struct wire_slot *s = &g->slots[i];
		void *pointer = gate->callbacks[i];

		if (s->stands == WIRE_NUMBER || s->pass != TWZ_PASS_WORD || !run->refs[i])
			continue;
		if (s->stands != WIRE_OBJECT && run->refs[i] != wire_token(i))
			return EINVAL;
		if (s->stands == WIRE_TOKEN)
			continue;
		if (s->stands == WIRE_CALLBACK && !pointer)
			return ENOTSUP;
		run->culprit = i;
		if (s->stands == WIRE_OBJECT && !object_find(run->refs[i], s->tag, &pointer))
			return EBADF;
		run->values[i] = (uint64_t)(uintptr_t)pointer;
	}
	return 0;
}

/* A number in the place of the pointer at @at. False: there is no room for one more object. */
static bool
give_number(void *at, uint32_t tag)
{
	void *pointer;
	uint64_t number;

	memcpy(&pointer, at, sizeof(pointer));
	number = object_add(pointer, tag, false);
	memcpy(at, &number, sizeof(number));
	return number || !pointer;
}

/* -- objects in memory that the function is given ---------------------------------------------------- */

/* Gives back what take_memory() gave, but for what became an object. */
static void
free_memory(const struct wire_gate *g, void **made)
{
	for (uint32_t i = 0; i < g->nslots; i++)
		if (is_made(&g->slots[i]))
			free(made[i]);
}

/* In the place of where its number goes, zeroed memory for the object. False: there is none. */
static bool
take_memory(const struct wire_gate *g, struct wire_run *run, void **made)
{
	bool room = true;

	for (uint32_t i = 0; i < g->nslots; i++) {
		if (!is_made(&g->slots[i]))
			continue;
		made[i] = run->values[i] && room ? calloc(1, g->slots[i].count) : NULL;
		room = made[i] || !run->values[i];
		run->args[i] = &made[i];
	}
	if (!room)
		free_memory(g, made);
	return room;
}

/* Whether it returned the number of an error. */
static bool
has_failed(const struct wire_gate *g, const struct wire_run *run)
{
	const struct wire_slot *ret = wire_ret(g);
	uint64_t word = 0;
	int64_t value;

	if (ret->stands == WIRE_NUMBER || ret->stands == WIRE_OBJECT || ret->pass != TWZ_PASS_WORD)
		return false;
	memcpy(&word, run->ret, ret->size);
	value = (int64_t)wire_extend(word, ret->size, true);
	switch ((enum wire_stands)ret->stands) {
	case WIRE_ERRNO:
	case WIRE_NEGATIVE:
		return value < 0;
	case WIRE_NONZERO:
		return value != 0;
	case WIRE_ZERO:
		return value == 0;
	case WIRE_NUMBER:
	case WIRE_OBJECT:
	case WIRE_CALLBACK:
	case WIRE_TOKEN:
		break;
	}
	return false;
}

/* What was made has a number now, unless the function failed: then nothing was. */
static bool
give_made(const struct wire_gate *g, struct wire_run *run, void **made)
{
	bool failed = has_failed(g, run), room = true;

	for (uint32_t i = 0; i < g->nslots; i++) {
		uint64_t number = 0;

		if (!is_made(&g->slots[i]) || !made[i])
			continue;
		if (!failed && room)
			number = object_add(made[i], g->slots[i].tag, true);
		room = number || failed;
		if (number)
			made[i] = NULL;
		memcpy((void *)(uintptr_t)run->values[i], &number, sizeof(number));
	}
	free_memory(g, made);
	return room;
}

/* -- what objects keep ------------------------------------------------------------------------------- */

/* Bytes behind the parameter's pointer. */
static uint64_t
length(const struct wire_run *run, uint32_t i)
{
	const struct wire_slot *s = &run->gate->slots[i];

	if (s->pass == TWZ_PASS_STRING)
		return strlen((const char *)(uintptr_t)run->values[i]) + 1;
	return twz_ref_size(run->refs[i]);
}

/* The function gets copies, which stay when the call is over. False: there is no memory. */
static bool
take_kept(const struct wire_gate *g, struct wire_run *run, struct object_kept **kept)
{
	bool room = true;

	for (uint32_t i = 0; i < g->nslots; i++) {
		kept[i] = NULL;
		if (!is_kept(&g->slots[i]) || !run->values[i] || !room)
			continue;
		kept[i] = malloc(sizeof(*kept[i]) + length(run, i));
		room = kept[i];
		if (!room)
			continue;
		memcpy(kept[i] + 1, (const void *)(uintptr_t)run->values[i], length(run, i));
		run->values[i] = (uint64_t)(uintptr_t)(kept[i] + 1);
	}
	for (uint32_t i = 0; !room && i < g->nslots; i++)
		free(kept[i]);
	return room;
}

/* An object that was not made keeps nothing. ENOMEM: the function was not even called. */
static void
give_kept(const struct wire_gate *g, struct wire_run *run, struct object_kept **kept, int error)
{
	for (uint32_t i = 0; i < g->nslots; i++) {
		const struct wire_slot *s = kept[i] ? &g->slots[g->slots[i].tag - 1] : NULL;
		uint64_t number = 0;

		if (!s)
			continue;
		if (error == ENOMEM)
			number = 0;
		else if (s == wire_ret(g))
			memcpy(&number, run->ret, sizeof(number));
		else if (s->pass == TWZ_PASS_WORD)
			number = run->refs[s - g->slots];
		else if (run->values[s - g->slots])
			memcpy(&number, (const void *)(uintptr_t)run->values[s - g->slots], sizeof(number));
		object_keep(number, s->tag, kept[i]);
	}
}

/* Numbers for what it made, and none any more for what it closed; what it was lent is taken back. */
static bool
give_others(const struct wire_gate *g, struct wire_run *run)
{
	bool room = true;

	for (uint32_t i = 0; i < g->nslots; i++) {
		const struct wire_slot *s = &g->slots[i];
		void *at = (void *)(uintptr_t)run->values[i];

		if (s->stands == WIRE_CALLBACK)
			run->refs[i] = 0;
		if (s->stands != WIRE_OBJECT)
			continue;
		if (s->closes)
			object_drop(run->refs[i], s->tag);
		if (s->pass != TWZ_PASS_REF || !at || s->count)
			continue;
		room = give_number(at, s->tag) && room;
	}
	return room;
}

/* The function itself, and numbers for what it made. */
static int
run_with_objects(struct gate *gate, struct wire_run *run)
{
	const struct wire_slot *ret = wire_ret(gate->wire);
	void *made[TWZ_MAX_PARAMS];

	if (gate->makes && !take_memory(gate->wire, run, made))
		return ENOMEM;
	errno = 0;
	ffi_call(&gate->cif, gate->function, run->ret, run->args);
	if (ret->stands == WIRE_ERRNO)
		wire_tell_errno(run->ret, ret->size, errno);
	if (gate->makes && !give_made(gate->wire, run, made))
		return ENFILE;
	if (!give_others(gate->wire, run))
		return ENFILE;
	if (ret->stands != WIRE_OBJECT)
		return 0;
	if (!give_number(run->ret, ret->tag))
		return ENFILE;
	return *(const uint64_t *)run->ret ? 0 : ENODATA;
}

int
gate_run(struct gate *gate, struct wire_run *run)
{
	struct object_kept *kept[TWZ_MAX_PARAMS];
	int error;

	if (!gate->typed)
		return ENOEXEC;
	if (!gate->has_others) {
		ffi_call(&gate->cif, gate->function, run->ret, run->args);
		return 0;
	}
	error = take_others(gate, run);
	if (error)
		return error;
	if (gate->keeps && !take_kept(gate->wire, run, kept))
		return ENOMEM;
	error = run_with_objects(gate, run);
	if (gate->keeps)
		give_kept(gate->wire, run, kept, error);
	return error;
}

int64_t
gate_errno(enum wire_status status)
{
	switch (status) {
	case WIRE_OK:
		return 0;
	case WIRE_TOO_BIG:
		return -EMSGSIZE;
	case WIRE_NO_MEMORY:
		return -ENOMEM;
	case WIRE_BAD_COUNT:
	case WIRE_IS_NULL:
	case WIRE_FORGED:
	case WIRE_NO_RESULT:
		break;
	}
	return -EINVAL;
}
