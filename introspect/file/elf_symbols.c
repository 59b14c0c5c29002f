/*
 * Which functions a file exports. Libraries export ten thousand names, and every use of twz-inspect
 * begins here, so nothing is done per name that can be done once: the table of texts is copied to the
 * arena as one piece, and names are sorted eight bytes at a time.
 */
#include <string.h>

#include "introspect/file/elf_in.h"
#include "introspect/sort.h"

enum {
	MAX_EXPORTS = 1 << 20,
	MAX_NAME = 1 << 14,
	MAX_NAMES = 1 << 28,		/* bytes of all names together, which may overlap in the file */
	MAX_VERSIONS = 1 << 15,
	FEW = 24,
	PAD = 8,
};

/* One symbol table with what is needed to read it. */
struct symbols {
	struct elf_section table, texts, versions;
	size_t n;
	const char **version_names;	/* by number; NULL where there is none */
	size_t nversions;
	bool global;			/* .symtab: versions, if any, are part of names */
};

static bool
is_exported(const Elf64_Sym *sym)
{
	int type = ELF64_ST_TYPE(sym->st_info), bind = ELF64_ST_BIND(sym->st_info);
	int visibility = ELF64_ST_VISIBILITY(sym->st_other);

	return sym->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_GNU_IFUNC) &&
	       (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) &&
	       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

static bool
symbol(const struct symbols *symbols, size_t i, Elf64_Sym *ret)
{
	if (i >= symbols->n)
		return false;
	memcpy(ret, symbols->table.bytes + i * sizeof(*ret), sizeof(*ret));
	return true;
}

/* -- where the tables are --------------------------------------------------------------------------- */

/* The table of type @type by the section headers, with its texts. */
static bool
by_sections(const struct elf_file *file, uint32_t type, struct symbols *ret)
{
	Elf64_Shdr sh, texts;

	for (uint64_t i = 1; elf_header(file, i, &sh); i++) {
		if (sh.sh_type == SHT_GNU_versym && type == SHT_DYNSYM)
			elf_bytes(file, &sh, &ret->versions);
		if (sh.sh_type != type || ret->n || !elf_bytes(file, &sh, &ret->table) ||
		    !elf_header(file, sh.sh_link, &texts) || !elf_bytes(file, &texts, &ret->texts))
			continue;
		ret->n = ret->table.n / sizeof(Elf64_Sym);
	}
	return ret->n;
}

/* How many symbols there are, which only the hash table of the dynamic segment says. */
static size_t
count_by_hash(const struct elf_file *file, struct elf_section dynamic)
{
	uint32_t head[4], bucket, last = 0, chain;
	struct elf_section hash;
	uint64_t at;

	if (elf_dynamic_value(dynamic, DT_HASH, &at) && elf_at(file, at, &hash) && hash.n >= 8) {
		memcpy(head, hash.bytes, 8);
		return head[1];
	}
	if (!elf_dynamic_value(dynamic, DT_GNU_HASH, &at) || !elf_at(file, at, &hash) ||
	    hash.n < sizeof(head))
		return 0;
	memcpy(head, hash.bytes, sizeof(head));		/* buckets, first symbol, words of the filter */
	at = sizeof(head) + (uint64_t)head[2] * 8;
	for (uint32_t i = 0; i < head[0]; i++, at += 4) {
		if (at > hash.n || hash.n - at < 4)
			return 0;
		memcpy(&bucket, hash.bytes + at, 4);
		last = bucket > last ? bucket : last;
	}
	if (last < head[1])
		return head[1];
	for (at += ((uint64_t)last - head[1]) * 4; at <= hash.n && hash.n - at >= 4; at += 4, last++) {
		memcpy(&chain, hash.bytes + at, 4);
		if (chain & 1)
			break;
	}
	return (size_t)last + 1;
}

