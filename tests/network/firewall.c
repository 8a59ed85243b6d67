/* See firewall.h. */
#include "firewall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH_BYTES = 2048, ANSWER_BYTES = 8192 };

static struct nlmsghdr *put(char *at, unsigned type, unsigned flags, unsigned sequence, unsigned family, unsigned resource)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(at);
	struct nfgenmsg *head;

	m->nlmsg_type = (uint16_t)type;
	m->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	m->nlmsg_seq = sequence;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	*head = (struct nfgenmsg){
		.nfgen_family = (uint8_t)family, .version = NFNETLINK_V0, .res_id = htons((uint16_t)resource)
	};
	return m;
}

static void put_chain(struct nlmsghdr *m, bool make, uint32_t policy)
{
	mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, "nd");
	mnl_attr_put_strz(m, NFTA_CHAIN_NAME, "in");
	if (make) {
		struct nlattr *hook = mnl_attr_nest_start(m, NFTA_CHAIN_HOOK);

		mnl_attr_put_u32(m, NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_IN));
		mnl_attr_put_u32(m, NFTA_HOOK_PRIORITY, htonl(0));
		mnl_attr_nest_end(m, hook);
		mnl_attr_put_strz(m, NFTA_CHAIN_TYPE, "filter");
	}
	mnl_attr_put_u32(m, NFTA_CHAIN_POLICY, htonl(policy));
}

/* The chain's message is acknowledged: 0, or the error of whichever message failed. */
static int change(int fd, bool make, uint32_t policy)
{
	static char batch[BATCH_BYTES], answer[ANSWER_BYTES];
	size_t bytes = 0;
	unsigned sequence = 1;
	struct nlmsghdr *m = put(batch, NFNL_MSG_BATCH_BEGIN, 0, sequence++, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);

	bytes += m->nlmsg_len;
	if (make) {
		m = put(batch + bytes, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_CREATE, sequence++, NFPROTO_IPV4, 0);
		mnl_attr_put_strz(m, NFTA_TABLE_NAME, "nd");
		bytes += m->nlmsg_len;
	}
	m = put(batch + bytes, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK, sequence++, NFPROTO_IPV4,
		0);
	put_chain(m, make, policy);
	bytes += m->nlmsg_len;
	bytes += put(batch + bytes, NFNL_MSG_BATCH_END, 0, sequence, AF_UNSPEC, NFNL_SUBSYS_NFTABLES)->nlmsg_len;
	if (send(fd, batch, bytes, 0) != (ssize_t)bytes)
		return -1;
	ssize_t n = recv(fd, answer, sizeof(answer), 0);
	m = (struct nlmsghdr *)answer;
	if (n < (ssize_t)(sizeof(*m) + sizeof(struct nlmsgerr)) || m->nlmsg_type != NLMSG_ERROR)
		return -1;
	return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(m))->error;
}

int firewall_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd >= 0 && change(fd, true, NF_ACCEPT) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void firewall_drop(int fd, bool drop)
{
	assert_int_equal(change(fd, false, drop ? NF_DROP : NF_ACCEPT), 0);
}
