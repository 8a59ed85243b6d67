/* The verdict's line: may the numbers be used, what is against them, and what helps.  In small
 * windows the capture and the interface's own cost share it. */
#include <stdio.h>
#include <string.h>

#include "record/judge/remedy.h"
#include "ui/panels/panels.h"

enum { LIMIT_COLUMNS = 100 };

/* Why the newest run failed; NULL: it did not. */
const char *panel_failure(const struct dash *d)
{
	const struct history *h = d->board->history;

	if (history_phase(h) != PHASE_FAILED)
		return NULL;
	for (unsigned age = 0; age < history_event_count(h); age++)
		if (history_event(h, age)->severity == SEVERITY_ERROR)
			return history_event(h, age)->text;
	return "the run failed";
}

/* The verdict in a word.  Valid numbers of the few packets that came are not all well. */
static enum style verdict_word(const struct dash *d, const char **ret_word)
{
	const struct verdict *v = &d->verdict;

	*ret_word = !v->valid ? "✗ NOT VALID" : d->moment.final ? "✓ valid" : "✓ valid so far";
	return !v->valid ? STYLE_BAD : v->lossy ? STYLE_WARNING : STYLE_GOOD;
}

/* The first reason or caution and what helps.  Where both do not fit, what helps against a loss
 * stands behind what comes before the first colon; of other cautions that stands there alone, and v
 * shows the rest. */
static void notice_text(const struct dash *d, int room, char *out, size_t size)
{
	const struct verdict *v = &d->verdict;
	const char *notice = v->reasons ? v->reason[0] : v->caution[0];
	const char *remedy = v->reasons ? v->reason_remedy[0] : v->caution_remedy[0];
	bool loss = v->lossy && !v->reasons;
	const char *colon = strstr(notice, ": ");
	int whole = (int)strlen(notice), first = colon ? (int)(colon - notice) : whole;
	char helps[200];

	remedy_text(remedy, d->moment.info, &d->board->host, helps, sizeof(helps));
	snprintf(out, size, "%s%s%s", notice, !*helps ? "" : loss ? ": " : " → ", helps);
	if (canvas_width(out) > room && *helps && loss)
		snprintf(out, size, "%.*s: %s", first, notice, helps);
	else if (canvas_width(out) > room)
		snprintf(out, size, "%.*s", canvas_width(notice) > room && !v->reasons ? first : whole, notice);
}

static void verdict_paint_notices(struct dash *d, struct rect area, int at)
{
	const struct verdict *v = &d->verdict;
	unsigned notices = v->reasons + v->cautions;
	const char *before = v->reasons ? ": " : v->lossy ? " · " : " · caution: ";
	char text[480], more[32] = "";
	int room;

	if (!notices)
		return;
	if (notices > 1)
		snprintf(more, sizeof(more), " (v: +%u more)", notices - 1);
	room = area.columns - at - canvas_width(before) - canvas_width(more) - 1;
	if (room < area.columns / 4) { /* the notice before the number of the others */
		room += canvas_width(more);
		more[0] = '\0';
	}
	at += area_put(&d->canvas, area, 0, at, STYLE_DIM, before);
	notice_text(d, room, text, sizeof(text));
	at += canvas_put_cut(&d->canvas, area.row, at, room, v->reasons ? STYLE_BAD : STYLE_WARNING, text);
	area_put(&d->canvas, area, 0, at, STYLE_DIM, more);
}

/* What stands at the right; returns how much of the row is left. */
static int verdict_paint_right(struct dash *d, struct rect area)
{
	const struct limit *limit = &d->verdict.limit;
	struct line right = { 0 };
	int most = area.columns * (status_has_capture(d) ? 10 : area.columns < LIMIT_COLUMNS ? 3 : 8) / 20;

	if (!d->layout.status.rows)
		status_parts(d, &right);
	if (dash_is_judged(d) && limit->who != LIMIT_UNKNOWN && area.columns >= LIMIT_COLUMNS)
		line_add(&right, 3, STYLE_TEXT, "limit: %.*s", (int)strcspn(limit->text, ":"), limit->text);
	line_fit(&right, most);
	int width = line_width(&right) < most ? line_width(&right) : 0;
	if (width)
		line_put_right(&d->canvas, area.row, area.column, area.columns - 1, &right);
	return area.columns - (width ? width + 2 : 0);
}

void panel_verdict_paint(struct dash *d, struct rect area)
{
	const char *word;
	int at = 1;

	/* What went wrong needs all the room. */
	if (!panel_failure(d) && !(dash_is_judged(d) && (d->verdict.lossy || !d->verdict.valid) && area.columns < LIMIT_COLUMNS))
		area.columns = verdict_paint_right(d, area);
	if (panel_failure(d)) {
		at += area_put(&d->canvas, area, 0, at, STYLE_BAD, "✗ ");
		canvas_put_cut(&d->canvas, area.row, at, area.columns - at - 1, STYLE_BAD, panel_failure(d));
		return;
	}
	if (!dash_is_judged(d)) {
		at += area_put(&d->canvas, area, 0, at, STYLE_DIM, "verdict: ");
		area_put(&d->canvas, area, 0, at, STYLE_DIM, dash_not_judged_why(d));
		return;
	}
	enum style style = verdict_word(d, &word);
	at += area_put(&d->canvas, area, 0, at, style, word);
	verdict_paint_notices(d, area, at);
}
