/* What keys do to the line, except completing and searching. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wctype.h>

#include "repl/editor_inner.h"
#include "repl/editor_keys.h"
#include "repl/editor_text.h"
#include "repl/signals.h"

enum { PASTE_END_LENGTH = 6, PASTE_MAX = 1 << 20, FILE_MAX = 4 << 20 };

/* -- the end of a line ---------------------------------------------------------------------------- */

static enum edit_result
finish(struct edit *e, enum edit_outcome outcome, const wchar_t *mark)
{
	struct edit_line line = edit_line(e);

	free(e->accepted);
	e->accepted = calloc(line.n + 1, sizeof(wchar_t));
	if (!e->accepted)
		abort();
	wmemcpy(e->accepted, line.text, line.n);
	e->naccepted = line.n;
	e->outcome = outcome;
	edit_leave(e, mark);
	return EDIT_ENDS;
}

enum edit_result
edit_newline(struct edit *e)
{
	struct edit_line line = edit_line(e);
	size_t indent = editor_indent(line.text, line.cursor);
	wchar_t text[1 + EDITOR_INDENT_MAX + 1] = L"\n";

	wmemset(text + 1, L' ', indent);
	return edit_insert(e, text) ? EDIT_GOES_ON : EDIT_REFUSED;
}

enum edit_result
edit_enter(struct edit *e)
{
	struct edit_line line = edit_line(e);
	TWZ_ARENA arena = { 0 };
	size_t n;
	const char *text = editor_narrow(&arena, line.text, line.n, &n);

	if (!lang_wants_more(e->editor.lang, text, n))
		return finish(e, EDIT_ACCEPTED, L"");
	edit_move(e, line.n);
	return edit_newline(e);
}

enum edit_result
edit_cancel(struct edit *e)
{
	/* On an empty line there is nothing to drop: who presses it there wants to leave. */
	return finish(e, EDIT_CANCELLED, edit_line(e).n ? L"^C" : L"^C (Ctrl-D leaves)");
}

enum edit_result
edit_end(struct edit *e)
{
	struct edit_line line = edit_line(e);
	TWZ_ARENA arena = { 0 };
	wchar_t *text;

	if (!line.n)
		return finish(e, EDIT_END, L"");
	if (line.cursor == line.n)
		return EDIT_REFUSED;
	text = twz_new_array(&arena, line.n, wchar_t);
	wmemcpy(text, line.text, line.cursor);
	wmemcpy(text + line.cursor, line.text + line.cursor + 1, line.n - line.cursor - 1);
	edit_replace(e, text, line.n - 1, line.cursor);
	return EDIT_GOES_ON;
}

enum edit_result
edit_suspend(struct edit *e)
{
	edit_leave(e, L"");
	edit_modes(e, false);
	raise(SIGTSTP);
	edit_modes(e, true);
	return EDIT_GOES_ON;
}

enum edit_result
edit_ignore(struct edit *e)
{
	(void)e;
	return EDIT_GOES_ON;
}

/* -- going back ----------------------------------------------------------------------------------- */

void
edit_past_reset(struct edit *e)
{
	free(e->past.shown);
	free(e->past.draft);
	free(e->past.prefix);
	e->past = (struct edit_past){ 0 };
}

/* What is typed now is what going back begins with. */
static void
begin_past(struct edit *e, const struct edit_line *line)
{
	TWZ_ARENA arena = { 0 };
	size_t n;

	edit_past_reset(e);
	e->past.draft = wcsdup(line->text);
	e->past.prefix = strdup(editor_narrow(&arena, line->text, line->n, &n));
	if (!e->past.draft || !e->past.prefix)
		abort();
	e->past.draft[line->n] = L'\0';
}

static bool
shows_past(const struct edit *e, const struct edit_line *line)
{
	return e->past.id && wcslen(e->past.shown) == line->n && !wmemcmp(e->past.shown, line->text, line->n);
}

static void
show_past(struct edit *e, int64_t id, const wchar_t *text)
{
	free(e->past.shown);
	e->past.shown = wcsdup(text);
	if (!e->past.shown)
		abort();
	e->past.id = id;
	edit_replace(e, text, wcslen(text), wcslen(text));
}

