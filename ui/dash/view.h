/* The user's view of the dashboard: which screen, frozen or live, the time cursor, zoom, pick,
 * sort, filter, what was cleared, the kept baseline.  State and logic only: nothing here paints or
 * asks for anything.  Main thread only. */
#pragma once

#include "ui/dash/baseline.h"
#include "ui/dash/layout.h"
#include "record/moment.h"
#include "ui/canvas/theme.h"

enum screen {
	SCREEN_DASH,
	SCREEN_PANEL,
	SCREEN_DRILL,
	SCREEN_HELP,
	SCREEN_MENU,
	SCREEN_RUNS,
	SCREEN_SETUP,
	SCREEN_CAPTURE,
	SCREENS
};

enum sort { SORT_PLAN, SORT_PPS, SORT_DROPS, SORT_P99, SORT_BUSY, SORTS };

/* The chart of the rate shows, in the order of its key: */
enum chart_kind {
	CHART_RATE, /* of the mode's headline, received */
	CHART_BOTH_WAYS,
	CHART_OTHER_UNIT, /* bits where the rate is packets; packets where it is bits */
	CHART_P99,
	CHART_DROPS,
	CHART_CPU,
	CHART_CYCLES,
	CHART_CWND,
	CHART_CORES, /* a row per worker, shaded */
	CHARTS,
};

enum { VIEW_DEPTH = 4, FILTER_BYTES = 32, ZOOM_DEFAULT = 2 };

/* A sample kept beyond the history's next step, with the headline's histogram of that time. */
struct held {
	struct sample *to, *from;
	struct hist *total;      /* NULL: unknown */
	struct details *details; /* of a frozen view; NULL: there are none */
	bool is_final;           /* the view showed the run's last word */
	int64_t at_ns;
};

struct view {
	enum screen screen, back[VIEW_DEPTH];
	unsigned depth;
	int panel; /* SCREEN_PANEL: index into the table of panels */
	bool frozen;
	struct held hold;
	int64_t cursor_ns; /* 0: none */
	unsigned zoom;
	enum chart_kind chart;
	bool log; /* scale of the charts */
	int pick; /* worker, as the plan numbers them */
	enum sort sort;
	unsigned side; /* enum role whose workers are shown; 0: both sides' */
	char filter[FILTER_BYTES];
	char search[FILTER_BYTES]; /* of the help */
	bool filter_typing;        /* or the search, where the help is shown */
	int scroll;                /* of help, events, packets, drill-down: lines or entries */
	struct held clear;
	uint32_t clear_run; /* 0: nothing cleared */
	bool base_kept;
	struct tally base;
	bool base_apart; /* it comes from another history, with run numbers of its own */
	/* Of the list of runs: the picked one, the one marked to be A; and the one that the view is
	 * held at.  0: none. */
	uint32_t run_pick, run_marked, run_shown;
	bool wire;
	const struct theme *theme;
	char toast[400];
	enum style toast_style;
	int64_t toast_until_ns; /* run clock */
};

void view_init(struct view *v, const struct theme *theme);
void view_free(struct view *v);

/* ---- screens: a small stack, so that Esc goes back one level ---- */
void view_open(struct view *v, enum screen screen);
bool view_back(struct view *v); /* false: already on the dashboard */
/* Expands a panel to the full screen. */
void view_open_panel(struct view *v, int panel);

/* ---- time ---- */
int64_t view_span_ns(const struct view *v);
/* "60 s", "10 min", "6 h": as every head of a chart names it.  Returns out. */
char *view_span_text(const struct view *v, char *out, size_t size);
/* -1 shorter, +1 longer, 0 back to 60 s.  false: at the end of the range. */
bool view_zoom(struct view *v, int step);
/* total: headline histogram of the moment, or NULL.  0 or -ENOMEM. */
int view_freeze(struct view *v, const struct moment *m, const struct hist *total);
void view_thaw(struct view *v);
/* Holds the view at the end of a run that is over.  0, or -errno with why it cannot be shown. */
int view_show_run(struct view *v, const struct history *h, uint32_t run_id, struct err *err);
void view_moment(const struct view *v, const struct history *h, struct moment *ret_moment);
/* Moves the cursor by one step, within [oldest, newest]. */
void view_move_cursor(struct view *v, int steps, int64_t step_ns, int64_t oldest_ns, int64_t newest_ns);
/* Totals count from this moment on. */
int view_clear(struct view *v, const struct moment *m, const struct hist *total);
/* Is this the run whose totals were cleared? */
bool view_cleared(const struct view *v, const struct run_info *info);

/* ---- rows ---- */
/* What is being typed: the search in the help, elsewhere the filter; FILTER_BYTES. */
char *view_typed(struct view *v);
bool view_matches(const struct view *v, const char *text);
/* The workers to show, in order: servers first, filtered, sorted within each side.  Returns how
 * many; order[] has room for info->workers. */
unsigned view_rows(const struct view *v, const struct moment *m, int *order);
/* "srv cpu0" */
void view_worker_name(const struct run_info *info, unsigned worker, char *out, size_t size);
/* Cells that the longest name of a worker takes, at least so many; info may be NULL. */
int view_names_width(const struct run_info *info, int least);
/* Moves the pick along order[], `steps` rows. */
void view_move_pick(struct view *v, const int *order, unsigned count, int steps);
const char *view_sort_name(enum sort sort);

void view_toast(struct view *v, enum style style, int64_t now_ns, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
