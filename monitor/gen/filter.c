/*
 * Build-time program: writes the zygotes' seccomp filters as C arrays, made by libseccomp from the
 * lists below. Doing it here keeps libseccomp out of every start of a compartment.
 *
 * What is not listed gets EPERM. 32-bit and x32 entries end the process.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/filter.h>

/* Harmless by themselves; files are Landlock's business. */
static const int allowed[] = {
	/* memory */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mprotect), SCMP_SYS(mremap),
	SCMP_SYS(madvise), SCMP_SYS(msync), SCMP_SYS(mincore), SCMP_SYS(membarrier),
	/* threads and waiting */
	SCMP_SYS(clone), SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list),
	SCMP_SYS(set_tid_address), SCMP_SYS(rseq), SCMP_SYS(gettid), SCMP_SYS(getpid),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getcpu), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(restart_syscall), SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom),
	SCMP_SYS(sched_get_priority_max), SCMP_SYS(sched_get_priority_min),
	SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
	/* signals to oneself */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigsuspend), SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sigaltstack), SCMP_SYS(tgkill), SCMP_SYS(pause),
	/* files */
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(creat), SCMP_SYS(close), SCMP_SYS(close_range),
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(preadv), SCMP_SYS(pwritev), SCMP_SYS(lseek), SCMP_SYS(fsync),
	SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(truncate), SCMP_SYS(fallocate),
	SCMP_SYS(flock), SCMP_SYS(fcntl), SCMP_SYS(fadvise64), SCMP_SYS(copy_file_range),
	SCMP_SYS(sendfile), SCMP_SYS(stat), SCMP_SYS(fstat), SCMP_SYS(lstat), SCMP_SYS(newfstatat),
	SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
	SCMP_SYS(getcwd), SCMP_SYS(chdir), SCMP_SYS(fchdir), SCMP_SYS(mkdir), SCMP_SYS(mkdirat),
	SCMP_SYS(rmdir), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(chmod), SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat), SCMP_SYS(utimensat), SCMP_SYS(umask), SCMP_SYS(dup), SCMP_SYS(dup2),
	SCMP_SYS(dup3), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(eventfd2), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	/* what everybody may know */
	SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrusage), SCMP_SYS(times), SCMP_SYS(getuid),
	SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getresuid),
	SCMP_SYS(getresgid), SCMP_SYS(getgroups), SCMP_SYS(getppid), SCMP_SYS(getpgrp),
	SCMP_SYS(getrlimit), SCMP_SYS(getpriority),
	/* the control socket, which is there already; no other can be made */
	SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
	/* what the zygote needs to make a compartment; each only takes rights away */
	SCMP_SYS(landlock_create_ruleset), SCMP_SYS(landlock_add_rule),
	SCMP_SYS(landlock_restrict_self), SCMP_SYS(seccomp), SCMP_SYS(setrlimit), SCMP_SYS(wait4),
	SCMP_SYS(pidfd_open),
};

/* Where a service was granted sockets; of which families is its compartment's own filter's business. */
static const int network[] = {
	SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen),
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(sendto), SCMP_SYS(recvfrom),
	SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg), SCMP_SYS(shutdown),
};

/* Refused like everything else, but with the error that libraries expect. */
static const struct {
	int call, error;
} answered[] = {
	{ SCMP_SYS(clone3), ENOSYS },	/* its flags lie behind a pointer; libc falls back to clone */
	{ SCMP_SYS(ioctl), ENOTTY },	/* isatty() */
	{ SCMP_SYS(execve), EPERM },
};

static const unsigned long prctls[] = {
	PR_SET_NAME, PR_GET_NAME, PR_SET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_VMA,
};

static void
must(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "filter: %s: error %d\n", what, -result);
		exit(1);
	}
}

static void
fill(scmp_filter_ctx ctx, int net)
{
	for (size_t i = 0; net && i < sizeof(network) / sizeof(network[0]); i++)
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, network[i], 0), "allow");
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0), "allow");
	for (size_t i = 0; i < sizeof(answered) / sizeof(answered[0]); i++)
		if (answered[i].error != EPERM)
			must(seccomp_rule_add(ctx, SCMP_ACT_ERRNO((uint32_t)answered[i].error),
					      answered[i].call, 0), "answer");
	for (size_t i = 0; i < sizeof(prctls) / sizeof(prctls[0]); i++)
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
				      SCMP_A0(SCMP_CMP_EQ, prctls[i], 0)), "prctl");
	/* Not both: shared pages without a file are in no limit of a process's data. */
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			      SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0)), "mmap of a file");
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			      SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS | MAP_SHARED, MAP_ANONYMOUS)),
	     "private mmap");
	/* Only about oneself. */
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(sched_setaffinity), 1,
			      SCMP_A0(SCMP_CMP_EQ, 0, 0)), "sched_setaffinity");
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
			      SCMP_A0(SCMP_CMP_EQ, 0, 0)), "prlimit64");
}

/* Reads back what libseccomp made. */
static size_t
export(scmp_filter_ctx ctx, struct sock_filter *code, size_t max)
{
	FILE *f = tmpfile();
	size_t n;

	if (!f)
		must(-errno, "tmpfile");
	must(seccomp_export_bpf(ctx, fileno(f)), "export");
	rewind(f);
	n = fread(code, sizeof(*code), max, f);
	fclose(f);
	return n;
}

static size_t
write_filter(const char *name, int net)
{
	static struct sock_filter code[4096];
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	size_t n;

	if (!ctx)
		must(-ENOMEM, "init");
	must(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "bad arch");
	must(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), "binary tree");
	fill(ctx, net);
	n = export(ctx, code, 4096);
	printf("static const struct sock_filter %s[] = {\n", name);
	for (size_t i = 0; i < n; i++)
		printf("\t{ 0x%04x, %u, %u, 0x%08x },\n", code[i].code, code[i].jt, code[i].jf,
		       code[i].k);
	printf("};\n");
	seccomp_release(ctx);
	return n;
}

int
main(void)
{
	printf("/* Made by monitor/gen/filter.c; do not edit. */\n");
	return write_filter("filter_code", 0) && write_filter("filter_net_code", 1) ? 0 : 1;
}
