#include <string.h>
#include <sys/utsname.h>

#include "tests/bench/report.h"
#include "twz/json.h"

static double
row_median(const struct bench_row *row)
{
	double rounds[BENCH_ROUNDS];

	memcpy(rounds, row->round, row->nrounds * sizeof(*rounds));
	return bench_median(rounds, row->nrounds);
}

/* The value of @row in round @i; a row that ran in fewer rounds stands with its median. */
static double
row_round(const struct bench_row *row, unsigned i)
{
	return i < row->nrounds ? row->round[i] : row_median(row);
}

/* False when the run was asked for other rows only. */
static bool
ratio_wanted(const struct bench_ratio *ratio)
{
	return bench_find(ratio->numerator) && bench_find(ratio->denominator) &&
		(!ratio->plus || bench_find(ratio->plus));
}

double
report_ratio(const struct bench_ratio *ratio)
{
	const struct bench_row *top = bench_find(ratio->numerator);
	const struct bench_row *bottom = bench_find(ratio->denominator);
	const struct bench_row *plus = ratio->plus ? bench_find(ratio->plus) : NULL;
	double rounds[BENCH_ROUNDS];
	unsigned n;

	if (!ratio_wanted(ratio))
		return -1;
	if (*top->skipped || *bottom->skipped || (plus && *plus->skipped))
		return -1;
	n = top->nrounds > bottom->nrounds ? top->nrounds : bottom->nrounds;
	for (unsigned i = 0; i < n; i++) {
		double more = plus ? row_round(plus, i) : 0;

		rounds[i] = row_round(top, i) / (row_round(bottom, i) + more);
	}
	return bench_median(rounds, n);
}

/* -- the table --------------------------------------------------------------------------------- */

/* Three or four digits and a unit, 10 columns wide. */
static const char *
show(enum bench_unit unit, double value, char *ret, size_t n)
{
	static const struct {
		double at_least, divide;
		const char *unit;
	} steps[] = { { 1e9, 1e9, "s" }, { 1e6, 1e6, "ms" }, { 1e3, 1e3, "us" }, { 0, 1, "ns" } };
	const char *suffix = unit == BENCH_KIB ? "KiB" : "ns";

	for (size_t i = 0; unit != BENCH_KIB && i < TWZ_COUNT(steps); i++)
		if (value >= steps[i].at_least) {
			value /= steps[i].divide;
			suffix = steps[i].unit;
			break;
		}
	snprintf(ret, n, "%.*f %s", value >= 100 ? 0 : value >= 10 ? 1 : 2, value, suffix);
	return ret;
}

static const char *
unit_text(enum bench_unit unit)
{
	switch (unit) {
	case BENCH_TIME:
	case BENCH_KIB:
		break;
	case BENCH_TIME_PER_MIB:
		return " per MiB";
	case BENCH_CPU_PER_SECOND:
		return " of CPU per second";
	}
	return "";
}

static void
table_row(FILE *out, const struct bench_row *row)
{
	char median[32], min[32];

	if (*row->skipped)
		fprintf(out, "  %-52s skipped: %s\n", row->name, row->skipped);
	else
		fprintf(out, "  %-52s %10s %10s%s\n", row->name,
			show(row->unit, row_median(row), median, sizeof(median)),
			show(row->unit, row->min, min, sizeof(min)), unit_text(row->unit));
}

static void
table_ratio(FILE *out, const struct bench_ratio *ratio)
{
	double value = report_ratio(ratio);

	if (value < 0)
		fprintf(out, "  %-52s %10s\n", ratio->name, "skipped");
	else if (ratio->target > 0)
		fprintf(out, "  %-52s %10.3g   at most %-6g %s\n", ratio->name, value, ratio->target,
			value <= ratio->target ? "met" : "missed");
	else
		fprintf(out, "  %-52s %10.3g\n", ratio->name, value);
}

/* "model name" of the first CPU, or "". */
static void
cpu_model(char *ret, size_t n)
{
	TWZ_FCLOSE FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	*ret = '\0';
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "model name", 10) && strchr(line, ':')) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(ret, n, "%s", strchr(line, ':') + 2);
			return;
		}
}

/* A group with columns: a line for each name, columns in the order of the first name's rows. */
static void
table_columns(FILE *out, const char *group)
{
	const char *name = NULL;
	char median[32];

	fprintf(out, "\n%-24s", group);
	for (unsigned i = 0; i < bench.nrows; i++) {
		const struct bench_row *row = &bench.rows[i];

		if (strcmp(row->group, group))
			continue;
		if (name && strcmp(row->name, name))
			break;
		name = row->name;
		fprintf(out, " %14s", row->column);
	}
	name = "";
	for (unsigned i = 0; i < bench.nrows; i++) {
		const struct bench_row *row = &bench.rows[i];

		if (strcmp(row->group, group))
			continue;
		if (strcmp(row->name, name))
			fprintf(out, "\n  %-22s", name = row->name);
		fprintf(out, " %14s", *row->skipped ? "skipped" :
			show(row->unit, row_median(row), median, sizeof(median)));
	}
	fputc('\n', out);
}

