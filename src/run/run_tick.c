/* A run's time: telling the workers, waiting for their answers, the tick and its samples.  See
 * run.h. */
#include "run/run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "mode/path.h"
#include "run/thread.h"

static const int64_t suspended_from_ns = 500 * NS_PER_MS;
/* No wake-up is so late on a machine that has time for this process. */
static const int64_t held_from_ns = 100 * NS_PER_MS;
static const int64_t shortest_interval_ns = 10 * NS_PER_MS;
static const int64_t settle_look_ns = NS_PER_MS / 2; /* between two looks at what is in flight */
/* the longest drain while the next run waits */
static const int64_t hurry_ns = 200 * NS_PER_MS;
enum {
	ANSWER_POLL_MS = 10,
	ANSWER_POLLS = 1000, /* of a worker that is alive: a burst takes microseconds */
	LOOK_MS = 50,        /* at a worker that has not answered */
	NET_EVERY_TICKS = 5,
};

/* ---- workers' answers ---- */

/* The first error of a worker: 0, or -errno with r->err. */
static int run_check(struct run *r)
{
	for (unsigned i = 0; i < r->opened; i++) {
		int error = atomic_load_explicit(&r->worker[i].status->error, memory_order_acquire);

		if (error)
			return err_say(&r->err, error, "%s", r->worker[i].err.text);
	}
	return 0;
}

/* One that has been in MEASURE may have ended it by itself before anybody looked. */
static bool has_phase(const struct worker *w, uint32_t phase)
{
	uint32_t now = atomic_load_explicit(&w->status->phase, memory_order_acquire);

	return now == phase || (phase == PHASE_MEASURE && now == PHASE_DRAIN);
}

static bool has_tick(const struct worker *w, uint32_t tick)
{
	return atomic_load_explicit(&w->status->tick, memory_order_acquire) == tick;
}

static struct worker *first_without(
	const struct run *r, unsigned roles, bool (*has)(const struct worker *, uint32_t), uint32_t what)
{
	for (unsigned i = 0; i < r->opened; i++)
		if (r->worker[i].self->role & roles && !has(&r->worker[i], what))
			return &r->worker[i];
	return NULL;
}

/* Did somebody answer? */
static bool wait_for_answer(const struct run *r, int timeout_ms)
{
	struct pollfd fd = { .fd = r->session->ack_fd, .events = POLLIN };
	uint64_t count;

	return poll(&fd, 1, timeout_ms) > 0 && read(fd.fd, &count, sizeof(count)) > 0;
}

/* Why a worker did not answer for so long.  A machine that has no CPU for it is not a call that
 * does not return. */
static const char *what_holds(const struct worker *w)
{
	uint64_t before_ns = 0, after_ns = 0;

	thread_cpu_ns(w->tid, &before_ns);
	poll(NULL, 0, LOOK_MS);
	thread_cpu_ns(w->tid, &after_ns);
	if (!thread_is_runnable(w->tid))
		return "it is stuck in one call";
	return after_ns - before_ns > LOOK_MS * (uint64_t)NS_PER_MS / 2 ? "it computes without an end"
									: "it gets no CPU, the machine is too busy";
}

/* Patience is counted in waits without an answer, not by the clock: a process that was stopped
 * meanwhile has not been patient, nor are a thousand workers slow because each of them answers. */
static int wait_for(struct run *r, unsigned roles, bool (*has)(const struct worker *, uint32_t), uint32_t what)
{
	struct worker *late = NULL;

	for (int polls = 0; polls < ANSWER_POLLS;) {
		int rc = run_check(r);

		if (rc < 0)
			return rc;
		late = first_without(r, roles, has, what);
		if (!late)
			return 0;
		if (wait_for_answer(r, ANSWER_POLL_MS))
			continue;
		polls++;
		worker_wake(late);
	}
	return err_say(&r->err, ETIMEDOUT, "%s worker %u does not answer: %s", engine_role(r->engine, late->self->role)->title,
		late->self->index, what_holds(late));
}

int run_tell(struct run *r, unsigned roles, enum phase phase)
{
	for (unsigned i = 0; i < r->opened; i++)
		if (r->worker[i].self->role & roles)
			worker_tell(&r->worker[i], phase);
	return wait_for(r, roles, has_phase, phase);
}

enum run_end run_tell_all(struct run *r, unsigned first, enum phase phase)
{
	if (run_tell(r, first, phase) < 0 || run_tell(r, ROLE_BOTH & ~first, phase) < 0)
		return RUN_FAILED;
	return RUN_TIME;
}

int run_housekeeping(struct run *r, bool exact)
{
	int64_t began_ns = clock_now_ns();

	r->tick_serial++;
	for (unsigned i = 0; i < r->opened; i++)
		worker_tick(&r->worker[i], r->tick_serial, true);
	if (exact)
		return wait_for(r, ROLE_BOTH, has_tick, r->tick_serial);
	/* Fresh socket drops are worth a moment; a worker in a long burst is not waited for. */
	while (first_without(r, ROLE_BOTH, has_tick, r->tick_serial) && clock_now_ns() - began_ns < NS_PER_MS)
		wait_for_answer(r, 1);
	return 0;
}

