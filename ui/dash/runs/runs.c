/* The runs of this session.  See runs.h. */
#include "ui/dash/runs/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ui/canvas/keys.h"
#include "ui/dash/actions.h"

/* So many intervals of the new run before it is said how it stands against another one. */
enum { TELL_INTERVALS = 3 };

/* ---- the list ---- */

const struct run_line *runs_find(const struct dash *d, uint32_t run_id)
{
	for (unsigned i = 0; i < d->runs.count; i++)
		if (d->runs.line[i].info && d->runs.line[i].info->id == run_id)
			return &d->runs.line[i];
	return NULL;
}

static int runs_make_room(struct runs *r, unsigned count)
{
	struct run_line *line;

	if (count <= r->room)
		return 0;
	line = realloc(r->line, count * sizeof(*line));
	if (!line)
		return -1;
	r->line = line;
	r->room = count;
	return 0;
}

/* The lines that were there move by as many as have come in front; those of runs that go on are
 * worked out anew. */
void runs_look(struct dash *d)
{
	const struct history *h = d->board->history;
	unsigned count = history_run_count(h), old = d->runs.count;
	unsigned come = 0;

	if (runs_make_room(&d->runs, count))
		return;
	while (come < count && (!old || history_run_by_age(h, come)->id != d->runs.newest))
		come++;
	unsigned kept = count - come < old ? count - come : old;

	if (kept)
		memmove(&d->runs.line[come], &d->runs.line[0], kept * sizeof(d->runs.line[0]));
	for (unsigned i = 0; i < count; i++)
		if (i < come || i >= come + kept || !d->runs.line[i].over)
			run_line_of(h, history_run_by_age(h, i)->id, d->board->captured && i == 0, &d->runs.line[i]);
	d->runs.count = count;
	d->runs.newest = count ? history_run_by_age(h, 0)->id : 0;
	if (count && !runs_find(d, d->view.run_pick))
		d->view.run_pick = d->runs.newest;
}

void runs_free(struct runs *r)
{
	free(r->line);
	*r = (struct runs){ 0 };
}

char *runs_differ(const struct dash *d, uint32_t a, uint32_t b, char *out, size_t size)
{
	const struct run_info *from = history_run(d->board->history, a), *to = history_run(d->board->history, b);

	out[0] = '\0';
	return from && to && a != b ? run_line_differ(from, to, "→", out, size) : out;
}

char *runs_differ_from_a(const struct dash *d, char *out, size_t size)
{
	const struct run_info *to = history_run(d->board->history, d->tally.run_id), *from;

	/* Numbers of another history are not this one's. */
	if (d->view.base_apart)
		from = d->board->base_history ? history_run(d->board->base_history, d->view.base.run_id) : NULL;
	else
		from = history_run(d->board->history, d->view.base.run_id);
	out[0] = '\0';
	return from && to && from != to ? run_line_differ(from, to, "→", out, size) : out;
}

/* ---- against the run before, and against A ---- */

static const struct run_info *runs_before(const struct dash *d)
{
	const struct history *h = d->board->history;
	const struct run_info *now = d->moment.info;

	for (unsigned age = 0; now && age < history_run_count(h); age++) {
		const struct run_info *info = history_run_by_age(h, age);

		if (info->id < now->id && info->engine == now->engine && history_final(h, info->id) &&
			history_final(h, info->id)->measured_ns > 0)
			return info;
	}
	return NULL;
}

/* Once a run. */
static void runs_tell(struct dash *d)
{
	if (d->told_run == d->tally.run_id || d->view.frozen || dash_duel(d) || d->board->read_only)
		return;
	d->told_run = d->tally.run_id;
	if (!d->view.toast[0] && (d->sentence[0] || d->sentence_a[0]))
		dash_say(d, STYLE_TOAST, d->sentence[0] ? d->sentence : d->sentence_a);
}

static void runs_say_before(struct dash *d, const struct run_info *before)
{
	char differs[160], than[32];

	run_line_differ(before, d->moment.info, "→", differs, sizeof(differs));
	snprintf(than, sizeof(than), "run #%u", before->id);
	tally_sentence(&d->before, &d->tally, than, differs, d->sentence, sizeof(d->sentence));
}

static void runs_say_a(struct dash *d)
{
	char differs[160], than[32] = "A";

	runs_differ_from_a(d, differs, sizeof(differs));
	if (!d->view.base_apart)
		snprintf(than, sizeof(than), "A, run #%u", d->view.base.run_id);
	tally_sentence(&d->view.base, &d->tally, than, differs, d->sentence_a, sizeof(d->sentence_a));
}

