/*
 * Packing and unpacking of calls, the caller's half; see wire.h. Compiled into the monitor and into the guest.
 *
 * In both directions: bytes that the other side can still write are copied first and judged after,
 * each of them once.
 */
#include "monitor/wire_inside.h"

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

static bool valid(const struct wire_gate *g, size_t n, bool inside);

/* What a word may stand for; @need: where descriptions of callbacks may begin. */
static bool
stands_for_something(const struct wire_gate *g, const struct wire_slot *s, uint64_t need, bool inside)
{
	switch ((enum wire_stands)s->stands) {
	case WIRE_NUMBER:
		return !s->tag || (s->tag <= g->nslots + 1 && s->dir == TWZ_IN && !s->ninner &&
				   g->slots[s->tag - 1].stands == WIRE_OBJECT &&
				   (s->pass == TWZ_PASS_STRING || s->pass == TWZ_PASS_REF || s->pass == TWZ_PASS_BUFFER));
	case WIRE_OBJECT:
		return s->size == 8 && (s->pass == TWZ_PASS_WORD || (s->pass == TWZ_PASS_REF && s->dir == TWZ_OUT &&
								     s->count <= TWZ_OBJECT_MAX));
	case WIRE_TOKEN:
		return s->size == 8 && s->pass == TWZ_PASS_WORD;
	case WIRE_NEGATIVE:
	case WIRE_NONZERO:
	case WIRE_ZERO:
		return s->size <= 8 && s->pass == TWZ_PASS_WORD && !s->is_float;
	case WIRE_ERRNO:
		return (s->size == 4 || s->size == 8) && s->pass == TWZ_PASS_WORD && s->is_signed && !s->is_float;
	case WIRE_CALLBACK:
		return s->size == 8 && s->pass == TWZ_PASS_WORD && !inside && s->tag % 8 == 0 && s->tag >= need &&
		       s->tag < g->bytes && g->bytes - s->tag >= sizeof(*g) &&
		       wire_callback(g, s)->bytes <= g->bytes - s->tag &&
		       (s->extent < 0 || g->slots[s->extent].stands == WIRE_TOKEN) &&
		       valid(wire_callback(g, s), wire_callback(g, s)->bytes, true);
	}
	return false;
}

static bool
valid(const struct wire_gate *g, size_t n, bool inside)
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
		if (!stands_for_something(g, s, need, inside))
			return false;
		for (uint32_t j = 0; j < s->ninner; j++)
			if (wire_inner(g, s)[j] + sizeof(char *) > s->size)
				return false;
	}
	return !g->is_result || (wire_ret(g)->pass == TWZ_PASS_STRUCT &&
				 wire_ret(g)->size >= sizeof(uint32_t) &&
				 g->state <= wire_ret(g)->size - sizeof(uint32_t));
}

bool
wire_valid(const struct wire_gate *g, size_t n)
{
	return valid(g, n, false);
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
	unsigned char *data = (void *)((uint64_t *)(head + 1) + g->nslots);
	uint64_t argv[TWZ_MAX_PARAMS], ret = (uint64_t)-ENOSYS;
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
	memcpy(data + call->data, &end, sizeof(end));
	/* The other side looks at this line all the time: it is written in one go. */
	*head = (struct link_call){
		.item = { 24 + g->nslots * 8 + call->data, TWZ_ITEM_GATECALL },
		.call = { g->number, { -ENOSYS, (int64_t)ret } },
	};
	memcpy(head + 1, argv, g->nslots * sizeof(argv[0]));
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
