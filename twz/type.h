/*
 * The one type model. DWARF and SQL become it at the border; conversion, packing, printing, JSON and
 * stubs are driven by it. Types are immutable once made and live as long as the arena of the service
 * they belong to; they may refer to each other in cycles (a struct that holds a pointer to itself).
 *
 * The set of kinds is closed: no switch over it has a default, so that a new kind names every place
 * that must learn it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TWZ_KINDS(X) \
	X(VOID, "void") \
	X(BOOL, "bool") \
	X(CHAR, "char")		/* C's plain char; signed char is i8, unsigned char u8 */ \
	X(INT, "int") \
	X(FLOAT, "float") \
	X(ENUM, "enum")		/* members: enumerators */ \
	X(STRING, "string")	/* pointer to NUL-terminated char; is_const: const char * */ \
	X(POINTER, "pointer")	/* target; is_const: the target is const */ \
	X(ARRAY, "array")	/* target, count; flexible: count 0 */ \
	X(STRUCT, "struct")	/* members: fields */ \
	X(UNION, "union")	/* members: fields */ \
	X(RESULT, "result")	/* a struct made by TWZ_RESULT: members state, ok (or none), err */ \
	X(OPTION, "option")	/* a struct made by TWZ_OPTION: members some, value */ \
	X(TYPEDEF, "typedef")	/* target */ \
	X(FUNC, "func")		/* members: parameters; target: what it returns */ \
	X(LIST, "list")		/* any number of target; only in values and built-in gates */ \
	X(RECORD, "record")	/* named values of any type; only in values and built-in gates */ \
	X(OPAQUE, "opaque")	/* what cannot cross: declared but never defined, or of a form of its own */

enum twz_kind {
#define X(kind, text) TWZ_##kind,
	TWZ_KINDS(X)
#undef X
};

/*
 * What an OPAQUE type is, so that it can be shown exactly although it cannot cross. Which fields of the
 * type say something: see each.
 */
#define TWZ_FORMS(X) \
	X(NONE, "")			/* every other kind */ \
	X(STRUCT, "struct")		/* declared only: name */ \
	X(UNION, "union")		/* declared only: name */ \
	X(ENUM, "enum")			/* declared only: name */ \
	X(CLASS, "class")		/* C++ or Rust, passed by rules that C lacks: name, size, members, why */ \
	X(VECTOR, "vector")		/* target, count, size */ \
	X(COMPLEX, "complex")		/* name, size */ \
	X(REFERENCE, "reference")	/* C++ T &: target, quals, size */ \
	X(RVALUE, "rvalue")		/* C++ T &&: target, quals, size */ \
	X(MEMBER, "member")		/* C++ pointer to member: target, size */ \
	X(VLA, "vla")			/* an array whose length only running code knows: target, quals */ \
	X(BASE, "base")			/* a basic type that twz has no values of: name, size */ \
	X(OTHER, "other")		/* anything else: name says what, for people */

enum twz_form {
#define X(form, text) TWZ_FORM_##form,
	TWZ_FORMS(X)
#undef X
};

/* Qualifiers, as C writes them before the type that a field, a pointer, … names. */
enum { TWZ_CONST = 1, TWZ_VOLATILE = 2, TWZ_RESTRICT = 4, TWZ_ATOMIC = 8 };

/* How the memory behind a pointer parameter travels. */
enum twz_dir { TWZ_IN, TWZ_OUT, TWZ_INOUT };

/*
 * The extent of a pointer to an object of the service's own, which callers know by a number. Direction IN:
 * the gate uses it, INOUT: it is gone afterwards, OUT (a pointer to such a pointer): the gate makes one. With a count,
 * OUT, the function makes one in memory that it is given: the parameter is a pointer to it in C, and to its pointer here,
 * and so many bytes are taken for it in the compartment.
 */
enum { TWZ_OBJECT = -2 };

/*
 * The count of a function's type when the pointer that it returns is to an object of the service's own, or the
 * integer that it returns is for an error: when it is negative, and errno tells which; when it is negative, other than
 * 0, or 0, and it is the error's number itself. Of an unsigned integer the highest bit counts as the sign.
 */
enum {
	TWZ_RETURNS_OBJECT = 1, TWZ_RETURNS_ERRNO = 2, TWZ_RETURNS_NEGATIVE = 3, TWZ_RETURNS_NONZERO = 4,
	TWZ_RETURNS_ZERO = 5,
};

/*
 * The extent of a callback, a pointer to a function of the caller's that the gate may call until it returns: count
 * is 1 + the place of its user data, 0 when it has none. What the record says of the callback's own parameters
 * stands in its type. The extent of user data, in the gate and in the callback: a token, and nothing behind it.
 */
