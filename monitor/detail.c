/*
 * One compartment seen from close by: what was asked of its isolation, what holds and by what; its threads
 * as the kernel has them; whom it calls and who calls it.
 */
#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/internal.h"

struct details {
	struct twz_arena *arena;
	struct monitor_detail *all;
	size_t n;
};

static const char *const level_texts[] = {
#define X(level, text) text,
	TWZ_LEVELS(X)
#undef X
};

static void __attribute__((format(printf, 5, 6)))
add(struct details *d, const char *name, const char *asked, const char *active, const char *fmt, ...)
{
	struct monitor_detail row = { name, asked, active, "" };
	va_list args;
	char text[256];

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	row.mechanism = twz_strdup(d->arena, text);
	twz_push(d->arena, d->all, d->n, row);
}

static const char *
yes(bool is)
{
	return is ? "yes" : "no";
}

/* What the level in force asks for, as design.md's table has it, and what holds. */
static void
add_level(struct details *d, const struct compartment *c)
{
	const struct monitor_load_options *o = &c->options;
	enum twz_level asked = o->asks ? o->level : c->active, active = level_active(c);
	bool process = c->mechanism == &mechanism_process, mpk = c->mechanism == &mechanism_mpk;
	const char *how = process ? "a process of its own"
			  : mpk	  ? protect_text(c, d->arena) : monitor_mechanism_text(c->mechanism->which);

	add(d, "level", o->asks ? level_texts[o->level] : "", level_texts[active], "%s; at least %s",
	    how, level_texts[c->minimum]);
	add(d, "own memory", yes(asked >= TWZ_LEVEL_CALLEE), yes(active >= TWZ_LEVEL_CALLEE), "%s",
	    active >= TWZ_LEVEL_CALLEE ? how : "it shares the caller's");
	add(d, "caller's memory closed", yes(mpk || asked == TWZ_LEVEL_FULL), yes(mpk || active == TWZ_LEVEL_FULL),
	    "%s", mpk ? how : active == TWZ_LEVEL_FULL ? "a process of its own, which may not trace others"
	    : active == TWZ_LEVEL_NONE ? "it shares the caller's"
				       : "a process that has its user's rights");
	add(d, "confined", yes(asked >= TWZ_LEVEL_CALLER), yes(active >= TWZ_LEVEL_CALLER), "%s",
	    active < TWZ_LEVEL_CALLER ? "not asked for"
	    : mpk ? "files, network, processes: no system call reaches them" : "see sys::status");
	add(d, "faults contained", yes(asked >= TWZ_LEVEL_CALLEE), yes(active >= TWZ_LEVEL_CALLEE), "%s",
	    active >= TWZ_LEVEL_CALLEE ? how : "a fault of it is one of the caller's process");
}

static void
add_limits(struct details *d, const struct compartment *c)
{
	const struct instance *i = c->instance;
	const struct message_confinement *got = i && i->told ? &i->got : &c->monitor->zygote.got;
	bool mpk = c->mechanism == &mechanism_mpk;
	bool limits = c->mechanism == &mechanism_process && c->active >= TWZ_LEVEL_CALLER && got->limits;
	uint64_t memory = c->options.memory ? c->options.memory : c->monitor->options.memory;
	const char *own = c->mechanism == &mechanism_process ? "rlimit" : "no limit of its own";

	add(d, "memory", twz_format(d->arena, "%llu MiB", (unsigned long long)(memory >> 20)),
	    yes(mpk || c->mechanism == &mechanism_process), "%s", mpk ? "pages of its slot of 1 GiB" : own);
	if (mpk) {
		add(d, "system calls", "yes", "yes", "user dispatch: the monitor answers some, and none is passed on");
		return;
	}
	add(d, "descriptors", twz_format(d->arena, "%u", got->files), yes(limits), "%s",
	    limits ? own : "no limit of its own");
	add(d, "file size", twz_format(d->arena, "%llu MiB", (unsigned long long)(got->file_size >> 20)),
	    yes(limits), "%s", limits ? own : "no limit of its own");
	add(d, "system calls", yes(c->active >= TWZ_LEVEL_CALLER), yes(limits && got->filter), "%s",
	    limits && got->filter ? "seccomp" : "all are open");
}

/* Who owns a user namespace may do anything in it: its user's own debugger gets in all the same. */
static void
add_debuggers(struct details *d, const struct compartment *c)
{
	const struct instance *i = c->instance;
	bool owned = i && i->zygote && i->zygote->namespaces & CLONE_NEWUSER;
	bool process = c->mechanism == &mechanism_process, debug = c->options.debug;

	add(d, "debuggers", yes(debug), yes(debug || owned || !process), "%s",
	    !process ? "as for the caller's process"
	    : debug  ? "it stopped before its service was loaded"
	    : owned  ? "not dumpable; its user owns its namespace, and so may"
		     : "not dumpable");
}

