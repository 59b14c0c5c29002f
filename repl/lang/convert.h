/*
 * From an argument to the value that a parameter takes: language.md 1.3.
 *
 * It happens twice. The first time nothing may be called: what is wrong already is found, and what
 * needs a call (a converter, an expression) is put off. The second time the calls are made.
 */
#pragma once

#include "repl/lang/interp.h"
#include "twz/plan.h"

/* What a parameter, or an element or field inside one, takes. */
struct convert_want {
	const struct twz_type *type;		/* of the value; of one element for a buffer */
	const struct twz_member *param;		/* NULL inside of aggregates */
	const struct twz_service *service;	/* whose converters apply */
	bool optional;				/* none is a value */
	bool buffer, text;			/* a list of type; a text will do as well */
	uint64_t limit;				/* of elements, when not 0 */
	bool secret;
};

enum convert_result { CONVERT_FAILED, CONVERT_DONE, CONVERT_LATER };

/** What parameter @i of @gate takes; @plan NULL: a built-in gate. */
struct convert_want convert_want(const struct twz_service *service, const struct twz_gate *gate,
				 const struct twz_plan *plan, uint32_t i);

/** Converts the argument @a. LATER only when not @calls: it cannot be known without a call. */
enum convert_result convert_argument(struct lang *l, const struct convert_want *want,
				     const struct ast *a, bool calls, struct twz_value *ret,
				     struct twz_error *err);

/** Fits a value, which is no text that was typed, to what is wanted. */
bool convert_value(const struct convert_want *want, const struct twz_value *v,
		   struct twz_arena *arena, struct twz_value *ret, struct twz_error *err);

/** Whether the text @a of `twz call` is a list or a record for @want; its value. */
bool convert_is_literal(const struct convert_want *want, const struct ast *a);
enum convert_result convert_literal(struct lang *l, const struct convert_want *want,
				    const struct ast *a, bool calls, struct twz_value *ret,
				    struct twz_error *err);

/* -- calls (call.c, ask.c) ---------------------------------------------------------------------- */

/* One parameter that the caller gives, and where its value comes from. */
struct site_param {
	struct convert_want want;
	const struct ast *node;		/* NULL: known, piped or asked for */
	bool piped, known;		/* known: value holds it */
	bool asked;			/* left out: the user is asked for it */
	struct twz_value value;
};

/* What a call was resolved to. */
struct call_site {
	const struct twz_service *service;
	const struct twz_gate *gate;
	struct site_param *params;
	uint32_t nparams;
	bool program;			/* argc and argv: see argv.c */
};

/** Finds the gate of the call @a, and which argument is for which parameter. Calls nothing. */
bool lang_resolve(struct lang *l, const struct ast *a, bool piped, struct call_site **ret,
		  struct twz_error *err);
/**
 * All arguments that can be had without a call; @later gets a bit for each that cannot. @piped NULL: the piped
 * value is not known yet.
 */
bool lang_convert_all(struct lang *l, struct call_site *site, const struct twz_value *piped,
		      struct twz_value *args, uint64_t *later, struct twz_error *err);
/** Calls the gate @n times, an array of arguments each: see repl_host.call_many. */
size_t lang_call_gates(struct lang *l, const struct call_site *site, const struct twz_value *const *args,
		       size_t n, struct twz_value *ret, struct twz_error *err);
/** Whether the user can be asked for such a parameter: a secret, at a prompt. */
bool lang_may_ask(const struct lang *l, const struct convert_want *want);
/** Whether it is asked for: it was left out, or stands there masked, as the history keeps it. */
bool lang_asks(const struct lang *l, const struct site_param *p);
/** The value of an argument for which something has to be called, or somebody asked. */
bool lang_late_argument(struct lang *l, const struct call_site *site, uint32_t i, struct twz_value *ret,
			struct twz_error *err);

/* -- argv.c ------------------------------------------------------------------------------------ */

/** Its argv: a LIST of the name and the words of @call, which may be kept in @arena. */
struct ast *lang_program_arguments(struct twz_arena *arena, const char *name, const struct ast *call);

/* -- callback.c -------------------------------------------------------------------------------- */

/** Whether it is called back. */
bool lang_takes_function(const struct convert_want *want);
/** A function of the language that takes what the gate calls back with. False without a failure: @v is none. */
bool lang_fit_function(const struct convert_want *want, const struct twz_value *v, struct twz_value *ret,
		       struct twz_error *err);
struct callback;
/** The arguments of a call of @gate that may take @left ns, with what the host needs in the place of functions; @ret: NULL if there are none. */
const struct twz_value *lang_begin_callbacks(struct lang *l, const struct twz_service *service,
					     const struct twz_gate *gate, const struct twz_value *args,
					     size_t nargs, int64_t left, struct callback **ret);
/** After a call that failed: whether it was left by return or exit inside of a callback, which is no failure. */
bool lang_end_callbacks(struct lang *l, const struct callback *c, struct twz_error *err);

/* -- object.c ---------------------------------------------------------------------------------- */

/** Whether it is the id of an object. */
bool lang_takes_object(const struct convert_want *want);
/** The id that @text spells; false: it may be a name. */
bool lang_object_text(struct lang *l, const struct convert_want *want, const char *text, size_t n,
		      struct twz_value *ret);
/** Asks the resolver for the object of this name. Class NAME when there is none. */
bool lang_resolve_object(struct lang *l, const struct convert_want *want, const char *text, size_t n,
			 struct twz_value *ret, struct twz_error *err);
/** Whether the objects among @args, one for each parameter, are of the kinds that the gate asks for. */
bool lang_check_kinds(struct lang *l, const struct call_site *site, const struct twz_value *args,
		      struct twz_error *err);

/* -- convert_text.c ---------------------------------------------------------------------------- */

/**
 * The value that @text spells for a type. @quoted: it stood in quotes and is a text whatever it looks
 * like. LATER: a converter must be called.
 */
enum convert_result convert_text(struct lang *l, const struct convert_want *want, const char *text,
				 size_t n, bool quoted, struct twz_value *ret, struct twz_error *err);
/** Whether a text that no scalar's grammar reads is a value. */
bool convert_takes_text(const struct convert_want *want);
/** Calls the type's from-string converter with the text. */
bool convert_by_service(struct lang *l, const struct convert_want *want, const char *text, size_t n,
			struct twz_value *ret, struct twz_error *err);
/** "Expected 'User' got 'String'". Returns false. */
bool convert_mismatch(const struct convert_want *want, const char *got, struct twz_error *err);
/** "70000 is out of range for u16: 0 .. 65535". Returns false. */
bool convert_out_of_range(const struct convert_want *want, twz_wide i, struct twz_error *err);
/** The enumerator called @name, as a value; false with suggestions. */
bool convert_enumerator(const struct convert_want *want, const char *name, struct twz_value *ret,
			struct twz_error *err);
