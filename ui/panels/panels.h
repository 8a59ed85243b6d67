/* The panels and screens: each paints a part of what the dashboard knows into an area of its
 * canvas.  `area` starts with the row of the panel's rule. */
#pragma once

#include "ui/canvas/area.h"
#include "ui/dash/dash.h"
#include "ui/dash/words.h"
#include "ui/widgets/line.h"

extern const struct panel_row panel_rows[]; /* ended by def == NULL */

/* The rows above and below that every screen has. */
void panel_title_paint(struct dash *d);
void panel_method_paint(struct dash *d);
void panel_headline_paint(struct dash *d, struct rect area);
void panel_ledger_paint(struct dash *d, struct rect area);
void panel_verdict_paint(struct dash *d, struct rect area);
void panel_status_paint(struct dash *d, struct rect area);
void panel_footer_paint(struct dash *d, struct rect area);

/* The other screens. */
void screen_lines_paint(struct dash *d);
void screen_drill_paint(struct dash *d, struct rect area);
void screen_help_paint(struct dash *d, struct rect area);
void screen_menu_paint(struct dash *d, struct rect area);
void screen_runs_paint(struct dash *d, struct rect area);

/* ---- shared between them ---- */

/* "1-17 of 50" where not all of them are in sight, else "". */
char *panel_range(int first, int room, int all, char *out, size_t size);
/* The time that the shown rows are of, which end at their own reading, up to a second ago: "1 s to
 * 14:31:07", "1 s to 14:31:07, run", "at 14:31:07", "whole run"; "" without rows. */
char *panel_rows_window(const struct dash *d, bool rates, bool totals, char *out, size_t size);
/* The duel, in place of the comparison of two runs. */
void panel_duel_paint(struct dash *d, const struct duel *duel, struct rect area);
int panel_duel_lines(const struct duel *duel); /* beside what the comparison wants */
void chart_throughput_paint(struct dash *d, struct rect area);
/* "throughput Mpps · log · 60 s": what a chart shows, on which scale, and how much of time. */
void charts_title(const struct dash *d, const char *name, const char *unit, char *out, size_t size);
/* A click in this chart, below its rule, puts the time cursor. */
void charts_take_clicks(struct dash *d, struct rect body, bool time_axis);
/* Is this the one of its column that has the time below it? */
bool charts_have_time(const struct dash *d, struct rect area);
void chart_of_worker_paint(struct dash *d, struct rect area);
/* Why the newest run failed; NULL: it did not. */
const char *panel_failure(const struct dash *d);
/* Adds the run's state, and the role where one end alone is here. */
void state_parts(const struct dash *d, struct line *l);
/* ... that the view is frozen, and that numbers are not valid where no verdict stands below. */
void view_parts(const struct dash *d, struct line *l);
/* Does a capture go on, or has one ended that has something to say?  The verdict's words need the
 * room of any other. */
bool status_has_capture(const struct dash *d);
/* ... such a capture, and what the interface costs. */
void status_parts(const struct dash *d, struct line *l);
/* Run state in few words, "● RUN 01:12/02:00", and how it looks. */
enum style state_text(const struct dash *d, char *out, size_t size);
