/*
 * Calling a gate: find the thread's link, write the item, ring, wait, take the answer.
 *
 * Everything up to the link is found once; a call on a link that exists takes no lock and, while both
 * sides are hot, makes no system call. After a fault, a timeout or an interruption the guest may still
 * be writing to the block: such an instance is killed and its links are never used again.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "monitor/internal.h"
#include "twz/typetext.h"

enum {
	EXIT_NS = 3000000,		/* how long a dying process may take before it is helped */
	KILL_NS = 2000000000,
	BUSY_NS = 2000000000,		/* how long a service may take to hear of a new caller */
};

bool
call_fail_packing(const struct monitor_gate *gate, const struct wire_call *call, enum wire_status status,
	     struct twz_error *err)
{
	const char *service = gate->compartment->service->name, *name = gate->gate->name;
	const char *param = call->culprit < gate->gate->type->nmembers
				    ? gate->gate->type->members[call->culprit].name : "";

	switch (status) {
	case WIRE_TOO_BIG:
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"%s::%s: parameter '%s' does not fit: a call may carry %d bytes", service,
				name, param, LINK_ROOM);
	case WIRE_BAD_COUNT:
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"%s::%s: the length of parameter '%s' is negative or too large",
				service, name, param);
	case WIRE_IS_NULL:
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ADDRESS),
				"%s::%s: parameter '%s' is NULL", service, name, param);
	case WIRE_NO_MEMORY:
		return twz_fail_sys(err, ENOMEM, "%s::%s: room for the result", service, name);
	case WIRE_NO_RESULT:
		return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(RESOURCE, UNAVAILABLE), "%s::%s: %s",
				service, name, call->what);
	case WIRE_OK:
	case WIRE_FORGED:
		break;
	}
	return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL), "%s::%s: %s; outcome unknown",
			service, name, call->what ? call->what : "its answer makes no sense");
}

/* Waits until @i has ended, with the lock held; true when it has. */
static bool
await_end(struct monitor *m, const struct instance *i, uint64_t ns)
{
	struct timespec until = link_time(link_now() + ns);

	while (!i->gone)
		if (pthread_cond_timedwait(&m->changed, &m->lock, &until) == ETIMEDOUT)
			break;
	return i->gone;
}

/* Ends @i, and makes its place free for another. */
static void
end_instance(struct monitor *m, struct instance *i)
{
	if (!i->gone)
		instance_kill(i);
	await_end(m, i, KILL_NS);
}

static bool
report_fault(struct monitor_gate *gate, struct instance *i, bool loaded, bool alone,
	     struct twz_error *err)
{
	const char *service = gate->compartment->service->name, *name = gate->gate->name;
	char text[256];

	if (i->failure.cls != TWZ_CLASS_NONE) {
		*err = i->failure;
		return false;
	}
	crash_read(i, thread_self());
	crash_describe(i, text, sizeof(text));
	gate->compartment->faults++;
	gate->compartment->monitor->stats.faults++;
	if (!loaded)
		return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(RESOURCE, UNAVAILABLE),
				"%s::%s: the service ended before the call: %s", service, name, text);
	if (alone)
		snprintf(text, sizeof(text), "it ended the thread that ran it");
	return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL), "%s::%s: %s; outcome unknown",
			service, name, text);
}

void
call_duration(int64_t ns, char *text, size_t size)
{
	if (ns % 1000000000 == 0)
		snprintf(text, size, "%llds", (long long)(ns / 1000000000));
	else if (ns % 1000000 == 0)
		snprintf(text, size, "%lldms", (long long)(ns / 1000000));
	else
		snprintf(text, size, "%lldus", (long long)(ns / 1000));
}

/* Where this thread has its link to a gate; to one that answers for another it has one of its own. */
static inline uint32_t
link_index(const struct monitor_gate *gate, const struct route *route)
{
	return route ? route->below[0]->route : gate->index;
}

/* The service has no room for another thread's calls: it goes on, and so may this thread, later. */
static bool
no_room(struct monitor_gate *gate, struct monitor_link *l, struct twz_error *err)
{
	struct monitor_link **at = &thread_self()->links[link_index(gate, l->route.n ? &l->route : NULL)];
	struct monitor *m = gate->compartment->monitor;

	pthread_mutex_lock(&m->lock);
	if (*at == l)
		*at = l->inner;
	link_release(l);
	m->refs--;
	pthread_mutex_unlock(&m->lock);
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
		 "%s::%s was not called: its service has no room for another caller",
		 gate->compartment->service->name, gate->gate->name);
	return twz_hint(err, "call it from fewer threads at once, or load the service with more memory");
}

