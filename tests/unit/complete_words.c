/* Completion, hints, help and the masking of secrets, in a small world without a session. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "repl/lang/lang.h"
#include "twz/plan.h"

/* -- the world: two services ---------------------------------------------------------------------- */

static const struct twz_member colors[] = {
	{ .name = "RED", .value = 0 }, { .name = "GREEN", .value = 5 }, { .name = "GREY", .value = 6 },
};
static const struct twz_type color = { .kind = TWZ_ENUM, .size = 4, .align = 4, .name = "color",
				       .members = colors, .nmembers = 3 };
static const struct twz_member rights[] = {
	{ .name = "READ", .value = 1 }, { .name = "WRITE", .value = 2 },
};
static const struct twz_type right = { .kind = TWZ_ENUM, .size = 4, .align = 4, .name = "right",
				       .is_flags = true, .members = rights, .nmembers = 2 };
static const struct twz_type text16 = { .kind = TWZ_ARRAY, .size = 16, .align = 1, .count = 16,
					.name = "", .target = &twz_type_char };
static const struct twz_member user_fields[] = {
	{ .name = "id", .type = &twz_type_u32 },
	{ .name = "name", .type = &text16, .offset = 4 },
	{ .name = "shade", .type = &color, .offset = 20 },
};
static const struct twz_type user = { .kind = TWZ_STRUCT, .size = 24, .align = 4, .name = "User",
				      .members = user_fields, .nmembers = 3 };
static const struct twz_type user_pointer = { .kind = TWZ_POINTER, .is_const = true, .size = 8,
					      .align = 8, .name = "", .target = &user };
static const struct twz_type i32_pointer = { .kind = TWZ_POINTER, .is_const = true, .size = 8,
					     .align = 8, .name = "", .target = &twz_type_i32 };
static const struct twz_type out_pointer = { .kind = TWZ_POINTER, .size = 8, .align = 8,
					     .name = "", .target = &twz_type_i32 };
static const struct twz_type text = { .kind = TWZ_STRING, .is_const = true, .size = 8, .align = 8,
				      .name = "" };

