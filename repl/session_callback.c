#include "repl/session_callback.h"

#include <errno.h>
#include <stdlib.h>

#include "monitor/monitor.h"
#include "repl/lang/host.h"
#include "twz/image.h"

struct callback {
	struct callback *next;
	struct callbacks *of;
	struct repl_callback *function;
	const struct twz_plan *plan;
	struct monitor_closure *closure;
	struct twz_arena texts;		/* of its last result: C looks at them until it is called again */
};

static bool
run(struct callback *c, const uint64_t *words, void *ret, struct twz_arena *texts, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	struct twz_value args[TWZ_MAX_PARAMS], v = twz_unit();
	size_t n;

	if (!twz_image_given(c->plan, words, &arena, args, &n, err))
		return twz_wrap(err, "callback '%s'", c->plan->gate->name);
	return c->function->run(c->function, args, n, &arena, &v, err) &&
	       (twz_image_return(c->plan, &v, words, ret, texts, err) ||
		twz_wrap(err, "the result of callback '%s'", c->plan->gate->name));
}

/* The gate cannot be left from in here: it gets zeros, and may go on until it returns. */
static void
called(void *data, const uint64_t *words, void *ret)
{
	struct callback *c = data;
	struct twz_error err = { 0 };
	struct twz_arena texts = { 0 };

	if (c->of->failure.cls == TWZ_CLASS_NONE && !run(c, words, ret, &texts, &err))
		c->of->failure = err;
	twz_arena_free(&c->texts);
	c->texts = texts;
}

static bool
begin(struct callbacks *all, const struct twz_plan *plan, uint64_t *word, struct twz_error *err)
{
	struct callback *c;

	c = calloc(1, sizeof(*c));
	if (!c)
		return twz_fail_sys(err, ENOMEM, "make a callback");
	*c = (struct callback){ .next = all->all, .of = all, .plan = plan,
				.function = (struct repl_callback *)(uintptr_t)*word };
	all->all = c;
	if (!monitor_closure_make(plan, called, c, &c->closure, err))
		return false;
	*word = monitor_closure_word(c->closure);
	return true;
}

bool
callbacks_begin(struct callbacks *c, const struct twz_plan *plan, uint64_t *words, struct twz_error *err)
{
	for (uint32_t i = 0; i < plan->nslots; i++)
		if (plan->slots[i].callback && words[i] &&
		    !begin(c, plan->slots[i].callback, &words[i], err))
			return false;
	return true;
}

bool
callbacks_worked(const struct callbacks *c, bool ok, struct twz_error *err)
{
	if (c->failure.cls == TWZ_CLASS_NONE || !ok)
		return ok;
	*err = c->failure;
	return false;
}

void
callbacks_end(struct callbacks *c)
{
	while (c->all) {
		struct callback *next = c->all->next;

		monitor_closure_free(c->all->closure);
		twz_arena_free(&c->all->texts);
		free(c->all);
		c->all = next;
	}
}
