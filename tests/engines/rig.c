/* See rig.h. */
#include "rig.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/free_port.h"
#include "base/clock.h"
#include "mode/path.h"

/* ---- as many CPUs as a test wants ---- */

void __wrap_cpu_allowed(struct cpu_list *ret_list);
int __wrap_cpu_check(int cpu, struct err *err);

static unsigned cpus = 2;

void __wrap_cpu_allowed(struct cpu_list *ret_list)
{
	ret_list->count = cpus;
	for (unsigned i = 0; i < cpus; i++)
		ret_list->cpu[i] = (short)i;
}

int __wrap_cpu_check(int cpu, struct err *err)
{
	(void)cpu, (void)err;
	return 0;
}

/* ---- life ---- */

static int set_option(struct rig *rig, const char *name, const char *value)
{
	return options_set(&rig->options, name, value, &rig->err);
}

/* Gives each its CPU: servers from 0 on, clients behind them. */
static void set_cpus(struct rig *rig, const char *name, unsigned from, unsigned count)
{
	char list[24];

	snprintf(list, sizeof(list), "%u-%u", from, from + count - 1);
	if (count && set_option(rig, name, list) < 0)
		fail_msg("%s", rig->err.text);
}

static void set_roles(struct rig *rig, const struct rig_config *config)
{
	const char *role = !config->clients ? "server" : !config->servers ? "client" : "both";

	cpus = 2;
	if (!config->servers && !config->clients)
		return;
	cpus = config->servers + config->clients;
	if (set_option(rig, "role", role) < 0)
		fail_msg("%s", rig->err.text);
	set_cpus(rig, "server-cpus", 0, config->servers);
	set_cpus(rig, "client-cpus", config->servers, config->clients);
}

static void set_free_port(struct rig *rig)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", free_port());
	if (set_option(rig, "port", text) < 0)
		fail_msg("%s", rig->err.text);
}

/* Looks in the engine's table; a test may have made a method of its own. */
static bool has_method(const struct rig_config *config)
{
	return config->method && engine_find_method(config->engine, config->method->name) == config->method;
}

/* Then it is the plan's own: sockets come from there. */
static int open_path(struct rig *rig)
{
	const struct path *path = rig->plan.path;
	int rc = path->open ? path->open(&rig->options, &rig->plan.path_state, &rig->err) : 0;

	rig->path_opened = rc >= 0;
	return rc;
}

/* A device that has room for what each mode sends by default, in one frame. */
static void set_path(struct rig *rig, const struct path *path)
{
	rig->plan.path = path ? path : &path_loopback;
	rig->plan.paths = paths_here;
	if (path && (set_option(rig, "path", path->name) < 0 || set_option(rig, "mtu", "1600") < 0))
		fail_msg("%s", rig->err.text);
}

int rig_plan(struct rig *rig, const struct rig_config *config)
{
	int rc;

	*rig = (struct rig){ .engine = config->engine, .threads = config->threads, .unchecked = config->unchecked, .ack_fd = -1 };
	if (!rig->unchecked) {
		rig->fds_before = open_fds();
		rig->threads_before = running_threads();
	}
	if (options_init(&rig->options, config->engine, &rig->err) < 0)
		fail_msg("%s", rig->err.text);
	set_roles(rig, config);
	if (has_method(config) && set_option(rig, "method", config->method->name) < 0)
		fail_msg("%s", rig->err.text);
	for (unsigned i = 0; config->option[i]; i += 2)
		if ((rc = set_option(rig, config->option[i], config->option[i + 1])) < 0)
			return rc;
	if (plan_role(&rig->options) == ROLE_SERVER && !options_is_set(&rig->options, "port"))
		set_free_port(rig);
	set_path(rig, config->path);
	/* On the test's own thread nobody sleeps in a call of its own. */
	rig->plan.wait = config->threads ? plan_wait(&rig->options) : WAIT_POLL;
	rc = config->engine->plan(&rig->options, &rig->plan, &rig->err);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < rig->plan.workers; i++) {
		struct plan_worker *w = &rig->plan.worker[i];

		*(w->role == ROLE_SERVER ? &rig->servers : &rig->clients) += 1;
		if (config->method && !has_method(config))
			w->method = config->method;
	}
	return open_path(rig);
}

