/* What services print: from each one's pipe to the host, in whole lines when possible. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "monitor/internal.h"

enum { CHUNK = 16 << 10 };

/*
 * The lock is given up while the host works, as for every callback. Only the monitor's thread, or the
 * one that closes it when that has ended, comes here.
 */
bool
output_read(struct monitor *m, struct instance *i, bool out)
{
	char bytes[CHUNK];
	const struct monitor_host *host = &m->options.host;
	void (*pass)(void *data, const char *service, const char *bytes, size_t n) =
		out && host->program_output ? host->program_output : host->output;
	int fd = out ? i->out : i->log;
	ssize_t n;

	if (fd < 0) {
		errno = EAGAIN;
		return false;
	}
	n = read(fd, bytes, sizeof(bytes));
	if (n <= 0)
		return false;
	if (pass) {
		i->refs++;
		pthread_mutex_unlock(&m->lock);
		pass(host->data, i->compartment->service->name, bytes, (size_t)n);
		pthread_mutex_lock(&m->lock);
		instance_unref(i);
	}
	return true;
}