#define FUNC(id, ret, ...) \
	static const struct twz_member id##_params[] = { __VA_ARGS__ }; \
	static const struct twz_type id = { .kind = TWZ_FUNC, .is_prototyped = true, .name = "", \
					    .target = &ret, .members = id##_params, \
					    .nmembers = TWZ_COUNT(id##_params) }

FUNC(lookup, twz_type_i32, { .name = "name", .type = &text });
FUNC(update, twz_type_i32, { .name = "user", .type = &user_pointer },
     { .name = "password", .type = &text, .secret = true });
FUNC(setcolor, twz_type_void, { .name = "c", .type = &color }, { .name = "on", .type = &twz_type_bool });
FUNC(allow, twz_type_void, { .name = "what", .type = &right },
     { .name = "whom", .type = &text, .optional = true });
FUNC(sum, twz_type_i32, { .name = "items", .type = &i32_pointer, .has_extent = true, .extent = 1 },
     { .name = "n", .type = &twz_type_u32 },
     { .name = "max", .type = &out_pointer, .dir = TWZ_OUT, .has_extent = true, .extent = -1,
       .count = 1 });

FUNC(back, twz_type_i32, { .name = "x", .type = &twz_type_i32 });
static const struct twz_type back_pointer = { .kind = TWZ_POINTER, .size = 8, .align = 8, .name = "",
					      .target = &back };
FUNC(visit, twz_type_void, { .name = "f", .type = &back_pointer, .has_extent = true, .extent = TWZ_CALLBACK });

static const char *const update_aliases[] = { "update_passwd" };

#define GATE(gate_name, func) \
	.name = gate_name, .symbol = gate_name, .doc = "Says what it does", .requires = "", \
	.converts = "", .has_record = true, .type = &func, .how = "", .why = ""

static const struct twz_gate passwd_gates[] = {
	{ GATE("lookup_user", lookup), .index = 0 },
	{ GATE("update_password", update), .index = 1, .aliases = update_aliases, .naliases = 1 },
};
static const struct twz_gate acc_gates[] = {
	{ GATE("allow", allow), .index = 0 },
	{ GATE("setcolor", setcolor), .index = 1 },
	{ GATE("sum", sum), .index = 2 },
	{ GATE("visit", visit), .index = 3 },
};
static const struct twz_service services[] = {
	{ .name = "acc", .version = "1.0", .doc = "Accounts", .path = "", .gates = acc_gates, .ngates = 4 },
	{ .name = "passwd", .version = "1.0", .doc = "Users", .path = "", .gates = passwd_gates,
	  .ngates = 2 },
};
static const char *const service_names[] = { "acc", "passwd" };

static struct twz_arena plans;

static bool
find_service(void *data, const char *name, const struct twz_service **ret, struct twz_error *err)
{
	(void)data;
	for (size_t i = 0; i < TWZ_COUNT(services); i++) {
		if (!strcmp(services[i].name, name)) {
			*ret = &services[i];
			return true;
		}
	}
	return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no service '%s'", name);
}

static size_t
list_services(void *data, struct twz_arena *arena, const char *const **ret)
{
	(void)data, (void)arena;
	*ret = service_names;
	return TWZ_COUNT(service_names);
}

static bool
make_plan(void *data, const struct twz_service *service, const struct twz_gate *gate,
	  const struct twz_plan **ret, struct twz_error *err)
{
	(void)data, (void)service;
	return twz_plan_make(gate, &plans, ret, err);
}

static bool
refuse_call(void *data, const struct twz_service *service, const struct twz_gate *gate,
	    const struct twz_value *args, size_t nargs, int64_t timeout_ns,
	    struct twz_arena *arena, struct twz_value *ret, struct twz_error *err)
{
	(void)data, (void)service, (void)args, (void)nargs, (void)timeout_ns, (void)arena, (void)ret;
	fail_msg("%s was called", gate->name);
	return twz_fail(err, TWZ_CLASS_FAULT, 0, "called");
}

static bool
list_tables(size_t i, const char **name, const char **columns, const char **help)
{
	static const char *const all[][2] = { { "gates", "name returns service" }, { "calls", "gate n" } };

	if (i >= TWZ_COUNT(all))
		return false;
	*name = all[i][0];
	*columns = all[i][1];
	*help = "";
	return true;
}

static const struct repl_host host = {
	.table = list_tables, .service = find_service, .services = list_services, .plan = make_plan, .call = refuse_call,
};

static struct lang_options options = { .host = &host, .timeout_ns = -1 };

static int
enter(void **state)
{
	static const char setup[] = "count = 5; word = \"w\"; yes = true; rec = {id: 1, inner: {x: 2}};"
				    "fn paint(c: acc::color, n: i32, --deep: bool) { n }";
	struct twz_error err = { 0 };
	struct lang *l;

	options.out = options.err = stderr;
	l = lang_new(&options);
	*state = l;
	return lang_run(l, setup, sizeof(setup) - 1, &err) == LANG_OK ? 0 : -1;
}

static int
leave(void **state)
{
	lang_free(*state);
	twz_arena_free(&plans);
	return 0;
}

/* -- completion ----------------------------------------------------------------------------------- */

/* Text with ^ where the cursor is; the word that is replaced; the first candidates, in order. */
static const struct {
	const char *text, *word, *first;
} completions[] = {
	{ "pas^", "pas", "passwd::" },
	{ "ac^", "ac", "acc::" },
	{ "passwd::^", "passwd::", "passwd::lookup_user passwd::update_password" },
	{ "passwd::up^", "passwd::up", "passwd::update_password" },
	{ "passwd::update_passw^ x", "passwd::update_passw", "passwd::update_password" },
	{ "passwd::nothing^", "passwd::nothing", "" },
	{ "nowhere::^", "nowhere::", "" },
	{ "x = pas^", "pas", "passwd::" },
	{ "x ?= passwd::l^", "passwd::l", "passwd::lookup_user" },
	{ "acc::allow [READ]; pas^", "pas", "passwd::" },
	{ "f (pas^", "pas", "passwd::" },
	{ "if ok { pas^", "pas", "passwd::" },
	{ "word | pas^", "pas", "passwd::" },
	{ "acc::setcolor ^", "", "RED GREEN GREY" },
	{ "paint ^", "", "RED GREEN GREY" },
	{ "paint GR^", "GR", "GREEN GREY" },
	{ "paint --^", "--", "--c --n --deep" },
	{ "xs | map {|x| acc::setcolor ^", "", "RED GREEN GREY" },
	{ "f {|x| pas^", "pas", "passwd::" },
	{ "time acc::setcolor ^", "", "RED GREEN GREY" },
	{ "explain pas^", "pas", "passwd::" },
	{ "spawn pas^", "pas", "passwd::" },
	{ "sp^", "sp", "spawn" },
	{ "acc::setcolor GR^", "GR", "GREEN GREY" },
	{ "acc::setcolor(GR^", "GR", "GREEN GREY" },
	{ "acc::setcolor(RED, ^", "", "true false yes" },
	{ "acc::setcolor RED ^", "", "true false yes" },
	{ "acc::setcolor RED t^", "t", "true" },
	{ "acc::setcolor RED true ^", "", "" },
	{ "acc::setcolor --on ^", "", "RED GREEN GREY" },
	{ "acc::setcolor --c ^", "", "RED GREEN GREY" },
	{ "acc::setcolor --on=true ^", "", "RED GREEN GREY" },
	{ "acc::setcolor --^", "--", "--c --on" },
	{ "acc::setcolor RED --^", "--", "--on" },
	{ "RED | acc::setcolor f^", "f", "false" },
	{ "acc::allow [^", "", "READ WRITE" },
	{ "acc::allow [READ, W^", "W", "WRITE" },
	{ "acc::allow [READ] ^", "", "none word" },
	{ "acc::sum [1] ^", "", "" },
	{ "acc::visit ^", "", "paint" },
	{ "acc::visit pa^", "pa", "paint" },
	{ "acc::visit {|x| pas^", "pas", "passwd::" },
	{ "acc::visit {|x| acc::setcolor ^", "", "RED GREEN GREY" },
	{ "passwd::lookup_user ^", "", "word" },
	{ "passwd::update_passwd {^", "", "id: name: shade:" },
	{ "passwd::update_passwd {id: 1, sh^", "sh", "shade:" },
	{ "passwd::update_passwd {id: 1, shade: G^", "G", "GREEN GREY" },
	{ "passwd::update_passwd {id: 1, shade: RED} ^", "", "word" },
	{ "passwd::update_passwd {id: 1} --p^", "--p", "--password" },
	{ "passwd::lookup_user $w^", "$w", "$word" },
	{ "print rec.^", "rec.", "rec.id rec.inner" },
	{ "print rec.inner.^", "rec.inner.", "rec.inner.x" },
	{ "coun^", "coun", "count" },
	{ "help pas^", "pas", "passwd" },
	{ "help passwd::l^", "passwd::l", "passwd::lookup_user" },
	{ "passwd::lookup_user \"pas^", "", "" },
	{ "# pas^", "", "" },
	{ "timeout 2s { acc::setcolor R^ }", "R", "RED" },
	{ "timeo^", "timeo", "timeout" },
	{ "sql ^", "", "gates calls" },
	{ "sql ga^", "ga", "gates" },
	{ "sql sel^", "sel", "select" },
	{ "sql gates where na^", "na", "name" },
	{ "x = sql gates where r^", "r", "returns" },
	{ "sql \"select ^ from gates", "", "name returns service" },
	{ "sql \"select ga^", "ga", "gate" },
	{ "sql 'select n from c^", "c", "calls" },
	{ "sql gates where service = pa^", "pa", "passwd" },
	{ "sql gates | pas^", "pas", "passwd::" },
	{ "sql gates; pas^", "pas", "passwd::" },
	{ "f (sql gates) pas^", "pas", "" },
	{ "if (sql ga^", "ga", "gates" },
	{ "print sql ga^", "ga", "" },
	{ "acc::setcolor RED; le^", "le", "len let" },
	{ "acc::setcolor RED\npas^", "pas", "passwd::" },
};

static void
complete_one(struct lang *l, const char *marked, const char *word, const char *first)
{
	TWZ_ARENA arena = { 0 };
	const struct lang_candidate *candidates;
	size_t cursor = strcspn(marked, "^"), from, n;
	char whole[200], got[2000] = "";

	snprintf(whole, sizeof(whole), "%.*s%s", (int)cursor, marked, marked + cursor + 1);
	n = lang_complete(l, whole, strlen(whole), cursor, &arena, &candidates, &from);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(candidates[i].note);
		if (*first && strlen(got) < strlen(first))
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s",
				 i ? " " : "", candidates[i].text);
	}
	if (!*first && n)
		fail_msg("%s: offered %s", marked, candidates[0].text);
	if (strcmp(got, first) || cursor - from != strlen(word) ||
	    strncmp(whole + from, word, cursor - from))
		fail_msg("%s: '%.*s' is completed with: %s", marked, (int)(cursor - from),
			 whole + from, got);
}

