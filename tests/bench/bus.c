/*
 * sd-bus: what a system service would use today. The same call, int add(int, int), straight
 * between two processes and through a bus daemon that belongs to this run alone. All on one CPU,
 * which is the best case: the processes take turns anyway.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/bench/bench.h"

#if __has_include(<systemd/sd-bus.h>)
#include <systemd/sd-bus.h>

#define NAME "net.twz.Bench"
#define PATH "/net/twz/Bench"

/* One end of a bus connection before it is made: a socket of a pair, or a daemon's address. */
struct bus {
	int fd;				/* < 0: use the address */
	const char *address;
	int ready;			/* the server writes a byte here once it can be called */
	int server, daemon;		/* pids */
	sd_bus *client;
};

static int
add(sd_bus_message *message, void *data, sd_bus_error *error)
{
	int a, b;

	(void)data, (void)error;
	if (sd_bus_message_read(message, "ii", &a, &b) < 0)
		return -1;
	return sd_bus_reply_method_return(message, "i", a + b);
}

static sd_bus *
connect_bus(const struct bus *bus, bool server)
{
	sd_id128_t id = { 0 };
	sd_bus *ret = NULL;
	bool ok = sd_bus_new(&ret) >= 0;

	if (bus->fd >= 0) {
		ok = ok && sd_bus_set_fd(ret, bus->fd, bus->fd) >= 0;
		ok = ok && (!server || sd_bus_set_server(ret, 1, id) >= 0);
		ok = ok && sd_bus_set_anonymous(ret, 1) >= 0;
	} else {
		ok = ok && sd_bus_set_address(ret, bus->address) >= 0;
		ok = ok && sd_bus_set_bus_client(ret, 1) >= 0;
	}
	if (ok && sd_bus_start(ret) >= 0)
		return ret;
	sd_bus_unref(ret);
	return NULL;
}

static void
bus_serve(void *arg)
{
	const struct bus *bus = arg;
	sd_bus *server = connect_bus(bus, true);

	if (!server || sd_bus_add_object(server, NULL, PATH, add, NULL) < 0)
		return;
	if (bus->fd < 0 && sd_bus_request_name(server, NAME, 0) < 0)
		return;
	bench_write(bus->ready, "r", 1);
	for (int n; (n = sd_bus_process(server, NULL)) >= 0;)
		if (!n && sd_bus_wait(server, UINT64_MAX) < 0)
			return;
}

static bool
bus_run(struct bench_row *row, unsigned n)
{
	struct bus *bus = row->state;

	while (n--) {
		sd_bus_message *reply = NULL;
		int sum = 0;
		bool ok = sd_bus_call_method(bus->client, bus->fd < 0 ? NAME : NULL, PATH, NAME, "Add",
					     NULL, &reply, "ii", 1, 2) >= 0 &&
			sd_bus_message_read(reply, "i", &sum) >= 0;

		sd_bus_message_unref(reply);
		if (!ok || sum != 3)
			return false;
	}
	return true;
}

/* Starts the server on one end and connects to the other. */
static const char *
bus_start(struct bench_row *row, struct bus *bus, int client)
{
	int ready[2];
	char byte;

	row->state = bus;
	if (pipe2(ready, O_CLOEXEC))
		return "no pipe";
	bus->ready = ready[1];
	bus->server = bench_fork(bench.cpu[0], bus_serve, bus);
	close(ready[1]);
	if (bus->fd >= 0)
		close(bus->fd);
	bus->fd = client;
	if (!bench_read(ready[0], &byte, 1))
		return "the sd-bus server did not start";
	close(ready[0]);
	bus->client = connect_bus(bus, false);
	return bus->client && bus_run(row, 1) ? NULL : "sd-bus refuses the call";
}

static const char *
peer_open(struct bench_row *row)
{
	static struct bus bus;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return "no socket";
	bus.fd = ends[1];
	return bus_start(row, &bus, ends[0]);
}

static void
daemon_exec(void *arg)
{
	const int *out = arg;

	dup2(*out, 1);
	dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 2);
	execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", "--nopidfile",
	       "--print-address=1", bench_text("--address=unix:dir=%s", bench.folder), (char *)NULL);
}

static const char *
daemon_open(struct bench_row *row)
{
	static struct bus bus = { .fd = -1 };
	static char address[512];
	int out[2];
	ssize_t n;

	if (pipe2(out, O_CLOEXEC))
		return "no pipe";
	bus.daemon = bench_fork(bench.cpu[0], daemon_exec, &out[1]);
	close(out[1]);
	n = read(out[0], address, sizeof(address) - 1);
	close(out[0]);
	row->state = &bus;
	if (n <= 0)
		return "needs dbus-daemon (package dbus-daemon)";
	address[strcspn(address, "\n")] = '\0';
	bus.address = address;
	return bus_start(row, &bus, -1);
}

static void
bus_close(struct bench_row *row)
{
	struct bus *bus = row->state;

	sd_bus_close_unref(bus->client);
	bench_kill(bus->server);
	bench_kill(bus->daemon);
}

#else

static const char *
peer_open(struct bench_row *row)
{
	(void)row;
	return "built without libsystemd (package libsystemd-dev)";
}

#define daemon_open peer_open
#define bus_run NULL
#define bus_close NULL

#endif

void
bench_bus_rows(void)
{
	static const char *group = "the same call over sd-bus, one CPU";
	struct bench_row row = {
		.key = "sdbus", .group = group, .name = "peer to peer", .open = peer_open,
		.run = bus_run, .close = bus_close, .batch = 20, .samples = 20, .pinned = true,
	};

	bench_row(row);
	row.key = "sdbus_daemon", row.name = "through dbus-daemon", row.open = daemon_open;
	bench_row(row);
}
