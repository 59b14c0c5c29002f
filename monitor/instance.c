/*
 * One process of a compartment: started through the zygote, told what to do over its control socket,
 * ended by a signal to its pidfd.
 *
 * Starting does not wait. The START message, the descriptions of gates and the links are put into
 * sockets before the process exists; who wants to call does so at once, and waits on its link for the answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/internal.h"
#include "monitor/loop.h"

static bool
make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdir(path, 0700) && errno != EEXIST) {
			*slash = '/';
			return false;
		}
		*slash = '/';
	}
	return !mkdir(path, 0700) || errno == EEXIST;
}

/* The private folder: ours, closed to others, and no symbolic link. */
static bool
open_state(struct compartment *c, int *ret, struct twz_error *err)
{
	TWZ_CLOSE int fd = -1;
	struct stat st;

	fd = open(c->state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (!make_folders(c->state)) {
			twz_fail_sys(err, errno, "make the folder %s", c->state);
			return twz_hint(err, "XDG_STATE_HOME names a place for what services keep");
		}
		fd = open(c->state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &st))
		return twz_fail_sys(err, errno, "open the folder %s", c->state);
	if (st.st_uid != geteuid())
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, ACCESS_DENIED),
				"the folder %s belongs to somebody else", c->state);
	if ((st.st_mode & 0777) != 0700 && fchmod(fd, 0700))
		return twz_fail_sys(err, errno, "close the folder %s to others", c->state);
	*ret = fd;
	fd = -1;
	return true;
}

/* Memory to be shared with a guest: of a fixed size, whatever the guest does. */
static int
sealed_memory(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)size) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		close(fd);
		return -1;
	}
	return fd;
}

