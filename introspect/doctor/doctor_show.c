/*
 * What doctor found, for people, and as JSON, schema "twz.doctor/1". Fields are only ever added.
 *
 *   {"schema", "path", "kind", "machine", "size", "soname", "build_id": hex, "stripped",
 *    "exports", "old_versions", "package": string|null,
 *    "looks": [{"what", "where", "result", "found"}],
 *    "debug": null | {"path", "compression", "size", "versions": [5], "units", "partial_units",
 *                     "type_units", "damaged_units", "split_found", "split_missing",
 *                     "alternate": string|null,
 *                     "compilers": [{"language", "producer", "units"}]},
 *    "partial", "typed", "untyped", "how": [{"text", "functions", "names": []}], "why": [same],
 *    "advice": []}
 */
#include <inttypes.h>
#include <string.h>

#include "introspect/doctor/doctor.h"
#include "introspect/show/show.h"
#include "twz/json.h"

struct paint {
	const char *strong, *good, *bad, *dim, *end;
};

static const struct paint plain = { "", "", "", "", "" };
static const struct paint colours = { "\033[1m", "\033[32m", "\033[31m", "\033[2m", "\033[0m" };

static const char *
functions(size_t n)
{
	return n == 1 ? "function" : "functions";
}

static void
write_file(FILE *out, const struct doctor *d, const struct paint *p)
{
	fprintf(out, "%s%s%s\n  %s for %s, %" PRIu64 " bytes, %s", p->strong, d->path, p->end, d->kind,
		d->machine, d->size, d->stripped ? "stripped" : "not stripped");
	if (*d->soname)
		fprintf(out, ", soname %s", d->soname);
	fprintf(out, "\n  build-id %s\n", *d->build_id ? d->build_id : "none");
	if (d->package)
		fprintf(out, "  from package %s\n", d->package);
	fprintf(out, "  exports %zu %s", d->nexports, functions(d->nexports));
	if (d->nold)
		fprintf(out, ", %zu of them in an old version", d->nold);
	fputc('\n', out);
}

/* Looks that failed because a unit's split file is missing are many and alike: one per unit is shown. */
static bool
is_boring(const struct doctor *d, size_t i)
{
	const struct debug_look *look = &d->looks[i];

	if (strncmp(look->what, "split file", 10))
		return false;
	return look->found || (i + 1 < d->nlooks && !strcmp(look[1].what, look->what));
}

static void
write_looks(FILE *out, const struct doctor *d, const struct paint *p)
{
	fprintf(out, "%slooked for debug information%s\n", p->strong, p->end);
	for (size_t i = 0; i < d->nlooks; i++) {
		const struct debug_look *look = &d->looks[i];

		if (!is_boring(d, i))
			fprintf(out, "  %s: %s: %s%s%s\n", look->what, look->where,
				look->found ? p->good : p->dim, look->result, p->end);
	}
}

static void
write_debug(FILE *out, const struct doctor *d, const struct paint *p)
{
	const char *before = "";

	fprintf(out, "%sfound%s\n  DWARF ", p->strong, p->end);
	for (size_t i = 0; i < TWZ_COUNT(d->versions); i++)
		if (d->versions[i]) {
			fprintf(out, "%s%zu", before, i);
			before = " and ";
		}
	fprintf(out, "%s, %" PRIu64 " bytes of units, compression: %s\n", *before ? "" : "of no version",
		d->debug_size, d->compression);
	fprintf(out, "  %zu %s", d->units, d->units == 1 ? "unit" : "units");
	if (d->partial_units)
		fprintf(out, ", %zu partial ones", d->partial_units);
	if (d->type_units)
		fprintf(out, ", %zu type units", d->type_units);
	if (d->damaged_units)
		fprintf(out, ", %s%zu damaged ones%s", p->bad, d->damaged_units, p->end);
	fputc('\n', out);
	for (size_t i = 0; i < d->ncompilers; i++)
		fprintf(out, "    %zu %s: %s\n", d->compilers[i].units,
			*d->compilers[i].language ? d->compilers[i].language : "of no language",
			*d->compilers[i].producer ? d->compilers[i].producer : "no compiler named");
	if (d->alternate)
		fprintf(out, "  alternate file: %s\n", d->alternate);
	if (d->split_found || d->split_missing)
		fprintf(out, "  split files: %zu found, %s%zu missing%s\n", d->split_found,
			d->split_missing ? p->bad : "", d->split_missing, d->split_missing ? p->end : "");
	if (d->partial)
		fprintf(out, "  %ssome of it could not be read%s\n", p->bad, p->end);
}

static void
write_names(FILE *out, const struct doctor_group *group)
{
	size_t n = 0;

	for (; n < TWZ_COUNT(group->names) && group->names[n]; n++)
		fprintf(out, "%s %s", n ? "," : ":", group->names[n]);
	fprintf(out, "%s\n", n && n < group->n ? ", …" : "");
}

