/* Knees of a sweep: words, JSON and the mark on charts. */
#include "fixture.h"

#include "../results/schema.h"
#include "../support/asserts.h"
#include "base/text.h"
#include "sweep/knee/knees.h"
#include "sweep/report.h"

static struct sweep_plan plan;
static struct sweep_state state;
static char *kept;
static size_t kept_length;

static void begin(unsigned repeat, const char *words)
{
	struct err err = ERR_NONE;

	make_plan(&plan, repeat, words);
	assert_int_equal(sweep_state_init(&state, &plan, &err), 0);
}

/* A value per cell, in each round the same; 0: the cell has not run. */
static void take_all(const double *mbps, unsigned rounds)
{
	for (uint32_t cell = 0; cell < plan.cells; cell++)
		for (unsigned round = 0; round < rounds && mbps[cell] > 0; round++)
			take(&state, cell, round, mbps[cell], true);
}

#define TAKE(...) take_all((const double[]){ __VA_ARGS__ }, 3)

static void end(void)
{
	free(kept);
	kept = NULL;
	sweep_state_free(&state);
	sweep_plan_free(&plan);
}

static FILE *paper(void)
{
	FILE *out;

	free(kept);
	kept = NULL;
	out = open_memstream(&kept, &kept_length);
	assert_non_null(out);
	return out;
}

static void write_knees(bool markdown)
{
	FILE *out = paper();

	sweep_write_knees(out, &state, markdown);
	fclose(out);
}

static json_t *document(const char *stopped)
{
	json_t *schema = json_load_file(NETDYNO_TREE "/docs/sweep.schema.json", JSON_REJECT_DUPLICATES, NULL);
	struct sweep_report report = { .state = &state, .stopped = stopped };
	json_t *made = sweep_to_json(&report);
	char why[512] = "";

	assert_non_null(schema);
	assert_non_null(made);
	if (!schema_check_with(schema, made, why, sizeof(why)))
		fail_msg("%s", why);
	json_decref(schema);
	return made;
}

static const json_t *knee_of_document(const json_t *made, size_t index)
{
	const json_t *knee = json_array_get(json_object_get(made, "knees"), index);

	assert_non_null(knee);
	return knee;
}

static void expect_text(const json_t *object, const char *key, const char *text)
{
	const json_t *value = json_object_get(object, key);

	if (!text)
		assert_true(json_is_null(value));
	else
		assert_string_equal(json_string_value(value), text);
}

/* ---- what is said ---- */

static void a_knee_for_each_setting(void **unused)
{
	(void)unused;
	begin(3, "size=4K,1K,2K,8K method=slow,fast");
	/* of 4K, 1K, 2K, 8K: slow and fast */
	TAKE(96, 50, 10, 50, 40, 50, 100, 50);
	write_knees(false);
	assert_string_equal(kept,
		"knee over size (from there on the rate is within 5 % of the best):\n"
		"  method slow: knee at size 4K: 960 messages/s, 96 % of the best (1000 at 8K)\n"
		"  method fast: flat: size 1K is the best (500 messages/s), the others are within 5 % of it: no knee\n");
	json_t *made = document(NULL);
	const json_t *knee = knee_of_document(made, 0);

	expect_text(knee, "axis", "size");
	expect_text(json_object_get(knee, "setting"), "method", "slow");
	expect_text(knee, "figure", "rx_pps");
	expect_text(knee, "kind", "knee");
	expect_text(knee, "knee", "4K");
	expect_text(knee, "best", "8K");
	expect_text(knee, "from", "4K");
	assert_equals(json_number_value(json_object_get(knee, "knee_percent")), 96);
	assert_true(json_is_true(json_object_get(made, "complete")));
	const json_t *point = json_array_get(json_object_get(knee, "points"), 2);
	expect_text(point, "value", "4K");
	assert_equals(json_number_value(json_object_get(point, "number")), 4096);
	assert_equals(json_number_value(json_object_get(point, "median")), 960);
	expect_text(knee_of_document(made, 1), "kind", "flat");
	expect_text(knee_of_document(made, 1), "knee", NULL);
	json_decref(made);
	end();
}

static void expect_words(const char *words, const char *kind)
{
	json_t *made = document(NULL);

	write_knees(false);
	assert_contains(kept, words);
	expect_text(knee_of_document(made, 0), "words", words);
	expect_text(knee_of_document(made, 0), "kind", kind);
	json_decref(made);
	end();
}

