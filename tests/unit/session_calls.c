/*
 * A whole session, with the programs and services built beside this test: registration on first
 * use, calls, rights, faults, stubs and changed files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "repl/session.h"
#include "tests/unit/registry_fixture.h"

struct world {
	struct place *place;
	char services[96];
	struct session *s;
	struct twz_arena arena;
};

static char heard[1 << 16];

static void
hear(void *data, const char *line)
{
	size_t n = strlen(heard);

	(void)data;
	snprintf(heard + n, sizeof(heard) - n, "%s\n", line);
}

/* Nothing of the machine's own: registry, state and services of this test. */
static int
world_make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	place_make((void **)&w->place);
	setenv("HOME", w->place->folder, 1);
	setenv("TWZ_REGISTRY", w->place->registry, 1);
	unsetenv("XDG_DATA_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("SCTX_PRELOAD");
	sprintf(w->services, "%s/services", w->place->folder);
	assert_int_equal(mkdir(w->services, 0700), 0);
	setenv("TWZ_PATH", w->services, 1);
	heard[0] = '\0';
	*state = w;
	return 0;
}

static int
world_remove(void **state)
{
	struct world *w = *state;

	session_close(w->s);
	twz_arena_free(&w->arena);
	place_remove((void **)&w->place);
	free(w);
	return 0;
}

static const struct repl_host *
open_as(struct world *w, const char *context, bool preload)
{
	const struct session_options options = { .context = context, .preload = preload,
						 .output = hear };
	struct twz_error err = { 0 };

	if (!session_open(&options, &w->s, &err))
		fail_msg("%s (%s)", err.text, err.hint);
	return session_host(w->s);
}

/* Calls SERVICE::GATE of the open session. */
static bool
call(struct world *w, const char *service, const char *gate, const struct twz_value *args, size_t n,
     struct twz_value *ret, struct twz_error *err)
{
	const struct repl_host *host = session_host(w->s);
	const struct twz_service *s;
	const struct twz_gate *g;

	if (!host->service(host->data, service, &s, err))
		return false;
	g = twz_gate_find(s, gate);
	assert_non_null(g);
	return host->call(host->data, s, g, args, n, 10000000000, &w->arena, ret, err);
}

static int64_t
call_int(struct world *w, const char *service, const char *gate, const struct twz_value *args,
	 size_t n)
{
	struct twz_error err = { 0 };
	struct twz_value v;

	if (!call(w, service, gate, args, n, &v, &err))
		fail_msg("%s::%s: %s (%s)", service, gate, err.text, err.hint);
	assert_int_equal(v.kind, TWZ_VALUE_INT);
	return (int64_t)v.integer;
}

/* Where the services are that were built with this test. */
static const char *
built(struct world *w, const char *service)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	*strrchr(self, '/') = '\0';
	return twz_format(&w->arena, "%s/lib/twz/lib%s.so", self, service);
}

/* Puts a built service into the test's folder under another name. */
static void
put_service(struct world *w, const char *service, const char *name)
{
	const char *to = twz_format(&w->arena, "%s/lib%s.so", w->services, name);
	int in = open(built(w, service), O_RDONLY | O_CLOEXEC), out;
	struct stat st;

	assert_true(in >= 0 && fstat(in, &st) == 0);
	unlink(to);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	assert_true(out >= 0);
	assert_int_equal(sendfile(out, in, NULL, (size_t)st.st_size), st.st_size);
	close(in);
	close(out);
}

static void
test_first_use_registers(void **state)
{
	const struct twz_value args[] = { twz_int(NULL, 1), twz_int(NULL, 2) };
	struct world *w = *state;

	open_as(w, NULL, false);
	assert_int_equal(access(w->place->registry, F_OK), -1);
	assert_int_equal(call_int(w, "calc", "add", args, 2), 3);
	assert_int_equal(place_count(w->place, "SELECT count(*) FROM service"), 1);
	assert_int_equal(call_int(w, "calc", "add", args, 2), 3);
}

