/* The heatmap: time across, powers of two of the unit upwards, shade by the log of the count.
 *
 * Bins seldom match columns and quarter octaves never match rows (a microsecond is no power of
 * two of nanoseconds), so both ways a count is shared by how much of it lies where.  Everything
 * is worked out per column on the stack, once to find the largest cell and once to paint. */
#include "ui/widgets/widgets.h"

#include <math.h>
#include <stdio.h>

#include "base/histogram.h"
#include "ui/widgets/axis.h"
#include "ui/canvas/paint.h"

enum {
	OCTAVE_LOWEST = -2,  /* a quarter of the unit: 0.25 us */
	OCTAVE_HIGHEST = 20, /* of microseconds 1 s and more */
	OCTAVES_LEAST = 4,   /* so that little data does not make big steps */
	/* an octave has at most so many rows: that is how fine the counts are */
	SUB_ROWS = 4,
	ROWS_MAX = (OCTAVE_HIGHEST - OCTAVE_LOWEST + 1) * SUB_ROWS,
	SHADES = 7,
};

/* The lesser share of a single value, split between two cells, is left out. */
#define COUNT_SHOWN 0.25

struct scale {
	int rows;    /* used of the plot, from its bottom */
	int low;     /* octave of the unit where row 0 begins */
	double step; /* octaves a row: 1/4, 1/2, 1, 2, 3 ... */
};

/* The one or two rows that a quarter octave falls on; no row is smaller than it. */
struct split {
	int first, second;
	double share; /* of the first */
};

struct view {
	const struct heatmap *map;
	struct axis axis;
	double unit;         /* octaves of a nanosecond */
	int lowest, highest; /* quarter octaves with anything in them */
	int settled;         /* the highest that is seen before the newest bin; -1: none */
	struct scale scale;
	struct split split[HEAT_ROWS];
	double least[SHADES + 1]; /* counts from which a cell has this shade */
};

static double heat_unit_ns(const struct heatmap *map)
{
	return map->unit_ns > 0 ? map->unit_ns : 1000;
}

static bool is_gap(const struct heatmap *map, unsigned bin)
{
	return map->gap && map->gap[bin];
}

/* A count that can be calculated with, whatever stands there. */
static double count_at(const struct heatmap *map, unsigned bin, int heat_row)
{
	float n = map->count[(size_t)bin * HEAT_ROWS + (size_t)heat_row];

	return n > 0 && isfinite(n) ? n : 0;
}

/* The octave of the unit in whose middle or part a quarter octave of nanoseconds lies. */
static int octave_of_row(const struct view *v, int heat_row)
{
	int octave = (int)floor((heat_row + 0.5) / 4 - v->unit);

	return octave < OCTAVE_LOWEST ? OCTAVE_LOWEST : octave > OCTAVE_HIGHEST ? OCTAVE_HIGHEST : octave;
}

/* Octaves from the 0.1th percentile to the highest of which something is seen. */
static void range_seen(const struct heatmap *map, struct view *v, int *ret_low, int *ret_high)
{
	double total[HEAT_ROWS] = { 0 }, most[HEAT_ROWS] = { 0 }, sum = 0, below = 0;
	int low = -1, high = -1;

	v->lowest = HEAT_ROWS;
	v->highest = v->settled = -1;
	for (unsigned bin = 0; bin < map->bins; bin++)
		for (int r = 0; r < HEAT_ROWS && !is_gap(map, bin); r++) {
			double count = count_at(map, bin, r);

			total[r] += count;
			most[r] = count > most[r] ? count : most[r];
			if (count >= COUNT_SHOWN && r > v->settled && bin + 1 < map->bins)
				v->settled = r;
		}
	for (int r = 0; r < HEAT_ROWS; r++)
		sum += total[r];
	for (int r = 0; r < HEAT_ROWS; r++) {
		if (total[r] <= 0)
			continue;
		below += total[r];
		if (low < 0 && below > sum * 0.001)
			low = r;
		v->lowest = v->lowest > r ? r : v->lowest;
		v->highest = r;
		high = most[r] >= COUNT_SHOWN || high < low ? r : high;
	}
	*ret_low = v->highest < 0 ? 2 : octave_of_row(v, low);
	*ret_high = v->highest < 0 ? 8 : octave_of_row(v, high);
}

