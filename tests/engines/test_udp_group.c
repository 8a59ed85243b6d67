/* Groups of UDP sockets over real loopback sockets, with every method that can have several. */
#include "echo_rig.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/procnet.h"
#include "engines/udp/group.h"

enum { SOCKETS_MOST = 1000, DATAGRAM_BYTES = 64 };

/* A group of bound sockets, and a socket that sends to them. */
struct bench {
	struct udp_group group;
	struct plan plan;
	struct plan_worker self;
	struct options options;
	struct worker worker;
	union net_address at[SOCKETS_MOST];
	int source;
	unsigned fds;
};

static void bench_open(
	struct bench *b, const struct udp_method *m, unsigned sockets, unsigned batch, enum wait_how wait, int rcvbuf)
{
	struct udp_config config = { .path = &path_loopback, .batch = batch, .datagram_bytes = DATAGRAM_BYTES };
	struct err err = ERR_NONE;

	*b = (struct bench){ .fds = open_fds(), .plan = { .workers = 1, .wait = wait }, .self = { .role = ROLE_CLIENT } };
	b->plan.worker = &b->self;
	assert_int_equal(net_allow_descriptors(sockets, "sockets", sockets, &err), 0);
	assert_int_equal(worker_init(&b->worker, &engine_echo, &b->options, &b->plan, 0, &err), 0);
	assert_int_equal(udp_group_init(&b->group, sockets), 0);
	for (unsigned i = 0; i < sockets; i++) {
		socklen_t size = sizeof(b->at[i]);
		int fd = echo_socket(AF_INET, 0, 0), granted;

		if (rcvbuf)
			assert_int_equal(net_set_buffer(fd, SO_RCVBUF, rcvbuf, false, &granted, &err), 0);
		assert_int_equal(getsockname(fd, &b->at[i].sa, &size), 0);
		udp_group_add(&b->group, fd);
	}
	if (udp_group_open(&b->group, m, &config, &b->worker, &err) < 0)
		fail_msg("%s", err.text);
	b->source = echo_socket(AF_INET, 0, 0);
}

static void bench_close(struct bench *b)
{
	close(b->source);
	udp_group_close(&b->group);
	udp_group_close(&b->group);
	worker_free(&b->worker);
	assert_int_equal(open_fds(), b->fds);
}

/* Sends a datagram that says where it goes. */
static void send_to(struct bench *b, unsigned socket)
{
	uint8_t data[DATAGRAM_BYTES] = { 0 };

	memcpy(data, &socket, sizeof(socket));
	assert_int_equal(
		sendto(b->source, data, sizeof(data), 0, &b->at[socket].sa, net_address_bytes(&b->at[socket])), sizeof(data));
}

/* Receives one burst: returns how many, and checks that each belongs to the socket that it
 * names. */
static unsigned take(struct bench *b, unsigned *ret_socket)
{
	struct udp_datagram *burst;
	struct err err = ERR_NONE;
	int n = udp_group_recv(&b->group, &burst, ret_socket, &err);

	if (n < 0)
		fail_msg("%s", err.text);
	for (int i = 0; i < n; i++) {
		unsigned meant;

		assert_int_equal(burst[i].len, DATAGRAM_BYTES);
		memcpy(&meant, burst[i].data, sizeof(meant));
		assert_int_equal(*ret_socket, meant);
	}
	if (n > 0)
		b->group.port->method->release(b->group.port);
	return (unsigned)n;
}

static void wait_until(struct bench *b, int64_t until_ns)
{
	struct err err = ERR_NONE;

	if (udp_group_wait(&b->group, until_ns, &err) < 0)
		fail_msg("%s", err.text);
}

static int64_t in_ms(int64_t ms)
{
	return clock_now_ns() + ms * NS_PER_MS;
}

static uint64_t waits_of(const struct bench *b)
{
	return counter_get(b->worker.counters, COUNTER_WAITS);
}

static uint64_t calls_of(const struct bench *b)
{
	return b->group.port->totals.syscalls;
}

