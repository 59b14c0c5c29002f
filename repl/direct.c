/*
 * Level none: a service that this process itself has loaded (LD_PRELOAD) is called like any other
 * function. Nothing is isolated and nothing is copied; that is what was asked for, so only services
 * and gates that ask for no more are called this way.
 *
 * The dynamic linker's list is the truth about what is loaded. A gate whose arguments are integer
 * words is called through a plain function pointer; libffi does the rest.
 */
#include <dlfcn.h>
#include <ffi.h>
#include <limits.h>
#include <link.h>
#include <string.h>

#include "repl/session_inner.h"

struct search {
	const char *file;	/* libNAME.so */
	char path[PATH_MAX];	/* "" until it is found */
};

static int
look_at(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *s = data;
	const char *slash = strrchr(info->dlpi_name, '/');

	(void)size;
	if (strcmp(slash ? slash + 1 : info->dlpi_name, s->file) != 0)
		return 0;
	if (!realpath(info->dlpi_name, s->path))
		s->path[0] = '\0';
	return s->path[0] != '\0';
}

const char *
direct_path(const char *name, struct twz_arena *arena)
{
	struct search s = { .file = twz_format(arena, "lib%s.so", name) };

	return dl_iterate_phdr(look_at, &s) ? twz_strdup(arena, s.path) : NULL;
}

bool
direct_bind(const struct loaded *loaded, const struct twz_gate *gate, void **ret,
	    struct twz_error *err)
{
	void *library;

	if (gate->level != TWZ_LEVEL_NONE) {
		twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
			 "%s::%s asks for isolation and cannot be called in this process",
			 loaded->name, gate->name);
		return twz_hint(err, "name the service in SCTX_PRELOAD instead of LD_PRELOAD");
	}
	library = dlopen(loaded->path, RTLD_NOW | RTLD_NOLOAD);
	*ret = library ? dlsym(library, gate->symbol) : NULL;
	if (*ret)
		return true;	/* the handle is kept: the function must stay where it is */
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "%s::%s is not in %s",
			loaded->name, gate->name, loaded->path);
}

/* -- types for libffi -------------------------------------------------------------------------- */

static ffi_type *
integer_type(uint32_t size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? &ffi_type_sint8 : &ffi_type_uint8;
	case 2:
		return is_signed ? &ffi_type_sint16 : &ffi_type_uint16;
	case 4:
		return is_signed ? &ffi_type_sint32 : &ffi_type_uint32;
	}
	return is_signed ? &ffi_type_sint64 : &ffi_type_uint64;
}

enum { DEEPEST = 32 };

static bool add_type(struct twz_arena *arena, const struct twz_type *type, int depth,
		     ffi_type ***parts, size_t *n);

/* Bit-fields have no type of libffi's: a struct of one or two words that has some is refused. */
static bool
add_members(struct twz_arena *arena, const struct twz_type *type, int depth, ffi_type ***parts,
	    size_t *n)
{
	for (uint32_t i = 0; i < type->nmembers; i++)
		if (type->members[i].bit_size ||
		    !add_type(arena, type->members[i].type, depth + 1, parts, n))
			return false;
	return true;
}

static bool
add_elements(struct twz_arena *arena, const struct twz_type *type, int depth, ffi_type ***parts,
	     size_t *n)
{
	for (uint64_t i = 0; i < type->count; i++)
		if (!add_type(arena, type->target, depth + 1, parts, n))
			return false;
	return true;
}

/* Flattens @type into its scalars: how a struct is passed depends on these and their order only. */
static bool
add_type(struct twz_arena *arena, const struct twz_type *type, int depth, ffi_type ***parts,
	 size_t *n)
{
	ffi_type *scalar = NULL;

	type = twz_type_strip(type);
	if (depth > DEEPEST)
		return false;
	switch (type->kind) {
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_ENUM:
		scalar = integer_type(type->size, type->is_signed);
		break;
	case TWZ_FLOAT:
		scalar = type->size == 4 ? &ffi_type_float :
			 type->size == 8 ? &ffi_type_double : NULL;
		break;
	case TWZ_STRING:
	case TWZ_POINTER:
		scalar = &ffi_type_pointer;
		break;
	case TWZ_ARRAY:
		return add_elements(arena, type, depth, parts, n);
	case TWZ_STRUCT:
	case TWZ_RESULT:
	case TWZ_OPTION:
		return add_members(arena, type, depth, parts, n);
	case TWZ_UNION:
	case TWZ_VOID:
	case TWZ_TYPEDEF:
	case TWZ_FUNC:
	case TWZ_LIST:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		break;
	}
	if (!scalar)
		return false;
	twz_push(arena, *parts, *n, scalar);
	return true;
}