/* ---- samples ---- */

void run_read_net(struct run *r)
{
	r->net_fresh = true;
	if (clock_is_virtual()) {
		r->net = (struct procnet){ 0 };
		snprintf(r->net.why, sizeof(r->net.why), "virtual clock");
		return;
	}
	if (r->plan.path->read_net)
		r->plan.path->read_net(r->plan.path_state, &r->net);
	else
		procnet_read(&r->net);
}

/* The exact counters of an edge of the measure phase in place of those that were read; those are
 * what the phase has come to when all is home. */
static bool put_marks(const struct run *r, enum run_sample which, struct sample *s)
{
	bool settled = which == RUN_LAST_INTERVAL;

	if (settled && !sample_settle(s))
		return false;
	for (unsigned i = 0; i < s->workers; i++) {
		const struct worker *w = &r->worker[i];
		const struct worker_mark *mark = which == RUN_FIRST_TICK ? &w->measure_from : &w->measure_to;

		if (settled)
			memcpy(s->settled[i], s->worker[i].value, sizeof(s->settled[i]));
		memcpy(s->worker[i].value, mark->value, sizeof(s->worker[i].value));
	}
	return true;
}

/* The phase is over for a worker that has ended it by itself, whatever it has counted since. */
static void stop_at_marks(const struct run *r, struct sample *s)
{
	for (unsigned i = 0; i < s->workers && r->phase == PHASE_MEASURE; i++)
		if (atomic_load_explicit(&r->worker[i].status->ended, memory_order_acquire))
			memcpy(s->worker[i].value, r->worker[i].measure_to.value, sizeof(s->worker[i].value));
}

static struct sample *make_sample(struct run *r, enum run_sample which, int64_t at_ns)
{
	bool is_interval = which == RUN_INTERVAL || which == RUN_LAST_INTERVAL;
	int64_t read_ns = r->sampler.now_ns;
	struct sample *s;

	r->sampler.now_ns = at_ns;
	s = sampler_make(&r->sampler, is_interval, r->session->config.want_totals);
	r->sampler.now_ns = read_ns;
	if (s && (which == RUN_TICK || which == RUN_INTERVAL))
		stop_at_marks(r, s);
	if (!s || which == RUN_TICK || which == RUN_INTERVAL || put_marks(r, which, s))
		return s;
	sample_free(s);
	return NULL;
}

void run_publish_sample(struct run *r, enum run_sample which, int64_t at_ns, int64_t late_ns)
{
	struct sample *s = make_sample(r, which, at_ns);

	if (!s)
		return;
	if (r->session->config.want_totals && rows_reader_due(&r->rows, s->at_ns))
		s->details = rows_reader_read(&r->rows, s->at_ns);
	if (r->session->config.want_totals && stages_reader_due(&r->stages, s->at_ns))
		s->stages = stages_reader_read(&r->stages, s->at_ns);
	s->sequence = ++r->session->sequence;
	s->run_id = r->id;
	r->sampled_ns = s->at_ns;
	s->phase = which == RUN_LAST_INTERVAL ? PHASE_MEASURE : r->phase;
	s->late_ns = late_ns;
	s->load = r->plan.load_name ? r->load : 0;
	s->net_fresh = r->net_fresh;
	r->net_fresh = false;
	s->net = r->net;
	if (which != RUN_LAST_INTERVAL)
		watch_sample(&r->watch, r->info, s, &r->session->mailbox);
	s->away_ns = r->watch.away_ns;
	s->silent_ns = r->watch.silent_ns;
	s->suspended_ns = r->suspended_ns;
	s->held_ns = r->held_ns;
	mailbox_put_sample(&r->session->mailbox, s);
}

static void note_lateness(struct run *r, int64_t late_ns)
{
	char text[32];

	if (late_ns >= held_from_ns && r->phase == PHASE_MEASURE)
		r->held_ns += late_ns;
	if (late_ns < suspended_from_ns)
		return;
	if (r->phase == PHASE_MEASURE)
		r->suspended_ns += late_ns;
	mailbox_put_event(&r->session->mailbox, r->id, SEVERITY_WARNING, "process was suspended or starved for %s",
		text_duration(late_ns / NS_PER_MS * NS_PER_MS, text, sizeof(text)));
}

/* The first point of the grid after now: a late tick moves none of those that follow. */
static int64_t next_on_grid(int64_t due_ns, int64_t step_ns, int64_t now_ns)
{
	return due_ns > now_ns ? due_ns : due_ns + ((now_ns - due_ns) / step_ns + 1) * step_ns;
}

/* When an interval ends before the phase does; never, where that leaves a rest of a few
 * milliseconds, which is no interval. */
