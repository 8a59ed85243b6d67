/* Method xdp of the UDP port as a sender: whole frames to many readers. */
#include "xdp_rig.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/asserts.h"

enum { READERS = 37 };

struct readers {
	struct udp_port *port;
	int fd[READERS];
	union net_address at[READERS];
};

static void readers_open(struct readers *r, const char *host, bool there)
{
	struct err err = ERR_NONE;
	struct udp_config config;

	if (there)
		netns_peer();
	for (unsigned i = 0; i < READERS; i++)
		r->fd[i] = netns_bound_socket(host, &r->at[i]);
	netns_home();
	config = xdp_config(socket(r->at[0].sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), 1);
	config.place.interface = there ? "va" : "lo";
	config.role = ROLE_CLIENT;
	config.send_bytes = 1400;
	if (udp_xdp.open(&udp_xdp, &config, &r->port, &err) < 0 || udp_xdp.expect(r->port, &r->at[0], &err) < 0)
		fail_msg("%s", err.text);
}

static void readers_close(struct readers *r)
{
	udp_xdp.close(r->port);
	for (unsigned i = 0; i < READERS; i++)
		close(r->fd[i]);
}

/* A datagram to each, with its number in front; other memory for every third. */
static void send_to_all(struct readers *r, unsigned round, uint8_t *elsewhere)
{
	struct err err = ERR_NONE;
	unsigned sent = 0;

	while (sent < READERS) {
		struct udp_send *slot;
		unsigned n = udp_xdp.send_slots(r->port, &slot);

		n = n < READERS - sent ? n : READERS - sent;
		for (unsigned i = 0; i < n; i++) {
			unsigned reader = sent + i;

			if (reader % 3 == 0)
				slot[i].data = elsewhere + reader * 1400;
			slot[i].len = 8 + reader * 31 + round % 7;
			slot[i].to = &r->at[reader];
			memset(slot[i].data, (int)(round + reader), slot[i].len);
			memcpy(slot[i].data, &reader, sizeof(reader));
		}
		int taken = udp_xdp.send_burst(r->port, n, &err);
		if (taken < 0)
			fail_msg("%s", err.text);
		sent += (unsigned)taken;
	}
}

static void sends(const char *host, bool there)
{
	enum { ROUNDS = 40 };
	static uint8_t elsewhere[READERS * 1400];
	struct readers r;
	uint64_t errors = there ? xdp_checksum_errors_there() : xdp_checksum_errors(), bytes = 0;

	readers_open(&r, host, there);
	for (unsigned round = 0; round < ROUNDS; round++) {
		send_to_all(&r, round, elsewhere);
		for (unsigned i = 0; i < READERS; i++) {
			uint8_t data[1500];
			unsigned reader;
			ssize_t n;

			xdp_await(r.fd[i]);
			n = recv(r.fd[i], data, sizeof(data), 0);
			assert_int_equal(n, 8 + i * 31 + round % 7);
			memcpy(&reader, data, sizeof(reader));
			assert_int_equal(reader, i);
			assert_int_equal(data[n - 1], (uint8_t)(round + i));
			bytes += (uint64_t)n;
		}
	}
	assert_int_equal(r.port->totals.sent_packets, READERS * ROUNDS);
	assert_int_equal(r.port->totals.sent_bytes, bytes);
	assert_int_equal(r.port->totals.send_errors, 0);
	assert_int_equal(there ? xdp_checksum_errors_there() : xdp_checksum_errors(), errors);
	readers_close(&r);
}

static void sends_to_many(void **state)
{
	(void)state;
	xdp_need();
	sends("10.77.0.2", true);
	sends("fd77::2", true);
	sends("::1", false);
}

/* One that does not fit is counted, and the others go. */
static void too_long_to_send(void **state)
{
	static struct readers r;
	struct udp_send *slot;
	struct err err = ERR_NONE;

	(void)state;
	xdp_need();
	readers_open(&r, "10.77.0.2", true);
	assert_at_least(udp_xdp.send_slots(r.port, &slot), 3);
	for (unsigned i = 0; i < 3; i++) {
		slot[i].to = &r.at[i];
		slot[i].len = i == 1 ? 1401 : 100;
	}
	assert_int_equal(udp_xdp.send_burst(r.port, 3, &err), 3);
	assert_int_equal(r.port->totals.send_errors, 1);
	assert_int_equal(r.port->totals.send_errno, EMSGSIZE);
	assert_int_equal(r.port->totals.sent_packets, 2);
	readers_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_to_many),
		cmocka_unit_test(too_long_to_send),
	};

	xdp_make();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
