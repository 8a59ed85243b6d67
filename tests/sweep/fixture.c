/* See fixture.h. */
#include "fixture.h"

const struct option_def sweep_own_options[] = {
	{ .name = "repeat", .type = OPTION_COUNT, .flags = OPTION_RESULT, .default_text = "3", .min = 1, .max = 1000 },
	{ .name = "resume", .type = OPTION_TEXT, .value_name = "DIR", .default_text = "" },
	{ 0 },
};

static void apply(struct sweep_plan *plan, const char *name, const char *value, struct err *err)
{
	int at = options_find(&plan->options, name);

	if (at < 0)
		fail_msg("no option %s", name);
	if (sweep_is_list(plan->options.def[at], value))
		sweep_plan_set_axis(plan, name, value, err);
	else
		options_set(&plan->options, name, value, err);
}

void make_plan(struct sweep_plan *plan, unsigned repeat, const char *words)
{
	struct err err = ERR_NONE;
	struct options o;
	char copy[2000], *rest = copy, *word;
	double slots;

	if (options_init(&o, &engine_toy, &err) < 0 || options_set(&o, "duration", "1s", &err) < 0 ||
		sweep_plan_init(plan, &o, repeat, &err) < 0)
		fail_msg("%s", err.text);
	options_free(&o);
	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		apply(plan, word, value, &err);
	}
	if (!err.code)
		sweep_plan_close(plan, &slots, &err);
	if (err.code)
		fail_msg("%s", err.text);
}

json_t *make_row(double mbps)
{
	return json_pack("{s:s, s:f, s:f, s:f, s:n}", "mode", "toy", "rx_mbps", mbps, "rx_pps", mbps * 10, "rtt_p50_us",
		5000 / mbps, "llc_misses");
}

json_t *make_result(bool valid, const char *remark)
{
	json_t *remarks = remark ? json_pack("[s]", remark) : json_array();

	return json_pack("{s:{s:{s:b, s:o, s:[]}, s:{s:s}}}", "end", "verdict", "valid", valid, valid ? "cautions" : "reasons",
		remarks, valid ? "reasons" : "cautions", "unknown", "llc_misses", "no PMU here");
}

void take(struct sweep_state *state, uint32_t cell, unsigned round, double mbps, bool valid)
{
	struct err err = ERR_NONE;
	json_t *row = make_row(mbps), *result = make_result(valid, NULL);

	if (sweep_state_take_run(state, cell, round, row, result, &err) < 0)
		fail_msg("%s", err.text);
	json_decref(row);
	json_decref(result);
}

void assert_says(const struct err *err, const char *part)
{
	if (!strstr(err->text, part))
		fail_msg("\"%s\" does not say \"%s\"", err->text, part);
}