/* Why cells of a table with columns are missing, each reason once. */
static void
table_reasons(FILE *out, const char *group)
{
	const char *last = "";

	for (unsigned i = 0; i < bench.nrows; i++) {
		const struct bench_row *row = &bench.rows[i];

		if (strcmp(row->group, group) || !*row->skipped || !strcmp(row->skipped, last))
			continue;
		last = row->skipped;
		fprintf(out, "  skipped: %s, %s: %s\n", row->name, row->column, last);
	}
}

/* The rows of the group that row @first begins; nothing when an earlier row began it. */
static void
table_group(FILE *out, unsigned first)
{
	const char *group = bench.rows[first].group;

	for (unsigned i = 0; i < first; i++)
		if (!strcmp(bench.rows[i].group, group))
			return;
	if (bench.rows[first].column) {
		table_columns(out, group);
		table_reasons(out, group);
		return;
	}
	fprintf(out, "\n%-56s %9s %10s\n", group, "median", "min");
	for (unsigned i = first; i < bench.nrows; i++)
		if (!strcmp(bench.rows[i].group, group))
			table_row(out, &bench.rows[i]);
}

void
report_table(FILE *out)
{
	struct utsname system;
	char model[128];

	cpu_model(model, sizeof(model));
	uname(&system);
	fprintf(out, "%d CPUs, %s, Linux %s; %u rounds\n", bench.ncpus, model, system.release,
		bench.rounds);
	for (unsigned i = 0; i < bench.nrows; i++)
		table_group(out, i);
	fprintf(out, "\n%-54s %10s   target\n", "ratios", "");
	for (unsigned i = 0; i < bench.nratios; i++)
		if (ratio_wanted(&bench.ratios[i]))
			table_ratio(out, &bench.ratios[i]);
}

/* -- JSON -------------------------------------------------------------------------------------- */

static const char *const unit_keys[] = {
	[BENCH_TIME] = "ns",
	[BENCH_TIME_PER_MIB] = "ns/MiB",
	[BENCH_CPU_PER_SECOND] = "ns/s",
	[BENCH_KIB] = "KiB",
};

static void
json_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, "\"%s\": ", key);
	twz_json_string(out, text, strlen(text));
	fputs(", ", out);
}

static void
json_row(FILE *out, const struct bench_row *row)
{
	fputs("{", out);
	json_text(out, "key", row->key);
	json_text(out, "group", row->group);
	json_text(out, "name", row->name);
	if (row->column)
		json_text(out, "column", row->column);
	if (*row->skipped) {
		json_text(out, "skipped", row->skipped);
		fputs("\"median\": null}", out);
		return;
	}
	json_text(out, "unit", unit_keys[row->unit]);
	fprintf(out, "\"median\": %.17g, \"min\": %.17g, \"rounds\": [", row_median(row), row->min);
	for (unsigned i = 0; i < row->nrounds; i++)
		fprintf(out, "%s%.17g", i ? ", " : "", row->round[i]);
	fputs("]}", out);
}

static void
json_ratio(FILE *out, const struct bench_ratio *ratio)
{
	double value = report_ratio(ratio);

	fputs("{", out);
	json_text(out, "key", ratio->key);
	json_text(out, "name", ratio->name);
	if (ratio->target > 0)
		fprintf(out, "\"target\": %.17g, ", ratio->target);
	if (ratio->target > 0 && value >= 0)
		fprintf(out, "\"met\": %s, ", value <= ratio->target ? "true" : "false");
	if (value < 0)
		fputs("\"value\": null}", out);
	else
		fprintf(out, "\"value\": %.17g}", value);
}

void
report_json(FILE *out)
{
	struct utsname system;
	char model[128];

	cpu_model(model, sizeof(model));
	uname(&system);
	fputs("{", out);
	json_text(out, "cpu", model);
	json_text(out, "kernel", system.release);
	fprintf(out, "\"cpus\": %d, \"rounds\": %u,\n\"rows\": [", bench.ncpus, bench.rounds);
	for (unsigned i = 0; i < bench.nrows; i++) {
		fputs(i ? ",\n" : "\n", out);
		json_row(out, &bench.rows[i]);
	}
	fputs("],\n\"ratios\": [", out);
	for (unsigned i = 0; i < bench.nratios; i++) {
		fputs(i ? ",\n" : "\n", out);
		json_ratio(out, &bench.ratios[i]);
	}
	fputs("]}\n", out);
}
