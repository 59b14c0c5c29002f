/*
 * What the files of our own reader share. A file has units; a unit has bytes, a table of
 * abbreviations and a head: what its top DIE says about reading the rest. Each is made when it is
 * first needed.
 *
 * Threads: files, heads, tables and sections are made outside of any lock or under own->lock, and are
 * published by one atomic store; afterwards they never change. So readers take no lock, and the worst
 * that two threads can do is to make the same thing twice, of which one copy is left unused.
 */
#pragma once

#include <dwarf.h>
#include <pthread.h>
#include <stdatomic.h>

#include "introspect/dwarf/own_bytes.h"

enum {
	OWN_ALTERNATE = DIE_ALTERNATE,	/* file numbers */
	OWN_SPLIT = 2,		/* plus the number of the skeleton; parts with split types count down */
	OWN_FILES = 1 << 15,
};

/* Attributes that only this engine looks at. */
enum {
	OWN_SIBLING = DIE_NATTRS, OWN_STR_OFFSETS_BASE, OWN_ADDR_BASE, OWN_RNGLISTS_BASE,
	OWN_RANGES_BASE, OWN_STMT_LIST, OWN_DWO_ID,
	OWN_NATTRS,
	OWN_END = 0xfe,
	OWN_OTHER = 0xff,
};

/* What a form gives. */
enum own_class {
	OWN_NOTHING, OWN_ADDRESS, OWN_ADDRESS_INDEX, OWN_CONSTANT, OWN_FLAG, OWN_TEXT, OWN_TEXT_OFFSET,
	OWN_TEXT_LINE, OWN_TEXT_ALTERNATE, OWN_TEXT_INDEX, OWN_REF_UNIT, OWN_REF_FILE,
	OWN_REF_ALTERNATE, OWN_REF_TYPE, OWN_BLOCK, OWN_SECTION, OWN_LIST_INDEX,
};

/* How many bytes a form takes: a number, or by what they are. */
enum own_size {
	OWN_IMPLICIT = -1,	/* the value is in the abbreviation */
	OWN_LEB = -2,
	OWN_SLEB = -3,
	OWN_NUL = -4,		/* up to and with a NUL */
	OWN_BLOCK1 = -5,
	OWN_BLOCK2 = -6,
	OWN_BLOCK4 = -7,
	OWN_BLOCK_LEB = -8,
	OWN_INDIRECT = -9,	/* the form itself stands before the value */
	OWN_BAD = -10,		/* a form that nobody knows: what follows cannot be found */
	OWN_BY_ADDRESS = -11,	/* of this unit; not in tables, which know the sizes */
	OWN_BY_OFFSET = -12,
	OWN_BY_REF_ADDR = -13,
};

/* -- what there is --------------------------------------------------------------------------------- */

/* What form sizes depend on. */
struct own_format {
	uint8_t version, address_size, offset_size;
};

static inline unsigned
own_format_key(const struct own_format *format)
{
	return (unsigned)format->address_size << 4 | (unsigned)format->offset_size >> 3 << 1 | (format->version <= 2);
}

/* The same as a number below 8; only of formats that can be read. */
static inline unsigned
own_format_number(const struct own_format *format)
{
	return (format->address_size == 8) | (format->offset_size == 8) << 1 | (format->version <= 2) << 2;
}

/* How to get behind attributes: @n bytes, then one thing of size @size, until that is 0. */
struct own_step {
	uint32_t n;
	int8_t size;		/* the sibling's is its size */
	bool sibling;
};

enum {
	OWN_CHILDREN = 1,
	OWN_PLAIN = 2,		/* of one size and without a sibling */
	OWN_JUMP = 4,		/* of one size and with a sibling of 4 bytes */
	OWN_QUICK = 8,		/* PLAIN without children, or JUMP */
	/* for what a filter does not want it: a subprogram … */
	OWN_NO_PLACE = 16,	/* … that is not located, … */
	OWN_NO_LINK = 32,	/* … nor linked; */
	OWN_NO_DEFINITION = 64,	/* die_is_tagged() without a name or only declared; */
	OWN_NO_BIT = 128,	/* a tag that no filter can have */
};

