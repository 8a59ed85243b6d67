/* Traffic and captures for tests: see support.h. */
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege/own_ports.h"
#include "captures/decode.h"
#include "../support/asserts.h"

char scratch[64], path[128];

int tape_setup(void **state)
{
	(void)state;
	snprintf(scratch, sizeof(scratch), "/tmp/nd-capture-XXXXXX");
	if (!mkdtemp(scratch))
		return -1;
	snprintf(path, sizeof(path), "%s/out.pcap", scratch);
	return 0;
}

int tape_teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	return system(command);
}

/* ---- traffic of our own: `sink` has the run's port ---- */

void traffic_open(struct traffic *t, int family)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&t->to;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&t->to;

	*t = (struct traffic){ .to_size = family == AF_INET ? sizeof(*four) : sizeof(*six) };
	if (family == AF_INET)
		*four = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	else
		*six = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	t->sink = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	t->source = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_at_least(t->sink, 0);
	assert_at_least(t->source, 0);
	assert_int_equal(bind(t->sink, (struct sockaddr *)&t->to, t->to_size), 0);
	assert_int_equal(getsockname(t->sink, (struct sockaddr *)&t->to, &t->to_size), 0);
	/* The run's own, as a server's socket is. */
	own_ports_add(t->sink);
	t->port = ntohs(family == AF_INET ? four->sin_port : six->sin6_port);
}

void traffic_close(struct traffic *t)
{
	own_ports_close(t->sink);
	close(t->source);
}

static void put64(uint8_t *out, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		out[i] = (uint8_t)value;
}

void traffic_send(struct traffic *t, unsigned count)
{
	uint8_t data[80] = { 0 };

	for (unsigned i = 0; i < count; i++, t->counter++) {
		put64(data, (uint64_t)(t->counter % 3 == 0) << 63 | UINT64_C(77) << 48 | t->counter);
		put64(data + 8, (uint64_t)clock_now_ns());
		assert_int_equal(sendto(t->source, data, sizeof(data), 0, (struct sockaddr *)&t->to, t->to_size), sizeof(data));
	}
}

struct capture_request request_of(const struct traffic *t)
{
	struct capture_request r = { .path = path, .interface = "lo", .protocol = IPPROTO_UDP, .echo_header = true };

	ports_add(&r.ports, t->port, t->port);
	capture_options_default(&r.options);
	return r;
}

struct capture *must_start(const struct capture_request *r)
{
	struct err err = ERR_NONE;
	struct capture *c = NULL;

	if (capture_start(r, &c, &err) != 0)
		fail_msg("%s", err.text);
	return c;
}

void must_stop(struct capture *c)
{
	struct err err = ERR_NONE;

	if (capture_stop(c, &err) != 0)
		fail_msg("%s", err.text);
}

void wait_a_little(void)
{
	poll(NULL, 0, 5);
}

void wait_packets(struct capture *c, uint64_t count)
{
	int64_t deadline = clock_now_ns() + DEADLINE_S * (int64_t)NS_PER_S;
	struct capture_state s;

	for (capture_state(c, &s); s.packets < count && s.active && clock_now_ns() < deadline; capture_state(c, &s))
		wait_a_little();
	if (s.packets != count)
		fail_msg("%" PRIu64 " packets, not %" PRIu64 " (kernel drops %" PRIu64 ", %s)", s.packets, count, s.kernel_drops,
			s.message);
}

void wait_end(struct capture *c, struct traffic *t, struct capture_state *ret)
{
	int64_t deadline = clock_now_ns() + DEADLINE_S * (int64_t)NS_PER_S;

	for (capture_state(c, ret); ret->active && clock_now_ns() < deadline; capture_state(c, ret)) {
		if (t)
			traffic_send(t, 50);
		wait_a_little();
	}
	assert_false(ret->active);
}

/* ---- reading back ---- */

struct content read_back(const char *file)
{
	char text[PCAP_ERRBUF_SIZE];
	struct content seen = { 0 };
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	uint32_t magic = 0;
	int r;

	FILE *f = fopen(file, "r");
	if (!f)
		fail_msg("%s: %s", file, strerror(errno));
	assert_int_equal(fread(&magic, sizeof(magic), 1, f), 1);
	fclose(f);
	seen.nanoseconds = magic == 0xa1b23c4d;
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, text);
	if (!pcap)
		fail_msg("%s", text);
	seen.snaplen = pcap_snapshot(pcap);
	while ((r = pcap_next_ex(pcap, &header, &bytes)) == 1) {
		struct packet p;

		packet_decode(pcap_datalink(pcap), bytes, header->caplen, header->len, true, &p);
		assert_true(p.has_echo);
		assert_int_equal(p.flow, 77);
		assert_int_equal(p.reply, p.counter % 3 == 0);
		if (seen.packets == 1)
			seen.step = p.counter - seen.last;
		if (seen.packets > 1 && p.counter - seen.last != seen.step)
			seen.step = UINT64_MAX;
		if (!seen.packets)
			seen.first = p.counter;
		seen.last = p.counter;
		seen.port = p.destination_port;
		seen.replies += p.reply;
		seen.packets++;
	}
	if (r != PCAP_ERROR_BREAK)
		fail_msg("%s: %s", file, pcap_geterr(pcap));
	pcap_close(pcap);
	return seen;
}

int tcpdump_lines(const char *file)
{
	char command[256], line[512];
	int lines = 0;

	if (system("command -v tcpdump >/dev/null 2>&1") != 0) {
		print_message("no tcpdump here: not read with it\n");
		return -1;
	}
	snprintf(command, sizeof(command), "tcpdump -n -r '%s' 2>'%s/messages'", file, scratch);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		lines += strstr(line, "UDP, length 80") != NULL;
	if (pclose(f) != 0)
		fail_msg("tcpdump could not read %s", file);
	return lines;
}
