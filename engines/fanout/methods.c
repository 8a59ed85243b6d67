/* How the writer of mode fanout sends: a row each.  One is added here, and where it needs a port of
 * its own, in its own file. */
#include "engines/fanout/shared.h"

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

const struct method *const fanout_methods[] = {
	&mmsg.method,
	&single.method,
	&connected.method,
	&multicast.method,
	NULL,
};
