/* The process that reads a hostile file: what it tries beyond reading is refused, what it needs goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "introspect/confine.h"
#include "introspect/tool/tool.h"
#include "tests/unit/unit.h"
#include "twz/util.h"

static char folder[] = "/tmp/twz-confine-XXXXXX", granted[64], closed[64];

static bool
writes(const char *in, const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", in, name);
	fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void *
give(void *data)
{
	return data;
}

/* -- what is refused by Landlock; each returns whether it was possible ------------------------------------ */

static bool makes_a_file(void) { return writes(closed, "new", O_CREAT); }
static bool writes_a_file(void) { return writes(closed, "old", 0); }
static bool empties_a_file(void) { char p[128]; snprintf(p, sizeof(p), "%s/old", closed); return !truncate(p, 0); }
static bool removes_a_file(void) { char p[128]; snprintf(p, sizeof(p), "%s/old", closed); return !unlink(p); }
static bool makes_a_folder(void) { char p[128]; snprintf(p, sizeof(p), "%s/deep", closed); return !mkdir(p, 0700); }

static bool
moves_a_file_out(void)
{
	char from[128], to[128];

	snprintf(from, sizeof(from), "%s/mine", granted);
	snprintf(to, sizeof(to), "%s/stolen", closed);
	return !rename(from, to);
}

/* -- by seccomp ------------------------------------------------------------------------------------------- */

static bool
starts_a_process(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	return child > 0;
}

static bool
executes(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	execv("/bin/true", argv);
	return errno != EPERM && errno != EACCES;
}

static bool makes_a_socket(void) { return socket(AF_INET, SOCK_DGRAM, 0) >= 0; }
static bool makes_a_local_socket(void) { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }
static bool signals_its_parent(void) { return !kill(getppid(), 0); }
static bool signals_a_thread(void) { return !syscall(SYS_tgkill, getppid(), getppid(), 0); }
static bool traces_its_parent(void) { return !ptrace(PTRACE_SEIZE, getppid(), NULL, NULL); }
static bool fills_a_terminal(void) { return syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x") == 0 || errno != EPERM; }
static bool makes_a_namespace(void) { return syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */) == 0; }
static bool asks_the_keyring(void) { return syscall(SYS_keyctl, 0, -4, 0) >= 0 || errno != EPERM; }
static bool loads_a_program(void) { return syscall(SYS_bpf, 0, NULL, 0) == 0 || errno != EPERM; }
static bool makes_a_ring(void) { return syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno != EPERM; }
static bool raises_its_limits(void) { struct rlimit l = { 4096, 4096 }; return !setrlimit(RLIMIT_NOFILE, &l); }
static bool changes_rights(void) { char p[128]; snprintf(p, sizeof(p), "%s/old", closed); return !chmod(p, 0777); }

static bool
reads_its_parent(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { folder, 1 };

	return process_vm_readv(getppid(), &here, 1, &there, 1, 0) >= 0;
}

/* -- what goes on ----------------------------------------------------------------------------------------- */

static bool
reads_a_file(void)
{
	char byte;
	TWZ_CLOSE int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, &byte, 1) == 1;
}

static bool
has_threads(void)
{
	pthread_t thread;
	void *got = NULL;

	return !pthread_create(&thread, NULL, give, folder) && !pthread_join(thread, &got) && got == folder;
}

static bool has_memory(void) { void *p = malloc(64 << 20); bool ok = p; free(p); return ok; }
static bool writes_where_it_may(void) { return writes(granted, "new", O_CREAT | O_TRUNC); }

static bool
tidies_where_it_may(void)
{
	char from[128], to[128];

	snprintf(from, sizeof(from), "%s/mine", granted);
	snprintf(to, sizeof(to), "%s/moved", granted);
	return !rename(from, to) && !unlink(to);
}

