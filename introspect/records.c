/*
 * A record is "key=value" texts, each ended by NUL, from "twz=1" to an empty text. A table says what a
 * key does to the gate, and unknown keys are passed over, so that newer services stay readable. A
 * record that breaks off, or a gate without a proper name, is skipped and makes the service partial; a
 * gate with a wrong attribute is kept, with the reason why it must not be called: a secret or an
 * extent that was misread is worse than a gate that is missing.
 */
#include "introspect/records.h"

#include <stdlib.h>
#include <string.h>

#include "twz/ask.h"

enum { MAX_PAIRS = 512, MAX_GATES = 4096 };

struct pair {
	const char *key, *value;
};

struct reader {
	struct twz_arena *arena;
	struct records *out;
	struct record_gate *gate;	/* being filled */
};

static void
refuse(struct reader *r, const char *what, const char *value)
{
	if (!r->gate->bad)
		r->gate->bad = twz_format(r->arena, "its record has a wrong %s: '%.60s'", what,
					  record_clean(r->arena, value));
}

static struct record_param *
param(struct reader *r, const char *name)
{
	struct record_gate *g = r->gate;

	for (uint32_t i = 0; i < g->nparams; i++)
		if (!strcmp(g->params[i].name, name))
			return &g->params[i];
	twz_push(r->arena, g->params, g->nparams, ((struct record_param){ .name = name }));
	return &g->params[g->nparams - 1];
}

static void
on_doc(struct reader *r, const char *value)
{
	r->gate->doc = record_clean(r->arena, value);
}

static void
on_alias(struct reader *r, const char *value)
{
	if (record_identifier(value))
		twz_push(r->arena, r->gate->aliases, r->gate->naliases, twz_strdup(r->arena, value));
	else
		refuse(r, "alias", value);
}

static void
on_secret(struct reader *r, const char *value)
{
	param(r, value)->secret = true;
}

static void
on_optional(struct reader *r, const char *value)
{
	param(r, value)->optional = true;
}

static void
on_string(struct reader *r, const char *value)
{
	param(r, value)->string = true;
}

static void
on_null(struct reader *r, const char *value)
{
	param(r, value)->null = true;
}

static void
object(struct reader *r, const char *value, enum twz_dir dir)
{
	struct record_param *p = param(r, value);

	if (p->object && !r->gate->bad)
		r->gate->bad = twz_format(r->arena, "its record says two things about parameter '%.60s'",
					  record_clean(r->arena, value));
	p->object = true;
	p->dir = dir;
}

static void
on_object(struct reader *r, const char *value)
{
	object(r, value, TWZ_IN);
}

static void
on_opens(struct reader *r, const char *value)
{
	object(r, value, TWZ_OUT);
}

static void
on_makes(struct reader *r, const char *value)
{
	object(r, value, TWZ_OUT);
	param(r, value)->makes = true;
}

static void
on_closes(struct reader *r, const char *value)
{
	object(r, value, TWZ_INOUT);
}

static void
on_params(struct reader *r, const char *value)
{
	r->gate->names = value;
}

static void
on_returns(struct reader *r, const char *value)
{
	r->gate->returns = value;
}

/* "nonzero", or "nonzero,gai_strerror" */
static void
on_fails(struct reader *r, const char *value)
{
	size_t n = strcspn(value, ",");

	r->gate->returns = twz_strndup(r->arena, value, n);
	r->gate->fails = true;
	if (!value[n])
		return;
	n += 1 + strspn(value + n + 1, " ");
	r->gate->speaker = value + n;
	if (!record_identifier(value + n))
		refuse(r, "gate for the texts of its errors", value + n);
}

/* "buf,len" */
static void
extent(struct reader *r, const char *value, enum twz_dir dir)
{
	const char *comma = strchr(value, ',');
	struct record_param *p;

	if (!comma || comma == value || !comma[1]) {
		refuse(r, "extent", value);
		return;
	}
	p = param(r, twz_strndup(r->arena, value, (size_t)(comma - value)));
	if (p->has_extent)
		refuse(r, "second extent", value);
	p->has_extent = true;
	p->dir = dir;
	p->count = twz_strdup(r->arena, comma + 1 + strspn(comma + 1, " "));
}

