/* What the editor draws, reads and takes back, without a terminal: frames, keys, undo, lists. */
#include "tests/unit/unit.h"

#include <locale.h>
#include <stdlib.h>

#include "repl/editor_frame.h"
#include "repl/editor_keys.h"
#include "repl/editor_look.h"
#include "repl/editor_menu.h"
#include "repl/editor_text.h"
#include "repl/editor_undo.h"

/* The rows of a frame as texts, joined by '|'. */
static const char *
rows_of(const struct frame *f, struct twz_arena *arena)
{
	wchar_t *text = NULL;
	size_t n = 0, bytes;

	for (size_t r = 0; r < f->n; r++) {
		if (r)
			twz_push(arena, text, n, L'|');
		for (size_t i = 0; i < f->rows[r].n; i++) {
			const struct frame_cell *c = &f->rows[r].cells[i];

			if (c->c)
				twz_push(arena, text, n, c->c);
			for (size_t k = 0; k < TWZ_COUNT(c->marks) && c->marks[k]; k++)
				twz_push(arena, text, n, c->marks[k]);
		}
	}
	return editor_narrow(arena, text, n, &bytes);
}

/* Text, where its cursor is, columns and rows of the terminal; rows and the place of the cursor. */
static const struct {
	const wchar_t *text;
	size_t cursor;
	int columns, rows;
	const char *shown;
	int row, column;
} frames[] = {
	{ L"", 0, 20, 5, "> ", 0, 2 },
	{ L"abc", 3, 20, 5, "> abc", 0, 5 },
	{ L"abc", 1, 20, 5, "> abc", 0, 3 },
	/* The cursor behind the last column is on a row of its own. */
	{ L"abc", 3, 5, 5, "> abc|", 1, 0 },
	{ L"abc", 2, 5, 5, "> abc", 0, 4 },
	{ L"abcd", 4, 5, 5, "> abc|d", 1, 1 },
	{ L"a\nbc", 4, 20, 5, "> a|. bc", 1, 4 },
	{ L"a\n", 2, 20, 5, "> a|. ", 1, 2 },
	/* Wide characters are never cut in two. */
	{ L"ab日c", 4, 5, 5, "> ab|日c", 1, 3 },
	{ L"日本", 2, 20, 5, "> 日本", 0, 6 },
	/* Combining characters take no column. */
	{ L"e\u0301x", 3, 20, 5, "> e\xcc\x81x", 0, 4 },
	/* What a terminal would obey is drawn and not sent. */
	{ L"a\033[2Jb", 6, 20, 5, "> a^[[2Jb", 0, 9 },
	{ L"a\x9b\x202e", 3, 20, 5, "> a\xef\xbf\xbd\xef\xbf\xbd", 0, 5 },
	{ L"a\tb", 3, 20, 5, "> a     b", 0, 9 },
	/* More rows than the terminal has: those around the cursor. */
	{ L"a\nb\nc\nd", 7, 20, 3, ". b|. c|. d", 2, 3 },
	{ L"a\nb\nc\nd", 0, 20, 3, "> a|. b|. c", 0, 2 },
};

static void
lay(const wchar_t *text, size_t cursor, int columns, int rows, struct twz_arena *arena, struct frame *ret)
{
	struct frame_view view = { .prompt = L"> ", .more = L". ", .text = text, .n = wcslen(text),
				   .cursor = cursor, .columns = columns, .rows = rows };

	frame_lay(&view, arena, ret);
}

static void
test_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(frames); i++) {
		TWZ_ARENA arena = { 0 };
		struct frame f;

		lay(frames[i].text, frames[i].cursor, frames[i].columns, frames[i].rows, &arena, &f);
		if (strcmp(rows_of(&f, &arena), frames[i].shown) || f.row != frames[i].row ||
		    f.column != frames[i].column)
			fail_msg("%zu: %s at %d, %d", i, rows_of(&f, &arena), f.row, f.column);
	}
}