static void
test_unknown_service(void **state)
{
	struct world *w = *state;
	const struct repl_host *host = open_as(w, NULL, false);
	const struct twz_service *service;
	struct twz_error err = { 0 };

	assert_false(host->service(host->data, "clac", &service, &err));
	assert_int_equal(err.cls, TWZ_CLASS_NAME);
	assert_int_equal(err.code, TWZ_ERR(NAMING, NOT_FOUND));
	assert_string_equal(err.text, "no service 'clac'");
	assert_string_equal(err.hint, "did you mean calc?");
}

static void
test_no_service_says_why(void **state)
{
	struct world *w = *state;
	const struct repl_host *host = open_as(w, NULL, false);
	const struct twz_service *service;
	struct twz_error err = { 0 };

	place_file(w->place, "services/libtext.so", "this is no library\n");
	assert_false(host->service(host->data, "text", &service, &err));
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	assert_non_null(strstr(err.text, "ELF"));
}

/* A file cannot take another service's name, and so neither its rights nor its folder. */
static void
test_file_name_wins(void **state)
{
	struct world *w = *state;
	const struct repl_host *host = open_as(w, NULL, false);
	const struct twz_service *service;
	struct twz_error err = { 0 };

	put_service(w, "passwd", "evil");
	assert_true(host->service(host->data, "evil", &service, &err));
	assert_string_equal(service->name, "evil");
}

static void
test_rights(void **state)
{
	const struct twz_value user[] = { twz_cstring(&((struct world *)*state)->arena, "carol") };
	struct world *w = *state;
	struct twz_error err = { 0 };
	struct twz_value v;

	open_as(w, "guest", false);
	assert_false(call(w, "passwd", "add_user", user, 1, &v, &err));
	assert_int_equal(err.cls, TWZ_CLASS_SECURITY);
	assert_string_equal(err.text, "Failed to call add_user in passwd: Permission denied");
}

static void
test_fault_names_its_place(void **state)
{
	struct world *w = *state;
	struct twz_error err = { 0 };
	struct twz_value v;

	open_as(w, NULL, false);
	assert_false(call(w, "fault", "null", NULL, 0, &v, &err));
	assert_int_equal(err.cls, TWZ_CLASS_FAULT);
	assert_memory_equal(err.text, "fault::null: SIGSEGV at 0x0 in ", 31);
	assert_non_null(strstr(err.text, "(fault.c:"));
	assert_non_null(strstr(err.text, "); outcome unknown"));
	assert_int_equal(call_int(w, "counter", "inc", NULL, 0), 1);
}

/* What is called after a file changed is the changed file. */
static void
test_changed_file_is_reloaded(void **state)
{
	struct world *w = *state;
	const struct repl_host *host = open_as(w, NULL, false);
	const struct twz_service *before, *after;

	put_service(w, "counter", "thing");
	assert_int_equal(call_int(w, "thing", "inc", NULL, 0), 1);
	assert_int_equal(call_int(w, "thing", "inc", NULL, 0), 2);
	assert_true(host->service(host->data, "thing", &before, NULL));
	put_service(w, "counter", "thing");
	assert_int_equal(call_int(w, "thing", "inc", NULL, 0), 1);
	assert_true(host->service(host->data, "thing", &after, NULL));
	assert_ptr_not_equal(before, after);
	put_service(w, "fault", "thing");
	assert_true(host->service(host->data, "thing", &after, NULL));
	assert_null(twz_gate_find(after, "inc"));
	assert_non_null(twz_gate_find(after, "null"));
}

static void
test_registry_damaged_behind_our_back(void **state)
{
	const struct twz_value args[] = { twz_int(NULL, 1), twz_int(NULL, 2) };
	struct world *w = *state;

	open_as(w, NULL, false);
	assert_int_equal(call_int(w, "calc", "add", args, 2), 3);
	session_close(w->s);
	w->s = NULL;
	place_edit(w->place, "DELETE FROM type WHERE id & 4294967295 = 0");
	open_as(w, NULL, false);
	assert_int_equal(call_int(w, "calc", "add", args, 2), 3);
}

