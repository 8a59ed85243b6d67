/* The filled chart: two bins to a column whatever the charset, so that a chart shows the same
 * stretch of time in each; braille draws both, blocks and ASCII their mean. */
#include "ui/widgets/widgets.h"

#include <math.h>
#include <stdio.h>

#include "ui/widgets/axis.h"
#include "ui/widgets/log_scale.h"
#include "ui/canvas/paint.h"

enum {
	BINS_A_COLUMN = 2,
	NUMBERS_CLOSE = 4, /* rows, up to which each may have a number */
	PARTS_MOST = 6,    /* steps of an axis */
	LOST_ROWS = 4,     /* rows, from which on there is one for the marks of losses */
};

struct view {
	const struct chart *chart;
	struct axis axis;
	int levels; /* in a row: 4 dots, 8 eighths or 3 characters */
	double top; /* in the values' own unit */
	int parts;  /* steps up to it */
	/* in the place of these, in the unit of the numbers beside the chart; no ticks: linear */
	struct log_scale log;
};

unsigned chart_bins(struct rect area)
{
	return (unsigned)axis_layout(area, false).plot.columns * BINS_A_COLUMN;
}

/* The bin that half-column `half` of the plot shows; -1: before the first. */
static int chart_bin_at(const struct view *v, int half)
{
	long bin = (long)v->chart->bins - (long)v->axis.plot.columns * BINS_A_COLUMN + half;

	return bin < 0 ? -1 : (int)bin;
}

static double chart_value_at(const struct view *v, const double *value, int half)
{
	int bin = chart_bin_at(v, half);

	return bin < 0 ? NAN : value[bin];
}

static double mean_at(const struct view *v, const double *value, int x)
{
	double a = chart_value_at(v, value, x * BINS_A_COLUMN), b = chart_value_at(v, value, x * BINS_A_COLUMN + 1);

	return isnan(a) ? b : isnan(b) ? a : (a + b) / 2;
}

static double chart_unit(const struct view *v)
{
	return v->chart->scale > 0 ? v->chart->scale : 1;
}

/* What there is at all is above what is nothing. */
static int log_level_of(const struct view *v, double value, int full)
{
	int level = value > 0 ? (int)lround(log_scale_share(&v->log, value / chart_unit(v)) * full) : 1;

	return value > 0 && level < 2 ? 2 : level;
}

/* Height in levels: 0 for a gap, else at least 1, so that "nothing came" differs from "nothing
 * is known". */
static int level_of(const struct view *v, double value)
{
	int full = v->axis.plot.rows * v->levels;

	if (isnan(value))
		return 0;
	if (value >= v->top)
		return full;
	if (v->log.ticks)
		return log_level_of(v, value, full);
	int level = value > 0 ? (int)lround(value / v->top * full) : 1;
	return level < 1 ? 1 : level;
}

/* Of what is seen. */
struct chart_range {
	double least; /* above 0; INFINITY: there is none */
	double most;  /* 0: there is none above it */
};

static void range_take(struct chart_range *r, double value)
{
	if (!isfinite(value))
		return;
	if (value > r->most)
		r->most = value;
	if (value > 0 && value < r->least)
		r->least = value;
}

/* From a bin on, baseline included. */
static struct chart_range range_from(const struct view *v, int bin)
{
	struct chart_range r = { INFINITY, 0 };

	for (int half = 0; half < v->axis.plot.columns * BINS_A_COLUMN; half++) {
		if (chart_bin_at(v, half) >= bin)
			range_take(&r, chart_value_at(v, v->chart->value, half));
		if (v->chart->base)
			range_take(&r, chart_value_at(v, v->chart->base, half));
	}
	return r;
}

/* Of the current run, if it has any. */
static struct chart_range visible_range(const struct view *v)
{
	struct chart_range r = range_from(v, (int)v->chart->current);

	return r.most > 0 ? r : range_from(v, 0);
}

static bool is_older(const struct view *v, int half)
{
	return chart_bin_at(v, half) < (int)v->chart->current;
}

/* ---- numbers beside the chart ---- */

struct number_format {
	double divide;
	const char *prefix;
	int decimals;
};

static struct number_format number_format(double top)
{
	static const struct number_format prefixes[] = { { 1e-9, "n", 0 }, { 1e-6, "µ", 0 }, { 1e-3, "m", 0 }, { 1, "", 0 },
		{ 1e3, "k", 0 }, { 1e6, "M", 0 }, { 1e9, "G", 0 }, { 1e12, "T", 0 }, { 1e15, "P", 0 } };
	size_t i = 0;

