/*
 * Of what a C compiler writes, two things are understood: that it failed, and on which line of which file.
 * Everything else about it, gcc or clang, is three flags.
 */
#include "introspect/headers/compiler.h"
#include "twz/program.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	MAX_SECONDS = 60,		/* of one run */
	MAX_COMPLAINTS = 1 << 20,
	EXEC_FAILED = 126,
};

struct compiler {
	struct twz_arena *arena;
	const char **command;		/* the words of $CC */
	const char *const *args;
	char *folder;
	int guard;			/* is told whose group the compiler runs in; 0, or its end, removes the folder */
	pid_t guardian;
	bool is_clang;
};

/* -- the folder ------------------------------------------------------------------------------------- */

static int
remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st, (void)what, (void)ftw;
	return remove(path);
}

/*
 * Waits until the program is done or gone, and removes the folder; of one that is gone the compiler is ended,
 * whose own children nobody else ends. Holds nothing else of the program's.
 */
static _Noreturn void
guard(const char *folder, int fd)
{
	pid_t told = 0, group = 0;
	ssize_t n;

	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	dup2(fd, STDIN_FILENO);
	close_range(1, ~0u, 0);
	while ((n = read(STDIN_FILENO, &told, sizeof(told))) < 0 ? errno == EINTR : n == sizeof(told) && told)
		if (n > 0)
			group = told > 0 ? told : 0;
	if (n != sizeof(told) && group)
		kill(-group, SIGKILL);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	_exit(0);
}

static bool
make_folder(struct compiler *c, struct twz_error *err)
{
	const char *parent = getenv("TMPDIR");
	int fds[2];

	c->folder = twz_format(c->arena, "%s/twz-check-XXXXXX", parent && *parent ? parent : "/tmp");
	if (!mkdtemp(c->folder)) {
		twz_fail_sys(err, errno, "cannot make the folder %s", c->folder);
		return twz_hint(err, "TMPDIR chooses another place");
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		rmdir(c->folder);
		return twz_fail_sys(err, errno, "cannot make a socket");
	}
	fflush(NULL);
	c->guardian = fork();
	if (!c->guardian)
		guard(c->folder, fds[0]);
	close(fds[0]);
	if (c->guardian > 0) {
		c->guard = fds[1];
		return true;
	}
	twz_fail_sys(err, errno, "cannot start a process");
	close(fds[1]);
	rmdir(c->folder);
	return false;
}

const char *
compiler_path(const struct compiler *c, const char *name)
{
	return twz_format(c->arena, "%s/%s", c->folder, name);
}

bool
compiler_create(const struct compiler *c, const char *name, FILE **ret, struct twz_error *err)
{
	*ret = fopen(compiler_path(c, name), "we");
	return *ret || twz_fail_sys(err, errno, "cannot write %s", compiler_path(c, name));
}

/* -- one run ---------------------------------------------------------------------------------------- */

static _Noreturn void
become(const char *const *argv, const char *folder, int complaints, int failed)
{
	const struct rlimit seconds = { MAX_SECONDS, MAX_SECONDS }, core = { 0, 0 };
	int null = open("/dev/null", O_RDWR);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CPU, &seconds);
	setrlimit(RLIMIT_CORE, &core);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(complaints, STDERR_FILENO);
	setenv("LC_ALL", "C", 1);
	setenv("TMPDIR", folder, 1);
	unsetenv("GCC_EXTRA_DIAGNOSTIC_OUTPUT");
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	/* Nobody else writes to this pipe; whoever reads it sees errno or, after a successful exec, its end. */
	if (write(failed, &(int){ errno }, sizeof(int)) != sizeof(int))
		_exit(EXEC_FAILED);
	_exit(EXEC_FAILED);
}

/* True when @child ended by itself; its status in @ret. */
static bool
await(pid_t child, int *ret)
{
	TWZ_CLOSE int fd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd end = { .fd = fd, .events = POLLIN };
	bool ended = true;
	int n;

	/* Without a pidfd its CPU limit ends it. */
	while (fd >= 0 && (n = poll(&end, 1, MAX_SECONDS * 1000)) <= 0)
		if (!n || errno != EINTR) {
			kill(-child, SIGKILL);
			kill(child, SIGKILL);
			ended = false;
			break;
		}
	while (waitpid(child, ret, 0) < 0 && errno == EINTR)
		;
	return ended && !(WIFSIGNALED(*ret) && WTERMSIG(*ret) == SIGXCPU);
}

static bool
tell_guard(const struct compiler *c, pid_t what)
{
	return send(c->guard, &what, sizeof(what), MSG_NOSIGNAL) == sizeof(what);
}

static bool
run(const struct compiler *c, const char *const *argv, int complaints, int *status, struct twz_error *err)
{
	TWZ_CLOSE int failed = -1;
	int fds[2], why;
	pid_t child;
	bool ended;

	if (pipe2(fds, O_CLOEXEC))
		return twz_fail_sys(err, errno, "cannot make a pipe");
	fflush(NULL);
	child = fork();
	if (child > 0) {
		setpgid(child, child);
		tell_guard(c, child);
	}
	if (!child)
		become(argv, c->folder, complaints, fds[1]);
	close(fds[1]);
	failed = fds[0];
	if (child < 0)
		return twz_fail_sys(err, errno, "cannot start a process");
	ended = await(child, status);
	tell_guard(c, -child);
	if (!ended)
		return twz_fail(err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT),
				"the C compiler '%s' took longer than %d s", argv[0], MAX_SECONDS);
	if (read(failed, &why, sizeof(why)) == sizeof(why)) {
		twz_fail_sys(err, twz_program_errno(argv[0], why), "cannot run the C compiler '%s'",
			     argv[0]);
		return twz_hint(err, "install one, or let CC name it: CC=clang");
	}
	return true;
}

