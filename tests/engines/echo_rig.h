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
bool echo_has_questions(struct rig *rig, uint64_t value); /* servers' RX_PACKETS >= value */
