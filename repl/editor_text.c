#include "repl/editor_text.h"

#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>

enum { INDENT = 2, DEFAULT_COLUMNS = 80 };

int
editor_columns(void)
{
	struct winsize size;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : DEFAULT_COLUMNS;
}

char *
editor_narrow(struct twz_arena *arena, const wchar_t *text, size_t n, size_t *ret)
{
	char *out = twz_alloc_array(arena, n + 1, MB_LEN_MAX);
	mbstate_t state = { 0 };
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		size_t r = wcrtomb(out + used, text[i], &state);

		if (r == (size_t)-1)
			out[used] = '?', r = 1;
		used += r;
	}
	*ret = used;
	return out;
}

wchar_t *
editor_widen(struct twz_arena *arena, const char *text, size_t n)
{
	wchar_t *out = twz_new_array(arena, n + 1, wchar_t);
	mbstate_t state = { 0 };

	for (size_t used = 0; n;) {
		size_t r = mbrtowc(&out[used], text, n, &state);

		if (r == (size_t)-1 || r == (size_t)-2) {
			out[used] = 0xfffd;
			state = (mbstate_t){ 0 };
			r = 1;
		}
		used++;
		text += r ? r : 1;
		n -= r ? r : 1;
	}
	return out;
}

size_t
editor_row_begin(const wchar_t *text, size_t cursor)
{
	while (cursor && text[cursor - 1] != L'\n')
		cursor--;
	return cursor;
}

size_t
editor_row_end(const wchar_t *text, size_t n, size_t cursor)
{
	while (cursor < n && text[cursor] != L'\n')
		cursor++;
	return cursor;
}

bool
editor_row_above(const wchar_t *text, size_t cursor, size_t *ret)
{
	size_t begin = editor_row_begin(text, cursor), above;

	if (!begin)
		return false;
	above = editor_row_begin(text, begin - 1);
	*ret = cursor - begin > begin - 1 - above ? begin - 1 : above + cursor - begin;
	return true;
}

bool
editor_row_below(const wchar_t *text, size_t n, size_t cursor, size_t *ret)
{
	size_t column = cursor - editor_row_begin(text, cursor), end = editor_row_end(text, n, cursor), next;

	if (end == n)
		return false;
	next = editor_row_end(text, n, end + 1);
	*ret = column > next - end - 1 ? next : end + 1 + column;
	return true;
}

/*
 * How far the line after @text is to be indented: as the last one, and more after an opening bracket.
 * Not at all inside a text, whose contents it would change.
 */
size_t
editor_indent(const wchar_t *text, size_t n)
{
	size_t indent = 0, line = 0;
	wchar_t quote = 0;

	for (size_t i = 0; i < n; i++) {
		if (quote == L'"' && text[i] == L'\\' && i + 1 < n)
			i++;
		else if (quote)
			quote = text[i] == quote ? 0 : quote;
		else if (text[i] == L'"' || text[i] == L'\'')
			quote = text[i];
		if (text[i] == L'\n')
			line = i + 1;
	}
	if (quote)
		return 0;
	while (line + indent < n && text[line + indent] == L' ')
		indent++;
	while (n > line && text[n - 1] == L' ')
		n--;
	if (n > line && wcschr(L"([{", text[n - 1]))
		indent += INDENT;
	return indent < EDITOR_INDENT_MAX ? indent : EDITOR_INDENT_MAX;
}

/* How many bytes all candidates begin with, whole characters only. */
size_t
editor_common_prefix(const struct lang_candidate *candidates, size_t n)
{
	size_t common = strlen(candidates[0].text);

	for (size_t i = 1; i < n; i++) {
		size_t same = 0;

		while (same < common && candidates[i].text[same] == candidates[0].text[same])
			same++;
		common = same;
	}
	while (common && ((unsigned char)candidates[0].text[common] & 0xc0) == 0x80)
		common--;
	return common;
}

/* A word that is complete is followed by a blank, except where more of it must follow. */
bool
editor_wants_blank(const char *text)
{
	size_t n = strlen(text);

	return n && !strchr(":=/({[\"'", text[n - 1]);
}

