/*
 * sql: a question to the host's database. Its rows are a list of records, so that everything that works on
 * lists works on them; where a statement's rows are shown one by one they are never all in memory.
 */
#include <string.h>

#include "repl/lang/interp.h"

struct query {
	struct lang *l;
	bool streams;
	struct twz_value *rows;
	size_t n;
};

static bool
take_row(void *data, const struct twz_value *row, struct twz_error *err)
{
	struct query *q = data;

	if (q->streams)
		return lang_show(q->l, row, err);
	twz_push(q->l->arena, q->rows, q->n, *row);
	return true;
}

static size_t
list_variables(void *data, struct twz_arena *arena, const struct repl_variable **ret)
{
	const struct query *q = data;
	const struct lang_variable *all;
	size_t n = lang_variables(q->l, arena, &all);
	struct repl_variable *texts = twz_new_array(arena, n, struct repl_variable);

	for (size_t i = 0; i < n; i++) {
		const struct twz_value *v = all[i].value;

		texts[i] = (struct repl_variable){ all[i].name, lang_type_of(arena, v),
						   lang_value_text(arena, v) };
	}
	*ret = texts;
	return n;
}

bool
lang_run_query(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
	       struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	struct query q = { .l = l, .streams = l->shows_next };
	struct repl_query asked = {
		.args = args + 1, .nargs = nargs - 1, .timeout_ns = lang_time_left(l), .arena = l->arena,
		.variables = list_variables, .drop = q.streams, .row = take_row, .data = &q,
	};

	if (args[0].kind != TWZ_VALUE_STRING)
		return lang_type_error(err, "Expected 'String' got '%s'", lang_type_of(l->arena, &args[0]));
	if (!host->query)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"there is no database in this session");
	asked.text = args[0].string.text;
	asked.n = args[0].string.n;
	if (!host->query(host->data, &asked, err))
		return false;
	*ret = q.streams ? twz_unit() : twz_list(NULL, q.rows, q.n);
	l->shown = q.streams;
	return true;
}
