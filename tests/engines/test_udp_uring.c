/* Method uring of the UDP port: what is its own.  The rest is tested by the conformance tests,
 * which find it by its row. */
#include "echo_rig.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/udp/uring.h"

enum { BYTES = 40, DEADLINE_S = 30 };

static bool runs_here(void)
{
	char why[160];

	if (method_runs(&udp_uring.method, why, sizeof(why)))
		return true;
	print_message("uring does not run here: %s\n", why);
	return false;
}

/* ---- a port, and a socket that talks to it ---- */

struct bench {
	struct udp_port *port;
	union net_address at;
	int source;
	unsigned fds, maps;
};

static struct udp_port *open_port(unsigned batch, struct udp_port *beside, union net_address *ret_at)
{
	struct udp_config config = { .path = &path_loopback,
		.fd = echo_socket(AF_INET, 0, 0),
		.batch = batch,
		.datagram_bytes = BYTES,
		.send_bytes = BYTES,
		.beside = beside };
	struct err err = ERR_NONE;
	struct udp_port *port = NULL;
	socklen_t size = sizeof(*ret_at);
	int granted;

	assert_int_equal(net_set_buffer(config.fd, SO_RCVBUF, 4 << 20, true, &granted, &err), 0);
	assert_int_equal(getsockname(config.fd, &ret_at->sa, &size), 0);
	if (udp_uring.open(&udp_uring, &config, &port, &err) < 0)
		fail_msg("%s", err.text);
	return port;
}

static void bench_open(struct bench *b, unsigned batch)
{
	*b = (struct bench){ .fds = open_fds(), .maps = memory_maps() };
	b->port = open_port(batch, NULL, &b->at);
	b->source = echo_socket(AF_INET, 0, 0);
	assert_int_equal(connect(b->source, &b->at.sa, net_address_bytes(&b->at)), 0);
}

static void bench_close(struct bench *b)
{
	close(b->source);
	udp_uring.close(b->port);
	assert_int_equal(open_fds(), b->fds);
}

static void tell(int source, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		uint8_t data[BYTES] = { 0 };

		memcpy(data, &i, sizeof(i));
		assert_int_equal(send(source, data, sizeof(data), 0), sizeof(data));
	}
}

/* One burst; 0: nothing is there now. */
static unsigned take(struct udp_port *port, struct udp_datagram **ret_burst)
{
	struct err err = ERR_NONE;
	int n = udp_uring.recv_burst(port, port->batch, ret_burst, &err);

	if (n < 0)
		fail_msg("%s", err.text);
	return (unsigned)n;
}

static unsigned number_in(const struct udp_datagram *d)
{
	unsigned number;

	assert_int_equal(d->len, BYTES);
	assert_int_equal(d->segment, BYTES);
	assert_false(d->truncated);
	memcpy(&number, d->data, sizeof(number));
	return number;
}

static int64_t deadline(void)
{
	return clock_now_ns() + (int64_t)DEADLINE_S * NS_PER_S;
}

/* Takes datagrams `first` to first + count - 1, in order, each once. */
static void expect_taken(struct udp_port *port, unsigned first, unsigned count)
{
	int64_t end = deadline();
	unsigned next = first;

	while (next < first + count) {
		struct udp_datagram *burst;
		unsigned n = take(port, &burst);

		for (unsigned i = 0; i < n; i++)
			assert_int_equal(number_in(&burst[i]), next++);
		if (n)
			udp_uring.release(port);
		assert_less(clock_now_ns(), end);
	}
	assert_int_equal(next, first + count);
}

/* Each call that sends also takes what has come. */
static void send_one(struct bench *b)
{
	union net_address source;
	socklen_t size = sizeof(source);
	struct udp_send *slot;
	struct err err = ERR_NONE;

	assert_int_equal(getsockname(b->source, &source.sa, &size), 0);
	assert_more(udp_uring.send_slots(b->port, &slot), 0);
	slot->to = &source;
	assert_int_equal(udp_uring.send_burst(b->port, 1, &err), 1);
}

/* ---- buffers ---- */

/* More datagrams than the kernel has buffers: those that find none stay in the socket, and nothing
 * is lost or comes twice, however often that happens. */