/* ---- who gets what ---- */

/* A group that expects one of each takes one of each, and is told of what is left. */
static void expects_few(const struct udp_method *m)
{
	enum { FEW = 8, EACH = 3 };
	static struct bench b;
	unsigned seen = 0, socket = 0;

	bench_open(&b, m, FEW, 32, WAIT_BLOCK, 0);
	udp_group_expect(&b.group, 1);
	for (unsigned i = 0; i < FEW * EACH; i++)
		send_to(&b, i % FEW);
	for (unsigned turn = 0; turn < 2; turn++, seen = 0) {
		wait_until(&b, in_ms(100));
		for (unsigned i = 0; i < FEW; i++) {
			assert_int_equal(take(&b, &socket), 1);
			seen |= 1u << socket;
		}
		/* A port that takes one at a time reads a socket until it is empty. */
		if (b.group.port->batch > 1)
			assert_int_equal(seen, (1u << FEW) - 1);
	}
	/* The group expects full bursts again. */
	udp_group_expect(&b.group, UDP_BATCH_MAX);
	assert_int_equal(b.group.most, b.group.port->batch);
	wait_until(&b, in_ms(100));
	for (unsigned i = 0; i < FEW; i++)
		assert_int_equal(take(&b, &socket), 1);
	bench_close(&b);
}

static void thousand_sockets(const struct udp_method *m)
{
	static struct bench b;
	static unsigned got[SOCKETS_MOST];
	unsigned all = 0, idle = 0, socket;

	memset(got, 0, sizeof(got));
	bench_open(&b, m, SOCKETS_MOST, 32, WAIT_BLOCK, 0);
	for (unsigned i = 0; i < SOCKETS_MOST; i++)
		for (unsigned k = 0; k <= i % 3; k++, all++)
			send_to(&b, i);
	while (all && idle < 10) {
		unsigned n = take(&b, &socket);

		assert_in_range(n, 0, all);
		all -= n;
		if (n)
			got[socket] += n;
		else
			wait_until(&b, in_ms(100));
		idle = n ? 0 : idle + 1;
	}
	assert_int_equal(all, 0);
	for (unsigned i = 0; i < SOCKETS_MOST; i++)
		assert_int_equal(got[i], 1 + i % 3);
	/* One call returns UDP_GROUP_EVENTS sockets at most. */
	assert_in_range(waits_of(&b), 1, SOCKETS_MOST / UDP_GROUP_EVENTS + 2);
	bench_close(&b);
}

/* A flooded socket has its share and then waits its turn. */
static void takes_turns(const struct udp_method *m)
{
	static struct bench b;
	unsigned first = 0, others = 0, socket;

	bench_open(&b, m, 10, 8, WAIT_BLOCK, 1 << 20);
	for (unsigned i = 0; i < 200; i++)
		send_to(&b, 0);
	for (unsigned i = 1; i < 10; i++)
		send_to(&b, i);
	wait_until(&b, in_ms(1000));
	while (others < 9) {
		unsigned n = take(&b, &socket);

		assert_in_range(n, 1, 8);
		if (socket)
			others += n;
		else
			first += n;
	}
	assert_in_range(first, 0, 32);
	while (first < 200) {
		unsigned n = take(&b, &socket);

		first += n;
		if (!n)
			wait_until(&b, in_ms(1000));
	}
	assert_int_equal(first, 200);
	bench_close(&b);
}

/* ---- waiting ---- */

