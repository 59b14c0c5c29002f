/* Gates that take objects: by id or by name, of any kind or of one. */
#include <string.h>

#include "twz/gate.h"

TWZ_SERVICE("foo", "1.0", "Takes objects");

enum find_error { NoSuchObject = 1 };
TWZ_ERROR_TEXT(NoSuchObject, "No such object here");
TWZ_RESULT(id_result, ObjID, enum find_error);

TWZ_GATE(ObjID, bar, (ObjID object), TWZ_DOC("Gives the object back"), TWZ_READONLY)
{
	return object;
}

TWZ_GATE(uint64_t, baz, (ObjID object), TWZ_DOC("Takes an object of one kind"),
	 TWZ_KIND(object, SomeKindaObject), TWZ_READONLY)
{
	return object.twz_low;
}

TWZ_GATE(struct id_result, find, (const char *name), TWZ_DOC("Knows one name"), TWZ_READONLY)
{
	return strcmp(name, "known") ? id_result_err(NoSuchObject)
				     : id_result_ok((ObjID){ .twz_low = 0xbeef });
}

TWZ_GATE(ObjID, crash, (const char *name), TWZ_DOC("Dies"))
{
	*(volatile char *)0 = *name;
	return (ObjID){ 0 };
}
