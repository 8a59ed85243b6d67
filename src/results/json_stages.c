/* Latency by stage as JSON, and its part of a record.  See results/json_parts.h and
 * results/record.h. */
#include "results/record.h"

#include "base/clock.h"

static char *stage_key(const struct stage_def *def, char *out, size_t size)
{
	snprintf(out, size, "%s_us", def->name);
	return out;
}

/* What the packets around a percentile did; "sum_us" is that of its stages. */
static json_t *stages_at(const struct engine *e, const struct stage_summary *s, unsigned point)
{
	struct json_maker m = json_make();
	int64_t sum_ns = 0;
	char key[64];

	for (unsigned i = 0; i < engine_stages(e); i++) {
		if (!s->stage[i].count)
			continue;
		sum_ns += s->share_ns[point][i];
		json_put(&m, stage_key(&e->stages[i], key, sizeof(key)),
			json_of_real((double)s->share_ns[point][i] / NS_PER_US, 3));
	}
	json_put(&m, "sum_us", s->whole.count ? json_of_real((double)sum_ns / NS_PER_US, 3) : json_null());
	return json_made(&m);
}

void results_put_stages(struct json_maker *m, const struct results_view *v)
{
	const struct run_info *info = v->reading.info;
	const struct stage_summary *s = history_stages(v->source->history, info->id);
	struct json_maker stages, at;
	char key[64];

	if (!s)
		return;
	stages = json_make();
	json_put(&stages, "one_in", json_integer(options_number(&info->options, "stages")));
	json_put(&stages, "stamped", json_of_count(s->stamped));
	json_put(&stages, "complete", json_of_count(s->whole.count));
	json_put(&stages, "sum_us", json_of_latency(&s->whole));
	for (unsigned i = 0; i < engine_stages(info->engine); i++)
		if (s->stage[i].count)
			json_put(&stages, stage_key(&info->engine->stages[i], key, sizeof(key)), json_of_latency(&s->stage[i]));
	at = json_make();
	for (unsigned p = 0; p < STAGE_POINTS; p++)
		json_put(&at, stage_points[p].key, stages_at(info->engine, s, p));
	json_put(&stages, "at", json_made(&at));
	json_put(m, "stages", json_made(&stages));
}

/* [latency, time in the stage at each of the points] */
static json_t *record_stage(const struct stage_summary *s, unsigned stage)
{
	json_t *array = json_array();
	bool failed = false;

	json_append(array, record_latency(&s->stage[stage]), &failed);
	for (unsigned p = 0; p < STAGE_POINTS; p++)
		json_append(array, json_integer(s->share_ns[p][stage]), &failed);
	return json_array_made(array, failed);
}

json_t *record_stages(const struct engine *e, const struct stage_summary *s)
{
	struct json_maker m, stages;

	if (!s || !e->stages)
		return json_null();
	m = json_make();
	stages = json_make();
	record_put(&m, stages_members, s);
	json_put(&m, "whole", s->whole.count ? record_latency(&s->whole) : json_null());
	for (unsigned i = 0; i < engine_stages(e); i++)
		if (s->stage[i].count)
			json_put(&stages, e->stages[i].name, record_stage(s, i));
	json_put(&m, "stages", json_made(&stages));
	return json_made(&m);
}
