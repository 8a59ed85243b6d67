/* A port for a server of a test.  It is none of those that the kernel gives to sockets that ask for
 * none (32768 on): such a one would take it before the server does, and who calls a server that is
 * away must not get it.  Where the search begins is left to chance, so that tests side by side look
 * elsewhere. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FREE_PORT_FIRST = 20000, FREE_PORTS = 12000 };

static inline bool free_port_binds(int type, const void *address, socklen_t size)
{
	int family = ((const struct sockaddr *)address)->sa_family, fd = socket(family, type | SOCK_CLOEXEC, 0);
	bool free = fd < 0 || bind(fd, (const struct sockaddr *)address, size) == 0 || errno != EADDRINUSE;

	if (fd >= 0)
		close(fd);
	return free;
}

/* Nobody has it, for UDP or TCP, in either family. */
static inline bool is_free_port(unsigned port)
{
	const struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	const struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	bool free = true;

	for (unsigned i = 0; i < 2; i++) {
		int type = i ? SOCK_STREAM : SOCK_DGRAM;

		free = free && free_port_binds(type, &four, sizeof(four)) && free_port_binds(type, &six, sizeof(six));
	}
	return free;
}

/* One that nobody has now; always another one. */
static inline unsigned free_port(void)
{
	static uint32_t next;

	if (!next)
		assert_int_equal(getrandom(&next, sizeof(next), 0), sizeof(next));
	for (unsigned tries = 0; tries < FREE_PORTS; tries++) {
		unsigned port = FREE_PORT_FIRST + next++ % FREE_PORTS;

		if (is_free_port(port))
			return port;
	}
	fail_msg("no free port");
	return 0;
}
