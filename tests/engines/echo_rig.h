/* Helpers for the tests of mode echo, on top of the rig. */
#pragma once

#include "engines/echo/shared.h"
#include "engines/echo/echo.h"
#include "rig.h"

/* Calls fn for every method that runs here. */
void echo_for_all(void (*fn)(const struct udp_method *method));
/* Of those that serve several sockets with one port. */
void echo_for_many(void (*fn)(const struct udp_method *method));
/* A datagram socket of the test's own, bound to loopback (port 0: any), connected to `port`
 * unless 0; with a receive time limit. */
int echo_socket(int family, unsigned local_port, unsigned port);
/* The next datagram of a client's traffic at such a socket, cut off to these bytes: questions for a
 * server's counts are passed over.  As recvfrom(2). */
ssize_t echo_receive(int fd, uint8_t *data, size_t bytes, union net_address *ret_from);
bool echo_has_questions(struct rig *rig, uint64_t value); /* servers' RX_PACKETS >= value */
