/* What has happened, the newest first: cautions that hold now stand above. */
#include <stdio.h>

#include "ui/dash.h"

struct severity_look {
	const char *glyph;
	enum style style;
};

static const struct severity_look looks[] = {
	[SEVERITY_INFO] = { "*", STYLE_TEXT },
	[SEVERITY_WARNING] = { "!", STYLE_WARNING },
	[SEVERITY_ERROR] = { "✗", STYLE_BAD },
};

static bool is_shown(const struct dash *d, const struct history_event *event)
{
	if (d->view.frozen && event->at_ns > d->moment.at_ns)
		return false;
	return view_matches(&d->view, event->text);
}

static void paint_event(struct dash *d, struct rect area, int row, const struct history_event *event)
{
	const struct severity_look *look = &looks[event->severity];
	char at[32];

	dash_put(d, area, row, 1, STYLE_DIM, dash_hms(d, event->at_ns, at, sizeof(at)));
	dash_put(d, area, row, 10, look->style, look->glyph);
	canvas_put_cut(&d->canvas, area.row + row, area.column + 12, area.columns - 13, look->style, event->text);
}

static int paint_notice(struct dash *d, struct rect area, int row, enum style style, const char *kind, const char *notice)
{
	int width = dash_put(d, area, row, 1, style, kind);
	int rows = dash_wrap(d, area, row, 1 + width, style, notice, true);

	return row + (rows ? rows : 1);
}

/* On the full screen all reasons and cautions, and all of each, which elsewhere are one line. */
static int paint_notices(struct dash *d, struct rect area, int row)
{
	for (unsigned i = 0; i < d->verdict.reasons && row < area.rows; i++)
		row = paint_notice(d, area, row, STYLE_BAD, "✗ not valid: ", d->verdict.reason[i]);
	for (unsigned i = 0; i < d->verdict.cautions && row < area.rows; i++)
		row = paint_notice(d, area, row, STYLE_WARNING, "! caution: ", d->verdict.caution[i]);
	return row;
}

void panel_events_paint(struct dash *d, struct rect area)
{
	unsigned events = history_event_count(d->board->history);
	bool full = d->layout.kind == LAYOUT_FULL;
	int row = 1, skip = full ? d->view.scroll : 0;
	char note[64];

	snprintf(note, sizeof(note), full ? "j/k scroll · / filter" : "/ filter");
	dash_rule(d, area, d->view.filter[0] ? "events · filtered" : "events", note);
	if (full)
		row = paint_notices(d, area, row);
	for (unsigned age = 0; age < events && row < area.rows; age++) {
		const struct history_event *event = history_event(d->board->history, age);

		if (!is_shown(d, event))
			continue;
		if (skip-- > 0)
			continue;
		paint_event(d, area, row++, event);
	}
	if (row == 1)
		dash_put(d, area, 1, 1, STYLE_DIM, d->view.filter[0] ? "none matches" : "none yet");
}
