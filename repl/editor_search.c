/*
 * ^R: the entries that contain what is typed, below it. A key that comes while a million of them are
 * looked through ends the look.
 */
#include <string.h>

#include "repl/editor_inner.h"
#include "repl/editor_keys.h"
#include "repl/editor_text.h"

enum { FOUND_MAX = 100, CONTROL = 037, PAGE = 10 };

static bool
in_a_hurry(void *data)
{
	return edit_key_waits(data);
}

static void
find(struct edit *e)
{
	struct edit_search *s = &e->search;
	const char *words;
	size_t n;

	/* What was typed is seen at once, whatever the search takes. */
	if (s->n && !edit_key_waits(e))
		edit_paint(e);
	twz_arena_reset(&s->arena);
	s->nfound = 0;
	words = editor_narrow(&s->arena, s->query, s->n, &n);
	s->nfound = history_search(e->editor.history, words, FOUND_MAX, in_a_hurry, e, &s->arena, &s->found);
	s->selected = 0;
}

static void
go(struct edit_search *s, int by)
{
	int to = s->selected + by;

	s->selected = to < 0 ? 0 : to >= (int)s->nfound ? (int)s->nfound - 1 : to;
	if (s->selected < 0)
		s->selected = 0;
}

/* What one key does: nothing more is typed (GONE, TAKEN), or it is. */
enum step { ON, GONE, TAKEN };

static enum step
special(struct edit *e)
{
	struct edit_search *s = &e->search;
	wchar_t c;

	if (!edit_next_key(e, &c))
		return GONE;
	switch (c) {
	case EDITOR_KEY_UP: go(s, -1); return ON;
	case EDITOR_KEY_DOWN: go(s, 1); return ON;
	case EDITOR_KEY_PAGE_UP: go(s, -PAGE); return ON;
	case EDITOR_KEY_PAGE_DOWN: go(s, PAGE); return ON;
	case EDITOR_KEY_PASTE: e->pasting = false; return ON;
	default: return TAKEN;
	}
}

static enum step
take(struct edit *e, wchar_t c)
{
	struct edit_search *s = &e->search;

	switch (c) {
	case EDITOR_KEY_LEAD: return special(e);
	case 'R' & CONTROL: case 'N' & CONTROL: go(s, 1); return ON;
	case 'S' & CONTROL: case 'P' & CONTROL: go(s, -1); return ON;
	case 'C' & CONTROL: case 'G' & CONTROL: case L'\033': return GONE;
	case L'\r': case L'\n': case L'\t': return TAKEN;
	case 'U' & CONTROL: s->n = 0; break;
	case L'\b': case 0x7f: s->n -= s->n > 0; break;
	default:
		if (c < L' ')
			return TAKEN;
		if (s->n < TWZ_COUNT(s->query) - 1)
			s->query[s->n++] = c;
		break;
	}
	find(e);
	return ON;
}

/* The entry is put into the line and not run: what was looked for is looked at first. */
enum edit_result
edit_search(struct edit *e)
{
	struct edit_search *s = &e->search;
	enum step step = ON;
	wchar_t c;

	s->n = 0;
	s->active = true;
	find(e);
	while (step == ON && edit_next_key(e, &c))
		step = take(e, c);
	s->active = false;
	if (step == TAKEN && s->nfound) {
		const char *text = s->found[s->selected].text;
		const wchar_t *wide = editor_widen(&s->arena, text, strlen(text));

		edit_replace(e, wide, wcslen(wide), wcslen(wide));
	}
	twz_arena_reset(&s->arena);
	return EDIT_GOES_ON;
}
