/*
 * include/twz/call.h: calls that nobody waits for.
 *
 * Each runs on a thread of its own, since a link belongs to a thread; threads are kept for the next call. The
 * thread stays with its call until that is freed, because texts of the result lie in the thread's memory.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "repl/libtwz.h"
#include "twz/call.h"
#include "twz/plan.h"

enum { IDLE_MOST = 16, CANCEL_MS = 20 };

struct twz_task {
	struct session_gate *gate;
	uint64_t words[TWZ_MAX_PARAMS];
	int64_t timeout_ns;
	void *ret;
	int fd;
	bool ok, done, cancelled, freed;	/* guarded by lock */
	struct twz_error err;
};

struct worker {
	struct worker *next;		/* of the idle ones */
	pthread_t thread;
	struct twz_task *call;		/* NULL: none */
	bool ends;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;	/* of any call or worker */
static struct worker *idle;
static unsigned nidle;

static void
call_free(struct twz_task *c)
{
	twz_closep(&c->fd);
	free(c->ret);
	free(c);
}

static bool
run(struct twz_task *c, struct twz_error *err)
{
	const struct twz_gate *gate = session_plan(c->gate)->gate;
	bool ok, cancelled;

	pthread_mutex_lock(&lock);
	cancelled = c->cancelled;
	pthread_mutex_unlock(&lock);
	ok = !cancelled && session_call(c->gate, c->words, c->ret, c->timeout_ns, err);
	pthread_mutex_lock(&lock);
	cancelled = c->cancelled;
	pthread_mutex_unlock(&lock);
	if (ok || !cancelled)
		return ok;
	*err = (struct twz_error){ 0 };
	return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED),
			"%s was cancelled; outcome unknown", gate->name);
}

/* Runs one call, and stays until nobody looks at its result any more. With the lock held. */
static void
serve(struct twz_task *c)
{
	struct twz_error err = { 0 };
	const uint64_t one = 1;
	ssize_t n;
	bool ok;

	pthread_mutex_unlock(&lock);
	ok = run(c, &err);
	pthread_mutex_lock(&lock);
	c->ok = ok;
	c->err = err;
	c->done = true;
	n = write(c->fd, &one, sizeof(one));
	(void)n;	/* a fresh counter takes it */
	pthread_cond_broadcast(&changed);
	while (!c->freed)
		pthread_cond_wait(&changed, &lock);
	call_free(c);
}

static void *
work(void *data)
{
	struct worker *w = data;

	pthread_mutex_lock(&lock);
	while (w->call) {
		serve(w->call);
		w->call = NULL;
		if (nidle >= IDLE_MOST) {
			pthread_detach(w->thread);
			free(w);
			break;
		}
		w->next = idle;
		idle = w;
		nidle++;
		while (!w->call && !w->ends)
			pthread_cond_wait(&changed, &lock);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

void
libtwz_async_end(void)
{
	struct worker *all, *next;

	pthread_mutex_lock(&lock);
	all = idle;
	idle = NULL;
	nidle = 0;
	for (struct worker *w = all; w; w = w->next)
		w->ends = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	for (struct worker *w = all; w; w = next) {
		next = w->next;
		pthread_join(w->thread, NULL);
		free(w);
	}
}

/* In a new process there are none of the threads that the list is of. */
static void
forget_idle(void)
{
	pthread_mutex_init(&lock, NULL);
	pthread_cond_init(&changed, NULL);
	idle = NULL;
	nidle = 0;
}

static void
prepare(void)
{
	pthread_atfork(NULL, NULL, forget_idle);
}

static bool
new_worker(struct twz_task *c, struct twz_error *err)
{
	struct worker *w = calloc(1, sizeof(*w));
	sigset_t all, old;
	int error;

	if (!w)
		return twz_fail_sys(err, ENOMEM, "start a call");
	w->call = c;
	/* The program's signals are its own threads' business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_lock(&lock);	/* until its number is written down */
	error = pthread_create(&w->thread, NULL, work, w);
	pthread_mutex_unlock(&lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error) {
		free(w);
		return twz_fail_sys(err, error, "start a call");
	}
	return true;
}

static bool
hand_over(struct twz_task *c, struct twz_error *err)
{
	static pthread_once_t prepared = PTHREAD_ONCE_INIT;
	struct worker *w;

	pthread_once(&prepared, prepare);
	pthread_mutex_lock(&lock);
	w = idle;
	if (w) {
		idle = w->next;
		nidle--;
		w->call = c;
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
	return w || new_worker(c, err);
}

struct twz_task *
twz_gate_start(struct twz_gate_ref *ref, const struct twz_arg *args, size_t nargs)
{
	const struct twz_plan *plan = session_plan(ref->gate);
	struct twz_error *err = libtwz_begin();
	struct twz_task *c = calloc(1, sizeof(*c));

	if (c) {
		*c = (struct twz_task){ .gate = ref->gate, .timeout_ns = libtwz_timeout(),
					.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
					.ret = calloc(1, plan->ret.size + sizeof(uint64_t)) };
		if (c->fd >= 0 && c->ret && libtwz_words(plan, args, nargs, c->words, err) &&
		    hand_over(c, err))
			return c;
		call_free(c);
	}
	twz_fail_sys(err, errno, "start a call of %s", plan->gate->name);
	libtwz_fail();
	return NULL;
}

int
twz_task_fd(const struct twz_task *c)
{
	return c->fd;
}

static void
await(struct twz_task *c)
{
	pthread_mutex_lock(&lock);
	while (!c->done)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

int
twz_task_finish(struct twz_task *c, void *ret, size_t ret_size)
{
	struct twz_error *err = libtwz_begin();

	await(c);
	if (!c->ok) {
		*err = c->err;
		if (ret && ret_size && session_keeps_result(c->gate, err) &&
		    ret_size == session_plan(c->gate)->ret.size)
			memcpy(ret, c->ret, ret_size);
		else if (ret && ret_size)
			memset(ret, 0, ret_size);
		return libtwz_fail();
	}
	if (!libtwz_check_ret(session_plan(c->gate), ret_size, err))
		return libtwz_fail();
	if (ret_size)
		memcpy(ret, c->ret, ret_size);
	return 0;
}

/* Its compartment is ended until the call is: one that had not yet begun would make another. */
int
twz_task_cancel(struct twz_task *c)
{
	struct twz_error *err = libtwz_begin();
	struct timespec until;
	bool ok = true;

	pthread_mutex_lock(&lock);
	c->cancelled = true;
	while (ok && !c->done) {
		pthread_mutex_unlock(&lock);
		ok = session_abort(c->gate, err);
		pthread_mutex_lock(&lock);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += CANCEL_MS * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (ok && !c->done)
			pthread_cond_timedwait(&changed, &lock, &until);
	}
	pthread_mutex_unlock(&lock);
	return ok ? 0 : libtwz_fail();
}

void
twz_task_free(struct twz_task *c)
{
	if (!c)
		return;
	await(c);
	pthread_mutex_lock(&lock);
	c->freed = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}
