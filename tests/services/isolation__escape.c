/*
 * escape: one attempt for each thing that a compartment promises to refuse. Each has the row of sys::status that
 * says so. An attempt that works gives "done", one that is refused the error's name; one that ends the process
 * ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <twz/gate.h>
#include <unistd.h>

TWZ_SERVICE("escape", "1.0", "Tries what compartments refuse");

static int target;	/* a process of the session's user, outside */
static const char *path;	/* a file of the user's */

static long
memory_of(int pid, int write_it)
{
	char name[64], byte;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	fd = open(name, write_it ? O_RDWR | O_CLOEXEC : O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : pread(fd, &byte, 1, 4096) < 0 && errno != EIO ? -1 : 0;
}

static long
spawn(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid(pid, NULL, 0) < 0 ? -1 : 0;
}

static long
spawn_raw(void)
{
	long pid = syscall(SYS_fork);

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid((pid_t)pid, NULL, 0) < 0 ? -1 : 0;
}

/* clone3 hides its flags behind a pointer. */
static long
spawn_hidden(void)
{
	uint64_t args[8] = { 0, 0, 0, 0, SIGCHLD };
	long pid = syscall(SYS_clone3, args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid((pid_t)pid, NULL, 0) < 0 ? -1 : 0;
}

/* A program that is no file: execveat of a memfd. It would replace this process, so a copy of /bin/true. */
static long
run_memory(void)
{
	char *const argv[] = { (char *)"x", NULL };
	int fd = (int)syscall(SYS_memfd_create, "x", 0);

	if (fd < 0)
		return -1;
	if (write(fd, "#!/nonexistent\n", 15) != 15)
		return -1;
	syscall(SYS_execveat, fd, "", argv, argv, 0x1000);
	return errno == ENOENT ? 0 : -1;	/* the kernel looked for the interpreter */
}

/* getpid by the entry of 32-bit programs, and by that of x32. */
static long
enter_32(void)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	return result > 0 ? 0 : (errno = (int)-result, -1);
}

static long
enter_x32(void)
{
	return syscall(0x40000000 | SYS_getpid) > 0 ? 0 : -1;
}

static long
many_files(void)
{
	int opened[4096], n = 0;
	long result = 0;

	while (n < 4096 && (opened[n] = dup(1)) >= 0)
		n++;
	if (n < 4096)
		result = -1;
	while (n)
		close(opened[--n]);
	return result;
}

static long
large_file(void)
{
	int fd = open("large", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	long result;

	signal(SIGXFSZ, SIG_IGN);
	result = fd < 0 ? -1 : ftruncate(fd, (off_t)1 << 34);
	close(fd);
	unlink("large");
	return result;
}

/* Shared pages are in no limit of a process's data. */
static long
much_memory(int how)
{
	void *bytes = mmap(NULL, (size_t)4 << 30, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);

	return bytes == MAP_FAILED ? -1 : munmap(bytes, (size_t)4 << 30);
}

static long
open_one(const char *name, int flags)
{
	int fd = open(name, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static long
make_socket(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static long
make_executable(void)
{
	char name[] = "tool";
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	char *const argv[] = { name, NULL };

	if (fd < 0 || write(fd, "#!/nonexistent\n", 15) != 15)
		return -1;
	close(fd);
	execv(name, argv);
	unlink(name);
	return errno == ENOENT ? 0 : -1;
}

static long
push_input(void)
{
	char c = 'x';

	return ioctl(0, TIOCSTI, &c);
}

static long
realtime(void)
{
	const struct sched_param p = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &p);
}

static long
set_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return clock_settime(CLOCK_REALTIME, &now);
}

/* Whoever is there, one by one: of all at once the kernel says that it worked though each was refused. */
static long
kill_any(void)
{
	for (pid_t pid = 1; pid < 1000; pid++)
		if (syscall(SYS_tgkill, getpid(), pid, 0) && !kill(pid, 0))	/* it is no thread of its own */
			return 0;
	errno = EPERM;
	return -1;
}

static long
read_other(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)4096, 1 };

	return process_vm_readv(target, &here, 1, &there, 1, 0) < 0 && errno != EFAULT ? -1 : 0;
}

static long
write_other(void)
{
	char byte = 0;
	struct iovec here = { &byte, 1 }, there = { (void *)4096, 1 };

	return process_vm_writev(target, &here, 1, &there, 1, 0) < 0 && errno != EFAULT ? -1 : 0;
}

static uint64_t zeros[32];

#define TRY(name, row, what) static long try_##name(void) { return (long)(what); }
#define ATTEMPTS(X) \
	X(read_home, "files", open_one(path, O_RDONLY)) \
	X(write_home, "files", open_one(path, O_WRONLY)) \
	X(read_shadow, "files", open_one("/etc/shadow", O_RDONLY)) \
	X(read_passwd, "files", open_one("/etc/passwd", O_RDONLY)) \
	X(write_tmp, "files", open_one("/tmp", O_TMPFILE | O_RDWR)) \
	X(follow_link, "files", symlink("/etc/passwd", "link") ? -1 : open_one("link", O_RDONLY)) \
	X(read_proc, "files", open_one("/proc/self/status", O_RDONLY)) \
	X(read_sysctl, "files", open_one("/proc/sys/kernel/core_pattern", O_RDONLY)) \
	X(write_sysctl, "files", open_one("/proc/sys/kernel/core_pattern", O_WRONLY)) \
	X(read_disk, "files", open_one("/dev/mem", O_RDONLY)) \
	X(open_terminal, "files", open_one("/dev/tty", O_RDWR)) \
	X(make_device, "files", mknod("device", S_IFCHR | 0600, 0x103)) \
	X(make_fifo, "files", mkfifo("fifo", 0600)) \
	X(run_own_file, "processes", make_executable()) \
	X(socket_inet, "network", make_socket(AF_INET, SOCK_STREAM, 0)) \
	X(socket_udp, "network", make_socket(AF_INET6, SOCK_DGRAM, 0)) \
	X(socket_unix, "network", make_socket(AF_UNIX, SOCK_STREAM, 0)) \
	X(socket_netlink, "network", make_socket(AF_NETLINK, SOCK_RAW, 0)) \
	X(socket_packet, "network", make_socket(AF_PACKET, SOCK_RAW, 0)) \
	X(socket_alg, "network", make_socket(38, SOCK_SEQPACKET, 0)) \
	X(socket_vsock, "network", make_socket(40, SOCK_STREAM, 0)) \
	X(socket_pair, "network", socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)zeros)) \
	X(fork, "processes", spawn()) \
	X(fork_hidden, "processes", spawn_hidden()) \
	X(fork_raw, "processes", spawn_raw()) \
	X(execute, "processes", (execl("/bin/true", "true", NULL), -1)) \
	X(execute_memory, "processes", run_memory()) \
	X(kill_other, "signals", kill(target, 0)) \
	X(kill_any, "signals", kill_any()) \
	X(queue_signal, "signals", syscall(SYS_rt_sigqueueinfo, target, 0, zeros)) \
	X(signal_thread, "signals", syscall(SYS_tgkill, target, target, 0)) \
	X(open_process, "signals", syscall(SYS_pidfd_open, target, 0) < 0 ? -1 : 0) \
	X(trace, "tracing", ptrace(PTRACE_SEIZE, target, NULL, NULL)) \
	X(read_memory, "tracing", read_other()) \
	X(write_memory, "tracing", write_other()) \
	X(open_memory, "files", memory_of(target, 0)) \
	X(open_own_memory, "files", memory_of(getpid(), 1)) \
	X(compare, "tracing", syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0)) \
	X(take_descriptor, "tracing", syscall(SYS_pidfd_getfd, 0, 0, 0)) \
	X(add_key, "keyrings", syscall(SYS_add_key, "user", "x", "y", 1, -3)) \
	X(request_key, "keyrings", syscall(SYS_request_key, "user", "x", NULL, -3) < 0 && errno != ENOKEY ? -1 : 0) \
	X(keyctl, "keyrings", syscall(SYS_keyctl, 0, -3, 1)) \
	X(io_uring, "io_uring", syscall(SYS_io_uring_setup, 1, zeros)) \
	X(userfaultfd, "userfaultfd", syscall(SYS_userfaultfd, 1)) \
	X(bpf, "kernel programs", syscall(SYS_bpf, 0, zeros, sizeof(zeros)) < 0 && errno == EPERM ? -1 : 0) \
	X(perf, "performance counters", syscall(SYS_perf_event_open, zeros, 0, -1, -1, 0) < 0 && errno == EPERM ? -1 : 0) \
	X(mount, "mounts", mount("none", ".", "tmpfs", 0, NULL)) \
	X(new_mount, "mounts", syscall(SYS_fsopen, "tmpfs", 0)) \
	X(open_tree, "mounts", syscall(SYS_open_tree, -100, ".", 1)) \
	X(chroot, "mounts", chroot(".")) \
	X(pivot_root, "mounts", syscall(SYS_pivot_root, ".", ".") < 0 && errno == EPERM ? -1 : 0) \
	X(unshare, "mounts", unshare(CLONE_NEWUSER)) \
	X(new_namespace, "mounts", unshare(CLONE_NEWNS)) \
	X(enter_namespace, "mounts", setns(0, 0) < 0 && errno == EPERM ? -1 : 0) \
	X(open_by_handle, "files", syscall(SYS_open_by_handle_at, 0, zeros, 0) < 0 && errno == EPERM ? -1 : 0) \
	X(module, "modules", syscall(SYS_init_module, zeros, 0, "") < 0 && errno == EPERM ? -1 : 0) \
	X(module_file, "modules", syscall(SYS_finit_module, 0, "", 0) < 0 && errno == EPERM ? -1 : 0) \
	X(kexec, "modules", syscall(SYS_kexec_load, 0, 0, NULL, 0) < 0 && errno == EPERM ? -1 : 0) \
	X(set_clock, "clocks", set_clock()) \
	X(set_time, "clocks", settimeofday(NULL, (struct timezone *)zeros)) \
	X(adjust_clock, "clocks", adjtimex(&(struct timex){ .modes = ADJ_FREQUENCY })) \
	X(nicer, "processor", setpriority(PRIO_PROCESS, 0, -5)) \
	X(real_time, "processor", realtime()) \
	X(other_priority, "processor", setpriority(PRIO_PROCESS, (id_t)target, 5)) \
	X(many_files, "descriptors", many_files()) \
	X(large_file, "file size", large_file()) \
	X(much_memory, "memory", much_memory(MAP_PRIVATE)) \
	X(shared_memory, "memory", much_memory(MAP_SHARED)) \
	X(lift_memory, "memory", setrlimit(RLIMIT_DATA, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY })) \
	X(lift_files, "descriptors", setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4096, 4096 })) \
	X(lift_core, "dumping", setrlimit(RLIMIT_CORE, &(struct rlimit){ 1 << 20, 1 << 20 })) \
	X(push_input, "terminals", push_input()) \
	X(become_another, "privileges", setresuid(12345, 12345, 12345)) \
	X(set_groups, "privileges", syscall(SYS_setgroups, 0, NULL)) \
	X(host_name, "privileges", sethostname("x", 1)) \
	X(swap, "privileges", syscall(SYS_swapon, "x", 0) < 0 && errno == EPERM ? -1 : 0) \
	X(reboot, "privileges", syscall(SYS_reboot, 0, 0, 0, NULL) < 0 && errno == EPERM ? -1 : 0) \
	X(ports, "privileges", syscall(SYS_iopl, 3)) \
	X(segments, "other entries", syscall(SYS_modify_ldt, 0, zeros, 8)) \
	X(personality, "other entries", personality(ADDR_NO_RANDOMIZE)) \
	X(quota, "other entries", syscall(SYS_quotactl, 0, NULL, 0, NULL) < 0 && errno == EPERM ? -1 : 0) \
	X(watch, "files", syscall(SYS_fanotify_init, 0, 0)) \
	X(entry_32, "other entries", enter_32()) \
	X(entry_x32, "other entries", enter_x32()) \
	X(be_traced, "tracing", ptrace(PTRACE_TRACEME, 0, NULL, NULL))	/* the last: its signals stop it */

