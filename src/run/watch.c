/* Events out of samples.  See watch.h. */
#include "run/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

/* so long without a drop, and a burst is over */
static const int64_t burst_quiet_ns = 300 * NS_PER_MS;
/* a burst of this length gets an event while it goes on */
static const int64_t burst_long_ns = 2ll * NS_PER_S;
static const int64_t silence_ns = 500 * NS_PER_MS;
/* A closed loop whose whole window is lost sends again when it has given that up. */
static const int64_t given_up_ns = NS_PER_S;
static const int64_t first_answer_ns = 2ll * NS_PER_S;
static const int64_t silence_longest_ns = 60ll * NS_PER_S;

int watch_init(struct watch *w, const struct run_info *info, int64_t now_ns, struct err *err)
{
	unsigned counters = engine_counters(info->engine);

	*w = (struct watch){ .seen_ns = now_ns, .answer_ns = now_ns };
	for (unsigned i = COUNTER_OWN; i < counters && w->places < LEDGER_PLACES_MAX; i++)
		if (reading_is_drop(info, engine_counter(info->engine, i)))
			w->place[w->places++].counter = i;
	w->lost = calloc(info->workers * w->places + 1, sizeof(*w->lost));
	return w->lost ? 0 : err_sys(err, ENOMEM, "prepare the watch");
}

void watch_close(struct watch *w)
{
	free(w->lost);
	*w = (struct watch){ 0 };
}

/* To a millisecond, from 10 s on to a second. */
static char *people_time(int64_t ns, char *out, size_t size)
{
	int64_t unit = ns < 10ll * NS_PER_S ? NS_PER_MS : NS_PER_S;

	return text_duration((ns + unit / 2) / unit * unit, out, size);
}

/* ---- bursts of drops ---- */

static const char *place_title(const struct run_info *info, const struct watch_place *p)
{
	const struct counter_def *def = engine_counter(info->engine, p->counter);

	return def->place_title ? def->place_title : def->title;
}

static void tell_burst(const struct run_info *info, struct watch_place *p, bool goes_on, struct mailbox *m)
{
	char where[24] = "", time[32];

	if (p->worker >= 0)
		snprintf(where, sizeof(where), "cpu%d ", info->worker[p->worker].cpu);
	mailbox_put_event(m, info->id, SEVERITY_WARNING, "%s%s %s: %llu packet%s in %s", where, place_title(info, p),
		goes_on ? "still dropping" : "burst", (unsigned long long)p->burst, p->burst == 1 ? "" : "s",
		people_time(p->last_ns - p->from_ns, time, sizeof(time)));
}

/* Drops of this place since the sample before, and at which worker. */
static uint64_t new_drops(struct watch *w, const struct sample *s, unsigned place, int *ret_worker)
{
	uint64_t sum = 0;
	int worker = -1, at = 0;

	for (unsigned i = 0; i < s->workers; i++) {
		uint64_t *before = &w->lost[i * w->places + place], now = s->worker[i].value[w->place[place].counter];

		if (now > *before) {
			sum += now - *before;
			worker = (int)i;
			at++;
		}
		*before = now;
	}
	*ret_worker = at == 1 ? worker : -1;
	return sum;
}

static void watch_place(struct watch *w, const struct run_info *info, const struct sample *s, unsigned place, struct mailbox *m)
{
	struct watch_place *p = &w->place[place];
	int worker;
	uint64_t drops = new_drops(w, s, place, &worker);

	if (drops) {
		if (!p->burst) {
			p->from_ns = w->seen_ns;
			p->worker = worker;
		} else if (p->worker != worker) {
			p->worker = -1;
		}
		p->burst += drops;
		p->last_ns = s->at_ns;
		if (!p->said_going_on && p->last_ns - p->from_ns >= burst_long_ns) {
			p->said_going_on = true;
			tell_burst(info, p, true, m);
		}
	} else if (p->burst && s->at_ns - p->last_ns >= burst_quiet_ns) {
		tell_burst(info, p, false, m);
		p->burst = 0;
		p->said_going_on = false;
	}
}

/* ---- answers ---- */

static uint64_t sum_of(const struct run_info *info, const struct sample *s, unsigned roles, unsigned counter)
{
	struct reading r = reading_between(info, NULL, s);

	return reading_sum(&r, -1, roles, counter).value;
}

/* How long all that is out may be lost, or held up, because the run asked for it. */
static int64_t asked_silence(const struct run_info *info)
{
	int64_t delay_ns = options_number(&info->options, "delay");

	return 2 * delay_ns + (options_is_set(&info->options, "loss") ? given_up_ns : 0);
}

/* A longer silence than the slowest answers and the rarest ones make. */
static int64_t silence_limit(const struct watch *w, const struct run_info *info)
{
	uint64_t gaps = w->packets - w->first_packets;
	int64_t limit_ns = silence_ns, gap_ns = gaps ? (w->answer_ns - w->first_ns) / (int64_t)gaps : 0;

	if (!gaps)
		return first_answer_ns + asked_silence(info);
	limit_ns = gap_ns * 3 > limit_ns ? gap_ns * 3 : limit_ns;
	return (w->slow_ns * 2 > limit_ns ? w->slow_ns * 2 : limit_ns) + asked_silence(info);
}

/* Is there anything to answer?  A receiver of what others send expects it always. */
static bool is_owed(const struct watch *w, const struct run_info *info, const struct sample *s, uint64_t tx)
{
	if (tx != w->tx || sum_of(info, s, info->flying, COUNTER_IN_FLIGHT))
		return true;
	if (info->told && sum_of(info, s, info->tx_roles, COUNTER_TX_BYTES) > sum_of(info, s, info->rx_roles, COUNTER_RX_BYTES))
		return true;
	return info->closed_loop || !(info->role & info->tx_roles) || sum_of(info, s, info->tx_roles, COUNTER_SCHEDULED) > tx + 1;
}

