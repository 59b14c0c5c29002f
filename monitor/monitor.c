/* The monitor's life, and what its embedder may ask of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "monitor/cpus.h"
#include "monitor/internal.h"

enum { DEFAULT_MEMORY = 512 << 20, DEFAULT_DEPTH = 16 };

static uint64_t next_serial;	/* atomic */

static char *
copy(const char *text)
{
	return strdup(text ? text : "");
}

static void
free_text(const char *text)
{
	free((void *)(uintptr_t)text);
}

static void
monitor_free(struct monitor *m)
{
	for (uint32_t i = 0; i < m->ncompartments; i++)
		compartment_free(m->compartments[i]);
	free(m->compartments);
	free(m->services);
	events_free(m);
	twz_closep(&m->epoll);
	twz_closep(&m->wake);
	if (m->zygote_stack)
		munmap(m->zygote_stack, 32 << 10);
	twz_arena_free(&m->arena);
	free_text(m->options.context);
	free_text(m->options.guest);
	free_text(m->options.state_dir);
	pthread_mutex_destroy(&m->lock);
	pthread_cond_destroy(&m->changed);
	free(m);
}

void
monitor_unref(struct monitor *m)
{
	bool last = !--m->refs;

	pthread_mutex_unlock(&m->lock);
	if (last)
		monitor_free(m);
}

static bool
monitor_init(struct monitor *m, const struct monitor_options *options, struct twz_error *err)
{
	pthread_condattr_t attr;

	m->options = *options;
	m->options.context = copy(options->context);
	m->options.guest = copy(options->guest);
	m->options.state_dir = copy(options->state_dir);
	if (!m->options.memory)
		m->options.memory = DEFAULT_MEMORY;
	if (!m->options.depth)
		m->options.depth = DEFAULT_DEPTH;
	m->serial = __atomic_add_fetch(&next_serial, 1, __ATOMIC_RELAXED);
	m->refs = 1;
	m->zygote = (struct zygote){ .monitor = m, .fd = -1, .pidfd = -1 };
	m->epoll = m->wake = -1;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->changed, &attr);
	pthread_condattr_destroy(&attr);
	m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->wake < 0 || !m->options.context || !m->options.guest || !m->options.state_dir)
		return twz_fail_sys(err, errno, "open the monitor");
	if (!zygote_ensure(m, err))
		return false;
	m->hot_limit = cpus_hot_limit();	/* while the zygote starts */
	return true;
}

bool
monitor_open(const struct monitor_options *options, struct monitor **ret, struct twz_error *err)
{
	struct monitor *m = calloc(1, sizeof(*m));

	if (!m)
		return twz_fail_sys(err, errno, "open the monitor");
	if (!monitor_init(m, options, err)) {
		monitor_free(m);
		return false;
	}
	*ret = m;
	return true;
}

void
monitor_close(struct monitor *m)
{
	if (!m)
		return;
	monitor_flush(m);
	pthread_mutex_lock(&m->lock);
	m->closing = true;
	pthread_mutex_unlock(&m->lock);
	loop_wake(m);
	if (m->has_thread)
		pthread_join(m->thread, NULL);
	while (m->zygotes)
		zygote_end(m->zygotes);
	zygote_end(&m->zygote);
	pthread_mutex_lock(&m->lock);
	while (m->instances) {
		m->instances->zygote = NULL;
		instance_ended(m->instances);
	}
	shared_end(m);
	lend_end(m);
	pthread_mutex_unlock(&m->lock);
	thread_drop(thread_self(), m);
	pthread_mutex_lock(&m->lock);
	monitor_unref(m);
}

bool
monitor_load(struct monitor *m, const struct twz_service *service,
	     const struct monitor_load_options *options, struct monitor_id *ret, struct twz_error *err)
{
	struct compartment *c;
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = compartment_find(m, service, options, &c, err) && compartment_start(c, err);
	if (ok)
		ret->value = (uint64_t)c->generation << 32 | c->slot;
	pthread_mutex_unlock(&m->lock);
	return ok;
}

bool
monitor_bind(struct monitor *m, const struct twz_service *service, const struct twz_gate *gate,
	     struct monitor_gate **ret, struct twz_error *err)
{
	const struct monitor_who who = { .context = m->options.context, .service = "" };
	const struct monitor_host *host = &m->options.host;
	struct compartment *c;
	bool ok;

	if (!nested_visible("", service, gate, err))
		return false;
	if (host->may_call && !host->may_call(host->data, &who, service, gate, err))
		return false;
	pthread_mutex_lock(&m->lock);
	ok = compartment_find(m, service, NULL, &c, err) && compartment_bind(c, gate, ret, err);
	pthread_mutex_unlock(&m->lock);
	return ok;
}

const struct twz_plan *
monitor_plan(const struct monitor_gate *gate)
{
	return gate->plan;
}

void *
monitor_function(const struct monitor_gate *gate)
{
	struct compartment *c = gate->compartment;
	void *function = NULL;

	pthread_mutex_lock(&c->monitor->lock);
	if (c->mechanism == &mechanism_direct && c->loaded && !c->unloading && gate->call != handlers_call &&
	    !gate->plan->ret.by_errno && !gate->plan->makes && !gate->plan->keeps && !gate->plan->closes) {
		c->lent = true;	/* whoever has it calls it without asking: it must stay */
		function = gate->function;
	}
	pthread_mutex_unlock(&c->monitor->lock);
	return function;
}

bool
monitor_set_context(struct monitor *m, const char *context, struct twz_error *err)
{
	const char *name = copy(context);

	if (!name)
		return twz_fail_sys(err, ENOMEM, "attach to %s", context);
	thread_drop(thread_self(), m);
	pthread_mutex_lock(&m->lock);
	free_text(m->options.context);
	m->options.context = name;
	pthread_mutex_unlock(&m->lock);
	return true;
}

uint64_t
monitor_thread_number(struct monitor *m)
{
	uint64_t number;

	pthread_mutex_lock(&m->lock);
	number = call_thread_number(m);
	pthread_mutex_unlock(&m->lock);
	return number;
}

void
monitor_interrupt(struct monitor *m)
{
	int saved = errno;

	__atomic_store_n(&m->interrupted, 1, __ATOMIC_SEQ_CST);
	loop_wake(m);
	errno = saved;
}

void
monitor_resume(struct monitor *m)
{
	__atomic_store_n(&m->interrupted, 0, __ATOMIC_SEQ_CST);
}

void
monitor_flush(struct monitor *m)
{
	uint64_t asked;

	pthread_mutex_lock(&m->lock);
	asked = m->has_thread && output_waits(m) ? ++m->flush_asked : m->flushed;
	while (m->has_thread && !m->closing && m->flushed < asked) {
		loop_wake(m);
		pthread_cond_wait(&m->changed, &m->lock);
	}
	pthread_mutex_unlock(&m->lock);
}

const char *
monitor_mechanism_text(enum monitor_mechanism mechanism)
{
	static const char *const texts[] = {
		[MONITOR_BY_LEVEL] = "",
#define X(name, text) [MONITOR_BY_##name] = text,
		MONITOR_MECHANISMS(X)
#undef X
	};

	return texts[mechanism];
}

const char *
monitor_state_text(enum monitor_state state)
{
	static const char *const texts[] = {
#define X(name, text) [MONITOR_##name] = text,
		MONITOR_STATES(X)
#undef X
	};

	return texts[state];
}