static void
on_in(struct reader *r, const char *value)
{
	extent(r, value, TWZ_IN);
}

static void
on_out(struct reader *r, const char *value)
{
	extent(r, value, TWZ_OUT);
}

static void
on_inout(struct reader *r, const char *value)
{
	extent(r, value, TWZ_INOUT);
}

/* "param,word": the parameter; NULL, and the gate is refused, when that is not what @value is. */
static struct record_param *
param_and_word(struct reader *r, const char *what, const char *value, const char **word)
{
	const char *comma = strchr(value, ',');

	*word = comma ? comma + 1 + strspn(comma + 1, " ") : "";
	if (record_identifier(*word))
		return param(r, twz_strndup(r->arena, value, (size_t)(comma - value)));
	refuse(r, what, value);
	return NULL;
}

static void
on_kind(struct reader *r, const char *value)
{
	const char *kind;
	struct record_param *p = param_and_word(r, "kind", value, &kind);

	if (p)
		p->kind = kind;
}

static void
on_keeps(struct reader *r, const char *value)
{
	const char *keeper;
	struct record_param *p = param_and_word(r, "object that keeps a parameter", value, &keeper);

	if (p)
		p->keeper = keeper;
}

/* "param", or "param,data" */
static void
on_callback(struct reader *r, const char *value)
{
	size_t n = strcspn(value, ",");
	struct record_param *p = param(r, twz_strndup(r->arena, value, n));

	p->data = twz_strdup(r->arena, value + n + (value[n] == ','));
	p->data += strspn(p->data, " ");
}

static void
on_level(struct reader *r, const char *value)
{
	static const char *const names[] = {
#define X(level, text) [TWZ_LEVEL_##level] = text,
		TWZ_LEVELS(X)
#undef X
	};

	for (size_t i = 0; i < TWZ_COUNT(names); i++) {
		if (strcmp(names[i], value))
			continue;
		r->gate->level = (enum twz_level)i;
		return;
	}
	refuse(r, "level", value);
}

static void
on_visibility(struct reader *r, const char *value)
{
	static const char *const names[] = {
#define X(visibility, text) [TWZ_VISIBILITY_##visibility] = text,
		TWZ_VISIBILITIES(X)
#undef X
	};

	for (size_t i = 0; i < TWZ_COUNT(names); i++) {
		if (strcmp(names[i], value))
			continue;
		r->gate->visibility = (enum twz_visibility)i;
		return;
	}
	refuse(r, "visibility", value);
}

static void
on_role(struct reader *r, const char *value)
{
	static const char *const names[] = {
#define X(role, text) [TWZ_ROLE_##role] = text,
		TWZ_ROLES(X)
#undef X
	};

	for (size_t i = 0; i < TWZ_COUNT(names); i++) {
		if (strcmp(names[i], value))
			continue;
		r->gate->role = (enum twz_role)i;
		return;
	}
	refuse(r, "role", value);
}

static void
on_requires(struct reader *r, const char *value)
{
	r->gate->requires = value;
	if (!record_identifier(value))
		refuse(r, "capability", value);
}

static void
on_converts(struct reader *r, const char *value)
{
	r->gate->converts = record_clean(r->arena, value);
}

static void
on_readonly(struct reader *r, const char *value)
{
	r->gate->readonly = !strcmp(value, "1");
}

static const struct key {
	const char *name;
	void (*set)(struct reader *r, const char *value);
} keys[] = {
	{ "doc", on_doc },	 { "alias", on_alias },	      { "secret", on_secret },
	{ "in", on_in },	 { "out", on_out },	      { "inout", on_inout },
	{ "level", on_level },	 { "optional", on_optional }, { "requires", on_requires },
	{ "role", on_role },	 { "converts", on_converts }, { "readonly", on_readonly },
	{ "string", on_string }, { "null", on_null },	      { "object", on_object },
	{ "params", on_params },
	{ "opens", on_opens },	 { "closes", on_closes },     { "returns", on_returns },
	{ "fails", on_fails },	 { "kind", on_kind },	      { "visibility", on_visibility },
	{ "callback", on_callback }, { "makes", on_makes }, { "keeps", on_keeps },
};

