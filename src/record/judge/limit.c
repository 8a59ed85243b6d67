/* Who was the limit?  See limit.h. */
#include "record/judge/limit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "record/rates.h"

/* A worker with so much of its CPU has no time left: the rest goes to what the clock misses. */
static const double full_from = 0.9;
/* Shares of the time from which they explain more than the ends do. */
static const double stolen_from = 0.05, delayed_from = 0.1, softirq_from = 0.4;
static const double rate_kept_from = 0.999;

/* The evidence about one side. */
struct limit_side {
	enum role role;
	unsigned workers;
	double busy; /* of the busiest worker, 0..1; NaN: unknown */
	/* packets between two sleeps, over all workers; NaN: unknown, or it never sleeps */
	double per_wait;
};

struct limit_evidence {
	const struct reading *r;
	struct limit_side server, client;
	bool spins; /* the workers never sleep: their busy time says nothing */
};

/* What results call it, and in words; an end is called as the mode calls it. */
static const struct {
	const char *name, *words;
} limits[LIMITS] = { [LIMIT_UNKNOWN] = { NULL, "" },
	[LIMIT_STOLEN] = { "stolen_cpu", "stolen CPU" },
	[LIMIT_QUOTA] = { "cpu_quota", "a CPU quota" },
	[LIMIT_OTHERS] = { "other_threads", "other threads" },
	[LIMIT_SHARED] = { "shared_cpu", "a CPU that workers share" },
	[LIMIT_SOFTIRQ] = { "softirq", "softirq" },
	[LIMIT_SERVER] = { "server", NULL },
	[LIMIT_CLIENT] = { "client", NULL },
	[LIMIT_BOTH] = { "both_ends", "both ends" },
	[LIMIT_RATE] = { "asked_rate", "the rate that was asked for" },
	[LIMIT_WAKE_UPS] = { "wake_ups", "wake-ups" },
	[LIMIT_ELSEWHERE] = { "other_end", "the other end or the path" } };

const char *limit_name(enum limit_who who)
{
	return limits[who].name;
}

enum limit_who limit_of_name(const char *name)
{
	for (enum limit_who who = LIMIT_UNKNOWN + 1; name && who < LIMITS; who++)
		if (!strcmp(limits[who].name, name))
			return who;
	return LIMIT_UNKNOWN;
}

char *limit_words(enum limit_who who, const struct engine *engine, char *out, size_t size)
{
	enum role role = who == LIMIT_SERVER ? ROLE_SERVER : ROLE_CLIENT;

	if (limits[who].words)
		snprintf(out, size, "%s", limits[who].words);
	else
		snprintf(out, size, "the %s", engine_role(engine, role)->title);
	return out;
}

/* ---- evidence ---- */

static void limit_look_at_side(const struct reading *r, enum role role, struct limit_side *ret)
{
	struct reading_sum waits = reading_sum(r, -1, role, COUNTER_WAITS);
	double packets = (double)reading_sum(r, -1, role, COUNTER_RX_PACKETS).value;

	*ret = (struct limit_side){ .role = role, .busy = NAN, .per_wait = NAN };
	for (unsigned i = 0; i < r->info->workers; i++) {
		struct rates rates;

		if (r->info->worker[i].role != role)
			continue;
		ret->workers++;
		rates_of(r, (int)i, role, &rates);
		ret->busy = fmax(ret->busy, rates.busy);
	}
	if (!waits.why && waits.value && packets > 0)
		ret->per_wait = packets / (double)waits.value;
}

static bool limit_spins(const struct run_info *info)
{
	return options_find(&info->options, "wait") >= 0 && !strcmp(options_text(&info->options, "wait"), "spin");
}

/* The share of the CPUs' time that went to this; NaN: unknown. */
static double cpu_share(const struct reading *r, enum procnet_field field)
{
	const struct procnet *from = reading_net_from(r), *to = reading_net_to(r);
	double all = (double)(to->value[PROCNET_CPU_TICKS] - from->value[PROCNET_CPU_TICKS]);
	bool known = procnet_has(from, field) && procnet_has(to, field) && procnet_has(from, PROCNET_CPU_TICKS) &&
		     procnet_has(to, PROCNET_CPU_TICKS);

	return known && all > 0 ? (double)(to->value[field] - from->value[field]) / all : NAN;
}

