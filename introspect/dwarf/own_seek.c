/*
 * Units that cannot have a DIE of some name, told without reading their DIEs: a name stands in a unit as text,
 * or as the offset of its text in a section of texts, which is a number of four bytes or begins with them. A
 * unit whose bytes have neither anywhere, whatever they mean there, has no such DIE. Where names may stand in yet
 * another way, nothing is told.
 */
#include "introspect/dwarf/own.h"

enum {
	WORD = 4,	/* bytes of an offset, or its first ones */
	MAX_NEEDLES = 8, /* with more, reading DIEs is as quick */
	SAMPLE = 1 << 12,
	LANE = 16, LANES = 4, BLOCK = LANE * LANES,
	AHEAD = 1 << 12, /* bytes; a processor fetches ahead by itself, but not beyond a page */
};

/* Bytes that are compared at once. */
typedef unsigned char lane __attribute__((vector_size(LANE)));
typedef uint64_t lane_words __attribute__((vector_size(LANE)));

/* Bytes that are looked for: by the one of them that is met least, and the one behind it. */
struct needle {
	const unsigned char *bytes;
	size_t n, rare;
	unsigned char offset[WORD];	/* @bytes, unless they are a text */
	lane first, second;		/* the two, as often as there is room */
};

struct needles {
	struct needle list[MAX_NEEDLES];
	size_t n;
};

/* How often each byte is met in a piece from the middle of a section. */
struct sample {
	struct elf_section section;
	uint16_t count[256];
};

static struct sample
sample_of(struct elf_section section)
{
	struct sample ret = { .section = section };
	size_t n = section.n < SAMPLE ? section.n : SAMPLE, from = (section.n - n) / 2;

	for (size_t i = 0; i < n; i++)
		ret.count[section.bytes[from + i]]++;
	return ret;
}

static size_t
rarest(const struct sample *sample, const unsigned char *bytes, size_t n)
{
	size_t ret = 0;

	for (size_t i = 1; i < n; i++)
		if (sample->count[bytes[i]] < sample->count[bytes[ret]])
			ret = i;
	return ret;
}

/* The first place of the needle, NULL when it is nowhere. */
static const unsigned char *
find(const unsigned char *at, const unsigned char *end, const unsigned char *bytes, size_t n, size_t rare)
{
	while ((size_t)(end - at) >= n) {
		at = memchr(at + rare, bytes[rare], (size_t)(end - at) - n + 1);
		if (!at)
			return NULL;
		at -= rare;
		if (at[0] == bytes[0] && at[n - 1] == bytes[n - 1] && !memcmp(at, bytes, n))
			return at;
		at++;
	}
	return NULL;
}

static lane
load(const unsigned char *at)
{
	lane ret;

	memcpy(&ret, at, sizeof(ret));
	return ret;
}

static bool
any(lane hits)
{
	lane_words words = (lane_words)hits;

	return words[0] | words[1];
}

/* The places of the lane where the needle's rare byte stands, with the next one behind it. */
static inline lane
pairs(const unsigned char *at, const struct needle *needle)
{
	return (lane)(load(at) == needle->first) & (lane)(load(at + 1) == needle->second);
}

static inline bool
has_pair(const unsigned char *block, const struct needles *needles)
{
	lane hits = { 0 };

	for (size_t i = 0; i < needles->n; i++) {
		const struct needle *needle = &needles->list[i];

		hits |= (pairs(block, needle) | pairs(block + LANE, needle)) |
			(pairs(block + 2 * LANE, needle) | pairs(block + 3 * LANE, needle));
	}
	return any(hits);
}

/* Whether a needle is in the unit, with its rare byte from @from until before @to. */
static bool
is_there(const struct own_unit *unit, const unsigned char *from, const unsigned char *to,
	 const struct needles *needles)
{
	const unsigned char *start = unit->bytes + unit->first, *end = unit->bytes + unit->end;

	for (size_t i = 0; i < needles->n; i++) {
		const struct needle *needle = &needles->list[i];
		size_t rare = needle->rare, behind = needle->n - 1 - rare;
		const unsigned char *at = (size_t)(from - start) < rare ? start : from - rare;

		if (find(at, (size_t)(end - to) < behind ? end : to + behind, needle->bytes, needle->n, rare))
			return true;
	}
	return false;
}

static struct needle *
add(struct needles *needles)
{
	return needles->n < MAX_NEEDLES ? &needles->list[needles->n++] : NULL;
}

