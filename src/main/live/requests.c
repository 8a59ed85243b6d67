/* The dashboard's requests.  See main/live/requests.h. */
#include "main/live/requests.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "main/live/modes.h"
#include "mode/in_force.h"
#include "main/cli/settings.h"
#include "mode/path.h"

static int on_run(void *ctx, bool on, struct err *err)
{
	struct console *c = ctx;

	if (on)
		return console_start(c, err);
	rounds_stop(c, "the traffic was stopped");
	c->board.run_wanted = c->rounds.resumes = false;
	session_stop(c->session, false);
	return 0;
}

static bool is_traffic_on(const struct console *c)
{
	return c->board.run_wanted || c->rounds.resumes;
}

/* The next run with the options as they are now: a duel begins anew with another B. */
static int run_changed(struct console *c, struct err *err)
{
	if (rounds_going(c))
		return rounds_start(c, err);
	rounds_forget(c);
	return is_traffic_on(c) ? console_start(c, err) : 0;
}

/* Restarts the run if traffic is on; if that fails, restores the options of *undo. */
static int restart_or_undo(struct console *c, struct options *undo, struct err *err)
{
	struct options *now = &console_mode(c)->options;
	int rc = run_changed(c, err);

	if (rc < 0) {
		struct options failed = *now;

		*now = *undo;
		*undo = failed;
	}
	options_free(undo);
	modes_find_method(&c->board);
	return rc;
}

static int on_mode(void *ctx, unsigned mode, struct err *err)
{
	struct console *c = ctx;
	unsigned before = c->board.current_mode;

	if (mode >= c->board.modes || mode == before)
		return 0;
	if (!c->board.mode[mode].engine->built)
		return err_say(err, ENOSYS, "mode %s is not built yet", c->board.mode[mode].engine->name);
	rounds_stop(c, "the mode was changed");
	rounds_forget(c);
	options_carry(&c->board.mode[mode].options, &c->board.mode[before].options);
	options_forget_idle(&c->board.mode[mode].options);
	c->board.current_mode = mode;
	int rc = is_traffic_on(c) ? console_start(c, err) : 0;
	if (rc < 0)
		c->board.current_mode = before;
	modes_find_method(&c->board);
	return rc;
}

/* ---- methods ---- */

/* The next one in the direction of `step` that runs here; -1 if there is no other but `first`. */
static int next_method(const struct board_mode *mode, int at, int first, int step)
{
	int n = (int)mode->methods;

	for (int i = 0; i < n; i++) {
		at = at < 0 ? (step > 0 ? 0 : n - 1) : (at + step + n) % n;
		if (at == first)
			return -1;
		if (mode->method[at].runs)
			return at;
	}
	return -1;
}

static int set_method(struct options *o, const char *name, struct err *err)
{
	int rc = options_set(o, "method", name, err);

	if (rc >= 0)
		rc = options_reset(o, "server-method", err);
	return rc < 0 ? rc : options_reset(o, "client-method", err);
}

/* Where it cannot run (xdp on the loopback device), nothing has changed. */
static int try_method(struct console *c, const struct method *method, struct err *err)
{
	struct options *o = &console_mode(c)->options, undo;
	int rc = options_copy(&undo, o, err);

	if (rc < 0)
		return rc;
	rc = set_method(o, method->name, err);
	if (rc < 0) {
		options_free(&undo);
		return rc;
	}
	return restart_or_undo(c, &undo, err);
}

/* Once for each method, or it would be said with every round of m. */
static void note_passed(struct board_method *m, const struct err *why, struct err *note)
{
	if (!m->passed)
		text_add(note->text, sizeof(note->text), "%s%s passed over: %s", note->text[0] ? "; " : "", m->method->name,
			why->text);
	m->passed = true;
}

static int on_method(void *ctx, int step, struct err *err)
{
	struct console *c = ctx;
	struct board_mode *mode = console_mode(c);
	/* Where the search ends: at the method that runs; of a mixed one, where it began. */
	int first = c->board.current_method, at = first;
	struct err why = ERR_NONE, note = ERR_NONE;

	while ((at = next_method(mode, at, first, step < 0 ? -1 : 1)) >= 0) {
		why = ERR_NONE;
		if (try_method(c, mode->method[at].method, &why) >= 0) {
			*err = note;
			return 0;
		}
		note_passed(&mode->method[at], &why, &note);
		first = first < 0 ? at : first;
	}
	return why.text[0] ? err_say(err, why.code, "no other method runs here: %s", why.text)
			   : err_say(err, ENOENT, "no other method of mode %s runs here", mode->engine->name);
}

