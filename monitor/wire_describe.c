/* From a plan to its wire form. */
#include <string.h>

#include "monitor/message.h"
#include "monitor/wire.h"

/*
 * Marks the bytes that the scalars of @type take: 'b' of integers, texts and padding between them,
 * 'f' and 'd' where a float or double starts, '.' where it goes on.
 */
static void
mark(const struct twz_type *type, uint64_t offset, char *map, uint32_t size)
{
	const struct twz_type *t = twz_type_strip(type);
	bool real = t->kind == TWZ_FLOAT;

	switch (t->kind) {
	case TWZ_STRUCT:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_OPTION:
		for (uint32_t i = 0; i < t->nmembers; i++)
			mark(t->members[i].type, offset + t->members[i].offset, map, size);
		return;
	case TWZ_ARRAY: {
		const struct twz_type *element = twz_type_strip(t->target);

		for (uint64_t i = 0; i < t->count && offset + i * element->size < size; i++)
			mark(t->target, offset + i * element->size, map, size);
		return;
	}
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_ENUM:
	case TWZ_STRING:
	case TWZ_POINTER:
		for (uint32_t i = 0; i < t->size && offset + i < size; i++)
			map[offset + i] = !real ? 'b' : i ? '.' : t->size == 4 ? 'f' : 'd';
		return;
	case TWZ_VOID:
	case TWZ_TYPEDEF:
	case TWZ_FUNC:
	case TWZ_LIST:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		return;
	}
}

/*
 * The scalars of a struct that is passed by value, in order. An eightbyte that holds an integer is
 * passed as one, so its padding may be spelt as bytes; padding beside floats must stay padding.
 */
static uint32_t
shape(const struct twz_slot *slot, char *out)
{
	char map[WIRE_SHAPE_MAX + 8] = { 0 };
	uint32_t n = 0;

	if (slot->size > WIRE_SHAPE_MAX)
		return 0;
	mark(slot->type, 0, map, slot->size);
	for (uint32_t i = 0; i < slot->size; i++) {
		const char *eight = map + (i & ~7u);

		if (map[i] == '.' || (!map[i] && !memchr(eight, 'b', 8)))
			continue;
		out[n++] = map[i] ? map[i] : 'b';
	}
	return n;
}

static void
describe_slot(const struct twz_slot *from, struct wire_slot *to)
{
	*to = (struct wire_slot){
		.pass = (uint8_t)from->pass,
		.dir = (uint8_t)from->dir,
		.optional = from->optional,
		.is_float = from->is_float,
		.is_signed = from->is_signed,
		.behind = from->behind,
		.stands = from->object ? WIRE_OBJECT : from->callback ? WIRE_CALLBACK :
			  from->token ? WIRE_TOKEN : from->by_errno ? WIRE_ERRNO : WIRE_NUMBER,
		.closes = from->closes,
		.tag = from->object ? from->tag : from->keeper,
		.size = from->size,
		.align = from->align && from->pass != TWZ_PASS_STRING ? from->align : 1,
		.extent = from->extent,
		.count = from->count,
		.ninner = from->ninner,
	};
}

static uint8_t
failing(const struct twz_plan *plan)
{
	switch (plan->fails) {
	case TWZ_RETURNS_NEGATIVE:
		return WIRE_NEGATIVE;
	case TWZ_RETURNS_NONZERO:
		return WIRE_NONZERO;
	case TWZ_RETURNS_ZERO:
		return WIRE_ZERO;
	}
	return WIRE_NUMBER;
}