static void one_call_a_wakeup(const struct udp_method *m)
{
	static struct bench b;
	unsigned socket;

	bench_open(&b, m, 16, 32, WAIT_BLOCK, 0);
	for (unsigned round = 1; round <= 5; round++) {
		uint64_t calls = calls_of(&b), waits = counter_get(b.worker.counters, COUNTER_SYSCALLS);

		for (unsigned i = 0; i < 3; i++)
			send_to(&b, (round + i) % 16);
		wait_until(&b, in_ms(1000));
		for (unsigned i = 0; i < 3; i++) {
			while (!take(&b, &socket))
				;
		}
		assert_int_equal(take(&b, &socket), 0);
		assert_int_equal(waits_of(&b), round);
		assert_int_equal(counter_get(b.worker.counters, COUNTER_SYSCALLS), waits + 1);
		/* This port reads without asking first: single finds each socket empty once
		 * more. */
		assert_int_equal(calls_of(&b) - calls, b.group.port->batch == 1 ? 6 : 3);
	}
	bench_close(&b);
}

static void told_while_waiting(const struct udp_method *m)
{
	static struct bench b;
	struct pollfd wake;

	bench_open(&b, m, 4, 32, WAIT_BLOCK, 0);
	worker_set_load(&b.worker, 7);
	wait_until(&b, in_ms(20000));
	assert_false(udp_group_is_ready(&b.group));
	wake = (struct pollfd){ .fd = b.worker.wake_fd, .events = POLLIN };
	assert_int_equal(poll(&wake, 1, 0), 0);
	bench_close(&b);
}

static void ends_by_its_deadline(const struct udp_method *m)
{
	static struct bench b;
	int64_t until = in_ms(5);

	bench_open(&b, m, 4, 32, WAIT_BLOCK, 0);
	wait_until(&b, until);
	assert_in_range(clock_now_ns(), until, INT64_MAX);
	wait_until(&b, clock_now_ns() - 1); /* is over already */
	assert_int_equal(waits_of(&b), 2);
	bench_close(&b);
}

/* A worker that sends without a pause never waits, and must still receive. */
static void goes_on_without_waiting(const struct udp_method *m)
{
	static struct bench b;
	unsigned socket, got = 0;

	bench_open(&b, m, 4, 32, WAIT_BLOCK, 0);
	send_to(&b, 3);
	for (unsigned turn = 0; turn < 3 && !got; turn++)
		got = take(&b, &socket);
	assert_int_equal(got, 1);
	assert_int_equal(waits_of(&b), 0);
	bench_close(&b);
}

static void ppoll_and_then_asks(const struct udp_method *m)
{
	static struct bench b;
	unsigned socket;

	bench_open(&b, m, 4, 32, WAIT_POLL, 0);
	assert_int_equal(b.worker.wait.count, 1);
	assert_int_equal(take(&b, &socket), 0);
	send_to(&b, 2);
	assert_int_equal(poll(b.worker.wait.fd, 1, 20000), 1);
	assert_int_equal(take(&b, &socket), 1);
	assert_int_equal(socket, 2);
	bench_close(&b);
}

static void room_ends_a_wait(const struct udp_method *m)
{
	static struct bench b;
	struct err err = ERR_NONE;

	bench_open(&b, m, 4, 32, WAIT_BLOCK, 0);
	assert_int_equal(udp_group_await_room(&b.group, 1, &err), 0);
	wait_until(&b, in_ms(20000));
	assert_false(udp_group_is_ready(&b.group));
	assert_int_equal(udp_group_await_room(&b.group, 2, &err), 0);
	wait_until(&b, in_ms(20000));
	int64_t until = in_ms(5);
	assert_int_equal(udp_group_await_room(&b.group, b.group.count, &err), 0);
	wait_until(&b, until);
	assert_in_range(clock_now_ns(), until, INT64_MAX);
	bench_close(&b);
}

/* ---- drops ---- */

static void drops_of_all(const struct udp_method *m)
{
	enum { EACH = 100, SOCKETS = 3 };
	static struct bench b;
	unsigned got = 0, socket, n;
	uint32_t drops = 1;

	bench_open(&b, m, SOCKETS, 32, WAIT_SPIN, 2304);
	assert_int_equal(udp_group_drops(&b.group, &drops), 0);
	assert_int_equal(drops, 0);
	for (unsigned i = 0; i < EACH * SOCKETS; i++)
		send_to(&b, i % SOCKETS);
	/* On loopback a datagram is received or dropped before sendto() returns. */
	while ((n = take(&b, &socket)))
		got += n;
	assert_int_equal(udp_group_drops(&b.group, &drops), 0);
	assert_in_range(got, SOCKETS, EACH * SOCKETS - 1);
	assert_int_equal(drops, EACH * SOCKETS - got);
	assert_int_equal(udp_group_drops(&b.group, &drops), 0);
	assert_int_equal(drops, 0);
	bench_close(&b);
}

