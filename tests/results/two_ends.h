/* Real runs with their histories: one with both roles, or two that are each other's other end. */
#pragma once

#include "fixture.h"
#include "run/session.h"

struct end {
	struct session *session;
	struct history *history;
	uint32_t run_id;
};

/* Options as name, value, ..., ended by NULL; the second list after the first. */
void end_start(struct end *e, const struct engine *engine, const char *const *common, const char *const *own);
/* Takes updates until done() says so, or 30 s have passed. */
void end_await(struct end *e, bool (*done)(const struct end *e));
bool end_is_over(const struct end *e);
void end_close(struct end *e);

/* A server's run that is not over by itself, and a client's on its port. */
void two_ends_start(const struct engine *engine, const char *const *server, const char *const *client, const char *duration,
	const char *interval, struct end *ret_server, struct end *ret_client);
