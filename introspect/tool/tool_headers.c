/*
 * --headers as an input of every command: before a library is read, the C compiler makes a probe of what
 * the headers declare of its functions. Which functions it has is asked of a child with limits, like
 * everything that comes from the library.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "introspect/file/elf.h"
#include "introspect/gates.h"
#include "introspect/headers/headers.h"
#include "introspect/records.h"
#include "introspect/tool/tool.h"
#include "registry/registry.h"

static bool
write_exports(struct request *r, void *data)
{
	const char *path = data;
	const struct elf_symbol *symbols;
	struct elf_file *file;
	struct twz_error err = { 0 };
	size_t n;
	FILE *out;

	if (!elf_open_any(path, &r->arena, &file, &err) ||
	    !compiler_create(headers_compiler(r->opened), "exports", &out, &err))
		return tool_complain(path, &err);
	n = elf_exports(file, &symbols);
	for (size_t i = 0; i < n; i++)
		if (!symbols[i].hidden && record_identifier(symbols[i].name))
			fprintf(out, "%s\n", symbols[i].name);
	return !fclose(out) ||
	       twz_fail_sys(&err, errno, "cannot write to the compiler's folder") || tool_complain(path, &err);
}

static bool
read_exports(struct request *r, const char ***ret, size_t *n, struct twz_error *err)
{
	const char *path = compiler_path(headers_compiler(r->opened), "exports");
	TWZ_FCLOSE FILE *f = fopen(path, "re");
	TWZ_FREE char *line = NULL;
	size_t size = 0;
	ssize_t length;

	*ret = NULL;
	*n = 0;
	if (!f)
		return twz_fail_sys(err, errno, "cannot read %s", path);
	while ((length = getline(&line, &size, f)) > 1)
		twz_push(&r->arena, *ret, *n, twz_strndup(&r->arena, line, (size_t)length - 1));
	return true;
}

static bool
make_probe(struct request *r, const char *path, struct twz_error *err)
{
	struct header_function *functions;
	const char **symbols;
	size_t n, nfunctions;

	if (!read_exports(r, &symbols, &n, err) ||
	    !headers_functions(r->opened, symbols, n, &functions, &nfunctions, err))
		return false;
	if (nfunctions)
		return headers_probe(r->opened, functions, nfunctions, &r->options.header_probe, err);
	fprintf(stderr, "%s: %s: the headers declare none of its %zu functions\n", tool_name, path, n);
	return true;
}

void
tool_gates(struct request *r, const char *path)
{
	const struct registry_gates *gates = registry_gates_of(r->folders, path, &r->arena);

	r->options.gates = gates ? gates->file : NULL;
}

/*
 * Headers that a gates file names: they are there or not, and so is a compiler. Without them the library's
 * debug information has to do; only where that is missing, too, the reason is told.
 */
static bool
probe_gates(struct request *r, const char *path)
{
	struct gates_file gates;
	struct twz_error err = { 0 };

	if (!r->options.gates || !gates_read(r->options.gates, &r->arena, &gates, NULL) || !gates.nheaders)
		return true;
	twz_push(&r->arena, gates.headers, gates.nheaders, NULL);
	twz_push(&r->arena, gates.compile, gates.ncompile, NULL);
	tool_probe_end(r);
	if (!headers_open(gates.headers, gates.compile, &r->arena, &r->opened, &err))
		r->options.no_headers = twz_strdup(&r->arena, err.text);
	else if (tool_run(r, path, write_exports, (void *)(uintptr_t)path))
		return false;
	else if (!make_probe(r, path, &err))
		r->options.no_headers = twz_strdup(&r->arena, err.text);
	return true;
}

bool
tool_probe(struct request *r, const char *path)
{
	struct twz_error err = { 0 };

	r->options.header_probe = r->options.no_headers = NULL;
	if (!r->headers)
		return probe_gates(r, path);
	if (!r->opened && !headers_open(r->headers, r->compiler_args, &r->arena, &r->opened, &err))
		return tool_complain("--headers", &err);
	if (tool_run(r, path, write_exports, (void *)(uintptr_t)path))
		return false;
	return make_probe(r, path, &err) || tool_complain(path, &err);
}

void
tool_probe_end(struct request *r)
{
	headers_close(r->opened);
	r->opened = NULL;
}
