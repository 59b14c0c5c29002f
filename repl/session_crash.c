/*
 * Faults told so that their place in the source is found: in one line of the error, the way there in its hint,
 * and all of it in a report that sys::crash shows.
 *
 * Where the addresses lie is said by twz-inspect, a run for each file that has some.
 */
#include <stdlib.h>
#include <string.h>

#include "repl/session_inner.h"

enum { FRAMES = 33 };

/* Takes "FUNCTION<TAB>FILE<TAB>LINE" apart. */
static void
read_place(char *line, struct crash_frame *f, struct twz_arena *arena)
{
	char *function = strsep(&line, "\t"), *file = strsep(&line, "\t"), *number = strsep(&line, "\t");

	if (!function || !*function || !strcmp(function, "?"))
		return;
	f->function = twz_strdup(arena, function);
	if (!file || !*file || !number || atoi(number) <= 0)
		return;
	f->file = twz_strdup(arena, file);
	f->line = (uint32_t)atoi(number);
}

/* Asks for all frames of one file at once. */
static void
find_places(const struct session *s, const char *path, struct crash_frame *frames, size_t n,
	    struct twz_arena *arena)
{
	char addresses[FRAMES][24], *argv[FRAMES + 4], **end = argv, *rest, *line;
	struct tool_run r;
	size_t asked = 0;

	*end++ = tool_argument(s->inspect);
	*end++ = tool_argument("--where");
	*end++ = tool_argument(path);
	for (size_t i = 0; i < n && asked < FRAMES; i++) {
		if (strcmp(frames[i].library, path))
			continue;
		snprintf(addresses[asked], sizeof(addresses[0]), "0x%llx",
			 (unsigned long long)frames[i].address);
		*end++ = addresses[asked++];
	}
	*end = NULL;
	if (!tool_run(s, argv, &r, NULL))
		return;
	tool_defuse(r.out);
	rest = r.out;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(frames[i].library, path))
			continue;
		line = strsep(&rest, "\n");
		if (!line)
			return;
		read_place(line, &frames[i], arena);
	}
}

static bool
is_first_of(const struct crash_frame *frames, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(frames[k].library, frames[i].library))
			return false;
	return *frames[i].library;
}

/* The stack as it is known at once: files and addresses; then what stands there in the source. */
static size_t
find_frames(const struct session_gate *gate, struct twz_arena *arena, struct crash_frame **ret)
{
	const struct monitor_frame *raw;
	size_t n = monitor_last_frames(&raw);
	struct crash_frame *frames = twz_new_array(arena, n, struct crash_frame);

	for (size_t i = 0; i < n; i++)
		frames[i] = (struct crash_frame){ "", "", 0, twz_strdup(arena, raw[i].path),
						  raw[i].address };
	for (size_t i = 0; i < n; i++)
		if (is_first_of(frames, i))
			find_places(gate->session, frames[i].library, frames, n, arena);
	*ret = frames;
	return n;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "null (fault.c:31)" */
static const char *
place_text(const struct crash_frame *f, struct twz_arena *arena)
{
	if (!*f->function)
		return twz_format(arena, "%s+0x%llx", *f->library ? last_part(f->library) : "?",
				  (unsigned long long)f->address);
	if (!f->line)
		return f->function;
	return twz_format(arena, "%s (%s:%u)", f->function, last_part(f->file), f->line);
}

/* The first place in the service's own source: its user wrote that, and not libc. */
static const char *
own_place(const struct session_gate *gate, const struct crash_frame *frames, size_t n,
	  struct twz_arena *arena)
{
	for (size_t i = 0; i < n; i++)
		if (*frames[i].function && !strcmp(frames[i].library, gate->loaded->path))
			return place_text(&frames[i], arena);
	return "";
}

static void
add_hint(const struct crash_frame *frames, size_t n, struct twz_arena *arena, struct twz_error *err)
{
	const char *text = "";

	for (size_t i = 0; i < n && strlen(text) < sizeof(err->hint); i++)
		text = twz_format(arena, "%s%s%s", text, i ? ", called by " : "",
				  place_text(&frames[i], arena));
	if (n > 1)
		twz_hint(err, "%s", text);
}

static void
keep(const struct session_gate *gate, const char *what, const struct crash_frame *frames, size_t n)
{
	const struct monitor_crash *crash = monitor_last_crash();
	struct session *s = gate->session;
	struct twz_arena *arena = &s->crash_arena;
	struct crash_frame *copy;

	WITH_LOCK(s);

	twz_arena_free(arena);
	copy = twz_new_array(arena, n, struct crash_frame);
	for (size_t i = 0; i < n; i++) {
		copy[i] = frames[i];
		copy[i].function = twz_strdup(arena, frames[i].function);
		copy[i].file = twz_strdup(arena, frames[i].file);
		copy[i].library = twz_strdup(arena, frames[i].library);
	}
	s->crash = (struct crash_report){
		.gate = twz_format(arena, "%s::%s", gate->loaded->name, gate->gate->name),
		.what = twz_strdup(arena, what),
		.signal = crash->signal,
		.status = crash->status,
		.address = crash->fault_address,
		.frames = copy,
		.n = n,
	};
}

/* The monitor says what happened; where in the source goes before its last words. */
void
crash_explain(const struct session_gate *gate, struct twz_error *err)
{
	const struct monitor_crash *crash = monitor_last_crash();
	struct crash_frame *frames = NULL;
	TWZ_ARENA arena = { 0 };
	size_t n = 0;

	if (!err || err->cls != TWZ_CLASS_FAULT || !crash)
		return;
	if (crash->signal)
		n = find_frames(gate, &arena, &frames);
	monitor_crash_where(err, own_place(gate, frames, n, &arena));
	keep(gate, err->text, frames, n);
	add_hint(frames, n, &arena, err);
}

bool
crash_last(struct session *s, struct twz_arena *arena, struct crash_report *ret)
{
	struct crash_frame *copy;

	WITH_LOCK(s);

	if (!s->crash.gate)
		return false;
	*ret = s->crash;
	ret->gate = twz_strdup(arena, ret->gate);
	ret->what = twz_strdup(arena, ret->what);
	copy = twz_new_array(arena, ret->n, struct crash_frame);
	for (size_t i = 0; i < ret->n; i++) {
		copy[i] = ret->frames[i];
		copy[i].function = twz_strdup(arena, copy[i].function);
		copy[i].file = twz_strdup(arena, copy[i].file);
		copy[i].library = twz_strdup(arena, copy[i].library);
	}
	ret->frames = copy;
	return true;
}
