/*
 * Taking arguments and giving results, the guest's half of wire.h. Compiled into the guest; and into the monitor,
 * for compartments in its own process and for tests.
 */
#include "monitor/wire_inside.h"

/* What a reference of the caller's has to be. */
static enum wire_status
check_ref(struct wire_run *run, uint32_t i)
{
	const struct wire_slot *slot = &run->gate->slots[i];
	uint64_t ref = run->refs[i], n = 1, want = slot->size;

	/* What counts it lies in the block and is copied later: see fix_argument(). */
	if (slot->behind) {
		want = twz_ref_size(ref);
	} else if (slot->pass == TWZ_PASS_BUFFER) {
		if (!count_of(run->gate, slot, run->refs, &n))
			return WIRE_BAD_COUNT;
		want = n * slot->size;
	}
	if (ref == TWZ_REF_NULL)
		return slot->optional || !want ? WIRE_OK : WIRE_IS_NULL;
	if (twz_ref_offset(ref) & WIRE_SHARED) {
		if (!run->shared || !may_be_shared(slot) || twz_ref_size(ref) != sizeof(struct wire_shared))
			return WIRE_FORGED;
		ref = run->refs[i] = twz_ref(twz_ref_offset(ref) & ~WIRE_SHARED, twz_ref_size(ref));
		run->in_shared |= (uint64_t)1 << i;
		want = sizeof(struct wire_shared);
	}
	if (!twz_ref_inside(ref, run->size, run->in_shared >> i & 1 ? 8 : slot->align))
		return WIRE_FORGED;
	if (slot->pass == TWZ_PASS_STRING ? !twz_ref_size(ref) : twz_ref_size(ref) != want)
		return WIRE_FORGED;
	if (run->used < twz_ref_offset(ref) + (uint64_t)twz_ref_size(ref))
		run->used = twz_ref_offset(ref) + (uint64_t)twz_ref_size(ref);
	return WIRE_OK;
}

/* Where the inner texts of IN objects lie is known only from the objects: then all data is copied, but what stays. */
static bool
has_inner(const struct wire_gate *g)
{
	for (uint32_t i = 0; i < g->nslots; i++)
		if (g->slots[i].ninner)
			return true;
	return false;
}

static enum wire_status
fix_object(struct wire_run *run, const struct wire_slot *slot, uint64_t ref)
{
	const uint32_t *inner = wire_inner(run->gate, slot);
	uint64_t n = slot->size ? twz_ref_size(ref) / slot->size : 0;

	for (uint64_t e = 0; e < n; e++)
		for (uint32_t j = 0; j < slot->ninner; j++) {
			unsigned char *at = run->bytes + twz_ref_offset(ref) + e * slot->size + inner[j];
			char *text = NULL;
			uint64_t to;

			memcpy(&to, at, sizeof(to));
			if (to != TWZ_REF_NULL) {
				if (!twz_ref_inside(to, run->used, 1) || !twz_ref_size(to))
					return WIRE_FORGED;
				text = (char *)run->bytes + twz_ref_offset(to);
				if (text[twz_ref_size(to) - 1])
					return WIRE_FORGED;
			}
			memcpy(at, &text, sizeof(text));
		}
	return WIRE_OK;
}

/*
 * Whether bytes stay in the block for the gate to use there. That they change meanwhile only a caller rules out who
 * is trusted; and nothing of them is looked at here, but once the end of a text.
 */
static bool
stays(const struct wire_run *run, uint32_t i, const unsigned char *data)
{
	const struct wire_slot *slot = &run->gate->slots[i];
	uintptr_t at = (uintptr_t)(data + twz_ref_offset(run->refs[i]));

	return run->trusts && (slot->pass == TWZ_PASS_BUFFER || slot->pass == TWZ_PASS_STRING) && !slot->ninner &&
	       twz_ref_size(run->refs[i]) >= WIRE_IN_PLACE_LEAST && !(at & (slot->align - 1));
}

/* Room for @n bytes in the private copy; its offset. */
static uint64_t
place(struct wire_run *run, uint64_t n, uint32_t align)
{
	uint64_t at = TWZ_ALIGN(run->own, (uint64_t)(align < 8 ? 8 : align));

	run->own = at + n;
	return at;
}

/* Takes over what one reference refers to; what is copied is never read from the block again. */
static void
take_in(struct wire_run *run, uint32_t i, unsigned char *data, bool copied)
{
	unsigned char *from = data + twz_ref_offset(run->refs[i]), *at = run->bytes + run->values[i];
	uint32_t n = twz_ref_size(run->refs[i]);
	bool out = run->gate->slots[i].dir == TWZ_OUT;

	if (run->in_place >> i & 1)
		at = from;
	run->values[i] = (uint64_t)(uintptr_t)at;
	if (out)
		memset(at, 0, n);
	else if (at != from && !copied)
		memcpy(at, from, n);
}

