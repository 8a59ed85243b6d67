/* Tests every method of mode echo over real loopback sockets.  A method becomes part of this test
 * by its row in the engine's table. */
#include "echo_rig.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"

static const int families[] = { AF_INET, AF_INET6 };

static const char *host_of(int family)
{
	return family == AF_INET ? "127.0.0.1" : "::1";
}

static bool have_ipv6(void)
{
	union net_address a = { .v6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback } };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool have = fd >= 0 && bind(fd, &a.sa, sizeof(a.v6)) == 0;

	if (fd >= 0)
		close(fd);
	return have;
}

/* Calls fn for every method that runs here and both families. */
static void for_all(void (*fn)(const struct udp_method *method, int family))
{
	char why[160];

	for (unsigned i = 0; engine_echo.methods[i]; i++) {
		const struct udp_method *m = udp_method_of(engine_echo.methods[i]);

		if (!method_runs(&m->method, why, sizeof(why))) {
			print_message("%s does not run here: %s\n", m->method.name, why);
			continue;
		}
		if (!rig_opens(&engine_echo, &m->method))
			continue;
		for (size_t f = 0; f < 2; f++) {
			if (families[f] == AF_INET6 && !have_ipv6())
				print_message("no IPv6 here\n");
			else
				fn(m, families[f]);
		}
	}
}

/* Names a server, a client and a method; options follow. */
#define PAIR(m, family, ...)                          \
	((struct rig_config){ .engine = &engine_echo, \
		.servers = 1,                         \
		.clients = 1,                         \
		.method = &m->method,                 \
		.option = { "host", host_of(family), __VA_ARGS__ } })

static void expect_all_answered(struct rig *rig, unsigned payload)
{
	uint64_t sent = rig_sum(rig, ROLE_CLIENT, COUNTER_TX_PACKETS);

	rig_expect_balance(rig);
	assert_int_equal(rig_sum(rig, ROLE_CLIENT, COUNTER_RX_PACKETS), sent);
	assert_int_equal(rig_sum(rig, ROLE_CLIENT, COUNTER_RX_BYTES), sent * (ECHO_HEADER_BYTES + payload));
	assert_int_equal(rig_sum(rig, ROLE_CLIENT, COUNTER_TX_BYTES), sent * (ECHO_HEADER_BYTES + payload));
	assert_int_equal(rig_sum(rig, ROLE_SERVER, COUNTER_RX_PACKETS), sent);
	assert_int_equal(rig_sum(rig, ROLE_SERVER, COUNTER_TX_PACKETS), sent);
	assert_int_equal(rig_latencies(rig, ECHO_L_RTT), sent);
	for (unsigned i = ECHO_C_TX_ERRORS; i <= ECHO_C_STRAY; i++)
		/* The test's thread may change CPUs, and with it the backlog that a datagram
		 * goes through: that reorders. */
		if (i != ECHO_C_REORDERED && rig_sum(rig, ROLE_BOTH, i))
			fail_msg("%s is %llu", engine_counter(&engine_echo, i)->name,
				(unsigned long long)rig_sum(rig, ROLE_BOTH, i));
}

/* Measures until there are so many answers, and waits for all that are on their way. */
static void everything_answered(const struct rig_config *config, unsigned answers)
{
	struct rig rig;

	rig_open_or_fail(&rig, config);
	rig_measure(&rig, answers);
	expect_all_answered(&rig, 64);
	rig_close(&rig);
}

/* ---- both ends ---- */

static void one_payload(const struct udp_method *m, int family, const char *payload, unsigned answers)
{
	struct rig rig;

	rig_open_or_fail(&rig, &PAIR(m, family, "payload", payload, "window", "4"));
	assert_more(rig_port(&rig), 0);
	assert_int_equal(rig.plan.address_family, family);
	assert_int_equal(rig.plan.wire_overhead_bytes, family == AF_INET ? 42 : 62);
	assert_string_equal(rig.plan.interface, "lo");
	/* A method that has nothing to do with such datagrams says so, and which one runs. */
	if (strcmp(rig.plan.ran, m->method.name) != 0) {
		assert_contains(rig.plan.notes[0], m->method.name);
		assert_contains(rig.plan.notes[0], rig.plan.ran);
	}
	rig_measure(&rig, answers);
	expect_all_answered(&rig, (unsigned)atoi(payload));
	rig_close(&rig);
}

static void payloads(const struct udp_method *m, int family)
{
	one_payload(m, family, "0", 300);
	one_payload(m, family, "1", 300);
	one_payload(m, family, "64", 300);
	one_payload(m, family, "1472", 300);
	one_payload(m, family, "65479", 100);
}

