/* The made-up mode.  See toy.h. */
#include "toy.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "run/worker.h"

/* ---- methods ---- */

static bool toy_does_not_run(char *why, size_t size)
{
	snprintf(why, size, "the moon is wrong");
	return false;
}

const struct method toy_never = { .name = "never", .summary = "not here", .probe = toy_does_not_run };
const struct method toy_slow = { .name = "slow", .summary = "a packet a call" };
const struct method toy_fast = { .name = "fast", .summary = "many packets a call" };
static const struct method toy_ring = METHOD_MISSING("ring", "all in one call", "libring", "libring-dev");
static const struct method *const toy_methods[] = { &toy_never, &toy_ring, &toy_slow, &toy_fast, NULL };

/* ---- operations ---- */

struct script script;

void script_reset(void)
{
	memset(&script, 0, sizeof(script));
	script.open_fails_at = -1;
	script.window = 8;
	script.answers = script.drains = true;
}

static int toy_open(struct worker *w, struct err *err)
{
	int index = (int)(w->self - w->plan->worker);

	if (index == script.open_fails_at)
		return err_sys(err, EADDRINUSE, "bind 127.0.0.1:5000");
	if (script.hides_losses && w->self->role == ROLE_CLIENT) {
		w->unknown |= (uint64_t)1 << TOY_LATE;
		snprintf(w->unknown_why, sizeof(w->unknown_why), "scripted");
	}
	snprintf(w->plan->peer, sizeof(w->plan->peer), "127.0.0.1:5000");
	script.opened++;
	script.pinned += w->pinned;
	return 0;
}

/* Everything in flight comes home, or one in ten does not. */
static void toy_come_home(struct worker *w)
{
	uint64_t flying = counter_get(w->counters, COUNTER_IN_FLIGHT);
	uint64_t lost = script.loses_one_in_ten
				? counter_get(w->counters, COUNTER_TX_PACKETS) / 10 - counter_get(w->counters, TOY_LATE)
				: 0;

	lost = lost < flying ? lost : flying;
	worker_count(w, TOY_LATE, lost);
	worker_count(w, COUNTER_RX_PACKETS, flying - lost);
	for (uint64_t i = 0; i < flying - lost; i++)
		histogram_record(w->latency[TOY_RTT], 1000);
	counter_set(w->counters, COUNTER_IN_FLIGHT, 0);
}

static int toy_send_some(struct worker *w)
{
	uint64_t flying = counter_get(w->counters, COUNTER_IN_FLIGHT);

	if (flying >= script.window)
		return 0;
	worker_count(w, COUNTER_TX_PACKETS, script.window - flying);
	counter_set(w->counters, COUNTER_IN_FLIGHT, script.window);
	/* An answer takes about as long; a test needs packets, but not many. */
	w->wait.until_ns = clock_now_ns() + NS_PER_MS;
	return script.no_wait;
}

static int toy_poll(struct worker *w, struct err *err)
{
	script.polls++;
	if (w->self->role != ROLE_CLIENT)
		return 0;
	if (atomic_exchange(&script.poll_fails, 0))
		return err_sys(err, EIO, "send to 127.0.0.1:5000");
	while (atomic_load(&script.block)) {
		atomic_store(&script.blocking, 1);
		sched_yield();
	}
	atomic_store(&script.blocking, 0);
	if (script.answers)
		toy_come_home(w);
	return toy_send_some(w);
}

static int toy_drain(struct worker *w, struct err *err)
{
	(void)err;
	script.drains_called++;
	if (script.drains)
		toy_come_home(w);
	return 0;
}

static int toy_enter(struct worker *w, enum phase phase, struct err *err)
{
	(void)w;
	(void)err;
	script.entered[phase]++;
	return 0;
}

static int toy_observe(struct worker *w, struct err *err)
{
	if (script.observe_fails && w->self->role == ROLE_CLIENT && w->phase == PHASE_MEASURE)
		return err_sys(err, ENOBUFS, "read socket drops");
	if (w->plan->load && worker_load(w) != w->plan->load)
		script.loads_seen = (int)worker_load(w);
	return 0;
}

