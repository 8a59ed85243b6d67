/* See frame.h. */
#include "engines/packet/frame.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

/* The headers' fields: offsets from their beginnings. */
enum {
	ETHERNET_TYPE = 12,
	IPV4_LENGTH = 2,
	IPV4_CHECKSUM = 10,
	IPV6_LENGTH = 4,
	UDP_TO = 2,
	UDP_LENGTH = 4,
	UDP_CHECKSUM = 6,
	UDP_LENGTH_MAX = 65535,
	IPV4_LENGTH_MAX = 65535,
};

static uint16_t frame_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint8_t *frame_put_bytes(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

/* ---- sums ---- */

/* A 64-bit sum takes 2^32 of these words. */
static uint64_t frame_add_words(uint64_t sum, const uint8_t *data, size_t words)
{
	for (size_t i = 0; i < words; i++) {
		uint32_t word;

		memcpy(&word, data + i * sizeof(word), sizeof(word));
		sum += word;
	}
	return sum;
}

uint16_t frame_sum(const uint8_t *data, size_t len)
{
	enum { ROUND = 16 }; /* words; the compiler unrolls what it knows the length of */
	uint64_t sum = 0;
	uint8_t rest[4] = { 0 };

	for (; len >= ROUND * sizeof(uint32_t); data += ROUND * sizeof(uint32_t), len -= ROUND * sizeof(uint32_t))
		sum = frame_add_words(sum, data, ROUND);
	sum = frame_add_words(sum, data, len / sizeof(uint32_t));
	memcpy(rest, data + len / sizeof(uint32_t) * sizeof(uint32_t), len % sizeof(uint32_t));
	return frame_fold(frame_add_words(sum, rest, 1));
}

uint16_t frame_sum_at(const uint8_t *data, size_t len, size_t offset)
{
	uint16_t sum = frame_sum(data, len);

	return offset % 2 ? (uint16_t)(sum << 8 | sum >> 8) : sum;
}

uint16_t frame_sum_changed(uint16_t sum, uint16_t before, uint16_t after)
{
	return frame_fold((uint32_t)sum + (uint16_t)~before + after);
}

/* ---- what all datagrams to a host share ---- */

static void frame_set_ipv4(struct frame_template *t, const struct frame_ends *ends)
{
	/* version and header length, service, length, identification; DF, hop limit, protocol */
	static const uint8_t fixed[12] = { 0x45, 0, 0, 0, 0, 0, 0x40, 0, FRAME_TTL, IPPROTO_UDP, 0, 0 };
	uint8_t *at = t->header + FRAME_ETHERNET_BYTES;

	at = frame_put_bytes(at, fixed, sizeof(fixed));
	at = frame_put_bytes(at, &ends->from.v4.sin_addr, 4);
	frame_put_bytes(at, &ends->to.v4.sin_addr, 4);
	t->ip_sum = frame_sum(t->header + FRAME_ETHERNET_BYTES, FRAME_IPV4_BYTES);
}

static void frame_set_ipv6(struct frame_template *t, const struct frame_ends *ends)
{
	/* version, class and flow; length, next header, hop limit */
	static const uint8_t fixed[8] = { 0x60, 0, 0, 0, 0, 0, IPPROTO_UDP, FRAME_TTL };
	uint8_t *at = t->header + FRAME_ETHERNET_BYTES;

	at = frame_put_bytes(at, fixed, sizeof(fixed));
	at = frame_put_bytes(at, &ends->from.v6.sin6_addr, 16);
	frame_put_bytes(at, &ends->to.v6.sin6_addr, 16);
}

static uint16_t frame_ip_bytes(bool six)
{
	return six ? FRAME_IPV6_BYTES : FRAME_IPV4_BYTES;
}

int frame_template_init(struct frame_template *t, const struct frame_ends *ends, struct err *err)
{
	int family = ends->to.sa.sa_family;

	if (ends->from.sa.sa_family != family || (family != AF_INET && family != AF_INET6))
		return err_say(err, EINVAL, "build a frame: no pair of IPv4 or of IPv6 addresses");
	*t = (struct frame_template){ .six = family == AF_INET6 };
	size_t ip = frame_ip_bytes(t->six), addresses = t->six ? 32 : 8;
	uint8_t *udp = t->header + FRAME_ETHERNET_BYTES + ip;

	t->header_bytes = (uint8_t)(FRAME_ETHERNET_BYTES + ip + FRAME_UDP_BYTES);
	memcpy(t->header, ends->to_mac, 6);
	memcpy(t->header + 6, ends->from_mac, 6);
	frame_put(t->header + ETHERNET_TYPE, htons(t->six ? ETH_P_IPV6 : ETH_P_IP));
	(t->six ? frame_set_ipv6 : frame_set_ipv4)(t, ends);
	frame_put(udp, htons((uint16_t)net_port(&ends->from)));
	/* The pseudo header: the addresses, which end the IP header; the protocol; the length. */
	t->pseudo_sum = frame_fold((uint32_t)frame_sum(udp - addresses, addresses) + htons(IPPROTO_UDP));
	t->udp_sum = frame_fold((uint32_t)t->pseudo_sum + frame_sum(udp, FRAME_UDP_BYTES));
	return 0;
}

/* ---- limits ---- */

uint32_t frame_payload_max(int family, uint32_t mtu)
{
	bool six = family == AF_INET6;
	uint32_t headers = frame_ip_bytes(six) + FRAME_UDP_BYTES;
	/* The length in the IPv6 header is without it. */
	uint32_t most = six ? UDP_LENGTH_MAX + FRAME_IPV6_BYTES : IPV4_LENGTH_MAX;

	if (mtu > most)
		mtu = most;
	return mtu > headers ? mtu - headers : 0;
}

int frame_check_payload(const union net_address *to, const char *interface, uint32_t mtu, uint32_t bytes, struct err *err)
{
	uint32_t most = frame_payload_max(to->sa.sa_family, mtu);
	char host[NET_ADDRESS_TEXT];

	if (bytes <= most)
		return 0;
	return err_say(err, EMSGSIZE, "%u bytes to %s are too long for one frame: at most %u over %s (MTU %u)", bytes,
		net_format_host(to, host, sizeof(host)), most, interface, mtu);
}

/* ---- a datagram ---- */

/* RFC 768: a checksum that is 0 is sent as all ones; 0 means that there is none. */
static uint16_t frame_udp_checksum(uint16_t sum)
{
	uint16_t checksum = (uint16_t)~sum;

	return checksum ? checksum : 0xffff;
}

/* All but the UDP checksum, whose place is returned. */
static uint8_t *frame_write_headers(const struct frame_template *t, uint16_t to_port, uint32_t payload_bytes, uint8_t *frame)
{
	uint8_t *ip = frame + FRAME_ETHERNET_BYTES, *udp = frame + t->header_bytes - FRAME_UDP_BYTES;
	uint16_t udp_bytes = htons((uint16_t)(FRAME_UDP_BYTES + payload_bytes)), port = htons(to_port);

	memcpy(frame, t->header, t->header_bytes);
	if (t->six) {
		frame_put(ip + IPV6_LENGTH, udp_bytes);
	} else {
		uint16_t ip_bytes = htons((uint16_t)(FRAME_IPV4_BYTES + FRAME_UDP_BYTES + payload_bytes));

		frame_put(ip + IPV4_LENGTH, ip_bytes);
		frame_put(ip + IPV4_CHECKSUM, (uint16_t)~frame_fold((uint32_t)t->ip_sum + ip_bytes));
	}
	frame_put(udp + UDP_TO, port);
	frame_put(udp + UDP_LENGTH, udp_bytes);
	return udp + UDP_CHECKSUM;
}

void frame_write(const struct frame_template *t, uint16_t to_port, uint32_t payload_bytes, uint16_t payload_sum, uint8_t *frame)
{
	uint8_t *at = frame_write_headers(t, to_port, payload_bytes, frame);
	uint32_t udp_bytes = htons((uint16_t)(FRAME_UDP_BYTES + payload_bytes));

	/* The length counts twice: in the pseudo header, too. */
	frame_put(at, frame_udp_checksum(frame_fold((uint32_t)t->udp_sum + htons(to_port) + 2 * udp_bytes + payload_sum)));
}

void frame_write_unsummed(const struct frame_template *t, uint16_t to_port, uint32_t payload_bytes, uint8_t *frame)
{
	uint8_t *at = frame_write_headers(t, to_port, payload_bytes, frame);

	frame_put(at, frame_fold((uint32_t)t->pseudo_sum + htons((uint16_t)(FRAME_UDP_BYTES + payload_bytes))));
}

void frame_change(const struct frame_template *t, uint8_t *frame, size_t offset, const uint8_t *data, size_t len)
{
	uint8_t *part = frame + t->header_bytes + offset, *checksum = frame + t->header_bytes - FRAME_UDP_BYTES + UDP_CHECKSUM;
	uint16_t before = frame_sum_at(part, len, offset), after = frame_sum_at(data, len, offset);

	memcpy(part, data, len);
	frame_put(checksum, frame_udp_checksum(frame_sum_changed((uint16_t)~frame_get(checksum), before, after)));
}
