/* Tables, the summary, chart scripts: their contents, and that text from outside stays text. */
#include "fixture.h"

#include "sweep/metrics.h"
#include "base/text.h"
#include "sweep/report.h"

static struct host_info host = { .cpu_model = "Maker's `id` CPU", .kernel = "6.1|<b>", .cpus_allowed = 2 };

struct bench {
	struct sweep_plan plan;
	struct sweep_state state;
};

/* Every cell's throughput is 100, 200, ... and the third run of a cell is invalid. */
static void run_all(struct bench *b, const char *words)
{
	struct err err = ERR_NONE;

	make_plan(&b->plan, 3, words);
	assert_int_equal(sweep_state_init(&b->state, &b->plan, &err), 0);
	for (uint32_t cell = 0; cell < b->plan.cells; cell++)
		for (unsigned round = 0; round < 3; round++)
			take(&b->state, cell, round, 100 * (cell + 1) + 10 * round, round < 2);
}

static void finish(struct bench *b)
{
	sweep_state_free(&b->state);
	sweep_plan_free(&b->plan);
}

static char *kept;
static size_t kept_length;

static FILE *paper(void)
{
	free(kept);
	kept = NULL;
	return open_memstream(&kept, &kept_length);
}

static void expect(const char *part)
{
	if (!strstr(kept, part))
		fail_msg("\"%s\" is not in\n%s", part, kept);
}

static void table(void **state)
{
	struct bench b;

	(void)state;
	run_all(&b, "method=slow,fast size=1K,2K");
	FILE *out = paper();
	sweep_write_table(out, &b.state, 0);
	sweep_write_findings(out, &b.state);
	fclose(out);
	expect("method  size  valid         throughput Mbit/s  rate messages/s     RTT p50 µs");
	expect("slow    1K    2, 1 invalid  105 (100..110)     1050 (1000..1100)   47.73 (45.45..50)");
	expect("fast    2K    2, 1 invalid  *405 (400..410)    *4050 (4000..4100)");
	expect("best throughput: method fast, size 2K with 405 Mbit/s; next method fast, size 1K with 305 (not enough runs "
	       "to tell whether they differ: 8 rounds are the least)");
	expect("runs: 12 of 12 done, 4 of them with an invalid verdict, 0 failed");
	finish(&b);
}

/* Nothing is broken over two lines: a column that does not fit is left out, and the table says
 * so. */
static void narrow_table(void **state)
{
	struct bench b;

	(void)state;
	run_all(&b, "method=slow,fast size=1K,2K");
	for (unsigned room = 1; room < 120; room++) {
		unsigned long longest = 0;
		FILE *out = paper();

		sweep_write_table(out, &b.state, room);
		fclose(out);
		for (const char *line = kept; *line; line += strcspn(line, "\n") + 1)
			if (strcspn(line, "\n") > longest)
				longest = strcspn(line, "\n");
		if (room >= 49 && longest > room)
			fail_msg("%lu columns where %u fit:\n%s", longest, room, kept);
	}
	FILE *out = paper();
	sweep_write_table(out, &b.state, 80);
	fclose(out);
	expect("method  size  valid         throughput Mbit/s  rate messages/s\n");
	expect("slow    1K    2, 1 invalid  105 (100..110)     1050 (1000..1100)\n");
	expect("(1 more figure in summary.md: no room here)\n");
	finish(&b);
}

static void differences_that_are_none(void **state)
{
	struct err err = ERR_NONE;
	struct bench b;

	(void)state;
	make_plan(&b.plan, 8, "size=1K,2K");
	assert_int_equal(sweep_state_init(&b.state, &b.plan, &err), 0);
	for (unsigned round = 0; round < 8; round++) {
		take(&b.state, 0, round, 100 + 10 * round, true);
		take(&b.state, 1, round, 100 + 10 * round + (round % 2 ? 3.0 : -1.0), true);
	}
	FILE *out = paper();
	sweep_write_findings(out, &b.state);
	fclose(out);
	expect("best throughput: size 2K with 136 Mbit/s; next size 1K with 135 (these runs show no difference");
	finish(&b);
}

