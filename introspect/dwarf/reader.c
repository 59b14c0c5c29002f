/*
 * What everything that reads meaning from DIEs needs: going from one to another with every step
 * bounded, names fit for a terminal, languages, and work on all units by as many threads as there are
 * processors.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "introspect/dwarf/reader_in.h"

enum { MAX_HASHED = 1 << 14, MAX_TEXT = 1024, CLEANED = 1 << 12 };

/* Codes that this <dwarf.h> may lack are written as numbers. */
static const struct { uint16_t code; const char *name; enum rules rules; } languages[] = {
	{ DW_LANG_C89, "C", RULES_C },
	{ DW_LANG_C, "C", RULES_C },
	{ DW_LANG_C99, "C", RULES_C },
	{ DW_LANG_C11, "C", RULES_C },
	{ 0x2c, "C", RULES_C },			/* C17 */
	{ 0x3e, "C", RULES_C },			/* C23 */
	{ DW_LANG_C_plus_plus, "C++", RULES_CXX },
	{ DW_LANG_C_plus_plus_03, "C++", RULES_CXX },
	{ DW_LANG_C_plus_plus_11, "C++", RULES_CXX },
	{ DW_LANG_C_plus_plus_14, "C++", RULES_CXX },
	{ 0x2b, "C++", RULES_CXX },			/* C++17 */
	{ 0x2e, "C++", RULES_CXX },			/* C++20 */
	{ DW_LANG_Rust, "Rust", RULES_RUST },
	{ 0x9000, "Rust", RULES_RUST },		/* before it had a number */
	{ DW_LANG_Mips_Assembler, "assembly", RULES_NONE },
	{ 0x31, "assembly", RULES_NONE },
	{ DW_LANG_ObjC, "Objective-C", RULES_OTHER },
	{ DW_LANG_ObjC_plus_plus, "Objective-C++", RULES_OTHER },
	{ DW_LANG_Fortran77, "Fortran", RULES_OTHER },
	{ DW_LANG_Fortran90, "Fortran", RULES_OTHER },
	{ DW_LANG_Fortran95, "Fortran", RULES_OTHER },
	{ DW_LANG_Fortran03, "Fortran", RULES_OTHER },
	{ DW_LANG_Fortran08, "Fortran", RULES_OTHER },
	{ 0x2d, "Fortran", RULES_OTHER },		/* 2018 */
	{ DW_LANG_Ada83, "Ada", RULES_OTHER },
	{ DW_LANG_Ada95, "Ada", RULES_OTHER },
	{ 0x2f, "Ada", RULES_OTHER },		/* 2005 */
	{ 0x30, "Ada", RULES_OTHER },		/* 2012 */
	{ DW_LANG_D, "D", RULES_OTHER },
	{ DW_LANG_Go, "Go", RULES_OTHER },
	{ DW_LANG_Pascal83, "Pascal", RULES_OTHER },
	{ DW_LANG_Modula2, "Modula-2", RULES_OTHER },
	{ DW_LANG_Modula3, "Modula-3", RULES_OTHER },
	{ DW_LANG_Cobol74, "COBOL", RULES_OTHER },
	{ DW_LANG_Cobol85, "COBOL", RULES_OTHER },
	{ DW_LANG_Java, "Java", RULES_OTHER },
	{ DW_LANG_Python, "Python", RULES_OTHER },
	{ DW_LANG_OpenCL, "OpenCL", RULES_OTHER },
	{ 0x18, "Haskell", RULES_OTHER },
	{ DW_LANG_OCaml, "OCaml", RULES_OTHER },
	{ DW_LANG_Swift, "Swift", RULES_OTHER },
	{ DW_LANG_Julia, "Julia", RULES_OTHER },
	{ 0x27, "Zig", RULES_OTHER },
	{ 0x28, "Crystal", RULES_OTHER },
};

static const struct language no_language = { "", RULES_UNKNOWN, false };

bool
dw_open(struct debug *debug, const char *engine, struct twz_arena *arena, struct dw **ret,
	struct twz_error *err)
{
	const struct engine_ops *ops = engine && !strcmp(engine, "libdwarf") ? &engine_libdwarf :
				       &engine_own;
	struct dw *dw = twz_new(arena, struct dw);