static void
add_rest(struct details *d, const struct compartment *c)
{
	const struct monitor_load_options *o = &c->options;

	add(d, "own layout", yes(o->fresh || o->debug),
	    yes(c->instance && c->instance->zygote && c->instance->zygote->kind & GUEST_OWN), "%s",
	    o->fresh || o->debug ? "exec"
	    : o->preload	 ? "that of its service's zygote" : "that of the session's zygote");
	if (o->preload)
		add(d, "preloaded", "yes", yes(c->instance != NULL), "%s",
		    "constructors ran once for all; no private folder; its own code keeps it from making processes");
	add_debuggers(d, c);
	add(d, "restart", o->restart == MONITOR_RESTART_BY_RECORD ? "" : o->restart == MONITOR_RESTART_NEVER ? "never" : "on_call",
	    compartment_never_restarts(c) ? "never" : "on_call", "after a fault%s",
	    o->restart != MONITOR_RESTART_BY_RECORD || !(twz_runs(c->service->asks, TWZ_RUNS_RESTART_NEVER) ||
	    twz_runs(c->service->asks, TWZ_RUNS_RESTART_ON_CALL)) ? "" : ", as its record says");
}

bool
monitor_describe(struct monitor *m, const struct twz_service *service, struct twz_arena *arena,
		 struct monitor_info *info, const struct monitor_detail **ret, size_t *n,
		 struct twz_error *err)
{
	struct details d = { .arena = arena };
	struct compartment *c;
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = life_find(m, service, &c, err);
	if (ok) {
		instance_await_started(m, c);
		*info = compartment_info(c, arena);
		add_level(&d, c);
		add_limits(&d, c);
		add_rest(&d, c);
	}
	pthread_mutex_unlock(&m->lock);
	*ret = d.all;
	*n = d.n;
	return ok;
}

/* -- threads ----------------------------------------------------------------------------------- */

/* "Key:\tvalue" of a status file. */
static const char *
status_line(const char *text, const char *key, struct twz_arena *arena)
{
	const char *at = strstr(text, key);

	at = at ? at + strlen(key) : "";
	at += strspn(at, " \t");
	return twz_strndup(arena, at, strcspn(at, "\n"));
}

static bool
read_thread(int pid, const char *id, struct twz_arena *arena, struct monitor_thread_info *ret)
{
	char path[64], text[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", pid, id);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	*ret = (struct monitor_thread_info){ atoi(id), status_line(text, "Name:", arena),
					     status_line(text, "State:", arena) };
	return true;
}

bool
monitor_threads(struct monitor *m, const struct twz_service *service, struct twz_arena *arena,
		const struct monitor_thread_info **ret, size_t *n, struct twz_error *err)
{
	struct monitor_thread_info *all = NULL, t;
	struct compartment *c;
	struct dirent *e;
	char path[64];
	int pid = 0;
	DIR *dir;
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = life_find(m, service, &c, err);
	if (ok) {
		instance_await_started(m, c);
		pid = instance_pid(c->instance);
	}
	pthread_mutex_unlock(&m->lock);
	*n = 0;
	if (!ok)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = pid ? opendir(path) : NULL;
	if (!dir)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE),
				"%s has no process of its own that can be seen", service->name);
	while ((e = readdir(dir)))
		if (*e->d_name != '.' && read_thread(pid, e->d_name, arena, &t))
			twz_push(arena, all, *n, t);
	closedir(dir);
	*ret = all;
	return true;
}

/* -- who calls whom ---------------------------------------------------------------------------- */

static void
count_link(struct twz_arena *arena, struct monitor_dependency **all, size_t *n, const char *service,
	   bool calls_it)
{
	struct monitor_dependency d = { service, calls_it, 1 };

	for (size_t k = 0; k < *n; k++)
		if ((*all)[k].service == service && (*all)[k].calls_it == calls_it) {
			(*all)[k].links++;
			return;
		}
	twz_push(arena, *all, *n, d);
}

bool
monitor_dependencies(struct monitor *m, const struct twz_service *service, struct twz_arena *arena,
		     const struct monitor_dependency **ret, size_t *n, struct twz_error *err)
{
	struct monitor_dependency *all = NULL;
	struct compartment *c;
	bool ok;

	*n = 0;
	pthread_mutex_lock(&m->lock);
	ok = life_find(m, service, &c, err);
	for (struct instance *i = ok ? m->instances : NULL; i; i = i->next)
		for (struct monitor_link *l = i->links; l; l = l->next) {
			if (!l->from)
				continue;
			if (l->from->compartment == c)
				count_link(arena, &all, n, i->compartment->service->name, true);
			if (i->compartment == c)
				count_link(arena, &all, n, l->from->compartment->service->name, false);
		}
	pthread_mutex_unlock(&m->lock);
	*ret = all;
	return ok;
}