/* All but what stays. False: that is not in order, as it is where nobody forged it. */
static bool
take_whole(struct wire_run *run, const unsigned char *data)
{
	uint64_t from = 0;

	for (uint32_t i = 0; i < run->gate->nslots; i++) {
		uint64_t at = twz_ref_offset(run->refs[i]);

		if (!(run->in_place >> i & 1))
			continue;
		if (at < from)
			return false;
		memcpy(run->bytes + from, data + from, at - from);
		from = at + twz_ref_size(run->refs[i]);
	}
	memcpy(run->bytes + from, data + from, run->used - from);
	return true;
}

/* Whether the buffer is as large as the private copy of its count says. */
static bool
fits_behind(const struct wire_run *run, const struct wire_slot *slot, uint64_t ref)
{
	const struct wire_slot *count = &run->gate->slots[slot->extent];
	const void *at = (const void *)(uintptr_t)run->values[slot->extent];
	uint64_t bytes;

	return run->refs[slot->extent] != TWZ_REF_NULL &&
	       !__builtin_mul_overflow(count_at(count, at), (uint64_t)slot->size, &bytes) &&
	       bytes == twz_ref_size(ref);
}

/* @at is the private copy of where it lies. */
static enum wire_status
fix_shared(struct wire_run *run, uint32_t i, const unsigned char *at)
{
	const struct wire_slot *slot = &run->gate->slots[i];
	struct wire_shared where;
	const void *memory;
	uint64_t n;

	memcpy(&where, at, sizeof(where));
	if (!count_of(run->gate, slot, run->refs, &n) || where.size != n * slot->size ||
	    where.offset & (slot->align - 1))
		return WIRE_FORGED;
	memory = run->shared(&where);
	run->values[i] = (uint64_t)(uintptr_t)memory;
	return memory ? WIRE_OK : WIRE_FORGED;
}

static enum wire_status
fix_argument(struct wire_run *run, uint32_t i)
{
	const struct wire_slot *slot = &run->gate->slots[i];
	uint64_t ref = run->refs[i];
	unsigned char *at = (unsigned char *)(uintptr_t)run->values[i];

	run->args[i] = &run->values[i];
	if (ref == TWZ_REF_NULL)
		return slot->pass == TWZ_PASS_STRUCT ? WIRE_FORGED : WIRE_OK;
	if (run->in_shared >> i & 1)
		return fix_shared(run, i, at);
	if (slot->behind && !fits_behind(run, slot, ref))
		return WIRE_FORGED;
	if (slot->pass == TWZ_PASS_STRUCT)
		run->args[i] = at;
	if (slot->pass == TWZ_PASS_STRING)
		return at[twz_ref_size(ref) - 1] ? WIRE_FORGED : WIRE_OK;
	return slot->ninner ? fix_object(run, slot, ref) : WIRE_OK;
}

/* Where everything goes. */
static enum wire_status
find_places(struct wire_run *run, const unsigned char *data, bool whole)
{
	const struct wire_gate *g = run->gate;
	uint64_t end = g->open_ended ? twz_ref_offset(run->ret_ref) : run->size;

	if (whole && end > run->size)
		return WIRE_FORGED;
	if (whole && run->used < end)
		run->used = end;
	run->own = whole ? run->used : 0;
	for (uint32_t i = 0; i < g->nslots; i++) {
		uint64_t ref = run->refs[i];

		if (g->slots[i].pass == TWZ_PASS_WORD)
			continue;
		run->values[i] = 0;
		if (ref == TWZ_REF_NULL)
			continue;
		if (stays(run, i, data))
			run->in_place |= (uint64_t)1 << i;
		else
			run->values[i] = whole ? twz_ref_offset(ref) : place(run, twz_ref_size(ref), g->slots[i].align);
	}
	/* What overlaps could be made to take any amount of memory. */
	return run->own <= run->size ? WIRE_OK : WIRE_FORGED;
}

