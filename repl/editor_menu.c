#include "repl/editor_menu.h"

#include <string.h>

#include "repl/editor_text.h"

/* Which of @n rows are shown when there is room for @rows, so that @selected is among them. */
static size_t
first_row(size_t n, int selected, size_t rows)
{
	size_t at = selected < 0 ? 0 : (size_t)selected;

	return n > rows && at >= rows ? at + 1 - rows : 0;
}

static struct frame_line
line_of(struct twz_arena *arena, const struct frame_piece *pieces, size_t n)
{
	struct frame_piece *copy = twz_new_array(arena, n, struct frame_piece);

	memcpy(copy, pieces, n * sizeof(*copy));
	return (struct frame_line){ copy, n };
}

static const wchar_t *
widen(struct twz_arena *arena, const char *text)
{
	return editor_widen(arena, text, strlen(text));
}

static size_t
width_of(const wchar_t *text)
{
	size_t w = 0;

	for (; *text; text++)
		w += (size_t)frame_width(*text);
	return w;
}

static const wchar_t *
blanks(struct twz_arena *arena, size_t n)
{
	wchar_t *text = twz_new_array(arena, n + 1, wchar_t);

	wmemset(text, L' ', n);
	return text;
}

size_t
editor_menu(const struct lang_candidate *candidates, size_t n, int selected, size_t rows,
	    struct twz_arena *arena, const struct frame_line **ret)
{
	size_t fit = n > rows && rows ? rows - 1 : rows, first = first_row(n, selected, fit);
	size_t shown = n - first < fit ? n - first : fit, widest = 0, k = 0;
	struct frame_line *lines = twz_new_array(arena, shown + 1, struct frame_line);
	const wchar_t **texts = twz_new_array(arena, shown, const wchar_t *);

	for (size_t i = 0; i < shown; i++) {
		texts[i] = widen(arena, candidates[first + i].text);
		widest = width_of(texts[i]) > widest ? width_of(texts[i]) : widest;
	}
	for (size_t i = 0; i < shown; i++) {
		struct frame_piece pieces[] = {
			{ L"  ", FRAME_PLAIN },
			{ texts[i], selected == (int)(first + i) ? FRAME_SELECTED : FRAME_PLAIN },
			{ blanks(arena, widest - width_of(texts[i]) + 2), FRAME_PLAIN },
			{ widen(arena, candidates[first + i].note), FRAME_NOTE },
		};

		lines[k++] = line_of(arena, pieces, *candidates[first + i].note ? 4 : 2);
	}
	if (shown < n) {
		const char *more = twz_format(arena, "  … and %zu more", n - shown);
		struct frame_piece pieces[] = { { widen(arena, more), FRAME_NOTE } };

		lines[k++] = line_of(arena, pieces, 1);
	}
	*ret = lines;
	return k;
}

/* "now", "5m", "3h", "12d". */
static const char *
age_text(struct twz_arena *arena, int64_t ms)
{
	int64_t s = ms / 1000;

	if (s < 60)
		return "now";
	if (s < 3600)
		return twz_format(arena, "%dm", (int)(s / 60));
	if (s < 86400)
		return twz_format(arena, "%dh", (int)(s / 3600));
	return twz_format(arena, "%dd", (int)(s / 86400 > 99999 ? 99999 : s / 86400));
}

/* "3", "", or "?" for what has not ended, or never will. */
static const char *
status_text(struct twz_arena *arena, int status)
{
	return status < 0 ? "?" : !status ? "" : twz_format(arena, "%d", status);
}

size_t
editor_menu_history(const struct history_entry *entries, size_t n, int selected, size_t rows,
		    int64_t now, const char *folder, struct twz_arena *arena,
		    const struct frame_line **ret)
{
	size_t first = first_row(n, selected, rows), shown = n - first < rows ? n - first : rows;
	struct frame_line *lines = twz_new_array(arena, shown, struct frame_line);

	for (size_t i = 0; i < shown; i++) {
		const struct history_entry *e = &entries[first + i];
		const char *left = twz_format(arena, "%5s %3s  ", age_text(arena, now - e->at),
					      status_text(arena, e->status));
		bool elsewhere = *e->folder && strcmp(e->folder, folder) != 0;
		struct frame_piece pieces[] = {
			{ widen(arena, left), e->status > 0 ? FRAME_ERROR : FRAME_NOTE },
			{ widen(arena, e->text), selected == (int)(first + i) ? FRAME_SELECTED : FRAME_PLAIN },
			{ widen(arena, elsewhere ? twz_format(arena, "  %s", e->folder) : ""), FRAME_NOTE },
		};

		lines[i] = line_of(arena, pieces, TWZ_COUNT(pieces));
	}
	*ret = lines;
	return shown;
}
