/* The directory of a sweep: appended lines are read again, a torn one is dropped, a wrong one is
 * refused. */
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sweep/store.h"

static char directory[64];
static struct sweep_plan plan;
static struct host_info host;

static int begin(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/netdyno-sweep-XXXXXX");
	make_plan(&plan, 2, "size=1K,2K");
	host_read(&host);
	return mkdtemp(directory) ? 0 : -1;
}

static int end(void **state)
{
	static const char *const names[] = { "plan.json", "results.jsonl", "results.csv" };
	char path[128];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
	sweep_plan_free(&plan);
	return 0;
}

static char *file_text(const char *name)
{
	char path[128], *text = NULL;
	struct err err = ERR_NONE;
	size_t length;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (file_read_all(path, 1 << 20, &text, &length, &err) < 0)
		fail_msg("%s", err.text);
	return text;
}

static void append_text(const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/results.jsonl", directory);
	FILE *out = fopen(path, "a");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void create(struct sweep_store *store)
{
	struct err err = ERR_NONE;

	if (sweep_store_create(store, directory, &plan, &host, false, &err) < 0)
		fail_msg("%s", err.text);
}

static void append_run(struct sweep_store *store, uint32_t cell, unsigned round, double mbps)
{
	struct err err = ERR_NONE;
	json_t *line = sweep_run_line(&plan, cell, round, 1, NULL, make_row(mbps), make_result(true, NULL));

	if (sweep_store_append(store, line, &err) < 0)
		fail_msg("%s", err.text);
	json_decref(line);
}

/* Two runs and a failure are in the file. */
static void fill(void)
{
	struct sweep_store store;
	struct err err = ERR_NONE;

	create(&store);
	append_run(&store, 0, 0, 100);
	append_run(&store, 1, 1, 200);
	json_t *line = sweep_failure_line(&plan, 1, 0, 2, "no \"port\"\n");
	assert_int_equal(sweep_store_append(&store, line, &err), 0);
	json_decref(line);
	sweep_store_close(&store);
}

static void load(struct sweep_store *store, struct sweep_state *state)
{
	struct err err = ERR_NONE;

	assert_int_equal(sweep_state_init(state, &plan, &err), 0);
	if (sweep_store_open(store, directory, state, &err) < 0)
		fail_msg("%s", err.text);
}

static void what_is_kept_comes_back(void **unused)
{
	struct sweep_store store;
	struct sweep_state state;
	struct sweep_plan then;
	struct err err = ERR_NONE;
	json_t *then_host = NULL;
	char difference[200];

	(void)unused;
	fill();
	load(&store, &state);
	assert_int_equal(state.done, 2);
	assert_int_equal(state.failed, 1);
	assert_false(store.torn);
	assert_int_equal(sweep_state_slot(&state, 0, 0), SWEEP_SLOT_DONE);
	assert_int_equal(sweep_state_slot(&state, 0, 1), SWEEP_SLOT_WAITING);
	assert_int_equal(sweep_state_slot(&state, 1, 0), SWEEP_SLOT_FAILED);
	assert_int_equal(sweep_store_read_plan(directory, toy_engines, &then, &then_host, &err), 0);
	assert_int_equal(sweep_plan_compare(&then, &plan, &err), 0);
	assert_string_equal(sweep_store_compare_host(then_host, &host, difference, sizeof(difference)), "");
	json_object_set_new(then_host, "kernel", json_string("2.0"));
	assert_non_null(strstr(sweep_store_compare_host(then_host, &host, difference, sizeof(difference)), "kernel was \"2.0\""));
	json_decref(then_host);
	sweep_plan_free(&then);
	sweep_state_free(&state);
	sweep_store_close(&store);
}

/* A file cut anywhere keeps its whole lines, loses the rest, and takes the next line on a line of
 * its own. */
static void torn_at_every_byte(void **unused)
{
	char *whole, path[128];

	(void)unused;
	fill();
	whole = file_text("results.jsonl");
	snprintf(path, sizeof(path), "%s/results.jsonl", directory);
	size_t first = strcspn(whole, "\n") + 1, second = first + strcspn(whole + first, "\n") + 1;
	for (size_t cut = 0; cut <= second; cut++) {
		unsigned lines = (cut >= first) + (cut >= second);
		struct sweep_store store;
		struct sweep_state state;

		assert_int_equal(truncate(path, 0), 0);
		char *part = strndup(whole, cut);
		append_text(part);
		free(part);
		load(&store, &state);
		if (state.done != lines || store.torn != (cut != 0 && cut != first && cut != second))
			fail_msg("cut at %zu: %lu runs of %u, torn %d", cut, (unsigned long)state.done, lines, store.torn);
		append_run(&store, 0, 1, 300);
		sweep_state_free(&state);
		sweep_store_close(&store);
		load(&store, &state);
		assert_int_equal(state.done, lines + 1);
		assert_false(store.torn);
		sweep_state_free(&state);
		sweep_store_close(&store);
	}
	free(whole);
}

static void refuse_line(const char *text, const char *words)
{
	struct sweep_store store = { .fd = -1 };
	struct sweep_state state;
	struct err err = ERR_NONE;

	append_text(text);
	assert_int_equal(sweep_state_init(&state, &plan, &err), 0);
	if (sweep_store_open(&store, directory, &state, &err) != -EINVAL)
		fail_msg("%s is taken for a result", text);
	assert_says(&err, words);
	assert_int_equal(store.fd, -1);
	sweep_state_free(&state);
}

static void foreign_lines(void **unused)
{
	(void)unused;
	fill();
	refuse_line("{\"event\":\"run\",\"cell\":2,\"round\":0}\n", "results.jsonl:4: cell 2 of round 0 is none of this sweep");
	end(NULL);
	begin(NULL);
	fill();
	refuse_line("not JSON\n{\"event\":\"run\",\"cell\":0,\"round\":1}\n",
		"results.jsonl:4: this line is not a result of a sweep");
	end(NULL);
	begin(NULL);
	fill();
	refuse_line("{\"event\":\"dance\",\"cell\":1,\"round\":1}\n", "neither a run nor a failure");
}

static void nobody_is_in_the_way(void **unused)
{
	struct sweep_store store, other = { .fd = -1 };
	struct sweep_state state;
	struct err err = ERR_NONE;

	(void)unused;
	create(&store);
	append_run(&store, 0, 0, 100);
	assert_int_equal(sweep_store_create(&other, directory, &plan, &host, false, &err), -EEXIST);
	assert_says(&err, "--resume");
	err_clear(&err);
	/* A sweep that is being worked on is not taken over, not even by force. */
	assert_int_equal(sweep_store_create(&other, directory, &plan, &host, true, &err), -EBUSY);
	assert_says(&err, "another sweep is running there");
	sweep_store_close(&store);
	err_clear(&err);
	assert_int_equal(sweep_store_create(&store, directory, &plan, &host, true, &err), 0);
	sweep_store_close(&store);
	load(&store, &state);
	assert_int_equal(state.done, 0);
	sweep_state_free(&state);
	sweep_store_close(&store);
}

static bool is_there(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return stat(path, &st) == 0;
}

/* A start that could write no plan is no sweep, and one that is thrown away leaves nothing. */
static void beginning_again(void **unused)
{
	struct sweep_store store;
	struct err err = ERR_NONE;

	(void)unused;
	append_text("");
	create(&store);
	append_run(&store, 0, 0, 100);
	assert_int_equal(sweep_store_write_csv(&store, &err), 0);
	sweep_store_close(&store);
	assert_true(is_there("results.csv"));
	assert_int_equal(sweep_store_create(&store, directory, &plan, &host, true, &err), 0);
	assert_false(is_there("results.csv"));
	char *text = file_text("results.jsonl");
	assert_string_equal(text, "");
	free(text);
	sweep_store_close(&store);
}

static void csv_has_all_columns(void **unused)
{
	struct sweep_store store;
	struct err err = ERR_NONE;

	(void)unused;
	fill();
	struct sweep_state state;
	load(&store, &state);
	/* The run is of a newer version that knows one more column, and its text could look like a
	 * formula to a spreadsheet. */
	json_t *row = make_row(300);
	json_object_set_new(row, "new", json_string("=1+1,\"x\""));
	json_t *line = sweep_run_line(&plan, 0, 1, 2, NULL, row, make_result(true, NULL));
	assert_int_equal(sweep_store_append(&store, line, &err), 0);
	json_decref(line);
	assert_int_equal(sweep_store_write_csv(&store, &err), 0);
	char *text = file_text("results.csv");
	assert_string_equal(text, "cell,round,attempts,mode,rx_mbps,rx_pps,rtt_p50_us,llc_misses,new\n"
				  "0,0,1,toy,100,1000,50,,\n"
				  "1,1,1,toy,200,2000,25,,\n"
				  "0,1,2,toy,300,3000,16.6666666666667,,\"'=1+1,\"\"x\"\"\"\n");
	free(text);
	sweep_state_free(&state);
	sweep_store_close(&store);
}

/* Whoever follows results.csv sees each row when its run has ended; a row with a new column has
 * the file written anew. */
static void csv_grows(void **unused)
{
	static const char *const wants[] = {
		"cell,round,attempts,mode,rx_mbps,rx_pps,rtt_p50_us,llc_misses\n0,0,1,toy,100,1000,50,\n",
		"cell,round,attempts,mode,rx_mbps,rx_pps,rtt_p50_us,llc_misses\n0,0,1,toy,100,1000,50,\n1,0,1,toy,200,2000,25,\n",
		"cell,round,attempts,mode,rx_mbps,rx_pps,rtt_p50_us,llc_misses,new\n0,0,1,toy,100,1000,50,,\n1,0,1,toy,200,2000,"
		"25,,\n"
		"0,1,1,toy,300,3000,16.6666666666667,,1\n"
	};
	struct sweep_store store;
	struct err err = ERR_NONE;

	(void)unused;
	create(&store);
	for (unsigned i = 0; i < 3; i++) {
		json_t *row = make_row(100.0 * (i + 1));

		if (i == 2)
			json_object_set_new(row, "new", json_integer(1));
		json_t *line = sweep_run_line(&plan, i % 2, i / 2, 1, NULL, row, make_result(true, NULL));
		assert_int_equal(sweep_store_append(&store, line, &err), 0);
		assert_int_equal(sweep_store_append_csv(&store, line, &err), 0);
		json_decref(line);
		char *text = file_text("results.csv");
		assert_string_equal(text, wants[i]);
		free(text);
	}
	sweep_store_close(&store);
}

static void a_plan_that_is_none(void **unused)
{
	struct sweep_plan then;
	struct err err = ERR_NONE;
	json_t *then_host;
	char path[128];

	(void)unused;
	assert_int_equal(sweep_store_read_plan(directory, toy_engines, &then, &then_host, &err), -ENOENT);
	snprintf(path, sizeof(path), "%s/plan.json", directory);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs("{\"plan\": ", out);
	fclose(out);
	err_clear(&err);
	assert_int_equal(sweep_store_read_plan(directory, toy_engines, &then, &then_host, &err), -EINVAL);
	assert_says(&err, "not JSON");
}

/* An older netdyno wrote the plan: its lines and ours must not stand in one file. */
static void a_plan_of_another_schema(void **unused)
{
	struct sweep_plan then = { 0 };
	struct sweep_store store;
	struct err err = ERR_NONE;
	json_t *then_host = NULL;
	char path[128];

	(void)unused;
	create(&store);
	sweep_store_close(&store);
	char *text = file_text("plan.json"), *schema = strstr(text, "\"schema\": 2");
	assert_non_null(schema);
	schema[strlen("\"schema\": ")] = '1';
	snprintf(path, sizeof(path), "%s/plan.json", directory);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	free(text);
	assert_int_equal(sweep_store_read_plan(directory, toy_engines, &then, &then_host, &err), -EINVAL);
	assert_says(&err, "plan.json: netdyno.schema: 1, as netdyno " NETDYNO_VERSION " wrote it; netdyno " NETDYNO_VERSION
			  " continues schema 2 only");
	assert_int_equal(then.axes, 0);
	assert_null(then_host);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_kept_comes_back),
		TEST(torn_at_every_byte),
		TEST(foreign_lines),
		TEST(nobody_is_in_the_way),
		TEST(beginning_again),
		TEST(csv_has_all_columns),
		TEST(csv_grows),
		TEST(a_plan_that_is_none),
		TEST(a_plan_of_another_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