/* A registered service is not read whole to complete a name of it; one that is in use is asked itself. */
static void
test_gates_by_prefix(void **state)
{
	const struct twz_value args[] = { twz_int(NULL, 1), twz_int(NULL, 2) };
	struct world *w = *state;
	const struct repl_host *host = open_as(w, NULL, false);
	const struct twz_gate *gates;
	size_t n;

	assert_false(host->gates(host->data, "calc", "a", &w->arena, &gates, &n));	/* not registered */
	assert_int_equal(call_int(w, "calc", "add", args, 2), 3);
	assert_false(host->gates(host->data, "calc", "a", &w->arena, &gates, &n));	/* in use */
	session_close(w->s);
	w->s = NULL;
	host = open_as(w, NULL, false);
	place_edit(w->place, "DELETE FROM type");		/* nothing of it is needed */
	assert_true(host->gates(host->data, "calc", "ad", &w->arena, &gates, &n));
	assert_true(n > 1);
	assert_string_equal(gates[0].name, "add");
	for (size_t i = 0; i < n; i++) {
		assert_memory_equal(gates[i].name, "ad", 2);
		assert_non_null(strchr(gates[i].signature, '('));
	}
	assert_false(host->gates(host->data, "calc", "nosuch", &w->arena, &gates, &n));
	assert_false(host->gates(host->data, "nosuch", "", &w->arena, &gates, &n));
	assert_false(host->gates(host->data, "sys", "", &w->arena, &gates, &n));
}

static void
test_registry_nowhere_to_write(void **state)
{
	struct world *w = *state;
	const struct repl_host *host;
	const struct twz_service *service;
	struct twz_error err = { 0 };

	setenv("TWZ_REGISTRY", "/proc/nowhere/registry.db", 1);
	host = open_as(w, NULL, false);
	assert_false(host->service(host->data, "calc", &service, &err));
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	assert_non_null(strstr(err.text, "/proc/nowhere"));
	assert_non_null(strstr(err.hint, "TWZ_REGISTRY"));
}

static void
test_stub_must_fit(void **state)
{
	struct world *w = *state;
	const struct repl_host *host = open_as(w, NULL, false);
	const struct twz_service *service;
	const struct twz_gate *inc;
	struct session_gate *gate;
	struct twz_error err = { 0 };
	uint64_t count = 0;

	assert_true(host->service(host->data, "counter", &service, &err));
	inc = twz_gate_find(service, "inc");
	assert_false(session_bind(w->s, "counter", "inc", inc->hash + 1, "inc(by: i32) -> u64",
				  &gate, &err));
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	assert_non_null(strstr(err.text, "signature of counter::inc changed"));
	assert_non_null(strstr(err.text, "inc(by: i32) -> u64"));
	assert_non_null(strstr(err.text, "inc() -> u64"));
	memset(&err, 0, sizeof(err));
	assert_true(session_bind(w->s, "counter", "inc", inc->hash, "", &gate, &err));
	assert_true(session_call(gate, NULL, &count, -1, &err));
	assert_true(session_call(gate, NULL, &count, -1, &err));
	assert_int_equal(count, 2);
	memset(&err, 0, sizeof(err));
	assert_false(session_bind(w->s, "counter", "icn", 0, "", &gate, &err));
	assert_string_equal(err.text, "no gate 'icn' in counter");
	assert_string_equal(err.hint, "did you mean inc?");
}

/* The rows of a built-in gate whose @field is @want. */
static size_t
rows_with(struct world *w, const char *gate, const char *field, const char *want)
{
	struct twz_error err = { 0 };
	struct twz_value v;
	size_t n = 0;

	if (!call(w, "sys", gate, NULL, 0, &v, &err))
		fail_msg("sys::%s: %s", gate, err.text);
	assert_int_equal(v.kind, TWZ_VALUE_LIST);
	for (size_t i = 0; i < v.list.n; i++) {
		const struct twz_value *f = twz_field(&v.list.items[i], field);

		assert_non_null(f);
		n += f->kind == TWZ_VALUE_STRING && !strcmp(f->string.text, want);
	}
	return n;
}

/* The number in @field of the first row of a built-in gate. */
static int64_t
first_number(struct world *w, const char *gate, const char *field)
{
	struct twz_error err = { 0 };
	struct twz_value v;

	assert_true(call(w, "sys", gate, NULL, 0, &v, &err));
	assert_true(v.kind == TWZ_VALUE_LIST && v.list.n > 0);
	assert_non_null(twz_field(&v.list.items[0], field));
	return (int64_t)twz_field(&v.list.items[0], field)->integer;
}

