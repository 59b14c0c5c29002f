/*
 * For authors of services: marks functions of a shared object as gates.
 *
 *	#include <twz/gate.h>
 *
 *	TWZ_SERVICE("greet", "1.0", "Says hello");
 *
 *	TWZ_GATE(int, add, (int a, int b), TWZ_DOC("Adds two numbers"))
 *	{
 *		return a + b;
 *	}
 *
 * Build it with debug information (-g): names and types come from DWARF, and what C cannot say comes
 * from the attributes below. Each macro writes one text record into the section .twz_gates, which is
 * read without running the file. Plain C (gcc, clang) and C++; a wrong use does not compile.
 *
 * A record is a sequence of NUL-terminated "key=value" texts that begins with "twz=1" and ends with an
 * empty text. Records start at multiples of 8; zeros between them are padding.
 */
#ifndef TWZ_GATE_H
#define TWZ_GATE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TWZ_EXTERN_C extern "C"
#define TWZ_EXTERN_C_BEGIN_ extern "C" {
#define TWZ_EXTERN_C_END_ }
#define TWZ_ASSERT_ static_assert
#else
#define TWZ_EXTERN_C
#define TWZ_EXTERN_C_BEGIN_
#define TWZ_EXTERN_C_END_
#define TWZ_ASSERT_ _Static_assert
#endif

#if defined(__has_attribute)
#if __has_attribute(retain)
#define TWZ_RETAIN_ , retain
#endif
#endif
#ifndef TWZ_RETAIN_
#define TWZ_RETAIN_
#endif

#define TWZ_PASTE_(a, b) a##b
#define TWZ_PASTE(a, b) TWZ_PASTE_(a, b)

/* One record: a char array, because that is the same in C and C++ and needs no relocation. */
#define TWZ_RECORD_(id, text) \
	static const char id[] __attribute__((section(".twz_gates"), used TWZ_RETAIN_, aligned(8))) = \
		"twz=1\0" text

/*
 * Marks a function as a gate and begins its definition (or, ended with a semicolon, declares it).
 *
 *   type    what it returns: void, a scalar, const char *, a struct, or a TWZ_RESULT / TWZ_OPTION
 *   name    the function, exported under this name; the gate is SERVICE::name
 *   params  its parameter list in parentheses
 *   …       at least TWZ_DOC("One sentence"); then any of the attributes below
 *
 * One record per gate: use it once, at the definition.
 */
