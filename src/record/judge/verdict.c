/* May the number be used?  See verdict.h. */
#include "record/judge/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "mode/in_force.h"
#include "record/judge/judge.h"
#include "record/rates.h"

static const int64_t suspended_limit_ns = 500 * NS_PER_MS;
static const int64_t answer_limit_ns = 2ll * NS_PER_S;
static const int64_t silent_limit_ns = NS_PER_S; /* an answer that takes longer is late */
/* of the packets, without a latency */
static const double uncovered_most = 0.01;
/* of the measure phase, without the other end */
static const double away_most = 0.01;
static const int64_t warmup_least_ns = 200 * NS_PER_MS;
static const int64_t measured_least_ns = NS_PER_S;
static const int64_t length_limit_ns = 500 * NS_PER_MS;
static const double rate_kept_least = 0.999;

__attribute__((format(printf, 3, 0))) static void add_line(
	char line[VERDICT_LINES][200], unsigned *count, const char *fmt, va_list args)
{
	if (*count < VERDICT_LINES)
		vsnprintf(line[(*count)++], 200, fmt, args);
}

__attribute__((format(printf, 2, 3))) static void invalid(struct verdict *v, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_line(v->reason, &v->reasons, fmt, args);
	va_end(args);
	v->valid = false;
}

void verdict_caution(struct verdict *v, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_line(v->caution, &v->cautions, fmt, args);
	va_end(args);
}

/* What helps against the reason, or the caution, that was added last. */
static void reason_helped_by(struct verdict *v, const char *remedy)
{
	v->reason_remedy[v->reasons - 1] = remedy;
}

void judge_helped_by(struct verdict *v, const char *remedy)
{
	v->caution_remedy[v->cautions - 1] = remedy;
}

/* ---- reasons ---- */

static unsigned count_workers(const struct run_info *info, unsigned roles)
{
	unsigned n = 0;

	for (unsigned i = 0; i < info->workers; i++)
		n += (info->worker[i].role & roles) != 0;
	return n;
}

static void judge_rate(const struct evidence *e, struct verdict *v)
{
	uint64_t due = reading_sum(e->edge, -1, e->info->tx_roles, COUNTER_SCHEDULED).value;
	uint64_t sent = reading_sum(e->edge, -1, e->info->tx_roles, COUNTER_TX_PACKETS).value;

	/* Each of them may have one on its way. */
	uint64_t under_way = count_workers(e->info, e->info->tx_roles);

	if (!e->info->closed_loop && (double)sent < rate_kept_least * (double)due && due > sent + under_way) {
		invalid(v, "the generator could not keep the rate: sent %" PRIu64 " of %" PRIu64 " scheduled (%.2f %%)%s%s", sent,
			due, 100.0 * (double)sent / (double)due, e->refusal[0] ? "; sends fail: " : "", e->refusal);
		reason_helped_by(v, "[ lowers the rate ({rate} was asked for), or more cores (F2, now {cores})");
	}
}

/* Counters of the whole host may speak for it, and for losses of others as well. */
static void judge_host(const struct ledger *l, const char *name, const char *what, struct verdict *v)
{
	uint64_t missing = l->host_lost + (uint64_t)(l->unexplained > 0 ? l->unexplained : 0);
	char places[120] = "";

	for (unsigned i = 0; i < l->places; i++)
		if (l->place[i].host_wide && l->place[i].lost)
			text_add(places, sizeof(places), "%s%s at most %" PRIu64, *places ? ", " : "", l->place[i].title,
				l->place[i].lost);
	invalid(v, "%s leaves %" PRIu64 " of %" PRIu64 " %s unexplained (%.2f %%): the whole host's counters have %s", name,
		missing, l->sent, what, 100.0 * (double)missing / (double)l->sent, places);
}

/* In the unit that screens have for a loss: percent from 1 % on. */
static const char *verdict_share(uint64_t lost, uint64_t sent, char *out, size_t size)
{
	double share = (double)lost / (double)sent;

	snprintf(out, size, share < 0.01 ? "%.1f ppm" : "%.2f %%", share * (share < 0.01 ? 1e6 : 100));
	return out;
}

/* A loss beyond our own accounting is a loss like others, but nobody here knows where it was. */
static void judge_rest(const struct evidence *e, struct verdict *v)
{
	const struct ledger *l = e->ledger;
	char share[32];

	if (l->known && l->rest_lost)
		verdict_caution(v, "%" PRIu64 " of %" PRIu64 " packets (%s) were lost %s", l->rest_lost, l->sent,
			verdict_share(l->rest_lost, l->sent, share, sizeof(share)),
			l->told || e->info->rest == REST_ON_THE_PATH
				? "on the path"
				: "somewhere between here and the answer: only the other end could say "
				  "where");
}

