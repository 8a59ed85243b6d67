/* See message.h. */
#include "path/veth/message.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

/* ---- reading ---- */

static bool shape_is_good(const struct veth_shape *s)
{
	return s->mtu_bytes >= VETH_MTU_MIN && s->mtu_bytes <= VETH_MTU_MAX && s->queues >= 1 && s->queues <= VETH_QUEUES_MAX &&
	       s->offload < VETH_OFFLOADS && s->loss_of_100000 <= VETH_OF_ALL && s->reorder_of_100000 <= VETH_OF_ALL &&
	       s->duplicate_of_100000 <= VETH_OF_ALL && s->delay_ns <= VETH_DELAY_MAX_S * (uint64_t)NS_PER_S &&
	       (!s->rate_bits_per_s || s->rate_bits_per_s >= VETH_RATE_MIN);
}

/* Only what methods make.  Where a number means nothing to the kernel, its errno says so. */
static bool socket_is_good(const struct veth_socket *s)
{
	static const int32_t domains[] = { AF_INET, AF_INET6, AF_PACKET, AF_NETLINK, AF_XDP };
	bool known = false;

	for (unsigned i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
		known |= s->domain == domains[i];
	return known && s->side < VETH_SIDES && s->type >= 0 && s->protocol >= 0;
}

int veth_request_read(const void *bytes, size_t size, unsigned descriptors, struct veth_request *ret_request)
{
	struct veth_request r;

	if (size != sizeof(r))
		return -EPROTO;
	memcpy(&r, bytes, sizeof(r));
	if (r.magic != VETH_MAGIC)
		return -EPROTO;
	bool good = r.asked == VETH_SET_UP    ? !descriptors && shape_is_good(&r.shape)
		    : r.asked == VETH_TAP     ? descriptors == 1 && socket_is_good(&r.socket)
		    : r.asked == VETH_CAPTURE ? descriptors == 1
					      : false;
	if (!good)
		return -EPROTO;
	*ret_request = r;
	return 0;
}

int veth_answer_read(const void *bytes, size_t size, unsigned descriptors, struct veth_answer *ret_answer)
{
	struct veth_answer a = { 0 };

	if (size < offsetof(struct veth_answer, text) || size > sizeof(a))
		return -EPROTO;
	memcpy(&a, bytes, size);
	a.text[sizeof(a.text) - 1] = '\0';
	if (a.magic != VETH_MAGIC || a.code < 0 || a.files >> VETH_FILES || descriptors > VETH_FILES)
		return -EPROTO;
	/* Nothing comes with a failure; files come by their bits, and a socket comes alone. */
	if (a.code && (descriptors || a.files))
		return -EPROTO;
	if (a.files ? descriptors != (unsigned)__builtin_popcount(a.files) : descriptors > 1)
		return -EPROTO;
	*ret_answer = a;
	return 0;
}

size_t veth_answer_bytes(const struct veth_answer *answer)
{
	return offsetof(struct veth_answer, text) + strnlen(answer->text, sizeof(answer->text));
}

/* ---- sending ---- */

/* Room for the descriptors of one message, aligned as cmsg(3) asks. */
union veth_ancillary {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(VETH_FILES * sizeof(int))];
};

int veth_send(int fd, const void *bytes, size_t size, const int *descriptors, unsigned count, int flags)
{
	struct iovec data = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1 };
	union veth_ancillary ancillary = { 0 };
	ssize_t n;

	if (count) {
		ancillary.header = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof(int))
		};
		memcpy(CMSG_DATA(&ancillary.header), descriptors, count * sizeof(int));
		m.msg_control = &ancillary;
		m.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	do {
		n = sendmsg(fd, &m, flags | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static unsigned take_descriptors(struct msghdr *m, int ret_descriptors[VETH_FILES])
{
	unsigned count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		/* The room that was offered holds no more. */
		memcpy(ret_descriptors + count, CMSG_DATA(c), bytes);
		count += (unsigned)(bytes / sizeof(int));
	}
	return count;
}

ssize_t veth_receive(int fd, void *bytes, size_t size, int ret_descriptors[VETH_FILES], unsigned *ret_count)
{
	struct iovec data = { .iov_base = bytes, .iov_len = size };
	union veth_ancillary ancillary = { 0 };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof(ancillary) };
	ssize_t n;

	*ret_count = 0;
	do {
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*ret_count = take_descriptors(&m, ret_descriptors);
	if (!(m.msg_flags & (MSG_CTRUNC | MSG_TRUNC)))
		return n;
	while (*ret_count)
		close(ret_descriptors[--*ret_count]);
	return m.msg_flags & MSG_CTRUNC ? -EMFILE : -EPROTO;
}
