/* See xdp_rig.h. */
#include "xdp_rig.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "base/clock.h"

static bool is_root;

void xdp_make(void)
{
	is_root = getuid() == 0 && netns_make_as_root();
	if (is_root)
		netns_pair();
}

void xdp_need(void)
{
	char why[160] = "";

	netns_need();
	if (is_root && udp_xdp_probe(why, sizeof(why)))
		return;
	print_message("%s\n", is_root ? why : "only root may load XDP programs");
	skip();
}

struct udp_config xdp_config(int fd, uint32_t receive_bytes)
{
	return (struct udp_config){
		.path = &path_loopback,
		.role = ROLE_SERVER,
		.place = { .interface = "va" },
		.fd = fd,
		.batch = XDP_RIG_BATCH,
		.datagram_bytes = receive_bytes,
	};
}

int xdp_open_port(struct xdp_rig *r, const char *host, uint32_t bytes, struct err *err)
{
	struct udp_config config = xdp_config(netns_bound_socket(host, &r->at), bytes);
	int rc = udp_xdp.open(&udp_xdp, &config, &r->port, err);

	if (rc < 0)
		close(config.fd);
	return rc;
}

static void connect_client(struct xdp_rig *r)
{
	netns_peer();
	r->client = socket(r->at.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(r->client, &r->at.sa, net_address_bytes(&r->at)), 0);
	netns_home();
}

void xdp_rig_open(struct xdp_rig *r, const char *host, uint32_t bytes)
{
	struct err err = ERR_NONE;

	*r = (struct xdp_rig){ .fds = open_fds() };
	if (xdp_open_port(r, host, bytes, &err) < 0)
		fail_msg("%s", err.text);
	connect_client(r);
}

void xdp_rig_close(struct xdp_rig *r)
{
	udp_xdp.close(r->port);
	close(r->client);
	assert_int_equal(open_fds(), r->fds);
}

int xdp_serve(struct xdp_rig *r, struct err *err)
{
	struct udp_reply reply[XDP_RIG_BATCH];
	struct udp_datagram *burst;
	int n = r->port->method->recv_burst(r->port, XDP_RIG_BATCH, &burst, err), done = 0;

	for (int i = 0; i < n; i++) {
		reply[i] = (struct udp_reply){ .to = &burst[i], .len = burst[i].len, .packets = 1 };
		if (burst[i].len)
			burst[i].data[0] |= 0x80;
	}
	while (done < n) {
		int rc = r->port->method->reply_burst(r->port, reply + done, (unsigned)(n - done), err);

		if (rc < 0)
			fail_msg("%s", err->text);
		done += rc;
	}
	if (n > 0)
		r->port->method->release(r->port);
	return n;
}

void xdp_serve_all(struct xdp_rig *r, unsigned count)
{
	int64_t until_ns = clock_now_ns() + XDP_RIG_DEADLINE_S * (int64_t)NS_PER_S;
	struct err err = ERR_NONE;
	unsigned answered = 0;

	while (answered < count) {
		int n = xdp_serve(r, &err);

		if (n < 0)
			fail_msg("%s", err.text);
		answered += (unsigned)n;
		assert_less(clock_now_ns(), until_ns);
	}
}

void xdp_await(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&wait, 1, XDP_RIG_DEADLINE_S * 1000), 1);
}

void xdp_send_bytes(struct xdp_rig *r, size_t len, unsigned char first)
{
	uint8_t data[4000];

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(first + i * 7);
	if (len)
		data[0] &= 0x7f;
	assert_int_equal(send(r->client, data, len, 0), len);
}

void xdp_expect_bytes(struct xdp_rig *r, size_t len, unsigned char first)
{
	uint8_t data[4000];

	xdp_await(r->client);
	assert_int_equal(recv(r->client, data, sizeof(data), 0), len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(data[i], i ? (uint8_t)(first + i * 7) : (uint8_t)(first | 0x80));
}

uint64_t xdp_checksum_errors(void)
{
	char line[1024];
	uint64_t errors = 0;
	FILE *in;

	for (unsigned i = 0; i < 2; i++) {
		in = fopen(i ? "/proc/thread-self/net/snmp6" : "/proc/thread-self/net/snmp", "re");
		assert_non_null(in);
		while (fgets(line, sizeof(line), in)) {
			unsigned long long values[8] = { 0 };

			if (sscanf(line, "Udp6InCsumErrors %llu", &values[0]) == 1)
				errors += values[0];
			if (sscanf(line, "Udp: %llu %llu %llu %llu %llu %llu %llu", &values[0], &values[1], &values[2],
				    &values[3], &values[4], &values[5], &values[6]) == 7)
				errors += values[6];
		}
		fclose(in);
	}
	return errors;
}

uint64_t xdp_checksum_errors_there(void)
{
	netns_peer();
	uint64_t errors = xdp_checksum_errors();
	netns_home();
	return errors;
}

bool xdp_has_program(const char *interface)
{
	char command[80];

	snprintf(command, sizeof(command), "ip link show dev %s | grep -q prog/xdp", interface);
	return system(command) == 0;
}
