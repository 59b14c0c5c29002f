/*
 * twz-guest: started by the monitor with a socket as descriptor 3 and a pidfd of the monitor's process
 * as descriptor 4; of no use to anybody else.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "monitor/guest/guest.h"

uint32_t guest_kind;

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
	dispatch_slice();
	confine_zygote(&confinement);
	if (!message_send(GUEST_ZYGOTE_FD, &hello, &confinement, sizeof(confinement), NULL, 0))
		return 1;
	zygote_run(&confinement);
}
