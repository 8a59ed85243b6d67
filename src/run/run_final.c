/* The two reports of a run: its description before it, the exact differences over its measure
 * phase after it.  See run.h. */
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mode/path.h"

/* ---- description ---- */

/* The method of the side whose receiving is the headline. */
static const struct method *headline_method(const struct plan *p)
{
	for (unsigned i = 0; i < p->workers; i++)
		if (p->worker[i].role & p->rx_roles && p->worker[i].method)
			return p->worker[i].method;
	return p->workers ? p->worker[0].method : NULL;
}

static void describe_workers(const struct run *r, struct run_info *info)
{
	for (unsigned i = 0; i < info->workers; i++) {
		const struct plan_worker *p = &r->plan.worker[i];
		struct run_worker *w = &info->worker[i];

		*w = (struct run_worker){ .role = p->role,
			.index = p->index,
			.cpu = p->cpu,
			.shares_cpu = p->shares_cpu,
			.pinned = r->worker[i].pinned,
			.unknown = r->worker[i].unknown };
		memcpy(w->unknown_why, r->worker[i].unknown_why, sizeof(w->unknown_why));
		memcpy(w->hardware_why, r->worker[i].perf.why, sizeof(w->hardware_why));
	}
}

static void describe_plan(const struct plan *p, struct run_info *info)
{
	memcpy(info->ran, p->ran, sizeof(info->ran));
	memcpy(info->peer, p->peer, sizeof(info->peer));
	memcpy(info->interface, p->interface, sizeof(info->interface));
	snprintf(info->path, sizeof(info->path), "%s", p->path->name);
	info->tx_roles = p->tx_roles;
	info->rx_roles = p->rx_roles;
	info->wire_overhead_bytes = p->wire_overhead_bytes;
	info->tx_ledger = p->tx_ledger;
	info->rx_ledger = p->rx_ledger;
	info->flying = p->flying;
	info->told = p->told;
	info->needs_word = p->needs_word;
	info->rest = p->rest;
	info->host_places = p->host_places;
	info->packet_copies = p->packet_copies;
	info->packet_joins = p->packet_joins;
	info->fragments = p->fragments;
	info->expects_answers = p->expects_answers;
	info->closed_loop = p->closed_loop;
	info->load_name = p->load_name;
	info->load = p->load;
	info->ports = p->ports;
	info->address_family = p->address_family;
	memcpy(info->notes, p->notes, sizeof(info->notes));
}

struct run_info *run_make_info(const struct run *r)
{
	struct run_info *info = calloc(1, sizeof(*info));

	if (!info)
		return NULL;
	info->worker = calloc(r->plan.workers, sizeof(*info->worker));
	if (!info->worker || options_copy(&info->options, &r->options, NULL) < 0) {
		free(info->worker);
		free(info);
		return NULL;
	}
	info->id = r->id;
	info->engine = r->engine;
	info->method = headline_method(&r->plan);
	info->role = plan_role(&r->options);
	info->started_ns = r->started_ns;
	info->started_wall_ns = r->started_wall_ns;
	info->duration_ns = r->duration_ns;
	info->warmup_ns = r->warmup_ns;
	info->interval_ns = r->interval_ns;
	info->workers = r->plan.workers;
	describe_plan(&r->plan, info);
	describe_workers(r, info);
	return info;
}

/* ---- why the kernel threw packets away ---- */

void run_mark_reasons(struct run *r)
{
	struct run_session *s = r->session;
	struct err err = ERR_NONE;
	int rc = 0;

	if (!s->config.want_reasons || !r->plan.host_places || clock_is_virtual())
		return;
	if (!s->reasons)
		rc = reasons_open(&s->reasons, &err);
	if (rc >= 0)
		rc = reasons_mark(s->reasons, &err);
	r->reasons.known = rc >= 0;
	if (rc < 0)
		snprintf(r->reasons.why, sizeof(r->reasons.why), "%s", err.text);
}

void run_take_reasons(struct run *r)
{
	if (r->reasons.known)
		reasons_since(r->session->reasons, &r->reasons);
}

/* ---- the final ---- */

/* The values over the measure phase: sums are differences between its edges, all others are
 * taken at its end. */
static void subtract(const struct engine *engine, const uint64_t *from, const uint64_t *to, uint64_t *ret_value)
{
	unsigned counters = engine_counters(engine);

	for (unsigned i = 0; i < counters; i++)
		ret_value[i] = counter_is_level(engine_counter(engine, i)->kind) ? to[i] : to[i] - from[i];
}

