/* A sweep: many runs of one mode over lists of option values.
 *
 * The plan says which: axes, what all cells share, how often each cell is repeated; a cell is
 * one combination of the axes' values, numbered from 0 with the last axis turning fastest, and a
 * slot is one repetition of a cell.  The state is what came of it so far: status, median,
 * minimum and maximum per cell; a screen may draw the grid from it.  No engine is known by name
 * here.  Main thread only. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/stats/stats.h"
#include "mode/engine.h"
#include "mode/options.h"
#include "record/judge/limit.h"

enum {
	SWEEP_AXES_MAX = 12,
	SWEEP_VALUES_MAX = 4096,    /* of one axis */
	SWEEP_SLOTS_MAX = 1 << 23,  /* cells x repeat: the state keeps some 20 bytes for each */
	SWEEP_SLOTS_UNASKED = 1000, /* more than this wants a --yes */
	SWEEP_METRICS_MAX = 48,
	SWEEP_LABEL_BYTES = 400,
	SWEEP_PLAN_BYTES_MAX = 16 << 20, /* of plan.json */
};

/* ---- plan ---- */

struct sweep_axis {
	const struct option_def *def;
	unsigned count;
	char **text;    /* [count] as typed; "auto" where unset */
	double *number; /* [count] bytes, seconds or counts; NAN if it is none */
	bool numeric;   /* all of them are numbers: a chart may have them on its x axis */
};

struct sweep_plan {
	struct options options; /* common to all cells; its engine is the sweep's mode */
	unsigned axes;
	struct sweep_axis axis[SWEEP_AXES_MAX];
	unsigned repeat, retries; /* retries: how often a failed run is tried again */
	/* A comparison: the one axis, "side", has two values, which are sets of options, as
	 * typed.  A run whose verdict is invalid is tried again, too. */
	bool sides;
	unsigned thrown; /* so many rounds at the beginning warm the machine up, and do not count */
	/* the rounds end when the headline's interval is no wider than this, up and down (0.01:
	 * 1 %); 0: they do not */
	double until;
	/* the product of the axes' counts; filled by sweep_plan_close() */
	uint32_t cells;
};

/* Does this value of this option make an axis: may it be swept, and is it a list?  Commas
 * separate; in CPU lists, which have commas of their own, slashes: 0/1/0-3,6.  Options that hold
 * comma lists of addresses, and files, are not swept. */
bool sweep_is_list(const struct option_def *def, const char *text);

/* Copies the options; no axes and no retries yet. */
int sweep_plan_init(struct sweep_plan *plan, const struct options *options, unsigned repeat, struct err *err);
void sweep_plan_free(struct sweep_plan *plan); /* accepts a zeroed one */
/* Adds the axis, or replaces the one of this name in its place.  -ENOENT unknown option, -EINVAL
 * and -ERANGE with the value that is wrong, empty or twice there.  The plan stays as it was on
 * failure. */
int sweep_plan_set_axis(struct sweep_plan *plan, const char *name, const char *list, struct err *err);
/* Makes the plan a comparison of two sets of options, blanks between the words: "--method mmsg
 * --window 8".  -EINVAL and -ERANGE with the side and what is wrong there; an option that says
 * nothing of the run itself (--json) is refused.  *ret_same: both come to the same run. */
int sweep_plan_set_sides(struct sweep_plan *plan, const char *a, const char *b, bool *ret_same, struct err *err);
void sweep_plan_drop_axis(struct sweep_plan *plan, const char *name);
/* Multiplies: sets plan->cells; *ret_slots is the exact number of runs, or the largest double
 * there is.  -ERANGE beyond SWEEP_SLOTS_MAX. */
