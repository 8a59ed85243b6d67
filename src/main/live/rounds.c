/* The rounds of the duel.  See main/live/rounds.h. */
#include "main/live/rounds.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "main/live/console.h"
#include "results/results.h"
#include "sweep/metrics.h"

/* Where the dashboard runs until it is stopped. */
static const char duel_duration[] = "3s";

bool rounds_going(const struct console *c)
{
	return c->rounds.duel.phase == DUEL_GOING;
}

void rounds_forget(struct console *c)
{
	if (!rounds_going(c))
		c->rounds.duel.phase = DUEL_NONE;
}

void rounds_stop(struct console *c, const char *why)
{
	if (!rounds_going(c))
		return;
	duel_stop(&c->rounds.duel, why);
	session_event(c->session, SEVERITY_INFO, "%s", c->rounds.duel.said);
}

static void rounds_drop_sides(struct rounds *r)
{
	for (unsigned side = 0; r->made && side < DUEL_SIDES; side++)
		options_free(&r->side[side]);
	r->made = false;
}

void rounds_free(struct rounds *r)
{
	rounds_drop_sides(r);
	if (r->kept)
		options_free(&r->base);
	*r = (struct rounds){ 0 };
}

/* ---- the sides ---- */

/* The load that a run has, or had in the end. */
static uint64_t rounds_load(const struct console *c, const struct run_info *info)
{
	const struct run_final *final = history_final(c->history, info->id);
	uint64_t min, max;

	if (final)
		return final->load;
	return info->id == c->run_id ? session_load(c->session, &min, &max) : info->load;
}

/* The method by its name, where one alone was meant. */
static int rounds_name_method(struct options *o, const char *name, struct err *err)
{
	bool mixed = *options_text(o, "server-method") || *options_text(o, "client-method");

	return mixed || *options_text(o, "method") ? 0 : options_set(o, "method", name, err);
}

static int rounds_copy_base(const struct console *c, const struct run_info *info, struct options *ret_base, struct err *err)
{
	uint64_t load = rounds_load(c, info);
	struct options base;
	char text[32];
	int rc = options_copy(&base, &info->options, err);

	if (rc < 0)
		return rc;
	rc = rounds_name_method(&base, info->method->name, err);
	snprintf(text, sizeof(text), "%" PRIu64, load);
	if (rc >= 0 && info->load_name && load && load != info->load)
		rc = options_set(&base, info->load_name, text, err);
	if (rc < 0)
		options_free(&base);
	else
		*ret_base = base;
	return rc;
}

int rounds_keep(struct console *c, uint32_t run_id, struct err *err)
{
	const struct run_info *info = run_id ? history_run(c->history, run_id) : NULL;
	struct options base;
	int rc = 0;

	if (run_id && !info)
		return err_say(err, ENOENT, "the run of the baseline is not known any more");
	if (info)
		rc = rounds_copy_base(c, info, &base, err);
	if (rc < 0)
		return rc;
	rounds_stop(c, info ? "A is another run now" : "A was forgotten");
	rounds_forget(c);
	if (c->rounds.kept)
		options_free(&c->rounds.base);
	c->rounds.kept = info != NULL;
	c->rounds.load_name = info ? info->load_name : NULL;
	if (info)
		c->rounds.base = base;
	return 0;
}

/* Both as long as B is, or as a duel has them. */
static int rounds_make_side(struct console *c, unsigned side, struct options *ret_side, struct err *err)
{
	const struct board_mode *mode = console_mode(c);
	const char *duration = options_number(&mode->options, "duration") > 0 ? options_text(&mode->options, "duration")
									      : duel_duration;
	int rc = options_copy(ret_side, side == DUEL_A ? &c->rounds.base : &mode->options, err);

	if (rc < 0)
		return rc;
	if (side == DUEL_B && c->board.current_method >= 0)
		rc = rounds_name_method(ret_side, mode->method[c->board.current_method].method->name, err);
	if (rc >= 0)
		rc = options_set(ret_side, "duration", duration, err);
	if (rc >= 0)
		rc = session_try(c->session, ret_side, err);
	if (rc < 0)
		options_free(ret_side);
	return rc;
}

/* "1M" is 1000000. */
static bool rounds_same_value(const struct option_def *def, const struct option_value *a, const struct option_value *b)
{
	return a->is_set && b->is_set && option_is_number(def) ? a->number == b->number : !strcmp(a->text, b->text);
}

/* Says for both sides the options in which they differ; false: they do not. */
static bool rounds_say_sides(const struct options side[DUEL_SIDES], struct duel *d)
{
	const struct options *a = &side[DUEL_A], *b = &side[DUEL_B];
	bool differ = false;

	for (unsigned i = 0; i < a->count; i++) {
		if (!(a->def[i]->flags & OPTION_RESULT) || rounds_same_value(a->def[i], &a->value[i], &b->value[i]))
			continue;
		for (unsigned n = 0; n < DUEL_SIDES; n++)
			text_add(d->side[n], sizeof(d->side[n]), "%s--%s %s", differ ? " " : "", a->def[i]->name,
				*side[n].value[i].text ? side[n].value[i].text : "auto");
		differ = true;
	}
	for (unsigned n = 0; n < DUEL_SIDES && !differ; n++)
		snprintf(d->side[n], sizeof(d->side[n]), "the same run");
	return differ;
}

