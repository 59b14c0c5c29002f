/* What image.c (one value) and image_call.c (a whole call) share. */
#pragma once

#include "twz/image.h"

/** Fails with class TYPE: what is given or asked for does not fit @type, and @why. False. */
bool image_misfit(struct twz_error *err, const struct twz_type *type, const char *why);
/** Fails with class FAULT: the service gave @what as a @type. False. */
bool image_lie(struct twz_error *err, const struct twz_type *type, const char *what);

/** The bits of a scalar of type @t, which is no typedef, extended to 64. */
TWZ_MUST bool image_scalar(const struct twz_type *t, const struct twz_value *v, uint64_t *bits, struct twz_error *err);
/** The C string of @v in @arena. */
TWZ_MUST bool image_pointer(const struct twz_type *t, const struct twz_value *v, struct twz_arena *arena,
			    const char **ret, struct twz_error *err);
/** The text that the char pointer at @bytes points to, copied; NULL is a lie. */
TWZ_MUST bool image_text(const struct twz_type *type, const void *bytes, struct twz_arena *arena,
			 struct twz_value *ret, struct twz_error *err);
