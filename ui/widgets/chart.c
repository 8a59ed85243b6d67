/* The filled chart: two bins to a column whatever the charset, so that a chart shows the same
 * stretch of time in each; braille draws both, blocks and ASCII their mean. */
#include "ui/widgets/widgets.h"

#include <math.h>
#include <stdio.h>

#include "ui/widgets/axis.h"
#include "ui/canvas/paint.h"

enum { BINS_A_COLUMN = 2, NUMBERS_CLOSE = 4 /* rows, up to which each may have a number */ };

struct view {
	const struct chart *chart;
	struct axis axis;
	int levels; /* in a row: 4 dots, 8 eighths or 3 characters */
	double top; /* in the values' own unit */
};

double chart_nice_top(double max)
{
	static const double nice[] = { 1, 2, 2.5, 4, 5, 8 };

	if (!(max > 0) || !isfinite(max))
		return 1;
	if (max < 1e-300 || max > 1e300)
		return max;
	double exponent = floor(log10(max)), power = pow(10, exponent);
	for (size_t i = 0; i < sizeof(nice) / sizeof(nice[0]); i++)
		if (max <= nice[i] * power * (1 + 1e-9))
			return nice[i] * power;
	return pow(10, exponent + 1);
}

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

/* Height in levels: 0 for a gap, else at least 1, so that "nothing came" differs from "nothing
 * is known". */
static int level_of(const struct view *v, double value)
{
	int full = v->axis.plot.rows * v->levels;

	if (isnan(value))
		return 0;
	if (value >= v->top)
		return full;
	int level = value > 0 ? (int)lround(value / v->top * full) : 1;
	return level < 1 ? 1 : level;
}

static double visible_max(const struct view *v)
{
	double max = 0;

	for (int half = 0; half < v->axis.plot.columns * BINS_A_COLUMN; half++) {
		double value = chart_value_at(v, v->chart->value, half);
		double base = v->chart->base ? chart_value_at(v, v->chart->base, half) : NAN;

		if (isfinite(value) && value > max)
			max = value;
		if (isfinite(base) && base > max)
			max = base;
	}
	return max;
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

	for (int d = 0; d <= most; d++)
		if (fabs(step * pow(10, d) - round(step * pow(10, d))) < 1e-6)
			return d;
	return -1;
}

static bool is_round(double v)
{
	static const double round_ones[] = { 1, 2, 2.5, 4, 5 };
	double mantissa = v / pow(10, floor(log10(v) + 1e-9));

	for (size_t i = 0; i < sizeof(round_ones) / sizeof(round_ones[0]); i++)
		if (fabs(mantissa - round_ones[i]) < 1e-6)
			return true;
	return false;
}

/* The steps from 0 to the top: round ones, and a row between two numbers where there are more than
 * a few rows. */
static int number_parts(const struct number_format *f, double top, int rows)
{
	static const int parts[] = { 4, 5, 2 };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i] * (rows > NUMBERS_CLOSE ? 2 : 1) <= rows && is_round(top / parts[i]) &&
			decimals_for(f, top, parts[i]) >= 0)
			return parts[i];
	return 1;
}

/* The highest row that a value reaches into stands for it; 0 stands below them, beside the time. */
static void chart_paint_numbers(struct canvas *c, const struct view *v)
{
	int rows = v->axis.plot.rows, parts;
	double top = v->top / v->chart->scale;
	char text[32];

	axis_paint_line(c, &v->axis, "0");
	if (!(top > 0) || !isfinite(top))
		return;
	struct number_format f = number_format(top);
	parts = number_parts(&f, top, rows);
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
			paint_glyph(c, row, v->axis.plot.column + x, has_base ? STYLE_CHART_BASE : STYLE_CHART, 0x2800 + dots);
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
			paint_glyph(c, row, v->axis.plot.column + x, STYLE_CHART, in_ascii ? ascii[n] : 0x2580u + (uint32_t)n);
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

static double chart_top(const struct view *v)
{
	double scale = v->chart->scale;

	return scale > 0 ? chart_nice_top(visible_max(v) / scale) * scale : chart_nice_top(visible_max(v));
}

void chart_paint(struct canvas *c, struct rect area, const struct chart *chart)
{
	static const int levels[] = { [CHARSET_AUTO] = 3, [CHARSET_BRAILLE] = 4, [CHARSET_BLOCK] = 8, [CHARSET_ASCII] = 3 };
	struct view v = { .chart = chart, .axis = axis_layout(area, chart->time_axis), .levels = levels[c->charset] };
	struct rect visible = paint_visible(c, v.axis.plot);

	if (v.axis.plot.rows < 1 || v.axis.plot.columns < 1)
		return;
	v.top = chart_top(&v);
	chart_paint_numbers(c, &v);
	axis_paint_time(c, &v.axis, v.axis.plot.columns * BINS_A_COLUMN * chart->bin_s);
	for (int column = visible.column; column < visible.column + visible.columns; column++) {
		int x = column - v.axis.plot.column;

		if (c->charset == CHARSET_BRAILLE)
			paint_braille_column(c, &v, x, &visible);
		else
			paint_plain_column(c, &v, x, &visible);
		if (chart->mark)
			paint_mark(c, &v, x);
	}
	chart_paint_cursor(c, &v);
}