static void many_flows_servers_clients(const struct udp_method *m, int family)
{
	static const char *const steers[] = { "flow", "hash", "cpu" };

	for (size_t i = 0; i < 3; i++) {
		struct rig_config config = { .engine = &engine_echo,
			.servers = 3,
			.clients = 2,
			.method = &m->method,
			.option = { "host", host_of(family), "flows", "50", "window", "2", "steer", steers[i] } };

		everything_answered(&config, 2000);
	}
}

static void window_of_one(const struct udp_method *m, int family)
{
	struct rig rig;

	rig_open_or_fail(&rig, &PAIR(m, family, "window", "1"));
	rig_enter(&rig, PHASE_MEASURE);
	for (int i = 0; i < 200; i++) {
		rig_step(&rig, ROLE_BOTH);
		assert_at_most(rig_sum(&rig, ROLE_CLIENT, COUNTER_IN_FLIGHT), 1);
	}
	rig_until(&rig, ROLE_BOTH, rig_has_received, 100);
	rig_drain(&rig);
	expect_all_answered(&rig, 64);
	rig_close(&rig);
}

/* The schedule does not wait for a test that was held up: servers take all that is there each
 * time, so that no socket runs over. */
static bool has_caught_up(struct rig *rig, uint64_t answers)
{
	while (rig_step(rig, ROLE_SERVER) > 0)
		;
	return rig_has_received(rig, answers);
}

static void open_loop(const struct udp_method *m, int family)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 2,
		.clients = 2,
		.method = &m->method,
		.option = { "host", host_of(family), "rate", "20001", "flows", "3" } };

	rig_open_or_fail(&rig, &config);
	assert_false(rig.plan.closed_loop);
	assert_string_equal(rig.plan.load_name, "rate");
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_BOTH, has_caught_up, 2000);
	rig_drain(&rig);
	expect_all_answered(&rig, 64);
	uint64_t sent = rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS);
	uint64_t due = rig_sum(&rig, ROLE_CLIENT, COUNTER_SCHEDULED);
	assert_at_least(due, sent);
	assert_int_equal(rig_latencies(&rig, ECHO_L_RTT_SEND), sent);
	assert_int_equal(rig_latencies(&rig, ECHO_L_LATENESS), sent);
	rig_close(&rig);
}

/* After a stall everything due goes out, but a poll's share at a time: answers must not be left
 * waiting meanwhile. */
static void catches_up_in_turns(const struct udp_method *m, int family)
{
	struct rig rig;

	rig_open_or_fail(&rig, &PAIR(m, family, "rate", "100k", "batch", "32"));
	rig_enter(&rig, PHASE_MEASURE);
	int64_t start = clock_now_ns();
	while (clock_now_ns() < start + 5 * NS_PER_MS)
		;
	for (uint64_t polls = 1; polls <= 4; polls++) {
		rig_step(&rig, ROLE_CLIENT);
		assert_in_range(rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS), 64 * (polls - 1), 64 * polls);
		rig_step(&rig, ROLE_SERVER);
	}
	assert_at_least(rig_sum(&rig, ROLE_CLIENT, COUNTER_SCHEDULED), 500);
	uint64_t due = rig_sum(&rig, ROLE_CLIENT, COUNTER_SCHEDULED);
	rig_until(&rig, ROLE_BOTH, has_caught_up, due);
	rig_drain(&rig);
	expect_all_answered(&rig, 64);
	rig_close(&rig);
}

/* A generator that is held up to the very end must not look as if it had kept the rate. */
static void schedule_goes_on(const struct udp_method *m, int family)
{
	struct rig rig;

	rig_open_or_fail(&rig, &PAIR(m, family, "rate", "100k"));
	rig_enter(&rig, PHASE_MEASURE);
	int64_t start = clock_now_ns();
	rig_step(&rig, ROLE_CLIENT);
	while (clock_now_ns() < start + 5 * NS_PER_MS)
		;
	rig_enter(&rig, PHASE_DRAIN);
	uint64_t due = rig_sum(&rig, ROLE_CLIENT, COUNTER_SCHEDULED);
	assert_in_range(due, 499, UINT32_MAX);
	rig_drain(&rig);
	rig_enter(&rig, PHASE_DRAIN);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, COUNTER_SCHEDULED), due);
	rig_expect_balance(&rig);
	rig_close(&rig);
}

static void verbatim(const struct udp_method *m, int family)
{
	struct rig_config config = { .engine = &engine_echo,
		.servers = 2,
		.clients = 1,
		.method = &m->method,
		.option = { "host", host_of(family), "verbatim", "yes", "window", "8", "flows", "4" } };

	everything_answered(&config, 500);
}