/* Takes over how high it has reached before, and adds what has come: but for the newest bin, whose
 * figures are not its last, so that what is kept does not depend on when it was looked at. */
static int widen_range(const struct view *v, int high)
{
	struct heat_scale *kept = v->map->scale;
	struct heat_scale now = { .bins = v->map->bins,
		.bin_s = v->map->bin_s,
		.rows = v->axis.plot.rows,
		.columns = v->axis.plot.columns,
		.unit_ns = heat_unit_ns(v->map),
		.high = v->settled < 0 ? OCTAVE_LOWEST : octave_of_row(v, v->settled) };

	if (!kept)
		return high;
	if (kept->bins != now.bins || kept->bin_s != now.bin_s || kept->rows != now.rows || kept->columns != now.columns ||
		kept->unit_ns != now.unit_ns)
		*kept = now;
	kept->high = kept->high > now.high ? kept->high : now.high;
	return high > kept->high ? high : kept->high;
}

/* Counts of a cell can be compared as long as cells are of the same size. */
static void keep_cells(const struct view *v, const struct scale *s)
{
	struct heat_scale *kept = v->map->scale;

	if (kept && (kept->low != s->low || kept->step != s->step))
		kept->largest = 0;
	if (kept) {
		kept->low = s->low;
		kept->step = s->step;
	}
}

/* Rows that there are share the octaves that were seen; a row has a quarter of one at least. */
static struct scale choose_scale(struct view *v, int rows)
{
	struct scale s = { .rows = rows > ROWS_MAX ? ROWS_MAX : rows };
	int high, octaves, each = 1;

	range_seen(v->map, v, &s.low, &high);
	high = widen_range(v, high);
	if (s.low + OCTAVES_LEAST - 1 > high)
		high = s.low + OCTAVES_LEAST - 1;
	octaves = high - s.low + 1;
	if (s.rows == octaves + 1) { /* an even octave a row is worth one blank row */
		s.step = 1;
	} else if (s.rows > octaves) {
		s.step = fmax(1.0 / SUB_ROWS, (double)octaves / s.rows);
	} else {
		int low = s.low;

		/* Rows of several octaves begin at a multiple of them: they stand still while
		 * the range moves. */
		while (high - s.low + 1 > each * s.rows) {
			each++;
			s.low = low - ((low % each) + each) % each;
		}
		s.step = each;
	}
	return s;
}

/* Counts of one column's stretch of time, per bin; returns the share of it that is known. */
static double column_counts(const struct view *v, int x, double ret_count[HEAT_ROWS])
{
	const struct heatmap *map = v->map;
	double width = (double)map->bins / v->axis.plot.columns, from = x * width, to = from + width, known = 0;
	unsigned last = (unsigned)ceil(to - 1e-9);

	for (int r = v->lowest; r <= v->highest; r++)
		ret_count[r] = 0;
	for (unsigned bin = (unsigned)(from + 1e-9); bin < last && bin < map->bins; bin++) {
		double share = fmin(to, bin + 1.0) - fmax(from, bin);

		if (is_gap(map, bin) || share <= 0)
			continue;
		known += share;
		for (int r = v->lowest; r <= v->highest; r++)
			ret_count[r] += count_at(map, bin, r) * share;
	}
	for (int r = v->lowest; r <= v->highest && known > 0; r++)
		ret_count[r] *= fmax(1, width) / known;
	return known / width;
}

static int within_rows(const struct scale *s, double row)
{
	return row < 0 ? 0 : row >= s->rows ? s->rows - 1 : (int)row;
}

