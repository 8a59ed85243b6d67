/* Delay, reordering and copies: see impair.h.  netem, linux/pkt_sched.h. */
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "base/rng.h"
#include "path/veth/impair.h"

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

bool veth_is_emulated(const struct veth_shape *shape)
{
	return shape->delay_ns || shape->reorder_of_100000 || shape->duplicate_of_100000;
}

/* A probability as the kernel has it: of UINT32_MAX, to the nearest, as tc(8) asks for it. */
static uint32_t emulator_chance(uint32_t of_100000)
{
	return (uint32_t)(((uint64_t)of_100000 * UINT32_MAX + VETH_OF_ALL / 2) / VETH_OF_ALL);
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

	mnl_attr_put_strz(m, TCA_KIND, "netem");
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
	const struct veth_queue emulator = { .parent = shape->rate_bits_per_s ? VETH_BUCKET_CLASS : TC_H_ROOT,
		.put = veth_put_emulation,
		.option = "--delay",
		.missing = "no network emulator netem (CONFIG_NET_SCH_NETEM)" };

	return veth_set_queue(&emulator, shape, err);
}
