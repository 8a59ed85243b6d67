/* See joined.h. */
#include "engines/udp/joined.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { IPV4_HEADERS = 28, IPV6_HEADERS = 48 }; /* IP and UDP */

static bool joined_option_is_there(int option, int value)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool there = fd >= 0 && setsockopt(fd, SOL_UDP, option, &value, sizeof(value)) == 0;

	if (fd >= 0)
		close(fd);
	return there;
}

bool udp_can_join(char *why, size_t size)
{
	bool can = joined_option_is_there(UDP_SEGMENT, 1000);

	if (!can)
		snprintf(why, size, "needs Linux 4.18 (UDP_SEGMENT)");
	return can;
}

bool udp_can_receive_joined(char *why, size_t size)
{
	bool can = joined_option_is_there(UDP_GRO, 1);

	if (!can)
		snprintf(why, size, "needs Linux 5.0 (UDP_GRO)");
	return can;
}

int udp_join_always(int fd, uint32_t bytes, struct err *err)
{
	int value = (int)bytes;

	if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &value, sizeof(value)) < 0)
		return err_sys(err, errno, "setsockopt UDP_SEGMENT %u", bytes);
	return 0;
}

int udp_receive_joined(int fd, struct err *err)
{
	int on = 1;

	return setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on)) < 0 ? err_sys(err, errno, "setsockopt UDP_GRO") : 0;
}

/* Of the path to the peer; 0: unknown.  *ret_headers: bytes of it that are not payload. */
static int joined_mtu(int fd, unsigned *ret_headers)
{
	int mtu = 0, family = AF_INET;
	socklen_t size = sizeof(family), mtu_size = sizeof(mtu);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
	bool six = family == AF_INET6;
	*ret_headers = six ? IPV6_HEADERS : IPV4_HEADERS;
	if (getsockopt(fd, six ? SOL_IPV6 : SOL_IP, six ? IPV6_MTU : IP_MTU, &mtu, &mtu_size) < 0)
		return 0;
	return mtu;
}

bool udp_joining_is_vain(int fd, bool connected, uint32_t bytes, char *why, size_t size)
{
	unsigned headers;
	int mtu = connected ? joined_mtu(fd, &headers) : 0;

	if (!bytes)
		return false;
	if (udp_joined_most(bytes, UDP_JOINED_MAX) < 2)
		snprintf(why, size, "no two datagrams of %u bytes fit into one send of %d", bytes, UDP_JOINED_BYTES);
	else if (mtu > 0 && bytes + headers > (unsigned)mtu)
		snprintf(why, size, "a datagram of %u bytes does not fit the MTU of %d", bytes, mtu);
	else
		return false;
	return true;
}

unsigned udp_joined_most(uint32_t bytes, unsigned most)
{
	uint32_t fit = bytes ? UDP_JOINED_BYTES / bytes : 1;

	if (!fit)
		return 1;
	return fit < most ? fit : most;
}

unsigned udp_joined_neighbours(const struct udp_send *slot, unsigned count, unsigned joined_max)
{
	unsigned most = udp_joined_most(slot->len, joined_max), n = 1;

	if (most > count)
		most = count;
	while (n < most && slot[n].to == slot->to && !slot[n].apart && slot[n - 1].len == slot->len && slot[n].len &&
		slot[n].len <= slot->len)
		n++;
	return n;
}

unsigned udp_joined_gather(const struct udp_send *slot, unsigned n, struct iovec *part, uint32_t *ret_bytes)
{
	unsigned parts = 0;
	uint8_t *end = NULL;

	*ret_bytes = 0;
	for (unsigned i = 0; i < n; i++) {
		if (slot[i].data == end)
			part[parts - 1].iov_len += slot[i].len;
		else
			part[parts++] = (struct iovec){ slot[i].data, slot[i].len };
		end = slot[i].data + slot[i].len;
		*ret_bytes += slot[i].len;
	}
	return parts;
}

bool udp_is_uncut(int errnum)
{
	return errnum == EINVAL || errnum == EMSGSIZE || errnum == EIO || errnum == EOPNOTSUPP;
}

uint32_t udp_joined_segment(struct msghdr *received, uint32_t len)
{
	int segment = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(received); c; c = CMSG_NXTHDR(received, c))
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			memcpy(&segment, CMSG_DATA(c), sizeof(segment));
	return segment > 0 && (uint32_t)segment < len ? (uint32_t)segment : len;
}

/* Copies what says from which address a reply leaves; returns its bytes. */
static size_t joined_put_local(uint8_t *at, struct msghdr *asked)
{
	size_t bytes = 0;

	udp_control_for_reply(asked);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(asked); c; c = CMSG_NXTHDR(asked, c)) {
		bool local = (c->cmsg_level == SOL_IP && c->cmsg_type == IP_PKTINFO) ||
			     (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO);

		if (!local || bytes + CMSG_ALIGN(c->cmsg_len) > UDP_CONTROL_BYTES)
			continue;
		memcpy(at + bytes, c, c->cmsg_len);
		bytes += CMSG_ALIGN(c->cmsg_len);
	}
	return bytes;
}

void udp_joined_control(struct msghdr *message, void *control, struct msghdr *asked, uint32_t segment)
{
	uint8_t *at = control;
	size_t bytes = asked ? joined_put_local(at, asked) : 0;

	if (segment) {
		struct cmsghdr *c = (struct cmsghdr *)(at + bytes);
		uint16_t value = (uint16_t)segment;

		c->cmsg_level = SOL_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof(value));
		memcpy(CMSG_DATA(c), &value, sizeof(value));
		bytes += CMSG_SPACE(sizeof(value));
	}
	message->msg_control = bytes ? control : NULL;
	message->msg_controllen = bytes;
}