static void
test_completions(void **state)
{
	for (size_t i = 0; i < TWZ_COUNT(completions); i++)
		complete_one(*state, completions[i].text, completions[i].word,
			     completions[i].first);
}

/* Whatever is typed, and wherever the cursor is in it. */
static void
test_any_prefix(void **state)
{
	static const char *const texts[] = {
		"passwd::update_passwd {id: 1, shade: RED} --password=\"x ${a.b} y\" | .name ? 1 .. 2",
		"f ((([[[{{{ }}} ]]] ))) ) ] } , ; | = ?= # \" ' $ -- - :: a:: ::b ~/ . .. \\",
		"fn f(a: int, --b: [u8] = 1) -> string { return \"x\" }\nmatch x { A | B => 1, _ => 2 }",
	};

	for (size_t i = 0; i < TWZ_COUNT(texts); i++) {
		size_t n = strlen(texts[i]);

		for (size_t cursor = 0; cursor <= n; cursor++) {
			TWZ_ARENA arena = { 0 };
			const struct lang_candidate *candidates;
			size_t from = 99999;

			lang_complete(*state, texts[i], n, cursor, &arena, &candidates, &from);
			assert_in_range(from, 0, cursor);
			lang_hint(*state, texts[i], n, cursor, &arena);
		}
	}
}