/* The same from the dynamic segment, for files whose section headers were taken away. */
static bool
by_segments(const struct elf_file *file, struct symbols *ret)
{
	uint64_t table, texts, ntexts, versions;
	struct elf_section dynamic;

	if (!elf_dynamic(file, &dynamic) || !elf_dynamic_value(dynamic, DT_SYMTAB, &table) ||
	    !elf_dynamic_value(dynamic, DT_STRTAB, &texts) ||
	    !elf_dynamic_value(dynamic, DT_STRSZ, &ntexts) || !elf_at(file, table, &ret->table) ||
	    !elf_at(file, texts, &ret->texts))
		return false;
	if (ret->texts.n > ntexts)
		ret->texts.n = ntexts;
	ret->n = count_by_hash(file, dynamic);
	if (ret->n > ret->table.n / sizeof(Elf64_Sym))
		ret->n = ret->table.n / sizeof(Elf64_Sym);
	if (elf_dynamic_value(dynamic, DT_VERSYM, &versions))
		elf_at(file, versions, &ret->versions);
	return ret->n;
}

static bool
version_table(const struct elf_file *file, struct elf_section *ret)
{
	struct elf_section dynamic;
	Elf64_Shdr sh;
	uint64_t at;

	for (uint64_t i = 1; elf_header(file, i, &sh); i++)
		if (sh.sh_type == SHT_GNU_verdef)
			return elf_bytes(file, &sh, ret);
	return !file->nsections && elf_dynamic(file, &dynamic) &&
	       elf_dynamic_value(dynamic, DT_VERDEF, &at) && elf_at(file, at, ret);
}

/* Fills version_names. @texts: those of the symbol table, copied. */
static void
read_versions(const struct elf_file *file, struct symbols *symbols)
{
	struct elf_section table;
	Elf64_Verdef def;
	Elf64_Verdaux aux;
	size_t at = 0, most;

	if (!symbols->versions.n || !version_table(file, &table))
		return;
	most = table.n / sizeof(def) + 2;	/* they are numbered from 1 */
	if (most > MAX_VERSIONS)
		most = MAX_VERSIONS;
	symbols->version_names = twz_new_array(file->arena, most, const char *);
	/* Forward only, so a loop in the file ends it. */
	for (size_t i = 0; i < MAX_VERSIONS && at <= table.n && table.n - at >= sizeof(def); i++) {
		size_t number, name = at;

		memcpy(&def, table.bytes + at, sizeof(def));
		number = def.vd_ndx & 0x7fff;
		name += def.vd_aux;
		if (number < most && name <= table.n && table.n - name >= sizeof(aux) &&
		    !(def.vd_flags & VER_FLG_BASE)) {
			memcpy(&aux, table.bytes + name, sizeof(aux));
			symbols->version_names[number] = elf_text(symbols->texts, aux.vda_name);
		}
		if (number < most && number >= symbols->nversions)
			symbols->nversions = number + 1;
		if (!def.vd_next)
			break;
		at += def.vd_next;
	}
}

/*
 * Texts move to the arena, so that names outlive the mapping: all of them, since most of what is in .dynsym is
 * exported.
 */
static void
keep_texts(const struct elf_file *file, struct symbols *symbols)
{
	unsigned char *copy = twz_alloc(file->arena, symbols->texts.n + PAD);

	if (symbols->texts.n)
		memcpy(copy, symbols->texts.bytes, symbols->texts.n);
	symbols->texts.bytes = copy;
	symbols->texts.n++;	/* the NUL behind it */
}

/* The linker writes "name@VERSION", or "name@@VERSION" for the default one, to .symtab. */
static void
split_version(const struct elf_file *file, struct elf_symbol *symbol)
{
	const char *at = strchr(symbol->name + 1, '@');
	char *name;
	size_t n;

	if (!at)
		return;
	n = (size_t)(at - symbol->name);
	symbol->hidden = at[1] != '@';
	symbol->version = at + (symbol->hidden ? 1 : 2);
	name = twz_alloc(file->arena, n + PAD);
	memcpy(name, symbol->name, n);
	symbol->name = name;
}

