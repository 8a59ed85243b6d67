/* Mode null: no I/O.  Its workers make up packets and latencies from --seed at --rate, so that
 * everything above the engines can be seen, tested and measured without a network.
 *
 * Method count is a function of the run clock: what a worker has counted at an instant depends
 * on nothing but the options, so on the virtual clock every sample is the same to the byte.  It
 * costs next to nothing at any rate.  Method full turns the worker's loop once for every packet:
 * what that reaches is the cost of the harness itself. */
#include "engines/null/null.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/rng.h"
#include "engines/null/worker.h"
#include "run/worker.h"
#include "mode/in_force.h"

enum {
	PACKET_BYTES = 80,
	WIRE_BYTES = 42,
	FLYING = 32, /* packets in flight per client while it sends */
	/* latencies recorded a second: 2000 a tick, whatever the rate */
	RECORDS_PER_WORKER = 20000,
	BURST = 32,              /* packets per made-up system call */
	STEP_NS = 5 * NS_PER_MS, /* between two looks at the clock */
	/* of so many; more look less often, so that a thousand do not fill the machine */
	STEP_WORKERS = 64,
	BURST_PART = 10, /* bursts of loss fill this part of --loss-every */
};

static const uint64_t rate_most = 10ull * 1000 * 1000 * 1000;

/* ---- the schedule ---- */

static bool sends(const struct worker *w)
{
	return w->phase == PHASE_WARMUP || w->phase == PHASE_MEASURE;
}

static uint64_t packets_in(uint64_t rate, int64_t ns)
{
	return (uint64_t)((unsigned __int128)rate * (uint64_t)ns / NS_PER_S);
}

uint64_t null_share(const struct null_worker *s, uint64_t n)
{
	return (n + s->siblings - 1 - s->index) / s->siblings;
}

/* Time spent in bursts of loss, stretched so that in the long run as much is lost as without
 * bursts. */
static int64_t lossy_ns(const struct null_worker *s, int64_t ns)
{
	int64_t burst = s->loss_every_ns / BURST_PART;
	int64_t within;

	if (!burst)
		return ns;
	within = ns % s->loss_every_ns;
	return (ns / s->loss_every_ns * burst + (within < burst ? within : burst)) * BURST_PART;
}

static void set_rate(struct null_worker *s, uint64_t rate, int64_t now_ns)
{
	s->rate = rate;
	s->origin_ns = now_ns;
	s->before = s->due;
	s->lost_before = s->lost;
	s->stride = rate / s->siblings / RECORDS_PER_WORKER + 1;
}

/* ---- latencies ---- */

/* -log2 of a random number in (0, 1], in 1/65536: an exponential distribution, in integers so
 * that it is the same everywhere. */
static uint64_t exponential(uint32_t random)
{
	uint64_t r = (uint64_t)random + 1;
	unsigned top = 63u - (unsigned)__builtin_clzll(r);
	uint64_t within = ((r << 16) >> top) & 0xffff;

	return ((32u - top) << 16) - within;
}

int64_t null_latency(const struct null_worker *s, uint64_t packet)
{
	uint64_t r = rng_mix(s->seed + rng_mix(packet + ((uint64_t)s->index << 48)));
	uint64_t ns = 9 * NS_PER_US + (exponential((uint32_t)r) * 6 * NS_PER_US >> 16);

	if (r >> 55 == 0)
		ns += exponential((uint32_t)(r >> 23)) * 60 * NS_PER_US >> 16;
	return (int64_t)ns;
}

static void null_record(struct worker *w, struct null_worker *s)
{
	for (; w->latency[0] && s->next_record < s->home; s->next_record += s->stride)
		histogram_record(w->latency[0], null_latency(s, s->next_record));
}

/* ---- method count ---- */

static void receive_up_to(struct worker *w, struct null_worker *s, uint64_t home)
{
	if (home <= s->home)
		return;
	worker_count(w, COUNTER_RX_PACKETS, home - s->home);
	worker_count(w, COUNTER_RX_BYTES, (home - s->home) * PACKET_BYTES);
	s->home = home;
	null_record(w, s);
}