static void toy_close(struct worker *w)
{
	(void)w;
	script.closed++;
}

static int toy_plan(const struct options *o, struct plan *plan, struct err *err)
{
	int rc = plan_place(o, false, plan, err);

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < plan->workers; i++)
		plan->worker[i].method = &toy_slow;
	plan->tx_roles = plan->rx_roles = plan->quiet_first = plan->flying = ROLE_CLIENT;
	plan->tx_ledger = LEDGER_SENT;
	plan->rx_ledger = LEDGER_RECEIVED;
	plan->closed_loop = true;
	plan->expects_answers = script.expects_answers;
	plan->load_name = "window";
	plan->load = 8;
	plan->load_min = 1;
	plan->load_max = 1000;
	snprintf(plan->ran, sizeof(plan->ran), "%s", toy_slow.name);
	plan_note(plan, "a note of the plan");
	return 0;
}

static void toy_release(struct plan *plan)
{
	(void)plan;
	script.released++;
}

/* ---- tables ---- */

static const char *const toy_kinds[] = { "round", "square", NULL };

static const struct option_def toy_options[] = {
	{ .name = "window",
		.type = OPTION_COUNT,
		.flags = OPTION_RESULT,
		.default_text = "64",
		.min = 1,
		.max = 4096,
		.help = "outstanding" },
	{ .name = "payload",
		.type = OPTION_SIZE,
		.flags = OPTION_RESULT,
		.key = "payload_bytes",
		.value_name = "BYTES",
		.default_text = "64",
		.max = 65479,
		.help = "payload" },
	{ .name = "size",
		.type = OPTION_SIZE,
		.flags = OPTION_RESULT,
		.key = "size_bytes",
		.default_text = "1K",
		.max = 1 << 30,
		.help = "size" },
	{ .name = "threads",
		.type = OPTION_COUNT,
		.flags = OPTION_RESULT,
		.default_text = "1",
		.min = 1,
		.max = 100000,
		.help = "threads" },
	{ .name = "rate",
		.type = OPTION_COUNT,
		.flags = OPTION_RESULT,
		.key = "rate_pps",
		.value_name = "MSGPS",
		.default_text = "",
		.min = 1,
		.max = 1000000,
		.unset_ok = true,
		.help = "messages/s" },
	{ .name = "pause",
		.type = OPTION_DURATION,
		.flags = OPTION_RESULT,
		.default_text = "",
		.max = NS_PER_S,
		.unset_ok = true,
		.help = "a pause" },
	{ .name = "kind",
		.type = OPTION_CHOICE,
		.flags = OPTION_RESULT,
		.value_name = "KIND",
		.choices = toy_kinds,
		.default_text = "round",
		.help = "kind" },
	{ .name = "verify", .type = OPTION_BOOL, .flags = OPTION_RESULT, .default_text = "no", .help = "look twice" },
	{ .name = "congestion", .type = OPTION_TEXT, .flags = OPTION_RESULT, .default_text = "", .help = "a text of the user" },
	{ .name = "label-text", .type = OPTION_TEXT, .flags = OPTION_RESULT, .default_text = "", .help = "another one" },
	{ .name = "peers", .type = OPTION_TEXT, .flags = OPTION_RESULT | OPTION_LIST, .default_text = "a,b", .help = "a list" },
	{ 0 },
};

#define COUNTER(index) [index - COUNTER_OWN]
enum { EVERYWHERE = SHOW_TABLE | SHOW_DRILL | SHOW_SUM | SHOW_CORE };

