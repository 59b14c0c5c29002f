/*
 * spawn: evaluating beside what goes on.
 *
 * A job is a thread with an interpreter of its own, which begins with copies of the variables that its
 * maker sees; nothing that it does to them is seen elsewhere. Interpreters share names, trees and
 * types, so that only one of them runs at a time: it holds shared->turn, and gives it up while it waits
 * for a gate, a program or a job. That is what there is to gain: calls go on at the same time.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "repl/lang/interp.h"
#include "repl/lang/lang.h"

enum { JOBS_MAX = 500, STACK_SIZE = 16 << 20, TICK_MS = 50 };

struct lang_job {
	struct lang_job *next;
	struct lang_shared *shared;
	struct lang *lang;
	const struct ast *expr;
	pthread_t thread;
	uint32_t id;
	bool done;
	bool read;			/* its value was taken: nothing is left of it */
	bool ignored;			/* nobody will ask for it */
	struct twz_arena arena;		/* of value */
	struct twz_value value;
	struct twz_error err;		/* class NONE: value is there */
	char gate[128];
};

static const struct twz_member job_members[] = { { .name = "id", .type = &twz_type_u32 } };
const struct twz_type lang_job_type = { .kind = TWZ_STRUCT, .name = "Job", .size = 4, .align = 4,
					.members = job_members, .nmembers = 1 };

/* -- turns ------------------------------------------------------------------------------------- */

void
lang_begin_turn(struct lang *l)
{
	pthread_mutex_lock(&l->shared->turn);
}

void
lang_end_turn(struct lang *l)
{
	pthread_mutex_unlock(&l->shared->turn);
}

void
lang_pass_turn(struct lang *l)
{
	if (!l->shared->running)
		return;
	lang_end_turn(l);
	sched_yield();
	lang_begin_turn(l);
}

/* -- the thread -------------------------------------------------------------------------------- */

static void *
run_job(void *data)
{
	struct lang_job *job = data;
	struct lang *l = job->lang;
	struct twz_value v = { 0 };

	lang_begin_turn(l);
	if (lang_eval_checked(l, job->expr, &v, &job->err))
		job->value = lang_copy(&job->arena, &v);
	else if (job->err.cls == TWZ_CLASS_NONE)
		job->value = twz_unit();
	snprintf(job->gate, sizeof(job->gate), "%s", l->gate);
	lang_free_peer(l);
	job->lang = NULL;
	job->done = true;
	job->shared->running--;
	pthread_cond_broadcast(&job->shared->ended);
	pthread_mutex_unlock(&job->shared->turn);
	return NULL;
}

static struct twz_value
handle_of(struct twz_arena *arena, const struct lang_job *job)
{
	static const char *const names[] = { "id" };
	struct twz_value *id = twz_new(arena, struct twz_value);

	*id = twz_int(&twz_type_u32, job->id);
	return twz_record(&lang_job_type, names, id, 1);
}

/* The job sees what its maker sees, a block's variables too. */
static struct lang *
interpreter_for(struct lang *l)
{
	struct lang *child = lang_clone(l, true);

	child->program = l->program;
	child->timeout_ns = l->timeout_ns;
	child->deadline_ns = l->deadline_ns;
	child->deadline_after_ns = l->deadline_after_ns;
	return child;
}

static void
forget_read(struct lang_shared *shared)
{
	struct lang_job **at = &shared->jobs, *job;

	while ((job = *at)) {
		if (!job->done || !(job->read || job->ignored)) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		pthread_join(job->thread, NULL);
		twz_arena_free(&job->arena);
		free(job);
	}
}

bool
lang_eval_spawn(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct lang_shared *shared = l->shared;
	struct lang_job *job;
	pthread_attr_t attr;
	int errnum;

	if (l->check) {
		struct twz_value v;

		*ret = lang_unknown(&lang_job_type);
		return lang_eval(l, a->items[0], &v, err);
	}
	/* Mistakes in the text are the statement's, not the job's. */
	if (!lang_check(l, a->items[0], err))
		return false;
	forget_read(shared);
	if (shared->running >= JOBS_MAX) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
			 "%d jobs run already", JOBS_MAX);
		twz_hint(err, "wait for some of them: wait JOB");
		return lang_at(err, a);
	}
	job = calloc(1, sizeof(*job));
	if (!job)
		abort();
	*job = (struct lang_job){ .shared = shared, .expr = a->items[0], .id = ++shared->last_job,
				  .lang = interpreter_for(l) };
	l->program->keep = true;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	shared->running++;
	errnum = pthread_create(&job->thread, &attr, run_job, job);
	pthread_attr_destroy(&attr);
	if (errnum) {
		shared->running--;
		lang_free_peer(job->lang);
		free(job);
		twz_fail_sys(err, errnum, "spawn");
		return lang_at(err, a);
	}
	job->next = shared->jobs;
	shared->jobs = job;
	*ret = handle_of(l->arena, job);
	return true;
}

