/*
 * Packing and unpacking of calls; see wire.h. Compiled into the monitor and into the guest.
 *
 * In both directions: bytes that the other side can still write are copied first and judged after,
 * each of them once.
 */
#include "monitor/wire.h"

#include <string.h>
#include <sys/mman.h>

#include "twz/gate.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a word's low bytes come first");

/* A number that a REF refers to and that counts a buffer's elements. */
static bool
counts_behind(const struct wire_slot *slot)
{
	return slot->pass == TWZ_PASS_REF && slot->dir == TWZ_INOUT && (slot->size == 4 || slot->size == 8);
}

bool
wire_valid(const struct wire_gate *g, size_t n)
{
	uint64_t need;

	if (n < sizeof(*g) || g->bytes != n || g->nslots > TWZ_MAX_PARAMS)
		return false;
	need = sizeof(*g) + (g->nslots + 1) * sizeof(g->slots[0]);
	if (need > n || g->ninner > n / sizeof(uint32_t) || g->nshape > n)
		return false;
	need += g->ninner * sizeof(uint32_t) + g->nshape + 1;
	if (need > n || ((const char *)g)[n - 1] != 0)
		return false;
	for (uint32_t i = 0; i <= g->nslots; i++) {
		const struct wire_slot *s = &g->slots[i];

		if (s->pass > TWZ_PASS_BUFFER || s->extent >= (int32_t)g->nslots ||
		    s->inner > g->ninner || s->ninner > g->ninner - s->inner ||
		    s->shape > g->nshape || s->nshape > g->nshape - s->shape ||
		    s->align & (s->align - 1) || s->align > 4096)
			return false;
		if (s->behind && (s->pass != TWZ_PASS_BUFFER || s->dir != TWZ_OUT || s->extent < 0 ||
				  !counts_behind(&g->slots[s->extent])))
			return false;
		if (s->object && (s->size != 8 || (s->pass != TWZ_PASS_WORD && s->pass != TWZ_PASS_REF)))
			return false;
		for (uint32_t j = 0; j < s->ninner; j++)
			if (wire_inner(g, s)[j] + sizeof(char *) > s->size)
				return false;
	}
	return !g->is_result || (wire_ret(g)->pass == TWZ_PASS_STRUCT &&
				 wire_ret(g)->size >= sizeof(uint32_t) &&
				 g->state <= wire_ret(g)->size - sizeof(uint32_t));
}

void *
wire_room_take(struct wire_room *room, size_t n)
{
	size_t size = TWZ_ALIGN(n + 1, (size_t)4096);
	void *bytes;

	if (n < room->size)
		return room->bytes;
	if (room->size)
		munmap(room->bytes, room->size);
	*room = (struct wire_room){ 0 };
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return NULL;
	*room = (struct wire_room){ bytes, size };
	return bytes;
}

void
wire_room_free(struct wire_room *room)
{
	if (room->size)
		munmap(room->bytes, room->size);
	*room = (struct wire_room){ 0 };
}

/* The count at @at in memory of our own; too large for anything when it is negative. */
static uint64_t
count_at(const struct wire_slot *count, const void *at)
{
	uint64_t n = 0;

	memcpy(&n, at, count->size);
	return n;
}

/* Elements of a buffer, by the call's own words. */
static bool
count_of(const struct wire_gate *g, const struct wire_slot *slot, const uint64_t *words, uint64_t *n)
{
	const struct wire_slot *count = slot->extent < 0 ? NULL : &g->slots[slot->extent];
	uint64_t elements = slot->count, bytes;

	if (slot->behind) {
		if (!words[slot->extent])
			return false;
		elements = count_at(count, (const void *)(uintptr_t)words[slot->extent]);
	} else if (count) {
		elements = wire_extend(words[slot->extent], count->size, count->is_signed);
		if (count->is_signed && (int64_t)elements < 0)
			return false;
	}
	if (__builtin_mul_overflow(elements, (uint64_t)slot->size, &bytes))
		return false;
	*n = elements;
	return true;
}

/* Where the data of the call's item has to end. */
static uint64_t
limit_of(const struct wire_call *call)
{
	return (call->room ? call->room : LINK_ROOM) - call->gate->nslots * 8;
}

/* Reserves @n bytes of data. */
static bool
place(struct wire_call *call, uint32_t i, uint64_t n, uint32_t align)
{
	uint64_t limit = limit_of(call);
	uint64_t at = TWZ_ALIGN(call->data, (uint64_t)(align < 8 ? 8 : align));

	if (at > limit || n > limit - at)
		return false;
	call->place[i].at = at;
	call->place[i].size = n;
	call->data = at + n;
	return true;
}

