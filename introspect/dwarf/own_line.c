/*
 * Line tables: which file a number means, and which line an address is of. Of the header only the
 * names are kept; the program is run from its start for every question, as questions are few.
 */
#include "introspect/dwarf/own.h"

enum { MAX_FORMATS = 16, MAX_OPCODES = 256 };

struct file_name {
	const char *name;
	uint64_t folder;
};

struct own_lines {
	const char **folders;
	struct file_name *files;
	size_t nfolders, nfiles;
	struct own_bytes program;
	struct own_format format;
	unsigned min_length, max_ops, line_range, opcode_base;
	int line_base;
	unsigned char lengths[MAX_OPCODES];	/* operands of standard opcodes */
};

static const struct own_lines no_lines;

/* Whether a unit has a line table of its own, or its skeleton's; @unit gets whose it is. */
static struct own_head *
lines_head(struct own_unit **unit)
{
	struct own_head *head = own_head(*unit);

	if (head && !(head->has >> OWN_STMT_LIST & 1) && (*unit)->file->skeleton) {
		*unit = (*unit)->file->skeleton;
		head = own_head(*unit);
	}
	return head && head->has >> OWN_STMT_LIST & 1 ? head : NULL;
}

/* -- the header ------------------------------------------------------------------------------------ */

/* Up to version 4: texts, each ended by NUL, the list by an empty one. Both lists count from 1. */
static bool
read_old_names(struct own_bytes *b, struct twz_arena *arena, struct own_lines *lines)
{
	uint64_t folder, ignored;
	const char *name;

	twz_push(arena, lines->folders, lines->nfolders, "");
	while (own_string(b, &name) && *name)
		twz_push(arena, lines->folders, lines->nfolders, name);
	twz_push(arena, lines->files, lines->nfiles, ((struct file_name){ NULL, 0 }));
	while (own_string(b, &name) && *name) {
		if (!own_uleb(b, &folder) || !own_uleb(b, &ignored) || !own_uleb(b, &ignored))
			return false;
		twz_push(arena, lines->files, lines->nfiles, ((struct file_name){ name, folder }));
	}
	return true;
}

/* The parts of which an entry of version 5 consists. */
struct formats {
	size_t n;
	uint64_t type[MAX_FORMATS], form[MAX_FORMATS];
};

static bool
read_formats(struct own_bytes *b, struct formats *ret)
{
	uint64_t n;

	if (!own_fixed(b, 1, &n) || n > MAX_FORMATS)
		return false;
	ret->n = n;
	for (size_t i = 0; i < ret->n; i++)
		if (!own_uleb(b, &ret->type[i]) || !own_uleb(b, &ret->form[i]))
			return false;
	return true;
}

/* One part of an entry, by the rules for attributes. */
static bool
read_part(struct own_unit *unit, struct own_bytes *b, uint64_t form, struct own_value *ret)
{
	enum own_class cls;
	int size = own_form(form, &unit->format, &cls);

	/* A text of the alternate file would take the lock that is held. */
	return size != OWN_IMPLICIT && size != OWN_INDIRECT && cls != OWN_TEXT_ALTERNATE &&
	       own_value(b, size, cls, &unit->format, ret);
}

static bool
read_entry(struct own_unit *unit, struct own_bytes *b, const struct formats *formats,
	   struct file_name *ret)
{
	const unsigned char *from = b->at;
	struct own_value value;

	*ret = (struct file_name){ "", 0 };
	for (size_t i = 0; i < formats->n; i++) {
		if (!read_part(unit, b, formats->form[i], &value))
			return false;
		if (formats->type[i] == DW_LNCT_path && !own_text(unit, &value, &ret->name))
			return false;
		if (formats->type[i] == DW_LNCT_directory_index)
			ret->folder = value.n;
	}
	return b->at > from;	/* entries without bytes could be any number */
}

static bool
read_new_names(struct own_unit *unit, struct own_bytes *b, struct twz_arena *arena,
	       struct own_lines *lines)
{
	struct formats formats;
	struct file_name entry;
	uint64_t n;

	if (!read_formats(b, &formats) || !own_uleb(b, &n))
		return false;
	for (; n; n--) {
		if (!read_entry(unit, b, &formats, &entry))
			return false;
		twz_push(arena, lines->folders, lines->nfolders, entry.name);
	}
	if (!read_formats(b, &formats) || !own_uleb(b, &n))
		return false;
	for (; n; n--) {
		if (!read_entry(unit, b, &formats, &entry))
			return false;
		twz_push(arena, lines->files, lines->nfiles, entry);
	}
	return true;
}

