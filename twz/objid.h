/*
 * Ids of objects: 128 bits, in C the ObjID of twz/gate.h, in the language a value that is shown as 32
 * hexadecimal digits. A type is one by the tag and the layout of its struct, whatever else it is called.
 */
#pragma once

#include "twz/value.h"

__extension__ typedef unsigned __int128 twz_id;

enum { TWZ_ID_TEXT = 33 };

/** What gates of this program take and give; shown as ObjID. */
extern const struct twz_type twz_type_objid;

/** Whether values of @type (NULL: no) are ids. */
bool twz_is_objid(const struct twz_type *type);

/** Reads 0x and 1 to 32 digits, or 32 digits. */
bool twz_id_parse(const char *text, size_t n, twz_id *ret);
/** 32 digits. Returns @buf, of TWZ_ID_TEXT bytes. */
const char *twz_id_text(twz_id id, char *buf);

/** The value of @type, one of ids, in @arena. */
struct twz_value twz_id_value(struct twz_arena *arena, const struct twz_type *type, twz_id id);
/** False when @v is no id. */
bool twz_id_of(const struct twz_value *v, twz_id *ret);