/* Copies an object with its inner texts, whose pointers become references. */
static enum wire_status
put_object(struct wire_call *call, const struct wire_slot *slot, unsigned char *data, uint64_t at,
	   const unsigned char *from, uint64_t elements)
{
	uint64_t limit = limit_of(call);
	const uint32_t *inner = wire_inner(call->gate, slot);

	if (elements)
		memcpy(data + at, from, elements * slot->size);
	for (uint64_t e = 0; slot->ninner && e < elements; e++)
		for (uint32_t j = 0; j < slot->ninner; j++) {
			uint64_t where = e * slot->size + inner[j], ref = TWZ_REF_NULL;
			const char *text;

			memcpy(&text, from + where, sizeof(text));
			if (text) {
				size_t n = strlen(text) + 1;

				if (n > limit - call->data)
					return WIRE_TOO_BIG;
				ref = twz_ref((uint32_t)call->data, (uint32_t)n);
				memcpy(data + call->data, text, n);
				call->data += n;
			}
			memcpy(data + at + where, &ref, sizeof(ref));
		}
	return WIRE_OK;
}

/* Input that only a reader needs, and much of it. */
static bool
may_be_shared(const struct wire_slot *slot)
{
	return slot->pass == TWZ_PASS_BUFFER && slot->dir == TWZ_IN && !slot->ninner;
}

static bool
put_shared(struct wire_call *call, uint32_t i, unsigned char *data, const void *from, uint64_t size,
	   uint64_t *ref)
{
	struct wire_shared at;

	if (!call->share(call->share_data, from, size, &at) || !place(call, i, sizeof(at), 8))
		return false;
	memcpy(data + call->place[i].at, &at, sizeof(at));
	*ref = twz_ref((uint32_t)call->place[i].at | WIRE_SHARED, sizeof(at));
	return true;
}

static enum wire_status
put_pointed(struct wire_call *call, uint32_t i, unsigned char *data, uint64_t *ref)
{
	const struct wire_slot *slot = &call->gate->slots[i];
	const unsigned char *from = (const unsigned char *)(uintptr_t)call->words[i];
	uint64_t n = 1, size = slot->size;

	if (slot->pass == TWZ_PASS_STRING && from)
		size = strlen((const char *)from) + 1;
	if (slot->pass == TWZ_PASS_BUFFER) {
		if (!count_of(call->gate, slot, call->words, &n))
			return WIRE_BAD_COUNT;
		size = n * slot->size;
	}
	if (!from) {
		*ref = TWZ_REF_NULL;
		return slot->optional || !size ? WIRE_OK : WIRE_IS_NULL;
	}
	if (call->share && size >= WIRE_SHARED_LEAST && may_be_shared(slot) &&
	    put_shared(call, i, data, from, size, ref))
		return WIRE_OK;
	if (!place(call, i, size, slot->align))
		return WIRE_TOO_BIG;
	*ref = twz_ref((uint32_t)call->place[i].at, (uint32_t)size);
	if (slot->dir == TWZ_OUT)
		return WIRE_OK;
	if (slot->pass == TWZ_PASS_STRING) {
		memcpy(data + call->place[i].at, from, size);
		data[call->place[i].at + size - 1] = 0;
		return WIRE_OK;
	}
	return put_object(call, slot, data, call->place[i].at, from, n);
}

enum wire_status
wire_pack(struct wire_call *call, unsigned char *block)
{
	const struct wire_gate *g = call->gate;
	struct link_call *head = (void *)block;
	uint64_t *argv = (void *)(head + 1);
	unsigned char *data = (void *)(argv + g->nslots);
	uint64_t ret = (uint64_t)-ENOSYS;
	struct twz_item end = { 0, TWZ_ITEM_END };

	call->data = 0;
	for (uint32_t i = 0; i < g->nslots; i++) {
		enum wire_status status = WIRE_OK;
		uint64_t word = call->words[i];

		call->culprit = i;
		call->place[i].at = call->place[i].size = 0;
		if (g->slots[i].pass != TWZ_PASS_WORD)
			status = put_pointed(call, i, data, &word);
		if (status != WIRE_OK)
			return status;
		argv[i] = word;
	}
	if (wire_ret(g)->pass == TWZ_PASS_STRUCT) {
		if (!place(call, g->nslots, wire_ret(g)->size, wire_ret(g)->align))
			return WIRE_TOO_BIG;
		ret = twz_ref((uint32_t)call->place[g->nslots].at, wire_ret(g)->size);
	} else if (g->open_ended) {
		ret = twz_ref((uint32_t)call->data, 0);
	}
	call->carried = call->data;
	call->data = g->open_ended ? limit_of(call) : TWZ_ALIGN(call->data, (uint64_t)8);
	*head = (struct link_call){
		.item = { 24 + g->nslots * 8 + call->data, TWZ_ITEM_GATECALL },
		.call = { g->number, { -ENOSYS, (int64_t)ret } },
	};
	memcpy(data + call->data, &end, sizeof(end));
	return WIRE_OK;
}

