/*
 * Questions to the compiler are lines of C below the includes, each in a place of its own ("#line"), so
 * that a line which is refused is an answer and the next round goes on without it. What must be known
 * exactly, a symbol or a value, is left by the line in a section of the object file.
 */
#include "introspect/headers/headers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "introspect/file/elf.h"
#include "introspect/records.h"

enum { MAX_ROUNDS = 8 };

static const char marker[] = "twz-row";
static const char place_section[] = "twz_at", name_section[] = "twz_headers";

struct headers {
	struct twz_arena *arena;
	struct compiler *compiler;
	const char *includes;		/* lines of C */
	const char *names;		/* what messages call them */
	struct header_text *text;
	unsigned probes;		/* made so far */
};

/* -- the headers themselves ------------------------------------------------------------------------- */

/* A path that exists is included from there, every other name from where the compiler looks. */
static bool
add_header(struct headers *h, const char *file, struct twz_error *err)
{
	TWZ_FREE char *path = realpath(file, NULL);

	if (!*file || strpbrk(path ? path : file, "\"<>\\\n"))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, INVALID_NAME),
				"'%.80s' is no name of a header", file);
	h->names = *h->names ? "one of the headers" : file;
	h->includes = path ? twz_format(h->arena, "%s#include \"%s\"\n", h->includes, path) :
		twz_format(h->arena, "%s#include <%s>\n", h->includes, file);
	return true;
}

static bool
refuse(const struct headers *h, const struct complaints *complaints, struct twz_error *err)
{
	const struct complaint *first = complaints->n ? &complaints->all[0] : NULL;

	if (first && !strcmp(first->file, compiler_path(h->compiler, "headers.c")))
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "%s", first->text);
	else if (first)
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			 "%s does not compile: %s:%lu: %s", h->names, first->file, first->line, first->text);
	else
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			 "%s does not compile: %s", h->names,
			 *complaints->other ? complaints->other : "the C compiler failed without a word");
	if (first && strstr(first->text, "No such file"))
		return twz_hint(err, "is the library's -dev package installed? Folders for the C compiler come last, after '--': "
				"-- -IFOLDER, as 'pkg-config --cflags NAME' knows them");
	return twz_hint(err, "arguments for the C compiler come last, after '--': -- -Iinclude -DNAME");
}

static bool
map_file(const char *path, const char **ret, size_t *n, struct twz_error *err)
{
	TWZ_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st))
		return twz_fail_sys(err, errno, "cannot read %s", path);
	*n = (size_t)st.st_size;
	*ret = "";
	if (!*n)
		return true;
	map = mmap(NULL, *n, PROT_READ, MAP_PRIVATE, fd, 0);
	*ret = map;
	return map != MAP_FAILED || twz_fail_sys(err, errno, "cannot read %s", path);
}

static bool
preprocess(struct headers *h, struct twz_error *err)
{
	static const char *const flags[] = { "-E", NULL };
	struct complaints complaints;
	const char *text = NULL;
	size_t n = 0;
	FILE *f;

	if (!compiler_create(h->compiler, "headers.c", &f, err))
		return false;
	fputs(h->includes, f);
	if (fclose(f))
		return twz_fail_sys(err, errno, "cannot write %s", compiler_path(h->compiler, "headers.c"));
	if (!compiler_run(h->compiler, flags, "headers.c", "headers.i", &complaints, err))
		return false;
	if (!complaints.ok)
		return refuse(h, &complaints, err);
	/* The words that header_text keeps point into this mapping; it lasts as long as the program. */
	if (!map_file(compiler_path(h->compiler, "headers.i"), &text, &n, err))
		return false;
	h->text = header_text_read(text, n, h->arena);
	return true;
}

bool
headers_open(const char *const *files, const char *const *args, struct twz_arena *arena,
	     struct headers **ret, struct twz_error *err)
{
	TWZ_CLEANUP(headers_closep) struct headers *h = twz_new(arena, struct headers);

