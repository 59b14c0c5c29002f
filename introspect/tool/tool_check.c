/*
 * check: a library against its own headers, by the C compiler. The child that reads the library never
 * runs the compiler and the parent, which does, never reads the library: between them go lines of text
 * (see check.h) through files in the compiler's folder.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "introspect/headers/check.h"
#include "introspect/file/elf.h"
#include "introspect/headers/headers.h"
#include "introspect/names.h"
#include "introspect/records.h"
#include "introspect/tool/tool.h"
#include "twz/json.h"

static const char fact_section[] = "twz_facts";

/* A line of CHECK_FACT or CHECK_UNSAID, and what the compiler says to it. */
struct finding {
	const char *fields[CHECK_FIELDS];
	size_t row;			/* of its question */
	bool answered;
	uint64_t answer;
};

struct job {
	struct request *r;
	struct headers *headers;
	const char *path;		/* of the library */
	bool facts;			/* which of its two jobs the child does */
	struct header_function *functions;
	size_t nfunctions, nwanted;
	struct finding *findings;
	size_t n;
	bool differs;
};

/* -- the child -------------------------------------------------------------------------------------- */

static bool
child(struct request *r, void *data)
{
	const struct job *job = data;
	struct compiler *compiler = headers_compiler(job->headers);
	const struct twz_service *service;
	TWZ_FCLOSE FILE *known = NULL;
	struct twz_error err = { 0 };
	FILE *out;
	bool ok;

	if (!tool_inspect(r, job->path, &service))
		return false;
	if (!compiler_create(compiler, job->facts ? "facts" : "wanted", &out, &err))
		return tool_complain(job->path, &err);
	if (job->facts) {
		known = fopen(compiler_path(compiler, "known"), "re");
		if (known)
			check_facts(known, out, service);
	} else {
		check_wanted(out, service);
	}
	ok = !ferror(out);
	if (fclose(out) || !ok || (job->facts && !known)) {
		twz_fail_sys(&err, errno, "cannot write to the compiler's folder");
		return tool_complain(job->path, &err);
	}
	return true;
}

/* The child's lines, cut into fields; those of @n kinds only. */
static bool
read_lines(struct job *job, const char *name, struct finding **ret, size_t *n, struct twz_error *err)
{
	const char *path = compiler_path(headers_compiler(job->headers), name);
	TWZ_FCLOSE FILE *f = fopen(path, "re");
	TWZ_FREE char *line = NULL;
	size_t size = 0;

	if (!f)
		return twz_fail_sys(err, errno, "cannot read %s", path);
	*ret = NULL;
	*n = 0;
	while (getline(&line, &size, f) > 0) {
		struct finding one = { 0 };

		check_split(twz_strdup(&job->r->arena, line), one.fields);
		twz_push(&job->r->arena, *ret, *n, one);
	}
	return true;
}

/* -- what the headers know -------------------------------------------------------------------------- */

/* Asks the compiler for each wanted type whether it knows it; true rows go to @known. */
static bool
find_types(struct job *job, const struct finding *wanted, size_t n, FILE *known, struct twz_error *err)
{
	static const char *const flags[] = { "-fsyntax-only", NULL };
	struct twz_arena *arena = &job->r->arena;
	struct header_row *rows = NULL;
	const struct finding **of = NULL;
	size_t nrows = 0, nof = 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = wanted[i].fields[1], *last = strrchr(name, ' ');
		bool layout = *wanted[i].fields[0] == CHECK_LAYOUT;
		struct header_row row = { 0 };

		last = last ? last + 1 : name;
		if (*wanted[i].fields[0] == CHECK_FUNCTION || !record_identifier(last) ||
		    !headers_mention(job->headers, last))
			continue;
		row.undef = last;
		row.text = layout ? twz_format(arena, "struct twz_size_%zu { %s field; };", nrows, name) :
			twz_format(arena, "extern %s *twz_type_%zu;", name, nrows);
		twz_push(arena, of, nof, &wanted[i]);
		twz_push(arena, rows, nrows, row);
	}
	if (nrows && !headers_try(job->headers, rows, nrows, flags, "types.o", err))
		return false;
	for (size_t i = 0; i < nrows; i++)
		if (!rows[i].bad)
			fprintf(known, "%s\t%s\n", of[i]->fields[0], of[i]->fields[1]);
	return true;
}

