/* Method xdp of the UDP port over a veth pair in namespaces of the test's own, against the kernel's
 * sockets at the other end.  As root: a program is loaded into the kernel. */
#include "netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "base/clock.h"
#include "base/procnet.h"
#include "engines/udp/xdp.h"
#include "engines/xdp/xdp_program.h"

enum { BYTES = 1472, BATCH = 32, DEADLINE_S = 30, CYCLES = 20, READERS = 37 };

/* Memory maps more after some cycles; a map that leaked in each would make 17.  A sanitizer's
 * allocator takes some for itself. */
#ifdef NETDYNO_SANITIZED
enum { MAPS_MORE = 10 };
#else
enum { MAPS_MORE = 2 };
#endif

static bool is_root;

static void need(void)
{
	char why[160] = "";

	netns_need();
	if (is_root && udp_xdp_probe(why, sizeof(why)))
		return;
	print_message("%s\n", is_root ? why : "only root may load XDP programs");
	skip();
}

/* ---- a port here, and sockets there ---- */

struct rig {
	struct udp_port *port;
	union net_address at; /* of the port */
	int client;           /* connected with it, in the other namespace */
	unsigned fds;
};

static struct udp_config config_of(int fd, uint32_t receive_bytes)
{
	return (struct udp_config){
		.path = &path_loopback,
		.role = ROLE_SERVER,
		.place = { .interface = "va" },
		.fd = fd,
		.batch = BATCH,
		.datagram_bytes = receive_bytes,
	};
}

static int open_port(struct rig *r, const char *host, uint32_t bytes, struct err *err)
{
	struct udp_config config = config_of(netns_bound_socket(host, &r->at), bytes);
	int rc = udp_xdp.open(&udp_xdp, &config, &r->port, err);

	if (rc < 0)
		close(config.fd);
	return rc;
}

static void connect_client(struct rig *r)
{
	netns_peer();
	r->client = socket(r->at.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(r->client, &r->at.sa, net_address_bytes(&r->at)), 0);
	netns_home();
}

static void rig_open(struct rig *r, const char *host, uint32_t bytes)
{
	struct err err = ERR_NONE;

	*r = (struct rig){ .fds = open_fds() };
	if (open_port(r, host, bytes, &err) < 0)
		fail_msg("%s", err.text);
	connect_client(r);
}

static void rig_close(struct rig *r)
{
	udp_xdp.close(r->port);
	close(r->client);
	assert_int_equal(open_fds(), r->fds);
}

/* One turn of a server: answers all that is there, with the first byte's highest bit set. Returns
 * how many. */
static int serve(struct rig *r, struct err *err)
{
	struct udp_reply reply[BATCH];
	struct udp_datagram *burst;
	int n = r->port->method->recv_burst(r->port, BATCH, &burst, err), done = 0;

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

/* Serves until so many were answered. */
static void serve_all(struct rig *r, unsigned count)
{
	int64_t until_ns = clock_now_ns() + DEADLINE_S * (int64_t)NS_PER_S;
	struct err err = ERR_NONE;
	unsigned answered = 0;

	while (answered < count) {
		int n = serve(r, &err);

		if (n < 0)
			fail_msg("%s", err.text);
		answered += (unsigned)n;
		assert_less(clock_now_ns(), until_ns);
	}
}

static void await(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&wait, 1, DEADLINE_S * 1000), 1);
}

static void send_bytes(struct rig *r, size_t len, unsigned char first)
{
	uint8_t data[4000];

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(first + i * 7);
	if (len)
		data[0] &= 0x7f;
	assert_int_equal(send(r->client, data, len, 0), len);
}

static void expect_bytes(struct rig *r, size_t len, unsigned char first)
{
	uint8_t data[4000];

	await(r->client);
	assert_int_equal(recv(r->client, data, sizeof(data), 0), len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(data[i], i ? (uint8_t)(first + i * 7) : (uint8_t)(first | 0x80));
}

/* Datagrams that the kernel has thrown away for their checksums, in this namespace. */
static uint64_t checksum_errors(void)
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

static uint64_t checksum_errors_there(void)
{
	netns_peer();
	uint64_t errors = checksum_errors();
	netns_home();
	return errors;
}

static bool has_program(const char *interface)
{
	char command[80];

	snprintf(command, sizeof(command), "ip link show dev %s | grep -q prog/xdp", interface);
	return system(command) == 0;
}

/* ---- answering ---- */

static void answers(const char *host, bool offloads)
{
	static const size_t lengths[] = { 0, 1, 2, 15, 16, 17, 18, 64, 511, 1400, 1451, 1452 };
	struct rig r;

	netns_peer();
	/* Without it the client's kernel computes checksums. */
	netns_run("ethtool -K vb tx %s >/dev/null 2>&1 || true", offloads ? "on" : "off");
	netns_home();
	uint64_t errors = checksum_errors_there();
	rig_open(&r, host, BYTES);
	assert_string_equal(r.port->ran, "xdp");
	assert_string_equal(r.port->how, "native XDP on va, frames copied by the kernel");
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		send_bytes(&r, lengths[i], (unsigned char)i);
		serve_all(&r, 1);
		expect_bytes(&r, lengths[i], (unsigned char)i);
	}
	assert_int_equal(r.port->totals.sent_packets, sizeof(lengths) / sizeof(lengths[0]));
	assert_int_equal(r.port->totals.send_errors, 0);
	assert_int_equal(r.port->totals.bad_frame, 0);
	assert_int_equal(checksum_errors_there(), errors);
	rig_close(&r);
}