	*dw = (struct dw){ .debug = debug, .ops = ops, .arena = arena, .nodes.arena = arena };
	if (!ops->open(debug, arena, &dw->engine, err))
		return false;
	*ret = dw;
	return true;
}

void
dw_close(struct dw *dw)
{
	if (!dw)
		return;
	if (dw->engine)
		dw->ops->close(dw->engine);
	free(dw->definitions);
	dw->engine = NULL;
	dw->definitions = NULL;
}

const struct nodes *
dw_nodes(const struct dw *dw)
{
	return &dw->nodes;
}

bool
dw_partial(const struct dw *dw)
{
	return dw->partial || dw->ops->partial(dw->engine);
}

/* -- from one DIE to another ------------------------------------------------------------------------ */

bool
dw_die(struct dw *dw, die_ref ref, struct die *ret)
{
	if (ref && dw->ops->die(dw->engine, ref, ret))
		return true;
	dw->partial = true;
	return false;
}

bool
dw_follow(struct dw *dw, const struct die *die, enum die_attr attr, struct die *ret)
{
	die_ref to = die_to(die, attr);
	struct die found;

	if (!to || !dw_die(dw, to, &found))
		return false;
	*ret = found;
	return true;
}

void
dw_origin(struct dw *dw, struct die *die, enum die_attr attr)
{
	for (int i = 0; i < DW_MAX_CHAIN && die_has(die, attr); i++)
		if (!dw_follow(dw, die, attr, die))
			return;
}

bool
dw_child(struct dw *dw, const struct die *die, uint64_t tags, struct die *ret)
{
	const struct die_filter filter = { .tags = tags };

	return die->has_children && dw->ops->child(dw->engine, die, tags ? &filter : NULL, ret);
}

bool
dw_next(struct dw *dw, struct die *die, uint64_t tags)
{
	const struct die_filter filter = { .tags = tags };

	return dw->ops->next(dw->engine, die, tags ? &filter : NULL, die);
}

/* How many bytes of @text are certainly printable: eight at a time, as nearly all texts have only such. */
static size_t
plain(const char *text, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;
	size_t at = 0;

	for (; n - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		if (((word - 0x20 * ones) | word | (word + ones)) & 0x80 * ones)
			break;
	}
	return at;
}

