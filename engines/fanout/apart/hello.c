/* See hello.h. */
#include "engines/fanout/apart/hello.h"

#include <endian.h>
#include <string.h>

#include "engines/fanout/wire.h"

static const uint8_t magic[4] = { 'N', 'D', 'F', 'O' }, report_magic[4] = { 'N', 'D', 'F', 'R' };

/* ---- numbers ---- */

static uint8_t *put16(uint8_t *out, uint16_t n)
{
	n = htobe16(n);
	memcpy(out, &n, sizeof(n));
	return out + sizeof(n);
}

static uint8_t *put32(uint8_t *out, uint32_t n)
{
	n = htobe32(n);
	memcpy(out, &n, sizeof(n));
	return out + sizeof(n);
}

static uint8_t *put64(uint8_t *out, uint64_t n)
{
	n = htobe64(n);
	memcpy(out, &n, sizeof(n));
	return out + sizeof(n);
}

static uint16_t get16(const uint8_t *in)
{
	uint16_t n;

	memcpy(&n, in, sizeof(n));
	return be16toh(n);
}

static uint32_t get32(const uint8_t *in)
{
	uint32_t n;

	memcpy(&n, in, sizeof(n));
	return be32toh(n);
}

static uint64_t get64(const uint8_t *in)
{
	uint64_t n;

	memcpy(&n, in, sizeof(n));
	return be64toh(n);
}

/* ---- put ---- */

void hello_put_request(uint8_t out[HELLO_REQUEST_BYTES], const struct hello_request *r)
{
	memcpy(out, magic, sizeof(magic));
	out = put16(put16(out + 4, r->version), r->flags);
	out = put32(put32(put32(put32(out, r->bytes), r->each), r->token), 0);
	put64(out, r->clock);
}

void hello_put_head(uint8_t out[HELLO_HEAD_BYTES], const struct hello_answer *a)
{
	memset(out, 0, HELLO_HEAD_BYTES);
	memcpy(out, magic, sizeof(magic));
	out = put16(put16(out + 4, a->version), a->status);
	put16(put16(put16(put32(out, a->readers), a->workers), a->ranges), a->session);
}

void hello_put_group(uint8_t out[HELLO_GROUP_BYTES], const struct hello_group *g)
{
	memcpy(out, g->bytes, HELLO_GROUP_BYTES);
}

void hello_put_range(uint8_t out[HELLO_RANGE_BYTES], const struct hello_range *r)
{
	put16(put16(out, r->first), r->last);
}

void hello_put_report(uint8_t out[HELLO_REPORT_BYTES], const struct hello_report *r)
{
	memcpy(out, report_magic, sizeof(report_magic));
	out = put16(put16(out + 4, r->worker), r->session);
	out = put32(put32(out, r->round), r->have);
	out = put64(put64(out, (uint64_t)r->first_ns), (uint64_t)r->last_ns);
	put64(put64(put64(out, r->received), r->dropped), r->late);
}

/* ---- get ---- */

enum hello_fault hello_get_request(const uint8_t in[HELLO_REQUEST_BYTES], struct hello_request *ret_request)
{
	struct hello_request r = { .version = get16(in + 4), .flags = get16(in + 6) };

	if (memcmp(in, magic, sizeof(magic)) != 0)
		return HELLO_GARBAGE;
	if (r.version != HELLO_VERSION) {
		ret_request->version = r.version;
		return HELLO_VERSION_DIFFERS;
	}
	r.bytes = get32(in + 8);
	r.each = get32(in + 12);
	r.token = get32(in + 16);
	r.clock = get64(in + 24);
	if (!r.bytes || r.bytes > FANOUT_BYTES_MAX || !r.each || r.each > HELLO_EACH_MAX)
		return HELLO_RANGE;
	*ret_request = r;
	return HELLO_GOOD;
}

enum hello_fault hello_get_head(const uint8_t in[HELLO_HEAD_BYTES], struct hello_answer *ret_answer)
{
	struct hello_answer a = { .version = get16(in + 4), .status = get16(in + 6) };

	if (memcmp(in, magic, sizeof(magic)) != 0 || a.status >= HELLO_STATUSES)
		return HELLO_GARBAGE;
	a.readers = get32(in + 8);
	a.workers = get16(in + 12);
	a.ranges = get16(in + 14);
	a.session = get16(in + 16);
	if (a.version != HELLO_VERSION) {
		ret_answer->version = a.version;
		ret_answer->status = a.status;
		return HELLO_VERSION_DIFFERS;
	}
	if (a.status == HELLO_WELCOME &&
		(!a.readers || a.readers > HELLO_READERS_MAX || !a.workers || a.workers > HELLO_WORKERS_MAX ||
			a.workers > a.readers || !a.ranges || a.ranges > HELLO_RANGES_MAX))
		return HELLO_RANGE;
	*ret_answer = a;
	return HELLO_GOOD;
}

bool hello_has_group(const struct hello_group *g)
{
	static const struct hello_group none = { 0 };

	return memcmp(g, &none, sizeof(none)) != 0;
}

/* ff00::/8, or 224.0.0.0/4 mapped. */
static bool is_multicast(const struct hello_group *g)
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };

	return g->bytes[0] == 0xff || (!memcmp(g->bytes, mapped, sizeof(mapped)) && g->bytes[12] >> 4 == 14);
}

enum hello_fault hello_get_body(
	const uint8_t *in, const struct hello_answer *a, struct hello_group *ret_group, struct hello_range *ret_ranges)
{
	struct hello_group group;
	uint32_t ports = 0;

	memcpy(group.bytes, in, HELLO_GROUP_BYTES);
	if (hello_has_group(&group) && !is_multicast(&group))
		return HELLO_RANGE;
	in += HELLO_GROUP_BYTES;
	for (unsigned i = 0; i < a->ranges; i++) {
		struct hello_range r = { get16(in + i * HELLO_RANGE_BYTES), get16(in + i * HELLO_RANGE_BYTES + 2) };

		if (!r.first || r.last < r.first)
			return HELLO_RANGE;
		ports += r.last - r.first + 1u;
		ret_ranges[i] = r;
	}
	if (ports != (hello_has_group(&group) ? 1 : a->readers))
		return HELLO_RANGE;
	*ret_group = group;
	return HELLO_GOOD;
}

enum hello_fault hello_get_report(const uint8_t in[HELLO_REPORT_BYTES], unsigned workers, struct hello_report *ret_report)
{
	struct hello_report r = {
		.worker = get16(in + 4),
		.session = get16(in + 6),
		.round = get32(in + 8),
		.have = get32(in + 12),
		.first_ns = (int64_t)get64(in + 16),
		.last_ns = (int64_t)get64(in + 24),
		.received = get64(in + 32),
		.dropped = get64(in + 40),
		.late = get64(in + 48),
	};

	if (memcmp(in, report_magic, sizeof(report_magic)) != 0)
		return HELLO_GARBAGE;
	if (r.worker >= workers || r.last_ns < r.first_ns || r.first_ns < 0)
		return HELLO_RANGE;
	*ret_report = r;
	return HELLO_GOOD;
}
