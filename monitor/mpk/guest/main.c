/*
 * The guest of a compartment that lives in the monitor's process: loads the service, then waits at the
 * gate for what it is to do. It has one thread, or rather the callers' threads, one at a time, and what
 * it says to the monitor it says by leaving.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/guest/guest.h"
#include "monitor/guest/mapped.h"
#include "monitor/mpk/guest/inside.h"

static uint64_t gate;			/* address of the way out */
static unsigned char *blocks;
static void *library;
static uint64_t level;			/* number of the block that is being served */
static struct wire_room room;

/* Goes out; comes back with what the monitor wants. No register survives but the stack's. */
static uint64_t
leave(uint64_t reason, uint64_t word)
{
	uint64_t way = gate;

	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
			 "pushq %%rbp\n\t"
			 "pushq %%rbx\n\t"
			 "leaq 1f(%%rip), %%r8\n\t"
			 "movq %%rsp, %%r9\n\t"
			 "jmp *%%rax\n"
			 "1:\n\t"
			 "popq %%rbx\n\t"
			 "popq %%rbp\n\t"
			 "leaq 128(%%rsp), %%rsp"
			 : "+D"(reason), "+S"(word), "+a"(way)
			 :
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", "memory",
			   "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
			   "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
	return reason;
}

static unsigned char *
block(uint64_t number)
{
	return blocks + number * LINK_SIZE;
}

/* -- running gates ------------------------------------------------------------------------------- */

static int64_t
run_gate(struct gate *g, unsigned char *payload, uint64_t size, uint64_t *word)
{
	uint64_t head = sizeof(struct twz_gatecall_item) + gate_wire(g)->nslots * 8;
	struct wire_run run = { .gate = gate_wire(g), .size = size - head };
	struct wire_room own = room;	/* a call that this one makes may come back here */
	enum wire_status status;
	int error;

	if (size < head)
		return -EINVAL;
	room = (struct wire_room){ 0 };
	status = wire_take(&run, payload, &own);
	error = status == WIRE_OK ? gate_run(g, &run) : 0;
	if (status == WIRE_OK && !error)
		status = wire_give(&run, payload, word);
	wire_room_free(&room);
	room = own;
	if (error)
		*word = run.culprit;
	return error ? -error : gate_errno(status);
}

static int64_t
run_item(unsigned char *payload, uint64_t size, uint64_t *word)
{
	uint64_t number, argv[6] = { 0 };
	gate_words *fast;
	struct gate *g;

	if (size < sizeof(struct twz_gatecall_item))
		return -EINVAL;
	memcpy(&number, payload, sizeof(number));
	g = gate_wait(number);
	if (!g)
		return -ENOSYS;
	fast = gate_fast(g);
	if (!fast)
		return run_gate(g, payload, size, word);
	if (size < sizeof(struct twz_gatecall_item) + gate_wire(g)->nslots * 8)
		return -EINVAL;
	memcpy(argv, payload + sizeof(struct twz_gatecall_item), gate_wire(g)->nslots * 8);
	*word = fast(argv[0], argv[1], argv[2], argv[3], argv[4], argv[5]);
	return 0;
}

static void
run_block(unsigned char *base)
{
	struct twz_block_reader r = { .base = base, .size = LINK_BLOCK_SIZE };
	struct twz_item item;
	uint32_t at;

	while (twz_block_next(&r, &item, &at) == 1) {
		unsigned char *payload = base + at;
		int64_t result[2] = { 0 };
		uint64_t word = 0;

		if (item.kind != TWZ_ITEM_GATECALL)
			continue;
		result[0] = run_item(payload, item.size, &word);
		result[1] = (int64_t)word;
		memcpy(payload + offsetof(struct twz_gatecall_item, ret), result, sizeof(result));
	}
}

/* The monitor describes no gate that has some. */
void *
callback_make(const struct wire_gate *g, uint32_t slot)
{
	(void)g, (void)slot;
	return NULL;
}

static void
serve(uint64_t what)
{
	uint64_t before = level;
	const struct wire_gate *wire;

	level = what >> 8;
	wire = (const void *)block(level);
	if ((what & 0xff) == MPK_DESCRIBE)
		gate_add(library, wire, wire->bytes);
	else if ((what & 0xff) == MPK_CALL)
		run_block(block(level));
	level = before;
}

/* -- asking -------------------------------------------------------------------------------------- */

unsigned char *
inside_block(void)
{
	return block(level + 1);
}

/* While the monitor does what was asked, somebody that it called may call this compartment. */
void
inside_ask(uint64_t reason, uint64_t word)
{
	uint64_t what = leave(reason, word);

	while ((what & 0xff) != MPK_ANSWER) {
		serve(what);
		what = leave(MPK_FINISHED, 0);
	}
}

__attribute__((visibility("default"))) const struct twz_caller *
twz_caller(void)
{
	static struct twz_caller caller;
	const struct mpk_caller *seen = (const void *)(blocks - LINK_SIZE + MPK_CALLER_AT);

	caller = (struct twz_caller){ .thread = seen->thread, .compartment = seen->compartment,
				      .context = seen->context };
	return &caller;
}

/* There are no files here. */
__attribute__((visibility("default"))) const char *
twz_state_dir(void)
{
	return NULL;
}

__attribute__((visibility("default"))) size_t
twz_args(const char *const **ret)
{
	*ret = NULL;
	return 0;
}

__attribute__((visibility("default"))) int
twz_fd(const char *name)
{
	(void)name;
	return -1;
}

/* Nor memory that others may read: a key of one's own is all that there is. */
__attribute__((visibility("default"))) void *
twz_lend(size_t n, ObjID *id)
{
	(void)n, (void)id;
	errno = ENOMEM;
	return NULL;
}

__attribute__((visibility("default"))) const void *
twz_borrow(ObjID id, size_t *n)
{
	(void)id, (void)n;
	errno = ENOENT;
	return NULL;
}

__attribute__((visibility("default"))) void
twz_give_back(const void *memory)
{
	(void)memory;
}

/* -- loading ------------------------------------------------------------------------------------- */

static void
unloadable(const char *why)
{
	leave(MPK_UNLOADABLE, (uint64_t)(uintptr_t)why);
	_exit(127);
}

int
main(int argc, char **argv)
{
	static struct mpk_loaded place;
	struct mapped m;
	uint64_t what;

	if (argc != 5)
		return 126;
	gate = strtoull(argv[2], NULL, 16);
	blocks = (unsigned char *)(uintptr_t)strtoull(argv[3], NULL, 16);
	setvbuf(stdout, NULL, _IONBF, 0);
	library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (!library)
		unloadable(dlerror());
	m = mapped_find(library);
	if (!mapped_is(&m, argv[4]))
		unloadable("its file is no longer the one that was inspected; call it again");
	place = (struct mpk_loaded){ m.base, m.size };
	for (what = leave(MPK_READY, (uint64_t)(uintptr_t)&place);; what = leave(MPK_FINISHED, 0))
		serve(what);
}
