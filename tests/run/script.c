/* The scripted mode.  See script.h. */
#include "script.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "run/worker.h"

struct script script;

void script_reset(void)
{
	memset(&script, 0, sizeof(script));
	script.open_fails_at = -1;
	script.window = 8;
	script.answers = script.drains = true;
}

static int script_open(struct worker *w, struct err *err)
{
	int index = (int)(w->self - w->plan->worker);

	if (index == script.open_fails_at)
		return err_sys(err, EADDRINUSE, "bind 127.0.0.1:5000");
	if (script.hides_losses && w->self->role == ROLE_CLIENT) {
		w->unknown |= (uint64_t)1 << COUNTER_SCRIPT_LOST;
		snprintf(w->unknown_why, sizeof(w->unknown_why), "scripted");
	}
	snprintf(w->plan->peer, sizeof(w->plan->peer), "127.0.0.1:5000");
	script.opened++;
	script.pinned += w->pinned;
	return 0;
}

/* Everything in flight comes home, or one in ten does not. */
static void come_home(struct worker *w)
{
	uint64_t flying = counter_get(w->counters, COUNTER_IN_FLIGHT);
	uint64_t lost = script.loses_one_in_ten ? counter_get(w->counters, COUNTER_TX_PACKETS) / 10 -
							  counter_get(w->counters, COUNTER_SCRIPT_LOST)
						: 0;

	lost = lost < flying ? lost : flying;
	worker_count(w, COUNTER_SCRIPT_LOST, lost);
	worker_count(w, COUNTER_RX_PACKETS, flying - lost);
	for (uint64_t i = 0; i < flying - lost; i++)
		histogram_record(w->latency[0], 1000);
	counter_set(w->counters, COUNTER_IN_FLIGHT, 0);
}

static int send_some(struct worker *w)
{
	uint64_t flying = counter_get(w->counters, COUNTER_IN_FLIGHT);

	if (flying >= script.window)
		return 0;
	worker_count(w, COUNTER_TX_PACKETS, script.window - flying);
	counter_set(w->counters, COUNTER_IN_FLIGHT, script.window);
	/* As slow as an answer: a test needs packets, not many. */
	w->wait.until_ns = clock_now_ns() + NS_PER_MS;
	return script.no_wait;
}

static int script_poll(struct worker *w, struct err *err)
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
		come_home(w);
	return send_some(w);
}

static int script_drain(struct worker *w, struct err *err)
{
	(void)err;
	script.drains_called++;
	if (script.drains)
		come_home(w);
	return 0;
}

static int script_enter(struct worker *w, enum phase phase, struct err *err)
{
	(void)w;
	(void)err;
	script.entered[phase]++;
	return 0;
}

static int script_observe(struct worker *w, struct err *err)
{
	if (script.observe_fails && w->self->role == ROLE_CLIENT && w->phase == PHASE_MEASURE)
		return err_sys(err, ENOBUFS, "read socket drops");
	if (w->plan->load && worker_load(w) != w->plan->load)
		script.loads_seen = (int)worker_load(w);
	return 0;
}

static void script_close(struct worker *w)
{
	(void)w;
	script.closed++;
}

static int script_plan(const struct options *o, struct plan *plan, struct err *err)
{
	int rc = plan_place(o, false, plan, err);

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < plan->workers; i++)
		plan->worker[i].method = engine_script.methods[0];
	plan->tx_roles = plan->rx_roles = plan->quiet_first = plan->flying = ROLE_CLIENT;
	plan->tx_ledger = LEDGER_SENT;
	plan->rx_ledger = LEDGER_RECEIVED;
	plan->closed_loop = true;
	plan->expects_answers = script.expects_answers;
	plan->load_name = "window";
	plan->load = 8;
	plan->load_min = 1;
	plan->load_max = 1000;
	snprintf(plan->ran, sizeof(plan->ran), "%s", "scripted");
	plan_note(plan, "a note of the plan");
	return 0;
}

static void script_release(struct plan *plan)
{
	(void)plan;
	script.released++;
}

static bool runs(char *why, size_t size)
{
	(void)why;
	(void)size;
	return true;
}

static const struct method method_scripted = { .name = "scripted", .summary = "as the test says", .probe = runs };
static const struct method *const methods[] = { &method_scripted, NULL };

static const struct counter_def counters[] = {
	{ .name = "lost_script",
		.title = "lost",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.ledger = LEDGER_LOST,
		.place = "script",
		.place_title = "the script",
		.help = "lost by the script" },
	{ 0 },
};

static const struct latency_def latencies[] = {
	{ .name = "rtt", .title = "RTT", .since = "send", .roles = ROLE_CLIENT, .help = "always 1 us" },
	{ 0 },
};

const struct engine engine_script = {
	.name = "script",
	.title = "script",
	.summary = "does what a test says",
	.built = true,
	.packets = "packets",
	.counters = counters,
	.latencies = latencies,
	.methods = methods,
	.plan = script_plan,
	.release = script_release,
	.open = script_open,
	.poll = script_poll,
	.drain = script_drain,
	.enter = script_enter,
	.observe = script_observe,
	.close = script_close,
};