int rig_open_workers(struct rig *rig)
{
	int rc = 0;

	assert_at_most(rig->plan.workers, RIG_WORKERS);
	if (rig->threads)
		rig->ack_fd = eventfd(0, EFD_CLOEXEC);
	for (unsigned i = 0; rc >= 0 && i < rig->plan.workers; i++) {
		struct worker *w = &rig->worker[i];

		assert_int_equal(worker_init(w, rig->engine, &rig->options, &rig->plan, i, &rig->err), 0);
		rig->opened++;
		w->ack_fd = rig->ack_fd;
		rc = rig->threads ? worker_start(w, &rig->err) : rig->engine->open(w, &rig->err);
	}
	return rc;
}

int rig_open(struct rig *rig, const struct rig_config *config)
{
	int rc = rig_plan(rig, config);

	return rc < 0 ? rc : rig_open_workers(rig);
}

/* Another test may have the device's queue for a moment: there is one on lo for all. */
void rig_open_or_fail(struct rig *rig, const struct rig_config *config)
{
	int rc = rig_open(rig, config);

	for (unsigned tries = 0; rc == -EBUSY && tries < 300; tries++) {
		rig_close(rig);
		poll(NULL, 0, 100);
		rc = rig_open(rig, config);
	}
	if (rc < 0)
		fail_msg("%s", rig->err.text);
}

void rig_stop(struct rig *rig)
{
	for (unsigned i = 0; i < rig->opened; i++)
		worker_stop(&rig->worker[i]);
}

void rig_close(struct rig *rig)
{
	for (unsigned i = 0; i < rig->opened; i++) {
		if (rig->threads)
			worker_stop(&rig->worker[i]);
		else
			rig->engine->close(&rig->worker[i]);
		worker_free(&rig->worker[i]);
	}
	if (rig->ack_fd >= 0)
		close(rig->ack_fd);
	if (rig->path_opened && rig->plan.path->close)
		rig->plan.path->close(rig->plan.path_state);
	if (rig->engine->release)
		rig->engine->release(&rig->plan);
	plan_free(&rig->plan);
	options_free(&rig->options);
	if (!rig->unchecked) {
		assert_int_equal(open_fds(), rig->fds_before);
		assert_threads(rig->threads_before);
	}
}

bool rig_opens_over(const struct path *path, const struct engine *engine, const struct method *method)
{
	struct rig rig;
	int rc = rig_open(&rig, &(struct rig_config){ .engine = engine, .method = method, .path = path });

	if (rc == -ENOTSUP)
		print_message("%s %s does not run over %s: %s\n", engine->name, method->name,
			path ? path->name : path_loopback.name, rig.err.text);
	rig_close(&rig);
	return rc != -ENOTSUP;
}

bool rig_opens(const struct engine *engine, const struct method *method)
{
	return rig_opens_over(NULL, engine, method);
}

void rig_for_all(const struct engine *engine, void (*fn)(const struct engine *engine, const struct method *method))
{
	char why[160];

	for (unsigned i = 0; engine->methods[i]; i++)
		if (method_runs(engine->methods[i], why, sizeof(why))) {
			if (rig_opens(engine, engine->methods[i]))
				fn(engine, engine->methods[i]);
		} else {
			print_message("%s %s does not run here: %s\n", engine->name, engine->methods[i]->name, why);
		}
}

/* ---- going on ---- */

static void expect_good(struct rig *rig, int rc)
{
	if (rc < 0)
		fail_msg("%s: %d: %s", rig->engine->name, rc, rig->err.text);
}