static void lose(struct worker *w, struct null_worker *s, int64_t now_ns, uint64_t sent)
{
	uint64_t target = s->lost_before +
			  null_share(s, packets_in(s->rate, lossy_ns(s, now_ns - s->origin_ns)) * s->loss_ppm / 1000000);
	uint64_t lost = target > s->lost ? target - s->lost : 0;

	if (lost > sent)
		lost = sent;
	/* One in four at the socket, counted over the whole run. */
	uint64_t at_socket = (s->lost + lost) / 4 - s->lost / 4;
	worker_count(w, COUNTER_LOST_SOCKET, at_socket);
	worker_count(w, COUNTER_LOST_NETWORK, lost - at_socket);
	s->lost += lost;
}

static void step_client(struct worker *w, struct null_worker *s, int64_t now_ns, uint64_t sent)
{
	worker_count(w, COUNTER_SCHEDULED, sent);
	lose(w, s, now_ns, sent);
	uint64_t arriving = s->due - s->lost;
	receive_up_to(w, s, arriving > FLYING ? arriving - FLYING : 0);
	counter_set(w->counters, COUNTER_IN_FLIGHT, arriving - s->home);
}

/* Everything that is due by now has been sent; calling it twice at one instant changes nothing. */
static void step(struct worker *w, struct null_worker *s)
{
	int64_t now_ns = clock_run_ns();
	uint64_t due, sent;

	if (!sends(w) || s->full)
		return;
	due = s->before + null_share(s, packets_in(s->rate, now_ns - s->origin_ns));
	sent = due > s->due ? due - s->due : 0;
	s->due += sent;
	worker_count(w, COUNTER_TX_PACKETS, sent);
	worker_count(w, COUNTER_TX_BYTES, sent * PACKET_BYTES);
	if (w->self->role == ROLE_CLIENT)
		step_client(w, s, now_ns, sent);
	else
		receive_up_to(w, s, s->due);
	counter_set(w->counters, COUNTER_SYSCALLS, 2 * (s->due / BURST));
	if (worker_load(w) != s->rate)
		set_rate(s, worker_load(w), now_ns);
	w->wait.until_ns = now_ns + STEP_NS * (1 + w->plan->workers / STEP_WORKERS);
}

/* ---- method full ---- */

static int turn(struct worker *w, struct null_worker *s)
{
	int64_t now_ns = clock_now_ns();

	worker_count(w, COUNTER_TX_PACKETS, 1);
	worker_count(w, COUNTER_TX_BYTES, PACKET_BYTES);
	worker_count(w, COUNTER_RX_PACKETS, 1);
	worker_count(w, COUNTER_RX_BYTES, PACKET_BYTES);
	if (w->latency[0])
		histogram_record(w->latency[0], now_ns - s->last_ns);
	s->last_ns = now_ns;
	return 1;
}

static void observe_full(struct worker *w)
{
	struct rusage u;

	if (getrusage(RUSAGE_THREAD, &u) < 0)
		return;
	counter_set(w->counters, COUNTER_CPU_USER_NS,
		(uint64_t)u.ru_utime.tv_sec * NS_PER_S + (uint64_t)u.ru_utime.tv_usec * NS_PER_US);
	counter_set(w->counters, COUNTER_CPU_SYSTEM_NS,
		(uint64_t)u.ru_stime.tv_sec * NS_PER_S + (uint64_t)u.ru_stime.tv_usec * NS_PER_US);
	counter_set(w->counters, COUNTER_CTX_VOLUNTARY, (uint64_t)u.ru_nvcsw);
	counter_set(w->counters, COUNTER_CTX_INVOLUNTARY, (uint64_t)u.ru_nivcsw);
}

/* ---- the engine's operations ---- */

static int null_poll(struct worker *w, struct err *err)
{
	struct null_worker *s = w->state;

	(void)err;
	if (s->full)
		return turn(w, s);
	step(w, s);
	return 0;
}

