/* The report as JSON is what docs/doctor.schema.json says. */
#include <math.h>
#include <stdlib.h>

#include "../results/schema.h"
#include "../support/asserts.h"
#include "healthy.h"

static struct doctor_facts facts;
static struct doctor_report report;

static void check(json_t *document)
{
	json_t *schema = json_load_file(NETDYNO_TREE "/docs/doctor.schema.json", JSON_REJECT_DUPLICATES, NULL);
	char why[600] = "";

	assert_non_null(schema);
	assert_non_null(document);
	if (!schema_check_with(schema, document, why, sizeof(why)))
		fail_msg("%s", why);
	json_decref(schema);
	json_decref(document);
}

static void a_report_without_trials(void **state)
{
	(void)state;
	healthy(&facts);
	facts.host.rmem_max = 212992;
	doctor_judge(&facts, &report);
	json_t *document = json_of_doctor(&facts, &report, NULL, 0);
	const json_t *first = json_array_get(json_object_get(document, "checks"), 0);

	assert_string_equal(json_string_value(json_object_get(first, "id")), "rmem_max");
	assert_string_equal(json_string_value(json_object_get(first, "severity")), "limits");
	assert_string_equal(json_string_value(json_object_get(first, "undo")), "sysctl -w net.core.rmem_max=212992");
	assert_true(json_is_null(json_object_get(document, "measured")));
	check(document);
}

static void trials_that_ran_and_that_did_not(void **state)
{
	(void)state;
	const struct doctor_trial trial[] = {
		{ .id = "congestion",
			.mode = "stream",
			.a = "--congestion bbr",
			.b = "--congestion reno",
			.figure = "throughput",
			.unit = "Mbit/s",
			.rounds = 6,
			.a_median = 9000,
			.b_median = 9900,
			.gain = 0.1,
			.low = 0.05,
			.high = INFINITY },
		{ .id = "smt",
			.mode = "echo",
			.skipped = "no core is shared",
			.a_median = NAN,
			.b_median = NAN,
			.gain = NAN,
			.low = NAN,
			.high = NAN },
	};

	healthy(&facts);
	doctor_judge(&facts, &report);
	json_t *document = json_of_doctor(&facts, &report, trial, 2);
	const json_t *measured = json_object_get(document, "measured");

	assert_int_equal(json_array_size(measured), 2);
	assert_equals(json_number_value(json_object_get(json_array_get(measured, 0), "gain_percent")), 10);
	assert_true(json_is_null(json_object_get(json_array_get(measured, 0), "high")));
	assert_true(json_is_null(json_object_get(json_array_get(measured, 1), "gain_percent")));
	check(document);
}

/* A host's texts are foreign: they go into JSON harmless. */
static void foreign_texts_are_escaped(void **state)
{
	(void)state;
	healthy(&facts);
	facts.busy_percent = 90;
	facts.neighbours = 1;
	facts.neighbour[0] = (struct doctor_neighbour){ 5, "a\033[31m\xff", 90, false };
	doctor_judge(&facts, &report);
	json_t *document = json_of_doctor(&facts, &report, NULL, 0);
	char *text = json_dumps(document, 0);

	assert_non_null(text);
	assert_null(strchr(text, '\033'));
	free(text);
	check(document);
}

static void this_machine(void **state)
{
	(void)state;
	doctor_facts_read("", "lo", 0, &facts);
	doctor_facts_refuse(&facts, "echo --method xdp", "not on this machine");
	doctor_judge(&facts, &report);
	check(json_of_doctor(&facts, &report, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_without_trials),
		cmocka_unit_test(trials_that_ran_and_that_did_not),
		cmocka_unit_test(foreign_texts_are_escaped),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