/* Waits until a thread's status word has the value; the worker may end itself instead.  It sleeps
 * until some worker answers: one that spins takes the CPU that the worker needs. */
static void await_status(struct rig *rig, struct worker *w, const _Atomic uint32_t *word, uint32_t value)
{
	int64_t end = clock_now_ns() + (int64_t)RIG_DEADLINE_S * NS_PER_S;
	struct pollfd answer = { .fd = rig->ack_fd, .events = POLLIN };
	uint64_t answers;

	while (atomic_load_explicit(word, memory_order_acquire) != value) {
		if (atomic_load_explicit(&w->status->error, memory_order_acquire))
			fail_msg("%s", w->err.text);
		if (clock_now_ns() > end)
			fail_msg("worker %ld does not answer", (long)(w->self - w->plan->worker));
		if (poll(&answer, 1, 10) <= 0)
			worker_wake(w);
		else if (read(rig->ack_fd, &answers, sizeof(answers)) < 0)
			fail_msg("read eventfd");
	}
}

static void enter_on_this_thread(struct rig *rig, struct worker *w, enum phase phase)
{
	if (rig->engine->observe)
		expect_good(rig, rig->engine->observe(w, &rig->err));
	for (unsigned i = 0; phase == PHASE_MEASURE && i < COUNTERS_MAX; i++)
		w->measure_from.value[i] = counter_get(w->counters, i);
	atomic_store_explicit(&w->control->phase, phase, memory_order_relaxed);
	w->phase = phase;
	w->told = phase;
	w->phase_ns = clock_run_ns();
	if (rig->engine->enter)
		expect_good(rig, rig->engine->enter(w, phase, &rig->err));
}

void rig_enter_roles(struct rig *rig, unsigned roles, enum phase phase)
{
	for (unsigned i = 0; i < rig->opened; i++)
		if (rig->worker[i].self->role & roles) {
			if (rig->threads)
				worker_tell(&rig->worker[i], phase);
			else
				enter_on_this_thread(rig, &rig->worker[i], phase);
		}
	for (unsigned i = 0; rig->threads && i < rig->opened; i++)
		if (rig->worker[i].self->role & roles)
			await_status(rig, &rig->worker[i], &rig->worker[i].status->phase, phase);
}

void rig_enter(struct rig *rig, enum phase phase)
{
	unsigned first = rig->plan.quiet_first;

	if (phase == PHASE_MEASURE)
		first = ROLE_BOTH & ~first;
	rig_enter_roles(rig, first, phase);
	rig_enter_roles(rig, ROLE_BOTH & ~first, phase);
}

void rig_observe(struct rig *rig)
{
	rig->tick++;
	for (unsigned i = 0; i < rig->opened; i++)
		if (rig->threads)
			worker_tick(&rig->worker[i], rig->tick, true);
		else if (rig->engine->observe)
			expect_good(rig, rig->engine->observe(&rig->worker[i], &rig->err));
	for (unsigned i = 0; rig->threads && i < rig->opened; i++)
		await_status(rig, &rig->worker[i], &rig->worker[i].status->tick, rig->tick);
}

static int step_worker(struct rig *rig, struct worker *w)
{
	bool quiet = (w->phase == PHASE_DRAIN || w->phase == PHASE_SETTLE) && w->self->role & rig->plan.quiet_first;

	/* Asks poll(2) in place of the worker's loop, which sleeps only when there is nothing to
	 * do. */
	for (unsigned i = 0; i < w->wait.count; i++)
		w->wait.fd[i].revents = 0;
	poll(w->wait.fd, w->wait.count, 0);
	return quiet && rig->engine->drain ? rig->engine->drain(w, &rig->err) : rig->engine->poll(w, &rig->err);
}

