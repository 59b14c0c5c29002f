/*
 * Objects at level none, where their number is their address: memory that functions are given for what they make, and
 * copies of what objects keep, are remembered until these are closed or their service is unloaded. See guest/gate.c
 * for compartments.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/internal.h"
#include "monitor/made.h"

struct kept {
	struct kept *next;
	uint64_t align;			/* what is behind is aligned like anything malloc'ed */
};

struct node {
	uintptr_t address;		/* of the object */
	bool owned;			/* its memory is ours */
	struct kept *kept;
};

static int
by_address(const void *a, const void *b)
{
	const struct node *m = a, *n = b;

	return (m->address > n->address) - (m->address < n->address);
}

static void
node_free(void *data)
{
	struct node *n = data;

	for (struct kept *k = n->kept, *next; k; k = next) {
		next = k->next;
		free(k);
	}
	if (n->owned)
		free((void *)n->address);
	free(n);
}

/* With the lock held: what is known of the object; made if need be. NULL: there is no memory. */
static struct node *
node_of(struct made *m, uint64_t address)
{
	struct node *n = calloc(1, sizeof(*n)), **at;

	if (!n)
		return NULL;
	n->address = (uintptr_t)address;
	at = tsearch(n, &m->root, by_address);
	if (!at || *at != n)
		free(n);
	return at ? *at : NULL;
}

/* False: it is not remembered, and still the caller's. */
static bool
keep_object(struct made *m, uint64_t address)
{
	struct node *n;

	pthread_mutex_lock(&m->lock);
	n = node_of(m, address);
	if (n)
		n->owned = true;
	pthread_mutex_unlock(&m->lock);
	return n;
}

static void
keep_copy(struct made *m, uint64_t address, struct kept *kept)
{
	struct node *n;

	pthread_mutex_lock(&m->lock);
	n = address ? node_of(m, address) : NULL;
	if (n) {
		kept->next = n->kept;
		n->kept = kept;
	}
	pthread_mutex_unlock(&m->lock);
	if (!n)
		free(kept);
}

static void
drop(struct made *m, uint64_t address)
{
	const struct node key = { .address = (uintptr_t)address };
	struct node **at, *n = NULL;

	pthread_mutex_lock(&m->lock);
	at = tfind(&key, &m->root, by_address);
	if (at) {
		n = *at;
		tdelete(n, &m->root, by_address);
	}
	pthread_mutex_unlock(&m->lock);
	if (n)
		node_free(n);
}

static bool
has_failed(const struct twz_plan *plan, const void *ret)
{
	int64_t value = 0;

	if (!plan->fails)
		return false;
	memcpy(&value, ret, plan->ret.size);
	return twz_failing(plan->fails, plan->ret.type, value);
}

/* One call: what the function gets instead of what the caller gave. */
struct making {
	struct made *made;
	const struct twz_plan *plan;
	const uint64_t *words;
	uint64_t given[TWZ_MAX_PARAMS];
	struct kept *kept[TWZ_MAX_PARAMS];
};

static bool
take_copy(struct making *c, uint32_t i)
{
	const struct twz_slot *s = &c->plan->slots[i];
	const void *from = (const void *)(uintptr_t)c->words[i];
	uint64_t n = s->size;

	if (s->pass == TWZ_PASS_STRING)
		n = strlen(from) + 1;
	else if (s->pass == TWZ_PASS_BUFFER && !twz_slot_bytes(c->plan, s, c->words, SIZE_MAX / 2, &n))
		return false;
	c->kept[i] = malloc(sizeof(*c->kept[i]) + n);
	if (!c->kept[i])
		return false;
	memcpy(c->kept[i] + 1, from, n);
	c->given[i] = (uint64_t)(uintptr_t)(c->kept[i] + 1);
	return true;
}

/* False: there is no memory for it all. */
static bool
begin(struct making *c)
{
	bool room = true;

	for (uint32_t i = 0; i < c->plan->nslots; i++) {
		const struct twz_slot *s = &c->plan->slots[i];

		c->kept[i] = NULL;
		c->given[i] = s->makes ? 0 : c->words[i];
		if (!c->words[i] || !room)
			continue;
		if (s->makes) {
			c->given[i] = (uint64_t)(uintptr_t)calloc(1, s->count);
			room = c->given[i];
		} else if (s->keeper) {
			room = take_copy(c, i);
		}
	}
	return room;
}

static void
discard(const struct making *c)
{
	for (uint32_t i = 0; i < c->plan->nslots; i++) {
		free(c->kept[i]);
		if (c->plan->slots[i].makes)
			free((void *)(uintptr_t)c->given[i]);
	}
}

/* The address of the object that slot @i stands for, after the call; 0: none. */
static uint64_t
object_at(const struct making *c, uint32_t i, const void *ret)
{
	uint64_t address = 0;

	if (i == c->plan->nslots)
		memcpy(&address, ret, sizeof(address));
	else if (c->plan->slots[i].pass == TWZ_PASS_WORD)
		address = c->words[i];
	else if (c->words[i])
		memcpy(&address, (const void *)(uintptr_t)c->words[i], sizeof(address));
	return address;
}

static void
finish(struct making *c, const void *ret)
{
	bool failed = has_failed(c->plan, ret);

	for (uint32_t i = 0; i < c->plan->nslots; i++) {
		const struct twz_slot *s = &c->plan->slots[i];

		if (s->closes)
			drop(c->made, c->words[i]);
		if (!s->makes || !c->words[i])
			continue;
		if (failed || !keep_object(c->made, c->given[i])) {
			free((void *)(uintptr_t)c->given[i]);
			c->given[i] = 0;
		}
		memcpy((void *)(uintptr_t)c->words[i], &c->given[i], sizeof(c->given[i]));
	}
	for (uint32_t i = 0; i < c->plan->nslots; i++)
		if (c->kept[i])
			keep_copy(c->made, object_at(c, c->plan->slots[i].keeper - 1, ret), c->kept[i]);
}

bool
made_invoke(struct made *m, void *function, const struct twz_plan *plan, const uint64_t *words, void *ret,
	    struct twz_error *err)
{
	struct making c = { .made = m, .plan = plan, .words = words };
	bool room = begin(&c);

	if (!room || !direct_invoke(function, plan, c.given, ret, err)) {
		discard(&c);
		return room ? false : twz_fail_sys(err, ENOMEM, "%s: an object", plan->gate->name);
	}
	finish(&c, ret);
	return true;
}

void
made_free(struct made *m)
{
	tdestroy(m->root, node_free);
	m->root = NULL;
}
