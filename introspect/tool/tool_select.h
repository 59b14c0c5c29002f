/* Which functions of a library were asked for by name. */
#pragma once

#include "introspect/tool/tool.h"

/* What children and parent know together about the patterns. */
struct selection {
	bool any;			/* there are patterns */
	bool exact;			/* there is one, and it is a name */
	size_t n;			/* patterns */
	const char *const *names;	/* for the reader, without versions; NULL: it must read all */
	bool *matched;			/* shared with children: one for each pattern */
	bool *read, *unread;		/* shared: a file was searched, or could not be */
	char *nearest;			/* shared: a name like the first pattern */
};

enum { SELECTION_NEAREST = 256 };

/** Prepares for the patterns of @r, if it has any. */
struct selection selection_make(struct request *r);
/** The gates of @service that were asked for, in memory of @r's. Marks what matched. */
const struct twz_service *selection_apply(struct request *r, const struct selection *s,
					  const struct twz_service *service);
/** The one gate that an exact name means, or NULL. */
const struct twz_gate *selection_one(const struct request *r, const struct selection *s,
				     const struct twz_service *service);
/** Remembers whether a file could be searched. */
void selection_searched(const struct selection *s, bool could);
/** Remembers the name in @service that is most like the first pattern. */
void selection_nearest(const struct request *r, const struct selection *s,
		       const struct twz_service *service);
/** Complains about patterns that matched nothing anywhere. True when there is none such. */
bool selection_complain(const struct request *r, const struct selection *s);
