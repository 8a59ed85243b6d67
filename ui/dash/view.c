/* The user's view of the dashboard.  See view.h. */
#include "ui/dash/view.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ui/canvas/canvas.h"
#include "ui/dash/headline.h"

static const int64_t spans_s[] = { 10, 30, 60, 120, 300, 900, 1800, 3600, 4 * 3600 };
enum { SPANS = sizeof(spans_s) / sizeof(spans_s[0]) };

static const int64_t toast_ns = 6ll * NS_PER_S;

/* ---- kept samples ---- */

static void held_free(struct held *held)
{
	sample_free(held->to);
	sample_free(held->from);
	free(held->total);
	free(held->details);
	*held = (struct held){ 0 };
}

static struct sample *sample_copy(const struct sample *s)
{
	struct sample *copy = sample_new(s->workers);

	if (!copy)
		return NULL;
	memcpy(copy, s, sizeof(*s) + s->workers * sizeof(s->worker[0]));
	copy->total = NULL;
	return copy;
}

static struct details *copy_of_details(const struct details *d)
{
	struct details *copy = details_new(d->rows);

	if (copy)
		memcpy(copy, d, sizeof(*d) + d->rows * sizeof(d->row[0]));
	return copy;
}

static int held_take(struct held *held, const struct moment *m, const struct hist *total)
{
	struct held h = { .is_final = m->final != NULL, .at_ns = m->at_ns };

	h.to = m->to ? sample_copy(m->to) : NULL;
	h.from = m->from ? sample_copy(m->from) : NULL;
	h.total = total ? malloc(sizeof(*total)) : NULL;
	if ((m->to && !h.to) || (m->from && !h.from) || (total && !h.total)) {
		held_free(&h);
		return -ENOMEM;
	}
	if (total)
		*h.total = *total;
	held_free(held);
	*held = h;
	return 0;
}

void view_init(struct view *v, const struct theme *theme)
{
	*v = (struct view){ .zoom = ZOOM_DEFAULT, .theme = theme };
}

void view_free(struct view *v)
{
	held_free(&v->hold);
	held_free(&v->clear);
	tally_free(&v->base);
}

/* ---- screens ---- */

void view_open(struct view *v, enum screen screen)
{
	if (v->screen == screen)
		return;
	if (v->depth < VIEW_DEPTH)
		v->back[v->depth++] = v->screen;
	v->screen = screen;
	v->scroll = 0;
	v->search[0] = '\0';
}

bool view_back(struct view *v)
{
	if (v->screen == SCREEN_DASH)
		return false;
	v->screen = v->depth ? v->back[--v->depth] : SCREEN_DASH;
	v->scroll = 0;
	return true;
}

void view_open_panel(struct view *v, int panel)
{
	v->panel = panel;
	view_open(v, SCREEN_PANEL);
	v->scroll = 0;
}

/* ---- time ---- */

int64_t view_span_ns(const struct view *v)
{
	return spans_s[v->zoom] * NS_PER_S;
}

char *view_span_text(const struct view *v, char *out, size_t size)
{
	long seconds = (long)(view_span_ns(v) / NS_PER_S);

	if (seconds < 120)
		snprintf(out, size, "%ld s", seconds);
	else if (seconds < 2 * 3600)
		snprintf(out, size, "%ld min", seconds / 60);
	else
		snprintf(out, size, "%ld h", seconds / 3600);
	return out;
}

bool view_zoom(struct view *v, int step)
{
	int next = step ? (int)v->zoom + step : ZOOM_DEFAULT;

	if (next < 0 || next >= SPANS)
		return false;
	v->zoom = (unsigned)next;
	return true;
}

int view_freeze(struct view *v, const struct moment *m, const struct hist *total)
{
	struct details *details = m->details ? copy_of_details(m->details) : NULL;

	if ((m->details && !details) || held_take(&v->hold, m, total)) {
		free(details);
		return -ENOMEM;
	}
	v->hold.details = details;
	v->frozen = true;
	v->cursor_ns = 0;
	v->run_shown = 0;
	return 0;
}

void view_thaw(struct view *v)
{
	v->frozen = false;
	v->cursor_ns = 0;
	v->run_shown = 0;
	held_free(&v->hold);
}

static const struct sample *last_sample(const struct history *h, uint32_t run_id)
{
	const struct sample *s;

	for (unsigned age = 0; (s = history_fine(h, age)); age++)
		if (s->run_id == run_id)
			return s;
	for (unsigned age = 0; (s = history_coarse(h, age)); age++)
		if (s->run_id == run_id)
			return s;
	return NULL;
}

int view_show_run(struct view *v, const struct history *h, uint32_t run_id, struct err *err)
{
	const struct run_final *final = history_final(h, run_id);
	struct moment m = { .info = history_run(h, run_id), .to = last_sample(h, run_id), .final = final };

	if (!m.info || !final)
		return err_say(err, ENOENT, "run #%u is not over, or not known any more", run_id);
	if (final->how == PHASE_FAILED)
		return err_say(err, EINVAL, "run #%u failed: %s", run_id, final->err.text);
	if (!m.to)
		return err_say(err, ENODATA, "nothing is left of the samples of run #%u", run_id);
	m.at_ns = m.to->at_ns;
	m.start = history_measure_start(h, run_id);
	m.details = history_details(h, run_id);
	if (view_freeze(v, &m, final->total))
		return err_sys(err, ENOMEM, "show run #%u", run_id);
	v->run_shown = run_id;
	return 0;
}

