/*
 * What the parts of the program twz-inspect share: the options, and the ways in which every command
 * finds its files, reads them in a process of their own and complains. main.c reads the options and
 * calls one command; each command is one file, tool_NOUN.c.
 */
#pragma once

#include <sys/stat.h>

#include "introspect/introspect.h"

/* What is made of each library. */
enum tool_show {
	TOOL_TEXT,
	TOOL_JSON,
	TOOL_C,
	TOOL_HEADER,
	TOOL_DOT,
	TOOL_GATES,
	TOOL_STUBS,
	TOOL_REGISTER,
};

struct request {
	enum tool_show show;
	struct introspect_options options;
	const char *folder;		/* --stubs: where to */
	const char *registry;		/* NULL: registry_path() */
	const char *find;		/* --find: the question; NULL */
	const char *command;		/* --registry: ls, rm, …; NULL */
	const char *color;		/* --color's argument; NULL */
	const char **headers;		/* --headers FILE…: ends with NULL; NULL: none were given */
	const char *const *compiler_args;	/* for the C compiler that reads them; ends with NULL */
	struct headers *opened;		/* the same headers, once they are read */
	const char *const *patterns;	/* only functions that match one of these; ends with NULL; NULL: all */
	bool colour;			/* stdout is written for a terminal */
	bool types;			/* --types: also the types that functions reach */
	bool watch;			/* --watch: again whenever a file changes */
	bool where;			/* --where */
	struct twz_arena arena;		/* lives as long as the program */
	const char *const *folders;	/* where services are found */
};

extern const char tool_name[];		/* "twz-inspect" */

/* -- commands: @args ends with NULL; each returns the program's exit status ------------------------ */

/** LIB… [NAME…]: gates or functions, as @r->show says. */
int tool_list(struct request *r, char **args);
/** FILE ADDR…: function, file and line of addresses. */
int tool_where(struct request *r, char **args);
/** doctor LIB…: where debug information was looked for, what is missing and what to do. */
int tool_doctor(struct request *r, char **args);
/** check LIB… --headers FILE…: our declarations against the library's own headers, by the C compiler. */
int tool_check(struct request *r, char **args);
/** diff OLD NEW: what callers would notice. */
int tool_diff(struct request *r, char **args);
/** --find QUESTION LIB…: functions by the types that they take and return. */
int tool_find(struct request *r, char **args);
/** --registry ls|rm|gc|check|export|import …. */
int tool_registry(struct request *r, char **args);

/* -- for commands ----------------------------------------------------------------------------------- */

/** Writes "twz-inspect: WHAT: text" and the hint. Always false, so that it can end a condition. */
bool tool_complain(const char *what, const struct twz_error *err);
/** "Try 'twz-inspect --help'." Always 2. */
int tool_usage(void);
/**
 * The files that @args name: paths, names of services and of installed libraries, folders (every shared object in them, sorted,
 * recursively). Names that are none of these become @r->patterns, when a file came before. Ends with
 * NULL; NULL, after messages, when one is wrong.
 */
const char **tool_files(struct request *r, char **args);
/** Whether a folder's file at @path is one of its shared objects. */
bool tool_is_library(const char *path);
/** Whether there are any; complains about the @folders that had none. @files may be NULL. */
bool tool_any(const char *const *files, char **folders);
/**
 * Finds the gates file for @path, and runs @job in a confined child (introspect/confine.h), which may write to
 * stdout, and files where the options ask for some. The child's status: 0 when @job returned true, 1 when it
 * returned false, else what it gave to _exit(). A child that ends by a signal costs one message about @path and
 * status 1.
 */
int tool_confined(struct request *r, const char *path, bool (*job)(struct request *r, void *data),
		  void *data);
/** Only runs it: the gates file is known, or not asked for, and so is what --headers asks for. */
int tool_run(struct request *r, const char *path, bool (*job)(struct request *r, void *data), void *data);
/**
 * Before a child reads @path, and behind tool_gates(): has the C compiler say what --headers declare of it, for
 * @r->options.header_probe. Nothing without --headers. Complains by itself.
 */
bool tool_probe(struct request *r, const char *path);
/** Finds the gates file for the library at @path, for @r->options.gates. */
void tool_gates(struct request *r, const char *path);
/** Removes what tool_probe() made. */
void tool_probe_end(struct request *r);
/** Inspects @path as the options ask for; in the child. Complains by itself. */
bool tool_inspect(struct request *r, const char *path, const struct twz_service **ret);
/**
 * Behind tool_gates(), does what is asked for by what the registry knows, without reading the file: a listing in
 * a pipe, or registering what is registered. The exit status; -1, silently, when it cannot.
 */
int tool_stored(struct request *r, const char *path);
/**
 * Behind tool_gates(), the service as far as text needs it (see registry_brief()), with all its functions whatever
 * the patterns. False, silently, when the registry does not know it.
 */
bool tool_brief(struct request *r, const char *path, const struct twz_service **ret);
/** Stores @service with its listing; @seen is its file as it was before it was inspected. */
TWZ_MUST bool tool_store(struct request *r, const struct twz_service *service, const struct stat *seen,
			 struct twz_error *err);
/** Flushes stdout; complains when that fails. */
bool tool_flush(void);
