/* See ready.h. */
#include "engines/echo/ready.h"

#include <errno.h>
#include <stdlib.h>

int echo_ready_init(struct echo_ready *r, unsigned flows, unsigned sockets)
{
	*r = (struct echo_ready){ .sockets = sockets, .first = ECHO_READY_NONE };
	r->next = calloc(flows, sizeof(*r->next));
	r->socket = calloc(sockets, sizeof(*r->socket));
	if (!r->next || !r->socket)
		return -ENOMEM;
	for (unsigned i = 0; i < sockets; i++)
		r->socket[i].first = ECHO_READY_NONE;
	return 0;
}

void echo_ready_free(struct echo_ready *r)
{
	free(r->next);
	free(r->socket);
	r->next = NULL;
	r->socket = NULL;
}

static void queue_socket(struct echo_ready *r, unsigned index)
{
	if (r->first == ECHO_READY_NONE)
		r->first = (uint16_t)index;
	else
		r->socket[r->last].next = (uint16_t)index;
	r->last = (uint16_t)index;
	r->socket[index].next = ECHO_READY_NONE;
	r->socket[index].queued = true;
}

void echo_ready_add(struct echo_ready *r, unsigned flow)
{
	unsigned index = echo_ready_socket_of(r, flow);
	struct echo_ready_socket *s = &r->socket[index];

	if (s->first == ECHO_READY_NONE)
		s->first = (uint16_t)flow;
	else
		r->next[s->last] = (uint16_t)flow;
	s->last = (uint16_t)flow;
	r->next[flow] = ECHO_READY_NONE;
	if (!s->queued)
		queue_socket(r, index);
}

bool echo_ready_take(struct echo_ready *r, unsigned *ret_flow)
{
	struct echo_ready_socket *s = &r->socket[r->first];

	if (s->first == ECHO_READY_NONE)
		return false;
	*ret_flow = s->first;
	s->first = r->next[s->first];
	return true;
}

void echo_ready_turn(struct echo_ready *r)
{
	unsigned index = r->first;
	struct echo_ready_socket *s = &r->socket[index];

	r->first = s->next;
	s->queued = false;
	if (s->first != ECHO_READY_NONE)
		queue_socket(r, index);
}
