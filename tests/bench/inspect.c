/*
 * twz-inspect beside the other tools that tell what a library can be called with: CPU time and peak
 * memory of whole programs, on one CPU, over real libraries from 200 KiB to 300 MiB of debug information
 * (tests/oracle/corpus fetches them). Usage: inspect [NAME…].
 *
 * A figure alone says little, so all tools run in one go, on the same files, with warm caches, and each is
 * shown as a multiple of ours. Quick tools run several times, the median counts; those that take minutes run
 * once, and not longer than LIMIT (LONG_LIMIT with BENCH_LONG set: gdb and abidw take minutes for a kernel); on
 * the largest files only those that a target names, unless BENCH_ALL is set. Nothing passes or fails by time;
 * targets are shown beside, met or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "twz/util.h"

enum {
	LIMIT = 60, LONG_LIMIT = 1200,	/* seconds for one run */
	ROUNDS = 9,			/* of a tool, at most … */
	LARGE = 100,			/* MiB of .debug_info */
	ENOUGH_MS = 1200,		/* … or as many as fit into this */
	LIBRARIES = 16,
	WORDS = 32,
};

/* In commands: %l the library, %f the file with its debug information, %d the folder of such files, %n a file
 * with the names it exports, %r a registry, %i twz-inspect, %h the folder of this program's sources. */
static const struct tool {
	const char *name;
	const char *command;
	const char *needs;		/* program that must be installed; NULL */
	const char *before;		/* run before each round, not measured; NULL */
	const char *kernel;		/* instead, for a kernel image; NULL: the same */
	bool slow;			/* on large files: left to the end, once */
} tools[] = {
	{ "twz", "%i --all --debug-dir %d %l", NULL, NULL, NULL, false },
	{ "register", "%i --all --register --db %r --debug-dir %d %l", NULL, "rm -f %r %r-wal %r-shm", NULL, false },
	{ "warm", "%i --all --db %r --debug-dir %d %l", NULL, NULL, NULL, false },
	{ "nm -D", "nm -D --defined-only %l", "nm", NULL, "nm -g --defined-only %l", false },
	{ "libdw", "%b/inspect-libdw %f", "%b/inspect-libdw", NULL, NULL, false },
	{ "drgn", "/usr/bin/python3 %h/inspect_drgn.py %f %n", "drgn", NULL, NULL, false },
	{ "readelf", "readelf --debug-dump=info %f", "readelf", NULL, NULL, true },
	{ "pahole", "pahole %f", "pahole", NULL, NULL, true },
	{ "pfunct", "pfunct -P -E %f", "pfunct", NULL, NULL, true },
	{ "gdb", "gdb -nx -q -batch -iex 'set auto-load off' -iex 'set debug-file-directory %d' "
		 "-ex 'info functions -n' %l", "gdb", NULL, NULL, true },
	{ "abidw", "abidw --debug-info-dir %d %l", "abidw", NULL, NULL, true },
};

enum { TWZ, REGISTER, WARM, NM, LIBDW, DRGN, READELF, PAHOLE, PFUNCT, GDB, ABIDW, TOOLS };

/* The libraries, by the name they have in the corpus's list, from small to large. */
static const struct { const char *name, *pattern; } wanted[] = {
	{ "libz", "libz.so." }, { "libpng", "libpng16.so." }, { "libsqlite3", "libsqlite3.so." },
	{ "libgio", "libgio-2.0.so." }, { "libcrypto", "libcrypto.so." }, { "libc", "libc.so.6" },
	{ "libpython", "libpython3.11" }, { "libdb", "libdb-5.3.so" }, { "libpetsc", "libpetsc_real.so." },
	{ "libavcodec", "libavcodec.so." }, { "libceph", "libceph-common.so." }, { "vmlinux", "vmlinux" },
	{ "libjvm", "libjvm.so" },
};

struct result {
	bool ran, late;
	int status;
	double cpu, wall;		/* seconds */
	double peak;			/* MiB */
};

static struct library {
	const char *name;
	char *path, *folder, *file, *names, *registry;
	bool is_kernel;
	double info;			/* MiB of .debug_info, as it is in the file decompressed */
	double sections;		/* MiB of all sections that describe functions and types */
	struct result results[TOOLS];
} libraries[LIBRARIES];

