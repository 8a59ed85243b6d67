/* Mode echo when things go wrong: nobody listens, a port in use, a buffer too small, a kernel
 * without room, options that do not fit together. */
#include "echo_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/procnet.h"
#include "engines/engines.h"

static unsigned port_of(int fd)
{
	union net_address a;
	socklen_t size = sizeof(a);

	assert_int_equal(getsockname(fd, &a.sa, &size), 0);
	return net_port(&a);
}

/* ---- nobody listens ---- */

static bool has_been_refused(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_CLIENT, ECHO_C_REFUSED) >= value;
}

/* Answers everything that waits. */
static void answer_all(int fd)
{
	uint8_t data[128];
	union net_address from;
	socklen_t size = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, &from.sa, &size)) >= 0) {
		assert_int_equal(sendto(fd, data, (size_t)n, 0, &from.sa, size), n);
		size = sizeof(from);
	}
}

static void refused_then_answered(const struct udp_method *m, const char *const *load)
{
	struct rig rig;
	char port[8];
	/* The port is bound, so that nobody else gets it, but connected elsewhere, so that it takes
	 * nothing. */
	int keeper = echo_socket(AF_INET, 0, 9);
	unsigned number = port_of(keeper);

	snprintf(port, sizeof(port), "%u", number);
	struct rig_config config = { .engine = &engine_echo,
		.clients = 1,
		.method = &m->method,
		.option = { "port", port, load[0], load[1], "flows", "3" } };
	rig_open_or_fail(&rig, &config);
	int64_t start = clock_now_ns();
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_CLIENT, has_been_refused, 4);
	/* Sends go out at most one by one, 10 ms apart and more; only the first burst precedes the
	 * first refusal. */
	int64_t periods = (clock_now_ns() - start) / (10 * NS_PER_MS);
	uint64_t sent = rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS);
	if (sent > (uint64_t)periods + 4 + 2 * UDP_BATCH_MAX / 32)
		fail_msg("%llu sent in %lld periods", (unsigned long long)sent, (long long)periods);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, ECHO_C_TX_ERRORS), 0);
	close(keeper);
	int server = echo_socket(AF_INET, number, 0);
	int64_t end = clock_now_ns() + (int64_t)RIG_DEADLINE_S * NS_PER_S;
	while (!rig_has_received(&rig, 100) && clock_now_ns() < end) {
		rig_step(&rig, ROLE_CLIENT);
		answer_all(server);
	}
	assert_true(rig_has_received(&rig, 100));
	rig_enter(&rig, PHASE_DRAIN);
	while (rig_sum(&rig, ROLE_CLIENT, COUNTER_IN_FLIGHT) && clock_now_ns() < end) {
		answer_all(server);
		rig_step(&rig, ROLE_CLIENT);
	}
	rig_expect_balance(&rig);
	rig_close(&rig);
	close(server);
}

static void nobody_listens(const struct udp_method *m)
{
	static const char *const closed[] = { "window", "8" }, *const open[] = { "rate", "1000" };

	refused_then_answered(m, closed);
	refused_then_answered(m, open);
}

/* ---- ports ---- */

static void port_in_use(const struct udp_method *m)
{
	struct rig rig, second;
	char port[8], want[64];
	int fd = echo_socket(AF_INET, 0, 0);

	snprintf(port, sizeof(port), "%u", port_of(fd));
	snprintf(want, sizeof(want), "bind 127.0.0.1:%s: Address already in use", port);
	struct rig_config config = {
		.engine = &engine_echo, .servers = 2, .clients = 1, .method = &m->method, .option = { "port", port }
	};
	assert_int_equal(rig_open(&rig, &config), -EADDRINUSE);
	assert_string_equal(rig.err.text, want);
	rig_close(&rig);
	close(fd);
	/* Another netdyno of the same user would share the port silently. */
	rig_open_or_fail(&rig, &config);
	assert_int_equal(rig_open(&second, &config), -EADDRINUSE);
	assert_string_equal(second.err.text, want);
	rig_close(&second);
	rig_close(&rig);
}

