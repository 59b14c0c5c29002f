#include "introspect/diff/diff_show.h"

#include <inttypes.h>
#include <string.h>

#include "twz/json.h"
#include "twz/typetext.h"

enum { NAMED = 4, UNKNOWN_NAMED = 8 };	/* functions that are named; the others are counted */

static const char *const weights[] = { [DIFF_SAME] = "same", [DIFF_COMPATIBLE] = "compatible",
				       [DIFF_INCOMPATIBLE] = "incompatible" };

/*
 * What was found to be incompatible is so whatever else could not be read. That all is well can only be
 * said of what was seen whole.
 */
int
diff_status(const struct diff *diff)
{
	if (diff->weight == DIFF_INCOMPATIBLE)
		return 8;
	if (diff->partial || diff->nunknown)
		return 1;
	return diff->weight == DIFF_COMPATIBLE ? 4 : 0;
}

/* -- text ------------------------------------------------------------------------------------------- */

struct paint {
	const char *strong, *bad, *good, *dim, *end;
};

static const struct paint plain = { "", "", "", "", "" };
static const struct paint colours = { "\033[1m", "\033[31m", "\033[32m", "\033[2m", "\033[0m" };

static const char *
colour_of(const struct paint *p, enum diff_weight weight)
{
	return weight == DIFF_INCOMPATIBLE ? p->bad : weight == DIFF_COMPATIBLE ? p->good : "";
}

static void
write_names(FILE *out, const char *const *names, size_t n, size_t most)
{
	/* "and 1 more" takes as much room as the one. */
	size_t shown = n <= most + 1 ? n : most;

	for (size_t i = 0; i < shown; i++)
		fprintf(out, "%s%s", !i ? "" : i + 1 == n ? " and " : ", ", names[i]);
	if (shown < n)
		fprintf(out, " and %zu more", n - shown);
}

static void
write_details(FILE *out, const struct diff_change *c, const struct paint *p)
{
	for (size_t i = 0; i < c->ndetails; i++) {
		const struct diff_detail *d = &c->details[i];

		fprintf(out, "    %s%s%s%s\n", colour_of(p, d->weight), d->text, p->end,
			d->weight == DIFF_COMPATIBLE && c->weight == DIFF_INCOMPATIBLE ?
			" (compatible)" : "");
	}
}

/* Gates as the language shows them, other functions in C, as the details do. */
static void
write_function(FILE *out, const struct twz_gate *gate)
{
	if (gate->has_record || !gate->type)
		twz_signature_write(out, gate);
	else
		twz_c_declare(out, gate->type, gate->name);
}

static void
write_change(FILE *out, const struct diff_change *c, const struct paint *p)
{
	static const char marks[] = { [DIFF_REMOVED] = '-', [DIFF_CHANGED] = '!', [DIFF_ADDED] = '+' };
	char mark = c->event == DIFF_CHANGED && c->weight == DIFF_COMPATIBLE ? '~' : marks[c->event];

	fprintf(out, "%s%c%s %s", colour_of(p, c->weight), mark, p->end, p->strong);
	if (c->event == DIFF_CHANGED)
		fprintf(out, "%s%s\n", c->name, p->end);
	else
		write_function(out, c->was ? c->was : c->now);
	if (c->event != DIFF_CHANGED) {
		fputs(p->end, out);
		for (size_t i = 0; i < c->ndetails; i++)
			fprintf(out, ", %s", c->details[i].text);
		fputc('\n', out);
		return;
	}
	write_details(out, c, p);
	if (!c->nfunctions)
		return;
	fprintf(out, "    %sreached by ", p->dim);
	write_names(out, c->functions, c->nfunctions, NAMED);
	fprintf(out, "%s\n", p->end);
}

static const char *
heading(const struct diff_change *c)
{
	switch (c->event) {
	case DIFF_REMOVED:
		return "removed";
	case DIFF_CHANGED:
		return c->weight == DIFF_INCOMPATIBLE ? "changed, incompatible" : "changed, compatible";
	case DIFF_ADDED:
		break;
	}
	return "added";
}

static void
write_summary(FILE *out, const struct diff *diff, const struct paint *p)
{
	size_t removed = 0, added = 0, bad = 0, fine = 0;
	const char *comma = ": ";

	for (size_t i = 0; i < diff->nchanges; i++) {
		const struct diff_change *c = &diff->changes[i];

		removed += c->event == DIFF_REMOVED;
		added += c->event == DIFF_ADDED;
		bad += c->event == DIFF_CHANGED && c->weight == DIFF_INCOMPATIBLE;
		fine += c->event == DIFF_CHANGED && c->weight == DIFF_COMPATIBLE;
	}
	if (diff->weight == DIFF_SAME) {
		fprintf(out, "the same for callers%s", diff->partial || diff->nunknown ?
			", as far as it could be told" : "");
	} else {
		const struct { size_t n; const char *what; } counts[] = {
			{ removed, "removed" }, { bad, "changed" }, { fine, "changed compatibly" },
			{ added, "added" },
		};

		fprintf(out, "%s%s%s", colour_of(p, diff->weight), weights[diff->weight], p->end);
		for (size_t i = 0; i < TWZ_COUNT(counts); i++) {
			if (!counts[i].n)
				continue;
			fprintf(out, "%s%zu %s", comma, counts[i].n, counts[i].what);
			comma = ", ";
		}
	}
	fputc('\n', out);
}

