/* Mode echo with several sockets per client: every answer comes to the socket that asked, the
 * kernel's hash spreads their datagrams, and the ledger has the losses of each. */
#include "echo_rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "engines/echo/ready.h"
#include "engines/udp/group.h"

/* ---- which flow may send ---- */

static void one_socket_is_a_queue(void **state)
{
	struct echo_ready r;
	unsigned flow;

	(void)state;
	assert_int_equal(echo_ready_init(&r, 5, 1), 0);
	assert_int_equal(echo_ready_socket(&r), ECHO_READY_NONE);
	for (unsigned i = 0; i < 5; i++)
		echo_ready_add(&r, i * 2 % 5);
	for (unsigned i = 0; i < 12; i++) {
		assert_int_equal(echo_ready_socket(&r), 0);
		assert_true(echo_ready_take(&r, &flow));
		assert_int_equal(flow, i * 2 % 5);
		echo_ready_add(&r, flow);
		echo_ready_turn(&r);
	}
	echo_ready_free(&r);
}

/* Compares with a model: no flow is lost or doubled, each socket's flows keep their order, and no
 * socket has a second turn while another one waits. */
static void sockets_take_turns(void **state)
{
	enum { FLOWS = 24, SOCKETS = 4, STEPS = 20000 };
	struct rng rng = { .state = 3 };
	struct echo_ready r;
	unsigned queued_at[FLOWS] = { 0 }, last_turn[SOCKETS] = { 0 }, waits_since[SOCKETS] = { 0 };

	(void)state;
	assert_int_equal(echo_ready_init(&r, FLOWS, SOCKETS), 0);
	for (unsigned step = 1; step < STEPS; step++) {
		unsigned flow = (unsigned)(rng_next(&rng) % FLOWS), socket = echo_ready_socket(&r), taken, before = 0;

		if (!queued_at[flow]) {
			echo_ready_add(&r, flow);
			queued_at[flow] = step;
			if (!waits_since[flow % SOCKETS])
				waits_since[flow % SOCKETS] = step;
		}
		if (socket == ECHO_READY_NONE || rng_next(&rng) % 3)
			continue;
		for (unsigned s = 0; s < SOCKETS; s++)
			if (waits_since[s] && waits_since[s] < last_turn[socket] && last_turn[s] < last_turn[socket])
				fail_msg("step %u: socket %u waits since %u", step, s, waits_since[s]);
		for (unsigned n = (unsigned)(rng_next(&rng) % 4); n && echo_ready_take(&r, &taken); n--) {
			assert_int_equal(taken % SOCKETS, socket);
			assert_in_range(queued_at[taken], before + 1, step);
			before = queued_at[taken];
			queued_at[taken] = 0;
		}
		echo_ready_turn(&r);
		last_turn[socket] = step;
		waits_since[socket] = 0;
		for (unsigned f = socket; f < FLOWS; f += SOCKETS)
			if (queued_at[f])
				waits_since[socket] = step;
	}
	echo_ready_free(&r);
}

/* ---- both ends ---- */

/* Answers are late where the test itself was kept from its CPU for a second, but not lost. */
static void expect_all_answered(struct rig *rig)
{
	uint64_t sent = rig_sum(rig, ROLE_CLIENT, COUNTER_TX_PACKETS), in_time = rig_sum(rig, ROLE_CLIENT, COUNTER_RX_PACKETS);

	rig_expect_balance(rig);
	assert_int_equal(in_time + rig_sum(rig, ROLE_CLIENT, ECHO_C_LATE), sent);
	assert_int_equal(rig_sum(rig, ROLE_SERVER, COUNTER_RX_PACKETS), sent);
	assert_int_equal(rig_sum(rig, ROLE_CLIENT, ECHO_C_STRAY), 0);
	assert_int_equal(rig_sum(rig, ROLE_CLIENT, ECHO_C_DUPLICATES), 0);
	assert_int_equal(rig_latencies(rig, ECHO_L_RTT), in_time);
}

/* Lets the servers read everything before clients send more: then only a burst of each client waits
 * for a server, however many flows or a schedule that was held up have more to send. */
static bool is_served_and_received(struct rig *rig, uint64_t packets)
{
	while (rig_step(rig, ROLE_SERVER))
		;
	return rig_has_received(rig, packets);
}

