/* The moment that the screen shows.  See moment.h. */
#include "record/moment.h"

#include "base/clock.h"

/* Rates are those of the last second: long enough to be steady, short enough to see a change at
 * once. */
static const int64_t window_ns = NS_PER_S;
/* Ticks come every 100 ms; data that is missing for longer than this is a gap. */
static const int64_t gap_ns = 3ll * NS_PER_S / 2;

/* The oldest sample of to's run that is not older than the window, or the one just before `to`. */
static const struct sample *window_start(const struct history *h, const struct sample *to)
{
	const struct sample *found = history_at(h, to->at_ns - window_ns);

	if (found && found->run_id == to->run_id && found->at_ns < to->at_ns)
		return found;
	found = NULL;
	for (unsigned age = 0; age < history_fine_count(h); age++) {
		const struct sample *s = history_fine(h, age);

		if (s->at_ns >= to->at_ns)
			continue;
		if (s->run_id != to->run_id || s->at_ns < to->at_ns - window_ns)
			break;
		found = s;
	}
	return found;
}

static void moment_fill(const struct history *h, const struct sample *to, struct moment *m)
{
	m->to = to;
	m->from = window_start(h, to);
	m->start = history_measure_start(h, to->run_id);
	if (m->start && m->start->at_ns > to->at_ns)
		m->start = NULL;
}

/* Only the newest reading of the rows is kept: for moments before it there is none. */
static const struct details *details_at(const struct history *h, uint32_t run_id, int64_t at_ns)
{
	const struct details *d = history_details(h, run_id);

	return d && d->at_ns <= at_ns && at_ns - d->at_ns <= gap_ns ? d : NULL;
}

static const struct stage_summary *stages_at(const struct history *h, uint32_t run_id, int64_t at_ns)
{
	const struct stage_summary *s = history_stages(h, run_id);

	return s && s->at_ns <= at_ns && at_ns - s->at_ns <= gap_ns ? s : NULL;
}

void moment_newest(const struct history *h, struct moment *ret_moment)
{
	struct moment m = { .info = history_newest_run(h) };
	const struct sample *to = history_fine(h, 0);

	if (!to)
		to = history_coarse(h, 0);
	if (m.info && to && to->run_id == m.info->id)
		moment_fill(h, to, &m);
	if (m.info)
		m.final = history_final(h, m.info->id);
	if (m.final && m.final->how == PHASE_FAILED)
		m.final = NULL;
	if (m.final && m.final->workers != m.info->workers)
		m.final = NULL;
	m.at_ns = to ? to->at_ns : 0;
	if (m.info)
		m.details = history_details(h, m.info->id);
	if (m.info)
		m.stages = history_stages(h, m.info->id);
	*ret_moment = m;
}

void moment_at(const struct history *h, int64_t at_ns, struct moment *ret_moment)
{
	struct moment m = { .at_ns = at_ns };
	const struct sample *to = history_at(h, at_ns);
	int64_t reach = gap_ns;

	if (to) {
		m.info = history_run(h, to->run_id);
		if (to->is_interval && m.info && m.info->interval_ns > reach)
			reach = m.info->interval_ns;
	}
	if (to && m.info && at_ns - to->at_ns <= reach) {
		moment_fill(h, to, &m);
		m.details = details_at(h, m.info->id, at_ns);
		m.stages = stages_at(h, m.info->id, at_ns);
	}
	*ret_moment = m;
}

struct reading moment_recent(const struct moment *m)
{
	struct reading final = reading_of_final(m->info, m->final);

	return m->final && reading_known(&final) ? final : reading_between(m->info, m->from, m->to);
}

struct reading moment_whole(const struct moment *m)
{
	return m->final ? reading_of_final(m->info, m->final) : reading_between(m->info, m->start, m->to);
}

void moment_rates(const struct moment *m, int worker, unsigned roles, struct rates *ret_rates)
{
	struct reading r = moment_recent(m);

	rates_of(&r, worker, roles, ret_rates);
}

void moment_rates_of(const struct moment *m, int worker, unsigned roles, uint64_t counters, struct rates *ret_rates)
{
	struct reading r = moment_recent(m);

	rates_of_some(&r, worker, roles, counters, ret_rates);
}

double moment_figure(const struct moment *m, const struct figure_def *figure, int worker)
{
	struct reading r = moment_recent(m);

	return figure_value(figure, &r, worker);
}

void moment_latency(const struct moment *m, int worker, unsigned which, struct latency_summary *ret_summary)
{
	struct reading r = moment_recent(m);
	struct latency_summary none = { 0 };

	if (!r.final && !m->from)
		*ret_summary = none; /* as the rates of that moment */
	else if (r.final && worker >= 0)
		*ret_summary = r.final->edge[worker].latency[which];
	else if (r.final && r.final->total)
		hist_summarise(&r.final->total[which], ret_summary);
	else if (m->to && worker >= 0 && (unsigned)worker < m->to->workers)
		*ret_summary = m->to->worker[worker].latency[which];
	else if (m->to && worker < 0)
		*ret_summary = m->to->merged[which];
	else
		*ret_summary = none;
}

bool moment_total(const struct moment *m, unsigned worker, unsigned counter, uint64_t *ret_total)
{
	struct reading whole = moment_whole(m), r = reading_drained(&whole);

	if (!reading_is_pair(&r) || worker >= m->info->workers || m->info->worker[worker].unknown >> counter & 1)
		return false;
	*ret_total = reading_value(&r, worker, counter);
	return !counter_is_nothing(engine_counter(m->info->engine, counter)->kind, *ret_total);
}