/* ---- edges ---- */

static void one_socket_is_its_port(const struct udp_method *m)
{
	static struct bench b;
	unsigned socket = 9;

	bench_open(&b, m, 1, 32, WAIT_BLOCK, 0);
	assert_int_equal(b.group.epoll_fd, -1);
	assert_int_equal(b.worker.wait.fd[0].fd, b.group.socket[0].fd);
	send_to(&b, 0);
	assert_int_equal(take(&b, &socket), 1);
	assert_int_equal(socket, 0);
	assert_int_equal(udp_group_await_room(&b.group, 0, NULL), 0);
	assert_int_equal(b.worker.wait.fd[0].events, POLLIN | POLLOUT);
	assert_int_equal(udp_group_await_room(&b.group, 1, NULL), 0);
	assert_int_equal(b.worker.wait.fd[0].events, POLLIN);
	bench_close(&b);
}

static int fails_to_open(
	const struct udp_method *method, const struct udp_config *config, struct udp_port **ret_port, struct err *err)
{
	(void)method, (void)config, (void)ret_port;
	return err_say(err, ENODEV, "no such thing");
}

static void half_opened(void **state)
{
	struct udp_method broken = *udp_method_of(udp_methods[0]);
	struct udp_config config = { .path = &path_loopback, .batch = 1, .datagram_bytes = DATAGRAM_BYTES };
	struct plan plan = { 0 };
	struct worker w = { .plan = &plan };
	struct udp_group g = { 0 };
	struct err err = ERR_NONE;
	unsigned fds = open_fds();

	(void)state;
	udp_group_close(&g);
	broken.open = fails_to_open;
	assert_int_equal(udp_group_init(&g, 3), 0);
	udp_group_add(&g, echo_socket(AF_INET, 0, 0));
	udp_group_add(&g, echo_socket(AF_INET, 0, 0));
	assert_int_equal(udp_group_open(&g, &broken, &config, &w, &err), -ENODEV);
	udp_group_close(&g);
	assert_int_equal(open_fds(), fds);
}

#define FOR_ALL(name)                        \
	static void all_##name(void **state) \
	{                                    \
		(void)state;                 \
		echo_for_many(name);         \
	}
FOR_ALL(expects_few)
FOR_ALL(thousand_sockets)
FOR_ALL(takes_turns)
FOR_ALL(one_call_a_wakeup)
FOR_ALL(told_while_waiting)
FOR_ALL(ends_by_its_deadline)
FOR_ALL(goes_on_without_waiting)
FOR_ALL(ppoll_and_then_asks)
FOR_ALL(room_ends_a_wait)
FOR_ALL(drops_of_all)
FOR_ALL(one_socket_is_its_port)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_expects_few),
		cmocka_unit_test(all_thousand_sockets),
		cmocka_unit_test(all_takes_turns),
		cmocka_unit_test(all_one_call_a_wakeup),
		cmocka_unit_test(all_told_while_waiting),
		cmocka_unit_test(all_ends_by_its_deadline),
		cmocka_unit_test(all_goes_on_without_waiting),
		cmocka_unit_test(all_ppoll_and_then_asks),
		cmocka_unit_test(all_room_ends_a_wait),
		cmocka_unit_test(all_drops_of_all),
		cmocka_unit_test(all_one_socket_is_its_port),
		cmocka_unit_test(half_opened),
	};

	return cmocka_run_group_tests_name("udp groups", tests, NULL, NULL);
}