#define TRY(by, name) { by, name, #name }
static const struct attempt {
	unsigned by;			/* 0: goes on whatever there is */
	bool (*run)(void);
	const char *name;
} attempts[] = {
	TRY(CONFINED_FILES, makes_a_file), TRY(CONFINED_FILES, writes_a_file), TRY(CONFINED_FILES, empties_a_file),
	TRY(CONFINED_FILES, removes_a_file), TRY(CONFINED_FILES, makes_a_folder),
	TRY(CONFINED_FILES, moves_a_file_out),
	TRY(CONFINED_CALLS, starts_a_process), TRY(CONFINED_FILES | CONFINED_CALLS, executes),
	TRY(CONFINED_CALLS, makes_a_socket), TRY(CONFINED_CALLS, makes_a_local_socket),
	TRY(CONFINED_CALLS, signals_its_parent), TRY(CONFINED_CALLS, signals_a_thread),
	TRY(CONFINED_FILES | CONFINED_CALLS, traces_its_parent), TRY(CONFINED_CALLS, fills_a_terminal),
	TRY(CONFINED_CALLS, makes_a_namespace), TRY(CONFINED_CALLS, asks_the_keyring),
	TRY(CONFINED_CALLS, loads_a_program), TRY(CONFINED_CALLS, makes_a_ring),
	TRY(CONFINED_FILES | CONFINED_CALLS, reads_its_parent), TRY(CONFINED_CALLS, changes_rights),
	TRY(CONFINED_CALLS, raises_its_limits),
	TRY(0, reads_a_file), TRY(0, has_threads), TRY(0, has_memory), TRY(0, writes_where_it_may),
	TRY(0, tidies_where_it_may),
};

static void
touch(const char *in, const char *name)
{
	assert_true(writes(in, name, O_CREAT));
}

static int
setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(granted, sizeof(granted), "%s/granted", folder);
	snprintf(closed, sizeof(closed), "%s/closed", folder);
	return mkdir(granted, 0700) || mkdir(closed, 0700);
}

static int
teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* Runs @a in a confined process; what the kernel gave goes to @given. */
static bool
possible(const struct attempt *a, unsigned *given)
{
	const char *const folders[] = { granted, NULL };
	unsigned *got = mmap(NULL, sizeof(*got), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t child;

	assert_ptr_not_equal(got, MAP_FAILED);
	touch(closed, "old");
	touch(granted, "mine");
	child = fork();
	if (!child) {
		*got = introspect_confine(20, folders);
		/* A program that is executed ends like an attempt that was possible. */
		_exit(a->run() ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	*given = *got;
	munmap(got, sizeof(*got));
	if (!WIFEXITED(status))
		fail_msg("%s: ended by signal %d", a->name, WTERMSIG(status));
	return WEXITSTATUS(status) == 0;
}

static void
test_each_attempt(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(attempts); i++) {
		const struct attempt *a = &attempts[i];
		unsigned given;
		bool done = possible(a, &given);

		if (a->by && !(given & a->by)) {
			print_message("# not confined here: %s\n", a->name);
			continue;
		}
		if (a->by && done)
			fail_msg("%s in spite of confinement (%#x)", a->name, given);
		if (!a->by && !done)
			fail_msg("not %s, confined (%#x)", a->name, given);
	}
}

/* Without a place to write, none is left. */
static void
test_no_folder(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(!(introspect_confine(20, NULL) & CONFINED_FILES) ? 77 : writes(granted, "any", O_CREAT));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* The job of twz-inspect, which was not asked to write anything: whether it could, by what is there. */
static bool
tries(struct request *r, void *data)
{
	(void)r;
	return data ? makes_a_socket() : makes_a_file();
}

/* Whoever reads a library for a command is confined. */
static void
test_commands(void **state)
{
	struct request r = { .show = TOOL_TEXT };
	unsigned given;

	(void)state;
	possible(&(const struct attempt)TRY(0, reads_a_file), &given);
	if (!(given & CONFINED_FILES))
		skip();
	assert_int_equal(tool_run(&r, "a library", tries, NULL), 1);
	if (given & CONFINED_CALLS)
		assert_int_equal(tool_run(&r, "a library", tries, folder), 1);
	r.show = TOOL_STUBS;
	r.folder = closed;
	assert_int_equal(tool_run(&r, "a library", tries, NULL), 0);
	twz_arena_free(&r.arena);
}

/* What ends itself by abort() is seen to. */
static void
test_abort(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (!child) {
		introspect_confine(20, NULL);
		abort();
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_attempt),
		cmocka_unit_test(test_no_folder),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_abort),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
