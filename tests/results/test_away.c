/* The other end of a run goes away in the middle of it: the client says so, counts the time, and
 * its numbers are not valid. */
#include "fixture.h"

#include <math.h>
#include <string.h>

#include "engines/engines.h"
#include "two_ends.h"
#include "../support/asserts.h"

/* Name, value, ..., ended by NULL. */
static const struct {
	const char *mode;
	const char *const server[6], *const client[6];
} runs[] = {
	{ "stream", { "rate", "500", NULL }, { NULL } },
	{ "stream", { "reverse", "yes", NULL }, { "reverse", "yes", "rate", "500", NULL } },
	{ "echo", { NULL }, { "rate", "500", NULL } },
	{ "echo", { NULL }, { "window", "8", NULL } },
	{ "chat", { NULL }, { "conns", "8", NULL } },
};

static bool has_half_a_second(const struct end *e)
{
	const struct sample *s = history_fine(e->history, 0);

	return s && s->measured_ns >= 500 * NS_PER_MS;
}

/* Longer than it takes to call a silence one. */
static bool has_missed_the_server(const struct end *e)
{
	const struct sample *s = history_fine(e->history, 0);

	return s && s->away_ns >= 600 * NS_PER_MS;
}

static bool says(const struct history *h, const char *text)
{
	for (unsigned age = 0; age < history_event_count(h); age++)
		if (strstr(history_event(h, age)->text, text))
			return true;
	return false;
}

static void judge(const struct end *e, struct verdict *ret_verdict)
{
	struct reading r = reading_of_final(history_run(e->history, e->run_id), history_final(e->history, e->run_id));
	struct ledger ledger;

	ledger_of(&r, &ledger);
	verdict_of(&r, &ledger, false, ret_verdict);
}

static bool has_reason(const struct verdict *v, const char *text)
{
	for (unsigned i = 0; i < v->reasons; i++)
		if (strstr(v->reason[i], text))
			return true;
	return false;
}

static void a_server_that_is_gone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct end server, client;
		struct verdict v;

		two_ends_start(
			engine_find(engines_all, runs[i].mode), runs[i].server, runs[i].client, "0", "1s", &server, &client);
		end_await(&client, has_half_a_second);
		end_close(&server);
		end_await(&client, has_missed_the_server);
		session_stop(client.session, false);
		end_await(&client, end_is_over);
		judge(&client, &v);
		if (v.valid || !has_reason(&v, "was away for"))
			fail_msg("%s: valid: %d, %s", runs[i].mode, v.valid, v.reasons ? v.reason[0] : "no reason");
		assert_at_least(history_final(client.history, client.run_id)->away_ns, 600 * NS_PER_MS);
		assert_true(says(client.history, "no answer from") || says(client.history, "are gone"));
		end_close(&client);
	}
}

/* ... and one that stays is not. */
static void a_server_that_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct end server, client;

		two_ends_start(
			engine_find(engines_all, runs[i].mode), runs[i].server, runs[i].client, "300ms", "1s", &server, &client);
		end_await(&client, end_is_over);
		assert_int_equal(history_final(client.history, client.run_id)->away_ns, 0);
		end_close(&server);
		end_close(&client);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_is_gone),
		cmocka_unit_test(a_server_that_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