/* What an abbreviation says to who only passes by. */
struct own_way {
	uint32_t bytes;		/* OWN_PLAIN, OWN_JUMP: of all attributes */
	uint16_t tag;
	uint8_t flags;
	uint8_t jump;		/* OWN_JUMP: where the sibling is in the attributes */
};

/* What is usually done with a field; all that is unusual is OWN_DO_ASK. */
enum own_do {
	OWN_DO_END, OWN_DO_ASK,
	OWN_DO_TEXT, OWN_DO_LINE_TEXT, OWN_DO_STRING, OWN_DO_REF, OWN_DO_REF_LEB, OWN_DO_REF_FILE,
	OWN_DO_SIBLING, OWN_DO_SIBLING_LEB, OWN_DO_NUMBER, OWN_DO_ULEB, OWN_DO_SLEB,
	OWN_DO_VALUE, OWN_DO_HIGH, OWN_DO_RANGES, OWN_DO_FLAG, OWN_DO_PRESENT, OWN_DO_SKIP, OWN_DO_SKIP_LEB, OWN_DO_SKIP_BLOCK,
};

/* What is of use in a DIE: @skip bytes behind the one before, unless its value is in the abbreviation. */
struct own_field {
	uint32_t skip;
	uint8_t attr;		/* enum die_attr …; OWN_OTHER: of no use but of unknown size; OWN_END */
	uint8_t cls;
	int8_t size;
	uint8_t what;		/* enum own_do */
	uint64_t value;		/* OWN_IMPLICIT; of a size of 1 to 8 bytes, ones in so many of them */
};

struct own_spots;

struct own_abbrev {
	uint16_t tag;
	bool children;
	const struct own_step *steps;	/* up to one of size 0 */
	const struct own_field *fields;	/* up to OWN_END */
	/* Only what die_filter's brief asks for; where the attributes end is not said. NULL: no shorter than all. */
	const struct own_field *brief;
	const struct own_spots *spots;	/* of @brief, see own_look.h; NULL: not all has one place */
};

/*
 * An abbreviation from behind its code to its end, as it stands in many tables. Of most no more is asked than how to
 * get by: the rest is made when it is.
 */
struct own_text {
	const unsigned char *at;
	uint32_t n;
	uint8_t format;			/* own_format_key() */
	struct own_way way;
	_Atomic(const struct own_abbrev *) made;
};

struct own_code {
	uint64_t code;
	uint32_t place;
};

struct own_table {
	struct own_file *file;
	struct own_format format;
	const struct own_way *ways;	/* those of the texts: whoever passes by looks nowhere else */
	struct own_text *const *texts;
	const struct own_code *codes;	/* sorted; NULL: the codes are 1, 2, 3, … */
	size_t n;
};

/* A map from numbers to pointers; grows. */
struct own_map {
	struct own_entry { uint64_t key; void *value; } *entries;
	size_t size, used;
};

/* What the top DIE of a unit says, for reading the others. */
struct own_head {
	const struct own_abbrev *top;	/* the top DIE's */
	uint64_t low_pc, str_offsets_base, addr_base, rnglists_base, ranges_base, stmt_list, dwo_id;
	uint64_t has;			/* bit per attribute, those of this engine too */
	_Atomic(const struct own_table *) table;
	_Atomic(struct own_unit *) split;	/* of a skeleton; &own_nothing: there is none */
	_Atomic(const struct own_lines *) lines;
};

enum own_kind { OWN_COMPILE, OWN_TYPE, OWN_SKELETON, OWN_SPLIT_COMPILE, OWN_SPLIT_TYPE, OWN_UNKNOWN };

struct own_unit {
	struct own_file *file;
	const unsigned char *bytes;	/* of the section */
	uint64_t offset, first, end;	/* in the section: header, top DIE, end */
	uint64_t abbrev_offset;
	uint64_t id;			/* signature of a type unit, id of a split one */
	uint64_t type_offset;		/* of a type unit, from its header */
	uint32_t index;
	struct own_format format;
	uint8_t kind;			/* enum own_kind */
	bool types;			/* in .debug_types */
	_Atomic(struct own_head *) head;
};

