/* Boards made by hand.  See boards.h. */
#include "boards.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../support/toy.h"
#include "base/clock.h"

static const struct latency_def bulk_latencies[] = {
	{ .name = "delivery", .title = "delivery", .since = "send", .roles = ROLE_BOTH, .help = "one way" },
	{ 0 },
};

/* One way only, and a mode that no tab shows. */
static struct engine bulk_engine, hidden_engine;

static void make_engines(void)
{
	bulk_engine = hidden_engine = engine_toy;
	bulk_engine.name = bulk_engine.title = "bulk";
	bulk_engine.reliable = bulk_engine.headline_bytes = true;
	bulk_engine.packets = "blocks";
	bulk_engine.packet_rate = "blk/s";
	bulk_engine.latencies = bulk_latencies;
	hidden_engine.name = hidden_engine.title = "secret";
	hidden_engine.hidden = true;
}

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "boards: %s failed\n", what);
	abort();
}

static void take(struct made *m, struct update *u)
{
	u->at_ns = m->now_ns;
	history_take(m->history, u);
}

static struct update *update_new(const struct made *m, enum update_kind kind)
{
	struct update *u = calloc(1, sizeof(*u));

	must(u, "calloc");
	u->kind = kind;
	u->run_id = m->run_id;
	return u;
}

static void open_mode(struct board_mode *mode, const struct engine *engine)
{
	struct err err = ERR_NONE;

	mode->engine = engine;
	must(options_init(&mode->options, engine, &err) == 0, err.text);
	if (!engine->built)
		return;
	mode->methods = 2;
	mode->method = calloc(2, sizeof(mode->method[0]));
	must(mode->method, "calloc");
	mode->method[0] = (struct board_method){ .method = &toy_slow, .runs = true };
	mode->method[1] = (struct board_method){ .method = &toy_fast, .runs = false, .why = "needs what is not here" };
}

void made_open(struct made *m, unsigned servers, unsigned clients)
{
	made_open_with(m, &engine_toy, servers, clients);
}

void made_open_with(struct made *m, const struct engine *engine, unsigned servers, unsigned clients)
{
	struct err err = ERR_NONE;

	make_engines();
	*m = (struct made){ .engine = engine,
		.ran = toy_slow.name,
		.servers = servers,
		.clients = clients,
		.now_ns = 10ll * NS_PER_S,
		.loses_at = TOY_SERVER_DROPS };
	clock_virtual_set(m->now_ns);
	must(history_new(NULL, &m->history, &err) == 0, err.text);
	open_mode(&m->mode[0], engine);
	open_mode(&m->mode[1], &engine_later);
	open_mode(&m->mode[2], &hidden_engine);
	m->board = (struct board){
		.mode = m->mode, .modes = 3, .history = m->history, .hide_cost = true, .load = 16, .load_min = 1, .load_max = 1024
	};
	m->board.capture_options = (struct capture_options){ .sample_1_in = 1, .snaplen_bytes = 96, .limit_bytes = 100000000 };
}

void made_close(struct made *m)
{
	history_free(m->history);
	for (unsigned i = 0; i < m->board.modes; i++) {
		options_free(&m->mode[i].options);
		free(m->mode[i].method);
	}
}

/* As the modes' plans have it where the other end is elsewhere: what comes and goes is counted
 * here. */
static void servers_alone(const struct made *m, struct run_info *info)
{
	bool answers = !m->own_ledger && !m->fans_out && !m->bulk;

	info->role = ROLE_SERVER;
	info->tx_roles = info->rx_roles = ROLE_SERVER;
	info->flying = 0;
	info->told = m->bulk;
	info->tx_ledger = answers ? LEDGER_RECEIVED : LEDGER_NONE;
	info->rx_ledger = answers ? LEDGER_SENT : m->fans_out ? LEDGER_RECEIVED : LEDGER_NONE;
}

