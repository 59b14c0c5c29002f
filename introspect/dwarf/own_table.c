/*
 * Tables of abbreviations: which of them a unit's codes stand for. Each table is read once, however many
 * units share it; of one that is only asked for its unit's top DIE, as far as that one stands.
 */
#include "introspect/dwarf/own.h"

enum {
	TOP_BYTES = 64,	/* in which a top DIE's abbreviation is looked for without making a table */
	ABBREVS = 256,
};

/* A table in the making: arrays on the stack until they are too small. */
struct maker {
	const unsigned char *text, *section_end;
	bool sparse;			/* the codes are not 1, 2, 3, … */
	struct own_way *ways;
	struct own_text **texts;
	struct own_code *codes;
	size_t n, size;
	void *ways_heap, *texts_heap, *codes_heap;
	struct own_way ways_stack[ABBREVS];
	struct own_text *texts_stack[ABBREVS];
	struct own_code codes_stack[ABBREVS];
};

/* The items, moved from the stack to the heap or to a bigger place there. */
static void *
grow(void *items, size_t n, void **heap, size_t item)
{
	void *bigger = reallocarray(*heap, n * 2, item);

	if (!bigger)
		abort();
	if (!*heap)
		memcpy(bigger, items, n * item);
	return *heap = bigger;
}

static void
add(struct maker *m, uint64_t code, struct own_text *text)
{
	if (m->n == m->size) {
		m->codes = grow(m->codes, m->n, &m->codes_heap, sizeof(*m->codes));
		m->ways = grow(m->ways, m->n, &m->ways_heap, sizeof(*m->ways));
		m->texts = grow(m->texts, m->n, &m->texts_heap, sizeof(*m->texts));
		m->size *= 2;
	}
	m->codes[m->n] = (struct own_code){ code, (uint32_t)m->n };
	m->ways[m->n] = text->way;
	m->texts[m->n++] = text;
	m->sparse |= code != m->n;
}

static void
make_begin(struct maker *m, const struct own_unit *unit)
{
	const struct elf_section *section = &unit->file->abbrev;

	memset(m, 0, offsetof(struct maker, ways_stack));
	m->text = section->bytes + unit->abbrev_offset;
	m->section_end = section->bytes + section->n;
	m->ways = m->ways_stack;
	m->texts = m->texts_stack;
	m->codes = m->codes_stack;
	m->size = ABBREVS;
}

static void
make_end(struct maker *m)
{
	free(m->ways_heap);
	free(m->texts_heap);
	free(m->codes_heap);
}

static int
by_code(const void *a, const void *b)
{
	const struct own_code *c = a, *d = b;

	if (c->code != d->code)
		return c->code < d->code ? -1 : 1;
	return c->place < d->place ? -1 : c->place > d->place;
}

/* Sorts the codes; of two abbreviations with one code the first stays. */
static size_t
sort_codes(struct own_code *codes, size_t n)
{
	size_t kept = 0;

	qsort(codes, n, sizeof(*codes), by_code);
	for (size_t i = 0; i < n; i++)
		if (!kept || codes[kept - 1].code != codes[i].code)
			codes[kept++] = codes[i];
	return kept;
}

static void *
keep(struct twz_arena *arena, const void *items, size_t n, size_t size)
{
	void *copy = twz_alloc_array(arena, n, size);

	if (n)
		memcpy(copy, items, n * size);
	return copy;
}

/* The finished table, copied to where it stays. */
static struct own_table *
make_table(struct maker *m, const struct own_unit *unit)
{
	struct twz_arena *arena = &unit->file->own->memory;
	struct own_table *ret = twz_new(arena, struct own_table);
	size_t n = m->sparse ? sort_codes(m->codes, m->n) : m->n;

	*ret = (struct own_table){
		.file = unit->file, .format = unit->format, .n = n,
		.ways = keep(arena, m->ways, m->n, sizeof(*m->ways)),
		.texts = keep(arena, m->texts, m->n, sizeof(*m->texts)),
		.codes = m->sparse ? keep(arena, m->codes, n, sizeof(*m->codes)) : NULL,
	};
	return ret;
}

