/* The virtual clock: runs whose every sample is the same to the byte, and exact at every edge. */
#include "support.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engines/null/null.h"
#include "mode/path.h"
#include "../support/toy.h"

#define BASIC "cores=2", "warmup=300ms", "duration=1s", "interval=250ms", "loss-ppm=1234", "loss-every=300ms"

static void assert_same_sample(const struct sample *a, const struct sample *b)
{
	struct sample x = *a, y = *b;

	x.total = y.total = NULL;
	x.details = y.details = NULL;
	x.settled = y.settled = NULL;
	assert_memory_equal(&x, &y, sizeof(x));
	assert_memory_equal(a->worker, b->worker, a->workers * sizeof(a->worker[0]));
	assert_int_equal(!a->settled, !b->settled);
	if (a->settled)
		assert_memory_equal(a->settled, b->settled, a->workers * sizeof(a->settled[0]));
	assert_int_equal(!a->total, !b->total);
	if (a->total)
		assert_memory_equal(a->total, b->total, sizeof(*a->total));
}

static void assert_same_final(const struct run_final *a, const struct run_final *b)
{
	assert_int_equal(a->measured_ns, b->measured_ns);
	assert_memory_equal(a->edge, b->edge, a->workers * sizeof(*a->edge));
	assert_memory_equal(a->settled, b->settled, a->workers * sizeof(*a->settled));
	assert_memory_equal(a->edge_ns, b->edge_ns, a->workers * sizeof(*a->edge_ns));
	assert_memory_equal(a->total, b->total, sizeof(*a->total));
	assert_memory_equal(&a->net_to, &b->net_to, sizeof(a->net_to));
}

static void assert_same_update(const struct update *a, const struct update *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->at_ns, b->at_ns);
	assert_int_equal(a->run_id, b->run_id);
	if (a->kind == UPDATE_EVENT)
		assert_string_equal(a->event.text, b->event.text);
	else if (a->kind == UPDATE_SAMPLE)
		assert_same_sample(a->sample, b->sample);
	else if (a->kind == UPDATE_FINAL)
		assert_same_final(a->final, b->final);
	else if (a->kind == UPDATE_RUN)
		assert_int_equal(a->run->started_wall_ns, b->run->started_wall_ns);
}

static void run_once(struct gathered *g)
{
	struct session *s = make_session(100, true);
	uint32_t id = start_run(s, &engine_null, PAIRS(BASIC));

	gather_until_final(s, id, g);
	session_free(s);
}

static void two_runs_are_the_same_to_the_byte(void **state)
{
	struct gathered a = { 0 }, b = { 0 };

	(void)state;
	run_once(&a);
	run_once(&b);
	assert_int_equal(a.count, b.count);
	for (unsigned i = 0; i < a.count; i++)
		assert_same_update(a.update[i], b.update[i]);
	gather_free(&a);
	gather_free(&b);
}

static void counts_are_exact(void **state)
{
	struct session *s = make_session(100, true);
	struct gathered g = { 0 };
	struct ledger l;
	uint32_t id = start_run(s, &engine_null, PAIRS("cores=3", "rate=1000003", "warmup=70ms", "duration=2s", "loss-ppm=1000"));
	const struct run_final *f = gather_until_final(s, id, &g);
	const struct run_info *info = gathered_run(&g, id);
	struct reading whole = gathered_reading(&g, id);

	(void)state;
	assert_int_equal(sum_of_workers(info, f->edge, ROLE_CLIENT, COUNTER_TX_PACKETS), 2 * 1000003);
	assert_int_equal(sum_of_workers(info, f->settled, ROLE_CLIENT, COUNTER_TX_PACKETS), 2 * 1000003);
	assert_int_equal(sum_of_workers(info, f->edge, ROLE_SERVER, COUNTER_RX_PACKETS), 2 * 1000003);
	assert_int_equal(f->measured_ns, 2ll * NS_PER_S);
	assert_int_equal(f->suspended_ns, 0);
	for (unsigned i = 0; i < f->workers; i++)
		assert_int_equal(f->edge_ns[i], 2ll * NS_PER_S);
	ledger_of(&whole, &l);
	assert_int_equal(l.sent, 2 * 1000003);
	assert_int_equal(l.unexplained, 0);
	assert_int_equal(l.lost, 2 * 1000003 / 1000);
	gather_free(&g);
	session_free(s);
}

