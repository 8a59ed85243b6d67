/* The dashboard as a whole: what it knows at this moment (dash_prepare) and its painting into a
 * canvas (dash_paint).  Knows no curses: the terminal, headless snapshots and tests use the same
 * two calls.  Main thread only. */
#pragma once

#include "ui/board.h"
#include "ui/canvas/canvas.h"
#include "ui/widgets/form.h"
#include "ui/dash/layout.h"
#include "ui/dash/series.h"
#include "ui/ui.h"
#include "ui/dash/view.h"

/* A place that answers to the mouse: as if this key had been pressed, or this worker's row
 * picked. */
struct hot {
	struct rect area;
	int key; /* 0: pick `worker` */
	int worker;
};
enum { HOT_MAX = 64, HOT_PANEL = 0x120000 /* + enum panel: expand it */ };

/* What the interface itself costs; refreshed once a second so that it can be read. */
struct cost {
	bool known;
	double cpu_percent, draw_ms;
	/* CLOCK_MONOTONIC; drawn: time in frames since then */
	int64_t since_ns, since_cpu_ns, drawn_ns;
	unsigned frames;
};

/* One place of the ledger as the drops panel shows it. */
struct drop_line {
	const struct ledger_place *place;
	double per_s; /* NaN: unknown */
	uint64_t total;
};

struct dash {
	const struct board *board;
	const struct ui_requests *requests; /* NULL: only painted */
	struct view view;
	struct canvas canvas;
	struct layout layout;
	struct cost cost;

	/* at this moment (dash_prepare) */
	struct moment moment;
	int64_t now_ns; /* run clock */
	struct series series, one;
	bool series_ok, one_ok;
	int *order; /* worker rows as shown */
	unsigned order_count, order_room;
	struct ledger ledger;
	/* what is unexplained is no more than counters read at different instants may differ by */
	bool ledger_lags;
	struct verdict verdict;
	struct drop_line drop[LEDGER_PLACES_MAX];
	unsigned drops;
	/* what their totals are parts of: of the run, or since it was cleared */
	uint64_t drops_sent, drops_lost;
	/* headline latency since the measure phase (or clear); valid where total_known */
	struct hist *total;
	bool total_known;
	struct latency_summary summary; /* of total */
	struct tally tally;             /* this run's intervals */
	/* against the baseline; per worker of tally */
	struct difference difference[METRICS], *core_difference;
	unsigned core_differences;
	uint64_t compared; /* what they were worked out from */

	struct form *form;     /* SCREEN_SETUP, SCREEN_CAPTURE */
	struct rect form_area; /* where it was painted, for clicks */
	struct options capture_values;
	bool capture_values_made;

	struct hot hot[HOT_MAX];
	unsigned hots;
	int table_first;             /* first row of the core table that is shown */
	uint64_t keys;               /* handled so far */
	bool no_colors;              /* the terminal has none, or is not to use them */
	bool quit, suspend, repaint; /* what a key has asked of the terminal's owner */
};

int dash_init(struct dash *d, const struct board *board, const struct ui_requests *requests, enum ui_charset charset,
	const char *theme, struct err *err);
void dash_free(struct dash *d);
/* 0 or -ENOMEM (the old size stays). */
int dash_resize(struct dash *d, int rows, int columns);
/* Looks at the board and works out what is new.  What it finds (moment, order, ...) points into
 * the history: look again after updates were taken. */
void dash_look(struct dash *d);
/* Looks, and paints a whole frame. */
void dash_frame(struct dash *d);
/* What a click at this cell means; false: nothing. */
bool dash_hot_at(const struct dash *d, int row, int column, struct hot *ret_hot);

/* ---- for the panels ---- */

/* of the shown run, else of the chosen mode */
const struct engine *dash_engine(const struct dash *d);
/* workers are at it, or about to be */
bool dash_running(const struct dash *d);
/* has the shown run workers that do? */
bool dash_records(const struct dash *d, const struct latency_def *l);
void dash_hot(struct dash *d, struct rect area, int key, int worker);
/* Rule with title and note; a click on it expands the panel. */
void dash_rule(struct dash *d, struct rect area, const char *title, const char *note);
/* Text into a row of an area, clipped to it; returns the columns used. */
int dash_put(struct dash *d, struct rect area, int row, int column, enum style style, const char *text);
int dash_printf(struct dash *d, struct rect area, int row, int column, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* Broken at blanks, from `row` on.  Returns the rows that this takes, those above and below the
 * area too, which are not painted (scrolled away). */
int dash_wrap(struct dash *d, struct rect area, int row, int column, enum style style, const char *text);
/* Right-aligned in the area's row; returns the column it starts at. */
int dash_put_right(struct dash *d, struct rect area, int row, enum style style, const char *text);
/* "18.2", "9.40ms": microseconds, with their unit where it is another one; "--" where l is
 * empty. */
const char *dash_us(const struct latency_summary *l, int64_t ns, char *out, size_t size);
/* The unit that dash_us() has left out: "" where its text brings one along, or is "--". */
const char *dash_us_unit(const char *text);
/* "12 345 678" */
const char *dash_count(uint64_t n, char *out, size_t size);
/* run clock -> "14:31:07" */
const char *dash_hms(const struct dash *d, int64_t at_ns, char *out, size_t size);
/* Bits are those on the wire now (u), which not every mode knows. */
bool dash_wire(const struct dash *d);
/* Bits per second of a side, in millions: of payload, or on the wire (u). */
double dash_mbps(const struct dash *d, const struct rates *r, bool rx);

void chart_of_worker_paint(struct dash *d, struct rect area);

/* The panels: `area` starts with the rule's row. */
void panel_title_paint(struct dash *d);
void panel_method_paint(struct dash *d);
void panel_cores_paint(struct dash *d, struct rect area);
void panel_chart_paint(struct dash *d, struct rect area);
void panel_heat_paint(struct dash *d, struct rect area);
void panel_percentiles_paint(struct dash *d, struct rect area);
void panel_drops_paint(struct dash *d, struct rect area);
void panel_events_paint(struct dash *d, struct rect area);
void panel_compare_paint(struct dash *d, struct rect area);
void panel_capture_paint(struct dash *d, struct rect area);
void panel_ledger_paint(struct dash *d, struct rect area);
void panel_verdict_paint(struct dash *d, struct rect area);
void panel_status_paint(struct dash *d, struct rect area);
void panel_footer_paint(struct dash *d, struct rect area);
void screen_lines_paint(struct dash *d);
void screen_drill_paint(struct dash *d, struct rect area);
void screen_help_paint(struct dash *d, struct rect area);
void screen_form_paint(struct dash *d, struct rect area);

/* Run state in few words, "● RUN 01:12/02:00", and how it looks. */
enum style state_text(const struct dash *d, char *out, size_t size);
