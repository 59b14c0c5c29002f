/*
 * The mechanism mpk: compartments in this process, by protection keys. monitor/mpk has the compartment;
 * here it gets its place among the others: loaded and restarted on demand, its gates described before
 * their first call, calls packed and unpacked as for any compartment, faults reported alike, and calls
 * of one service by another carried out on the caller's own thread.
 *
 * It gives level caller: the caller's memory is closed to the service, and the service is confined.
 * The service's memory is not closed to the caller, whose threads keep the key once they have called.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "monitor/internal.h"
#include "monitor/mpk/mpk.h"

enum { EARLY_OUTPUT = 64 << 10, BOUND_MAX = 1024 };

/* One compartment as long as it lives. */
struct guarded {
	struct compartment *compartment;
	struct mpk *mpk;
	uint64_t serial;		/* of gates that were described to it */
	uint32_t users;			/* calls that are under way, with the monitor's lock */
	struct mpk_caller said;		/* who calls, as it was told last */
	struct monitor_gate *bound[BOUND_MAX];	/* gates of others that it may call */
	uint32_t nbound;
	bool loading;			/* what it prints is kept, because the lock is held */
	size_t nearly;
	char early[EARLY_OUTPUT];
};

/* Gates that called gates on this thread, down to here; and whose call is carried out. */
static _Thread_local uint32_t nesting;
static _Thread_local const struct guarded *calling;

/* -- what it prints and whom it calls ------------------------------------------------------------- */

static void
on_output(void *data, const char *bytes, size_t n)
{
	struct guarded *p = data;
	const struct monitor_host *host = &p->compartment->monitor->options.host;

	if (!p->loading) {
		if (host->output)
			host->output(host->data, p->compartment->service->name, bytes, n);
		return;
	}
	if (n > sizeof(p->early) - p->nearly)
		n = sizeof(p->early) - p->nearly;
	memcpy(p->early + p->nearly, bytes, n);
	p->nearly += n;
}

static void
answer_failure(struct mpk_answer *a, const struct twz_error *err)
{
	a->cls = err->cls;
	a->code = err->code;
	snprintf(a->text, sizeof(a->text), "%s", err->text);
}

static bool
bind_for(struct guarded *p, const struct mpk_bind *want, struct monitor_gate **ret, struct twz_error *err)
{
	struct compartment *c = p->compartment, *to;
	struct monitor *m = c->monitor;
	const struct twz_service *service = NULL;
	const struct twz_gate *gate = NULL;
	bool ok;

	if (!nested_resolve(c, want->service, want->gate, want->signature, want->hash, &service, &gate, err))
		return false;
	pthread_mutex_lock(&m->lock);
	/* The guest would say what is to be called here, with all that the session may do. */
	ok = compartment_find(m, service, NULL, &to, err) && compartment_bind(to, gate, ret, err) &&
	     !callback_refused(*ret, "a service of mechanism mpk cannot be", err);
	pthread_mutex_unlock(&m->lock);
	return ok;
}

/* The guest's words are copied, once, before anything is made of them. */
static void
on_bind(struct guarded *p, unsigned char *block)
{
	struct mpk_answer *a = (void *)block;
	struct mpk_bind want;
	struct monitor_gate *gate = NULL;
	struct twz_error err = { 0 };
	bool ok;

	memcpy(&want, block, sizeof(want));
	want.service[sizeof(want.service) - 1] = 0;
	want.gate[sizeof(want.gate) - 1] = 0;
	want.signature[sizeof(want.signature) - 1] = 0;
	memset(a, 0, sizeof(*a));
	ok = p->nbound < BOUND_MAX
		     ? bind_for(p, &want, &gate, &err)
		     : twz_fail(&err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"%s has bound %d gates and may bind no more",
				p->compartment->service->name, BOUND_MAX);
	if (!ok) {
		answer_failure(a, &err);
		return;
	}
	a->number = p->nbound;
	p->bound[p->nbound++] = gate;
	memcpy(a + 1, gate->wire, gate->wire->bytes);
}

static bool
invoke(struct guarded *p, struct monitor_gate *g, unsigned char *block, int64_t timeout_ns, uint64_t *word,
       struct twz_error *err)
{
	struct monitor *m = p->compartment->monitor;
	struct link_call *head = (void *)block;
	uint64_t size = head->item.size, fixed = sizeof(struct twz_gatecall_item) + g->wire->nslots * 8;
	struct wire_run run = { .gate = g->wire, .size = size - fixed };
	const struct guarded *before = calling;
	struct wire_room room = { 0 };
	bool ok;