/*
 * A struct of more than two words is passed in memory whatever is in it, so that one of words of
 * its size and alignment says all; a smaller one is described by its scalars.
 */
static bool
struct_type(struct twz_arena *arena, const struct twz_slot *slot, ffi_type **ret)
{
	ffi_type *type = twz_new(arena, ffi_type), **parts = NULL;
	size_t n = 0;

	*type = (ffi_type){ .type = FFI_TYPE_STRUCT };
	if (slot->size > 2 * sizeof(uint64_t)) {
		ffi_type *part = integer_type(slot->align, false);

		while (n < slot->size / part->size)
			twz_push(arena, parts, n, part);
	} else if (!add_type(arena, slot->type, 0, &parts, &n)) {
		return false;
	}
	twz_push(arena, parts, n, NULL);
	type->elements = parts;
	*ret = type;
	return ffi_get_struct_offsets(FFI_DEFAULT_ABI, type,
				      twz_new_array(arena, n, size_t)) == FFI_OK &&
	       type->size == slot->size;
}

static bool
slot_type(struct twz_arena *arena, const struct twz_slot *slot, ffi_type **ret)
{
	switch (slot->pass) {
	case TWZ_PASS_NOTHING:
		*ret = &ffi_type_void;
		return true;
	case TWZ_PASS_WORD:
		if (slot->is_float)
			*ret = slot->size == 4 ? &ffi_type_float : &ffi_type_double;
		else
			*ret = integer_type(slot->size, slot->is_signed);
		return true;
	case TWZ_PASS_STRUCT:
		return struct_type(arena, slot, ret);
	case TWZ_PASS_STRING:
	case TWZ_PASS_REF:
	case TWZ_PASS_BUFFER:
		*ret = &ffi_type_pointer;
		return true;
	}
	return false;
}

/* -- calls ------------------------------------------------------------------------------------- */

union function {
	void *address;
	uint64_t (*words)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
	void (*any)(void);
};

static bool
call_any(union function f, const struct twz_plan *plan, const uint64_t *words, void *ret)
{
	TWZ_ARENA arena = { 0 };
	ffi_type *types[TWZ_MAX_PARAMS], *result;
	void *values[TWZ_MAX_PARAMS];
	uint64_t copies[TWZ_MAX_PARAMS];
	ffi_cif cif;
	ffi_arg *room;

	if (!slot_type(&arena, &plan->ret, &result))
		return false;
	for (uint32_t i = 0; i < plan->nslots; i++) {
		if (!slot_type(&arena, &plan->slots[i], &types[i]))
			return false;
		copies[i] = words[i];
		values[i] = plan->slots[i].pass == TWZ_PASS_STRUCT ? (void *)(uintptr_t)words[i]
								   : (void *)&copies[i];
	}
	if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, plan->nslots, result, types) != FFI_OK)
		return false;
	/* libffi widens small integers: it needs a whole word. */
	room = twz_alloc(&arena, plan->ret.size + sizeof(ffi_arg));
	ffi_call(&cif, f.any, room, values);
	if (plan->ret.size)
		memcpy(ret, room, plan->ret.size);
	return true;
}

bool
direct_call(void *function, const struct twz_plan *plan, const uint64_t *words, void *ret,
	    struct twz_error *err)
{
	const union function f = { .address = function };
	uint64_t w[6] = { 0 }, result;

	if (!plan->words_only)
		return call_any(f, plan, words, ret) ||
		       twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
				"%s passes a struct that cannot be passed without a compartment",
				plan->gate->name);
	memcpy(w, words, plan->nslots * sizeof(*w));
	result = f.words(w[0], w[1], w[2], w[3], w[4], w[5]);
	if (plan->ret.size)
		memcpy(ret, &result, plan->ret.size);
	return true;
}
