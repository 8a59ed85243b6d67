/* Packet decoding.  Input: a byte for the link type and the echo flag, two for the length on the
 * wire beyond what was captured, then the packet. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "captures/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int truth)
{
	if (!truth)
		abort();
}

static void check_packet(const struct packet *p, size_t captured, size_t wire)
{
	check(p->family == 0 || p->family == 4 || p->family == 6);
	check(p->captured_bytes == captured && p->wire_bytes == wire);
	check(memchr(p->note, 0, sizeof(p->note)) != NULL);
	check(p->counter >> 48 == 0 && p->flow < 0x8000);
	check(!p->has_echo || (p->protocol == 17 && p->payload_bytes >= 16 && captured >= 16 + 8 + 20));
	check(p->family || !p->source_port);
	for (const char *at = p->note; *at; at++)
		check(*at >= 0x20 && *at < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int linktypes[] = { 1, 113, 276, 12, 0, 147 };
	struct packet p;

	if (size < 3)
		return 0;
	size_t captured = size - 3, wire = captured + (size_t)(data[1] << 8 | data[2]);
	packet_decode(linktypes[(data[0] & 0x7f) % 6], data + 3, captured, wire, data[0] >> 7, &p);
	check_packet(&p, captured, wire);
	return 0;
}
