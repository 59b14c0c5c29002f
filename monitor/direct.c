/*
 * The mechanism direct, for level none: the service is loaded into this process and its gates are called
 * like any other function. Nothing is isolated and nothing is copied, and a fault of the service is one of
 * this process; that is what was asked for.
 *
 * Symbols. The file's own come first for itself (RTLD_DEEPBIND) and are nobody else's (RTLD_LOCAL). libc is
 * the process's: a second one, as dlmopen() would bring, has thread-locals that only its own threads set up.
 * Data. The loader has each file once; a second instance of one is loaded from a copy of it in memory,
 * which is another file.
 *
 * A gate whose arguments are integer words is called through a plain function pointer; libffi does the
 * rest.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ffi.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "monitor/internal.h"
#include "monitor/made.h"

/* Sanitizers replace functions for everybody, so that own symbols first would undo them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { OWN_FIRST = 0 };
#else
enum { OWN_FIRST = RTLD_DEEPBIND };
#endif

/* -- what this process has loaded itself ------------------------------------------------------- */

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
monitor_here(const char *name, struct twz_arena *arena)
{
	struct search s = { .file = twz_format(arena, "lib%s.so", name) };

	return dl_iterate_phdr(look_at, &s) ? twz_strdup(arena, s.path) : NULL;
}

/* -- loading ----------------------------------------------------------------------------------- */

static bool
copy_file(const char *path, int to)
{
	TWZ_CLOSE int from = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (from < 0 || fstat(from, &st))
		return false;
	while (st.st_size > 0) {
		n = sendfile(to, from, NULL, (size_t)st.st_size);
		if (n <= 0)
			return false;
		st.st_size -= n;
	}
	return true;
}

/* What stands for the loaded file; compartment->inner. */
struct direct {
	void *library;
	int copy;			/* -1: none */
	struct made made;
};

/*
 * A file of its own with the same contents. It stays open as long as it is loaded: the loader knows files by
 * their names too, and this one's name is its number.
 */
static void
open_copy(struct direct *d, const char *path, const char *name)
{
	char own[64];

	d->copy = memfd_create(name, MFD_CLOEXEC);
	if (d->copy < 0 || !copy_file(path, d->copy))
		return;
	snprintf(own, sizeof(own), "/proc/self/fd/%d", d->copy);
	d->library = dlopen(own, RTLD_NOW | RTLD_LOCAL | OWN_FIRST);
}

static void
direct_end(struct compartment *c)
{
	struct direct *d = c->inner;

	if (d && d->library)
		dlclose(d->library);
	if (d) {
		twz_closep(&d->copy);
		made_free(&d->made);
	}
	free(d);
	c->inner = NULL;
}

static bool
direct_start(struct compartment *c, struct twz_error *err)
{
	const char *path = c->service->path, *why;
	struct direct *d = calloc(1, sizeof(*d));

	if (!d)
		return twz_fail_sys(err, ENOMEM, "load service %s", c->service->name);
	c->inner = d;
	d->copy = -1;
	pthread_mutex_init(&d->made.lock, NULL);
	dlerror();
	d->library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
	if (d->library && !c->options.here) {
		dlclose(d->library);
		d->library = NULL;
		open_copy(d, path, c->service->name);
	} else if (!d->library && !c->options.here) {
		d->library = dlopen(path, RTLD_NOW | RTLD_LOCAL | OWN_FIRST);
	}
	if (d->library)
		return true;
	why = dlerror();
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE), "service %s cannot be loaded: %s",
		 c->service->name, why ? why : "its file cannot be copied");
	direct_end(c);
	return false;
}

