/* Loss by chance: see impair.h.  Requests of nf_tables go in a batch, which is done as a whole or
 * not at all (nfnetlink, linux/netfilter/nf_tables.h). */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "path/veth/impair.h"
#include "path/veth/netlink.h"

enum { OF = 100000, SEQUENCE_OF_RULE = 4 };

static const char table_name[] = "netdyno", chain_name[] = "loss";

/* ---- the rule ---- */

static void put_be32(struct nlmsghdr *m, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(m, type, htonl(value));
}

/* Begins an expression; the two nests to end are kept in `open`. */
static void put_expression(struct nlmsghdr *m, const char *name, struct nlattr *open[2])
{
	open[0] = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
	mnl_attr_put_strz(m, NFTA_EXPR_NAME, name);
	open[1] = mnl_attr_nest_start(m, NFTA_EXPR_DATA);
}

static void end_expression(struct nlmsghdr *m, struct nlattr *open[2])
{
	mnl_attr_nest_end(m, open[1]);
	mnl_attr_nest_end(m, open[0]);
}

/* A random number below OF, in the order of bytes in which it is compared. */
static void put_dice(struct nlmsghdr *m)
{
	struct nlattr *open[2];

	put_expression(m, "numgen", open);
	put_be32(m, NFTA_NG_DREG, NFT_REG_1);
	put_be32(m, NFTA_NG_MODULUS, OF);
	put_be32(m, NFTA_NG_TYPE, NFT_NG_RANDOM);
	end_expression(m, open);
	put_expression(m, "byteorder", open);
	put_be32(m, NFTA_BYTEORDER_SREG, NFT_REG_1);
	put_be32(m, NFTA_BYTEORDER_DREG, NFT_REG_1);
	put_be32(m, NFTA_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	put_be32(m, NFTA_BYTEORDER_LEN, sizeof(uint32_t));
	put_be32(m, NFTA_BYTEORDER_SIZE, sizeof(uint32_t));
	end_expression(m, open);
}

static void put_below(struct nlmsghdr *m, uint32_t limit)
{
	struct nlattr *open[2], *data;

	put_expression(m, "cmp", open);
	put_be32(m, NFTA_CMP_SREG, NFT_REG_1);
	put_be32(m, NFTA_CMP_OP, NFT_CMP_LT);
	data = mnl_attr_nest_start(m, NFTA_CMP_DATA);
	put_be32(m, NFTA_DATA_VALUE, limit);
	mnl_attr_nest_end(m, data);
	end_expression(m, open);
}

static void put_count_and_drop(struct nlmsghdr *m)
{
	struct nlattr *open[2], *data, *verdict;

	put_expression(m, "counter", open);
	end_expression(m, open);
	put_expression(m, "immediate", open);
	put_be32(m, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = mnl_attr_nest_start(m, NFTA_IMMEDIATE_DATA);
	verdict = mnl_attr_nest_start(m, NFTA_DATA_VERDICT);
	put_be32(m, NFTA_VERDICT_CODE, NF_DROP);
	mnl_attr_nest_end(m, verdict);
	mnl_attr_nest_end(m, data);
	end_expression(m, open);
}

/* ---- the batch ---- */

static struct nlmsghdr *batch_put(
	struct mnl_nlmsg_batch *batch, uint32_t sequence, uint16_t type, uint16_t flags, int family, uint16_t subsystem)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch));

	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | flags;
	m->nlmsg_seq = sequence;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->nfgen_family = (uint8_t)family;
	head->version = NFNETLINK_V0;
	head->res_id = htons(subsystem);
	return m;
}

static struct nlmsghdr *batch_create(struct mnl_nlmsg_batch *batch, uint32_t sequence, uint16_t type, uint16_t flags)
{
	return batch_put(batch, sequence, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), NLM_F_CREATE | flags, NFPROTO_INET, 0);
}

static void batch_put_chain(struct mnl_nlmsg_batch *batch)
{
	struct nlmsghdr *m = batch_create(batch, SEQUENCE_OF_RULE - 1, NFT_MSG_NEWCHAIN, 0);

	mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, table_name);
	mnl_attr_put_strz(m, NFTA_CHAIN_NAME, chain_name);
	struct nlattr *hook = mnl_attr_nest_start(m, NFTA_CHAIN_HOOK);
	put_be32(m, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_IN);
	put_be32(m, NFTA_HOOK_PRIORITY, 0);
	mnl_attr_nest_end(m, hook);
	mnl_attr_put_strz(m, NFTA_CHAIN_TYPE, "filter");
	mnl_nlmsg_batch_next(batch);
}

