/*
 * A compartment: loads its service, then listens to the monitor on the main thread while links'
 * threads run gates. The end of the control socket is the end of the process.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "monitor/guest/guest.h"
#include "monitor/guest/mapped.h"

static struct message_in in, order;	/* order: START, for as long as its texts are needed */
static const char *state_dir;

__attribute__((visibility("default"))) const char *
twz_state_dir(void)
{
	return state_dir;
}

static void
tell(uint32_t kind, uint64_t a, uint64_t b, const void *bytes, size_t n)
{
	struct message m = { .kind = kind, .word = { a, b } };

	if (!message_send(GUEST_CONTROL_FD, &m, bytes, n, NULL, 0))
		_exit(0);
}

static void __attribute__((noreturn))
unloadable(const char *why)
{
	tell(MESSAGE_UNLOADABLE, 0, 0, why, strlen(why));
	_exit(127);
}

void *
compartment_load(const char *path, const char *build_id, const char **why)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	struct mapped m;

	if (!library) {
		*why = dlerror();
		return NULL;
	}
	m = mapped_find(library);
	if (mapped_is(&m, build_id))
		return library;
	*why = "its file is no longer the one that was inspected; call it again";
	return NULL;
}

static void *
load(const struct guest_start *start)
{
	const char *why = NULL;
	void *library = preloaded() ? preloaded() : compartment_load(start->path, start->build_id, &why);
	struct mapped m;

	if (!library)
		unloadable(why);
	m = mapped_find(library);
	crash_loaded(m.base, m.size);
	return library;
}

/* What the loader of the service wants it to find in its environment. */
static void
set_environment(const struct guest_start *start)
{
	const char *at = start->env;

	for (uint64_t i = 0; i < start->nenv; i++, at += strlen(at) + 1)
		if (strchr(at, '='))
			putenv(strdup(at));
}

/* It lies there: the monitor sent it together with START. */
static void
take_given(uint64_t n)
{
	for (; n; n--) {
		if (message_receive(GUEST_CONTROL_FD, &in, true) <= 0)
			_exit(0);
		given_take(&in);
		message_drop(&in);
	}
}

/* The questions are of the monitor's, the answers of a process that may be the service's: see there. */
static void
tell_symbol(uint64_t serial, void *library, const char *name)
{
	struct message m = { .kind = MESSAGE_TOLD, .serial = serial };
	void *address = dlsym(library, name);
	const char *file = "";
	Dl_info info;

	if (address && dladdr(address, &info) && info.dli_fname) {
		file = info.dli_fname;
		m.word[0] = (uint64_t)(uintptr_t)address;
		m.word[1] = (uint64_t)(uintptr_t)info.dli_fbase;
	}
	if (!message_send(GUEST_CONTROL_FD, &m, file, strlen(file) + 1, NULL, 0))
		_exit(0);
}

struct libraries {
	size_t n;
	char text[64 << 10];
};

static int
add_library(struct dl_phdr_info *info, size_t size, void *data)
{
	struct libraries *l = data;
	const char *name = *info->dlpi_name ? info->dlpi_name : "twz-guest";
	int n = snprintf(l->text + l->n, sizeof(l->text) - l->n, "%llx %s",
			 (unsigned long long)info->dlpi_addr, name);

	(void)size;
	if (n > 0 && (size_t)n + 1 < sizeof(l->text) - l->n)
		l->n += (size_t)n + 1;
	return 0;
}

static void
tell_libraries(uint64_t serial)
{
	struct message m = { .kind = MESSAGE_TOLD, .serial = serial };
	static struct libraries l;

	l.n = 0;
	dl_iterate_phdr(add_library, &l);
	if (!message_send(GUEST_CONTROL_FD, &m, l.text, l.n, NULL, 0))
		_exit(0);
}

static void
answer(void *library)
{
	size_t at = 0;

	if (in.head.word[0] == ASK_SYMBOL) {
		tell_symbol(in.head.serial, library, message_text(&in, &at));
	} else if (in.head.word[0] == ASK_PARK) {
		struct message done = { .kind = MESSAGE_TOLD, .serial = in.head.serial };

		park_all();
		if (!message_send(GUEST_CONTROL_FD, &done, NULL, 0, NULL, 0))
			_exit(0);
	} else {
		tell_libraries(in.head.serial);
	}
}

