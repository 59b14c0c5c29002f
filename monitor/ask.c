/*
 * Questions to a compartment about itself: which libraries it has, where a symbol lies. For an ordinary
 * user its /proc is closed, so it is asked. What it answers is its own word, taken for display only:
 * bounded, copied, and never used as an address here.
 */
#include <errno.h>
#include <string.h>

#include "monitor/internal.h"

enum { PATIENCE_NS = 2000000000, LIBRARIES = 4096 };

/* On the asking thread's stack. */
struct question {
	struct question *next;
	const struct instance *to;
	uint64_t serial;
	struct twz_arena *arena;
	bool answered;
	uint64_t word[2];
	const char *text;
	size_t n;
};

bool
question_answer(struct monitor *m, const struct instance *i, const struct message_in *in)
{
	struct question *q = m->questions;

	while (q && (q->serial != in->head.serial || q->to != i))
		q = q->next;
	if (!q || q->answered)
		return true;
	q->answered = true;
	q->word[0] = in->head.word[0];
	q->word[1] = in->head.word[1];
	q->text = twz_strndup(q->arena, (const char *)in->bytes, in->n);
	q->n = in->n;
	pthread_cond_broadcast(&m->changed);
	return true;
}

static bool
await_answer(struct monitor *m, struct question *q, struct twz_error *err)
{
	struct timespec until = link_time(link_now() + PATIENCE_NS);
	const char *name = q->to->compartment->service->name;

	while (!q->answered && !q->to->gone)
		if (pthread_cond_timedwait(&m->changed, &m->lock, &until) == ETIMEDOUT)
			return twz_fail(err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT),
					"%s does not answer", name);
	return q->answered || twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE),
				       "%s ended meanwhile", name);
}

/* With the lock held. */
static bool
ask(struct compartment *c, enum message_question what, const char *text, struct question *q,
    struct twz_error *err)
{
	struct monitor *m = c->monitor;
	struct message head = { .kind = MESSAGE_ASK, .word = { what } };
	struct question **at = &m->questions;
	struct instance *i = c->instance;
	bool ok;

	if (!i || i->control < 0)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE), "%s does not run",
				c->service->name);
	q->to = i;
	q->serial = head.serial = ++m->next_serial;
	q->next = m->questions;
	m->questions = q;
	i->refs++;
	ok = message_send(i->control, &head, text, strlen(text) + 1, NULL, 0) ||
	     twz_fail_sys(err, errno, "ask %s", c->service->name);
	ok = ok && await_answer(m, q, err);
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	instance_unref(i);
	return ok;
}

static bool
find_running(struct monitor *m, const struct twz_service *service, struct compartment **ret,
	     struct twz_error *err)
{
	if (!life_find(m, service, ret, err))
		return false;
	return (*ret)->mechanism == &mechanism_process ||
	       twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			"%s has no process of its own: its mechanism is %s", service->name,
			monitor_mechanism_text((*ret)->mechanism->which));
}

/* "base in hex, blank, file", each with its NUL. */
static void
read_libraries(const struct question *q, const struct monitor_library **ret, size_t *n)
{
	struct monitor_library *all = NULL;
	size_t at = 0;

	*n = 0;
	while (at < q->n && *n < LIBRARIES) {
		const char *line = q->text + at, *blank = strchr(line, ' ');
		struct monitor_library l = { strtoull(line, NULL, 16), blank ? blank + 1 : "" };

		if (blank)
			twz_push(q->arena, all, *n, l);
		at += strlen(line) + 1;
	}
	*ret = all;
}

bool
monitor_libraries(struct monitor *m, const struct twz_service *service, struct twz_arena *arena,
		  const struct monitor_library **ret, size_t *n, struct twz_error *err)
{
	struct question q = { .arena = arena };
	struct compartment *c;
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = find_running(m, service, &c, err) && ask(c, ASK_LIBRARIES, "", &q, err);
	pthread_mutex_unlock(&m->lock);
	if (ok)
		read_libraries(&q, ret, n);
	return ok;
}

bool
monitor_symbol(struct monitor *m, const struct twz_service *service, const char *symbol,
	       struct twz_arena *arena, uint64_t *address, struct monitor_library *ret,
	       struct twz_error *err)
{
	struct question q = { .arena = arena };
	struct compartment *c;
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = find_running(m, service, &c, err) && ask(c, ASK_SYMBOL, symbol, &q, err);
	pthread_mutex_unlock(&m->lock);
	if (!ok)
		return false;
	*address = q.word[0];
	*ret = (struct monitor_library){ q.word[1], q.text };
	return q.word[0] || twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND),
				     "no symbol '%s' in %s", symbol, service->name);
}

bool
ask_park(struct compartment *c, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	struct question q = { .arena = &arena };

	return ask(c, ASK_PARK, "", &q, err);
}