static bool
read_header(struct own_unit *unit, struct own_bytes *from, struct twz_arena *arena,
	    struct own_lines *ret)
{
	uint64_t version, n, length, base, range, opcodes, ops = 1, is_stmt;
	bool ok;
	struct own_bytes b = *from, rest;

	if (!own_length(&b, &ret->format.offset_size, &rest) || !own_fixed(&b, 2, &version) ||
	    version < 2 || version > 5)
		return false;
	ret->format.version = (uint8_t)version;
	ret->format.address_size = unit->format.address_size;
	if (version >= 5 && (!own_fixed(&b, 1, &n) || !own_fixed(&b, 1, &length)))
		return false;
	if (version >= 5)
		ret->format.address_size = (uint8_t)n;
	if (!own_fixed(&b, ret->format.offset_size, &n))
		return false;
	ret->program = b;
	if (!own_skip(&ret->program, n) || !own_fixed(&b, 1, &length) ||
	    (version >= 4 && !own_fixed(&b, 1, &ops)) || !own_fixed(&b, 1, &is_stmt) ||
	    !own_fixed(&b, 1, &base) || !own_fixed(&b, 1, &range) || !own_fixed(&b, 1, &opcodes))
		return false;
	ret->min_length = (unsigned)length;
	ret->max_ops = ops ? (unsigned)ops : 1;
	ret->line_base = (int8_t)base;
	ret->line_range = (unsigned)range;
	ret->opcode_base = (unsigned)opcodes;
	for (unsigned i = 1; i < opcodes; i++) {
		if (!own_fixed(&b, 1, &n))
			return false;
		ret->lengths[i] = (unsigned char)n;
	}
	if (version >= 5) {
		struct own_unit like = { .file = unit->file, .format = ret->format };

		/* Texts by index are found as the unit's own are; forms have the table's sizes. */
		like.kind = unit->kind;
		atomic_init(&like.head, own_head(unit));
		ok = read_new_names(&like, &b, arena, ret);
	} else {
		ok = read_old_names(&b, arena, ret);
	}
	from->at = b.at;
	return ok;
}

/*
 * Reads the table at @offset, unless tables that overlap have made us read the section often enough.
 * Under own->lock.
 */
static const struct own_lines *
read_lines(struct own_unit *unit, uint64_t offset)
{
	struct own_file *file = unit->file;
	struct elf_section section = file->sections[DEBUG_LINE];
	struct own_lines *made = twz_new(&file->own->memory, struct own_lines);
	struct own_bytes b;
	bool ok;

	if (offset >= section.n || file->lines_read / 8 > section.n)
		return &no_lines;
	b = own_bytes(section, offset, section.n - offset);
	ok = read_header(unit, &b, &file->own->memory, made);
	file->lines_read += (uint64_t)(b.at - section.bytes) - offset;
	return ok ? made : &no_lines;
}

/* The unit's line table, read when it is first asked for; one without files when it is damaged. */
static const struct own_lines *
lines_of(struct own_unit *unit, struct own_head *head)
{
	const struct own_lines *lines = atomic_load_explicit(&head->lines, memory_order_acquire);
	struct own *own = unit->file->own;

	if (lines)
		return lines;
	/* While the lock is free. */
	own_section(unit->file, DEBUG_LINE);
	own_section(unit->file, DEBUG_STR);
	own_section(unit->file, DEBUG_LINE_STR);
	own_section(unit->file, DEBUG_STR_OFFSETS);
	pthread_mutex_lock(&own->lock);
	lines = own_map_get(&unit->file->lines, head->stmt_list);
	if (!lines) {
		lines = read_lines(unit, head->stmt_list);
		own_map_put(&own->memory, &unit->file->lines, head->stmt_list,
			    (void *)(uintptr_t)lines);
	}
	pthread_mutex_unlock(&own->lock);
	if (lines == &no_lines)
		own_partial(own);
	atomic_store_explicit(&head->lines, lines, memory_order_release);
	return lines;
}

static const char *
join(struct twz_arena *arena, const char *folder, const char *name)
{
	size_t n = strlen(folder), more = strlen(name);
	char *path = twz_alloc(arena, n + 1 + more + 1);

	memcpy(path, folder, n);
	path[n] = '/';
	memcpy(path + n + 1, name, more + 1);
	return path;
}

/* Joined with its folder, unless that is folder 0, the one where it was compiled. */
static const char *
path_of(const struct own_lines *lines, uint64_t number, struct twz_arena *arena)
{
	const struct file_name *file = number < lines->nfiles ? &lines->files[number] : NULL;
	const char *folder;

	if (!file || !file->name)
		return NULL;
	folder = file->folder && file->folder < lines->nfolders ? lines->folders[file->folder] : "";
	if (*file->name == '/' || !*folder)
		return twz_strdup(arena, file->name);
	return join(arena, folder, file->name);
}