/* Appends the description of the callback that parameter @i is. */
static bool
add_callback(const struct twz_slot *slot, uint32_t i, struct wire_gate **io, struct twz_error *err)
{
	TWZ_FREE struct wire_gate *inner = NULL;
	struct wire_gate *g;
	size_t at = TWZ_ALIGN((size_t)(*io)->bytes, (size_t)8), n;

	if (!wire_describe(slot->callback, i, &inner, err))
		return false;
	n = at + inner->bytes;
	g = n > MESSAGE_MAX ? NULL : realloc(*io, n);
	if (!g)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"the signature of a callback needs %zu bytes to describe; the limit is %d", n,
				MESSAGE_MAX);
	memset((char *)g + g->bytes, 0, at - g->bytes);
	memcpy((char *)g + at, inner, inner->bytes);
	g->slots[i].tag = (uint32_t)at;
	g->slots[i].extent = slot->data;
	g->bytes = (uint32_t)n;
	*io = g;
	return true;
}

static bool
add_callbacks(const struct twz_plan *plan, struct wire_gate **io, struct twz_error *err)
{
	for (uint32_t i = 0; i < plan->nslots; i++)
		if (plan->slots[i].callback && !add_callback(&plan->slots[i], i, io, err))
			return false;
	return true;
}

bool
wire_describe(const struct twz_plan *plan, uint32_t number, struct wire_gate **ret,
	      struct twz_error *err)
{
	const char *symbol = plan->gate->symbol;
	uint32_t ninner = plan->ret.ninner, nshape = 0;
	TWZ_FREE char *shapes = malloc((plan->nslots + 1) * (size_t)WIRE_SHAPE_MAX);
	struct wire_gate *g;
	uint32_t *inner;
	size_t n;

	if (!shapes)
		return twz_fail_sys(err, errno, "describe gate %s", plan->gate->name);
	for (uint32_t i = 0; i < plan->nslots; i++)
		ninner += plan->slots[i].ninner;
	n = sizeof(*g) + (plan->nslots + 1) * sizeof(g->slots[0]) + ninner * sizeof(uint32_t) +
	    (plan->nslots + 1) * (size_t)WIRE_SHAPE_MAX + strlen(symbol) + 1;
	if (n > MESSAGE_MAX)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"the signature of %s needs %zu bytes to describe; the limit is %d",
				plan->gate->name, n, MESSAGE_MAX);
	g = calloc(1, n);
	if (!g)
		return twz_fail_sys(err, errno, "describe gate %s", plan->gate->name);
	*g = (struct wire_gate){ .number = number, .nslots = plan->nslots,
				 .words_only = plan->words_only, .ninner = ninner };
	inner = (uint32_t *)(void *)(g->slots + plan->nslots + 1);
	ninner = 0;
	for (uint32_t i = 0; i <= plan->nslots; i++) {
		const struct twz_slot *slot = i < plan->nslots ? &plan->slots[i] : &plan->ret;

		describe_slot(slot, &g->slots[i]);
		g->slots[i].inner = ninner;
		for (uint32_t j = 0; j < slot->ninner; j++)
			inner[ninner++] = slot->inner[j].offset;
		g->slots[i].shape = nshape;
		if (i == plan->nslots && plan->makes && g->slots[i].stands == WIRE_NUMBER)
			g->slots[i].stands = failing(plan);
		if (slot->pass == TWZ_PASS_STRUCT)
			g->slots[i].nshape = shape(slot, shapes + nshape);
		nshape += g->slots[i].nshape;
		g->has_data |= slot->pass != TWZ_PASS_NOTHING && slot->pass != TWZ_PASS_WORD;
	}
	if (twz_result_state(plan->ret.type)) {
		g->is_result = true;
		g->state = (uint32_t)twz_result_state(plan->ret.type)->offset;
	}
	g->open_ended = plan->ret.pass == TWZ_PASS_STRING || plan->ret.ninner;
	g->nshape = nshape;
	memcpy(inner + ninner, shapes, nshape);
	strcpy((char *)(inner + ninner) + nshape, symbol);
	g->bytes = (uint32_t)((char *)(inner + ninner) + nshape + strlen(symbol) + 1 - (char *)g);
	if (!add_callbacks(plan, &g, err)) {
		free(g);
		return false;
	}
	*ret = g;
	return true;
}
