/* Asks for files below TREE, sockets and memory, and shows what it has; as needer it cannot work without files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <twz/gate.h>
#include <unistd.h>

#ifdef NEEDER
TWZ_SERVICE("needer", "1.0", "Needs things");
TWZ_NEEDS_FILES(TREE, read);
#else
TWZ_SERVICE("seeker", "1.0", "Asks for things");
TWZ_ASKS_FILES(TREE, read);
TWZ_ASKS_FILES(TREE "/out", read | write);
TWZ_ASKS_NET(inet);
TWZ_ASKS_MEMORY("1G");
#endif

static const char *
said(int ok)
{
	return ok ? "yes" : strerror(errno);
}

TWZ_GATE(const char *, can_read, (const char *path), TWZ_DOC("Reads a file"))
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *text = said(fd >= 0);

	close(fd);
	return text;
}

TWZ_GATE(const char *, can_write, (const char *path), TWZ_DOC("Writes a file"))
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	const char *text = said(fd >= 0);

	close(fd);
	return text;
}

TWZ_GATE(const char *, can_connect, (int family), TWZ_DOC("Makes a socket"))
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *text = said(fd >= 0);

	close(fd);
	return text;
}

TWZ_GATE(const char *, can_allocate, (uint32_t mib), TWZ_DOC("Gets memory"))
{
	size_t n = (size_t)mib << 20;
	char *bytes = malloc(n);
	const char *text = said(bytes != NULL);

	free(bytes);
	return text;
}
