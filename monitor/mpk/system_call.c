/*
 * System calls of a compartment: the kernel stops them all, and this answers those that a C library
 * needs to live. Nothing is passed on as it came: each is done by the monitor in its own words, on
 * checked copies. What is not in the table is refused with EPERM and does not happen.
 */
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "monitor/mpk/mpk_in.h"

enum { OUTPUT_MAX = 64 << 10, PATH = 1024, VECTORS = 16 };

/* -- files, while the service is loaded ---------------------------------------------------------- */

static struct mpk_file *
file_of(struct mpk *c, uint64_t number)
{
	struct mpk_file *f = number - MPK_FIRST_FILE < MPK_FILES ? &c->files[number - MPK_FIRST_FILE] : NULL;

	return number >= MPK_FIRST_FILE && f && f->fd >= 0 ? f : NULL;
}

static void
file_close(struct mpk_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	*f = (struct mpk_file){ .fd = -1 };
}

void
system_call_close_files(struct mpk *c)
{
	for (size_t i = 0; i < MPK_FILES; i++)
		file_close(&c->files[i]);
}

/* Libraries where the system keeps them, and whatever lies beside the service. */
static bool
may_read(const struct mpk *c, const char *path)
{
	static const char *const folders[] = { "/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/",
					       "/usr/local/lib/" };
	const char *slash = strrchr(c->options.service, '/');
	size_t n = slash ? (size_t)(slash + 1 - c->options.service) : 0;

	if (strstr(path, "/../") || strstr(path, "/./"))
		return false;
	if (!strcmp(path, "/etc/ld.so.cache"))
		return true;
	for (size_t i = 0; i < TWZ_COUNT(folders); i++)
		if (!strncmp(path, folders[i], strlen(folders[i])))
			return true;
	return n && !strncmp(path, c->options.service, n) && !strchr(path + n, '/');
}

static int64_t
do_open(struct mpk *c, uint64_t at, uint64_t flags)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_NO_MAGICLINKS };
	struct mpk_file *f = NULL;
	char path[PATH];
	struct stat st;

	if (c->space.sealed || (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC))
		return -EACCES;
	if (!space_text(&c->space, at, path, sizeof(path)))
		return -EFAULT;
	if (!may_read(c, path))
		return -ENOENT;
	for (size_t i = 0; i < MPK_FILES && !f; i++)
		if (c->files[i].fd < 0)
			f = &c->files[i];
	if (!f)
		return -EMFILE;
	f->fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (f->fd < 0)
		return -errno;
	if (fstat(f->fd, &st) || !S_ISREG(st.st_mode)) {
		file_close(f);
		return -EACCES;
	}
	f->path = strdup(path);
	return MPK_FIRST_FILE + (f - c->files);
}

static int64_t
do_read(struct mpk *c, uint64_t number, uint64_t at, uint64_t n, const off_t *offset)
{
	const struct mpk_file *f = file_of(c, number);
	char bytes[8192];
	ssize_t got;

	if (!f)
		return number == 0 ? 0 : -EBADF;
	if (n > sizeof(bytes))
		n = sizeof(bytes);
	got = offset ? pread(f->fd, bytes, n, *offset) : read(f->fd, bytes, n);
	if (got < 0)
		return -errno;
	return space_write(&c->space, at, bytes, (size_t)got) ? got : -EFAULT;
}

static int64_t
do_stat(struct mpk *c, uint64_t number, uint64_t at)
{
	const struct mpk_file *f = file_of(c, number);
	struct stat st = { .st_mode = S_IFIFO | 0600, .st_blksize = 4096 };

	if (!f && number > 2)
		return -EBADF;
	if (f && fstat(f->fd, &st))
		return -errno;
	return space_write(&c->space, at, &st, sizeof(st)) ? 0 : -EFAULT;
}

static int64_t
do_fstatat(struct mpk *c, uint64_t number, uint64_t path, uint64_t at, uint64_t flags)
{
	char first;

	if (!(flags & AT_EMPTY_PATH) || !space_read(&c->space, path, &first, 1) || first)
		return -ENOENT;
	return do_stat(c, number, at);
}

/* -- memory -------------------------------------------------------------------------------------- */

static int64_t
do_mmap(struct mpk *c, const uint64_t *a)
{
	struct mpk_mapping m = { .at = a[0], .size = a[1], .prot = (int)a[2], .fd = -1,
				 .fixed = a[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE), .offset = (off_t)a[5] };
	const struct mpk_file *f;

	if (a[2] > INT32_MAX || a[3] & MAP_SHARED || !(a[3] & MAP_PRIVATE) || a[5] % MPK_PAGE ||
	    (off_t)a[5] < 0)
		return -EPERM;
	if (!(a[3] & MAP_ANONYMOUS)) {
		f = file_of(c, a[4]);
		if (!f)
			return -EBADF;
		m.fd = f->fd;
		m.name = f->path;
	}
	return space_map(&c->space, &m);
}

/* -- the rest ------------------------------------------------------------------------------------ */