/* what: of the second ledger, what it is of; else "packets". */
static void judge_balance(const struct ledger *l, const char *name, const char *what, struct verdict *v)
{
	const char *unread = NULL;

	if (!l->known || l->balanced)
		return;
	if (l->unexplained < 0) {
		invalid(v,
			"%s accounts for %" PRId64 " %s more than the %" PRIu64 " sent: somebody else sends to this run's ports",
			name, -l->unexplained, what, l->sent);
		return;
	}
	if (l->host_lost) {
		judge_host(l, name, what, v);
		return;
	}
	for (unsigned i = 0; i < l->places && !unread; i++)
		if (!l->place[i].known)
			unread = l->place[i].title;
	invalid(v, "%s leaves %" PRId64 " of %" PRIu64 " %s unexplained (%.2f %%)%s%s", name, l->unexplained, l->sent, what,
		l->sent ? 100.0 * (double)l->unexplained / (double)l->sent : 100.0, unread ? "; not readable: " : "",
		unread ? unread : "");
}

static void judge_ledgers(const struct evidence *e, struct verdict *v)
{
	const struct ledger_def *def = e->info->engine->second_ledger;
	struct ledger second;
	char name[64];

	judge_balance(e->ledger, "the ledger", "packets", v);
	judge_rest(e, v);
	if (!def)
		return;
	ledger_second_of(e->edge, &second);
	snprintf(name, sizeof(name), "the ledger of %s", def->name);
	judge_balance(&second, name, def->name, v);
}

static uint64_t sum_received(const struct reading *r)
{
	return reading_sum(r, -1, r->info->rx_roles, COUNTER_RX_PACKETS).value +
	       reading_sum(r, -1, r->info->rx_roles, COUNTER_RX_BYTES).value;
}

static void judge_traffic(const struct evidence *e, bool never_answered, struct verdict *v)
{
	uint64_t received = sum_received(&e->settled);

	if (never_answered)
		invalid(v, "%s never answered%s%s", e->info->peer[0] ? e->info->peer : "the peer", e->refusal[0] ? ": " : "",
			e->refusal);
	else if (!received)
		invalid(v, "nothing was received");
	/* A synthetic mode makes its packets up when it is looked at. */
	else if (!e->info->engine->synthetic && !sum_received(e->edge))
		invalid(v, "nothing was received before the measurement was over");
}

/* ---- what the mode's own tables say ---- */

/* The text with the value in place of {}: counts, which are whole, to the last digit. */
static void put_value(const char *text, double value, char out[200])
{
	const char *at = strstr(text, "{}");
	int before = at ? (int)(at - text) : (int)strlen(text);

	if (at)
		snprintf(out, 200, value == floor(value) ? "%.*s%.0f%s" : "%.*s%.4g%s", before, text, value, at + 2);
	else
		snprintf(out, 200, "%s", text);
}

static void judge_value(const struct judgement *j, double value, struct verdict *v)
{
	char text[200];

	if (!(value > j->over)) /* unknown is not over */
		return;
	if (j->reason) {
		put_value(j->reason, value, text);
		invalid(v, "%s", text);
	}
	if (j->caution) {
		put_value(j->caution, value, text);
		verdict_caution(v, "%s", text);
	}
}

static void judge_tables(const struct evidence *e, struct verdict *v)
{
	unsigned counters = engine_counters(e->info->engine);

	for (unsigned i = COUNTER_OWN; i < counters; i++) {
		const struct counter_def *def = engine_counter(e->info->engine, i);

		if (def->judgement.reason || def->judgement.caution)
			judge_value(&def->judgement, (double)reading_sum(&e->settled, -1, ROLE_BOTH, i).value, v);
	}
	for (const struct figure_def *f = e->info->engine->figures; f && f->name; f++)
		if (f->judgement.reason || f->judgement.caution)
			judge_value(&f->judgement, figure_value(f, e->edge, -1), v);
}

/* ---- cautions ---- */

static bool is_on(const struct option_def *def, const struct option_value *value)
{
	return value->number || (def->type == OPTION_TEXT && *value->text);
}

static void judge_options(const struct evidence *e, struct verdict *v)
{
	const struct options *o = &e->info->options;

	for (unsigned i = 0; i < o->count; i++)
		if (o->def[i]->caution && is_on(o->def[i], &o->value[i]) && !option_idle_why(o, o->def[i]->name))
			verdict_caution(v, "%s", o->def[i]->caution);
}

