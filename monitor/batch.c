/*
 * Several calls in one crossing: their items follow each other in the block, and the guest runs them all
 * before it answers. Waking somebody costs more than most gates do, so calls that do not wait for each
 * other's results should not wait for each other's wake-ups either.
 *
 * A gate whose result holds texts takes what is left of the block for them: it is a crossing's last.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/internal.h"

enum { MOST = 256 };		/* calls in a crossing */

/* One crossing, while it is made. */
struct batch {
	struct monitor_one *calls;
	uint32_t n;			/* of them, in this crossing */
	struct monitor_link *link;
	uint64_t carried;
	struct {
		struct wire_call call;
		uint32_t at;		/* offset of its item in the block */
	} one[MOST];
};

void
batch_forget(struct monitor_thread *t)
{
	for (uint32_t i = 0; i < t->nmany; i++)
		wire_room_free(&t->many[i]);
	free(t->many);
	t->many = NULL;
	t->nmany = 0;
}

/* Room for one more result's texts. */
static struct wire_room *
texts_new(struct monitor_thread *t)
{
	struct wire_room *more = reallocarray(t->many, t->nmany + 1, sizeof(*more));

	if (!more)
		return NULL;
	t->many = more;
	more[t->nmany] = (struct wire_room){ 0 };
	return &more[t->nmany++];
}

/* Whether @gate can be called over the link as it is: described, through a process, not dead. */
static bool
goes_along(const struct batch *b, const struct monitor_gate *gate)
{
	return !__atomic_load_n(&gate->call, __ATOMIC_RELAXED) && gate->compartment == b->calls->gate->compartment &&
	       __atomic_load_n(&gate->described, __ATOMIC_ACQUIRE) == b->link->instance->serial;
}

/* Writes items until one does not fit. What is wrong with the first is its failure; with a later one, later. */
static enum wire_status
pack(struct batch *b, size_t n)
{
	unsigned char *block = b->link->shared->block;
	enum wire_status status = WIRE_OK;
	uint32_t at = 0;

	b->link->layout = 0;
	for (b->n = 0; b->n < n && b->n < MOST; b->n++) {
		const struct monitor_gate *gate = b->calls[b->n].gate;
		struct wire_call *call = &b->one[b->n].call;
		uint32_t head = at + (uint32_t)sizeof(struct link_call) + gate->wire->nslots * 8;

		if (b->n && (!goes_along(b, gate) ||
			     head + sizeof(struct twz_item) > LINK_BLOCK_SIZE))
			break;
		*call = (struct wire_call){ .gate = gate->wire, .words = b->calls[b->n].words,
					    .share = shared_find, .share_data = b->link->instance,
					    .room = LINK_ROOM - at };
		status = wire_pack(call, block + at);
		if (status != WIRE_OK)
			break;
		b->one[b->n].at = at;
		b->carried += call->carried;
		at = head + (uint32_t)call->data;
		if (call->gate->open_ended) {
			b->n++;
			break;
		}
	}
	if (b->n) {	/* what did not fit may have been begun behind the last */
		const struct twz_item end = { 0, TWZ_ITEM_END };

		memcpy(block + at, &end, sizeof(end));
	}
	return status;
}

static void
failed(struct monitor_one *one, size_t *failures, const struct twz_error *why, struct twz_error *first)
{
	one->code = why->code ? why->code : TWZ_ERR(GENERIC, OTHER);
	if (!(*failures)++ && first)
		*first = *why;
}

static void
take_all(struct batch *b, enum caller_end end, const struct twz_error *why, size_t *failures,
	 struct twz_error *first)
{
	struct monitor_thread *t = thread_self();

	for (uint32_t i = 0; i < b->n; i++) {
		struct monitor_one *one = &b->calls[i];
		struct wire_call *call = &b->one[i].call;
		unsigned char *block = b->link->shared->block + b->one[i].at;
		int64_t status = *(volatile int64_t *)&((struct link_call *)(void *)block)->call.ret[0];
		struct wire_room *texts = call->gate->open_ended ? texts_new(t) : &t->texts;
		struct twz_error err = { 0 };
		struct tally *tally = tally_find(b->link, one->gate);

		if (tally)
			tally_add(&tally->calls, 1);
		if (end != CALLER_DONE && status == -ENOSYS)
			failed(one, failures, why, first);
		else if (!texts)
			failed(one, failures, &(struct twz_error){ .cls = TWZ_CLASS_LINK,
				.code = TWZ_ERR(RESOURCE, OUT_OF_MEMORY), .text = "no memory for a result" },
			       first);
		else if (!call_take(one->gate, b->link, block, call, texts, one->ret, &err))
			failed(one, failures, &err, first);
	}
}

/* One crossing, or one call by itself: how many were made. */
static size_t
cross(struct batch *b, size_t n, int64_t timeout_ns, size_t *failures, struct twz_error *first)
{
	struct monitor_one *one = b->calls;
	struct monitor_link *l = NULL;
	struct twz_error err = { 0 };
	enum caller_end end;

	if (__atomic_load_n(&one->gate->call, __ATOMIC_RELAXED)) {
		if (!monitor_call(one->gate, one->words, one->ret, timeout_ns, &err))
			failed(one, failures, &err, first);
		return 1;
	}
	if (!call_link(one->gate, timeout_ns, &l, &err)) {
		failed(one, failures, &err, first);
		return 1;
	}
	b->link = l;
	b->carried = 0;
	(void)pack(b, n);
	if (!b->n) {	/* says what is wrong with it, as any call does */
		if (!monitor_call(one->gate, one->words, one->ret, timeout_ns, &err))
			failed(one, failures, &err, first);
		return 1;
	}
	caller_ready(&l->caller, b->carried);
	__atomic_store_n(&l->caller.calls, l->caller.calls + b->n - 1, __ATOMIC_RELAXED);
	__atomic_store_n(&l->shared_crossings, l->shared_crossings + b->n - 1, __ATOMIC_RELAXED);
	end = caller_ring(&l->caller, timeout_ns);
	if (end != CALLER_DONE)
		(void)call_give_up(one->gate, l, end, timeout_ns, &err);
	take_all(b, end, &err, failures, first);
	return b->n;
}

bool
monitor_goes_together(const struct monitor_gate *gate)
{
	return !gate->call;
}

size_t
monitor_call_many(struct monitor_one *calls, size_t n, int64_t timeout_ns, struct twz_error *err)
{
	struct batch *b = malloc(sizeof(*b));
	size_t failures = 0;

	batch_forget(thread_self());
	for (size_t i = 0; i < n; i++)
		calls[i].code = 0;
	for (size_t i = 0; b && i < n;) {
		b->calls = calls + i;
		i += cross(b, n - i, timeout_ns, &failures, err);
	}
	for (size_t i = 0; !b && i < n; i++) {
		failures++;
		calls[i].code = TWZ_ERR(RESOURCE, OUT_OF_MEMORY);
	}
	if (!b)
		twz_fail_sys(err, ENOMEM, "make %zu calls at once", n);
	free(b);
	return failures;
}