static void summary(void **state)
{
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	struct err err = ERR_NONE;
	struct bench b;

	(void)state;
	run_all(&b, "size=1K,2K congestion=re|no,`x`");
	assert_int_equal(sweep_state_take_failure(&b.state, 1, 0, 2, "ignored: the slot is done", &err), 0);
	sweep_charts_of(&b.state, charts);
	charts->chart[0].png = true;
	struct sweep_report report = { .state = &b.state, .host = &host, .charts = charts, .stopped = "interrupted" };
	FILE *out = paper();
	sweep_write_summary(out, &report);
	fclose(out);
	expect("# netdyno sweep: toy (Toy)");
	expect("Maker's \\`id\\` CPU, 2 CPUs, Linux 6.1\\|\\<b\\>");
	expect("**Not complete**: interrupted.");
	expect("| 1K   | re\\|no     | 2, 1 invalid | 105 (100..110)     |");
	expect("| 2K   | \\`x\\`      | 2, 1 invalid | **405** (400..410) |");
	expect("8 of 12 runs are valid.");
	expect("![throughput-vs-size](charts/throughput-vs-size.png)");
	expect("- charts/rate-vs-size.gp");
	expect("no chart of LLC misses: no PMU here");
	assert_null(strstr(kept, "ignored"));
	free(charts);
	finish(&b);
}

static void take_two_methods(struct bench *b, unsigned rounds)
{
	struct err err = ERR_NONE;

	make_plan(&b->plan, rounds, "method=fast,slow size=1K,2K");
	assert_int_equal(sweep_state_init(&b->state, &b->plan, &err), 0);
	for (uint32_t cell = 0; cell < b->plan.cells; cell++)
		for (unsigned round = 0; round < rounds; round++) {
			bool slow = sweep_cell_value(&b->plan, cell, 0), small = !sweep_cell_value(&b->plan, cell, 1);
			double value = 100 + round + (slow && round % 2 ? 2 : 0);

			take(&b->state, cell, round, slow && small ? value / 2 : value, true);
		}
}

static void write_two_methods(struct bench *b)
{
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	struct sweep_report report = { .state = &b->state, .host = &host, .charts = charts };
	FILE *out = paper();

	sweep_write_summary(out, &report);
	fclose(out);
	free(charts);
	finish(b);
}

/* For two methods the summary says whether they differ, for each setting of the other axes. */
static void two_methods(void **state)
{
	struct bench b;

	(void)state;
	take_two_methods(&b, 8);
	write_two_methods(&b);
	expect("## slow against fast");
	expect("- size 1K: throughput of slow against fast: **they differ**, by -49.5 % (95 % interval -50.0..-49.0 %).");
	expect("Differ: rate -49.5 % (-50.0..-49.0 %), RTT p50 +98.1 % (+96.");
	expect("- size 2K: throughput of slow against fast: no difference is shown; if there is one, it is 1.9");
	expect("Not shown to differ: rate +");
}

/* With too few runs nothing is said but how many it takes. */
static void two_methods_too_few(void **state)
{
	struct bench b;

	(void)state;
	take_two_methods(&b, 3);
	write_two_methods(&b);
	expect("- size 1K: throughput of slow against fast: not enough runs to tell whether they differ: 3 rounds with both, 8 "
	       "are "
	       "the least (-49.");
	expect("(not enough runs to tell whether they differ: 8 rounds are the least)");
	assert_null(strstr(kept, "**they differ**"));
}