static void held_moment(const struct held *held, const struct history *h, struct moment *ret_moment)
{
	struct moment m = { .at_ns = held->at_ns, .to = held->to, .from = held->from };

	if (m.to)
		m.info = history_run(h, m.to->run_id);
	if (!m.info)
		m.to = m.from = NULL;
	if (m.info)
		m.start = history_measure_start(h, m.info->id);
	if (m.start && m.start->at_ns > m.at_ns)
		m.start = NULL;
	if (m.info && held->is_final)
		m.final = history_final(h, m.info->id);
	if (m.info)
		m.details = held->details;
	*ret_moment = m;
}

/* The history goes on and keeps newer rows only: those that the view was frozen with stay. */
static void held_moment_at(const struct held *held, const struct history *h, int64_t at_ns, struct moment *ret_moment)
{
	const struct details *d = held->details;

	moment_at(h, at_ns, ret_moment);
	if (d && !held->is_final && d->at_ns <= at_ns && ret_moment->info && ret_moment->info->id == held->to->run_id)
		ret_moment->details = d;
}

void view_moment(const struct view *v, const struct history *h, struct moment *ret_moment)
{
	if (v->cursor_ns)
		held_moment_at(&v->hold, h, v->cursor_ns, ret_moment);
	else if (v->frozen)
		held_moment(&v->hold, h, ret_moment);
	else
		moment_newest(h, ret_moment);
}

void view_move_cursor(struct view *v, int steps, int64_t step_ns, int64_t oldest_ns, int64_t newest_ns)
{
	int64_t at = v->cursor_ns ? v->cursor_ns : newest_ns;

	at += steps * step_ns;
	if (at < oldest_ns)
		at = oldest_ns;
	if (at > newest_ns)
		at = newest_ns;
	v->cursor_ns = at;
}

int view_clear(struct view *v, const struct moment *m, const struct hist *total)
{
	if (!m->to || !m->info || held_take(&v->clear, m, total))
		return -ENOMEM;
	v->clear_run = m->info->id;
	return 0;
}

bool view_cleared(const struct view *v, const struct run_info *info)
{
	return info && v->clear_run == info->id && v->clear.to;
}

/* ---- rows ---- */

char *view_typed(struct view *v)
{
	return v->screen == SCREEN_HELP ? v->search : v->filter;
}

bool view_matches(const struct view *v, const char *text)
{
	return !v->filter[0] || strcasestr(text, v->filter);
}

void view_worker_name(const struct run_info *info, unsigned worker, char *out, size_t size)
{
	const struct run_worker *w = &info->worker[worker];
	const char *side = engine_role(info->engine, w->role)->brief;

	if (w->cpu >= 0 && w->shares_cpu) /* the CPU alone would not tell them apart */
		snprintf(out, size, "%s%u cpu%d*", side, w->index, w->cpu);
	else if (w->cpu >= 0)
		snprintf(out, size, "%s cpu%d", side, w->cpu);
	else
		snprintf(out, size, "%s #%u", side, w->index);
}

int view_names_width(const struct run_info *info, int least)
{
	int width = least;
	char name[32];

	for (unsigned i = 0; info && i < info->workers; i++) {
		view_worker_name(info, i, name, sizeof(name));
		if (canvas_width(name) > width)
			width = canvas_width(name);
	}
	return width;
}

struct sorted {
	int worker;
	enum role role;
	double key;
};

static double sort_key(enum sort sort, const struct moment *m, int worker)
{
	struct latency_summary latency;
	struct rates rates;
	double key = 0;

	moment_rates(m, worker, ROLE_BOTH, &rates);
	moment_latency(m, worker, 0, &latency);
	if (sort == SORT_PPS)
		key = headline_rate(m->info, &rates, m->info->worker[worker].role);
	else if (sort == SORT_DROPS)
		key = rates.drops_per_s;
	else if (sort == SORT_P99)
		key = (double)latency.p99_ns;
	else if (sort == SORT_BUSY)
		key = rates.busy;
	return isnan(key) ? -1 : key;
}

static int by_side_then_key(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	return x->worker < y->worker ? -1 : 1;
}

unsigned view_rows(const struct view *v, const struct moment *m, int *order)
{
	unsigned n = 0;
	char name[32];
	struct sorted *sorted = m->info ? calloc(m->info->workers + 1, sizeof(*sorted)) : NULL;

	for (unsigned i = 0; sorted && i < m->info->workers; i++) {
		view_worker_name(m->info, i, name, sizeof(name));
		if ((!v->side || m->info->worker[i].role & v->side) && view_matches(v, name))
			sorted[n++] = (struct sorted){ (int)i, m->info->worker[i].role,
				v->sort == SORT_PLAN ? 0 : sort_key(v->sort, m, (int)i) };
	}
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_side_then_key);
	for (unsigned i = 0; i < n; i++)
		order[i] = sorted[i].worker;
	free(sorted);
	return n;
}

void view_move_pick(struct view *v, const int *order, unsigned count, int steps)
{
	int at = 0;

	if (!count)
		return;
	for (unsigned i = 0; i < count; i++)
		if (order[i] == v->pick)
			at = (int)i;
	at += steps;
	at = at < 0 ? 0 : at >= (int)count ? (int)count - 1 : at;
	v->pick = order[at];
}

const char *view_sort_name(enum sort sort)
{
	static const char *const names[SORTS] = { "plan order", "rate", "drops", "p99", "busy" };

	return names[sort];
}

void view_toast(struct view *v, enum style style, int64_t now_ns, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(v->toast, sizeof(v->toast), fmt, args);
	va_end(args);
	v->toast_style = style;
	v->toast_until_ns = now_ns + toast_ns;
}