static const struct counter_def toy_counters[] = {
	COUNTER(TOY_SERVER_DROPS) = { .name = "server_socket_drops",
		.title = "lost",
		.unit = "packets",
		.roles = ROLE_SERVER,
		.ledger = LEDGER_LOST,
		.server_ledger = LEDGER_LOST_ARRIVING,
		.place = "server_socket_buffer",
		.place_title = "server socket buffer",
		.remedy = "full at rcvbuf {rcvbuf} · F2 raises it, rmem_max {rmem_max}",
		.show = EVERYWHERE,
		.help = "dropped at the server's socket" },
	COUNTER(TOY_MORE_SERVER_DROPS) = { .name = "more_server_drops",
		.title = "lost too",
		.unit = "packets",
		.roles = ROLE_SERVER,
		.ledger = LEDGER_LOST,
		.server_ledger = LEDGER_LOST_ARRIVING,
		.place = "server_socket_buffer",
		.place_title = "server socket buffer",
		.help = "dropped there as well" },
	COUNTER(TOY_CLIENT_DROPS) = { .name = "client_socket_drops",
		.title = "cli lost",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.ledger = LEDGER_LOST,
		.place = "client_socket_buffer",
		.place_title = "client socket buffer",
		.help = "dropped at the client's socket" },
	COUNTER(TOY_LATE) = { .name = "late",
		.title = "late",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.ledger = LEDGER_LOST,
		.place = "late",
		.place_title = "late",
		.show = SHOW_SUM | SHOW_CORE,
		.help = "answers after 1 s" },
	COUNTER(TOY_SEND_ERRORS) = { .name = "send_errors",
		.title = "errors",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.ledger = LEDGER_SENT,
		.help = "not taken by the kernel" },
	COUNTER(TOY_CARRIED) = { .name = "carried",
		.title = "carried",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.ledger = LEDGER_CARRIED,
		.help = "sent before the phase" },
	COUNTER(TOY_QUEUE) = { .name = "queue",
		.title = "queue",
		.unit = "packets",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_BOTH,
		.show = SHOW_DRILL | SHOW_CORE,
		.help = "queue" },
	COUNTER(TOY_WAITING) = { .name = "waiting",
		.title = "waiting",
		.unit = "peers",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_SERVER,
		.help = "peers that wait",
		.judgement = { .over = 1, .caution = "{} peers wait" } },
	COUNTER(TOY_LEAST) = { .name = "least_ns",
		.title = "least",
		.unit = "ns",
		.kind = COUNTER_MIN,
		.roles = ROLE_BOTH,
		.show = SHOW_DRILL | SHOW_CORE,
		.help = "the lowest" },
	COUNTER(TOY_MOST) = { .name = "most_ns",
		.title = "most",
		.unit = "ns",
		.kind = COUNTER_MAX,
		.roles = ROLE_BOTH,
		.show = SHOW_DRILL | SHOW_CORE,
		.help = "the highest" },
	COUNTER(TOY_DUPLICATES) = { .name = "duplicates",
		.title = "dup",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.show = SHOW_SUM,
		.help = "duplicates" },
	COUNTER(TOY_DAMAGED) = { .name = "damaged",
		.title = "damaged",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.help = "damaged",
		.judgement = { .reason = "{} packets were damaged" } },
	COUNTER(TOY_COPIED) = { .name = "copied",
		.title = "copied",
		.unit = "calls",
		.roles = ROLE_SERVER,
		.help = "sends that were copied" },
	COUNTER(TOY_SENDS) = { .name = "sends", .title = "sends", .unit = "calls", .roles = ROLE_SERVER, .help = "sends" },
	COUNTER(TOY_COUNTERS) = { 0 },
};
_Static_assert((int)TOY_COUNTERS < (int)COUNTERS_MAX, "the counters fit");

