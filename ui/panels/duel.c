/* The duel in the A/B panel: the runs of both sides as dots, the interval closing round by round,
 * and the answer in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/panels/panels.h"

enum { NARROW = 54, NAME = 11, NUMBER = 7, DIFFERENCE = 10, SPARE_MOST = 16, STRIP_AT = 5, WORDS_MOST = 6, STRIP_MOST = 256 };

/* How many rows each part has, from top to bottom. */
struct duel_rows {
	int sides, head, metrics, dots, axis, interval, closing, words;
};

/* ---- room ---- */

static int duel_take_rows(int *left, int want)
{
	int rows = want < *left ? want : *left;

	*left -= rows;
	return rows;
}

static int lines_of(const char *text, int columns)
{
	int lines = 0;

	while (*text) {
		text += text_line(text, (unsigned)(columns > 1 ? columns : 1));
		text += strspn(text, " ");
		lines++;
	}
	return lines;
}

/* The first row of each part before the second of any: the answer, the headline and what its
 * columns are, the dots. */
static void duel_share_rows(const struct duel *duel, int left, int words, struct duel_rows *r)
{
	*r = (struct duel_rows){ .words = duel_take_rows(&left, 1) };
	r->metrics = duel_take_rows(&left, 1);
	r->head = duel_take_rows(&left, 1);
	r->dots = left >= 2 ? duel_take_rows(&left, 2) : 0;
	r->words += duel_take_rows(&left, (words < WORDS_MOST ? words : WORDS_MOST) - 1);
	r->metrics += duel_take_rows(&left, (int)duel->metrics - 1);
	r->interval = duel_take_rows(&left, 1);
	r->sides = left >= 2 ? duel_take_rows(&left, 2) : 0;
	r->axis = duel_take_rows(&left, 1);
	r->closing = duel_take_rows(&left, 1);
}

int panel_duel_lines(const struct duel *duel)
{
	return (int)duel->metrics + 2;
}

/* ---- the table ---- */

static int duel_spare(struct rect area)
{
	int spare = area.columns - NARROW;

	return spare < 0 ? 0 : spare > SPARE_MOST ? SPARE_MOST : spare;
}

static enum style duel_style(const struct duel_metric *m, const struct compared *of)
{
	if (of->mark == COMPARED_SAME)
		return STYLE_SAME;
	if (of->mark < COMPARED_SAME || !m->better)
		return of->evidence.known ? STYLE_TEXT : STYLE_DIM;
	return (of->mark == COMPARED_MORE) == (m->better > 0) ? STYLE_BETTER : STYLE_WORSE;
}

/* Better or worse does not hang on colour alone. */
static const char *duel_sign(const struct duel_metric *m, const struct compared *of)
{
	enum style style = duel_style(m, of);

	return style == STYLE_BETTER ? "✓" : style == STYLE_WORSE ? "✗" : " ";
}

static void duel_row(struct dash *d, struct rect area, int row, enum style style, const char *const text[5])
{
	int at = area.row + row, left = area.column + 1, name = NAME + duel_spare(area);
	int interval = left + name + 2 * (NUMBER + 1) + DIFFERENCE + 1;

	canvas_put_cut(&d->canvas, at, left, name, style == STYLE_DIM ? STYLE_DIM : STYLE_TEXT, text[0]);
	for (int i = 0; i < 2; i++)
		canvas_put_right(&d->canvas, at, left + name + i * (NUMBER + 1), NUMBER, style == STYLE_DIM ? style : STYLE_TEXT,
			text[1 + i]);
	canvas_put_right(&d->canvas, at, left + name + 2 * (NUMBER + 1), DIFFERENCE, style, text[3]);
	if (interval < area.column + area.columns)
		canvas_put_cut(&d->canvas, at, interval + 1, area.column + area.columns - interval - 1, style, text[4]);
}

static void duel_paint_metric(struct dash *d, const struct duel *duel, struct rect area, int row, unsigned i)
{
	static const char *const marks[] = { [COMPARED_LESS] = "▼", [COMPARED_MORE] = "▲", [COMPARED_SAME] = "=" };
	const struct compared *of = &duel->of[i];
	const char *mark = of->mark >= COMPARED_SAME ? marks[of->mark] : "";
	char name[96], a[32], b[32], difference[COMPARED_TEXT_BYTES], interval[COMPARED_TEXT_BYTES], marked[96];
	bool unit = duel_spare(area) > 8 && *duel->metric[i].unit;

	snprintf(name, sizeof(name), "%s%s%s", duel->metric[i].title, unit ? " " : "", unit ? duel->metric[i].unit : "");
	snprintf(marked, sizeof(marked), "%s%s%s", mark, *mark ? duel_sign(&duel->metric[i], of) : "",
		compared_difference(of, difference));
	compared_interval(of, interval);
	duel_row(d, area, row, duel_style(&duel->metric[i], of),
		(const char *const[]){ name, text_four(of->a, a, sizeof(a)), text_four(of->b, b, sizeof(b)), marked,
			duel->level > 0 ? interval : "--" });
}