static void
test_deep(void **state)
{
	char deep[1000];
	TWZ_ARENA arena = { 0 };
	const struct lang_candidate *candidates;
	size_t from;

	memset(deep, '(', sizeof(deep));
	lang_complete(*state, deep, sizeof(deep), sizeof(deep), &arena, &candidates, &from);
	assert_int_equal(from, sizeof(deep));
}

static void
test_files(void **state)
{
	char root[] = "/tmp/twz-complete.XXXXXX", text_[200], want[200], command[200];

	assert_non_null(mkdtemp(root));
	snprintf(command, sizeof(command), "mkdir %s/folder && touch %s/file %s/.hidden", root, root, root);
	assert_int_equal(system(command), 0);
	snprintf(text_, sizeof(text_), "passwd::lookup_user %s/fi^", root);
	snprintf(command, sizeof(command), "%s/fi", root);
	snprintf(want, sizeof(want), "%s/file", root);
	complete_one(*state, text_, command, want);
	snprintf(text_, sizeof(text_), "passwd::lookup_user %s/fo^", root);
	snprintf(command, sizeof(command), "%s/fo", root);
	snprintf(want, sizeof(want), "%s/folder/", root);
	complete_one(*state, text_, command, want);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

/* -- hints ---------------------------------------------------------------------------------------- */

static const struct {
	const char *text, *hint;
} hints[] = {
	{ "passwd::update_passwd ^", "update_password(*user: User*, password: string) -> i32" },
	{ "passwd::update_passwd bob ^", "update_password(user: User, *password: string*) -> i32" },
	{ "passwd::update_passwd --password ^", "update_password(user: User, *password: string*) -> i32" },
	{ "bob | passwd::update_passwd ^", "update_password(user: User, *password: string*) -> i32" },
	{ "passwd::update_passwd bob x ^", "update_password(user: User, password: string) -> i32" },
	{ "acc::sum ^", "sum(*items: [i32]*) -> i32" },
	{ "passwd::nothing ^", NULL },
	{ "print ^", "print VALUE …" },
	{ "paint ^", "paint(*c: acc::color*, n: i32, --deep: bool)" },
	{ "paint RED ^", "paint(c: acc::color, *n: i32*, --deep: bool)" },
	{ "paint RED 1 ^", "paint(c: acc::color, n: i32, --deep: bool)" },
	{ "word ^", NULL },
	{ "^", NULL },
};

static void
test_hints(void **state)
{
	for (size_t i = 0; i < TWZ_COUNT(hints); i++) {
		TWZ_ARENA arena = { 0 };
		const char *t = hints[i].text, *got;
		size_t n = strlen(t) - 1;

		got = lang_hint(*state, t, n, n, &arena);
		if (hints[i].hint)
			assert_string_equal(got ? got : "(none)", hints[i].hint);
		else
			assert_null(got);
	}
}

/* -- secrets -------------------------------------------------------------------------------------- */

/* masked NULL: the text has to be forgotten; "=": it stays as it is. */
static const struct {
	const char *text, *masked;
} secrets[] = {
	{ "passwd::lookup_user bob", "=" },
	{ "passwd::update_password bob hunter2", "passwd::update_password bob ******" },
	{ "passwd::update_passwd bob hunter2", "passwd::update_passwd bob ******" },
	{ "time passwd::update_passwd bob hunter2", "time passwd::update_passwd bob ******" },
	{ "watch 2s passwd::update_passwd bob hunter2", "watch 2s passwd::update_passwd bob ******" },
	{ "explain (passwd::update_passwd bob hunter2)", "explain (passwd::update_passwd bob ******)" },
	{ "passwd::update_passwd(bob, \"hunter2\")", "passwd::update_passwd(bob, ******)" },
	{ "passwd::update_passwd bob 'it''s hunter2'; a = 1", "passwd::update_passwd bob ******; a = 1" },
	{ "passwd::update_passwd --password=hunter2 bob", "passwd::update_passwd --password=****** bob" },
	{ "passwd::update_passwd --password hunter2 bob", "passwd::update_passwd --password ****** bob" },
	{ "passwd::update_passwd bob word", "=" },
	{ "passwd::update_passwd bob $word", "=" },
	{ "passwd::update_passwd bob (\"hunter\" + \"2\")", "passwd::update_passwd bob ******" },
	{ "bob | passwd::update_passwd hunter2", "bob | passwd::update_passwd ******" },
	{ "x = [passwd::update_passwd bob hunter2]", "x = [passwd::update_passwd bob ******]" },
	{ "if yes { passwd::update_passwd bob hunter2 }", "if yes { passwd::update_passwd bob ****** }" },
	{ "passwd::update_passwd bob dear hunter2", "passwd::update_passwd bob ****** ******" },
	{ "passwd::update_passwd bob hunter2 )", NULL },
	{ "passwd::update_pasword bob hunter2", NULL },
	{ "pasword::update_password bob hunter2", NULL },
	{ "acc::nothing bob hunter2", "=" },
	{ "a b )", "=" },
};

static void
test_secrets(void **state)
{
	for (size_t i = 0; i < TWZ_COUNT(secrets); i++) {
		TWZ_ARENA arena = { 0 };
		const char *t = secrets[i].text, *want = secrets[i].masked;
		const char *got = lang_masked(*state, t, strlen(t), &arena);

		if (want && !strcmp(want, "="))
			want = t;
		if ((!got) != (!want) || (got && strcmp(got, want)))
			fail_msg("%s: kept as %s", t, got ? got : "(nothing)");
	}
}

/* -- help ----------------------------------------------------------------------------------------- */

static char *
help_text(struct lang *l, const char *topic, struct twz_error *err)
{
	char *written = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&written, &n);
	bool ok = lang_help(l, topic, f, err);

	fclose(f);
	if (ok)
		return written;
	free(written);
	return NULL;
}

