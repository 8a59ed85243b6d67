/* Loss on purpose: see impair.h.  A rule numbers the packets and drops those whose numbers stand in
 * a set.  Requests of nf_tables go in a batch, which is done as a whole or not at all (nfnetlink,
 * linux/netfilter/nf_tables.h). */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/rng.h"
#include "path/veth/impair.h"
#include "path/veth/netlink.h"

enum {
	ELEMENTS_A_BATCH = 2000, /* of 16 bytes; all of them must fit into an attribute */
	BATCH_BYTES = 40960,
	TYPE_INTEGER = 4, /* as nft(8) numbers types; the kernel only keeps it */
};

static const char table_name[] = "netdyno", chain_name[] = "loss", set_name[] = "numbers";

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

/* The number of the packet that comes, from 0 on and again from 0 after VETH_OF_ALL of them, in
 * this machine's order of bytes. */
static void put_number(struct nlmsghdr *m)
{
	struct nlattr *open[2];

	put_expression(m, "numgen", open);
	put_be32(m, NFTA_NG_DREG, NFT_REG_1);
	put_be32(m, NFTA_NG_MODULUS, VETH_OF_ALL);
	put_be32(m, NFTA_NG_TYPE, NFT_NG_INCREMENTAL);
	end_expression(m, open);
}

/* Only those in the set go on, or only the others. */
static void put_is_chosen(struct nlmsghdr *m, bool others)
{
	struct nlattr *open[2];

	put_expression(m, "lookup", open);
	mnl_attr_put_strz(m, NFTA_LOOKUP_SET, set_name);
	put_be32(m, NFTA_LOOKUP_SREG, NFT_REG_1);
	if (others)
		put_be32(m, NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
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

/* ---- batches ---- */

/* A batch being written.  Its first and last messages have no sequence of their own. */
struct batch {
	struct talk *talk;
	struct mnl_nlmsg_batch *messages;
	char bytes[2 * BATCH_BYTES]; /* libmnl wants as much behind the end as it may hold */
};

static struct nlmsghdr *batch_put(struct batch *b, uint16_t type, uint16_t flags, int family, uint16_t subsystem)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(b->messages));

	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | flags;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->nfgen_family = (uint8_t)family;
	head->version = NFNETLINK_V0;
	head->res_id = htons(subsystem);
	return m;
}

static struct nlmsghdr *batch_create(struct batch *b, uint16_t type, uint16_t flags)
{
	return batch_put(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), NLM_F_CREATE | flags, NFPROTO_INET, 0);
}

static void batch_next(struct batch *b)
{
	mnl_nlmsg_batch_next(b->messages);
}

static int batch_begin(struct batch *b)
{
	b->messages = mnl_nlmsg_batch_start(b->bytes, BATCH_BYTES);
	if (!b->messages)
		return -ENOMEM;
	batch_put(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	batch_next(b);
	return 0;
}

/* The acknowledgement of the one that asked for it, or the first error: 0 or -errno. */
static int batch_await(struct batch *b)
{
	char answer[TALK_BYTES];
	ssize_t n;

	do {
		n = mnl_socket_recvfrom(b->talk->netlink, answer, sizeof(answer));
	} while (n < 0 && errno == EINTR);
	/* Any sequence: an error stands under the request that it is of. */
	return n < 0 || mnl_cb_run(answer, (size_t)n, 0, 0, NULL, NULL) < 0 ? -errno : 0;
}

static int batch_end(struct batch *b)
{
	int rc;

	batch_put(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	batch_next(b);
	rc = mnl_socket_sendto(b->talk->netlink, mnl_nlmsg_batch_head(b->messages), mnl_nlmsg_batch_size(b->messages)) < 0
		     ? -errno
		     : batch_await(b);
	mnl_nlmsg_batch_stop(b->messages);
	return rc;
}

/* ---- the table ---- */

static void table_put_set(struct batch *b, uint32_t elements)
{
	struct nlmsghdr *m = batch_create(b, NFT_MSG_NEWSET, NLM_F_ACK);
	struct nlattr *description;

	mnl_attr_put_strz(m, NFTA_SET_TABLE, table_name);
	mnl_attr_put_strz(m, NFTA_SET_NAME, set_name);
	put_be32(m, NFTA_SET_ID, 1);
	put_be32(m, NFTA_SET_KEY_TYPE, TYPE_INTEGER);
	put_be32(m, NFTA_SET_KEY_LEN, sizeof(uint32_t));
	/* So it is one whose size never changes: the fastest. */
	if (elements) {
		description = mnl_attr_nest_start(m, NFTA_SET_DESC);
		put_be32(m, NFTA_SET_DESC_SIZE, elements);
		mnl_attr_nest_end(m, description);
	}
	batch_next(b);
}

static void table_put_chain(struct batch *b)
{
	struct nlmsghdr *m = batch_create(b, NFT_MSG_NEWCHAIN, 0);

	mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, table_name);
	mnl_attr_put_strz(m, NFTA_CHAIN_NAME, chain_name);
	struct nlattr *hook = mnl_attr_nest_start(m, NFTA_CHAIN_HOOK);
	put_be32(m, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_IN);
	put_be32(m, NFTA_HOOK_PRIORITY, 0);
	mnl_attr_nest_end(m, hook);
	mnl_attr_put_strz(m, NFTA_CHAIN_TYPE, "filter");
	batch_next(b);
}

static void table_put_rule(struct batch *b, bool others)
{
	struct nlmsghdr *m = batch_create(b, NFT_MSG_NEWRULE, NLM_F_APPEND | NLM_F_ACK);

	mnl_attr_put_strz(m, NFTA_RULE_TABLE, table_name);
	mnl_attr_put_strz(m, NFTA_RULE_CHAIN, chain_name);
	struct nlattr *expressions = mnl_attr_nest_start(m, NFTA_RULE_EXPRESSIONS);
	put_number(m);
	put_is_chosen(m, others);
	put_count_and_drop(m);
	mnl_attr_nest_end(m, expressions);
	batch_next(b);
}

static int table_make(struct batch *b, uint32_t elements)
{
	int rc = batch_begin(b);

	if (rc < 0)
		return rc;
	mnl_attr_put_strz(batch_create(b, NFT_MSG_NEWTABLE, 0), NFTA_TABLE_NAME, table_name);
	batch_next(b);
	table_put_chain(b);
	table_put_set(b, elements);
	return batch_end(b);
}

static void table_put_elements(struct batch *b, const uint32_t *number, uint32_t count)
{
	struct nlmsghdr *m = batch_create(b, NFT_MSG_NEWSETELEM, NLM_F_ACK);
	struct nlattr *elements, *element, *key;

	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, table_name);
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, set_name);
	elements = mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (uint32_t i = 0; i < count; i++) {
		element = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
		key = mnl_attr_nest_start(m, NFTA_SET_ELEM_KEY);
		mnl_attr_put_u32(m, NFTA_DATA_VALUE, number[i]);
		mnl_attr_nest_end(m, key);
		mnl_attr_nest_end(m, element);
	}
	mnl_attr_nest_end(m, elements);
	batch_next(b);
}