static void no_knee_says_why(void **unused)
{
	(void)unused;
	begin(3, "size=1K,2K,4K");
	TAKE(10, 20, 26.2);
	expect_words("still rising at size 4K (262 messages/s): the last step gave +31 %: no knee within 1K..4K", "rising");
	begin(3, "size=1K,2K,4K");
	TAKE(100, 80, 40);
	expect_words("falling: size 1K is the best (1000 messages/s), 4K has 40 % of that: no knee", "falling");
	begin(3, "size=1K,2K,4K");
	TAKE(98, 100, 99);
	expect_words("flat: size 1K is within 5 % of the best (1000 messages/s at 2K): no knee", "flat");
	begin(3, "size=1K,2K,4K,8K");
	TAKE(10, 100, 99, 70);
	expect_words("knee at size 2K: 1000 messages/s, the best; behind that it falls, to 70 % at 8K", "knee");
}

static void what_is_not_sure_is_said(void **unused)
{
	static const double of_2k[] = { 80, 90, 97 };

	(void)unused;
	begin(3, "size=1K,2K,4K,8K");
	TAKE(10, 0, 98, 100);
	for (unsigned round = 0; round < 3; round++)
		take(&state, 1, round, of_2k[round], true);
	expect_words(
		"knee at about size 4K: 980 messages/s, 98 % of the best (1000 at 8K); by the spread of the runs, at 2K to 4K",
		"knee");
	begin(1, "size=1K,2K,4K");
	take(&state, 0, 0, 10, true);
	take(&state, 1, 0, 98, true);
	take(&state, 2, 0, 100, true);
	expect_words("knee at about size 2K: 980 messages/s, 98 % of the best (1000 at 4K); one run a value", "knee");
}

/* One of the runs behind the best is as good. */
static void a_fall_that_is_not_sure_is_said(void **unused)
{
	static const double of_8k[] = { 60, 70, 95 };

	(void)unused;
	begin(3, "size=1K,2K,4K,8K");
	TAKE(10, 100, 99, 0);
	for (unsigned round = 0; round < 3; round++)
		take(&state, 3, round, of_8k[round], true);
	expect_words("knee at size 2K: 1000 messages/s, the best; behind that it seems to fall, to 70 % at 8K", "knee");
	begin(3, "size=1K,2K,8K,16K");
	TAKE(98, 100, 0, 97);
	for (unsigned round = 0; round < 3; round++)
		take(&state, 2, round, of_8k[round], true);
	expect_words("perhaps falling: size 1K is within 5 % of the best (1000 messages/s at 2K), 8K has 70 % of that: no knee",
		"falling");
}

/* Of a sweep that was interrupted, or has cells that failed or are invalid: what there is. */
static void what_is_missing_is_said(void **unused)
{
	(void)unused;
	begin(3, "size=1K,2K,4K,8K,16K");
	TAKE(10, 0, 98, 100, 0);
	take(&state, 1, 0, 1000, false);
	expect_words(
		"knee at about size 4K: 980 messages/s, 98 % of the best (1000 at 8K); no valid run at 2K, next to it; 3 of 5 "
		"values have a valid run",
		"knee");
	begin(3, "size=1K,2K,4K,8K method=slow,fast");
	TAKE(10, 0, 20, 0, 0, 0, 0, 0);
	write_knees(false);
	assert_string_equal(kept, "knee over size (from there on the rate is within 5 % of the best):\n"
				  "  method slow: too few values: 2 of 4 have a valid run, 3 are the least\n");
	json_t *made = document("interrupted");
	assert_int_equal(json_array_size(json_object_get(made, "knees")), 1);
	expect_text(knee_of_document(made, 0), "kind", "too few values");
	expect_text(knee_of_document(made, 0), "from", NULL);
	expect_text(made, "stopped", "interrupted");
	assert_false(json_is_true(json_object_get(made, "complete")));
	json_decref(made);
	end();
	/* all of them invalid */
	begin(1, "size=1K,2K,4K");
	for (uint32_t cell = 0; cell < 3; cell++)
		take(&state, cell, 0, 100, false);
	expect_words("too few values: 0 of 3 have a valid run, 3 are the least", "too few values");
}

/* Names, and two values, have no knee. */
static void other_axes_are_passed_over(void **unused)
{
	(void)unused;
	begin(3, "size=1K,2K congestion=a,b,c");
	TAKE(1, 2, 3, 4, 5, 6);
	write_knees(false);
	assert_string_equal(kept, "");
	json_t *made = document(NULL);
	assert_int_equal(json_array_size(json_object_get(made, "knees")), 0);
	json_decref(made);
	end();
}

static void every_axis_has_its_own(void **unused)
{
	(void)unused;
	begin(3, "size=1K,2K,4K threads=1,2,4");
	TAKE(10, 20, 30, 20, 20, 20, 30, 20, 10);
	write_knees(true);
	assert_contains(kept, "\n## Knee over size\n\nThe knee is the least size from which on, up to the best, ");
	assert_contains(kept, "\n- threads 1: still rising at size 4K (300 messages/s): the last step gave +50 %: ");
	assert_contains(kept, "\n- threads 4: falling: size 1K is the best (300 messages/s), 4K has 33.3 % of that: no knee\n");
	assert_contains(kept, "\n## Knee over threads\n");
	assert_contains(kept, "\n- size 2K: flat: threads 1 is the best (200 messages/s), ");
	end();
}

