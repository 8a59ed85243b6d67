/* The dashboard as a whole: what it knows at this moment, and how it is being looked at.  Paints
 * nothing: the panels (ui/panels) read it, keys (keytable.h) change it.  Main thread only. */
#pragma once

#include "record/run_line.h"
#include "record/judge/steadiness.h"
#include "ui/canvas/canvas.h"
#include "ui/dash/board.h"
#include "ui/canvas/hits.h"
#include "ui/dash/layout.h"
#include "ui/dash/ranked.h"
#include "ui/dash/requests.h"
#include "ui/dash/series.h"
#include "ui/dash/view.h"
#include "ui/widgets/form.h"
#include "ui/widgets/widgets.h"

/* The keys that clicks stand for: on the rule of a panel, on what time runs across, on the head
 * of a column of the cores or the details. */
enum {
	KEY_PANEL = 0x120000, /* + index of the panel */
	KEY_TIME = 0x130000,
	KEY_SORT = 0x140000, /* + enum sort */
	KEY_RANK = 0x150000, /* + 2 * column + enum details_as */
};

enum { CHARTED_BINS = 1024 };

/* The cost of the interface itself, refreshed once a second so that it can be read. */
struct cost {
	bool known;
	double cpu_percent, draw_ms;
	/* CLOCK_MONOTONIC; drawn: time in frames since then */
	int64_t since_ns, since_cpu_ns, drawn_ns;
	unsigned frames;
};

/* The runs of the session, the newest first, as their list shows them. */
struct runs {
	struct run_line *line;
	unsigned count, room;
	uint32_t newest; /* id of the first; 0: none */
};

/* One place of the ledger as the drops panel shows it. */
struct drop_line {
	const struct ledger_place *place;
	double per_s; /* NaN: unknown */
	uint64_t total;
	int64_t last_ns; /* the newest loss there, run clock; 0: none was seen to come */
};

/* When a place last lost something, as far as frames of the live view have seen. */
struct drop_seen {
	const char *place; /* its key */
	uint64_t lost;
	int64_t last_ns;
};

struct dash {
	const struct board *board;
	const struct ui_requests *requests; /* NULL: only painted */
	const struct panel_row *panels;     /* ended by def == NULL */
	struct view view;
	struct canvas canvas;
	int lines[PANELS_MAX]; /* of each panel: see panel_def.lines */
	struct layout layout;
	struct cost cost;

	/* at this moment (dash_look) */
	struct moment moment;
	int64_t now_ns; /* run clock */
	struct series series, one, trend;
	bool series_ok, one_ok, trend_ok;
	/* what the chart shows in place of the rate, and what is sent where both ways are shown */
	struct series chosen, sent;
	bool chosen_ok, sent_ok;
	double chosen_value[CHARTED_BINS]; /* of one whose bins are not those of the rate */
	/* of the shown mode, charted over time (SHOW_TREND); NULL: it has none */
	const struct figure_def *trend_figure;
	struct heat_scale heat_scale; /* of the heatmap, as far as the run heat_run has grown it */
	uint32_t heat_run;
	bool trend_known; /* it has had a value in that time */
	int *order;       /* worker rows as shown */
	unsigned order_count, order_room;
	struct ranked ranked;         /* rows of the mode, in order */
	struct ledger ledger, second; /* second: of modes that keep one */
	/* no more is unexplained than the counters may differ by because they are read one after
	 * the other */
	bool ledger_lags;
	struct verdict verdict, judged; /* judged: of the run that is over */
	uint32_t judged_run;            /* which; 0: none yet */
	/* how sure the percentiles of a run that is over are, a row per latency */
	struct percentile_span span[LATENCIES_MAX][STEADINESS_PERCENTILES];
	uint32_t span_run; /* which; 0: none yet */
	struct drop_line drop[LEDGER_PLACES_MAX];
	unsigned drops;
	struct drop_seen drop_seen[LEDGER_PLACES_MAX];
	uint32_t drop_seen_run;
	/* all packets sent and lost, of the run or since it was cleared: the totals are parts of
	 * these */
	uint64_t drops_sent, drops_lost;
	double lost_per_s; /* the ledger's, of the last second or the whole run; NaN: unknown */
	/* of the datagrams that may have been in dropped packets beside the first of each, those
	 * that the ledger has as lost in the window of the rates: 0..1 */
	double joined_part;
	/* more is lost than the workers have seen at places of their own */
	bool lost_elsewhere;
	/* headline latency since the measure phase (or clear); valid where total_known */
	struct hist *total;
	bool total_known;
	struct latency_summary summary; /* of total */
	struct tally tally;             /* this run's intervals */
	struct tally later;             /* ... behind those of A, where A is of this run */
	struct tally before;            /* of the run before, where that is not A */
	/* How this run stands against that one, and against A where that is another run; "": not
	 * known, or it is too early to tell. */
	char sentence[256], sentence_a[256];
	uint32_t told_run; /* of which run it was said */
	bool base_taken;   /* the board's baseline has been looked at */
	struct runs runs;
	/* B's from A's */
	struct tally_change difference[METRICS], figure_difference[TALLY_FIGURES];
	uint64_t compared; /* they were worked out from these intervals */