static int64_t
do_write(struct mpk *c, uint64_t number, uint64_t at, uint64_t n)
{
	char bytes[4096];
	uint64_t done = 0;

	if (number != 1 && number != 2)
		return -EBADF;
	while (done < n && done < OUTPUT_MAX) {
		size_t part = n - done < sizeof(bytes) ? n - done : sizeof(bytes);

		if (!space_read(&c->space, at + done, bytes, part))
			return done ? (int64_t)done : -EFAULT;
		if (c->options.output)
			c->options.output(c->options.data, bytes, part);
		done += part;
	}
	return (int64_t)done;
}

static int64_t
do_writev(struct mpk *c, uint64_t number, uint64_t at, uint64_t n)
{
	struct iovec v[VECTORS];
	int64_t done = 0, got;

	if (n > VECTORS)
		n = VECTORS;
	if (!space_read(&c->space, at, v, n * sizeof(*v)))
		return -EFAULT;
	for (uint64_t i = 0; i < n; i++) {
		got = do_write(c, number, (uint64_t)(uintptr_t)v[i].iov_base, v[i].iov_len);
		if (got < 0)
			return done ? done : got;
		done += got;
		if ((uint64_t)got < v[i].iov_len)
			break;
	}
	return done;
}

/* Waits as the caller's own thread would, until the signal that ends late calls. */
static int64_t
wait_until(struct mpk *c, bool absolute, const struct timespec *when)
{
	while (__atomic_load_n(&c->turn, __ATOMIC_SEQ_CST) == MPK_INSIDE) {
		int error = clock_nanosleep(CLOCK_MONOTONIC, absolute ? TIMER_ABSTIME : 0, when, NULL);

		if (error != EINTR)
			return -error;
	}
	return -EINTR;
}

static int64_t
do_sleep(struct mpk *c, uint64_t clock, uint64_t flags, uint64_t at)
{
	struct timespec when;

	if (!space_read(&c->space, at, &when, sizeof(when)))
		return -EFAULT;
	if (flags && clock != CLOCK_MONOTONIC)
		return -EINVAL;
	return wait_until(c, flags & TIMER_ABSTIME, &when);
}

/* There is one thread: nobody can wake it. */
static int64_t
do_futex(struct mpk *c, const uint64_t *a)
{
	const struct timespec ever = { .tv_sec = INT32_MAX };
	struct timespec when = ever;
	uint32_t value;

	switch (a[1] & (uint64_t)FUTEX_CMD_MASK) {
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		return 0;
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		if (!space_read(&c->space, a[0], &value, sizeof(value)))
			return -EFAULT;
		if (value != (uint32_t)a[2])
			return -EAGAIN;
		if (a[3] && !space_read(&c->space, a[3], &when, sizeof(when)))
			return -EFAULT;
		wait_until(c, (a[1] & (uint64_t)FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET && a[3], &when);
		return -ETIMEDOUT;
	}
	return -ENOSYS;
}

static int64_t
do_clock(struct mpk *c, uint64_t nr, uint64_t clock, uint64_t at)
{
	struct timespec now;
	int clocks = (int)clock;

	if (clock > CLOCK_BOOTTIME)
		return -EINVAL;
	if ((nr == SYS_clock_getres ? clock_getres(clocks, &now) : clock_gettime(clocks, &now)))
		return -errno;
	if (nr == SYS_clock_getres && !at)
		return 0;
	return space_write(&c->space, at, &now, sizeof(now)) ? 0 : -EFAULT;
}

static int64_t
do_time_of_day(struct mpk *c, uint64_t nr, uint64_t at)
{
	struct timespec now;
	struct timeval tv;
	time_t seconds;

	clock_gettime(CLOCK_REALTIME, &now);
	seconds = now.tv_sec;
	tv = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	if (nr == SYS_gettimeofday)
		return !at || space_write(&c->space, at, &tv, sizeof(tv)) ? 0 : -EFAULT;
	return !at || space_write(&c->space, at, &seconds, sizeof(seconds)) ? seconds : -EFAULT;
}

static int64_t
do_random(struct mpk *c, uint64_t at, uint64_t n)
{
	unsigned char bytes[256];

	if (n > sizeof(bytes))
		n = sizeof(bytes);
	if (getrandom(bytes, n, 0) != (ssize_t)n)
		return -EAGAIN;
	return space_write(&c->space, at, bytes, n) ? (int64_t)n : -EFAULT;
}

static int64_t
do_limit(struct mpk *c, uint64_t resource, uint64_t new, uint64_t at)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	if (new)
		return -EPERM;
	if (resource == RLIMIT_STACK)
		limit.rlim_cur = MPK_STACK_SIZE;
	return !at || space_write(&c->space, at, &limit, sizeof(limit)) ? 0 : -EFAULT;
}

static int64_t
do_uname(struct mpk *c, uint64_t at)
{
	struct utsname u = { .sysname = "Linux", .nodename = "compartment", .release = "0",
			     .version = "0", .machine = "x86_64" };

	return space_write(&c->space, at, &u, sizeof(u)) ? 0 : -EFAULT;
}