int
instance_memory(const char *name, size_t size, void **ret, size_t map)
{
	int fd = sealed_memory(name, size);

	if (fd < 0)
		return -1;
	*ret = mmap(NULL, map, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (*ret == MAP_FAILED) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What goes along with START. */
struct ends {
	int state, out;
};

static bool
make_ends(struct instance *i, struct ends *e, struct twz_error *err)
{
	int pipes[2];

	if (!i->compartment->options.preload && !open_state(i->compartment, &e->state, err))
		return false;
	if (!twz_gate_find(i->compartment->service, "cli_main"))
		return true;
	if (pipe2(pipes, O_CLOEXEC))
		return twz_fail_sys(err, errno, "make a pipe");
	i->out = pipes[0];
	e->out = pipes[1];
	fcntl(i->out, F_SETFL, O_NONBLOCK);
	return loop_watch(i->compartment->monitor, i->out, loop_tag(LOOP_OUT, i->serial)) ||
	       twz_fail_sys(err, errno, "watch a pipe");
}

void
instance_build_id(const struct compartment *c, char *ret)
{
	*ret = '\0';
	for (uint32_t k = 0; k < c->service->build_id_size && k < TWZ_BUILD_ID_MAX; k++)
		snprintf(ret + 2 * k, 3, "%02x", c->service->build_id[k]);
}

/* What a START message says after its head. */
static bool
start_text(const struct compartment *c, char *text, size_t size, size_t *n)
{
	const char *granted = __atomic_load_n(&c->service->granted, __ATOMIC_ACQUIRE);
	char id[2 * TWZ_BUILD_ID_MAX + 1];
	int wrote;

	instance_build_id(c, id);
	wrote = snprintf(text, size, "%s%c%s%c%s%c%s", c->service->path, 0, c->state, 0, id, 0,
			 granted ? granted : "");
	if (wrote < 0 || (size_t)wrote >= size)
		return false;
	*n = (size_t)wrote + 1;
	for (uint32_t k = 0; k < c->options.nenv; k++) {
		size_t more = strlen(c->options.env[k]) + 1;

		if (more > size - *n)
			return false;
		memcpy(text + *n, c->options.env[k], more);
		*n += more;
	}
	return true;
}

static bool
send_start(struct instance *i, const struct ends *e, struct twz_error *err)
{
	struct compartment *c = i->compartment;
	const struct monitor_load_options *o = &c->options;
	struct message head = { .kind = MESSAGE_START, .serial = i->serial,
				.word = { o->memory ? o->memory : c->monitor->options.memory, i->id,
					  o->nenv, c->monitor->options.require_full, given_messages(o) } };
	const int fds[] = { e->state, e->out };
	char text[64 << 10];
	uint64_t memory;
	size_t n;

	if (!o->memory && asks_granted(c->service, TWZ_ASK_MEMORY, &memory) && memory > head.word[0])
		head.word[0] = memory;
	if (!start_text(c, text, sizeof(text), &n))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"the path or the environment of service %s is too long",
				c->service->name);
	if (!message_send(i->control, &head, text, n, e->state < 0 ? &e->out : fds,
			  (size_t)(e->state >= 0) + (size_t)(e->out >= 0)))
		return twz_fail_sys(err, errno, "start service %s", c->service->name);
	return true;
}

/*
 * A spare sleeps where it was made, and to wake it there takes longer than to load a small service: the caller waits
 * for it, so its own CPU is free. The guest may run everywhere again when its first thread is there.
 */
static void
bring_here(struct instance *i, uint32_t cpu)
{
	cpu_set_t one;

	/* By its number, which is nobody else's as long as it is not reaped. */
	if (!i->pid || cpu >= CPU_SETSIZE || syscall(SYS_pidfd_send_signal, i->pidfd, 0, NULL, 0))
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(i->pid, sizeof(one), &one);
}

/* @i becomes the compartment's; nothing of that is undone when it fails. */
static bool
give(struct instance *i, struct compartment *c, struct twz_error *err)
{
	const uint32_t cpu = (uint32_t)sched_getcpu();
	struct ends e = { -1, -1 };
	bool ok;

	i->compartment = c;
	if (i->first) {	/* its thread is best made where its caller is */
		__atomic_store_n(&i->first->cpu, cpu, __ATOMIC_RELAXED);
		bring_here(i, cpu);
	}
	i->id = (uint64_t)(c->generation + 1) << 32 | c->slot;
	ok = make_ends(i, &e, err) && send_start(i, &e, err) && given_send(i, err);
	twz_closep(&e.state);
	twz_closep(&e.out);
	return ok;
}

/* A spare that was killed while it waited is replaced. */
static bool
take(struct compartment *c, struct zygote *z, struct instance **ret, struct twz_error *err)
{
	bool ahead = z->spare;

	if (!spare_take(z, ret, err))
		return false;
	if (give(*ret, c, err))
		return true;
	spare_drop(*ret);
	if (!ahead)
		return false;
	*err = (struct twz_error){ 0 };
	return take(c, z, ret, err);
}

bool
instance_start(struct compartment *c, struct instance **ret, struct twz_error *err)
{
	struct monitor *m = c->monitor;
	struct zygote *zygote;
	struct instance *i;

	if ((c->active >= TWZ_LEVEL_CALLER && !asks_met(c->service, err)) || !zygote_for(m, c, &zygote, err) ||
	    !require_namespaces(c, zygote, err))
		return false;
	if (!take(c, zygote, &i, err)) {
		zygote_release(zygote);
		return twz_wrap(err, "start service %s", c->service->name);
	}
	m->stats.started++;
	if (c->generation++ && !c->parked)
		c->restarts++, m->stats.restarts++;
	c->parked = false;
	c->why[0] = 0;
	c->failure = (struct twz_error){ 0 };
	spare_taken(zygote);
	i->next = m->instances;
	m->instances = c->instance = i;
	if (i->started)
		event_add(c, MONITOR_FLAG_STARTED);
	zygote_vouches(i);
	instance_confined(i);
	*ret = i;
	return true;
}

void
instance_confined(const struct instance *i)
{
	struct monitor *m = i->compartment->monitor;

	if (!i->told || i->zygote != &m->zygote || (m->confined && m->compartment_got.landlock <= i->got.landlock))
		return;
	m->compartment_got = i->got;
	m->confined = true;
}

void
instance_kill(struct instance *i)
{
	__atomic_store_n(&i->doomed, true, __ATOMIC_RELAXED);
	/* Without a pidfd yet, the kill happens when the zygote has sent it. */
	if (i->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, i->pidfd, SIGKILL, NULL, 0);
}

static void
wake_callers(struct instance *i)
{
	__atomic_store_n(&i->dead, 1, __ATOMIC_SEQ_CST);
	for (struct monitor_link *l = i->links; l; l = l->next)
		caller_poke(l->shared);
}

void
instance_died(struct instance *i)
{
	if (!i->dead)
		wake_callers(i);
	if (i->pidfd >= 0)
		close(i->pidfd);
	i->pidfd = -1;
}

static void
say_why(struct instance *i)
{
	struct compartment *c = i->compartment;

	if (i->failure.cls != TWZ_CLASS_NONE)
		snprintf(c->why, sizeof(c->why), "%.200s", i->failure.text);
	else
		crash_describe(i, c->why, sizeof(c->why));
	c->failure = i->failure;
	c->end_known = i->reaped;
	c->end_status = i->status;
	c->destructed = i->reaped && i->end_ns && WIFEXITED(i->status) && !WEXITSTATUS(i->status);
}

void
instance_ended(struct instance *i)
{
	struct compartment *c = i->compartment;
	struct monitor *m = c->monitor;
	struct instance **at = &m->instances;

	if (i->gone)
		return;
	life_was_ready(i);
	instance_died(i);
	while (output_read(m, i, true) || output_read(m, i, false))
		;
	i->gone = true;
	say_why(i);
	if (c->instance == i)
		c->instance = NULL;
	while (*at && *at != i)
		at = &(*at)->next;
	if (*at)
		*at = i->next;
	lend_forget(m, i->serial);
	links_abandon(m, i);
	while (i->links) {
		struct monitor_link *l = i->links;

		i->links = l->next;
		link_unref(l);
	}
	close(i->control);
	i->control = -1;
	zygote_release(i->zygote);
	i->zygote = NULL;
	m->ending -= i->end_ns != 0;
	event_add(c, MONITOR_FLAG_EXITED);
	if (c->options.restart == MONITOR_RESTART_NEVER)
		handlers_forget(c);
	life_look(c);
	pthread_cond_broadcast(&m->changed);
	instance_unref(i);
}

void
instance_unref(struct instance *i)
{
	if (!i || --i->refs)
		return;
	twz_closep(&i->control);
	twz_closep(&i->log);
	twz_closep(&i->out);
	twz_closep(&i->pidfd);
	if (i->crash)
		munmap(i->crash, CRASH_PAGE_SIZE);
	if (i->first)
		munmap(i->first, LINK_SIZE);
	free(i);
}

bool
instance_describe(struct instance *i, struct monitor_gate *gate, struct twz_error *err)
{
	struct message head = { .kind = MESSAGE_GATE };

	if (gate->described == i->serial)
		return true;
	if (!message_send(i->control, &head, gate->wire, gate->wire->bytes, NULL, 0)) {
		if (errno == EPIPE || errno == ECONNRESET)
			return true;	/* it is dead; who waits for it will hear why */
		return twz_fail_sys(err, errno, "tell service %s of gate %s",
				    i->compartment->service->name, gate->gate->name);
	}
	__atomic_store_n(&gate->described, i->serial, __ATOMIC_RELEASE);
	return true;
}
