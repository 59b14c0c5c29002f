/*
 * Calling other services' gates from inside of a compartment: include/twz/call.h, for services. The
 * first call of a stub on a thread asks the monitor for a link; later ones use it directly.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <twz/call.h>

#include "monitor/caller.h"
#include "monitor/guest/guest.h"
#include "twz/error.h"

enum { DEFAULT_TIMEOUT_MS = 30000, TRIES = 100, CALLBACKS_DEEP = 16 };

/* A link to one service, or to the handler of one of its gates. */
struct out_link {
	struct out_link *next;
	char service[256];
	char gate[256];		/* "": the service itself */
	uint64_t serial;
	bool busy;		/* its gate has called back: gates that are called in there go over another */
	struct caller caller;
};

/* A stub that was bound on this thread. */
struct binding {
	struct binding *next;
	const struct twz_stub *stub;
	struct wire_gate *wire;
	struct out_link *link;
	bool once;		/* each call is asked for */
	bool calls_back;
	uint32_t handlers;	/* changes of the tables of handlers, when it was bound */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct question *questions;

static _Thread_local struct {
	struct out_link *links;
	struct binding *bindings;
	struct wire_room texts;
	struct twz_failure failure;
	struct twz_error error;
	bool failed;
	int64_t timeout_ns;	/* 0: not set */
	uint32_t nbusy;		/* links that are */
	struct twz_stub below;	/* stands for what calls are passed on to */
} self;

void
nested_answer(struct message_in *in)
{
	struct question **at = &questions, *q;

	pthread_mutex_lock(&lock);
	while (*at && (*at)->serial != in->head.serial)
		at = &(*at)->next;
	q = *at;
	if (q)
		*at = q->next;
	pthread_mutex_unlock(&lock);
	if (!q)
		return;
	q->head = in->head;
	q->bytes = malloc(in->n + 1);
	if (!q->bytes)
		_exit(126);
	memcpy(q->bytes, in->bytes, in->n + 1);
	q->n = in->n;
	q->fd = in->fds[0];
	in->fds[0] = -1;
	__atomic_store_n(&q->answered, 1, __ATOMIC_RELEASE);
	link_wake(&q->answered);
}

static struct out_link *
find_link(const char *service, const char *gate)
{
	struct out_link *l = self.links;

	while (l && (l->busy || strcmp(l->service, service) || strcmp(l->gate, gate)))
		l = l->next;
	return l;
}

/* Forgets a link whose other end is dead, and what was bound over it. */
static void
drop_link(struct out_link *l)
{
	for (struct binding **at = &self.bindings; *at;) {
		struct binding *b = *at;

		if (b->link != l) {
			at = &b->next;
			continue;
		}
		*at = b->next;
		free(b->wire);
		free(b);
	}
	for (struct out_link **at = &self.links; *at; at = &(*at)->next)
		if (*at == l) {
			*at = l->next;
			break;
		}
	caller_close(&l->caller);
	munmap(l->caller.shared, LINK_SIZE);
	free(l);
}

void
nested_question(const struct guest_link *current, struct message *head, const void *bytes, size_t n,
		struct question *q)
{
	*q = (struct question){ .serial = current->serial, .fd = -1 };
	head->serial = current->serial;
	pthread_mutex_lock(&lock);
	q->next = questions;
	questions = q;
	pthread_mutex_unlock(&lock);
	if (!message_send(GUEST_CONTROL_FD, head, bytes, n, NULL, 0))
		_exit(0);	/* the monitor is gone */
	while (!__atomic_load_n(&q->answered, __ATOMIC_ACQUIRE))
		link_sleep(&q->answered, 0, NULL);
}

static bool
ask(const struct twz_stub *stub, struct question *q, struct twz_error *err)
{
	const struct guest_link *current = dispatch_current();
	char text[2048];
	int n = snprintf(text, sizeof(text), "%s%c%s%c%s", stub->service, 0, stub->gate, 0,
			 stub->signature);
	const struct out_link *itself = find_link(stub->service, ""), *handler = find_link(stub->service, stub->gate);
	struct message head = { .kind = MESSAGE_BIND,
				.word = { stub->hash, itself ? itself->serial : 0, handler ? handler->serial : 0,
					  stub == &self.below ? BIND_BELOW : BIND_GATE } };

	if (!current)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"%s::%s: only a gate may call gates, on its own thread", stub->service,
				stub->gate);
	if (n < 0 || (size_t)n >= sizeof(text))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"%s::%s: its signature is too long", stub->service, stub->gate);
	nested_question(current, &head, text, (size_t)n + 1, q);
	return true;
}

