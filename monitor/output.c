/* What services print: from each one's pipe to the host, in whole lines when possible. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "monitor/internal.h"
#include "monitor/loop.h"

enum { CHUNK = 16 << 10, EVENTS = 64 };

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
		m->passing++;
		pthread_mutex_unlock(&m->lock);
		pass(host->data, i->compartment->service->name, bytes, (size_t)n);
		pthread_mutex_lock(&m->lock);
		m->passing--;
		instance_unref(i);
	}
	return true;
}

/*
 * Whether something was printed that the host has not. What waits in a pipe stays ready until it is read, so that
 * whoever asks sees it, and not only the monitor's thread; a guest that has answered has written before.
 */
bool
output_waits(const struct monitor *m)
{
	struct epoll_event events[EVENTS];
	int n = m->passing ? EVENTS : epoll_wait(m->epoll, events, EVENTS, 0);

	for (int i = 0; i < n && n < EVENTS; i++) {
		enum loop_kind kind = (enum loop_kind)(events[i].data.u64 % LOOP_KINDS);

		if (kind == LOOP_LOG || kind == LOOP_OUT)
			return true;
	}
	return n == EVENTS;
}
