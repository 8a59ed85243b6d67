/* The client's side of mode echo: the operations of mode/engine.h for workers that are clients. */
#pragma once

#include "mode/engine.h"

int echo_client_open(struct worker *w, struct err *err);
int echo_client_poll(struct worker *w, struct err *err);
int echo_client_drain(struct worker *w, struct err *err);
int echo_client_wait(struct worker *w, int64_t until_ns, struct err *err);
int echo_client_enter(struct worker *w, enum phase phase, struct err *err);
int echo_client_observe(struct worker *w, struct err *err);
void echo_client_close(struct worker *w);