static struct out_link *
new_link(const struct twz_stub *stub, const struct question *q)
{
	struct out_link *l = calloc(1, sizeof(*l));
	void *memory = q->fd < 0 ? MAP_FAILED : mmap(NULL, LINK_SIZE, PROT_READ | PROT_WRITE,
						     MAP_SHARED | MAP_NORESERVE, q->fd, 0);

	if (!l || memory == MAP_FAILED) {
		free(l);
		return NULL;
	}
	snprintf(l->service, sizeof(l->service), "%s", stub->service);
	if (q->head.word[5] || stub == &self.below)
		snprintf(l->gate, sizeof(l->gate), "%s", stub->gate);
	l->serial = q->head.word[1];
	caller_init(&l->caller, memory, (uint32_t)q->head.word[2]);
	l->caller.dead = &l->caller.shared->gone;
	l->next = self.links;
	self.links = l;
	return l;
}

static struct binding *
take_binding(const struct twz_stub *stub, struct question *q, struct twz_error *err)
{
	bool direct = !q->head.word[5] && stub != &self.below;
	struct out_link *link = find_link(stub->service, direct ? "" : stub->gate), *handler;
	struct binding *b;

	if (!link || link->serial != q->head.word[1]) {
		if (link)
			drop_link(link);
		link = new_link(stub, q);
	}
	/* Who is a handler no more need not stay because of us. */
	handler = direct ? find_link(stub->service, stub->gate) : NULL;
	if (handler)
		drop_link(handler);
	b = calloc(1, sizeof(*b));
	if (!link || !b) {
		free(b);
		twz_fail_sys(err, ENOMEM, "%s::%s", stub->service, stub->gate);
		return NULL;
	}
	*b = (struct binding){ self.bindings, stub, (void *)q->bytes, link, q->head.word[3] != 0,
			       called_has_callbacks((void *)q->bytes), (uint32_t)q->head.word[4] };
	__atomic_store_n(&link->caller.shared->bound, b->handlers, __ATOMIC_SEQ_CST);
	q->bytes = NULL;
	self.bindings = b;
	return b;
}

static struct binding *
bind_stub(const struct twz_stub *stub, struct twz_error *err)
{
	struct binding *b = NULL;
	struct question q;

	if (!ask(stub, &q, err))
		return NULL;
	if (q.head.kind == MESSAGE_BOUND && wire_valid((void *)q.bytes, q.n))
		b = take_binding(stub, &q, err);
	else
		twz_fail(err, (enum twz_class)q.head.word[0], q.head.word[1], "%s", (char *)q.bytes);
	free(q.bytes);
	twz_closep(&q.fd);
	return b;
}

static void
forget_binding(struct binding *b)
{
	for (struct binding **at = &self.bindings; *at; at = &(*at)->next)
		if (*at == b) {
			*at = b->next;
			break;
		}
	free(b->wire);
	free(b);
}

/* Somebody else may have to answer by now. */
static bool
is_outdated(const struct binding *b)
{
	return __atomic_load_n(&b->link->caller.shared->handlers, __ATOMIC_ACQUIRE) != b->handlers;
}

static struct binding *
find_binding(const struct twz_stub *stub, struct twz_error *err)
{
	struct binding *b = self.bindings;

	while (b && (b->stub != stub || b->link->busy))
		b = b->next;
	if (b && __atomic_load_n(b->link->caller.dead, __ATOMIC_ACQUIRE)) {
		drop_link(b->link);
		b = NULL;
	} else if (b && (b->once || is_outdated(b))) {
		forget_binding(b);
		b = NULL;
	}
	return b ? b : bind_stub(stub, err);
}

static bool
ended(struct binding *b, enum caller_end end, struct twz_error *err)
{
	const struct twz_stub *stub = b->stub;
	struct message cancel = { .kind = MESSAGE_CANCEL, .serial = b->link->serial };

	if (end != CALLER_REFUSED)
		message_send(GUEST_CONTROL_FD, &cancel, NULL, 0, NULL, 0);
	drop_link(b->link);
	if (end == CALLER_REFUSED)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"%s::%s was not called: its service has no room for another caller",
				stub->service, stub->gate);
	if (end == CALLER_LATE)
		return twz_fail(err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT),
				"%s::%s: no answer in time; outcome unknown", stub->service, stub->gate);
	return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL),
			"%s::%s: its compartment ended; outcome unknown", stub->service, stub->gate);
}