/* ---- buffers ---- */

static bool is_balanced(struct rig *rig, uint64_t value)
{
	uint64_t missing = rig_sum(rig, ROLE_CLIENT, COUNTER_TX_PACKETS) - rig_sum(rig, ROLE_CLIENT, COUNTER_RX_PACKETS);
	uint64_t drops = rig_sum(rig, ROLE_SERVER, ECHO_C_SERVER_SOCKET_DROPS) +
			 rig_sum(rig, ROLE_CLIENT, ECHO_C_CLIENT_SOCKET_DROPS);
	uint64_t more = rig_sum(rig, ROLE_SERVER, ECHO_C_SERVER_MORE_DROPS) + rig_sum(rig, ROLE_CLIENT, ECHO_C_CLIENT_MORE_DROPS);

	(void)value;
	/* How many datagrams a lost packet held is known when all others have come back. */
	bool known = !more || !rig_sum(rig, ROLE_CLIENT, COUNTER_IN_FLIGHT);
	return known && missing >= drops && missing <= drops + more;
}

static void forced_loss(const struct udp_method *m)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 1,
		.clients = 1,
		.method = &m->method,
		.option = { "rcvbuf", "2304", "window", "500", "batch", "1000" } };
	struct procnet before, after;

	rig_open_or_fail(&rig, &config);
	procnet_read(&before);
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 20);
	rig_enter(&rig, PHASE_DRAIN);
	int64_t end = clock_now_ns() + (int64_t)RIG_DEADLINE_S * NS_PER_S;
	while (!is_balanced(&rig, 0) && clock_now_ns() < end) {
		rig_step(&rig, ROLE_BOTH);
		for (unsigned i = 0; i < rig.opened; i++)
			engine_echo.observe(&rig.worker[i], &rig.err);
	}
	procnet_read(&after);
	rig_expect_balance(&rig);
	uint64_t server = rig_sum(&rig, ROLE_SERVER, ECHO_C_SERVER_SOCKET_DROPS);
	uint64_t client = rig_sum(&rig, ROLE_CLIENT, ECHO_C_CLIENT_SOCKET_DROPS);
	assert_more(server, 0);
	assert_true(procnet_has(&after, PROCNET_UDP_RCVBUF_ERRORS));
	uint64_t kernel = after.value[PROCNET_UDP_RCVBUF_ERRORS] - before.value[PROCNET_UDP_RCVBUF_ERRORS];
	if (server + client != kernel)
		fail_msg("servers %llu + clients %llu, RcvbufErrors %llu", (unsigned long long)server, (unsigned long long)client,
			(unsigned long long)kernel);
	rig_close(&rig);
}

enum { SKIPPED = 77 };

/* Runs in a network namespace of its own, where nobody else's losses count. */
static void in_namespace(void (*fn)(const struct udp_method *method), bool ipv6)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		_exit(SKIPPED);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		_exit(SKIPPED);
	close(fd);
	fd = ipv6 ? -1 : open("/proc/sys/net/ipv6/conf/all/disable_ipv6", O_WRONLY | O_CLOEXEC);
	/* A kernel without IPv6 has no such file. */
	if (fd >= 0 ? write(fd, "1", 1) != 1 : !ipv6 && errno != ENOENT)
		_exit(SKIPPED);
	if (fd >= 0)
		close(fd);
	echo_for_all(fn);
}