/* Units may share tables or overlap them; together they do not make us read the section often. */
static bool
within_budget(struct own_file *file, uint64_t bytes)
{
	uint64_t left = atomic_load(&file->abbrev_budget);

	while (left >= bytes)
		if (atomic_compare_exchange_weak(&file->abbrev_budget, &left, left - bytes))
			return true;
	return false;
}

/* Reads the table; what is behind a damaged abbreviation is missing. */
static bool
read_table(struct maker *m, struct own_unit *unit)
{
	uint64_t left = atomic_load(&unit->file->abbrev_budget), code;
	bool cut = left < (uint64_t)(m->section_end - m->text);
	struct own_bytes b = { m->text, cut ? m->text + left : m->section_end };

	for (;;) {
		struct own_text *text;

		if (b.at == b.end && !cut)
			break;
		if (!own_uleb(&b, &code))
			return false;
		if (!code)
			break;
		text = own_text_at(unit->file->own, &unit->format, &b);
		if (!text)
			return false;
		add(m, code, text);
	}
	return within_budget(unit->file, (uint64_t)(b.at - m->text));
}

static uint64_t
table_key(const struct own_unit *unit)
{
	return unit->abbrev_offset << 8 | own_format_key(&unit->format);
}

const struct own_table *
own_make_table(struct own_unit *unit, struct own_head *head)
{
	struct own *own = unit->file->own;
	const struct own_table *table;
	struct maker m;

	pthread_mutex_lock(&own->lock);
	table = own_map_get(&unit->file->tables, table_key(unit));
	pthread_mutex_unlock(&own->lock);
	if (!table) {
		struct own_table *made;

		make_begin(&m, unit);
		if (!read_table(&m, unit))
			own_partial(own);
		pthread_mutex_lock(&own->lock);
		made = make_table(&m, unit);
		own_map_put(&own->memory, &unit->file->tables, table_key(unit), made);
		pthread_mutex_unlock(&own->lock);
		make_end(&m);
		table = made;
	}
	atomic_store_explicit(&head->table, table, memory_order_release);
	return table;
}

int64_t
own_search_code(const struct own_table *table, uint64_t code)
{
	size_t from = 0, n = table->n;

	while (n) {
		size_t half = n / 2;

		if (table->codes[from + half].code == code)
			return table->codes[from + half].place;
		if (table->codes[from + half].code < code) {
			from += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return -1;
}

/* Looks for the abbreviation without making a table, as long as that is quick. */
static const struct own_abbrev *
find_one(struct own_unit *unit, uint64_t code)
{
	const struct elf_section *section = &unit->file->abbrev;
	struct own_bytes b = own_bytes(*section, unit->abbrev_offset, section->n - unit->abbrev_offset);
	uint64_t found;

	if (b.end - b.at > TOP_BYTES)
		b.end = b.at + TOP_BYTES;
	while (own_uleb(&b, &found) && found) {
		struct own_text *text = own_text_at(unit->file->own, &unit->format, &b);

		if (!text)
			return NULL;
		if (found == code)
			return own_abbrev_of(unit->file->own, &unit->format, text);
	}
	return NULL;
}

/* Whether the unit is one of several with this table: then it is better read as a whole. */
static bool
is_shared(const struct own_unit *unit)
{
	const struct own_file *file = unit->file;

	return (unit->index && unit[-1].abbrev_offset == unit->abbrev_offset) ||
	       (unit->index + 1u < file->nunits && unit[1].abbrev_offset == unit->abbrev_offset);
}

const struct own_abbrev *
own_table_one(struct own_unit *unit, struct own_head *head, uint64_t code)
{
	const struct own_abbrev *found = is_shared(unit) ? NULL : find_one(unit, code);

	return found ? found : own_abbrev(own_table(unit, head), code);
}
