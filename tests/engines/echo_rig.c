/* See echo_rig.h. */
#include "echo_rig.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

void echo_for_all(void (*fn)(const struct udp_method *method))
{
	char why[160];

	for (unsigned i = 0; engine_echo.methods[i]; i++)
		if (method_runs(engine_echo.methods[i], why, sizeof(why)) && rig_opens(&engine_echo, engine_echo.methods[i]))
			fn(udp_method_of(engine_echo.methods[i]));
}

void echo_for_many(void (*fn)(const struct udp_method *method))
{
	for (unsigned i = 0; engine_echo.methods[i]; i++)
		if (udp_method_of(engine_echo.methods[i])->many)
			fn(udp_method_of(engine_echo.methods[i]));
}

bool echo_has_questions(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_SERVER, COUNTER_RX_PACKETS) >= value;
}

ssize_t echo_receive(int fd, uint8_t *data, size_t bytes, union net_address *ret_from)
{
	struct echo_header header;
	socklen_t size;
	ssize_t n;

	do {
		size = sizeof(*ret_from);
		n = recvfrom(fd, data, bytes, 0, &ret_from->sa, &size);
		if (n < ECHO_HEADER_BYTES)
			return n;
		echo_get(data, &header);
	} while (header.flow == ECHO_REPORT_FLOW);
	return n;
}

int echo_socket(int family, unsigned local_port, unsigned port)
{
	union net_address a = { .sa.sa_family = (sa_family_t)family };
	struct timeval limit = { .tv_sec = RIG_DEADLINE_S };
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_at_least(fd, 0);
	if (family == AF_INET)
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a.v6.sin6_addr = in6addr_loopback;
	net_set_port(&a, local_port);
	if (bind(fd, &a.sa, net_address_bytes(&a)) < 0)
		fail_msg("bind port %u: %s", local_port, strerror(errno));
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	net_set_port(&a, port);
	if (port && connect(fd, &a.sa, net_address_bytes(&a)) < 0)
		fail_msg("connect port %u: %s", port, strerror(errno));
	return fd;
}
