#include "introspect/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "twz/landlock.h"
#include "twz/util.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SHADOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SHADOW 1
#endif
#endif
#ifndef HAS_SHADOW
#define HAS_SHADOW 0
#endif

static void
limit(unsigned seconds)
{
	/* A sanitizer's shadow memory counts as address space, terabytes of it. */
	const struct { int resource; rlim_t limit; } limits[] = {
		{ RLIMIT_CPU, seconds },
		{ RLIMIT_AS, HAS_SHADOW ? RLIM_INFINITY : (rlim_t)4 << 30 },
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE, 64 },
	};

	for (size_t i = 0; i < TWZ_COUNT(limits); i++) {
		struct rlimit limit;

		if (getrlimit((__rlimit_resource_t)limits[i].resource, &limit))
			continue;
		if (limits[i].limit < limit.rlim_cur)
			limit.rlim_cur = limits[i].limit;
		if (limits[i].limit < limit.rlim_max)
			limit.rlim_max = limits[i].limit;
		setrlimit((__rlimit_resource_t)limits[i].resource, &limit);
	}
}

/* -- files ------------------------------------------------------------------------------------------- */

static bool
may_write(int rules, const char *folder, uint64_t access)
{
	TWZ_CLOSE int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct landlock_path rule = { access & LANDLOCK_FS_STATE, fd };

	return fd >= 0 && !syscall(SYS_landlock_add_rule, rules, LANDLOCK_PATH_BENEATH, &rule, 0);
}

/* Reading is not among what is denied: which files a library's types are in is only known on the way. */
static bool
deny_files(const char *const *folders)
{
	uint32_t abi = landlock_abi();
	struct landlock_ruleset denied = landlock_everything(abi);
	int rules;
	bool ok;

	denied.handled_fs &= ~(uint64_t)LANDLOCK_FS_READ;
	rules = abi ? (int)syscall(SYS_landlock_create_ruleset, &denied, landlock_size(abi), 0) : -1;
	if (rules < 0)
		return false;
	for (; folders && *folders; folders++)
		may_write(rules, *folders, denied.handled_fs);	/* else it fails to write, and says so */
	ok = !syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
	return ok;
}

/* -- system calls ------------------------------------------------------------------------------------ */

/* What reading, the registry and a second thread need; the rest gets EPERM. Files are Landlock's business. */
static const unsigned short allowed[] = {
	SYS_brk, SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise,
	SYS_futex, SYS_set_robust_list, SYS_rseq, SYS_gettid, SYS_getpid, SYS_sched_yield, SYS_sched_getaffinity,
	SYS_exit, SYS_exit_group, SYS_restart_syscall, SYS_clock_gettime, SYS_gettimeofday, SYS_nanosleep,
	SYS_clock_nanosleep, SYS_getrandom, SYS_sysinfo, SYS_uname, SYS_getrusage,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack,
	SYS_openat, SYS_close, SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_lseek,
	SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_fallocate, SYS_fcntl, SYS_flock, SYS_fadvise64, SYS_fstat,
	SYS_newfstatat, SYS_statx, SYS_faccessat, SYS_faccessat2, SYS_readlinkat, SYS_getdents64, SYS_getcwd,
	SYS_mkdirat, SYS_unlinkat, SYS_linkat, SYS_renameat2, SYS_fchmod, SYS_fchown, SYS_umask, SYS_dup,
	SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid,
#ifdef __x86_64__
	SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_mkdir, SYS_rmdir, SYS_unlink, SYS_link, SYS_rename,
	SYS_time, SYS_dup2, SYS_arch_prctl,
#endif
#ifdef SYS_renameat
	SYS_renameat,
#endif
};

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define IF_SET(bits, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), (yes), (no))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define REFUSE(error) RETURN(SECCOMP_RET_ERRNO | (error))

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "which numbers do system calls have here?"
#endif

enum { WORDS = 16, WORD_BITS = 32, MOST = 64 };		/* numbers up to 511 */

static void
emit(struct sock_fprog *p, struct sock_filter instruction)
{
	p->filter[p->len++] = instruction;
}

/* Where it depends on an argument. None of these is a pointer, so none can be changed meanwhile. */
static void
emit_conditions(struct sock_fprog *p)
{
	const struct sock_filter code[] = {
		LOAD(arch),
		IF_EQUAL(ARCHITECTURE, 1, 0),
		RETURN(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
		IF_EQUAL(SYS_clone3, 0, 1),
		REFUSE(ENOSYS),			/* its flags are behind a pointer; the C library then uses clone */
		IF_EQUAL(SYS_clone, 3, 0),
		IF_EQUAL(SYS_tgkill, 4, 0),
		IF_EQUAL(SYS_ioctl, 5, 0),
		BPF_STMT(BPF_JMP | BPF_JA, 9),
		LOAD(args[0]),			/* clone: flags */
		IF_SET(CLONE_THREAD, 6, 5),
		LOAD(args[0]),			/* tgkill: process */
		IF_EQUAL((uint32_t)getpid(), 4, 3),
		LOAD(args[1]),			/* ioctl: isatty(), and how wide */
		IF_EQUAL(TCGETS, 2, 0),
		IF_EQUAL(TIOCGWINSZ, 1, 0),
		REFUSE(EPERM),
		RETURN(SECCOMP_RET_ALLOW),
	};

	for (size_t i = 0; i < TWZ_COUNT(code); i++)
		emit(p, code[i]);
}

/*
 * The kernel tries a new filter with every number that there is, so few steps pay at once: which word of a set of
 * bits, then which bit of that.
 */
static void
emit_allowed(struct sock_fprog *p)
{
	const struct sock_filter split[] = {
		LOAD(nr),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, WORD_BITS - 1),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		LOAD(nr),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 5),
	};
	uint32_t words[WORDS] = { 0 };
	unsigned char n = 0, at = 0;

	for (size_t i = 0; i < TWZ_COUNT(allowed); i++)
		words[allowed[i] / WORD_BITS] |= 1U << allowed[i] % WORD_BITS;
	for (unsigned i = 0; i < WORDS; i++)
		n += words[i] != 0;
	for (size_t i = 0; i < TWZ_COUNT(split); i++)
		emit(p, split[i]);
	/* n tests and a refusal; then n words, of which each jumps over those behind it to what they have in common. */
	for (unsigned i = 0; i < WORDS; i++)
		if (words[i])
			emit(p, (struct sock_filter)IF_EQUAL(i, (unsigned char)(n + at), 0)), at++;
	emit(p, (struct sock_filter)REFUSE(EPERM));
	at = 0;
	for (unsigned i = 0; i < WORDS; i++)
		if (words[i]) {
			emit(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, words[i]));
			emit(p, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (n - ++at) * 2U));
		}
	emit(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 0));
	emit(p, (struct sock_filter)IF_SET(1, 1, 0));
	emit(p, (struct sock_filter)REFUSE(EPERM));
	emit(p, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
}

static bool
deny_calls(void)
{
	struct sock_filter code[2 * MOST];
	struct sock_fprog program = { .filter = code };

	emit_conditions(&program);
	emit_allowed(&program);
	return !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

unsigned
introspect_confine(unsigned seconds, const char *const *folders)
{
	unsigned ret = CONFINED_LIMITS;

	limit(seconds);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return ret;
	if (deny_files(folders))
		ret |= CONFINED_FILES;
	if (!HAS_SHADOW && deny_calls())
		ret |= CONFINED_CALLS;
	return ret;
}
