/* reader: reads memory that somebody lends, and tries what it may not. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <twz/gate.h>
#include <unistd.h>

TWZ_SERVICE("reader", "1.0", "Reads what is lent");

static const char *seen;

TWZ_GATE(const char *, borrow, (ObjID id), TWZ_DOC("What lies in memory that is lent"))
{
	size_t n = 0;

	seen = twz_borrow(id, &n);
	return seen ? seen : strerror(errno);
}

TWZ_GATE(const char *, look, (void), TWZ_DOC("What lies there now"))
{
	return seen;
}

TWZ_GATE(int, unprotect, (void), TWZ_DOC("Tries to make it writable: 0, or why not"))
{
	return mprotect((void *)(uintptr_t)seen, 4096, PROT_READ | PROT_WRITE) ? errno : 0;
}

TWZ_GATE(void, scribble, (void), TWZ_DOC("Writes to it"))
{
	*(volatile char *)(uintptr_t)seen = 1;
}

TWZ_GATE(_Bool, finds, (uint64_t address, const char *text), TWZ_DOC("Whether a text lies at an address, here"))
{
	int fd = open("probe", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char bytes[64] = "";
	_Bool there = write(fd, (const void *)(uintptr_t)address, sizeof(bytes)) == sizeof(bytes) &&
		      pread(fd, bytes, sizeof(bytes), 0) == sizeof(bytes) && !strncmp(bytes, text, sizeof(bytes));

	close(fd);
	unlink("probe");
	return there;
}