/* The worker that was kept from its CPU the longest; the share of its time. */
static double most_delayed(const struct reading *r, unsigned *ret_worker)
{
	double most = NAN;

	for (unsigned i = 0; i < r->info->workers; i++) {
		double observed = (double)reading_value(r, i, COUNTER_OBSERVED_NS);
		double share = (double)reading_value(r, i, COUNTER_RUN_DELAY_NS) / observed;

		if (r->info->worker[i].unknown >> COUNTER_RUN_DELAY_NS & 1 || !(observed > 0) || share <= most)
			continue;
		most = share;
		*ret_worker = i;
	}
	return most;
}

static bool is_full(const struct limit_side *side)
{
	return side->busy >= full_from;
}

static bool rate_is_kept(const struct reading *r)
{
	double due = (double)reading_sum(r, -1, r->info->tx_roles, COUNTER_SCHEDULED).value;
	double sent = (double)reading_sum(r, -1, r->info->tx_roles, COUNTER_TX_PACKETS).value;

	return !r->info->closed_loop && due > 0 && sent >= rate_kept_from * due;
}

/* ---- words ---- */

static void add_busy(const struct limit_evidence *e, const struct limit_side *side, struct limit *l)
{
	if (side->workers && !isnan(side->busy))
		text_add(l->text, sizeof(l->text), "%s%s busy %.0f %%", l->text[strlen(l->text) - 1] == ' ' ? "" : ", ",
			engine_role(e->r->info->engine, side->role)->title, 100 * fmin(side->busy, 1));
}

static void add_ends(const struct limit_evidence *e, struct limit *l)
{
	add_busy(e, &e->server, l);
	add_busy(e, &e->client, l);
}

static void add_fill(const struct limit_evidence *e, const struct limit_side *side, struct limit *l)
{
	const char *packets = e->r->info->engine->packets;

	if (!isnan(side->per_wait))
		text_add(l->text, sizeof(l->text), "; the %s takes %.1f %s a wake-up",
			engine_role(e->r->info->engine, side->role)->title, side->per_wait, packets ? packets : "packets");
}

/* How late an open loop's generator was, where the mode measures that. */
static void add_lateness(const struct limit_evidence *e, struct limit *l)
{
	const struct reading *r = e->r;
	const struct latency_def *def = r->info->engine->latencies;

	for (unsigned i = 0; i < engine_latencies(r->info->engine); i++) {
		bool final = r->final && r->final->total;
		int64_t ns = !final ? r->to ? r->to->merged[i].p99_ns : 0 : hist_percentile(&r->final->total[i], 99);

		if (strcmp(def[i].name, "lateness") == 0 && ns > 0)
			text_add(l->text, sizeof(l->text), "; sent late by %.0f µs (p99)", (double)ns / NS_PER_US);
	}
}

static void limit_begin(const struct limit_evidence *e, struct limit *l, enum limit_who who)
{
	*l = (struct limit){ .who = who };
	limit_words(who, e->r->info->engine, l->text, sizeof(l->text));
	text_add(l->text, sizeof(l->text), ": ");
}

/* ---- one suspect after the other ---- */

static bool suspect_stolen(const struct limit_evidence *e, struct limit *l)
{
	double share = cpu_share(e->r, PROCNET_STEAL_TICKS);

	if (!(share >= stolen_from))
		return false;
	limit_begin(e, l, LIMIT_STOLEN);
	text_add(l->text, sizeof(l->text), "the hypervisor took %.0f %% of the CPUs' time", 100 * share);
	return true;
}

