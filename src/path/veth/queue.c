/* Queues in front of the device, asked for and read: see impair.h.  linux/pkt_sched.h. */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "path/veth/impair.h"
#include "path/veth/netlink.h"
#include "path/veth/pair.h"

int veth_set_queue(const struct veth_queue *queue, const struct veth_shape *shape, struct err *err)
{
	struct talk t = { 0 };
	int rc = talk_open(&t, NETLINK_ROUTE, err);

	if (rc >= 0) {
		struct tcmsg *at = talk_request(&t, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*at));

		at->tcm_ifindex = VETH_INTERFACE_INDEX;
		at->tcm_parent = queue->parent;
		at->tcm_handle = queue->handle;
		queue->put(t.message, shape);
		rc = talk_ask(&t);
		if (rc == -ENOENT)
			rc = err_say(err, ENOTSUP, "this kernel has %s", queue->missing);
		else if (rc < 0)
			rc = err_sys(err, -rc, "%s: set the queue of %s", queue->option, VETH_INTERFACE);
	}
	talk_close(&t);
	return rc;
}

/* ---- counters ---- */

/* A structure that may be longer in other kernels than here, or shorter. */
static void queue_copy(const struct nlattr *attribute, void *ret, size_t bytes)
{
	size_t has = mnl_attr_get_payload_len(attribute);

	memcpy(ret, mnl_attr_get_payload(attribute), has < bytes ? has : bytes);
}

static void queue_add(const struct nlattr *statistics, bool first, bool emulates, struct veth_queued *sum)
{
	struct gnet_stats_basic basic = { 0 };
	struct gnet_stats_queue queue = { 0 };
	const struct nlattr *attribute;
	uint64_t packets = 0;

	mnl_attr_for_each_nested(attribute, statistics)
	{
		if (mnl_attr_get_type(attribute) == TCA_STATS_BASIC)
			queue_copy(attribute, &basic, sizeof(basic));
		else if (mnl_attr_get_type(attribute) == TCA_STATS_QUEUE)
			queue_copy(attribute, &queue, sizeof(queue));
		else if (mnl_attr_get_type(attribute) == TCA_STATS_PKT64)
			queue_copy(attribute, &packets, sizeof(packets));
	}
	/* The one behind which the others stand counts theirs, too. */
	sum->dropped += first ? queue.drops : 0;
	sum->held += first ? queue.qlen : 0;
	if (!emulates)
		return;
	/* The first is 32 bits wide, and the other is there where these are too few. */
	sum->packets += (packets ? packets : basic.packets) + queue.drops + queue.qlen;
	/* The emulator counts there those that it puts in front. */
	sum->reordered += queue.requeues;
}

void veth_add_queued(const struct nlmsghdr *m, struct veth_queued *sum)
{
	const struct tcmsg *queue = mnl_nlmsg_get_payload(m);
	const struct nlattr *attribute, *kind = NULL, *statistics = NULL;

	if (mnl_nlmsg_get_payload_len(m) < sizeof(*queue))
		return;
	mnl_attr_for_each(attribute, m, sizeof(*queue))
	{
		if (mnl_attr_get_type(attribute) == TCA_KIND)
			kind = attribute;
		else if (mnl_attr_get_type(attribute) == TCA_STATS2)
			statistics = attribute;
	}
	if (kind && statistics)
		queue_add(statistics, queue->tcm_parent == TC_H_ROOT, !strcmp(mnl_attr_get_str(kind), "netem"), sum);
}

static int queue_keep(const struct nlmsghdr *m, void *ret_sum)
{
	veth_add_queued(m, ret_sum);
	return MNL_CB_OK;
}

static int queue_read_side(int fd, struct veth_queued *sum)
{
	alignas(struct nlmsghdr) char buffer[TALK_BYTES];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);

	m->nlmsg_type = RTM_GETQDISC;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	((struct tcmsg *)mnl_nlmsg_put_extra_header(m, sizeof(struct tcmsg)))->tcm_ifindex = VETH_INTERFACE_INDEX;
	return talk_dump(fd, m, queue_keep, sum);
}

int veth_read_queued(const int netlink[VETH_SIDES], struct veth_queued *ret_queued)
{
	struct veth_queued sum = { 0 };
	int rc = 0;

	for (unsigned i = 0; i < VETH_SIDES && rc >= 0; i++)
		rc = queue_read_side(netlink[i], &sum);
	if (rc >= 0)
		*ret_queued = sum;
	return rc;
}
