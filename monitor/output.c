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
output_read(struct monitor *m, struct instance *i)
{
	char bytes[CHUNK];
	ssize_t n;

	if (i->log < 0) {
		errno = EAGAIN;
		return false;
	}
	n = read(i->log, bytes, sizeof(bytes));
	if (n <= 0)
		return false;
	if (m->options.host.output) {
		i->refs++;
		pthread_mutex_unlock(&m->lock);
		m->options.host.output(m->options.host.data, i->compartment->service->name, bytes,
				       (size_t)n);
		pthread_mutex_lock(&m->lock);
		instance_unref(i);
	}
	return true;
}