/* What can be said of a callback's parameters: "callback.in" has the value "param,buf,len". */
static const struct key callback_keys[] = {
	{ "params", on_params }, { "in", on_in }, { "out", on_out }, { "inout", on_inout },
	{ "optional", on_optional }, { "string", on_string },
};

static void
take_callback_key(struct reader *r, const char *key, const char *value)
{
	struct record_gate *gate = r->gate;
	size_t n = strcspn(value, ",");
	struct record_param *p;

	for (size_t k = 0; k < TWZ_COUNT(callback_keys); k++) {
		if (strcmp(callback_keys[k].name, key))
			continue;
		p = param(r, twz_strndup(r->arena, value, n));
		if (!p->callback) {
			p->callback = twz_new(r->arena, struct record_gate);
			*p->callback = (struct record_gate){ .name = p->name, .names = "", .returns = "" };
		}
		r->gate = p->callback;
		n += value[n] == ',';
		callback_keys[k].set(r, value + n + strspn(value + n, " "));
		r->gate = gate;
	}
}

static void
take_key(struct reader *r, const struct pair *pair)
{
	if (!strncmp(pair->key, "callback.", 9))
		take_callback_key(r, pair->key + 9, pair->value);
	for (size_t k = 0; k < TWZ_COUNT(keys); k++)
		if (!strcmp(pair->key, keys[k].name))
			keys[k].set(r, pair->value);
}

/* The value of the first pair called @key, or NULL. */
static const char *
value_of(const struct pair *pairs, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(pairs[i].key, key))
			return pairs[i].value;
	return NULL;
}

static void
take_gate(struct reader *r, const struct pair *pairs, size_t n)
{
	struct records *out = r->out;
	struct record_gate gate = { .name = pairs[0].value, .doc = "", .requires = "",
				    .converts = "", .returns = "", .names = "" };

	if (!record_identifier(gate.name) || out->ngates == MAX_GATES) {
		out->partial = true;
		return;
	}
	r->gate = &gate;
	for (size_t i = 1; i < n; i++)
		take_key(r, &pairs[i]);
	twz_push(r->arena, out->gates, out->ngates, gate);
}

static void
take_service(struct reader *r, const struct pair *pairs, size_t n)
{
	const char *version = value_of(pairs, n, "version"), *doc = value_of(pairs, n, "doc");

	if (!record_identifier(pairs[0].value) || r->out->service) {
		r->out->partial = true;
		return;
	}
	r->out->service = pairs[0].value;
	r->out->version = version ? record_clean(r->arena, version) : "";
	r->out->doc = doc ? record_clean(r->arena, doc) : "";
}

static void
take_error(struct reader *r, const struct pair *pairs, size_t n)
{
	const char *text = value_of(pairs, n, "text");

	if (!text || !record_identifier(pairs[0].value)) {
		r->out->partial = true;
		return;
	}
	twz_push(r->arena, r->out->errors, r->out->nerrors, ((struct record_text){
		.name = pairs[0].value,
		.text = record_clean(r->arena, text),
	}));
}

static void
take_flags(struct reader *r, const struct pair *pairs, size_t n)
{
	(void)n;
	twz_push(r->arena, r->out->flags, r->out->nflags, pairs[0].value);
}

/* "value=NAME,NUMBER", each followed by its "text=…" if it has one. */
static void
take_codes(struct reader *r, const struct pair *pairs, size_t n)
{
	struct record_codes codes = { .name = pairs[0].value };

	for (size_t i = 1; i < n; i++) {
		const char *comma = strchr(pairs[i].value, ',');
		struct twz_member value = { 0 };

		if (!strcmp(pairs[i].key, "text") && codes.nvalues)
			codes.values[codes.nvalues - 1].text = record_clean(r->arena, pairs[i].value);
		if (strcmp(pairs[i].key, "value") || !comma)
			continue;
		value.name = twz_strndup(r->arena, pairs[i].value, (size_t)(comma - pairs[i].value));
		value.value = strtoll(comma + 1, NULL, 0);
		if (record_identifier(value.name))
			twz_push(r->arena, codes.values, codes.nvalues, value);
		else
			r->out->partial = true;
	}
	if (record_identifier(codes.name) && codes.nvalues)
		twz_push(r->arena, r->out->codes, r->out->ncodes, codes);
	else
		r->out->partial = true;
}