static bool
answer(struct binding *b, struct wire_call *call, void *ret, struct twz_error *err)
{
	unsigned char *block = b->link->caller.shared->block;
	const volatile struct twz_gatecall_item *item = &((struct link_call *)(void *)block)->call;
	int64_t status = item->ret[0];
	uint64_t word = (uint64_t)item->ret[1];

	if (status == -EACCES || status == -EPERM)
		return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
				"Failed to call %s in %s: Permission denied", b->stub->gate,
				b->stub->service);
	if (status == -EREMOTEIO)
		return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL),
				"%s::%s: its handler passed the call on, which failed; outcome unknown",
				b->stub->service, b->stub->gate);
	if (status || wire_unpack(call, block, word, ret, &self.texts) != WIRE_OK)
		return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL),
				"%s::%s: no usable answer (%lld); outcome unknown", b->stub->service,
				b->stub->gate, (long long)status);
	return true;
}

/* One that was refused unseen, because the tables had changed meanwhile: nobody has run it. */
static bool
is_late(const struct binding *b)
{
	const volatile struct twz_gatecall_item *item =
		&((struct link_call *)(void *)b->link->caller.shared->block)->call;

	return item->ret[0] == -EACCES && is_outdated(b);
}

static bool
cannot_pass(const struct binding *b, uint32_t param, struct twz_error *err)
{
	return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			"%s::%s: parameter %u cannot be passed", b->stub->service, b->stub->gate, param + 1);
}

static bool
callback_failed(struct binding *b, struct twz_error *err)
{
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
			"%s::%s: a callback could not be made, or its result not be passed", b->stub->service,
			b->stub->gate);
}

/* Calls in callbacks share this thread's failure, and go over links of their own. */
static bool
call_with_callbacks(struct binding *b, const uint64_t *words, int64_t timeout, void *ret, bool *again,
		    struct twz_error *err)
{
	struct wire_call call = { .gate = b->wire, .room = LINK_HALF_ROOM };
	TWZ_CLEANUP(called_end) struct called called;
	struct caller *caller = &b->link->caller;
	enum caller_end end;

	if (!called_begin(&called, b->wire, words))
		return cannot_pass(b, called.culprit, err);
	call.words = called.given;
	if (wire_pack(&call, caller->shared->block) != WIRE_OK)
		return cannot_pass(b, call.culprit, err);
	caller_ready(caller, call.carried);
	b->link->busy = true;
	self.nbusy++;
	end = called_ring(&called, caller, timeout);
	self.nbusy--;
	b->link->busy = false;
	*err = (struct twz_error){ 0 };
	*again = end == CALLER_DONE && is_late(b);
	if (*again)
		return false;
	if (called.lied)
		twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL),
			 "%s::%s: it called back otherwise than its gate says; outcome unknown", b->stub->service,
			 b->stub->gate);
	if (end != CALLER_DONE)
		return ended(b, end, err);
	return called.failed ? callback_failed(b, err) : answer(b, &call, ret, err);
}

static bool
invoke_once(struct binding *b, const struct twz_stub *stub, const uint64_t *words, void *ret, bool *again,
	    struct twz_error *err)
{
	int64_t timeout = self.timeout_ns ? self.timeout_ns : DEFAULT_TIMEOUT_MS * (int64_t)1000000;
	enum caller_end end = CALLER_DONE;
	struct wire_call call;

	*again = false;
	if (b->calls_back && self.nbusy >= CALLBACKS_DEEP)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"%s::%s was not called: callbacks may call gates that call back %d deep, not deeper",
				stub->service, stub->gate, CALLBACKS_DEEP);
	if (b->wire->nslots != stub->nwords)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(SECURITY, SIGNATURE_MISMATCH),
				"%s::%s: the stub has another number of parameters", stub->service,
				stub->gate);
	if (stub == &self.below && wire_ret(b->wire)->size != stub->ret_size)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
				"the result of the call that is passed on has %u bytes, not %u",
				wire_ret(b->wire)->size, stub->ret_size);
	call = (struct wire_call){ .gate = b->wire, .words = words };
	if (!b->link->caller.tid)
		end = caller_handshake(&b->link->caller, timeout);
	if (end == CALLER_DONE && b->calls_back)
		return call_with_callbacks(b, words, timeout, ret, again, err);
	if (end == CALLER_DONE) {
		if (wire_pack(&call, b->link->caller.shared->block) != WIRE_OK)
			return cannot_pass(b, call.culprit, err);
		caller_ready(&b->link->caller, call.carried);
		end = caller_ring(&b->link->caller, timeout);
	}
	*again = end == CALLER_DONE && is_late(b);
	return !*again && (end == CALLER_DONE ? answer(b, &call, ret, err) : ended(b, end, err));
}

