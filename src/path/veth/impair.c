/* The rate of a device: see impair.h. */
#include "path/veth/impair.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "path/veth/netlink.h"
#include "path/veth/pair.h"

enum { ETHERNET_BYTES = 14, LEAST_FRAMES = 2, BURST_PER_S = 1000, QUEUE_PER_S = 20, QUEUE_MORE_FRAMES = 32 };

static uint32_t at_most(uint64_t bytes)
{
	return bytes < INT32_MAX ? (uint32_t)bytes : INT32_MAX;
}

static void put_bucket(struct nlmsghdr *m, uint64_t bytes_per_s, uint32_t frame_bytes)
{
	uint64_t burst = bytes_per_s / BURST_PER_S;

	if (burst < (uint64_t)LEAST_FRAMES * frame_bytes)
		burst = (uint64_t)LEAST_FRAMES * frame_bytes;
	const struct tc_tbf_qopt shape = {
		.rate = { .rate = bytes_per_s < UINT32_MAX ? (uint32_t)bytes_per_s : UINT32_MAX,
			.linklayer = TC_LINKLAYER_ETHERNET },
		.limit = at_most(bytes_per_s / QUEUE_PER_S + (uint64_t)QUEUE_MORE_FRAMES * frame_bytes),
	};
	struct nlattr *options = mnl_attr_nest_start(m, TCA_OPTIONS);

	mnl_attr_put(m, TCA_TBF_PARMS, sizeof(shape), &shape);
	mnl_attr_put_u64(m, TCA_TBF_RATE64, bytes_per_s);
	mnl_attr_put_u32(m, TCA_TBF_BURST, at_most(burst));
	mnl_attr_nest_end(m, options);
}

int veth_limit_rate(uint64_t bits_per_s, uint32_t mtu_bytes, struct err *err)
{
	struct talk t = { 0 };
	int rc = talk_open(&t, NETLINK_ROUTE, err);

	if (rc >= 0) {
		struct tcmsg *queue = talk_request(&t, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*queue));

		queue->tcm_ifindex = VETH_INTERFACE_INDEX;
		queue->tcm_parent = TC_H_ROOT;
		queue->tcm_handle = TC_H_MAJ(VETH_BUCKET_CLASS);
		mnl_attr_put_strz(t.message, TCA_KIND, "tbf");
		put_bucket(t.message, bits_per_s / 8, mtu_bytes + ETHERNET_BYTES);
		rc = talk_ask(&t);
		if (rc == -ENOENT)
			rc = err_say(err, ENOTSUP, "this kernel has no token bucket (CONFIG_NET_SCH_TBF)");
		else if (rc < 0)
			rc = err_sys(err, -rc, "--rate-limit: set the queue of %s", VETH_INTERFACE);
	}
	talk_close(&t);
	return rc;
}