static int64_t
do_arch_prctl(struct mpk *c, uint64_t what, uint64_t value)
{
	if (what == ARCH_SET_FS) {
		if (value >> 47)
			return -EPERM;
		c->host.guest_fs = value;
		return 0;
	}
	if (what == ARCH_GET_FS)
		return space_write(&c->space, value, &c->host.guest_fs, 8) ? 0 : -EFAULT;
	return -EINVAL;
}

/* Memory, files and what belongs to them; -ENOSYS: it is not one of these. */
static int64_t
memory_call(struct mpk *c, uint64_t nr, const uint64_t *a)
{
	off_t offset = (off_t)a[3];

	switch (nr) {
	case SYS_mmap:
		return do_mmap(c, a);
	case SYS_munmap:
		return space_unmap(&c->space, a[0], a[1]);
	case SYS_mprotect:
		return a[2] > INT32_MAX ? -EINVAL : space_protect(&c->space, a[0], a[1], (int)a[2]);
	case SYS_brk:
		return 0;	/* none: the C library maps instead */
	case SYS_open:
		return do_open(c, a[0], a[1]);
	case SYS_openat:
		return do_open(c, a[1], a[2]);
	case SYS_close:
		if (!file_of(c, a[0]))
			return a[0] <= 2 ? 0 : -EBADF;
		file_close(file_of(c, a[0]));
		return 0;
	case SYS_read:
		return do_read(c, a[0], a[1], a[2], NULL);
	case SYS_pread64:
		return offset < 0 ? -EINVAL : do_read(c, a[0], a[1], a[2], &offset);
	case SYS_fstat:
		return do_stat(c, a[0], a[1]);
	case SYS_newfstatat:
		return do_fstatat(c, a[0], a[1], a[2], a[3]);
	}
	return -ENOSYS;
}

/* What says something about the world, or waits. */
static int64_t
other_call(struct mpk *c, uint64_t nr, const uint64_t *a)
{
	const struct timespec none = { 0 };

	switch (nr) {
	case SYS_write:
		return do_write(c, a[0], a[1], a[2]);
	case SYS_writev:
		return do_writev(c, a[0], a[1], a[2]);
	case SYS_futex:
		return do_futex(c, a);
	case SYS_nanosleep:
		return do_sleep(c, CLOCK_MONOTONIC, 0, a[0]);
	case SYS_clock_nanosleep:
		return do_sleep(c, a[0], a[1], a[2]);
	case SYS_sched_yield:
		return wait_until(c, false, &none);
	case SYS_clock_gettime:
	case SYS_clock_getres:
		return do_clock(c, nr, a[0], a[1]);
	case SYS_gettimeofday:
	case SYS_time:
		return do_time_of_day(c, nr, a[0]);
	case SYS_getrandom:
		return do_random(c, a[0], a[1]);
	case SYS_prlimit64:
		return do_limit(c, a[1], a[2], a[3]);
	case SYS_getrlimit:
		return do_limit(c, a[0], 0, a[1]);
	case SYS_uname:
		return do_uname(c, a[0]);
	case SYS_arch_prctl:
		return do_arch_prctl(c, a[0], a[1]);
	case SYS_getpid:
	case SYS_gettid:
	case SYS_set_tid_address:
		return getpid();	/* one process, one thread, as far as it can tell */
	case SYS_set_robust_list:
	case SYS_rt_sigprocmask:
		return 0;		/* nothing that reaches it could be blocked */
	case SYS_access:
	case SYS_faccessat:
	case SYS_readlink:
	case SYS_readlinkat:
		return -ENOENT;
	case SYS_ioctl:
		return -ENOTTY;
	case SYS_rseq:
	case SYS_madvise:
		return -ENOSYS;		/* both are optional for who asks */
	}
	return -EPERM;
}

static bool
ends(struct mpk *c, uint64_t nr, const uint64_t *a)
{
	switch (nr) {
	case SYS_exit:
	case SYS_exit_group:
		c->dead = true;
		c->exit_status = (int)(a[0] & 0xff);
		return true;
	case SYS_kill:
	case SYS_tkill:
	case SYS_tgkill:
		/* abort() and raise(); nobody else is any of its business */
		if (a[0] != (uint64_t)getpid() || !(nr == SYS_tgkill ? a[2] : a[1]))
			return false;
		fault_of(c, nr == SYS_tgkill ? (int)(a[2] & 63) : (int)(a[1] & 63));
		return true;
	}
	return false;
}

bool
system_call(struct mpk *c, struct mpk_trap *t)
{
	const uint64_t a[6] = { (uint64_t)t->regs[REG_RDI], (uint64_t)t->regs[REG_RSI],
				(uint64_t)t->regs[REG_RDX], (uint64_t)t->regs[REG_R10],
				(uint64_t)t->regs[REG_R8], (uint64_t)t->regs[REG_R9] };
	uint64_t nr = (uint64_t)t->regs[REG_RAX];
	int64_t ret;

	if (t->info.si_arch != AUDIT_ARCH_X86_64) {
		fault_of(c, SIGSYS);
		return false;
	}
	if (ends(c, nr, a))
		return false;
	ret = memory_call(c, nr, a);
	if (ret == -ENOSYS)
		ret = other_call(c, nr, a);
	t->regs[REG_RAX] = ret;
	return true;
}