/* One batch after the other: a socket takes only so much at once. */
static int table_fill(struct batch *b, const uint32_t *number, uint32_t elements)
{
	int rc = 0;

	for (uint32_t i = 0; i < elements && rc >= 0; i += ELEMENTS_A_BATCH) {
		uint32_t left = elements - i;

		rc = batch_begin(b);
		if (rc < 0)
			break;
		table_put_elements(b, number + i, left < ELEMENTS_A_BATCH ? left : ELEMENTS_A_BATCH);
		rc = batch_end(b);
	}
	return rc;
}

static int table_begin(struct batch *b, bool others)
{
	int rc = batch_begin(b);

	if (rc < 0)
		return rc;
	table_put_rule(b, others);
	return batch_end(b);
}

/* ---- the choice ---- */

void veth_choose(uint32_t count, uint64_t seed, enum veth_side side, uint32_t *ret_number)
{
	struct rng rng = { .state = rng_mix(seed) + side };

	for (uint64_t i = 0; i < count; i++) {
		uint32_t from = (uint32_t)(i * VETH_OF_ALL / count), to = (uint32_t)((i + 1) * VETH_OF_ALL / count);

		ret_number[i] = from + (uint32_t)(rng_next(&rng) % (to - from));
	}
}

static int lose_chosen(struct batch *b, uint32_t of_100000, uint64_t seed, enum veth_side side)
{
	bool others = of_100000 > VETH_OF_ALL / 2;
	uint32_t elements = others ? VETH_OF_ALL - of_100000 : of_100000;
	uint32_t *number = malloc((elements + 1) * sizeof(*number));
	int rc;

	if (!number)
		return -ENOMEM;
	veth_choose(elements, seed, side, number);
	rc = table_make(b, elements);
	if (rc >= 0)
		rc = table_fill(b, number, elements);
	if (rc >= 0)
		rc = table_begin(b, others);
	free(number);
	return rc;
}

int veth_lose(uint32_t of_100000, uint64_t seed, enum veth_side side, struct err *err)
{
	struct talk t = { 0 };
	struct batch *b = malloc(sizeof(*b));
	int rc = talk_open(&t, NETLINK_NETFILTER, err);

	if (rc >= 0) {
		if (b)
			b->talk = &t;
		rc = b ? lose_chosen(b, of_100000, seed, side) : -ENOMEM;
		if (rc == -ENOENT || rc == -EOPNOTSUPP)
			rc = err_say(err, ENOTSUP,
				"this kernel has no nf_tables that can count packets (CONFIG_NF_TABLES_INET, CONFIG_NFT_NUMGEN)");
		else if (rc < 0)
			rc = err_sys(err, -rc, "--loss: make a rule of nf_tables");
	}
	free(b);
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

	m->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	((struct nfgenmsg *)mnl_nlmsg_put_extra_header(m, sizeof(struct nfgenmsg)))->nfgen_family = NFPROTO_INET;
	return talk_dump(fd, m, keep_packets, packets);
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
