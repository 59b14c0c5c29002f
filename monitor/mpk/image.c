/*
 * The first image of a compartment: the guest program and its dynamic loader as exec would map them,
 * and a stack with arguments, environment and auxiliary vector. The loader does the rest itself, from
 * inside. There is no vdso among what it is told: its pages have no key that could be given.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "monitor/mpk/mpk_in.h"

enum { SEGMENTS = 32, STRINGS = 16384 };

struct elf {
	const char *path;
	int fd;
	Elf64_Ehdr head;
	Elf64_Phdr segments[SEGMENTS];
	uint64_t base;			/* what is added to its addresses */
	char loader[256];		/* PT_INTERP; "" */
};

static bool
not_loadable(const struct elf *e, const char *why, struct twz_error *err)
{
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED), "mpk: %s %s", e->path, why);
}

static bool
elf_open(struct elf *e, struct twz_error *err)
{
	e->fd = open(e->path, O_RDONLY | O_CLOEXEC);
	if (e->fd < 0)
		return twz_fail_sys(err, errno, "mpk: open %s", e->path);
	if (pread(e->fd, &e->head, sizeof(e->head), 0) != sizeof(e->head) ||
	    memcmp(e->head.e_ident, ELFMAG, SELFMAG) != 0 || e->head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    e->head.e_machine != EM_X86_64 || e->head.e_type != ET_DYN)
		return not_loadable(e, "is no position-independent program for x86-64", err);
	if (e->head.e_phentsize != sizeof(Elf64_Phdr) || e->head.e_phnum > SEGMENTS)
		return not_loadable(e, "has program headers that make no sense", err);
	if (pread(e->fd, e->segments, e->head.e_phnum * sizeof(Elf64_Phdr), (off_t)e->head.e_phoff) !=
	    (ssize_t)(e->head.e_phnum * sizeof(Elf64_Phdr)))
		return not_loadable(e, "is cut off", err);
	for (int i = 0; i < e->head.e_phnum; i++) {
		const Elf64_Phdr *p = &e->segments[i];

		if (p->p_type == PT_INTERP && p->p_filesz < sizeof(e->loader) &&
		    pread(e->fd, e->loader, p->p_filesz, (off_t)p->p_offset) != (ssize_t)p->p_filesz)
			return not_loadable(e, "is cut off", err);
	}
	return true;
}

static int
protection(const Elf64_Phdr *p)
{
	return (p->p_flags & PF_R ? PROT_READ : 0) | (p->p_flags & PF_W ? PROT_WRITE : 0) |
	       (p->p_flags & PF_X ? PROT_EXEC : 0);
}

static bool
elf_map(struct mpk *c, struct elf *e, struct twz_error *err)
{
	uint64_t span = 0, page = MPK_PAGE;

	for (int i = 0; i < e->head.e_phnum; i++)
		if (e->segments[i].p_type == PT_LOAD && e->segments[i].p_vaddr < MPK_SLOT_SIZE &&
		    e->segments[i].p_memsz < MPK_SLOT_SIZE &&
		    e->segments[i].p_vaddr + e->segments[i].p_memsz > span)
			span = e->segments[i].p_vaddr + e->segments[i].p_memsz;
	e->base = space_find(&c->space, span);
	if (!e->base)
		return not_loadable(e, "does not fit", err);
	for (int i = 0; i < e->head.e_phnum; i++) {
		const Elf64_Phdr *p = &e->segments[i];
		uint64_t skip = p->p_vaddr % page;
		struct mpk_mapping m = {
			.at = e->base + p->p_vaddr - skip, .size = p->p_memsz + skip,
			.prot = protection(p), .fd = e->fd, .fixed = true, .name = e->path,
			.offset = (off_t)(p->p_offset - skip), .bytes = p->p_filesz + skip,
		};

		if (p->p_type != PT_LOAD || !p->p_memsz)
			continue;
		c->space.refused[0] = 0;
		if (space_map(&c->space, &m) < 0)
			return not_loadable(e, *c->space.refused ? c->space.refused : "cannot be mapped", err);
	}
	return true;
}

static void
elf_close(const struct elf *e)
{
	twz_closep(&e->fd);
}

/* What exec leaves on the stack, built here and copied there. */
struct stack {
	uint64_t top;			/* address of the end of strings[] in the compartment */
	size_t left;			/* strings grow down */
	char strings[STRINGS];
	uint64_t words[96];
	size_t n;
};