/* Counts outside the scale go to its ends. */
static void share_rows(struct view *v)
{
	for (int r = 0; r < HEAT_ROWS; r++) {
		double from = (r / 4.0 - v->unit - v->scale.low) / v->scale.step, size = 0.25 / v->scale.step;
		double row = floor(from), share = (row + 1 - from) / size;

		v->split[r] = (struct split){ within_rows(&v->scale, row), within_rows(&v->scale, row + 1),
			share > 1 ? 1 : share };
	}
}

static double column_rows(const struct view *v, int x, double ret_row[ROWS_MAX])
{
	double count[HEAT_ROWS], known = column_counts(v, x, count);

	for (int i = 0; i < v->scale.rows; i++)
		ret_row[i] = 0;
	for (int r = v->lowest; r <= v->highest; r++) {
		const struct split *split = &v->split[r];

		ret_row[split->first] += split->share * count[r];
		ret_row[split->second] += (1 - split->share) * count[r];
	}
	return known;
}

static double largest_cell(const struct view *v)
{
	double row[ROWS_MAX], largest = 0, settled = v->map->scale ? v->map->scale->largest : 0;

	for (int x = 0; x < v->axis.plot.columns; x++)
		if (column_rows(v, x, row) >= 0.5)
			for (int i = 0; i < v->scale.rows; i++) {
				largest = fmax(largest, row[i]);
				settled = x + 1 < v->axis.plot.columns ? fmax(settled, row[i]) : settled;
			}
	if (v->map->scale)
		v->map->scale->largest = settled;
	return fmax(largest, settled);
}

/* Two shades to a decade below the largest cell; the faintest is for all that is less. */
static void set_shades(struct view *v, double largest)
{
	for (int shade = 2; shade <= SHADES; shade++)
		v->least[shade] = fmax(COUNT_SHOWN, largest * pow(10, (shade - 1 - SHADES) / 2.0));
	v->least[1] = COUNT_SHOWN;
}

static int shade_of(const struct view *v, double count)
{
	int shade = SHADES;

	while (shade > 0 && !(count >= v->least[shade]))
		shade--;
	return shade;
}

static void paint_shade(struct canvas *c, int row, int column, int shade)
{
	static const uint32_t shades[SHADES + 1] = { 0, 0x2591, 0x2591, 0x2592, 0x2592, 0x2593, 0x2593, 0x2588 };
	static const char ascii[SHADES + 1] = { 0, '.', ':', '-', '=', '+', '*', '#' };
	uint32_t glyph = c->charset == CHARSET_ASCII ? (uint32_t)ascii[shade] : shades[shade];

	paint_glyph(c, row, column, STYLE_HEAT_0 + (enum style)shade, glyph);
}

void heat_cells_paint(struct canvas *c, struct rect area, const double *share, unsigned count)
{
	for (unsigned i = 0; i < count && area.columns > 0 && (int)i / area.columns < area.rows; i++)
		if (!isnan(share[i]))
			paint_shade(c, area.row + (int)i / area.columns, area.column + (int)i % area.columns,
				1 + (int)lround((SHADES - 1) * fmin(1, fmax(0, share[i]))));
}

static void paint_column(struct canvas *c, const struct view *v, int column)
{
	double row[ROWS_MAX];

	if (column_rows(v, column - v->axis.plot.column, row) < 0.5)
		return; /* mostly a gap */
	for (int i = 0; i < v->scale.rows; i++) {
		paint_shade(c, v->axis.plot.row + v->axis.plot.rows - 1 - i, column, shade_of(v, row[i]));
	}
}

/* The row of the canvas where a percentile stands at one column: that of the bin in the column's
 * middle (percentiles are not averaged).  -1: there is none. */