static void
test_help(void **state)
{
	static const struct {
		const char *topic, *part;
	} parts[] = {
		{ NULL, "passwd" }, { NULL, "Users" },
		{ "passwd", "update_password(user: User, password: string) -> i32" },
		{ "passwd", "Says what it does" },
		{ "passwd::update_password", "secret" }, { "passwd::update_password", "update_passwd" },
		{ "passwd::update_passwd", "{id: u32, name: [char; 16], shade: color}" },
		{ "acc::setcolor", "RED=0 GREEN=5 GREY=6" }, { "acc::setcolor", "acc::setcolor RED true" },
		{ "acc::allow", "acc::allow [READ] \"text\"" }, { "acc::sum", "acc::sum [1, 1, 1]" },
	};

	for (size_t i = 0; i < TWZ_COUNT(parts); i++) {
		struct twz_error err = { 0 };
		TWZ_FREE char *got = help_text(*state, parts[i].topic, &err);

		if (!got || !strstr(got, parts[i].part))
			fail_msg("help %s lacks %s:\n%s", parts[i].topic ? parts[i].topic : "",
				 parts[i].part, got ? got : err.text);
	}
}

static void
test_help_unknown(void **state)
{
	struct twz_error err = { 0 };

	assert_null(help_text(*state, "passwd::lookup_usr", &err));
	assert_int_equal(err.cls, TWZ_CLASS_NAME);
	assert_non_null(strstr(err.hint, "lookup_user"));
	err = (struct twz_error){ 0 };
	assert_null(help_text(*state, "nowhere", &err));
	assert_int_equal(err.cls, TWZ_CLASS_NAME);
}

/* -- colours -------------------------------------------------------------------------------------- */

