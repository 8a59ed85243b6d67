/* Saved results, compared: runs of two times, which have nothing to do with each other.  Main
 * thread only. */
#pragma once

#include "main/sweep/compare_end.h"

struct saved_runs {
	const struct engine *engine;
	unsigned runs, invalid; /* valid ones, whose values are in the group; and others */
	struct comparison_group group;
	uint16_t limited[LIMITS]; /* how many of the valid ones had this limit */
	json_t *host;             /* of the first */
	char version[32];         /* of netdyno that wrote the first; "" where it is not told */
	json_t *options;          /* of the first, as results have them; NULL: of a sweep */
};

/* A result file, a snapshot's directory, a directory of result files, or of a sweep of one cell.
 * -EINVAL where it holds something else; free in any case. */
int saved_runs_load(const char *path, struct saved_runs *runs, struct err *err);
void saved_runs_free(struct saved_runs *runs);
/* Refuses different modes. */
int saved_runs_check(const struct saved_runs saved[COMPARE_SIDES], const char *const path[COMPARE_SIDES], struct err *err);
/* Compares, prints or writes what was asked.  *ret_status: the exit status. */
int saved_runs_compare(const struct saved_runs saved[COMPARE_SIDES], const char *const path[COMPARE_SIDES],
	const struct compare_asked *asked, int *ret_status, struct err *err);
