/* Tests every method of mode stream over real loopback sockets.  A method becomes part of this test
 * by its row in the engine's table. */
#include "stream_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const hosts[] = { "127.0.0.1", "::1" };

static bool have(const char *host)
{
	union net_address a = { .v6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback } };
	int fd;
	bool ok;

	if (host[0] != ':')
		return true;
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ok = fd >= 0 && bind(fd, &a.sa, sizeof(a.v6)) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Calls fn for every method that runs here and both families, and looks for descriptors left
 * behind. */
static void for_all(void (*fn)(const char *method, const char *host))
{
	char why[160];

	for (unsigned i = 0; engine_stream.methods[i]; i++) {
		const struct method *m = engine_stream.methods[i];

		if (!method_runs(m, why, sizeof(why))) {
			print_message("%s does not run here: %s\n", m->name, why);
			continue;
		}
		for (size_t h = 0; h < 2; h++) {
			unsigned fds = open_fds();

			if (have(hosts[h]))
				fn(m->name, hosts[h]);
			else
				print_message("no IPv6 here\n");
			assert_int_equal(open_fds(), fds);
		}
	}
}

static void expect_all(struct rig *rig, uint64_t size, bool timed)
{
	uint64_t sent = stream_rig_sum(rig, COUNTER_TX_PACKETS);

	stream_rig_expect_balance(rig);
	assert_int_equal(stream_rig_sum(rig, COUNTER_RX_PACKETS), sent);
	assert_int_equal(stream_rig_sum(rig, COUNTER_TX_BYTES), sent * size);
	assert_int_equal(stream_rig_sum(rig, COUNTER_RX_BYTES), sent * size);
	assert_int_equal(rig_latencies(rig, STREAM_L_MESSAGE), sent);
	assert_int_equal(rig_latencies(rig, STREAM_L_DELIVERY), timed ? sent : 0);
	assert_int_equal(stream_rig_sum(rig, STREAM_C_RECONNECTS), 0);
	assert_int_equal(stream_rig_sum(rig, STREAM_C_REJECTED), 0);
}

static void one_size(const char *method, const char *host, const char *size, bool discard, bool reverse)
{
	struct rig rig;
	uint64_t bytes = (uint64_t)atoll(size);

	stream_rig_open(&rig, RIG_OPTIONS("method", method, "host", host, "size", size, "receive", discard ? "discard" : "copy",
				      "verify", discard ? "no" : "yes", "reverse", reverse ? "yes" : "no", "threads", "1"));
	assert_int_equal(rig.plan.workers, 2);
	assert_string_equal(rig.plan.ran, method);
	assert_string_equal(rig.plan.interface, "lo");
	assert_int_equal(rig.plan.address_family, host[0] == ':' ? AF_INET6 : AF_INET);
	assert_int_equal(rig.plan.tx_roles, reverse ? ROLE_CLIENT : ROLE_SERVER);
	rig_measure(&rig, bytes > 1 << 20 ? 10 : bytes >= 65536 ? 100 : 300);
	expect_all(&rig, bytes, bytes >= STREAM_TIMED_BYTES);
	rig_close(&rig);
}

static void sizes(const char *method, const char *host)
{
	static const char *const size[] = { "1", "7", "8", "9", "15", "16", "23", "24", "4096", "16383", "65536", "1048576" };

	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++)
		for (int way = 0; way < 4; way++)
			one_size(method, host, size[i], way & 1, way & 2);
}

/* Messages longer than the receiver's memory and than any socket buffer. */
static void long_messages(const char *method, const char *host)
{
	one_size(method, host, "20000003", false, false);
}

/* Small buffers cut every message many times on its way, at both ends. */
static void small_buffers(const char *method, const char *host)
{
	struct rig rig;

	stream_rig_open(&rig, RIG_OPTIONS("method", method, "host", host, "size", "100001", "verify", "yes", "threads", "1",
				      "sndbuf", "5000", "rcvbuf", "3000"));
	rig_measure(&rig, 100);
	expect_all(&rig, 100001, true);
	/* A ring's kernel goes on by itself. */
	if (!tcp_sender_method_of(engine_find_method(&engine_stream, method))->wait)
		assert_more(stream_rig_sum(&rig, STREAM_C_PARTIAL_SENDS), 0);
	rig_close(&rig);
}