	if (size < fixed || size > LINK_BLOCK_SIZE - 2 * sizeof(struct twz_item) ||
	    wire_take(&run, (unsigned char *)&head->call, &room) != WIRE_OK) {
		wire_room_free(&room);
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"%s::%s: the call makes no sense", g->compartment->service->name,
				g->gate->name);
	}
	/* By value, an object is handed over by its address here. */
	for (uint32_t i = 0; i < g->wire->nslots; i++)
		if (g->wire->slots[i].pass == TWZ_PASS_STRUCT)
			run.values[i] = (uint64_t)(uintptr_t)run.args[i];
	if (nesting >= m->options.depth)
		ok = twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
			      "%s::%s: gates may call gates %u deep, not deeper",
			      g->compartment->service->name, g->gate->name, m->options.depth);
	else
		ok = nested_may_call(p->compartment, g, err);
	nesting++;
	calling = p;
	ok = ok && monitor_call(g, run.values, run.ret, timeout_ns, err);
	calling = before;
	nesting--;
	if (ok && wire_give(&run, (unsigned char *)&head->call, word) != WIRE_OK)
		ok = twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
			      "%s::%s: the result does not fit", g->compartment->service->name, g->gate->name);
	wire_room_free(&room);
	return ok;
}

static void
on_invoke(struct guarded *p, unsigned char *block, uint64_t number, int64_t timeout_ns)
{
	struct link_call *head = (void *)block;
	struct twz_error err = { 0 };
	uint64_t word = 0;
	bool ok = number < p->nbound
			  ? invoke(p, p->bound[number], block, timeout_ns, &word, &err)
			  : twz_fail(&err, TWZ_CLASS_LINK, TWZ_ERR(SECURITY, INVALID_GATE),
				     "%s calls a gate that it has not bound", p->compartment->service->name);

	head->call.ret[0] = ok ? 0 : MPK_FAILED;
	head->call.ret[1] = (int64_t)word;
	if (!ok)
		answer_failure((void *)(block + MPK_ANSWER_AT), &err);
}

static void
on_request(void *data, unsigned char *block, uint64_t kind, int64_t timeout_ns)
{
	if ((kind & 0xff) == MPK_BIND)
		on_bind(data, block);
	else
		on_invoke(data, block, kind >> 8, timeout_ns);
}

/* -- life; with the lock held -------------------------------------------------------------------- */

static bool
protect_available(struct monitor *m, struct twz_error *err)
{
	(void)m;
	return mpk_available(err);
}

static void
build_id_text(const struct twz_service *service, char *text)
{
	*text = 0;
	for (uint32_t k = 0; k < service->build_id_size && k < TWZ_BUILD_ID_MAX; k++)
		snprintf(text + 2 * k, 3, "%02x", service->build_id[k]);
}

static void
release(struct guarded *p)
{
	mpk_free(p->mpk);
	free(p);
}

static bool
protect_start(struct compartment *c, struct twz_error *err)
{
	struct monitor *m = c->monitor;
	char id[2 * TWZ_BUILD_ID_MAX + 1], guest[4096];
	struct guarded *p = calloc(1, sizeof(*p));
	struct mpk_options o = {
		.guest = guest, .service = c->service->path, .build_id = id, .stop = &m->interrupted,
		.memory = c->options.memory ? c->options.memory : m->options.memory,
		.data = p, .output = on_output, .request = on_request,
	};

	if (!p)
		return twz_fail_sys(err, ENOMEM, "load service %s", c->service->name);
	build_id_text(c->service, id);
	snprintf(guest, sizeof(guest), "%s-mpk", m->options.guest);
	p->compartment = c;
	p->serial = ++m->next_serial;
	p->loading = true;
	if (!mpk_start(&o, &p->mpk, err)) {
		free(p);
		return twz_wrap(err, "load service %s", c->service->name);
	}
	p->loading = false;
	c->inner = p;
	c->started = true;
	if (c->generation)
		c->restarts++, m->stats.restarts++;
	c->why[0] = 0;
	return true;
}

static void
protect_end(struct compartment *c)
{
	if (c->inner)
		release(c->inner);
	c->inner = NULL;
}

/* -- calls --------------------------------------------------------------------------------------- */