/* The call did not end well: says why, and sees to it that the instance is gone. */
bool
call_give_up(struct monitor_gate *gate, struct monitor_link *l, enum caller_end end, int64_t timeout_ns,
	struct twz_error *err)
{
	struct monitor *m = gate->compartment->monitor;
	const char *service = gate->compartment->service->name, *name = gate->gate->name;
	struct instance *i = l->instance;
	bool loaded = l->caller.tid != 0, alone = false;
	char text[32];

	if (end == CALLER_REFUSED)
		return no_room(gate, l, err);
	pthread_mutex_lock(&m->lock);
	i->refs++;
	if (end == CALLER_DIED) {
		alone = !await_end(m, i, EXIT_NS) && !i->doomed;
		end_instance(m, i);
		/* Only a process that lived on needed the signal to die. */
		alone = alone && i->reaped && WIFSIGNALED(i->status) &&
			WTERMSIG(i->status) == SIGKILL && i->crash->state == CRASH_NONE;
		report_fault(gate, i, loaded, alone, err);
	} else if (end == CALLER_LATE) {
		end_instance(m, i);
		m->stats.timeouts++;
		call_duration(timeout_ns, text, sizeof(text));
		twz_fail(err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT),
			 "%s::%s: no answer within %s; outcome unknown", service, name, text);
	} else {
		end_instance(m, i);
		m->stats.interrupted++;
		twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED),
			 "%s::%s; outcome unknown", service, name);
	}
	instance_unref(i);
	pthread_mutex_unlock(&m->lock);
	return false;
}

/* The guest lied: nothing it says is worth anything any more. */
bool
call_caught(struct monitor_gate *gate, struct monitor_link *l, struct wire_call *call,
	    struct twz_error *err)
{
	struct monitor *m = gate->compartment->monitor;

	pthread_mutex_lock(&m->lock);
	l->instance->refs++;
	end_instance(m, l->instance);
	gate->compartment->faults++;
	m->stats.faults++;
	instance_unref(l->instance);
	pthread_mutex_unlock(&m->lock);
	return call_fail_packing(gate, call, WIRE_FORGED, err);
}

uint64_t
call_thread_number(struct monitor *m)
{
	struct monitor_thread *t = thread_self();

	if (t->monitor != m->serial) {
		t->monitor = m->serial;
		t->number = ++m->next_thread;
	}
	return t->number;
}

/* With the lock held: a link of this thread to a running instance that knows the gate. */
static bool
connect(struct monitor_gate *gate, const struct route *route, struct monitor_thread *t,
	struct monitor_link **ret, struct twz_error *err)
{
	struct compartment *c = gate->compartment;
	struct monitor *m = c->monitor;
	struct link_spec spec = { .depth = 1 + t->nbusy, .thread = call_thread_number(m), .route = route,
				  .gate = gate };
	uint32_t index = link_index(gate, route);
	struct monitor_link **l;
	struct instance *i;

	if (!thread_reserve(t, index))
		return twz_fail_sys(err, ENOMEM, "make a link");
	l = &t->links[index];
	if (route && c->unloading)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "%s is exiting", c->service->name);
	if (!compartment_ensure(c, &i, err))
		return false;
	while (*l && ((*l)->instance != i || (route && !handlers_same_route(&(*l)->route, route)))) {
		struct monitor_link *old = *l;

		*l = old->inner;
		link_release(old);
		m->refs--;
	}
	if (*l ? !instance_describe(i, gate, err) : !link_make(i, &spec, l, err))
		return false;
	*ret = *l;
	return true;
}

/* When many threads come at once, the service may not have read yet what it was told of the others. */
static bool
connect_soon(struct monitor_gate *gate, const struct route *route, struct monitor_thread *t,
	     int64_t timeout_ns, struct monitor_link **ret, struct twz_error *err)
{
	struct monitor *m = gate->compartment->monitor;
	uint64_t until = link_now() + (timeout_ns < 0 || timeout_ns > BUSY_NS ? BUSY_NS : (uint64_t)timeout_ns);
	const struct timespec moment = { 0, 1000000 };
	bool ok, busy;

	for (;;) {
		pthread_mutex_lock(&m->lock);
		ok = connect(gate, route, t, ret, err);
		busy = !ok && gate->compartment->instance && gate->compartment->instance->busy;
		pthread_mutex_unlock(&m->lock);
		if (!busy || link_now() >= until)
			return ok;
		*err = (struct twz_error){ 0 };
		nanosleep(&moment, NULL);
	}
}

