/* What who loads the service gives it along, besides its environment: arguments and open descriptors. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/guest/guest.h"

static struct {
	const char **args;
	uint64_t nargs;
	struct {
		char *name;
		int fd;
	} fds[64];
	uint64_t nfds;
} given;

void
given_take(struct message_in *in)
{
	size_t at = 0;

	for (uint64_t i = 0; i < in->head.word[0]; i++) {
		const char **more = reallocarray(given.args, given.nargs + 1, sizeof(*more));

		if (!more)
			_exit(126);
		given.args = more;
		given.args[given.nargs++] = strdup(message_text(in, &at));
	}
	for (uint64_t i = 0; i < in->head.word[1] && i < MESSAGE_FDS; i++) {
		if (given.nfds == sizeof(given.fds) / sizeof(given.fds[0]))
			return;
		given.fds[given.nfds].name = strdup(message_text(in, &at));
		given.fds[given.nfds++].fd = in->fds[i];
		in->fds[i] = -1;
	}
}

__attribute__((visibility("default"))) size_t
twz_args(const char *const **ret)
{
	*ret = given.args;
	return given.nargs;
}

__attribute__((visibility("default"))) int
twz_fd(const char *name)
{
	for (uint64_t i = 0; i < given.nfds; i++)
		if (given.fds[i].name && !strcmp(given.fds[i].name, name))
			return given.fds[i].fd;
	return -1;
}