/* The length in the event is the nearest figure, not the next lower one. */
static void lengths_are_rounded(void **state)
{
	static const struct {
		const char *duration, *said;
	} run[] = { { "duration=1970ms", "stop: 2s, " }, { "duration=1230ms", "stop: 1.2s, " },
		{ "duration=998ms", "stop: 998ms, " } };

	(void)state;
	for (size_t i = 0; i < sizeof(run) / sizeof(run[0]); i++) {
		struct session *s = make_session(100, true);
		struct gathered g = { 0 };
		uint32_t id = start_run(s, &engine_null, PAIRS("warmup=0", run[i].duration));

		gather_until_final(s, id, &g);
		if (gathered_events(&g, id, run[i].said) != 1)
			fail_msg("%s: no event says \"%s\"", run[i].duration, run[i].said);
		gather_free(&g);
		session_free(s);
	}
}

/* Differences between samples are exact too, and the live ledger balances at every tick. */
static void every_sample_is_exact(void **state)
{
	struct session *s = make_session(100, true);
	struct gathered g = { 0 };
	struct ledger l;
	uint32_t id = start_run(s, &engine_null, PAIRS(BASIC));
	const struct sample *first = NULL;

	(void)state;
	gather_until_final(s, id, &g);
	for (unsigned i = 0; i < gathered_samples(&g, id); i++) {
		const struct sample *x = gathered_sample(&g, id, (int)i);

		assert_int_equal(x->late_ns, 0);
		assert_int_equal(x->net.known, 0);
		assert_string_equal(x->net.why, "virtual clock");
		if (x->phase != PHASE_MEASURE)
			continue;
		first = first ? first : x;
		struct reading since = reading_between(gathered_run(&g, id), first, x);
		ledger_of(&since, &l);
		assert_int_equal(l.sent, x->measured_ns / 1000);
		assert_int_equal(l.unexplained, 0);
		assert_int_equal(x->at_ns - first->at_ns, x->measured_ns);
		if (x->is_interval && x->interval_s != 0.25)
			fail_msg("interval of %f s", x->interval_s);
	}
	gather_free(&g);
	session_free(s);
}

static unsigned holds_after(struct session *s, uint32_t id, struct gathered *g, unsigned ticks)
{
	unsigned before = 0, measured = 0;

	/* 300 ms: two ticks, and with the third the warm-up is over, from where ticks are
	 * counted anew. */
	gather_until_samples(s, id, PHASE_WARMUP, 2, g);
	gather_until_samples(s, id, PHASE_MEASURE, 1 + ticks - 2, g);
	for (unsigned i = 0; i < g->count; i++)
		if (g->update[i]->kind == UPDATE_SAMPLE && g->update[i]->run_id == id) {
			before += g->update[i]->sample->phase == PHASE_WARMUP;
			measured += g->update[i]->sample->phase == PHASE_MEASURE;
		}
	/* The sample that begins the measure phase is no tick. */
	return before + measured - 1;
}

static void it_holds_and_still_answers(void **state)
{
	struct session *s = make_session(10, false);
	struct gathered g = { 0 };
	char phases[128];
	uint32_t first = start_run(s, &engine_null, PAIRS("cores=1", "warmup=300ms", "duration=0"));

	(void)state;
	assert_int_equal(holds_after(s, first, &g, 10), 10);
	assert_int_equal(clock_run_ns(), 2100ll * NS_PER_MS);
	assert_int_equal(session_set_load(s, 5000), 5000);
	/* A restart at the virtual time where it holds, then a stop there. */
	uint32_t second = start_run(s, &engine_null, PAIRS("cores=1", "warmup=300ms", "duration=0"));
	assert_int_equal(holds_after(s, second, &g, 10), 10);
	assert_int_equal(gathered_final(&g, first)->measured_ns, 800 * NS_PER_MS);
	assert_int_equal(clock_run_ns(), 3200ll * NS_PER_MS);
	session_stop(s, false);
	assert_int_equal(gather_until_final(s, second, &g)->measured_ns, 800 * NS_PER_MS);
	assert_string_equal(gathered_phases(&g, second, phases, sizeof(phases)), "prepare warm-up settle measure drain");
	assert_null(session_next(s));
	session_free(s);
	gather_free(&g);
}

