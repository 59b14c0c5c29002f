/*
 * Tab: what is certain is inserted, and what is not is listed below the line. Tab again goes through the
 * list, putting each candidate into the line; the list is there as long as the line is as it left it.
 */
#include <string.h>

#include "repl/editor_inner.h"
#include "repl/editor_menu.h"
#include "repl/editor_text.h"

void
edit_menu_close(struct edit *e)
{
	twz_arena_reset(&e->menu.arena);
	e->menu.text = NULL;
	e->menu.n = 0;
}

bool
edit_menu_shown(const struct edit *e)
{
	struct edit_line line = edit_line(e);
	const struct edit_menu *m = &e->menu;

	return m->text && m->text_n == line.n && m->cursor == line.cursor && !wmemcmp(m->text, line.text, line.n);
}

/* The list belongs to the line as it is now. */
static void
keep_line(struct edit *e)
{
	struct edit_line line = edit_line(e);

	e->menu.text = twz_new_array(&e->menu.arena, line.n + 1, wchar_t);
	wmemcpy(e->menu.text, line.text, line.n);
	e->menu.text_n = line.n;
	e->menu.cursor = line.cursor;
}

/* Puts @text in the place of the word, which begins at character @from. */
static void
put_word(struct edit *e, size_t from, const wchar_t *text)
{
	struct edit_line line = edit_line(e);
	size_t n = wcslen(text), rest = line.n - line.cursor;
	TWZ_ARENA arena = { 0 };
	wchar_t *all = twz_new_array(&arena, from + n + rest + 1, wchar_t);

	wmemcpy(all, line.text, from);
	wmemcpy(all + from, text, n);
	wmemcpy(all + from + n, line.text + line.cursor, rest);
	edit_replace(e, all, from + n + rest, from + n);
}

static enum edit_result
select_next(struct edit *e, int by)
{
	struct edit_menu *m = &e->menu;
	int n = (int)m->n;

	m->selected = m->selected == MENU_NONE ? (by > 0 ? 0 : n - 1) : (m->selected + by + n) % n;
	put_word(e, m->from, editor_widen(&m->arena, m->candidates[m->selected].text,
					  strlen(m->candidates[m->selected].text)));
	keep_line(e);
	return EDIT_GOES_ON;
}

/* A word that is complete. */
static enum edit_result
put_only(struct edit *e, size_t from, const char *text)
{
	struct edit_line line;
	TWZ_ARENA arena = { 0 };

	put_word(e, from, editor_widen(&arena, text, strlen(text)));
	line = edit_line(e);
	if (editor_wants_blank(text) && (line.cursor == line.n || line.text[line.cursor] != L' '))
		edit_insert(e, L" ");
	edit_menu_close(e);
	return EDIT_GOES_ON;
}

enum edit_result
edit_complete(struct edit *e)
{
	struct edit_line line = edit_line(e);
	struct edit_menu *m = &e->menu;
	size_t n, cursor, from, common;
	const char *text;

	if (edit_menu_shown(e) && m->n)
		return select_next(e, 1);
	edit_menu_close(e);
	text = editor_narrow(&m->arena, line.text, line.n, &n);
	editor_narrow(&m->arena, line.text, line.cursor, &cursor);
	m->n = lang_complete(e->editor.lang, text, n, cursor, &m->arena, &m->candidates, &from);
	m->from = wcslen(editor_widen(&m->arena, text, from));
	m->selected = MENU_NONE;
	if (!m->n)
		return EDIT_REFUSED;
	if (m->n == 1)
		return put_only(e, m->from, m->candidates[0].text);
	common = editor_common_prefix(m->candidates, m->n);
	/* Where nothing was typed yet, the beginnings of two words have nothing in common. */
	if (from < cursor && common >= cursor - from)
		put_word(e, m->from, editor_widen(&m->arena, m->candidates[0].text, common));
	keep_line(e);
	return EDIT_GOES_ON;
}

enum edit_result
edit_complete_back(struct edit *e)
{
	return edit_menu_shown(e) && e->menu.n ? select_next(e, -1) : EDIT_REFUSED;
}