static int line_row(const struct view *v, int column, const double *value_ns)
{
	const struct heatmap *map = v->map;
	unsigned bin = (unsigned)((column - v->axis.plot.column + 0.5) * map->bins / v->axis.plot.columns);

	if (!value_ns || bin >= map->bins || is_gap(map, bin) || !(value_ns[bin] > 0) || !isfinite(value_ns[bin]))
		return -1;
	double at = floor((log2(value_ns[bin]) - v->unit - v->scale.low) / v->scale.step);
	int row = at < 0 ? 0 : at >= v->scale.rows ? v->scale.rows - 1 : (int)at;
	return v->axis.plot.row + v->axis.plot.rows - 1 - row;
}

/* Beside the cells, the newest value. */
static void mark_line(struct canvas *c, const struct view *v, const double *value_ns, uint32_t glyph)
{
	int row = -1;

	for (int column = v->axis.plot.columns - 1; row < 0 && column >= 0; column--)
		row = line_row(v, v->axis.plot.column + column, value_ns);
	if (row >= 0 && v->axis.numbers)
		paint_glyph(c, row, v->axis.plot.column - 1, STYLE_STRONG, glyph);
}

/* 0.25 0.5 1 ... 512 1k ... 512k 1M: an octave of the unit. */
static void octave_text(int octave, char *out, size_t size)
{
	static const char *const prefix[] = { "", "k", "M", "G" };

	if (octave < 0) /* nothing below is told apart */
		snprintf(out, size, "%g", exp2(octave < OCTAVE_LOWEST ? OCTAVE_LOWEST : octave));
	else
		snprintf(out, size, "%d%s", 1 << (octave % 10), prefix[octave / 10]);
}

/* A row with the beginning of an octave in it says which. */
static void heatmap_paint_numbers(struct canvas *c, const struct view *v)
{
	axis_paint_line(c, &v->axis, "");
	for (int i = 0; i < v->scale.rows; i++) {
		double from = v->scale.low + i * v->scale.step;
		int octave = (int)ceil(from - 1e-9);
		char text[16];

		if (octave >= from + v->scale.step - 1e-9 || octave > 30)
			continue;
		octave_text(octave, text, sizeof(text));
		axis_paint_number(c, &v->axis, v->axis.plot.rows - 1 - i, text);
	}
}

static void heatmap_paint_cursor(struct canvas *c, const struct view *v)
{
	const struct heatmap *map = v->map;

	if (map->cursor_bin < 0 || (unsigned)map->cursor_bin >= map->bins)
		return;
	int x = (int)((map->cursor_bin + 0.5) * v->axis.plot.columns / map->bins);
	canvas_restyle(c, (struct rect){ v->axis.plot.row, v->axis.plot.column + x, v->axis.plot.rows, 1 }, STYLE_CURSOR);
}

unsigned heatmap_columns(struct rect area)
{
	return (unsigned)axis_layout(area, false).plot.columns;
}

void heatmap_paint(struct canvas *c, struct rect area, const struct heatmap *map)
{
	struct view v = { .map = map, .axis = axis_layout(area, map->time_axis), .unit = log2(heat_unit_ns(map)) };
	struct rect visible = paint_visible(c, v.axis.plot);

	if (v.axis.plot.rows < 1 || v.axis.plot.columns < 1)
		return;
	v.scale = choose_scale(&v, v.axis.plot.rows);
	keep_cells(&v, &v.scale);
	share_rows(&v);
	heatmap_paint_numbers(c, &v);
	axis_paint_time(c, &v.axis, map->bins * map->bin_s);
	if (map->bins == 0)
		return;
	set_shades(&v, largest_cell(&v));
	for (int column = visible.column; column < visible.column + visible.columns; column++)
		paint_column(c, &v, column);
	mark_line(c, &v, map->p50_ns, 0x25c7); /* ◇ */
	mark_line(c, &v, map->p99_ns, 0x25c6); /* ◆ */
	heatmap_paint_cursor(c, &v);
}