void made_run(struct made *m, bool closed_loop)
{
	struct update *u;
	struct run_info *info = calloc(1, sizeof(*info));
	struct err err = ERR_NONE;

	must(info, "calloc");
	m->run_id++;
	u = update_new(m, UPDATE_RUN);
	*info = (struct run_info){ .id = m->run_id,
		.engine = m->bulk && m->engine == &engine_toy ? &bulk_engine : m->engine,
		.method = &toy_slow,
		.path = "loopback",
		.interface = "lo",
		.role = ROLE_BOTH,
		.tx_roles = m->bulk ? ROLE_SERVER : ROLE_CLIENT,
		.rx_roles = m->fans_out ? ROLE_SERVER : ROLE_CLIENT,
		.flying = m->bulk ? ROLE_SERVER : ROLE_CLIENT,
		.tx_ledger = m->own_ledger || m->fans_out ? LEDGER_NONE : LEDGER_SENT,
		.rx_ledger = m->own_ledger ? LEDGER_NONE : LEDGER_RECEIVED,
		.wire_overhead_bytes = 42,
		.closed_loop = closed_loop,
		.load_name = m->engine == &engine_toy ? "window" : NULL,
		.load = 16,
		.started_ns = m->now_ns,
		.started_wall_ns = clock_wall_of(m->now_ns),
		.warmup_ns = NS_PER_S,
		.interval_ns = NS_PER_S,
		.workers = m->servers + m->clients };
	if (!m->clients)
		servers_alone(m, info);
	snprintf(info->ran, sizeof(info->ran), "%s", m->ran);
	must(options_copy(&info->options, &m->mode[0].options, &err) == 0, err.text);
	info->worker = calloc(info->workers, sizeof(info->worker[0]));
	must(info->worker, "calloc");
	for (unsigned i = 0; i < info->workers; i++) {
		bool server = i < m->servers;

		info->worker[i] = (struct run_worker){ .role = server ? ROLE_SERVER : ROLE_CLIENT,
			.index = server ? i : i - m->servers,
			.cpu = m->shares_cpus ? !server : (int)i,
			.shares_cpu = m->shares_cpus,
			.pinned = true,
			.unknown = (uint64_t)1 << COUNTER_CYCLES,
			.unknown_why = "no hardware counters here" };
	}
	u->run = info;
	take(m, u);
	m->board.run_wanted = true;
}

static void fill_worker(
	const struct made *m, struct worker_sample *w, const struct worker_sample *before, unsigned i, double factor)
{
	bool server = i < m->servers;
	double share = server && m->clients ? (double)m->clients / m->servers : 1;
	uint64_t n = (uint64_t)(MADE_PPS / 10.0 * factor * share);

	if (before)
		*w = *before;
	w->value[COUNTER_TX_PACKETS] += m->bulk && !server ? 0 : n;
	w->value[COUNTER_RX_PACKETS] += m->bulk && server ? 0 : n;
	if (i == 0 && m->loses_at)
		w->value[m->loses_at] += m->loss;
	if (i == (m->bulk ? 0 : m->servers) && m->loses_at)
		w->value[COUNTER_TX_PACKETS] += m->loss;
	w->value[COUNTER_TX_BYTES] += m->bulk && !server ? 0 : 80 * n;
	w->value[COUNTER_RX_BYTES] += m->bulk && server ? 0 : 80 * n;
	w->value[COUNTER_SYSCALLS] += n / 10;
	w->value[COUNTER_CPU_USER_NS] += 10 * NS_PER_MS;
	w->value[COUNTER_CPU_SYSTEM_NS] += 40 * NS_PER_MS;
	w->value[COUNTER_OBSERVED_NS] += 100 * NS_PER_MS;
	if (!server)
		w->latency[0] = (struct latency_summary){ .count = n * 10,
			.mean_ns = 20000,
			.min_ns = 9000,
			.p50_ns = 18200 + 100 * (int64_t)i,
			.p75_ns = 21000,
			.p90_ns = 27300,
			.p95_ns = 33800,
			.p99_ns = 45000 + 1000 * (int64_t)i,
			.p99_9_ns = 131000,
			.p99_99_ns = 604000,
			.max_ns = 902000 };
	if (m->fill)
		m->fill(m, w, i);
}

static void fill_heat(struct sample *s, double factor)
{
	for (unsigned i = 56; i < 64; i++)
		s->heat[i] = (uint32_t)(100 * factor);
	s->total = calloc(LATENCIES_MAX, sizeof(s->total[0]));
	must(s->total, "calloc");
	s->total[0].bucket[hist_index(18200)] = s->sequence * 100;
	s->total[0].bucket[hist_index(902000)] = s->sequence;
	s->total[0].count = s->sequence * 101;
}

void made_ticks(struct made *m, unsigned ticks, enum phase phase, double factor)
{
	unsigned workers = m->servers + m->clients;
	struct update *change = update_new(m, UPDATE_PHASE);

	change->phase = phase;
	take(m, change);
	for (unsigned t = 0; t < ticks; t++) {
		const struct sample *before = history_fine(m->history, 0), *start = history_measure_start(m->history, m->run_id);
		struct sample *s = sample_new(workers);
		struct update *u = update_new(m, UPDATE_SAMPLE);

		must(s, "sample_new");
		m->now_ns += 100 * NS_PER_MS;
		s->sequence = ++m->sequence;
		s->run_id = m->run_id;
		s->phase = phase;
		s->at_ns = m->now_ns;
		s->window_ns = NS_PER_S;
		s->measured_ns = start ? m->now_ns - start->at_ns : 0;
		s->is_interval = start && s->measured_ns && s->measured_ns % NS_PER_S == 0;
		s->interval_s = 1;
		s->suspended_ns = m->suspended_ns;
		for (unsigned i = 0; i < workers; i++)
			fill_worker(
				m, &s->worker[i], before && before->run_id == m->run_id ? &before->worker[i] : NULL, i, factor);
		if (m->clients)
			memcpy(s->merged, s->worker[m->servers].latency, sizeof(s->merged));
		fill_heat(s, factor);
		s->details = m->details && s->sequence % 10 == 0 ? m->details(m) : NULL;
		s->stages = m->stages && s->sequence % 10 == 0 ? m->stages(m) : NULL;
		u->sample = s;
		take(m, u);
	}
	clock_virtual_set(m->now_ns);
}

