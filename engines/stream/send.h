/* The side that sends.  Owner thread; see send.c. */
#pragma once

#include "engines/stream/worker.h"

int stream_send_open(struct worker *w, struct stream_worker *x, struct err *err);
int stream_send_attach(struct worker *w, struct stream_worker *x, struct err *err);
void stream_send_enter(struct worker *w, struct stream_worker *x, enum phase phase);
/* Moves; >= 0 as poll() returns it, or STREAM_LOST. */
int stream_send(struct worker *w, struct stream_worker *x);
/* Forgets the message that was begun or on its way on the connection. */
void stream_send_lost(struct stream_worker *x);
