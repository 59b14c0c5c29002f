/*
 * Starts compartments and says how long it took: compartment.c's other half. Usage: starter ROOT
 * FOLDER, with a packet socket as standard input and output; each packet in is an order, each
 * packet out its answer: a number, or why there is none.
 *
 *   ?  is there a service to start?
 *   o  opens a monitor; c closes it
 *   s  starts one more compartment and calls it: nanoseconds
 *   p  the same, the service preloaded; f by exec, with a layout of addresses of its own
 *   S  a monitor of its own, one compartment, one call: nanoseconds
 *   i  nanoseconds of CPU that one compartment uses in a second
 *   m  KiB of private memory of one compartment
 *   K  starts a thousand compartments, each called once: nanoseconds of one, on average; then
 *   1  what the tenth of them took (median of fifty, from the sixth on), 2 the thousandth (of the last fifty), 3 a call round robin over them all,
 *      i and m what an idle one of them costs
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "monitor/monitor.h"
#include "registry/registry.h"

static struct {
	const char *root, *folder;
	struct twz_arena arena;
	const struct twz_service *service;	/* calc */
	struct monitor *monitor;
	unsigned started;
	struct monitor_gate *last;
	double tenth, thousandth, robin;
} starter;

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool
host_service(void *data, const struct monitor_who *who, const char *name, const struct twz_service **ret,
	     struct twz_error *err)
{
	(void)data, (void)who, (void)ret;
	return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no service %s", name);
}

static bool
host_may_call(void *data, const struct monitor_who *who, const struct twz_service *service,
	      const struct twz_gate *gate, struct twz_error *err)
{
	(void)data, (void)who, (void)service, (void)gate, (void)err;
	return true;
}

static void
host_output(void *data, const char *service, const char *bytes, size_t n)
{
	(void)data, (void)service, (void)bytes, (void)n;
}

static bool
open_monitor(struct twz_error *err)
{
	const struct monitor_options options = {
		.host = {
			.service = host_service,
			.may_call = host_may_call,
			.output = host_output,
		},
		.context = "owner",
		.guest = twz_format(&starter.arena, "%s/libexec/twz/twz-guest", starter.root),
		.state_dir = twz_format(&starter.arena, "%s/state/twz/state", starter.folder),
	};

	if (starter.monitor)
		return true;
	starter.started = 0;
	return monitor_open(&options, &starter.monitor, err);
}

static void
close_monitor(void)
{
	monitor_close(starter.monitor);
	starter.monitor = NULL;
}

/*
 * calc once more under a name of its own, which makes it another compartment. Each session uses the same names:
 * their private folders are there from the one before, as they are for all but the first load of a service ever.
 */
static bool
start(const struct monitor_load_options *options, struct twz_error *err)
{
	struct twz_service *service = twz_new(&starter.arena, struct twz_service);
	uint64_t words[2] = { 1, 2 };
	struct monitor_gate *gate;
	struct monitor_id id;
	int sum = 0;

	*service = *starter.service;
	service->name = twz_format(&starter.arena, "calc%u", starter.started++);
	if (!monitor_load(starter.monitor, service, options, &id, err) ||
	    !monitor_bind(starter.monitor, service, twz_gate_find(service, "add"), &gate, err) ||
	    !monitor_call(gate, words, &sum, -1, err))
		return false;
	starter.last = gate;
	if (sum != 3)
		return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL), "1 + 2 = %d", sum);
	return true;
}

/* Adds up what @file of each compartment's folder in /proc says, as @read understands it. */
static bool
each_compartment(bool (*read)(int pid, uint64_t *sum), double *ret, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const struct monitor_info *infos;
	size_t n = monitor_list(starter.monitor, &arena, &infos), seen = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (infos[i].pid && infos[i].state != MONITOR_EXITED) {
			if (!read(infos[i].pid, &sum))
				return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, ACCESS_DENIED),
						"/proc/%d may not be read", infos[i].pid);
			seen++;
		}
	if (!seen)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "no compartment");
	*ret = (double)sum / (double)seen;
	return true;
}

static FILE *
proc_open(int pid, const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

/* Nanoseconds on a CPU of all threads: finer than the ticks of utime and stime, which it contains. */
static bool
read_cpu(int pid, uint64_t *sum)
{
	char path[64], name[300];
	struct dirent *e;
	bool any = false;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		TWZ_FCLOSE FILE *f = NULL;
		uint64_t ns;

		snprintf(name, sizeof(name), "task/%s/schedstat", e->d_name);
		f = proc_open(pid, name);
		if (f && fscanf(f, "%" SCNu64, &ns) == 1) {
			*sum += ns;
			any = true;
		}
	}
	if (d)
		closedir(d);
	return any;
}