struct own_file {
	struct own *own;
	struct debug_file *debug;
	unsigned number;
	struct own_unit *units;		/* those of .debug_info, then those of .debug_types */
	size_t nunits, ninfo;
	struct own_unit *skeleton;	/* of a split file */
	struct elf_section info, types, abbrev;
	struct elf_section sections[DEBUG_SECTIONS];
	atomic_bool loaded[DEBUG_SECTIONS];
	_Atomic(struct own_map *) signatures;
	struct own_map tables;		/* by offset and format; under own->lock */
	struct own_map lines;		/* by offset; under own->lock */
	uint64_t lines_read;		/* bytes of their headers; under own->lock */
	_Atomic uint32_t last;		/* the unit that was found last */
	_Atomic uint64_t abbrev_budget;	/* bytes of abbreviations that may still be read */
};

struct own_arange {
	uint64_t from, to;
	uint32_t unit;
};

enum { OWN_SIZES = 1 << 7 };

struct own {
	struct engine engine;
	struct debug *debug;
	struct own_file *main;
	_Atomic(struct own_file *) *files;
	int8_t sizes[8][OWN_SIZES];	/* of forms, by format */
	atomic_bool partial;
	_Atomic uint64_t range_budget;	/* entries of range lists that may still be visited */
	pthread_mutex_t lock;		/* of all below */
	struct twz_arena memory;
	struct own_map split_types;	/* from a signature to its type's reference */
	unsigned nsplit_types;
	bool have_alternate;
	const struct own_arange *aranges;	/* sorted by unit; made once, then without the lock */
	size_t naranges;
	atomic_bool have_aranges;
	_Atomic(struct own_texts *) texts;	/* of abbreviations; looked up without the lock */
	size_t ntexts;
};

extern struct own_unit own_nothing;
extern const uint64_t own_flags;	/* attributes, as bits */

/* -- own.c: the engine, files and units ------------------------------------------------------------ */

extern struct own_head own_bad_head;

struct own_head *own_make_head(struct own_unit *unit);

/** What the unit's top DIE says; NULL: it is damaged. */
static inline struct own_head *
own_head(struct own_unit *unit)
{
	struct own_head *head = atomic_load_explicit(&unit->head, memory_order_acquire);

	if (!head)
		head = own_make_head(unit);
	return head == &own_bad_head ? NULL : head;
}

/** The bytes of a section; texts end with the last NUL. */
struct elf_section own_section(struct own_file *file, enum debug_section section);
/** The unit that holds the DIE, NULL when there is none. */
struct own_unit *own_unit_at(struct own *own, die_ref ref);
/** The alternate file; NULL when there is none. */
struct own_file *own_alternate(struct own *own);
/** The DIE of the type with this signature; 0 when it is nowhere. */
die_ref own_type(struct own_unit *unit, uint64_t signature);

/* The unit of a DIE that this engine gave. */
static inline struct own_unit *
own_unit_of(struct own *own, const struct die *die)
{
	struct own_file *file = atomic_load_explicit(&own->files[DIE_FILE(die->ref)],
						     memory_order_acquire);

	return &file->units[die->unit];
}

static inline void
own_partial(struct own *own)
{
	atomic_store_explicit(&own->partial, true, memory_order_relaxed);
}

/* -- own_map.c ------------------------------------------------------------------------------------- */

void own_map_put(struct twz_arena *arena, struct own_map *map, uint64_t key, void *value);
void *own_map_get(const struct own_map *map, uint64_t key);

/* -- own_text.c ------------------------------------------------------------------------------------ */

/** How many bytes forms have, for all formats. */
void own_make_sizes(struct own *own);
/** The text that begins at @b, which gets behind it. NULL when it is damaged. */
struct own_text *own_text_at(struct own *own, const struct own_format *format, struct own_bytes *b);

/* -- own_abbrev.c ---------------------------------------------------------------------------------- */

enum { OWN_MAX_BYTES = 1 << 24 };	/* of attributes of known size, one behind the other */

const struct own_abbrev *own_make_abbrev(struct own *own, const struct own_format *format, struct own_text *text);

