/* Sums, cores, ledger and verdict of a run or of an interval, as JSON.  See
 * results/json_parts.h. */
#include "results/json_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* ---- views ---- */

/* The newest reading of the measure phase: what comes after it is only waited for, and would
 * thin the rates. */
static const struct sample *newest_of(const struct history *h, uint32_t run_id)
{
	const struct sample *s;

	for (unsigned age = 0; (s = history_fine(h, age)); age++)
		if (s->run_id == run_id && s->phase == PHASE_MEASURE)
			return s;
	for (unsigned age = 0; (s = history_coarse(h, age)); age++)
		if (s->run_id == run_id && s->phase == PHASE_MEASURE)
			return s;
	return NULL;
}

bool results_view_of_end(const struct results_source *source, struct results_view *ret_view)
{
	const struct history *h = source->history;
	const struct run_info *info = history_run(h, source->run_id);
	const struct run_final *final = history_final(h, source->run_id);
	struct results_view v = { .source = source, .base = history_measure_start(h, source->run_id) };

	if (!info)
		return false;
	if (final)
		v.reading = reading_of_final(info, final);
	else
		v.reading = reading_between(info, v.base, v.base ? newest_of(h, source->run_id) : NULL);
	*ret_view = v;
	return true;
}

bool results_view_of_interval(const struct results_source *source, const struct sample *interval, struct results_view *ret_view)
{
	const struct history *h = source->history;
	const struct run_info *info = history_run(h, interval->run_id);
	struct results_view v = { .source = source, .base = history_measure_start(h, interval->run_id) };

	if (!info)
		return false;
	v.reading = reading_between(info, history_interval_start(h, interval), interval);
	*ret_view = v;
	return true;
}

const struct hist *results_totals(const struct results_view *v)
{
	const struct sample *s;

	if (v->reading.final)
		return v->reading.final->total;
	for (unsigned age = 0; age < 4 && (s = history_fine(v->source->history, age)); age++)
		if (s->run_id == v->reading.info->id && s->total)
			return s->total;
	return NULL;
}

void results_put_latencies(struct json_maker *m, const struct engine *e, const struct latency_summary *summaries)
{
	char key[64];

	for (unsigned i = 0; i < engine_latencies(e); i++)
		json_put(m, latency_key(&e->latencies[i], key, sizeof(key)),
			summaries ? json_of_latency(&summaries[i]) : json_null());
}

void results_put_coverage(
	struct json_maker *m, const struct latency_def *def, const struct ledger *ledger, const struct hist *total)
{
	double percent = ledger_coverage(ledger, def, total->count);
	char key[64];
	json_t *latency = m->object ? json_object_get(m->object, latency_key(def, key, sizeof(key))) : NULL;

	if (isnan(percent) || !json_is_object(latency))
		return;
	m->failed |= json_object_set_new(latency, "coverage_percent", json_of_real(percent, 4)) != 0;
	if (total->bucket[HIST_BUCKETS - 1])
		m->failed |= json_object_set_new(latency, "clipped", json_of_count(total->bucket[HIST_BUCKETS - 1])) != 0;
}

void results_put_spans(struct json_maker *m, const struct latency_def *def, const struct percentile_span *span)
{
	char key[64];
	json_t *latency = m->object ? json_object_get(m->object, latency_key(def, key, sizeof(key))) : NULL;

	for (unsigned i = 0; json_is_object(latency) && i < 2 * STEADINESS_PERCENTILES; i++) {
		const struct percentile_span *s = &span[i / 2];
		int64_t ns = i % 2 ? s->high_ns : s->low_ns;

		snprintf(key, sizeof(key), "%s_%s", steadiness_percentile[i / 2].key, i % 2 ? "high" : "low");
		m->failed |= json_object_set_new(latency, key, s->why ? json_null() : json_of_real((double)ns / NS_PER_US, 3)) !=
			     0;
	}
}

/* ---- sum ---- */

static json_t *counter_value(const struct rates *r, unsigned counter)
{
	return r->unknown >> counter & 1 ? json_null() : json_of_count(r->value[counter]);
}

static json_t *context_switches(const struct rates *r)
{
	if (r->unknown >> COUNTER_CTX_VOLUNTARY & 1 || r->unknown >> COUNTER_CTX_INVOLUNTARY & 1)
		return json_null();
	return json_of_count(r->value[COUNTER_CTX_VOLUNTARY] + r->value[COUNTER_CTX_INVOLUNTARY]);
}

static json_t *interval_lost(const struct results_view *v, double *ret_percent)
{
	int64_t lost;
	uint64_t sent;

	*ret_percent = NAN;
	if (!ledger_span(v->base, &v->reading, &lost, &sent))
		return json_null();
	lost = lost > 0 ? lost : 0;
	if (sent)
		*ret_percent = fmin(100, 100 * (double)lost / (double)sent);
	return json_of_count((uint64_t)lost);
}

