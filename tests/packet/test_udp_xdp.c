/* Method xdp of the UDP port: it answers, counts what is lost, says what is in its way, and leaves
 * nothing behind. */
#include "xdp_rig.h"

#include <errno.h>
#include <malloc.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "base/clock.h"
#include "engines/xdp/xdp_program.h"

enum { CYCLES = 20 };

/* Memory maps more after some cycles; a map that leaked in each would make 17.  A sanitizer's
 * allocator takes some for itself. */
#ifdef NETDYNO_SANITIZED
enum { MAPS_MORE = 10 };
#else
enum { MAPS_MORE = 2 };
#endif

/* ---- answering ---- */

static void answers(const char *host, bool offloads)
{
	static const size_t lengths[] = { 0, 1, 2, 15, 16, 17, 18, 64, 511, 1400, 1451, 1452 };
	struct xdp_rig r;

	netns_peer();
	/* Without it the client's kernel computes checksums. */
	netns_run("ethtool -K vb tx %s >/dev/null 2>&1 || true", offloads ? "on" : "off");
	netns_home();
	uint64_t errors = xdp_checksum_errors_there();
	xdp_rig_open(&r, host, XDP_RIG_BYTES);
	assert_string_equal(r.port->ran, "xdp");
	assert_string_equal(r.port->how, "native XDP on va, frames copied by the kernel");
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		xdp_send_bytes(&r, lengths[i], (unsigned char)i);
		xdp_serve_all(&r, 1);
		xdp_expect_bytes(&r, lengths[i], (unsigned char)i);
	}
	assert_int_equal(r.port->totals.sent_packets, sizeof(lengths) / sizeof(lengths[0]));
	assert_int_equal(r.port->totals.send_errors, 0);
	assert_int_equal(r.port->totals.bad_frame, 0);
	assert_int_equal(xdp_checksum_errors_there(), errors);
	xdp_rig_close(&r);
}

static void answers_in_place(void **state)
{
	(void)state;
	xdp_need();
	answers("10.77.0.1", true);
	answers("fd77::1", true);
	answers("10.77.0.1", false);
	answers("fd77::1", false);
}

/* Many go round the rings several times; each burst is one call to send. */
static void many_go_round(void **state)
{
	enum { BURST = 24, ROUNDS = 500 };
	struct xdp_rig r;

	(void)state;
	xdp_need();
	xdp_rig_open(&r, "10.77.0.1", XDP_RIG_BYTES);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < BURST; i++)
			xdp_send_bytes(&r, 80, (unsigned char)(round + i));
		xdp_serve_all(&r, BURST);
		for (unsigned i = 0; i < BURST; i++)
			xdp_expect_bytes(&r, 80, (unsigned char)(round + i));
	}
	assert_int_equal(r.port->totals.sent_packets, BURST * ROUNDS);
	assert_int_equal(r.port->totals.sent_bytes, BURST * ROUNDS * 80);
	xdp_rig_close(&r);
}

/* What is not the run's goes on to the kernel: other ports, fragments (which the port gets through
 * its socket), and pings. */
static void the_rest_passes(void **state)
{
	struct xdp_rig r;
	union net_address other;
	uint8_t byte = 1;

	(void)state;
	xdp_need();
	xdp_rig_open(&r, "10.77.0.1", 3000);
	int fd = netns_bound_socket("10.77.0.1", &other);
	netns_peer();
	int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	netns_home();
	assert_int_equal(sendto(client, &byte, 1, 0, &other.sa, sizeof(other.v4)), 1);
	xdp_await(fd);
	assert_int_equal(recv(fd, &byte, 1, 0), 1);
	xdp_send_bytes(&r, 3000, 5);
	xdp_await(r.port->wait);
	xdp_serve_all(&r, 1);
	xdp_expect_bytes(&r, 3000, 5);
	netns_peer();
	netns_run("ping -c 1 -W 5 10.77.0.1 >/dev/null 2>&1 || ! command -v ping >/dev/null");
	netns_home();
	close(fd);
	close(client);
	xdp_rig_close(&r);
}

/* A wait ends when something comes. */
static void waits(void **state)
{
	struct xdp_rig r;

	(void)state;
	xdp_need();
	xdp_rig_open(&r, "fd77::1", XDP_RIG_BYTES);
	xdp_send_bytes(&r, 100, 1);
	xdp_await(r.port->wait);
	xdp_serve_all(&r, 1);
	xdp_expect_bytes(&r, 100, 1);
	struct pollfd wait = { .fd = r.port->wait, .events = POLLIN };
	assert_int_equal(poll(&wait, 1, 0), 0);
	xdp_rig_close(&r);
}

