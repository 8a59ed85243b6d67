/* Runs in one line each.  See run_line.h. */
#include "record/run_line.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "record/ledger.h"
#include "record/rates.h"
#include "record/judge/steadiness.h"

/* The final; while it goes on, what there is until now. */
static struct reading run_line_reading(const struct history *h, const struct run_info *info)
{
	const struct run_final *final = history_final(h, info->id);

	if (final && final->workers == info->workers && final->edge)
		return reading_of_final(info, final);
	return reading_between(info, history_measure_start(h, info->id), history_fine(h, 0));
}

static void run_line_measure(const struct history *h, const struct reading *r, bool captured, struct run_line *line)
{
	const struct hist *total = r->final ? r->final->total : r->to->total;
	struct ledger ledger;
	struct rates rates;

	rates_of(r, -1, r->info->rx_roles, &rates);
	line->rate = r->info->engine->headline_bytes ? 1e6 * rates.rx_mbps : rates.rx_pps;
	if (total && engine_latencies(r->info->engine))
		hist_summarise(&total[0], &line->latency);
	ledger_of(r, &ledger);
	line->lost_percent = ledger.known && ledger.sent ? ledger.lost_percent : NAN;
	line->seconds = (double)reading_measured_ns(r) / NS_PER_S;
	verdict_of(r, &ledger, captured, &line->verdict);
	if (r->final)
		steadiness_judge(h, r->info->id, &line->verdict);
}

void run_line_of(const struct history *h, uint32_t run_id, bool captured, struct run_line *ret_line)
{
	const struct run_info *info = history_run(h, run_id);
	const struct run_final *final = info ? history_final(h, run_id) : NULL;
	struct reading r = { 0 };

	*ret_line = (struct run_line){ .info = info, .over = final, .failed = final && final->how == PHASE_FAILED };
	if (info)
		r = run_line_reading(h, info);
	ret_line->measured = info && !ret_line->failed && reading_is_pair(&r) && reading_measured_ns(&r) > 0;
	if (ret_line->measured)
		run_line_measure(h, &r, captured, ret_line);
}

/* ---- what two of them differ in ---- */

static bool run_line_same_value(const struct option_def *def, const struct option_value *a, const struct option_value *b)
{
	return a->is_set && b->is_set && option_is_number(def) ? a->number == b->number : !strcmp(a->text, b->text);
}

static const char *run_line_value(const struct option_value *value)
{
	return value->text[0] ? value->text : "auto";
}

char *run_line_differ(const struct run_info *a, const struct run_info *b, const char *to, char *out, size_t size)
{
	out[0] = '\0';
	if (a->engine != b->engine)
		return text_add(out, size, "mode %s%s%s", a->engine->name, to, b->engine->name);
	if (strcmp(a->ran, b->ran))
		text_add(out, size, "method %s%s%s", a->ran, to, b->ran);
	for (unsigned i = 0; i < a->options.count && i < b->options.count; i++) {
		const struct option_def *def = a->options.def[i];

		if (!(def->flags & OPTION_RESULT) || def->type == OPTION_METHOD ||
			run_line_same_value(def, &a->options.value[i], &b->options.value[i]))
			continue;
		text_add(out, size, "%s%s %s%s%s", out[0] ? ", " : "", def->name, run_line_value(&a->options.value[i]), to,
			run_line_value(&b->options.value[i]));
	}
	return out[0] ? out : text_add(out, size, RUN_LINE_ALIKE);
}
