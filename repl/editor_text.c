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

int
editor_width(wchar_t c)
{
	int w = wcwidth(c);

	return w < 0 ? 2 : w;		/* control characters are drawn as ^X */
}

/* Writes at most @room columns of @text. */
void
editor_write_cut(const char *text, int room)
{
	TWZ_ARENA arena = { 0 };
	const wchar_t *wide = editor_widen(&arena, text, strlen(text));
	size_t n = 0, bytes;
	int used = 0;

	while (wide[n] && used + editor_width(wide[n]) <= room)
		used += editor_width(wide[n++]);
	if (wide[n] && n)
		n--;
	fputs(editor_narrow(&arena, wide, n, &bytes), stdout);
	if (wide[n])
		fputs("…", stdout);
}

static int
text_width(const char *text)
{
	TWZ_ARENA arena = { 0 };
	int w = 0;

	for (const wchar_t *p = editor_widen(&arena, text, strlen(text)); *p; p++)
		w += editor_width(*p);
	return w;
}

/* One candidate per row, each with its note; as many as fit on the screen. */
void
editor_show_candidates(const struct lang_candidate *candidates, size_t count)
{
	struct winsize size;
	size_t rows = !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row > 6 ?
		      (size_t)size.ws_row - 4 : 20;
	size_t n = count > rows ? rows - 1 : count;
	int widest = 0, limit = editor_columns();

	for (size_t i = 0; i < n; i++) {
		int w = text_width(candidates[i].text);

		widest = w > widest ? w : widest;
	}
	for (size_t i = 0; i < n; i++) {
		const struct lang_candidate *c = &candidates[i];

		fputs("  ", stdout);
		editor_write_cut(c->text, limit - 3);
		if (*c->note && widest + 6 < limit) {
			printf("%*s", widest - text_width(c->text) + 2, "");
			editor_write_cut(c->note, limit - widest - 5);
		}
		fputs("\r\n", stdout);
	}
	if (n < count)
		printf("  … and %zu more\r\n", count - n);
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

