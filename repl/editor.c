/*
 * The line editor on libedit. The only file that knows libedit, and only while it runs: the library is
 * loaded when there is a prompt, so that `twz -c` never pays for it.
 *
 * libedit keeps a private model of what the terminal shows, and everything written behind its back
 * breaks that model. Two rules keep it right. What an edit function wants to show (candidates of a
 * completion) is not written there: the function moves the cursor to the end of the text, lets libedit
 * redraw, and leaves a note. read_key(), which libedit calls when all is drawn and it wants a key, finds
 * the note with the terminal's cursor on the last row, writes below, and has everything drawn anew.
 * And what libedit already does is asked of libedit: an edit function that wants to end the line or to
 * walk through the history pushes a key that is bound to libedit's own function.
 *
 * Keys do not raise signals while a line is edited; Ctrl-C is a key like others. Between lines the
 * terminal is as it was found, and Ctrl-C is SIGINT.
 */
#include "repl/editor.h"

#include <dlfcn.h>
#include <errno.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <wchar.h>

#include "repl/editor_text.h"
#include "repl/history.h"
#include "repl/signals.h"

#define LIBEDIT_FUNCTIONS(X) \
	X(el_init) X(el_end) X(el_wset) X(el_wget) X(el_wgets) X(el_wgetc) X(el_wline) X(el_wpush) \
	X(el_cursor) X(el_winsertstr) X(el_deletestr) X(el_resize) X(el_source) \
	X(history_winit) X(history_wend) X(history_w)

static struct {
#define X(name) __typeof__(&name) name;
	LIBEDIT_FUNCTIONS(X)
#undef X
} lib;

/* Keys that nobody types, bound to libedit's own functions. */
#define KEY_ACCEPT L"\x1e"
#define KEY_PREVIOUS L"\x1f"
#define KEY_NEXT L"\x1d"

static const wchar_t prompt[] = L"twz> ";

enum { PROMPT_COLUMNS = 5, PASTE_END_LENGTH = 6, PASTE_MAX = 1 << 20 };

/* What read_key() has to do before it waits. */
enum note { NOTE_NOTHING, NOTE_CANDIDATES, NOTE_HINT };

struct edit {
	struct editor editor;
	EditLine *el;
	HistoryW *past;
	bool emacs;
	bool cancelled, ended;		/* why the last line ended, when not by Enter */

	char bytes[4096];		/* typed and not yet used */
	size_t from, to;
	mbstate_t decoding;

	struct twz_arena arena;		/* of the note */
	enum note note;
	int back;			/* where the cursor belongs, counted from the end */
	const struct lang_candidate *candidates;
	size_t ncandidates;
	const char *hint;

	pthread_mutex_t lock;		/* protects what follows */
	bool reading;			/* a line is being edited: others must not write */
	char *notices;			/* to be shown above the line; NULL: none */
};

/* eventfd: something for read_key() came from elsewhere. A signal handler must reach it. */
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

static struct edit *
edit_of(EditLine *el)
{
	void *e = NULL;

	lib.el_wget(el, EL_CLIENTDATA, &e);
	return e;
}

/* How many rows the cursor is below the prompt, as libedit lays the text out. */
static int
cursor_row(EditLine *el)
{
	const LineInfoW *line = lib.el_wline(el);
	int row = 0, column = PROMPT_COLUMNS, limit = editor_columns();

	for (const wchar_t *p = line->buffer; p < line->cursor; p++) {
		int w = *p == L'\t' ? 8 - column % 8 : editor_width(*p);

		if (*p == L'\n' || column + w > limit)
			row++, column = 0;
		if (*p != L'\n')
			column += w;
		if (column >= limit)
			row++, column = 0;
	}
	return row;
}

/* -- what is drawn around the line ---------------------------------------------------------------- */

/* Shows what an edit function left, below the text, and draws the line anew under it. */
static void
show_note(struct edit *e)
{
	enum note note = e->note;

	e->note = NOTE_NOTHING;
	fputs("\r\n", stdout);
	if (e->hint) {
		fputs("  ", stdout);
		editor_write_cut(e->hint, editor_columns() - 3);
		fputs("\r\n", stdout);
	}
	if (note == NOTE_CANDIDATES)
		editor_show_candidates(e->candidates, e->ncandidates);
	fflush(stdout);
	lib.el_cursor(e->el, -e->back);
	lib.el_wset(e->el, EL_REFRESH);
}

