/* A sweep or a comparison: its plan, where its results are, what came of it.  Main thread only. */
#pragma once

#include <limits.h>

#include "record/host.h"
#include "sweep/store.h"

struct sweep_task {
	struct sweep_plan plan;
	struct sweep_state state;
	struct sweep_store store; /* .fd -1 until it is open */
	struct host_info host;
	char directory[PATH_MAX];
	const char *resume; /* directory of the one that is continued; NULL: a new one */
	bool grown;         /* it has more rounds than that one had */
};

/* "sweep" or "compare": the verb that continues it. */
const char *sweep_verb(const struct sweep_plan *plan);
/* -EINVAL where a run would never end. */
int sweep_check_durations(const struct sweep_plan *plan, struct err *err);
/* Asks each cell whether it runs here.  That none does is an error, of a comparison that one does
 * not; else what does not is said on stderr. */
int sweep_task_check(const struct sweep_task *task, struct err *err);
/* Reads the plan of task->resume.  compare: it must be the same as task->plan; else it takes its
 * place.  sides: it must be a comparison. */
int sweep_task_take_up(struct sweep_task *task, bool compare, bool sides, struct err *err);
/* Chooses the directory (--out, --resume, or one made up), makes it or reads what is there. */
int sweep_task_open(struct sweep_task *task, const struct options *options, struct err *err);
void sweep_task_free(struct sweep_task *task); /* accepts a zeroed one whose store.fd is -1 */