static bool
prepare(struct monitor_gate *gate, const struct route *route, struct monitor_thread *t, int64_t timeout_ns,
	struct monitor_link **ret, struct twz_error *err)
{
	struct monitor *m = gate->compartment->monitor;

	if (__atomic_load_n(&m->interrupted, __ATOMIC_SEQ_CST))
		return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED),
				"%s::%s was not called", gate->compartment->service->name,
				gate->gate->name);
	return connect_soon(gate, route, t, timeout_ns, ret, err);
}

/* Nothing but words: the item is written where it stands. */
TWZ_HOT static inline void
write_words(struct monitor_link *l, const struct monitor_gate *g, const uint64_t *words)
{
	struct link_call *head = (void *)l->caller.shared->block;
	uint64_t *argv = (void *)(head + 1);

	if (__builtin_expect(l->layout != g->nwords + 1u, 0)) {
		head->item = (struct twz_item){ 24 + g->nwords * 8u, TWZ_ITEM_GATECALL };
		*(struct twz_item *)(void *)(argv + g->nwords) = (struct twz_item){ 0, TWZ_ITEM_END };
		l->layout = g->nwords + 1u;
	}
	head->call = (struct twz_gatecall_item){ g->number, { -ENOSYS, 0 } };
	for (uint32_t i = 0; i < g->nwords; i++)
		argv[i] = words[i];
}

/* The service says which parameter it is; it may say anything. */
static bool
no_object(const struct monitor_gate *gate, uint64_t param, struct twz_error *err)
{
	const char *service = gate->compartment->service->name, *name = gate->gate->name;
	const struct twz_type *type = gate->gate->type;
	TWZ_TEXT text = { 0 };

	if (param < type->nmembers && type->members[param].has_extent && type->members[param].extent == TWZ_OBJECT) {
		twz_param_add(&text, &type->members[param]);
		twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, BAD_HANDLE),
			 "%s::%s: argument '%s' is no %.*s of this compartment's", service, name,
			 type->members[param].name, (int)text.n, text.bytes);
	} else {
		twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, BAD_HANDLE),
			 "%s::%s: an argument is no object of this compartment's", service, name);
	}
	return twz_hint(err, "use the number that the gate gave which made it, until it is closed or the "
			"compartment ends");
}

bool
call_refused(const struct monitor_gate *gate, int64_t status, uint64_t word, struct twz_error *err)
{
	const char *service = gate->compartment->service->name;

	switch (status) {
	case -ENOEXEC:
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(SECURITY, INVALID_GATE),
				"service %s does not export %s", service, gate->gate->symbol);
	case -EBADF:
		return no_object(gate, word, err);
	case -ENODATA:
		return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(GENERIC, OTHER), "%s::%s: it gave NULL and no object",
				service, gate->gate->name);
	case -EMSGSIZE:
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"%s::%s: the result does not fit: a call may carry %d bytes", service,
				gate->gate->name, LINK_ROOM);
	case -ENFILE:
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"%s::%s: the service holds too many objects; close some", service,
				gate->gate->name);
	case -ENOTSUP:
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"%s::%s: its compartment got no memory for callbacks from the kernel", service,
				gate->gate->name);
	case -ENOMEM:
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_MEMORY),
				"%s::%s: the service has no memory for the call", service,
				gate->gate->name);
	}
	return false;
}

/* The low bytes of a word, as a caller's result has them. */
TWZ_HOT static inline void
give_word(const struct monitor_gate *gate, uint64_t word, void *ret)
{
	switch (gate->ret_size) {
	case 0:
		return;
	case 4:
		memcpy(ret, &word, 4);
		return;
	case 8:
		memcpy(ret, &word, 8);
		return;
	}
	memcpy(ret, &word, gate->ret_size);
}

/* An answer, whose two words were read once. */
static bool
take(struct monitor_gate *gate, struct monitor_link *l, int64_t status, uint64_t word, const unsigned char *block,
     struct wire_call *call, struct wire_room *texts, void *ret, struct twz_error *err)
{
	enum wire_status got;