/** The abbreviation that the text of a table of this format says; NULL when it makes no sense. */
static inline const struct own_abbrev *
own_abbrev_of(struct own *own, const struct own_format *format, struct own_text *text)
{
	const struct own_abbrev *made = atomic_load_explicit(&text->made, memory_order_acquire);

	return made ? made : own_make_abbrev(own, format, text);
}

struct own_form {
	uint8_t cls;
	int8_t size;
};

enum { OWN_FORMS = DW_FORM_addrx4 + 1, OWN_ATTRS = DW_AT_defaulted + 1 };

extern const struct own_form own_forms[OWN_FORMS];
extern const uint8_t own_attrs[OWN_ATTRS];	/* plus one; 0: of no use */
const struct own_form *own_gnu_form(uint64_t form);
unsigned own_gnu_attr(uint64_t name);

/* Class and size of a form of a unit. */
static inline int
own_form(uint64_t form, const struct own_format *format, enum own_class *cls)
{
	const struct own_form *f = form < OWN_FORMS ? &own_forms[form] : own_gnu_form(form);
	int size = f->size;

	*cls = f->cls;
	if (size > OWN_BY_ADDRESS)
		return size;
	if (size == OWN_BY_OFFSET || (size == OWN_BY_REF_ADDR && format->version > 2))
		return format->offset_size;
	return format->address_size;
}

/* What we call an attribute: enum die_attr, OWN_SIBLING …; OWN_OTHER: of no use. */
static inline unsigned
own_attr_of(uint64_t name)
{
	if (name >= OWN_ATTRS)
		return own_gnu_attr(name);
	return own_attrs[name] ? own_attrs[name] - 1u : OWN_OTHER;
}

/* -- own_table.c ----------------------------------------------------------------------------------- */

const struct own_table *own_make_table(struct own_unit *unit, struct own_head *head);

/** The table of the unit, as far as it is not damaged. */
static inline const struct own_table *
own_table(struct own_unit *unit, struct own_head *head)
{
	const struct own_table *table = atomic_load_explicit(&head->table, memory_order_acquire);

	return table ? table : own_make_table(unit, head);
}

/** Only the abbreviation with this code, of the unit whose @head is made; NULL: it is damaged or there is none. */
const struct own_abbrev *own_table_one(struct own_unit *unit, struct own_head *head, uint64_t code);

int64_t own_search_code(const struct own_table *table, uint64_t code);

/* Where the code's abbreviation is in the table; -1: there is none. */
static inline int64_t
own_place(const struct own_table *table, uint64_t code)
{
	if (table->codes)
		return own_search_code(table, code);
	return code - 1 < table->n ? (int64_t)(code - 1) : -1;
}

/* The abbreviation at one of the table's places; NULL: it makes no sense. */
static inline const struct own_abbrev *
own_abbrev_at(const struct own_table *table, size_t place)
{
	return own_abbrev_of(table->file->own, &table->format, table->texts[place]);
}

/* The abbreviation, NULL when there is none. */
static inline const struct own_abbrev *
own_abbrev(const struct own_table *table, uint64_t code)
{
	int64_t place = own_place(table, code);

	return place < 0 ? NULL : own_abbrev_at(table, (size_t)place);
}

/* -- own_form.c: values ---------------------------------------------------------------------------- */

struct own_value {
	enum own_class cls;
	uint64_t n;			/* the number; of a block the length */
	const unsigned char *bytes;	/* of texts and blocks */
};

/* A walk over the attributes of one DIE that are of some use. */
struct own_attrs {
	const struct own_field *field;	/* the next */
	struct own_bytes b;		/* what is left of the unit */
	const struct own_format *format;
	bool bad;			/* it ended because they do not end in the unit */
};

/** The value of a form, or its value's place when it is long. False when it does not end. */
bool own_value(struct own_bytes *b, int size, enum own_class cls,
	       const struct own_format *format, struct own_value *ret);
