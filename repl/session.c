/*
 * A session ties four things together that do not know each other: the registry (what gates there
 * are), twz-inspect (which fills it), the monitor (which calls them) and sys (the gates of our
 * own).
 *
 * Opening must be cheap. The monitor's zygote is started first and gets ready on the other CPU
 * while the caller parses text; the registry is opened when the first service is asked for.
 *
 * Threads. The language runs on one, stubs call on any, and the monitor asks for services and
 * rights on its own. One lock guards what is looked up (registry, services, bound gates); no call
 * is made and no question to the monitor asked with it held.
 */
#include "repl/session.h"

#include <errno.h>
#include <string.h>

#include "repl/session_inner.h"
#include "repl/session_places.h"
#include "repl/sys.h"

static void
take_output(void *data, const char *service, const char *bytes, size_t n)
{
	struct session *s = data;

	output_put(&s->output, service, bytes, n);
}

static void
take_program_output(void *data, const char *service, const char *bytes, size_t n)
{
	struct session *s = data;

	output_put_program(&s->output, service, bytes, n);
}

/* The environment of a program with more rights than its user is no place to take them from. */
static bool
read_level(const char *text, struct monitor_options *options, struct twz_error *err)
{
	const struct twz_member *level;

	text = text ? text : secure_getenv("TWZ_ISOLATION");
	if (!text || !*text)
		return true;
	level = twz_member_find(&sys_type_level, text);
	if (!level)
		return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"no level of isolation '%s'; there are none, callee, caller and full", text);
	options->asks = true;
	options->level = (enum twz_level)level->value;
	return true;
}

static bool
read_required(const char *text, struct monitor_options *options, struct twz_error *err)
{
	text = text ? text : secure_getenv("TWZ_REQUIRE");
	options->require_full = text && *text;
	return !options->require_full || !strcmp(text, "full") ||
	       twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			"no confinement '%s' to be required; there is full", text);
}

static bool
start_monitor(struct session *s, const struct session_options *asked, const struct places *places,
	      struct twz_error *err)
{
	struct monitor_options options = {
		.host = { .data = s, .service = session_needed, .may_call = rights_may_call,
			  .may_ask = rights_may_ask, .output = take_output,
			  .program_output = take_program_output },
		.context = s->contexts[0],
		.guest = places->guest,
		.state_dir = places->state,
	};

	return read_level(asked->isolation, &options, err) &&
	       read_required(asked->require, &options, err) && monitor_open(&options, &s->monitor, err);
}

static void
close_sessionp(struct session **s)
{
	session_close(*s);
}

static bool
was_interrupted(void *data)
{
	const struct session *s = data;

	return __atomic_load_n(&s->interrupted, __ATOMIC_RELAXED);
}

static void
settle(void *data)
{
	session_flush(data);
}

bool
session_open(const struct session_options *options, struct session **ret, struct twz_error *err)
{
	TWZ_CLEANUP(close_sessionp) struct session *s = calloc(1, sizeof(*s));
	struct places places;

	if (!s)
		return twz_fail_sys(err, ENOMEM, "open a session");
	pthread_mutex_init(&s->lock, NULL);
	s->waits = options->waits;
	output_init(&s->output, options);
	s->contexts[0] = twz_strdup(&s->arena, options->context ? options->context : REGISTRY_OWNER);
	if (options->registry)
		s->registry_path = twz_strdup(&s->arena, options->registry);
	s->host = (struct repl_host){
		.data = s,
		.service = session_host_service,
		.gates = session_host_gates,
		.known = session_host_known,
		.services = session_names,
		.plan = session_host_plan,
		.call = session_host_call,
		.call_many = session_host_call_many,
		.large = session_host_large,
		.debug = session_debug,
		.query = options->query,
		.table = options->table,
		.settle = settle,
		.interrupted = was_interrupted,
		.resolver = sys_resolver_of,
	};
	if (!places_find(&s->arena, &places, err) || !start_monitor(s, options, &places, err))
		return false;
	s->inspect = places.inspect;
	s->folders = registry_folders(places.services, &s->arena);
	if (options->preload && !session_preload(s, err))
		return false;
	*ret = twz_steal(&s);
	return true;
}

void
session_close(struct session *s)
{
	if (!s)
		return;
	session_settle(s);
	monitor_close(s->monitor);
	output_flush(&s->output);
	output_deinit(&s->output);
	registry_close(s->registry);
	pthread_mutex_destroy(&s->lock);
	twz_arena_free(&s->arena);
	twz_arena_free(&s->crash_arena);
	free(s);
}

const struct repl_host *
session_host(struct session *s)
{
	return &s->host;
}

void
session_interrupt(struct session *s)
{
	if (__atomic_load_n(&s->debugging, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&s->interrupted, true, __ATOMIC_RELAXED);
	monitor_interrupt(s->monitor);
}

void
session_resume(struct session *s)
{
	__atomic_store_n(&s->interrupted, false, __ATOMIC_RELAXED);
	monitor_resume(s->monitor);
}

void
session_flush(struct session *s)
{
	monitor_flush(s->monitor);
	output_flush(&s->output);
}
