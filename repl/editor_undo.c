#include "repl/editor_undo.h"

#include <stdlib.h>

enum { STATES_MAX = 1000, CHARACTERS_MAX = 4 << 20 };

static void
drop(struct editor_undo *u, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		u->characters -= u->states[i].n;
		free(u->states[i].text);
	}
	for (size_t i = to; i < u->n; i++)
		u->states[from + i - to] = u->states[i];
	u->n -= to - from;
}

static bool
same(const struct editor_state *s, const wchar_t *text, size_t n)
{
	return s->n == n && !wmemcmp(s->text, text, n);
}

/* One character more, at the cursor. */
static bool
is_typed(const struct editor_state *s, const wchar_t *text, size_t n, size_t cursor)
{
	return n == s->n + 1 && cursor == s->cursor + 1 && !wmemcmp(s->text, text, cursor - 1) &&
	       !wmemcmp(s->text + cursor - 1, text + cursor, n - cursor);
}

void
editor_undo_note(struct editor_undo *u, const wchar_t *text, size_t n, size_t cursor)
{
	struct editor_state *s = u->n ? &u->states[u->now] : NULL;
	bool typed;
	wchar_t *copy;

	if (s && same(s, text, n)) {
		s->open &= s->cursor == cursor;
		s->cursor = cursor;
		return;
	}
	typed = s && is_typed(s, text, n, cursor);
	copy = calloc(n + 1, sizeof(*copy));
	if (!copy)
		return;
	wmemcpy(copy, text, n);
	if (s)
		drop(u, u->now + 1, u->n);
	if (typed && s->open && text[cursor - 1] != L' ' && text[cursor - 1] != L'\n') {
		u->characters += n - s->n;
		free(s->text);
		*s = (struct editor_state){ copy, n, cursor, true };
		return;
	}
	for (u->characters += n; u->n && (u->n == STATES_MAX || u->characters > CHARACTERS_MAX);)
		drop(u, 0, 1);
	if (u->n == u->size) {
		struct editor_state *larger = reallocarray(u->states, u->size ? 2 * u->size : 16, sizeof(*larger));

		if (!larger) {
			u->characters -= n;
			free(copy);
			return;
		}
		u->states = larger;
		u->size = u->size ? 2 * u->size : 16;
	}
	u->now = u->n;
	u->states[u->n++] = (struct editor_state){ copy, n, cursor, typed };
}

const struct editor_state *
editor_undo_step(struct editor_undo *u, int by)
{
	if (by < 0 ? !u->n || !u->now : u->now + 1 >= u->n)
		return NULL;
	u->now = by < 0 ? u->now - 1 : u->now + 1;
	u->states[u->now].open = false;
	return &u->states[u->now];
}

void
editor_undo_clear(struct editor_undo *u)
{
	drop(u, 0, u->n);
	free(u->states);
	*u = (struct editor_undo){ 0 };
}
