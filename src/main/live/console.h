/* The console: everything that a run is watched and steered from, with a screen or without.  Holds
 * the session, the history, the board, the result files and the capture; takes each update once
 * and tells them all.  Main thread only. */
#pragma once

#include "main/cli/cli.h"
#include "main/live/outputs.h"
#include "main/live/own_cost.h"
#include "main/live/rounds.h"
#include "main/live/run_capture.h"
#include "run/session.h"
#include "snapshot/snapshot.h"
#include "ui/dash/board.h"

struct console {
	struct session *session;
	struct history *history;
	struct board board;
	struct outputs outputs;
	struct run_capture run_capture;
	struct own_cost cost;
	struct cpu_use cpus;
	int64_t cpus_ns; /* CLOCK_MONOTONIC when they were read */
	struct rounds rounds;
	FILE *lines;     /* header and intervals go here as they come; NULL: a screen shows them */
	FILE *notes;     /* events and complaints; NULL: a screen shows them */
	uint32_t run_id; /* newest one asked for; 0: none */
	/* The baseline, which a snapshot keeps: its run (0: none), and up to when it counts. */
	uint32_t base_run;
	int64_t base_until_ns;
	int lines_errno; /* why `lines` takes no more; 0: it does */
	bool over;       /* that one has ended */
	bool measured;   /* and has something to show */
	bool failed;     /* and failed: */
	struct err why;
	bool interrupted;       /* it was stopped before its time */
	bool abandoned;         /* it would not end: console_close() does not wait for it */
	unsigned virtual_ticks; /* NETDYNO_TEST_TICKS, for synthetic modes; else 0 */
};

/* `cli` must outlive it: file names stay in its options. */
int console_open(struct console *c, const struct cli *cli, struct err *err);
/* Accepts a zeroed one.  An abandoned run is left to the end of the process; its half-written
 * files are removed. */
void console_close(struct console *c);

struct board_mode *console_mode(struct console *c); /* the current one */
/* Starts the current mode with its options; a run that is going ends first. */
int console_start(struct console *c, struct err *err);
/* The same with other options; those of the mode stay as they are. */
int console_start_with(struct console *c, const struct options *options, struct err *err);
/* That run is the baseline from now on, as far as it has come; 0: none is. */
void console_note_base(struct console *c, uint32_t run_id);
/* Takes all updates that have come; a callback of loops, so of a void *. */
void console_pump(void *console);
struct results_source console_source(const struct console *c);
/* Saves a snapshot; screen NULL: paints one without a terminal. */
int console_snapshot(struct console *c, const struct snapshot_screen *screen, char *ret_path, size_t size, struct err *err);
/* Stops what runs and takes its last word, for at most max_ms. */
void console_finish(struct console *c, int max_ms);
/* EXIT_* of the newest run. */
int console_status(const struct console *c);