static void answered(struct watch *w, const struct run_info *info, const struct sample *s, struct mailbox *m)
{
	char time[32];

	if (w->silent)
		mailbox_put_event(m, info->id, SEVERITY_INFO, "%s answers again after %s", info->peer,
			people_time(s->at_ns - w->answer_ns, time, sizeof(time)));
	w->silent = false;
	w->warn_ns = 0;
	w->packets = sum_of(info, s, info->rx_roles, COUNTER_RX_PACKETS);
	w->slow_ns = s->merged[0].count ? s->merged[0].p99_ns : w->slow_ns;
	if (!w->first_ns) {
		w->first_ns = s->at_ns;
		w->first_packets = w->packets;
	}
}

/* Notes how long the peer has been silent, within the measure phase. */
static void note_silence(struct watch *w, const struct sample *s, int64_t limit_ns)
{
	int64_t silent_ns = s->at_ns - w->answer_ns;

	if (s->phase != PHASE_MEASURE)
		return;
	if (silent_ns > s->measured_ns)
		silent_ns = s->measured_ns;
	if (silent_ns > w->silent_ns)
		w->silent_ns = silent_ns;
	if (silent_ns < limit_ns)
		return;
	/* The part of it that connections were gone is counted already. */
	w->away_ns += silent_ns - w->stretch_ns - w->partly_ns;
	w->partly_ns = 0;
	w->stretch_ns = silent_ns;
}

static void warn_of_silence(
	struct watch *w, const struct run_info *info, const struct sample *s, int64_t limit_ns, struct mailbox *m)
{
	int64_t silent_ns = s->at_ns - w->answer_ns, next_ns = w->warn_ns > limit_ns ? w->warn_ns : limit_ns;
	char time[32];

	if (silent_ns < next_ns)
		return;
	w->silent = true;
	mailbox_put_event(m, info->id, SEVERITY_WARNING, "no answer from %s for %s", info->peer,
		people_time(silent_ns, time, sizeof(time)));
	w->warn_ns = silent_ns + (silent_ns + limit_ns < silence_longest_ns ? silent_ns + limit_ns : silence_longest_ns);
}

static void watch_answers(struct watch *w, const struct run_info *info, const struct sample *s, struct mailbox *m)
{
	/* one long message may be on its way for seconds */
	uint64_t rx = sum_of(info, s, info->rx_roles, info->engine->reliable ? COUNTER_RX_BYTES : COUNTER_RX_PACKETS);
	uint64_t tx = sum_of(info, s, info->tx_roles, COUNTER_TX_PACKETS);
	bool sending = s->phase == PHASE_WARMUP || s->phase == PHASE_MEASURE;
	int64_t limit_ns = silence_limit(w, info);

	if (rx != w->rx || !sending || !is_owed(w, info, s, tx)) {
		note_silence(w, s, limit_ns);
		if (rx != w->rx)
			answered(w, info, s, m);
		w->rx = rx;
		w->tx = tx;
		w->answer_ns = s->at_ns;
		w->stretch_ns = w->partly_ns = 0;
		return;
	}
	note_silence(w, s, limit_ns);
	warn_of_silence(w, info, s, limit_ns, m);
}

/* ---- connections ---- */

static void tell_presence(struct watch *w, const struct run_info *info, const struct sample *s, uint64_t now, struct mailbox *m)
{
	bool client = info->role & ROLE_CLIENT;
	const char *other = client ? info->peer : "clients";
	char time[32];

	if (now < w->most && !w->gone_ns) {
		mailbox_put_event(m, info->id, client ? SEVERITY_WARNING : SEVERITY_INFO,
			"%llu of %llu connections with %s are gone", (unsigned long long)(w->most - now),
			(unsigned long long)w->most, other);
		w->gone_ns = s->at_ns;
	} else if (now >= w->most && w->gone_ns) {
		mailbox_put_event(m, info->id, SEVERITY_INFO, "all %llu connections with %s are there again after %s",
			(unsigned long long)w->most, other, people_time(s->at_ns - w->gone_ns, time, sizeof(time)));
		w->gone_ns = 0;
	}
}

/* With both ends here nobody is away: a connection that breaks is the mode's own doing. */
static void watch_connections(struct watch *w, const struct run_info *info, const struct sample *s, struct mailbox *m)
{
	uint64_t now = sum_of(info, s, info->role, info->engine->connections);
	int64_t since_ns = s->at_ns - w->seen_ns;

	if (s->phase != PHASE_WARMUP && s->phase != PHASE_MEASURE)
		return;
	if (now > w->most)
		w->most = now;
	tell_presence(w, info, s, now, m);
	/* Time that silence has counted already is not counted again. */
	if (s->phase != PHASE_MEASURE || !w->most || w->stretch_ns)
		return;
	int64_t part_ns = (int64_t)((double)since_ns * (double)(w->most - now) / (double)w->most);
	w->away_ns += part_ns;
	w->partly_ns += part_ns;
}

void watch_sample(struct watch *w, const struct run_info *info, const struct sample *s, struct mailbox *m)
{
	for (unsigned i = 0; i < w->places; i++)
		watch_place(w, info, s, i, m);
	if (info->engine->connections && info->role != ROLE_BOTH)
		watch_connections(w, info, s, m);
	if (info->expects_answers)
		watch_answers(w, info, s, m);
	w->seen_ns = s->at_ns;
}

void watch_end(struct watch *w, const struct run_info *info, struct mailbox *m)
{
	for (unsigned i = 0; i < w->places; i++)
		if (w->place[i].burst)
			tell_burst(info, &w->place[i], false, m);
}