/* Numbers are exact from the measure phase on, whatever warm-up and settle left. */
static void phases(const struct udp_method *m, int family)
{
	struct rig rig;

	rig_open_or_fail(&rig, &PAIR(m, family, "window", "32"));
	rig_enter(&rig, PHASE_WARMUP);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 100);
	/* Left in flight on purpose: their answers come in the measure phase. */
	rig_enter(&rig, PHASE_SETTLE);
	uint64_t sent = rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS), got = rig_sum(&rig, ROLE_CLIENT, COUNTER_RX_PACKETS);
	rig_enter(&rig, PHASE_MEASURE);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, COUNTER_IN_FLIGHT), 0);
	rig_until(&rig, ROLE_BOTH, rig_has_received, got + 500);
	rig_drain(&rig);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, ECHO_C_CARRIED), sent - got);
	sent = rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS) - sent;
	got = rig_sum(&rig, ROLE_CLIENT, COUNTER_RX_PACKETS) - got - rig_sum(&rig, ROLE_CLIENT, ECHO_C_CARRIED);
	assert_int_equal(got, sent);
	rig_close(&rig);
}

static void load_changes_live(const struct udp_method *m, int family)
{
	struct rig rig;

	rig_open_or_fail(&rig, &PAIR(m, family, "window", "16", "flows", "2"));
	struct worker *client = rig_client(&rig, 0);
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 100);
	worker_set_load(client, 2);
	uint64_t more = rig_sum(&rig, ROLE_CLIENT, COUNTER_RX_PACKETS) + 100;
	rig_until(&rig, ROLE_BOTH, rig_has_received, more);
	assert_at_most(rig_sum(&rig, ROLE_CLIENT, COUNTER_IN_FLIGHT), 4);
	worker_set_load(client, 100);
	while (rig_sum(&rig, ROLE_CLIENT, COUNTER_IN_FLIGHT) < 200)
		rig_step(&rig, ROLE_CLIENT);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, COUNTER_IN_FLIGHT), 200);
	rig_drain(&rig);
	expect_all_answered(&rig, 64);
	rig_close(&rig);
}

/* ---- the server alone ---- */

static uint64_t questions_wanted;

static bool all_asked(struct rig *rig, uint64_t value)
{
	return echo_has_questions(rig, value);
}

/* A method may send an answer with its next call only. */
static bool all_answered(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_SERVER, COUNTER_TX_PACKETS) >= value;
}

/* One datagram there and back, byte for byte. */
static void there_and_back(struct rig *rig, int fd, const uint8_t *data, size_t len, bool flips)
{
	static uint8_t back[ECHO_VERBATIM_MAX];

	assert_int_equal(send(fd, data, len, 0), len);
	rig_until(rig, ROLE_SERVER, all_answered, ++questions_wanted);
	ssize_t n = recv(fd, back, sizeof(back), 0);
	assert_int_equal(n, len);
	if (flips && len) {
		assert_int_equal(back[0], data[0] | ECHO_REPLY_BYTE);
		back[0] = data[0];
	}
	assert_memory_equal(back, data, len);
}

static void payload_byte_exact(const struct udp_method *m, int family)
{
	static const size_t lengths[] = { 16, 17, 80, 1488, 9000, 65495 }, verbatim_only[] = { 0, 1, 15, 65496, 65507, 65527 };
	static uint8_t data[ECHO_VERBATIM_MAX];

	for (int plain = 0; plain < 2; plain++) {
		struct rig rig;
		struct rig_config config = { .engine = &engine_echo,
			.servers = 1,
			.method = &m->method,
			.option = { "listen", host_of(family), "verbatim", plain ? "no" : "yes" } };
		struct rng rng = { .state = 1 };

		rig_open_or_fail(&rig, &config);
		rig_enter(&rig, PHASE_MEASURE);
		questions_wanted = 0;
		int fd = echo_socket(family, 0, rig_port(&rig));
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			for (size_t b = 0; b < lengths[i]; b++)
				data[b] = (uint8_t)rng_next(&rng);
			if (plain)
				data[0] &= 0x7f;
			there_and_back(&rig, fd, data, lengths[i], plain);
		}
		for (size_t i = 0; !plain && i < sizeof(verbatim_only) / sizeof(verbatim_only[0]); i++)
			if (verbatim_only[i] <= (family == AF_INET ? UDP_DATAGRAM_MAX : ECHO_VERBATIM_MAX))
				there_and_back(&rig, fd, data, verbatim_only[i], false);
		close(fd);
		rig_close(&rig);
	}
}

