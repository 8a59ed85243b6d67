/* The helper of path veth by itself: sockets come from the namespace that was asked for, it ends
 * with its parent, and whoever asks it afterwards is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "engines/net/net.h"
#include "mode/engine.h"
#include "path/paths.h"
#include "path/veth/child.h"
#include "path/veth/pair.h"

enum { DEADLINE_MS = 30000, PORT = 5000, TAKEN = 100 };
#ifdef NETDYNO_SANITIZED
enum { STARTS = 20 };
#else
enum { STARTS = 80 };
#endif

static const struct veth_shape usual = { .mtu_bytes = 1500, .queues = 1 };

/* "" or why namespaces cannot be made here. */
static char reason[240];

static void need(void)
{
	if (!reason[0])
		return;
	print_message("path veth does not run here: %s\n", reason);
	skip();
}

static struct veth_child start(const struct veth_shape *shape)
{
	struct veth_child child;
	struct err err = ERR_NONE;

	if (veth_child_start(shape, &child, &err) < 0)
		fail_msg("%s", err.text);
	return child;
}

static int tap(const struct veth_child *child, enum veth_side side, int domain, int type)
{
	const struct veth_socket wanted = { .side = side, .domain = domain, .type = type };
	struct err err = ERR_NONE;
	int fd = veth_child_tap(child, &wanted, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	return fd;
}

static int take(int from)
{
	struct err err = ERR_NONE;
	int fd = veth_child_take(from, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	return fd;
}

static union net_address address(enum veth_side side, int family, unsigned port)
{
	struct sockaddr_storage at;
	union net_address a;

	veth_address(side, family, &at);
	memcpy(&a, &at, sizeof(a));
	net_set_port(&a, port);
	return a;
}

static bool has_six(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A datagram comes to the other side, from this one's address. */
static void cross(const struct veth_child *child, enum veth_side side, int family)
{
	enum veth_side other = side == VETH_CLIENT ? VETH_SERVER : VETH_CLIENT;
	union net_address to = address(other, family, PORT), from, wanted = address(side, family, 0);
	int theirs = tap(child, other, family, SOCK_DGRAM), ours = tap(child, side, family, SOCK_DGRAM);
	int in = take(theirs), out = take(ours);
	struct pollfd p = { .fd = in, .events = POLLIN };
	socklen_t size = sizeof(from);
	char byte = 0;

	assert_int_equal(bind(in, &to.sa, net_address_bytes(&to)), 0);
	assert_int_equal(sendto(out, "x", 1, 0, &to.sa, net_address_bytes(&to)), 1);
	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
	assert_int_equal(recvfrom(in, &byte, 1, 0, &from.sa, &size), 1);
	assert_int_equal(byte, 'x');
	assert_true(net_same_host(&from, &wanted));
	close(in);
	close(out);
	close(theirs);
	close(ours);
}

static void sockets_stand_on_their_sides(void **state)
{
	struct veth_child child;

	(void)state;
	need();
	child = start(&usual);
	cross(&child, VETH_CLIENT, AF_INET);
	if (has_six())
		cross(&child, VETH_CLIENT, AF_INET6);
	veth_child_end(&child);
}

/* A pair that has been started takes packets, the first ones, either way and of either family: what
 * the kernel puts off has been waited for.  It is late once in some dozen times. */
static void nothing_is_lost_at_the_start(void **state)
{
	(void)state;
	need();
	for (unsigned i = 0; i < STARTS; i++) {
		struct veth_child child = start(&usual);
		enum veth_side first = i % VETH_SIDES, second = (i + 1) % VETH_SIDES;

		if (has_six()) {
			cross(&child, first, AF_INET6);
			cross(&child, second, AF_INET6);
		}
		cross(&child, first, AF_INET);
		cross(&child, second, AF_INET);
		veth_child_end(&child);
	}
}

/* One after the other, more than there are spares; none is left when all have been closed. */
static void there_are_always_more(void **state)
{
	unsigned before;
	struct veth_child child;

	(void)state;
	need();
	before = open_fds();
	child = start(&usual);
	int from = tap(&child, VETH_CLIENT, AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
	for (unsigned i = 0; i < TAKEN; i++)
		close(take(from));
	close(from);
	veth_child_end(&child);
	assert_int_equal(open_fds(), before);
}

static void a_kind_that_the_kernel_does_not_know_has_its_errno(void **state)
{
	struct err err = ERR_NONE;
	struct veth_child child;

	(void)state;
	need();
	child = start(&usual);
	int from = tap(&child, VETH_SERVER, AF_INET, 77);
	assert_less(veth_child_take(from, &err), 0);
	assert_int_equal(err.code, EINVAL);
	close(from);
	veth_child_end(&child);
}

/* --mtu, at both ends of its range. */
static void devices_have_the_mtu_that_was_asked_for(void **state)
{
	static const uint32_t sizes[] = { VETH_MTU_MIN, 1280, 9000, VETH_MTU_MAX };

	(void)state;
	need();
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct veth_shape shape = { .mtu_bytes = sizes[i], .queues = 4, .offload = i % VETH_OFFLOADS };
		struct veth_child child = start(&shape);

		for (enum veth_side side = 0; side < VETH_SIDES; side++) {
			struct ifreq request = { .ifr_name = VETH_INTERFACE };
			int from = tap(&child, side, AF_INET, SOCK_DGRAM), fd = take(from);

			assert_int_equal(ioctl(fd, SIOCGIFMTU, &request), 0);
			assert_int_equal(request.ifr_mtu, sizes[i]);
			assert_int_equal(ioctl(fd, SIOCGIFINDEX, &request), 0);
			assert_int_equal(request.ifr_ifindex, VETH_INTERFACE_INDEX);
			close(fd);
			close(from);
		}
		veth_child_end(&child);
	}
}

/* Killed in the middle: sockets that are there go on, and for others there is a clear line. */
static void a_dead_helper_is_said(void **state)
{
	struct err err = ERR_NONE;
	struct veth_child child;
	int left = 0;

	(void)state;
	need();
	child = start(&usual);
	int from = tap(&child, VETH_CLIENT, AF_INET, SOCK_STREAM);
	close(take(from));
	kill(child.pid, SIGKILL);
	waitid(P_PID, (id_t)child.pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	/* Those that waited in the tap are still good. */
	while ((left = veth_child_take(from, &err)) >= 0)
		close(left);
	assert_int_equal(left, -EPIPE);
	assert_string_equal(err.text, "the helper of path veth has ended: no more sockets there");
	err = ERR_NONE;
	const struct veth_socket other = { .side = VETH_SERVER, .domain = AF_INET, .type = SOCK_DGRAM };
	assert_int_equal(veth_child_tap(&child, &other, &err), -EPIPE);
	close(from);
	veth_child_end(&child);
}

/* Stopped for good before it has answered: it is given up, here at once. */
static void a_program_that_is_none_is_said(void **state)
{
	const char *program = veth_program;
	struct veth_child child;
	struct err err = ERR_NONE;
	unsigned before = open_fds();

	(void)state;
	veth_program = "/bin/true";
	assert_int_equal(veth_child_start(&usual, &child, &err), -EPIPE);
	err = ERR_NONE;
	veth_program = "/nowhere/netdyno";
	assert_int_equal(veth_child_start(&usual, &child, &err), -ENOENT);
	assert_string_equal(err.text, "start the helper of path veth: No such file or directory");
	veth_program = program;
	assert_int_equal(open_fds(), before);
}

/* The counters are those of both namespaces, and of nobody else. */
static void counters_are_the_pairs_own(void **state)
{
	struct err err = ERR_NONE;
	struct options o;
	struct procnet from, to;
	void *path = NULL;

	(void)state;
	need();
	if (options_init(&o, NULL, &err) < 0 || path_veth.open(&o, &path, &err) < 0)
		fail_msg("%s", err.text);
	path_veth.read_net(path, &from);
	int out = path_veth.socket(path, ROLE_CLIENT, AF_INET, SOCK_DGRAM, 0, &err);
	int in = path_veth.socket(path, ROLE_SERVER, AF_INET, SOCK_DGRAM, 0, &err);
	union net_address at = address(VETH_SERVER, AF_INET, PORT);
	struct pollfd p = { .fd = in, .events = POLLIN };
	assert_int_equal(bind(in, &at.sa, net_address_bytes(&at)), 0);
	assert_int_equal(sendto(out, "x", 1, 0, &at.sa, net_address_bytes(&at)), 1);
	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
	assert_int_equal(recv(in, &at, sizeof(at), 0), 1);
	path_veth.read_net(path, &to);
	assert_true(procnet_has(&to, PROCNET_UDP_IN) && procnet_has(&to, PROCNET_UDP_OUT));
	assert_int_equal(from.value[PROCNET_UDP_OUT], 0);
	assert_int_equal(to.value[PROCNET_UDP_OUT], 1);
	assert_int_equal(to.value[PROCNET_UDP_IN], 1);
	close(in);
	close(out);
	path_veth.close(path);
	options_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_that_is_none_is_said),
		cmocka_unit_test(sockets_stand_on_their_sides),
		cmocka_unit_test(nothing_is_lost_at_the_start),
		cmocka_unit_test(there_are_always_more),
		cmocka_unit_test(a_kind_that_the_kernel_does_not_know_has_its_errno),
		cmocka_unit_test(devices_have_the_mtu_that_was_asked_for),
		cmocka_unit_test(a_dead_helper_is_said),
		cmocka_unit_test(counters_are_the_pairs_own),
	};

	veth_program = NETDYNO_PROGRAM;
	path_veth.probe(reason, sizeof(reason));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
