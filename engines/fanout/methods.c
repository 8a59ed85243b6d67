/* How the writer of mode fanout sends: a row each.  One is added here, and where it needs a port of
 * its own, in its own file. */
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engines/fanout/ports/ports.h"
#include "engines/fanout/shared.h"
#include "engines/udp/joined.h"
#include "engines/udp/packet.h"
#include "engines/udp/uring.h"
#include "engines/udp/xdp.h"

/* No datagram is longer than the interface takes. */
void fanout_mtu_limits(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned headers = plan->wire_overhead_bytes - 14;
	struct ifreq request = { 0 };

	(void)o;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", plan->interface);
	if (role == ROLE_CLIENT && fd >= 0 && ioctl(fd, SIOCGIFMTU, &request) == 0) {
		limits->datagram_bytes = (uint32_t)request.ifr_mtu - headers;
		snprintf(limits->bytes_why, sizeof(limits->bytes_why), "the MTU of %s is %d", plan->interface, request.ifr_mtu);
	}
	if (fd >= 0)
		close(fd);
}

static const struct fanout_method single = {
	.method = { .name = "single", .summary = "a sendto for each reader" },
	.port = &udp_single,
};

static const struct fanout_method connected = {
	.method = { .name = "connected", .summary = "a connected socket and a send for each reader" },
	.port = &udp_single,
	.connected = true,
};

static const struct fanout_method mmsg = {
	.method = { .name = "mmsg", .summary = "sendmmsg, a batch of readers a call" },
	.port = &udp_mmsg,
};

static void multicast_limits(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits)
{
	(void)o, (void)plan;
	if (role != ROLE_CLIENT)
		return;
	limits->workers = 1;
	memcpy(limits->workers_why, "one send reaches all readers", sizeof("one send reaches all readers"));
}

static const struct fanout_method multicast = {
	.method = { .name = "multicast",
		.summary = "one send to a group that all readers have joined",
		.limits = multicast_limits },
	.port = &udp_single,
	.multicast = true,
};

static const struct fanout_method gso = {
	.method = { .name = "gso",
		.summary = "sendmmsg, and the kernel cuts the datagrams of a reader out of one send (UDP_SEGMENT)",
		.probe = udp_can_join,
		.limits = fanout_mtu_limits },
	.port = &udp_mmsg,
	.segments = true,
};

static const struct fanout_method threads = {
	.method = { .name = "threads", .summary = "a pool of threads, a task for each reader" },
	.port = &fanout_pool_port,
	.threads = true,
	.at_once = true,
};

static const struct fanout_method packet = {
	.method = UDP_PACKET_METHOD,
	.port = &udp_packet,
	.frames = true,
};

static const struct fanout_method uring = {
	.method = UDP_URING_METHOD("io_uring: the sends of a round in one call"),
	.port = &udp_uring,
	.at_once = true,
};

static const struct fanout_method xdp = {
	.method = UDP_XDP_METHOD_SENDS("AF_XDP: whole frames out of shared memory, past the IP stack"),
	.port = &udp_xdp,
	.frames = true,
};

const struct method *const fanout_methods[] = {
	&mmsg.method,
	&single.method,
	&connected.method,
	&gso.method,
	&threads.method,
	&multicast.method,
	&packet.method,
	&uring.method,
	&xdp.method,
	NULL,
};