/* The next attribute. False at the end. */
static inline bool
own_attr(struct own_attrs *attrs, unsigned *attr, struct own_value *ret)
{
	const struct own_field *field;
	bool ok;

	do {
		field = attrs->field++;
		if (!own_skip(&attrs->b, field->skip))
			return !(attrs->bad = true);
		if (field->attr == OWN_END)
			return false;
		*ret = (struct own_value){ .cls = field->cls, .n = field->value };
		ok = true;
		if (field->size != OWN_IMPLICIT)
			ok = own_value(&attrs->b, field->size, field->cls, attrs->format, ret);
		if (!ok)
			return !(attrs->bad = true);
	} while (field->attr == OWN_OTHER);
	*attr = field->attr;
	return true;
}

/* Each is false when the value is of another class or lies outside of its section. */
bool own_text(struct own_unit *unit, const struct own_value *value, const char **ret);
bool own_ref(struct own_unit *unit, const struct own_value *value, die_ref *ret);
/** @head: of the unit, while it is made; else NULL. */
bool own_address(struct own_unit *unit, const struct own_head *head, const struct own_value *value,
		 uint64_t *ret);
/** A constant, or DW_OP_plus_uconst of one. */
bool own_number(const struct own_value *value, bool expression, int64_t *ret);

/* -- own_read.c ------------------------------------------------------------------------------------ */

/** Reads the DIE at @offset, whose attributes begin at @at. */
bool own_read(struct own_unit *unit, const struct own_abbrev *abbrev, uint64_t offset, const unsigned char *at,
	      struct die *ret);
/**
 * A brief look, for which the abbreviation has to be made; its attributes end at @behind. The sibling is up to who
 * found that. False: the DIE is unusual and has to be read.
 */
bool own_look(const struct own_unit *unit, const struct own_abbrev *abbrev, uint64_t offset, const unsigned char *at,
	      const unsigned char *behind, struct die *ret);

/* -- own_die.c ------------------------------------------------------------------------------------- */

/**
 * Where a DIE and its children end, whose abbreviation is at @place of the table and whose attributes begin at @at;
 * NULL: something there is damaged.
 */
const unsigned char *own_behind(const struct own_unit *unit, const struct own_table *table, size_t place,
				const unsigned char *at);
bool own_die_at(struct own_unit *unit, uint64_t offset, struct die *ret);
/** The top DIE, for which the whole table of abbreviations need not be read. */
bool own_top(struct own_unit *unit, struct die *ret);
/** An attribute of @die once more, with its value. */
bool own_find(struct own_unit *unit, const struct die *die, unsigned attr, struct own_value *ret);
bool own_child(struct engine *engine, const struct die *die, const struct die_filter *filter,
	       struct die *ret);
bool own_next(struct engine *engine, const struct die *die, const struct die_filter *filter,
	      struct die *ret);

void own_soon(struct engine *engine, die_ref ref);

/* With which flags DIEs are unwanted, whatever their tag modulo 64. */
static inline unsigned
own_unwanted(const struct die_filter *filter)
{
	unsigned linked = filter->located ? OWN_NO_PLACE : filter->linked ? OWN_NO_LINK : 0;

	return linked | (filter->defined ? OWN_NO_DEFINITION : 0) | (filter->tags ? OWN_NO_BIT : 0);
}

/* -- own_ahead.c ----------------------------------------------------------------------------------- */

void own_ahead(struct engine *engine, const struct die_unit *units, size_t n, const struct die_filter *filter,
	       struct die_ahead *ret);

/* -- own_seek.c ------------------------------------------------------------------------------------ */

void own_without(struct engine *engine, const char *const *names, size_t n, bool *without);

/* -- own_range.c ----------------------------------------------------------------------------------- */

void own_ranges(struct engine *engine, const struct die_unit *unit, const struct die *die,
		bool (*visit)(void *data, uint64_t from, uint64_t to), void *data);
bool own_covers(struct engine *engine, size_t i, const uint64_t *addresses, size_t n);

/* -- own_line.c ------------------------------------------------------------------------------------ */

const char *own_source(struct engine *engine, const struct die *die, int64_t number,
		       struct twz_arena *arena);
bool own_line(struct engine *engine, const struct die_unit *unit, uint64_t address,
	      struct twz_arena *arena, const char **file, uint32_t *line);
