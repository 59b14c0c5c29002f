/*
 * The registry: services, gates, types and rights in one sqlite file, and the way from a service's
 * name to its file.
 *
 * A file is known by path, size, mtime and inode; when these changed it is stale and must be inspected
 * again. Each file has rows of its own: a build-id is only what a file says of itself. The registry never
 * inspects: it says "stale", and whoever embeds it calls the introspection. Kinds, roles and levels are
 * stored by name.
 */
#pragma once

#include <limits.h>
#include <sys/stat.h>

#include "twz/arena.h"
#include "twz/error.h"
#include "twz/type.h"

struct registry;

enum registry_state {
	REGISTRY_FRESH,		/* known, and the file is still the one that was inspected */
	REGISTRY_STALE,		/* the file changed since, or the one that its types or gates were read from */
	REGISTRY_UNKNOWN,	/* never inspected */
};

/**
 * Path of the registry file: TWZ_REGISTRY, else $XDG_DATA_HOME/twz/registry.db, else
 * ~/.local/share/twz/registry.db. In @arena.
 */
TWZ_MUST bool registry_path(struct twz_arena *arena, const char **ret, struct twz_error *err);

/**
 * Where the registry at @path (NULL: registry_path()) is written: its folder, which is made if it is missing, and that
 * of the file if @path is a link to it. Both in @arena; the list ends with NULL.
 */
TWZ_MUST bool registry_folders_of(const char *path, struct twz_arena *arena, const char *const **ret,
				  struct twz_error *err);
/**
 * For programs that set no limit to sqlite's memory, before they open one: it is not counted any more, which takes a
 * lock for every piece.
 */
void registry_unlimited(void);
/**
 * Opens the registry at @path (NULL: registry_path()), creating folder, file and schema as needed;
 * the folder is made with mode 0700. A file of an older schema is migrated; of a newer one, refused
 * (class LINK). A damaged file is set aside as PATH.damaged-N and an empty one takes its place:
 * registry_notice() then says so. Safe with many processes at once. Not thread-safe per handle.
 */
TWZ_MUST bool registry_open(const char *path, struct registry **ret, struct twz_error *err);
/**
 * Opens what is there: makes nothing and sets nothing aside. A damaged file fails with code IO/DATA_LOSS,
 * now or later; a missing one with NAMING/NOT_FOUND.
 */
TWZ_MUST bool registry_open_as_it_is(const char *path, struct registry **ret, struct twz_error *err);
void registry_close(struct registry *reg);
/** Path of the file. */
const char *registry_where(const struct registry *reg);
/** What the user should be told once, or NULL. */
const char *registry_notice(const struct registry *reg);

/* How a file was inspected: what is stored answers only who would inspect it in the same way. */
struct registry_source {
	bool all;		/* every exported function, not only gates */
	const char *debug_dir;	/* where else debug files were looked for; NULL: nowhere */
	const char *maker;	/* program that inspected, exactly; NULL: what is stored is not relied on */
	const struct stat *seen;	/* the file before it was inspected; NULL: it cannot have changed */
	const char *listing;		/* how all of it is shown, to be kept; NULL */
};

/**
 * Stores @service whole, replacing what was known of its path, in one transaction. Does nothing when
 * just that is stored already, or when all functions of the same file are and only its gates are given.
 */
TWZ_MUST bool registry_store(struct registry *reg, const struct twz_service *service,
			     const struct registry_source *source, struct twz_error *err);

/** Whether the file at @path (absolute) is known and unchanged. */
TWZ_MUST bool registry_check(struct registry *reg, const char *path, enum registry_state *ret,
			     struct twz_error *err);

/** The service that was read from @path, whole, in @arena. Class LINK when it is not known. */
TWZ_MUST bool registry_service(struct registry *reg, const char *path, struct twz_arena *arena,
			       const struct twz_service **ret, struct twz_error *err);

/* -- without types: quick for tens of thousands of gates (brief.c) ------------------------------- */