const char *
own_source(struct engine *engine, const struct die *die, int64_t number, struct twz_arena *arena)
{
	struct own_unit *unit = own_unit_of((struct own *)engine, die);
	struct own_head *head = lines_head(&unit);

	return head && number >= 0 ? path_of(lines_of(unit, head), (uint64_t)number, arena) : NULL;
}

/* -- the program ----------------------------------------------------------------------------------- */

struct row {
	uint64_t address, file, line, op;
};

/* A run of a program until it passes the address that is looked for. */
struct run {
	const struct own_lines *lines;
	struct own_bytes b;
	struct row row, last;
	uint64_t wanted;
	bool have_last, found;
};

static void
advance(struct run *run, uint64_t by)
{
	const struct own_lines *lines = run->lines;
	uint64_t ops = run->row.op + by;

	run->row.address += lines->min_length * (ops / lines->max_ops);
	run->row.op = ops % lines->max_ops;
}

/* A row is there. The one wanted is the last that is not behind the address, if another follows. */
static void
add_row(struct run *run, bool end)
{
	run->found = run->have_last && run->row.address > run->wanted;
	if (run->found)
		return;
	run->have_last = !end && run->row.address <= run->wanted;
	run->last = run->row;
}

static bool
extended(struct run *run)
{
	struct own_bytes b;
	uint64_t n, code;

	if (!own_uleb(&run->b, &n))
		return false;
	b = run->b;
	if (!own_skip(&run->b, n))
		return false;
	b.end = run->b.at;
	if (!own_fixed(&b, 1, &code))
		return false;
	if (code == DW_LNE_end_sequence) {
		add_row(run, true);
		run->row = (struct row){ .file = 1, .line = 1 };
	} else if (code == DW_LNE_set_address) {
		run->row.op = 0;
		return own_fixed(&b, b.end - b.at == 4 ? 4 : 8, &run->row.address);
	}
	return true;
}

static bool
standard(struct run *run, unsigned code)
{
	uint64_t n = 0;

	switch (code) {
	case DW_LNS_copy:
		add_row(run, false);
		return true;
	case DW_LNS_advance_pc:
		if (!own_uleb(&run->b, &n))
			return false;
		advance(run, n);
		return true;
	case DW_LNS_advance_line:
		if (!own_leb(&run->b, true, &n))
			return false;
		run->row.line += n;
		return true;
	case DW_LNS_set_file:
		return own_uleb(&run->b, &run->row.file);
	case DW_LNS_const_add_pc:
		advance(run, (255 - run->lines->opcode_base) / run->lines->line_range);
		return true;
	case DW_LNS_fixed_advance_pc:
		run->row.op = 0;
		if (!own_fixed(&run->b, 2, &n))
			return false;
		run->row.address += n;
		return true;
	default:
		for (unsigned i = run->lines->lengths[code]; i--;)
			if (!own_uleb(&run->b, &n))
				return false;
		return true;
	}
}

/* False when the program is damaged. */
static bool
run_program(struct run *run)
{
	uint64_t code;

	while (!run->found && own_fixed(&run->b, 1, &code)) {
		if (code >= run->lines->opcode_base) {
			uint64_t n = code - run->lines->opcode_base;

			advance(run, n / run->lines->line_range);
			run->row.line += (uint64_t)run->lines->line_base + n % run->lines->line_range;
			add_row(run, false);
		} else if (code ? !standard(run, (unsigned)code) : !extended(run)) {
			return false;
		}
	}
	return true;
}

bool
own_line(struct engine *engine, const struct die_unit *unit, uint64_t address,
	 struct twz_arena *arena, const char **file, uint32_t *line)
{
	struct own *own = (struct own *)engine;
	struct own_unit *of = own_unit_of(own, &unit->die);
	struct own_head *head = unit->is_damaged ? NULL : lines_head(&of);
	struct run run = { .row = { .file = 1, .line = 1 }, .wanted = address };
	const char *path;

	if (!head)
		return false;
	run.lines = lines_of(of, head);
	if (!run.lines->line_range)
		return false;
	run.b = run.lines->program;
	if (!run_program(&run))
		own_partial(own);
	path = run.found ? path_of(run.lines, run.last.file, arena) : NULL;
	if (!path || run.last.line >= UINT32_MAX)
		return false;
	*file = path;
	*line = (uint32_t)run.last.line;
	return true;
}
