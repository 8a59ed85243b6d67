/* Capturing as main steers it: which file, with which interface and ports, through restarts of
 * the run.  Main thread only. */
#pragma once

#include <limits.h>

#include "captures/capture.h"
#include "record/sample.h"

struct taping {
	struct capture *capture;
	struct capture_options options;
	struct capture_state state; /* as it stood at the last look */
	/* --capture, or NULL: a name made of the time, in `directory` */
	const char *file;
	const char *directory;
	bool force;
	bool wanted;
	bool taped; /* some of the run that is going has been captured */
	unsigned files;
	char path[PATH_MAX]; /* of the capture that is going or was last */
};

/* From --capture, --out, --force; `o` must outlive it. */
void taping_init(struct taping *t, const struct options *o);
/* Starts on this run; a capture that is going is ended first and keeps its file.  -errno with
 * *err, also left in state.message: the run goes on. */
int taping_start(struct taping *t, const struct run_info *info, struct err *err);
/* The state is final afterwards: what the file holds. */
int taping_stop(struct taping *t, struct err *err);
/* A new run has been opened: begins afresh if captures are wanted. */
int taping_run(struct taping *t, const struct run_info *info, struct err *err);
/* Reads the state; true if the capture has just ended by itself (state.message says why). */
bool taping_look(struct taping *t);