/* Text (the cursor at its end), and a letter for each byte: see letters below; '.' is plain. */
static const struct {
	const char *text, *colors;
} colors_of[] = {
	{ "passwd::lookup_user bob ", "SSSSSSSSGGGGGGGGGGG.ttt." },
	{ "passwd::nothing 1 ", "SSSSSSSSEEEEEEE.n." },
	{ "passwd::nothing", "SSSSSSSS......." },
	{ "nowhere::x 1 ", "EEEEEEEEEE.n." },
	{ "acc::setcolor GREEN true ", "SSSSSGGGGGGGG.eeeee.nnnn." },
	{ "acc::setcolor PINK true ", "SSSSSGGGGGGGG.EEEE.nnnn." },
	{ "acc::setcolor RED true x ", "SSSSSGGGGGGGG.eee.nnnn.E." },
	{ "acc::setcolor --on yes ", "SSSSSGGGGGGGG.FFFF.vvv." },
	{ "acc::setcolor --of yes ", "SSSSSGGGGGGGG.EEEE.vvv." },
	{ "acc::setcolor PIN", "SSSSSGGGGGGGG...." },
	{ "acc::sum [1, x] ", "SSSSSGGG..n..E.." },
	{ "print word wor $word $wor ", "FFFFF.vvvv.ttt.vvvvv.EEEE." },
	{ "x = 5; print x ", "v...n..FFFFF.v." },
	{ "lookup 1 ", "EEEEEE.n." },
	{ "lookup", "......" },
	{ "if yes { print 'a' } # no", "KK.vvv...FFFFF.ttt...CCCC" },
	{ "for i in [1] { print i } ", "KKK.v.KK..n....FFFFF.v..." },
	{ "fn f(a, b) { print a b } ", "KK.v.v..v....FFFFF.v.v..." },
	{ "[1] | map {|n| n} ", ".n..........v..v.." },
	{ "paint RED 1 ", "FFFFF.eee.n." },
	{ "paint PINK 1 ", "FFFFF.EEEE.n." },
	{ "'unfinished", "ttttttttttt" },
	{ "time passwd::lookup_user x ", "FFFF.SSSSSSSSGGGGGGGGGGG.t." },
	{ "rec.id ", "vvvvvv." },
	{ "match word { Ok(v) => v, _ => none }", NULL },
	{ "\"$(", NULL }, { "|||", NULL }, { "{{{{[[[[((((", NULL }, { "a::b::c::d ", NULL }, { "--x --y=", NULL },
};

static void
test_colors(void **state)
{
	static const char letters[] = ".SGFKvnteCE";

	for (size_t i = 0; i < TWZ_COUNT(colors_of); i++) {
		const char *line = colors_of[i].text;
		size_t n = strlen(line);
		TWZ_ARENA arena = { 0 };
		const uint8_t *got_colors = lang_colors(*state, line, n, n, &arena);
		char *got = twz_strndup(&arena, line, n);

		for (size_t k = 0; k < n; k++)
			got[k] = letters[got_colors[k]];
		if (colors_of[i].colors && strcmp(got, colors_of[i].colors))
			fail_msg("%s\n%s\n%s wanted", line, got, colors_of[i].colors);
	}
}

static const struct {
	const char *text;
	bool runs;
} would_run[] = {
	{ "passwd::lookup_user bob", true }, { "passwd::lookup_user", false },
	{ "acc::setcolor RED true", true }, { "acc::setcolor PINK true", false },
	{ "nowhere::x 1", false }, { "print $word", true }, { "print $other", false },
	{ "x = count + 1", true }, { "x = word + 1", false }, { "f(", false }, { "", false },
	{ "import \"/nowhere.twz\"", false }, { "fn g() { passwd::lookup_user bob }", true },
	{ "exit 3", true },
};

static void
test_would_run(void **state)
{
	for (size_t i = 0; i < TWZ_COUNT(would_run); i++)
		if (lang_would_run(*state, would_run[i].text, strlen(would_run[i].text)) != would_run[i].runs)
			fail_msg("%s", would_run[i].text);
	/* Nothing of it is left. */
	assert_false(lang_would_run(*state, "print $x", 8));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_completions, enter, leave),
		cmocka_unit_test_setup_teardown(test_any_prefix, enter, leave),
		cmocka_unit_test_setup_teardown(test_deep, enter, leave),
		cmocka_unit_test_setup_teardown(test_files, enter, leave),
		cmocka_unit_test_setup_teardown(test_hints, enter, leave),
		cmocka_unit_test_setup_teardown(test_colors, enter, leave),
		cmocka_unit_test_setup_teardown(test_would_run, enter, leave),
		cmocka_unit_test_setup_teardown(test_secrets, enter, leave),
		cmocka_unit_test_setup_teardown(test_help, enter, leave),
		cmocka_unit_test_setup_teardown(test_help_unknown, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