/* Adds the offsets of all places of the texts where the name is one, be it as the end of another. */
static bool
add_offsets(struct needles *needles, const struct sample *texts, const unsigned char *name, size_t n)
{
	const unsigned char *at = texts->section.bytes, *end = at + texts->section.n;
	size_t rare = rarest(texts, name, n);

	for (; at < end && (at = find(at, end, name, n, rare)); at += n) {
		uint32_t offset = (uint32_t)(at - texts->section.bytes);
		struct needle *needle = add(needles);

		if (!needle)
			return false;
		memcpy(needle->offset, &offset, WORD);
		needle->n = WORD;
	}
	return true;
}

/*
 * Whether the names of this file's units are in them, or in a section of texts by offset: not by an index, and no
 * unit has its DIEs in another file. By the rules of DWARF 4 a unit says that by an attribute.
 */
static bool
has_usual_names(struct own_file *file)
{
	static const unsigned char dwo_name[] = { (DW_AT_GNU_dwo_name & 0x7f) | 0x80, DW_AT_GNU_dwo_name >> 7 };
	struct sample sample = sample_of(file->abbrev);
	const unsigned char *at = file->abbrev.bytes;

	return !own_section(file, DEBUG_STR_OFFSETS).n &&
	       !(file->abbrev.n && find(at, at + file->abbrev.n, dwo_name, sizeof(dwo_name),
					rarest(&sample, dwo_name, sizeof(dwo_name))));
}

/* Of what a unit with one of the names has some. False: that would be too much, or it cannot be told. */
static bool
make_needles(struct needles *needles, struct own_file *file, const char *const *names, size_t n)
{
	struct own_file *alternate = own_alternate(file->own);
	struct sample texts[] = {
		sample_of(own_section(file, DEBUG_STR)), sample_of(own_section(file, DEBUG_LINE_STR)),
		sample_of(alternate ? own_section(alternate, DEBUG_STR) : (struct elf_section){ NULL, 0 }),
	};
	uint64_t bytes = 0;

	for (size_t k = 0; k < TWZ_COUNT(texts); k++)
		bytes += texts[k].section.n;
	/* Looking through the texts for each name must not take longer than reading DIEs. */
	if (bytes > file->info.n || bytes > UINT32_MAX || !has_usual_names(file))
		return false;
	for (size_t i = 0; i < n; i++) {
		const unsigned char *name = (const unsigned char *)names[i];
		size_t length = strlen(names[i]) + 1;
		struct needle *needle = add(needles);

		/* What is shorter than an offset is met everywhere. */
		if (!needle || length < WORD)
			return false;
		*needle = (struct needle){ .bytes = name, .n = length };
		for (size_t k = 0; k < TWZ_COUNT(texts); k++)
			if (!add_offsets(needles, &texts[k], name, length))
				return false;
	}
	return true;
}

static bool
holds(const struct own_unit *unit, const struct needles *needles)
{
	const unsigned char *at = unit->bytes + unit->first, *end = unit->bytes + unit->end;

	/* One pass for all of them, and soon enough asked for: it takes as long as the memory does. */
	for (; end - at > BLOCK; at += BLOCK) {
		__builtin_prefetch(at + AHEAD, 0, 2);
		if (has_pair(at, needles) && is_there(unit, at, at + BLOCK, needles))
			return true;
	}
	return is_there(unit, at, end, needles);
}

/* Finds out by what of it the needle is looked for. */
static void
choose_rare(struct needle *needle, const struct sample *sample)
{
	needle->rare = rarest(sample, needle->bytes, needle->n - 1);
	needle->first = (lane){ 0 } + needle->bytes[needle->rare];
	needle->second = (lane){ 0 } + needle->bytes[needle->rare + 1];
}

void
own_without(struct engine *engine, const char *const *names, size_t n, bool *without)
{
	struct own_file *file = ((struct own *)engine)->main;
	struct needles needles = { .n = 0 };
	struct sample sample;

	if (!make_needles(&needles, file, names, n))
		return;
	sample = sample_of(file->info);
	for (size_t i = 0; i < needles.n; i++) {
		struct needle *needle = &needles.list[i];

		needle->bytes = needle->bytes ? needle->bytes : needle->offset;
		choose_rare(needle, &sample);
	}
	for (size_t i = 0; i < file->nunits; i++) {
		const struct own_unit *unit = &file->units[i];

		/* A skeleton's DIEs are elsewhere. */
		if (!without[i] && (unit->kind == OWN_COMPILE || unit->kind == OWN_TYPE))
			without[i] = !holds(unit, &needles);
	}
}
