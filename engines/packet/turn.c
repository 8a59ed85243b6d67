/* See turn.h. */
#include "engines/packet/turn.h"

#include <linux/if_ether.h>
#include <string.h>

/* The headers' fields: offsets from their beginnings. */
enum {
	ETHERNET_FROM = 6,
	ETHERNET_TYPE = 12,
	IPV4_LENGTH = 2,
	IPV4_FRAGMENT = 6,
	IPV4_TTL = 8,
	IPV4_PROTOCOL = 9,
	IPV4_CHECKSUM = 10,
	IPV4_FROM = 12,
	IPV4_PLAIN = 0x45,           /* version 4, a header of 20 bytes */
	IPV4_FRAGMENT_MASK = 0x3fff, /* more fragments, or not the first */
	IPV6_LENGTH = 4,
	IPV6_NEXT = 6,
	IPV6_HOPS = 7,
	IPV6_FROM = 8,
	UDP_LENGTH = 4,
	UDP_CHECKSUM = 6,
};

/* Where the parts of a frame are. */
struct turn_parts {
	uint8_t *ip, *addresses, *udp;
	uint8_t address_bytes; /* of one */
	bool six;
};

static struct turn_parts turn_parts_of(uint8_t *frame)
{
	bool six = frame_get(frame + ETHERNET_TYPE) == htons(ETH_P_IPV6);
	uint8_t *ip = frame + FRAME_ETHERNET_BYTES;

	return (struct turn_parts){
		.ip = ip,
		.addresses = ip + (six ? IPV6_FROM : IPV4_FROM),
		.udp = ip + (six ? FRAME_IPV6_BYTES : FRAME_IPV4_BYTES),
		.address_bytes = six ? 16 : 4,
		.six = six,
	};
}

static uint16_t turn_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* The addresses, the protocol and the length: RFC 768; RFC 8200, 8.1. */
static uint16_t turn_pseudo_sum(const struct turn_parts *p, uint32_t udp_bytes)
{
	return turn_fold(
		(uint32_t)frame_sum(p->addresses, 2u * p->address_bytes) + htons(IPPROTO_UDP) + htons((uint16_t)udp_bytes));
}

/* ---- reading ---- */

/* The length of the UDP datagram as IP has it; 0: none of those that are read. */
static uint32_t turn_read_ipv4(const uint8_t *ip, uint32_t bytes)
{
	uint32_t length = ntohs(frame_get(ip + IPV4_LENGTH));

	if (ip[0] != IPV4_PLAIN || ip[IPV4_PROTOCOL] != IPPROTO_UDP || length > bytes || length < FRAME_IPV4_BYTES ||
		frame_get(ip + IPV4_FRAGMENT) & htons(IPV4_FRAGMENT_MASK) || frame_sum(ip, FRAME_IPV4_BYTES) != 0xffff)
		return 0;
	return length - FRAME_IPV4_BYTES;
}

static uint32_t turn_read_ipv6(const uint8_t *ip, uint32_t bytes)
{
	uint32_t length = ntohs(frame_get(ip + IPV6_LENGTH));

	return ip[0] >> 4 == 6 && ip[IPV6_NEXT] == IPPROTO_UDP && length + FRAME_IPV6_BYTES <= bytes ? length : 0;
}

static uint32_t turn_read_ip(const struct turn_parts *p, uint32_t bytes)
{
	if (p->six)
		return bytes >= FRAME_IPV6_BYTES ? turn_read_ipv6(p->ip, bytes) : 0;
	return bytes >= FRAME_IPV4_BYTES ? turn_read_ipv4(p->ip, bytes) : 0;
}

static bool turn_sum_is_right(const struct turn_parts *p, uint32_t udp_bytes)
{
	uint16_t checksum = frame_get(p->udp + UDP_CHECKSUM), pseudo = turn_pseudo_sum(p, udp_bytes);

	if (!checksum)
		return !p->six;
	return checksum == pseudo || turn_fold((uint32_t)pseudo + frame_sum(p->udp, udp_bytes)) == 0xffff;
}

static void turn_read_address(const struct turn_parts *p, union net_address *ret_from)
{
	uint16_t port = frame_get(p->udp);

	if (p->six) {
		ret_from->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
		memcpy(&ret_from->v6.sin6_addr, p->addresses, p->address_bytes);
	} else {
		ret_from->v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
		memcpy(&ret_from->v4.sin_addr, p->addresses, p->address_bytes);
	}
}

bool frame_read(uint8_t *frame, uint32_t bytes, struct frame_datagram *ret_datagram)
{
	if (bytes < FRAME_ETHERNET_BYTES || frame[ETHERNET_FROM] & 1)
		return false;
	struct turn_parts p = turn_parts_of(frame);
	uint32_t udp_bytes;

	if (!p.six && frame_get(frame + ETHERNET_TYPE) != htons(ETH_P_IP))
		return false;
	udp_bytes = turn_read_ip(&p, bytes - FRAME_ETHERNET_BYTES);
	if (udp_bytes < FRAME_UDP_BYTES || ntohs(frame_get(p.udp + UDP_LENGTH)) != udp_bytes || !turn_sum_is_right(&p, udp_bytes))
		return false;
	ret_datagram->payload = p.udp + FRAME_UDP_BYTES;
	ret_datagram->payload_bytes = udp_bytes - FRAME_UDP_BYTES;
	turn_read_address(&p, &ret_datagram->from);
	return true;
}

/* ---- turning ---- */

static void turn_swap(uint8_t *at, size_t bytes)
{
	uint8_t first[16];

	memcpy(first, at, bytes);
	memcpy(at, at + bytes, bytes);
	memcpy(at + bytes, first, bytes);
}

uint32_t frame_turn(uint8_t *frame, uint32_t payload_bytes)
{
	struct turn_parts p = turn_parts_of(frame);
	uint32_t udp_bytes = FRAME_UDP_BYTES + payload_bytes;

	turn_swap(frame, ETHERNET_FROM);
	turn_swap(p.addresses, p.address_bytes);
	turn_swap(p.udp, sizeof(uint16_t));
	if (p.six) {
		p.ip[IPV6_HOPS] = FRAME_TTL;
	} else {
		p.ip[IPV4_TTL] = FRAME_TTL;
		frame_put(p.ip + IPV4_CHECKSUM, 0);
		frame_put(p.ip + IPV4_CHECKSUM, (uint16_t)~frame_sum(p.ip, FRAME_IPV4_BYTES));
	}
	frame_put(p.udp + UDP_CHECKSUM, 0);
	uint16_t sum = (uint16_t)~turn_fold((uint32_t)turn_pseudo_sum(&p, udp_bytes) + frame_sum(p.udp, udp_bytes));
	/* One that is 0 is sent as all ones. */
	frame_put(p.udp + UDP_CHECKSUM, sum ? sum : 0xffff);
	return (uint32_t)(p.udp - frame) + udp_bytes;
}
