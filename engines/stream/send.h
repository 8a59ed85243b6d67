/* The side that sends.  Owner thread; see send.c. */
#pragma once

#include "engines/stream/worker.h"

int stream_send_open(struct worker *w, struct stream_worker *x, struct err *err);
int stream_send_attach(struct worker *w, struct stream_worker *x, struct err *err);
void stream_send_enter(struct worker *w, struct stream_worker *x, enum phase phase);
/* Moves; >= 0 as poll() returns it, or STREAM_LOST. */
int stream_send(struct worker *w, struct stream_worker *x);
/* The worker may not have looked at its schedule for long, which has gone on: what is due now is
 * counted, but for the newest, which may be on its way to be on time. */
void stream_send_overslept(struct worker *w, struct stream_worker *x);
/* Messages due by the schedules so far; one that is half way is late only when the next one is. */
static inline uint64_t stream_send_scheduled(const struct stream_worker *x)
{
	uint64_t due = x->scheduled + x->due;

	return x->begun && due ? due - 1 : due;
}
/* Forgets the message that was begun or on its way on the connection. */
void stream_send_lost(struct stream_worker *x);
