/* The CPUs of this host: a meter each, in columns, of what user, kernel and interrupts take; where
 * there are too many for that, a cell each in three strips. */
#include <math.h>
#include <stdio.h>

#include "ui/panels/panels.h"
#include "ui/widgets/widgets.h"

/* METER_ENDS: "  12 [" and "] 100". */
enum { METER_LEAST = 18, METER_ENDS = 11, METER_ROWS = 8, STRIPS = 3, STRIP_NAME = 9 };

/* Meters beside one another in so many columns; a few are wider. */
static int meters_across(const struct cpu_use *use, int columns)
{
	int most = columns >= METER_LEAST ? columns / METER_LEAST : 1;

	return use->count && (int)use->count < most ? (int)use->count : most;
}

static int meter_rows(const struct cpu_use *use, int columns)
{
	return ((int)use->count + meters_across(use, columns) - 1) / meters_across(use, columns);
}

/* One part behind the other; what is left over of a cell goes to the next. */
static void meter_paint(struct dash *d, int row, int column, int width, const struct cpu_use_one *one)
{
	static const enum style styles[] = { STYLE_CLIENT, STYLE_SERVER, STYLE_WARNING, STYLE_BAD };
	const float part[] = { one->user, one->system, one->softirq, one->steal };
	double sum = 0;
	int at = 0;

	canvas_printf(&d->canvas, row, column, 6, STYLE_DIM, "%4d [", one->cpu);
	for (int i = 0; i < 4; i++) {
		sum += part[i];
		for (int to = (int)lround(sum * (width - METER_ENDS)); at < to && at < width - METER_ENDS; at++)
			canvas_put(&d->canvas, row, column + 6 + at, 1, styles[i],
				i == 0   ? "|"
				: i == 1 ? "#"
				: i == 2 ? "i"
					 : "!");
	}
	canvas_printf(&d->canvas, row, column + width - METER_ENDS + 6, 5, STYLE_DIM, "]%3.0f", 100 * fmin(sum, 1));
}

static void cpus_paint_meters(struct dash *d, struct rect area)
{
	const struct cpu_use *use = d->board->cpus;
	int across = meters_across(use, area.columns), width = area.columns / across, rows = meter_rows(use, area.columns);

	for (int i = 0; i < (int)use->count; i++)
		if (i % rows < area.rows)
			meter_paint(d, area.row + i % rows, area.column + i / rows * width, width, &use->one[i]);
}

/* Not three numbers each, but where there is much of it is seen at once. */
static void cpus_paint_strips(struct dash *d, struct rect area)
{
	static const char *const names[STRIPS] = { "user", "system", "softirq" };
	const struct cpu_use *use = d->board->cpus;
	int each = area.rows / STRIPS > 0 ? area.rows / STRIPS : 1;
	double share[CPU_LIST_MAX];

	for (int s = 0; s < STRIPS && (s + 1) * each <= area.rows; s++) {
		struct rect cells = { area.row + s * each, area.column + STRIP_NAME, each, area.columns - STRIP_NAME - 1 };

		for (unsigned i = 0; i < use->count; i++)
			share[i] = s == 0 ? use->one[i].user : s == 1 ? use->one[i].system : use->one[i].softirq;
		canvas_put(&d->canvas, cells.row, area.column + 1, STRIP_NAME - 1, STYLE_DIM, names[s]);
		heat_cells_paint(&d->canvas, cells, share, use->count);
	}
}

static void cpus_paint(struct dash *d, struct rect area)
{
	const struct cpu_use *use = d->board->cpus;
	struct rect inside = { area.row + 1, area.column, area.rows - 1, area.columns };
	char title[48];

	if (!use || !use->count) {
		area_rule(&d->canvas, area, "CPUs", NULL);
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, "how they are used is not known (yet)");
		return;
	}
	snprintf(title, sizeof(title), "%u CPUs of this host · last 1 s", use->count);
	if (meter_rows(use, area.columns) <= inside.rows) {
		area_rule(&d->canvas, area, title, "| user # system i interrupts ! stolen");
		cpus_paint_meters(d, inside);
	} else {
		area_rule(&d->canvas, area, title, "a cell each");
		cpus_paint_strips(d, inside);
	}
}

static int cpus_lines(const struct dash *d)
{
	const struct cpu_use *use = d->board->cpus;
	int columns = d->canvas.columns < LAYOUT_TWO_COLUMNS ? d->canvas.columns : d->canvas.columns * 46 / 100 - 1, rows;

	if (!use)
		return PANEL_NONE;
	rows = meter_rows(use, columns);
	return rows <= METER_ROWS ? rows : STRIPS;
}

const struct panel_def panel_cpus = {
	.name = "CPUs",
	.narrow = { .min = 2, .want = 1 },
	.wide = { .min = 2, .want = 1 },
	.paint = cpus_paint,
	.lines = cpus_lines,
};