static void answers_in_place(void **state)
{
	(void)state;
	need();
	answers("10.77.0.1", true);
	answers("fd77::1", true);
	answers("10.77.0.1", false);
	answers("fd77::1", false);
}

/* Many go round the rings several times; each burst is one call to send. */
static void many_go_round(void **state)
{
	enum { BURST = 24, ROUNDS = 500 };
	struct rig r;

	(void)state;
	need();
	rig_open(&r, "10.77.0.1", BYTES);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < BURST; i++)
			send_bytes(&r, 80, (unsigned char)(round + i));
		serve_all(&r, BURST);
		for (unsigned i = 0; i < BURST; i++)
			expect_bytes(&r, 80, (unsigned char)(round + i));
	}
	assert_int_equal(r.port->totals.sent_packets, BURST * ROUNDS);
	assert_int_equal(r.port->totals.sent_bytes, BURST * ROUNDS * 80);
	rig_close(&r);
}

/* What is not the run's goes on to the kernel: other ports, fragments (which the port gets through
 * its socket), and pings. */
static void the_rest_passes(void **state)
{
	struct rig r;
	union net_address other;
	uint8_t byte = 1;

	(void)state;
	need();
	rig_open(&r, "10.77.0.1", 3000);
	int fd = netns_bound_socket("10.77.0.1", &other);
	netns_peer();
	int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	netns_home();
	assert_int_equal(sendto(client, &byte, 1, 0, &other.sa, sizeof(other.v4)), 1);
	await(fd);
	assert_int_equal(recv(fd, &byte, 1, 0), 1);
	send_bytes(&r, 3000, 5);
	await(r.port->wait);
	serve_all(&r, 1);
	expect_bytes(&r, 3000, 5);
	netns_peer();
	netns_run("ping -c 1 -W 5 10.77.0.1 >/dev/null 2>&1 || ! command -v ping >/dev/null");
	netns_home();
	close(fd);
	close(client);
	rig_close(&r);
}

/* A wait ends when something comes. */
static void waits(void **state)
{
	struct rig r;

	(void)state;
	need();
	rig_open(&r, "fd77::1", BYTES);
	send_bytes(&r, 100, 1);
	await(r.port->wait);
	serve_all(&r, 1);
	expect_bytes(&r, 100, 1);
	struct pollfd wait = { .fd = r.port->wait, .events = POLLIN };
	assert_int_equal(poll(&wait, 1, 0), 0);
	rig_close(&r);
}

/* ---- losses ---- */

/* More than there are frames for, and nobody looks: each is counted where it was lost. */
static void losses_are_counted(void **state)
{
	enum { SENT = 6000 };
	struct rig r;
	struct err err = ERR_NONE;
	uint32_t drops;
	unsigned got = 0;
	int n;

	(void)state;
	need();
	rig_open(&r, "10.77.0.1", BYTES);
	for (unsigned i = 0; i < SENT; i++)
		send_bytes(&r, 64, 1);
	while ((n = serve(&r, &err)) > 0)
		got += (unsigned)n;
	assert_int_equal(r.port->method->drops(r.port, &drops), 0);
	const struct udp_totals *t = &r.port->totals;
	assert_more(t->no_frame + t->ring_full, 0);
	assert_int_equal(got + t->no_frame + t->ring_full, SENT);
	assert_int_equal(drops, 0);
	rig_close(&r);
}

/* ---- what is in the way ---- */

static void another_program_is_there(void **state)
{
	struct rig r = { .fds = open_fds() };
	struct xdp_program *other;
	struct err err = ERR_NONE;
	union net_address at = netns_address("10.77.0.1");
	int fd;

	(void)state;
	need();
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	net_set_port(&at, 9);
	assert_int_equal(xdp_program_open(fd, if_nametoindex("va"), "va", &at, &other, &err), 0);
	assert_int_equal(open_port(&r, "10.77.0.1", BYTES, &err), -EBUSY);
	assert_contains(err.text, "va has an XDP program already (\"netdyno\", id ");
	assert_contains(err.text, "take it off first (ip link set dev va xdp off)");
	xdp_program_close(other);
	close(fd);
	assert_int_equal(open_fds(), r.fds);
}