static void put_lost(struct json_maker *m, const struct results_view *v, const struct ledger *ledger)
{
	double percent = NAN;
	json_t *lost;

	if (!ledger)
		lost = interval_lost(v, &percent);
	else if (ledger->known) {
		lost = json_of_count(ledger->lost);
		percent = ledger->sent ? ledger->lost_percent : NAN;
	} else
		lost = json_null();
	json_put(m, "lost", lost);
	json_put(m, "lost_percent", json_of_real(percent, 6));
}

struct sums {
	struct rates tx, rx, all, settled;
};

/* Packets that an engine counts itself (late, duplicates) belong to the packets of the measure
 * phase: their answers still come in the drain.  Everything else is told of the measure phase
 * alone, as the rates are. */
static const struct rates *sum_side(const struct sums *s, unsigned counter, const struct counter_def *def)
{
	switch (counter) {
	case COUNTER_TX_PACKETS:
	case COUNTER_TX_BYTES:
		return &s->tx;
	case COUNTER_RX_PACKETS:
	case COUNTER_RX_BYTES:
		return &s->rx;
	default:
		return counter >= COUNTER_OWN && !strcmp(def->unit, "packets") ? &s->settled : &s->all;
	}
}

static void put_sum_counters(struct json_maker *m, const struct engine *e, const struct sums *s)
{
	unsigned counters = engine_counters(e);

	for (unsigned i = 0; i < counters; i++) {
		const struct counter_def *def = engine_counter(e, i);

		if (def->show & SHOW_SUM && rates_has(def, i, sum_side(s, i, def)) &&
			!(m->object && json_object_get(m->object, def->name)))
			json_put(m, def->name, counter_value(sum_side(s, i, def), i));
	}
}

static void put_figures(struct json_maker *m, const struct reading *r, int worker, unsigned roles, enum counter_show show)
{
	const struct figure_def *f = r->info->engine->figures;

	for (; f && f->name; f++)
		if (f->show & show && f->numerator_roles & roles && figure_has(f, r, worker))
			json_put(m, f->name, json_of_real(figure_value(f, r, worker), 6));
}

json_t *results_sum(const struct results_view *v, const struct ledger *ledger)
{
	const struct reading *r = &v->reading;
	struct reading drained = reading_drained(r);
	struct json_maker m = json_make();
	struct sums s;

	rates_of(r, -1, r->info->tx_roles, &s.tx);
	rates_of(r, -1, r->info->rx_roles, &s.rx);
	rates_of(r, -1, ROLE_BOTH, &s.all);
	rates_of(&drained, -1, ROLE_BOTH, &s.settled);
	json_put(&m, "tx_packets", counter_value(&s.tx, COUNTER_TX_PACKETS));
	json_put(&m, "rx_packets", counter_value(&s.rx, COUNTER_RX_PACKETS));
	json_put(&m, "tx_pps", json_of_real(s.tx.tx_pps, 3));
	json_put(&m, "rx_pps", json_of_real(s.rx.rx_pps, 3));
	json_put(&m, "tx_mbps", json_of_real(s.tx.tx_mbps, 6));
	json_put(&m, "rx_mbps", json_of_real(s.rx.rx_mbps, 6));
	put_lost(&m, v, ledger);
	put_sum_counters(&m, r->info->engine, &s);
	json_put(&m, "ctx_switches", context_switches(&s.all));
	put_figures(&m, r, -1, ROLE_BOTH, SHOW_SUM);
	return json_made(&m);
}

/* ---- cores ---- */

/* As the sum has them, so that cores add up to it. */
static void put_core_counters(struct json_maker *m, const struct engine *e, enum role role, const struct sums *s)
{
	unsigned counters = engine_counters(e);

	for (unsigned i = 0; i < counters; i++) {
		const struct counter_def *def = engine_counter(e, i);
		const struct rates *rates = sum_side(s, i, def);

		if (def->show & SHOW_CORE && def->roles & role && rates_has(def, i, rates))
			json_put(m, def->name, counter_value(rates, i));
	}
}

/* Latency of one worker: over the measure phase, or over the interval; an unfinished run has
 * none that goes back to the start. */
static void put_core_latencies(struct json_maker *m, const struct reading *r, unsigned worker)
{
	const struct engine *e = r->info->engine;
	const struct worker_sample *of = NULL;
	char key[64];

	if (r->final)
		of = reading_known(r) ? &r->final->edge[worker] : NULL;
	else if (r->to && r->to->is_interval)
		of = &r->to->worker[worker];
	for (unsigned i = 0; i < engine_latencies(e); i++)
		if (e->latencies[i].roles & r->info->worker[worker].role)
			json_put(m, latency_key(&e->latencies[i], key, sizeof(key)),
				of ? json_of_latency(&of->latency[i]) : json_null());
}