static void buffers_run_out(void **state)
{
	enum { ROUNDS = 20, MANY = 1000, CALLS = 8 };
	struct udp_datagram *burst;
	struct bench b;
	uint32_t drops;

	(void)state;
	if (!runs_here())
		skip();
	bench_open(&b, 8);
	assert_int_equal(take(b.port, &burst), 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t starved = b.port->totals.starved;

		tell(b.source, round * MANY, MANY);
		for (unsigned i = 0; i < CALLS; i++)
			send_one(&b);
		expect_taken(b.port, round * MANY, MANY);
		assert_more(b.port->totals.starved, starved);
	}
	assert_int_equal(take(b.port, &burst), 0);
	assert_int_equal(udp_uring.drops(b.port, &drops), 0);
	assert_int_equal(drops, 0);
	bench_close(&b);
}

/* A burst that is lent stays as it is while others come, and its buffers are not used meanwhile. */
static void lent_buffers_are_kept(void **state)
{
	struct udp_datagram *burst;
	struct bench b;
	int64_t end = deadline();
	unsigned n = 0;

	(void)state;
	if (!runs_here())
		skip();
	bench_open(&b, 8);
	assert_int_equal(take(b.port, &burst), 0);
	tell(b.source, 0, 500);
	while (!n && clock_now_ns() < end)
		n = take(b.port, &burst);
	assert_int_equal(n, 8);
	tell(b.source, 500, 500);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(number_in(&burst[i]), i);
	udp_uring.release(b.port);
	expect_taken(b.port, 8, 992);
	bench_close(&b);
}

/* ---- replies ---- */

static void answer_all_of(struct udp_port *port, const struct udp_datagram *burst, unsigned n)
{
	struct udp_reply reply[64];
	struct err err = ERR_NONE;

	for (unsigned i = 0; i < n; i++)
		reply[i] = (struct udp_reply){ .to = &burst[i], .len = burst[i].len, .packets = 1 };
	assert_int_equal(udp_uring.reply_burst(port, reply, n, &err), n);
	/* The buffers are the sends' until these have completed. */
	udp_uring.release(port);
}

/* Answers while the buffers run out again and again: each question has one answer. */
static void answers_from_the_buffers(void **state)
{
	enum { MANY = 2000 };
	static uint8_t answered[MANY];
	struct bench b;
	int64_t end = deadline();
	unsigned answers = 0, asked = 0;

	(void)state;
	if (!runs_here())
		skip();
	memset(answered, 0, sizeof(answered));
	bench_open(&b, 16);
	while (answers < MANY) {
		struct udp_datagram *burst;
		uint8_t data[BYTES];
		unsigned n, number;

		if (asked < MANY && asked - answers < 200) {
			tell(b.source, asked, 100);
			asked += 100;
		}
		n = take(b.port, &burst);
		if (n)
			answer_all_of(b.port, burst, n);
		while (recv(b.source, data, sizeof(data), MSG_DONTWAIT) == BYTES) {
			memcpy(&number, data, sizeof(number));
			assert_less(number, MANY);
			assert_int_equal(answered[number]++, 0);
			answers++;
		}
		assert_less(clock_now_ns(), end);
	}
	assert_int_equal(b.port->totals.sent_packets, MANY);
	assert_int_equal(b.port->totals.sent_bytes, MANY * BYTES);
	bench_close(&b);
}

/* ---- sends ---- */

/* What the kernel refuses for good is counted, and the others of the burst leave. */
static void refused_for_good(void **state)
{
	union net_address nowhere = { .v4 = { .sin_family = AF_INET, .sin_port = 0 } };
	struct udp_send *slot;
	struct err err = ERR_NONE;
	struct bench b;
	uint8_t data[BYTES];
	union net_address source;
	socklen_t size = sizeof(source);

	(void)state;
	if (!runs_here())
		skip();
	bench_open(&b, 8);
	assert_int_equal(getsockname(b.source, &source.sa, &size), 0);
	assert_int_equal(udp_uring.send_slots(b.port, &slot), 8);
	for (unsigned i = 0; i < 8; i++)
		slot[i].to = i == 3 ? &nowhere : &source;
	assert_int_equal(udp_uring.send_burst(b.port, 8, &err), 8);
	assert_int_equal(b.port->totals.send_errors, 1);
	assert_int_equal(b.port->totals.sent_packets, 7);
	assert_int_equal(b.port->totals.send_errno, EINVAL);
	assert_int_equal(udp_uring.send_slots(b.port, &slot), 8);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(recv(b.source, data, sizeof(data), 0), BYTES);
	assert_int_equal(recv(b.source, data, sizeof(data), MSG_DONTWAIT), -1);
	bench_close(&b);
}

/* ---- waiting ---- */

