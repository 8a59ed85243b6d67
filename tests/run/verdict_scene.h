/* A run made by hand, for the tests of the verdict: nothing is to be said against it, and a test
 * changes one thing. */
#pragma once

#include "../support/toy.h"
#include "support.h"

struct scene {
	struct run_info info;
	struct run_worker worker[2];
	struct run_final final;
	struct worker_sample edge[2], settled[2];
	int64_t edge_ns[2];
	struct hist total[2];
	struct ledger ledger;
	bool captured;
};

/* An open loop of 10000 packets in 2 s, all answered. */
void scene_make_good(struct scene *s);
/* The verdict of its end, and of what has come so far. */
void scene_judge(const struct scene *s, struct verdict *ret_verdict);
void scene_judge_live(const struct scene *s, const struct sample *from, const struct sample *to, struct verdict *ret_verdict);
