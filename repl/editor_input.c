/*
 * Where the full editor waits: for keys, for other threads that have something to say, for the terminal
 * to change its size. The line is shown when there is nothing left to be read, not for each key of many.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "repl/editor_inner.h"
#include "repl/editor_keys.h"
#include "repl/signals.h"

/* How long an Escape waits for the rest of a key, where it is a key of its own. */
enum { ESCAPE_MS = 100 };

/* eventfd: something for the editor came from elsewhere. A signal handler must reach it. */
static int wake_fd = -1;
static volatile sig_atomic_t resized;

static void
wake(void)
{
	int saved = errno;

	(void)!write(wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
	errno = saved;
}

static void
on_resize(int sig)
{
	(void)sig;
	resized = 1;
	wake();
}

bool
edit_input_open(struct edit *e)
{
	struct sigaction sa = { .sa_handler = on_resize, .sa_flags = SA_RESTART };

	pthread_mutex_init(&e->lock, NULL);
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigemptyset(&sa.sa_mask);
	return wake_fd >= 0 && !sigaction(SIGWINCH, &sa, NULL);
}

void
edit_input_close(struct edit *e)
{
	signal(SIGWINCH, SIG_DFL);
	if (wake_fd >= 0)
		close(wake_fd);
	wake_fd = -1;
	pthread_mutex_destroy(&e->lock);
	free(e->notices);
}

/* -- what others say ------------------------------------------------------------------------------ */

static char *
take_notices(struct edit *e, bool reading)
{
	char *text;

	pthread_mutex_lock(&e->lock);
	text = twz_steal(&e->notices);
	e->reading = reading;
	pthread_mutex_unlock(&e->lock);
	return text;
}

static void
write_notices(struct edit *e, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			putc('\r', e->out);
		putc(*text, e->out);
	}
	edit_painted(e->out);
}

void
edit_set_reading(struct edit *e, bool reading)
{
	TWZ_FREE char *text = take_notices(e, reading);

	if (text)
		write_notices(e, text);
}

static void
show_notices(struct edit *e)
{
	TWZ_FREE char *text = take_notices(e, true);

	if (!text)
		return;
	edit_erase(e);
	write_notices(e, text);
	edit_paint(e);
}

void
edit_notify(struct editor *editor, const char *text)
{
	struct edit *e = (struct edit *)editor;
	char *joined = NULL;

	pthread_mutex_lock(&e->lock);
	if (!e->reading) {
		fprintf(stderr, "%s\n", text);
	} else if (asprintf(&joined, "%s%s\n", e->notices ? e->notices : "", text) >= 0) {
		free(e->notices);
		e->notices = joined;
	}
	pthread_mutex_unlock(&e->lock);
	if (joined)
		wake();
}

/* -- keys ----------------------------------------------------------------------------------------- */

static bool
take_character(struct edit *e, wchar_t *ret)
{
	while (e->from < e->to) {
		size_t r = mbrtowc(ret, e->bytes + e->from, 1, &e->decoding);

		e->from++;
		if (r == (size_t)-2)
			continue;
		if (r == (size_t)-1) {
			e->decoding = (mbstate_t){ 0 };
			*ret = 0xfffd;
		}
		return true;
	}
	return false;
}

/* The next key of those that were read. False when more bytes are needed; @wait gets for how long. */
static bool
take_key(struct edit *e, bool waited, wchar_t *ret, int *wait)
{
	enum editor_key key;
	size_t used = 0;

	*wait = -1;
	if (e->queued) {
		*ret = e->queued;
		e->queued = 0;
		return true;
	}
	while (e->from < e->to) {
		if (e->pasting || !mbsinit(&e->decoding))
			return take_character(e, ret);
		switch (editor_keys_decode(e->bytes + e->from, e->to - e->from, &key, &used)) {
		case EDITOR_KEYS_NONE:
			if (e->bytes[e->from] != EDITOR_KEY_LEAD)
				return take_character(e, ret);
			e->from++;
			break;
		case EDITOR_KEYS_ONE:
			e->from += used;
			if (key == EDITOR_KEY_UNKNOWN)
				break;
			*ret = EDITOR_KEY_LEAD;
			e->queued = (wchar_t)key;
			return true;
		case EDITOR_KEYS_MORE:
			/* In vi mode, and in a search, Escape alone is a key. */
			if (waited)
				return take_character(e, ret);
			*wait = e->vi || e->search.active ? ESCAPE_MS : -1;
			return false;
		}
	}
	return false;
}

/* Adds what was typed. 1, 0 at the end, -1 for an error. */
static int
fill(struct edit *e)
{
	ssize_t r;

	memmove(e->bytes, e->bytes + e->from, e->to - e->from);
	e->to -= e->from;
	e->from = 0;
	do
		r = read(STDIN_FILENO, e->bytes + e->to, sizeof(e->bytes) - e->to);
	while (r < 0 && errno == EINTR && !signals_interrupted());
	if (r < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (r <= 0)
		return (int)r;
	e->to += (size_t)r;
	return 1;
}

static bool
more_comes(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&in, 1, 0) > 0;
}

bool
edit_key_waits(const struct edit *e)
{
	return e->queued || e->from < e->to || signals_interrupted() || more_comes();
}

static void
attend(struct edit *e)
{
	(void)!read(wake_fd, &(uint64_t){ 0 }, sizeof(uint64_t));
	if (resized) {
		resized = 0;
		edit_resized(e);
	}
	show_notices(e);
}

int
edit_read_key(struct edit *e, wchar_t *ret)
{
	bool waited = false, painted = false;
	int wait, r;

	if (!e->queued && !e->pasting && !e->search.active) {
		struct edit_line line = edit_line(e);

		editor_undo_note(&e->undo, line.text, line.n, line.cursor);
	}
	/* A list that the line has left does not come back when it is typed again. */
	if (e->menu.text && !edit_menu_shown(e))
		edit_menu_close(e);
	while (!take_key(e, waited, ret, &wait)) {
		struct pollfd fds[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = wake_fd, .events = POLLIN },
		};

		if (signals_interrupted()) {
			signals_clear();
			*ret = 'C' & 037;
			return 1;
		}
		if (!painted && !e->pasting && !more_comes()) {
			edit_paint(e);
			painted = true;
		}
		r = poll(fds, TWZ_COUNT(fds), wait);
		waited = !r;
		if (r < 0 && errno != EINTR)
			return -1;
		if (r <= 0)
			continue;
		if (fds[1].revents)
			attend(e);
		if (!fds[0].revents)
			continue;
		r = fill(e);
		if (r <= 0)
			return r;
	}
	return 1;
}