	*h = (struct headers){ .arena = arena, .includes = "", .names = "" };
	for (; *files; files++)
		if (!add_header(h, *files, err))
			return false;
	if (!compiler_open(args, arena, &h->compiler, err) || !preprocess(h, err))
		return false;
	*ret = twz_steal(&h);
	return true;
}

void
headers_close(struct headers *h)
{
	if (h)
		compiler_close(h->compiler);
}

struct compiler *
headers_compiler(struct headers *h)
{
	return h->compiler;
}

bool
headers_mention(const struct headers *h, const char *word)
{
	return header_text_has(h->text, word);
}

/* -- questions -------------------------------------------------------------------------------------- */

static void
write_row(FILE *f, const struct header_row *row, size_t i)
{
	for (const char *name = row->undef; *name;) {
		size_t n = strcspn(name, " ");

		if (n)
			fprintf(f, "#line %zu \"%s\"\n#undef %.*s\n", i + 1, marker, (int)n, name);
		name += n + (name[n] == ' ');
	}
	fprintf(f, "#line %zu \"%s\"\n%s\n", i + 1, marker, row->text);
}

static bool
write_rows(struct headers *h, const struct header_row *rows, size_t n, struct twz_error *err)
{
	FILE *f;

	if (!compiler_create(h->compiler, "rows.c", &f, err))
		return false;
	fputs(h->includes, f);
	for (size_t i = 0; i < n; i++)
		if (!rows[i].bad)
			write_row(f, &rows[i], i);
	/* A row that leaves something open does so at the expense of this one. */
	fprintf(f, "#line %zu \"%s\"\ntypedef int twz_end;\n", n + 1, marker);
	if (fclose(f))
		return twz_fail_sys(err, errno, "cannot write %s", compiler_path(h->compiler, "rows.c"));
	return true;
}

/* Marks the rows that were complained about. False: the complaint is about none of them. */
static bool
mark_rows(const struct complaints *complaints, struct header_row *rows, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < complaints->n; i++) {
		unsigned long line = complaints->all[i].line;

		if (strcmp(complaints->all[i].file, marker))
			return false;
		if (!line || line > n || rows[line - 1].bad)
			continue;
		rows[line - 1].bad = true;
		any = true;
	}
	return any;
}

bool
headers_try(struct headers *h, struct header_row *rows, size_t n, const char *const *flags,
	    const char *output, struct twz_error *err)
{
	struct complaints complaints;

	for (int round = 0; round < MAX_ROUNDS; round++) {
		if (!write_rows(h, rows, n, err) ||
		    !compiler_run(h->compiler, flags, "rows.c", output, &complaints, err))
			return false;
		if (complaints.ok)
			return true;
		if (!mark_rows(&complaints, rows, n))
			break;
	}
	return refuse(h, &complaints, err);
}

/* -- functions -------------------------------------------------------------------------------------- */

/*
 * The symbols to which the compiler bound the names: each row left a number and an address in
 * place_section, and where the address goes is for the linker to fill in.
 */
static bool
read_symbols(struct headers *h, const char *object, struct header_function *functions, size_t n,
	     struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	struct elf_section places, relocations, symbols, names;
	Elf64_Shdr header;

	if (!elf_open_part(compiler_path(h->compiler, object), h->arena, &file, err))
		return twz_wrap(err, "what the C compiler made");
	if (!elf_find(file, place_section, &header, &places) ||
	    !elf_find(file, twz_format(h->arena, ".rela%s", place_section), &header, &relocations) ||
	    !elf_find(file, ".symtab", &header, &symbols) || !elf_find(file, ".strtab", &header, &names))
		return true;
	for (size_t i = 0; (i + 1) * sizeof(Elf64_Rela) <= relocations.n; i++) {
		Elf64_Rela r;
		Elf64_Sym symbol;
		uint64_t row;
		const char *name;

		memcpy(&r, relocations.bytes + i * sizeof(r), sizeof(r));
		if (r.r_offset < sizeof(row) || r.r_offset > places.n ||
		    ELF64_R_SYM(r.r_info) >= symbols.n / sizeof(symbol))
			continue;
		memcpy(&row, places.bytes + r.r_offset - sizeof(row), sizeof(row));
		memcpy(&symbol, symbols.bytes + ELF64_R_SYM(r.r_info) * sizeof(symbol), sizeof(symbol));
		if (row >= n || symbol.st_name >= names.n)
			continue;
		name = (const char *)names.bytes + symbol.st_name;
		/* An inline function of the headers has no symbol that others see. */
		if (*name && memchr(name, '\0', names.n - symbol.st_name) &&
		    ELF64_ST_BIND(symbol.st_info) != STB_LOCAL)
			functions[row].symbol = twz_strdup(h->arena, name);
	}
	return true;
}

