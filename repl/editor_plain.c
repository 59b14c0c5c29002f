/*
 * The plain editor: the terminal's own line editing and nothing else. It writes prompts and never
 * moves the cursor, so it works on TERM=dumb, in editors' shells and, with TWZ_PLAIN set, with
 * screen readers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "repl/editor.h"
#include "repl/signals.h"

struct plain {
	struct editor editor;
	FILE *out;		/* prompts */
	char bytes[4096];	/* read and not yet used */
	size_t from, to;
};

enum got { GOT_LINE, GOT_INTERRUPT, GOT_END };

/* Appends one line with its newline to @text. */
static enum got
read_line(struct plain *p, struct twz_arena *arena, char **text, size_t *n)
{
	for (;;) {
		ssize_t r;

		while (p->from < p->to) {
			char c = p->bytes[p->from++];

			twz_push(arena, *text, *n, c);
			if (c == '\n')
				return GOT_LINE;
		}
		r = signals_interrupted() ? -1 : read(STDIN_FILENO, p->bytes, sizeof(p->bytes));
		if (r < 0 && signals_interrupted())
			return GOT_INTERRUPT;
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return GOT_END;
		p->from = 0;
		p->to = (size_t)r;
	}
}

static void
show_prompt(const struct plain *p, const char *prompt)
{
	fputs(prompt, p->out);
	fflush(p->out);
}

static bool
plain_read(struct editor *e, struct twz_arena *arena, const char **ret, size_t *ret_n)
{
	struct plain *p = (struct plain *)e;
	char *text = NULL;
	size_t n = 0;

	show_prompt(p, "twz> ");
	for (;;) {
		switch (read_line(p, arena, &text, &n)) {
		case GOT_LINE:
			if (!lang_wants_more(p->editor.lang, text, n - 1))
				goto out;
			show_prompt(p, "...> ");
			break;
		case GOT_INTERRUPT:
			signals_clear();
			show_prompt(p, n ? "\ntwz> " : "\n(Ctrl-D leaves)\ntwz> ");
			n = 0;
			break;
		case GOT_END:
			show_prompt(p, "\n");
			if (!n)
				return false;
			twz_push(arena, text, n, '\n');
			goto out;
		}
	}
out:
	*ret = twz_strndup(arena, text, n - 1);
	*ret_n = n - 1;
	return true;
}

static void
plain_notify(struct editor *e, const char *text)
{
	(void)e;
	fprintf(stderr, "%s\n", text);
}

static void
plain_close(struct editor *e)
{
	free(e);
}

struct editor *
editor_plain_open(struct lang *lang)
{
	static const struct editor_ops ops = {
		plain_read, plain_notify, plain_close,
	};
	struct plain *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->editor = (struct editor){ &ops, lang, NULL, true };
	p->out = isatty(STDOUT_FILENO) ? stdout : stderr;
	return &p->editor;
}
