/*
 * Tables of abbreviations: which of them a unit's codes stand for. Each table is read once, however many
 * units share it; of one that is only asked for its unit's top DIE, as far as that one stands.
 */
#include "introspect/dwarf/own.h"

enum {
	TOP_BYTES = 256,	/* in which a top DIE's abbreviation is looked for without counting */
	ABBREVS = 256,
};

/* A table in the making: arrays on the stack until they are too small. */
struct maker {
	const unsigned char *text, *section_end;
	bool sparse;			/* the codes are not 1, 2, 3, … */
	const struct own_abbrev **abbrevs;
	struct own_code *codes;
	size_t n, size;
	void *abbrevs_heap, *codes_heap;
	const struct own_abbrev *abbrevs_stack[ABBREVS];
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
add(struct maker *m, uint64_t code, const struct own_abbrev *abbrev)
{
	if (m->n == m->size) {
		m->codes = grow(m->codes, m->n, &m->codes_heap, sizeof(*m->codes));
		m->abbrevs = grow(m->abbrevs, m->n, &m->abbrevs_heap, sizeof(abbrev));
		m->size *= 2;
	}
	m->codes[m->n] = (struct own_code){ code, (uint32_t)m->n };
	m->abbrevs[m->n++] = abbrev;
	m->sparse |= code != m->n;
}

/* Gets behind an abbreviation, from behind its code. Nearly all numbers in it have one byte. */
static bool
skip(struct own_bytes *b)
{
	uint64_t ignored, name, form;
	struct own_bytes text = *b;

	if (!own_uleb(&text, &ignored) || !own_skip(&text, 1))
		return false;
	do {
		if (text.end - text.at >= 2 && !((text.at[0] | text.at[1]) & 0x80)) {
			name = *text.at++;
			form = *text.at++;
		} else if (!own_pair(&text, &name, &form)) {
			return false;
		}
		if (form == DW_FORM_implicit_const && !own_leb(&text, true, &ignored))
			return false;
	} while (name | form);
	*b = text;
	return true;
}

static void
make_begin(struct maker *m, const struct own_unit *unit)
{
	const struct elf_section *section = &unit->file->abbrev;

	memset(m, 0, offsetof(struct maker, abbrevs_stack));
	m->text = section->bytes + unit->abbrev_offset;
	m->section_end = section->bytes + section->n;
	m->abbrevs = m->abbrevs_stack;
	m->codes = m->codes_stack;
	m->size = ABBREVS;
}

static void
make_end(struct maker *m)
{
	free(m->abbrevs_heap);
	free(m->codes_heap);
}

static int
by_code(const void *a, const void *b)
{
	const struct own_code *c = a, *d = b;

	if (c->code != d->code)
		return c->code < d->code ? -1 : 1;
	return c->abbrev < d->abbrev ? -1 : c->abbrev > d->abbrev;
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
static void
make_table(struct maker *m, struct twz_arena *arena, struct own_table *ret)
{
	size_t n = m->sparse ? sort_codes(m->codes, m->n) : m->n;

	*ret = (struct own_table){
		.abbrevs = keep(arena, m->abbrevs, m->n, sizeof(*m->abbrevs)),
		.codes = m->sparse ? keep(arena, m->codes, n, sizeof(*m->codes)) : NULL, .n = n,
	};
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
	struct own_bytes b = { m->text, m->section_end };

	for (;;) {
		const struct own_abbrev *abbrev;
		const unsigned char *text;

		if (b.at == b.end)
			break;
		if (!own_uleb(&b, &code))
			return false;
		if (!code)
			break;
		text = b.at;
		abbrev = skip(&b) && (uint64_t)(b.at - m->text) <= left ?
			 own_abbrev_of(unit->file->own, &unit->format, text, (size_t)(b.at - text)) : NULL;
		if (!abbrev)
			return false;
		add(m, code, abbrev);
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
	struct own_table *made;
	struct maker m;

	pthread_mutex_lock(&own->lock);
	table = own_map_get(&unit->file->tables, table_key(unit));
	pthread_mutex_unlock(&own->lock);
	if (!table) {
		make_begin(&m, unit);
		if (!read_table(&m, unit))
			own_partial(own);
		pthread_mutex_lock(&own->lock);
		made = twz_new(&own->memory, struct own_table);
		make_table(&m, &own->memory, made);
		own_map_put(&own->memory, &unit->file->tables, table_key(unit), made);
		pthread_mutex_unlock(&own->lock);
		make_end(&m);
		table = made;
	}
	atomic_store_explicit(&head->table, table, memory_order_release);
	return table;
}

/* Whether the unit is one of several with this table: then it is better read as a whole. */
static bool
is_shared(const struct own_unit *unit)
{
	const struct own_file *file = unit->file;

	return (unit->index && unit[-1].abbrev_offset == unit->abbrev_offset) ||
	       (unit->index + 1u < file->nunits && unit[1].abbrev_offset == unit->abbrev_offset);
}

/* Looks for the abbreviation without making anything of those before it. */
static const struct own_abbrev *
find_one(struct own_unit *unit, uint64_t code)
{
	const struct elf_section *section = &unit->file->abbrev;
	const unsigned char *start = section->bytes + unit->abbrev_offset;
	struct own_bytes b = { start, section->bytes + section->n };
	uint64_t found;

	while (own_uleb(&b, &found) && found) {
		const unsigned char *from = b.at;

		if (!skip(&b) || (b.at - start > TOP_BYTES &&
				  !within_budget(unit->file, (uint64_t)(b.at - from))))
			return NULL;
		if (found == code)
			return own_abbrev_of(unit->file->own, &unit->format, from, (size_t)(b.at - from));
	}
	return NULL;
}

const struct own_abbrev *
own_table_one(struct own_unit *unit, uint64_t code)
{
	const struct own_abbrev *found = is_shared(unit) ? NULL : find_one(unit, code);
	struct own_head head = { 0 };

	return found ? found : own_abbrev(own_table(unit, &head), code);
}
