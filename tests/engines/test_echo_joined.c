/* Mode echo with datagrams that go through the kernel as one: each half by itself, who gets them,
 * and what others may put into a packet. */
#include "echo_rig.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engines/udp/joined.h"

static void run_says_what_ran(void **state)
{
	struct rig rig;
	struct rig_config big = { .engine = &engine_echo,
		.servers = 1,
		.clients = 1,
		.method = &udp_gso.method,
		.option = { "payload", "40000", "window", "4" } };

	(void)state;
	rig_open_or_fail(&rig, &big);
	assert_string_equal(rig.plan.ran, "mmsg");
	assert_contains(rig.plan.notes[0], "method gso: no two datagrams of 40016 bytes fit into one send of 65487");
	rig_measure(&rig, 100);
	rig_expect_balance(&rig);
	rig_close(&rig);
}

/* Each half by itself: the counters say what was joined. */
static void each_half_by_itself(void **state)
{
	static const char *const words[] = { "no", "yes" };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct rig rig;
		struct rig_config config = { .engine = &engine_echo,
			.servers = 1,
			.clients = 1,
			.method = &udp_gso.method,
			.option = { "window", "256", "gso", words[i & 1], "gro", words[i >> 1] } };

		rig_open_or_fail(&rig, &config);
		rig_measure(&rig, 5000);
		rig_expect_balance(&rig);
		uint64_t sent = rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS);
		assert_int_equal(rig_sum(&rig, ROLE_CLIENT, COUNTER_RX_PACKETS), sent);
		assert_int_equal(rig_latencies(&rig, ECHO_L_RTT), sent);
		if (i & 1)
			assert_less(rig_sum(&rig, ROLE_CLIENT, ECHO_C_TX_SKBS), sent / 10);
		else
			assert_int_equal(rig_sum(&rig, ROLE_CLIENT, ECHO_C_TX_SKBS), sent);
		if (i == 3)
			assert_less(rig_sum(&rig, ROLE_CLIENT, ECHO_C_RX_SKBS), sent / 10);
		else if (i < 2)
			assert_int_equal(rig_sum(&rig, ROLE_CLIENT, ECHO_C_RX_SKBS), sent);
		rig_close(&rig);
	}
}

/* A joined packet goes to the server of its first datagram: flows are not mixed in one, so each
 * server gets the flows that it would get one by one, and their order stays. */
static void flows_are_not_mixed(void **state)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 2,
		.clients = 1,
		.method = &udp_gso.method,
		.option = { "window", "128", "flows", "4", "batch", "512" } };

	(void)state;
	rig_open_or_fail(&rig, &config);
	rig_measure(&rig, 10000);
	rig_expect_balance(&rig);
	for (unsigned s = 0; s < 2; s++)
		assert_more(counter_get(rig_server(&rig, s)->counters, COUNTER_RX_PACKETS), 1000);
	rig_close(&rig);
}

/* ---- what others put into a packet ---- */