#define TWZ_GATE(type, name, params, ...) \
	TWZ_GATE_(type, name, params, "gate=" #name "\0", __VA_ARGS__)

#define TWZ_GATE_(type, name, params, head, ...) \
	TWZ_EXTERN_C __attribute__((visibility("default"))) type name params; \
	_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wunused-parameter\"") \
	static inline __attribute__((unused)) void twz_check_##name params \
	{ \
		TWZ_EACH_(TWZ_CHECK_, __VA_ARGS__) \
	} \
	_Pragma("GCC diagnostic pop") \
	TWZ_RECORD_(twz_gate_##name, head TWZ_EACH_(TWZ_TEXT_, __VA_ARGS__)); \
	TWZ_EXTERN_C __attribute__((visibility("default"))) type name params

/* -- objects --------------------------------------------------------------------------------------- */

/* The id of an object: 128 bits. Callers write it as 0x…, or by a name that is resolved; shown as ObjID. */
typedef struct twz_objid {
	uint64_t twz_low, twz_high;
} ObjID;

/* -- attributes of a gate: each is (text for the record, check for the compiler) ------------------ */

/* One sentence for help. */
#define TWZ_DOC(text) ("doc=" text "\0", (void)sizeof(text))
/* Another name for the gate. Messages use the gate's own. */
#define TWZ_ALIAS(name) ("alias=" #name "\0", (void)sizeof(struct twz_alias_##name *))
/* A text parameter that is never shown, stored or traced. */
#define TWZ_SECRET(param) ("secret=" #param "\0", TWZ_NEED_TEXT_(param))
/* @param points to @count elements (a parameter or a constant; bytes for void *) that the gate reads, … */
#define TWZ_IN(param, count) \
	("in=" #param "," #count "\0", TWZ_NEED_POINTER_(param); TWZ_NEED_COUNT_(count))
/* … writes, … */
#define TWZ_OUT(param, count) \
	("out=" #param "," #count "\0", TWZ_NEED_WRITABLE_(param); TWZ_NEED_COUNT_(count))
/* … or both. */
#define TWZ_INOUT(param, count) \
	("inout=" #param "," #count "\0", TWZ_NEED_WRITABLE_(param); TWZ_NEED_COUNT_(count))
/* A pointer that may be NULL: shows as Option<T>. */
#define TWZ_OPTIONAL(param) ("optional=" #param "\0", TWZ_NEED_POINTER_(param))
/*
 * A function of the caller's that the gate may call until it returns, on its own thread; it crosses as the gate
 * does, the other way. TWZ_CALLBACK(visit, data): @data, a void *, is passed back to it unchanged in its own
 * void *; in the gate it is a token, of which nothing can be read.
 */
#define TWZ_CALLBACK(...) \
	TWZ_OF_TWO_(__VA_ARGS__, TWZ_CALLBACK_DATA_, TWZ_CALLBACK_PLAIN_, )(__VA_ARGS__)
#define TWZ_CALLBACK_PLAIN_(param) ("callback=" #param "\0", TWZ_NEED_POINTER_(param))
#define TWZ_CALLBACK_DATA_(param, data) \
	("callback=" #param "," #data "\0", TWZ_NEED_POINTER_(param); TWZ_NEED_DATA_(data))
#define TWZ_OF_TWO_(a, b, c, ...) c
/* Names of the callback's parameters, which its type does not keep: TWZ_CALLBACK_PARAMS(visit, name, size, data). */
#define TWZ_CALLBACK_PARAMS(param, ...) \
	("callback.params=" #param "," #__VA_ARGS__ "\0", TWZ_NEED_POINTER_(param))
/* As TWZ_IN, TWZ_OUT, TWZ_INOUT and TWZ_OPTIONAL, of the callback's parameter @of: in to the callback, out of it. */
#define TWZ_CALLBACK_IN(param, of, count) \
	("callback.in=" #param "," #of "," #count "\0", TWZ_NEED_POINTER_(param))
#define TWZ_CALLBACK_OUT(param, of, count) \
	("callback.out=" #param "," #of "," #count "\0", TWZ_NEED_POINTER_(param))
#define TWZ_CALLBACK_INOUT(param, of, count) \
	("callback.inout=" #param "," #of "," #count "\0", TWZ_NEED_POINTER_(param))
#define TWZ_CALLBACK_OPTIONAL(param, of) \
	("callback.optional=" #param "," #of "\0", TWZ_NEED_POINTER_(param))
/* An ObjID of an object that implements @kind: no other is passed. */
#define TWZ_KIND(param, kind) \
	("kind=" #param "," #kind "\0", TWZ_NEED_OBJID_(param); (void)sizeof(struct twz_kind_##kind *))
/* Least isolation: none, callee, caller or full. The loader may only raise it. */
#define TWZ_LEVEL(level) ("level=" #level "\0", (void)twz_level_##level)
/*
 * Whose calls it answers: public_incl_self, which is usual, everybody's; public, all but those of its own
 * compartment; private, those of its own compartment only, by a stub of its own service.
 */
#define TWZ_VISIBILITY(whose) ("visibility=" #whose "\0", (void)twz_visibility_##whose)
/* The calling context must hold this capability. */
#define TWZ_REQUIRES(capability) ("requires=" #capability "\0", (void)sizeof(struct twz_cap_##capability *))
/*
 * How a function fails that returns no Result: errno, when the int, long or ssize_t that it returns is negative; the
 * name of the enum that it returns, of which all but 0 are errors; negative, nonzero or zero, when the integer that it
 * returns is, which is then the error's number. TWZ_FAILS(nonzero, name_of): the gate name_of gives the text of the
 * error; it takes the number, an object that this gate is given too, or both.
 */
#define TWZ_FAILS(...) ("fails=" #__VA_ARGS__ "\0", (void)0)
/* Changes nothing that a caller could notice. */
#define TWZ_READONLY ("readonly=1\0", (void)0)

enum { twz_visibility_public_incl_self, twz_visibility_public, twz_visibility_private };
enum { twz_level_none, twz_level_callee, twz_level_caller, twz_level_full };

#define TWZ_NEED_POINTER_(p) (void)((p) == 0); TWZ_ASSERT_(sizeof(p) == sizeof(void *), #p " is no pointer")
#define TWZ_NEED_COUNT_(n) (void)((n) % 2)
#ifdef __cplusplus
static inline void twz_need_text(const char *) {}
static inline void twz_need_writable(void *) {}
static inline void twz_need_objid(const ObjID &) {}
#define TWZ_NEED_OBJID_(p) twz_need_objid(p)
#define TWZ_NEED_DATA_(p) TWZ_NEED_POINTER_(p)
#define TWZ_NEED_TEXT_(p) twz_need_text(p)
#define TWZ_NEED_WRITABLE_(p) twz_need_writable(p)
#else
#define TWZ_NEED_OBJID_(p) TWZ_ASSERT_(_Generic((p), ObjID: 1, default: 0), #p " is no ObjID")
#define TWZ_NEED_DATA_(p) \
	TWZ_ASSERT_(_Generic((p), void *: 1, const void *: 1, default: 0), #p " is no void *")
#define TWZ_NEED_TEXT_(p) \
	TWZ_ASSERT_(_Generic((p), const char *: 1, char *: 1, default: 0), #p " is no text")
/* Pointers to const of the basic types; of a struct, introspection says it. */
#define TWZ_NEED_WRITABLE_(p) \
	TWZ_NEED_POINTER_(p); \
	TWZ_ASSERT_(_Generic((p), TWZ_CONSTS_ default: 1), #p " points to const")
#define TWZ_CONSTS_ \
	const void *: 0, const char *: 0, const signed char *: 0, const unsigned char *: 0, \
	const short *: 0, const unsigned short *: 0, const int *: 0, const unsigned int *: 0, \
	const long *: 0, const unsigned long *: 0, const float *: 0, const double *: 0,
#endif

/* -- results ---------------------------------------------------------------------------------------- */

enum { TWZ_STATE_UNSET, TWZ_STATE_OK, TWZ_STATE_ERR };

/*
 * Declares struct NAME, shown as Result<T, E>, with NAME_ok(value) and NAME_err(error) to make one.
 * T is any type that may cross; E an enum. A gate that returns one without having made it by these
 * reports "unavailable" to its caller, never garbage.
 */
#define TWZ_RESULT(name, T, E) \
	struct name { \
		uint32_t twz_state; \
		E twz_err; \
		T twz_ok; \
	}; \
	static inline __attribute__((unused)) struct name name##_ok(T value) \
	{ \
		struct name r = TWZ_ZERO_; \
		r.twz_state = TWZ_STATE_OK; \
		r.twz_ok = value; \
		return r; \
	} \
	TWZ_RESULT_ERR_(name, E)

/* The same without a value: Result<(), E>; NAME_ok(). */
#define TWZ_RESULT_UNIT(name, E) \
	struct name { \
		uint32_t twz_state; \
		E twz_err; \
	}; \
	static inline __attribute__((unused)) struct name name##_ok(void) \
	{ \
		struct name r = TWZ_ZERO_; \
		r.twz_state = TWZ_STATE_OK; \
		return r; \
	} \
	TWZ_RESULT_ERR_(name, E)

#define TWZ_RESULT_ERR_(name, E) \
	static inline __attribute__((unused)) struct name name##_err(E error) \
	{ \
		struct name r = TWZ_ZERO_; \
		r.twz_state = TWZ_STATE_ERR; \
		r.twz_err = error; \
		return r; \
	} \
	struct name

/* Declares struct NAME, shown as Option<T>, with NAME_some(value) and NAME_none(). */
#define TWZ_OPTION(name, T) \
	struct name { \
		uint32_t twz_some; \
		T twz_value; \
	}; \
	static inline __attribute__((unused)) struct name name##_some(T value) \
	{ \
		struct name r = TWZ_ZERO_; \
		r.twz_some = 1; \
		r.twz_value = value; \
		return r; \
	} \
	static inline __attribute__((unused)) struct name name##_none(void) \
	{ \
		struct name r = TWZ_ZERO_; \
		return r; \
	} \
	struct name

#ifdef __cplusplus
#define TWZ_ZERO_ {}
#else
#define TWZ_ZERO_ { 0 }
#endif

/* -- about the service ------------------------------------------------------------------------------ */

/* Name, version and one sentence. Without it the service is named after its file (libNAME.so). */
#define TWZ_SERVICE(name, version, doc) \
	TWZ_RECORD_(twz_service_record, "service=" name "\0version=" version "\0doc=" doc "\0")

/*
 * What the service would like to have beyond what every compartment gets: nothing of it until it is granted.
 *
 *	TWZ_ASKS_FILES("/srv/pictures", read | write)	a file, or a folder with all that is in it
 *	TWZ_ASKS_NET(inet)				sockets of a family: inet, inet6, unix
 *	TWZ_ASKS_MEMORY("2G")				private memory
 *
 * With NEEDS instead of ASKS it cannot work without, and is not loaded before it is granted.
 */
#define TWZ_ASKS_FILES(path, access) TWZ_ASKS_("files", path, #access, "")
#define TWZ_ASKS_NET(family) TWZ_ASKS_("net", #family, "call", "")
#define TWZ_ASKS_MEMORY(bytes) TWZ_ASKS_("memory", bytes, "call", "")
#define TWZ_NEEDS_FILES(path, access) TWZ_ASKS_("files", path, #access, "needed=1\0")
#define TWZ_NEEDS_NET(family) TWZ_ASKS_("net", #family, "call", "needed=1\0")
#define TWZ_NEEDS_MEMORY(bytes) TWZ_ASKS_("memory", bytes, "call", "needed=1\0")
#define TWZ_ASKS_(kind, what, rights, more) \
	TWZ_RECORD_(TWZ_PASTE(twz_asks_, __COUNTER__), \
		    "asks=" kind "\0what=" what "\0rights=" rights "\0" more)

/*
 * How the service would like to be run; who loads it may say otherwise.
 *
 *	TWZ_RESTART(never)	not again after a fault, as what it knew is lost (on_call, which is usual: by the next call)
 *	TWZ_STATELESS		it keeps nothing between calls: to park it, its process may be ended
 */
#define TWZ_RESTART(when) \
	TWZ_ASSERT_(twz_restart_##when >= 0, ""); \
	TWZ_RECORD_(twz_restart_record, "runs=restart_" #when "\0")
#define TWZ_STATELESS TWZ_RECORD_(twz_stateless_record, "runs=stateless\0")

enum { twz_restart_never, twz_restart_on_call };

/* What a caller is told when a gate returns this error: TWZ_ERROR_TEXT(NoSuchUser, "No such user"). */
#define TWZ_ERROR_TEXT(enumerator, text) \
	TWZ_ASSERT_(sizeof(enumerator) > 0, ""); \
	TWZ_RECORD_(twz_error_##enumerator, "error=" #enumerator "\0text=" text "\0")

/* An enum whose values are unions of its enumerators, by the tag or the typedef that gates use. */
#define TWZ_FLAGS(type, name) \
	TWZ_ASSERT_(sizeof(type) > 0, ""); \
	TWZ_RECORD_(twz_flags_##name, "flags=" #name "\0")

/*
 * Begins the definition of the converter that makes a TYPE from text: TYPE is the name under which
 * the type is shown, RESULT a TWZ_RESULT of it.
 *
 *	TWZ_FROM_STRING(User, struct user_result, user_from_string)(const char *text) { … }
 */
#define TWZ_FROM_STRING(type, result, name) \
	TWZ_RECORD_(twz_gate_##name, "gate=" #name "\0role=from_string\0converts=" #type "\0"); \
	TWZ_EXTERN_C __attribute__((visibility("default"))) result name(const char *text); \
	TWZ_EXTERN_C __attribute__((visibility("default"))) result name

/*
 * Begins the definition of the converter that writes a TYPE as text, at most @size bytes with the NUL.
 *
 *	TWZ_TO_STRING(User, struct User, user_to_string)(const struct User *value, char *text,
 *							 size_t size) { … }
 */
#define TWZ_TO_STRING(type, ctype, name) \
	TWZ_RECORD_(twz_gate_##name, "gate=" #name "\0role=to_string\0converts=" #type "\0" \
				     "out=text,size\0"); \
	TWZ_EXTERN_C __attribute__((visibility("default"))) void name(const ctype *value, char *text, \
								      size_t size); \
	TWZ_EXTERN_C __attribute__((visibility("default"))) void name

/* -- what a gate may ask for while it runs ---------------------------------------------------------- */

struct twz_caller {
	uint64_t thread;	/* the calling thread, numbered by the monitor from 1 in each session */
	uint64_t compartment;	/* the calling compartment's id; 0: the session itself */
	const char *context;	/* the security context that the call is made by */
};

TWZ_EXTERN_C_BEGIN_
/*
 * Who called the gate that is running, as the monitor established it. The caller has no way to write
 * it. NULL when no gate is running on this thread. Valid until the gate returns.
 */
const struct twz_caller *twz_caller(void) __attribute__((weak, visibility("default")));

/*
 * The service's private folder, which is also its working folder: the only place where it can write,
 * kept from session to session. NULL when the service is not in a compartment.
 */
const char *twz_state_dir(void) __attribute__((weak, visibility("default")));

/* What it was loaded with, by sys::load --args or a program; there for its constructors already. The number. */
size_t twz_args(const char *const **ret) __attribute__((weak, visibility("default")));
/* A descriptor that it was given under this name, by sys::load --fds or a program; -1: none. */
int twz_fd(const char *name) __attribute__((weak, visibility("default")));

/*
 * Memory of its own that it lets others read: n bytes, zeroed. Who is told the id, which nobody can guess, gets it
 * with twz_borrow(), for reading; what the lender writes is seen at once, so who reads copies before it trusts. It
 * is lent until twz_give_back() or the lender's end; what was borrowed stays until twz_give_back(). All other memory
 * stays private. Called by gates. NULL with errno: ENOMEM, there may be no more; ENOENT, no such id.
 */
void *twz_lend(size_t n, ObjID *id) __attribute__((weak, visibility("default")));
const void *twz_borrow(ObjID id, size_t *n) __attribute__((weak, visibility("default")));
void twz_give_back(const void *memory) __attribute__((weak, visibility("default")));
TWZ_EXTERN_C_END_

/* -- for each attribute (at most 12) ---------------------------------------------------------------- */

#define TWZ_TEXT_(text, ...) text
#define TWZ_CHECK_(text, ...) __VA_ARGS__;
#define TWZ_EACH_(f, ...) \
	TWZ_NTH_(__VA_ARGS__, TWZ_E12_, TWZ_E11_, TWZ_E10_, TWZ_E9_, TWZ_E8_, TWZ_E7_, TWZ_E6_, \
		 TWZ_E5_, TWZ_E4_, TWZ_E3_, TWZ_E2_, TWZ_E1_, )(f, __VA_ARGS__)
#define TWZ_NTH_(a, b, c, d, e, f, g, h, i, j, k, l, n, ...) n
#define TWZ_E1_(f, a) f a
#define TWZ_E2_(f, a, ...) f a TWZ_E1_(f, __VA_ARGS__)
#define TWZ_E3_(f, a, ...) f a TWZ_E2_(f, __VA_ARGS__)
#define TWZ_E4_(f, a, ...) f a TWZ_E3_(f, __VA_ARGS__)
#define TWZ_E5_(f, a, ...) f a TWZ_E4_(f, __VA_ARGS__)
#define TWZ_E6_(f, a, ...) f a TWZ_E5_(f, __VA_ARGS__)
#define TWZ_E7_(f, a, ...) f a TWZ_E6_(f, __VA_ARGS__)
#define TWZ_E8_(f, a, ...) f a TWZ_E7_(f, __VA_ARGS__)
#define TWZ_E9_(f, a, ...) f a TWZ_E8_(f, __VA_ARGS__)
#define TWZ_E10_(f, a, ...) f a TWZ_E9_(f, __VA_ARGS__)
#define TWZ_E11_(f, a, ...) f a TWZ_E10_(f, __VA_ARGS__)
#define TWZ_E12_(f, a, ...) f a TWZ_E11_(f, __VA_ARGS__)

#endif