/* ---- path ---- */

/* The index among --path's words of the next one in the direction of `step` that runs here; -1 if
 * there is no other, with the reason of the last one. */
static int next_path(const struct session *s, const struct options *o, int step, char *why, size_t size)
{
	const char *const *words = o->def[options_find(o, "path")]->choices;
	int n = 0, first = (int)options_number(o, "path"), at = first;

	while (words[n])
		n++;
	while ((at = (at + step + n) % n) != first) {
		const struct path *path = session_path(s, words[at]);

		if (path->probe(why, size))
			return at;
	}
	return -1;
}

static int set_path(struct options *o, const char *name, struct err *err)
{
	int rc = options_set(o, "path", name, err);

	if (rc >= 0)
		options_forget_idle(o);
	return rc;
}

static int on_path(void *ctx, int step, struct err *err)
{
	struct console *c = ctx;
	struct options *o = &console_mode(c)->options, undo;
	char why[240] = "";
	int at = next_path(c->session, o, step < 0 ? -1 : 1, why, sizeof(why)), rc;

	if (at < 0)
		return err_say(err, ENOENT, "no other path runs here: %s", why);
	if ((rc = options_copy(&undo, o, err)) < 0)
		return rc;
	if ((rc = set_path(o, o->def[options_find(o, "path")]->choices[at], err)) < 0) {
		options_free(&undo);
		return rc;
	}
	return restart_or_undo(c, &undo, err);
}

/* ---- load ---- */

static uint64_t step_up(bool is_rate, uint64_t load, uint64_t max)
{
	uint64_t step = is_rate ? load / 10 : load;

	if (!step)
		step = 1;
	return load >= max || step > max - load ? max : load + step;
}

static uint64_t step_down(bool is_rate, uint64_t load, uint64_t min)
{
	/* 10/11 is the way back from a tenth more; rounded up, so that a step up and a step down
	 * end where they began. */
	uint64_t less = is_rate ? load / 11 * 10 + (load % 11 * 10 + 10) / 11 : load / 2;

	if (less >= load)
		less = load ? load - 1 : 0;
	return less < min ? min : less;
}

uint64_t requests_next_load(bool is_rate, uint64_t load, uint64_t min, uint64_t max, int direction)
{
	return direction > 0 ? step_up(is_rate, load, max) : step_down(is_rate, load, min);
}

static bool is_rate(const struct run_info *info)
{
	int at = options_find(&info->options, info->load_name);

	return at >= 0 && info->options.def[at]->flags & OPTION_RATE;
}

/* In a duel a step of load is another B, whichever side runs at this moment. */
static int change_side(struct console *c, int direction, struct err *err)
{
	struct options *b = &console_mode(c)->options, undo;
	const char *name = c->rounds.load_name;
	int at = name ? options_find(b, name) : -1;
	char text[32];

	if (at < 0)
		return err_say(err, ENODATA, "no load to change: this mode has none");
	const struct option_def *def = b->def[at];
	uint64_t unit = def->type == OPTION_DECIMAL ? 1000 : 1, now = (uint64_t)option_real(def, &b->value[at]);
	uint64_t least = (uint64_t)def->min / unit, most = (uint64_t)def->max / unit;
	uint64_t next = requests_next_load(def->flags & OPTION_RATE, now, least ? least : 1, most, direction);
	if (next == now)
		return err_say(err, ERANGE, "--%s stays at %" PRIu64, name, now);
	int rc = options_copy(&undo, b, err);
	if (rc < 0)
		return rc;
	snprintf(text, sizeof(text), "%" PRIu64, next);
	rc = options_set(b, name, text, err);
	if (rc < 0) {
		options_free(&undo);
		return rc;
	}
	return restart_or_undo(c, &undo, err);
}

