/* The addresses of one compartment: who owns which pages, and what may become executable. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "monitor/mpk/scan.h"
#include "monitor/mpk/space.h"

static bool
bit(const unsigned char *map, size_t i)
{
	return map[i / 8] >> (i % 8) & 1;
}

static void
set_bit(unsigned char *map, size_t i, bool on)
{
	map[i / 8] = (unsigned char)((map[i / 8] & ~(1u << (i % 8))) | (unsigned)on << (i % 8));
}

static uint64_t
heap(const struct mpk_space *s)
{
	return (uint64_t)(uintptr_t)s->base + MPK_HEAP_AT;
}

/* The pages of the heap that [at, at + size) touches; false when it is not all heap. */
static bool
heap_pages(const struct mpk_space *s, uint64_t at, uint64_t size, size_t *first, size_t *n)
{
	uint64_t from = at - heap(s);

	if (at < heap(s) || at % MPK_PAGE || !size || from >= (uint64_t)MPK_HEAP_PAGES * MPK_PAGE ||
	    size > (uint64_t)MPK_HEAP_PAGES * MPK_PAGE - from)
		return false;
	*first = from / MPK_PAGE;
	*n = (size + MPK_PAGE - 1) / MPK_PAGE;
	return true;
}

static void *
pointer(uint64_t at)
{
	return (void *)(uintptr_t)at;
}

bool
space_tag(const struct mpk_space *s, uint64_t at, uint64_t size, int prot)
{
	return !pkey_mprotect(pointer(at), size, prot, s->key);
}

uint64_t
space_find(struct mpk_space *s, uint64_t size)
{
	size_t n = (size + MPK_PAGE - 1) / MPK_PAGE, run = 0;

	if (!n || n > MPK_HEAP_PAGES)
		return 0;
	for (int round = 0; round < 2; round++, s->hint = 0) {
		run = 0;
		for (size_t i = s->hint; i < MPK_HEAP_PAGES; i++) {
			run = bit(s->used, i) ? 0 : run + 1;
			if (run == n) {
				s->hint = i + 1;
				return heap(s) + (i + 1 - n) * MPK_PAGE;
			}
		}
	}
	return 0;
}

static void
mark(struct mpk_space *s, size_t first, size_t n, bool used, bool code)
{
	for (size_t i = first; i < first + n; i++) {
		s->pages += (uint64_t)used - bit(s->used, i);
		set_bit(s->used, i, used);
		set_bit(s->code, i, code);
	}
}

static bool
any_code(const struct mpk_space *s, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++)
		if (bit(s->code, i))
			return true;
	return false;
}

/* Bytes of neighbouring code, so that nothing hides across the boundary. */
static size_t
neighbour(const struct mpk_space *s, size_t page, bool before, unsigned char *ret)
{
	enum { N = MPK_GADGET_MAX - 1 };
	uint64_t at = heap(s) + page * MPK_PAGE + (before ? MPK_PAGE - N : 0);

	if (page >= MPK_HEAP_PAGES || !bit(s->code, page) || !space_read(s, at, ret, N))
		return 0;
	return N;
}

static bool
refuse(struct mpk_space *s, const struct mpk_mapping *m, enum mpk_gadget gadget, uint64_t offset)
{
	snprintf(s->refused, sizeof(s->refused), "%.150s has a stray %s at file offset %#llx",
		 m->name ? m->name : "its memory", mpk_gadget_text(gadget), (unsigned long long)offset);
	return false;
}

/* The two joints of new code with what lies before and behind it. */
static bool
joints_clean(struct mpk_space *s, const struct mpk_mapping *m, const unsigned char *bytes, size_t n,
	     size_t first)
{
	enum { N = MPK_GADGET_MAX - 1 };
	unsigned char joint[2 * N];
	enum mpk_gadget gadget;
	size_t at, got;

	got = first ? neighbour(s, first - 1, true, joint) : 0;
	memcpy(joint + got, bytes, N);
	gadget = mpk_scan(joint, got + N, 0, &at);
	if (gadget != MPK_NO_GADGET)
		return refuse(s, m, gadget, (uint64_t)m->offset);
	memcpy(joint, bytes + n - N, N);
	got = neighbour(s, first + n / MPK_PAGE, false, joint + N);
	gadget = mpk_scan(joint, N + got, 0, &at);
	return gadget == MPK_NO_GADGET || refuse(s, m, gadget, (uint64_t)m->offset + n - N);
}