/* Flow ids spread over servers exactly, whatever socket they come from. */
static void steered_by_flow(const struct udp_method *m, int family)
{
	enum { SERVERS = 3, IDS = 200 };
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = SERVERS,
		.clients = 1,
		.method = &m->method,
		.option = { "host", host_of(family) } };
	uint8_t data[80] = { 0 };

	rig_open_or_fail(&rig, &config);
	rig_enter(&rig, PHASE_DRAIN);
	int fd = echo_socket(family, 0, rig_port(&rig));
	for (unsigned id = 0; id < IDS; id++) {
		echo_put(data, (uint16_t)id, 1, 1);
		assert_int_equal(send(fd, data, sizeof(data), 0), sizeof(data));
	}
	rig_until(&rig, ROLE_SERVER, all_asked, IDS);
	for (unsigned s = 0; s < SERVERS; s++) {
		uint64_t got = counter_get(rig_server(&rig, s)->counters, COUNTER_RX_PACKETS);

		assert_int_equal(got, IDS / SERVERS + (s < IDS % SERVERS));
	}
	close(fd);
	rig_close(&rig);
}

/* A server that is bound to a wildcard answers from the address that was asked: a connected socket
 * takes answers from no other. */
static void wildcard(const struct udp_method *m, int family)
{
	struct rig rig;
	bool four = family == AF_INET;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 1,
		.clients = 1,
		.method = &m->method,
		.option = { "listen", four ? "0.0.0.0" : "::" } };
	uint8_t data[80] = { 0 };
	union net_address other = { .v4 = { .sin_family = AF_INET } };

	rig_open_or_fail(&rig, &config);
	assert_more(strlen(rig.plan.notes[0]), 0);
	rig_measure(&rig, 100);
	expect_all_answered(&rig, 64);
	if (four) {
		questions_wanted = rig_sum(&rig, ROLE_SERVER, COUNTER_RX_PACKETS);
		int fd = echo_socket(AF_INET, 0, 0);
		assert_int_equal(inet_pton(AF_INET, "127.9.8.7", &other.v4.sin_addr), 1);
		net_set_port(&other, rig_port(&rig));
		assert_int_equal(connect(fd, &other.sa, sizeof(other.v4)), 0);
		there_and_back(&rig, fd, data, sizeof(data), true);
		close(fd);
	}
	rig_close(&rig);
}

/* ---- mixed ---- */

static void every_pair_of_methods(void **state)
{
	(void)state;
	for (unsigned i = 0; engine_echo.methods[i]; i++) {
		if (!rig_opens(&engine_echo, engine_echo.methods[i]))
			continue;
		for (unsigned j = 0; engine_echo.methods[j]; j++) {
			struct rig rig;
			struct rig_config config = {
				.engine = &engine_echo, .servers = 1, .clients = 1, .option = { "window", "8" }
			};

			if (rig_plan(&rig, &config) < 0)
				fail_msg("%s", rig.err.text);
			rig.plan.worker[0].method = engine_echo.methods[i];
			rig.plan.worker[1].method = engine_echo.methods[j];
			for (unsigned w = 0; w < 2; w++) {
				assert_int_equal(
					worker_init(&rig.worker[w], &engine_echo, &rig.options, &rig.plan, w, &rig.err), 0);
				rig.opened++;
				assert_int_equal(engine_echo.open(&rig.worker[w], &rig.err), 0);
			}
			rig_measure(&rig, 200);
			expect_all_answered(&rig, 64);
			rig_close(&rig);
		}
	}
}

#define FOR_ALL(name)                        \
	static void all_##name(void **state) \
	{                                    \
		(void)state;                 \
		for_all(name);               \
	}
FOR_ALL(payloads)
FOR_ALL(many_flows_servers_clients)
FOR_ALL(window_of_one)
FOR_ALL(open_loop)
FOR_ALL(catches_up_in_turns)
FOR_ALL(schedule_goes_on)
FOR_ALL(verbatim)
FOR_ALL(phases)
FOR_ALL(load_changes_live)
FOR_ALL(payload_byte_exact)
FOR_ALL(steered_by_flow)
FOR_ALL(wildcard)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_payloads),
		cmocka_unit_test(all_many_flows_servers_clients),
		cmocka_unit_test(all_window_of_one),
		cmocka_unit_test(all_open_loop),
		cmocka_unit_test(all_catches_up_in_turns),
		cmocka_unit_test(all_schedule_goes_on),
		cmocka_unit_test(all_verbatim),
		cmocka_unit_test(all_phases),
		cmocka_unit_test(all_load_changes_live),
		cmocka_unit_test(all_payload_byte_exact),
		cmocka_unit_test(all_steered_by_flow),
		cmocka_unit_test(all_wildcard),
		cmocka_unit_test(every_pair_of_methods),
	};

	return cmocka_run_group_tests_name("echo conformance", tests, NULL, NULL);
}