/* ---- losses ---- */

/* More than there are frames for, and nobody looks: each is counted where it was lost. */
static void losses_are_counted(void **state)
{
	enum { SENT = 6000 };
	struct xdp_rig r;
	struct err err = ERR_NONE;
	uint32_t drops;
	unsigned got = 0;
	int n;

	(void)state;
	xdp_need();
	xdp_rig_open(&r, "10.77.0.1", XDP_RIG_BYTES);
	for (unsigned i = 0; i < SENT; i++)
		xdp_send_bytes(&r, 64, 1);
	while ((n = xdp_serve(&r, &err)) > 0)
		got += (unsigned)n;
	assert_int_equal(r.port->method->drops(r.port, &drops), 0);
	const struct udp_totals *t = &r.port->totals;
	assert_more(t->no_frame + t->ring_full, 0);
	assert_int_equal(got + t->no_frame + t->ring_full, SENT);
	assert_int_equal(drops, 0);
	xdp_rig_close(&r);
}

/* ---- what is in the way ---- */

static void another_program_is_there(void **state)
{
	struct xdp_rig r = { .fds = open_fds() };
	struct xdp_program *other;
	struct err err = ERR_NONE;
	union net_address at = netns_address("10.77.0.1");
	int fd;

	(void)state;
	xdp_need();
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	net_set_port(&at, 9);
	assert_int_equal(xdp_program_open(fd, if_nametoindex("va"), "va", &at, &other, &err), 0);
	assert_int_equal(xdp_open_port(&r, "10.77.0.1", XDP_RIG_BYTES, &err), -EBUSY);
	assert_contains(err.text, "va has an XDP program already (\"netdyno\", id ");
	assert_contains(err.text, "take it off first (ip link set dev va xdp off)");
	xdp_program_close(other);
	close(fd);
	assert_int_equal(open_fds(), r.fds);
}

/* Nobody else's socket is taken the queue from, and there must be such a queue. */
static void another_socket_is_there(void **state)
{
	struct xdp_rig r, second = { 0 };
	struct err err = ERR_NONE;

	(void)state;
	xdp_need();
	xdp_rig_open(&r, "10.77.0.1", XDP_RIG_BYTES);
	assert_int_equal(xdp_open_port(&second, "10.77.0.1", XDP_RIG_BYTES, &err), -EBUSY);
	assert_string_equal(err.text, "queue 0 of va has an AF_XDP socket already");
	struct udp_config config = xdp_config(netns_bound_socket("10.77.0.1", &second.at), XDP_RIG_BYTES);
	config.place.queue = 1;
	err = ERR_NONE;
	assert_int_equal(udp_xdp.open(&udp_xdp, &config, &second.port, &err), -EINVAL);
	assert_string_equal(err.text,
		"bind an AF_XDP socket to queue 1 of va (--xdp-mode auto, need-wakeup): Invalid argument: va has no such queue, "
		"or Linux is older than 5.4");
	config.xdp_mode = 2;
	err = ERR_NONE;
	assert_int_equal(udp_xdp.open(&udp_xdp, &config, &second.port, &err), -EINVAL);
	assert_contains(err.text, "queue 1 of va (--xdp-mode zero-copy, need-wakeup): Invalid argument: va has no such queue, or "
				  "its driver refuses "
				  "it zero-copy");
	close(config.fd);
	xdp_rig_close(&r);
}

static void there_is_no_such_device(void **state)
{
	union net_address at = netns_address("10.77.0.1");
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct xdp_program *program;
	struct err err = ERR_NONE;

	(void)state;
	xdp_need();
	assert_int_equal(xdp_program_open(fd, 7777, "gone0", &at, &program, &err), -EINVAL);
	assert_string_equal(err.text, "attach an XDP program to gone0 by a link, native or generic: Invalid argument: "
				      "there is no gone0 any more, or Linux is older than 5.9");
	close(fd);
}