static int null_drain(struct worker *w, struct err *err)
{
	(void)w;
	(void)err;
	return 0;
}

static int null_enter(struct worker *w, enum phase phase, struct err *err)
{
	struct null_worker *s = w->state;

	(void)phase;
	(void)err;
	s->last_ns = clock_now_ns();
	if (sends(w)) {
		set_rate(s, worker_load(w), w->phase_ns);
	} else if (!s->full && w->self->role == ROLE_CLIENT) {
		/* Home before the phase is acknowledged: what comes later would depend on real
		 * time. */
		receive_up_to(w, s, s->due - s->lost);
		counter_set(w->counters, COUNTER_IN_FLIGHT, 0);
	}
	null_step_rows(w, s);
	return 0;
}

/* CPU time as a busy worker would have used it, and a little different on each. */
static int null_observe(struct worker *w, struct err *err)
{
	struct null_worker *s = w->state;
	uint64_t elapsed_ns = (uint64_t)(clock_run_ns() - s->opened_ns);
	uint64_t busy_ns = elapsed_ns / 100 * ((w->self->role == ROLE_CLIENT ? 97 : 95) - s->index % 4);

	(void)err;
	if (s->full) {
		observe_full(w);
		return 0;
	}
	step(w, s);
	null_step_rows(w, s);
	counter_set(w->counters, COUNTER_CPU_USER_NS, busy_ns / 5);
	counter_set(w->counters, COUNTER_CPU_SYSTEM_NS, busy_ns - busy_ns / 5);
	counter_set(w->counters, COUNTER_HELPER_CPU_NS, elapsed_ns / 10 * s->helpers);
	counter_set(w->counters, COUNTER_CTX_VOLUNTARY, elapsed_ns / (20 * NS_PER_MS));
	counter_set(w->counters, COUNTER_CTX_INVOLUNTARY, elapsed_ns / (90 * NS_PER_MS));
	return 0;
}

static unsigned siblings_of(const struct worker *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->plan->workers; i++)
		n += w->plan->worker[i].role == w->self->role;
	return n;
}

static void hide_hardware(struct worker *w)
{
	static const unsigned none[] = { COUNTER_CYCLES, COUNTER_INSTRUCTIONS, COUNTER_L1D_MISSES, COUNTER_LLC_MISSES,
		COUNTER_BRANCH_MISSES, COUNTER_PERF_UNSEEN_NS };

	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		w->unknown |= (uint64_t)1 << none[i];
	strcpy(w->unknown_why, "mode null makes up no hardware counters");
}

static bool is_full(const struct worker *w)
{
	return !strcmp(w->self->method->name, "full");
}

static int null_open(struct worker *w, struct err *err)
{
	/* All state there is, for all workers: allocated by plan(). */
	struct null_worker *s = (struct null_worker *)w->plan->shared + (w->self - w->plan->worker);

	w->state = s;
	s->full = is_full(w);
	s->index = w->self->index;
	s->siblings = siblings_of(w);
	s->seed = rng_mix((uint64_t)options_number(w->options, "seed"));
	s->loss_ppm = (uint64_t)options_number(w->options, "loss-ppm");
	s->loss_every_ns = options_number(w->options, "loss-every");
	s->helpers = (uint64_t)options_number(w->options, "helpers");
	s->opened_ns = clock_run_ns();
	set_rate(s, w->plan->load, s->opened_ns);
	hide_hardware(w);
	if (s->full && w->self->cpu >= 0)
		w->pinned = cpu_pin_self(w->self->cpu, err) >= 0;
	if (s->full && w->self->cpu >= 0 && !w->pinned)
		return -err->code;
	return null_open_rows(w, s, err);
}

static void null_close(struct worker *w)
{
	struct null_worker *s = w->state;

	if (s)
		null_close_rows(s);
	w->state = NULL;
}

/* ---- the plan ---- */

