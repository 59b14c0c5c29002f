/* What may be done to a compartment: made, waited for, signalled, unloaded. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "repl/sys.h"

/* -- loading ----------------------------------------------------------------------------------- */

enum load_param { LOAD_SERVICE, LOAD_ISOLATION, LOAD_MECHANISM, LOAD_INSTANCE, LOAD_DUP, LOAD_FRESH,
		  LOAD_DEBUG, LOAD_RESTART, LOAD_MEMORY, LOAD_ENV, LOAD_ARGS, LOAD_FDS, LOAD_PARK, LOAD_PRELOAD };

/* Blanks separate; what needs one inside is no business of a command line. */
static uint32_t
read_words(const struct sys_request *r, const char *text, const char *inside, const char *const **ret)
{
	char *rest = text ? twz_strdup(r->arena, text) : NULL, *word;
	const char **all = NULL;
	size_t n = 0;

	while ((word = strsep(&rest, " \t\n")))
		if (*word && strstr(word, inside))
			twz_push(r->arena, all, n, word);
	*ret = all;
	return (uint32_t)n;
}

/* NAME<PATH is read, NAME>PATH written anew, NAME>>PATH written to its end, NAME<>PATH both. */
static bool
open_fd(const struct sys_request *r, const char *word, struct monitor_fd *ret, struct twz_error *err)
{
	static const struct {
		const char *text;
		int flags;
	} ways[] = {
		{ "<>", O_RDWR | O_CREAT }, { ">>", O_WRONLY | O_CREAT | O_APPEND },
		{ "<", O_RDONLY }, { ">", O_WRONLY | O_CREAT | O_TRUNC },
	};
	const char *sign = strpbrk(word, "<>");

	for (size_t i = 0; sign && sign > word && i < TWZ_COUNT(ways); i++) {
		size_t n = strlen(ways[i].text);

		if (strncmp(sign, ways[i].text, n))
			continue;
		ret->name = twz_strndup(r->arena, word, (size_t)(sign - word));
		ret->fd = open(sign + n, ways[i].flags | O_CLOEXEC | O_NOCTTY, 0666);
		return ret->fd >= 0 ||
		       twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "cannot open %s: %s", sign + n,
				strerror(errno));
	}
	twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "'%s' gives no descriptor", word);
	return twz_hint(err, "write it like 'in<FILE', 'out>FILE', 'log>>FILE' or 'both<>FILE'");
}

static void
close_fds(const struct monitor_fd *fds, uint32_t n)
{
	while (n)
		close(fds[--n].fd);
}

static bool
open_fds(const struct sys_request *r, const char *text, struct monitor_load_options *o, struct twz_error *err)
{
	const char *const *words;
	uint32_t n = read_words(r, text, "", &words);
	struct monitor_fd *fds = twz_new_array(r->arena, n + 1, struct monitor_fd);

	for (o->nfds = 0; o->nfds < n; o->nfds++)
		if (!open_fd(r, words[o->nfds], &fds[o->nfds], err)) {
			close_fds(fds, o->nfds);
			return false;
		}
	o->fds = fds;
	return true;
}

/* At most a year; what is not a number of seconds is never. */
static uint64_t
seconds(int64_t n)
{
	const int64_t year = 365 * 24 * 3600;

	return n <= 0 ? 0 : (uint64_t)(n < year ? n : year) * 1000000000;
}

bool
sys_load(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct session_load load = {
		.what = sys_arg_text(r, LOAD_SERVICE),
		.name = sys_arg_text(r, LOAD_INSTANCE),
		.dup = sys_arg_flag(r, LOAD_DUP),
		.timeout_ns = r->timeout_ns,
		.options = {
			.asks = sys_arg(r, LOAD_ISOLATION) != NULL,
			.level = (enum twz_level)sys_arg_number(r, LOAD_ISOLATION, TWZ_LEVEL_NONE),
			.mechanism = (enum monitor_mechanism)sys_arg_number(r, LOAD_MECHANISM,
									    MONITOR_BY_LEVEL),
			.memory = (uint64_t)sys_arg_number(r, LOAD_MEMORY, 0) << 20,
			.fresh = sys_arg_flag(r, LOAD_FRESH),
			.preload = sys_arg_flag(r, LOAD_PRELOAD),
			.debug = sys_arg_flag(r, LOAD_DEBUG),
			.restart = (enum monitor_restart)sys_arg_number(r, LOAD_RESTART,
									MONITOR_RESTART_BY_RECORD),
			.park_ns = seconds(sys_arg_number(r, LOAD_PARK, 0)),
		},
	};
	const char *name;
	bool ok;

	load.options.nenv = read_words(r, sys_arg_text(r, LOAD_ENV), "=", &load.options.env);
	load.options.nargs = read_words(r, sys_arg_text(r, LOAD_ARGS), "", &load.options.args);
	if (!open_fds(r, sys_arg_text(r, LOAD_FDS), &load.options, err))
		return false;
	ok = session_load(r->s, &load, &name, err);
	close_fds(load.options.fds, load.options.nfds);
	if (!ok)
		return false;
	*ret = sys_text(r, name);
	return true;
}

