/* Axes.  The width of the numbers never depends on the numbers, so nothing jumps when they
 * change. */
#include "ui/widgets/axis.h"

#include <math.h>
#include <stdio.h>

#include "ui/canvas/paint.h"

enum { TIME_LABEL_PITCH = 14 }; /* at least so many columns from one time label to the next */

struct axis axis_layout(struct rect area, bool want_time)
{
	struct axis a = { .plot = paint_area(area) };

	a.numbers = a.plot.columns >= AXIS_MIN_COLUMNS;
	a.time = want_time && a.plot.rows >= AXIS_MIN_ROWS;
	if (a.numbers) {
		a.plot.column += AXIS_LABEL + 1;
		a.plot.columns -= AXIS_LABEL + 1;
	}
	if (a.time)
		a.plot.rows--;
	return a;
}

void axis_paint_number(struct canvas *c, const struct axis *a, int row, const char *text)
{
	if (!a->numbers)
		return;
	canvas_put_right(c, a->plot.row + row, a->plot.column - AXIS_LABEL - 1, AXIS_LABEL, STYLE_AXIS, text);
	paint_glyph(c, a->plot.row + row, a->plot.column - 1, STYLE_AXIS, 0x2524); /* ┤ */
}

void axis_paint_line(struct canvas *c, const struct axis *a, const char *corner_text)
{
	if (!a->numbers)
		return;
	canvas_fill(c, (struct rect){ a->plot.row, a->plot.column - 1, a->plot.rows, 1 }, STYLE_AXIS, "│");
	if (!a->time)
		return;
	int row = a->plot.row + a->plot.rows;
	canvas_put_right(c, row, a->plot.column - AXIS_LABEL - 1, AXIS_LABEL, STYLE_AXIS, corner_text);
	paint_glyph(c, row, a->plot.column - 1, STYLE_AXIS, 0x2514); /* └ */
}

/* The smallest usual step whose labels keep their distance; 0: none does. */
static double time_step(double span_s, int columns)
{
	static const double step[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
		43200, 86400 };

	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++)
		if (step[i] / span_s * columns >= TIME_LABEL_PITCH)
			return step[i];
	return 0;
}

static void time_label(char *out, size_t size, double ago_s, double step_s)
{
	if (step_s >= 3600)
		snprintf(out, size, "-%.4gh", ago_s / 3600);
	else if (step_s >= 60)
		snprintf(out, size, "-%.4gm", ago_s / 60);
	else
		snprintf(out, size, "-%.4gs", ago_s);
}

void axis_paint_time(struct canvas *c, const struct axis *a, double span_s)
{
	static const char now[] = "now";
	int columns = a->plot.columns, row = a->plot.row + a->plot.rows, now_at = columns - (int)sizeof(now) + 1;

	if (!a->time || now_at < 0)
		return;
	canvas_put(c, row, a->plot.column + now_at, -1, STYLE_AXIS, now);
	if (!(span_s > 0) || !isfinite(span_s))
		return;
	double step = time_step(span_s, columns);
	/* A span made of bins of whole nanoseconds may fall short of the minute that it stands
	 * for. */
	for (int i = 1; step > 0 && i * step <= span_s * (1 + 1e-6); i++) {
		char text[16];
		int at = columns - (int)lround(i * step / span_s * columns);

		time_label(text, sizeof(text), i * step, step);
		if (at >= 0 && at + canvas_width(text) < now_at)
			canvas_put(c, row, a->plot.column + at, -1, STYLE_AXIS, text);
	}
}