	if (status) {
		call->what = "its answer has a status that does not exist";
		if (l->route.n && (status == -EPERM || status == -EREMOTEIO))
			return handlers_refused(l, status, word, err);
		if (call_refused(gate, status, word, err) || (err && err->cls != TWZ_CLASS_NONE))
			return false;
		return call_caught(gate, l, call, err);
	}
	if (gate->words_only) {
		give_word(gate, word, ret);
		return true;
	}
	got = wire_unpack(call, block, word, ret, texts);
	if (got == WIRE_OK)
		return true;
	return got == WIRE_FORGED ? call_caught(gate, l, call, err) : call_fail_packing(gate, call, got, err);
}

bool
call_take(struct monitor_gate *gate, struct monitor_link *l, unsigned char *block, struct wire_call *call,
	  struct wire_room *texts, void *ret, struct twz_error *err)
{
	const volatile struct twz_gatecall_item *item = &((struct link_call *)(void *)block)->call;
	int64_t status = item->ret[0];
	uint64_t word = (uint64_t)item->ret[1];

	return take(gate, l, status, word, block, call, texts, ret, err);
}

/* After a pause nothing of what a call looks at is in the cache: better to wait for all of it at once. */
TWZ_HOT static inline void
expect_cold(const struct monitor_link *l)
{
	const struct link_shared *s = l->caller.shared;

	if (__builtin_expect(l->caller.hot, 1))
		return;
	__builtin_prefetch(&s->bell, 1);
	__builtin_prefetch(&l->instance);
	__builtin_prefetch(&s->guest_asleep);
	__builtin_prefetch(&s->cpu, 1);
	__builtin_prefetch(l->caller.stop);
	__builtin_prefetch(l->instance);
	__builtin_prefetch(l->tally, 1);
}

/* This thread's link to the gate's compartment, made if there is none that can be used. */
TWZ_HOT static inline bool
find_link(struct monitor_gate *gate, const struct route *route, struct monitor_thread *t, int64_t timeout_ns,
	  struct monitor_link **ret, struct twz_error *err)
{
	uint32_t index = link_index(gate, route);
	struct monitor_link *l = index < t->nlinks ? t->links[index] : NULL;

	*ret = l;
	if (l)
		expect_cold(l);
	if (!l || !l->caller.tid || __atomic_load_n(&l->instance->dead, __ATOMIC_RELAXED) ||
	    __atomic_load_n(&l->instance->doomed, __ATOMIC_RELAXED) ||
	    __atomic_load_n(&gate->described, __ATOMIC_ACQUIRE) != l->instance->serial ||
	    __atomic_load_n(l->caller.stop, __ATOMIC_RELAXED) ||
	    (route && !handlers_same_route(&l->route, route)))
		return prepare(gate, route, t, timeout_ns, ret, err);
	return true;
}

bool
call_link(struct monitor_gate *gate, int64_t timeout_ns, struct monitor_link **ret, struct twz_error *err)
{
	struct monitor_thread *t = thread_self();

	t->crashed = false;
	return find_link(gate, NULL, t, timeout_ns, ret, err);
}

TWZ_HOT static inline struct tally *
tally_of(struct monitor_link *l, struct monitor_gate *gate)
{
	if (__builtin_expect(l->last != gate, 0)) {
		l->tally = tally_find(l, gate);
		l->last = l->tally ? gate : NULL;
	}
	return l->tally;
}

/* A gate with data; @err is not NULL. */
static bool __attribute__((noinline))
call_data(struct monitor_gate *gate, struct monitor_link *l, const uint64_t *words, void *ret,
	  int64_t timeout_ns, struct twz_error *err)
{
	struct tally *tally = tally_of(l, gate);
	struct wire_call call;
	enum wire_status packed;
	enum caller_end end;
	uint64_t began;

	call.gate = gate->wire;
	call.words = words;
	call.what = NULL;
	call.room = 0;
	call.share = shared_find;
	call.share_data = l->instance;
	l->layout = 0;
	packed = wire_pack(&call, l->shared->block);
	if (packed != WIRE_OK)
		return call_fail_packing(gate, &call, packed, err);
	caller_ready(&l->caller, call.carried);
	began = tally_begin(&l->caller);
	end = caller_ring(&l->caller, timeout_ns);
	tally_end(tally, &l->caller, began, end);
	if (end != CALLER_DONE)
		return call_give_up(gate, l, end, timeout_ns, err);
	return call_take(gate, l, l->shared->block, &call, &thread_self()->texts, ret, err);
}