int sweep_plan_close(struct sweep_plan *plan, double *ret_slots, struct err *err);
/* The index of a cell's value on an axis. */
unsigned sweep_cell_value(const struct sweep_plan *plan, uint32_t cell, unsigned axis);
/* The cell that differs from this one in nothing but its value on the axis. */
uint32_t sweep_cell_beside(const struct sweep_plan *plan, uint32_t cell, unsigned axis, unsigned value);
/* [axis->count] indices of the values: numbers from the least on, others as they were typed. */
void sweep_axis_order(const struct sweep_axis *axis, unsigned *ret_order);
/* The options of one cell; free them. */
int sweep_cell_options(const struct sweep_plan *plan, uint32_t cell, struct options *ret_options, struct err *err);
/* "method two-copy, size 16K", "A: --method mmsg": harmless on a terminal.  Returns out. */
char *sweep_cell_label(const struct sweep_plan *plan, uint32_t cell, char *out, size_t size);
/* The same without the value of one axis; "" where there is no other. */
char *sweep_setting_label(const struct sweep_plan *plan, uint32_t cell, unsigned but, char *out, size_t size);
/* Warm-up and measuring of one cell. */
int64_t sweep_cell_ns(const struct sweep_plan *plan, uint32_t cell);
/* The order of one round: all cells once, shuffled; the same for the same seed and round. */
void sweep_order(uint32_t cells, uint64_t seed, unsigned round, uint32_t *ret_order);
/* 0, or -EINVAL naming the first thing in which `now` differs from `then`. */
int sweep_plan_compare(const struct sweep_plan *then, const struct sweep_plan *now, struct err *err);

/* Writes a plan as plan.json has it, and reads it back.  NULL when out of memory; -errno with
 * words. */
json_t *sweep_plan_to_json(const struct sweep_plan *plan);
int sweep_plan_from_json(struct sweep_plan *plan, const json_t *object, const struct engine *const *engines, struct err *err);

/* What plan.json in this directory is of: "comparison", or "sweep", also where it says nothing. */
const char *sweep_plan_noun(const char *directory);

/* ---- plan files ---- */

struct sweep_entry {
	enum sweep_section { SWEEP_SECTION_SWEEP, SWEEP_SECTION_AXES, SWEEP_SECTION_OPTIONS } section;
	char *name, *value;
	int line;
};

struct sweep_file {
	char *path; /* for messages */
	const struct engine *engine;
	unsigned count, room;
	struct sweep_entry *entry; /* in the order of the file; all of them valid */
};

/* Reads the text of a plan file:
 *
 *   [sweep]    mode = stream           which mode; needed
 *              repeat = 3              and the other options of `own` that have OPTION_RESULT
 *   [axes]     size = 16K, 64K         an axis each; lines that begin with a blank go on with
 *              the list
 *   [options]  duration = 10s          what the cells share
 *
 * -EINVAL, -ENOENT or -ERANGE with "path:line: what": unknown section, key (the nearest is
 * named) or mode, a key that stands twice, an empty list, a value out of range.  `own`: the
 * verb's options. */
int sweep_file_parse(struct sweep_file *file, const char *text, size_t length, const char *path,
	const struct engine *const *engines, const struct option_def *own, struct err *err);
void sweep_file_free(struct sweep_file *file); /* accepts a zeroed one */

/* ---- state ---- */

/* A figure of merit: a column of the CSV row of a run. */
struct sweep_metric {
	char column[64]; /* "rx_mbps", "rtt_p50_us" */
	char slug[64];   /* of chart files: "throughput", "rtt-p50" */
	char title[64], unit[24];
	char source[40];   /* the counter that must be readable for it, "" = any */
	char counted[64];  /* of a latency: the column of how many were recorded; "" = it is none */
	const char *label; /* of charts of runs in which it is above `over`; NULL: none */
	double over;
	int better;    /* +1: more is, -1: less is, 0: neither */
	bool chart;    /* over each numeric axis */
	bool bars;     /* over each other axis, too */
	bool tested;   /* a comparison says whether it differs */
	char why[120]; /* a reason why it is unknown, as a run gave it; "" = none yet */
};

struct sweep_cell {
	/* slots: ended, ended with a valid verdict, failed for good */
	uint16_t done, valid, failed;
	float *value;    /* [valid][metrics]; NAN = unknown; NULL before the first */
	uint16_t *round; /* [valid]: in which they ran */
	/* [enum limit_who]: how many of the valid runs had this limit */
	uint16_t limited[LIMITS];
};