	if (top >= 0.01 && top < 1e4)
		return prefixes[3];
	while (i + 1 < sizeof(prefixes) / sizeof(prefixes[0]) && top >= prefixes[i + 1].divide)
		i++;
	return prefixes[i];
}

/* Decimals with which `parts` steps up to the top are written exactly; -1: AXIS_LABEL has no room
 * for them. */
static int decimals_for(const struct number_format *f, double top, int parts)
{
	double step = top / f->divide / parts;
	int most = (top / f->divide >= 100 ? 0 : top / f->divide >= 10 ? 1 : 2) - (*f->prefix ? 1 : 0);

	for (int d = 0; d <= most || d == 0; d++)
		if (fabs(step * pow(10, d) - round(step * pow(10, d))) < 1e-6)
			return d;
	return -1;
}

/* Of equal tops: numbers that leave a row between them, and as many of these as there may be. */
static bool has_better_parts(int parts, int than, int most)
{
	bool roomy = parts * 2 <= most || most <= NUMBERS_CLOSE, was_roomy = than * 2 <= most || most <= NUMBERS_CLOSE;

	if (roomy != was_roomy)
		return roomy;
	return roomy ? parts > than : parts < than;
}

/* 0, 4, 8 reads well; 0, 4, 8, 12 does not. */
static bool is_four(double step)
{
	return fabs(step / pow(10, floor(log10(step) + 1e-9)) - 4) < 1e-6;
}

/* Tries the tops that so many steps of this size come to. */
static void try_tops(double max, double step, int most, struct chart_scale *best)
{
	for (int parts = 2; parts <= PARTS_MOST && parts <= most; parts++) {
		double top = step * parts;
		struct number_format f = number_format(top);
		bool equal = fabs(top - best->top) < 1e-9 * top;

		if (top < max || decimals_for(&f, top, parts) < 0 || (parts > 2 && is_four(step)))
			continue;
		if (!best->parts || (!equal && top < best->top) || (equal && has_better_parts(parts, best->parts, most)))
			*best = (struct chart_scale){ top, parts };
	}
}

/* Without room for numbers between. */
static struct chart_scale plain_top(double max)
{
	static const double tops[] = { 1, 2, 2.5, 4, 5, 8, 10 };
	double power = pow(10, floor(log10(max)));
	size_t i = 0;

	while (i + 1 < sizeof(tops) / sizeof(tops[0]) && max > tops[i] * power)
		i++;
	return (struct chart_scale){ tops[i] * power, 1 };
}

struct chart_scale chart_scale_of(double max, int most, int levels)
{
	static const double steps[] = { 1, 2, 2.5, 4, 5 };
	struct chart_scale best = { 0, 0 };

	if (!(max > 0) || !isfinite(max))
		max = 1;
	if (max < 1e-300 || max > 1e300)
		return (struct chart_scale){ max, 1 };
	max *= levels > 0 ? 1 - 0.5 / levels : 1;
	int exponent = (int)floor(log10(max));
	for (int e = exponent - 1; e <= exponent + 1; e++)
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
			try_tops(max * (1 - 1e-9), steps[i] * pow(10, e), most, &best);
	return best.parts ? best : plain_top(max * (1 - 1e-9));
}

static char *log_number(double tick, char *out, size_t size)
{
	double value = tick * (1 + 1e-9);
	struct number_format f = number_format(value);
	int decimals = -(int)floor(log10(value / f.divide));

	snprintf(out, size, "%.*f%s", decimals > 0 ? decimals : 0, value / f.divide, f.prefix);
	return out;
}

/* The lowest stands below the others, beside the time, or takes the lowest row. */
static void chart_paint_log_numbers(struct canvas *c, const struct view *v)
{
	int rows = v->axis.plot.rows;
	char text[32];

	axis_paint_line(c, &v->axis, log_number(v->log.tick[0], text, sizeof(text)));
	if (!v->axis.time)
		axis_paint_number(c, &v->axis, rows - 1, text);
	for (unsigned i = 1; i < v->log.ticks; i++) {
		double share = log_scale_share(&v->log, v->log.tick[i]);

		axis_paint_number(
			c, &v->axis, rows - (int)ceil(share * rows - 1e-9), log_number(v->log.tick[i], text, sizeof(text)));
	}
}

