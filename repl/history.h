/*
 * What was entered before: one sqlite file that all live sessions share, or, for a private session, a
 * database in memory that nobody else sees and that ends with it.
 *
 * It holds no secrets: who adds an entry gives its text as lang_masked() leaves it.
 *
 *	CREATE TABLE entry (
 *		id	INTEGER PRIMARY KEY,	-- newer entries have higher ones
 *		at	INTEGER,		-- ms since 1970
 *		status	INTEGER,		-- as an exit status; NULL: it has not ended
 *		ns	INTEGER,		-- how long it ran; NULL likewise
 *		folder	TEXT,			-- where
 *		text	TEXT)			-- may have several lines
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "twz/arena.h"
#include "twz/error.h"

enum { HISTORY_KEPT = 1000000 };	/* entries; older ones are dropped */

struct history_file;

struct history_entry {
	int64_t id, at;
	int status;			/* < 0: it has not ended */
	int64_t ns;
	const char *folder, *text;
};

/**
 * Path of the history file: $XDG_STATE_HOME/twz/history.db, else ~/.local/state/twz/history.db, in
 * @arena. Fails when neither variable says where.
 */
TWZ_MUST bool history_path(struct twz_arena *arena, const char **ret, struct twz_error *err);

/**
 * Opens the file at @path, making it and its folder for the user alone (0600, 0700), also when they are
 * there and are not. NULL: in memory.
 */
TWZ_MUST bool history_open(const char *path, struct history_file **ret, struct twz_error *err);
void history_close(struct history_file *h);

/** Adds an entry that begins to run now; @id gets its number, 0 when it is too long to be kept. */
TWZ_MUST bool history_began(struct history_file *h, const char *text, size_t n, int64_t *id,
			    struct twz_error *err);
/** It has ended. */
TWZ_MUST bool history_ended(struct history_file *h, int64_t id, int status, int64_t ns, struct twz_error *err);

/* Nothing of what follows fails: what cannot be read is not there. All of it is in @arena. */

/** The newest entry older than @before (0: of all) that begins with @prefix and is not @other. */
bool history_older(struct history_file *h, int64_t before, const char *prefix, const char *other,
		   struct twz_arena *arena, struct history_entry *ret);
/** The oldest one newer than @after. */
bool history_newer(struct history_file *h, int64_t after, const char *prefix, const char *other,
		   struct twz_arena *arena, struct history_entry *ret);

/**
 * At most @max different texts that begin with @prefix and go on, newest first. Quick whatever the
 * file's size: of a short prefix only the newest entries are looked at, of a longer one as many.
 */
size_t history_starting(struct history_file *h, const char *prefix, size_t max, struct twz_arena *arena,
			const struct history_entry **ret);

/**
 * At most @max different texts that contain all the words of @words, newest first. @stop (may be NULL)
 * is asked now and then whether somebody is in a hurry; what was found till then is given.
 */
size_t history_search(struct history_file *h, const char *words, size_t max, bool (*stop)(void *data),
		      void *data, struct twz_arena *arena, const struct history_entry **ret);