/* How long the worker's measure phase was; 0: it never came to it. */
static int64_t worker_measured_ns(const struct run *r, unsigned i)
{
	const struct worker *w = &r->worker[i];

	if (!w->measure_from.at_ns)
		return 0;
	return (w->measure_to.at_ns ? w->measure_to.at_ns : r->sampler.now_ns) - w->measure_from.at_ns;
}

static void fill_worker(const struct run *r, struct run_final *f, unsigned i)
{
	const struct worker *w = &r->worker[i];
	/* A worker that never reached the end of the phase is measured up to now. */
	const uint64_t *to = w->measure_to.at_ns ? w->measure_to.value : r->sampler.value[i];
	struct hist since;

	if (!w->measure_from.at_ns)
		return;
	f->edge_ns[i] = worker_measured_ns(r, i);
	subtract(r->engine, w->measure_from.value, to, f->edge[i].value);
	subtract(r->engine, w->measure_from.value, r->sampler.value[i], f->settled[i].value);
	for (unsigned l = 0; l < r->sampler.latencies; l++)
		if (sampler_since_start(&r->sampler, i, l, &since)) {
			hist_summarise(&since, &f->edge[i].latency[l]);
			f->settled[i].latency[l] = f->edge[i].latency[l];
		}
}

/* Over the receiving workers, so that packets / seconds equals the reported rate. */
int64_t run_measured_ns(const struct run *r)
{
	int64_t sum = 0;
	unsigned workers = 0;

	for (unsigned i = 0; i < r->plan.workers; i++)
		if (r->plan.worker[i].role & r->plan.rx_roles) {
			sum += worker_measured_ns(r, i);
			workers++;
		}
	return workers ? sum / workers : 0;
}

/* It expected answers to what it sent, and nothing came. */
static bool never_answered(const struct run *r, const struct run_final *f)
{
	struct reading final = reading_of_final(r->info, f), whole = reading_drained(&final);
	const struct run_info *info = r->info;

	return info->expects_answers &&
	       (info->engine->reliable || reading_sum(&whole, -1, info->tx_roles, COUNTER_TX_PACKETS).value) &&
	       !reading_sum(&whole, -1, info->rx_roles, COUNTER_RX_BYTES).value &&
	       !reading_sum(&whole, -1, info->rx_roles, COUNTER_RX_PACKETS).value;
}

static void final_fill(const struct run *r, struct run_final *f)
{
	for (unsigned i = 0; i < f->workers; i++)
		fill_worker(r, f, i);
	for (unsigned l = 0; l < r->sampler.latencies; l++)
		sampler_total(&r->sampler, l, &f->total[l]);
	f->measured_ns = run_measured_ns(r);
	f->net_from = r->net_from;
	f->net_to = r->net_to;
	f->reasons = r->reasons;
	f->silent_ns = r->watch.silent_ns;
	f->away_ns = r->watch.away_ns;
	f->never_answered = never_answered(r, f);
	for (unsigned i = 0; i < r->opened && !f->refusal; i++)
		f->refusal = atomic_load_explicit(&r->worker[i].status->refusal, memory_order_relaxed);
}

static bool final_allocate(struct run_final *f, unsigned workers, unsigned latencies)
{
	f->workers = workers;
	f->edge = calloc(workers, sizeof(*f->edge));
	f->edge_ns = calloc(workers, sizeof(*f->edge_ns));
	f->settled = calloc(workers, sizeof(*f->settled));
	f->total = latencies ? calloc(latencies, sizeof(*f->total)) : NULL;
	return f->edge && f->edge_ns && f->settled && (f->total || !latencies);
}

struct update *run_new_ending(const struct run *r)
{
	struct update *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	*u = (struct update){ .kind = UPDATE_FINAL, .run_id = r->id, .final = calloc(1, sizeof(*u->final)) };
	if (u->final && final_allocate(u->final, r->plan.workers, engine_latencies(r->engine)))
		return u;
	update_free(u);
	return NULL;
}

struct run_final *run_make_final(const struct run *r, enum phase how)
{
	struct run_final *f = r->ending->final;

	r->ending->at_ns = clock_run_ns();
	f->run_id = r->id;
	f->how = how;
	f->err = r->err;
	f->interrupted = r->interrupted;
	f->suspended_ns = r->suspended_ns;
	f->held_ns = r->held_ns;
	f->load = r->plan.load_name ? r->load : 0;
	if (r->measured)
		final_fill(r, f);
	else
		snprintf(f->net_from.why, sizeof(f->net_from.why), "nothing was measured");
	return f;
}
