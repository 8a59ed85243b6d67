/* See engines/echo/verify.h. */
#include "engines/echo/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	STAMPS_ALL = 1 << 19, /* over all flows of a worker: 4 MiB */
	STAMPS_MIN = 64,      /* of a flow */
};

int echo_verify_init(struct echo_verify *v, unsigned flows, const uint8_t *payload, size_t payload_bytes)
{
	uint64_t each = STAMPS_MIN;

	while (each * 2 * flows <= STAMPS_ALL)
		each *= 2;
	*v = (struct echo_verify){ .on = true, .payload_bytes = payload_bytes, .mask = each - 1 };
	v->payload = malloc(payload_bytes + 1);
	v->stamp_ns = calloc(flows * each, sizeof(*v->stamp_ns));
	if (!v->payload || !v->stamp_ns) {
		echo_verify_free(v);
		return -ENOMEM;
	}
	memcpy(v->payload, payload, payload_bytes);
	echo_touch(v->stamp_ns, flows * each * sizeof(*v->stamp_ns));
	return 0;
}

void echo_verify_free(struct echo_verify *v)
{
	free(v->payload);
	free(v->stamp_ns);
	*v = (struct echo_verify){ 0 };
}

static int64_t *stamp_of(const struct echo_verify *v, unsigned index, uint64_t counter)
{
	return &v->stamp_ns[index * (v->mask + 1) + (counter & v->mask)];
}

void echo_verify_sent(struct echo_verify *v, const struct echo_flows *f, const uint8_t *data)
{
	struct echo_header h;

	echo_get(data, &h);
	*stamp_of(v, (unsigned)h.flow - f->first, h.counter) = (int64_t)h.stamp_ns;
}

bool echo_verify_parse(const struct echo_verify *v, const struct echo_flows *f, const uint8_t *data, size_t len,
	int64_t opened_ns, int64_t now_ns, struct echo_answer *ret_answer, bool *ret_damaged)
{
	struct echo_answer a;

	/* Any time will do: it is held against ours. */
	if (!echo_flows_parse(f, data, len, ECHO_HEADER_BYTES + v->payload_bytes, 0, -1, &a))
		return false;
	*ret_damaged = memcmp(data + ECHO_HEADER_BYTES, v->payload, v->payload_bytes) != 0;
	if (f->flow[a.index].next - a.counter <= v->mask + 1) {
		int64_t sent_ns = *stamp_of(v, a.index, a.counter);

		*ret_damaged |= a.stamp_ns != sent_ns;
		a.stamp_ns = sent_ns;
	} else if (a.stamp_ns < opened_ns || a.stamp_ns > now_ns) {
		return false;
	}
	*ret_answer = a;
	return true;
}
