/* The tables that all modes share, and those of mode null. */
#include "support.h"

#include <string.h>

#include "engines/engines.h"
#include "engines/null/null.h"
#include "mode/plan.h"
#include "../support/toy.h"

static void names_are_unique_and_fit(void **state)
{
	unsigned n = engine_counters(&engine_null);

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		const struct counter_def *def = engine_counter(&engine_null, i);

		assert_non_null(def->name);
		assert_non_null(def->help);
		assert_true(def->roles);
		if (strlen(def->title) > 8)
			fail_msg("title \"%s\" is wider than 8 cells", def->title);
		if (engine_find_counter(&engine_null, def->name) != (int)i)
			fail_msg("counter %s stands at %d and at %u", def->name, engine_find_counter(&engine_null, def->name), i);
	}
}

/* Two numerators need COUNTER_NONE behind them: a third that was left out would be TX_PACKETS. */
static void figures_end_their_numerators(void **state)
{
	(void)state;
	for (unsigned i = 0; engines_all[i]; i++)
		for (const struct figure_def *f = engines_all[i]->figures; f && f->name; f++)
			for (unsigned n = 0; n < FIGURE_NUMERATORS && f->numerator[n] != COUNTER_NONE; n++)
				if (n == 2 && f->numerator[n] == COUNTER_TX_PACKETS)
					fail_msg("%s of mode %s has a third numerator by mistake", f->name, engines_all[i]->name);
}

static void details_fit(void **state)
{
	(void)state;
	for (unsigned i = 0; engines_all[i]; i++) {
		const struct detail_def *def = engines_all[i]->details;

		for (unsigned c = 0; c < detail_columns(def); c++) {
			const struct detail_column *column = &def->columns[c];

			assert_non_null(column->help);
			if (strlen(column->title) > 8)
				fail_msg("title \"%s\" is wider than 8 cells", column->title);
			if (!strcmp(column->name, "id") || !strcmp(column->name, "role") || !strcmp(column->name, "index"))
				fail_msg("%s is a key of every row", column->name);
		}
		assert_true(!def || def->sort < detail_columns(def));
	}
}

static void lookups_find_or_not(void **state)
{
	static const struct engine *const table[] = { &engine_toy, &engine_null, NULL };

	(void)state;
	assert_ptr_equal(engine_find(table, "null"), &engine_null);
	assert_null(engine_find(table, "nul"));
	assert_non_null(engine_find_method(&engine_null, "count"));
	assert_null(engine_find_method(&engine_null, ""));
	assert_int_equal(engine_methods(&engine_null), 2);
	assert_int_equal(engine_latencies(&engine_null), 1);
	assert_int_equal(engine_find_counter(&engine_null, "no_such"), -1);
	assert_int_equal(engine_counters(&engine_toy), TOY_COUNTERS);
	assert_string_equal(phase_name(PHASE_WARMUP), "warm-up");
	assert_string_equal(phase_name((enum phase)77), "unknown");
}

static void roles_have_the_words_of_their_mode(void **state)
{
	static const struct role_words writer = { "writer", "wri" };
	struct engine fanout = engine_null;

	(void)state;
	fanout.server = &writer;
	assert_string_equal(engine_role(&engine_null, ROLE_SERVER)->title, "server");
	assert_string_equal(engine_role(&engine_null, ROLE_CLIENT)->brief, "cli");
	assert_string_equal(engine_role(&fanout, ROLE_SERVER)->title, "writer");
	assert_string_equal(engine_role(&fanout, ROLE_BOTH)->brief, "wri");
	assert_string_equal(engine_role(&fanout, ROLE_CLIENT)->title, "client");
	/* Files say the same in every mode. */
	assert_string_equal(role_names[ROLE_SERVER], "server");
}

static void notes_beyond_the_last_are_dropped(void **state)
{
	struct plan plan = { 0 };

	(void)state;
	for (int i = 0; i < 7; i++)
		plan_note(&plan, "note %d", i);
	assert_string_equal(plan.notes[0], "note 0");
	assert_string_equal(plan.notes[3], "note 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_and_fit),
		cmocka_unit_test(figures_end_their_numerators),
		cmocka_unit_test(details_fit),
		cmocka_unit_test(lookups_find_or_not),
		cmocka_unit_test(roles_have_the_words_of_their_mode),
		cmocka_unit_test(notes_beyond_the_last_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