static int64_t interval_due(const struct run *r)
{
	bool last = r->until_ns && r->until_ns - r->next_interval_ns < shortest_interval_ns;

	return r->phase == PHASE_MEASURE && r->next_interval_ns && !last ? r->next_interval_ns : INT64_MAX;
}

static int64_t next_due(const struct run *r)
{
	int64_t interval_ns = interval_due(r);

	return interval_ns < r->next_tick_ns ? interval_ns : r->next_tick_ns;
}

/* Pinned workers run elsewhere when their cpuset has shrunk meanwhile. */
static void look_where(struct run *r)
{
	for (unsigned i = 0; i < r->opened; i++) {
		int cpu = atomic_load_explicit(&r->worker[i].status->cpu, memory_order_relaxed) - 1;
		const struct run_worker *w = &r->info->worker[i];

		if (cpu < 0 || !w->pinned || cpu == w->cpu)
			continue;
		mailbox_put_event(&r->session->mailbox, r->id, SEVERITY_WARNING, "%s %u was moved from CPU %d to CPU %d",
			engine_role(r->engine, w->role)->title, w->index, w->cpu, cpu);
		mailbox_put_moved(&r->session->mailbox, r->id, i, cpu);
		run_info_move(r->info, i, cpu);
	}
}

/* The workers end the measure phase by themselves, and this thread may have had no CPU meanwhile:
 * what it has read then is of the end, which is told apart. */
static bool has_read_past_end(const struct run *r)
{
	return r->phase == PHASE_MEASURE && r->until_ns && r->sampler.now_ns >= r->until_ns;
}

static void tick(struct run *r, int64_t now_ns)
{
	bool is_interval = interval_due(r) <= now_ns, is_tick = r->next_tick_ns <= now_ns;
	int64_t late_ns = now_ns - next_due(r);

	r->ticks += is_tick;
	run_housekeeping(r, clock_is_virtual());
	look_where(r);
	sampler_read(&r->sampler);
	if (is_tick && r->ticks % NET_EVERY_TICKS == 0)
		run_read_net(r);
	if (!has_read_past_end(r))
		run_publish_sample(r, is_interval ? RUN_INTERVAL : RUN_TICK, r->sampler.now_ns, late_ns);
	if (is_tick)
		r->next_tick_ns = next_on_grid(r->next_tick_ns, r->session->config.sample_ns, now_ns);
	if (is_interval)
		r->next_interval_ns = next_on_grid(r->next_interval_ns, r->interval_ns, now_ns);
}

/* ---- time ---- */

static void take_load(struct run *r, const struct orders *orders)
{
	if (orders->load_run != r->id || orders->load == r->load)
		return;
	mailbox_put_event(&r->session->mailbox, r->id, SEVERITY_INFO, "load: %s %llu, before %llu", r->plan.load_name,
		(unsigned long long)orders->load, (unsigned long long)r->load);
	r->load = orders->load;
	for (unsigned i = 0; i < r->opened; i++)
		worker_set_load(&r->worker[i], r->load);
}

/* Takes the orders that came; a drain under way is only cut short. */
static bool asked(struct run *r, int64_t now_ns)
{
	struct orders orders;

	orders_read(&r->session->desk, &orders);
	take_load(r, &orders);
	if (r->phase != PHASE_DRAIN)
		return orders.stop || orders.next || orders.quit;
	if (orders.next && (!r->until_ns || r->until_ns > now_ns + hurry_ns))
		r->until_ns = now_ns + hurry_ns;
	return orders.immediate || orders.quit;
}

/* On the virtual clock: has it been stepped as often as it shall be?  What has begun to end may
 * end. */
static bool held(const struct run *r)
{
	return clock_is_virtual() && r->ticks >= r->session->config.virtual_ticks && r->phase != PHASE_SETTLE &&
	       r->phase != PHASE_DRAIN;
}

static void sleep_until(struct run *r, int64_t at_ns)
{
	int64_t left_ns = at_ns - clock_run_ns();

	if (held(r))
		orders_wait(&r->session->desk, -1, -1);
	else if (clock_is_virtual())
		clock_virtual_set(at_ns);
	else
		orders_wait(&r->session->desk, r->session->ack_fd, left_ns > 0 ? left_ns : 0);
}

enum run_end run_pass(struct run *r, bool (*over)(struct run *r))
{
	int64_t due_ns = 0;

	for (;;) {
		int64_t now_ns = clock_run_ns();

		if (run_check(r) < 0)
			return RUN_FAILED;
		if (due_ns)
			note_lateness(r, now_ns - due_ns);
		if (over && over(r))
			return RUN_OVER;
		if (asked(r, now_ns))
			return RUN_ASKED;
		if (r->until_ns && now_ns >= r->until_ns)
			return RUN_TIME;
		if (now_ns >= next_due(r))
			tick(r, now_ns);
		due_ns = next_due(r);
		if (r->until_ns && r->until_ns < due_ns)
			due_ns = r->until_ns;
		sleep_until(r, over && now_ns + settle_look_ns < due_ns ? now_ns + settle_look_ns : due_ns);
	}
}