/* The figures that a comparison of this mode tests. */
static void rounds_choose_metrics(const struct engine *engine, struct duel *d)
{
	struct sweep_metric metric[SWEEP_METRICS_MAX];
	unsigned count = sweep_metrics_of(engine, metric);

	for (unsigned i = 0; i < count && d->metrics < DUEL_METRICS; i++) {
		struct duel_metric *m = &d->metric[d->metrics];

		if (!metric[i].tested)
			continue;
		*m = (struct duel_metric){ .better = metric[i].better };
		snprintf(m->title, sizeof(m->title), "%s", metric[i].title);
		snprintf(m->unit, sizeof(m->unit), "%s", metric[i].unit);
		d->metrics++;
	}
}

/* ---- runs ---- */

static int rounds_run(struct console *c, const struct options *options, struct err *err)
{
	int rc = console_start_with(c, options, err);

	if (rc >= 0)
		c->rounds.run_id = c->run_id;
	return rc;
}

static int rounds_check(const struct console *c, const struct engine *engine, struct err *err)
{
	if (!c->rounds.kept)
		return err_say(err, ENOENT, "there is no baseline: b keeps one");
	if (c->rounds.base.engine != engine)
		return err_say(err, EINVAL, "A is a run of mode %s: b keeps one of this mode", c->rounds.base.engine->name);
	return 0;
}

int rounds_start(struct console *c, struct err *err)
{
	struct rounds *r = &c->rounds;
	struct options side[DUEL_SIDES] = { { 0 } };
	struct duel begun, from = { 0 };
	bool again = rounds_going(c), was_on = again ? r->resumes : c->board.run_wanted || r->resumes;
	int rc = rounds_check(c, console_mode(c)->engine, err);

	for (unsigned n = 0; rc >= 0 && n < DUEL_SIDES; n++)
		rc = rounds_make_side(c, n, &side[n], err);
	if (rc >= 0) {
		from.same = !rounds_say_sides(side, &from);
		rounds_choose_metrics(console_mode(c)->engine, &from);
		begun = r->duel;
		duel_begin(&begun, &from, (uint64_t)clock_now_ns());
		rc = rounds_run(c, &side[duel_side(&begun)], err);
	}
	if (rc < 0) {
		for (unsigned n = 0; n < DUEL_SIDES; n++)
			options_free(&side[n]);
		return rc;
	}
	rounds_drop_sides(r);
	memcpy(r->side, side, sizeof(side));
	r->made = true;
	r->resumes = was_on;
	r->duel = begun;
	const char *begins = again ? "B has changed, and the duel begins anew" : "the duel begins";
	if (from.same)
		duel_say(&r->duel, "%s: A and B are the same run", begins);
	else
		duel_say(&r->duel, "%s: A %s, B %s", begins, r->duel.side[DUEL_A], r->duel.side[DUEL_B]);
	session_event(c->session, SEVERITY_INFO, "%s", r->duel.said);
	return 0;
}

/* ---- what a run has come to ---- */

static void rounds_take_row(struct console *c, const json_t *row)
{
	struct sweep_metric metric[SWEEP_METRICS_MAX];
	unsigned count = sweep_metrics_of(console_mode(c)->engine, metric), n = 0;
	double value[DUEL_METRICS];

	for (unsigned i = 0; i < count && n < DUEL_METRICS; i++) {
		const json_t *cell = json_object_get(row, metric[i].column);

		if (metric[i].tested)
			value[n++] = json_is_number(cell) ? json_number_value(cell) : NAN;
	}
	duel_take(&c->rounds.duel, value);
}

static void rounds_judge(struct console *c)
{
	struct results_source source = console_source(c);
	struct duel *d = &c->rounds.duel;
	struct verdict verdict = { 0 };
	struct ledger ledger;
	char why[DUEL_TEXT_BYTES];

	if (!c->failed && c->measured)
		results_judge(&source, &ledger, &verdict);
	if (!verdict.valid) {
		snprintf(why, sizeof(why), "%s",
			verdict.reasons ? verdict.reason[0]
			: *c->why.text  ? c->why.text
					: "nothing was measured");
		session_event(c->session, SEVERITY_WARNING, "duel: a run of %c does not count: %s",
			duel_side(d) == DUEL_A ? 'A' : 'B', why);
		duel_refuse(d, why);
		return;
	}
	json_t *row = results_row(&source);

	rounds_take_row(c, row);
	json_decref(row);
}

void rounds_step(struct console *c)
{
	struct duel *d = &c->rounds.duel;
	struct err err = ERR_NONE;
	char why[DUEL_TEXT_BYTES];

	if (!rounds_going(c) || !c->over || c->run_id != c->rounds.run_id)
		return;
	rounds_judge(c);
	if (d->phase != DUEL_GOING) {
		session_event(c->session, SEVERITY_INFO, "%s", d->said);
		return;
	}
	if (rounds_run(c, &c->rounds.side[duel_side(d)], &err) < 0) {
		snprintf(why, sizeof(why), "%c could not start: %s", duel_side(d) == DUEL_A ? 'A' : 'B', err.text);
		rounds_stop(c, why);
	}
}
