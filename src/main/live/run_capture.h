/* Capturing as main steers it: which file, with which interface and ports, through restarts of
 * the run.  Main thread only. */
#pragma once

#include <limits.h>

#include "captures/capture.h"
#include "record/sample.h"

struct session;

struct run_capture {
	struct session *session;
	struct capture *capture;
	struct capture_options options;
	struct capture_state state; /* at the last look */
	/* --capture, or NULL: a name made of the time, in `directory` */
	const char *file;
	const char *directory;
	bool force;
	bool wanted;
	bool captured; /* some of the run that is going has been captured */
	bool lost;     /* --capture asked for one that is missing or cut: state.message */
	unsigned files;
	char path[PATH_MAX]; /* of the capture that is going or was last */
};

/* From --capture, --out, --force; `o` and the session whose runs they are must outlive it. */
void run_capture_init(struct run_capture *t, const struct options *o, struct session *session);
/* Starts on this run; a capture that is going is ended first and keeps its file.  -errno with
 * *err, also left in state.message: the run goes on. */
int run_capture_start(struct run_capture *t, const struct run_info *info, struct err *err);
/* The state is final afterwards: what the file holds. */
int run_capture_stop(struct run_capture *t, struct err *err);
/* A new run has been opened: begins afresh if captures are wanted. */
int run_capture_begin(struct run_capture *t, const struct run_info *info, struct err *err);
/* Reads the state; true if the capture has just ended by itself (state.message says why). */
bool run_capture_look(struct run_capture *t);
