/* Sending and receiving of messages; see message.h. */
#include "monitor/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool
message_send(int fd, const struct message *head, const void *bytes, size_t n, const int *fds,
	     size_t nfds)
{
	struct message copy = *head;
	const void *from = bytes;
	void *base;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
	} control = { 0 };
	struct iovec iov[2] = { { &copy, sizeof(copy) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 };

	if (n > MESSAGE_MAX || nfds > MESSAGE_FDS) {
		errno = EMSGSIZE;
		return false;
	}
	if (n) {
		memcpy(&base, &from, sizeof(base));	/* iovec takes no const */
		iov[1] = (struct iovec){ base, n };
		msg.msg_iovlen = 2;
	}
	if (nfds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		control.head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
						 .cmsg_len = CMSG_LEN(nfds * sizeof(int)) };
		memcpy(CMSG_DATA(&control.head), fds, nfds * sizeof(int));
	}
	for (;;) {
		if (sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return true;
		if (errno != EINTR)
			return false;
	}
}

static void
take_fds(struct message_in *in, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		memcpy(in->fds, CMSG_DATA(c), (n < MESSAGE_FDS ? n : MESSAGE_FDS) * sizeof(int));
	}
}

int
message_receive(int fd, struct message_in *in, bool wait)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
	} control;
	struct iovec iov[2] = { { &in->head, sizeof(in->head) }, { in->bytes, MESSAGE_MAX } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n;

	for (size_t i = 0; i < MESSAGE_FDS; i++)
		in->fds[i] = -1;
	/*
	 * A peer that closes with messages of ours unread resets the connection. The kernel says so once,
	 * before it hands out what the peer has sent: that may be why it is gone.
	 */
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	while (n < 0 && ((errno == EINTR && wait) || errno == ECONNRESET));
	if (n < 0)
		return -1;
	if (n == 0)
		return 0;
	take_fds(in, &msg);
	if ((size_t)n < sizeof(in->head) || msg.msg_flags & MSG_TRUNC) {
		message_drop(in);
		errno = EPROTO;
		return -1;
	}
	in->n = (size_t)n - sizeof(in->head);
	in->bytes[in->n] = 0;
	if (msg.msg_flags & MSG_CTRUNC) {
		message_drop(in);
		errno = EMFILE;
		return -1;
	}
	return 1;
}

void
message_drop(struct message_in *in)
{
	for (size_t i = 0; i < MESSAGE_FDS; i++) {
		if (in->fds[i] >= 0)
			close(in->fds[i]);
		in->fds[i] = -1;
	}
}

const char *
message_text(const struct message_in *in, size_t *at)
{
	const char *text = (const char *)in->bytes + (*at < in->n ? *at : in->n);

	*at += strlen(text) + 1;
	return text;
}