static bool
open_symbols(const struct elf_file *file, struct symbols *ret)
{
	*ret = (struct symbols){ 0 };
	if (!by_sections(file, SHT_DYNSYM, ret) &&
	    (file->nsections || !by_segments(file, ret))) {
		ret->global = by_sections(file, SHT_SYMTAB, ret);
		if (!ret->global)
			return false;
	}
	if (!ret->global)
		keep_texts(file, ret);
	read_versions(file, ret);
	return true;
}

/* Bytes of the name at @name of the texts; one without a NUL ends with them. */
static size_t
name_length(const struct symbols *symbols, const char *name)
{
	size_t left = (size_t)((const char *)symbols->texts.bytes + symbols->texts.n - name);

	return strnlen(name, left < MAX_NAME ? left : MAX_NAME);
}

/* Names of a table of which most are not exported, one behind the other; @bytes: of all of them with their NULs. */
static void
keep_names(const struct elf_file *file, const struct symbols *symbols, struct elf_symbol *list, size_t n, size_t bytes)
{
	char *at = twz_alloc(file->arena, bytes + PAD);

	for (size_t i = 0; i < n; i++) {
		size_t length = name_length(symbols, list[i].name);

		list[i].name = memcpy(at, list[i].name, length);
		at += length + 1;
		split_version(file, &list[i]);
	}
}

/* -- sorting ---------------------------------------------------------------------------------------- */

/* Every name has PAD bytes behind its end, so that eight can be read at once. */
static uint64_t
eight_bytes(const char *name)
{
	const uint64_t ones = 0x0101010101010101, tops = ones << 7;
	uint64_t bytes, ends;

	memcpy(&bytes, name, sizeof(bytes));
	ends = (bytes - ones) & ~bytes & tops;	/* its lowest bit is the top of the first NUL */
	if (ends)
		bytes &= (ends & -ends) - 1;
	return __builtin_bswap64(bytes);
}

/* Few, by comparing, which costs less than what is done per eight bytes. */
static void
sort_few(const struct elf_symbol *symbols, struct sort_key *keys, size_t n, size_t depth)
{
	for (size_t i = 1; i < n; i++) {
		struct sort_key key = keys[i];
		const char *name = symbols[key.item].name + depth;
		size_t at = i;

		for (; at && strcmp(symbols[keys[at - 1].item].name + depth, name) > 0; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
}

/*
 * Sorts by the eight bytes at @depth, then each run of equal ones by what follows. Names end after
 * MAX_NAME bytes, so this does too.
 */
static void
sort_names(const struct elf_symbol *symbols, struct sort_key *keys, struct sort_key *other, size_t n,
	   size_t depth)
{
	bool equal = true;

	if (n <= FEW) {
		sort_few(symbols, keys, n, depth);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		keys[i].number = eight_bytes(symbols[keys[i].item].name + depth);
		equal &= keys[i].number == keys[0].number;
	}
	if (!equal)
		sort_keys(keys, other, n);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && keys[end].number == keys[i].number; end++)
			;
		if (end - i > 1 && keys[i].number & 0xff)
			sort_names(symbols, keys + i, other, end - i, depth + 8);
	}
}

/* In the order of the table, but with the version that dlsym() finds first. */
static void
sort_exports(const struct elf_file *file, const struct elf_symbol **list, size_t n)
{
	struct elf_symbol *sorted = twz_new_array(file->arena, n, struct elf_symbol);
	TWZ_FREE struct sort_key *keys = calloc(n * 2 + 1, sizeof(*keys));
	size_t done = 0;

	if (!keys)
		return;
	for (int hidden = 0; hidden < 2; hidden++)
		for (size_t i = 0; i < n; i++)
			if ((*list)[i].hidden == (bool)hidden)
				keys[done++].item = (uint32_t)i;
	sort_names(*list, keys, keys + n, n, 0);
	for (size_t i = 0; i < n; i++)
		sorted[i] = (*list)[keys[i].item];
	*list = sorted;
}