/* Does it say what a metric before it says?  Throughput and rate do where all packets are alike. */
static bool duel_repeats(const struct duel *duel, unsigned metric)
{
	for (unsigned i = 0; i < metric; i++)
		if (compared_alike(&duel->of[i], &duel->of[metric]))
			return true;
	return false;
}

/* Without room for all, those that say something of their own. */
static void duel_paint_metrics(struct dash *d, const struct duel *duel, struct rect area, int row, int rows)
{
	int spare = (int)duel->metrics - rows;

	for (unsigned i = 0; i < duel->metrics && rows > 0; i++) {
		if (spare > 0 && duel_repeats(duel, i)) {
			spare--;
			continue;
		}
		duel_paint_metric(d, duel, area, row++, i);
		rows--;
	}
}

static void duel_paint_sides(struct dash *d, const struct duel *duel, struct rect area, int row)
{
	for (unsigned side = 0; side < DUEL_SIDES; side++) {
		char runs[48];

		snprintf(runs, sizeof(runs), "%u valid run%s", duel->valid[side], duel->valid[side] == 1 ? "" : "s");
		area_printf(&d->canvas, area, row + (int)side, 1, STYLE_TEXT, "%c ‹%s›", side ? 'B' : 'A', duel->side[side]);
		area_put_right(&d->canvas, area, row + (int)side, STYLE_DIM, runs);
	}
}

/* ---- dots ---- */

/* The headline's least and greatest value of either side; false: no run has one. */
static bool duel_range(const struct duel *duel, double *ret_low, double *ret_high)
{
	double low = INFINITY, high = -INFINITY;

	for (unsigned side = 0; side < DUEL_SIDES; side++)
		for (unsigned i = 0; i < DUEL_ROUNDS; i++) {
			low = fmin(low, duel->value[side][0][i]);
			high = fmax(high, duel->value[side][0][i]);
		}
	*ret_low = low;
	*ret_high = high;
	return low <= high;
}

/* The column of a value, of `columns`. */
static int duel_column(double value, double low, double high, int columns)
{
	double share = high > low ? (value - low) / (high - low) : 0.5;

	return (int)lround(fmin(fmax(share, 0), 1) * (columns - 1));
}

static int strip_columns(struct rect area)
{
	int columns = area.columns - STRIP_AT - 1;

	return columns < 1 ? 1 : columns > STRIP_MOST ? STRIP_MOST : columns;
}

static void duel_paint_dots(struct dash *d, const struct duel *duel, struct rect area, int row, unsigned side)
{
	static const char *const dots[] = { "·", ":", "●" };
	int columns = strip_columns(area), count[STRIP_MOST] = { 0 };
	double low, high;

	area_put(&d->canvas, area, row, 1, STYLE_TEXT, side == DUEL_A ? "A" : "B");
	if (!duel_range(duel, &low, &high))
		return;
	for (unsigned i = 0; i < DUEL_ROUNDS; i++)
		if (!isnan(duel->value[side][0][i]))
			count[duel_column(duel->value[side][0][i], low, high, columns)]++;
	for (int i = 0; i < columns; i++)
		if (count[i])
			area_put(&d->canvas, area, row, STRIP_AT + i, side == DUEL_A ? STYLE_CHART_BASE : STYLE_CHART,
				dots[count[i] > 3 ? 2 : count[i] - 1]);
}

static void duel_paint_axis(struct dash *d, const struct duel *duel, struct rect area, int row)
{
	double low, high;
	char from[32], to[32];

	if (!duel_range(duel, &low, &high))
		return;
	area_printf(&d->canvas, area, row, STRIP_AT, STYLE_AXIS, "%s", text_four(low, from, sizeof(from)));
	area_put_right(&d->canvas, area, row, STYLE_AXIS, text_four(high, to, sizeof(to)));
	area_printf(&d->canvas, area, row, STRIP_AT + 12, STYLE_DIM, "%s %s, a dot a run", duel->metric[0].title,
		duel->metric[0].unit);
}

/* ---- the interval ---- */

/* Half of the strip: the widest that the interval has been, so that it is seen to close. */
static double interval_reach(const struct duel *duel)
{
	double reach = 0;

	for (unsigned i = 0; i < duel->looks; i++) {
		const struct duel_look *l = &duel->look[i];

		reach = fmax(reach, fmax(fabs(l->low), fabs(l->high)));
	}
	if (duel->looks && !(reach > 0))
		reach = 2 * fabs(duel->look[duel->looks - 1].middle);
	return reach > 0 ? reach : 1;
}

