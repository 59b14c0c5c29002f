/*
 * Who may do what. A context is a name that holds capabilities; every call is made by one. The context
 * "owner" is whoever runs the embedded monitor: it holds everything, because the registry is its own file.
 * Every other one, and each compartment by its own context "service:NAME", holds what was granted.
 *
 * Capabilities are signed with the registry's key, a file beside it that only its owner can read: who can
 * write rows cannot grant. One that was passed on is worth what every one above it still is.
 */
#pragma once

#include "registry/registry.h"

enum {
	RIGHT_CALL = 1,
	RIGHT_READ = 2,		/* of what services ask for: see REGISTRY_HOST */
	RIGHT_WRITE = 4,
	RIGHT_ALL = 7,
};

/* The service of what is no service's: capabilities are files (gate: a path), net (a family) and memory. */
#define REGISTRY_HOST "host"
#define REGISTRY_OWNER "owner"

struct registry_capability {
	int64_t id;
	const char *context, *service;
	const char *capability;		/* what gates require; "*": all */
	const char *gate;		/* only this one; "": every one */
	uint64_t first, length, align;	/* only gates of these numbers: registry_in_range(); length 0: all */
	const uint8_t *build_id;	/* of the file that the numbers are of */
	uint32_t build_id_size;
	uint32_t rights;		/* RIGHT_… */
	bool delegable;
	int64_t expires;		/* milliseconds since 1970; 0: never */
	int64_t granted;
	const char *grantor;		/* context that granted it */
	int64_t parent;			/* what it was passed on from; 0: nothing */
	const char *state;		/* "valid", or why it is worth nothing now */
};

/**
 * Whether @number is one of @length from @first on, the end excluded, and a multiple of @align. A @length or
 * @align of 0 does not restrict.
 */
bool registry_in_range(uint64_t first, uint64_t length, uint64_t align, uint64_t number);

/** Whether @above says at least what @c says, of REGISTRY_HOST. */
bool registry_covers(const struct registry_capability *above, const struct registry_capability *c);

/**
 * Whether @context may call @gate of @service. A gate that requires nothing may be called by every context.
 * Fails with class SECURITY and the text "Failed to call GATE in SERVICE: Permission denied"; the code is
 * SECURITY/GATE_DENIED or, when it was refused for that, SIGNATURE_MISMATCH, INVALID_KEY, INVALID_SCHEME.
 */
TWZ_MUST bool registry_may_call(struct registry *reg, const char *context,
				const struct twz_service *service, const struct twz_gate *gate,
				struct twz_error *err);
/** Whether @context holds @rights of @capability for @what of REGISTRY_HOST. Fails like the above. */
TWZ_MUST bool registry_may_use(struct registry *reg, const char *context, const char *capability,
			       const char *what, uint32_t rights, struct twz_error *err);

/**
 * Grants what @c says, in the name of @c->grantor: by "owner" out of nothing, by others out of a capability
 * that they hold, may pass on, and that covers it. @ret gets its number. Id, parent and time are ignored; a
 * time of expiry that is not given is that of the capability above.
 */
TWZ_MUST bool registry_grant(struct registry *reg, const struct registry_capability *c, int64_t *ret,
			     struct twz_error *err);
/**
 * Takes back capability @id and all that was passed on from it; @n gets how many. In the name of @by: "owner", or
 * who granted it or one above it.
 */
TWZ_MUST bool registry_revoke(struct registry *reg, const char *by, int64_t id, uint64_t *n,
			      struct twz_error *err);
/** All capabilities (of @context; NULL: of everybody) by number, each looked at, in @arena. */
TWZ_MUST bool registry_capabilities(struct registry *reg, const char *context, struct twz_arena *arena,
				    const struct registry_capability **ret, size_t *n,
				    struct twz_error *err);

/* -- contexts (contexts.c) -------------------------------------------------------------------------- */

struct registry_context {
	const char *name;
	bool undetachable;		/* who attached to it stays so */
	uint32_t mask;			/* rights that it may use at most */
};

/** Makes a context, or says whether the one that is there may be detached. */
TWZ_MUST bool registry_context_set(struct registry *reg, const char *name, bool undetachable,
				   struct twz_error *err);
/** One that nobody made can be detached and has no mask. */
TWZ_MUST bool registry_context(struct registry *reg, const char *name, struct registry_context *ret,
			       struct twz_error *err);
TWZ_MUST bool registry_contexts(struct registry *reg, struct twz_arena *arena,
				const struct registry_context **ret, size_t *n, struct twz_error *err);
/**
 * What @context may use at most of what it holds: of @service, or, with NULL, of all. Masks only take away; both
 * apply.
 */
TWZ_MUST bool registry_mask(struct registry *reg, const char *context, const char *service, uint32_t rights,
			    struct twz_error *err);
/** The rights that masks leave to @context for @service. */
TWZ_MUST bool registry_unmasked(struct registry *reg, const char *context, const char *service, uint32_t *ret,
				struct twz_error *err);

/** Milliseconds since 1970, for tests; NULL: the system's clock. */
void registry_set_clock(struct registry *reg, int64_t (*now)(void));
int64_t registry_now(const struct registry *reg);