enum { TWZ_CALLBACK = -3, TWZ_USER_DATA = -4 };

/* A field, an enumerator or a parameter. */
struct twz_member {
	const char *name;		/* "" when anonymous */
	const struct twz_type *type;	/* NULL for an enumerator */
	uint64_t offset;		/* field: bytes from the start */
	int64_t value;			/* enumerator; as uint64_t when the enum is not is_signed */
	uint16_t bit_size, bit_offset;	/* bit-field: bit_size > 0; bit_offset from @offset's byte, LSB first */
	uint8_t quals;			/* of @type: TWZ_CONST | … */
	bool artificial;		/* parameter that no source names: C++'s this */
	/* parameters, from the gate's record: */
	enum twz_dir dir;
	bool secret;			/* never shown, never stored */
	bool optional;			/* pointer that may be NULL: shown as Option */
	bool has_extent;		/* pointer to an array, of … */
	int32_t extent;			/* … as many elements as this parameter says (a pointer: as it points to), … */
	uint64_t count;			/* … or, when < 0, this many; 0: none, it is always NULL; see TWZ_OBJECT, TWZ_CALLBACK */
	/*
	 * Enumerator: the service's text for this error; an ObjID: what the object must implement; a pointer to what goes
	 * in: the parameter with the object that keeps it, or "result"; else NULL.
	 */
	const char *text;
};

struct twz_type {
	enum twz_kind kind;
	enum twz_form form;		/* OPAQUE */
	uint8_t quals;			/* of @target, as written; is_const also looks through typedefs */
	bool is_signed;			/* CHAR, INT, ENUM */
	bool is_const;			/* POINTER, STRING */
	bool is_flags;			/* ENUM: any union of its enumerators is a value */
	bool is_variadic;		/* FUNC */
	bool is_prototyped;		/* FUNC: false for K&R and for assembly */
	uint32_t size, align;		/* bytes; 0 for VOID, FUNC, LIST, and OPAQUE unless its form has one */
	uint64_t count;			/* ARRAY: elements; FUNC: 0 or TWZ_RETURNS_… */
	const char *name;		/* tag, typedef's or base type's name in C; "" when anonymous */
	/* OPAQUE: why it cannot cross; FUNC: the gate that gives the texts of its errors, see twz/failtext.h; or NULL */
	const char *why;
	const struct twz_type *target;	/* STRING: NULL for char, else its typedef; ENUM: see twz_returned() */
	const struct twz_member *members;
	uint32_t nmembers;
};

/* What a gate record makes of a function. */
#define TWZ_ROLES(X) \
	X(GATE, "gate") \
	X(FROM_STRING, "from_string")	/* Result<T, E> f(const char *) */ \
	X(TO_STRING, "to_string")	/* void f(const T *, char *text, size_t size) */

enum twz_role {
#define X(role, text) TWZ_ROLE_##role,
	TWZ_ROLES(X)
#undef X
};

/* The isolation a gate asks for at least; ordered. */
#define TWZ_LEVELS(X) X(NONE, "none") X(CALLEE, "callee") X(CALLER, "caller") X(FULL, "full")

enum twz_level {
#define X(level, text) TWZ_LEVEL_##level,
	TWZ_LEVELS(X)
#undef X
};

/* Whose calls a gate answers; the service's own are those of its own compartment, through its gates. */
#define TWZ_VISIBILITIES(X) X(ALL, "public_incl_self") X(PUBLIC, "public") X(PRIVATE, "private")

enum twz_visibility {
#define X(visibility, text) TWZ_VISIBILITY_##visibility,
	TWZ_VISIBILITIES(X)
#undef X
};

#define TWZ_VERDICTS(X) X(CALLABLE, "callable") X(CARE, "needs care") X(REFUSED, "refused")

enum twz_verdict {
#define X(verdict, text) TWZ_VERDICT_##verdict,
	TWZ_VERDICTS(X)
#undef X
};