/**
 * The service that was read from @path as far as a listing needs it: no gate has members of its type,
 * but each its signature, as twz_signature_text() finds it. False, without an error set, when the file is not
 * stored, has changed (its debug file, too), or was not inspected as @source says.
 */
bool registry_brief(struct registry *reg, const char *path, const struct registry_source *source,
		    struct twz_arena *arena, struct twz_service **ret);

/**
 * The listing that was stored with the service at @path, if it still holds as for registry_brief() and
 * shows as many functions as @source asks for: in pieces, to @write (NULL: only whether there is one).
 * False when there is none, or when it could not be read to its end.
 */
bool registry_listing(struct registry *reg, const char *path, const struct registry_source *source,
		      void (*write)(void *data, const char *piece, size_t n), void *data);

/** The gate with this name or alias of the service at @path, without types as above. Class LINK. */
TWZ_MUST bool registry_find_gate(struct registry *reg, const char *path, const char *name,
				 struct twz_arena *arena, const struct twz_gate **ret,
				 struct twz_error *err);
/**
 * The gates whose names begin with @prefix, without types as above, at most @most, in their order; what is no
 * gate (see has_record) too when @all. Returns how many; 0 also when nothing can be read.
 */
size_t registry_complete(struct registry *reg, const char *path, const char *prefix, bool all,
			 size_t most, struct twz_arena *arena, const struct twz_gate **ret);

/* One service file that can be found now. */
struct registry_file {
	const char *name;	/* service name by its file name: libNAME.so */
	const char *path;	/* absolute */
};

/**
 * The folders in which services are looked for, in order, in @arena: those of TWZ_PATH (between
 * them ':'), $XDG_DATA_HOME/twz/services (~/.local/share/twz/services), then @installed (may be NULL).
 * Ends with NULL.
 */
const char *const *registry_folders(const char *installed, struct twz_arena *arena);

/* A gates file: it makes a library that nobody recompiles a service (gates.c). */
struct registry_gates {
	const char *name;	/* of the service: of its file NAME.gates */
	const char *file;	/* its own path */
	const char *library;	/* as it names it */
	const char *path;	/* of the library, absolute and without symbolic links; NULL: not installed */
};

/**
 * All gates files: in the folders of TWZ_GATES, of the user ($XDG_DATA_HOME/twz/gates), and in share/twz/gates
 * of the installation that a folder lib/twz of @folders belongs to. No two for one name or one library.
 */
size_t registry_gates(const char *const *folders, struct twz_arena *arena,
		      const struct registry_gates **ret);
/** Why there is a gates file for @name that makes no service of it, as a sentence; NULL: there is none. */
const char *registry_gates_unused(const char *const *folders, const char *name, struct twz_arena *arena);
/** The installed library of this file name, or the one at this absolute path; NULL. */
const char *registry_library(const char *name, struct twz_arena *arena);
/** The file's name of an installed library that could be the service @name, as libz.so.1 could be z; NULL. */
const char *registry_library_for(const char *name, struct twz_arena *arena);
/** The one for the service @name, or for the library at @path; NULL. */
const struct registry_gates *registry_gates_named(const char *const *folders, const char *name,
						  struct twz_arena *arena);
const struct registry_gates *registry_gates_of(const char *const *folders, const char *path,
					       struct twz_arena *arena);

/** The path of what is there at @path, absolute and without symbolic links, and, unless @ret is NULL, what it is. */
TWZ_MUST bool registry_real(const char *path, char real[PATH_MAX], struct stat *ret);

/**
 * Finds libNAME.so in @folders, else the library of the gates file of that name. False without an error set
 * when there is none.
 */
bool registry_find(const char *const *folders, const char *name, struct twz_arena *arena,
		   const char **ret);
/** All services in @folders and of gates files; of two with one name the first folder's wins. Sorted by name. */
size_t registry_list(const char *const *folders, struct twz_arena *arena,
		     const struct registry_file **ret);