static void
write_title(FILE *out, const char *was, const char *now, const struct paint *p)
{
	fprintf(out, "%s%s%s -> %s%s%s: ", p->strong, was ? was : "nothing", p->end, p->strong,
		now ? now : "nothing", p->end);
}

void
diff_write_text(FILE *out, const struct diff *diff, const char *was, const char *now, bool colour)
{
	const struct paint *p = colour ? &colours : &plain;
	const char *before = "";

	write_title(out, was, now, p);
	write_summary(out, diff, p);
	for (size_t i = 0; i < diff->nchanges; i++) {
		const struct diff_change *c = &diff->changes[i];

		if (strcmp(before, heading(c)))
			fprintf(out, "\n%s%s%s\n", p->dim, heading(c), p->end);
		before = heading(c);
		write_change(out, c, p);
	}
	if (diff->nunknown) {
		fprintf(out, "\n%snot compared: the type of ", p->dim);
		write_names(out, diff->unknown, diff->nunknown, UNKNOWN_NAMED);
		fprintf(out, " is not known%s\n", p->end);
	}
}

/* -- JSON ------------------------------------------------------------------------------------------- */

static void
write_field(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	twz_json_string(out, text, strlen(text));
}

static void
write_service(FILE *out, const char *key, const struct twz_service *service)
{
	fprintf(out, ",\"%s\":{\"path\":", key);
	twz_json_string(out, service->path, strlen(service->path));
	write_field(out, "service", service->name);
	write_field(out, "version", service->version);
	fputs(",\"build_id\":\"", out);
	for (uint32_t i = 0; i < service->build_id_size; i++)
		fprintf(out, "%02x", service->build_id[i]);
	fprintf(out, "\",\"functions\":%u,\"partial\":%s}", service->ngates,
		service->partial ? "true" : "false");
}

static void
write_list(FILE *out, const char *key, const char *const *names, size_t n)
{
	fprintf(out, ",\"%s\":[", key);
	for (size_t i = 0; i < n; i++) {
		fputs(i ? "," : "", out);
		twz_json_string(out, names[i], strlen(names[i]));
	}
	fputc(']', out);
}

static void
write_signature(FILE *out, const char *key, const struct twz_gate *gate)
{
	TWZ_ARENA arena = { 0 };

	if (gate)
		write_field(out, key, twz_signature_text(&arena, gate));
	else
		fprintf(out, ",\"%s\":null", key);
}

static void
write_change_json(FILE *out, const struct diff_change *c)
{
	static const char *const events[] = { [DIFF_REMOVED] = "removed", [DIFF_CHANGED] = "changed",
					      [DIFF_ADDED] = "added" };

	fprintf(out, "{\"event\":\"%s\",\"of\":\"%s\"", events[c->event], c->is_type ? "type" : "function");
	write_field(out, "name", c->name);
	write_field(out, "verdict", weights[c->weight]);
	if (!c->is_type) {
		write_signature(out, "old", c->was);
		write_signature(out, "new", c->now);
	}
	fputs(",\"details\":[", out);
	for (size_t i = 0; i < c->ndetails; i++) {
		const struct diff_detail *d = &c->details[i];

		fprintf(out, "%s{\"kind\":\"%s\"", i ? "," : "", d->kind);
		write_field(out, "verdict", weights[d->weight]);
		write_field(out, "what", d->what);
		write_field(out, "old", d->was);
		write_field(out, "new", d->now);
		write_field(out, "text", d->text);
		fputc('}', out);
	}
	fputc(']', out);
	write_list(out, "functions", c->functions, c->nfunctions);
	fputc('}', out);
}

void
diff_write_json(FILE *out, const struct diff *diff)
{
	fputs("{\"schema\":\"twz.diff/1\"", out);
	write_field(out, "verdict", weights[diff->weight]);
	fprintf(out, ",\"status\":%d,\"partial\":%s", diff_status(diff), diff->partial ? "true" : "false");
	write_service(out, "old", diff->was);
	write_service(out, "new", diff->now);
	fputs(",\"changes\":[", out);
	for (size_t i = 0; i < diff->nchanges; i++) {
		fputs(i ? "," : "", out);
		write_change_json(out, &diff->changes[i]);
	}
	fputc(']', out);
	write_list(out, "unknown", diff->unknown, diff->nunknown);
	fputs("}\n", out);
}

static void
write_path(FILE *out, const char *key, const char *path)
{
	if (!path) {
		fprintf(out, ",\"%s\":null", key);
		return;
	}
	fprintf(out, ",\"%s\":{\"path\":", key);
	twz_json_string(out, path, strlen(path));
	fputc('}', out);
}

void
diff_write_alone(FILE *out, const char *was, const char *now, bool json, bool colour)
{
	const struct paint *p = colour ? &colours : &plain;
	enum diff_weight weight = was ? DIFF_INCOMPATIBLE : DIFF_COMPATIBLE;

	if (!json) {
		write_title(out, was, now, p);
		fprintf(out, "%s%s%s: the library was %s\n", colour_of(p, weight), weights[weight], p->end,
			was ? "removed" : "added");
		return;
	}
	fprintf(out, "{\"schema\":\"twz.diff/1\",\"verdict\":\"%s\",\"status\":%d,\"partial\":false",
		weights[weight], was ? 8 : 4);
	write_path(out, "old", was);
	write_path(out, "new", now);
	fputs(",\"changes\":[],\"unknown\":[]}\n", out);
}