enum sweep_status { SWEEP_WAITING, SWEEP_RUNNING, SWEEP_PARTLY, SWEEP_DONE, SWEEP_FAILED };

/* A remark that runs made about themselves; remarks that differ in numbers only are one. */
struct sweep_remark {
	bool invalid; /* a reason not to use the number; else a caution */
	unsigned runs;
	uint32_t cell; /* of the first */
	char *text;    /* the first's */
};

struct sweep_failure {
	uint32_t cell;
	unsigned round, attempts;
	bool made_good; /* a later attempt, perhaps after --resume, has a result */
	char *why;
};

enum {
	SWEEP_SLOT_WAITING,
	SWEEP_SLOT_DONE,
	SWEEP_SLOT_FAILED,
	SWEEP_SLOT_AGAIN, /* had failed before the sweep was resumed */
};

struct sweep_state {
	const struct sweep_plan *plan;
	unsigned metrics;
	/* the first is the headline: by it the best cell is found */
	struct sweep_metric metric[SWEEP_METRICS_MAX];
	struct sweep_cell *cell; /* [plan->cells] */
	/* [plan->repeat][plan->cells], SWEEP_SLOT_* */
	unsigned char *slot;
	uint64_t slots, done, invalid, failed;
	uint64_t again; /* of those that failed: those that wait for another attempt */
	bool running;
	uint32_t current; /* cell that is being run, while running */
	unsigned round;   /* its round, from 0 */
	/* of the runs that this process made: wall time, and warm-up + duration */
	double spent_s, expected_s;
	uint64_t timed; /* how many those were */
	/* expected time of all slots that wait, again or for the first time, without overhead */
	double left_s;
	unsigned remarks, remarks_more;
	struct sweep_remark remark[64];
	unsigned failures;
	struct sweep_failure *failure;
};

/* `plan` is closed and outlives it. */
int sweep_state_init(struct sweep_state *state, const struct sweep_plan *plan, struct err *err);
void sweep_state_free(struct sweep_state *state); /* accepts a zeroed one */
/* One slot has ended: `row` and `result` as results_row() and results_document() make them (of a
 * foreign file, too: whatever they hold). */
int sweep_state_take_run(
	struct sweep_state *state, uint32_t cell, unsigned round, const json_t *row, const json_t *result, struct err *err);
int sweep_state_take_failure(
	struct sweep_state *state, uint32_t cell, unsigned round, unsigned attempts, const char *why, struct err *err);
/* The slot of a run that has been taken had failed so many times before, the last time for this
 * reason. */
int sweep_state_take_retry(
	struct sweep_state *state, uint32_t cell, unsigned round, unsigned failed, const char *why, struct err *err);
/* Lets all failed slots wait for another attempt: a resumed sweep begins with that. */
void sweep_state_retry(struct sweep_state *state);
/* Counts the slots that are over. */
uint64_t sweep_state_ended(const struct sweep_state *state);
unsigned char sweep_state_slot(const struct sweep_state *state, uint32_t cell, unsigned round);
enum sweep_status sweep_state_status(const struct sweep_state *state, uint32_t cell);

/* The value of the cell's valid run in each round, [plan->repeat]; NAN: there is none, or it does
 * not know. */
void sweep_state_values(const struct sweep_state *state, uint32_t cell, unsigned metric, double *ret_values);

struct sweep_spread {
	unsigned n;              /* runs that know the value */
	double median, min, max; /* NAN if n is 0 */
};
void sweep_state_spread(const struct sweep_state *state, uint32_t cell, unsigned metric, struct sweep_spread *ret_spread);
/* The cell with the best median of a metric, or -1. */
int64_t sweep_state_best(const struct sweep_state *state, unsigned metric);
bool sweep_state_known(const struct sweep_state *state, unsigned metric); /* anywhere */
/* Seconds until the end, from warm-up, duration and the overhead that was measured. */
double sweep_state_eta_s(const struct sweep_state *state);
/* In which unit a metric reads best (10000 Mbit/s and more are Gbit/s): what values are
 * multiplied by. */
double sweep_state_unit(const struct sweep_state *state, unsigned metric, const char **ret_unit);