/* -- complaints ------------------------------------------------------------------------------------- */

/* "FILE:LINE:COLUMN: error: TEXT". False when @line is none. */
static bool
read_complaint(char *line, struct complaint *ret)
{
	char *text = strstr(line, ": error: "), *fatal = strstr(line, ": fatal error: "), *colon, *end;

	if (fatal && (!text || fatal < text))
		text = fatal;
	if (!text)
		return false;
	*text = '\0';
	ret->text = strstr(text + 1, "error: ") + strlen("error: ");
	for (int part = 0; part < 2; part++) {
		colon = strrchr(line, ':');
		if (!colon)
			break;
		ret->line = strtoul(colon + 1, &end, 10);
		if (*end || end == colon + 1)
			break;
		*colon = '\0';
		ret->file = line;
		if (part)
			return true;
	}
	*text = ':';
	return false;
}

static void
read_complaints(struct compiler *c, FILE *f, struct complaints *ret)
{
	TWZ_FREE char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, f)) > 0 && ret->n < MAX_COMPLAINTS) {
		struct complaint one = { 0 };
		bool says = strstr(line, "error") || strstr(line, "undefined");

		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (says && !*ret->other)
			ret->other = twz_strdup(c->arena, line);
		if (!read_complaint(line, &one))
			continue;
		one.file = twz_strdup(c->arena, one.file);
		one.text = twz_strdup(c->arena, one.text);
		twz_push(c->arena, ret->all, ret->n, one);
	}
}

static const char *const gcc_flags[] = { "-w", "-fdiagnostics-color=never", "-fno-lto",
	"-fno-sanitize=all", NULL };
static const char *const clang_flags[] = { "-w", "-fno-color-diagnostics", "-fno-lto",
	"-fno-sanitize=all", "-ferror-limit=0",
	"-fno-spell-checking", "-Qunused-arguments", NULL };

static size_t
append(struct compiler *c, const char ***argv, size_t n, const char *const *words)
{
	while (words && *words)
		twz_push(c->arena, *argv, n, *words++);
	return n;
}

bool
compiler_run(struct compiler *c, const char *const *flags, const char *source, const char *output,
	     struct complaints *ret, struct twz_error *err)
{
	const char *last[] = { "-o", compiler_path(c, output), compiler_path(c, source), NULL };
	TWZ_FCLOSE FILE *complaints = fopen(compiler_path(c, "complaints"), "w+e");
	const char **argv = NULL;
	size_t n = 0;
	int status;

	*ret = (struct complaints){ .other = "" };
	if (!complaints)
		return twz_fail_sys(err, errno, "cannot write %s", compiler_path(c, "complaints"));
	n = append(c, &argv, n, c->command);
	n = append(c, &argv, n, c->is_clang ? clang_flags : gcc_flags);
	n = append(c, &argv, n, c->args);
	n = append(c, &argv, n, flags);
	n = append(c, &argv, n, last);
	twz_push(c->arena, argv, n, NULL);
	if (!run(c, argv, fileno(complaints), &status, err))
		return false;
	rewind(complaints);
	read_complaints(c, complaints, ret);
	ret->ok = WIFEXITED(status) && !WEXITSTATUS(status);
	return true;
}

/* -- which compiler --------------------------------------------------------------------------------- */

/* Only flags differ between the two: the predefined macros tell. */
static bool
know(struct compiler *c, struct twz_error *err)
{
	static const char *const flags[] = { "-fsyntax-only", NULL };
	struct complaints complaints;
	FILE *f;

	if (!compiler_create(c, "know.c", &f, err))
		return false;
	fputs("#ifdef __clang__\n#error clang\n#endif\nint twz;\n", f);
	fclose(f);
	if (!compiler_run(c, flags, "know.c", "know.o", &complaints, err))
		return false;
	c->is_clang = complaints.n && strstr(complaints.all[0].text, "clang");
	if (complaints.ok || c->is_clang)
		return true;
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
		 "the C compiler '%s' refuses an empty program: %s", c->command[0], complaints.other);
	return twz_hint(err, "look at the arguments after '--' and at CC");
}

bool
compiler_open(const char *const *args, struct twz_arena *arena, struct compiler **ret,
	      struct twz_error *err)
{
	const char *cc = getenv("CC");
	struct compiler *c = twz_new(arena, struct compiler);
	char *words, *word, *next = NULL;
	size_t n = 0;

	*c = (struct compiler){ .arena = arena, .args = args, .guard = -1 };
	words = twz_strdup(arena, cc && cc[strspn(cc, " \t")] ? cc : "cc");
	for (word = strtok_r(words, " \t", &next); word; word = strtok_r(NULL, " \t", &next))
		twz_push(arena, c->command, n, word);
	twz_push(arena, c->command, n, NULL);
	if (!make_folder(c, err) || !know(c, err)) {
		compiler_close(c);
		return false;
	}
	*ret = c;
	return true;
}

void
compiler_close(struct compiler *c)
{
	if (!c || c->guard < 0)
		return;
	/* Not only its end: a child of the program may hold a copy of this socket for a while. */
	if (!tell_guard(c, 0))
		nftw(c->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	close(c->guard);
	c->guard = -1;
	while (waitpid(c->guardian, NULL, 0) < 0 && errno == EINTR)
		;
}
