/* The events, the newest first.  The reasons and cautions of the verdict stand above them on the
 * full screen, and elsewhere below them where rows are free. */
#include <limits.h>
#include <stdio.h>

#include "base/text.h"
#include "record/judge/remedy.h"
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

/* the column where it begins; the most rows of one */
enum { EVENT_TEXT = 12, EVENT_ROWS = 20 };

/* The rows that all of its text takes. */
static int event_rows(const struct history_event *event, int columns)
{
	int rows = area_wrap_rows(columns - EVENT_TEXT - 1, event->text);

	return rows ? rows : 1;
}

static bool events_is_shown(const struct dash *d, const struct history_event *event)
{
	if (d->view.frozen && event->at_ns > d->moment.at_ns)
		return false;
	return view_matches(&d->view, event->text);
}

/* Over so many rows at most; returns how many it took. */
static int paint_event(struct dash *d, struct rect area, int row, int rows, const struct history_event *event)
{
	const struct severity_look *look = &looks[event->severity];
	char at[32];

	area_put(&d->canvas, area, row, 1, STYLE_DIM, dash_hms(d, event->at_ns, at, sizeof(at)));
	area_put(&d->canvas, area, row, 10, look->style, look->glyph);
	if (event_rows(event, area.columns) <= rows)
		return area_wrap(&d->canvas, area, row, EVENT_TEXT, look->style, event->text);
	if (row >= 0 && row < area.rows)
		canvas_put_cut(&d->canvas, area.row + row, area.column + EVENT_TEXT, area.columns - EVENT_TEXT - 1, look->style,
			event->text);
	return 1;
}

/* A reason or caution, or the limit. */
struct notice {
	const char *kind, *text, *remedy;
	enum style style;
};

/* Returns the row behind it. */
static int paint_text(struct dash *d, struct rect area, int row, enum style style, const char *kind, const char *text)
{
	int rows = area_wrap(&d->canvas, area, row, 1 + canvas_width(kind), style, text);

	area_put(&d->canvas, area, row, 1, style, kind);
	return row + (rows ? rows : 1);
}

static int paint_whole_notice(struct dash *d, struct rect area, int row, const struct notice *n)
{
	char text[240];

	row = paint_text(d, area, row, n->style, n->kind, n->text);
	if (!n->remedy)
		return row;
	remedy_text(n->remedy, d->moment.info, &d->board->host, text, sizeof(text));
	return paint_text(d, area, row, STYLE_TEXT, "  → ", text);
}

/* All of it, or nothing where it would not end before the row `end`. */
static int paint_notice(struct dash *d, struct rect area, int row, int end, const struct notice *n)
{
	struct rect nowhere = { area.row, area.column, 0, area.columns };

	return paint_whole_notice(d, nowhere, row, n) > end ? row : paint_whole_notice(d, area, row, n);
}

/* The reasons and cautions, all of each, which elsewhere are one line, and what helps. */
static int paint_notices(struct dash *d, struct rect area, int row, int end)
{
	const struct verdict *v = &d->verdict;

	for (unsigned i = 0; i < v->reasons; i++)
		row = paint_notice(
			d, area, row, end, &(struct notice){ "✗ not valid: ", v->reason[i], v->reason_remedy[i], STYLE_BAD });
	for (unsigned i = 0; i < v->cautions; i++)
		row = paint_notice(
			d, area, row, end, &(struct notice){ "! caution: ", v->caution[i], v->caution_remedy[i], STYLE_WARNING });
	if (v->limit.who != LIMIT_UNKNOWN)
		row = paint_notice(d, area, row, end, &(struct notice){ "limit: ", v->limit.text, NULL, STYLE_TEXT });
	return row;
}

/* Rows that are left over when each event has one. */
static int events_spare(const struct dash *d, int rows)
{
	for (unsigned age = 0; age < history_event_count(d->board->history) && rows > 0; age++)
		rows -= events_is_shown(d, history_event(d->board->history, age));
	return rows;
}

/* Returns how many lines there are; of those that are not on the full screen, not all. */
static int events_paint_lines(struct dash *d, struct rect inside, bool full)
{
	unsigned events = history_event_count(d->board->history);
	int row = full ? -d->view.scroll : 0;
	int spare = full ? (int)events * EVENT_ROWS : events_spare(d, inside.rows);

	if (full)
		row = paint_notices(d, inside, row, INT_MAX);
	for (unsigned age = 0; age < events && (full || row < inside.rows); age++) {
		const struct history_event *event = history_event(d->board->history, age);

		if (!events_is_shown(d, event))
			continue;
		/* The newest one is whole, wherever half of the rows are enough for that. */
		int most = 1 + spare, half = (inside.rows + 1) / 2;
		int rows = paint_event(d, inside, row, row || full || most > half ? most : half, event);
		spare -= rows - 1;
		row += rows;
	}
	return row + (full ? d->view.scroll : 0);
}

static void events_paint(struct dash *d, struct rect area)
{
	bool full = d->layout.kind == LAYOUT_FULL;
	struct rect inside = { area.row + 1, area.column, area.rows - 1, area.columns };
	int lines = events_paint_lines(d, inside, full), most = lines > inside.rows ? lines - inside.rows : 0;
	bool notices = !full && lines < inside.rows && dash_is_judged(d);
	char note[64] = "/ filter", range[32], title[48];

	if (!lines)
		area_put(&d->canvas, inside, lines++, 1, STYLE_DIM, d->view.filter[0] ? "no event matches" : "no event yet");
	if (notices)
		notices = paint_notices(d, inside, lines, inside.rows) > lines;
	if (full && d->view.scroll > most) { /* the last line stays at the bottom */
		d->view.scroll = most;
		canvas_fill(&d->canvas, inside, STYLE_TEXT, NULL);
		events_paint_lines(d, inside, full);
	}
	if (full && *panel_range(d->view.scroll, inside.rows, lines, range, sizeof(range)))
		snprintf(note, sizeof(note), "%s · j/k scroll · / filter", range);
	snprintf(title, sizeof(title), "events%s%s", d->view.filter[0] ? " · filtered" : "", notices ? " · verdict" : "");
	area_rule(&d->canvas, area, title, note);
}

const struct panel_def panel_events = {
	.name = "events",
	.shows = PANEL_VERDICT,
	.narrow = { .min = 3, .want = 5 },
	.wide = { .min = 3, .want = 6, .weight = 2 },
	.beside = true,
	.paint = events_paint,
};