static void
test_below(void **state)
{
	const struct frame_piece pieces[] = { { L"name: ", FRAME_PLAIN }, { L"a\nlong text", FRAME_NOTE } };
	const struct frame_line lines[] = { { pieces, 2 }, { pieces, 1 }, { pieces, 1 } };
	struct frame_view view = { .prompt = L"> ", .more = L". ", .text = L"x\ny", .n = 3, .cursor = 3,
				   .ghost = L"z", .below = lines, .nbelow = 1, .columns = 12, .rows = 9 };
	TWZ_ARENA arena = { 0 };
	struct frame f;

	(void)state;
	frame_lay(&view, &arena, &f);
	assert_string_equal(rows_of(&f, &arena), "> x|. yz|name: a lo…");
	assert_int_equal(f.row, 1);
	assert_int_equal(f.column, 3);
	/* Where there is no room for all, the text and what is below it share what there is. */
	view.nbelow = 3;
	view.rows = 3;
	frame_lay(&view, &arena, &f);
	assert_string_equal(rows_of(&f, &arena), "> x|. yz|name: a lo…");
	view.rows = 2;
	frame_lay(&view, &arena, &f);
	assert_string_equal(rows_of(&f, &arena), ". yz|name: a lo…");
	assert_int_equal(f.row, 0);
	view.all = true;
	frame_lay(&view, &arena, &f);
	assert_int_equal(f.n, 5);
}

static const char *
difference(const struct frame *before, const struct frame *now, bool color, struct twz_arena *arena)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	frame_write(out, before, now, color);
	fclose(out);
	return twz_strndup(arena, text, n);
}

static void
test_differences(void **state)
{
	static const uint8_t styles[] = { FRAME_PLAIN, FRAME_GATE };
	struct frame_view view = { .prompt = L"", .more = L"", .text = L"xy", .n = 2, .cursor = 2,
				   .styles = styles, .columns = 20, .rows = 5 };
	struct frame nothing = { 0 }, a, b;
	TWZ_ARENA arena = { 0 };

	(void)state;
	lay(L"ab", 2, 20, 5, &arena, &a);
	assert_string_equal(difference(&nothing, &a, false, &arena), "\r> ab\r\033[4C");
	lay(L"abc", 3, 20, 5, &arena, &b);
	assert_string_equal(difference(&a, &b, false, &arena), "\r\033[4Cc\r\033[5C");
	assert_string_equal(difference(&b, &a, false, &arena), "\r\033[4C\033[K\r\033[4C");
	assert_string_equal(difference(&a, &a, false, &arena), "\r\r\033[4C");
	/* Widths that a terminal may see in another way: the row is written anew. */
	lay(L"日", 1, 20, 5, &arena, &a);
	lay(L"日x", 2, 20, 5, &arena, &b);
	assert_string_equal(difference(&a, &b, false, &arena), "\r> 日x\r\033[5C");
	/* Rows that are gone. */
	lay(L"a\nb", 3, 20, 5, &arena, &a);
	lay(L"a", 1, 20, 5, &arena, &b);
	assert_string_equal(difference(&a, &b, false, &arena), "\033[1A\r\r\n\033[J\033[1A\r\033[3C");
	frame_lay(&view, &arena, &a);
	assert_string_equal(difference(&nothing, &a, true, &arena), "\rx\033[0;1;36my\033[0m\r\033[2C");
	assert_string_equal(difference(&nothing, &a, false, &arena), "\rxy\r\033[2C");
}

static void
test_folded(void **state)
{
	TWZ_ARENA arena = { 0 };
	struct frame f;

	(void)state;
	lay(L"abcdefgh\nxy", 11, 20, 9, &arena, &f);
	assert_int_equal(frame_folded_row(&f, 20), 1);
	assert_int_equal(frame_folded_row(&f, 5), 2);
	assert_int_equal(frame_folded_row(&f, 4), 4);
	assert_int_equal(frame_folded_row(&f, 2), 7);
}