/*
 * A stub is bound to what was inspected. When its compartment has to be started again and another
 * file lies there by then, that one is not called as if it were the first.
 */
static void
test_replaced_file_is_not_called(void **state)
{
	struct world *w = *state;
	const struct repl_host *host = open_as(w, NULL, false);
	const struct twz_service *service;
	struct session_gate *gate;
	struct twz_error err = { 0 };
	uint64_t count = 0;

	put_service(w, "counter", "thing");
	assert_true(host->service(host->data, "thing", &service, &err));
	assert_true(session_bind(w->s, "thing", "inc", twz_gate_find(service, "inc")->hash, "", &gate,
				 &err));
	assert_true(session_call(gate, NULL, &count, -1, &err));
	put_service(w, "calc", "thing");
	assert_int_equal(kill((pid_t)first_number(w, "compartments", "pid"), SIGKILL), 0);
	while (session_call(gate, NULL, &count, 10000000000, &err))
		assert_true(count > 1);		/* the signal is still under way */
	if (err.cls == TWZ_CLASS_FAULT) {	/* it arrived during a call: the next one starts it anew */
		memset(&err, 0, sizeof(err));
		assert_false(session_call(gate, NULL, &count, 10000000000, &err));
	}
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	assert_non_null(strstr(err.text, "no longer the one that was inspected"));
}

static void
test_sys(void **state)
{
	struct world *w = *state;
	const struct twz_value name = twz_cstring(&w->arena, "counter");
	struct twz_error err = { 0 };
	struct twz_value v;

	open_as(w, NULL, false);
	place_file(w->place, "services/libtext.so", "this is no library\n");
	assert_int_equal(rows_with(w, "services", "name", "calc"), 1);
	assert_int_equal(rows_with(w, "services", "name", "text"), 1);
	assert_int_equal(rows_with(w, "services", "state", "built in"), 2);
	assert_true(rows_with(w, "gates", "service", "sys") >= 17);
	assert_true(rows_with(w, "gates", "service", "calc") > 20);
	assert_int_equal(rows_with(w, "errors", "value", "0000000400000001"), 1);
	assert_int_equal(rows_with(w, "compartments", "service", "counter"), 0);
	assert_int_equal(call_int(w, "counter", "inc", NULL, 0), 1);
	assert_int_equal(rows_with(w, "compartments", "service", "counter"), 1);
	assert_true(rows_with(w, "status", "property", "") == 0);
	assert_true(call(w, "sys", "gates", &name, 1, &v, &err));
	assert_int_equal(v.list.n, 5);
	assert_true(call(w, "sys", "stats", NULL, 0, &v, &err));
	assert_true(twz_field(&v, "calls")->integer == 1);
}

static void
test_preload(void **state)
{
	struct world *w = *state;

	put_service(w, "calc", "counter");	/* what the folders would find */
	setenv("SCTX_PRELOAD", built(w, "counter"), 1);
	open_as(w, NULL, true);
	unsetenv("SCTX_PRELOAD");
	assert_int_equal(rows_with(w, "compartments", "service", "counter"), 1);
	assert_int_equal(call_int(w, "counter", "inc", NULL, 0), 1);
}

static void
test_preload_of_nothing(void **state)
{
	const struct session_options options = { .preload = true };
	struct world *w = *state;
	struct twz_error err = { 0 };

	setenv("SCTX_PRELOAD", "libnothing.so", 1);
	assert_false(session_open(&options, &w->s, &err));
	unsetenv("SCTX_PRELOAD");
	w->s = NULL;
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	assert_non_null(strstr(err.text, "libnothing.so"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_first_use_registers),
		TEST(test_unknown_service),
		TEST(test_no_service_says_why),
		TEST(test_file_name_wins),
		TEST(test_rights),
		TEST(test_fault_names_its_place),
		TEST(test_changed_file_is_reloaded),
		TEST(test_replaced_file_is_not_called),
		TEST(test_registry_damaged_behind_our_back),
		TEST(test_gates_by_prefix),
		TEST(test_registry_nowhere_to_write),
		TEST(test_stub_must_fit),
		TEST(test_sys),
		TEST(test_preload),
		TEST(test_preload_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