static void plan_sides(const struct options *o, struct plan *plan)
{
	bool client = plan_role(o) & ROLE_CLIENT;

	plan->tx_roles = plan->rx_roles = client ? ROLE_CLIENT : ROLE_SERVER;
	plan->quiet_first = plan->flying = client ? ROLE_CLIENT : 0;
	plan->tx_ledger = client ? LEDGER_SENT : LEDGER_RECEIVED;
	plan->rx_ledger = client ? LEDGER_RECEIVED : LEDGER_SENT;
	plan->wire_overhead_bytes = WIRE_BYTES;
	snprintf(plan->peer, sizeof(plan->peer), "nobody");
}

static void null_plan_load(const struct options *o, bool full, struct plan *plan)
{
	plan->load = (uint64_t)options_number(o, "rate");
	plan->closed_loop = full;
	plan->wait = full ? WAIT_SPIN : WAIT_BLOCK;
	if (full)
		return;
	plan->load_name = "rate";
	plan->load_min = 1;
	plan->load_max = rate_most;
}

/* Method full needs time to pass by itself. */
static const struct method *method_that_runs(const struct engine *e, const struct method *asked, struct plan *plan)
{
	if (strcmp(asked->name, "full") || !clock_is_virtual())
		return asked;
	plan_note(plan, "method full does not run on the virtual clock: method count runs instead");
	return engine_find_method(e, "count");
}

static int null_plan(const struct options *o, struct plan *plan, struct err *err)
{
	const struct method *method;
	int rc = plan_method(&engine_null, o, plan_role(o), &method, err);
	bool full;

	if (rc < 0)
		return rc;
	method = method_that_runs(&engine_null, method, plan);
	full = !strcmp(method->name, "full");
	rc = plan_place(o, !full, plan, err);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < plan->workers; i++)
		plan->worker[i].method = method;
	plan_sides(o, plan);
	null_plan_load(o, full, plan);
	snprintf(plan->ran, sizeof(plan->ran), "%s", method->name);
	plan->shared = calloc(plan->workers, sizeof(struct null_worker));
	return plan->shared ? 0 : err_sys(err, ENOMEM, "plan null workers");
}

static void null_release(struct plan *plan)
{
	free(plan->shared);
	plan->shared = NULL;
}

/* ---- tables ---- */

static const struct method method_count = {
	.name = "count",
	.summary = "counters follow the schedule, at no cost",
};

static const struct method method_full = {
	.name = "full",
	.summary = "one turn of the worker's loop per packet, as fast as it goes: what the harness itself costs",
};

static const struct method *const methods[] = { &method_count, &method_full, NULL };

enum { FORM = OPTION_RESTART | OPTION_RESULT | OPTION_FORM };

static const struct option_def options[] = {
	{ .name = "rate",
		.type = OPTION_COUNT,
		.flags = FORM | OPTION_RATE,
		.key = "rate_pps",
		.value_name = "PPS",
		.default_text = "1M",
		.min = 1,
		.max = 10ll * 1000 * 1000 * 1000,
		.help = "made-up packets per second of all clients (method count)" },
	{ .name = "loss-ppm",
		.type = OPTION_COUNT,
		.flags = FORM,
		.key = "loss_ppm",
		.value_name = "PPM",
		.default_text = "0",
		.min = 0,
		.max = 1000000,
		.help = "made-up loss, in packets of a million (method count)" },
	{ .name = "loss-every",
		.type = OPTION_DURATION,
		.flags = FORM,
		.key = "loss_every_s",
		.value_name = "TIME",
		.default_text = "",
		.min = 100ll * NS_PER_MS,
		.max = 3600ll * NS_PER_S,
		.unset_ok = true,
		.help = "loss comes in bursts that fill a tenth of this time (default: evenly)" },
	{ .name = "helpers",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "",
		.min = 0,
		.max = WORKER_HELPERS,
		.unset_ok = true,
		.help = "made-up helper threads per worker, each busy for a tenth of the time (method count; default: none)" },
	{ .name = "rows",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "",
		.min = 0,
		.max = 10000,
		.unset_ok = true,
		.help = "made-up rows, as if there were so many connections (method count; default: none)" },
	{ 0 },
};