static void real_packets_are_refused(void **state)
{
	struct session_config real = { .paths = paths_here }, nowhere = { .virtual_ticks = 10 };
	struct session *s = make_session(10, false), *none = NULL;
	struct options o;
	struct err err = ERR_NONE;

	(void)state;
	make_options(&o, &engine_toy, PAIRS("cores=1"));
	assert_int_equal(session_start(s, &o, &err), -EINVAL);
	assert_contains(err.text, "virtual clock");
	options_free(&o);
	err_clear(&err);
	assert_int_equal(session_new(&real, &none, &err), -EINVAL);
	assert_null(none);
	err_clear(&err);
	assert_int_equal(session_new(&nowhere, &none, &err), -EINVAL);
	assert_string_equal(err.text, "session: no paths");
	session_free(s);
}

static void method_full_falls_back_and_says_so(void **state)
{
	struct session *s = make_session(10, false);
	struct gathered g = { 0 };
	uint32_t id = start_run(s, &engine_null, PAIRS("cores=1", "method=full", "warmup=0", "duration=100ms"));

	(void)state;
	gather_until_final(s, id, &g);
	assert_string_equal(gathered_run(&g, id)->ran, "count");
	assert_int_equal(gathered_events(&g, id, "method count runs instead"), 1);
	gather_free(&g);
	session_free(s);
}

/* A change of load at an instant of the run clock: what was due before stays due. */
static void the_load_changes_exactly(void **state)
{
	struct session *s = make_session(4, false);
	struct gathered g = { 0 };
	uint32_t id = start_run(s, &engine_null, PAIRS("cores=2", "warmup=0", "duration=0", "rate=1000000"));

	(void)state;
	gather_until_samples(s, id, PHASE_MEASURE, 5, &g);
	session_set_load(s, 10);
	for (;;) {
		struct pollfd fd = { .fd = session_fd(s), .events = POLLIN };
		struct update *u = session_next(s);

		if (!u && poll(&fd, 1, 1000) >= 0)
			continue;
		bool told = u->kind == UPDATE_EVENT && strstr(u->event.text, "rate 10");
		update_free(u);
		if (told)
			break;
	}
	session_stop(s, false);
	const struct run_final *f = gather_until_final(s, id, &g);
	assert_int_equal(sum_of_workers(gathered_run(&g, id), f->settled, ROLE_CLIENT, COUNTER_TX_PACKETS), 400000);
	gather_free(&g);
	session_free(s);
}

static void one_role_alone_runs_too(void **state)
{
	static const char *const roles[] = { "role=server", "role=client" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct session *s = make_session(20, false);
		struct gathered g = { 0 };
		struct ledger l;
		uint32_t id = start_run(s, &engine_null, PAIRS(roles[i], "cores=2", "warmup=0", "duration=1s"));

		gather_until_final(s, id, &g);
		struct reading whole = gathered_reading(&g, id);
		ledger_of(&whole, &l);
		assert_int_equal(gathered_run(&g, id)->workers, 2);
		assert_int_equal(l.sent, 1000000);
		assert_int_equal(l.received, 1000000);
		gather_free(&g);
		session_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_runs_are_the_same_to_the_byte),
		cmocka_unit_test(counts_are_exact),
		cmocka_unit_test(lengths_are_rounded),
		cmocka_unit_test(every_sample_is_exact),
		cmocka_unit_test(it_holds_and_still_answers),
		cmocka_unit_test(real_packets_are_refused),
		cmocka_unit_test(method_full_falls_back_and_says_so),
		cmocka_unit_test(the_load_changes_exactly),
		cmocka_unit_test(one_role_alone_runs_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