static enum wire_status
forged(struct wire_call *call, const char *what)
{
	call->what = what;
	return WIRE_FORGED;
}

/* Whether a text that the guest chose the place of may be read, and how long it is. */
static bool
text_inside(const struct wire_call *call, uint64_t ref)
{
	return twz_ref_inside(ref, call->data, 1) && twz_ref_size(ref) > 0;
}

/* Copies one text; the guest may change it meanwhile, so that its end is set, not looked for. */
static char *
take_text(const unsigned char *data, uint64_t ref, unsigned char **to)
{
	char *text = (char *)*to;
	uint32_t n = twz_ref_size(ref);

	memcpy(text, data + twz_ref_offset(ref), n);
	text[n - 1] = 0;
	*to += n;
	return text;
}

/* The texts of a struct result, which lies at @object in private memory and holds references. */
static enum wire_status
take_inner(struct wire_call *call, const unsigned char *data, unsigned char *object,
	   struct wire_room *texts)
{
	const struct wire_slot *slot = wire_ret(call->gate);
	const uint32_t *inner = wire_inner(call->gate, slot);
	uint64_t total = 0, ref;
	unsigned char *to;

	for (uint32_t j = 0; j < slot->ninner; j++) {
		memcpy(&ref, object + inner[j], sizeof(ref));
		if (ref == TWZ_REF_NULL)
			continue;
		if (!text_inside(call, ref))
			return forged(call, "a text in the result leaves the block");
		total += twz_ref_size(ref);
		if (total > LINK_ROOM)
			return forged(call, "the result's texts overlap");
	}
	to = wire_room_take(texts, total);
	if (!to)
		return WIRE_NO_MEMORY;
	for (uint32_t j = 0; j < slot->ninner; j++) {
		char *text = NULL;

		memcpy(&ref, object + inner[j], sizeof(ref));
		if (ref != TWZ_REF_NULL)
			text = take_text(data, ref, &to);
		memcpy(object + inner[j], &text, sizeof(text));
	}
	return WIRE_OK;
}

/* Whoever takes a Result, in C too, may rely on its state. */
static enum wire_status
check_state(struct wire_call *call, const unsigned char *ret)
{
	uint32_t state;

	if (!call->gate->is_result)
		return WIRE_OK;
	memcpy(&state, ret + call->gate->state, sizeof(state));
	if (state == TWZ_STATE_OK || state == TWZ_STATE_ERR)
		return WIRE_OK;
	call->what = state == TWZ_STATE_UNSET ? "the gate never set its result"
					      : "its result is neither Ok nor Err";
	return WIRE_NO_RESULT;
}

/* Whoever reads a buffer up to the count that came back must stay inside of the buffer. */
static enum wire_status
check_counts(struct wire_call *call)
{
	const struct wire_gate *g = call->gate;

	for (uint32_t i = 0; i < g->nslots; i++) {
		const struct wire_slot *s = &g->slots[i];
		void *count;

		if (!s->behind || !call->words[i] || !s->size)
			continue;
		count = (void *)(uintptr_t)call->words[s->extent];
		if (count_at(&g->slots[s->extent], count) <= call->place[i].size / s->size)
			continue;
		memset(count, 0, g->slots[s->extent].size);	/* for callers who look at nothing else */
		return forged(call, "it says that it wrote more than there was room for");
	}
	return WIRE_OK;
}

enum wire_status
wire_unpack(struct wire_call *call, const unsigned char *block, uint64_t word, void *ret,
	    struct wire_room *texts)
{
	const struct wire_gate *g = call->gate;
	const struct wire_slot *r = wire_ret(g);
	const unsigned char *data = block + sizeof(struct link_call) + g->nslots * 8;
	enum wire_status got;
	unsigned char *to;
	char *text = NULL;

	for (uint32_t i = 0; i < g->nslots; i++)
		if (g->slots[i].dir != TWZ_IN && call->place[i].size && call->words[i])
			memcpy((void *)(uintptr_t)call->words[i], data + call->place[i].at,
			       call->place[i].size);
	got = check_counts(call);
	if (got != WIRE_OK)
		return got;
	switch ((enum twz_pass)r->pass) {
	case TWZ_PASS_NOTHING:
		return WIRE_OK;
	case TWZ_PASS_WORD:
		memcpy(ret, &word, r->size);
		return WIRE_OK;
	case TWZ_PASS_STRING:
		if (word != TWZ_REF_NULL) {
			if (!text_inside(call, word))
				return forged(call, "its text leaves the block");
			to = wire_room_take(texts, twz_ref_size(word));
			if (!to)
				return WIRE_NO_MEMORY;
			text = take_text(data, word, &to);
		}
		memcpy(ret, &text, sizeof(text));
		return WIRE_OK;
	case TWZ_PASS_STRUCT:
		if (word != twz_ref((uint32_t)call->place[g->nslots].at, r->size))
			return forged(call, "its result is not the one that was asked for");
		memcpy(ret, data + call->place[g->nslots].at, r->size);
		got = check_state(call, ret);
		return got != WIRE_OK ? got : take_inner(call, data, ret, texts);
	case TWZ_PASS_REF:
	case TWZ_PASS_BUFFER:
		break;
	}
	return forged(call, "its description has no such result");
}