static void zero_copy_is_refused(void **state)
{
	struct xdp_rig r = { .fds = open_fds() };
	struct err err = ERR_NONE;
	struct udp_config config;

	(void)state;
	xdp_need();
	config = xdp_config(netns_bound_socket("10.77.0.1", &r.at), XDP_RIG_BYTES);
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
	struct xdp_rig r;

	(void)state;
	xdp_need();
	netns_run("ip link set va mtu 9000");
	netns_peer();
	netns_run("ip link set vb mtu 9000");
	netns_home();
	xdp_rig_open(&r, "10.77.0.1", XDP_RIG_BYTES);
	assert_string_equal(r.port->how, "generic XDP on va, frames copied by the kernel");
	xdp_send_bytes(&r, 3000, 3);
	xdp_serve_all(&r, 1);
	xdp_expect_bytes(&r, 3000, 3);
	xdp_rig_close(&r);
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
	struct xdp_rig r = { 0 };
	struct err err = ERR_NONE;

	(void)state;
	xdp_need();
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	little.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &little), 0);
	set_effective(CAP_IPC_LOCK, CAP_CLEAR);
	int rc = xdp_open_port(&r, "10.77.0.1", XDP_RIG_BYTES, &err);
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
	xdp_need();
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
	xdp_need();
	for (unsigned i = 0; i < CYCLES; i++) {
		struct xdp_rig r;

		xdp_rig_open(&r, i % 2 ? "fd77::1" : "10.77.0.1", XDP_RIG_BYTES);
		assert_true(xdp_has_program("va"));
		xdp_send_bytes(&r, 100, 1);
		if (i % 3)
			xdp_serve_all(&r, 1);
		xdp_rig_close(&r);
		assert_false(xdp_has_program("va"));
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
	int64_t until_ns = clock_now_ns() + XDP_RIG_DEADLINE_S * (int64_t)NS_PER_S;
	struct xdp_rig r = { 0 };
	struct err err = ERR_NONE;
	int ready[2];
	char byte;

	(void)state;
	xdp_need();
	assert_int_equal(pipe(ready), 0);
	struct udp_config config = xdp_config(netns_bound_socket("10.77.0.1", &r.at), XDP_RIG_BYTES);
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
	assert_true(xdp_has_program("va"));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	while (xdp_has_program("va"))
		assert_less(clock_now_ns(), until_ns);
}

/* Bursts allocate nothing. */
static void bursts_allocate_nothing(void **state)
{
	struct xdp_rig r;

	(void)state;
	xdp_need();
	xdp_rig_open(&r, "10.77.0.1", XDP_RIG_BYTES);
	struct mallinfo2 before = mallinfo2();
	for (unsigned i = 0; i < 100; i++) {
		xdp_send_bytes(&r, 100, 1);
		xdp_serve_all(&r, 1);
		xdp_expect_bytes(&r, 100, 1);
	}
	struct mallinfo2 after = mallinfo2();
	assert_int_equal(after.uordblks, before.uordblks);
	assert_int_equal(after.hblkhd, before.hblkhd);
	xdp_rig_close(&r);
}

/* ---- the end ---- */

/* The last test: there is no pair afterwards. */
static void the_interface_goes(void **state)
{
	int64_t until_ns = clock_now_ns() + XDP_RIG_DEADLINE_S * (int64_t)NS_PER_S;
	struct err err = ERR_NONE;
	struct xdp_rig r;
	int rc = 0;

	(void)state;
	xdp_need();
	xdp_rig_open(&r, "10.77.0.1", XDP_RIG_BYTES);
	xdp_send_bytes(&r, 100, 1);
	xdp_serve_all(&r, 1);
	netns_run("ip link del va");
	while (rc >= 0) {
		uint32_t drops;

		assert_int_equal(r.port->method->drops(r.port, &drops), 0);
		rc = xdp_serve(&r, &err);
		assert_less(clock_now_ns(), until_ns);
	}
	assert_int_equal(rc, -ENETDOWN);
	assert_string_equal(err.text, "va is gone or down: method xdp has no queue any more");
	xdp_rig_close(&r);
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
		cmocka_unit_test(there_is_no_such_device),
		cmocka_unit_test(zero_copy_is_refused),
		cmocka_unit_test(generic_where_native_is_not),
		cmocka_unit_test(too_little_may_be_locked),
		cmocka_unit_test(without_rights),
		cmocka_unit_test(cycles_leave_nothing),
		cmocka_unit_test(nothing_stays_behind_a_kill),
		cmocka_unit_test(bursts_allocate_nothing),
		cmocka_unit_test(the_interface_goes),
	};

	xdp_make();
	return cmocka_run_group_tests_name("udp_xdp", tests, NULL, NULL);
}