static unsigned nlibraries;
static const char *corpus, *root, *sources;
static char scratch[] = "/tmp/twz-bench-inspect-XXXXXX";
static bool skipped[TOOLS];
static int limit = LIMIT;

/* What the targets say: ours at most @factor times theirs. */
static const struct target {
	const char *library, *what;
	unsigned ours, theirs;
	double factor;
} targets[] = {
	{ "libcrypto", "listing at most 0.6 x nm -D", TWZ, NM, 0.6 },
	{ "libcrypto", "registry 50 x faster than abidw", REGISTER, ABIDW, 1.0 / 50 },
	{ "libcrypto", "registry 20 x faster than gdb", REGISTER, GDB, 1.0 / 20 },
	{ "vmlinux", "listing 2.5 x faster than drgn", TWZ, DRGN, 1 / 2.5 },
	{ "vmlinux", "listing 100 x faster than pfunct", TWZ, PFUNCT, 1.0 / 100 },
	{ "vmlinux", "listing 300 x faster than gdb", TWZ, GDB, 1.0 / 300 },
	{ "vmlinux", "listing 300 x faster than abidw", TWZ, ABIDW, 1.0 / 300 },
	{ "libpetsc", "listing 5 x faster than drgn", TWZ, DRGN, 1.0 / 5 },
	{ "libjvm", "listing 3 x faster than libdw", TWZ, LIBDW, 1.0 / 3 },
	{ "libjvm", "listing 100 x faster than gdb", TWZ, GDB, 1.0 / 100 },
	{ "libavcodec", "listing 15 x faster than drgn", TWZ, DRGN, 1.0 / 15 },
	{ NULL, "warm listing 8 x faster than nm -D", WARM, NM, 1.0 / 8 },
};