/* Several charts share one reason, which stands there once. */
static void missing_charts(void **state)
{
	struct bench b;

	(void)state;
	run_all(&b, "size=1K,2K");
	unsigned llc = 0;
	while (llc < b.state.metrics && strcmp(b.state.metric[llc].column, "llc_misses") != 0)
		llc++;
	assert_in_range(llc, 1, b.state.metrics - 1);
	struct sweep_metric *other = &b.state.metric[llc + 1];
	snprintf(other->title, sizeof(other->title), "L1d misses");
	snprintf(other->why, sizeof(other->why), "no PMU here");
	other->chart = true;
	FILE *out = paper();
	sweep_write_missing(out, &b.state, "! ");
	fclose(out);
	assert_string_equal(kept, "! no chart of LLC misses, L1d misses: no PMU here\n");
	finish(&b);
}

/* A unit stands once: not in the name, too. */
static void names_without_their_unit(void **state)
{
	static const struct figure_def figures[] = {
		{ .name = "worst_reader_percent", .unit = "%", .show = SHOW_SUM },
		{ .name = "spread_us", .unit = "us", .show = SHOW_SUM },
		{ .name = "ns_per_round", .unit = "ns", .show = SHOW_SUM },
		{ .name = "focus", .unit = "lenses", .show = SHOW_SUM },
		{ 0 },
	};
	static const char *const said[][2] = { { "worst reader", "%" }, { "spread", "µs" }, { "ns per round", "" },
		{ "focus", "lenses" } };
	struct engine engine = engine_toy;
	struct sweep_metric metric[SWEEP_METRICS_MAX];

	(void)state;
	engine.figures = figures;
	unsigned metrics = sweep_metrics_of(&engine, metric);
	for (unsigned i = 0; figures[i].name; i++) {
		unsigned at = 0;

		while (at < metrics && strcmp(metric[at].column, figures[i].name) != 0)
			at++;
		assert_in_range(at, 1, metrics - 1);
		assert_string_equal(metric[at].title, said[i][0]);
		assert_string_equal(metric[at].unit, said[i][1]);
	}
}

static void failures(void **state)
{
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	struct err err = ERR_NONE;
	struct bench b;

	(void)state;
	make_plan(&b.plan, 1, "size=1K,2K");
	assert_int_equal(sweep_state_init(&b.state, &b.plan, &err), 0);
	assert_int_equal(sweep_state_take_failure(&b.state, 1, 0, 2, "bind: *in use*", &err), 0);
	take(&b.state, 0, 0, 100, true);
	assert_int_equal(sweep_state_take_retry(&b.state, 0, 0, 1, "no memory", &err), 0);
	struct sweep_report report = { .state = &b.state, .host = &host, .charts = charts };
	FILE *out = paper();
	sweep_write_summary(out, &report);
	fclose(out);
	expect("## Failures");
	expect("- size 2K, round 1, 2 attempts: bind: \\*in use\\*\n");
	expect("- size 1K, round 1, 1 attempt: no memory; a later attempt succeeded\n");
	expect("| 2K   | 0, 1 failed |");
	free(charts);
	finish(&b);
}

static const struct sweep_chart *find_chart(const struct sweep_charts *charts, const char *name)
{
	for (unsigned i = 0; i < charts->count; i++)
		if (!strcmp(charts->chart[i].name, name))
			return &charts->chart[i];
	fail_msg("no chart %s among %u", name, charts->count);
	return NULL;
}

static void which_charts(void **state)
{
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	struct bench b;

	(void)state;
	run_all(&b, "method=slow,fast size=1K,2K threads=4");
	sweep_charts_of(&b.state, charts);
	assert_false(find_chart(charts, "throughput-vs-size")->bars);
	assert_true(find_chart(charts, "throughput-vs-method")->bars);
	find_chart(charts, "rate-vs-size");
	find_chart(charts, "rtt-p50-vs-size");
	/* No chart is over an axis of one value, or of a figure that nobody knows. */
	for (unsigned i = 0; i < charts->count; i++)
		if (strstr(charts->chart[i].name, "-vs-threads") || strstr(charts->chart[i].name, "llc"))
			fail_msg("a chart %s", charts->chart[i].name);
	free(charts);
	finish(&b);
}

