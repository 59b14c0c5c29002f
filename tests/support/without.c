/*
 * usage: without landlock|seccomp|namespaces|none COMMAND [ARG…]
 *
 * Runs a command as on a kernel that lacks something: a seccomp filter of this program's answers the calls by
 * which it is asked for as such a kernel does.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define IF_SET(bits, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), (yes), (no))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define FAIL(error) RETURN(SECCOMP_RET_ERRNO | (error))

/* The last of a filter: refused where the field is this, allowed otherwise. */
#define REFUSE_ONLY(field, value, error) \
	LOAD(field), IF_EQUAL(value, 0, 1), FAIL(error), RETURN(SECCOMP_RET_ALLOW)

enum { NAMESPACES = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET };

static struct sock_filter landlock[] = {
	REFUSE_ONLY(nr, SYS_landlock_create_ruleset, ENOSYS),
};

static struct sock_filter seccomp[] = {
	LOAD(nr),
	IF_EQUAL(SYS_seccomp, 2, 0),
	IF_EQUAL(SYS_prctl, 2, 0),
	RETURN(SECCOMP_RET_ALLOW),
	FAIL(ENOSYS),
	REFUSE_ONLY(args[0], PR_SET_SECCOMP, EINVAL),
};

static struct sock_filter namespaces[] = {
	LOAD(nr),
	IF_EQUAL(SYS_clone3, 3, 0),
	IF_EQUAL(SYS_clone, 3, 0),
	IF_EQUAL(SYS_unshare, 2, 0),
	RETURN(SECCOMP_RET_ALLOW),
	FAIL(ENOSYS),
	LOAD(args[0]),
	IF_SET(NAMESPACES, 0, 1),
	FAIL(EPERM),
	RETURN(SECCOMP_RET_ALLOW),
};

#define ROW(name) { #name, name, sizeof(name) / sizeof(name[0]) }

static const struct {
	const char *name;
	struct sock_filter *code;
	size_t n;
} all[] = { ROW(landlock), ROW(seccomp), ROW(namespaces), { "none", NULL, 0 } };

int
main(int argc, char **argv)
{
	size_t i = 0;

	while (argc > 2 && i < sizeof(all) / sizeof(all[0]) && strcmp(all[i].name, argv[1]))
		i++;
	if (argc < 3 || i == sizeof(all) / sizeof(all[0])) {
		fputs("usage: without landlock|seccomp|namespaces|none COMMAND [ARG...]\n", stderr);
		return 2;
	}

	const struct sock_fprog program = { (unsigned short)all[i].n, all[i].code };

	if (all[i].n && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
			 prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))) {
		perror("without");
		return 2;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