	unsigned duel_news; /* of the board's duel: said so far */

	struct form *form;   /* SCREEN_SETUP, SCREEN_CAPTURE */
	uint64_t applied_at; /* the key that applied a form last, counted as `keys` is; 0: none */

	struct hits hits;            /* of the last frame */
	int table_first;             /* first row of the core table that is shown */
	bool both_sides;             /* the run has workers of both */
	bool shares_differ;          /* the workers of a side do not all move the same */
	bool in_ms;                  /* the mode's latencies: milliseconds, not microseconds */
	bool in_gbits;               /* bits of a mode that counts packets: not in Mbit/s */
	uint64_t keys;               /* handled so far */
	bool no_colors;              /* the terminal has none, or is not to use them */
	bool quit, suspend, repaint; /* a key has asked this of the terminal's owner */
};

int dash_init(struct dash *d, const struct board *board, const struct ui_requests *requests, const struct panel_row *panels,
	enum charset charset, const char *theme, struct err *err);
void dash_free(struct dash *d);
/* 0 or -ENOMEM (the old size stays). */
int dash_resize(struct dash *d, int rows, int columns);
/* Looks at the board and works out what is new.  What it finds (moment, order, ...) points into
 * the history: look again after updates were taken. */
void dash_look(struct dash *d);

/* Shows a text in the footer for a while. */
void dash_say(struct dash *d, enum style style, const char *text);

/* ---- for the panels ---- */

/* The first panel of the table that shows one of these (bit set of enum panel_shows); -1: none. */
int dash_panel(const struct dash *d, unsigned shows);
/* SCREEN_PANEL: the expanded one. */
const struct panel_def *dash_expanded(const struct dash *d);

/* of the shown run, else of the chosen mode */
const struct engine *dash_engine(const struct dash *d);
/* the duel that is going or has just ended; NULL: there is none */
const struct duel *dash_duel(const struct dash *d);
/* workers are at it, or about to be */
bool dash_running(const struct dash *d);
/* The intervals that A is compared with: B.  It has none of A's. */
const struct tally *dash_b(const struct dash *d);
/* Is a baseline kept, and of the mode that is shown? */
bool dash_has_base(const struct dash *d);
/* May the window that is shown be compared with A: is all of it measured, and none of it A's? */
bool dash_is_b(const struct dash *d);
/* has the shown run workers that do? */
bool dash_records(const struct dash *d, const struct latency_def *l);
/* Has this mode a tab now? */
bool dash_is_tab(const struct dash *d, unsigned mode);
/* Is there a verdict: has anything been measured? */
bool dash_is_judged(const struct dash *d);
/* Why there is no verdict or no ledger, in a few words; "--": they cannot be read. */
const char *dash_not_judged_why(const struct dash *d);
/* What the rates and latencies of the moment are of: "last 1 s", "whole run". */
const char *dash_window(const struct dash *d);
/* run clock -> "14:31:07" */
const char *dash_hms(const struct dash *d, int64_t at_ns, char *out, size_t size);
/* Bits are those on the wire now (u), which not every mode knows. */
bool dash_wire(const struct dash *d);
/* Bits per second of a side, in millions: of payload, or on the wire (u). */
double dash_mbps(const struct dash *d, const struct rates *r, bool rx);
/* The unit that columns of them have where the mode counts packets, all over the screen: "Mbit/s",
 * or "bit/s", whose numbers have a magnitude each (4.10G); what one of 10^6 bits/s is multiplied by
 * for that. */
const char *dash_bits_unit(const struct dash *d, double *ret_scale);
/* A latency of the mode's in the unit that the screen has for them, and that unit.  text: what was
 * written; "" where that is "--". */
const char *dash_latency(const struct dash *d, const struct latency_summary *l, int64_t ns, char *out, size_t size);
const char *dash_latency_unit(const struct dash *d, const char *text);