static bool
find_known(struct job *job, struct twz_error *err)
{
	struct twz_arena *arena = &job->r->arena;
	const char **symbols = NULL;
	struct finding *wanted;
	size_t n, nsymbols = 0;
	FILE *known;
	bool ok;

	if (!read_lines(job, "wanted", &wanted, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (*wanted[i].fields[0] == CHECK_FUNCTION)
			twz_push(arena, symbols, nsymbols, wanted[i].fields[1]);
	job->nwanted = nsymbols;
	if (!headers_functions(job->headers, symbols, nsymbols, &job->functions, &job->nfunctions, err) ||
	    !compiler_create(headers_compiler(job->headers), "known", &known, err))
		return false;
	for (size_t i = 0; i < job->nfunctions; i++)
		fprintf(known, "%c\t%s\t%s\n", CHECK_FUNCTION, job->functions[i].name,
			job->functions[i].symbol);
	ok = find_types(job, wanted, n, known, err);
	return !fclose(known) && ok;
}

/* -- facts ------------------------------------------------------------------------------------------ */

/* Each row that compiled left its number and the value in a section. */
static bool
read_answers(struct job *job, uint64_t *values, size_t n, struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	struct elf_section section;
	uint64_t pair[2];

	if (!elf_open_part(compiler_path(headers_compiler(job->headers), "facts.o"), &job->r->arena, &file,
			   err))
		return twz_wrap(err, "what the C compiler made");
	if (!elf_section(file, fact_section, &section))
		return true;
	for (size_t at = 0; at + sizeof(pair) <= section.n; at += sizeof(pair)) {
		memcpy(pair, section.bytes + at, sizeof(pair));
		if (pair[0] < n)
			values[pair[0]] = pair[1];
	}
	return true;
}

static bool
find_answers(struct job *job, struct twz_error *err)
{
	static const char *const flags[] = { "-c", "-O0", NULL };
	struct twz_arena *arena = &job->r->arena;
	struct header_row *rows = NULL;
	uint64_t *values;
	size_t n = 0;

	if (!read_lines(job, "facts", &job->findings, &job->n, err))
		return false;
	for (size_t i = 0; i < job->n; i++) {
		struct finding *f = &job->findings[i];
		struct header_row row = { .undef = f->fields[5] };

		if (*f->fields[0] != CHECK_FACT)
			continue;
		f->row = n;
		row.text = twz_format(arena, "static const unsigned long long twz_fact_%zu[2] "
			"__attribute__((used, section(\"%s\"))) = { %zu, %s };", n, fact_section, n, f->fields[6]);
		twz_push(arena, rows, n, row);
	}
	values = twz_new_array(arena, n, uint64_t);
	if (n && (!headers_try(job->headers, rows, n, flags, "facts.o", err) ||
		  !read_answers(job, values, n, err)))
		return false;
	for (size_t i = 0; i < job->n; i++) {
		struct finding *f = &job->findings[i];

		if (*f->fields[0] != CHECK_FACT)
			continue;
		f->answered = !rows[f->row].bad;
		f->answer = values[f->row];
	}
	return true;
}

/* -- report ----------------------------------------------------------------------------------------- */

struct count {
	size_t functions, functions_differ, unsaid, facts, facts_differ, types;
};

static bool
is_function(const struct finding *f)
{
	return *f->fields[0] == CHECK_FACT && !*f->fields[2];
}

static bool
is_fact(const struct finding *f)
{
	return *f->fields[0] == CHECK_FACT && *f->fields[2];
}

static bool
differs(const struct finding *f)
{
	return *f->fields[0] == CHECK_FACT &&
	       (!f->answered || f->answer != strtoull(f->fields[3], NULL, 10));
}

static struct count
count(struct job *job)
{
	struct names types = { 0 };
	struct count n = { 0 };

	for (size_t i = 0; i < job->n; i++) {
		const struct finding *f = &job->findings[i];

		n.functions += is_function(f);
		n.functions_differ += is_function(f) && differs(f);
		n.facts += is_fact(f);
		n.facts_differ += is_fact(f) && differs(f);
		n.unsaid += *f->fields[0] == CHECK_UNSAID;
		if (is_fact(f))
			names_add(&types, &job->r->arena, f->fields[1]);
	}
	n.types = types.n;
	return n;
}

static const struct header_function *
function_of(const struct job *job, const struct finding *f)
{
	for (size_t i = 0; i < job->nfunctions; i++)
		if (!strcmp(job->functions[i].symbol, f->fields[1]))
			return &job->functions[i];
	return NULL;
}

static const char *
header_text(const struct header_function *function)
{
	return function && *function->text ? function->text : "(declared in a way that cannot be shown)";
}

static void
show_function(const struct job *job, const struct finding *f)
{
	const struct header_function *function = function_of(job, f);

	printf("%s differs\n  library  %s\n  header   %s", f->fields[1], f->fields[4], header_text(function));
	if (function && *function->file)
		printf("  (%s:%lu)", function->file, function->line);
	putchar('\n');
}

/* What the headers say to a fact: a number, or why there is none. */
static const char *
answer_text(const struct finding *f, struct twz_arena *arena)
{
	if (!f->answered)
		return "does not have it";
	return *f->fields[4] ? "has another type" : twz_format(arena, "%" PRIu64, f->answer);
}

static void
show_facts(struct job *job)
{
	const char *subject = "";

	for (size_t i = 0; i < job->n; i++) {
		const struct finding *f = &job->findings[i];

		if (!is_fact(f) || !differs(f))
			continue;
		if (strcmp(subject, f->fields[1]))
			printf("%s differs\n", f->fields[1]);
		subject = f->fields[1];
		printf("  %s: library %s, header %s\n", f->fields[2], *f->fields[4] ? f->fields[4] : f->fields[3],
		       answer_text(f, &job->r->arena));
	}
}

static void
show_report(struct job *job)
{
	struct count n = count(job);

	for (size_t i = 0; i < job->n; i++)
		if (is_function(&job->findings[i]) && differs(&job->findings[i]))
			show_function(job, &job->findings[i]);
	show_facts(job);
	for (size_t i = 0; i < job->n; i++)
		if (*job->findings[i].fields[0] == CHECK_UNSAID)
			printf("%s not checked: %s\n", job->findings[i].fields[1], job->findings[i].fields[2]);
	printf("%s: functions: %zu exported, %zu declared in the headers: %zu agree, %zu differ, %zu not checked; "
	       "types: %zu with %zu facts, %zu differ\n", job->path, job->nwanted, job->nfunctions,
	       n.functions - n.functions_differ, n.functions_differ, n.unsaid, n.types, n.facts, n.facts_differ);
}

/* -- the whole -------------------------------------------------------------------------------------- */

static void
show_json_string(const char *name, const char *text)
{
	printf("\"%s\":", name);
	twz_json_string(stdout, text, strlen(text));
}

static void
show_json_function(const struct job *job, const struct finding *f)
{
	const struct header_function *function = function_of(job, f);

	putchar('{');
	show_json_string("name", f->fields[1]);
	putchar(',');
	show_json_string("library", f->fields[4]);
	putchar(',');
	show_json_string("header", function ? function->text : "");
	putchar(',');
	show_json_string("file", function ? function->file : "");
	printf(",\"line\":%lu}", function ? function->line : 0);
}

static void
show_json_fact(struct job *job, const struct finding *f)
{
	putchar('{');
	show_json_string("type", f->fields[1]);
	putchar(',');
	show_json_string("what", f->fields[2]);
	putchar(',');
	show_json_string("library", *f->fields[4] ? f->fields[4] : f->fields[3]);
	putchar(',');
	show_json_string("header", answer_text(f, &job->r->arena));
	putchar('}');
}

/* {"schema":"twz.check/1", library, agree, functions: {…, differ: […], unchecked: […]}, types: {…}} */
static void
show_report_json(struct job *job)
{
	struct count n = count(job);
	const char *comma = "";

	fputs("{\"schema\":\"twz.check/1\",", stdout);
	show_json_string("library", job->path);
	printf(",\"agree\":%s,\"functions\":{\"exported\":%zu,\"declared\":%zu,\"agree\":%zu,\"differ\":[",
	       job->differs ? "false" : "true", job->nwanted, job->nfunctions,
	       n.functions - n.functions_differ);
	for (size_t i = 0; i < job->n; i++) {
		if (!is_function(&job->findings[i]) || !differs(&job->findings[i]))
			continue;
		fputs(comma, stdout);
		show_json_function(job, &job->findings[i]);
		comma = ",";
	}
	fputs("],\"unchecked\":[", stdout);
	comma = "";
	for (size_t i = 0; i < job->n; i++) {
		if (*job->findings[i].fields[0] != CHECK_UNSAID)
			continue;
		printf("%s{", comma);
		show_json_string("name", job->findings[i].fields[1]);
		putchar(',');
		show_json_string("why", job->findings[i].fields[2]);
		putchar('}');
		comma = ",";
	}
	printf("]},\"types\":{\"checked\":%zu,\"facts\":%zu,\"differ\":[", n.types, n.facts);
	comma = "";
	for (size_t i = 0; i < job->n; i++) {
		if (!is_fact(&job->findings[i]) || !differs(&job->findings[i]))
			continue;
		fputs(comma, stdout);
		show_json_fact(job, &job->findings[i]);
		comma = ",";
	}
	fputs("]}}\n", stdout);
}

/* Returns the exit status: 0 when the library and the headers agree about everything compared. */
static int
check(struct request *r, struct headers *headers, const char *path)
{
	struct job job = { .r = r, .headers = headers, .path = path };
	struct twz_error err = { 0 };

	if (tool_run(r, path, child, &job))
		return 1;
	if (!find_known(&job, &err))
		return tool_complain(path, &err), 1;
	if (!job.nfunctions) {
		twz_fail(&err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND),
			 "the headers declare none of its %zu functions", job.nwanted);
		twz_hint(&err, "are they the headers of this library?");
		return tool_complain(path, &err), 1;
	}
	job.facts = true;
	if (tool_run(r, path, child, &job))
		return 1;
	if (!find_answers(&job, &err))
		return tool_complain(path, &err), 1;
	for (size_t i = 0; i < job.n; i++)
		job.differs |= differs(&job.findings[i]);
	if (r->show == TOOL_JSON)
		show_report_json(&job);
	else
		show_report(&job);
	return tool_flush() && !job.differs ? 0 : 1;
}

int
tool_check(struct request *r, char **args)
{
	struct twz_error err = { 0 };
	const char **files;
	int status = 0;

	if (!r->headers) {
		fprintf(stderr, "%s: check: which headers? --headers FILE\n", tool_name);
		return tool_usage();
	}
	if (r->show != TOOL_TEXT && r->show != TOOL_JSON) {
		fprintf(stderr, "%s: check: only text and --json\n", tool_name);
		return tool_usage();
	}
	files = tool_files(r, args);
	if (!tool_any(files, args))
		return 1;
	if (!headers_open(r->headers, r->compiler_args, &r->arena, &r->opened, &err))
		return tool_complain("--headers", &err), 1;
	r->options.all = true;
	for (; *files; files++)
		status |= check(r, r->opened, *files);
	return status;
}
