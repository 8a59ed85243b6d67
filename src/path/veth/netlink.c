/* See netlink.h. */
#include "path/veth/netlink.h"

#include <errno.h>
#include <sys/socket.h>

int talk_open(struct talk *t, int protocol, struct err *err)
{
	t->netlink = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!t->netlink || mnl_socket_bind(t->netlink, 0, MNL_SOCKET_AUTOPID) < 0)
		return err_sys(err, errno, "open a netlink socket");
	return 0;
}

void talk_close(struct talk *t)
{
	if (t->netlink)
		mnl_socket_close(t->netlink);
	t->netlink = NULL;
}

void *talk_request(struct talk *t, uint16_t type, uint16_t flags, size_t header_bytes)
{
	t->message = mnl_nlmsg_put_header(t->buffer);
	t->message->nlmsg_type = type;
	t->message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	t->message->nlmsg_seq = 1;
	return mnl_nlmsg_put_extra_header(t->message, header_bytes);
}

int talk_dump(int fd, const struct nlmsghdr *request, mnl_cb_t keep, void *data)
{
	alignas(struct nlmsghdr) char buffer[TALK_BYTES];
	int rc = MNL_CB_OK;

	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return -errno;
	while (rc == MNL_CB_OK) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		if (n < 0)
			return -errno;
		rc = mnl_cb_run(buffer, (size_t)n, 0, 0, keep, data);
	}
	return rc < 0 ? -errno : 0;
}

int talk_ask(struct talk *t)
{
	ssize_t n;

	if (mnl_socket_sendto(t->netlink, t->message, t->message->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(t->netlink, t->buffer, sizeof(t->buffer));
	} while (n < 0 && errno == EINTR);
	if (n < 0 || mnl_cb_run(t->buffer, (size_t)n, 1, mnl_socket_get_portid(t->netlink), NULL, NULL) < 0)
		return -errno;
	return 0;
}
