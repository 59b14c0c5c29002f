/*
 * The line editor on libedit. The only file that knows libedit, and only while it runs: the library is
 * loaded when there is a prompt, so that `twz -c` never pays for it.
 *
 * libedit has the line, the keys (emacs, vi, what .editrc says) and the modes of the terminal. It does
 * not draw: it can show neither colours nor anything around the line, and what is written behind its
 * back breaks its model of the screen. It writes to /dev/null, and edit_paint() shows the line whenever
 * a key is waited for.
 *
 * Keys do not raise signals while a line is edited; Ctrl-C is a key like others. Between lines the
 * terminal is as it was found, and Ctrl-C is SIGINT.
 */
#include "repl/editor.h"

#include <dlfcn.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repl/editor_inner.h"
#include "repl/editor_text.h"

#define LIBEDIT_FUNCTIONS(X) \
	X(el_init_fd) X(el_end) X(el_wset) X(el_wget) X(el_wgets) X(el_wgetc) X(el_wline) \
	X(el_cursor) X(el_winsertstr) X(el_deletestr) X(el_source)

static struct {
#define X(name) __typeof__(&name) name;
	LIBEDIT_FUNCTIONS(X)
#undef X
} lib;

static struct edit *
edit_of(EditLine *el)
{
	void *e = NULL;

	lib.el_wget(el, EL_CLIENTDATA, &e);
	return e;
}

/* -- the line ------------------------------------------------------------------------------------- */

struct edit_line
edit_line(const struct edit *e)
{
	const LineInfoW *line = lib.el_wline(e->el);

	return (struct edit_line){ line->buffer, (size_t)(line->lastchar - line->buffer),
				   (size_t)(line->cursor - line->buffer) };
}

void
edit_move(struct edit *e, size_t to)
{
	lib.el_cursor(e->el, (int)to - (int)edit_line(e).cursor);
}

bool
edit_insert(struct edit *e, const wchar_t *text)
{
	return !*text || !lib.el_winsertstr(e->el, text);
}

void
edit_replace(struct edit *e, const wchar_t *text, size_t n, size_t cursor)
{
	TWZ_ARENA arena = { 0 };
	wchar_t *copy = twz_new_array(&arena, n + 1, wchar_t);
	struct edit_line line = edit_line(e);

	wmemcpy(copy, text, n);
	lib.el_cursor(e->el, (int)(line.n - line.cursor));
	if (line.n)
		lib.el_deletestr(e->el, (int)line.n);
	if (edit_insert(e, copy))
		edit_move(e, cursor);
}

bool
edit_next_key(struct edit *e, wchar_t *ret)
{
	return lib.el_wgetc(e->el, ret) == 1;
}

void
edit_modes(struct edit *e, bool editing)
{
	fputs(editing ? "\033[?2004h" : "\033[?2004l", e->out);
	edit_painted(e->out);
	lib.el_wset(e->el, EL_PREP_TERM, editing);
}

/* libedit's source of keys. */
static int
read_key(EditLine *el, wchar_t *ret)
{
	return edit_read_key(edit_of(el), ret);
}

static unsigned char
result_of(enum edit_result r)
{
	switch (r) {
	case EDIT_GOES_ON:
		return CC_REFRESH;
	case EDIT_REFUSED:
		return CC_ERROR;
	case EDIT_ENDS:
		break;
	}
	return CC_NEWLINE;
}