/* Sorted by nobody: as in the file. */
static void
take_asks(struct reader *r, const struct pair *pairs, size_t n)
{
	const char *what = value_of(pairs, n, "what"), *rights = value_of(pairs, n, "rights");
	const char *needed = value_of(pairs, n, "needed");
	struct twz_ask ask;

	if (!what || !rights || r->out->nasks == TWZ_ASKS_MAX ||
	    !twz_ask_make(pairs[0].value, rights, record_clean(r->arena, what), needed && !strcmp(needed, "1"),
			  r->arena, &ask)) {
		r->out->partial = true;
		return;
	}
	r->out->asks = twz_format(r->arena, "%s%s", r->out->asks, twz_ask_line(&ask, r->arena));
	r->out->nasks++;
}

static void
take_runs(struct reader *r, const struct pair *pairs, size_t n)
{
	enum twz_runs how = twz_runs_find(pairs[0].value);

	(void)n;
	if (how == TWZ_RUNS_NONE)
		r->out->partial = true;
	else if (!twz_runs(r->out->asks, how))
		r->out->asks = twz_format(r->arena, "%sruns %s\n", r->out->asks, twz_runs_text(how));
}

/* Which codes a gate returns may be said before the codes themselves. */
static void
join_codes(struct reader *r)
{
	for (size_t i = 0; i < r->out->ngates; i++) {
		struct record_gate *gate = &r->out->gates[i];

		for (size_t k = 0; k < r->out->ncodes; k++)
			if (!strcmp(gate->returns, r->out->codes[k].name))
				gate->codes = &r->out->codes[k];
		r->gate = gate;
		if (*gate->returns && !gate->codes && !gate->fails && strcmp(gate->returns, "string") &&
		    strcmp(gate->returns, "object"))
			refuse(r, "result", gate->returns);
	}
}

/* A record is what its first key says. */
static const struct head {
	const char *key;
	void (*take)(struct reader *r, const struct pair *pairs, size_t n);
} heads[] = {
	{ "gate", take_gate }, { "service", take_service },
	{ "error", take_error }, { "flags", take_flags }, { "codes", take_codes },
	{ "asks", take_asks },	 { "runs", take_runs },
};

/*
 * Reads the record at @at into @pairs. Returns where it ends, or 0 when it breaks off or has more than
 * MAX_PAIRS texts. A text without '=' is passed over.
 */
static size_t
split(struct elf_section s, size_t at, struct twz_arena *arena, struct pair *pairs, size_t *n)
{
	*n = 0;
	for (;;) {
		const char *text = (const char *)s.bytes + at;
		size_t length = strnlen(text, s.n - at);
		const char *equals = memchr(text, '=', length);

		if (length == s.n - at || *n == MAX_PAIRS)
			return 0;
		at += length + 1;
		if (!length)
			return at;
		if (!equals)
			continue;
		pairs[(*n)++] = (struct pair){
			twz_strndup(arena, text, (size_t)(equals - text)),
			twz_strndup(arena, equals + 1, length - (size_t)(equals - text) - 1),
		};
	}
}

/* The compiler ends a record with the text's own NUL and one of the array: two zeros at least. */
static const char start[] = "twz=1";

void
records_read(struct elf_section section, struct twz_arena *arena, struct records *ret)
{
	struct reader r = { .arena = arena, .out = ret };
	TWZ_FREE struct pair *pairs = calloc(MAX_PAIRS, sizeof(*pairs));
	size_t at = 0, n;

	*ret = (struct records){ .version = "", .doc = "", .asks = "" };
	ret->partial = !pairs;
	while (pairs && at + sizeof(start) <= section.n) {
		size_t end;

		if (memcmp(section.bytes + at, start, sizeof(start))) {
			for (size_t i = 0; i < 8; i++)
				ret->partial |= at + i < section.n && section.bytes[at + i];
			at += 8;
			continue;
		}
		end = split(section, at + sizeof(start), arena, pairs, &n);
		if (!end) {
			ret->partial = true;
			at += 8;
			continue;
		}
		for (size_t i = 0; n && i < TWZ_COUNT(heads); i++)
			if (!strcmp(pairs[0].key, heads[i].key))
				heads[i].take(&r, pairs, n);
		at = TWZ_ALIGN(end, (size_t)8);
	}
	join_codes(&r);
}