/* The highest row that a value reaches into stands for it; 0 stands below them, beside the time. */
static void chart_paint_numbers(struct canvas *c, const struct view *v)
{
	int rows = v->axis.plot.rows, parts = v->parts;
	double top = v->top / v->chart->scale;
	char text[32];

	axis_paint_line(c, &v->axis, "0");
	if (!(top > 0) || !isfinite(top))
		return;
	struct number_format f = number_format(top);
	f.decimals = decimals_for(&f, top, parts);
	for (int i = parts; i > 0; i--) {
		snprintf(text, sizeof(text), "%.*f%s", f.decimals > 0 ? f.decimals : 0, top / f.divide * i / parts, f.prefix);
		axis_paint_number(c, &v->axis, rows - (i * rows + parts - 1) / parts, text);
	}
	if (!v->axis.time && rows > parts)
		axis_paint_number(c, &v->axis, rows - 1, "0");
}

/* ---- one column ---- */

static int within(int level, int below, int levels)
{
	return level <= below ? 0 : level - below > levels ? levels : level - below;
}

/* Both halves of another run are dim. */
static enum style column_style(const struct view *v, int x)
{
	return is_older(v, x * BINS_A_COLUMN + 1) ? STYLE_DIM : STYLE_CHART;
}

/* Dots of a half cell, from the bottom: filled up to n, and the n-th alone. */
static const uint8_t dots_filled[2][5] = { { 0, 0x40, 0x44, 0x46, 0x47 }, { 0, 0x80, 0xa0, 0xb0, 0xb8 } };
static const uint8_t dots_single[2][5] = { { 0, 0x40, 0x04, 0x02, 0x01 }, { 0, 0x80, 0x20, 0x10, 0x08 } };

/* The baseline is a line of dots above the fill, and carved out of it below the fill's top: it
 * stays visible without colour, and hides nothing of the fill. */
static void paint_braille_column(struct canvas *c, const struct view *v, int x, const struct rect *visible)
{
	int level[2], base[2];

	for (int side = 0; side < 2; side++) {
		level[side] = level_of(v, chart_value_at(v, v->chart->value, x * 2 + side));
		base[side] = v->chart->base ? level_of(v, chart_value_at(v, v->chart->base, x * 2 + side)) : 0;
	}
	for (int row = visible->row; row < visible->row + visible->rows; row++) {
		int below = (v->axis.plot.row + v->axis.plot.rows - 1 - row) * 4;
		unsigned dots = 0;
		bool has_base = false;

		for (int side = 0; side < 2; side++) {
			dots |= dots_filled[side][within(level[side], below, 4)];
			if (base[side] <= below || base[side] > below + 4)
				continue;
			has_base = true;
			if (base[side] < level[side])
				dots &= ~(unsigned)dots_single[side][base[side] - below];
			else
				dots |= dots_single[side][base[side] - below];
		}
		if (dots || has_base)
			paint_glyph(
				c, row, v->axis.plot.column + x, has_base ? STYLE_CHART_BASE : column_style(v, x), 0x2800 + dots);
	}
}

/* The baseline takes every second column here: its glyph hides the cell that it stands in. */
static void paint_plain_column(struct canvas *c, const struct view *v, int x, const struct rect *visible)
{
	static const uint32_t ascii[] = { 0, '.', ':', '#' };
	bool in_ascii = c->charset == CHARSET_ASCII;
	int level = level_of(v, mean_at(v, v->chart->value, x));
	int base = v->chart->base && x & 1 ? level_of(v, mean_at(v, v->chart->base, x)) : 0;

	for (int row = visible->row; row < visible->row + visible->rows; row++) {
		int below = (v->axis.plot.row + v->axis.plot.rows - 1 - row) * v->levels;
		int n = within(level, below, v->levels);

		if (base > below && base <= below + v->levels)
			paint_glyph(c, row, v->axis.plot.column + x, STYLE_CHART_BASE, in_ascii ? '-' : 0x2504);
		else if (n > 0)
			paint_glyph(
				c, row, v->axis.plot.column + x, column_style(v, x), in_ascii ? ascii[n] : 0x2580u + (uint32_t)n);
	}
}

static void paint_mark(struct canvas *c, const struct view *v, int x)
{
	for (int side = 0; side < BINS_A_COLUMN; side++) {
		int bin = chart_bin_at(v, x * BINS_A_COLUMN + side);

		if (bin >= 0 && v->chart->mark[bin])
			canvas_fill(c, (struct rect){ v->axis.plot.row, v->axis.plot.column + x, v->axis.plot.rows, 1 },
				STYLE_CHART_MARK, "│");
	}
}

