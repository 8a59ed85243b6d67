/* Delay, reordering and copies: see impair.h.  netem, linux/pkt_sched.h. */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/rng.h"
#include "path/veth/impair.h"
#include "path/veth/netlink.h"
#include "path/veth/pair.h"

enum {
	/* TCA_NETEM_PRNG_SEED, Linux >= 6.6: younger than some systems' headers; older kernels take
	 * no notice of it */
	EMULATOR_SEED = 14,
	TICK_SHIFT = 6, /* a tick of the traffic control is 64 ns */
	/* a queue holds what comes in the time of the delay, at a million packets/s, and these */
	QUEUE_LEAST = 1000,
	QUEUE_MOST = 100000,
	NS_A_PACKET = 1000,
};

static const char emulator_name[] = "netem";

bool veth_is_emulated(const struct veth_shape *shape)
{
	return shape->delay_ns || shape->reorder_of_100000 || shape->duplicate_of_100000;
}

/* ---- the queue ---- */

/* A probability as the kernel has it: of UINT32_MAX. */
static uint32_t emulator_chance(uint32_t of_100000)
{
	return (uint32_t)((uint64_t)of_100000 * UINT32_MAX / VETH_OF_ALL);
}

static uint32_t emulator_limit(uint64_t delay_ns)
{
	uint64_t packets = QUEUE_LEAST + delay_ns / NS_A_PACKET;

	return packets < QUEUE_MOST ? (uint32_t)packets : QUEUE_MOST;
}

void veth_put_emulation(struct nlmsghdr *m, const struct veth_shape *shape)
{
	const struct tc_netem_reorder reorder = { .probability = emulator_chance(shape->reorder_of_100000) };
	uint64_t ticks = shape->delay_ns >> TICK_SHIFT;
	struct nlattr *options;

	mnl_attr_put_strz(m, TCA_KIND, emulator_name);
	options = mnl_attr_nest_start(m, TCA_OPTIONS);
	*(struct tc_netem_qopt *)mnl_nlmsg_put_extra_header(m, sizeof(struct tc_netem_qopt)) = (struct tc_netem_qopt){
		.latency = ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX,
		.limit = emulator_limit(shape->delay_ns),
		/* Each packet may be one that is not delayed. */
		.gap = shape->reorder_of_100000 > 0,
		.duplicate = emulator_chance(shape->duplicate_of_100000),
	};
	mnl_attr_put_u64(m, TCA_NETEM_LATENCY64, shape->delay_ns);
	if (shape->reorder_of_100000)
		mnl_attr_put(m, TCA_NETEM_REORDER, sizeof(reorder), &reorder);
	mnl_attr_put_u64(m, EMULATOR_SEED, rng_mix(shape->seed));
	mnl_attr_nest_end(m, options);
}

int veth_emulate(const struct veth_shape *shape, struct err *err)
{
	struct talk t = { 0 };
	int rc = talk_open(&t, NETLINK_ROUTE, err);

	if (rc >= 0) {
		struct tcmsg *queue = talk_request(&t, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*queue));

		queue->tcm_ifindex = VETH_INTERFACE_INDEX;
		queue->tcm_parent = shape->rate_bits_per_s ? VETH_BUCKET_CLASS : TC_H_ROOT;
		veth_put_emulation(t.message, shape);
		rc = talk_ask(&t);
		if (rc == -ENOENT)
			rc = err_say(err, ENOTSUP, "this kernel has no network emulator netem (CONFIG_NET_SCH_NETEM)");
		else if (rc < 0)
			rc = err_sys(err, -rc, "--delay: set the queue of %s", VETH_INTERFACE);
	}
	talk_close(&t);
	return rc;
}

/* ---- its counters ---- */

/* A structure that may be longer in other kernels than here, or shorter. */
static void emulator_copy(const struct nlattr *attribute, void *ret, size_t bytes)
{
	size_t has = mnl_attr_get_payload_len(attribute);

	memcpy(ret, mnl_attr_get_payload(attribute), has < bytes ? has : bytes);
}

static void emulator_add(const struct nlattr *statistics, struct veth_emulated *sum)
{
	struct gnet_stats_basic basic = { 0 };
	struct gnet_stats_queue queue = { 0 };
	const struct nlattr *attribute;
	uint64_t packets = 0;

	mnl_attr_for_each_nested(attribute, statistics)
	{
		if (mnl_attr_get_type(attribute) == TCA_STATS_BASIC)
			emulator_copy(attribute, &basic, sizeof(basic));
		else if (mnl_attr_get_type(attribute) == TCA_STATS_QUEUE)
			emulator_copy(attribute, &queue, sizeof(queue));
		else if (mnl_attr_get_type(attribute) == TCA_STATS_PKT64)
			emulator_copy(attribute, &packets, sizeof(packets));
	}
	/* The first is 32 bits wide, and the other is there where these are too few. */
	sum->packets += (packets ? packets : basic.packets) + queue.drops + queue.qlen;
	/* The emulator counts there those that it puts in front. */
	sum->reordered += queue.requeues;
}

void veth_add_emulated(const struct nlmsghdr *m, struct veth_emulated *sum)
{
	const struct nlattr *attribute, *kind = NULL, *statistics = NULL;

	mnl_attr_for_each(attribute, m, sizeof(struct tcmsg))
	{
		if (mnl_attr_get_type(attribute) == TCA_KIND)
			kind = attribute;
		else if (mnl_attr_get_type(attribute) == TCA_STATS2)
			statistics = attribute;
	}
	if (kind && statistics && !strcmp(mnl_attr_get_str(kind), emulator_name))
		emulator_add(statistics, sum);
}

static int emulator_keep(const struct nlmsghdr *m, void *ret_sum)
{
	veth_add_emulated(m, ret_sum);
	return MNL_CB_OK;
}

static int emulator_read_side(int fd, struct veth_emulated *sum)
{
	alignas(struct nlmsghdr) char buffer[TALK_BYTES];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);

	m->nlmsg_type = RTM_GETQDISC;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	((struct tcmsg *)mnl_nlmsg_put_extra_header(m, sizeof(struct tcmsg)))->tcm_ifindex = VETH_INTERFACE_INDEX;
	return talk_dump(fd, m, emulator_keep, sum);
}

int veth_read_emulated(const int netlink[VETH_SIDES], struct veth_emulated *ret_emulated)
{
	struct veth_emulated sum = { 0 };
	int rc = 0;

	for (unsigned i = 0; i < VETH_SIDES && rc >= 0; i++)
		rc = emulator_read_side(netlink[i], &sum);
	if (rc >= 0)
		*ret_emulated = sum;
	return rc;
}