/* A failure in the child makes it end with another status than 0. */
static void run_in_namespace(void (*fn)(const struct udp_method *method), bool ipv6)
{
	pid_t child = fork();
	int status;

	assert_at_least(child, 0);
	if (child == 0) {
		in_namespace(fn, ipv6);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
		print_message("no network namespaces here\n");
		skip();
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void loss_equals_what_the_kernel_counts(void **state)
{
	(void)state;
	run_in_namespace(forced_loss, true);
}

static void small_buffer_is_said(void **state)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo, .servers = 1, .clients = 1, .option = { "rcvbuf", "1G" } };
	int fd = echo_socket(AF_INET, 0, 0), granted;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(net_set_buffer(fd, SO_RCVBUF, 1 << 30, true, &granted, &err), 0);
	close(fd);
	rig_open_or_fail(&rig, &config);
	bool said = strstr(rig.plan.notes[0], "--rcvbuf 1073741824: the kernel gave") != NULL;
	if (said != (granted < 1 << 30))
		fail_msg("granted %d, note \"%s\"", granted, rig.plan.notes[0]);
	rig_close(&rig);
}

/* ---- a kernel without room ---- */

static const struct udp_method *mmsg(void)
{
	return udp_method_of(engine_find_method(&engine_echo, "mmsg"));
}

/* Stands between the engine and mmsg: now and then takes only a part of a burst, or nothing, or
 * loses one for good. */
static unsigned replies_tried, sends_tried;
static bool jammed;

static unsigned some_of(unsigned count, unsigned *tried)
{
	++*tried;
	return jammed || *tried % 3 == 0 ? 0 : *tried % 3 == 1 ? (count + 1) / 2 : count;
}

static int jam_reply(struct udp_port *port, const struct udp_reply *replies, unsigned count, struct err *err)
{
	unsigned n = some_of(count, &replies_tried);

	port->totals.send_busy += n < count;
	return n ? mmsg()->reply_burst(port, replies, n, err) : 0;
}

static int jam_send(struct udp_port *port, unsigned count, struct err *err)
{
	unsigned n = some_of(count, &sends_tried);

	port->totals.send_busy += n < count;
	return n ? mmsg()->send_burst(port, n, err) : 0;
}

static int jam_open(const struct udp_method *method, const struct udp_config *config, struct udp_port **ret_port, struct err *err)
{
	return mmsg()->open(method, config, ret_port, err);
}

static struct udp_method jam_method(void)
{
	struct udp_method jam = *mmsg();

	jam.open = jam_open;
	jam.reply_burst = jam_reply;
	jam.send_burst = jam_send;
	return jam;
}

static bool has_retried(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_SERVER, ECHO_C_REPLY_RETRIES) >= value;
}

static void nothing_is_lost_for_want_of_room(void **state)
{
	static const char *const loads[][2] = { { "window", "50" }, { "rate", "50k" } };
	struct udp_method jam = jam_method();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig rig;
		struct rig_config config = { .engine = &engine_echo,
			.servers = 1,
			.clients = 1,
			.method = &jam.method,
			.option = { "flows", "3", loads[i][0], loads[i][1] } };

		rig_open_or_fail(&rig, &config);
		rig_measure(&rig, 2000);
		rig_expect_balance(&rig);
		assert_int_equal(rig_sum(&rig, ROLE_CLIENT, COUNTER_RX_PACKETS), rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS));
		assert_more(rig_sum(&rig, ROLE_CLIENT, ECHO_C_TX_RETRIES), 0);
		assert_more(rig_sum(&rig, ROLE_SERVER, ECHO_C_REPLY_RETRIES), 0);
		assert_int_equal(rig_sum(&rig, ROLE_CLIENT, ECHO_C_DUPLICATES), 0);
		rig_close(&rig);
	}
}

/* While answers wait the server receives nothing more, waits for room, and counts them as in
 * flight. */