/* -- the guest's side ------------------------------------------------------------------------------- */

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

/* Where the inner texts of IN objects lie is known only from the objects: then all data is copied. */
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

/* Copies what one reference refers to; nothing of it is read from the block again. */
static void
copy_in(struct wire_run *run, uint32_t i, const unsigned char *data)
{
	uint64_t ref = run->refs[i];

	if (run->gate->slots[i].dir == TWZ_OUT)
		memset(run->bytes + twz_ref_offset(ref), 0, twz_ref_size(ref));
	else
		memcpy(run->bytes + twz_ref_offset(ref), data + twz_ref_offset(ref),
		       twz_ref_size(ref));
}

/* Whether the buffer is as large as the private copy of its count says. */
static bool
fits_behind(const struct wire_run *run, const struct wire_slot *slot, uint64_t ref)
{
	const struct wire_slot *count = &run->gate->slots[slot->extent];
	uint64_t at = run->refs[slot->extent], bytes;

	return at != TWZ_REF_NULL &&
	       !__builtin_mul_overflow(count_at(count, run->bytes + twz_ref_offset(at)),
				       (uint64_t)slot->size, &bytes) &&
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
	unsigned char *at;

	run->args[i] = &run->values[i];
	run->values[i] = 0;
	if (ref == TWZ_REF_NULL)
		return slot->pass == TWZ_PASS_STRUCT ? WIRE_FORGED : WIRE_OK;
	at = run->bytes + twz_ref_offset(ref);
	if (run->in_shared >> i & 1)
		return fix_shared(run, i, at);
	if (slot->behind && !fits_behind(run, slot, ref))
		return WIRE_FORGED;
	run->values[i] = (uint64_t)(uintptr_t)at;
	if (slot->pass == TWZ_PASS_STRUCT)
		run->args[i] = at;
	if (slot->pass == TWZ_PASS_STRING)
		return at[twz_ref_size(ref) - 1] ? WIRE_FORGED : WIRE_OK;
	return slot->ninner ? fix_object(run, slot, ref) : WIRE_OK;
}

static enum wire_status
take_places(struct wire_run *run, const unsigned char *data, struct wire_room *room)
{
	const struct wire_gate *g = run->gate;
	const struct wire_slot *ret = wire_ret(g);
	bool whole = has_inner(g);

	if (whole) {
		uint64_t end = g->open_ended ? twz_ref_offset(run->ret_ref) : run->size;

		if (end > run->size)
			return WIRE_FORGED;
		if (run->used < end)
			run->used = end;
	}
	if (ret->pass == TWZ_PASS_STRUCT) {
		if (!twz_ref_inside(run->ret_ref, run->size, ret->align) ||
		    twz_ref_size(run->ret_ref) != ret->size)
			return WIRE_FORGED;
		if (run->used < twz_ref_offset(run->ret_ref) + (uint64_t)ret->size)
			run->used = twz_ref_offset(run->ret_ref) + (uint64_t)ret->size;
	}
	run->bytes = wire_room_take(room, run->used + sizeof(run->ret_word));
	if (!run->bytes)
		return WIRE_NO_MEMORY;
	if (whole)
		memcpy(run->bytes, data, run->used);
	for (uint32_t i = 0; i < g->nslots; i++)
		if (g->slots[i].pass != TWZ_PASS_WORD && run->refs[i] != TWZ_REF_NULL &&
		    (!whole || g->slots[i].dir == TWZ_OUT))
			copy_in(run, i, data);
	if (ret->pass == TWZ_PASS_STRUCT) {
		run->ret = run->bytes + twz_ref_offset(run->ret_ref);
		memset(run->ret, 0, ret->size);
	}
	return WIRE_OK;
}

enum wire_status
wire_take(struct wire_run *run, const unsigned char *payload, struct wire_room *room)
{
	const struct wire_gate *g = run->gate;
	const unsigned char *argv = payload + sizeof(struct twz_gatecall_item);
	enum wire_status status = WIRE_OK;

	run->used = run->in_shared = 0;
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
		    run->refs[i] == TWZ_REF_NULL)
			continue;
		memcpy(data + twz_ref_offset(run->refs[i]),
		       run->bytes + twz_ref_offset(run->refs[i]), twz_ref_size(run->refs[i]));
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
