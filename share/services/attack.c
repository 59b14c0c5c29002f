/*
 * attack: what a hostile service would try. Ok means that it worked, which inside a compartment it
 * never should; an error says how it was refused. The confinement tests call all of these.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <twz/gate.h>
#include <unistd.h>

TWZ_SERVICE("attack", "1.0", "Tries what a compartment must not do");

enum Refusal {
	NotPermitted = EPERM,
	NotThere = ENOENT,
	NoSuchProcess = ESRCH,
	AccessDenied = EACCES,
	NotImplemented = ENOSYS,
	OtherReason = 4095,
};
TWZ_ERROR_TEXT(NotPermitted, "Not permitted");
TWZ_ERROR_TEXT(NotThere, "Not there");
TWZ_ERROR_TEXT(NoSuchProcess, "No such process");
TWZ_ERROR_TEXT(AccessDenied, "Access denied");
TWZ_ERROR_TEXT(NotImplemented, "Not implemented");
TWZ_ERROR_TEXT(OtherReason, "Refused for another reason");

TWZ_RESULT_UNIT(attempt, enum Refusal);
TWZ_RESULT(loot, uint64_t, enum Refusal);

static enum Refusal
refusal(void)
{
	switch (errno) {
	case EPERM:
	case ENOENT:
	case ESRCH:
	case EACCES:
	case ENOSYS:
		return (enum Refusal)errno;
	default:
		return OtherReason;
	}
}

/* What a system call's result says, closing the descriptor that it may be. */
static struct attempt
tried(long result)
{
	return result < 0 ? attempt_err(refusal()) : attempt_ok();
}

static struct attempt
opened(int fd)
{
	struct attempt outcome = tried(fd);

	if (fd >= 0)
		close(fd);
	return outcome;
}

/* -- files ------------------------------------------------------------------------------------------- */

TWZ_GATE(struct loot, read_file, (const char *path), TWZ_DOC("Reads a file; Ok: bytes that it got"))
{
	char bytes[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
	struct loot outcome = n < 0 ? loot_err(refusal()) : loot_ok((uint64_t)n);

	if (fd >= 0)
		close(fd);
	return outcome;
}

TWZ_GATE(struct loot, list_folder, (const char *path), TWZ_DOC("Lists a folder; Ok: entries in it"))
{
	DIR *dir = opendir(path);
	uint64_t n = 0;

	if (!dir)
		return loot_err(refusal());
	while (readdir(dir))
		n++;
	closedir(dir);
	return loot_ok(n);
}

TWZ_GATE(struct attempt, write_file, (const char *path), TWZ_DOC("Creates or overwrites a file"))
{
	return opened(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

TWZ_GATE(struct attempt, remove_file, (const char *path), TWZ_DOC("Removes a file"))
{
	return tried(unlink(path));
}

TWZ_GATE(struct attempt, link_file, (const char *path), TWZ_DOC("Links a file into its own folder"))
{
	struct attempt outcome = tried(link(path, "linked"));

	unlink("linked");
	return outcome;
}

/* -- other processes --------------------------------------------------------------------------------- */

TWZ_GATE(struct loot, list_processes, (void), TWZ_DOC("Looks into /proc; Ok: processes but its own"))
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	uint64_t n = 0;

	if (!dir)
		return loot_err(refusal());
	while ((entry = readdir(dir)))
		n += atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid();
	closedir(dir);
	return loot_ok(n);
}

TWZ_GATE(struct attempt, kill_process, (int pid), TWZ_DOC("Sends SIGKILL; 0: to its parent"))
{
	return tried(kill(pid ? pid : getppid(), SIGKILL));
}

TWZ_GATE(struct attempt, trace_process, (int pid), TWZ_DOC("Attaches as a debugger; 0: to its parent"))
{
	return tried(ptrace(PTRACE_ATTACH, pid ? pid : getppid(), NULL, NULL));
}

TWZ_GATE(struct attempt, start_program, (const char *path), TWZ_DOC("Executes a program"))
{
	char *const argv[] = { (char *)"attack", NULL };

	execve(path, argv, NULL);
	return attempt_err(refusal());
}

TWZ_GATE(void, outlive, (void), TWZ_DOC("Does what it can to go on when its caller is gone"))
{
	prctl(PR_SET_PDEATHSIG, 0);
	setsid();
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (fork() == 0)
		setsid();
	for (;;)
		pause();
}

/* -- other memory -------------------------------------------------------------------------------------- */

TWZ_GATE(struct attempt, read_peer, (int pid, uint64_t address), TWZ_DOC("Reads a process's memory by process_vm_readv"))
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)address, 1 };

	return tried(process_vm_readv(pid, &here, 1, &there, 1, 0));
}

