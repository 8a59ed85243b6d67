/* Rates and figures from hand-made samples and finals. */
#include "fixture.h"

#include <math.h>
#include <string.h>

#include "record/rates.h"

static void rates_between(const struct run_info *info, const struct sample *from, const struct sample *to, int worker,
	unsigned roles, struct rates *ret_rates)
{
	struct reading r = reading_between(info, from, to);

	rates_of(&r, worker, roles, ret_rates);
}

static void rates_of_final(
	const struct run_info *info, const struct run_final *final, int worker, unsigned roles, struct rates *ret_rates)
{
	struct reading r = reading_of_final(info, final);

	rates_of(&r, worker, roles, ret_rates);
}

static void one_second(void **state)
{
	struct run_info *info = toy_run(1);
	struct sample *from = toy_steady(1, 10, false), *to = toy_steady(1, 20, false);
	struct rates r;

	(void)state;
	rates_between(info, from, to, -1, ROLE_CLIENT, &r);
	assert_close(r.seconds, 1, 1e-12);
	assert_close(r.tx_pps, 1000, 1e-9);
	assert_close(r.rx_pps, 900, 1e-9);
	assert_close(r.tx_mbps, 1000 * 64 * 8e-6, 1e-9);
	assert_close(r.rx_mbps, 900 * 64 * 8e-6, 1e-9);
	assert_close(r.busy, 1.0, 1e-9);
	assert_close(r.drops_per_s, 60, 1e-9);
	assert_int_equal(r.value[TOY_LATE], 60);
	assert_int_equal(r.value[TOY_QUEUE], 5); /* a gauge: as it stands */
	assert_true(r.unknown >> COUNTER_CYCLES & 1);
	assert_true(r.unknown >> TOY_SERVER_DROPS & 1); /* nobody here counts it */
	assert_int_equal(r.value[COUNTER_CYCLES], 0);
	sample_free(from);
	sample_free(to);
	run_info_free(info);
}

static void roles_and_workers(void **state)
{
	struct run_info *info = toy_run(1);
	struct sample *from = toy_steady(1, 10, false), *to = toy_steady(1, 20, false);
	struct rates r;

	(void)state;
	rates_between(info, from, to, 0, ROLE_BOTH, &r);
	assert_close(r.rx_pps, 960, 1e-9);
	assert_close(r.busy, 0.3, 1e-9);
	assert_close(r.drops_per_s, 40, 1e-9);
	assert_false(r.unknown >> COUNTER_CYCLES & 1);
	assert_int_equal(r.value[COUNTER_CYCLES], 10000);
	rates_between(info, from, to, 0, ROLE_CLIENT, &r); /* of another role: nothing */
	assert_true(isnan(r.rx_pps));
	rates_between(info, from, to, -1, ROLE_BOTH, &r);
	assert_close(r.rx_pps, 1860, 1e-9);
	assert_close(r.drops_per_s, 100, 1e-9);
	assert_close(r.busy, 0.65, 1e-9);
	assert_int_equal(r.value[TOY_QUEUE], 8);
	assert_true(r.unknown >> COUNTER_CYCLES & 1); /* one of two does not know */
	sample_free(from);
	sample_free(to);
	run_info_free(info);
}

static void assert_nothing(const struct rates *r)
{
	assert_close(r->seconds, 0, 0);
	assert_true(isnan(r->tx_pps) && isnan(r->rx_pps) && isnan(r->tx_mbps) && isnan(r->rx_mbps));
	assert_true(isnan(r->busy) && isnan(r->drops_per_s));
	assert_true(r->unknown >> COUNTER_TX_PACKETS & 1);
}

static void no_difference(void **state)
{
	struct run_info *info = toy_run(1);
	struct sample *a = toy_steady(1, 10, false), *b = toy_steady(1, 20, false), *other = toy_steady(2, 1, false);
	struct sample *three = sample_new(3);
	struct rates r;

	(void)state;
	rates_between(info, NULL, b, -1, ROLE_CLIENT, &r);
	assert_nothing(&r);
	assert_int_equal(r.value[TOY_QUEUE], 5); /* gauges need one reading only */
	assert_false(r.unknown >> TOY_QUEUE & 1);
	rates_between(info, b, a, -1, ROLE_CLIENT, &r); /* backwards */
	assert_nothing(&r);
	rates_between(info, b, b, -1, ROLE_CLIENT, &r);
	assert_nothing(&r);
	rates_between(info, other, b, -1, ROLE_CLIENT, &r);
	assert_nothing(&r);
	rates_between(info, three, b, -1, ROLE_CLIENT, &r);
	assert_nothing(&r);
	rates_between(info, a, NULL, -1, ROLE_CLIENT, &r);
	assert_nothing(&r);
	rates_between(info, a, three, -1, ROLE_CLIENT, &r);
	assert_nothing(&r);
	sample_free(a);
	sample_free(b);
	sample_free(other);
	sample_free(three);
	run_info_free(info);
}

