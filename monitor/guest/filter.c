/*
 * Seccomp. The zygote installs the long allow-list once, and its clones inherit it: installing costs
 * the kernel time for every instruction. Each compartment adds a few instructions for the two things
 * that the zygote must be able to do and a service must not: make processes, and signal them.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor/guest/guest.h"
#include "monitor_filter.h"

static uint32_t
install(const struct sock_filter *code, size_t n)
{
	struct sock_filter copy[2048];
	struct sock_fprog program = { .len = (unsigned short)n, .filter = copy };

	if (n > TWZ_COUNT(copy))
		return 0;
	for (size_t i = 0; i < n; i++)
		copy[i] = code[i];
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ? 0 : (uint32_t)n;
}

uint32_t
filter_zygote(bool net)
{
	return net ? install(filter_net_code, TWZ_COUNT(filter_net_code))
		   : install(filter_code, TWZ_COUNT(filter_code));
}

enum {
	NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
		     CLONE_NEWNET,
};

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define IF_SET(bits, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), (yes), (no))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))

uint32_t
filter_compartment(void)
{
	/* The architecture was checked by the zygote's filter, which runs as well. */
	const struct sock_filter code[] = {
		LOAD(nr),
		IF_EQUAL(SYS_clone, 3, 0),
		IF_EQUAL(SYS_tgkill, 4, 0),
		IF_EQUAL(SYS_pidfd_open, 5, 0),
		RETURN(SECCOMP_RET_ALLOW),
		LOAD(args[0]),			/* clone: flags */
		IF_SET(CLONE_THREAD, 3, 2),
		LOAD(args[0]),			/* tgkill: process */
		IF_EQUAL((uint32_t)getpid(), 1, 0),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		RETURN(SECCOMP_RET_ALLOW),
	};

	return install(code, TWZ_COUNT(code));
}

bool
filter_preload(void)
{
	const struct sock_filter code[] = {
		LOAD(nr),
		IF_EQUAL(SYS_clone, 1, 0),
		RETURN(SECCOMP_RET_ALLOW),
		LOAD(args[0]),
		IF_SET(NAMESPACES, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		RETURN(SECCOMP_RET_ALLOW),
	};

	return install(code, TWZ_COUNT(code));
}

bool
filter_families(const uint32_t families[3])
{
	const struct sock_filter code[] = {
		LOAD(nr),
		IF_EQUAL(SYS_socket, 2, 0),
		IF_EQUAL(SYS_socketpair, 1, 0),
		RETURN(SECCOMP_RET_ALLOW),
		LOAD(args[0]),
		IF_EQUAL(families[0] ? families[0] : UINT32_MAX, 3, 0),
		IF_EQUAL(families[1] ? families[1] : UINT32_MAX, 2, 0),
		IF_EQUAL(families[2] ? families[2] : UINT32_MAX, 1, 0),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		RETURN(SECCOMP_RET_ALLOW),
	};

	return install(code, TWZ_COUNT(code));
}