/* Nobody else's socket is taken the queue from, and there must be such a queue. */
static void another_socket_is_there(void **state)
{
	struct rig r, second = { 0 };
	struct err err = ERR_NONE;

	(void)state;
	need();
	rig_open(&r, "10.77.0.1", BYTES);
	assert_int_equal(open_port(&second, "10.77.0.1", BYTES, &err), -EBUSY);
	assert_string_equal(err.text, "queue 0 of va has an AF_XDP socket already");
	struct udp_config config = config_of(netns_bound_socket("10.77.0.1", &second.at), BYTES);
	config.place.queue = 1;
	err = ERR_NONE;
	assert_int_equal(udp_xdp.open(&udp_xdp, &config, &second.port, &err), -EINVAL);
	assert_string_equal(err.text, "va has no queue 1 for an AF_XDP socket");
	close(config.fd);
	rig_close(&r);
}

static void zero_copy_is_refused(void **state)
{
	struct rig r = { .fds = open_fds() };
	struct err err = ERR_NONE;
	struct udp_config config;

	(void)state;
	need();
	config = config_of(netns_bound_socket("10.77.0.1", &r.at), BYTES);
	config.xdp_mode = 2;
	assert_int_equal(udp_xdp.open(&udp_xdp, &config, &r.port, &err), -EOPNOTSUPP);
	assert_contains(err.text, "va cannot do zero-copy: --xdp-mode copy or auto");
	config.place.interface = "lo";
	config.xdp_mode = 0;
	err = ERR_NONE;
	assert_int_equal(udp_xdp.open(&udp_xdp, &config, &r.port, &err), -ENOTSUP);
	assert_contains(err.text, "does not answer over lo");
	close(config.fd);
	assert_int_equal(open_fds(), r.fds);
}

/* Frames longer than native XDP takes on a veth. */
static void generic_where_native_is_not(void **state)
{
	struct rig r;

	(void)state;
	need();
	netns_run("ip link set va mtu 9000");
	netns_peer();
	netns_run("ip link set vb mtu 9000");
	netns_home();
	rig_open(&r, "10.77.0.1", BYTES);
	assert_string_equal(r.port->how, "generic XDP on va, frames copied by the kernel");
	send_bytes(&r, 3000, 3);
	serve_all(&r, 1);
	expect_bytes(&r, 3000, 3);
	rig_close(&r);
	netns_run("ip link set va mtu 1500");
	netns_peer();
	netns_run("ip link set vb mtu 1500");
	netns_home();
}

/* The calling thread's capability, away and back. */
static void set_effective(cap_value_t which, cap_flag_value_t value)
{
	cap_t own = cap_get_proc();

	assert_non_null(own);
	assert_int_equal(cap_set_flag(own, CAP_EFFECTIVE, 1, &which, value), 0);
	assert_int_equal(cap_set_proc(own), 0);
	cap_free(own);
}

static void too_little_may_be_locked(void **state)
{
	struct rlimit before, little = { .rlim_cur = 1 << 16, .rlim_max = RLIM_INFINITY };
	struct rig r = { 0 };
	struct err err = ERR_NONE;

	(void)state;
	need();
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	little.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &little), 0);
	set_effective(CAP_IPC_LOCK, CAP_CLEAR);
	int rc = open_port(&r, "10.77.0.1", BYTES, &err);
	set_effective(CAP_IPC_LOCK, CAP_SET);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
	assert_int_equal(rc, -ENOBUFS);
	assert_string_equal(
		err.text, "method xdp locks 8192 KiB of memory a worker, and this user may lock 64 KiB in all: raise ulimit -l");
}

static void without_rights(void **state)
{
	static const cap_value_t all[] = { CAP_BPF, CAP_SYS_ADMIN, CAP_NET_ADMIN };
	char why[160] = "";

	(void)state;
	need();
	for (unsigned i = 0; i < 3; i++)
		set_effective(all[i], CAP_CLEAR);
	bool runs = udp_xdp_probe(why, sizeof(why)), sends = udp_xdp_probe_sends(NULL, 0);
	for (unsigned i = 0; i < 3; i++)
		set_effective(all[i], CAP_SET);
	assert_false(runs);
	assert_contains(why, "needs CAP_BPF and CAP_NET_ADMIN: run it as root");
	assert_true(sends);
}

/* ---- nothing stays ---- */

