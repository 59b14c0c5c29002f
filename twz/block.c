#include "twz/block.h"

#include <errno.h>
#include <string.h>

#include "twz/util.h"

struct twz_block_writer
twz_block_writer(void *base, uint32_t size)
{
	return (struct twz_block_writer){ .base = base, .size = size, .item = UINT32_MAX };
}

/* Bytes that can still be used when the end marker's room is kept back. */
static uint32_t
room(const struct twz_block_writer *w)
{
	uint32_t keep = w->used + (uint32_t)sizeof(struct twz_item);

	return keep < w->used || keep > w->size ? 0 : w->size - keep;
}

static void
close_item(struct twz_block_writer *w)
{
	uint64_t size;

	if (w->item == UINT32_MAX)
		return;
	w->used = (w->used + 7) & ~(uint32_t)7;
	size = w->used - w->item - sizeof(struct twz_item);
	memcpy(w->base + w->item, &size, sizeof(size));
	w->item = UINT32_MAX;
}

void *
twz_block_item(struct twz_block_writer *w, uint64_t kind, uint32_t payload)
{
	struct twz_item header = { .size = payload, .kind = kind };
	uint32_t at;

	close_item(w);
	at = w->used;
	if (payload % 8 || payload > UINT32_MAX / 2 || room(w) < sizeof(header) + payload)
		return NULL;
	memcpy(w->base + at, &header, sizeof(header));
	memset(w->base + at + sizeof(header), 0, payload);
	w->item = at;
	w->used = w->data = at + (uint32_t)sizeof(header) + payload;
	return w->base + at + sizeof(header);
}

void *
twz_block_data(struct twz_block_writer *w, uint32_t n, uint32_t align, uint64_t *ref)
{
	/* The item's data starts at a multiple of 8; offsets count from there. */
	uint32_t offset = w->used - w->data;
	uint64_t start = ((uint64_t)offset + align - 1) & ~((uint64_t)align - 1);
	uint64_t end = start + n;

	/* Up to 7 bytes more when the item is closed. */
	if (w->item == UINT32_MAX || ((end + 7) & ~(uint64_t)7) > (uint64_t)offset + room(w))
		return NULL;
	w->used = w->data + (uint32_t)end;
	*ref = twz_ref((uint32_t)start, n);
	return w->base + w->data + start;
}

void
twz_block_end(struct twz_block_writer *w)
{
	struct twz_item end = { .size = 0, .kind = TWZ_ITEM_END };

	close_item(w);
	memcpy(w->base + w->used, &end, sizeof(end));
}

TWZ_HOT int
twz_block_next(struct twz_block_reader *r, struct twz_item *item, uint32_t *at)
{
	if (r->offset > r->size || r->size - r->offset < sizeof(*item))
		return -EOVERFLOW;
	memcpy(item, r->base + r->offset, sizeof(*item));
	/* What was copied is what is checked: the other side may change the block at any time. */
	__asm__ volatile("" ::: "memory");
	if (item->kind == TWZ_ITEM_END)
		return 0;
	if (item->size % 8)
		return -EINVAL;
	if (item->size > r->size - r->offset - sizeof(*item))
		return -EOVERFLOW;
	*at = r->offset + (uint32_t)sizeof(*item);
	r->offset = *at + (uint32_t)item->size;
	return 1;
}
