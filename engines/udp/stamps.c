/* See engines/udp/stamps.h. */
#include "engines/udp/stamps.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "engines/udp/joined.h"

/* The control message of a chosen one: a struct cmsghdr and its data.  The same for all, and nobody
 * writes to it. */
struct stamps_choice {
	size_t bytes;
	int level, type;
	uint32_t flags, padding;
};
static const struct stamps_choice stamps_choice = {
	.bytes = CMSG_LEN(sizeof(uint32_t)),
	.level = SOL_SOCKET,
	.type = SO_TIMESTAMPING,
	.flags = SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE,
};
_Static_assert(sizeof(stamps_choice) == CMSG_SPACE(sizeof(uint32_t)) &&
		       offsetof(struct stamps_choice, level) == offsetof(struct cmsghdr, cmsg_level) &&
		       offsetof(struct stamps_choice, type) == offsetof(struct cmsghdr, cmsg_type) &&
		       offsetof(struct stamps_choice, flags) == CMSG_LEN(0),
	"it is laid out as the kernel has it");

int udp_stamps_on(int fd, struct err *err)
{
	const uint32_t off = 0, on = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
				     SOF_TIMESTAMPING_OPT_TSONLY;

	/* Keys begin anew where the option was off. */
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &off, sizeof(off)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &on, sizeof(on)) < 0)
		return err_sys(err, errno, "setsockopt SO_TIMESTAMPING");
	return 0;
}

void udp_stamps_choose(struct msghdr *message, bool chosen)
{
	message->msg_control = chosen ? (void *)&stamps_choice : NULL;
	message->msg_controllen = chosen ? sizeof(stamps_choice) : 0;
}

void udp_stamps_control(struct msghdr *answer, uint8_t *control, struct msghdr *asked, bool chosen)
{
	udp_joined_control(answer, control, asked, 0);
	if (!chosen)
		return;
	memcpy(control + answer->msg_controllen, &stamps_choice, sizeof(stamps_choice));
	answer->msg_control = control;
	answer->msg_controllen += sizeof(stamps_choice);
}

static int64_t stamps_software_ns(const struct cmsghdr *c)
{
	struct scm_timestamping times;

	memcpy(&times, CMSG_DATA(c), sizeof(times));
	return (int64_t)times.ts[0].tv_sec * NS_PER_S + times.ts[0].tv_nsec;
}

int64_t udp_stamps_arrival(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING)
			return stamps_software_ns(c);
	return 0;
}

bool udp_stamps_parse(struct msghdr *message, struct udp_stamp *ret_stamp)
{
	struct sock_extended_err e = { 0 };
	struct udp_stamp stamp = { 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING)
			stamp.real_ns = stamps_software_ns(c);
		else if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
			 (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR))
			memcpy(&e, CMSG_DATA(c), sizeof(e));
	}
	if (e.ee_origin != SO_EE_ORIGIN_TIMESTAMPING || !stamp.real_ns)
		return false;
	stamp.key = e.ee_data;
	stamp.at = e.ee_info == SCM_TSTAMP_SCHED ? UDP_STAMP_SCHEDULER : UDP_STAMP_DEVICE;
	*ret_stamp = stamp;
	return true;
}
