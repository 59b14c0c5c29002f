/*
 * The executable pages of this process.
 *
 * glibc has two places with instructions that raise rights. pkey_set() becomes a trap. Lazy binding
 * gives vector registers back with XRSTOR, which programs need: it becomes a jump to a copy that checks
 * afterwards that the rights were not among what was loaded. Pages are replaced as a whole, so that a
 * thread that runs there sees the old or the new one.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "monitor/mpk/gate.h"
#include "monitor/mpk/process.h"
#include "monitor/mpk/scan.h"
#include "twz/arena.h"

enum { PAGE = 4096, RUNS = 4096 };

/* Executable mappings that lie side by side. */
struct run {
	uint64_t from, to;
	char name[160];			/* of the first */
};

static uint64_t seen;			/* a hash of all runs that were found clean */
static unsigned char *stubs;		/* one page of checked copies */
static size_t nstubs;			/* bytes of it */

static const unsigned char *const ours[] = {
	mpk_enter_wrpkru, mpk_enter_wrgsbase, mpk_enter_xrstor, mpk_leave_wrpkru, mpk_leave_wrgsbase,
	mpk_signal_wrgsbase, mpk_die_wrpkru,
	mpk_restore_wrpkru,
};

static bool
is_ours(const unsigned char *at)
{
	for (size_t i = 0; i < TWZ_COUNT(ours); i++)
		if (at == ours[i])
			return true;
	return stubs && at >= stubs && at < stubs + nstubs;
}

static bool
add_run(struct run *runs, size_t *n, const char *line, struct twz_error *err)
{
	uint64_t from, to;
	char prot[8], name[160] = "";

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %159[^\n]", &from, &to, prot, name) < 3 ||
	    prot[2] != 'x' || !strcmp(name, "[vsyscall]"))
		return true;
	if (prot[1] == 'w' || prot[3] == 's')
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"mpk unavailable: memory of this process at %#" PRIx64
				" is executable and %s", from,
				prot[1] == 'w' ? "writable" : "shared");
	if (*n && runs[*n - 1].to == from) {
		runs[*n - 1].to = to;
		return true;
	}
	if (*n == RUNS)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"mpk unavailable: this process has too many executable mappings");
	runs[*n] = (struct run){ .from = from, .to = to };
	memcpy(runs[(*n)++].name, name, sizeof(name));
	return true;
}

static bool
read_runs(struct run *runs, size_t *n, struct twz_error *err)
{
	TWZ_FCLOSE FILE *f = fopen("/proc/self/maps", "re");
	char line[4400];

	*n = 0;
	if (!f)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"mpk unavailable: cannot read /proc/self/maps, which tells what is executable");
	while (fgets(line, sizeof(line), f))
		if (!add_run(runs, n, line, err))
			return false;
	return true;
}

static uint64_t
hash_runs(const struct run *runs, size_t n)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < n; i++) {
		h = (h ^ runs[i].from) * 1099511628211u;
		h = (h ^ runs[i].to) * 1099511628211u;
	}
	return h | 1;
}

/* A page within a jump's reach of @near. */
static void *
page_near(const unsigned char *near)
{
	int64_t step = 1 << 20;

	for (int64_t i = 1; i < 2048; i++) {
		uint64_t at = (uint64_t)(uintptr_t)near & ~(uint64_t)(PAGE - 1);
		void *p;

		at += (uint64_t)(i % 2 ? -i / 2 * step - step : i / 2 * step);
		p = mmap((void *)(uintptr_t)at, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (p != MAP_FAILED)
			return p;
	}
	return NULL;
}

/* Puts @n bytes into executable memory by replacing its page. They do not cross a page boundary. */
static bool
replace(unsigned char *at, const unsigned char *bytes, size_t n)
{
	unsigned char *page = at - (uintptr_t)at % PAGE;
	unsigned char *copy = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED)
		return false;
	memcpy(copy, page, PAGE);
	memcpy(copy + (at - page), bytes, n);
	if (mprotect(copy, PAGE, PROT_READ | PROT_EXEC) ||
	    mremap(copy, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page) == MAP_FAILED) {
		munmap(copy, PAGE);
		return false;
	}
	return true;
}