static int on_load(void *ctx, int direction, struct err *err)
{
	struct console *c = ctx;
	const struct run_info *info = history_run(c->history, c->run_id);
	uint64_t min = 0, max = 0, now = session_load(c->session, &min, &max);
	char text[32];

	if (rounds_going(c))
		return change_side(c, direction, err);
	if (!info || !info->load_name || !now || c->over)
		return err_say(err, ENODATA, "no load to change: nothing is running");
	uint64_t next = session_set_load(c->session, requests_next_load(is_rate(info), now, min, max, direction));
	c->board.load = next;
	if (next == now)
		return err_say(
			err, ERANGE, "--%s stays at %" PRIu64 " (%" PRIu64 "..%" PRIu64 ")", info->load_name, now, min, max);
	rounds_forget(c);
	/* The next run starts where this one has been brought to. */
	snprintf(text, sizeof(text), "%" PRIu64, next);
	options_set(&console_mode(c)->options, info->load_name, text, NULL);
	return 0;
}

/* ---- the duel ---- */

static int on_keep_base(void *ctx, uint32_t run_id, struct err *err)
{
	struct console *c = ctx;
	int rc = rounds_keep(c, run_id, err);

	if (rc >= 0)
		console_note_base(c, run_id);
	return rc;
}

static int on_duel(void *ctx, bool on, struct err *err)
{
	struct console *c = ctx;

	if (on)
		return rounds_start(c, err);
	rounds_stop(c, "d was pressed");
	c->board.run_wanted = false;
	session_stop(c->session, false);
	return 0;
}

/* ---- the form ---- */

static bool same_value(const struct options *a, const struct options *b, unsigned i)
{
	return !strcmp(a->value[i].text, b->value[i].text);
}

static bool needs_restart(const struct options *a, const struct options *b)
{
	for (unsigned i = 0; i < a->count && i < b->count; i++)
		if (a->def[i]->flags & OPTION_RESTART && !same_value(a, b, i))
			return true;
	return false;
}

static int on_apply(void *ctx, const struct options *options, struct err *err)
{
	struct console *c = ctx;
	struct options *now = &console_mode(c)->options, undo, copy;
	int rc = options_copy(&copy, options, err);

	if (rc < 0)
		return rc;
	undo = *now;
	*now = copy;
	if (needs_restart(&undo, &copy))
		return restart_or_undo(c, &undo, err);
	options_free(&undo);
	return 0;
}

/* ---- files ---- */

static int on_snapshot(void *ctx, const struct ui_picture *picture, char *ret_path, size_t size, struct err *err)
{
	struct snapshot_screen screen = { .text = picture->text, .svg = picture->svg };

	return console_snapshot(ctx, &screen, ret_path, size, err);
}

static int on_capture(void *ctx, bool on, struct err *err)
{
	struct console *c = ctx;
	const struct run_info *info = history_run(c->history, c->run_id);
	int rc;

	if (!on)
		rc = run_capture_stop(&c->run_capture, err);
	else if (!info || c->over)
		return err_say(err, ENODATA, "no capture: nothing is running");
	else
		rc = run_capture_start(&c->run_capture, info, err);
	c->board.capture = c->run_capture.state;
	return rc;
}

static int on_capture_options(void *ctx, const struct capture_options *options, struct err *err)
{
	struct console *c = ctx;
	int rc = capture_filter_check(options->filter, err);

	if (rc < 0)
		return rc;
	c->run_capture.options = c->board.capture_options = *options;
	/* A running capture is restarted with them, into a new file. */
	return c->run_capture.capture ? on_capture(c, true, err) : 0;
}

static void on_setting(void *ctx, const char *name, const char *value)
{
	struct console *c = ctx;
	struct err err = ERR_NONE;

	if (settings_keep("dash", name, value, &err) < 0)
		session_event(c->session, SEVERITY_WARNING, "the setting was not saved: %s", err.text);
}

void requests_fill(struct console *c, struct ui_requests *ret_requests)
{
	*ret_requests = (struct ui_requests){ .ctx = c,
		.pump = console_pump,
		.run = on_run,
		.choose_mode = on_mode,
		.choose_method = on_method,
		.choose_path = on_path,
		.change_load = on_load,
		.keep_base = on_keep_base,
		.duel = on_duel,
		.apply = on_apply,
		.snapshot = on_snapshot,
		.capture = on_capture,
		.capture_options = on_capture_options,
		.keep_setting = on_setting };
}