void runs_look_before(struct dash *d)
{
	const struct run_info *before = runs_before(d);
	bool may_tell = d->tally.n >= TELL_INTERVALS || d->moment.final;

	d->sentence[0] = d->sentence_a[0] = '\0';
	if (before && d->view.base_kept && !d->view.base_apart && d->view.base.run_id == before->id)
		before = NULL; /* it is A */
	if (!before || tally_update(&d->before, d->board->history, before->id, 0, INT64_MAX))
		tally_free(&d->before);
	if (!may_tell)
		return;
	if (before)
		runs_say_before(d, before);
	if (dash_has_base(d) && dash_b(d) == &d->tally)
		runs_say_a(d);
	runs_tell(d);
}

void runs_take_base(struct dash *d)
{
	const struct board *b = d->board;
	const struct history *h = b->base_history ? b->base_history : b->history;
	int64_t until = b->base_until_ns ? b->base_until_ns : INT64_MAX;

	if (!b->base_run || d->base_taken)
		return;
	d->base_taken = true;
	if (tally_update(&d->view.base, h, b->base_run, 0, until) == 0 && d->view.base.n) {
		d->view.base_kept = true;
		d->view.base_apart = b->base_history != NULL;
	}
}

/* ---- keys ---- */

void act_runs(struct dash *d, int key)
{
	(void)key;
	d->view.run_pick = d->moment.info ? d->moment.info->id : 0;
	view_open(&d->view, SCREEN_RUNS);
}

void act_runs_pick(struct dash *d, int steps)
{
	int at = 0;

	for (unsigned i = 0; i < d->runs.count; i++)
		if (d->runs.line[i].info->id == d->view.run_pick)
			at = (int)i;
	at += steps;
	at = at >= (int)d->runs.count ? (int)d->runs.count - 1 : at;
	if (d->runs.count)
		d->view.run_pick = d->runs.line[at < 0 ? 0 : at].info->id;
}

/* Shows a run as it stood in the end; the one that goes on as it stands now. */
static bool runs_show(struct dash *d, uint32_t run_id)
{
	const struct run_info *newest = history_newest_run(d->board->history);
	struct err err = ERR_NONE;

	if (newest && newest->id == run_id)
		view_thaw(&d->view);
	else if (view_show_run(&d->view, d->board->history, run_id, &err)) {
		dash_say(d, STYLE_WARNING, err.text);
		return false;
	}
	return true;
}

static void runs_close(struct dash *d)
{
	d->view.depth = 0;
	view_back(&d->view);
}

void act_runs_show(struct dash *d, int key)
{
	(void)key;
	if (runs_show(d, d->view.run_pick))
		runs_close(d);
}

static bool runs_keep_base(struct dash *d, uint32_t run_id)
{
	struct tally base = { 0 };
	struct err err = ERR_NONE;

	if (tally_update(&base, d->board->history, run_id, 0, INT64_MAX) || !base.n) {
		tally_free(&base);
		view_toast(&d->view, STYLE_WARNING, clock_run_ns(), "run #%u has no interval to compare with", run_id);
		return false;
	}
	tally_free(&d->view.base);
	d->view.base = base;
	d->view.base_kept = true;
	d->view.base_apart = false;
	if (!d->board->read_only && d->requests && d->requests->keep_base(d->requests->ctx, run_id, &err) < 0)
		dash_say(d, STYLE_BAD, err.text);
	return true;
}

void act_runs_base(struct dash *d, int key)
{
	(void)key;
	if (runs_keep_base(d, d->view.run_pick))
		view_toast(&d->view, STYLE_TOAST, clock_run_ns(), "baseline A: run #%u", d->view.run_pick);
}

static const struct engine *runs_engine(const struct dash *d, uint32_t run_id)
{
	const struct run_info *info = history_run(d->board->history, run_id);

	return info ? info->engine : NULL;
}

/* The first that is marked is A, the second B. */
void act_runs_mark(struct dash *d, int key)
{
	uint32_t a = d->view.run_marked, b = d->view.run_pick;
	int panel = dash_panel(d, PANEL_DUEL);

	(void)key;
	d->view.run_marked = 0;
	if (a == b)
		return;
	if (!a || !runs_engine(d, a)) {
		d->view.run_marked = b;
		return;
	}
	if (runs_engine(d, a) != runs_engine(d, b)) {
		d->view.run_marked = a;
		view_toast(&d->view, STYLE_WARNING, clock_run_ns(),
			"run #%u is of mode %s, and run #%u of %s: they measure other things", a, runs_engine(d, a)->name, b,
			runs_engine(d, b) ? runs_engine(d, b)->name : "none");
		return;
	}
	if (!runs_keep_base(d, a) || !runs_show(d, b))
		return;
	runs_close(d);
	if (panel >= 0)
		view_open_panel(&d->view, panel);
}