/* The answer leaves in the call that waits for the next question: mmsg needs four. */
static void one_call_a_question(void **state)
{
	enum { ANSWERS = 500, OTHERS = 100 };
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 1,
		.clients = 1,
		.method = &udp_uring.method,
		.threads = true,
		.option = { "window", "1", "wait", "block" } };

	(void)state;
	if (!runs_here())
		skip();
	rig_open_or_fail(&rig, &config);
	rig_measure(&rig, ANSWERS);
	rig_expect_balance(&rig);
	uint64_t answers = rig_since(&rig, ROLE_CLIENT, COUNTER_RX_PACKETS);
	assert_at_most(rig_since(&rig, ROLE_SERVER, COUNTER_SYSCALLS), 2 * answers + OTHERS);
	assert_at_most(rig_since(&rig, ROLE_CLIENT, COUNTER_SYSCALLS), 2 * answers + OTHERS);
	assert_at_least(rig_since(&rig, ROLE_SERVER, COUNTER_SYSCALLS), answers / 2);
	rig_close(&rig);
}

/* A thread of the kernel's takes what is sent: its CPU time is the worker's, and it ends with the
 * ring (rig_close() counts threads). */
static void a_thread_of_the_kernels(void **state)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 1,
		.clients = 1,
		.method = &udp_uring.method,
		.threads = true,
		.option = { "method", "uring", "sqpoll", "yes" } };

	(void)state;
	if (!runs_here())
		skip();
	rig_open_or_fail(&rig, &config);
	rig_measure(&rig, 500);
	rig_observe(&rig);
	rig_expect_balance(&rig);
	assert_more(rig_sum(&rig, ROLE_SERVER, COUNTER_HELPER_CPU_NS), 0);
	assert_more(rig_sum(&rig, ROLE_CLIENT, COUNTER_HELPER_CPU_NS), 0);
	rig_close(&rig);
}

/* ---- joined ---- */

static void joined_datagrams_balance(void **state)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 1,
		.clients = 1,
		.method = &udp_uring.method,
		.option = { "method", "uring", "gso", "yes", "gro", "yes", "window", "500", "batch", "128" } };

	(void)state;
	if (!runs_here())
		skip();
	rig_open_or_fail(&rig, &config);
	rig_measure(&rig, 5000);
	rig_expect_balance(&rig);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, COUNTER_RX_PACKETS), rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS));
	assert_int_equal(rig_sum(&rig, ROLE_SERVER, COUNTER_TX_PACKETS), rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS));
	rig_close(&rig);
}

static bool has_been_refused(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_CLIENT, ECHO_C_REFUSED) >= value;
}

/* One ICMP error stands for all datagrams of its packet. */
static void joined_datagrams_are_refused(void **state)
{
	struct rig rig;
	union net_address at;
	socklen_t size = sizeof(at);
	char port[8];
	/* Bound, so that nobody else gets the port, but connected elsewhere. */
	int keeper = echo_socket(AF_INET, 0, 9);
	struct rig_config config = { .engine = &engine_echo,
		.clients = 1,
		.method = &udp_uring.method,
		.option = { "port", port, "method", "uring", "gso", "yes", "window", "100", "batch", "128" } };

	(void)state;
	if (!runs_here())
		skip();
	assert_int_equal(getsockname(keeper, &at.sa, &size), 0);
	snprintf(port, sizeof(port), "%u", net_port(&at));
	rig_open_or_fail(&rig, &config);
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_CLIENT, has_been_refused, 100);
	rig_drain(&rig);
	rig_expect_balance(&rig);
	rig_close(&rig);
	close(keeper);
}

/* ---- life ---- */

/* Ports of one worker share a ring, and leave it in any order. */
static void ports_share_a_ring(void **state)
{
	static const unsigned orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 } };

	(void)state;
	if (!runs_here())
		skip();
	for (unsigned o = 0; o < 3; o++) {
		unsigned fds = open_fds();
		struct udp_port *port[3] = { NULL };
		union net_address at[3];
		int source = echo_socket(AF_INET, 0, 0);

		for (unsigned i = 0; i < 3; i++)
			port[i] = open_port(8, port[0], &at[i]);
		assert_int_equal(port[0]->wait, port[2]->wait);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(connect(source, &at[i].sa, net_address_bytes(&at[i])), 0);
			tell(source, i, 1);
		}
		for (unsigned i = 0; i < 3; i++)
			expect_taken(port[i], i, 1);
		for (unsigned i = 0; i < 3; i++) {
			unsigned which = orders[o][i];

			/* One that stays goes on. */
			assert_int_equal(connect(source, &at[which].sa, net_address_bytes(&at[which])), 0);
			tell(source, 7, 1);
			expect_taken(port[which], 7, 1);
			udp_uring.close(port[which]);
		}
		close(source);
		assert_int_equal(open_fds(), fds);
	}
}

