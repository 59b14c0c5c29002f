/*
 * Closing off. Each mechanism is tried, and what the kernel really gave is written down and shown by
 * sys::status: a missing one is reported, never assumed. Layers overlap on purpose: namespaces,
 * Landlock and seccomp each stop most of what the others stop.
 *
 * Level callee asks for no confinement, only for memory of its own: then all of this is left out but what
 * keeps others from looking into the process, its limit of memory and its inherited descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor/guest/guest.h"
#include "twz/landlock.h"
#include "twz/ask.h"

enum {
	FILES = 64,			/* descriptors */
	THREADS = 8192,			/* of all compartments of a session */
	FILE_SIZE = 256 << 20,
};
static const uint64_t ADDRESS_SPACE = (uint64_t)128 << 30;	/* links are large and sparse */

enum rule_access { READ, READ_EXEC, READ_WRITE_DEVICE };

/* What every service may see of the file system. */
static const struct {
	const char *path;
	enum rule_access access;
} common[] = {
	{ "/lib", READ_EXEC },
	{ "/lib64", READ_EXEC },
	{ "/usr/lib", READ_EXEC },
	{ "/usr/lib64", READ_EXEC },
	{ "/usr/local/lib", READ_EXEC },
	{ "/etc/ld.so.cache", READ },
	{ "/etc/localtime", READ },
	{ "/usr/share/zoneinfo", READ },
	{ "/dev/null", READ_WRITE_DEVICE },
	{ "/dev/zero", READ },
	{ "/dev/urandom", READ },
};
static int common_fds[TWZ_COUNT(common)];
static uint64_t common_rights[TWZ_COUNT(common)];

static bool
limit(int what, uint64_t value)
{
	struct rlimit old, new = { value, value };

	if (getrlimit(what, &old))
		return false;
	if (old.rlim_max != RLIM_INFINITY && old.rlim_max < value)
		new.rlim_cur = new.rlim_max = old.rlim_max;
	return !setrlimit(what, &new);
}

static bool
limit_zygote(bool own_namespace)
{
	const struct {
		int what;
		uint64_t value;
	} all[] = {
		{ RLIMIT_CORE, 0 },	  { RLIMIT_MEMLOCK, 0 },	{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_FSIZE, FILE_SIZE }, { RLIMIT_AS, ADDRESS_SPACE }, { RLIMIT_NPROC, THREADS },
	};
	/* Outside of a namespace of our own the last would count the user's other processes too. */
	size_t n = own_namespace ? TWZ_COUNT(all) : TWZ_COUNT(all) - 1;
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		ok = limit(all[i].what, all[i].value) && ok;
	return ok;
}

/* None for us, none for what we might execute, none to be regained. */
static bool
drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	/* Fails after the last one; and at once where the exec has taken all capabilities already. */
	for (int cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			break;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	syscall(SYS_capset, &head, data);
	memset(data, 0xff, sizeof(data));
	return !syscall(SYS_capget, &head, data) && !data[0].permitted && !data[1].permitted &&
	       !data[0].effective && !data[1].effective;
}

static uint64_t
common_access(enum rule_access access)
{
	switch (access) {
	case READ:
		return LANDLOCK_FS_READ;
	case READ_EXEC:
		return LANDLOCK_FS_READ | LANDLOCK_FS_EXECUTE;
	case READ_WRITE_DEVICE:
		return LANDLOCK_FS_READ_FILE | LANDLOCK_FS_WRITE_FILE;
	}
	return 0;
}

/* A rule for a file may name only what can be done to a file. */
static uint64_t
for_file(int fd, uint64_t access)
{
	struct stat st;

	return !fstat(fd, &st) && !S_ISDIR(st.st_mode) ? access & LANDLOCK_FS_OF_FILES : access;
}