/* -- exports ---------------------------------------------------------------------------------------- */

/* The version of symbol @i. A version that is not defined here has no name. */
static void
set_version(const struct symbols *symbols, size_t i, struct elf_symbol *symbol)
{
	uint16_t version;

	if (symbols->versions.n / sizeof(version) <= i)
		return;
	memcpy(&version, symbols->versions.bytes + i * sizeof(version), sizeof(version));
	symbol->hidden = version & 0x8000;
	version &= 0x7fff;
	if (version < symbols->nversions && symbols->version_names[version])
		symbol->version = symbols->version_names[version];
}

size_t
elf_exports(const struct elf_file *file, const struct elf_symbol **ret)
{
	struct elf_symbol *list;
	struct symbols symbols;
	size_t n = 0, total = 0;
	Elf64_Sym sym;

	*ret = NULL;
	if (!open_symbols(file, &symbols))
		return 0;
	for (size_t i = 1; symbol(&symbols, i, &sym); i++)
		n += is_exported(&sym);
	if (n > MAX_EXPORTS)
		n = MAX_EXPORTS;
	*ret = list = twz_new_array(file->arena, n, struct elf_symbol);
	n = 0;
	for (size_t i = 1; n < MAX_EXPORTS && symbol(&symbols, i, &sym); i++) {
		const char *name;
		size_t length;

		if (!is_exported(&sym) || sym.st_name >= symbols.texts.n)
			continue;
		name = (const char *)symbols.texts.bytes + sym.st_name;
		length = name_length(&symbols, name);
		if (!length || length == MAX_NAME || (total += length) > MAX_NAMES)
			continue;
		list[n] = (struct elf_symbol){
			.name = name, .version = "", .address = sym.st_value, .size = sym.st_size,
			.ifunc = ELF64_ST_TYPE(sym.st_info) == STT_GNU_IFUNC,
			.weak = ELF64_ST_BIND(sym.st_info) == STB_WEAK,
		};
		if (!symbols.global)
			set_version(&symbols, i, &list[n]);
		n++;
	}
	if (symbols.global)
		keep_names(file, &symbols, list, n, total + n);
	sort_exports(file, ret, n);
	return n;
}

/* -- other questions -------------------------------------------------------------------------------- */

static const char *
function_in(const struct elf_file *file, uint32_t type, uint64_t address)
{
	struct symbols symbols = { 0 };
	Elf64_Sym sym;

	if (!by_sections(file, type, &symbols) &&
	    (type != SHT_DYNSYM || file->nsections || !by_segments(file, &symbols)))
		return "";
	for (size_t i = 1; symbol(&symbols, i, &sym); i++) {
		const char *name;

		if (sym.st_shndx == SHN_UNDEF || ELF64_ST_TYPE(sym.st_info) != STT_FUNC ||
		    address < sym.st_value || address - sym.st_value >= sym.st_size)
			continue;
		name = elf_text(symbols.texts, sym.st_name);
		if (*name)
			return twz_strdup(file->arena, name);
	}
	return "";
}

const char *
elf_function_at(const struct elf_file *file, uint64_t address)
{
	const char *name = function_in(file, SHT_SYMTAB, address);

	return *name ? name : function_in(file, SHT_DYNSYM, address);
}

const char *
elf_soname(const struct elf_file *file)
{
	struct elf_section dynamic, texts;
	uint64_t at, where;

	if (!elf_dynamic(file, &dynamic) || !elf_dynamic_value(dynamic, DT_SONAME, &at) ||
	    !elf_dynamic_value(dynamic, DT_STRTAB, &where) || !elf_at(file, where, &texts))
		return "";
	return twz_strdup(file->arena, elf_text(texts, at));
}