static bool
direct_bind(struct monitor_gate *g, struct twz_error *err)
{
	const char *service = g->compartment->service->name, *name = g->gate->name;

	/* Refused as a whole when it is loaded, but for what was here before. */
	if (g->gate->level != TWZ_LEVEL_NONE) {
		twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
			 "%s::%s asks for isolation and cannot be called in this process", service,
			 name);
		return twz_hint(err, "name the service in SCTX_PRELOAD instead of LD_PRELOAD");
	}
	g->function = dlsym(((struct direct *)g->compartment->inner)->library, g->gate->symbol);
	if (g->function)
		return true;
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "%s::%s is not in %s",
			service, name, g->compartment->service->path);
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

bool
direct_prepare(const struct twz_plan *plan, struct twz_arena *arena, void *cif)
{
	ffi_type **types = twz_new_array(arena, plan->nslots, ffi_type *), *result;

	if (!slot_type(arena, &plan->ret, &result))
		return false;
	for (uint32_t i = 0; i < plan->nslots; i++)
		if (!slot_type(arena, &plan->slots[i], &types[i]))
			return false;
	return ffi_prep_cif(cif, FFI_DEFAULT_ABI, plan->nslots, result, types) == FFI_OK;
}

static bool
call_any(union function f, const struct twz_plan *plan, const uint64_t *words, void *ret)
{
	TWZ_ARENA arena = { 0 };
	void *values[TWZ_MAX_PARAMS];
	uint64_t copies[TWZ_MAX_PARAMS];
	ffi_cif cif;
	ffi_arg *room;

	if (!direct_prepare(plan, &arena, &cif))
		return false;
	for (uint32_t i = 0; i < plan->nslots; i++) {
		copies[i] = words[i];
		values[i] = plan->slots[i].pass == TWZ_PASS_STRUCT ? (void *)(uintptr_t)words[i]
								   : (void *)&copies[i];
	}
	/* libffi widens small integers: it needs a whole word. */
	room = twz_alloc(&arena, plan->ret.size + sizeof(ffi_arg));
	errno = 0;
	ffi_call(&cif, f.any, room, values);
	if (plan->ret.by_errno)
		wire_tell_errno(room, plan->ret.size, errno);
	if (plan->ret.size)
		memcpy(ret, room, plan->ret.size);
	return true;
}

bool
direct_invoke(void *function, const struct twz_plan *plan, const uint64_t *words, void *ret,
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

/* No deadline: what runs here can be ended by nobody. */
static bool
direct_call(struct monitor_gate *g, const uint64_t *words, void *ret, int64_t timeout_ns,
	    struct twz_error *err)
{
	struct compartment *c = g->compartment;
	bool ok;

	(void)timeout_ns;
	/* Nobody unloads it while somebody is inside; who comes later finds it gone. */
	__atomic_fetch_add(&c->inside, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&c->unloading, __ATOMIC_SEQ_CST) &&
	    __atomic_load_n(&c->loaded, __ATOMIC_SEQ_CST)) {
		__atomic_fetch_add(&c->calls, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&g->plain, 1, __ATOMIC_RELAXED);
		ok = g->plan->makes || g->plan->keeps || g->plan->closes ?
		     made_invoke(&((struct direct *)c->inner)->made, g->function, g->plan, words, ret, err) :
		     direct_invoke(g->function, g->plan, words, ret, err);
		if (ok && g->plan->ret.object && !*(const uint64_t *)ret)
			ok = call_refused(g, -ENODATA, 0, err);
	} else {
		ok = twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "%s was unloaded",
			      c->service->name);
	}
	if (!__atomic_sub_fetch(&c->inside, 1, __ATOMIC_SEQ_CST) &&
	    __atomic_load_n(&c->unloading, __ATOMIC_SEQ_CST)) {
		pthread_mutex_lock(&c->monitor->lock);
		life_look(c);
		pthread_mutex_unlock(&c->monitor->lock);
	}
	return ok;
}

const struct mechanism mechanism_direct = {
	.which = MONITOR_BY_DIRECT,
	.most = TWZ_LEVEL_NONE,
	.start = direct_start,
	.bind = direct_bind,
	.call = direct_call,
	.end = direct_end,
};