/* If two readings of the CPU time are older than the ticks, busy is unknown, not 0; and it never
 * exceeds 1. */
static void busy_limits(void **state)
{
	struct run_info *info = toy_run(1);
	struct sample *from = toy_steady(1, 10, false), *to = toy_steady(1, 20, false);
	struct rates r;

	(void)state;
	to->worker[1].value[COUNTER_CPU_USER_NS] += NS_PER_S;
	rates_between(info, from, to, 1, ROLE_BOTH, &r);
	assert_close(r.busy, 1, 0);
	to->worker[1].value[COUNTER_OBSERVED_NS] = from->worker[1].value[COUNTER_OBSERVED_NS];
	rates_between(info, from, to, 1, ROLE_BOTH, &r);
	assert_true(isnan(r.busy));
	sample_free(from);
	sample_free(to);
	run_info_free(info);
}

static void exact_edges(void **state)
{
	struct run_info *info = toy_run_of(1, 0, 2);
	struct run_final *f = toy_final(1, 2, 0);
	struct rates r;

	(void)state;
	f->edge[0].value[COUNTER_RX_PACKETS] = 1000;
	f->edge_ns[0] = NS_PER_S;
	f->edge[1].value[COUNTER_RX_PACKETS] = 1000;
	f->edge_ns[1] = 2ll * NS_PER_S;
	f->settled[0].value[TOY_QUEUE] = 7;
	f->settled[1].value[TOY_QUEUE] = 5;
	rates_of_final(info, f, -1, ROLE_CLIENT, &r);
	assert_close(r.rx_pps, 1500, 1e-9); /* each over its own time */
	assert_close(r.seconds, 1.5, 1e-9);
	assert_int_equal(r.value[COUNTER_RX_PACKETS], 2000);
	assert_int_equal(r.value[TOY_QUEUE], 12);
	rates_of_final(info, f, 1, ROLE_CLIENT, &r);
	assert_close(r.rx_pps, 500, 1e-9);
	f->edge_ns[1] = 0; /* it failed before it measured */
	rates_of_final(info, f, -1, ROLE_CLIENT, &r);
	assert_true(isnan(r.rx_pps));
	rates_of_final(info, NULL, -1, ROLE_CLIENT, &r);
	assert_nothing(&r);
	run_final_free(f);
	run_info_free(info);
}

static double figure(unsigned i, const struct run_info *info, const struct sample *from, const struct sample *to, int worker)
{
	struct reading r = reading_between(info, from, to);

	return figure_value(&engine_toy.figures[i], &r, worker);
}

static void figures(void **state)
{
	struct run_info *info = toy_run(1);
	struct sample *from = toy_steady(1, 10, false), *to = toy_steady(1, 20, false);
	struct run_final *f = toy_final(1, 2, 10);
	struct reading whole = reading_of_final(info, f);

	(void)state;
	assert_close(figure(0, info, from, to, -1), 0.5, 1e-12);
	assert_close(figure(1, info, from, to, -1), 960, 1e-9);
	assert_true(isnan(figure(2, info, from, to, -1))); /* one part is unknown */
	assert_true(isnan(figure(0, info, from, to, 0)));  /* a server has no part in it */
	assert_true(isnan(figure(0, info, NULL, to, -1)));
	assert_true(isnan(figure(0, info, from, from, -1)));
	assert_close(figure_value(&engine_toy.figures[1], &whole, -1), 960, 1e-9);
	f->edge[1].value[COUNTER_RX_PACKETS] = 0;
	/* x / 0 */
	assert_true(isnan(figure_value(&engine_toy.figures[0], &whole, -1)));
	run_final_free(f);
	sample_free(from);
	sample_free(to);
	run_info_free(info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_second),
		cmocka_unit_test(roles_and_workers),
		cmocka_unit_test(no_difference),
		cmocka_unit_test(busy_limits),
		cmocka_unit_test(exact_edges),
		cmocka_unit_test(figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