static void server_keeps_a_burst(void **state)
{
	struct udp_method jam = jam_method();
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo, .servers = 1, .clients = 1, .method = &jam.method };
	uint8_t data[80] = { 0 };

	(void)state;
	rig_open_or_fail(&rig, &config);
	int fd = echo_socket(AF_INET, 0, rig_port(&rig));
	rig_enter(&rig, PHASE_DRAIN);
	jammed = true;
	assert_int_equal(send(fd, data, sizeof(data), 0), sizeof(data));
	rig_until(&rig, ROLE_SERVER, has_retried, 5);
	assert_int_equal(send(fd, data, sizeof(data), 0), sizeof(data));
	uint64_t more = rig_sum(&rig, ROLE_SERVER, ECHO_C_REPLY_RETRIES) + 5;
	rig_until(&rig, ROLE_SERVER, has_retried, more);
	assert_int_equal(rig_sum(&rig, ROLE_SERVER, COUNTER_RX_PACKETS), 1);
	assert_int_equal(rig_sum(&rig, ROLE_SERVER, COUNTER_IN_FLIGHT), 1);
	assert_int_equal(rig_server(&rig, 0)->wait.fd[0].events, POLLOUT);
	jammed = false;
	rig_until(&rig, ROLE_SERVER, echo_has_questions, 2);
	while (rig_sum(&rig, ROLE_SERVER, COUNTER_TX_PACKETS) < 2)
		rig_step(&rig, ROLE_SERVER);
	assert_int_equal(rig_server(&rig, 0)->wait.fd[0].events, POLLIN);
	assert_int_equal(rig_sum(&rig, ROLE_SERVER, COUNTER_IN_FLIGHT), 0);
	close(fd);
	rig_close(&rig);
}

/* Sends that fail for good are lost at a place of their own. */
static int fail_send(struct udp_port *port, unsigned count, struct err *err)
{
	if (++sends_tried % 4)
		return mmsg()->send_burst(port, count, err);
	port->totals.send_errors++;
	port->totals.send_errno = EPERM;
	return 1;
}

static void send_errors_balance(void **state)
{
	struct udp_method failing = *mmsg();
	struct rig rig;
	struct rig_config config = {
		.engine = &engine_echo, .servers = 1, .clients = 1, .method = &failing.method, .option = { "window", "4" }
	};

	(void)state;
	failing.send_burst = fail_send;
	rig_open_or_fail(&rig, &config);
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 30);
	rig_enter(&rig, PHASE_DRAIN);
	for (int i = 0;
		i < 100 || rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS) != rig_sum(&rig, ROLE_CLIENT, COUNTER_RX_PACKETS);
		i++) {
		assert_less(i, 10000000);
		rig_step(&rig, ROLE_BOTH);
	}
	assert_more(rig_sum(&rig, ROLE_CLIENT, ECHO_C_TX_ERRORS), 0);
	rig_expect_balance(&rig);
	rig_close(&rig);
}

/* ---- plans ---- */