static bool
read_memory(int pid, uint64_t *sum)
{
	TWZ_FCLOSE FILE *f = proc_open(pid, "smaps_rollup");
	bool any = false;
	char line[256];
	uint64_t kib;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Private_Dirty: %" SCNu64, &kib) == 1 ||
		    sscanf(line, "Private_Clean: %" SCNu64, &kib) == 1) {
			*sum += kib;
			any = true;
		}
	return any;
}

static bool
idle(double *ret, struct twz_error *err)
{
	double before, after;

	nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
	if (!each_compartment(read_cpu, &before, err))
		return false;
	nanosleep(&(struct timespec){ 1, 0 }, NULL);
	if (!each_compartment(read_cpu, &after, err))
		return false;
	*ret = after - before;
	return true;
}

enum { MANY = 1000, SOME = 50 };

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

/* A call of each, one after the other: every one of them was asleep for long. */
static bool
call_each(struct monitor_gate *const *gates, struct twz_error *err)
{
	uint64_t from = now(), words[2] = { 1, 2 };
	int sum;

	for (int i = 0; i < MANY; i++)
		if (!monitor_call(gates[i], words, &sum, -1, err))
			return false;
	starter.robin = (double)(now() - from) / MANY;
	return true;
}

static bool
start_many(double *ret, struct twz_error *err)
{
	static struct monitor_gate *gates[MANY];
	static double took[MANY];
	struct rlimit files;
	double sum = 0;

	/* Three descriptors each. */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	close_monitor();
	if (!open_monitor(err))
		return false;
	for (int i = 0; i < MANY; i++) {
		uint64_t from = now();

		if (!start(NULL, err))
			return false;
		took[i] = (double)(now() - from);
		sum += took[i];
		gates[i] = starter.last;
	}
	*ret = sum / MANY;
	starter.tenth = median(took + 5, SOME);
	starter.thousandth = median(took + MANY - SOME, SOME);
	return call_each(gates, err);
}

static bool
obey(char order, double *ret, struct twz_error *err)
{
	bool ok = true;
	uint64_t from;

	if (order == 'S')
		close_monitor();
	from = now();
	if (order == 'o' || order == 'S')
		ok = open_monitor(err);
	if (order == 's' || order == 'S')
		ok = ok && start(NULL, err);
	if (order == 'p')
		ok = start(&(struct monitor_load_options){ .preload = true }, err);
	if (order == 'f')
		ok = start(&(struct monitor_load_options){ .fresh = true }, err);
	*ret = (double)(now() - from);
	if (order == 'c')
		close_monitor();
	if (order == 'K')
		ok = start_many(ret, err);
	if (order == '1')
		*ret = starter.tenth;
	if (order == '2')
		*ret = starter.thousandth;
	if (order == '3')
		*ret = starter.robin;
	if (order == 'i')
		ok = idle(ret, err);
	if (order == 'm')
		ok = each_compartment(read_memory, ret, err);
	return ok;
}

static bool
find_service(struct twz_error *err)
{
	const char *folders[] = { twz_format(&starter.arena, "%s/lib/twz", starter.root), NULL };
	struct registry *registry = NULL;
	const char *path;
	bool ok;

	if (!registry_find(folders, "calc", &starter.arena, &path))
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no service calc");
	if (!registry_open(NULL, &registry, err))
		return false;
	ok = registry_service(registry, path, &starter.arena, &starter.service, err);
	registry_close(registry);
	return ok && (twz_gate_find(starter.service, "add") ||
		      twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no gate add"));
}

int
main(int argc, char **argv)
{
	struct twz_error err = { 0 };
	char order[16];

	if (argc != 3)
		return 2;
	starter.root = argv[1];
	starter.folder = argv[2];
	if (!find_service(&err))
		fprintf(stderr, "starter: %s\n", err.text);
	while (read(0, order, sizeof(order)) > 0) {
		double value = 0;
		bool ok = err.cls == TWZ_CLASS_NONE && obey(*order, &value, &err);
		int n = ok ? dprintf(1, "%.17g", value) : dprintf(1, "failed: %s", err.text);

		if (n < 0)
			break;
	}
	monitor_close(starter.monitor);
	twz_arena_free(&starter.arena);
	return 0;
}
