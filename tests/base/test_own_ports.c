/* Which packets are the process's own. */
#include "check.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege/own_ports.h"

static const uint8_t here[] = { 127, 0, 0, 1 }, beside[] = { 127, 0, 0, 2 };
static int protocol; /* of the latest bound() */
static const uint8_t here6[16] = { [15] = 1 };

static int64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static enum own ask(const uint8_t *address, uint16_t port)
{
	return own_ports_ask(4, address, protocol, port, wall_ns());
}

/* Bound to any port of this address; *port 0, or the one to share. */
static int bound(const uint8_t *address, uint16_t *port, int type)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(*port) };
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

	protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
	memcpy(&a.sin_addr, address, 4);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* The clock counts milliseconds here: waits until the next one has begun. */
static void next_millisecond(void)
{
	for (int64_t from = wall_ns(); wall_ns() / NS_PER_MS < from / NS_PER_MS + 2;)
		;
}

static void test_address_port_and_time(void **state)
{
	uint16_t port = 0;
	int fd = bound(here, &port, SOCK_DGRAM);
	int64_t before = wall_ns();

	(void)state;
	assert_int_equal(ask(here, port), OWN_NO);
	next_millisecond();
	own_ports_add(fd);
	assert_int_equal(ask(here, port), OWN_YES);
	assert_int_equal(ask(beside, port), OWN_NO);
	assert_int_equal(ask(here, (uint16_t)(port ^ 1)), OWN_NO);
	assert_int_equal(own_ports_ask(6, here6, protocol, port, wall_ns()), OWN_NO);
	assert_int_equal(own_ports_ask(4, here, protocol, port, before), OWN_NO);
	assert_int_equal(own_ports_ask(4, here, IPPROTO_TCP, port, wall_ns()), OWN_NO);
	next_millisecond();
	int64_t during = wall_ns();
	next_millisecond();
	own_ports_close(fd);
	next_millisecond();
	/* A packet of the time when it was there is looked at later. */
	assert_int_equal(own_ports_ask(4, here, protocol, port, during), OWN_YES);
	assert_int_equal(ask(here, port), OWN_NO);
}

static void test_any_address(void **state)
{
	static const uint8_t any[4];
	uint16_t port = 0;
	int fd = bound(any, &port, SOCK_STREAM);

	(void)state;
	own_ports_add(fd);
	assert_int_equal(ask(beside, port), OWN_IF_HERE);
	own_ports_close(fd);
}

static void test_sockets_share_a_port(void **state)
{
	uint16_t port = 0;
	int a = bound(here, &port, SOCK_DGRAM), b = bound(here, &port, SOCK_DGRAM);

	(void)state;
	own_ports_add(a);
	own_ports_add(b);
	own_ports_add(b); /* once more changes nothing */
	own_ports_close(a);
	next_millisecond();
	assert_int_equal(ask(here, port), OWN_YES);
	own_ports_close(b);
	next_millisecond();
	assert_int_equal(ask(here, port), OWN_NO);
}

/* A descriptor that others have closed, and one that was never added. */
static void test_descriptors(void **state)
{
	uint16_t port = 0, other = 0;
	int fd = bound(here, &port, SOCK_DGRAM), again;

	(void)state;
	own_ports_add(fd);
	close(fd);
	again = bound(here, &other, SOCK_DGRAM);
	assert_int_equal(again, fd);
	own_ports_add(again);
	next_millisecond();
	assert_int_equal(ask(here, port), OWN_NO);
	assert_int_equal(ask(here, other), OWN_YES);
	own_ports_close(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	assert_int_equal(ask(here, other), OWN_YES);
	own_ports_add(-1);
	own_ports_close(-1);
	own_ports_close(again);
}

/* The port of a connection that this side closes first is kept by the kernel. */
static void test_closing_a_connection(void **state)
{
	uint16_t port = 0, own = 0;
	int server = bound(here, &port, SOCK_STREAM), client;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger reset = { .l_onoff = 1 };

	(void)state;
	assert_int_equal(listen(server, 4), 0);
	for (int with_reset = 0; with_reset < 2; with_reset++) {
		own = 0;
		client = bound(here, &own, SOCK_STREAM);
		own_ports_add(client);
		assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
		if (with_reset)
			assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
		own_ports_close(client);
		next_millisecond();
		assert_int_equal(ask(here, own), with_reset ? OWN_NO : OWN_YES);
		assert_int_equal(own_ports_ask(4, here, protocol, own, wall_ns() + NS_PER_S), OWN_NO);
	}
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_port_and_time),
		cmocka_unit_test(test_any_address),
		cmocka_unit_test(test_sockets_share_a_port),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_closing_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