static enum wire_status
take_places(struct wire_run *run, unsigned char *data, struct wire_room *room)
{
	const struct wire_gate *g = run->gate;
	const struct wire_slot *ret = wire_ret(g);
	bool whole = has_inner(g);
	enum wire_status status = find_places(run, data, whole);
	uint64_t result = 0;

	if (status != WIRE_OK)
		return status;
	if (ret->pass == TWZ_PASS_STRUCT) {
		if (!twz_ref_inside(run->ret_ref, run->size, ret->align) ||
		    twz_ref_size(run->ret_ref) != ret->size)
			return WIRE_FORGED;
		if (run->used < twz_ref_offset(run->ret_ref) + (uint64_t)ret->size)
			run->used = twz_ref_offset(run->ret_ref) + (uint64_t)ret->size;
		result = place(run, ret->size, ret->align);
	}
	run->bytes = wire_room_take(room, run->own + sizeof(run->ret_word));
	if (!run->bytes)
		return WIRE_NO_MEMORY;
	if (whole && !take_whole(run, data))
		return WIRE_FORGED;
	for (uint32_t i = 0; i < g->nslots; i++)
		if (g->slots[i].pass != TWZ_PASS_WORD && run->refs[i] != TWZ_REF_NULL)
			take_in(run, i, data, whole);
	if (ret->pass == TWZ_PASS_STRUCT) {
		run->ret = run->bytes + result;
		memset(run->ret, 0, ret->size);
	}
	return WIRE_OK;
}

enum wire_status
wire_take(struct wire_run *run, unsigned char *payload, struct wire_room *room)
{
	const struct wire_gate *g = run->gate;
	unsigned char *argv = payload + sizeof(struct twz_gatecall_item);
	enum wire_status status = WIRE_OK;

	run->used = run->in_shared = run->in_place = 0;
	run->ret = run->ret_word;
	memcpy(run->refs, argv, g->nslots * 8);
	memcpy(&run->ret_ref, payload + 16, sizeof(run->ret_ref));
	for (uint32_t i = 0; i < g->nslots && status == WIRE_OK; i++)
		if (g->slots[i].pass != TWZ_PASS_WORD)
			status = check_ref(run, i);
	if (status == WIRE_OK && g->has_data)
		status = take_places(run, argv + g->nslots * 8, room);
	for (uint32_t i = 0; i < g->nslots && status == WIRE_OK; i++) {
		if (g->slots[i].pass != TWZ_PASS_WORD) {
			status = fix_argument(run, i);
			continue;
		}
		run->values[i] = run->refs[i];
		run->args[i] = &run->values[i];
	}
	return status;
}

/* Appends one text behind everything that the call uses. */
static enum wire_status
give_text(struct wire_run *run, unsigned char *data, const char *text, uint64_t *ref)
{
	size_t n;

	*ref = TWZ_REF_NULL;
	if (!text)
		return WIRE_OK;
	n = strlen(text) + 1;
	if (run->used > run->size || n > run->size - run->used)
		return WIRE_TOO_BIG;
	memcpy(data + run->used, text, n);
	*ref = twz_ref((uint32_t)run->used, (uint32_t)n);
	run->used += n;
	return WIRE_OK;
}

static enum wire_status
give_struct(struct wire_run *run, unsigned char *data)
{
	const struct wire_slot *ret = wire_ret(run->gate);
	const uint32_t *inner = wire_inner(run->gate, ret);

	for (uint32_t j = 0; j < ret->ninner; j++) {
		unsigned char *at = (unsigned char *)run->ret + inner[j];
		enum wire_status status;
		const char *text;
		uint64_t ref;

		memcpy(&text, at, sizeof(text));
		status = give_text(run, data, text, &ref);
		if (status != WIRE_OK)
			return status;
		memcpy(at, &ref, sizeof(ref));
	}
	memcpy(data + twz_ref_offset(run->ret_ref), run->ret, ret->size);
	return WIRE_OK;
}

enum wire_status
wire_give(struct wire_run *run, unsigned char *payload, uint64_t *word)
{
	const struct wire_gate *g = run->gate;
	const struct wire_slot *ret = wire_ret(g);
	unsigned char *data = payload + sizeof(struct twz_gatecall_item) + g->nslots * 8;

	for (uint32_t i = 0; i < g->nslots; i++) {
		const struct wire_slot *slot = &g->slots[i];

		if (slot->pass == TWZ_PASS_WORD || slot->dir == TWZ_IN ||
		    run->refs[i] == TWZ_REF_NULL || run->in_place >> i & 1)
			continue;
		memcpy(data + twz_ref_offset(run->refs[i]), (const void *)(uintptr_t)run->values[i],
		       twz_ref_size(run->refs[i]));
	}
	switch ((enum twz_pass)ret->pass) {
	case TWZ_PASS_STRING:
		return give_text(run, data, (const char *)(uintptr_t)run->ret_word[0], word);
	case TWZ_PASS_STRUCT:
		*word = run->ret_ref;
		return give_struct(run, data);
	case TWZ_PASS_NOTHING:
	case TWZ_PASS_WORD:
	case TWZ_PASS_REF:
	case TWZ_PASS_BUFFER:
		break;
	}
	*word = run->ret_word[0];
	return WIRE_OK;
}
