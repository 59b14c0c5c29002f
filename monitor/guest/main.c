/*
 * twz-guest: started by the monitor with a socket as descriptor 3 and a pidfd of the monitor's process
 * as descriptor 4; of no use to anybody else.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor/guest/guest.h"

uint32_t guest_kind;

enum { SLICE_NS = 100000 };	/* of a thread's time on a CPU that others want too; the least there is */

/*
 * Who wakes a thread with a shorter slice than its own lets it run at once: then a cold call is a switch there and one
 * back, and neither side has to go to sleep and be woken in between. All clones inherit it. Kernels before 6.12 know of
 * no slices.
 */
static void
shorten_slice(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = { .size = sizeof(attr), .policy = SCHED_OTHER, .nice = getpriority(PRIO_PROCESS, 0), .runtime = SLICE_NS };

	if (sched_getscheduler(0) == SCHED_OTHER)	/* any other is somebody's decision */
		syscall(SYS_sched_setattr, 0, &attr, 0);
}

int
main(int argc, char **argv)
{
	struct message_confinement confinement = { 0 };
	struct message hello = { .kind = MESSAGE_HELLO };
	int type = 0;
	socklen_t n = sizeof(type);

	if (getsockopt(GUEST_ZYGOTE_FD, SOL_SOCKET, SO_TYPE, &type, &n) || type != SOCK_SEQPACKET) {
		fputs("twz-guest is started by twz; run twz instead\n", stderr);
		return 2;
	}
	guest_kind = argc > 1 && argv[1][0] >= '0' ? (uint32_t)(argv[1][0] - '0') : 0;
	shorten_slice();
	confine_zygote(&confinement);
	if (!message_send(GUEST_ZYGOTE_FD, &hello, &confinement, sizeof(confinement), NULL, 0))
		return 1;
	zygote_run(&confinement);
}