static void measure_in_turns(struct rig *rig, unsigned answers)
{
	rig_enter(rig, PHASE_MEASURE);
	rig_until(rig, ROLE_CLIENT, is_served_and_received, answers);
	rig_drain(rig);
	expect_all_answered(rig);
}

static void everything_answered(const struct rig_config *config, unsigned answers)
{
	struct rig rig;

	rig_open_or_fail(&rig, config);
	measure_in_turns(&rig, answers);
	rig_close(&rig);
}

static void closed_loop(const struct udp_method *m)
{
	struct rig_config config = { .engine = &engine_echo,
		.servers = 3,
		.clients = 2,
		.method = &m->method,
		.option = { "sockets", "16", "flows", "3", "window", "4" } };

	everything_answered(&config, 5000);
}

static void open_loop(const struct udp_method *m)
{
	struct rig_config config = { .engine = &engine_echo,
		.servers = 2,
		.clients = 2,
		.method = &m->method,
		.option = { "sockets", "5", "flows", "2", "rate", "20001" } };

	everything_answered(&config, 2000);
}

static void hundreds_of_sockets(const struct udp_method *m)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 1,
		.clients = 1,
		.method = &m->method,
		.option = { "sockets", "300", "window", "1" } };

	rig_open_or_fail(&rig, &config);
	assert_int_equal(rig.worker[1].wait.count, 1);
	/* A step of the rig polls the epoll of them all: with a thousand, answers come late. */
	measure_in_turns(&rig, 1500);
	rig_close(&rig);
}

/* 64 source ports all hash to the same one of two servers once in 2^63. */
static void hash_spreads(const struct udp_method *m)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 2,
		.clients = 1,
		.method = &m->method,
		.option = { "sockets", "64", "window", "1", "steer", "hash" } };

	rig_open_or_fail(&rig, &config);
	measure_in_turns(&rig, 1000);
	for (unsigned i = 0; i < 2; i++)
		assert_in_range(counter_get(rig_server(&rig, i)->counters, COUNTER_RX_PACKETS), 1, UINT32_MAX);
	rig_close(&rig);
}

/* ---- losses ---- */

static bool has_refused(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_CLIENT, ECHO_C_REFUSED) >= value;
}

static void nobody_listens(const struct udp_method *m)
{
	union net_address a;
	socklen_t size = sizeof(a);
	char port[8];
	int fd = echo_socket(AF_INET, 0, 0);
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.clients = 1,
		.method = &m->method,
		.option = { "port", port, "sockets", "4", "window", "2" } };

	assert_int_equal(getsockname(fd, &a.sa, &size), 0);
	snprintf(port, sizeof(port), "%u", net_port(&a));
	close(fd);
	rig_open_or_fail(&rig, &config);
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_CLIENT, has_refused, 4);
	rig_drain(&rig);
	rig_expect_balance(&rig);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, COUNTER_RX_PACKETS), 0);
	rig_close(&rig);
}

static bool all_accounted(struct rig *rig, uint64_t value)
{
	struct err err = ERR_NONE;

	assert_int_equal(engine_echo.observe(rig_client(rig, 0), &err), 0);
	return rig_sum(rig, ROLE_CLIENT, COUNTER_RX_PACKETS) + rig_sum(rig, ROLE_CLIENT, ECHO_C_CLIENT_SOCKET_DROPS) >= value;
}

/* The server answers all before the client reads any. */
static bool has_answered(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_SERVER, COUNTER_TX_PACKETS) >= value;
}

static void client_drops_are_summed(const struct udp_method *m)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 1,
		.clients = 1,
		.method = &m->method,
		/* A joined packet would find room as a whole. */
		.option = { "sockets", "4", "window", "100", "batch", "1000", "gro", "no" } };

	if (rig_plan(&rig, &config) < 0)
		fail_msg("%s", rig.err.text);
	for (unsigned i = 0; i < 2; i++) {
		struct echo_shared *s = rig.plan.shared;

		s->rcvbuf_bytes = i ? 2304 : 1 << 20; /* small at the client only */
		assert_int_equal(worker_init(&rig.worker[i], &engine_echo, &rig.options, &rig.plan, i, &rig.err), 0);
		rig.opened++;
		if (engine_echo.open(&rig.worker[i], &rig.err) < 0)
			fail_msg("%s", rig.err.text);
	}
	rig_enter(&rig, PHASE_MEASURE);
	while (rig_sum(&rig, ROLE_CLIENT, COUNTER_IN_FLIGHT) < 400)
		rig_step(&rig, ROLE_CLIENT);
	rig_until(&rig, ROLE_SERVER, has_answered, 400);
	rig_enter(&rig, PHASE_DRAIN);
	rig_until(&rig, ROLE_BOTH, all_accounted, 400);
	rig_expect_balance(&rig);
	assert_in_range(rig_sum(&rig, ROLE_CLIENT, ECHO_C_CLIENT_SOCKET_DROPS), 4, 396);
	assert_int_equal(rig_sum(&rig, ROLE_SERVER, ECHO_C_SERVER_SOCKET_DROPS), 0);
	rig_close(&rig);
}