static void many_threads(const char *method, const char *host)
{
	struct rig rig;

	stream_rig_open(&rig, RIG_OPTIONS("method", method, "host", host, "size", "1000", "verify", "yes", "threads", "7"));
	assert_int_equal(rig.plan.workers, 14);
	rig_measure(&rig, 5000);
	expect_all(&rig, 1000, true);
	for (unsigned i = 0; i < rig.opened; i++)
		assert_int_equal(counter_get(rig.worker[i].counters, STREAM_C_CONNECTIONS), 1);
	rig_close(&rig);
}

/* The test leaves messages on their way at the edge on purpose: they arrive in the measure phase,
 * but are not of it. */
static void phases(const char *method, const char *host)
{
	struct rig rig;
	uint64_t sent, got;

	stream_rig_open(&rig, RIG_OPTIONS("method", method, "host", host, "size", "50000", "threads", "1", "verify", "yes"));
	rig_enter(&rig, PHASE_WARMUP);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 50);
	struct worker *server = &rig.worker[0];
	for (int i = 0; i < 3; i++)
		assert_at_least(engine_stream.poll(server, &rig.err), 0);
	rig_enter(&rig, PHASE_SETTLE);
	sent = stream_rig_sum(&rig, COUNTER_TX_PACKETS);
	got = stream_rig_sum(&rig, COUNTER_RX_PACKETS);
	assert_more(sent, got);
	assert_at_least(stream_rig_sum(&rig, COUNTER_IN_FLIGHT), sent - got);
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_BOTH, rig_has_received, got + 500);
	rig_drain(&rig);
	assert_int_equal(stream_rig_sum(&rig, STREAM_C_CARRIED), sent - got);
	stream_rig_expect_balance(&rig);
	rig_close(&rig);
}

/* A settle that has its time carries nothing over. */
static void settles(const char *method, const char *host)
{
	struct rig rig;
	uint64_t bytes;

	stream_rig_open(&rig, RIG_OPTIONS("method", method, "host", host, "size", "300000", "threads", "2"));
	rig_enter(&rig, PHASE_WARMUP);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 50);
	rig_drain(&rig);
	bytes = stream_rig_sum(&rig, COUNTER_RX_BYTES);
	assert_int_equal(bytes, stream_rig_sum(&rig, COUNTER_TX_BYTES));
	assert_int_equal(bytes, stream_rig_sum(&rig, COUNTER_RX_PACKETS) * 300000);
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_BOTH, rig_has_received, bytes / 300000 + 100);
	rig_drain(&rig);
	assert_int_equal(stream_rig_sum(&rig, STREAM_C_CARRIED), 0);
	stream_rig_expect_balance(&rig);
	rig_close(&rig);
}

static void open_loop(const char *method, const char *host)
{
	struct rig rig;
	uint64_t sent;

	stream_rig_open(&rig, RIG_OPTIONS("method", method, "host", host, "size", "100", "threads", "3", "rate", "20001"));
	assert_false(rig.plan.closed_loop);
	rig_measure(&rig, 1000);
	sent = stream_rig_sum(&rig, COUNTER_TX_PACKETS);
	expect_all(&rig, 100, true);
	assert_int_equal(rig_latencies(&rig, STREAM_L_LATENESS), sent);
	assert_at_least(stream_rig_sum(&rig, COUNTER_SCHEDULED), sent);
	rig_close(&rig);
}

