/*
 * Inside registry/: gates by their names. The rows of a service's gates are in the order of its file; service.by_name
 * holds their places in the order of their names, four bytes each, the lowest first, or nothing where both orders
 * are the same. So a name is found by halves, and no second copy of all names has to be written.
 */
#pragma once

#include "registry/db.h"

/** The places of @n gates by name: @ret is NULL when they are in order already, else 4 * @n bytes. */
void order_make(const struct twz_gate *gates, size_t n, struct twz_arena *arena, const uint8_t **ret);

/**
 * The gates of the file at @path whose names begin with @prefix, or, with @exact, the first whose name it is: the
 * places of @n in @ret, in the order of their names. @service: where they are; 0 when nothing is known of the file.
 * Until order_end(), which is to be called also when it failed, a transaction is open: what is read meanwhile belongs
 * together.
 */
TWZ_MUST bool order_find(struct registry *reg, const char *path, const char *prefix, bool exact,
			 struct twz_arena *arena, int64_t *service, uint32_t **ret, size_t *n, struct twz_error *err);
void order_end(struct registry *reg);

/** Whether the gates of a service are in the order that it says. */
TWZ_MUST bool order_verify(struct registry *reg, int64_t service, struct twz_error *err);