void
confine_zygote(struct message_confinement *ret)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close(null);
	syscall(SYS_close_range, GUEST_PARENT_FD + 1, ~0U, 0);
	fcntl(GUEST_ZYGOTE_FD, F_SETFD, FD_CLOEXEC);
	fcntl(GUEST_PARENT_FD, F_SETFD, FD_CLOEXEC);
	umask(guest_kind & GUEST_OPEN ? 022 : 077);
	setsid();
	/* A service is never more urgent than everybody else, whoever starts it. */
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 });
	for (size_t i = 0; i < TWZ_COUNT(common); i++) {
		common_fds[i] = open(common[i].path, O_PATH | O_CLOEXEC);
		common_rights[i] = for_file(common_fds[i], common_access(common[i].access));
	}
	ret->is_init = getpid() == 1;
	if (!(guest_kind & GUEST_DEBUG))
		ret->not_dumpable = !prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (guest_kind & GUEST_OPEN)
		return;
	ret->no_capabilities = drop_capabilities();
	ret->no_new_privs = !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	ret->limits = limit_zygote(ret->is_init);
	ret->file_size = FILE_SIZE;
	ret->files = FILES;
	ret->landlock = landlock_abi();
	ret->filter = filter_zygote(guest_kind & GUEST_NET);
}

static void
allow(int ruleset, int fd, uint64_t access)
{
	struct landlock_path rule = { .allowed_access = access, .parent_fd = fd };

	if (fd >= 0)
		syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_PATH_BENEATH, &rule, 0);
}

/* What the service asked for and was granted. The last part of a path is no symbolic link. */
static void
allow_granted(int ruleset, const char *granted, uint64_t handled)
{
	TWZ_ARENA arena = { 0 };
	struct twz_ask ask;

	while (twz_ask_next(&granted, &arena, &ask)) {
		uint64_t access = (ask.rights & TWZ_ASK_READ ? (uint64_t)LANDLOCK_FS_READ : 0) |
				  (ask.rights & TWZ_ASK_WRITE ? LANDLOCK_FS_STATE & ~LANDLOCK_FS_READ : 0);
		int fd = ask.kind == TWZ_ASK_FILES ? open(ask.what, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;

		allow(ruleset, fd, for_file(fd, access & handled));
		if (fd >= 0)
			close(fd);
	}
}

/* Those of the families that were granted. */
static bool
limit_sockets(const char *granted)
{
	static const struct {
		const char *name;
		uint32_t family;
	} all[] = { { "inet", AF_INET }, { "inet6", AF_INET6 }, { "unix", AF_UNIX } };
	uint32_t families[TWZ_COUNT(all)] = { 0 };
	TWZ_ARENA arena = { 0 };
	struct twz_ask ask;

	while (twz_ask_next(&granted, &arena, &ask))
		for (size_t i = 0; ask.kind == TWZ_ASK_NET && i < TWZ_COUNT(all); i++)
			if (!strcmp(all[i].name, ask.what))
				families[i] = all[i].family;
	return filter_families(families);
}

/* The rules that all have; the service's own are still to come. -1: the kernel has none. */
static int
common_rules(uint32_t abi)
{
	struct landlock_ruleset attr = landlock_everything(abi);
	int ruleset;

	if (guest_kind & GUEST_NET)
		attr.handled_net = 0;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, landlock_size(abi), 0);
	for (size_t i = 0; ruleset >= 0 && i < TWZ_COUNT(common); i++)
		allow(ruleset, common_fds[i], common_rights[i]);
	return ruleset;
}

static void
allow_library(void *data, int fd)
{
	allow(*(const int *)data, fd, LANDLOCK_FS_READ_FILE | LANDLOCK_FS_EXECUTE);
}

static uint32_t
landlock(const struct guest_start *start, int rules, uint32_t abi)
{
	uint64_t handled = landlock_everything(abi).handled_fs;
	int file = open(start->path, O_PATH | O_CLOEXEC);

	allow_library(&rules, file);
	needed_find(start->path, allow_library, &rules);
	allow(rules, start->state_fd, LANDLOCK_FS_STATE & handled);
	allow_granted(rules, start->granted, handled);
	if (file >= 0)
		close(file);
	return syscall(SYS_landlock_restrict_self, rules, 0) ? 0 : abi;
}