/* Code that is still data: the C library's two places become traps, anything else is refused. */
static bool
make_clean(struct mpk_space *s, const struct mpk_mapping *m, unsigned char *bytes, size_t n, size_t first)
{
	enum mpk_gadget gadget;
	size_t at = 0;

	while ((gadget = mpk_scan(bytes, n, at, &at)) != MPK_NO_GADGET) {
		enum mpk_known known = mpk_known(bytes, n, at);

		if (known == MPK_UNKNOWN)
			return refuse(s, m, gadget, (uint64_t)m->offset + at);
		memset(bytes + at, 0xcc, mpk_known_size(known));
	}
	return joints_clean(s, m, bytes, n, first);
}

static bool
fill(const struct mpk_mapping *m, unsigned char *bytes, uint64_t size)
{
	uint64_t want = m->bytes && m->bytes < size ? m->bytes : size, done = 0;

	while (done < want) {
		ssize_t n = pread(m->fd, bytes + done, want - done, m->offset + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (!n)
			break;		/* what lies behind the end of the file is zero */
		done += (uint64_t)n;
	}
	return true;
}

/* Back to reserved addresses. */
static bool
reserve(uint64_t at, uint64_t size)
{
	return mmap(pointer(at), size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		    -1, 0) != MAP_FAILED;
}

int64_t
space_map(struct mpk_space *s, const struct mpk_mapping *m)
{
	uint64_t size = TWZ_ALIGN(m->size, (uint64_t)MPK_PAGE), at = m->at;
	bool code = m->prot & PROT_EXEC;
	size_t first, n;

	if (!m->size || m->size > MPK_SLOT_SIZE || m->prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC))
		return -EINVAL;
	if (code && (s->sealed || m->fd < 0 || m->prot & PROT_WRITE))
		return -EACCES;
	if (!m->fixed)
		at = space_find(s, size);
	if (!at)
		return -ENOMEM;
	if (!heap_pages(s, at, size, &first, &n) || any_code(s, first, n))
		return -EPERM;
	if (s->pages + n > s->limit)
		return -ENOMEM;
	/* Until it has its key only the monitor can reach it. */
	if (mmap(pointer(at), size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
		 MAP_NORESERVE, -1, 0) == MAP_FAILED)
		return -ENOMEM;
	mark(s, first, n, true, false);
	if ((m->fd >= 0 && !fill(m, pointer(at), size)) ||
	    (code && !make_clean(s, m, pointer(at), size, first)) || !space_tag(s, at, size, m->prot)) {
		space_unmap(s, at, size);
		return -EACCES;
	}
	mark(s, first, n, true, code);
	return (int64_t)at;
}

int64_t
space_unmap(struct mpk_space *s, uint64_t at, uint64_t size)
{
	size_t first, n;

	if (!heap_pages(s, at, size, &first, &n))
		return -EINVAL;
	if (any_code(s, first, n) || !reserve(at, n * MPK_PAGE))
		return -EPERM;
	mark(s, first, n, false, false);
	if (first < s->hint)
		s->hint = first;
	return 0;
}

int64_t
space_protect(struct mpk_space *s, uint64_t at, uint64_t size, int prot)
{
	size_t first, n;

	if (prot & ~(PROT_READ | PROT_WRITE))
		return -EACCES;
	if (!heap_pages(s, at, size, &first, &n))
		return -ENOMEM;
	if (any_code(s, first, n))
		return -EACCES;
	for (size_t i = first; i < first + n; i++)
		if (!bit(s->used, i))
			return -ENOMEM;
	return space_tag(s, at, n * MPK_PAGE, prot) ? 0 : -ENOMEM;
}

static bool
is_own(const struct mpk_space *s, uint64_t at, size_t n)
{
	uint64_t from = at - (uint64_t)(uintptr_t)s->base;

	return at >= (uint64_t)(uintptr_t)s->base && from <= MPK_SLOT_SIZE && n <= MPK_SLOT_SIZE - from;
}

bool
space_read(const struct mpk_space *s, uint64_t at, void *ret, size_t n)
{
	struct iovec here = { ret, n }, there = { pointer(at), n };

	return is_own(s, at, n) && process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)n;
}

bool
space_write(const struct mpk_space *s, uint64_t at, const void *bytes, size_t n)
{
	struct iovec here = { (void *)(uintptr_t)bytes, n }, there = { pointer(at), n };

	return is_own(s, at, n) && process_vm_writev(getpid(), &here, 1, &there, 1, 0) == (ssize_t)n;
}

bool
space_text(const struct mpk_space *s, uint64_t at, char *ret, size_t size)
{
	for (size_t done = 0; done + 1 < size;) {
		size_t n = MPK_PAGE - at % MPK_PAGE;

		if (n > size - 1 - done)
			n = size - 1 - done;
		if (!space_read(s, at, ret + done, n))
			return false;
		if (memchr(ret + done, 0, n))
			return true;
		done += n;
		at += n;
	}
	return false;
}
