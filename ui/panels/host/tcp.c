/* The connections as the kernel has them: what a mode's table marks with SHOW_LINK, of the workers
 * that send, the least, the middle one and the most. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/panels/panels.h"

enum { LINK_NAME = 12, LINK_VALUE = 9, LINKS_MAX = 1024 };

static unsigned link_counters(const struct engine *e)
{
	unsigned n = 0;

	for (unsigned i = COUNTER_OWN; e && e->built && i < engine_counters(e); i++)
		n += (engine_counter(e, i)->show & SHOW_LINK) != 0;
	return n;
}

static int link_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static bool link_has_senders(const struct run_info *info)
{
	for (unsigned i = 0; info && i < info->workers; i++)
		if (info->worker[i].role & info->tx_roles)
			return true;
	return !info;
}

/* Of the workers that send, or of all where those are elsewhere. */
static unsigned link_roles(const struct run_info *info)
{
	return link_has_senders(info) ? info->tx_roles : ROLE_BOTH;
}

/* Per second of what is counted up, in order; returns how many know it. */
static unsigned link_values(const struct reading *r, unsigned counter, double value[LINKS_MAX])
{
	const struct counter_def *def = engine_counter(r->info->engine, counter);
	double seconds = (double)reading_measured_ns(r) / NS_PER_S;
	unsigned n = 0, roles = link_roles(r->info) & def->roles;

	for (unsigned i = 0; i < r->info->workers && n < LINKS_MAX; i++) {
		if (!(r->info->worker[i].role & roles) || r->info->worker[i].unknown >> counter & 1)
			continue;
		double one = (double)reading_value(r, i, counter);

		value[n++] = counter_is_level(def->kind) ? one : seconds > 0 ? one / seconds : NAN;
	}
	qsort(value, n, sizeof(*value), link_order);
	return n;
}

static void link_paint_row(struct dash *d, struct rect area, int row, const struct reading *r, unsigned counter)
{
	const struct counter_def *def = engine_counter(r->info->engine, counter);
	double value[LINKS_MAX];
	unsigned n = link_values(r, counter, value);
	char text[32], name[24];

	snprintf(name, sizeof(name), "%s%s", def->title, counter_is_level(def->kind) ? "" : "/s");
	area_put(&d->canvas, area, row, 1, STYLE_TEXT, name);
	for (int i = 0; i < 3; i++) {
		double at = !n ? NAN : value[i == 0 ? 0 : i == 1 ? n / 2 : n - 1];

		canvas_put_right(&d->canvas, area.row + row, area.column + LINK_NAME + i * LINK_VALUE, LINK_VALUE,
			isnan(at) ? STYLE_DIM : STYLE_STRONG, words_figure(def->unit, at, text, sizeof(text)));
	}
	int at = LINK_NAME + 3 * LINK_VALUE + 2;

	if (area.columns > at)
		canvas_put_cut(&d->canvas, area.row + row, area.column + at, area.columns - at - 1, STYLE_DIM,
			d->layout.kind == LAYOUT_FULL ? def->help : words_unit(def->unit));
}

static void link_paint(struct dash *d, struct rect area)
{
	static const char *const heads[] = { "least", "middle", "most" };
	const struct engine *e = dash_engine(d);
	struct reading r = moment_recent(&d->moment);
	char title[64];
	int row = 1;

	snprintf(title, sizeof(title), "TCP of the %s · %s", link_has_senders(d->moment.info) ? "senders" : "receivers",
		d->moment.final ? "at the end" : "now");
	area_rule(&d->canvas, area, title, NULL);
	if (!link_counters(e) || !reading_known(&r)) {
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, link_counters(e) ? "no run yet" : "this mode has no TCP");
		return;
	}
	for (int i = 0; i < 3 && area.rows > 1; i++)
		canvas_put_right(
			&d->canvas, area.row + row, area.column + LINK_NAME + i * LINK_VALUE, LINK_VALUE, STYLE_DIM, heads[i]);
	for (unsigned i = COUNTER_OWN; i < engine_counters(e); i++)
		if (engine_counter(e, i)->show & SHOW_LINK && ++row < area.rows)
			link_paint_row(d, area, row, &r, i);
}

static int link_lines(const struct dash *d)
{
	unsigned n = link_counters(dash_engine(d));

	return n ? (int)n + 1 : PANEL_NONE;
}

const struct panel_def panel_tcp = {
	.name = "TCP",
	.narrow = { .min = 4, .want = 1 },
	.wide = { .min = 4, .want = 1 },
	.paint = link_paint,
	.lines = link_lines,
};
