/* Reads what workers have recorded of stamped packets (record/stages/stages.h): of the second
 * that has just passed, and of a whole run.  Control thread only; the workers never notice. */
#pragma once

#include "run/worker.h"

struct stages_reader {
	/* of the workers that have one; records 0: no packet is stamped, and nothing is done */
	const struct stage_record **record;
	unsigned records;
	struct stage_tally *now, *before, *since; /* since: scratch */
	/* run clock, of the reading before; 0: none yet */
	int64_t before_ns;
};

/* The workers' blocks must outlive it.  0 or -ENOMEM; stages_reader_close() in any case, which
 * accepts a zeroed one. */
int stages_reader_init(struct stages_reader *r, const struct worker *worker, unsigned workers, struct err *err);
void stages_reader_close(struct stages_reader *r);
/* About a second after the reading before. */
bool stages_reader_due(const struct stages_reader *r, int64_t now_ns);
/* Since the reading before; NULL where there is nothing to read, or out of memory. */
struct stage_summary *stages_reader_read(struct stages_reader *r, int64_t now_ns);
/* Of all. */
struct stage_summary *stages_reader_final(struct stages_reader *r, int64_t now_ns);
