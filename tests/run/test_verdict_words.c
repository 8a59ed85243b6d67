/* The verdict while a run goes on, and in words: losses, remedies, what the mode's tables say. */
#include "verdict_scene.h"

#include "base/clock.h"
#include "record/judge/remedy.h"

static void it_speaks_while_it_runs(void **state)
{
	struct sample *from = sample_new(2), *to = sample_new(2);
	struct scene s;
	struct verdict v;

	(void)state;
	scene_make_good(&s);
	to->at_ns = 3ll * NS_PER_S;
	to->worker[1].value[COUNTER_SCHEDULED] = 1000;
	to->worker[1].value[COUNTER_TX_PACKETS] = 500;
	scene_judge_live(&s, from, to, &v);
	assert_int_equal(v.reasons, 2);
	assert_contains(v.reason[0], "sent 500 of 1000");
	assert_contains(v.reason[1], "nothing was received");
	to->at_ns = NS_PER_S; /* too early to say that nobody answers */
	to->worker[1].value[COUNTER_TX_PACKETS] = 1000;
	scene_judge_live(&s, from, to, &v);
	assert_true(v.valid);
	scene_judge_live(&s, NULL, to, &v);
	assert_true(v.valid);
	sample_free(from);
	sample_free(to);
}

/* As soon as the process goes on: no need to wait for the end of the run. */
static void a_suspension_is_known_at_once(void **state)
{
	struct sample *from = sample_new(2), *to = sample_new(2);
	struct scene s;
	struct verdict v;

	(void)state;
	scene_make_good(&s);
	to->at_ns = NS_PER_S;
	to->worker[1].value[COUNTER_SCHEDULED] = to->worker[1].value[COUNTER_TX_PACKETS] = 1000;
	to->suspended_ns = to->held_ns = 4ll * NS_PER_S;
	scene_judge_live(&s, from, to, &v);
	assert_false(v.valid);
	assert_int_equal(v.reasons, 1);
	assert_string_equal(v.reason[0], "the process was suspended or starved for 4.0 s");
	assert_non_null(v.reason_remedy[0]);
	to->suspended_ns = 0;
	to->held_ns = 200 * NS_PER_MS;
	to->silent_ns = 1500 * NS_PER_MS;
	scene_judge_live(&s, from, to, &v);
	assert_true(v.valid);
	assert_contains(v.caution[0], "netdyno itself was held up for 0.20 s");
	assert_contains(v.caution[1], "did not answer for 1.5 s");
	sample_free(from);
	sample_free(to);
}

/* Valid it may be; but not without saying what the percentiles are of, and what helps. */
static void losses_are_said(void **state)
{
	static const char remedy[] = "full at rcvbuf {rcvbuf}";
	struct scene s;
	struct verdict v;

	(void)state;
	scene_make_good(&s);
	s.ledger.received = 1500;
	s.ledger.lost = 8500;
	s.ledger.lost_percent = 85;
	s.ledger.places = 2;
	s.ledger.place[0] = (struct ledger_place){ .key = "late", .title = "late", .lost = 100 };
	s.ledger.place[1] =
		(struct ledger_place){ .key = "buffer", .title = "server socket buffer", .lost = 8400, .remedy = remedy };
	scene_judge(&s, &v);
	assert_true(v.valid);
	assert_true(v.lossy);
	assert_string_equal(v.caution[0], "85 % lost, percentiles are of the survivors: most of it at server socket buffer");
	assert_ptr_equal(v.caution_remedy[0], remedy);
	s.ledger.lost_percent = 0.9;
	scene_judge(&s, &v);
	assert_false(v.lossy);
	assert_int_equal(v.cautions, 0);
}

/* The values that are in force stand in the remedy. */
static void remedies_have_values(void **state)
{
	struct host_info host = { .rmem_max = 4 << 20, .cpus_allowed = 6 };
	struct options o = { 0 };
	struct run_info info = { 0 };
	struct err err = ERR_NONE;
	char text[200];

	(void)state;
	assert_int_equal(options_init(&o, &engine_toy, &err), 0);
	assert_int_equal(options_set(&o, "rcvbuf", "4K", &err), 0);
	info.options = o;
	assert_string_equal(
		remedy_text("full at rcvbuf {rcvbuf} · F2 raises it, rmem_max {rmem_max}", &info, &host, text, sizeof(text)),
		"full at rcvbuf 4K · F2 raises it, rmem_max 4M");
	assert_string_equal(remedy_text("{cpus_allowed} CPUs, sndbuf {sndbuf}, {none}", &info, &host, text, sizeof(text)),
		"6 CPUs, sndbuf (default), --");
	host.wmem_default = 208 << 10;
	assert_string_equal(remedy_text("sndbuf {sndbuf}", &info, &host, text, sizeof(text)), "sndbuf 208K");
	assert_string_equal(remedy_text("an open {brace", &info, &host, text, sizeof(text)), "an open ");
	assert_string_equal(remedy_text(NULL, &info, &host, text, sizeof(text)), "");
	options_free(&o);
}

/* The mode's own tables say what its counters and figures mean for the verdict. */
static void tables_have_a_say(void **state)
{
	struct scene s;
	struct verdict v;

	(void)state;
	scene_make_good(&s);
	s.edge[0].value[TOY_SENDS] = 200;
	s.edge[0].value[TOY_COPIED] = 100;
	s.settled[0].value[TOY_WAITING] = 1;
	scene_judge(&s, &v);
	assert_true(v.valid);
	assert_int_equal(v.cautions, 0);
	s.edge[0].value[TOY_COPIED] = 199;
	s.settled[0].value[TOY_WAITING] = 2;
	s.settled[1].value[TOY_DAMAGED] = 45512;
	scene_judge(&s, &v);
	assert_false(v.valid);
	assert_int_equal(v.reasons, 1);
	assert_string_equal(v.reason[0], "45512 packets were damaged");
	assert_int_equal(v.cautions, 2);
	assert_string_equal(v.caution[0], "2 peers wait");
	assert_string_equal(v.caution[1], "99.5 % were copied");
	s.worker[1].unknown = 1ull << TOY_DAMAGED;
	scene_judge(&s, &v);
	assert_true(v.valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_speaks_while_it_runs),
		cmocka_unit_test(a_suspension_is_known_at_once),
		cmocka_unit_test(losses_are_said),
		cmocka_unit_test(remedies_have_values),
		cmocka_unit_test(tables_have_a_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
