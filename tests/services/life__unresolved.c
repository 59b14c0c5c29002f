/* unresolved: cannot be loaded, since nobody has what it calls. */
#include <twz/gate.h>

TWZ_SERVICE("unresolved", "1.0", "Calls what nobody has");

int nobody_has_this(void);

TWZ_GATE(int, call, (void), TWZ_DOC("Cannot be called"))
{
	return nobody_has_this();
}
