/* The side that receives.  Owner thread; see receive.c. */
#pragma once

#include "engines/stream/worker.h"

int stream_receive_open(struct worker *w, struct stream_worker *x, struct err *err);
void stream_receive_attach(struct worker *w, struct stream_worker *x);
/* So many bytes came; data is NULL where they were thrown away. */
void stream_take(struct worker *w, struct stream_worker *x, const uint8_t *data, size_t bytes, int64_t now_ns);
/* Moves; >= 0 as poll() returns it, or STREAM_LOST. */
int stream_receive(struct worker *w, struct stream_worker *x);