static bool
invoke(const struct twz_stub *stub, const uint64_t *words, void *ret, struct twz_error *err)
{
	bool ok = false, again = true;

	for (int i = 0; again && i < TRIES; i++) {
		struct binding *b = find_binding(stub, err);

		if (!b)
			return false;
		ok = invoke_once(b, stub, words, ret, &again, err);
	}
	return ok || (again && twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, BUSY),
					"%s::%s was not called: its handlers change all the time", stub->service,
					stub->gate));
}

__thread int twz_has_failed;	/* of stubs that are never direct here */

void
twz_forget(void)
{
	twz_has_failed = 0;
	self.failed = false;
}

int
twz_invoke(struct twz_stub *stub, const uint64_t *words, void *ret)
{
	const struct twz_error *e = &self.error;

	self.error = (struct twz_error){ 0 };
	self.failed = !invoke(stub, words, ret, &self.error);
	twz_has_failed = self.failed;
	if (!self.failed)
		return 0;
	if (ret)
		memset(ret, 0, stub->ret_size);
	self.failure = (struct twz_failure){ e->code, twz_class_status(e->cls),
					     twz_class_text(e->cls), e->text };
	return -1;
}

/* -- calls that are passed on --------------------------------------------------------------------- */

static bool
pass_on(const uint64_t *words, size_t nwords, void *ret, size_t ret_size, struct twz_error *err)
{
	const struct guest_link *current = dispatch_current();

	if (!current || !current->answers)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NO_SUCH_OPERATION),
				"only a call that is answered as a handler can be passed on");
	/* No gate has this name. */
	self.below = (struct twz_stub){ .service = "below", .gate = "(passed on)", .signature = "",
					.nwords = (uint32_t)nwords, .ret_size = (uint32_t)ret_size };
	return invoke(&self.below, words, ret, err);
}

/*
 * Where errno tells of failures, what lies below gave the negative number of its error. A handler that returns it as
 * it is fails with the same.
 */
static void
keep_errno(const void *ret, size_t size)
{
	const struct wire_run *run = dispatch_run();
	int64_t value = 0;
	int32_t small;

	if (!run || !run->gate || wire_ret(run->gate)->stands != WIRE_ERRNO || wire_ret(run->gate)->size != size)
		return;
	if (size == sizeof(small)) {
		memcpy(&small, ret, sizeof(small));
		value = small;
	} else {
		memcpy(&value, ret, sizeof(value));
	}
	if (value < 0 && value > INT32_MIN)
		errno = (int)-value;
}

int
twz_forward(const uint64_t *words, size_t nwords, void *ret, size_t ret_size)
{
	const struct twz_error *e = &self.error;

	self.error = (struct twz_error){ 0 };
	self.failed = !pass_on(words, nwords, ret, ret_size, &self.error);
	twz_has_failed = self.failed;
	dispatch_passed_on(self.failed ? e->cls : 0);
	if (!self.failed) {
		keep_errno(ret, ret_size);
		return 0;
	}
	if (ret)
		memset(ret, 0, ret_size);
	self.failure = (struct twz_failure){ e->code, twz_class_status(e->cls),
					     twz_class_text(e->cls), e->text };
	return -1;
}

void
nested_fail_as(const struct twz_failure *failure, const char *text)
{
	snprintf(self.error.text, sizeof(self.error.text), "%s", text);
	self.failure = *failure;
	self.failure.text = self.error.text;
	self.failed = true;
	twz_has_failed = 1;
}

const struct twz_failure *
twz_failed(void)
{
	return self.failed ? &self.failure : NULL;
}

void
twz_perror(const char *what)
{
	if (!self.failed)
		return;
	fprintf(stderr, "%s%s%s: %s\n", what ? what : "", what ? ": " : "", self.failure.kind,
		self.failure.text);
}

void
twz_set_timeout(uint32_t ms)
{
	self.timeout_ns = ms ? (int64_t)ms * 1000000 : -1;
}

/* In a compartment the session is there already, and is not ours to end. */
int
twz_open(void)
{
	return 0;
}

void
twz_close(void)
{
}

void
nested_end(void)
{
	while (self.links)
		drop_link(self.links);
	wire_room_free(&self.texts);
}