/* A terminal gets the first lines, summary.md all of them. */
static void many_are_cut_off(void **unused)
{
	char words[400] = "size=1K,2K,4K seed=1,2";
	double mbps[3 * 20];

	(void)unused;
	for (unsigned i = 3; i <= 20; i++)
		text_add(words, sizeof(words), ",%u", i);
	for (unsigned i = 0; i < 3 * 20; i++)
		mbps[i] = 10;
	begin(3, words);
	take_all(mbps, 3);
	write_knees(false);
	assert_contains(kept, "  seed 16: flat");
	assert_null(strstr(kept, "seed 17: flat"));
	/* and the other axis: 3 lines */
	assert_contains(kept, "  (4 more in summary.md)\nknee over seed ");
	write_knees(true);
	assert_contains(kept, "- seed 20: flat");
	end();
}

/* As the values are typed, or the runs come in: the same is said. */
static void order_does_not_matter(void **unused)
{
	static const char *const typed[] = { "size=1K,2K,4K,8K", "size=8K,1K,4K,2K" };

	(void)unused;
	for (unsigned turn = 0; turn < 2; turn++) {
		begin(3, typed[turn]);
		for (unsigned i = 0; i < 12; i++) {
			unsigned at = turn ? i % 4 : 3 - i % 4, round = turn ? i / 4 : 2 - i / 4;
			double number = plan.axis[0].number[at];

			take(&state, at, round, number < 4096 ? number / 100 : 41 + round, true);
		}
		expect_words("knee at size 4K: 420 messages/s, the best", "knee");
	}
}

/* ---- the chart ---- */

static void write_script(const char *name)
{
	static const struct host_info host = { .cpu_model = "CPU", .kernel = "6.1", .cpus_allowed = 2 };
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	unsigned at = 0;

	assert_non_null(charts);
	sweep_charts_of(&state, charts);
	while (at < charts->count && strcmp(charts->chart[at].name, name) != 0)
		at++;
	assert_less(at, charts->count);
	FILE *out = paper();
	sweep_chart_script(out, &state, &charts->chart[at], &host);
	fclose(out);
	free(charts);
}

static void the_chart_has_a_mark(void **unused)
{
	(void)unused;
	begin(3, "size=4K,1K,2K,8K method=slow,fast");
	TAKE(96, 50, 10, 50, 40, 50, 100, 50);
	write_script("rate-vs-size");
	/* at the point of its line, which stands a little beside its place */
	assert_contains(kept, "\tset label 'knee 4K' at 4044.");
	assert_contains(kept, ",960 left offset 0.8,-0.9 font ',9' textcolor lt 1 point lt 1 pt 6 ps 2 lw 2\n\tplot ");
	/* the other line is flat */
	assert_null(strstr(strstr(kept, "'knee 4K'") + 1, "'knee "));
	write_script("throughput-vs-size");
	assert_contains(kept, "set label 'knee 4K' at 4044.");
	/* near the lower edge there is no room below it */
	assert_contains(kept, "left offset 0.8,-0.9");
	for (uint32_t cell = 0; cell < 8; cell++)
		for (unsigned run = 0; run < 3; run++)
			state.cell[cell].value[run * state.metrics] *= cell % 2 ? 15 : 1;
	write_script("throughput-vs-size");
	assert_contains(kept, "left offset 0.8,0.9");
	/* latencies have none, and neither have bars */
	write_script("rtt-p50-vs-size");
	assert_null(strstr(kept, "'knee "));
	write_script("rate-vs-method");
	assert_null(strstr(kept, "'knee "));
	end();
}

static void a_mark_that_is_not_sure_says_so(void **unused)
{
	(void)unused;
	begin(1, "size=1K,2K,4K");
	take(&state, 0, 0, 10, true);
	take(&state, 1, 0, 98, true);
	take(&state, 2, 0, 100, true);
	write_script("rate-vs-size");
	assert_contains(kept, "\tset label 'knee about 2K' at 2048,980 left");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_knee_for_each_setting),
		cmocka_unit_test(no_knee_says_why),
		cmocka_unit_test(what_is_not_sure_is_said),
		cmocka_unit_test(a_fall_that_is_not_sure_is_said),
		cmocka_unit_test(what_is_missing_is_said),
		cmocka_unit_test(other_axes_are_passed_over),
		cmocka_unit_test(every_axis_has_its_own),
		cmocka_unit_test(many_are_cut_off),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(the_chart_has_a_mark),
		cmocka_unit_test(a_mark_that_is_not_sure_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
