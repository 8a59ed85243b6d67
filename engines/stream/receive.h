/* The side that receives.  Owner thread; see receive.c. */
#pragma once

#include "engines/stream/worker.h"

int stream_receive_open(struct worker *w, struct stream_worker *x, struct err *err);
void stream_receive_attach(struct worker *w, struct stream_worker *x);
/* Moves; >= 0 as poll() returns it, or STREAM_LOST. */
int stream_receive(struct worker *w, struct stream_worker *x);