TWZ_GATE(struct attempt, open_peer, (int pid, uint64_t address), TWZ_DOC("Reads a process's memory by /proc"))
{
	char name[64], byte;
	int fd;
	long result;

	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	result = fd < 0 ? -1 : pread(fd, &byte, 1, (off_t)address);
	if (fd >= 0)
		close(fd);
	return tried(result);
}

enum { PAGE = 4096, GAP = 4096 };	/* so many pages without memory end a look around */

static int probe = -1;	/* to write to it tells what can be read */

static uint64_t
count_in_page(const unsigned char *page, const char *coded, size_t n)
{
	uint64_t found = 0;

	for (size_t i = 0, k; i + n <= PAGE; i++) {
		for (k = 0; k < n && page[i + k] == (coded[k] ^ 1); k++)
			;
		found += k == n;
	}
	return found;
}

/* From where @at lies, up and down. */
static uint64_t
count_around(const void *at, const char *coded, size_t n)
{
	uint64_t found = 0;

	for (int step = -PAGE; step <= PAGE; step += 2 * PAGE) {
		const unsigned char *page = (const unsigned char *)((uintptr_t)at & ~(uintptr_t)(PAGE - 1));

		if (step > 0)
			page += PAGE;
		for (int missing = 0; missing < GAP; page += step) {
			/* No library's own look at the memory first: a sanitizer's would be a crash. */
			if (syscall(SYS_pwrite64, probe, page, (size_t)1, (off_t)0) != 1) {
				missing++;
				continue;
			}
			missing = 0;
			found += count_in_page(page, coded, n);
		}
	}
	return found;
}

TWZ_GATE(uint64_t, scan_caller, (const char *coded, int planted),
	 TWZ_DOC("Counts copies of a text, each byte of it changed by 1, around all memory that it knows"))
{
	static unsigned char here[64];
	size_t n = strlen(coded);
	char *mine = malloc(sizeof(here));
	uint64_t found;

	probe = open("probe", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	for (size_t i = 0; planted && i < n && i < sizeof(here); i++)
		here[i] = (unsigned char)(coded[i] ^ 1);
	found = count_around(coded, coded, n) + count_around(&found, coded, n) + count_around(mine, coded, n) +
		count_around(here, coded, n) + count_around((const void *)&environ[0][0], coded, n);
	memset(here, 0, sizeof(here));
	free(mine);
	close(probe);
	unlink("probe");
	return found;
}

/* -- the network and the kernel ---------------------------------------------------------------------- */

TWZ_GATE(struct attempt, open_socket, (int family), TWZ_DOC("Opens a socket of this address family"))
{
	return opened(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

TWZ_GATE(struct attempt, raise_limit, (void), TWZ_DOC("Lifts the limit on its memory"))
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return tried(setrlimit(RLIMIT_AS, &all));
}

TWZ_GATE(struct attempt, become_root, (void), TWZ_DOC("Asks to be root in a new user namespace"))
{
	return tried(syscall(SYS_unshare, 0x10000000));
}

TWZ_GATE(struct attempt, load_program, (void), TWZ_DOC("Loads a program into the kernel (bpf)"))
{
	char attributes[128] = { 0 };

	return tried(syscall(SYS_bpf, 5, attributes, sizeof(attributes)));
}

/* -- what was left lying about ------------------------------------------------------------------------ */

TWZ_GATE(uint64_t, count_descriptors, (void), TWZ_DOC("Counts open descriptors above stderr"))
{
	uint64_t n = 0;

	for (int fd = 3; fd < 4096; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TWZ_GATE(const char *, read_environment, (const char *name), TWZ_DOC("A variable of the environment"))
{
	const char *value = getenv(name);

	return value ? value : "";
}

TWZ_GATE(int, process, (void), TWZ_DOC("Its own process id, as it sees it"))
{
	return getpid();
}