#define X(name, editrc, help) \
	static unsigned char \
	run_##name(EditLine *el, wint_t ch) \
	{ \
		(void)ch; \
		return result_of(edit_##name(edit_of(el))); \
	}
EDIT_COMMANDS(X)
#undef X

/* -- keys ----------------------------------------------------------------------------------------- */

static const struct {
	const wchar_t *name, *help;
	unsigned char (*run)(EditLine *el, wint_t ch);
} functions[] = {
#define X(name, editrc, help) { editrc, help, run_##name },
	EDIT_COMMANDS(X)
#undef X
};

struct binding {
	const wchar_t *key, *function;
};

/* What .editrc may change. */
static const struct binding emacs_bindings[] = {
	{ L"^R", L"twz-search" }, { L"^W", L"ed-delete-prev-word" }, { L"^U", L"vi-kill-line-prev" },
	{ L"^P", L"twz-up" }, { L"^N", L"twz-down" }, { L"^F", L"twz-right" }, { L"^E", L"twz-row-end" },
	{ L"^A", L"twz-row-begin" }, { L"\\ef", L"twz-word-right" }, { L"^L", L"twz-clear" },
	{ L"^_", L"twz-undo" }, { L"^X^U", L"twz-undo" }, { L"\\e/", L"twz-redo" },
	{ L"^X^E", L"twz-outside" }, { L"^S", L"twz-search" },
};

static const struct binding vi_bindings[] = {
	{ L"k", L"twz-up" }, { L"j", L"twz-down" }, { L"-", L"twz-up" }, { L"+", L"twz-down" },
	{ L"/", L"twz-search" }, { L"?", L"twz-search" }, { L"u", L"twz-undo" }, { L"v", L"twz-outside" },
};

/* What it may not, in all key maps. The second half are the letters of editor_keys.h. */
static const struct binding bindings[] = {
	{ L"^M", L"twz-enter" }, { L"^J", L"twz-enter" }, { L"^I", L"twz-complete" },
	{ L"^C", L"twz-cancel" }, { L"^D", L"twz-end" }, { L"^Z", L"twz-suspend" },
	{ L"\x1e" L"A", L"twz-up" }, { L"\x1e" L"B", L"twz-down" }, { L"\x1e" L"C", L"twz-right" },
	{ L"\x1e" L"D", L"ed-prev-char" }, { L"\x1e" L"H", L"twz-row-begin" },
	{ L"\x1e" L"F", L"twz-row-end" }, { L"\x1e" L"x", L"ed-delete-next-char" },
	{ L"\x1e" L"f", L"twz-word-right" }, { L"\x1e" L"b", L"ed-prev-word" },
	{ L"\x1e" L"p", L"twz-paste" }, { L"\x1e" L"n", L"twz-newline" },
	{ L"\x1e" L"Z", L"twz-complete-back" }, { L"\x1e" L"u", L"twz-ignore" },
	{ L"\x1e" L"d", L"twz-ignore" },
};

/* vi has all of them in its command map too, and the search, clearing and $EDITOR as emacs has them. */
static const struct binding vi_both[] = {
	{ L"^R", L"twz-search" }, { L"^L", L"twz-clear" }, { L"^P", L"twz-up" }, { L"^N", L"twz-down" },
};

static void
bind_all(EditLine *el, const struct binding *b, size_t n, bool command_map)
{
	for (size_t i = 0; i < n; i++) {
		if (command_map)
			lib.el_wset(el, EL_BIND, L"-a", b[i].key, b[i].function, NULL);
		else
			lib.el_wset(el, EL_BIND, b[i].key, b[i].function, NULL);
	}
}

static void
bind_keys(struct edit *e)
{
	const wchar_t *map = NULL;

	for (size_t i = 0; i < TWZ_COUNT(functions); i++)
		lib.el_wset(e->el, EL_ADDFN, functions[i].name, functions[i].help, functions[i].run);
	bind_all(e->el, emacs_bindings, TWZ_COUNT(emacs_bindings), false);
	lib.el_source(e->el, NULL);
	lib.el_wset(e->el, EL_EDITMODE, 1);
	lib.el_wget(e->el, EL_EDITOR, &map);
	e->vi = map && !wcscmp(map, L"vi");
	if (e->vi) {
		bind_all(e->el, vi_both, TWZ_COUNT(vi_both), false);
		bind_all(e->el, vi_both, TWZ_COUNT(vi_both), true);
		bind_all(e->el, vi_bindings, TWZ_COUNT(vi_bindings), true);
		bind_all(e->el, bindings, TWZ_COUNT(bindings), true);
	}
	bind_all(e->el, bindings, TWZ_COUNT(bindings), false);
}

/* -- the editor ----------------------------------------------------------------------------------- */

/* One line of libedit, with everything around it that the terminal and other threads need. */
static void
get_line(struct edit *e)
{
	int ignored = 0;

	e->outcome = EDIT_LOST;
	editor_look_reset(&e->look);
	editor_undo_clear(&e->undo);
	edit_menu_close(e);
	edit_past_reset(e);
	/* Before the prompt shows: who sees it may type, and keys must not be the terminal's then. */
	edit_modes(e, true);
	edit_set_reading(e, true);
	edit_begin(e);
	(void)!lib.el_wgets(e->el, &ignored);
	edit_modes(e, false);
	edit_set_reading(e, false);
}

static bool
edit_read(struct editor *editor, struct twz_arena *arena, const char **ret, size_t *n)
{
	struct edit *e = (struct edit *)editor;

	fflush(stdout);
	do
		get_line(e);
	while (e->outcome == EDIT_CANCELLED);
	if (e->outcome != EDIT_ACCEPTED)
		return false;
	*ret = editor_narrow(arena, e->accepted, e->naccepted, n);
	return true;
}

static void
edit_close(struct editor *editor)
{
	struct edit *e = (struct edit *)editor;

	if (e->el)
		lib.el_end(e->el);
	edit_input_close(e);
	if (e->nowhere)
		fclose(e->nowhere);
	if (e->out)
		fclose(e->out);
	editor_look_free(&e->look);
	editor_undo_clear(&e->undo);
	edit_past_reset(e);
	twz_arena_free(&e->menu.arena);
	twz_arena_free(&e->search.arena);
	for (size_t i = 0; i < TWZ_COUNT(e->frames); i++)
		twz_arena_free(&e->frames[i]);
	free(e->accepted);
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

/* A stream of our own: stdout writes at every newline, and a frame is to come in one piece. */
static FILE *
open_out(void)
{
	int fd = dup(STDOUT_FILENO);
	FILE *out = fd >= 0 ? fdopen(fd, "we") : NULL;

	if (out)
		setvbuf(out, NULL, _IOFBF, 64 << 10);
	else if (fd >= 0)
		close(fd);
	return out;
}

static bool
start(struct edit *e)
{
	e->nowhere = fopen("/dev/null", "we");
	e->out = open_out();
	if (!edit_input_open(e) || !e->nowhere || !e->out)
		return false;
	e->el = lib.el_init_fd("twz", stdin, e->nowhere, e->nowhere, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO);
	if (!e->el)
		return false;
	lib.el_wset(e->el, EL_CLIENTDATA, e);
	lib.el_wset(e->el, EL_SIGNAL, 0);
	lib.el_wset(e->el, EL_EDITOR, L"emacs");
	lib.el_wset(e->el, EL_GETCFN, read_key);
	lib.el_wset(e->el, EL_SETTY, L"-d", L"-isig", NULL);
	bind_keys(e);
	return true;
}

struct editor *
editor_open(struct lang *lang, struct history_file *history, bool color)
{
	static const struct editor_ops ops = { edit_read, edit_notify, edit_close };
	const char *term = getenv("TERM"), *plain = getenv("TWZ_PLAIN");
	struct edit *e;

	if (!isatty(STDOUT_FILENO) || !term || !*term || !strcmp(term, "dumb") || (plain && *plain) ||
	    !load_libedit())
		return editor_plain_open(lang);
	set_locale();
	e = calloc(1, sizeof(*e));
	if (!e)
		abort();
	e->editor = (struct editor){ &ops, lang, history, false };
	e->color = color;
	e->look.lang = lang;
	e->look.history = history;
	if (start(e))
		return &e->editor;
	edit_close(&e->editor);
	return editor_plain_open(lang);
}