static void
die(const char *what)
{
	fprintf(stderr, "inspect: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *__attribute__((format(printf, 1, 2)))
text(const char *fmt, ...)
{
	va_list ap;
	char *ret;

	va_start(ap, fmt);
	if (vasprintf(&ret, fmt, ap) < 0)
		abort();
	va_end(ap);
	return ret;
}

/* The first line that @command writes, "" for none. */
static char *
line_of(const char *command)
{
	FILE *f = popen(command, "re");
	char line[4096] = "";

	if (!f)
		die("popen");
	if (!fgets(line, sizeof(line), f))
		*line = '\0';
	while (getc(f) != EOF)
		;
	pclose(f);
	line[strcspn(line, "\n")] = '\0';
	return strdup(line);
}

/* -- running ----------------------------------------------------------------------------------------- */

static char *
expand(const char *command, const struct library *l)
{
	char *ret = strdup("");

	for (const char *p = command; *p; p++) {
		const char *value = (char[]){ *p, '\0' };
		char *longer;

		if (*p == '%')
			switch (*++p) {
			case 'l': value = l->path; break;
			case 'f': value = l->file; break;
			case 'd': value = l->folder; break;
			case 'n': value = l->names; break;
			case 'r': value = l->registry; break;
			case 'h': value = sources; break;
			case 'i': value = text("%s/bin/twz-inspect", root); break;
			case 'b': value = text("%s/bench", root); break;
			}
		longer = text("%s%s", ret, value);
		free(ret);
		ret = longer;
	}
	return ret;
}

/* @line in words, as a shell takes it apart where nothing but '…' is special. */
static void
split(char *line, char **words)
{
	size_t n = 0;
	char *to = line;

	for (char *p = line; *p && n + 1 < WORDS;) {
		bool quoted = false;

		p += strspn(p, " ");
		if (!*p)
			break;
		words[n++] = to;
		for (; *p && (quoted || *p != ' '); p++)
			if (*p == '\'')
				quoted = !quoted;
			else
				*to++ = *p;
		p += *p == ' ';
		*to++ = '\0';
	}
	words[n] = NULL;
}

/*
 * In the child: one CPU, no output; what it starts ends with it. No shell, whose start takes as long as a
 * warm listing does.
 */
static void
become(const char *command, int cpu)
{
	char *words[WORDS];
	cpu_set_t set;

	split(strdup(command), words);
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	setpgid(0, 0);
	if (!freopen("/dev/null", "r", stdin) || !freopen("/dev/null", "w", stdout) ||
	    !freopen("/dev/null", "w", stderr))
		_exit(126);
	execvp(words[0], words);
	_exit(127);
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct job {
	int pid;
	double start;
	struct library *library;
	unsigned tool;
};

static struct job
start(struct library *l, unsigned tool, int cpu)
{
	const struct tool *t = &tools[tool];
	char *command = expand(l->is_kernel && t->kernel ? t->kernel : t->command, l);
	struct job job = { .library = l, .tool = tool, .start = now() };

	job.pid = fork();
	if (job.pid < 0)
		die("fork");
	if (!job.pid)
		become(command, cpu);
	free(command);
	return job;
}

/* False while it goes on. A child that is late is ended with all that it started. */
static bool
finish(struct job *job, struct result *ret, bool wait)
{
	struct rusage usage;
	int status, pid;

	do {
		pid = wait4(job->pid, &status, WNOHANG, &usage);
		if (!pid && now() - job->start > limit) {
			kill(-job->pid, SIGKILL);
			ret->late = true;
			pid = wait4(job->pid, &status, 0, &usage);
		}
		if (!pid)
			nanosleep(&(struct timespec){ 0, wait ? 200000 : 2000000 }, NULL);
	} while (!pid && wait);
	if (!pid)
		return false;
	ret->ran = true;
	ret->wall = now() - job->start;
	ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	ret->cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
	ret->peak = (double)usage.ru_maxrss / 1024;
	return true;
}

static int
by_cpu(const void *a, const void *b)
{
	double x = ((const struct result *)a)->cpu, y = ((const struct result *)b)->cpu;

	return (x > y) - (x < y);
}

/*
 * The median of several runs, after one that warms the caches. Of a run that takes long the first one counts, but
 * not of the first tool, which would pay for all others: it finds the library on the disk.
 */
static struct result
measure(struct library *l, unsigned tool, int cpu)
{
	struct result rounds[ROUNDS] = { 0 };
	double from = now();
	unsigned n = 0;

	for (unsigned i = 0; i <= ROUNDS; i++) {
		struct result *r = &rounds[n < ROUNDS ? n : 0];
		struct job job;

		if (tools[tool].before) {
			char *before = expand(tools[tool].before, l);

			if (system(before))
				die(before);
			free(before);
		}
		job = start(l, tool, cpu);
		finish(&job, r, true);
		if (i || (tool != TWZ && r->wall * 1000 > ENOUGH_MS))
			n++;
		if (n == ROUNDS || (n && (now() - from) * 1000 > ENOUGH_MS))
			break;
	}
	qsort(rounds, n, sizeof(*rounds), by_cpu);
	return rounds[n / 2];
}

/* -- libraries --------------------------------------------------------------------------------------- */

static double
section_sizes(const char *file, const char *names)
{
	/* Decompressed sizes: a compressed section begins with its kind, 0, and the size. */
	char *command = text("readelf -SWt '%s' 2>/dev/null | awk '/^ *\\[ *[0-9]+\\] /{name=$NF} "
			     "/^ +[A-Z]+ +[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+/{size[name]=$4} "
			     "/ZLIB|ZSTD/{gsub(\",\", \"\"); size[name]=$2} "
			     "END{for(n in size) if(n ~ /^\\.debug_(%s)(\\.dwo)?$/) print size[n]}'", file, names);
	FILE *f = popen(command, "re");
	unsigned long long size;
	double sum = 0;

	while (f && fscanf(f, "%llx", &size) == 1)
		sum += (double)size;
	if (f)
		pclose(f);
	free(command);
	return sum / (1 << 20);
}

static void
add_library(const char *name, char *path, char *folder)
{
	struct library *l = &libraries[nlibraries++];
	char *id = line_of(text("readelf -nW '%s' 2>/dev/null | sed -n 's/.*Build ID: //p'", path));
	struct stat st;

	*l = (struct library){ .name = name, .path = path, .folder = folder, .file = path };
	l->is_kernel = !strcmp(name, "vmlinux");
	if (strlen(id) > 2) {
		char *file = text("%s/.build-id/%.2s/%s.debug", folder, id, id + 2);

		if (!stat(file, &st))
			l->file = file;
	}
	l->names = text("%s/%s.names", scratch, name);
	l->registry = text("%s/%s.db", scratch, name);
	if (system(text("nm %s --defined-only '%s' 2>/dev/null | awk '$2 ~ /[TWi]/ {sub(/@.*/, \"\", $3); print $3}' >%s",
			l->is_kernel ? "-g" : "-D", path, l->names)))
		die("nm");
	l->info = section_sizes(l->file, "info|types");
	l->sections = section_sizes(l->file, "info|types|abbrev|str|line_str|line|addr|str_offsets|ranges|rnglists|aranges");
}

static bool
is_wanted(const char *name, char *const *names)
{
	bool ret = !*names;

	for (; *names; names++)
		ret = ret || !strcmp(*names, name);
	return ret;
}

static void
find_libraries(char *const *names)
{
	for (size_t i = 0; i < TWZ_COUNT(wanted); i++) {
		char *line, *tab;

		if (!is_wanted(wanted[i].name, names))
			continue;
		line = line_of(text("awk -F '\\t' -v n='%s' 'index($1, n) == 1 { print $2 \"\\t\" $3; exit }' '%s/LIST' 2>/dev/null",
				    wanted[i].pattern, corpus));
		tab = strchr(line, '\t');
		if (tab)
			*tab = '\0';
		if (!tab || access(line, R_OK)) {
			printf("skip %s: not in %s/LIST: tests/oracle/corpus fetches it\n", wanted[i].name, corpus);
			free(line);
			continue;
		}
		add_library(wanted[i].name, line, strcmp(tab + 1, "-") ? tab + 1 : text("%s", scratch));
	}
}

static void
find_tools(void)
{
	for (unsigned t = 0; t < TOOLS; t++) {
		char *needs = tools[t].needs ? expand(tools[t].needs, &libraries[0]) : NULL;

		skipped[t] = needs && system(text("command -v %s >/dev/null 2>&1", needs));
		if (skipped[t])
			printf("skip %s: not installed\n", tools[t].name);
		free(needs);
	}
}

static bool
is_worth(const struct library *l, unsigned tool)
{
	bool ret = l->info < LARGE || getenv("BENCH_ALL");

	for (size_t i = 0; i < TWZ_COUNT(targets); i++)
		ret = ret || (targets[i].theirs == tool && targets[i].library &&
			      !strcmp(targets[i].library, l->name));
	return ret;
}

/* Slow tools: one run each, one on each CPU at a time. */
static void
run_slow(int ncpus, const int *cpus)
{
	struct job jobs[2] = { 0 };
	unsigned running = 0;

	for (unsigned next = 0; next < nlibraries * TOOLS || running;) {
		for (int c = 0; c < ncpus; c++) {
			if (jobs[c].pid && finish(&jobs[c], &jobs[c].library->results[jobs[c].tool], false)) {
				jobs[c].pid = 0;
				running--;
			}
			while (!jobs[c].pid && next < nlibraries * TOOLS) {
				struct library *l = &libraries[next / TOOLS];
				unsigned tool = next++ % TOOLS;

				if (skipped[tool] || l->results[tool].ran || !tools[tool].slow || !is_worth(l, tool))
					continue;
				jobs[c] = start(l, tool, cpus[c]);
				running++;
			}
		}
	}
}

static void
run_all(void)
{
	int cpus[2], ncpus = 0;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		die("sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE && ncpus < 2; i++)
		if (CPU_ISSET((size_t)i, &set))
			cpus[ncpus++] = i;
	for (unsigned i = 0; i < nlibraries; i++)
		for (unsigned t = 0; t < TOOLS; t++)
			if (!skipped[t] && (!tools[t].slow || libraries[i].info < 4))
				libraries[i].results[t] = measure(&libraries[i], t, cpus[0]);
	run_slow(ncpus, cpus);
}

/* -- tables ------------------------------------------------------------------------------------------ */

static void
heading(const char *title)
{
	printf("\n%-24s", title);
	for (unsigned t = 0; t < TOOLS; t++)
		if (!skipped[t])
			printf("%10s", tools[t].name);
	printf("\n");
}

/* Three digits, or as many as it takes. */
static int
digits(double value)
{
	return value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0;
}

static void
cell(const struct result *r, double value, int precision)
{
	char number[40] = "-";

	if (r->ran)
		snprintf(number, sizeof(number), "%s%.*f%s", r->late ? "> " : "", precision, value,
			 r->status && !r->late ? "!" : "");
	printf("%10s", number);
}

static double
cpu_of(const struct result *r)
{
	return r->late ? limit : r->cpu;
}

static void
tables(void)
{
	heading("CPU seconds");
	for (unsigned i = 0; i < nlibraries; i++) {
		printf("%-12s%8.1f MiB", libraries[i].name, libraries[i].info);
		for (unsigned t = 0; t < TOOLS; t++)
			if (!skipped[t]) {
				const struct result *r = &libraries[i].results[t];

				cell(r, cpu_of(r), r->late ? 0 : digits(r->cpu));
			}
		printf("\n");
	}
	heading("times twz");
	for (unsigned i = 0; i < nlibraries; i++) {
		const struct result *ours = &libraries[i].results[TWZ];

		printf("%-24s", libraries[i].name);
		for (unsigned t = 0; t < TOOLS; t++)
			if (!skipped[t]) {
				const struct result *r = &libraries[i].results[t];
				double ratio = ours->cpu > 0 ? cpu_of(r) / ours->cpu : 0;

				cell(r, ratio, digits(ratio));
			}
		printf("\n");
	}
	heading("peak MiB (bound)");
	for (unsigned i = 0; i < nlibraries; i++) {
		printf("%-12s%8.0f MiB", libraries[i].name, libraries[i].sections + 64);
		for (unsigned t = 0; t < TOOLS; t++)
			if (!skipped[t])
				cell(&libraries[i].results[t], libraries[i].results[t].peak, 0);
		printf("\n");
	}
	printf("\"> \": ended after %d s. \"!\": ended with an error. MiB beside a name: .debug_info, and sections + 64.\n", limit);
}

static void
verdict(const char *library, const char *what, double ratio, double most, bool late)
{
	printf("  %-12s%-40s%s%8.4f of at most %.4f  %s\n", library, what, late ? "<" : " ", ratio, most,
	       ratio <= most ? "met" : late ? "cannot tell" : "missed");
}

static void
show_targets(void)
{
	printf("\ntargets: CPU time of twz / that of the other\n");
	for (size_t k = 0; k < TWZ_COUNT(targets); k++) {
		const struct target *t = &targets[k];

		for (unsigned i = 0; i < nlibraries; i++) {
			const struct result *ours = &libraries[i].results[t->ours];
			const struct result *theirs = &libraries[i].results[t->theirs];

			if (t->library && strcmp(t->library, libraries[i].name))
				continue;
			if (!ours->ran || !theirs->ran)
				printf("  %-12s%-40s  not measured\n", libraries[i].name, t->what);
			else
				verdict(libraries[i].name, t->what,
					ours->cpu / cpu_of(theirs), t->factor, theirs->late);
		}
	}
	for (unsigned i = 0; i < nlibraries; i++)
		verdict(libraries[i].name, "peak memory / (sections + 64 MiB)",
			libraries[i].results[TWZ].peak / (libraries[i].sections + 64), 1, false);
}

int
main(int argc, char **argv)
{
	char *self = realpath("/proc/self/exe", NULL);

	(void)argc;
	setvbuf(stdout, NULL, _IOLBF, 0);
	limit = getenv("BENCH_LONG") ? LONG_LIMIT : LIMIT;
	corpus = getenv("TWZ_CORPUS") ? getenv("TWZ_CORPUS") : "/var/tmp/twz-oracle";
	sources = getenv("TWZ_BENCH") ? getenv("TWZ_BENCH") : "tests/bench";
	if (!self || !mkdtemp(scratch))
		die("cannot begin");
	for (int up = 0; up < 2; up++)
		*strrchr(self, '/') = '\0';
	root = self;
	setenv("HOME", scratch, 1);
	setenv("XDG_DATA_HOME", scratch, 1);
	unsetenv("TWZ_REGISTRY");
	unsetenv("DEBUGINFOD_URLS");
	find_libraries(argv + 1);
	if (nlibraries) {
		find_tools();
		run_all();
		tables();
		show_targets();
	}
	if (system(text("rm -rf %s", scratch)))
		die(scratch);
	return 0;
}
