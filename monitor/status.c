/* What the session shows of its compartments: sys::compartments, sys::stats, sys::status. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/internal.h"

enum { PATIENCE_NS = 2000000000 };

/* The process number as we see it, from the kernel's description of the pidfd. */
int
instance_pid(const struct instance *i)
{
	char path[64], line[128];
	int pid = 0;
	FILE *f;

	if (!i || i->pidfd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", i->pidfd);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (!pid && fgets(line, sizeof(line), f))
		sscanf(line, "Pid: %d", &pid);
	fclose(f);
	return pid > 0 ? pid : 0;
}

uint64_t
instance_private_memory(const struct instance *i)
{
	unsigned long long resident, shared;
	int pid = instance_pid(i);
	uint64_t bytes = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	f = pid ? fopen(path, "re") : NULL;
	if (!f)
		return 0;
	if (fscanf(f, "%*u %llu %llu", &resident, &shared) == 2 && resident > shared)
		bytes = (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
	fclose(f);
	return bytes;
}

bool
instance_is_ready(const struct instance *i)
{
	bool ready = i->ready;

	for (const struct monitor_link *l = i->links; l && !ready; l = l->next)
		ready = __atomic_load_n(&l->shared->ready, __ATOMIC_RELAXED) & FUTEX_TID_MASK;
	return ready;
}

uint64_t
compartment_calls(const struct compartment *c)
{
	uint64_t calls = __atomic_load_n(&c->calls, __ATOMIC_RELAXED);

	for (const struct monitor_link *l = c->instance ? c->instance->links : NULL; l; l = l->next)
		calls += link_uncounted(l);
	return calls;
}

bool
instance_is_idle(const struct instance *i)
{
	for (const struct monitor_link *l = i->links; l; l = l->next)
		if (link_is_busy(l->shared))
			return false;
	return true;
}

uint32_t
compartment_flags(const struct compartment *c)
{
	const struct instance *i = c->instance;
	uint32_t flags = twz_gate_find(c->service, "cli_main") ? 1U << MONITOR_FLAG_IS_BINARY : 0;

	if (c->loaded)
		return flags | 1U << MONITOR_FLAG_STARTED | 1U << MONITOR_FLAG_READY;
	if (i && i->started)
		flags |= 1U << MONITOR_FLAG_STARTED;
	if (i && instance_is_ready(i))
		flags |= 1U << MONITOR_FLAG_READY | (instance_is_idle(i) ? 1U << MONITOR_FLAG_THREAD_CAN_EXIT : 0);
	if (!i && c->generation)
		flags |= 1U << MONITOR_FLAG_EXITED | (c->destructed ? 1U << MONITOR_FLAG_DESTRUCTED : 0);
	return flags;
}

struct monitor_info
compartment_info(const struct compartment *c, struct twz_arena *arena)
{
	const struct instance *i = c->instance;
	bool parked = i ? park_holds(i) : c->parked;
	struct monitor_info info = {
		.id.value = (uint64_t)c->generation << 32 | c->slot,
		.service = c->service->name,
		.state = parked ? MONITOR_PARKED
			 : !i	? MONITOR_EXITED
			   : instance_is_ready(i) ? MONITOR_READY : MONITOR_STARTING,
		.pid = instance_pid(i),
		.calls = compartment_calls(c),
		.memory = instance_private_memory(i),
		.faults = c->faults,
		.restarts = c->restarts,
		.why = twz_strdup(arena, i || parked ? "" : c->why),
		.asks = c->options.asks,
		.asked = c->options.level,
		.minimum = c->minimum,
		.active = level_active(c),
		.flags = compartment_flags(c),
		.mechanism = c->mechanism->which,
	};
	if (c->loaded) {
		info.state = MONITOR_READY;
		info.pid = getpid();
		info.why = "";
	}

	for (const struct monitor_link *l = i ? i->links : NULL; l; l = l->next)
		info.links++;
	return info;
}

/*
 * A call can be answered before the monitor's thread has read what the zygote said of the process:
 * that is under way, and whoever has called it may expect to see it.
 */
void
instance_await_started(struct monitor *m, const struct compartment *c)
{
	struct timespec until = link_time(link_now() + PATIENCE_NS);

	while (c->instance && instance_is_ready(c->instance) && !c->instance->started)
		if (pthread_cond_timedwait(&m->changed, &m->lock, &until))
			break;
}

size_t
monitor_list(struct monitor *m, struct twz_arena *arena, const struct monitor_info **ret)
{
	struct monitor_info *all;
	size_t n = 0;

	pthread_mutex_lock(&m->lock);
	all = twz_new_array(arena, m->ncompartments, struct monitor_info);
	for (size_t i = 0; i < m->ncompartments; i++) {
		if (m->compartments[i]->options.here || m->compartments[i]->unloaded)
			continue;
		instance_await_started(m, m->compartments[i]);
		all[n++] = compartment_info(m->compartments[i], arena);
	}
	pthread_mutex_unlock(&m->lock);
	*ret = all;
	return n;
}

static void
count_spare(const struct zygote *z, struct monitor_stats *ret)
{
	if (!z->spare || !z->spare->started || !(z->spare->told || z->told))
		return;		/* none yet */
	ret->spares++;
	ret->spare_memory += instance_private_memory(z->spare);
}

void
monitor_stats(struct monitor *m, struct monitor_stats *ret)
{
	pthread_mutex_lock(&m->lock);
	*ret = m->stats;
	ret->calls = 0;
	ret->crossings = m->shared_crossings;
	for (uint32_t i = 0; i < m->ncompartments; i++)
		ret->calls += __atomic_load_n(&m->compartments[i]->calls, __ATOMIC_RELAXED);
	for (const struct instance *i = m->instances; i; i = i->next)
		for (const struct monitor_link *l = i->links; l; l = l->next) {
			ret->calls += link_uncounted(l);
			ret->crossings += __atomic_load_n(&l->shared_crossings, __ATOMIC_RELAXED);
		}
	ret->crossings = ret->calls - ret->crossings;
	count_spare(&m->zygote, ret);
	for (const struct zygote *z = m->zygotes; z; z = z->next)
		count_spare(z, ret);
	pthread_mutex_unlock(&m->lock);
}

/* Rows are made with the lock held, from what zygote and compartment reported. */
struct rows {
	struct twz_arena *arena;
	struct monitor_property *all;
	size_t n;
};

static void
row(struct rows *r, const char *name, bool active, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void
row(struct rows *r, const char *name, bool active, const char *fmt, ...)
{
	va_list ap;
	struct monitor_property p = { .name = name, .active = active };

	va_start(ap, fmt);
	p.mechanism = twz_vformat(r->arena, fmt, ap);
	va_end(ap);
	twz_push(r->arena, r->all, r->n, p);
}

static void
namespace_rows(struct rows *r, uint32_t namespaces)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} all[] = {
		{ CLONE_NEWUSER, "user namespace" }, { CLONE_NEWPID, "process namespace" },
		{ CLONE_NEWNS, "mount namespace" },  { CLONE_NEWIPC, "ipc namespace" },
		{ CLONE_NEWUTS, "host name namespace" },
	};

	for (size_t i = 0; i < TWZ_COUNT(all); i++)
		row(r, all[i].name, namespaces & all[i].flag,
		    namespaces & all[i].flag ? "own namespace" : "refused by the kernel");
	row(r, "network namespace", false, "not asked for: seccomp and Landlock close the network");
}

/* What else the allow-list leaves out, one row for each promise: tests/isolation tries them all. */
static void
refused_rows(struct rows *r, bool filter)
{
	static const struct {
		const char *name, *calls;
	} all[] = {
		{ "keyrings", "add_key, request_key and keyctl" },
		{ "io_uring", "io_uring_setup" },
		{ "userfaultfd", "userfaultfd" },
		{ "kernel programs", "bpf" },
		{ "performance counters", "perf_event_open" },
		{ "mounts", "mount, pivot_root, chroot, unshare and setns" },
		{ "modules", "init_module and kexec_load" },
		{ "clocks", "clock_settime, settimeofday and adjtimex" },
		{ "processor", "priorities and real-time; a call's deadline ends it" },
		{ "terminals", "ioctl" },
		{ "other entries", "32-bit and x32 system calls, which end the process" },
	};

	for (size_t i = 0; i < TWZ_COUNT(all); i++)
		row(r, all[i].name, filter, "%s%s", filter ? "seccomp refuses " : "open: seccomp would refuse ",
		    all[i].calls);
}

static void
rows_of(struct rows *r, const struct monitor *m)
{
	const struct message_confinement *z = &m->zygote.got;
	const struct message_confinement *c = m->confined ? &m->compartment_got : z;
	uint32_t abi = c->landlock;
	bool filter = z->filter && (!m->confined || c->filter_own), has_keys;
	const char *keys;

	row(r, "reported by", m->confined, "%s",
	    m->confined ? "a compartment of this session"
			: "the zygote, as no compartment has started yet: what the kernel offers");
	row(r, "files", abi, abi ? "Landlock ABI %u: system libraries, own file and those that it needs, private folder"
				 : "Landlock is not available (ABI %u)", abi);
	row(r, "network", filter, filter ? "seccomp refuses to make sockets%s" : "open%s",
	    abi >= 4 ? "; Landlock refuses TCP" : "");
	row(r, "processes", filter, "%s", filter ? "seccomp refuses fork and exec" : "open");
	row(r, "signals", filter || abi >= 6, "%s%s", filter ? "seccomp: only to itself" : "open",
	    abi >= 6 ? "; Landlock scope" : "");
	row(r, "tracing", filter, "%s", filter ? "seccomp refuses ptrace and process_vm_*" : "open");
	refused_rows(r, filter);
	row(r, "dumping", z->not_dumpable, "%s", z->not_dumpable ? "not dumpable, no core files"
								 : "refused by the kernel");
	namespace_rows(r, z->is_init ? m->zygote.namespaces
				     : m->zygote.namespaces & ~(uint32_t)CLONE_NEWPID);
	row(r, "privileges", z->no_new_privs && z->no_capabilities, "%s%s",
	    z->no_new_privs ? "no_new_privs" : "no_new_privs refused",
	    z->no_capabilities ? ", no capabilities" : ", capabilities could not be dropped");
	if (!filter)
		row(r, "system calls", false, "seccomp is not available");
	else if (m->confined)
		row(r, "system calls", true, "seccomp filters of %u and %u instructions", z->filter,
		    c->filter_own);
	else
		row(r, "system calls", true, "seccomp filter of %u instructions", z->filter);
	row(r, "memory", c->limits && filter, "limit of %llu MiB of private memory; %s shared memory",
	    (unsigned long long)(m->options.memory >> 20), filter ? "seccomp refuses" : "open:");
	row(r, "descriptors", c->limits, "limit of %u", z->files);
	row(r, "file size", c->limits, "limit of %llu MiB",
	    (unsigned long long)(z->file_size >> 20));
	row(r, "time", true, "each call's deadline");
	keys = protect_status(&has_keys, r->arena);
	row(r, "protection keys", has_keys, "%s", keys);
}

bool
monitor_status(struct monitor *m, struct twz_arena *arena, const struct monitor_property **ret,
	       size_t *n, struct twz_error *err)
{
	struct rows r = { .arena = arena };
	struct timespec until = link_time(link_now() + PATIENCE_NS);
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = zygote_ensure(m, err) && loop_start(m, err);
	while (ok && !m->zygote.said_hello && m->zygote.fd >= 0)
		if (pthread_cond_timedwait(&m->changed, &m->lock, &until) == ETIMEDOUT)
			break;
	if (ok && !m->zygote.said_hello)
		ok = twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE),
			      "the zygote %s did not start", m->options.guest);
	if (ok)
		rows_of(&r, m);
	pthread_mutex_unlock(&m->lock);
	*ret = r.all;
	*n = r.n;
	return ok;
}