static void judge_circumstances(const struct evidence *e, bool captured, struct verdict *v)
{
	char text[32];

	if (e->info->closed_loop) {
		verdict_caution(v,
			"closed loop (coordinated omission): a slow peer delays what is sent next, so latencies leave out what a "
			"fixed rate would have seen");
		judge_helped_by(v, options_find(&e->info->options, "rate") < 0 ? NULL : "a fixed rate (F2) has none of it");
	}
	if (e->load && e->info->load_name && e->load != e->info->load)
		verdict_caution(v, "the load was changed while it ran: %s %" PRIu64 ", in the end %" PRIu64, e->info->load_name,
			e->info->load, e->load);
	if (e->info->fragments > 1) {
		verdict_caution(v,
			"%u fragments a datagram: one that is lost loses it all, and the kernel may count that 30 s later "
			"(ipfrag_time)",
			e->info->fragments);
		judge_helped_by(v, "datagrams that fit the MTU (F2)");
	}
	judge_options(e, v);
	judge_cpus(e, v);
	if (captured) {
		verdict_caution(v, "a capture was on: it costs time for every packet");
		judge_helped_by(v, "w stops it, W takes a sample of the packets");
	}
	judge_host_cpus(e, v);
	if (e->info->warmup_ns < warmup_least_ns) {
		verdict_caution(
			v, "warm-up of %s is too short (under 200ms)", text_duration(e->info->warmup_ns, text, sizeof(text)));
		judge_helped_by(v, "a longer warmup (F2, now {warmup})");
	}
}

/* A run whose end came late, because hundreds of workers left no CPU to the thread that ends it. */
static void judge_length(const struct evidence *e, const struct run_final *final, struct verdict *v)
{
	int64_t asked = e->info->duration_ns, more = e->measured_ns - asked;

	if (e->measured_ns < measured_least_ns)
		verdict_caution(v, "only %.2f s were measured", (double)e->measured_ns / NS_PER_S);
	if (!asked || final->interrupted)
		return;
	if (more > length_limit_ns && more > asked)
		invalid(v, "%.1f s were measured, not %.1f s: too many threads for the CPUs, or the process was held up",
			(double)e->measured_ns / NS_PER_S, (double)asked / NS_PER_S);
	else if (llabs(more) > length_limit_ns && llabs(more) > asked / 10)
		verdict_caution(v, "%.1f s were measured, not %.1f s: too many threads for the CPUs, or the process was held up",
			(double)e->measured_ns / NS_PER_S, (double)asked / NS_PER_S);
}

/* ---- public ---- */

/* A client's run without its server is no run; a server waits for clients. */
static void judge_away(const struct evidence *e, int64_t away_ns, int64_t silent_ns, struct verdict *v)
{
	const char *peer = e->info->peer[0] ? e->info->peer : "the peer";
	double away_s = (double)away_ns / NS_PER_S, all_s = (double)e->measured_ns / NS_PER_S, share = away_s / all_s;

	if (away_ns > 0 && e->info->expects_answers && share > away_most)
		invalid(v, "%s was away for %.2f s of %.2f s (%.1f %%, and more than %.0f %% is too much)", peer, away_s, all_s,
			100 * share, 100 * away_most);
	else if (away_ns > 0)
		verdict_caution(v, "%s away for %.2f s of %.2f s (%.2f %%): the rates are means over that, too",
			e->info->expects_answers ? "the other end was" : "clients were", away_s, all_s, 100 * share);
	else if (silent_ns > silent_limit_ns && e->info->closed_loop && options_is_set(&e->info->options, "loss"))
		verdict_caution(v, "a whole %s of %" PRIu64 " was lost, and given up after 1 s: try --rate, or a larger one",
			e->info->load_name ? e->info->load_name : "load", e->info->load);
	else if (silent_ns > silent_limit_ns)
		verdict_caution(v, "%s did not answer for %.1f s: the rates are means over that, too", peer,
			(double)silent_ns / NS_PER_S);
}

/* The place that lost most; NULL: no place has lost anything. */
static const struct ledger_place *worst_place(const struct ledger *l)
{
	const struct ledger_place *worst = NULL;

	for (unsigned i = 0; i < l->places; i++)
		if (l->place[i].lost && (!worst || l->place[i].lost > worst->lost))
			worst = &l->place[i];
	return worst;
}

/* Says how much is lost, that the percentiles are of what came, and where it went. */
static void judge_loss(const struct evidence *e, struct verdict *v)
{
	const struct ledger *l = e->ledger;
	const struct ledger_place *worst = worst_place(l);
	bool percentiles = engine_latencies(e->info->engine) > 0;

	v->lossy = l->known && l->lost_percent > 100 * uncovered_most;
	if (!v->lossy)
		return;
	verdict_caution(v, "%.*f %% lost%s%s%s%s", l->lost_percent < 9.95 ? 1 : 0, l->lost_percent,
		percentiles ? ", percentiles are of the survivors" : "", worst ? ": " : "",
		worst && worst->lost < l->lost ? "most of it at " : "", worst ? worst->title : "");
	judge_helped_by(v, worst ? worst->remedy : NULL);
}