/* What a terminal would take for a command does not get further than this. */
const char *
dw_clean(struct twz_arena *arena, const char *text)
{
	size_t n = strnlen(text, MAX_TEXT + 1);
	char *copy = twz_strndup(arena, text, n > MAX_TEXT ? MAX_TEXT : n);

	if (n > MAX_TEXT)
		memcpy(copy + MAX_TEXT - 3, "...", 3);
	for (char *c = copy + plain(copy, n > MAX_TEXT ? MAX_TEXT : n); *c; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
			*c = '?';
	return copy;
}

const char *
dw_name(struct dw *dw, const struct die *die)
{
	const char *text = die_text(die, DIE_NAME);
	struct cleaned *known;

	if (!*text || !dw->scratch)
		return *text ? dw_clean(dw->arena, text) : "";
	if (!dw->cleaned)
		dw->cleaned = twz_new_array(dw->scratch, CLEANED, struct cleaned);
	known = &dw->cleaned[((uint64_t)(uintptr_t)text * 0x9e3779b97f4a7c15 >> 40) % CLEANED];
	if (known->text != text)
		*known = (struct cleaned){ text, dw_clean(dw->arena, text) };
	return known->name;
}

/* Of a text that goes on for longer than any name does, only the beginning counts. */
uint64_t
dw_hash(uint64_t hash, const char *text)
{
	for (size_t i = 0; i < MAX_HASHED && text[i]; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
	return hash;
}

/* -- languages -------------------------------------------------------------------------------------- */

struct language
dw_language(const struct die *top)
{
	struct language ret = { "another language", RULES_OTHER, false };
	int64_t code = 0;

	if (!die_number(top, DIE_LANGUAGE, &code))
		return no_language;
	for (size_t i = 0; i < TWZ_COUNT(languages); i++)
		if (languages[i].code == code)
			ret = (struct language){ languages[i].name, languages[i].rules, false };
	/* gcc makes blocks last of all; clang may have unspecified parameters behind them. */
	ret.in_order = !strncmp(die_text(top, DIE_PRODUCER), "GNU ", 4);
	return ret;
}

struct language
dw_unit_language(const struct dw *dw, size_t number)
{
	const struct unit_row *row = &dw->rows[number];

	return row->top ? row->language : no_language;
}

static int
by_top(const void *a, const void *b)
{
	const struct unit_row *p = a, *q = b;

	return p->top < q->top ? -1 : p->top > q->top;
}

static void
make_rows(struct dw *dw)
{
	if (!dw->rows)
		dw->rows = twz_new_array(dw->arena, dw->ops->units(dw->engine), struct unit_row);
}

/* The row of unit @i as long as rows stand by number; its top is 0 when the unit is damaged. */
static struct unit_row
row_at(struct dw *dw, size_t i)
{
	struct die_unit unit;

	if (!dw->rows[i].top && dw->ops->unit(dw->engine, i, &unit) && !unit.is_damaged)
		dw->rows[i] = (struct unit_row){ unit.die.ref, dw_language(&unit.die) };
	return dw->rows[i];
}

/*
 * Fills and sorts dw->rows: the end of scanning by number. Split units stand in the place of their skeletons: their
 * order is not that of their numbers.
 */
static void
read_rows(struct dw *dw)
{
	size_t n = dw->ops->units(dw->engine);
	bool sorted = true;

	if (dw->have_rows)
		return;
	dw->have_rows = true;
	make_rows(dw);
	for (size_t i = 0; i < n; i++) {
		struct unit_row row = row_at(dw, i);

		if (!row.top)
			continue;
		sorted &= !dw->nrows || dw->rows[dw->nrows - 1].top <= row.top;
		dw->rows[dw->nrows++] = row;
	}
	if (!sorted)
		qsort(dw->rows, dw->nrows, sizeof(*dw->rows), by_top);
}

/* Of a DIE behind the top one of @row. */
static struct language
language_of(const struct unit_row *row, die_ref ref)
{
	if (DIE_FILE(row->top) != DIE_FILE(ref) || DIE_TYPES(row->top) != DIE_TYPES(ref))
		return no_language;
	return row->language;
}

/* The same without a look at all the other units, where that is certain. */
static bool
language_of_unit(struct dw *dw, die_ref ref, struct language *ret)
{
	struct unit_row row;
	size_t i;

	if (dw->have_rows || !dw->ops->number)
		return false;
	*ret = no_language;
	if (DIE_FILE(ref) == DIE_ALTERNATE)
		return true;
	if (!dw->ops->number(dw->engine, ref, &i))
		return false;
	make_rows(dw);
	row = row_at(dw, i);
	*ret = row.language;
	/* A skeleton's row is that of its split unit. */
	return row.top && row.top <= ref && DIE_FILE(row.top) == DIE_FILE(ref);
}

struct language
dw_language_at(struct dw *dw, die_ref ref)
{
	size_t from = dw->last_row, n;
	struct language language;

	if (language_of_unit(dw, ref, &language))
		return language;
	read_rows(dw);
	if (from && dw->rows[from - 1].top <= ref && (from == dw->nrows || ref < dw->rows[from].top))
		return language_of(&dw->rows[from - 1], ref);
	from = 0;
	for (n = dw->nrows; n;) {
		size_t half = n / 2;
		bool before = dw->rows[from + half].top <= ref;

		from += before ? half + 1 : 0;
		n = before ? n - half - 1 : half;
	}
	dw->last_row = from;
	return from ? language_of(&dw->rows[from - 1], ref) : no_language;
}

/* -- all units -------------------------------------------------------------------------------------- */

enum { MAX_THREADS = 8, UNITS_AT_ONCE = 16, FOR_THREADS = 32 << 20 /* bytes */ };

/* What the threads of one scan share. */
struct common {
	struct dw *dw;
	const uint64_t *addresses;
	const bool *done;
	size_t n, nunits;
	const struct dw_visitor *visitor;
	atomic_size_t next;
};

struct worker {
	struct common *common;
	struct dw_scan scan;
	pthread_t thread;
	bool started;
};

void
dw_found(struct dw_scan *scan, struct dw_list *list, const void *item, size_t size)
{
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		void *bigger = reallocarray(list->items, room, size);

		if (!bigger) {
			scan->lost = true;
			return;
		}
		list->items = bigger;
		list->room = room;
	}
	memcpy((char *)list->items + list->n++ * size, item, size);
}

/* Units that are visited together. */
struct batch {
	size_t n, numbers[DIE_AT_ONCE];
	struct die_unit units[DIE_AT_ONCE];
	struct die_ahead *ahead;	/* of each; NULL */
};

static void
visit_batch(struct worker *w, struct batch *batch)
{
	struct dw *dw = w->common->dw;
	const struct dw_visitor *visitor = w->common->visitor;

	if (batch->ahead)
		dw->ops->ahead(dw->engine, batch->units, batch->n, &visitor->filter, batch->ahead);
	for (size_t i = 0; i < batch->n; i++) {
		w->scan.ahead = batch->ahead ? &batch->ahead[i] : NULL;
		visitor->visit(&w->scan, batch->numbers[i], &batch->units[i]);
	}
	batch->n = 0;
}

static void *
work(void *data)
{
	struct worker *w = data;
	struct common *c = w->common;
	const struct engine_ops *ops = c->dw->ops;
	struct engine *engine = c->dw->engine;
	struct batch batch = { .ahead = ops->ahead ? malloc(DIE_AT_ONCE * sizeof(*batch.ahead)) : NULL };
	size_t from;

	while ((from = atomic_fetch_add(&c->next, UNITS_AT_ONCE)) < c->nunits) {
		size_t end = from + UNITS_AT_ONCE < c->nunits ? from + UNITS_AT_ONCE : c->nunits;

		for (size_t i = from; i < end; i++) {
			struct die_unit *unit = &batch.units[batch.n];

			if ((c->done && c->done[i]) || (c->addresses && !ops->covers(engine, i, c->addresses, c->n)))
				continue;
			if (!ops->unit(engine, i, unit) || unit->is_damaged)
				continue;
			if (!c->dw->have_rows)
				c->dw->rows[i] = (struct unit_row){ unit->die.ref, dw_language(&unit->die) };
			batch.numbers[batch.n++] = i;
			if (batch.n == DIE_AT_ONCE)
				visit_batch(w, &batch);
		}
		visit_batch(w, &batch);
	}
	free(batch.ahead);
	return NULL;
}

/*
 * With less to walk, two threads take as long as one and up to a quarter more of the processors: they wait for the
 * same memory, and each page that one gives back is taken from both.
 */
static size_t
threads_for(const struct dw *dw)
{
	cpu_set_t set;
	int cpus;

	if (!dw->ops->bytes || dw->ops->bytes(dw->engine) < FOR_THREADS || sched_getaffinity(0, sizeof(set), &set))
		return 1;
	/* Those that we may run on: a second thread on one processor only costs its start. */
	cpus = CPU_COUNT(&set);
	return cpus < 1 ? 1 : cpus > MAX_THREADS ? MAX_THREADS : (size_t)cpus;
}

void
dw_scan(struct dw *dw, const uint64_t *addresses, size_t n, const bool *done, void *data,
	const struct dw_visitor *visitor)
{
	struct common common = { .dw = dw, .addresses = addresses, .n = n, .done = done,
				 .visitor = visitor, .nunits = dw->ops->units(dw->engine) };
	struct worker workers[MAX_THREADS] = { 0 };
	size_t nthreads = threads_for(dw);

	if (!dw->defined)
		dw->defined = twz_new_array(dw->arena, common.nunits, bool);
	make_rows(dw);
	for (size_t i = 0; i < nthreads; i++) {
		struct worker *w = &workers[i];

		w->common = &common;
		w->scan = (struct dw_scan){ .dw = dw, .data = data };
		if (i)
			w->started = !pthread_create(&w->thread, NULL, work, w);
	}
	work(&workers[0]);
	for (size_t i = 0; i < nthreads; i++) {
		if (workers[i].started)
			pthread_join(workers[i].thread, NULL);
		visitor->collect(&workers[i].scan);
		dw_keep_definitions(&workers[i].scan);
		dw->partial |= workers[i].scan.lost;
		free(workers[i].scan.found.items);
		free(workers[i].scan.notes.list);
		free(workers[i].scan.notes.slots);
		free(workers[i].scan.scratch);
	}
}