/* Goes to where the prompt begins and clears what is there. */
static void
erase(struct edit *e)
{
	int row = cursor_row(e->el);

	if (row)
		printf("\033[%dA", row);
	fputs("\r\033[J", stdout);
}

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
show_notices(struct edit *e)
{
	TWZ_FREE char *text = take_notices(e, true);

	if (!text)
		return;
	erase(e);
	for (const char *p = text; *p; p++) {
		if (*p == '\n')
			putchar('\r');
		putchar(*p);
	}
	fflush(stdout);
	lib.el_wset(e->el, EL_REFRESH);
}

static void
follow_resize(struct edit *e)
{
	resized = 0;
	erase(e);
	fflush(stdout);
	lib.el_resize(e->el);
	lib.el_wset(e->el, EL_REFRESH);
}

/* -- keys ----------------------------------------------------------------------------------------- */

/* The next character of what has been typed. False when more bytes are needed. */
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

/* libedit's source of keys: 1 for a character, 0 at the end, -1 for an error. */
static int
read_key(EditLine *el, wchar_t *ret)
{
	struct edit *e = edit_of(el);

	if (e->note != NOTE_NOTHING)
		show_note(e);
	while (!take_character(e, ret)) {
		struct pollfd fds[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = wake_fd, .events = POLLIN },
		};
		ssize_t r;

		if (signals_interrupted()) {
			signals_clear();
			*ret = 'C' & 037;
			return 1;
		}
		if (poll(fds, TWZ_COUNT(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (fds[1].revents) {
			(void)!read(wake_fd, &(uint64_t){ 0 }, sizeof(uint64_t));
			if (resized)
				follow_resize(e);
			show_notices(e);
		}
		if (!fds[0].revents)
			continue;
		r = read(STDIN_FILENO, e->bytes, sizeof(e->bytes));
		if (r < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (r <= 0)
			return (int)r;
		e->from = 0;
		e->to = (size_t)r;
	}
	return 1;
}

/* -- edit functions ------------------------------------------------------------------------------- */

static unsigned char
accept_line(EditLine *el)
{
	lib.el_wpush(el, KEY_ACCEPT);
	return CC_NORM;
}

static unsigned char
insert_newline(EditLine *el, wint_t ch)
{
	const LineInfoW *line = lib.el_wline(el);
	size_t indent = editor_indent(line->buffer, (size_t)(line->cursor - line->buffer));
	wchar_t text[1 + EDITOR_INDENT_MAX + 1] = L"\n";

	(void)ch;
	wmemset(text + 1, L' ', indent);
	return lib.el_winsertstr(el, text) ? CC_ERROR : CC_REFRESH;
}

/* Enter: ends the line, unless the language wants more of it. */
static unsigned char
enter(EditLine *el, wint_t ch)
{
	TWZ_ARENA arena = { 0 };
	const LineInfoW *line = lib.el_wline(el);
	struct twz_error err = { 0 };
	size_t n;
	const char *text = editor_narrow(&arena, line->buffer,
					 (size_t)(line->lastchar - line->buffer), &n);

	if (lang_parse_check(text, n, &err) == LANG_MORE) {
		lib.el_cursor(el, (int)(line->lastchar - line->cursor));
		return insert_newline(el, ch);
	}
	return accept_line(el);
}

/* Ctrl-C: leaves the line as it is, and begins a new one. */
static unsigned char
cancel(EditLine *el, wint_t ch)
{
	const LineInfoW *line = lib.el_wline(el);

	(void)ch;
	edit_of(el)->cancelled = true;
	lib.el_cursor(el, (int)(line->lastchar - line->cursor));
	lib.el_winsertstr(el, L"^C");
	accept_line(el);
	return CC_REFRESH;
}

/* Ctrl-D: the end on an empty line, else deletes. */
static unsigned char
end_or_delete(EditLine *el, wint_t ch)
{
	const LineInfoW *line = lib.el_wline(el);

	(void)ch;
	if (line->lastchar == line->buffer) {
		edit_of(el)->ended = true;
		return accept_line(el);
	}
	if (line->cursor == line->lastchar)
		return CC_ERROR;
	lib.el_cursor(el, 1);
	lib.el_deletestr(el, 1);
	return CC_REFRESH;
}

static unsigned char
suspend(EditLine *el, wint_t ch)
{
	(void)ch;
	lib.el_wset(el, EL_PREP_TERM, 0);
	raise(SIGTSTP);
	lib.el_wset(el, EL_PREP_TERM, 1);
	lib.el_wset(el, EL_REFRESH);
	return CC_NORM;
}

static const wchar_t *
line_start(const wchar_t *buffer, const wchar_t *p)
{
	while (p > buffer && p[-1] != L'\n')
		p--;
	return p;
}

/* Up: one row up in the block; from its first row, one entry back in the history. */
static unsigned char
up(EditLine *el, wint_t ch)
{
	const LineInfoW *line = lib.el_wline(el);
	const wchar_t *start = line_start(line->buffer, line->cursor), *above;
	ptrdiff_t column = line->cursor - start;

	(void)ch;
	if (start == line->buffer) {
		lib.el_wpush(el, KEY_PREVIOUS);
		return CC_NORM;
	}
	above = line_start(line->buffer, start - 1);
	if (column > start - 1 - above)
		column = start - 1 - above;
	lib.el_cursor(el, (int)(above + column - line->cursor));
	return CC_REFRESH;
}

static unsigned char
down(EditLine *el, wint_t ch)
{
	const LineInfoW *line = lib.el_wline(el);
	const wchar_t *start = line_start(line->buffer, line->cursor), *end = line->cursor, *below;
	ptrdiff_t column = line->cursor - start;

	(void)ch;
	while (end < line->lastchar && *end != L'\n')
		end++;
	if (end == line->lastchar) {
		lib.el_wpush(el, KEY_NEXT);
		return CC_NORM;
	}
	below = ++end;
	while (end < line->lastchar && *end != L'\n')
		end++;
	if (column > end - below)
		column = end - below;
	lib.el_cursor(el, (int)(below + column - line->cursor));
	return CC_REFRESH;
}

/*
 * A paste in brackets is text and nothing else: its newlines do not run anything, and no character in
 * it is a command.
 */
static unsigned char
paste(EditLine *el, wint_t ch)
{
	static const wchar_t end[] = L"\033[201~";
	TWZ_ARENA arena = { 0 };
	wchar_t *text = NULL, c;
	size_t n = 0, kept = 0;

	(void)ch;
	while (lib.el_wgetc(el, &c) == 1 && n < PASTE_MAX) {
		twz_push(&arena, text, n, c == L'\r' ? L'\n' : c);
		if (n >= PASTE_END_LENGTH &&
		    !wmemcmp(text + n - PASTE_END_LENGTH, end, PASTE_END_LENGTH)) {
			n -= PASTE_END_LENGTH;
			break;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (text[i] >= L' ' ? text[i] != 0x7f : text[i] == L'\n' || text[i] == L'\t')
			text[kept++] = text[i];
	twz_push(&arena, text, kept, L'\0');
	return lib.el_winsertstr(el, text) ? CC_ERROR : CC_REFRESH;
}

/* -- completion ----------------------------------------------------------------------------------- */

/* Has read_key() show something below the text. */
static unsigned char
leave_note(struct edit *e, enum note note)
{
	const LineInfoW *line = lib.el_wline(e->el);

	e->note = note;
	e->back = (int)(line->lastchar - line->cursor);
	lib.el_cursor(e->el, e->back);
	return CC_REFRESH;
}

/* Tab: inserts what is certain, and shows the rest. */
static unsigned char
complete(EditLine *el, wint_t ch)
{
	struct edit *e = edit_of(el);
	const LineInfoW *line = lib.el_wline(el);
	size_t n, cursor, from, common;
	const char *text;
	wchar_t *insert;

	(void)ch;
	twz_arena_reset(&e->arena);
	text = editor_narrow(&e->arena, line->buffer, (size_t)(line->lastchar - line->buffer), &n);
	editor_narrow(&e->arena, line->buffer, (size_t)(line->cursor - line->buffer), &cursor);
	e->ncandidates = lang_complete(e->editor.lang, text, n, cursor, &e->arena, &e->candidates,
				       &from);
	e->hint = lang_hint(e->editor.lang, text, n, cursor, &e->arena);
	if (!e->ncandidates)
		return e->hint ? leave_note(e, NOTE_HINT) : CC_ERROR;
	/* Where nothing was typed yet, the beginnings of two words have nothing in common. */
	if (from == cursor && e->ncandidates > 1)
		return leave_note(e, NOTE_CANDIDATES);
	common = editor_common_prefix(e->candidates, e->ncandidates);
	if (common >= cursor - from && common) {
		insert = editor_widen(&e->arena, e->candidates[0].text, common);
		lib.el_deletestr(el, (int)wcslen(editor_widen(&e->arena, text + from, cursor - from)));
		if (lib.el_winsertstr(el, insert))
			return CC_ERROR;
		line = lib.el_wline(el);
	}
	if (e->ncandidates > 1)
		return leave_note(e, NOTE_CANDIDATES);
	if (editor_wants_blank(e->candidates[0].text) &&
	    (line->cursor == line->lastchar || *line->cursor != L' '))
		lib.el_winsertstr(el, L" ");
	return CC_REFRESH;
}

/* -- the editor ----------------------------------------------------------------------------------- */

static const struct {
	const wchar_t *name, *help;
	unsigned char (*run)(EditLine *el, wint_t ch);
} functions[] = {
	{ L"twz-enter", L"Run the block, or continue it", enter },
	{ L"twz-newline", L"Continue the block on a new line", insert_newline },
	{ L"twz-complete", L"Complete the word", complete },
	{ L"twz-cancel", L"Drop the line", cancel },
	{ L"twz-end", L"End of input, or delete a character", end_or_delete },
	{ L"twz-suspend", L"Stop twz", suspend },
	{ L"twz-up", L"Row above, or previous entry", up },
	{ L"twz-down", L"Row below, or next entry", down },
	{ L"twz-paste", L"Insert a paste", paste },
};

struct binding {
	const wchar_t *key, *function;
};

/* What .editrc may change. Every spelling, because terminfo names only one. */
static const struct binding emacs_bindings[] = {
	{ L"\\e[H", L"ed-move-to-beg" }, { L"\\eOH", L"ed-move-to-beg" },
	{ L"\\e[1~", L"ed-move-to-beg" }, { L"\\e[7~", L"ed-move-to-beg" },
	{ L"\\e[F", L"ed-move-to-end" }, { L"\\eOF", L"ed-move-to-end" },
	{ L"\\e[4~", L"ed-move-to-end" }, { L"\\e[8~", L"ed-move-to-end" },
	{ L"\\e[3~", L"ed-delete-next-char" },
	{ L"\\e[C", L"ed-next-char" }, { L"\\eOC", L"ed-next-char" },
	{ L"\\e[D", L"ed-prev-char" }, { L"\\eOD", L"ed-prev-char" },
	{ L"\\e[1;5C", L"em-next-word" }, { L"\\e[1;3C", L"em-next-word" },
	{ L"\\e[1;5D", L"ed-prev-word" }, { L"\\e[1;3D", L"ed-prev-word" },
	{ L"\\e\\n", L"twz-newline" }, { L"\\e\\r", L"twz-newline" },
	{ L"^R", L"em-inc-search-prev" }, { L"^W", L"ed-delete-prev-word" },
	{ L"^U", L"vi-kill-line-prev" },
};

/* What it may not, in both key maps. */
static const struct binding bindings[] = {
	{ L"^M", L"twz-enter" }, { L"^J", L"twz-enter" }, { L"^I", L"twz-complete" },
	{ L"^C", L"twz-cancel" }, { L"^D", L"twz-end" }, { L"^Z", L"twz-suspend" },
	{ L"^L", L"ed-clear-screen" }, { KEY_ACCEPT, L"ed-newline" },
	{ KEY_PREVIOUS, L"ed-prev-history" }, { KEY_NEXT, L"ed-next-history" },
};

/* In vi's maps Escape alone is a command: nothing may follow it. */
static const struct binding emacs_last[] = {
	{ L"\\e[A", L"twz-up" }, { L"\\eOA", L"twz-up" },
	{ L"\\e[B", L"twz-down" }, { L"\\eOB", L"twz-down" },
	{ L"\\e[200~", L"twz-paste" },
};

static void
bind_all(EditLine *el, const struct binding *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		lib.el_wset(el, EL_BIND, b[i].key, b[i].function, NULL);
}

static void
bind_keys(struct edit *e)
{
	const wchar_t *map = NULL;

	for (size_t i = 0; i < TWZ_COUNT(functions); i++)
		lib.el_wset(e->el, EL_ADDFN, functions[i].name, functions[i].help,
			    functions[i].run);
	bind_all(e->el, emacs_bindings, TWZ_COUNT(emacs_bindings));
	lib.el_source(e->el, NULL);
	lib.el_wget(e->el, EL_EDITOR, &map);
	e->emacs = map && !wcscmp(map, L"emacs");
	bind_all(e->el, bindings, TWZ_COUNT(bindings));
	if (e->emacs)
		bind_all(e->el, emacs_last, TWZ_COUNT(emacs_last));
	else
		for (size_t i = 0; i < TWZ_COUNT(bindings); i++)
			lib.el_wset(e->el, EL_BIND, L"-a", bindings[i].key, bindings[i].function,
				    NULL);
}

static wchar_t *
show_prompt(EditLine *el)
{
	(void)el;
	return (wchar_t *)(uintptr_t)prompt;
}

/* One line of libedit, with everything around it that the terminal and other threads need. */
static const wchar_t *
get_line(struct edit *e, int *length)
{
	TWZ_FREE char *notices = take_notices(e, true);
	const wchar_t *line;

	e->cancelled = e->ended = false;
	/* Before the prompt shows: who sees it may type, and keys must not be the terminal's then. */
	lib.el_wset(e->el, EL_PREP_TERM, 1);
	fputs(notices ? notices : "", stdout);
	fputs(e->emacs ? "\033[?2004h" : "", stdout);
	fflush(stdout);
	line = lib.el_wgets(e->el, length);
	fputs(e->emacs ? "\033[?2004l" : "", stdout);
	free(notices);
	notices = take_notices(e, false);
	fputs(notices ? notices : "", stdout);
	fflush(stdout);
	return line;
}

static bool
edit_read(struct editor *editor, struct twz_arena *arena, const char **ret, size_t *n)
{
	struct edit *e = (struct edit *)editor;

	do {
		int length = 0;
		const wchar_t *line = get_line(e, &length);

		if (!line || length <= 0 || e->ended)
			return false;
		if (line[length - 1] == L'\n')
			length--;
		*ret = editor_narrow(arena, line, (size_t)length, n);
	} while (e->cancelled);
	return true;
}

static void
edit_remember(struct editor *editor, const char *text)
{
	struct edit *e = (struct edit *)editor;
	TWZ_ARENA arena = { 0 };
	HistEventW event;

	lib.history_w(e->past, &event, H_ENTER, editor_widen(&arena, text, strlen(text)));
}

static void
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

static void
edit_close(struct editor *editor)
{
	struct edit *e = (struct edit *)editor;

	signal(SIGWINCH, SIG_DFL);
	if (e->el)
		lib.el_end(e->el);
	if (e->past)
		lib.history_wend(e->past);
	if (wake_fd >= 0)
		close(wake_fd);
	wake_fd = -1;
	pthread_mutex_destroy(&e->lock);
	twz_arena_free(&e->arena);
	free(e->notices);
	free(e);
}

/* The library stays: what it allocated may be used until the process ends. */
static bool
load_libedit(void)
{
	static const char *const names[] = {
#define X(name) #name,
		LIBEDIT_FUNCTIONS(X)
#undef X
	};
	void *handle = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
	void **slots = (void **)&lib;

	for (size_t i = 0; handle && i < TWZ_COUNT(names); i++) {
		slots[i] = dlsym(handle, names[i]);
		if (!slots[i])
			return false;
	}
	return handle;
}

/* What is typed and drawn is UTF-8, whatever the environment forgot to say. */
static void
set_locale(void)
{
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8"))
		setlocale(LC_CTYPE, "C.UTF-8");
}

static bool
start(struct edit *e)
{
	HistEventW event;
	struct sigaction sa = { .sa_handler = on_resize, .sa_flags = SA_RESTART };

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e->el = lib.el_init("twz", stdin, stdout, stderr);
	e->past = lib.history_winit();
	if (wake_fd < 0 || !e->el || !e->past)
		return false;
	lib.history_w(e->past, &event, H_SETSIZE, HISTORY_LOADED);
	lib.history_w(e->past, &event, H_SETUNIQUE, 1);
	lib.el_wset(e->el, EL_CLIENTDATA, e);
	lib.el_wset(e->el, EL_PROMPT, show_prompt);
	lib.el_wset(e->el, EL_SIGNAL, 0);
	lib.el_wset(e->el, EL_EDITOR, L"emacs");
	lib.el_wset(e->el, EL_HIST, lib.history_w, e->past);
	lib.el_wset(e->el, EL_GETCFN, read_key);
	lib.el_wset(e->el, EL_SETTY, L"-d", L"-isig", NULL);
	bind_keys(e);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGWINCH, &sa, NULL);
	return true;
}

struct editor *
editor_open(struct lang *lang)
{
	static const struct editor_ops ops = { edit_read, edit_remember, edit_notify, edit_close };
	const char *term = getenv("TERM");
	struct edit *e;

	if (!isatty(STDOUT_FILENO) || !term || !*term || !strcmp(term, "dumb") || !load_libedit())
		return editor_plain_open(lang);
	set_locale();
	e = calloc(1, sizeof(*e));
	if (!e)
		abort();
	e->editor = (struct editor){ &ops, lang, false };
	pthread_mutex_init(&e->lock, NULL);
	if (start(e))
		return &e->editor;
	edit_close(&e->editor);
	return editor_plain_open(lang);
}
