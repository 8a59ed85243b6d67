/* The stages, their clock, and sends whose times are still to come.  See
 * engines/echo/stages/stages.h. */
#include <errno.h>
#include <stdlib.h>

#include "engines/echo/flow.h"
#include "engines/echo/stages/stages.h"

const struct stage_def echo_stages[] = {
	[ECHO_STAGE_CLIENT_SEND] = { "client_send", "client to kernel", ROLE_CLIENT,
		"from the client's clock before the call to the packet scheduler: the call, the stack, those sent before it" },
	[ECHO_STAGE_CLIENT_QUEUE] = { "client_queue", "to device", ROLE_CLIENT,
		"from the packet scheduler to the driver: queueing discipline" },
	[ECHO_STAGE_AWAY] = { "away", "away", 0, "from the client's device and back: wire, and the server, which is elsewhere" },
	[ECHO_STAGE_TO_SERVER] = { "to_server", "wire", 0, "from the client's driver to the server's kernel" },
	[ECHO_STAGE_SERVER_RECEIVE] = { "server_receive", "to server", ROLE_SERVER,
		"from the server's kernel to its clock after the call: backlog, stack, socket, wake-up, those read with it" },
	[ECHO_STAGE_SERVER] = { "server", "server", ROLE_SERVER, "in the server, from its receive to its send" },
	[ECHO_STAGE_SERVER_SEND] = { "server_send", "server to kernel", ROLE_SERVER,
		"from the server's clock before the call to the packet scheduler" },
	[ECHO_STAGE_SERVER_QUEUE] = { "server_queue", "to device", ROLE_SERVER,
		"from the packet scheduler to the driver: queueing discipline" },
	[ECHO_STAGE_TO_CLIENT] = { "to_client", "wire", 0, "from the server's driver to the client's kernel" },
	[ECHO_STAGE_CLIENT_RECEIVE] = { "client_receive", "to client", ROLE_CLIENT,
		"from the client's kernel to its clock after the call: backlog, stack, socket, wake-up, those read with it" },
	[ECHO_STAGES] = { 0 },
};
_Static_assert((int)ECHO_STAGES <= (int)STAGES_MAX, "the stages fit");

/* The kernel has both clocks from one: the narrowest of some pairs is right to a few
 * nanoseconds. */
int64_t echo_stages_clock(void)
{
	enum { PAIRS = 5 };
	int64_t narrowest_ns = INT64_MAX, distance_ns = 0;

	for (unsigned i = 0; i < PAIRS; i++) {
		int64_t before_ns = clock_now_ns();
		struct timespec real;

		clock_gettime(CLOCK_REALTIME, &real);
		int64_t after_ns = clock_now_ns();
		if (after_ns - before_ns >= narrowest_ns)
			continue;
		narrowest_ns = after_ns - before_ns;
		distance_ns = (int64_t)real.tv_sec * NS_PER_S + real.tv_nsec - before_ns - narrowest_ns / 2;
	}
	return distance_ns;
}

int echo_pending_init(struct echo_pending *p, unsigned sockets)
{
	*p = (struct echo_pending){ .key = calloc(sockets, sizeof(*p->key)), .sockets = sockets };
	return p->key ? 0 : -ENOMEM;
}

void echo_pending_free(struct echo_pending *p)
{
	free(p->key);
	*p = (struct echo_pending){ 0 };
}

bool echo_pending_add(struct echo_pending *p, const struct echo_pending_send *send)
{
	uint32_t key = p->key[send->socket]++;

	if (p->count == ECHO_PENDING)
		return false;
	p->send[p->count] = *send;
	p->send[p->count++].key = key;
	return true;
}

static void pending_remove(struct echo_pending *p, unsigned at)
{
	p->send[at] = p->send[--p->count];
}

bool echo_pending_take(struct echo_pending *p, unsigned socket, const struct udp_stamp *stamp, struct echo_pending_send *ret_send)
{
	unsigned at = 0;

	while (at < p->count && (p->send[at].socket != socket || p->send[at].key != stamp->key))
		at++;
	if (at == p->count)
		return false;
	if (stamp->at == UDP_STAMP_SCHEDULER) {
		p->send[at].scheduler_ns = stamp->real_ns;
		return false;
	}
	*ret_send = p->send[at];
	pending_remove(p, at);
	return true;
}

void echo_pending_expire(struct echo_pending *p, int64_t now_ns)
{
	for (unsigned i = p->count; i-- > 0;)
		if (now_ns - p->send[i].since_ns > ECHO_LATE_NS)
			pending_remove(p, i);
}

void echo_pending_restart(struct echo_pending *p, unsigned socket)
{
	p->key[socket] = 0;
	for (unsigned i = p->count; i-- > 0;)
		if (p->send[i].socket == socket)
			pending_remove(p, i);
}