static void send_joined(int fd, const uint8_t *data, size_t len, uint32_t segment)
{
	struct err err = ERR_NONE;

	if (udp_join_always(fd, segment, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(send(fd, data, len, 0), len);
}

/* Each datagram of a packet is judged by itself: the good ones are answered, the others counted. */
static void bad_ones_in_a_packet(void **state)
{
	enum { BYTES = 48, COUNT = 50, SHORT_BYTES = 9, EVERY = 7 };
	struct rig rig;
	struct rig_config config = {
		.engine = &engine_echo, .servers = 1, .method = &udp_gso.method, .option = { "listen", "127.0.0.1" }
	};
	static uint8_t data[COUNT * BYTES], back[UDP_DATAGRAM_MAX];
	unsigned bad = 0;

	(void)state;
	rig_open_or_fail(&rig, &config);
	rig_enter(&rig, PHASE_MEASURE);
	int fd = echo_socket(AF_INET, 0, rig_port(&rig));
	for (unsigned i = 0; i < COUNT; i++) {
		echo_put(data + i * BYTES, 1, i + 1, 1);
		if (i % EVERY == 3) {
			data[i * BYTES] |= ECHO_REPLY_BYTE;
			bad++;
		}
	}
	send_joined(fd, data, (COUNT - 1) * BYTES + SHORT_BYTES, BYTES);
	rig_until(&rig, ROLE_SERVER, echo_has_questions, COUNT - 1 - bad);
	for (unsigned i = 0; i < COUNT - 1; i++) {
		if (i % EVERY == 3)
			continue;
		assert_int_equal(recv(fd, back, sizeof(back), 0), BYTES);
		data[i * BYTES] |= ECHO_REPLY_BYTE;
		assert_memory_equal(back, data + i * BYTES, BYTES);
	}
	assert_int_equal(rig_sum(&rig, ROLE_SERVER, COUNTER_RX_PACKETS), COUNT - 1 - bad);
	assert_int_equal(rig_sum(&rig, ROLE_SERVER, COUNTER_TX_PACKETS), COUNT - 1 - bad);
	assert_int_equal(rig_sum(&rig, ROLE_SERVER, ECHO_C_DROPPED_REPLY), bad);
	assert_int_equal(rig_sum(&rig, ROLE_SERVER, ECHO_C_DROPPED_SHORT), 1);
	close(fd);
	rig_close(&rig);
}

static bool has_duplicates(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_CLIENT, ECHO_C_DUPLICATES) >= value;
}

/* Answers joined in any order, and once more, are counted as if each had come by itself. */
static void answers_in_any_order(void **state)
{
	enum { WINDOW = 40, BYTES = ECHO_HEADER_BYTES + 64 };
	struct rig rig;
	int server = echo_socket(AF_INET, 0, 0);
	union net_address at;
	socklen_t size = sizeof(at);
	static uint8_t data[WINDOW * BYTES];
	char port[8];

	(void)state;
	assert_int_equal(getsockname(server, &at.sa, &size), 0);
	snprintf(port, sizeof(port), "%u", net_port(&at));
	struct rig_config config = { .engine = &engine_echo,
		.clients = 1,
		.method = &udp_gso.method,
		.option = { "host", "127.0.0.1", "port", port, "window", "40" } };
	rig_open_or_fail(&rig, &config);
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_CLIENT, rig_has_sent, WINDOW);
	for (unsigned i = WINDOW; i-- > 0;)
		assert_int_equal(echo_receive(server, data + i * BYTES, BYTES, &at), BYTES);
	assert_int_equal(connect(server, &at.sa, size), 0);
	rig_enter(&rig, PHASE_DRAIN);
	send_joined(server, data, sizeof(data), BYTES);
	rig_until(&rig, ROLE_CLIENT, rig_has_received, WINDOW);
	send_joined(server, data, sizeof(data), BYTES);
	rig_until(&rig, ROLE_CLIENT, has_duplicates, WINDOW);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, COUNTER_RX_PACKETS), WINDOW);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, ECHO_C_REORDERED), WINDOW - 1);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, ECHO_C_DUPLICATES), WINDOW);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, ECHO_C_STRAY), 0);
	assert_int_equal(rig_latencies(&rig, ECHO_L_RTT), WINDOW);
	rig_expect_balance(&rig);
	rig_close(&rig);
	close(server);
}

/* The classes of receive calls hold the calls that brought something, and what they brought. */
static void fills_are_of(const struct udp_method *method)
{
	const unsigned roles[] = { ROLE_SERVER, ROLE_CLIENT };
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo, .servers = 1, .clients = 1, .method = &method->method };

	rig_open_or_fail(&rig, &config);
	rig_measure(&rig, 2000);
	for (unsigned r = 0; r < 2; r++) {
		uint64_t calls = 0, least = 0, received = rig_sum(&rig, roles[r], COUNTER_RX_PACKETS);

		for (unsigned i = 1; i < UDP_FILLS; i++) {
			calls += rig_sum(&rig, roles[r], ECHO_C_FILL + i);
			least += rig_sum(&rig, roles[r], ECHO_C_FILL + i) << (i - 1);
		}
		assert_int_equal(calls, rig_sum(&rig, roles[r], ECHO_C_RECEIVES));
		assert_in_range(received, least, 2 * least);
	}
	rig_close(&rig);
}

static void fills_add_up(void **state)
{
	(void)state;
	echo_for_all(fills_are_of);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_says_what_ran),
		cmocka_unit_test(each_half_by_itself),
		cmocka_unit_test(flows_are_not_mixed),
		cmocka_unit_test(bad_ones_in_a_packet),
		cmocka_unit_test(answers_in_any_order),
		cmocka_unit_test(fills_add_up),
	};

	return cmocka_run_group_tests_name("echo, joined datagrams", tests, NULL, NULL);
}