/* No ring, buffer, descriptor or map stays; the port number is free at once. */
static void leaves_nothing(void **state)
{
	enum { CYCLES = 100, MORE = 8 };
	struct udp_datagram *burst;
	struct bench b;
	unsigned maps = 0;

	(void)state;
	if (!runs_here())
		skip();
	for (unsigned i = 0; i < CYCLES; i++) {
		bench_open(&b, 32);
		if (i == 0)
			maps = b.maps;
		take(b.port, &burst);
		tell(b.source, 0, i % 100);
		if (i % 2)
			expect_taken(b.port, 0, i % 100);
		unsigned number = net_port(&b.at);
		bench_close(&b);
		close(echo_socket(AF_INET, number, 0));
	}
	assert_at_most(memory_maps(), maps + MORE);
}

/* ---- where it does not run ---- */

static void says_why(void **state)
{
	static const struct {
		int errnum, disabled;
		const char *want;
	} cases[] = {
		{ ENOSYS, -1, "this kernel has no io_uring (CONFIG_IO_URING), or a filter hides it" },
		{ EPERM, 2, "io_uring is switched off: sysctl kernel.io_uring_disabled is 2 (0 allows it)" },
		{ EPERM, 1,
			"io_uring is only for kernel.io_uring_group: sysctl kernel.io_uring_disabled is 1 (0 allows it to all)" },
		{ EPERM, 0, "a seccomp filter or security policy forbids io_uring, as containers do (Operation not permitted)" },
		{ EPERM, -1, "a seccomp filter or security policy forbids io_uring, as containers do (Operation not permitted)" },
		{ EACCES, 0, "a seccomp filter or security policy forbids io_uring, as containers do (Permission denied)" },
		{ EINVAL, 0, "needs Linux 6.1 for io_uring with DEFER_TASKRUN (this is 5.10.0-8)" },
		{ ENOMEM, 0, "io_uring_setup: Cannot allocate memory" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char why[160];

		uring_explain(cases[i].errnum, cases[i].disabled, "5.10.0-8", why, sizeof(why));
		assert_string_equal(why, cases[i].want);
	}
}

/* This process's io_uring_setup(2) fails from now on. */
static bool forbid_rings(int errnum)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

enum { CANNOT_FORBID = 77 };

/* In a child: 0 where both the list and open() say so. */
static int is_said_with(int errnum, const char *want)
{
	struct udp_config config = { .path = &path_loopback, .batch = 8, .datagram_bytes = BYTES };
	struct err err = ERR_NONE;
	struct udp_port *port;
	char why[160];

	config.fd = echo_socket(AF_INET, 0, 0);
	if (!forbid_rings(errnum))
		return CANNOT_FORBID;
	bool runs = method_runs(&udp_uring.method, why, sizeof(why));
	int rc = udp_uring.open(&udp_uring, &config, &port, &err);
	if (!runs && strstr(why, want) && rc == -errnum && strstr(err.text, want))
		return 0;
	print_message("runs %d \"%s\", open %d \"%s\", want \"%s\"\n", runs, why, rc, err.text, want);
	return 1;
}

static void forbidden(void **state)
{
	static const struct {
		int errnum;
		const char *want;
	} cases[] = {
		{ EPERM, "io_uring" }, /* this host's sysctl may be the reason */
		{ ENOSYS, "this kernel has no io_uring" },
		{ EINVAL, "needs Linux 6.1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t child = fork();
		int status;

		assert_at_least(child, 0);
		if (child == 0)
			_exit(is_said_with(cases[i].errnum, cases[i].want));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == CANNOT_FORBID) {
			print_message("no seccomp filters here\n");
			skip();
		}
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_run_out),
		cmocka_unit_test(lent_buffers_are_kept),
		cmocka_unit_test(answers_from_the_buffers),
		cmocka_unit_test(refused_for_good),
		cmocka_unit_test(one_call_a_question),
		cmocka_unit_test(a_thread_of_the_kernels),
		cmocka_unit_test(joined_datagrams_balance),
		cmocka_unit_test(joined_datagrams_are_refused),
		cmocka_unit_test(ports_share_a_ring),
		cmocka_unit_test(leaves_nothing),
		cmocka_unit_test(says_why),
		cmocka_unit_test(forbidden),
	};

	start_first_thread();
	return cmocka_run_group_tests_name("udp_uring", tests, NULL, NULL);
}
