/* Trials.  See main/doctor/trials.h. */
#include "main/doctor/trials.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/evidence.h"
#include "engines/engines.h"

enum { SEED = 1, RETRY_PAUSE_MS = 100, RETRIES = 2, LIST_BYTES = 90 };

static const double level = 0.95;
static const char duration[] = "500ms", warmup[] = "200ms";

/* ---- what is tried ---- */

/* A window that does not fit into a buffer of the default size. */
static void trial_buffer(const struct doctor_facts *facts, struct doctor_trial *t)
{
	if (facts->host.rmem_max <= 0)
		snprintf(t->skipped, sizeof(t->skipped), "net.core.rmem_max cannot be read here");
	snprintf(t->a, sizeof(t->a), "--window 2048");
	snprintf(t->b, sizeof(t->b), "--window 2048 --rcvbuf %lld", (long long)facts->host.rmem_max);
}

static void trial_congestion(const struct doctor_facts *facts, struct doctor_trial *t)
{
	const char *steady = doctor_has_word(facts->congestions, "cubic") ? "cubic" : "reno";

	if (!strcmp(facts->host.tcp_congestion, steady))
		snprintf(t->skipped, sizeof(t->skipped), "%s is the system's default", steady);
	else if (!doctor_has_word(facts->congestions, steady))
		snprintf(t->skipped, sizeof(t->skipped), "the system does not allow %s to everybody", steady);
	snprintf(t->b, sizeof(t->b), "--congestion %s", steady);
}

static void trial_places(const struct doctor_facts *facts, struct doctor_trial *t)
{
	struct cpu_list server, client;
	char left[LIST_BYTES], right[LIST_BYTES];

	if (!doctor_shares_core(facts))
		snprintf(t->skipped, sizeof(t->skipped), "server and client share no core, as far as /sys tells");
	else if (!doctor_place(facts, &server, &client))
		snprintf(t->skipped, sizeof(t->skipped), "there is one core only");
	else
		snprintf(t->b, sizeof(t->b), "--server-cpus %s --client-cpus %s", cpu_list_format(&server, left, sizeof(left)),
			cpu_list_format(&client, right, sizeof(right)));
}

static const struct trial_def {
	const char *id, *mode;
	void (*sides)(const struct doctor_facts *facts, struct doctor_trial *trial);
} trials[DOCTOR_TRIALS] = {
	{ "rmem_max", "echo", trial_buffer },
	{ "congestion", "stream", trial_congestion },
	{ "smt", "echo", trial_places },
};

/* ---- one trial ---- */

static void trial_judge(const struct sweep_state *state, struct doctor_trial *t)
{
	unsigned rounds = state->plan->repeat, thrown = state->plan->thrown;
	double *a = calloc(rounds, sizeof(*a)), *b = calloc(rounds, sizeof(*b));
	struct evidence e = { 0 };
	struct sweep_spread spread;

	if (a && b) {
		sweep_state_values(state, 0, 0, a);
		sweep_state_values(state, 1, 0, b);
		evidence_of_pairs(a + thrown, b + thrown, rounds - thrown, level, &e);
	}
	free(a);
	free(b);
	snprintf(t->figure, sizeof(t->figure), "%s", state->metric[0].title);
	snprintf(t->unit, sizeof(t->unit), "%s", state->metric[0].unit);
	t->rounds = (unsigned)(e.a < e.b ? e.a : e.b);
	sweep_state_spread(state, 0, 0, &spread);
	t->a_median = spread.median;
	sweep_state_spread(state, 1, 0, &spread);
	t->b_median = spread.median;
	if (!e.known || !e.relative) {
		snprintf(t->skipped, sizeof(t->skipped), "no round has a valid run of both sides%s%.100s",
			state->failures ? ": " : "", state->failures ? state->failure[state->failures - 1].why : "");
		return;
	}
	t->gain = e.middle;
	t->low = e.bounded ? e.low : NAN;
	t->high = e.bounded ? e.high : NAN;
}

static enum sweep_end trial_go(
	struct sweep_plan *plan, struct doctor_trial *t, const struct doctor_facts *facts, int signal_fd, struct err *err)
{
	struct sweep_progress progress;
	struct sweep_state state = { 0 };
	struct sweep_job job = { .plan = plan,
		.state = &state,
		.progress = &progress,
		.host = &facts->host,
		.signal_fd = signal_fd,
		.seed = SEED,
		.retries = plan->retries,
		.retry_pause_ms = RETRY_PAUSE_MS };
	enum sweep_end end = SWEEP_BROKEN;

	if (sweep_state_init(&state, plan, err) >= 0) {
		sweep_progress_init(&progress, &state);
		end = sweep_run(&job, err);
		sweep_progress_end(&progress);
	}
	if (end == SWEEP_COMPLETE)
		trial_judge(&state, t);
	sweep_state_free(&state);
	return end;
}

static int trial_plan(struct sweep_plan *plan, const struct doctor_trial *t, unsigned rounds, struct err *err)
{
	struct options options = { 0 };
	double slots;
	bool same;
	int rc = options_init(&options, engine_find(engines_all, t->mode), err);

	if (rc >= 0)
		rc = options_set(&options, "duration", duration, err);
	if (rc >= 0)
		rc = options_set(&options, "warmup", warmup, err);
	if (rc >= 0)
		rc = sweep_plan_init(plan, &options, rounds + 1, err);
	options_free(&options);
	plan->thrown = 1;
	plan->retries = RETRIES;
	if (rc >= 0)
		rc = sweep_plan_set_sides(plan, t->a, t->b, &same, err);
	return rc < 0 ? rc : sweep_plan_close(plan, &slots, err);
}

static enum sweep_end trial_run(
	const struct doctor_facts *facts, unsigned rounds, int signal_fd, struct doctor_trial *t, struct err *err)
{
	struct sweep_plan plan = { 0 };
	enum sweep_end end = SWEEP_BROKEN;

	fprintf(stderr, "netdyno: trying %s: %s %s\n", t->id, t->mode, t->b);
	if (trial_plan(&plan, t, rounds, err) >= 0)
		end = trial_go(&plan, t, facts, signal_fd, err);
	sweep_plan_free(&plan);
	return end;
}

enum sweep_end doctor_trials_run(const struct doctor_facts *facts, unsigned rounds, int signal_fd,
	struct doctor_trial ret_trial[DOCTOR_TRIALS], struct err *err)
{
	enum sweep_end end = SWEEP_COMPLETE;

	for (unsigned i = 0; i < DOCTOR_TRIALS; i++) {
		struct doctor_trial *t = &ret_trial[i];

		*t = (struct doctor_trial){ .id = trials[i].id,
			.mode = trials[i].mode,
			.a_median = NAN,
			.b_median = NAN,
			.gain = NAN,
			.low = NAN,
			.high = NAN };
		trials[i].sides(facts, t);
		if (*t->skipped)
			continue;
		if (end == SWEEP_COMPLETE)
			end = trial_run(facts, rounds, signal_fd, t, err);
		if (end == SWEEP_INTERRUPTED)
			snprintf(t->skipped, sizeof(t->skipped), "interrupted");
		else if (end == SWEEP_BROKEN)
			snprintf(t->skipped, sizeof(t->skipped), "%.150s", err->text);
	}
	return end;
}