static uint64_t
push(struct stack *s, const void *bytes, size_t n)
{
	if (n > s->left)
		return 0;
	s->left -= n;
	memcpy(s->strings + s->left, bytes, n);
	return s->top - STRINGS + s->left;
}

static uint64_t
push_text(struct stack *s, const char *text)
{
	return push(s, text, strlen(text) + 1);
}

static void
word(struct stack *s, uint64_t value)
{
	if (s->n < TWZ_COUNT(s->words))
		s->words[s->n++] = value;
}

static void
aux(struct stack *s, uint64_t type, uint64_t value)
{
	word(s, type);
	word(s, value);
}

static void
auxiliary(struct stack *s, const struct elf *program, const struct elf *loader)
{
	static const unsigned long same[] = { AT_HWCAP, AT_HWCAP2, AT_CLKTCK, AT_UID, AT_EUID, AT_GID,
					      AT_EGID, AT_MINSIGSTKSZ };
	unsigned char random[16];
	uint64_t at;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		memset(random, 0x5a, sizeof(random));
	at = push(s, random, sizeof(random));
	aux(s, AT_RANDOM, at);
	at = push_text(s, "x86_64");
	aux(s, AT_PLATFORM, at);
	at = push_text(s, program->path);
	aux(s, AT_EXECFN, at);
	for (size_t i = 0; i < TWZ_COUNT(same); i++)
		aux(s, same[i], getauxval(same[i]));
	aux(s, AT_PAGESZ, MPK_PAGE);
	aux(s, AT_PHDR, program->base + program->head.e_phoff);
	aux(s, AT_PHENT, sizeof(Elf64_Phdr));
	aux(s, AT_PHNUM, program->head.e_phnum);
	aux(s, AT_BASE, loader->base);
	aux(s, AT_ENTRY, program->base + program->head.e_entry);
	aux(s, AT_SECURE, 0);
	aux(s, AT_NULL, 0);
}

/* argv: the guest, the service, where the gate is, where the blocks are, the build-id. */
static bool
make_stack(struct mpk *c, const struct elf *program, const struct elf *loader, struct twz_error *err)
{
	TWZ_FREE struct stack *s = calloc(1, sizeof(*s));
	uint64_t base = (uint64_t)(uintptr_t)c->space.base, argv[5], env[1], sp;
	char gate[32], blocks[32];

	if (!s)
		return twz_fail_sys(err, ENOMEM, "mpk");
	snprintf(gate, sizeof(gate), "%llx", (unsigned long long)(uintptr_t)mpk_leave);
	snprintf(blocks, sizeof(blocks), "%llx", (unsigned long long)base + MPK_BLOCKS_AT);
	s->top = base + MPK_STACK_AT + MPK_STACK_SIZE;
	s->left = STRINGS;
	argv[0] = push_text(s, program->path);
	argv[1] = push_text(s, c->options.service);
	argv[2] = push_text(s, gate);
	argv[3] = push_text(s, blocks);
	argv[4] = push_text(s, c->options.build_id);
	/* All at load: binding on the first call would need XRSTOR. */
	env[0] = push_text(s, "LD_BIND_NOW=1");
	word(s, TWZ_COUNT(argv));
	for (size_t i = 0; i < TWZ_COUNT(argv); i++)
		word(s, argv[i]);
	word(s, 0);
	word(s, env[0]);
	word(s, 0);
	auxiliary(s, program, loader);
	sp = (s->top - STRINGS - s->n * 8) & ~(uint64_t)15;
	if (s->n == TWZ_COUNT(s->words) || !space_write(&c->space, s->top - STRINGS, s->strings, STRINGS) ||
	    !space_write(&c->space, sp, s->words, s->n * 8))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, INTERNAL),
				"mpk: the stack of %s cannot be written", program->path);
	c->at = loader->base + loader->head.e_entry;
	c->sp = sp;
	return true;
}

bool
image_load(struct mpk *c, struct twz_error *err)
{
	__attribute__((cleanup(elf_close))) struct elf program = { .path = c->options.guest, .fd = -1 };
	__attribute__((cleanup(elf_close))) struct elf loader = { .fd = -1 };

	if (!elf_open(&program, err) || !elf_map(c, &program, err))
		return false;
	if (!*program.loader)
		return not_loadable(&program, "names no dynamic loader", err);
	loader.path = program.loader;
	return elf_open(&loader, err) && elf_map(c, &loader, err) && make_stack(c, &program, &loader, err);
}
