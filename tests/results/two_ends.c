/* See two_ends.h. */
#include "two_ends.h"

#include <poll.h>
#include <stdio.h>

#include "mode/path.h"
#include "../support/asserts.h"
#include "../support/free_port.h"

enum { DEADLINE_S = 30 };

static bool end_measures(const struct end *e)
{
	return history_measure_start(e->history, e->run_id);
}

static void set(struct options *o, const char *const *pair)
{
	struct err err = ERR_NONE;

	for (; *pair; pair += 2)
		if (options_set(o, pair[0], pair[1], &err))
			fail_msg("%s", err.text);
}

void end_start(struct end *e, const struct engine *engine, const char *const *common, const char *const *own)
{
	struct session_config config = { .paths = paths_here, .want_totals = true };
	struct err err = ERR_NONE;
	struct options o;
	int id;

	*e = (struct end){ 0 };
	assert_int_equal(history_new(NULL, &e->history, &err), 0);
	assert_int_equal(session_new(&config, &e->session, &err), 0);
	assert_int_equal(options_init(&o, engine, &err), 0);
	set(&o, common);
	set(&o, own);
	id = session_start(e->session, &o, &err);
	if (id <= 0)
		fail_msg("%s", err.text);
	e->run_id = (uint32_t)id;
	options_free(&o);
}

bool end_is_over(const struct end *e)
{
	return history_final(e->history, e->run_id);
}

void end_await(struct end *e, bool (*done)(const struct end *e))
{
	int64_t deadline = clock_now_ns() + (int64_t)DEADLINE_S * NS_PER_S;

	while (!done(e)) {
		struct pollfd p = { .fd = session_fd(e->session), .events = POLLIN };
		struct update *u;

		assert_less(clock_now_ns(), deadline);
		poll(&p, 1, 100);
		while ((u = session_next(e->session)))
			history_take(e->history, u);
	}
}

void end_close(struct end *e)
{
	session_free(e->session);
	history_free(e->history);
}

static bool end_measures_or_fails(const struct end *e)
{
	return end_measures(e) || end_is_over(e);
}

void two_ends_start(const struct engine *engine, const char *const *server, const char *const *client, const char *duration,
	const char *interval, struct end *ret_server, struct end *ret_client)
{
	char port[8];
	const char *const there[] = { "role", "server", "port", port, "cores", "1", "warmup", "0", "duration", "0", "interval",
		interval, "listen", "127.0.0.1", NULL };
	const char *const here[] = { "role", "client", "port", port, "cores", "1", "warmup", "50ms", "duration", duration,
		"interval", interval, NULL };

	/* Between the look and the server's bind(2) another test may take the port. */
	for (unsigned tries = 0; tries < 20; tries++) {
		if (tries)
			end_close(ret_server);
		snprintf(port, sizeof(port), "%u", free_port());
		end_start(ret_server, engine, there, server);
		end_await(ret_server, end_measures_or_fails);
		if (end_measures(ret_server))
			break;
	}
	assert_true(end_measures(ret_server));
	end_start(ret_client, engine, here, client);
}