/* Between two looks at a condition the workers have the CPUs. */
static int check_threads(struct rig *rig)
{
	poll(NULL, 0, 1);
	for (unsigned i = 0; i < rig->opened; i++) {
		int code = atomic_load_explicit(&rig->worker[i].status->error, memory_order_acquire);

		if (code) {
			rig->err = rig->worker[i].err;
			return -code;
		}
	}
	return 0;
}

int rig_try_step(struct rig *rig, unsigned roles)
{
	int moved = 0;

	if (rig->threads)
		return check_threads(rig);
	for (unsigned i = 0; i < rig->opened; i++) {
		int rc = rig->worker[i].self->role & roles ? step_worker(rig, &rig->worker[i]) : 0;

		if (rc < 0)
			return rc;
		moved += rc;
	}
	return moved;
}

int rig_step(struct rig *rig, unsigned roles)
{
	int moved = rig_try_step(rig, roles);

	expect_good(rig, moved);
	return moved;
}

static void until(
	struct rig *rig, unsigned roles, struct rig *other, bool (*done)(struct rig *rig, uint64_t value), uint64_t value)
{
	int64_t end = clock_now_ns() + (int64_t)RIG_DEADLINE_S * NS_PER_S;

	while (!done(rig, value)) {
		rig_step(rig, roles);
		if (other)
			rig_step(other, ROLE_BOTH);
		if (clock_now_ns() > end)
			fail_msg("%s: not reached in %d s: %llu (rx %llu, tx %llu)", rig->engine->name, RIG_DEADLINE_S,
				(unsigned long long)value, (unsigned long long)rig_sum(rig, ROLE_BOTH, COUNTER_RX_PACKETS),
				(unsigned long long)rig_sum(rig, ROLE_BOTH, COUNTER_TX_PACKETS));
	}
}

void rig_until(struct rig *rig, unsigned roles, bool (*done)(struct rig *rig, uint64_t value), uint64_t value)
{
	until(rig, roles, NULL, done, value);
}

void rig_until_with(struct rig *rig, struct rig *other, bool (*done)(struct rig *rig, uint64_t value), uint64_t value)
{
	until(rig, ROLE_BOTH, other, done, value);
}

/* A gauge may be read in observe() only. */
static bool nothing_flies(struct rig *rig, uint64_t value)
{
	rig_observe(rig);
	return rig_sum(rig, rig->plan.flying, COUNTER_IN_FLIGHT) <= value;
}

/* Has nothing moved since the last call?  Every worker has answered in between, so packets and
 * bytes belong together. */
static bool is_at_rest(struct rig *rig, uint64_t value)
{
	static const unsigned counters[] = { COUNTER_TX_PACKETS, COUNTER_TX_BYTES, COUNTER_RX_PACKETS, COUNTER_RX_BYTES };
	uint64_t before = rig->moved;

	(void)value;
	rig_observe(rig);
	rig->moved = 0;
	for (unsigned i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		rig->moved += rig_sum(rig, ROLE_BOTH, counters[i]);
	return rig->moved == before;
}

void rig_drain(struct rig *rig)
{
	rig_enter(rig, PHASE_DRAIN);
	/* Every worker must have taken a turn in this phase. */
	rig_step(rig, ROLE_BOTH);
	rig_observe(rig);
	rig_until(rig, ROLE_BOTH, nothing_flies, 0);
	/* IN_FLIGHT may be 0 while lines that the kernel took are still to be read. */
	if (rig->threads && rig->servers && rig->clients && !rig->engine->synthetic)
		rig_until(rig, ROLE_BOTH, is_at_rest, 0);
}

void rig_measure(struct rig *rig, uint64_t packets)
{
	uint64_t before = rig_sum(rig, rig->plan.rx_roles, COUNTER_RX_PACKETS);

	rig_enter(rig, PHASE_MEASURE);
	rig_until(rig, ROLE_BOTH, rig_has_received, before + packets);
	rig_drain(rig);
}

/* ---- conditions ---- */

bool rig_has_received(struct rig *rig, uint64_t packets)
{
	return rig_sum(rig, rig->plan.rx_roles, COUNTER_RX_PACKETS) >= packets;
}

bool rig_has_sent(struct rig *rig, uint64_t packets)
{
	return rig_sum(rig, rig->plan.tx_roles, COUNTER_TX_PACKETS) >= packets;
}

/* ---- what they say ---- */

struct worker *rig_server(struct rig *rig, unsigned index)
{
	assert_less(index, rig->servers);
	return &rig->worker[index];
}

struct worker *rig_client(struct rig *rig, unsigned index)
{
	assert_less(index, rig->clients);
	return &rig->worker[rig->servers + index];
}

uint64_t rig_sum(struct rig *rig, unsigned roles, unsigned counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < rig->opened; i++)
		if (rig->worker[i].self->role & roles)
			sum += counter_get(rig->worker[i].counters, counter);
	return sum;
}