/* Two processes have no ledger, but the receiver accounts for every message. */
static void one_role_each(const char *method, const char *host)
{
	for (int reverse = 0; reverse < 2; reverse++) {
		const char *way = reverse ? "yes" : "no";
		struct rig server, client, *receiver = reverse ? &server : &client, *sender = reverse ? &client : &server;
		char port[8];
		int fd = socket(host[0] == ':' ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		union net_address any = { .sa.sa_family = host[0] == ':' ? AF_INET6 : AF_INET };
		socklen_t bytes = sizeof(any);

		/* The port was free a moment ago. */
		assert_int_equal(bind(fd, &any.sa, net_address_bytes(&any)), 0);
		assert_int_equal(getsockname(fd, &any.sa, &bytes), 0);
		close(fd);
		snprintf(port, sizeof(port), "%u", net_port(&any));
		stream_rig_open(&server, RIG_OPTIONS("role", "server", "listen", host, "port", port, "method", method, "reverse",
						 way, "size", "4096", "verify", "yes", "threads", "1"));
		stream_rig_open(&client, RIG_OPTIONS("role", "client", "host", host, "port", port, "method", method, "reverse",
						 way, "size", "4096", "verify", "yes", "threads", "1"));
		rig_enter(&server, PHASE_MEASURE);
		rig_enter(&client, PHASE_MEASURE);
		rig_until_with(receiver, sender, rig_has_received, 500);
		assert_int_equal(stream_rig_sum(receiver, STREAM_C_DAMAGED), 0);
		assert_int_equal(rig_latencies(receiver, STREAM_L_DELIVERY), stream_rig_sum(receiver, COUNTER_RX_PACKETS));
		/* A sender alone counts the bytes that the other end's kernel has acknowledged. */
		rig_enter(sender, PHASE_MEASURE);
		assert_in_range(stream_rig_sum(sender, COUNTER_RX_PACKETS), 500, stream_rig_sum(sender, COUNTER_TX_PACKETS));
		assert_int_equal(stream_rig_sum(sender, COUNTER_IN_FLIGHT), 0);
		rig_close(&client);
		rig_close(&server);
	}
}

/* Calls of one burst: of all that wait there, or of a worker that is told something meanwhile. */
static uint64_t burst(struct rig *rig, unsigned worker, bool told)
{
	struct worker *w = &rig->worker[worker];
	uint64_t before = counter_get(w->counters, COUNTER_SYSCALLS);

	w->control->tick += told;
	if (engine_stream.poll(w, &rig->err) < 0)
		fail_msg("%s", rig->err.text);
	w->control->tick -= told;
	return counter_get(w->counters, COUNTER_SYSCALLS) - before;
}

/* A burst of 64 calls may move gigabytes: the answer to an order does not wait for its end. */
static void an_order_cuts_a_burst(const char *method, const char *host)
{
	struct rig rig;

	stream_rig_open(&rig, RIG_OPTIONS("method", method, "host", host, "size", "1000", "receive", "discard", "threads", "1"));
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 100);
	while (rig_step(&rig, ROLE_CLIENT))
		;
	/* A zero-copy sender fetches completions, too. */
	assert_at_most(burst(&rig, 0, true), 3);
	assert_more(burst(&rig, 0, false), 10);
	assert_int_equal(burst(&rig, 1, true), 1);
	assert_more(burst(&rig, 1, false), 10);
	rig_close(&rig);
}

#define FOR_ALL(name)                        \
	static void all_##name(void **state) \
	{                                    \
		(void)state;                 \
		for_all(name);               \
	}
FOR_ALL(sizes)
FOR_ALL(long_messages)
FOR_ALL(small_buffers)
FOR_ALL(many_threads)
FOR_ALL(phases)
FOR_ALL(settles)
FOR_ALL(open_loop)
FOR_ALL(one_role_each)
FOR_ALL(an_order_cuts_a_burst)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_sizes),
		cmocka_unit_test(all_long_messages),
		cmocka_unit_test(all_small_buffers),
		cmocka_unit_test(all_many_threads),
		cmocka_unit_test(all_phases),
		cmocka_unit_test(all_settles),
		cmocka_unit_test(all_open_loop),
		cmocka_unit_test(all_one_role_each),
		cmocka_unit_test(all_an_order_cuts_a_burst),
	};

	return cmocka_run_group_tests_name("stream conformance", tests, NULL, NULL);
}