static bool suspect_quota(const struct limit_evidence *e, struct limit *l)
{
	const struct procnet *from = reading_net_from(e->r), *to = reading_net_to(e->r);
	double measured_s = (double)reading_measured_ns(e->r) / NS_PER_S, stopped_s;

	if (!procnet_has(from, PROCNET_THROTTLED_US) || !procnet_has(to, PROCNET_THROTTLED_US))
		return false;
	stopped_s = (double)(to->value[PROCNET_THROTTLED_US] - from->value[PROCNET_THROTTLED_US]) / 1e6;
	if (stopped_s < delayed_from * measured_s)
		return false;
	limit_begin(e, l, LIMIT_QUOTA);
	text_add(l->text, sizeof(l->text), "cpu.max kept the process from its CPUs for %.2f s of %.2f s", stopped_s, measured_s);
	return true;
}

static bool suspect_delay(const struct limit_evidence *e, struct limit *l)
{
	unsigned i = 0;
	double share = most_delayed(e->r, &i);
	const struct run_worker *w = &e->r->info->worker[i];

	if (!(share >= delayed_from))
		return false;
	limit_begin(e, l, w->shares_cpu ? LIMIT_SHARED : LIMIT_OTHERS);
	text_add(l->text, sizeof(l->text), "%s %u was ready and had no CPU for %.0f %% of the time",
		engine_role(e->r->info->engine, w->role)->title, w->index, 100 * share);
	return true;
}

static bool suspect_ends(const struct limit_evidence *e, struct limit *l)
{
	const struct limit_side *side = is_full(&e->server) ? &e->server : &e->client;
	bool both = is_full(&e->server) && is_full(&e->client);

	if (e->spins || !is_full(side))
		return false;
	limit_begin(e, l, both ? LIMIT_BOTH : side->role == ROLE_SERVER ? LIMIT_SERVER : LIMIT_CLIENT);
	add_ends(e, l);
	if (!both)
		add_fill(e, side, l);
	return true;
}

static bool suspect_softirq(const struct limit_evidence *e, struct limit *l)
{
	double share = cpu_share(e->r, PROCNET_SOFTIRQ_TICKS);

	if (!(share >= softirq_from))
		return false;
	limit_begin(e, l, LIMIT_SOFTIRQ);
	text_add(l->text, sizeof(l->text), "the kernel's packet work took %.0f %% of the CPUs' time", 100 * share);
	return true;
}

static bool suspect_rate(const struct limit_evidence *e, struct limit *l)
{
	if (!rate_is_kept(e->r))
		return false;
	limit_begin(e, l, LIMIT_RATE);
	if (e->spins)
		text_add(l->text, sizeof(l->text), "it was kept");
	else
		add_ends(e, l);
	return true;
}

static bool suspect_sleep(const struct limit_evidence *e, struct limit *l)
{
	bool alone = e->r->info->role != ROLE_BOTH;
	const struct limit_side *side = e->server.per_wait < e->client.per_wait || isnan(e->client.per_wait) ? &e->server
													     : &e->client;

	if (e->spins || (isnan(e->server.busy) && isnan(e->client.busy)))
		return false;
	limit_begin(e, l, alone ? LIMIT_ELSEWHERE : LIMIT_WAKE_UPS);
	add_ends(e, l);
	add_fill(e, side, l);
	add_lateness(e, l);
	return true;
}

void limit_of(const struct reading *r, struct limit *ret_limit)
{
	static bool (*const suspects[])(const struct limit_evidence *e, struct limit *l) = { suspect_stolen, suspect_quota,
		suspect_delay, suspect_ends, suspect_softirq, suspect_rate, suspect_sleep };
	struct limit_evidence e = { .r = r };

	*ret_limit = (struct limit){ .who = LIMIT_UNKNOWN };
	if (!reading_is_pair(r) || r->info->engine->synthetic || reading_measured_ns(r) <= 0)
		return;
	e.spins = limit_spins(r->info);
	limit_look_at_side(r, ROLE_SERVER, &e.server);
	limit_look_at_side(r, ROLE_CLIENT, &e.client);
	for (size_t i = 0; i < sizeof(suspects) / sizeof(suspects[0]); i++)
		if (suspects[i](&e, ret_limit))
			return;
}