/* Of several names for one symbol the one that is the symbol stays. */
static size_t
drop_doubles(struct header_function *functions, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		bool twice = false;

		if (strcmp(functions[i].name, functions[i].symbol))
			for (size_t k = 0; k < n && !twice; k++)
				twice = k != i && !strcmp(functions[i].symbol, functions[k].symbol) &&
					(k < i || !strcmp(functions[k].name, functions[k].symbol));
		if (!twice)
			functions[kept++] = functions[i];
	}
	return kept;
}

bool
headers_functions(struct headers *h, const char *const *symbols, size_t n, struct header_function **ret,
		  size_t *nret, struct twz_error *err)
{
	static const char *const flags[] = { "-c", "-fPIC", NULL };
	struct header_function *functions = NULL;
	struct header_row *rows = NULL;
	size_t count = 0, nrows = 0, kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct header_row row = { .undef = symbols[i] };

		if (!record_identifier(symbols[i]) || !headers_mention(h, symbols[i]))
			continue;
		row.text = twz_format(h->arena, "static struct { unsigned long row; const void *at; } twz_at_%zu "
			"__attribute__((used, section(\"%s\"))) = { %zu, (const void *)&%s };",
			nrows, place_section, nrows, symbols[i]);
		twz_push(h->arena, rows, nrows, row);
		twz_push(h->arena, functions, count, ((struct header_function){ .name = symbols[i],
			.symbol = symbols[i] }));
	}
	*ret = functions;
	*nret = 0;
	if (!headers_try(h, rows, nrows, flags, "places.o", err) ||
	    !read_symbols(h, "places.o", functions, count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!rows[i].bad)
			functions[kept++] = functions[i];
	*nret = drop_doubles(functions, kept);
	for (size_t i = 0; i < *nret; i++)
		header_text_describe(h->text, &functions[i], h->arena);
	return true;
}

/* -- probe ------------------------------------------------------------------------------------------ */

bool
headers_probe(struct headers *h, const struct header_function *functions, size_t n, const char **ret,
	      struct twz_error *err)
{
	static const char *const flags[] = { "-g", "-O0", "-fPIC", "-shared", "-nostdlib", NULL };
	struct header_row *rows = twz_new_array(h->arena, n, struct header_row);
	const char *name;

	for (size_t i = 0; i < n; i++) {
		const struct header_function *f = &functions[i];
		const char *file = strpbrk(f->file, "\"\\\t\n") ? "" : f->file;

		rows[i] = (struct header_row){ .undef = f->name, .text = twz_format(h->arena,
			"__attribute__((visibility(\"default\"))) __typeof__(&%s) twz_header_%s(void);"
			"__typeof__(&%s) twz_header_%s(void) { return 0; }"
			"static const char twz_names_%zu[] __attribute__((used, section(\"%s\"))) = "
			"\"%s\\t%lu\\t%s\\t%s\";", f->name, f->symbol, f->name, f->symbol, i, name_section,
			f->symbol, f->line, file, f->params) };
	}
	/* The one before may still be read by another process. */
	name = twz_format(h->arena, "probe%u.so", h->probes++);
	*ret = compiler_path(h->compiler, name);
	return headers_try(h, rows, n, flags, name, err);
}