/*
 * Into the private folder by its path, because a folder that was opened outside of our mount namespace has
 * no path here, and libraries ask for that of the working folder; by its descriptor when the path leads
 * elsewhere.
 */
static bool
enter_state(const struct guest_start *start)
{
	struct stat here, want;

	return start->state_fd >= 0 && !fstat(start->state_fd, &want) &&
	       ((!chdir(start->state) && !stat(".", &here) && here.st_ino == want.st_ino &&
		 here.st_dev == want.st_dev) ||
		!fchdir(start->state_fd));
}

void
confine_ahead(struct message_confinement *io)
{
	int rules = -1;

	if (!(guest_kind & GUEST_OPEN)) {
		rules = io->landlock && !preloaded() ? common_rules(io->landlock) : -1;
		io->landlock = rules >= 0 || preloaded() ? io->landlock : 0;
		io->landlock_scoped = io->landlock >= 6;
		io->limits = limit(RLIMIT_NOFILE, FILES) && io->limits;
		io->filter_own = io->filter ? filter_compartment() : 0;
	}
	if (rules >= 0)
		dup3(rules, GUEST_RULES_FD, O_CLOEXEC);
	syscall(SYS_close_range, rules >= 0 ? GUEST_RULES_FD + 1 : GUEST_RULES_FD, ~0U, 0);
}

bool
confine_preload(const struct guest_start *start, struct message_confinement *io)
{
	int rules = io->landlock ? common_rules(io->landlock) : -1;

	io->landlock = rules >= 0 ? landlock(start, rules, io->landlock) : 0;
	io->landlock_scoped = io->landlock >= 6;
	io->limits = io->limits && limit(RLIMIT_DATA, start->memory);
	if (rules >= 0)
		close(rules);
	return (!io->filter || filter_preload()) &&
	       (!(guest_kind & GUEST_NET) || !io->filter || limit_sockets(start->granted));
}

bool
confine_compartment(const struct guest_start *start, struct message_confinement *io)
{
	uint32_t limits = io->limits, abi = io->landlock;

	if (preloaded() ? chdir("/") : !enter_state(start))
		_exit(126);
	if (preloaded()) {
		/* The zygote had all of it. */
	} else if (guest_kind & GUEST_OPEN) {
		limit(RLIMIT_DATA, start->memory);
	} else {
		io->limits = io->limits && limit(RLIMIT_DATA, start->memory);
		if (io->landlock)
			io->landlock = landlock(start, GUEST_RULES_FD, io->landlock);
		io->landlock_scoped = io->landlock >= 6;
		if (guest_kind & GUEST_NET && io->filter && !limit_sockets(start->granted))
			_exit(126);
	}
	if (start->out >= 0)
		dup2(start->out, 1);
	syscall(SYS_close_range, GUEST_CONTROL_FD + 1, ~0U, 0);
	return io->limits == limits && io->landlock == abi;
}

const char *
confine_lacks(const struct message_confinement *c)
{
	const struct {
		bool missing;
		const char *text;
	} all[] = {
		{ !c->landlock, "full confinement is required, and Landlock is not available" },
		{ !c->filter || !c->filter_own, "full confinement is required, and seccomp is not available" },
		{ !c->no_new_privs || !c->no_capabilities,
		  "full confinement is required, and privileges could not be dropped" },
		{ !c->not_dumpable, "full confinement is required, and it can be dumped" },
		{ !c->limits, "full confinement is required, and limits could not be set" },
		{ !c->is_init, "full confinement is required, and it has no process namespace" },
	};

	for (size_t i = 0; i < TWZ_COUNT(all); i++)
		if (all[i].missing)
			return all[i].text;
	return NULL;
}
