/* Frames taken apart by the letter of the RFCs, word by word, to hold against what
 * engines/packet/frame.c has built. */
#pragma once

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "engines/packet/frame.h"

/* The two ends of what is tried: over IPv4 and over IPv6. */
static const char *const hosts[2][2] = { { "192.0.2.1", "198.51.100.7" }, { "2001:db8::1", "2001:db8::7" } };

static inline union net_address address_of(const char *text, unsigned port)
{
	union net_address a = { .sa.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET };

	inet_pton(a.sa.sa_family, text, a.sa.sa_family == AF_INET6 ? (void *)&a.v6.sin6_addr : (void *)&a.v4.sin_addr);
	net_set_port(&a, port);
	return a;
}

/* RFC 1071: big-endian words, an odd byte at the end padded with zero. */
static inline uint32_t words_of(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline unsigned word_at(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* Lengths and checksums are right: sums over what they cover are all ones. */
static inline void expect_good_frame(const uint8_t *frame, uint32_t payload_bytes)
{
	bool six = word_at(frame + 12) == 0x86dd;
	size_t ip_bytes = six ? 40 : 20, udp_bytes = 8 + payload_bytes;
	const uint8_t *ip = frame + 14, *udp = ip + ip_bytes;
	uint8_t pseudo[4] = { 0, 17, (uint8_t)(udp_bytes >> 8), (uint8_t)udp_bytes };

	if (six) {
		assert_int_equal(word_at(ip + 4), udp_bytes);
	} else {
		assert_int_equal(word_at(frame + 12), 0x0800);
		assert_int_equal(word_at(ip + 2), ip_bytes + udp_bytes);
		assert_int_equal(words_of(0, ip, ip_bytes), 0xffff);
	}
	assert_int_equal(word_at(udp + 4), udp_bytes);
	assert_int_not_equal(word_at(udp + 6), 0);
	uint32_t sum = words_of(0, six ? ip + 8 : ip + 12, six ? 32 : 8);
	sum = words_of(sum, pseudo, sizeof(pseudo));
	assert_int_equal(words_of(sum, udp, udp_bytes), 0xffff);
}