static void chart_data(void **state)
{
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	struct bench b;

	(void)state;
	run_all(&b, "size=2K,1K method=slow,fast threads=1,2");
	sweep_charts_of(&b.state, charts);
	FILE *out = paper();
	sweep_chart_data(out, &b.state, find_chart(charts, "throughput-vs-size"));
	fclose(out);
	/* Sorted by size; cells are 2K/slow/1, 2K/slow/2, 2K/fast/1, 2K/fast/2, 1K/slow/1 ... */
	expect("# threads 1\n# slow\n1024 505 500 510\n2048 105 100 110\n\n\n# threads 1\n# fast\n1024 705 700 710\n2048 305 300 "
	       "310\n\n\n"
	       "# threads 2\n# slow\n1024 605 600 610\n2048 205 200 210\n\n\n# threads 2\n# fast\n1024 805 800 810\n2048 405 400 "
	       "410\n");
	out = paper();
	sweep_chart_script(out, &b.state, find_chart(charts, "throughput-vs-size"), &host);
	fclose(out);
	expect("set xlabel 'size [bytes]'");
	expect("set ylabel 'throughput [Mbit/s]'");
	expect("set logscale x 2");
	expect("set xtics ('1K' 1024, '2K' 2048)");
	/* The lines' error bars stand beside one another. */
	expect("set title 'threads 2'\n\tplot 'throughput-vs-size.dat' index 2 using ($1*0.994319):2:3:4 with yerrorlines lw 2 "
	       "lt "
	       "1 pt 7 ps 0.6 title 'slow', \\\n"
	       "\t     'throughput-vs-size.dat' index 3 using ($1*1.005713):2:3:4");
	expect("multiplot layout 1,2");
	free(charts);
	finish(&b);
}

/* A cell without a valid run is a mark on the axis, not a blank; one that has not run is one. */
static void invalid_cells_are_marked(void **state)
{
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	struct err err = ERR_NONE;
	struct bench b;

	(void)state;
	make_plan(&b.plan, 1, "size=1K,2K,4K method=slow,fast");
	assert_int_equal(sweep_state_init(&b.state, &b.plan, &err), 0);
	take(&b.state, 0, 0, 100, true);  /* 1K slow */
	take(&b.state, 1, 0, 200, true);  /* 1K fast */
	take(&b.state, 3, 0, 200, false); /* 2K fast */
	b.state.cell[4].failed = 1;       /* 4K slow */
	sweep_charts_of(&b.state, charts);
	FILE *out = paper();
	sweep_chart_data(out, &b.state, find_chart(charts, "throughput-vs-size"));
	fclose(out);
	expect("# fast\n1024 200 200 200\n\n\n# \n# no valid run\n4096\n2048\n\n\n");
	out = paper();
	sweep_chart_script(out, &b.state, find_chart(charts, "throughput-vs-size"), &host);
	fclose(out);
	expect("'throughput-vs-size.dat' index 2 using 1:(0) with points lt -1 pt 2 title 'no valid run'");
	free(charts);
	finish(&b);
}

/* Runs that are not what their method's name suggests are marked where they are drawn. */
static void labelled_lines(void **state)
{
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	struct bench b;

	(void)state;
	run_all(&b, "size=2K,1K method=slow,fast threads=1,2");
	b.state.metric[0].label = "copied by the kernel";
	b.state.metric[0].over = 650; /* 1K fast alone */
	sweep_charts_of(&b.state, charts);
	FILE *out = paper();
	sweep_chart_script(out, &b.state, find_chart(charts, "rate-vs-size"), &host);
	fclose(out);
	expect("title 'fast (copied by the kernel)'");
	expect("maximum; fast: copied by the kernel'");
	assert_null(strstr(kept, "slow (copied"));
	out = paper();
	sweep_chart_script(out, &b.state, find_chart(charts, "rate-vs-method"), &host);
	fclose(out);
	expect("maximum; fast: copied by the kernel'");
	assert_null(strstr(kept, " (copied"));
	free(charts);
	finish(&b);
}