static void duel_paint_interval(struct dash *d, const struct duel *duel, struct rect area, int row)
{
	const struct duel_look *l = duel->looks ? &duel->look[duel->looks - 1] : NULL;
	int columns = strip_columns(area);
	double reach = interval_reach(duel);

	area_put(&d->canvas, area, row, 1, STYLE_TEXT, "B-A");
	area_put(&d->canvas, area, row, STRIP_AT + columns / 2, STYLE_AXIS, "┆");
	if (!l || isnan(l->middle))
		return;
	int middle = duel_column(l->middle, -reach, reach, columns), from = middle, to = middle;

	if (!isnan(l->low)) {
		from = duel_column(l->low, -reach, reach, columns);
		to = duel_column(l->high, -reach, reach, columns);
	}
	for (int i = from; i <= to; i++)
		area_put(&d->canvas, area, row, STRIP_AT + i, duel_style(&duel->metric[0], &duel->of[0]),
			i == middle ? "●"
			: i == from ? "├"
			: i == to   ? "┤"
				    : "─");
}

/* The newest rounds' half widths, as many as there is room for. */
static void duel_paint_closing(struct dash *d, const struct duel *duel, struct rect area, int row)
{
	char text[200] = "";

	for (unsigned i = duel->looks > 6 ? duel->looks - 6 : 0; i < duel->looks; i++)
		if (!isnan(duel->look[i].low))
			text_add(text, sizeof(text), "%s±%.2f", *text ? " " : "", 50 * (duel->look[i].high - duel->look[i].low));
	if (*text)
		area_printf(&d->canvas, area, row, 1, STYLE_DIM, "interval, round by round: %s %%", text);
}

/* ---- the panel ---- */

static void duel_paint_title(struct dash *d, const struct duel *duel, struct rect area)
{
	char title[128], repeated[48] = "";

	if (duel->repeated)
		snprintf(repeated, sizeof(repeated), " · %u repeated", duel->repeated);
	if (duel->phase == DUEL_OVER)
		snprintf(title, sizeof(title), "duel · over · %u of %u rounds%s", duel->looks, (unsigned)DUEL_ROUNDS, repeated);
	else if (duel->round)
		snprintf(title, sizeof(title), "duel · round %u of %u · %c runs%s", duel->round, (unsigned)DUEL_ROUNDS,
			duel_side(duel) == DUEL_A ? 'A' : 'B', repeated);
	else
		snprintf(title, sizeof(title), "duel · a first round that does not count · %c runs%s",
			duel_side(duel) == DUEL_A ? 'A' : 'B', repeated);
	area_rule(&d->canvas, area, title, duel->phase == DUEL_GOING ? "d stops" : "d again");
}

static void duel_say_words(const struct duel *duel, char *out, size_t size)
{
	char words[DUEL_WORDS_BYTES];

	snprintf(out, size, "%s%s%s", duel->phase == DUEL_OVER ? duel->said : "", duel->phase == DUEL_OVER ? ". " : "",
		duel_words(duel, words));
	if (duel->same)
		text_add(out, size, ". A and B are the same run: this shows what the machine does by itself");
}

/* What has no room is seen to be missing. */
static void duel_paint_words(struct dash *d, struct rect area, int row, enum style style, const char *words)
{
	int columns = area.columns - 2;

	for (; *words && row < area.rows && columns > 0; row++) {
		size_t bytes = row == area.rows - 1 ? strlen(words) : text_line(words, (unsigned)columns);
		char line[DUEL_WORDS_BYTES + DUEL_TEXT_BYTES + 100];

		snprintf(line, sizeof(line), "%.*s", (int)bytes, words);
		canvas_put_cut(&d->canvas, area.row + row, area.column + 1, columns, style, line);
		words += bytes;
		words += strspn(words, " ");
	}
}

void panel_duel_paint(struct dash *d, const struct duel *duel, struct rect area)
{
	static const char *const heads[] = { "medians", "A", "B", "Δ of pairs", "95 % interval" };
	char words[DUEL_WORDS_BYTES + DUEL_TEXT_BYTES + 100];
	struct rect below = { area.row + 1, area.column, area.rows - 1, area.columns };
	struct duel_rows rows;
	int row = 0;

	duel_paint_title(d, duel, area);
	duel_say_words(duel, words, sizeof(words));
	duel_share_rows(duel, below.rows, lines_of(words, area.columns - 2), &rows);
	if (rows.sides)
		duel_paint_sides(d, duel, below, row);
	row += rows.sides;
	if (rows.head)
		duel_row(d, below, row, STYLE_DIM, heads);
	row += rows.head;
	duel_paint_metrics(d, duel, below, row, rows.metrics);
	row += rows.metrics;
	for (int i = 0; i < rows.dots; i++)
		duel_paint_dots(d, duel, below, row++, (unsigned)i);
	if (rows.axis)
		duel_paint_axis(d, duel, below, row++);
	if (rows.interval)
		duel_paint_interval(d, duel, below, row++);
	if (rows.closing)
		duel_paint_closing(d, duel, below, row++);
	duel_paint_words(d, below, row, duel->phase == DUEL_OVER ? STYLE_STRONG : STYLE_TEXT, words);
}