/* Packets that did not come back have no latency, and would have been the slowest: where that is
 * more than the ledger's loss. */
static void judge_coverage(const struct evidence *e, const struct hist *total, struct verdict *v)
{
	const struct latency_def *def = e->info->engine->latencies;

	for (unsigned i = 0; total && !v->lossy && i < engine_latencies(e->info->engine); i++) {
		double percent = ledger_coverage(e->ledger, &def[i], total[i].count);

		if (percent < 100 * (1 - uncovered_most))
			verdict_caution(v,
				"%s latencies are of %.2f %% of the packets sent: the others never came, and would have been the "
				"slowest",
				def[i].title, percent);
	}
}

/* A headline that is measured from the schedule has the generator's own lateness in it. */
static void judge_lateness(const struct evidence *e, const struct hist *total, struct verdict *v)
{
	const struct latency_def *def = e->info->engine->latencies;
	struct latency_summary headline, late;

	for (unsigned i = 1; total && i < engine_latencies(e->info->engine); i++) {
		hist_summarise(&total[0], &headline);
		hist_summarise(&total[i], &late);
		if (!def[i].of_generator || !headline.count || !late.count || late.p99_ns < headline.p50_ns / 2)
			continue;
		verdict_caution(v,
			"the generator was late, 1 %% of the time by %.1f us or more: %s (median %.1f us) has that in it",
			(double)late.p99_ns / NS_PER_US, def[0].title, (double)headline.p50_ns / NS_PER_US);
	}
}

static void judge_held(int64_t suspended_ns, int64_t held_ns, struct verdict *v)
{
	if (suspended_ns > suspended_limit_ns) {
		invalid(v, "the process was suspended or starved for %.1f s", (double)suspended_ns / NS_PER_S);
		reason_helped_by(v, "r twice begins a new run");
	} else if (held_ns > 0) {
		verdict_caution(v, "netdyno itself was held up for %.2f s: rates and latencies have that in them",
			(double)held_ns / NS_PER_S);
	}
}

static void judge_final(const struct evidence *e, const struct run_final *final, bool captured, struct verdict *v)
{
	judge_held(final->suspended_ns, final->held_ns, v);
	judge_rate(e, v);
	judge_ledgers(e, v);
	judge_traffic(e, final->never_answered, v);
	judge_loss(e, v);
	judge_tables(e, v);
	if (!final->never_answered)
		judge_away(e, final->away_ns, final->silent_ns, v);
	judge_coverage(e, final->total, v);
	judge_lateness(e, final->total, v);
	judge_circumstances(e, captured, v);
	judge_length(e, final, v);
}

/* Of what was measured so far; what is in flight still may bring its latency. */
static void judge_live(const struct evidence *e, bool captured, struct verdict *v)
{
	const struct sample *to = e->edge->to;

	judge_held(to->suspended_ns, to->held_ns, v);
	judge_rate(e, v);
	judge_ledgers(e, v);
	if (e->measured_ns >= answer_limit_ns)
		judge_traffic(e, false, v);
	judge_loss(e, v);
	judge_tables(e, v);
	judge_away(e, to->away_ns, to->silent_ns, v);
	judge_lateness(e, to->total, v);
	judge_circumstances(e, captured, v);
}

/* A rule of this host, not the network, is what forbids a send. */
static void describe_refusal(int errnum, char *out, size_t size)
{
	char scratch[64];

	if (errnum)
		snprintf(out, size, "%s%s", strerror_r(errnum, scratch, sizeof(scratch)),
			errnum == EPERM || errnum == EACCES ? " (a firewall or seccomp filter of this host?)" : "");
}

void verdict_of(const struct reading *r, const struct ledger *ledger, bool captured, struct verdict *ret_verdict)
{
	const struct run_final *final = r->final;
	struct verdict v = { .valid = true };
	struct evidence e = { .info = r->info,
		.edge = r,
		.settled = reading_drained(r),
		.ledger = ledger,
		.measured_ns = reading_measured_ns(r),
		.load = final   ? final->load
			: r->to ? r->to->load
				: 0 };

	if (final)
		describe_refusal(final->refusal, e.refusal, sizeof(e.refusal));
	if (final && final->how == PHASE_FAILED)
		invalid(&v, "the run failed: %.180s", final->err.text);
	if (final && (!reading_known(r) || final->measured_ns <= 0))
		invalid(&v, "nothing was measured");
	else if (final)
		judge_final(&e, final, captured, &v);
	else if (reading_is_pair(r))
		judge_live(&e, captured, &v);
	limit_of(r, &v.limit);
	*ret_verdict = v;
}
