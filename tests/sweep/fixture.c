/* A mode with an option of each kind.  See fixture.h. */
#include "fixture.h"

#include <math.h>

#include "base/clock.h"

static bool runs(char *why, size_t size)
{
	(void)why, (void)size;
	return true;
}

static const struct method slow = { .name = "slow", .summary = "slow", .probe = runs };
static const struct method fast = { .name = "fast", .summary = "fast", .probe = runs };
static const struct method *const methods[] = { &slow, &fast, NULL };
static const char *const kinds[] = { "round", "square", NULL };

static const struct option_def options[] = {
	{ .name = "size",
		.type = OPTION_SIZE,
		.flags = OPTION_RESULT,
		.key = "size_bytes",
		.default_text = "1K",
		.max = 1 << 30 },
	{ .name = "threads", .type = OPTION_COUNT, .flags = OPTION_RESULT, .default_text = "1", .min = 1, .max = 100000 },
	{ .name = "rate",
		.type = OPTION_COUNT,
		.flags = OPTION_RESULT,
		.key = "rate_pps",
		.value_name = "MSGPS",
		.default_text = "1",
		.min = 1,
		.max = 100 },
	{ .name = "pause",
		.type = OPTION_DURATION,
		.flags = OPTION_RESULT,
		.default_text = "",
		.max = NS_PER_S,
		.unset_ok = true },
	{ .name = "kind", .type = OPTION_CHOICE, .flags = OPTION_RESULT, .choices = kinds, .default_text = "round" },
	{ .name = "verify", .type = OPTION_BOOL, .flags = OPTION_RESULT, .default_text = "no" },
	{ .name = "congestion", .type = OPTION_TEXT, .flags = OPTION_RESULT, .default_text = "" },
	{ .name = "peers", .type = OPTION_TEXT, .flags = OPTION_RESULT | OPTION_LIST, .default_text = "a,b" },
	{ 0 },
};

static const struct latency_def latencies[] = { { .name = "wait", .title = "wait", .since = "send", .roles = ROLE_CLIENT },
	{ 0 } };

const struct engine engine_bench = { .name = "bench",
	.title = "bench",
	.built = true,
	.packets = "messages",
	.options = options,
	.latencies = latencies,
	.methods = methods };
static const struct engine engine_later = { .name = "later", .title = "still to come" };
const struct engine *const sweep_engines[] = { &engine_bench, &engine_later, NULL };

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

	if (options_init(&o, &engine_bench, &err) < 0 || options_set(&o, "duration", "1s", &err) < 0 ||
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
	return json_pack("{s:s, s:f, s:f, s:f, s:n}", "mode", "bench", "rx_mbps", mbps, "rx_pps", mbps * 10, "wait_p50_us",
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