/* The compartment, started if it does not run; held until give_back(). */
static bool
hold(struct compartment *c, struct guarded **ret, struct twz_error *err)
{
	struct monitor *m = c->monitor;
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = !c->unloading;
	if (!ok)
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "%s was unloaded", c->service->name);
	if (ok && !c->loaded && c->started && c->options.restart == MONITOR_RESTART_NEVER)
		ok = twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE),
			      "%s has ended and is not to be restarted: %s", c->service->name, c->why);
	ok = ok && compartment_start(c, err);
	if (ok) {
		*ret = c->inner;
		(*ret)->users++;
		c->inside++;
	}
	pthread_mutex_unlock(&m->lock);
	return ok;
}

/* How it died, in the words of a process that did. */
static void
describe_end(const struct guarded *p, char *text, size_t size)
{
	struct crash_page page = *mpk_crash(p->mpk);
	struct instance i = { .compartment = p->compartment, .crash = &page, .reaped = true,
			      .status = W_EXITCODE(mpk_exit_status(p->mpk), 0) };

	mpk_place(p->mpk, &page.base, &page.size);
	crash_read(&i, thread_self());
	crash_describe(&i, text, size);
}

static void
give_back(struct guarded *p)
{
	struct compartment *c = p->compartment;
	struct monitor *m = c->monitor;

	pthread_mutex_lock(&m->lock);
	c->inside--;
	if (mpk_dead(p->mpk) && c->inner == p) {
		c->inner = NULL;
		__atomic_store_n(&c->loaded, false, __ATOMIC_SEQ_CST);
	}
	if (!--p->users && c->inner != p)
		release(p);
	if (!c->inside)
		life_look(c);
	pthread_mutex_unlock(&m->lock);
}

static bool
report(struct monitor_gate *g, struct guarded *p, enum mpk_end end, int64_t timeout_ns, struct twz_error *err)
{
	struct compartment *c = g->compartment;
	struct monitor *m = c->monitor;
	const char *service = c->service->name, *name = g->gate->name;
	char text[256];

	switch (end) {
	case MPK_DONE:
		return true;
	case MPK_BUSY:
		return twz_fail(err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT),
				"%s::%s was not called: another thread's call did not end in time", service,
				name);
	case MPK_DEEP:
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"%s::%s: too many calls of %s are under way on this thread", service, name,
				service);
	case MPK_LATE:
		m->stats.timeouts++;
		call_duration(timeout_ns, text, sizeof(text));
		snprintf(c->why, sizeof(c->why), "no answer within %.32s", text);
		return twz_fail(err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT),
				"%s::%s: no answer within %s; outcome unknown", service, name, text);
	case MPK_STOPPED:
		m->stats.interrupted++;
		snprintf(c->why, sizeof(c->why), "interrupted");
		return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED),
				"%s::%s; outcome unknown", service, name);
	case MPK_DIED:
		break;
	}
	describe_end(p, text, sizeof(text));
	snprintf(c->why, sizeof(c->why), "%s", text);
	c->faults++;
	m->stats.faults++;
	return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL), "%s::%s: %s; outcome unknown",
			service, name, text);
}

/* A fault ends it for everybody: counters and the reason are written with the lock held. */
static bool
fail_end(struct monitor_gate *g, struct guarded *p, enum mpk_end end, int64_t timeout_ns,
	 struct twz_error *err)
{
	struct monitor *m = g->compartment->monitor;
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = report(g, p, end, timeout_ns, err);
	pthread_mutex_unlock(&m->lock);
	return ok;
}

static enum mpk_end
describe(struct monitor_gate *g, struct guarded *p, unsigned char *block, int64_t timeout_ns)
{
	enum mpk_end end;

	if (__atomic_load_n(&g->described, __ATOMIC_ACQUIRE) == p->serial)
		return MPK_DONE;
	memcpy(block, g->wire, g->wire->bytes);
	end = mpk_run(p->mpk, MPK_DESCRIBE, timeout_ns);
	if (end == MPK_DONE)
		__atomic_store_n(&g->described, p->serial, __ATOMIC_RELEASE);
	return end;
}

static void
tell_caller(struct guarded *p)
{
	const struct compartment *from = calling ? calling->compartment : NULL;
	struct monitor *m = p->compartment->monitor;
	struct mpk_caller *said = &p->said;

	pthread_mutex_lock(&m->lock);
	said->thread = call_thread_number(m);
	said->compartment = from ? (uint64_t)from->generation << 32 | from->slot : 0;
	snprintf(said->context, sizeof(said->context), "%s", from ? from->context : m->options.context);
	pthread_mutex_unlock(&m->lock);
	mpk_called_by(p->mpk, said);
}

