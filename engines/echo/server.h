/* The server's side of mode echo: the operations of mode/engine.h for workers that are servers. */
#pragma once

#include "mode/engine.h"

int echo_server_open(struct worker *w, struct err *err);
int echo_server_poll(struct worker *w, struct err *err);
int echo_server_wait(struct worker *w, int64_t until_ns, struct err *err);
int echo_server_observe(struct worker *w, struct err *err);
void echo_server_close(struct worker *w);