static void
jump(unsigned char *code, const unsigned char *from, const unsigned char *to)
{
	int32_t offset = (int32_t)(to - (from + 5));

	code[0] = 0xe9;
	memcpy(code + 1, &offset, sizeof(offset));
}

/* xrstor 0x40(%rsp); test $0x200, %eax; jz over; mov $mpk_die, %r11; jmp *%r11; over: jmp back */
static bool
check_lazy_binding(unsigned char *at)
{
	/* In data: as a constant in code it would be what is looked for. */
	static const unsigned char form[] = { 0x0f, 0xae, 0x6c, 0x24, 0x40, 0xa9, 0x00, 0x02, 0x00, 0x00, 0x74, 0x0d,
					      0x49, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0x41, 0xff, 0xe3 };
	const uint64_t die = (uint64_t)(uintptr_t)mpk_die;
	unsigned char code[5], *stub;

	if (!stubs)
		stubs = page_near(at);
	else if (mprotect(stubs, PAGE, PROT_READ | PROT_WRITE))
		return false;
	if (!stubs || nstubs + sizeof(form) + 5 > PAGE || llabs(at - stubs) > INT32_MAX - PAGE)
		return false;
	stub = stubs + nstubs;
	memcpy(stub, form, sizeof(form));
	memcpy(stub + 14, &die, sizeof(die));
	jump(stub + sizeof(form), stub + sizeof(form), at + 5);
	nstubs += sizeof(form) + 5;
	jump(code, at, stub);
	return !mprotect(stubs, PAGE, PROT_READ | PROT_EXEC) && replace(at, code, sizeof(code));
}

/* False: this place is not one that we know how to make harmless. */
static bool
make_harmless(const struct run *r, unsigned char *at)
{
	static const unsigned char traps[] = { 0xcc, 0xcc, 0xcc };
	const unsigned char *run = (const unsigned char *)(uintptr_t)r->from;
	enum mpk_known known = mpk_known(run, r->to - r->from, (size_t)(at - run));
	size_t n = mpk_known_size(known);

	if (known == MPK_UNKNOWN || (uintptr_t)at % PAGE + n > PAGE)
		return false;
	return known == MPK_PKEY_SET ? replace(at, traps, sizeof(traps)) : check_lazy_binding(at);
}

static bool
clean_run(const struct run *r, struct twz_error *err)
{
	unsigned char *bytes = (unsigned char *)(uintptr_t)r->from;
	enum mpk_gadget gadget;
	size_t at = 0;

	for (; (gadget = mpk_scan(bytes, r->to - r->from, at, &at)) != MPK_NO_GADGET; at++) {
		if (is_ours(bytes + at))
			continue;
		if (!make_harmless(r, bytes + at))
			return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
					"mpk unavailable: %.100s of this process has a stray %s at %#llx",
					*r->name ? r->name : "memory", mpk_gadget_text(gadget),
					(unsigned long long)(uintptr_t)(bytes + at));
	}
	return true;
}

bool
process_prepare(struct twz_error *err)
{
	TWZ_FREE struct run *runs = malloc(RUNS * sizeof(*runs));
	size_t n;

	if (!runs)
		return twz_fail_sys(err, ENOMEM, "mpk");
	/* Until a look finds nothing new: replacing a page makes a mapping. */
	for (int round = 0; round < 8; round++) {
		if (!read_runs(runs, &n, err))
			return false;
		if (hash_runs(runs, n) == seen)
			return true;
		for (size_t i = 0; i < n; i++)
			if (!clean_run(&runs[i], err))
				return false;
		seen = hash_runs(runs, n);
	}
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			"mpk unavailable: executable memory of this process keeps changing");
}
