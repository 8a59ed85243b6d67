/* Intervals whose beginning is forgotten, because only so many are kept: no line may give a rate
 * over another span of time. */
#include "../results/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "main/live/plain_text.h"
#include "ui/dash/baseline.h"

enum { SECONDS = 10 };

/* Second k has 1000 * k answers. */
static struct sample *second(unsigned k)
{
	struct sample *s = toy_sample(1, PHASE_MEASURE, (101ll + k) * NS_PER_S);

	s->sequence = k + 1;
	s->is_interval = k > 0;
	s->interval_s = 1;
	s->measured_ns = (int64_t)k * NS_PER_S;
	s->worker[1].value[COUNTER_RX_PACKETS] = s->worker[1].value[COUNTER_TX_PACKETS] = 1000 * k * (k + 1) / 2;
	return s;
}

static struct history *history_of(unsigned intervals)
{
	struct history *h = NULL;
	struct err err = ERR_NONE;

	assert_int_equal(history_new(&(struct history_limits){ .coarse = intervals }, &h, &err), 0);
	toy_take_run(h, toy_run(1));
	for (unsigned k = 0; k <= SECONDS; k++)
		toy_take_sample(h, second(k));
	return h;
}

static void expect_line(struct history *h, const char *part)
{
	struct host_info host = toy_host();
	struct results_source source = { .history = h, .run_id = 1, .host = &host };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	plain_text_interval(out, &source, history_coarse(h, 0));
	fclose(out);
	if (!strstr(text, part))
		fail_msg("\"%s\" does not say \"%s\"", text, part);
	free(text);
}

static void line_of_an_interval(void **state)
{
	struct history *h = history_of(2);

	(void)state;
	expect_line(h, "10.0 s     10.0k messages/s");
	history_free(h);
}

static void line_without_a_beginning(void **state)
{
	struct history *h = history_of(1);

	(void)state;
	expect_line(h, "10.0 s        -- messages/s         -- Mbit/s  lost --/s");
	history_free(h);
}

static void tally_without_a_beginning(void **state)
{
	struct history *h = history_of(3);
	struct tally t = { 0 };

	(void)state;
	assert_int_equal(tally_update(&t, h, 1, 0, INT64_MAX), 0);
	assert_int_equal(t.n, 2);
	assert_float_equal(t.value[METRIC_PPS][0], 9000, 1e-6);
	assert_float_equal(t.value[METRIC_PPS][1], 10000, 1e-6);
	tally_free(&t);
	history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_of_an_interval),
		cmocka_unit_test(line_without_a_beginning),
		cmocka_unit_test(tally_without_a_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