uint64_t rig_since(struct rig *rig, unsigned roles, unsigned counter)
{
	uint64_t sum = rig_sum(rig, roles, counter);

	for (unsigned i = 0; i < rig->opened; i++)
		if (rig->worker[i].self->role & roles)
			sum -= rig->worker[i].measure_from.value[counter];
	return sum;
}

uint64_t rig_latencies(struct rig *rig, unsigned index)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < rig->opened; i++) {
		struct hist h;

		if (!rig->worker[i].latency[index])
			continue;
		histogram_copy(rig->worker[i].latency[index], &h);
		n += h.count;
	}
	return n;
}

unsigned rig_port(const struct rig *rig)
{
	return rig->plan.ports.range[0].first;
}

static void post(struct rig_ledger *l, enum ledger_side side, uint64_t n)
{
	l->sent += side == LEDGER_SENT || side == LEDGER_LOST_ARRIVING ? n : 0;
	l->received += side == LEDGER_RECEIVED ? n : 0;
	l->received -= side == LEDGER_CARRIED ? n : 0;
	l->up_to += side == LEDGER_LOST_UP_TO ? n : 0;
	l->lost += side == LEDGER_LOST || side == LEDGER_LOST_ARRIVING ? n : 0;
}

void rig_read_ledger(struct rig *rig, struct rig_ledger *ret_ledger)
{
	const struct plan *p = &rig->plan;
	struct rig_ledger l = { 0 };

	post(&l, p->tx_ledger, rig_since(rig, p->tx_roles, COUNTER_TX_PACKETS));
	post(&l, p->rx_ledger, rig_since(rig, p->rx_roles, COUNTER_RX_PACKETS));
	for (unsigned i = COUNTER_OWN; i < engine_counters(rig->engine); i++) {
		const struct counter_def *def = engine_counter(rig->engine, i);

		post(&l, rig->clients ? def->ledger : def->server_ledger, rig_since(rig, def->roles, i));
	}
	*ret_ledger = l;
}

void rig_expect_balance(struct rig *rig)
{
	struct rig_ledger l;

	rig_read_ledger(rig, &l);
	if (l.sent < l.received + l.lost || l.sent > l.received + l.lost + l.up_to)
		fail_msg("%s: sent %llu, received %llu, lost %llu, and up to %llu more", rig->engine->name,
			(unsigned long long)l.sent, (unsigned long long)l.received, (unsigned long long)l.lost,
			(unsigned long long)l.up_to);
}

void rig_expect_sound(struct rig *rig)
{
	for (unsigned i = COUNTER_OWN; i < engine_counters(rig->engine); i++) {
		const struct counter_def *def = engine_counter(rig->engine, i);
		uint64_t n = rig_sum(rig, def->roles, i);

		if (def->judgement.reason && (double)n > def->judgement.over)
			fail_msg(
				"%s: %s is %llu: %s", rig->engine->name, def->name, (unsigned long long)n, def->judgement.reason);
	}
}