/* Bytes, what they are and how many of them. */
static const struct {
	const char *bytes;
	enum editor_keys_result result;
	char key;
	size_t used;
} keys[] = {
	{ "a", EDITOR_KEYS_NONE, 0, 0 }, { "\033", EDITOR_KEYS_MORE, 0, 0 }, { "\033[", EDITOR_KEYS_MORE, 0, 0 },
	{ "\033[1;", EDITOR_KEYS_MORE, 0, 0 }, { "\033O", EDITOR_KEYS_MORE, 0, 0 },
	{ "\033[A", EDITOR_KEYS_ONE, 'A', 3 }, { "\033OA", EDITOR_KEYS_ONE, 'A', 3 },
	{ "\033[Bx", EDITOR_KEYS_ONE, 'B', 3 }, { "\033[1;5C", EDITOR_KEYS_ONE, 'f', 6 },
	{ "\033[1;3D", EDITOR_KEYS_ONE, 'b', 6 }, { "\033[1;2C", EDITOR_KEYS_ONE, 'C', 6 },
	{ "\033[1~", EDITOR_KEYS_ONE, 'H', 4 }, { "\033[7~", EDITOR_KEYS_ONE, 'H', 4 },
	{ "\033[H", EDITOR_KEYS_ONE, 'H', 3 }, { "\033OF", EDITOR_KEYS_ONE, 'F', 3 },
	{ "\033[8~", EDITOR_KEYS_ONE, 'F', 4 }, { "\033[3~", EDITOR_KEYS_ONE, 'x', 4 },
	{ "\033[200~", EDITOR_KEYS_ONE, 'p', 6 }, { "\033[Z", EDITOR_KEYS_ONE, 'Z', 3 },
	{ "\033[24~", EDITOR_KEYS_ONE, '?', 5 }, { "\033\r", EDITOR_KEYS_ONE, 'n', 2 },
	{ "\033f", EDITOR_KEYS_NONE, 0, 0 }, { "\033\033", EDITOR_KEYS_NONE, 0, 0 },
	{ "\033[1\003", EDITOR_KEYS_NONE, 0, 0 },
	{ "\033[99999999999999999999999999999999999999;1", EDITOR_KEYS_NONE, 0, 0 },
};

static void
test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(keys); i++) {
		enum editor_key key = 0;
		size_t used = 0;

		assert_int_equal(editor_keys_decode(keys[i].bytes, strlen(keys[i].bytes), &key, &used),
				 keys[i].result);
		if (keys[i].result != EDITOR_KEYS_ONE)
			continue;
		assert_int_equal(key, keys[i].key);
		assert_int_equal(used, keys[i].used);
	}
}

static void
type(struct editor_undo *u, const wchar_t *text)
{
	for (size_t n = 0; n <= wcslen(text); n++)
		editor_undo_note(u, text, n, n);
}

static void
test_undo(void **state)
{
	static const wchar_t *const back[] = { L"one two", L"one", L"" };
	struct editor_undo u = { 0 };
	const struct editor_state *s = NULL;

	(void)state;
	type(&u, L"one two x");
	for (size_t i = 0; i < TWZ_COUNT(back); i++) {
		s = editor_undo_step(&u, -1);
		assert_non_null(s);
		assert_int_equal(wcscmp(s->text, back[i]), 0);
	}
	assert_null(editor_undo_step(&u, -1));
	while ((s = editor_undo_step(&u, 1)))
		assert_true(s->n > 2);
	assert_int_equal(wcscmp(u.states[u.now].text, L"one two x"), 0);
	/* A letter typed elsewhere is none of the word's. */
	editor_undo_note(&u, L"one two x", 9, 3);
	editor_undo_note(&u, L"one, two x", 10, 4);
	assert_int_equal(wcscmp(editor_undo_step(&u, -1)->text, L"one two x"), 0);
	/* What is typed after an undo takes the place of what was undone. */
	editor_undo_step(&u, -1);
	editor_undo_note(&u, L"other", 5, 5);
	assert_null(editor_undo_step(&u, 1));
	editor_undo_clear(&u);
}

