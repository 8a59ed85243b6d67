/* Captures of real datagrams over loopback, sent by the test itself and read back with libpcap
 * and with tcpdump.  Without CAP_NET_RAW the tests that need it are skipped, and say so. */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "../support/asserts.h"

static void check_family(int family)
{
	enum { SENT = 1000 };
	struct traffic t;
	struct stat st;

	traffic_open(&t, family);
	struct capture_request r = request_of(&t);
	struct capture *c = must_start(&r);
	assert_less(access(path, F_OK), 0); /* not named yet */
	for (int i = 0; i < 10; i++) {
		traffic_send(&t, SENT / 10);
		wait_packets(c, (uint64_t)(i + 1) * SENT / 10);
	}
	must_stop(c);
	struct content seen = read_back(path);
	assert_int_equal(seen.packets, SENT);
	assert_int_equal(seen.first, 0);
	assert_int_equal(seen.step, 1);
	assert_int_equal(seen.last, SENT - 1);
	assert_int_equal(seen.port, t.port);
	assert_int_equal(seen.snaplen, 96);
	assert_true(seen.nanoseconds);
	int lines = tcpdump_lines(path);
	if (lines >= 0)
		assert_int_equal(lines, SENT);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	traffic_close(&t);
}

static void test_capture_ip4(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	check_family(AF_INET);
}

static void test_capture_ip6(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	if (access("/proc/net/if_inet6", F_OK) < 0)
		skip();
	check_family(AF_INET6);
}

/* The kernel hands over the last datagrams only later; they must be in the file all the same. */
static void test_last_packets_are_kept(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	struct capture_state s;
	struct packet newest;
	struct traffic t;

	traffic_open(&t, AF_INET);
	struct capture_request r = request_of(&t);
	struct capture *c = must_start(&r);
	traffic_send(&t, 100);
	capture_halt(c);
	capture_state(c, &s);
	assert_int_equal(s.packets, 100);
	assert_int_equal(capture_packets(c, &newest, 1), 1);
	assert_int_equal(newest.counter, 99);
	assert_false(s.active || s.failed);
	capture_halt(c);
	must_stop(c);
	assert_int_equal(read_back(path).packets, 100);
	traffic_close(&t);
}

static void test_sampling_is_exact(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	const int families[] = { AF_INET, AF_INET6 };

	for (unsigned i = 0; i < 2; i++) {
		struct capture_state s;
		struct traffic t;

		if (i && access("/proc/net/if_inet6", F_OK) < 0)
			break;
		traffic_open(&t, families[i]);
		struct capture_request r = request_of(&t);
		r.options.sample_1_in = 64;
		r.force = true;
		struct capture *c = must_start(&r);
		capture_state(c, &s);
		assert_string_equal(s.message, "1 in 64, chosen by the counter in the datagram");
		traffic_send(&t, 6400);
		wait_packets(c, 100);
		must_stop(c);
		struct content seen = read_back(path);
		assert_int_equal(seen.packets, 100);
		assert_int_equal(seen.first, 0);
		assert_int_equal(seen.step, 64);
		traffic_close(&t);
	}
}

static void test_other_ports_are_not_ours(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	struct traffic t, other;

	traffic_open(&t, AF_INET);
	traffic_open(&other, AF_INET);
	struct capture_request r = request_of(&t);
	struct capture *c = must_start(&r);
	traffic_send(&other, 500);
	traffic_send(&t, 20);
	wait_packets(c, 20);
	must_stop(c);
	assert_int_equal(read_back(path).packets, 20);
	traffic_close(&t);
	traffic_close(&other);
}

static void test_extra_filter_and_snaplen(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	struct err err = ERR_NONE;
	struct capture *c;
	struct traffic t;

	traffic_open(&t, AF_INET);
	struct capture_request r = request_of(&t);
	r.options.snaplen_bytes = 70;
	snprintf(r.options.filter, sizeof(r.options.filter), "udp[8] & 0x80 != 0"); /* replies */
	c = must_start(&r);
	traffic_send(&t, 30);
	wait_packets(c, 10);
	must_stop(c);
	struct content seen = read_back(path);
	assert_int_equal(seen.replies, 10);
	assert_int_equal(seen.snaplen, 70);
	r.force = true;
	const char *const bad[] = { "nonsense here", "udp) or (tcp", "port 99999999" };
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char want[64];

		snprintf(r.options.filter, sizeof(r.options.filter), "%s", bad[i]);
		err_clear(&err);
		assert_int_equal(capture_start(&r, &c, &err), -EINVAL);
		snprintf(want, sizeof(want), "capture: filter \"%s\": ", bad[i]);
		assert_memory_equal(err.text, want, strlen(want));
	}
	assert_int_equal(read_back(path).packets, 10); /* the old file stands */
	traffic_close(&t);
}

static void test_recent_packets(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	struct packet shown[PACKETS_SHOWN + 5];
	struct traffic t;

	traffic_open(&t, AF_INET);
	struct capture_request r = request_of(&t);
	struct capture *c = must_start(&r);
	assert_int_equal(capture_packets(c, shown, PACKETS_SHOWN), 0);
	traffic_send(&t, 10);
	wait_packets(c, 10);
	assert_int_equal(capture_packets(c, shown, PACKETS_SHOWN), 10);
	assert_int_equal(shown[0].counter, 9);
	traffic_send(&t, 200);
	wait_packets(c, 210);
	assert_int_equal(capture_packets(c, shown, PACKETS_SHOWN + 5), PACKETS_SHOWN);
	for (unsigned i = 0; i < PACKETS_SHOWN; i++) {
		assert_int_equal(shown[i].counter, 209 - i);
		assert_int_equal(shown[i].reply, (209 - i) % 3 == 0);
		assert_int_equal(shown[i].destination_port, t.port);
		assert_int_equal(shown[i].wire_bytes, 14 + 20 + 8 + 80);
		/* The age runs from sending to the tap: it is converted between two clocks, but
		 * never exceeds the time that this test has lasted. */
		assert_in_range(shown[i].age_ns, 0, DEADLINE_S * (int64_t)NS_PER_S);
	}
	assert_int_equal(capture_packets(c, shown, 3), 3);
	assert_int_equal(shown[2].counter, 207);
	must_stop(c);
	traffic_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_capture_ip4),
		CASE(test_capture_ip6),
		CASE(test_last_packets_are_kept),
		CASE(test_sampling_is_exact),
		CASE(test_other_ports_are_not_ours),
		CASE(test_extra_filter_and_snaplen),
		CASE(test_recent_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