/* In single quotes gnuplot expands nothing; a single quote inside is doubled, and there is no
 * other way out of them. */
static void labels_are_only_labels(void **state)
{
	static const char evil[] = "congestion=a'.system('id').'b,`id`,$x@y,c\\d,\nreboot";
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	struct bench b;

	(void)state;
	run_all(&b, evil);
	sweep_charts_of(&b.state, charts);
	const struct sweep_chart *chart = find_chart(charts, "throughput-vs-congestion");
	FILE *out = paper();
	sweep_chart_script(out, &b.state, chart, &host);
	fclose(out);
	expect("'a''.system(''id'').''b' 0");
	expect("'`id`' 1");
	expect("set errorbars lc rgb '#303030'");
	expect("'\\x0areboot' 4");
	expect("'Maker''s `id` CPU, 2 CPUs");
	/* No backquote, @ or $ outside of quotes. */
	bool inside = false;
	for (const char *c = strchr(kept, '\n'); *c; c++) {
		inside ^= *c == '\'';
		if (*c == '\n' && inside)
			fail_msg("a string over two lines");
		if (!inside && strchr("`@$", *c))
			fail_msg("%c outside of quotes: %.60s", *c, c);
	}
	out = paper();
	sweep_chart_data(out, &b.state, chart);
	fclose(out);
	assert_null(strstr(kept, "\nreboot"));
	free(charts);
	finish(&b);
}

/* Nobody can read so many lines and panels: some are drawn, and the chart says so. */
static void large_charts(void **state)
{
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	char words[400] = "threads=1,2 size=1";
	struct bench b;

	(void)state;
	for (unsigned i = 2; i <= 40; i++)
		snprintf(words + strlen(words), sizeof(words) - strlen(words), ",%u", i);
	strcat(words, " seed=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20");
	run_all(&b, words);
	sweep_charts_of(&b.state, charts);
	FILE *out = paper();
	sweep_chart_script(out, &b.state, find_chart(charts, "throughput-vs-threads"), &host);
	fclose(out);
	expect("(the first 12 values of size)");
	expect("(the first 16 panels of 20)");
	expect("multiplot layout 4,4");
	/* There are 8 colours: from the 9th on lines are dashed. */
	expect("lt 8 pt 7");
	expect("lt 1 dt 2 pt 5");
	free(charts);
	finish(&b);
}

static void numbers(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = { { 0, "0" }, { 21.345, "21.34" }, { 9999, "9999" }, { 812400, "812.4k" }, { 3210000, "3.210M" },
		{ 2.5e9, "2.500G" }, { 9999.6, "10.00k" }, { 18724, "18.72k" }, { 999960, "1.000M" }, { -18724, "-18.72k" } };
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(text_four(rows[i].value, text, sizeof(text)), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(narrow_table),
		cmocka_unit_test(differences_that_are_none),
		cmocka_unit_test(summary),
		cmocka_unit_test(two_methods),
		cmocka_unit_test(two_methods_too_few),
		cmocka_unit_test(missing_charts),
		cmocka_unit_test(names_without_their_unit),
		cmocka_unit_test(failures),
		cmocka_unit_test(which_charts),
		cmocka_unit_test(chart_data),
		cmocka_unit_test(invalid_cells_are_marked),
		cmocka_unit_test(labelled_lines),
		cmocka_unit_test(labels_are_only_labels),
		cmocka_unit_test(large_charts),
		cmocka_unit_test(numbers),
	};
	int status = cmocka_run_group_tests(tests, NULL, NULL);

	free(kept);
	return status;
}