struct twz_gate {
	const char *name;		/* what stands after "::" */
	const char *symbol;		/* exported symbol in the file */
	/* The next five may be NULL where nobody knows. */
	const char *version;		/* of the symbol ("GLIBC_2.34"); "" */
	const char *shown;		/* C++ and Rust: the demangled name; "" when it is @symbol */
	const char *alias_of;		/* the function's own name where the symbol is another one for it; "" */
	const char *language;		/* "C", "C++", "Rust", "assembly", …; "" when unknown */
	const char *file;		/* source file of the declaration; "" when unknown */
	uint32_t line;			/* 0 when unknown */
	bool noreturn;
	const char *doc;		/* one sentence; "" */
	const char *requires;		/* capability that a context must hold; "" for none */
	const char *converts;		/* FROM_STRING, TO_STRING: shown name of the type; else "" */
	const char *const *aliases;
	uint32_t naliases;
	uint32_t index;			/* place in service->gates; what crosses as the gate's number */
	enum twz_role role;
	enum twz_level level;
	enum twz_visibility visibility;
	bool readonly;			/* changes nothing that a caller could notice */
	bool has_record;		/* false: an exported function shown by --all, no gate */
	const struct twz_type *type;	/* FUNC; NULL: unknown */
	const char *signature;		/* as shown, where it is known without the parts of @type; else NULL */
	const char *how;		/* provenance: how the type was found ("low_pc", "name", …) */
	enum twz_verdict verdict;
	const char *why;		/* reason for a verdict other than CALLABLE; "" */
	uint64_t address;		/* of the symbol, as in the file */
	uint64_t hash;			/* of the signature and all layouts it reaches: twz_gate_hash() */
};

enum { TWZ_BUILD_ID_MAX = 64 };

struct twz_service {
	const char *name;		/* what stands before "::" */
	const char *version;		/* "" */
	const char *doc;		/* "" */
	const char *path;		/* absolute path of the file; "" for a built-in service */
	const char *soname;		/* what programs that are linked with it ask for; "" or NULL: not known */
	const char *debug_path;		/* the file that the types were read from, or the gates file; "" */
	const char *asks;		/* beyond what every service gets, a line each: twz/ask.h; "" or NULL */
	const char *granted;		/* of that, what it has; set by who loads it. Atomic */
	uint8_t build_id[TWZ_BUILD_ID_MAX];	/* a hash of the contents when the file has none */
	uint32_t build_id_size;
	const struct twz_gate *gates;
	uint32_t ngates;
	bool partial;			/* something in the file could not be read */
};

/** "struct", … ; the text stored in the registry and in JSON. */
const char *twz_kind_name(enum twz_kind kind);
bool twz_kind_parse(const char *text, enum twz_kind *ret);

/** Follows typedefs. Never NULL for a non-NULL @type; a chain longer than 64 ends where it is. */
const struct twz_type *twz_type_strip(const struct twz_type *type);
/** The field, enumerator or parameter called @name, or NULL. */
const struct twz_member *twz_member_find(const struct twz_type *type, const char *name);
/** The parts of a RESULT: NULL when it is not one; ok is NULL for Result<(), E>. */
const struct twz_member *twz_result_state(const struct twz_type *type);
const struct twz_member *twz_result_ok(const struct twz_type *type);
const struct twz_member *twz_result_err(const struct twz_type *type);
/**
 * What callers get from a function of this type: what it returns, but a Result<(), E> where it returns an
 * enum E of codes of which 0 is success. Such an enum has the Result as its target. With TWZ_RETURNS_ERRNO and what
 * follows it, it is twz_failing_result().
 */
const struct twz_type *twz_returned(const struct twz_type *func);
/** Whether an integer of this type can tell of a failure as @how, TWZ_RETURNS_ERRNO or one that follows it, says. */
bool twz_failing_able(uint64_t how, const struct twz_type *ret);
/**
 * Where @ret is such a type: Result<i32, Errno> or Result<i64, Errno>; Result<T, N> with N the signed integer of T's
 * size; Result<(), T>; Result<T, T>.
 */
const struct twz_type *twz_failing_result(uint64_t how, const struct twz_type *ret);
/** Whether @value of such a type is a failure. */
bool twz_failing(uint64_t how, const struct twz_type *ret, int64_t value);
/**
 * The name that tells objects behind pointers to @target apart: the tag, else the typedef that stands for what has
 * none. "" for void.
 */
const char *twz_object_name(const struct twz_type *target);
/** Structural equality: same layout, same names. Cycles are fine. */
bool twz_type_equal(const struct twz_type *a, const struct twz_type *b);

/** The gate of @service with this name or alias (any role), or NULL. */
const struct twz_gate *twz_gate_find(const struct twz_service *service, const char *name);
/** The converter of this role for the type shown as @type_name, or NULL. */
const struct twz_gate *twz_converter_find(const struct twz_service *service, enum twz_role role,
					  const char *type_name);

/* Types of the language's own: static, shared by everybody. */
extern const struct twz_type twz_type_void, twz_type_bool, twz_type_char, twz_type_string;
extern const struct twz_type twz_type_i8, twz_type_i16, twz_type_i32, twz_type_i64;
extern const struct twz_type twz_type_u8, twz_type_u16, twz_type_u32, twz_type_u64;
extern const struct twz_type twz_type_f32, twz_type_f64, twz_type_record, twz_type_list;
