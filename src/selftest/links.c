/* Statistics of devices and their queues, by rtnetlink(7).  See witness.h. */
#include "selftest/witness.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_BYTES = 32768 };

/* Asks for one object; the kernel's answer stands in `answer`.  Its length or -errno. */
static ssize_t link_ask(const void *request, size_t bytes, char *answer)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t n = -1;

	if (fd < 0)
		return -errno;
	if (send(fd, request, bytes, 0) == (ssize_t)bytes)
		n = recv(fd, answer, ANSWER_BYTES, 0);
	if (n < 0)
		n = -errno;
	close(fd);
	return n;
}

static const struct rtattr *link_find(const struct rtattr *first, size_t bytes, unsigned type)
{
	for (const struct rtattr *a = first; RTA_OK(a, bytes); a = RTA_NEXT(a, bytes))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

/* The attribute of a message whose own header has so many bytes. */
static const struct rtattr *link_attribute(const struct nlmsghdr *m, size_t header, unsigned type)
{
	const char *first = (const char *)NLMSG_DATA(m) + NLMSG_ALIGN(header);

	if (m->nlmsg_len < NLMSG_SPACE(header))
		return NULL;
	return link_find((const struct rtattr *)(const void *)first, m->nlmsg_len - NLMSG_SPACE(header), type);
}

/* 0 or -errno. */
static int link_statistics(const char *interface, struct rtnl_link_stats64 *ret_stats)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg body;
	} request = { .head = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
		.body = { .ifi_index = (int)if_nametoindex(interface) } };
	alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)answer;
	const struct rtattr *found;
	ssize_t n = link_ask(&request, sizeof(request), answer);

	if (n < 0 || !NLMSG_OK(m, (size_t)n) || m->nlmsg_type != RTM_NEWLINK)
		return n < 0 ? (int)n : -EPROTO;
	found = link_attribute(m, sizeof(struct ifinfomsg), IFLA_STATS64);
	if (!found || RTA_PAYLOAD(found) < offsetof(struct rtnl_link_stats64, multicast))
		return -ENODATA;
	memset(ret_stats, 0, sizeof(*ret_stats));
	memcpy(ret_stats, RTA_DATA(found), RTA_PAYLOAD(found) < sizeof(*ret_stats) ? RTA_PAYLOAD(found) : sizeof(*ret_stats));
	return 0;
}

int64_t link_sent_dropped(const char *interface)
{
	struct rtnl_link_stats64 stats;
	int rc = link_statistics(interface, &stats);

	return rc < 0 ? rc : (int64_t)stats.tx_dropped;
}

int64_t link_come_dropped(const char *interface)
{
	struct rtnl_link_stats64 stats;
	int rc = link_statistics(interface, &stats);

	return rc < 0 ? rc : (int64_t)stats.rx_dropped;
}

/* Of the queue at the root of that device: what is behind it is counted there, too. */
static int64_t link_queue_of(const struct nlmsghdr *m, int index)
{
	const struct tcmsg *queue = NLMSG_DATA(m);
	const struct rtattr *all, *found = NULL;
	struct gnet_stats_queue stats;

	if (m->nlmsg_type != RTM_NEWQDISC || queue->tcm_ifindex != index || queue->tcm_parent != TC_H_ROOT)
		return -ENODATA;
	all = link_attribute(m, sizeof(*queue), TCA_STATS2);
	if (all)
		found = link_find(RTA_DATA(all), RTA_PAYLOAD(all), TCA_STATS_QUEUE);
	if (!found || RTA_PAYLOAD(found) < sizeof(stats))
		return -ENODATA;
	memcpy(&stats, RTA_DATA(found), sizeof(stats));
	return stats.drops;
}

int64_t link_queue_dropped(const char *interface)
{
	struct {
		struct nlmsghdr head;
		struct tcmsg body;
	} request = {
		.head = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETQDISC, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP }
	};
	alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)answer;
	int index = (int)if_nametoindex(interface);
	int64_t dropped = -ENODATA;
	ssize_t n = link_ask(&request, sizeof(request), answer);

	if (n < 0)
		return n;
	/* Few devices, few queues: the first part has them all. */
	for (size_t left = (size_t)n; dropped < 0 && NLMSG_OK(m, left); m = NLMSG_NEXT(m, left))
		dropped = link_queue_of(m, index);
	return dropped;
}
