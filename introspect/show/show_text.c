/* A service as text: what a person reads, and what grep finds in a pipe. */
#include <string.h>

#include "introspect/records.h"
#include "introspect/show/show.h"
#include "twz/ask.h"
#include "twz/typetext.h"

enum { FLUSH = 64 << 10, AHEAD = 8 };

static const struct show_paint plain = { "", "", "", "", "" };
static const struct show_paint colours = { "\033[1m", "\033[36m", "\033[31m", "\033[2m", "\033[0m" };

const struct show_paint *
show_paint(bool colour)
{
	return colour ? &colours : &plain;
}

static void
put(struct twz_text *out, const char *before, const char *text, const char *after)
{
	twz_text_puts(out, before);
	twz_text_puts(out, text);
	twz_text_puts(out, after);
}

/* "add(a: i32) -> i32": the name strong, the result as a type. */
static void
put_signature(struct twz_text *out, const struct twz_gate *gate, const struct show_paint *p)
{
	size_t start = out->n, name = strlen(gate->name), from = 0, arrow = 0;
	bool shown = gate->shown && *gate->shown;
	TWZ_TEXT text = { 0 };

	if (p == &plain && !shown) {
		twz_signature_add(out, gate);
		return;
	}
	twz_signature_add(&text, gate);
	if (name > text.n)
		name = text.n;
	/* The last arrow: parameters may be functions. */
	for (from = name; from + 5 <= text.n; from++)
		if (!memcmp(text.bytes + from, ") -> ", 5))
			arrow = from + 5;
	twz_text_puts(out, p->strong);
	if (shown)
		twz_text_puts(out, gate->shown);
	else
		twz_text_add(out, text.bytes, name);
	twz_text_puts(out, p->end);
	start = arrow ? arrow : text.n;
	twz_text_add(out, text.bytes + name, start - name);
	if (!arrow)
		return;
	twz_text_puts(out, p->type);
	twz_text_add(out, text.bytes + arrow, text.n - arrow);
	twz_text_puts(out, p->end);
}

/*
 * The reason in a line of many. Whoever wrote a gate is told what to do about it; for a function of
 * somebody else's library that would be idle, and NAME shows it whole.
 */
static void
put_reason(struct twz_text *out, const struct twz_gate *gate)
{
	static const char *const advices[] = { "make it ", "say TWZ_" };
	static const char param[] = "parameter '";
	const char *why = gate->why, *end;

	if (gate->has_record) {
		twz_text_puts(out, why);
		return;
	}
	if (!strncmp(why, param, sizeof(param) - 1))
		why += sizeof(param) - 2;
	if (!strncmp(why, "'': ", 4))
		why += 4;
	for (end = strchrnul(why, ':'); *end; end = strchrnul(end + 1, ':'))
		for (size_t i = 0; i < TWZ_COUNT(advices); i++)
			if (end[1] == ' ' && !strncmp(end + 2, advices[i], strlen(advices[i]))) {
				twz_text_add(out, why, (size_t)(end - why));
				return;
			}
	twz_text_add(out, why, (size_t)(end - why));
}

static void
put_verdict(struct twz_text *out, const struct twz_gate *gate, const struct show_paint *p)
{
	switch (gate->verdict) {
	case TWZ_VERDICT_CALLABLE:
		return;
	case TWZ_VERDICT_CARE:
		put(out, "  ", p->bad, "needs care: ");
		break;
	case TWZ_VERDICT_REFUSED:
		put(out, "  ", p->bad, "not callable: ");
		break;
	}
	put_reason(out, gate);
	twz_text_puts(out, p->end);
}

/* As the file has it, but for what a terminal would obey. */
static void
put_symbol(struct twz_text *out, const char *symbol)
{
	TWZ_ARENA arena = { 0 };
	const char *s = symbol;

	while (*s >= ' ' && *s <= '~')
		s++;
	twz_text_puts(out, *s ? record_clean(&arena, symbol) : symbol);
}

static void
put_gate(struct twz_text *out, const struct twz_gate *gate, const struct show_paint *p)
{
	twz_text_puts(out, "  ");
	put_signature(out, gate, p);
	put_verdict(out, gate, p);
	if (gate->shown && *gate->shown) {
		put(out, "  ", p->dim, "[");
		put_symbol(out, gate->symbol);
		put(out, "]", p->end, "");
	}
	if (gate->alias_of && *gate->alias_of) {
		put(out, "  ", p->dim, "alias of ");
		put(out, gate->alias_of, p->end, "");
	}
	if (*gate->doc) {
		put(out, "  ", p->dim, "# ");
		put(out, gate->doc, p->end, "");
	}
	twz_text_byte(out, '\n');
	for (uint32_t i = 0; i < gate->naliases; i++) {
		put(out, "    ", p->dim, "also ");
		put(out, gate->aliases[i], p->end, "\n");
	}
}

static void
put_converter(struct twz_text *out, const struct twz_gate *gate, const struct show_paint *p)
{
	put(out, "  ", p->dim, gate->converts);
	put(out, gate->role == TWZ_ROLE_FROM_STRING ? " from" : " to", " text: ", gate->name);
	twz_text_puts(out, p->end);
	if (gate->verdict == TWZ_VERDICT_REFUSED) {
		put(out, "  ", p->bad, "not usable: ");
		put(out, gate->why, p->end, "");
	}
	twz_text_byte(out, '\n');
}

static void
flush(struct twz_text *text, FILE *out, size_t most)
{
	if (text->n <= most)
		return;
	twz_text_write(text, out);
	twz_text_reset(text);
}

/* Before its gates: who loads it should know. */
static void
put_asks(struct twz_text *text, const struct twz_service *service, const struct show_paint *p)
{
	const char *at = service->asks;
	TWZ_ARENA arena = { 0 };
	struct twz_ask ask;

	while (twz_ask_next(&at, &arena, &ask)) {
		put(text, "  ", p->strong, ask.needed ? "needs " : "asks for ");
		put(text, twz_ask_shown(&ask, &arena), p->end, "\n");
	}
	for (enum twz_runs how = 0; how < TWZ_RUNS_NONE; how++)
		if (twz_runs(service->asks, how))
			put(text, "  ", twz_runs_shown(how), "\n");
}

void
show_text(FILE *out, const struct twz_service *service, bool colour)
{
	const struct show_paint *p = show_paint(colour);
	TWZ_TEXT text = { 0 };

	put(&text, p->strong, service->name, p->end);
	if (*service->version)
		put(&text, " ", service->version, "");
	if (*service->doc) {
		put(&text, "  ", p->dim, "# ");
		put(&text, service->doc, p->end, "");
	}
	if (service->partial)
		put(&text, p->bad, "  partial: some of it could not be read", p->end);
	twz_text_byte(&text, '\n');
	put_asks(&text, service, p);
	for (uint32_t i = 0; i < service->ngates; i++) {
		/* The names' order is not that in which signatures were made. */
		if (i + AHEAD < service->ngates)
			__builtin_prefetch(service->gates[i + AHEAD].signature);
		if (service->gates[i].role == TWZ_ROLE_GATE)
			put_gate(&text, &service->gates[i], p);
		flush(&text, out, FLUSH);
	}
	for (uint32_t i = 0; i < service->ngates; i++)
		if (service->gates[i].role != TWZ_ROLE_GATE)
			put_converter(&text, &service->gates[i], p);
	flush(&text, out, 0);
}