/* -- waiting ----------------------------------------------------------------------------------- */

static struct lang_job *
find_job(struct lang *l, const struct twz_value *v)
{
	struct lang_job *job = l->shared->jobs;

	if (v->kind != TWZ_VALUE_RECORD || v->type != &lang_job_type)
		return NULL;
	while (job && job->id != (uint32_t)v->list.items[0].integer)
		job = job->next;
	return job && !job->read ? job : NULL;
}

/* Until the job has ended; others have their turns meanwhile. */
static bool
await(struct lang *l, const struct lang_job *job, struct twz_error *err)
{
	while (!job->done) {
		struct timespec until;

		if (!lang_go_on(l, err))
			return false;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TICK_MS * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&l->shared->ended, &l->shared->turn, &until);
	}
	return true;
}

bool
lang_wait(struct lang *l, const struct twz_value *handle, struct twz_value *ret,
	  struct twz_error *err)
{
	struct lang_job *job = find_job(l, handle);

	if (!job && (handle->kind != TWZ_VALUE_RECORD || handle->type != &lang_job_type)) {
		lang_type_error(err, "Expected 'Job' got '%s'", lang_type_of(l->arena, handle));
		return twz_hint(err, "a job is what spawn gives: job = spawn GATE …");
	}
	if (!job)
		return lang_type_error(err, "job %u was waited for already",
				       (unsigned)handle->list.items[0].integer);
	if (!await(l, job, err))
		return false;
	job->read = true;
	if (job->err.cls == TWZ_CLASS_NONE) {
		*ret = lang_copy(l->arena, &job->value);
		return true;
	}
	job->err.from = job->err.to = 0;
	*err = job->err;
	snprintf(l->gate, sizeof(l->gate), "%s", job->gate);
	return false;
}

bool
lang_job_done(struct lang *l, const struct twz_value *handle, bool *ret)
{
	struct lang_job *job = find_job(l, handle);

	lang_pass_turn(l);
	*ret = !job || job->done;
	return handle->kind == TWZ_VALUE_RECORD && handle->type == &lang_job_type;
}

void
lang_ignore(struct lang *l, const struct twz_value *v)
{
	struct lang_job *job = find_job(l, v);

	if (job)
		job->ignored = true;
}

/* What became of a job that nobody asked. */
static bool
unread_failure(struct lang *l, struct lang_job *job, struct twz_error *err)
{
	bool failed = job->err.cls != TWZ_CLASS_NONE;

	if (job->read || job->ignored || (!failed && job->value.kind != TWZ_VALUE_ERR))
		return false;
	if (failed)
		*err = job->err;
	else
		lang_fail_err(&job->value, err);
	err->from = err->to = 0;
	snprintf(l->gate, sizeof(l->gate), "%s", job->gate);
	twz_wrap(err, "job %u, which nobody waited for", job->id);
	twz_hint(err, "wait for it: wait JOB; or give it up from the start: _ = spawn …");
	return true;
}

bool
lang_finish(struct lang *l, struct twz_error *err)
{
	bool done = true;

	lang_begin_turn(l);
	*err = (struct twz_error){ 0 };
	l->blamed = NULL;
	for (struct lang_job *job = l->shared->jobs; job && done; job = job->next)
		done = await(l, job, err);
	for (struct lang_job *job = l->shared->jobs; job && done; job = job->next)
		done = !unread_failure(l, job, err);
	lang_end_turn(l);
	return done;
}

void
lang_end_jobs(struct lang *l)
{
	struct lang_shared *shared = l->shared;

	shared->ending = true;
	for (struct lang_job *job = shared->jobs; job; job = job->next)
		job->ignored = true;
	while (shared->jobs) {
		pthread_t thread = shared->jobs->thread;
		struct lang_job *job = shared->jobs;

		pthread_join(thread, NULL);
		shared->jobs = job->next;
		twz_arena_free(&job->arena);
		free(job);
	}
}
