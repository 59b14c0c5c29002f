/*
 * The screen of the full editor: one frame that is laid out anew for each key and written as its
 * difference to the one before. libedit draws too, but nowhere.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "repl/editor_inner.h"
#include "repl/editor_menu.h"
#include "repl/editor_text.h"

static const wchar_t prompt[] = L"twz> ", more[] = L"...> ", searching[] = L"search: ";

enum { ROWS = 24 };

static int
terminal_rows(void)
{
	struct winsize size;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row ? size.ws_row : ROWS;
}

/*
 * Most terminals fold rows that have become too long, which puts the line's beginning further up; some
 * cut them off. No terminal tells which it does, but the two that cut tell who they are.
 */
static bool
folds(void)
{
	const char *term = getenv("TERM");

	return !getenv("XTERM_VERSION") && !(term && !strcmp(term, "linux"));
}

/* A picture that did not arrive is drawn again; only values that do not arrive are a failure. */
void
edit_painted(FILE *out)
{
	fflush(out);
	clearerr(out);
}

/* The size may be another one before the signal says so: it is looked at whenever it matters. */
void
edit_erase(struct edit *e)
{
	int columns = editor_columns();

	if (columns != e->columns && folds())
		e->shown.row = frame_folded_row(&e->shown, columns);
	frame_erase(e->out, &e->shown);
	edit_painted(e->out);
	e->shown = (struct frame){ 0 };
}

/* Lays @view out and shows it in the place of what is shown. */
static void
show(struct edit *e, const struct frame_view *view)
{
	struct frame next;

	if (e->shown.n && view->columns != e->columns)
		edit_erase(e);
	e->columns = view->columns;
	e->which = !e->which;
	twz_arena_reset(&e->frames[e->which]);
	frame_lay(view, &e->frames[e->which], &next);
	frame_write(e->out, &e->shown, &next, e->color);
	edit_painted(e->out);
	e->shown = next;
}

static void
view_search(struct edit *e, struct frame_view *view, struct twz_arena *arena)
{
	TWZ_FREE char *folder = getcwd(NULL, 0);
	struct timespec now;
	size_t rows = view->rows > 4 ? (size_t)view->rows - 3 : 1;

	clock_gettime(CLOCK_REALTIME, &now);
	view->prompt = searching;
	view->text = e->search.query;
	view->n = view->cursor = e->search.n;
	view->nbelow = editor_menu_history(e->search.found, e->search.nfound, e->search.selected, rows,
					   (int64_t)now.tv_sec * 1000, folder ? folder : "", arena,
					   &view->below);
}

/* The hint, and the candidates under it. */
static void
view_below(struct edit *e, struct frame_view *view, struct twz_arena *arena)
{
	size_t rows = view->rows > 6 ? (size_t)view->rows - 4 : 2, n = 0;
	const struct frame_line *menu = NULL;
	struct frame_line *below;

	if (edit_menu_shown(e))
		n = editor_menu(e->menu.candidates, e->menu.n, e->menu.selected, rows, arena, &menu);
	below = twz_new_array(arena, n + 1, struct frame_line);
	if (e->look.nhint)
		below[view->nbelow++] = (struct frame_line){ e->look.hint, e->look.nhint };
	for (size_t i = 0; i < n; i++)
		below[view->nbelow++] = menu[i];
	view->below = below;
}

/*
 * What ran last may have left the cursor behind some text. A mark and as many blanks as fill a row end up
 * in the next row then, and in this one otherwise; where the mark is not needed, it is cleared again.
 */
void
edit_begin(struct edit *e)
{
	fprintf(e->out, "\033[2m⏎\033[0m%*s\r\033[J", editor_columns() - 1, "");
	edit_painted(e->out);
	e->shown = (struct frame){ 0 };
}

void
edit_paint(struct edit *e)
{
	struct edit_line line = edit_line(e);
	TWZ_ARENA arena = { 0 };
	struct frame_view view = {
		.prompt = prompt, .more = more, .text = line.text, .n = line.n, .cursor = line.cursor,
		.columns = editor_columns(), .rows = terminal_rows(),
	};

	if (e->search.active) {
		view_search(e, &view, &arena);
		show(e, &view);
		return;
	}
	editor_look_at(&e->look, line.text, line.n, line.cursor);
	view.styles = e->look.styles;
	if (!e->past.id && !edit_menu_shown(e))
		view.ghost = e->look.ghost;
	view_below(e, &view, &arena);
	show(e, &view);
}

void
edit_leave(struct edit *e, const wchar_t *mark)
{
	struct edit_line line = edit_line(e);
	size_t n = line.n + wcslen(mark);
	TWZ_ARENA arena = { 0 };
	wchar_t *text = twz_new_array(&arena, n + 1, wchar_t);
	uint8_t *styles = twz_alloc(&arena, n + 1);
	struct frame_view view = {
		.prompt = prompt, .more = more, .text = text, .n = n, .cursor = n, .styles = styles,
		.columns = editor_columns(), .rows = terminal_rows(), .all = true,
	};

	wmemcpy(text, line.text, line.n);
	wmemcpy(text + line.n, mark, n - line.n);
	/* Nothing is being typed any more: the word at the end has the colour of what it is. */
	editor_look_at(&e->look, line.text, line.n, 0);
	if (e->look.styles)
		memcpy(styles, e->look.styles, line.n);
	/* A frame of which only a part was shown cannot be gone on with. */
	if (e->shown.n >= (size_t)view.rows)
		edit_erase(e);
	show(e, &view);
	fputs("\r\n", e->out);
	edit_painted(e->out);
	e->shown = (struct frame){ 0 };
}

void
edit_resized(struct edit *e)
{
	edit_erase(e);
	edit_paint(e);
}

enum edit_result
edit_clear(struct edit *e)
{
	fputs("\033[H\033[2J", e->out);
	edit_painted(e->out);
	e->shown = (struct frame){ 0 };
	return EDIT_GOES_ON;
}