ATTEMPTS(TRY)

static const struct {
	const char *name, *row;
	long (*run)(void);
} attempts[] = {
#define X(name, row, what) { #name, row, try_##name },
	ATTEMPTS(X)
#undef X
};

TWZ_GATE(uint32_t, count, (void), TWZ_DOC("How many attempts there are"), TWZ_READONLY)
{
	return sizeof(attempts) / sizeof(attempts[0]);
}

TWZ_GATE(const char *, name, (uint32_t i), TWZ_DOC("An attempt, and the row of sys::status that refuses it"),
	 TWZ_READONLY)
{
	static _Thread_local char text[128];

	snprintf(text, sizeof(text), "%s %s", attempts[i % count()].name, attempts[i % count()].row);
	return text;
}

TWZ_GATE(const char *, attempt, (const char *name, int pid, const char *file),
	 TWZ_DOC("Makes one: on process @pid and the file, where it is about others"))
{
	target = pid;
	path = file;
	for (uint32_t i = 0; i < count(); i++)
		if (!strcmp(attempts[i].name, name)) {
			errno = 0;
			return attempts[i].run() >= 0 ? "done" : strerrorname_np(errno);
		}
	return "there is no such attempt";
}

/* -- what was left lying about by who started it ------------------------------------------------------ */

TWZ_GATE(const char *, inherited, (void), TWZ_DOC("umask, niceness, core limit, blocked and ignored signals"))
{
	static _Thread_local char text[200];
	struct rlimit core = { 1, 1 };
	unsigned blocked = 0, ignored = 0;
	mode_t mask = umask(077);
	sigset_t set;

	umask(mask);
	getrlimit(RLIMIT_CORE, &core);
	sigprocmask(SIG_SETMASK, NULL, &set);
	for (int i = 1; i < 32; i++) {
		struct sigaction act;

		blocked += sigismember(&set, i) == 1;
		/* What the guest itself ignores. */
		if (i != SIGPIPE && i != SIGXFSZ)
			ignored += !sigaction(i, NULL, &act) && act.sa_handler == SIG_IGN;
	}
	snprintf(text, sizeof(text), "umask %03o core %lu blocked %u ignored %u", (unsigned)mask,
		 (unsigned long)core.rlim_cur, blocked, ignored);
	return text;
}