void made_silence(struct made *m, int64_t ns)
{
	m->now_ns += ns;
	clock_virtual_set(m->now_ns);
}

void made_event(struct made *m, enum severity severity, const char *text)
{
	struct update *u = update_new(m, UPDATE_EVENT);

	u->event.severity = severity;
	snprintf(u->event.text, sizeof(u->event.text), "%s", text);
	take(m, u);
}

void made_final(struct made *m)
{
	struct update *u = update_new(m, UPDATE_FINAL);
	struct run_final *f = calloc(1, sizeof(*f));
	const struct sample *s = history_fine(m->history, 0), *start = history_measure_start(m->history, m->run_id);

	must(f && s && start, "final");
	f->run_id = m->run_id;
	f->how = PHASE_DONE;
	f->workers = s->workers;
	f->measured_ns = s->at_ns - start->at_ns;
	f->edge = calloc(s->workers, sizeof(f->edge[0]));
	f->settled = calloc(s->workers, sizeof(f->settled[0]));
	f->edge_ns = calloc(s->workers, sizeof(f->edge_ns[0]));
	f->total = calloc(LATENCIES_MAX, sizeof(f->total[0]));
	must(f->edge && f->settled && f->edge_ns && f->total, "calloc");
	for (unsigned i = 0; i < s->workers; i++) {
		f->edge_ns[i] = f->measured_ns;
		f->edge[i] = s->worker[i];
		for (unsigned c = 0; c < COUNTERS_MAX; c++)
			f->edge[i].value[c] -= start->worker[i].value[c];
		f->settled[i] = f->edge[i];
	}
	f->total[0] = s->total[0];
	u->final = f;
	take(m, u);
	m->board.run_wanted = false;
}

/* ---- requests ---- */

static int answer(struct made_calls *c, enum made_call call, int argument, struct err *err)
{
	c->count[call]++;
	c->last = argument;
	return c->fail ? err_say(err, EBUSY, "asked in vain") : 0;
}

static void on_pump(void *ctx)
{
	((struct made_calls *)ctx)->count[CALL_PUMP]++;
}

static int on_run(void *ctx, bool on, struct err *err)
{
	return answer(ctx, CALL_RUN, on, err);
}

static int on_mode(void *ctx, unsigned mode, struct err *err)
{
	return answer(ctx, CALL_MODE, (int)mode, err);
}

static int on_method(void *ctx, int step, struct err *err)
{
	return answer(ctx, CALL_METHOD, step, err);
}

static int on_path(void *ctx, int step, struct err *err)
{
	return answer(ctx, CALL_PATH, step, err);
}

static int on_load(void *ctx, int direction, struct err *err)
{
	return answer(ctx, CALL_LOAD, direction, err);
}

static int on_base(void *ctx, uint32_t run_id, struct err *err)
{
	return answer(ctx, CALL_BASE, (int)run_id, err);
}

static int on_duel(void *ctx, bool on, struct err *err)
{
	return answer(ctx, CALL_DUEL, on, err);
}

static int on_apply(void *ctx, const struct options *options, struct err *err)
{
	return answer(ctx, CALL_APPLY, (int)options->count, err);
}

static int on_snapshot(void *ctx, const struct ui_picture *picture, char *ret_path, size_t size, struct err *err)
{
	snprintf(ret_path, size, "/some/where");
	return answer(ctx, CALL_SNAPSHOT, picture->text && picture->svg, err);
}

static int on_capture(void *ctx, bool on, struct err *err)
{
	return answer(ctx, CALL_CAPTURE, on, err);
}

static int on_capture_options(void *ctx, const struct capture_options *options, struct err *err)
{
	return answer(ctx, CALL_CAPTURE_OPTIONS, (int)options->snaplen_bytes, err);
}

static void on_keep(void *ctx, const char *name, const char *value)
{
	answer(ctx, CALL_KEEP, name[0] && value[0], NULL);
}

void made_requests(struct made_calls *calls, struct ui_requests *ret_requests)
{
	*calls = (struct made_calls){ 0 };
	*ret_requests = (struct ui_requests){ calls, on_pump, on_run, on_mode, on_method, on_path, on_load, on_base, on_duel,
		on_apply, on_snapshot, on_capture, on_capture_options, on_keep };
}
