/* See netns.h. */
#include "netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int home = -1, peer = -1;
static char forbidden[160] = "no namespaces were made";

static bool write_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);

	if (fd >= 0)
		close(fd);
	return written;
}

/* Root stays, or becomes, root in there; user_namespaces(7). */
static bool map_ids(void)
{
	char uid[32], gid[32];

	snprintf(uid, sizeof(uid), "0 %u 1", (unsigned)getuid());
	snprintf(gid, sizeof(gid), "0 %u 1", (unsigned)getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return false;
	return write_line("/proc/self/setgroups", "deny") && write_line("/proc/self/uid_map", uid) &&
	       write_line("/proc/self/gid_map", gid);
}

static bool lo_is_up(bool made)
{
	if (!made) {
		snprintf(forbidden, sizeof(forbidden), "no network namespaces here: %s", strerror(errno));
		return false;
	}
	if (system("command -v ip >/dev/null && ip link set lo up")) {
		snprintf(forbidden, sizeof(forbidden), "iproute2 is not here, or may not set lo up");
		return false;
	}
	forbidden[0] = '\0';
	return true;
}

bool netns_make(void)
{
	return lo_is_up(map_ids() || unshare(CLONE_NEWNET) == 0);
}

bool netns_make_as_root(void)
{
	return lo_is_up(unshare(CLONE_NEWNET) == 0);
}

void netns_need(void)
{
	if (!forbidden[0])
		return;
	print_message("%s\n", forbidden);
	skip();
}

static int this_namespace(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

void netns_home(void)
{
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
}

void netns_peer(void)
{
	assert_int_equal(setns(peer, CLONE_NEWNET), 0);
}

/* Addresses are usable at once, link-local ones, too: no duplicate address detection. */
static void set_up(const char *name, int number)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_dad", name);
	assert_true(write_line(path, "0"));
	netns_run("ip addr add 10.77.0.%d/24 dev %s && ip addr add fd77::%d/64 dev %s nodad && ip link set %s up && ip link set "
		  "lo up",
		number, name, number, name, name);
}

/* The kernel takes packets for a new IPv6 address in a little later, and asking for a link has it
 * set the link's queue in action, if that has been put off. */
static void await(const char *name, int number)
{
	netns_run("for i in $(seq 3000); do ip -6 route get fd77::%d | grep -q ^local && exec ip link show %s >/dev/null; "
		  "sleep 0.01; done; exit 1",
		number, name);
}

void netns_pair(void)
{
	home = this_namespace();
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	peer = this_namespace();
	netns_home();
	netns_run("ip link add va type veth peer name vb netns /proc/%d/fd/%d", (int)getpid(), peer);
	set_up("va", 1);
	netns_peer();
	set_up("vb", 2);
	await("vb", 2);
	netns_home();
	await("va", 1);
}

void netns_run(const char *command, ...)
{
	char line[512];
	va_list args;

	va_start(args, command);
	vsnprintf(line, sizeof(line), command, args);
	va_end(args);
	if (system(line))
		fail_msg("%s failed", line);
}

void netns_lo_switch(const char *name, bool on)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/lo/%s", name);
	assert_true(write_line(path, on ? "1" : "0"));
}

union net_address netns_address(const char *text)
{
	union net_address a = { .sa.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET };
	void *bytes = a.sa.sa_family == AF_INET6 ? (void *)&a.v6.sin6_addr : (void *)&a.v4.sin_addr;

	assert_int_equal(inet_pton(a.sa.sa_family, text, bytes), 1);
	return a;
}

int netns_bound_socket(const char *host, union net_address *ret_at)
{
	socklen_t size = sizeof(*ret_at);

	*ret_at = netns_address(host);
	int fd = socket(ret_at->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, &ret_at->sa, net_address_bytes(ret_at)), 0);
	assert_int_equal(getsockname(fd, &ret_at->sa, &size), 0);
	return fd;
}

void netns_mac(const char *interface, uint8_t ret_mac[6])
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	net_mac(fd, interface, ret_mac);
	close(fd);
}
