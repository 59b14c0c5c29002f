/*
 * A zygote of one service: its clones find it loaded and relocated, its constructors run. It closes itself off like a
 * compartment before it loads anything; what only its clones can refuse, making processes, it must keep for itself.
 * So this is for services that are trusted not to; and none of its clones has a private folder, as the rules for
 * files are the same for all of them.
 */
#include <string.h>
#include <unistd.h>

#include "monitor/guest/guest.h"

static void *library;

void *
preloaded(void)
{
	return library;
}

static void __attribute__((noreturn))
refuse(const char *why)
{
	struct message m = { .kind = MESSAGE_UNLOADABLE };

	(void)!message_send(GUEST_ZYGOTE_FD, &m, why, strlen(why), NULL, 0);
	_exit(127);
}

void
preload(struct message_in *in, struct message_confinement *confinement)
{
	struct message said = { .kind = MESSAGE_CONFINED };
	const char *why = NULL;
	size_t at = 0;
	struct guest_start s = {
		.memory = in->head.word[0],
		.path = message_text(in, &at),
		.build_id = message_text(in, &at),
		.granted = message_text(in, &at),
		.state_fd = -1,
		.out = -1,
	};

	if (library || !confine_preload(&s, confinement))
		refuse("it could not be confined");
	if (!message_send(GUEST_ZYGOTE_FD, &said, confinement, sizeof(*confinement), NULL, 0))
		_exit(0);
	library = compartment_load(s.path, s.build_id, &why);
	if (!library)
		refuse(why);
}
