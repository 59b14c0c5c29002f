#include "repl/editor_look.h"

#include <string.h>

#include "repl/editor_text.h"

enum {
	LONGEST = 32 << 10,		/* bytes; longer texts are only text */
	CANDIDATES = 8,			/* entries that are checked for one key */
};

static const uint8_t styles_of[] = {
	[LANG_COLOR_PLAIN] = FRAME_PLAIN, [LANG_COLOR_SERVICE] = FRAME_SERVICE,
	[LANG_COLOR_GATE] = FRAME_GATE, [LANG_COLOR_FUNCTION] = FRAME_FUNCTION,
	[LANG_COLOR_KEYWORD] = FRAME_KEYWORD, [LANG_COLOR_VARIABLE] = FRAME_VARIABLE,
	[LANG_COLOR_NUMBER] = FRAME_NUMBER, [LANG_COLOR_TEXT] = FRAME_TEXT,
	[LANG_COLOR_ENUMERATOR] = FRAME_ENUMERATOR, [LANG_COLOR_COMMENT] = FRAME_COMMENT,
	[LANG_COLOR_ERROR] = FRAME_ERROR,
};

/* From colours of bytes to styles of characters. */
static const uint8_t *
styles(struct editor_look *look, const char *text, size_t bytes, size_t cursor)
{
	const uint8_t *colors = lang_colors(look->lang, text, bytes, cursor, &look->arena);
	uint8_t *out = twz_alloc(&look->arena, look->n + 1);
	size_t k = 0;

	for (size_t i = 0; i < bytes && k < look->n; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			out[k++] = colors[i] < TWZ_COUNT(styles_of) ? styles_of[colors[i]] : FRAME_PLAIN;
	return out;
}

/* "f(a: i32, *b: i32*) -> i32": what is between the stars is marked. */
static void
make_hint(struct editor_look *look, const char *text, size_t bytes, size_t cursor)
{
	const char *hint = lang_hint(look->lang, text, bytes, cursor, &look->arena), *open, *close;
	struct frame_piece *pieces;

	if (!hint)
		return;
	/* A pointer's star is no mark: marks stand before a name and at its type's end. */
	open = strstr(hint, "(*");
	open = open ? open : strstr(hint, ", *");
	open = open ? strchr(open, '*') : NULL;
	close = open ? strstr(open + 1, "*, ") : NULL;
	close = open && !close ? strstr(open + 1, "*)") : close;
	pieces = twz_new_array(&look->arena, 4, struct frame_piece);
	pieces[look->nhint++] = (struct frame_piece){ L"  ", FRAME_PLAIN };
	if (open && close) {
		pieces[look->nhint++] = (struct frame_piece){
			editor_widen(&look->arena, hint, (size_t)(open - hint)), FRAME_HINT };
		pieces[look->nhint++] = (struct frame_piece){
			editor_widen(&look->arena, open, (size_t)(close + 1 - open)), FRAME_MARKED };
		hint = close + 1;
	}
	pieces[look->nhint++] = (struct frame_piece){ editor_widen(&look->arena, hint, strlen(hint)), FRAME_HINT };
	look->hint = pieces;
}

/* Whether the entry would run as things are now. Each is checked once for a line. */
static bool
runs(struct editor_look *look, const char *text)
{
	bool good;

	for (size_t i = 0; i < look->ntried; i++)
		if (!strcmp(look->tried[i].text, text))
			return look->tried[i].runs;
	good = lang_would_run(look->lang, text, strlen(text));
	if (look->ntried == LOOK_GHOSTS)
		look->ntried = 0;
	look->tried[look->ntried].text = twz_strdup(&look->kept, text);
	look->tried[look->ntried++].runs = good;
	return good;
}

static void
make_ghost(struct editor_look *look, const char *text, size_t bytes)
{
	const struct history_entry *entries;
	size_t n;

	/* As long as it is typed as it was, nothing is looked for. */
	if (look->whole && (strncmp(look->whole, text, bytes) || strlen(look->whole) <= bytes))
		look->whole = NULL;
	n = look->whole ? 0 : history_starting(look->history, text, CANDIDATES, &look->arena, &entries);
	for (size_t i = 0; i < n && !look->whole; i++)
		if (runs(look, entries[i].text))
			look->whole = twz_strdup(&look->kept, entries[i].text);
	if (look->whole)
		look->ghost = editor_widen(&look->arena, look->whole + bytes, strlen(look->whole + bytes));
}

void
editor_look_at(struct editor_look *look, const wchar_t *text, size_t n, size_t cursor)
{
	size_t bytes, at;
	const char *narrow;

	if (look->text && look->n == n && look->cursor == cursor && !wmemcmp(look->text, text, n))
		return;
	twz_arena_reset(&look->arena);
	look->text = twz_new_array(&look->arena, n + 1, wchar_t);
	wmemcpy(look->text, text, n);
	look->n = n;
	look->cursor = cursor;
	look->styles = NULL;
	look->hint = NULL;
	look->nhint = 0;
	look->ghost = NULL;
	narrow = editor_narrow(&look->arena, text, n, &bytes);
	if (!n || bytes > LONGEST)
		return;
	editor_narrow(&look->arena, text, cursor, &at);
	look->styles = styles(look, narrow, bytes, at);
	make_hint(look, narrow, bytes, at);
	if (cursor == n && look->history)
		make_ghost(look, narrow, bytes);
}

void
editor_look_reset(struct editor_look *look)
{
	look->text = NULL;
	look->whole = NULL;
	look->ntried = 0;
	look->nhint = 0;
	look->hint = NULL;
	look->ghost = NULL;
	twz_arena_reset(&look->kept);
}

void
editor_look_free(struct editor_look *look)
{
	twz_arena_free(&look->arena);
	twz_arena_free(&look->kept);
}

size_t
editor_look_word(const wchar_t *ghost)
{
	size_t n = 0;

	while (ghost[n] == L' ' || ghost[n] == L'\n')
		n++;
	while (ghost[n] && ghost[n] != L' ' && ghost[n] != L'\n')
		n++;
	return n;
}