static json_t *core(const struct reading *r, unsigned worker)
{
	const struct run_worker *w = &r->info->worker[worker];
	struct reading drained = reading_drained(r);
	struct json_maker m = json_make();
	struct rates rates;
	struct sums s;
	uint64_t drops;

	rates_of(r, (int)worker, ROLE_BOTH, &rates);
	s = (struct sums){ .tx = rates, .rx = rates, .all = rates };
	rates_of(&drained, (int)worker, ROLE_BOTH, &s.settled);
	json_put(&m, "cpu", w->cpu < 0 ? json_null() : json_integer(w->cpu));
	json_put(&m, "role", json_string(role_names[w->role]));
	json_put(&m, "index", json_integer(w->index));
	json_put(&m, "rx_pps", json_of_real(rates.rx_pps, 3));
	json_put(&m, "tx_pps", json_of_real(rates.tx_pps, 3));
	json_put(&m, "rx_mbps", json_of_real(rates.rx_mbps, 6));
	json_put(&m, "tx_mbps", json_of_real(rates.tx_mbps, 6));
	json_put(&m, "drops", rates_drops(r->info, &s.settled, w->role, &drops) ? json_of_count(drops) : json_null());
	json_put(&m, "busy_percent", json_of_real(100 * rates.busy, 2));
	json_put(&m, "ctx_switches", context_switches(&rates));
	json_put(&m, "cycles", counter_value(&rates, COUNTER_CYCLES));
	put_core_counters(&m, r->info->engine, w->role, &s);
	put_figures(&m, r, (int)worker, w->role, SHOW_CORE);
	put_core_latencies(&m, r, worker);
	return json_made(&m);
}

json_t *results_cores(const struct reading *r)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < r->info->workers; i++)
		json_append(array, core(r, i), &failed);
	return json_array_made(array, failed);
}

/* ---- ledger, verdict, unknown ---- */

json_t *results_ledger(const struct ledger *l)
{
	struct json_maker m = json_make(), places = json_make(), unknown = json_make(), host = json_make();

	for (unsigned i = 0; i < l->places; i++) {
		const struct ledger_place *p = &l->place[i];

		json_put(&places, p->key, p->known ? json_of_count(p->lost) : json_null());
		if (!p->known)
			json_put(&unknown, p->key, json_of_text(p->why ? p->why : ""));
		else if (p->host_wide)
			json_put(&host, p->key, json_pack("{sIsI}", "at_most", (json_int_t)p->lost, "seen", (json_int_t)p->seen));
	}
	json_put(&m, "sent", json_of_count(l->sent));
	json_put(&m, "received", json_of_count(l->received));
	json_put(&m, "in_flight", json_of_count(l->in_flight));
	json_put(&m, "places", json_made(&places));
	json_put(&m, "places_unknown", json_made(&unknown));
	json_put(&m, "host_wide", json_made(&host));
	json_put(&m, "unexplained", json_integer(l->unexplained));
	json_put(&m, "balanced", json_boolean(l->balanced));
	json_t *made = json_made(&m);
	if (l->known || !made)
		return made;
	json_decref(made);
	return json_null();
}

void results_put_second_ledger(struct json_maker *m, const struct reading *r)
{
	const struct ledger_def *def = r->info->engine->second_ledger;
	struct json_maker ledgers;
	struct ledger second;

	if (!def)
		return;
	ledgers = json_make();
	ledger_second_of(r, &second);
	json_put(&ledgers, def->name, results_ledger(&second));
	json_put(m, "ledgers", json_made(&ledgers));
}

void results_put_impairments(struct json_maker *m, const struct reading *r)
{
	static const struct {
		const char *key;
		enum procnet_field field;
	} of[] = { { "lost", PROCNET_LINK_IMPAIRED }, { "emulated", PROCNET_LINK_EMULATED },
		{ "reordered", PROCNET_LINK_REORDERED }, { "copies", PROCNET_LINK_COPIES } };
	const struct procnet *from, *to;
	struct json_maker counts = json_make();

	for (unsigned i = 0; reading_is_pair(r) && i < sizeof(of) / sizeof(of[0]); i++) {
		from = reading_net_from(r);
		to = reading_net_to(r);
		if (procnet_has(from, of[i].field) && procnet_has(to, of[i].field))
			json_put(&counts, of[i].key, json_of_count(to->value[of[i].field] - from->value[of[i].field]));
	}
	if (counts.object && !json_object_size(counts.object))
		json_decref(counts.object);
	else
		json_put(m, "impairments", json_made(&counts));
}