static void plan_says_what_is_wrong(void **state)
{
	static const struct {
		unsigned servers, clients;
		const char *option[6];
		const char *want;
	} cases[] = {
		{ 0, 1, { "host", "not-a-host.invalid" }, "--host not-a-host.invalid: " },
		{ 1, 1, { "host", "198.51.100.7" }, "--host 198.51.100.7: not an address of this host" },
		{ 1, 1, { "host", "127.0.0.1", "listen", "127.0.0.2" }, "--host 127.0.0.1: the servers do not listen there" },
		{ 1, 0, { "listen", "nowhere.invalid" }, "--listen nowhere.invalid: " },
		{ 1, 0, { "listen", "127.0.0.1,127.0.0.1" }, "stands there twice" },
		{ 1, 0, { "listen", "," }, "no address" },
		{ 1, 0, { "listen", "127.0.0.1,127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.5" }, "at most 4 addresses" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;
		struct rig_config config = { .engine = &engine_echo, .servers = cases[i].servers, .clients = cases[i].clients };

		memcpy(config.option, cases[i].option, sizeof(cases[i].option));
		if (rig_plan(&rig, &config) != -EINVAL || !strstr(rig.err.text, cases[i].want))
			fail_msg("case %zu: \"%s\", want \"%s\"", i, rig.err.text, cases[i].want);
		rig_close(&rig);
	}
}

static void without_ipv6(const struct udp_method *m)
{
	struct rig rig;
	struct rig_config both = {
		.engine = &engine_echo, .servers = 1, .clients = 1, .method = &m->method, .option = { "host", "::1" }
	};
	struct rig_config client = { .engine = &engine_echo, .clients = 1, .method = &m->method, .option = { "host", "::1" } };
	struct rig_config server = { .engine = &engine_echo, .servers = 1, .method = &m->method };

	assert_int_equal(rig_plan(&rig, &both), -EINVAL);
	assert_string_equal(rig.err.text, "--host ::1: this machine has no IPv6");
	rig_close(&rig);
	assert_int_equal(rig_plan(&rig, &client), -EINVAL);
	assert_string_equal(rig.err.text, "--host ::1: this machine has no IPv6");
	rig_close(&rig);
	/* The default list of addresses goes without IPv6. */
	rig_open_or_fail(&rig, &server);
	assert_int_equal(((struct echo_shared *)rig.plan.shared)->listens, 1);
	assert_string_equal(rig.plan.notes[0], "this machine has no IPv6: servers do not listen on ::1");
	rig_close(&rig);
}

static void no_ipv6_is_said(void **state)
{
	(void)state;
	run_in_namespace(without_ipv6, false);
}

static void flow_ids_run_out(void **state)
{
	struct options o;
	struct plan plan = { .path = &path_loopback, .paths = paths_here };
	struct cpu_list cpus;
	struct err err = ERR_NONE;

	(void)state;
	cpu_allowed(&cpus);
	assert_int_equal(options_init(&o, &engine_echo, &err), 0);
	assert_int_equal(options_set(&o, "role", "client", &err), 0);
	assert_int_equal(options_set(&o, "flows", "32767", &err), 0);
	int rc = engine_echo.plan(&o, &plan, &err);
	if (cpus.count == 1)
		assert_int_equal(rc, 0);
	else if (rc != -EINVAL || !strstr(err.text, "--flows 32767: out of range 1.."))
		fail_msg("%d \"%s\"", rc, err.text);
	engine_echo.release(&plan);
	plan_free(&plan);
	options_free(&o);
}

/* Every place of the ledger and every name stands once. */
static void tables_are_sound(void **state)
{
	unsigned n = engine_counters(&engine_echo);

	(void)state;
	assert_at_most(n, COUNTERS_MAX);
	for (unsigned i = COUNTER_OWN; i < n; i++) {
		const struct counter_def *def = engine_counter(&engine_echo, i);
		bool lost = def->ledger == LEDGER_LOST || def->ledger == LEDGER_LOST_ARRIVING || def->ledger == LEDGER_LOST_UP_TO;

		assert_non_null(def->name);
		assert_non_null(def->title);
		assert_at_most(strlen(def->title), 8);
		assert_non_null(def->help);
		assert_int_equal(engine_find_counter(&engine_echo, def->name), i);
		assert_int_equal(lost, def->place != NULL && def->place_title != NULL);
	}
	for (unsigned i = 0; engines_all[i]; i++)
		assert_ptr_equal(engine_find(engines_all, engines_all[i]->name), engines_all[i]);
}

#define FOR_ALL(name)                        \
	static void all_##name(void **state) \
	{                                    \
		(void)state;                 \
		echo_for_all(name);          \
	}
FOR_ALL(nobody_listens)
FOR_ALL(port_in_use)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_nobody_listens),
		cmocka_unit_test(all_port_in_use),
		cmocka_unit_test(loss_equals_what_the_kernel_counts),
		cmocka_unit_test(small_buffer_is_said),
		cmocka_unit_test(nothing_is_lost_for_want_of_room),
		cmocka_unit_test(server_keeps_a_burst),
		cmocka_unit_test(send_errors_balance),
		cmocka_unit_test(plan_says_what_is_wrong),
		cmocka_unit_test(no_ipv6_is_said),
		cmocka_unit_test(flow_ids_run_out),
		cmocka_unit_test(tables_are_sound),
	};

	return cmocka_run_group_tests_name("echo faults", tests, NULL, NULL);
}