static void batch_put_rule(struct mnl_nlmsg_batch *batch, uint32_t of_100000)
{
	struct nlmsghdr *m = batch_create(batch, SEQUENCE_OF_RULE, NFT_MSG_NEWRULE, NLM_F_APPEND | NLM_F_ACK);

	mnl_attr_put_strz(m, NFTA_RULE_TABLE, table_name);
	mnl_attr_put_strz(m, NFTA_RULE_CHAIN, chain_name);
	struct nlattr *expressions = mnl_attr_nest_start(m, NFTA_RULE_EXPRESSIONS);
	put_dice(m);
	put_below(m, of_100000);
	put_count_and_drop(m);
	mnl_attr_nest_end(m, expressions);
	mnl_nlmsg_batch_next(batch);
}

static void batch_fill(struct mnl_nlmsg_batch *batch, uint32_t of_100000)
{
	batch_put(batch, 1, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	mnl_nlmsg_batch_next(batch);
	mnl_attr_put_strz(batch_create(batch, SEQUENCE_OF_RULE - 2, NFT_MSG_NEWTABLE, 0), NFTA_TABLE_NAME, table_name);
	mnl_nlmsg_batch_next(batch);
	batch_put_chain(batch);
	batch_put_rule(batch, of_100000);
	batch_put(batch, SEQUENCE_OF_RULE + 1, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	mnl_nlmsg_batch_next(batch);
}

/* The acknowledgement of the rule, or the first error: 0 or -errno. */
static int batch_ask(struct talk *t, struct mnl_nlmsg_batch *batch)
{
	char answer[TALK_BYTES];
	ssize_t n;

	if (mnl_socket_sendto(t->netlink, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch)) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(t->netlink, answer, sizeof(answer));
	} while (n < 0 && errno == EINTR);
	/* Any sequence: an error stands under the request that it is of. */
	if (n < 0 || mnl_cb_run(answer, (size_t)n, 0, 0, NULL, NULL) < 0)
		return -errno;
	return 0;
}

int veth_lose(uint32_t of_100000, struct err *err)
{
	struct talk t = { 0 };
	int rc = talk_open(&t, NETLINK_NETFILTER, err);
	struct mnl_nlmsg_batch *batch = rc < 0 ? NULL : mnl_nlmsg_batch_start(t.buffer, sizeof(t.buffer) / 2);

	if (batch) {
		batch_fill(batch, of_100000);
		rc = batch_ask(&t, batch);
		mnl_nlmsg_batch_stop(batch);
		if (rc < 0)
			rc = err_sys(err, -rc, "--loss: make a rule of nf_tables (CONFIG_NF_TABLES_INET, CONFIG_NFT_NUMGEN)");
	} else if (rc >= 0)
		rc = err_sys(err, ENOMEM, "--loss");
	talk_close(&t);
	return rc;
}

/* ---- its counter ---- */

static const struct nlattr *find(const struct nlattr *nest, unsigned type)
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, nest) if (mnl_attr_get_type(attribute) == type) return attribute;
	return NULL;
}

static uint64_t packets_of(const struct nlattr *expression)
{
	const struct nlattr *name = find(expression, NFTA_EXPR_NAME), *data = find(expression, NFTA_EXPR_DATA);
	const struct nlattr *packets;

	if (!name || !data || strcmp(mnl_attr_get_str(name), "counter") != 0)
		return 0;
	packets = find(data, NFTA_COUNTER_PACKETS);
	return packets ? be64toh(mnl_attr_get_u64(packets)) : 0;
}

static int keep_packets(const struct nlmsghdr *message, void *ret_packets)
{
	const struct nlattr *attribute, *expression;

	mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg)) if (mnl_attr_get_type(attribute) == NFTA_RULE_EXPRESSIONS)
			mnl_attr_for_each_nested(expression, attribute) *
		(uint64_t *)ret_packets += packets_of(expression);
	return MNL_CB_OK;
}

static int read_side(int fd, uint64_t *packets)
{
	alignas(struct nlmsghdr) char buffer[TALK_BYTES];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	int rc = MNL_CB_OK;

	m->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	((struct nfgenmsg *)mnl_nlmsg_put_extra_header(m, sizeof(struct nfgenmsg)))->nfgen_family = NFPROTO_INET;
	if (send(fd, m, m->nlmsg_len, 0) < 0)
		return -errno;
	while (rc == MNL_CB_OK) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		if (n < 0)
			return -errno;
		rc = mnl_cb_run(buffer, (size_t)n, 0, 0, keep_packets, packets);
	}
	return rc < 0 ? -errno : 0;
}

int veth_read_lost(const int netlink[VETH_SIDES], uint64_t *ret_packets)
{
	uint64_t packets = 0;
	int rc = 0;

	for (unsigned i = 0; i < VETH_SIDES && rc >= 0; i++)
		rc = read_side(netlink[i], &packets);
	if (rc >= 0)
		*ret_packets = packets;
	return rc;
}