static bool null_is_full(const struct options *o)
{
	return !strcmp(options_text(o, "method"), "full");
}

static const struct option_rule null_rules[] = {
	{ "rate", null_is_full, "method full makes as many as it can" },
	{ "loss-ppm", null_is_full, "only method count makes losses" },
	{ "loss-every", null_is_full, "only method count makes losses" },
	{ "helpers", null_is_full, "only method count makes helpers" },
	{ "rows", null_is_full, "only method count makes rows" },
	{ 0 },
};

static const struct counter_def counters[] = {
	[COUNTER_LOST_NETWORK - COUNTER_OWN] = { .name = "lost_network",
		.title = "net lost",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.ledger = LEDGER_LOST,
		.place = "network",
		.place_title = "made-up network",
		.remedy = "made up by loss-ppm {loss-ppm} · F2 lowers it",
		.show = SHOW_TABLE | SHOW_DRILL | SHOW_SUM | SHOW_CORE,
		.help = "made-up packets that --loss-ppm lost on the way" },
	[COUNTER_LOST_SOCKET - COUNTER_OWN] = { .name = "lost_socket",
		.title = "rcvbuf",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.ledger = LEDGER_LOST,
		.place = "client_socket_buffer",
		.place_title = "client socket buffer",
		.remedy = "made up by loss-ppm {loss-ppm} · F2 lowers it",
		.show = SHOW_TABLE | SHOW_DRILL | SHOW_SUM | SHOW_CORE,
		.help = "made-up packets that --loss-ppm lost at the client, one in four of all lost" },
	[COUNTER_ROW_QUICKEST - COUNTER_OWN] = { .name = "row_quickest_ns",
		.title = "quickest",
		.unit = "ns",
		.kind = COUNTER_MIN,
		.roles = ROLE_BOTH,
		.show = SHOW_TABLE | SHOW_DRILL | SHOW_SUM | SHOW_CORE | SHOW_IF_ANY,
		.help = "the lowest made-up latency of a row" },
	[COUNTER_ROW_SLOWEST - COUNTER_OWN] = { .name = "row_slowest_ns",
		.title = "slowest",
		.unit = "ns",
		.kind = COUNTER_MAX,
		.roles = ROLE_BOTH,
		.show = SHOW_TABLE | SHOW_DRILL | SHOW_SUM | SHOW_CORE | SHOW_IF_ANY,
		.help = "the highest made-up latency of a row" },
	{ 0 },
};

static const struct figure_def figures[] = {
	{ .name = "syscalls_per_packet",
		.title = "sys/pkt",
		.unit = "calls",
		.numerator = { COUNTER_SYSCALLS, COUNTER_NONE },
		.denominator = COUNTER_TX_PACKETS,
		.scale = 1,
		.numerator_roles = ROLE_BOTH,
		.denominator_roles = ROLE_BOTH,
		.show = SHOW_DRILL | SHOW_SUM,
		.help = "made-up system calls per packet sent" },
	{ 0 },
};

static const struct latency_def latencies[] = {
	{ .name = "rtt",
		.title = "RTT",
		.since = "schedule",
		.roles = ROLE_CLIENT,
		.help = "made up; at most 20000 a second are recorded per worker.  Method full: time from packet to packet" },
	{ 0 },
};

const struct engine engine_null = {
	.name = "null",
	.title = "null",
	.summary = "no I/O: made-up packets, for tests and for what the harness itself costs",
	.built = true,
	.synthetic = true,
	.hidden = true,
	.packets = "packets",
	.options = options,
	.rules = null_rules,
	.counters = counters,
	.figures = figures,
	.latencies = latencies,
	.details = &null_details,
	.methods = methods,
	.plan = null_plan,
	.release = null_release,
	.open = null_open,
	.poll = null_poll,
	.drain = null_drain,
	.enter = null_enter,
	.observe = null_observe,
	.close = null_close,
};
