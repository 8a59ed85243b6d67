/* The filter expression of a capture, and the check of its options. */
#include "captures/filter.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

enum { SNAPLEN_MIN = 16, SNAPLEN_MAX = 65535, SAMPLE_MAX = 1 << 20 };

/* 1/N sampling looks at this, per protocol.  pcap's udp[] and tcp[] index over IPv4 only, so
 * IPv6 has offsets from its own header (40 bytes, then the transport's).  Filter arithmetic is
 * 32 bits wide and unsigned. */
struct sampling {
	bool hash;             /* of the number; else its low bits */
	const char *ip4, *ip6; /* the number */
	const char *how;
};

/* The echo counter: the last of the datagram's first 8 bytes. */
static const struct sampling by_counter = { false, "udp[12:4]", "ip6[52:4]", "by the counter in the datagram" };
/* Shorter payloads fail the load and are left out. */
static const struct sampling by_payload = { true, "(udp[8:4] + udp[12:4])", "(ip6[48:4] + ip6[52:4])",
	"by a hash of the first 8 payload bytes" };
/* Sequence and acknowledgement number: one of them moves with every segment that says something. */
static const struct sampling by_sequence = { true, "(tcp[4:4] + tcp[8:4])", "(ip6[44:4] + ip6[48:4])",
	"by a hash of the TCP sequence numbers" };

struct text {
	char *out;
	size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(t->used < t->size ? t->out + t->used : NULL, t->used < t->size ? t->size - t->used : 0, fmt, args);
	va_end(args);
	t->used += n > 0 ? (size_t)n : 0;
}

static void add_ports(struct text *t, const struct capture_request *r)
{
	const char *protocol = r->protocol == IPPROTO_UDP ? "udp " : r->protocol == IPPROTO_TCP ? "tcp " : "";

	for (unsigned i = 0; i < r->ports.count; i++) {
		const struct port_range *p = &r->ports.range[i];

		add(t, "%s%s", i ? " or " : "", protocol);
		if (p->first == p->last)
			add(t, "port %u", p->first);
		else
			add(t, "portrange %u-%u", p->first, p->last);
	}
}

/* Knuth's multiplicative hash, whose upper bits are the good ones: hence a comparison and no
 * mask. */
static void add_sampling(struct text *t, const struct sampling *s, const char *protocol, unsigned sample_1_in)
{
	char condition[48];

	if (s->hash)
		snprintf(condition, sizeof(condition), "* 2654435761 < %" PRIu64, (UINT64_C(1) << 32) / sample_1_in);
	else
		snprintf(condition, sizeof(condition), "& %u = 0", sample_1_in - 1);
	add(t, "(ip and %s and %s %s) or (ip6 and %s and %s %s)", protocol, s->ip4, condition, protocol, s->ip6, condition);
}

static const struct sampling *udp_sampling(const struct capture_request *r)
{
	return r->echo_header ? &by_counter : &by_payload;
}

static void add_all_sampling(struct text *t, const struct capture_request *r)
{
	unsigned n = r->options.sample_1_in;

	add(t, " and (");
	if (r->protocol != IPPROTO_TCP)
		add_sampling(t, udp_sampling(r), "udp", n);
	if (!r->protocol)
		add(t, " or ");
	if (r->protocol != IPPROTO_UDP)
		add_sampling(t, &by_sequence, "tcp", n);
	add(t, ")");
}

const char *capture_sampling(const struct capture_request *r)
{
	return r->protocol == IPPROTO_TCP ? by_sequence.how : udp_sampling(r)->how;
}

static int check_ports(const struct capture_request *r, struct err *err)
{
	if (!r->ports.count)
		return err_say(
			err, EINVAL, "capture: this run has no ports of its own to filter by, so there is nothing to capture");
	if (r->protocol && r->protocol != IPPROTO_UDP && r->protocol != IPPROTO_TCP)
		return err_say(err, EINVAL, "capture: protocol %d is neither UDP nor TCP", r->protocol);
	return 0;
}

static int capture_options_check(const struct capture_options *o, struct err *err)
{
	if (!o->sample_1_in || o->sample_1_in > SAMPLE_MAX || (o->sample_1_in & (o->sample_1_in - 1)))
		return err_say(
			err, EINVAL, "capture: sampling 1 in %u: must be a power of two (1-%d)", o->sample_1_in, SAMPLE_MAX);
	if (o->snaplen_bytes < SNAPLEN_MIN || o->snaplen_bytes > SNAPLEN_MAX)
		return err_say(err, EINVAL, "capture: snaplen %u bytes is out of range (%d-%d)", o->snaplen_bytes, SNAPLEN_MIN,
			SNAPLEN_MAX);
	if (o->limit_ns < 0)
		return err_say(err, EINVAL, "capture: the time limit is negative");
	return 0;
}

int capture_filter_text(const struct capture_request *request, char *out, size_t size, struct err *err)
{
	const struct capture_options *o = &request->options;
	char made[FILTER_BYTES];
	struct text t = { .out = made, .size = sizeof(made) };
	bool more = o->sample_1_in > 1 || o->filter[0];
	int r = check_ports(request, err);

	if (r == 0)
		r = capture_options_check(o, err);
	if (r < 0)
		return r;
	add(&t, "%s", more ? "(" : "");
	add_ports(&t, request);
	add(&t, "%s", more ? ")" : "");
	if (o->sample_1_in > 1)
		add_all_sampling(&t, request);
	if (o->filter[0])
		add(&t, " and (%.*s)", (int)sizeof(o->filter), o->filter);
	if (t.used >= t.size || t.used >= size)
		return err_say(err, E2BIG, "capture: the filter is too long");
	snprintf(out, size, "%s", made);
	return 0;
}

void capture_options_default(struct capture_options *ret_options)
{
	*ret_options = (struct capture_options){ .sample_1_in = 1,
		.snaplen_bytes = 96,
		.limit_bytes = 100 * 1000 * 1000,
		.limit_ns = INT64_C(60) * 1000 * 1000 * 1000 };
}