static enum edit_result
earlier(struct edit *e)
{
	struct edit_line line = edit_line(e);
	struct history_entry entry;
	TWZ_ARENA arena = { 0 };
	const char *other;
	size_t n;

	if (!shows_past(e, &line))
		begin_past(e, &line);
	other = editor_narrow(&arena, line.text, line.n, &n);
	if (!history_older(e->editor.history, e->past.id, e->past.prefix, other, &arena, &entry))
		return EDIT_REFUSED;
	show_past(e, entry.id, editor_widen(&arena, entry.text, strlen(entry.text)));
	return EDIT_GOES_ON;
}

static enum edit_result
later(struct edit *e)
{
	struct edit_line line = edit_line(e);
	struct history_entry entry;
	TWZ_ARENA arena = { 0 };
	const char *other;
	size_t n;

	if (!shows_past(e, &line))
		return EDIT_REFUSED;
	other = editor_narrow(&arena, line.text, line.n, &n);
	if (history_newer(e->editor.history, e->past.id, e->past.prefix, other, &arena, &entry)) {
		show_past(e, entry.id, editor_widen(&arena, entry.text, strlen(entry.text)));
		return EDIT_GOES_ON;
	}
	edit_replace(e, e->past.draft, wcslen(e->past.draft), wcslen(e->past.draft));
	edit_past_reset(e);
	return EDIT_GOES_ON;
}

enum edit_result
edit_up(struct edit *e)
{
	struct edit_line line = edit_line(e);
	size_t to;

	if (!editor_row_above(line.text, line.cursor, &to))
		return earlier(e);
	edit_move(e, to);
	return EDIT_GOES_ON;
}

enum edit_result
edit_down(struct edit *e)
{
	struct edit_line line = edit_line(e);
	size_t to;

	if (!editor_row_below(line.text, line.n, line.cursor, &to))
		return later(e);
	edit_move(e, to);
	return EDIT_GOES_ON;
}

/* -- moving --------------------------------------------------------------------------------------- */

/* Takes the first @n characters of what is suggested, if the cursor is where it begins. */
static bool
take_ghost(struct edit *e, bool word)
{
	struct edit_line line = edit_line(e);
	TWZ_ARENA arena = { 0 };
	wchar_t *text;
	size_t n;

	if (line.cursor < line.n || e->past.id)
		return false;
	editor_look_at(&e->look, line.text, line.n, line.cursor);
	if (!e->look.ghost)
		return false;
	n = word ? editor_look_word(e->look.ghost) : wcslen(e->look.ghost);
	text = twz_new_array(&arena, n + 1, wchar_t);
	wmemcpy(text, e->look.ghost, n);
	return edit_insert(e, text);
}

enum edit_result
edit_right(struct edit *e)
{
	struct edit_line line = edit_line(e);

	if (line.cursor == line.n)
		return take_ghost(e, false) ? EDIT_GOES_ON : EDIT_REFUSED;
	edit_move(e, line.cursor + 1);
	return EDIT_GOES_ON;
}

enum edit_result
edit_word_right(struct edit *e)
{
	struct edit_line line = edit_line(e);
	size_t to = line.cursor;

	if (line.cursor == line.n)
		return take_ghost(e, true) ? EDIT_GOES_ON : EDIT_REFUSED;
	while (to < line.n && !iswalnum((wint_t)line.text[to]))
		to++;
	while (to < line.n && (iswalnum((wint_t)line.text[to]) || line.text[to] == L'_'))
		to++;
	edit_move(e, to);
	return EDIT_GOES_ON;
}

enum edit_result
edit_row_begin(struct edit *e)
{
	struct edit_line line = edit_line(e);

	edit_move(e, editor_row_begin(line.text, line.cursor));
	return EDIT_GOES_ON;
}

enum edit_result
edit_row_end(struct edit *e)
{
	struct edit_line line = edit_line(e);

	if (line.cursor == line.n)
		return take_ghost(e, false) ? EDIT_GOES_ON : EDIT_REFUSED;
	edit_move(e, editor_row_end(line.text, line.n, line.cursor));
	return EDIT_GOES_ON;
}