/* Its destructors run here, on the thread that ran its constructors. */
static void __attribute__((noreturn))
unload(void *library)
{
	dlclose(library);
	exit(0);
}

/* From START to where the service can be called. */
static void *
start(const struct guest_start *start, struct message_confinement *confinement)
{
	const char *name = strrchr(start->path, '/');

	prctl(PR_SET_NAME, name ? name + 1 : start->path);
	if (!confine_compartment(start, confinement))
		tell(MESSAGE_CONFINED, 0, 0, confinement, sizeof(*confinement));
	state_dir = preloaded() ? NULL : strdup(start->state);
	set_environment(start);
	take_given(start->given);
	if (start->require_full && confine_lacks(confinement))
		unloadable(confine_lacks(confinement));
	dispatch_first();
	if (guest_kind & GUEST_DEBUG)
		raise(SIGSTOP);
	return load(start);
}

/* A clone that is not needed now waits here. */
static void *
await_start(struct message_confinement *confinement)
{
	struct guest_start s;
	size_t at = 0;
	int got = message_receive(GUEST_CONTROL_FD, &order, false);

	if (got < 0 && errno == EAGAIN) {
		prctl(PR_SET_NAME, "twz-spare");
		warm_up();
		got = message_receive(GUEST_CONTROL_FD, &order, true);
	}
	if (got <= 0 || order.head.kind != MESSAGE_START)
		_exit(0);
	s = (struct guest_start){
		.memory = order.head.word[0],
		.compartment = order.head.word[1],
		.path = message_text(&order, &at),
		.state = message_text(&order, &at),
		.build_id = message_text(&order, &at),
		.granted = message_text(&order, &at),
		.nenv = order.head.word[2],
		.require_full = order.head.word[3] != 0,
		.given = order.head.word[4],
		.state_fd = preloaded() ? -1 : order.fds[0],
		.out = order.fds[preloaded() ? 0 : 1],
	};
	s.env = (const char *)order.bytes + at;
	return start(&s, confinement);
}

/*
 * The next message. The monitor hears that the service is ready when nothing else is left to do: who waits for its
 * first answer need not wait until the monitor's thread was woken on some sleeping CPU.
 */
static void
await_order(void)
{
	static bool told;
	int got = message_receive(GUEST_CONTROL_FD, &in, told);

	if (!told && got < 0 && errno == EAGAIN) {
		told = true;
		tell(MESSAGE_READY, 0, 0, NULL, 0);
		got = message_receive(GUEST_CONTROL_FD, &in, true);
	}
	if (got <= 0)
		_exit(0);
}

static void
add_link(void *library)
{
	size_t n = in.head.word[4];

	if (n > in.n)
		_exit(126);
	if (n)
		gate_add(library, (const void *)in.bytes, n);
	dispatch_start(&in, n, in.fds[0]);
}

void
compartment_run(struct message_confinement *confinement)
{
	void *library;

	/* What a gate prints leaves before it returns; the way of every call need not look for it. */
	setvbuf(stdout, NULL, _IONBF, 0);
	tell(MESSAGE_CONFINED, 0, 0, confinement, sizeof(*confinement));
	library = await_start(confinement);
	for (;;) {
		await_order();
		if (in.head.kind == MESSAGE_GATE)
			gate_add(library, (const void *)in.bytes, in.n);
		else if (in.head.kind == MESSAGE_SHARED)
			shared_told(&in);
		else if (in.head.kind == MESSAGE_LINK)
			add_link(library);
		else if (in.head.kind == MESSAGE_ALLOW)
			dispatch_allow(&in);
		else if (in.head.kind == MESSAGE_FORBID)
			dispatch_forbid(&in);
		else if (in.head.kind == MESSAGE_BOUND || in.head.kind == MESSAGE_REFUSED ||
			 in.head.kind == MESSAGE_LENT)
			nested_answer(&in);
		else if (in.head.kind == MESSAGE_ASK)
			answer(library);
		else if (in.head.kind == MESSAGE_END)
			unload(library);
		message_drop(&in);
	}
}
