/*
 * What who loads a service gives it along: variables of the environment, arguments, open descriptors.
 *
 * They belong to the compartment: each of its processes gets them before its service is loaded, so that
 * constructors find them. Arguments and descriptors go over the control socket, where they lie before the
 * process exists; the START message says how many messages there are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/internal.h"

static void
texts_free(const char *const *texts, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		free((void *)(uintptr_t)texts[i]);
	free((void *)(uintptr_t)texts);
}

static bool
texts_copy(const char *const **texts, uint32_t *n)
{
	const char *const *from = *texts;
	uint32_t wanted = *n;
	char **copy = calloc(wanted + 1, sizeof(*copy));

	*texts = (const char *const *)copy;
	for (*n = 0; copy && *n < wanted; ++*n)
		if (!(copy[*n] = strdup(from[*n])))
			break;
	return copy && *n == wanted;
}

void
given_free(struct monitor_load_options *o)
{
	texts_free(o->env, o->nenv);
	texts_free(o->args, o->nargs);
	for (uint32_t i = 0; i < o->nfds; i++) {
		free((void *)(uintptr_t)o->fds[i].name);
		close(o->fds[i].fd);
	}
	free((void *)(uintptr_t)o->fds);
	o->env = o->args = NULL;
	o->fds = NULL;
	o->nenv = o->nargs = o->nfds = 0;
}

static bool
fds_copy(struct monitor_load_options *o)
{
	const struct monitor_fd *from = o->fds;
	uint32_t wanted = o->nfds;
	struct monitor_fd *copy = calloc(wanted + 1, sizeof(*copy));

	o->fds = copy;
	for (o->nfds = 0; copy && o->nfds < wanted; o->nfds++) {
		struct monitor_fd *to = &copy[o->nfds];

		*to = (struct monitor_fd){ strdup(from[o->nfds].name),
					   fcntl(from[o->nfds].fd, F_DUPFD_CLOEXEC, 3) };
		if (to->name && to->fd >= 0)
			continue;
		free((void *)(uintptr_t)to->name);
		twz_closep(&to->fd);
		break;
	}
	return copy && o->nfds == wanted;
}

bool
given_copy(struct monitor_load_options *o, struct twz_error *err)
{
	/* All three, so that given_free() finds nothing that is somebody else's. */
	bool env = texts_copy(&o->env, &o->nenv), args = texts_copy(&o->args, &o->nargs), fds = fds_copy(o);

	if (env && args && fds)
		return true;
	twz_fail_sys(err, errno, "keep what a service is given");
	given_free(o);
	return false;
}

uint32_t
given_messages(const struct monitor_load_options *o)
{
	uint32_t n = (o->nfds + MESSAGE_FDS - 1) / MESSAGE_FDS;

	return n ? n : o->nargs > 0;
}

/* Texts behind each other, with their NULs. */
static bool
add_text(char *text, size_t size, size_t *n, const char *more)
{
	size_t length = strlen(more) + 1;

	if (length > size - *n)
		return false;
	memcpy(text + *n, more, length);
	*n += length;
	return true;
}

static bool
send_one(struct instance *i, uint32_t number, struct twz_error *err)
{
	const struct monitor_load_options *o = &i->compartment->options;
	uint32_t first = number * MESSAGE_FDS, n = o->nfds - first < MESSAGE_FDS ? o->nfds - first : MESSAGE_FDS;
	uint32_t nargs = number ? 0 : o->nargs;
	struct message head = { .kind = MESSAGE_GIVEN, .word = { nargs, n } };
	bool fits = true;
	int fds[MESSAGE_FDS];
	char text[64 << 10];
	size_t size = 0;

	for (uint32_t k = 0; k < nargs; k++)
		fits = fits && add_text(text, sizeof(text), &size, o->args[k]);
	for (uint32_t k = 0; k < n; k++) {
		fits = fits && add_text(text, sizeof(text), &size, o->fds[first + k].name);
		fds[k] = o->fds[first + k].fd;
	}
	if (!fits)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"the arguments of service %s are too long", i->compartment->service->name);
	return message_send(i->control, &head, text, size, fds, n) ||
	       twz_fail_sys(err, errno, "give service %s its arguments", i->compartment->service->name);
}

bool
given_send(struct instance *i, struct twz_error *err)
{
	for (uint32_t k = 0; k < given_messages(&i->compartment->options); k++)
		if (!send_one(i, k, err))
			return false;
	return true;
}

bool
given_possible(const struct compartment *c, const struct mechanism *mechanism,
	       const struct monitor_load_options *o, struct twz_error *err)
{
	if (o->nfds > MONITOR_FDS)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"%s cannot be given more than %d descriptors", c->service->name, MONITOR_FDS);
	return mechanism == &mechanism_process || !(o->nargs || o->nfds) ||
	       twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			"%s: with mechanism %s it can be given no arguments and no descriptors", c->service->name,
			monitor_mechanism_text(mechanism->which));
}
