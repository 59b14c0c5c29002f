/*
 * What services ask for in their records. Nothing of it is there until it was granted: as a capability of the
 * service's own context, or by a policy file,
 *
 *	# what is granted on this machine
 *	service:thumb files:/srv/pictures read
 *	service:thumb memory:2147483648
 *
 * which is believed when it belongs to root or the user and nobody else can write it.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "repl/session_inner.h"

enum { LINE_MAX_ = 4096 };

static const char *
context_of(const char *service, struct twz_arena *arena)
{
	return twz_format(arena, "service:%s", service);
}

const char *
asks_grant_text(const char *service, const struct twz_ask *ask, struct twz_arena *arena)
{
	const char *rights = ask->rights & TWZ_ASK_CALL ? "" :
			     ask->rights == TWZ_ASK_READ ? " --rights=read" :
			     ask->rights == TWZ_ASK_WRITE ? " --rights=write" : " --rights=read,write";

	return twz_format(arena, "sys::grant %s %s:%s%s", context_of(service, arena),
			  twz_ask_kind_text(ask->kind), ask->what, rights);
}

/* -- the policy file ------------------------------------------------------------------------------- */

static bool
line_says(char *line, const char *context, const struct twz_ask *ask)
{
	const struct registry_capability wanted = {
		.context = "", .service = REGISTRY_HOST, .capability = twz_ask_kind_text(ask->kind),
		.gate = ask->what, .rights = ask->rights,
	};
	struct twz_ask said;
	TWZ_ARENA arena = { 0 };
	char *rest, *who = strtok_r(line, " \t\n", &rest), *what = who ? strtok_r(NULL, " \t\n", &rest) : NULL;
	const char *rights = what ? strtok_r(NULL, "\n", &rest) : NULL;
	char *colon = what ? strchr(what, ':') : NULL;

	if (!colon || strcmp(who, context))
		return false;
	*colon = 0;
	return twz_ask_make(what, rights ? rights : "call", colon + 1, false, &arena, &said) &&
	       !(ask->rights & ~said.rights) &&
	       registry_covers(&(struct registry_capability){
			.service = REGISTRY_HOST, .capability = twz_ask_kind_text(said.kind), .gate = said.what,
			.rights = said.rights }, &wanted);
}

static bool
policy_says(const char *path, const char *context, const struct twz_ask *ask)
{
	TWZ_FCLOSE FILE *f = fopen(path, "re");
	char line[LINE_MAX_];
	struct stat st;

	if (!f || fstat(fileno(f), &st) || !S_ISREG(st.st_mode) || st.st_mode & 022 ||
	    (st.st_uid && st.st_uid != geteuid()))
		return false;
	while (fgets(line, sizeof(line), f))
		if (*line != '#' && line_says(line, context, ask))
			return true;
	return false;
}

static bool
some_policy_says(const char *context, const struct twz_ask *ask)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	TWZ_ARENA arena = { 0 };
	const char *own = NULL;

	if (config && *config == '/')
		own = twz_format(&arena, "%s/twz/policy", config);
	else if (home && *home == '/')
		own = twz_format(&arena, "%s/.config/twz/policy", home);
	return policy_says("/etc/twz/policy", context, ask) || (own && policy_says(own, context, ask));
}

/* -------------------------------------------------------------------------------------------------- */

bool
asks_has(struct session *s, const char *service, const struct twz_ask *ask)
{
	TWZ_ARENA arena = { 0 };
	const char *context = context_of(service, &arena);
	struct registry *reg;

	return (session_registry(s, &reg, NULL) &&
		registry_may_use(reg, context, twz_ask_kind_text(ask->kind), ask->what, ask->rights, NULL)) ||
	       some_policy_says(context, ask);
}

void
asks_resolve(struct session *s, struct loaded *l)
{
	const char *at = l->service.asks, *granted = "";
	struct twz_ask ask;

	while (twz_ask_next(&at, &s->arena, &ask))
		if (asks_has(s, l->name, &ask))
			granted = twz_format(&s->arena, "%s%s", granted, twz_ask_line(&ask, &s->arena));
	__atomic_store_n(&l->service.granted, granted, __ATOMIC_RELEASE);
}

void
asks_tell(struct session *s, struct loaded *l)
{
	const char *at = l->service.asks;
	TWZ_ARENA arena = { 0 };
	struct twz_ask ask;

	WITH_LOCK(s);

	if (l->told)
		return;
	l->told = true;
	while (twz_ask_next(&at, &arena, &ask))
		if (!asks_has(s, l->name, &ask))
			s->output.write(s->output.data, twz_format(&arena, "%s %s %s, not granted: %s", l->name,
				ask.needed ? "needs" : "asks for", twz_ask_shown(&ask, &arena),
				asks_grant_text(l->name, &ask, &arena)));
}