static void chart_paint_cursor(struct canvas *c, const struct view *v)
{
	long half = v->chart->cursor_bin - (long)v->chart->bins + (long)v->axis.plot.columns * BINS_A_COLUMN;

	if (v->chart->cursor_bin < 0 || v->chart->cursor_bin >= (long)v->chart->bins || half < 0)
		return;
	canvas_restyle(c,
		(struct rect){ v->axis.plot.row, v->axis.plot.column + (int)(half / BINS_A_COLUMN), v->axis.plot.rows, 1 },
		STYLE_CURSOR);
}

/* An older run went beyond the top that this one needs. */
static void paint_clipped(struct canvas *c, const struct view *v, int x)
{
	for (int half = x * BINS_A_COLUMN; half < (x + 1) * BINS_A_COLUMN; half++)
		if (is_older(v, half) && chart_value_at(v, v->chart->value, half) > v->top * 1.05)
			paint_glyph(c, v->axis.plot.row, v->axis.plot.column + x, STYLE_DIM, 0x25b2);
}

static bool lost_at(const struct view *v, int half)
{
	int bin = chart_bin_at(v, half);

	return bin >= 0 && v->chart->lost && v->chart->lost[bin];
}

static bool lost_any(const struct view *v)
{
	for (int half = 0; half < v->axis.plot.columns * BINS_A_COLUMN; half++)
		if (lost_at(v, half))
			return true;
	return false;
}

/* The row below plot and time. */
static void paint_lost(struct canvas *c, const struct view *v, int row)
{
	if (v->axis.numbers)
		canvas_put_right(c, row, v->axis.plot.column - AXIS_LABEL - 1, AXIS_LABEL, STYLE_BAD, "lost");
	for (int x = 0; x < v->axis.plot.columns; x++)
		if (lost_at(v, x * BINS_A_COLUMN) || lost_at(v, x * BINS_A_COLUMN + 1))
			paint_glyph(c, row, v->axis.plot.column + x, STYLE_BAD, 0xd7);
}

/* The lowest number stands beside the time, or takes the lowest row. */
static void chart_choose_scale(struct view *v)
{
	double unit = chart_unit(v);
	int rows = v->axis.plot.rows, most = v->axis.numbers ? rows - !v->axis.time : rows;
	struct chart_range r = visible_range(v);
	struct chart_scale s = chart_scale_of(r.most / unit, most, rows * v->levels);

	if (v->chart->log && log_scale_of(r.least / unit, r.most / unit, most, &v->log))
		s.top = v->log.top;
	v->top = s.top * unit;
	v->parts = s.parts;
}

static void chart_paint_column(struct canvas *c, const struct view *v, int x, const struct rect *visible)
{
	if (c->charset == CHARSET_BRAILLE)
		paint_braille_column(c, v, x, visible);
	else
		paint_plain_column(c, v, x, visible);
	if (v->chart->current)
		paint_clipped(c, v, x);
	if (v->chart->mark)
		paint_mark(c, v, x);
}

void chart_paint(struct canvas *c, struct rect area, const struct chart *chart)
{
	static const int levels[] = { [CHARSET_AUTO] = 3, [CHARSET_BRAILLE] = 4, [CHARSET_BLOCK] = 8, [CHARSET_ASCII] = 3 };
	struct view v = { .chart = chart, .axis = axis_layout(area, chart->time_axis), .levels = levels[c->charset] };

	if (area.rows >= LOST_ROWS && lost_any(&v)) {
		area.rows--;
		v.axis = axis_layout(area, chart->time_axis);
		paint_lost(c, &v, area.row + area.rows);
	}
	struct rect visible = paint_visible(c, v.axis.plot);
	if (v.axis.plot.rows < 1 || v.axis.plot.columns < 1)
		return;
	chart_choose_scale(&v);
	if (v.log.ticks)
		chart_paint_log_numbers(c, &v);
	else
		chart_paint_numbers(c, &v);
	axis_paint_time(c, &v.axis, v.axis.plot.columns * BINS_A_COLUMN * chart->bin_s);
	for (int column = visible.column; column < visible.column + visible.columns; column++)
		chart_paint_column(c, &v, column - v.axis.plot.column, &visible);
	chart_paint_cursor(c, &v);
}
