/* Either end of a fan-out reads a hello from the network.  Input: 1 byte that says as what
 * it is read, then the bytes.  What is taken is put into the same bytes again, and is within its
 * limits. */
#include <stdlib.h>
#include <string.h>

#include "engines/fanout/apart/hello.h"
#include "engines/fanout/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void request(const uint8_t *in)
{
	struct hello_request r = { 0 };
	uint8_t out[HELLO_REQUEST_BYTES];

	if (hello_get_request(in, &r) != HELLO_GOOD)
		return;
	must(r.version == HELLO_VERSION && r.bytes && r.bytes <= FANOUT_BYTES_MAX && r.each && r.each <= HELLO_EACH_MAX);
	hello_put_request(out, &r);
	must(!memcmp(out, in, 20) && !memcmp(out + 24, in + 24, 8));
}

static void answer(const uint8_t *in, size_t bytes)
{
	static struct hello_range range[HELLO_RANGES_MAX];
	struct hello_answer a = { 0 };
	struct hello_group group = { 0 };
	uint8_t out[HELLO_HEAD_BYTES];
	uint64_t ports = 0;

	if (hello_get_head(in, &a) != HELLO_GOOD)
		return;
	hello_put_head(out, &a);
	must(!memcmp(out, in, 18));
	if (a.status != HELLO_WELCOME || bytes < HELLO_HEAD_BYTES + hello_body_bytes(&a))
		return;
	must(a.readers <= HELLO_READERS_MAX && a.ranges <= HELLO_RANGES_MAX && a.workers <= a.readers);
	if (hello_get_body(in + HELLO_HEAD_BYTES, &a, &group, range) != HELLO_GOOD)
		return;
	hello_put_group(out, &group);
	must(!memcmp(out, in + HELLO_HEAD_BYTES, HELLO_GROUP_BYTES));
	for (unsigned i = 0; i < a.ranges; i++) {
		must(range[i].first && range[i].first <= range[i].last);
		ports += range[i].last - range[i].first + 1u;
	}
	must(ports == (hello_has_group(&group) ? 1 : a.readers));
}

static void report(const uint8_t *in, unsigned workers)
{
	struct hello_report r = { 0 };
	uint8_t out[HELLO_REPORT_BYTES];

	if (hello_get_report(in, workers, &r) != HELLO_GOOD)
		return;
	must(r.worker < workers && r.first_ns <= r.last_ns);
	hello_put_report(out, &r);
	must(!memcmp(out, in, sizeof(out)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] % 3 == 0 && size > HELLO_REQUEST_BYTES)
		request(data + 1);
	if (data[0] % 3 == 1 && size > HELLO_HEAD_BYTES)
		answer(data + 1, size - 1);
	if (data[0] % 3 == 2 && size > HELLO_REPORT_BYTES)
		report(data + 1, data[0]);
	return 0;
}