/* A call with nothing but words has an answer that is no result. */
static bool __attribute__((noinline, cold))
words_refused(struct monitor_gate *gate, struct monitor_link *l, int64_t status, uint64_t word,
	      struct twz_error *err)
{
	struct wire_call call = { .gate = gate->wire };

	return take(gate, l, status, word, NULL, &call, NULL, NULL, err);
}

/*
 * The other way is that of nearly all calls, and after a pause it is the lines of code and data that a call touches
 * which cost its time: this has few.
 */
TWZ_HOT static inline bool
call_words(struct monitor_gate *gate, struct monitor_link *l, const uint64_t *words, void *ret,
	   int64_t timeout_ns, struct twz_error *err)
{
	const volatile struct twz_gatecall_item *item = &((struct link_call *)(void *)l->caller.shared->block)->call;
	struct tally *tally = tally_of(l, gate);
	enum caller_end end;
	int64_t status;
	uint64_t began, word;

	caller_ready(&l->caller, 0);
	write_words(l, gate, words);
	began = tally_begin(&l->caller);
	end = caller_ring(&l->caller, timeout_ns);
	tally_end(tally, &l->caller, began, end);
	if (__builtin_expect(end != CALLER_DONE, 0))
		return call_give_up(gate, l, end, timeout_ns, err);
	status = item->ret[0];
	word = (uint64_t)item->ret[1];
	if (__builtin_expect(status != 0, 0))
		return words_refused(gate, l, status, word, err);
	give_word(gate, word, ret);
	return true;
}

/* The call itself, over a link that was found; @err is not NULL. */
TWZ_HOT static inline bool
call_over(struct monitor_gate *gate, struct monitor_link *l, const uint64_t *words, void *ret,
	  int64_t timeout_ns, struct twz_error *err)
{
	if (gate->words_only)
		return call_words(gate, l, words, ret, timeout_ns, err);
	return call_data(gate, l, words, ret, timeout_ns, err);
}

TWZ_HOT static inline bool
call_gate(struct monitor_gate *gate, const uint64_t *words, void *ret, int64_t timeout_ns,
	  struct twz_error *err)
{
	struct monitor_thread *t = thread_self();
	struct monitor_link *l;

	t->crashed = false;
	return find_link(gate, NULL, t, timeout_ns, &l, err) &&
	       call_over(gate, l, words, ret, timeout_ns, err);
}

bool
call_plain(struct monitor_gate *gate, const uint64_t *words, void *ret, int64_t timeout_ns,
	   struct twz_error *err)
{
	return call_gate(gate, words, ret, timeout_ns, err);
}

bool
call_answering(struct monitor_gate *gate, const struct route *route, const uint64_t *words, void *ret,
	       int64_t timeout_ns, bool *begun, struct twz_error *err)
{
	struct monitor_thread *t = thread_self();
	struct monitor_link *l;

	t->crashed = false;
	*begun = find_link(gate, route, t, timeout_ns, &l, err);
	return *begun && call_over(gate, l, words, ret, timeout_ns, err);
}

/* Whoever wants no reason: one is needed all the same, and much too large for the way of every call. */
static bool __attribute__((noinline))
call_unexplained(struct monitor_gate *gate, const uint64_t *words, void *ret, int64_t timeout_ns)
{
	struct twz_error ignored;

	ignored.cls = TWZ_CLASS_NONE;	/* clearing all of it would take as long as half a call */
	return monitor_call(gate, words, ret, timeout_ns, &ignored);
}

TWZ_HOT bool
monitor_call(struct monitor_gate *gate, const uint64_t *words, void *ret, int64_t timeout_ns,
	     struct twz_error *err)
{
	bool (*by)(struct monitor_gate *, const uint64_t *, void *, int64_t, struct twz_error *);

	if (__builtin_expect(!err, 0))
		return call_unexplained(gate, words, ret, timeout_ns);
	by = __atomic_load_n(&gate->call, __ATOMIC_ACQUIRE);
	if (__builtin_expect(by != NULL, 0))
		return by(gate, words, ret, timeout_ns, err);
	return call_gate(gate, words, ret, timeout_ns, err);
}