static void
write_types(FILE *out, const struct doctor *d, const struct paint *p)
{
	fprintf(out, "%stypes%s\n", p->strong, p->end);
	if (d->typed || !d->untyped)
		fprintf(out, "  %swith: %zu %s%s\n", p->good, d->typed, functions(d->typed), p->end);
	for (size_t i = 0; i < d->nhow; i++)
		fprintf(out, "    %zu from %s\n", d->how[i].n, show_how(d->how[i].text));
	if (d->untyped)
		fprintf(out, "  %swithout: %zu %s%s\n", p->bad, d->untyped, functions(d->untyped),
			p->end);
	for (size_t i = 0; i < d->nwhy; i++) {
		fprintf(out, "    %zu: %s", d->why[i].n, d->why[i].text);
		write_names(out, &d->why[i]);
	}
}

void
doctor_text(FILE *out, const struct doctor *d, bool colour)
{
	const struct paint *p = colour ? &colours : &plain;

	write_file(out, d, p);
	write_looks(out, d, p);
	if (d->debug_path)
		write_debug(out, d, p);
	write_types(out, d, p);
	if (*d->advice)
		fprintf(out, "%swhat to do%s\n", p->strong, p->end);
	for (const char **text = d->advice; *text; text++)
		fprintf(out, "  %s\n", *text);
}

/* -- JSON ------------------------------------------------------------------------------------------- */

static void
member(FILE *out, const char *name, const char *text)
{
	fprintf(out, ",\"%s\":", name);
	if (text)
		twz_json_string(out, text, strlen(text));
	else
		fputs("null", out);
}

static void
number(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, ",\"%s\":%" PRIu64, name, value);
}

static void
yes_or_no(FILE *out, const char *name, bool value)
{
	fprintf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void
json_looks(FILE *out, const struct doctor *d)
{
	fputs(",\"looks\":[", out);
	for (size_t i = 0; i < d->nlooks; i++) {
		fprintf(out, "%s{\"what\":", i ? "," : "");
		twz_json_string(out, d->looks[i].what, strlen(d->looks[i].what));
		member(out, "where", d->looks[i].where);
		member(out, "result", d->looks[i].result);
		yes_or_no(out, "found", d->looks[i].found);
		fputc('}', out);
	}
	fputc(']', out);
}

static void
json_debug(FILE *out, const struct doctor *d)
{
	const char *before = "";

	fputs("{\"path\":", out);
	twz_json_string(out, d->debug_path, strlen(d->debug_path));
	member(out, "compression", d->compression);
	number(out, "size", d->debug_size);
	fputs(",\"versions\":[", out);
	for (size_t i = 0; i < TWZ_COUNT(d->versions); i++)
		if (d->versions[i]) {
			fprintf(out, "%s%zu", before, i);
			before = ",";
		}
	fputc(']', out);
	number(out, "units", d->units);
	number(out, "partial_units", d->partial_units);
	number(out, "type_units", d->type_units);
	number(out, "damaged_units", d->damaged_units);
	number(out, "split_found", d->split_found);
	number(out, "split_missing", d->split_missing);
	member(out, "alternate", d->alternate);
	fputs(",\"compilers\":[", out);
	for (size_t i = 0; i < d->ncompilers; i++) {
		fprintf(out, "%s{\"units\":%zu", i ? "," : "", d->compilers[i].units);
		member(out, "language", d->compilers[i].language);
		member(out, "producer", d->compilers[i].producer);
		fputc('}', out);
	}
	fputs("]}", out);
}

static void
json_groups(FILE *out, const char *name, const struct doctor_group *groups, size_t n)
{
	fprintf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%s{\"functions\":%zu", i ? "," : "", groups[i].n);
		member(out, "text", groups[i].text);
		fputs(",\"names\":[", out);
		for (size_t k = 0; k < TWZ_COUNT(groups[i].names) && groups[i].names[k]; k++) {
			fputs(k ? "," : "", out);
			twz_json_string(out, groups[i].names[k], strlen(groups[i].names[k]));
		}
		fputs("]}", out);
	}
	fputc(']', out);
}

void
doctor_json(FILE *out, const struct doctor *d)
{
	fputs("{\"schema\":\"twz.doctor/1\"", out);
	member(out, "path", d->path);
	member(out, "kind", d->kind);
	member(out, "machine", d->machine);
	number(out, "size", d->size);
	member(out, "soname", d->soname);
	member(out, "build_id", d->build_id);
	yes_or_no(out, "stripped", d->stripped);
	number(out, "exports", d->nexports);
	number(out, "old_versions", d->nold);
	member(out, "package", d->package);
	json_looks(out, d);
	fputs(",\"debug\":", out);
	if (d->debug_path)
		json_debug(out, d);
	else
		fputs("null", out);
	yes_or_no(out, "partial", d->partial);
	number(out, "typed", d->typed);
	number(out, "untyped", d->untyped);
	json_groups(out, "how", d->how, d->nhow);
	json_groups(out, "why", d->why, d->nwhy);
	fputs(",\"advice\":[", out);
	for (size_t i = 0; d->advice[i]; i++) {
		fputs(i ? "," : "", out);
		twz_json_string(out, d->advice[i], strlen(d->advice[i]));
	}
	fputs("]}\n", out);
}
