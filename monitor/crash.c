/* How a compartment ended: from its crash page and its wait status to a record and a text. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "monitor/internal.h"

/* The crash page is written by the accused: copied, then read. */
static bool
page_copy(const struct instance *i, struct crash_page *page)
{
	if (!i->crash)
		return false;
	memcpy(page, i->crash, sizeof(*page));
	return page->state == CRASH_WRITTEN && page->signal > 0 && page->signal < 65;
}

/* The address as in the file, when it lies in the service's file. */
static bool
in_file(const struct crash_page *page, uint64_t address, uint64_t *ret)
{
	if (address <= page->base || address - page->base >= page->size)
		return false;
	*ret = address - page->base;
	return true;
}

static void
read_frames(const struct crash_page *page, struct monitor_crash *crash)
{
	uint32_t n = page->nframes < CRASH_FRAMES ? page->nframes : CRASH_FRAMES;
	uint64_t address;

	in_file(page, page->pc, &crash->address);
	for (uint32_t j = 0; j < n && crash->nframes < TWZ_COUNT(crash->frames); j++)
		if (in_file(page, page->frames[j], &address) && address != crash->address)
			crash->frames[crash->nframes++] = address;
	/* It crashed in a library on the service's behalf: point at the call. */
	if (!crash->address && crash->nframes)
		crash->address = crash->frames[0] - 1;
}

/* Where a service may say that it crashed: a path is going to be opened. */
static bool
is_plausible(const struct instance *i, const char *path)
{
	static const char *const folders[] = { "/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/",
					       "/usr/local/lib/" };

	if (!strcmp(path, i->compartment->service->path))
		return true;
	for (size_t k = 0; k < TWZ_COUNT(folders); k++)
		if (!strncmp(path, folders[k], strlen(folders[k])))
			return !strstr(path, "..");
	return false;
}

static struct monitor_frame
frame_of(const struct crash_page *page, uint8_t module, uint64_t address, struct monitor_thread *t)
{
	if (!module || module > page->nmodules || module > CRASH_MODULES || !*t->modules[module - 1])
		return (struct monitor_frame){ "", address };
	return (struct monitor_frame){ t->modules[module - 1], address - page->modules[module - 1].base };
}

/* The guest's own functions, which have called the gate, are none of the service's business. */
static bool
is_outside(const struct crash_page *page, uint8_t module)
{
	return module && module <= page->nmodules && module <= CRASH_MODULES &&
	       !*page->modules[module - 1].path;
}

static void
read_stack(const struct instance *i, const struct crash_page *page, struct monitor_thread *t)
{
	uint32_t n = page->nframes < CRASH_FRAMES ? page->nframes : CRASH_FRAMES, from = 0;

	for (uint32_t k = 0; k < CRASH_MODULES; k++) {
		snprintf(t->modules[k], sizeof(t->modules[k]), "%.*s", CRASH_PATH - 1,
			 page->modules[k].path);
		if (k >= page->nmodules || !is_plausible(i, t->modules[k]))
			t->modules[k][0] = '\0';
	}
	t->nframes = 0;
	if (!is_outside(page, page->module[0]))
		t->frames[t->nframes++] = frame_of(page, page->module[0], page->pc, t);
	/* The unwinder begins with the handler's frames. */
	for (uint32_t k = 0; k < n; k++)
		if (page->frames[k] == page->pc)
			from = k + 1;
	for (uint32_t k = from; k < n && !is_outside(page, page->module[1 + k]); k++)
		t->frames[t->nframes++] = frame_of(page, page->module[1 + k], page->frames[k] - 1, t);
}

void
crash_read(const struct instance *i, struct monitor_thread *t)
{
	struct crash_page page;

	t->crash = (struct monitor_crash){ .path = "" };
	t->crashed = true;
	t->nframes = 0;
	if (page_copy(i, &page)) {
		t->crash.signal = page.signal;
		t->crash.fault_address = page.fault_address;
		t->crash.stack_overflow = page.stack_overflow;
		t->crash.out_of_memory = page.out_of_memory;
		read_frames(&page, &t->crash);
		read_stack(i, &page, t);
		if (t->crash.address) {
			snprintf(t->crash_path, sizeof(t->crash_path), "%s",
				 i->compartment->service->path);
			t->crash.path = t->crash_path;
		}
	} else if (WIFSIGNALED(i->status)) {
		t->crash.signal = WTERMSIG(i->status);
	} else if (i->reaped) {
		t->crash.status = WEXITSTATUS(i->status);
	}
}

static void
signal_text(int signal, const struct crash_page *page, char *text, size_t size)
{
	const char *name = sigabbrev_np(signal);
	const char *cause = page->stack_overflow ? "stack overflow: "
			    : page->out_of_memory ? "out of memory: "
			    : page->foreign_key ? "SEGV_PKUERR: " : "";

	if (signal == SIGABRT || signal == SIGSYS)
		snprintf(text, size, "SIG%s", name);
	else
		snprintf(text, size, "%sSIG%s at %#llx", cause, name ? name : "?",
			 (unsigned long long)page->fault_address);
	if (signal != SIGABRT && signal != SIGSYS && !page->fault_address)
		snprintf(text, size, "%sSIG%s at 0x0", cause, name ? name : "?");
}

/* Why the guest ended it, or what the service makes us believe of that. */
static void
said_text(const struct crash_page *page, char *text, size_t size)
{
	snprintf(text, size, "%.*s", (int)sizeof(page->said) - 1, page->said);
	for (char *c = text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
}

void
crash_describe(const struct instance *i, char *text, size_t size)
{
	struct crash_page page;
	const char *name;

	if (page_copy(i, &page) && page.said[0]) {
		said_text(&page, text, size);
	} else if (page_copy(i, &page)) {
		signal_text(page.signal, &page, text, size);
	} else if (i->reaped && WIFEXITED(i->status)) {
		snprintf(text, size, "exited with status %d", WEXITSTATUS(i->status));
	} else if (i->reaped && i->doomed && !i->hung_up && WTERMSIG(i->status) == SIGKILL) {
		snprintf(text, size, "ended by the monitor");
	} else if (i->reaped && WIFSIGNALED(i->status)) {
		name = sigabbrev_np(WTERMSIG(i->status));
		snprintf(text, size, "killed by SIG%s", name ? name : "?");
	} else {
		snprintf(text, size, "the zygote ended, and all compartments with it");
	}
}

const struct monitor_crash *
monitor_last_crash(void)
{
	const struct monitor_thread *t = thread_self();

	return t->crashed ? &t->crash : NULL;
}

size_t
monitor_last_frames(const struct monitor_frame **ret)
{
	const struct monitor_thread *t = thread_self();

	*ret = t->frames;
	return t->crashed ? t->nframes : 0;
}

void
monitor_crash_where(struct twz_error *err, const char *where)
{
	static const char unknown[] = "; outcome unknown";
	char *tail = strstr(err->text, unknown);
	char rest[sizeof(err->text)];
	size_t room;

	if (!where || !*where || !tail)
		return;
	room = sizeof(err->text) - (size_t)(tail - err->text);
	snprintf(rest, sizeof(rest), "%s", tail);
	if (room > sizeof(unknown) + 8)
		snprintf(tail, room, " in %.*s%s", (int)(room - sizeof(unknown) - 8), where, rest);
}
