/* The events, the newest first; on the full screen the reasons and cautions of the verdict stand
 * above them. */
#include <stdio.h>

#include "ui/panels/panels.h"

struct severity_look {
	const char *glyph;
	enum style style;
};

static const struct severity_look looks[] = {
	[SEVERITY_INFO] = { "*", STYLE_TEXT },
	[SEVERITY_WARNING] = { "!", STYLE_WARNING },
	[SEVERITY_ERROR] = { "✗", STYLE_BAD },
};

static bool events_is_shown(const struct dash *d, const struct history_event *event)
{
	if (d->view.frozen && event->at_ns > d->moment.at_ns)
		return false;
	return view_matches(&d->view, event->text);
}

static void paint_event(struct dash *d, struct rect area, int row, const struct history_event *event)
{
	const struct severity_look *look = &looks[event->severity];
	char at[32];

	area_put(&d->canvas, area, row, 1, STYLE_DIM, dash_hms(d, event->at_ns, at, sizeof(at)));
	area_put(&d->canvas, area, row, 10, look->style, look->glyph);
	canvas_put_cut(&d->canvas, area.row + row, area.column + 12, area.columns - 13, look->style, event->text);
}

static int paint_notice(struct dash *d, struct rect area, int row, enum style style, const char *kind, const char *notice)
{
	int rows = area_wrap(&d->canvas, area, row, 1 + canvas_width(kind), style, notice);

	area_put(&d->canvas, area, row, 1, style, kind);
	return row + (rows ? rows : 1);
}

/* On the full screen all reasons and cautions, and all of each, which elsewhere are one line. */
static int paint_notices(struct dash *d, struct rect area, int row)
{
	for (unsigned i = 0; i < d->verdict.reasons; i++)
		row = paint_notice(d, area, row, STYLE_BAD, "✗ not valid: ", d->verdict.reason[i]);
	for (unsigned i = 0; i < d->verdict.cautions; i++)
		row = paint_notice(d, area, row, STYLE_WARNING, "! caution: ", d->verdict.caution[i]);
	if (d->verdict.limit.who != LIMIT_UNKNOWN)
		row = paint_notice(d, area, row, STYLE_TEXT, "limit: ", d->verdict.limit.text);
	return row;
}

/* Returns how many lines there are; of those that are not on the full screen, not all. */
static int events_paint_lines(struct dash *d, struct rect inside, bool full)
{
	unsigned events = history_event_count(d->board->history);
	int row = full ? -d->view.scroll : 0;

	if (full)
		row = paint_notices(d, inside, row);
	for (unsigned age = 0; age < events && (full || row < inside.rows); age++) {
		const struct history_event *event = history_event(d->board->history, age);

		if (!events_is_shown(d, event))
			continue;
		if (row >= 0 && row < inside.rows)
			paint_event(d, inside, row, event);
		row++;
	}
	return row + (full ? d->view.scroll : 0);
}

static void events_paint(struct dash *d, struct rect area)
{
	bool full = d->layout.kind == LAYOUT_FULL;
	struct rect inside = { area.row + 1, area.column, area.rows - 1, area.columns };
	int lines = events_paint_lines(d, inside, full), most = lines > inside.rows ? lines - inside.rows : 0;
	char note[64] = "/ filter", range[32];

	if (!lines)
		area_put(&d->canvas, inside, 0, 1, STYLE_DIM, d->view.filter[0] ? "no event matches" : "no event yet");
	if (full && d->view.scroll > most) { /* the last line stays at the bottom */
		d->view.scroll = most;
		canvas_fill(&d->canvas, inside, STYLE_TEXT, NULL);
		events_paint_lines(d, inside, full);
	}
	if (full && *panel_range(d->view.scroll, inside.rows, lines, range, sizeof(range)))
		snprintf(note, sizeof(note), "%s · j/k scroll · / filter", range);
	area_rule(&d->canvas, area, d->view.filter[0] ? "events · filtered" : "events", note);
}

const struct panel_def panel_events = {
	.name = "events",
	.shows = PANEL_VERDICT,
	.narrow = { .min = 3, .want = 5 },
	.wide = { .min = 3, .want = 6, .weight = 2 },
	.beside = true,
	.paint = events_paint,
};
