/*
 * What a word that means nothing may have been meant as: how to leave, a service, a gate without its service, a
 * program. Said below the error, so that who types what other shells take has a next step.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "repl/lang/interp.h"
#include "repl/lang/lang.h"

static bool
is_farewell(const char *word)
{
	static const char *const words[] = { "quit", "q", "bye", "logout", ":q" };

	for (size_t i = 0; i < TWZ_COUNT(words); i++)
		if (!strcmp(word, words[i]))
			return true;
	return false;
}

static bool
is_service(const char *const *services, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(services[i], word))
			return true;
	return false;
}

/* The first service that has such a gate, of those that need not be inspected for it. */
static const char *
service_with(struct lang *l, const char *const *services, size_t n, const char *word)
{
	const struct repl_host *host = l->options->host;

	for (size_t i = 0; i < n; i++) {
		struct twz_error ignored = { 0 };
		const struct twz_service *service;
		const struct twz_gate *gates;
		size_t ngates;

		if (host->known && !host->known(host->data, services[i]))
			continue;
		if (host->gates && host->gates(host->data, services[i], word, l->arena, &gates, &ngates)) {
			for (size_t k = 0; k < ngates; k++)
				if (!strcmp(gates[k].name, word))
					return services[i];
		} else if (host->service(host->data, services[i], &service, &ignored) &&
			   twz_gate_find(service, word)) {
			return services[i];
		}
	}
	return NULL;
}

static bool
is_program(struct lang *l, const char *word)
{
	const char *path = getenv("PATH");
	struct stat st;

	while (path && *path && !strchr(word, '/')) {
		size_t n = strcspn(path, ":");
		const char *file = twz_format(l->arena, "%.*s/%s", (int)n, path, word);

		if (!access(file, X_OK) && !stat(file, &st) && S_ISREG(st.st_mode))
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

bool
lang_stray(struct lang *l, const char *word, bool calls, struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	const char *const *services = NULL, *service;
	size_t n = 0;

	if (is_farewell(word)) {
		twz_hint(err, "exit, or Ctrl-D, leaves");
		return true;
	}
	if (host->services)
		n = host->services(host->data, l->arena, &services);
	if (is_service(services, n, word)) {
		twz_hint(err, "help %s lists the gates of this service, which are called as %s::GATE", word, word);
		return true;
	}
	service = calls ? service_with(l, services, n, word) : NULL;
	if (service)
		twz_hint(err, "did you mean %s::%s?", service, word);
	else if (is_program(l, word))
		twz_hint(err, calls ? "for the program write: run %s" : "for the program write: run %s; for the text: \"%s\"", word,
			 word);
	return *err->hint;
}
