/* The axes of sweeps' charts.  See sweep/chart_axes.h. */
#include "sweep/chart_axes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* The legend has three rows: this part of a panel's height stays free above the data. */
static const double legend_part = 0.28;
/* Values that differ by more than this cannot be told apart near zero. */
static const double log_ratio = 20, log_ratio_of_more_is_better = 200;

static const struct sweep_axis *x_axis(const struct chart_layout *l)
{
	return &l->state->plan->axis[l->chart->axis];
}

/* ---- text ---- */

/* The unit of an option stands in its key, behind its name: "payload_bytes", "rate_pps". */
static const char *unit_of(const struct option_def *def)
{
	size_t length = strlen(def->name);

	return def->key && strlen(def->key) > length && def->key[length] == '_' ? def->key + length + 1
	       : def->type == OPTION_SIZE                                       ? "bytes"
	       : def->type == OPTION_DURATION                                   ? "s"
										: "";
}

char *chart_x_label(const struct chart_layout *l, char *out, size_t size)
{
	const struct engine *engine = l->state->plan->options.engine;
	const struct option_def *def = x_axis(l)->def;
	const char *unit = x_axis(l)->numeric ? unit_of(def) : "";

	/* echo counts answers, but its rate is one of questions. */
	if (!strcmp(unit, "pps"))
		snprintf(out, size, "%s [%s/s]", def->name,
			engine->packets && def->value_name && strcmp(def->value_name, "PPS") ? engine->packets : "packets");
	else
		snprintf(out, size, "%s%s%s%s", def->name, *unit ? " [" : "", unit, *unit ? "]" : "");
	return out;
}

/* ---- x ---- */

/* Sizes double from step to step, and so may counts. */
static bool is_log_x(const struct chart_layout *l, double low, double high)
{
	return low > 0 && (x_axis(l)->def->type == OPTION_SIZE || high >= 4 * low);
}

static void range_x(const struct chart_layout *l, struct chart_axes *a)
{
	unsigned count = chart_x_count(l);
	double low = x_axis(l)->number[l->order[0]], high = x_axis(l)->number[l->order[count - 1]];

	if (l->chart->bars) {
		a->x_low = -0.6;
		a->x_high = count - 0.4;
	} else if (is_log_x(l, low, high)) {
		a->log_x = true;
		a->x_low = low / 1.25;
		a->x_high = high * 1.25;
	} else {
		a->x_low = low - 0.05 * (high - low);
		a->x_high = high + 0.05 * (high - low);
	}
}

/* 0 left, 1 right. */
static double place(const struct chart_layout *l, const struct chart_axes *a, unsigned nth)
{
	double x = l->chart->bars ? nth : x_axis(l)->number[l->order[nth]];

	return a->log_x ? log(x / a->x_low) / log(a->x_high / a->x_low) : (x - a->x_low) / (a->x_high - a->x_low);
}

static void find_gap(const struct chart_layout *l, struct chart_axes *a)
{
	a->x_gap = 1;
	for (unsigned i = 1; i < chart_x_count(l); i++)
		a->x_gap = fmin(a->x_gap, place(l, a, i) - place(l, a, i - 1));
}

static double half_px(const struct chart_layout *l, const struct chart_axes *a, unsigned nth)
{
	unsigned length = text_width(x_axis(l)->text[l->order[nth]]);

	/* Slanted ones are as far apart as they are high. */
	return a->slanted ? CHART_GLYPH_PX : (length > CHART_LABEL_MAX ? CHART_LABEL_MAX : length) * CHART_GLYPH_PX / 2.0 + 4;
}

static bool touch(const struct chart_layout *l, const struct chart_axes *a, unsigned left, unsigned right, double width_px)
{
	return place(l, a, left) * width_px + half_px(l, a, left) > place(l, a, right) * width_px - half_px(l, a, right);
}

/* From the left, each that has room; the last one in any case, and those make room for it.
 * Returns how many have none. */
static unsigned label_ticks(const struct chart_layout *l, struct chart_axes *a, double width_px)
{
	unsigned count = chart_x_count(l), without = 0, newest = 0;

	for (unsigned i = 0; i < count; i++) {
		a->labelled[i] = i == 0 || !touch(l, a, newest, i, width_px);
		newest = a->labelled[i] ? i : newest;
	}
	if (!a->labelled[count - 1])
		for (unsigned i = count - 1; i-- > 1 && touch(l, a, i, count - 1, width_px);)
			a->labelled[i] = false;
	a->labelled[count - 1] |= count < 2 || !touch(l, a, 0, count - 1, width_px);
	for (unsigned i = 0; i < count; i++)
		without += !a->labelled[i];
	return without;
}

static void ticks_x(const struct chart_layout *l, struct chart_axes *a, double width_px)
{
	for (unsigned i = 0; i < chart_x_count(l); i++) {
		unsigned length = text_width(x_axis(l)->text[i]);

		if (length > a->label_length)
			a->label_length = length > CHART_LABEL_MAX ? CHART_LABEL_MAX : length;
	}
	/* A number between two others is known without its label; a name is not. */
	if (label_ticks(l, a, width_px) && l->chart->bars) {
		a->slanted = true;
		label_ticks(l, a, width_px);
	}
}

/* ---- y ---- */

static double nice_step(double about)
{
	double ten = pow(10, floor(log10(about)));

	return about <= ten ? ten : about <= 2 * ten ? 2 * ten : about <= 5 * ten ? 5 * ten : 10 * ten;
}

/* Multiples of the step as 20k or 1.5M. */
static void format_y(struct chart_axes *a)
{
	double one = pow(1000, floor(log10(a->y_high) / 3));

	a->y_step = nice_step(a->y_high / 7);
	a->y_format = a->y_step >= one ? "%.0s%c" : "%.1s%c";
}

static void range_y(const struct chart_layout *l, struct chart_axes *a)
{
	const struct sweep_metric *m = &l->state->metric[l->chart->metric];
	double ratio = l->high / l->low;
	bool may_log = !l->chart->bars && l->low > 0 && m->better != 0;

	a->y_last = NAN;
	a->log_y = may_log && ratio > (m->better < 0 ? log_ratio : log_ratio_of_more_is_better);
	if (a->log_y) {
		a->y_low = l->low / 1.5;
		a->y_high = l->high * pow(l->high / a->y_low, legend_part / (1 - legend_part));
		a->y_format = l->high >= 1000 ? "%.0s%c" : NULL;
		return;
	}
	a->y_low = fmin(0, 1.1 * l->low);
	a->y_high = l->high > 0 ? l->high / (1 - legend_part) : 1;
	if (l->high >= 10000)
		format_y(a);
	if (!strcmp(l->unit, "%") && l->high <= 100 && a->y_high > 100) {
		a->y_step = 20;
		a->y_last = 100;
	}
}

struct chart_axes *chart_axes_of(const struct chart_layout *l, double width_px)
{
	struct chart_axes *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	range_x(l, a);
	find_gap(l, a);
	ticks_x(l, a, width_px);
	range_y(l, a);
	return a;
}