bool
sys_unload(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	bool put_off;

	if (!session_unload(r->s, sys_arg_text(r, 0), &put_off, err))
		return false;
	*ret = sys_text(r, put_off ? "put_off" : "destructed");
	return true;
}

bool
sys_park(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "how", "before", "after" };
	const struct twz_service *service;
	struct monitor_parked parked;

	if (!session_named(r->s, sys_arg_text(r, 0), &service, err) ||
	    !monitor_park(r->s->monitor, service, &parked, err))
		return false;
	*ret = SYS_RECORD(r, names, sys_text(r, parked.ended ? "ended" : "kept"), sys_count(parked.before),
			  sys_count(parked.after));
	return true;
}

/* Levels are part of what was promised when the compartment was made. */
bool
sys_isolation(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const char *name = sys_arg_text(r, 0);
	const struct monitor_load_options other = {
		.asks = true,
		.level = (enum twz_level)sys_arg_number(r, 1, TWZ_LEVEL_FULL),
	};
	const struct monitor_detail *details;
	const struct twz_service *service;
	struct monitor_info info;
	size_t n;

	(void)ret;
	if (!session_named(r->s, name, &service, err) ||
	    !monitor_describe(r->s->monitor, service, r->arena, &info, &details, &n, err))
		return false;
	if (info.active == other.level)
		return true;
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, NOT_SUPPORTED),
		 "the isolation of %s cannot be changed: it was loaded with level %s", name,
		 sys_type_level.members[info.active].name);
	return twz_hint(err, "load another instance: sys::load NAME::%s --isolation=%s", service->path,
			sys_type_level.members[other.level].name);
}

/* -- waiting and signals ----------------------------------------------------------------------- */

bool
sys_wait(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "state", "status", "signal", "why" };
	enum monitor_flag flag = (enum monitor_flag)sys_arg_number(r, 1, MONITOR_FLAG_READY);
	const struct twz_service *service;
	struct monitor_end end;
	const char *signal_name;

	if (!session_named(r->s, sys_arg_text(r, 0), &service, err) ||
	    !monitor_wait(r->s->monitor, service, flag, r->timeout_ns, &end, err))
		return false;
	signal_name = end.signal ? sigabbrev_np(end.signal) : "";
	*ret = SYS_RECORD(r, names, sys_text(r, sys_type_flag.members[flag].name),
			  twz_int(&twz_type_i32, end.status), sys_text(r, signal_name),
			  sys_text(r, end.why));
	return true;
}

/* "TERM", "SIGTERM" or 15; 0: none. */
static int
read_signal(const char *text)
{
	int number = atoi(text);

	if (number > 0 && number < NSIG)
		return number;
	if (!strncmp(text, "SIG", 3))
		text += 3;
	for (number = 1; number < NSIG; number++) {
		const char *name = sigabbrev_np(number);

		if (name && !strcmp(name, text))
			return number;
	}
	return 0;
}

bool
sys_signal(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const char *text = sys_arg_text(r, 1);
	const struct twz_service *service;
	int number = read_signal(text);

	(void)ret;
	if (!number) {
		twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "no signal '%s'", text);
		return twz_hint(err, "write it like TERM, KILL, USR1 or 15");
	}
	if (sys_arg_flag(r, 2))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"signals to a group of compartments are not supported");
	return session_named(r->s, sys_arg_text(r, 0), &service, err) &&
	       monitor_signal(r->s->monitor, service, number, err);
}