/* Long texts do not add up without bounds. */
static void
test_undo_is_bounded(void **state)
{
	enum { LONG = 1 << 20 };
	wchar_t *text = calloc(LONG + 9, sizeof(*text));
	struct editor_undo u = { 0 };

	(void)state;
	wmemset(text, L'x', LONG + 8);
	for (size_t i = 0; i < 8; i++)
		editor_undo_note(&u, text, LONG + i, 0);
	assert_true(u.n >= 2 && u.n <= 4);
	assert_int_equal(u.states[u.now].n, LONG + 7);
	assert_non_null(editor_undo_step(&u, -1));
	editor_undo_clear(&u);
	assert_int_equal(u.n, 0);
	free(text);
}

static const char *
line_text(const struct frame_line *line, struct twz_arena *arena)
{
	char *text = twz_strdup(arena, "");
	size_t bytes;

	for (size_t i = 0; i < line->n; i++)
		text = twz_format(arena, "%s%s%s%s", text, line->pieces[i].style == FRAME_SELECTED ? "[" : "",
				  editor_narrow(arena, line->pieces[i].text, wcslen(line->pieces[i].text), &bytes),
				  line->pieces[i].style == FRAME_SELECTED ? "]" : "");
	return text;
}

static void
test_menu(void **state)
{
	static const struct lang_candidate some[] = {
		{ "one", "first" }, { "three", "third" }, { "x", "" }, { "four", "" },
	};
	const struct frame_line *lines;
	TWZ_ARENA arena = { 0 };

	(void)state;
	assert_int_equal(editor_menu(some, 4, MENU_NONE, 9, &arena, &lines), 4);
	assert_string_equal(line_text(&lines[0], &arena), "  one    first");
	assert_string_equal(line_text(&lines[2], &arena), "  x");
	assert_int_equal(editor_menu(some, 4, MENU_NONE, 3, &arena, &lines), 3);
	assert_string_equal(line_text(&lines[2], &arena), "  … and 2 more");
	assert_int_equal(editor_menu(some, 4, 2, 3, &arena, &lines), 3);
	assert_string_equal(line_text(&lines[1], &arena), "  [x]");
}

static void
test_history_menu(void **state)
{
	static const struct history_entry some[] = {
		{ .id = 2, .at = 100000, .status = 3, .folder = "/a", .text = "f(\n 1)" },
		{ .id = 1, .at = 1000, .status = 0, .folder = "/b", .text = "print 1" },
	};
	const struct frame_line *lines;
	TWZ_ARENA arena = { 0 };

	(void)state;
	assert_int_equal(editor_menu_history(some, 2, 1, 5, 4000000, "/a", &arena, &lines), 2);
	assert_string_equal(line_text(&lines[0], &arena), "   1h   3  f(\n 1)");
	assert_string_equal(line_text(&lines[1], &arena), "   1h      [print 1]  /b");
	assert_int_equal(editor_menu_history(some, 2, 1, 1, 4000000, "/a", &arena, &lines), 1);
	assert_string_equal(line_text(&lines[0], &arena), "   1h      [print 1]  /b");
}

static void
test_rows(void **state)
{
	static const wchar_t text[] = L"one\nx\nthree";
	size_t to = 99;

	(void)state;
	assert_false(editor_row_above(text, 2, &to));
	assert_true(editor_row_above(text, 10, &to));
	assert_int_equal(to, 5);
	assert_true(editor_row_below(text, 11, 3, &to));
	assert_int_equal(to, 5);
	assert_true(editor_row_below(text, 11, 0, &to));
	assert_int_equal(to, 4);
	assert_false(editor_row_below(text, 11, 7, &to));
	assert_int_equal(editor_row_begin(text, 8), 6);
	assert_int_equal(editor_row_end(text, 11, 4), 5);
	assert_int_equal(editor_look_word(L" two three"), 4);
	assert_int_equal(editor_look_word(L"two"), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_folded),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_undo_is_bounded),
		cmocka_unit_test(test_menu),
		cmocka_unit_test(test_history_menu),
		cmocka_unit_test(test_rows),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