static void cycles_leave_nothing(void **state)
{
	unsigned fds = 0, maps = 0;

	(void)state;
	need();
	for (unsigned i = 0; i < CYCLES; i++) {
		struct rig r;

		rig_open(&r, i % 2 ? "fd77::1" : "10.77.0.1", BYTES);
		assert_true(has_program("va"));
		send_bytes(&r, 100, 1);
		if (i % 3)
			serve_all(&r, 1);
		rig_close(&r);
		assert_false(has_program("va"));
		if (i == 2)
			maps = memory_maps();
		fds = open_fds();
	}
	assert_at_most(memory_maps(), maps + MAPS_MORE);
	assert_int_equal(open_fds(), fds);
}

/* Killed in the middle of it. */
static void nothing_stays_behind_a_kill(void **state)
{
	int64_t until_ns = clock_now_ns() + DEADLINE_S * (int64_t)NS_PER_S;
	struct rig r = { 0 };
	struct err err = ERR_NONE;
	int ready[2];
	char byte;

	(void)state;
	need();
	assert_int_equal(pipe(ready), 0);
	struct udp_config config = config_of(netns_bound_socket("10.77.0.1", &r.at), BYTES);
	pid_t child = fork();
	if (!child) {
		if (udp_xdp.open(&udp_xdp, &config, &r.port, &err) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(config.fd);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	assert_true(has_program("va"));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	while (has_program("va"))
		assert_less(clock_now_ns(), until_ns);
}

/* Bursts allocate nothing. */
static void bursts_allocate_nothing(void **state)
{
	struct rig r;

	(void)state;
	need();
	rig_open(&r, "10.77.0.1", BYTES);
	struct mallinfo2 before = mallinfo2();
	for (unsigned i = 0; i < 100; i++) {
		send_bytes(&r, 100, 1);
		serve_all(&r, 1);
		expect_bytes(&r, 100, 1);
	}
	struct mallinfo2 after = mallinfo2();
	assert_int_equal(after.uordblks, before.uordblks);
	assert_int_equal(after.hblkhd, before.hblkhd);
	rig_close(&r);
}

/* ---- sending ---- */

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
	config = config_of(socket(r->at[0].sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), 1);
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
	uint64_t errors = there ? checksum_errors_there() : checksum_errors(), bytes = 0;

	readers_open(&r, host, there);
	for (unsigned round = 0; round < ROUNDS; round++) {
		send_to_all(&r, round, elsewhere);
		for (unsigned i = 0; i < READERS; i++) {
			uint8_t data[1500];
			unsigned reader;
			ssize_t n;

			await(r.fd[i]);
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
	assert_int_equal(there ? checksum_errors_there() : checksum_errors(), errors);
	readers_close(&r);
}

static void sends_to_many(void **state)
{
	(void)state;
	need();
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
	need();
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

/* ---- the end ---- */

/* The last test: there is no pair afterwards. */
static void the_interface_goes(void **state)
{
	int64_t until_ns = clock_now_ns() + DEADLINE_S * (int64_t)NS_PER_S;
	struct err err = ERR_NONE;
	struct rig r;
	int rc = 0;

	(void)state;
	need();
	rig_open(&r, "10.77.0.1", BYTES);
	send_bytes(&r, 100, 1);
	serve_all(&r, 1);
	netns_run("ip link del va");
	while (rc >= 0) {
		uint32_t drops;

		assert_int_equal(r.port->method->drops(r.port, &drops), 0);
		rc = serve(&r, &err);
		assert_less(clock_now_ns(), until_ns);
	}
	assert_int_equal(rc, -ENETDOWN);
	assert_string_equal(err.text, "va is gone or down: method xdp has no queue any more");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_in_place),
		cmocka_unit_test(many_go_round),
		cmocka_unit_test(the_rest_passes),
		cmocka_unit_test(waits),
		cmocka_unit_test(losses_are_counted),
		cmocka_unit_test(another_program_is_there),
		cmocka_unit_test(another_socket_is_there),
		cmocka_unit_test(zero_copy_is_refused),
		cmocka_unit_test(generic_where_native_is_not),
		cmocka_unit_test(too_little_may_be_locked),
		cmocka_unit_test(without_rights),
		cmocka_unit_test(cycles_leave_nothing),
		cmocka_unit_test(nothing_stays_behind_a_kill),
		cmocka_unit_test(bursts_allocate_nothing),
		cmocka_unit_test(sends_to_many),
		cmocka_unit_test(too_long_to_send),
		cmocka_unit_test(the_interface_goes),
	};

	is_root = getuid() == 0 && netns_make_as_root();
	if (is_root)
		netns_pair();
	return cmocka_run_group_tests_name("udp_xdp", tests, NULL, NULL);
}