json_t *json_of_reasons(const struct drop_reasons *d)
{
	struct json_maker m = json_make();

	for (unsigned i = 0; i < d->count; i++)
		json_put(&m, d->reason[i].name, json_of_count(d->reason[i].packets));
	return json_made(&m);
}

void results_put_reasons(struct json_maker *m, const struct run_final *f)
{
	struct json_maker reasons;

	if (!f || (!f->reasons.known && !f->reasons.why[0]))
		return;
	reasons = json_make();
	json_put(&reasons, "at_most", f->reasons.known ? json_of_reasons(&f->reasons) : json_null());
	json_put(&reasons, "why", json_of_text_or_null(f->reasons.why));
	json_put(m, "drop_reasons", json_made(&reasons));
}

static json_t *lines(const char (*text)[200], unsigned count)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < count && i < VERDICT_LINES; i++)
		json_append(array, json_of_text(text[i]), &failed);
	return json_array_made(array, failed);
}

static json_t *limit(const struct limit *l)
{
	struct json_maker m;

	if (l->who == LIMIT_UNKNOWN)
		return json_null();
	m = json_make();
	json_put(&m, "who", json_string(limit_name(l->who)));
	json_put(&m, "evidence", json_of_text(l->text));
	return json_made(&m);
}

enum limit_who results_limit_of(const json_t *document)
{
	const json_t *verdict = json_object_get(json_object_get(document, "end"), "verdict");

	return limit_of_name(json_string_value(json_object_get(json_object_get(verdict, "limit"), "who")));
}

json_t *results_verdict(const struct verdict *verdict)
{
	struct json_maker m = json_make();

	json_put(&m, "valid", json_boolean(verdict->valid));
	json_put(&m, "reasons", lines(verdict->reason, verdict->reasons));
	json_put(&m, "cautions", lines(verdict->caution, verdict->cautions));
	json_put(&m, "limit", limit(&verdict->limit));
	return json_made(&m);
}

/* Why a counter is null: a worker that counts it cannot read it, there was nothing of it, or no
 * worker of this run counts it. */
static json_t *why_unknown(const struct reading *r, unsigned counter, const struct counter_def *def)
{
	struct reading_sum sum = reading_sum(r, -1, ROLE_BOTH, counter);
	char text[80];

	if (sum.why)
		return json_of_text(sum.why);
	if (def->show & SHOW_IF_ANY)
		return NULL;
	if (sum.workers)
		return sum.none && counter_first(def->kind) ? json_string("there was none") : NULL;
	snprintf(text, sizeof(text), "counted by %ss, and none runs here", engine_role(r->info->engine, def->roles)->title);
	return json_of_text(text);
}

/* Only both ends together know these, and one of them is not in this process. */
static void put_other_end(struct json_maker *m, const struct reading *r)
{
	const struct run_info *info = r->info;
	const struct ledger_def *second = info->engine->second_ledger;
	const char *missing = run_missing_end(info);
	struct ledger ledger;
	char key[64];

	ledger_of(r, &ledger);
	if (!(info->role & info->tx_roles))
		json_put(m, "tx_packets", json_of_text(missing));
	if (ledger.why || !ledger_is_kept(info))
		json_put(m, "lost", json_of_text(ledger.why ? ledger.why : missing));
	ledger_second_of(r, &ledger);
	if (second && !ledger.known && (info->role & second->roles) != second->roles) {
		snprintf(key, sizeof(key), "ledgers.%s", second->name);
		json_put(m, key, json_of_text(missing));
	}
}

static void put_figures_unknown(struct json_maker *m, const struct reading *r)
{
	char why[FIGURE_WHY_BYTES];

	for (const struct figure_def *f = r->info->engine->figures; f && f->name; f++)
		if (f->show & SHOW_SUM && figure_has(f, r, -1) && isnan(figure_value(f, r, -1)))
			json_put(m, f->name, json_of_text(figure_explain(r->info, f, why)));
}

json_t *results_unknown(const struct reading *r)
{
	unsigned counters = engine_counters(r->info->engine);
	struct reading drained = reading_drained(r);
	struct json_maker m = json_make();

	for (unsigned i = 0; i < counters; i++) {
		const struct counter_def *def = engine_counter(r->info->engine, i);
		json_t *why = def->show & (SHOW_SUM | SHOW_CORE) ? why_unknown(&drained, i, def) : NULL;

		if (why)
			json_put(&m, def->name, why);
	}
	put_other_end(&m, r);
	put_figures_unknown(&m, r);
	return json_made(&m);
}
