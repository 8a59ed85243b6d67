/* The rate of a device: see impair.h. */
#include "path/veth/impair.h"

#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

enum { ETHERNET_BYTES = 14, LEAST_FRAMES = 2, BURST_PER_S = 1000, QUEUE_PER_S = 20, QUEUE_MORE_FRAMES = 32 };

static uint32_t at_most(uint64_t bytes)
{
	return bytes < INT32_MAX ? (uint32_t)bytes : INT32_MAX;
}

static void put_bucket(struct nlmsghdr *m, const struct veth_shape *shape)
{
	uint64_t bytes_per_s = shape->rate_bits_per_s / 8, burst = bytes_per_s / BURST_PER_S;
	uint32_t frame_bytes = shape->mtu_bytes + ETHERNET_BYTES;

	if (burst < (uint64_t)LEAST_FRAMES * frame_bytes)
		burst = (uint64_t)LEAST_FRAMES * frame_bytes;
	const struct tc_tbf_qopt bucket = {
		.rate = { .rate = bytes_per_s < UINT32_MAX ? (uint32_t)bytes_per_s : UINT32_MAX,
			.linklayer = TC_LINKLAYER_ETHERNET },
		.limit = at_most(bytes_per_s / QUEUE_PER_S + (uint64_t)QUEUE_MORE_FRAMES * frame_bytes),
	};
	struct nlattr *options;

	mnl_attr_put_strz(m, TCA_KIND, "tbf");
	options = mnl_attr_nest_start(m, TCA_OPTIONS);
	mnl_attr_put(m, TCA_TBF_PARMS, sizeof(bucket), &bucket);
	mnl_attr_put_u64(m, TCA_TBF_RATE64, bytes_per_s);
	mnl_attr_put_u32(m, TCA_TBF_BURST, at_most(burst));
	mnl_attr_nest_end(m, options);
}

int veth_limit_rate(uint64_t bits_per_s, uint32_t mtu_bytes, struct err *err)
{
	static const struct veth_queue bucket = { .parent = TC_H_ROOT,
		.handle = TC_H_MAJ(VETH_BUCKET_CLASS),
		.put = put_bucket,
		.option = "--rate-limit",
		.missing = "no token bucket (CONFIG_NET_SCH_TBF)" };

	return veth_set_queue(&bucket, &(struct veth_shape){ .rate_bits_per_s = bits_per_s, .mtu_bytes = mtu_bytes }, err);
}