/* With the compartment taken: packed, run, unpacked. */
static bool
call_inside(struct monitor_gate *g, struct guarded *p, unsigned char *block, const uint64_t *words,
	    void *ret, int64_t timeout_ns, struct twz_error *err)
{
	struct wire_call call = { .gate = g->wire, .words = words };
	const struct twz_gatecall_item *item = &((struct link_call *)(void *)block)->call;
	enum wire_status got;
	enum mpk_end end = describe(g, p, block, timeout_ns);
	int64_t status;

	if (end != MPK_DONE)
		return fail_end(g, p, end, timeout_ns, err);
	got = wire_pack(&call, block);
	if (got != WIRE_OK)
		return call_fail_packing(g, &call, got, err);
	end = mpk_run(p->mpk, MPK_CALL, timeout_ns);
	if (end != MPK_DONE)
		return fail_end(g, p, end, timeout_ns, err);
	status = item->ret[0];
	if (status && (call_refused(g, status, (uint64_t)item->ret[1], err) || err->cls != TWZ_CLASS_NONE))
		return false;
	got = status ? WIRE_FORGED
		     : wire_unpack(&call, block, (uint64_t)item->ret[1], ret, &thread_self()->texts);
	if (status)
		call.what = "its answer has a status that does not exist";
	if (got == WIRE_FORGED)
		mpk_condemn(p->mpk);
	return got == WIRE_OK || call_fail_packing(g, &call, got, err);
}

/* In the turn that this thread has: after it, who called before is who calls. */
static bool
call_in_turn(struct monitor_gate *g, struct guarded *p, unsigned char *block, const uint64_t *words,
	     void *ret, int64_t timeout_ns, struct twz_error *err)
{
	struct mpk_caller before = p->said;
	bool ok;

	if (p->nearly)
		on_output(p, p->early, p->nearly);
	p->nearly = 0;
	tell_caller(p);
	__atomic_fetch_add(&g->compartment->calls, 1, __ATOMIC_RELAXED);
	ok = call_inside(g, p, block, words, ret, timeout_ns, err);
	p->said = before;
	mpk_called_by(p->mpk, &before);
	return ok;
}

static bool
protect_call(struct monitor_gate *g, const uint64_t *words, void *ret, int64_t timeout_ns,
	     struct twz_error *err)
{
	struct compartment *c = g->compartment;
	unsigned char *block;
	struct guarded *p;
	enum mpk_end end;
	bool ok, again;

	thread_self()->crashed = false;
	do {
		if (__atomic_load_n(&c->monitor->interrupted, __ATOMIC_SEQ_CST))
			return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED),
					"%s::%s was not called", c->service->name, g->gate->name);
		if (!hold(c, &p, err))
			return false;
		end = mpk_acquire(p->mpk, timeout_ns, &block);
		/* It may have died of the call that we have waited for: that is not ours to report. */
		again = end == MPK_DONE && mpk_dead(p->mpk);
		if (end != MPK_DONE)
			ok = fail_end(g, p, end, timeout_ns, err);
		else
			ok = !again && call_in_turn(g, p, block, words, ret, timeout_ns, err);
		if (end == MPK_DONE)
			mpk_release(p->mpk);
		give_back(p);
	} while (again);
	return ok;
}

const char *
protect_text(const struct compartment *c, struct twz_arena *arena)
{
	const struct guarded *p = c->inner;

	return p ? twz_format(arena, "protection key %d", mpk_key(p->mpk)) : "a protection key";
}

const char *
protect_status(bool *available, struct twz_arena *arena)
{
	struct twz_error err = { 0 };
	uint32_t left, all;

	*available = mpk_available(&err);
	if (!*available)
		return twz_strdup(arena, err.text);
	mpk_keys(&left, &all);
	return twz_format(arena, "mechanism mpk, %u of %u compartments; level caller; no guarantee against "
			  "speculation or this process's other code", all - left, all);
}

const struct mechanism mechanism_mpk = {
	.which = MONITOR_BY_MPK,
	.most = TWZ_LEVEL_CALLER,
	.available = protect_available,
	.start = protect_start,
	.call = protect_call,
	.end = protect_end,
};
