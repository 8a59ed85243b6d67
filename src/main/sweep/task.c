/* The sweep and the comparison share this before and after their runs.  See task.h. */
#include "main/sweep/task.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "engines/engines.h"
#include "main/cli/program.h"
#include "main/live/loop.h"
#include "sweep/chart_draw.h"

enum { CHECKED_MAX = 1000 };

/* ---- checks ---- */

static int check_sides(const struct sweep_plan *plan, struct err *err)
{
	for (uint32_t cell = 0; cell < plan->cells; cell++) {
		struct options options;
		int rc = sweep_cell_options(plan, cell, &options, err);

		if (rc < 0)
			return rc;
		if (options_number(&options, "duration") <= 0)
			rc = err_say(err, EINVAL, "--duration 0: the run would never end");
		options_free(&options);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int sweep_check_durations(const struct sweep_plan *plan, struct err *err)
{
	if (plan->sides)
		return check_sides(plan, err);
	for (unsigned i = 0; i < plan->axes; i++)
		if (!strcmp(plan->axis[i].def->name, "duration")) {
			for (unsigned n = 0; n < plan->axis[i].count; n++)
				if (!(plan->axis[i].number[n] > 0))
					return err_say(
						err, EINVAL, "--duration %s: the run would never end", plan->axis[i].text[n]);
			return 0;
		}
	if (options_number(&plan->options, "duration") <= 0)
		return err_say(err, EINVAL, "--duration 0: the run would never end");
	return 0;
}

int sweep_task_check(const struct sweep_task *s, struct err *err)
{
	uint32_t checked = s->plan.cells < CHECKED_MAX ? s->plan.cells : CHECKED_MAX, refused = 0;
	char label[SWEEP_LABEL_BYTES] = "";
	struct err first = ERR_NONE;

	for (uint32_t i = 0; i < checked; i++) {
		struct options options;
		struct err why = ERR_NONE;
		int rc = sweep_cell_options(&s->plan, i, &options, err);

		if (rc < 0)
			return rc;
		rc = live_loop_check(&options, &why);
		options_free(&options);
		if (rc >= 0)
			continue;
		if (!refused++) {
			first = why;
			sweep_cell_label(&s->plan, i, label, sizeof(label));
		}
	}
	if (refused && s->plan.sides)
		return err_say(err, first.code, "%s: %s", label, first.text);
	if (refused == checked)
		return err_say(err, first.code, "%s", first.text);
	if (refused)
		fprintf(stderr, "netdyno: %u of %u cells cannot run here; the first is %s: %s\n", refused, checked, label,
			first.text);
	return 0;
}

/* ---- directories ---- */

const char *sweep_verb(const struct sweep_plan *plan)
{
	return plan->sides ? "compare" : "sweep";
}

static void choose_directory(struct sweep_task *s, const struct options *options)
{
	const char *out = options_text(options, "out");
	char data[PATH_MAX], stamp[64];

	if (s->resume || *out) {
		snprintf(s->directory, sizeof(s->directory), "%s", s->resume ? s->resume : out);
		return;
	}
	clock_format_file(clock_wall_of(clock_run_ns()), stamp, sizeof(stamp));
	file_data_directory(data, sizeof(data));
	snprintf(s->directory, sizeof(s->directory), "%.3900s/%s-%s-%s", data, sweep_verb(&s->plan), s->plan.options.engine->name,
		stamp);
}

/* A name of our own making may be taken already, by a sweep that was begun in the same second:
 * then another is made up. */
static int create_store(struct sweep_task *s, const struct options *options, struct err *err)
{
	bool ours = !*options_text(options, "out");
	size_t length = strlen(s->directory);
	int rc = -EEXIST;

	for (unsigned n = 2; n < 1000; n++) {
		rc = sweep_store_create(
			&s->store, s->directory, &s->plan, &s->host, !ours && options_number(options, "force"), err);
		if (!ours || (rc != -EEXIST && rc != -EBUSY))
			break;
		err_clear(err);
		snprintf(s->directory + length, sizeof(s->directory) - length, "-%u", n);
	}
	if (rc >= 0)
		sweep_plot_clear(s->directory);
	return rc;
}

int sweep_task_take_up(struct sweep_task *s, bool compare, bool sides, struct err *err)
{
	struct sweep_plan then = { 0 };
	struct err why = ERR_NONE;
	json_t *host = NULL;
	const char *noun = sides ? "comparison" : "sweep";
	char difference[300];
	int rc = sweep_store_read_plan(s->resume, engines_all, &then, &host, err);

	if (rc < 0)
		return rc;
	if (then.sides != sides)
		rc = err_say(err, EINVAL, "--resume %s: that is a %s: netdyno %s --resume %s", s->resume,
			then.sides ? "comparison" : "sweep", sweep_verb(&then), s->resume);
	else if (compare && sweep_plan_compare(&then, &s->plan, &why) < 0)
		rc = err_say(err, why.code, "--resume %s: not the same %s: %s", s->resume, noun, why.text);
	else if (*sweep_store_compare_host(host, &s->host, difference, sizeof(difference)))
		fprintf(stderr, "netdyno: warning: the %s was started on another host: %s\n", noun, difference);
	json_decref(host);
	s->grown = rc >= 0 && compare && then.repeat < s->plan.repeat;
	if (rc >= 0 && !compare) {
		sweep_plan_free(&s->plan);
		s->plan = then;
		return 0;
	}
	sweep_plan_free(&then);
	return rc;
}

int sweep_task_open(struct sweep_task *s, const struct options *options, struct err *err)
{
	char done[160];

	choose_directory(s, options);
	int rc = sweep_state_init(&s->state, &s->plan, err);

	if (rc < 0)
		return rc;
	if (!s->resume)
		return create_store(s, options, err);
	rc = sweep_store_open(&s->store, s->directory, &s->state, err);
	if (rc >= 0 && s->grown)
		rc = sweep_store_write_plan(&s->store, &s->plan, &s->host, err);
	if (rc < 0)
		return rc;
	sweep_state_retry(&s->state);
	snprintf(done, sizeof(done), ": %" PRIu64 " of %" PRIu64 " runs are done%s%s", s->state.done, s->state.slots,
		s->state.failed ? "; failed runs are tried again" : "",
		s->store.torn ? "; an incomplete last line was dropped" : "");
	say_path(stderr, "netdyno: ", s->directory, done);
	return rc;
}

void sweep_task_free(struct sweep_task *s)
{
	sweep_store_close(&s->store);
	sweep_state_free(&s->state);
	sweep_plan_free(&s->plan);
}