static const struct figure_def toy_figures[] = {
	{ .name = "syscalls_per_packet",
		.title = "sys/pkt",
		.unit = "",
		.numerator = { COUNTER_SYSCALLS, COUNTER_NONE },
		.denominator = COUNTER_RX_PACKETS,
		.scale = 1,
		.numerator_roles = ROLE_CLIENT,
		.denominator_roles = ROLE_CLIENT,
		.show = EVERYWHERE,
		.help = "system calls per answer" },
	{ .name = "answers_per_s",
		.title = "ans/s",
		.unit = "1/s",
		.numerator = { COUNTER_RX_PACKETS, TOY_LATE, COUNTER_NONE },
		.denominator = COUNTER_PER_SECOND,
		.scale = 1,
		.numerator_roles = ROLE_CLIENT,
		.show = SHOW_SUM,
		.help = "all answers" },
	{ .name = "cycles_per_packet",
		.title = "cyc/pkt",
		.unit = "",
		.numerator = { COUNTER_CYCLES, COUNTER_NONE },
		.denominator = COUNTER_RX_PACKETS,
		.scale = 1,
		.numerator_roles = ROLE_BOTH,
		.denominator_roles = ROLE_CLIENT,
		.show = SHOW_SUM,
		.help = "cycles" },
	{ .name = "copied_percent",
		.title = "copied %",
		.unit = "%",
		.numerator = { TOY_COPIED, COUNTER_NONE },
		.denominator = TOY_SENDS,
		.scale = 100,
		.numerator_roles = ROLE_SERVER,
		.denominator_roles = ROLE_SERVER,
		.help = "share of the sends that were copied",
		.judgement = { .over = 50, .caution = "{} % were copied" } },
	{ 0 },
};

static const struct latency_def toy_latencies[] = {
	[TOY_RTT] = { .name = "rtt", .title = "RTT", .since = "send", .roles = ROLE_CLIENT, .help = "round trip" },
	[TOY_SERVICE] = { .name = "service", .title = "SVC", .since = "receive", .roles = ROLE_SERVER, .help = "service time" },
	{ 0 },
};

static const struct detail_column toy_columns[] = {
	[TOY_ROW_SENT] = { .name = "sent", .title = "sent", .unit = "packets", .help = "sent" },
	[TOY_ROW_DEPTH] = { .name = "depth", .title = "depth", .unit = "packets", .kind = COUNTER_GAUGE, .help = "depth" },
	[TOY_ROW_LEAST] = { .name = "least_ns", .title = "least", .unit = "ns", .kind = COUNTER_MIN, .help = "the lowest" },
	[TOY_ROW_MOST] = { .name = "most_ns", .title = "most", .unit = "ns", .kind = COUNTER_MAX, .help = "the highest" },
	{ 0 },
};

static const struct detail_def toy_details = {
	.name = "toys", .title = "Toys", .roles = ROLE_BOTH, .columns = toy_columns, .sort = TOY_ROW_DEPTH
};

static const struct ledger_row toy_question_rows[] = {
	{ .side = LEDGER_SENT, .counter = COUNTER_TX_PACKETS, .roles = ROLE_CLIENT },
	{ .side = LEDGER_RECEIVED, .counter = COUNTER_RX_PACKETS, .roles = ROLE_SERVER },
	{ .side = LEDGER_IN_FLIGHT, .counter = COUNTER_IN_FLIGHT, .roles = ROLE_CLIENT },
	{ .side = LEDGER_LOST,
		.counter = TOY_SERVER_DROPS,
		.roles = ROLE_SERVER,
		.place = "socket",
		.place_title = "the server's socket" },
	{ 0 },
};

const struct ledger_def toy_questions = {
	.name = "questions", .received = "read by the server", .roles = ROLE_BOTH, .rows = toy_question_rows
};

const struct engine engine_toy = {
	.name = "toy",
	.title = "Toy",
	.summary = "a mode for tests",
	.built = true,
	.packets = "messages",
	.options = toy_options,
	.counters = toy_counters,
	.figures = toy_figures,
	.latencies = toy_latencies,
	.details = &toy_details,
	.methods = toy_methods,
	.plan = toy_plan,
	.release = toy_release,
	.open = toy_open,
	.poll = toy_poll,
	.drain = toy_drain,
	.enter = toy_enter,
	.observe = toy_observe,
	.close = toy_close,
};

const struct engine engine_later = { .name = "later", .title = "to come", .summary = "still to come" };
const struct engine *const toy_engines[] = { &engine_toy, &engine_later, NULL };
