/*
 * What a text does, shown while it does it: -x, and the calls that a dry run does not make. Secrets are
 * masked by what the gate says of its parameters, long values are cut.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "repl/lang/check.h"
#include "repl/lang/interp.h"

enum { SHOWN_MAX = 60 };

/* A value on one line, cut when long. */
static void
write_short(FILE *out, const struct twz_value *v)
{
	TWZ_ARENA arena = { 0 };
	const char *text = lang_value_text(&arena, v);
	size_t n = strlen(text), cut = SHOWN_MAX;

	if (n <= SHOWN_MAX) {
		fputs(text, out);
		return;
	}
	while (cut && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--;
	fprintf(out, "%.*s…", (int)cut, text);
}

/* SERVICE::GATE(name=value, …) */
static void
write_call(struct lang *l, FILE *out, const struct twz_service *service, const struct twz_gate *gate,
	   const struct twz_value *args, size_t nargs)
{
	const struct repl_host *host = l->options->host;
	const struct twz_plan *plan = NULL;
	struct twz_error ignored = { 0 };
	size_t k = 0;

	(void)!host->plan(host->data, service, gate, &plan, &ignored);
	fprintf(out, "%s::%s(", service->name, gate->name);
	for (uint32_t i = 0; i < gate->type->nmembers && k < nargs; i++) {
		const struct twz_member *p = &gate->type->members[i];

		if (plan && !twz_slot_given(&plan->slots[i]))
			continue;
		fprintf(out, "%s%s=", k ? ", " : "", p->name);
		if (p->secret)
			fputs("******", out);
		else
			write_short(out, &args[k]);
		k++;
	}
	fputc(')', out);
}

static void
write_duration(FILE *out, int64_t ns)
{
	if (ns < 10000000)
		fprintf(out, " %lldµs\n", (long long)(ns / 1000));
	else if (ns < 10000000000)
		fprintf(out, " %lldms\n", (long long)(ns / 1000000));
	else
		fprintf(out, " %llds\n", (long long)(ns / 1000000000));
}

static void
write_time(FILE *out)
{
	struct timespec t;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &t);
	localtime_r(&t.tv_sec, &tm);
	fprintf(out, "+ %02d:%02d:%02d.%03ld ", tm.tm_hour, tm.tm_min, tm.tm_sec, t.tv_nsec / 1000000);
}

void
lang_trace_gate(struct lang *l, const struct twz_service *service, const struct twz_gate *gate,
		const struct twz_value *args, size_t nargs, const struct twz_value *result,
		const struct twz_error *err, int64_t ns)
{
	FILE *out = l->options->err;

	fflush(l->options->out);
	lang_settle(l);
	write_time(out);
	write_call(l, out, service, gate, args, nargs);
	fputs(" → ", out);
	if (result)
		write_short(out, result);
	else
		fprintf(out, "%s", twz_class_text(err->cls));
	write_duration(out, ns);
	fflush(out);
}

void
lang_trace_run(struct lang *l, const char *const *argv, const char *result, int64_t ns)
{
	FILE *out = l->options->err;

	fflush(l->options->out);
	if (result)
		write_time(out);
	fputs(result ? "run" : "would run", out);
	for (; *argv; argv++) {
		struct twz_value v = { .kind = TWZ_VALUE_STRING };
		bool plain = **argv && strspn(*argv, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
						     "0123456789_-./=:,@%+") == strlen(*argv);

		v.string.text = *argv;
		v.string.n = strlen(*argv);
		fputc(' ', out);
		if (plain)
			fputs(*argv, out);
		else
			lang_write(out, &v);
	}
	if (result)
		fprintf(out, " → %s", result);
	if (result)
		write_duration(out, ns);
	else
		fputc('\n', out);
	fflush(out);
}

void
lang_withhold(struct lang *l, const struct twz_service *service, const struct twz_gate *gate,
	      const struct twz_value *args, size_t nargs)
{
	FILE *out = l->options->err;

	fflush(l->options->out);
	fputs("would call ", out);
	write_call(l, out, service, gate, args, nargs);
	fputc('\n', out);
	fflush(out);
}

void
lang_note_gate(struct lang *l, const struct twz_service *service, const struct twz_gate *gate)
{
	uint64_t h = 14695981039346656037u;

	for (const char *s = service->name; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	for (const char *s = gate->name; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	h = (h ^ gate->hash) * 1099511628211u;
	/* The order of the calls is not what matters. */
	l->check->digest += h;
}