/* -- changing ------------------------------------------------------------------------------------- */

/*
 * A paste in brackets is text and nothing else: its newlines do not run anything, and no character in
 * it is a command.
 */
enum edit_result
edit_paste(struct edit *e)
{
	static const wchar_t end[] = L"\033[201~";
	TWZ_ARENA arena = { 0 };
	wchar_t *text = NULL, c;
	size_t n = 0, kept = 0;

	e->pasting = true;
	while (n < PASTE_MAX && edit_next_key(e, &c)) {
		twz_push(&arena, text, n, c == L'\r' ? L'\n' : c);
		if (n >= PASTE_END_LENGTH &&
		    !wmemcmp(text + n - PASTE_END_LENGTH, end, PASTE_END_LENGTH)) {
			n -= PASTE_END_LENGTH;
			break;
		}
	}
	e->pasting = false;
	for (size_t i = 0; i < n; i++)
		if (text[i] >= L' ' ? text[i] != 0x7f : text[i] == L'\n' || text[i] == L'\t')
			text[kept++] = text[i];
	twz_push(&arena, text, kept, L'\0');
	return edit_insert(e, text) ? EDIT_GOES_ON : EDIT_REFUSED;
}

static enum edit_result
step(struct edit *e, int by)
{
	struct edit_line line = edit_line(e);
	const struct editor_state *s;

	editor_undo_note(&e->undo, line.text, line.n, line.cursor);
	s = editor_undo_step(&e->undo, by);
	if (!s)
		return EDIT_REFUSED;
	edit_replace(e, s->text, s->n, s->cursor);
	return EDIT_GOES_ON;
}

enum edit_result
edit_undo(struct edit *e)
{
	return step(e, -1);
}

enum edit_result
edit_redo(struct edit *e)
{
	return step(e, 1);
}

/* -- another editor ------------------------------------------------------------------------------- */

static bool
write_block(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t r = write(fd, text, n);

		if (r <= 0)
			return false;
		text += r;
		n -= (size_t)r;
	}
	return true;
}

/* Runs the user's editor with the terminal to itself. */
static bool
run_editor(const char *path)
{
	const char *visual = getenv("VISUAL"), *plain = getenv("EDITOR");
	const char *editor = visual && *visual ? visual : plain && *plain ? plain : "vi";
	TWZ_ARENA arena = { 0 };
	const char *command = twz_format(&arena, "%s \"$1\"", editor);
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGINT, SIG_DFL);
		execl("/bin/sh", "sh", "-c", command, "sh", path, NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		continue;
	return pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status);
}

/* What the file holds now, without the newline that editors add. */
static bool
read_block(struct edit *e, const char *path)
{
	TWZ_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	TWZ_ARENA arena = { 0 };
	char *text = twz_alloc(&arena, FILE_MAX + 1);
	const wchar_t *wide;
	size_t n = 0;
	ssize_t r;

	while (fd >= 0 && n < FILE_MAX && (r = read(fd, text + n, FILE_MAX - n)) > 0)
		n += (size_t)r;
	while (n && text[n - 1] == '\n')
		n--;
	if (fd < 0 || memchr(text, '\0', n))
		return false;
	wide = editor_widen(&arena, text, n);
	edit_replace(e, wide, wcslen(wide), wcslen(wide));
	return true;
}

enum edit_result
edit_outside(struct edit *e)
{
	struct edit_line line = edit_line(e);
	const char *folder = getenv("TMPDIR"), *text;
	TWZ_ARENA arena = { 0 };
	char *path = twz_format(&arena, "%s/twz-XXXXXX.twz", folder && *folder ? folder : "/tmp");
	bool done = false;
	size_t n;
	int fd = mkostemps(path, 4, O_CLOEXEC);

	if (fd < 0)
		return EDIT_REFUSED;
	text = editor_narrow(&arena, line.text, line.n, &n);
	if (write_block(fd, text, n) && write_block(fd, "\n", 1)) {
		edit_erase(e);
		edit_modes(e, false);
		done = run_editor(path) && read_block(e, path);
		edit_modes(e, true);
	}
	close(fd);
	unlink(path);
	return done ? EDIT_GOES_ON : EDIT_REFUSED;
}
