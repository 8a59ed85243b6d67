/* See shared.h. */
#include "engines/echo/shared.h"

#include <stdio.h>

int echo_set_buffers(struct worker *w, int fd, struct err *err)
{
	const struct echo_shared *s = echo_shared_of(w);
	const struct {
		int option, bytes;
		bool given;
		const char *name, *limit;
	} buffer[] = {
		{ SO_RCVBUF, s->rcvbuf_bytes, s->rcvbuf_given, "rcvbuf", "net.core.rmem_max" },
		{ SO_SNDBUF, s->sndbuf_bytes, true, "sndbuf", "net.core.wmem_max" },
	};

	for (unsigned i = 0; i < sizeof(buffer) / sizeof(buffer[0]); i++) {
		int granted, rc;

		if (!buffer[i].bytes)
			continue;
		rc = net_set_buffer(fd, buffer[i].option, buffer[i].bytes, buffer[i].given, &granted, err);
		if (rc < 0)
			return rc;
		bool first = w->self == &w->plan->worker[0];
		if (buffer[i].given && granted < buffer[i].bytes && first)
			plan_note(w->plan, "--%s %d: the kernel gave %d bytes (%s)", buffer[i].name, buffer[i].bytes, granted,
				buffer[i].limit);
	}
	return 0;
}

void echo_tell_ran(struct worker *w, const struct udp_port *port)
{
	struct echo_shared *s = echo_shared_of(w);
	enum role role = w->self->role;

	if (w->self->index)
		return;
	if (port->how[0])
		plan_note(w->plan, "method %s: %s", port->ran, port->how);
	if (s->ran[role] == port->ran)
		return;
	s->ran[role] = port->ran;
	echo_name_ran(s, w->plan);
	if (port->why[0])
		plan_note(w->plan, "method %s: %s: %s runs as %s", w->self->method->name, port->why,
			engine_role(w->engine, role)->title, port->ran);
}

void echo_name_ran(const struct echo_shared *s, struct plan *plan)
{
	const char *server = s->ran[ROLE_SERVER], *client = s->ran[ROLE_CLIENT];

	if (server && client && strcmp(server, client) != 0)
		snprintf(plan->ran, sizeof(plan->ran), "%.11s/%.11s", server, client);
	else
		snprintf(plan->ran, sizeof(plan->ran), "%s", server ? server : client);
}

void echo_count_drops(struct worker *w, uint32_t drops, const struct udp_port *port)
{
	bool server = w->self->role == ROLE_SERVER;

	worker_count(w, server ? ECHO_C_SERVER_SOCKET_DROPS : ECHO_C_CLIENT_SOCKET_DROPS, drops);
	worker_count(w, server ? ECHO_C_SERVER_MORE_DROPS : ECHO_C_CLIENT_MORE_DROPS, drops * (port->segments_max - 1ull));
}

void echo_count_joined(struct counters *k, const struct udp_totals *t, const struct udp_fill *fill)
{
	counter_set(k, ECHO_C_TX_SKBS, t->sent_packets - t->sent_joined);
	counter_set(k, ECHO_C_RX_SKBS, fill->elements);
	counter_set(k, ECHO_C_UNCUT, t->uncut);
	counter_set(k, ECHO_C_STARVED, t->starved);
	counter_set(k, ECHO_C_RECEIVES, fill->filled);
	for (unsigned i = 0; i < UDP_FILLS; i++)
		counter_set(k, ECHO_C_FILL + i, fill->calls[i]);
}

int echo_add_helpers(struct worker *w, const struct udp_port *port, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < port->helpers && rc >= 0; i++)
		rc = worker_add_helper(w, port->helper[i], err);
	return rc;
}

void echo_drops_known(struct worker *w, int rc, unsigned counter)
{
	if (rc >= 0)
		return;
	w->unknown |= 1ull << counter;
	if (!w->unknown_why[0])
		snprintf(w->unknown_why, sizeof(w->unknown_why), "drops of a socket cannot be read here (%s)", strerror(-rc));
}