/* Every third send finds no room, on whatever socket. */
static unsigned sends_tried;

static int jam_send(struct udp_port *port, unsigned count, struct err *err)
{
	if (++sends_tried % 3)
		return udp_method_of(udp_methods[0])->send_burst(port, count, err);
	port->totals.send_busy++;
	return 0;
}

static void no_room_on_a_socket(void **state)
{
	static const char *const loads[][2] = { { "window", "20" }, { "rate", "20k" } };
	struct udp_method jam = *udp_method_of(udp_methods[0]);

	(void)state;
	jam.send_burst = jam_send;
	for (size_t i = 0; i < 2; i++) {
		struct rig rig;
		struct rig_config config = { .engine = &engine_echo,
			.servers = 1,
			.clients = 1,
			.method = &jam.method,
			.option = { "sockets", "3", loads[i][0], loads[i][1] } };

		rig_open_or_fail(&rig, &config);
		measure_in_turns(&rig, 1000);
		assert_in_range(rig_sum(&rig, ROLE_CLIENT, ECHO_C_TX_RETRIES), 1, UINT32_MAX);
		rig_close(&rig);
	}
}

/* ---- the plan ---- */

static void refused_plan(const char *const *option, const char *words)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo, .servers = 1, .clients = 1 };

	for (unsigned i = 0; option[i]; i++)
		config.option[i] = option[i];
	int rc = rig_plan(&rig, &config);
	if (rc != -EINVAL || !strstr(rig.err.text, words))
		fail_msg("%d \"%s\", expected \"%s\"", rc, rig.err.text, words);
	rig_close(&rig);
}

static void plan_says_what_is_wrong(void **state)
{
	(void)state;
	refused_plan((const char *[]){ "cores", "1", "sockets", "1000", "flows", "33", NULL },
		"--flows 33: out of range 1..32 (1000 client sockets share 32767 flow ids)");
}

/* The hard limit cannot be raised again: another process tries. */
static void descriptors_run_out(void **state)
{
	struct rlimit limit;
	int status;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	pid_t child = fork();
	if (child == 0) {
		limit = (struct rlimit){ .rlim_cur = 300, .rlim_max = 1500 };
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			_exit(2);
		struct err err = ERR_NONE;
		if (net_allow_descriptors(1000, "sockets", 1000, &err) < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
			_exit(3);
		if (limit.rlim_cur != 1256)
			_exit(4);
		/* So many nobody may have, not even root (/proc/sys/fs/nr_open). */
		if (net_allow_descriptors(2000000000, "sockets", 2000, &err) != -EINVAL)
			_exit(5);
		_exit(strcmp(err.text,
			      "--sockets 2000: needs about 2000000256 descriptors, and this process may have 1500 (ulimit -n)")
				? 6
				: 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define FOR_ALL(name)                        \
	static void all_##name(void **state) \
	{                                    \
		(void)state;                 \
		echo_for_many(name);         \
	}
FOR_ALL(closed_loop)
FOR_ALL(open_loop)
FOR_ALL(hundreds_of_sockets)
FOR_ALL(hash_spreads)
FOR_ALL(nobody_listens)
FOR_ALL(client_drops_are_summed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_socket_is_a_queue),
		cmocka_unit_test(sockets_take_turns),
		cmocka_unit_test(all_closed_loop),
		cmocka_unit_test(all_open_loop),
		cmocka_unit_test(all_hundreds_of_sockets),
		cmocka_unit_test(all_hash_spreads),
		cmocka_unit_test(all_nobody_listens),
		cmocka_unit_test(all_client_drops_are_summed),
		cmocka_unit_test(no_room_on_a_socket),
		cmocka_unit_test(plan_says_what_is_wrong),
		cmocka_unit_test(descriptors_run_out),
	};

	return cmocka_run_group_tests_name("echo sockets", tests, NULL, NULL);
}
