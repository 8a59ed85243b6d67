/* The rows that a mode keeps per connection or reader (engine->details), in the order in which
 * the details panel shows them.  They are ranked once for each reading, about once a second, and
 * whenever the order changes.  Main thread only. */
#pragma once

#include "record/moment.h"

/* So many are ranked, and can be scrolled to; the others are only counted. */
enum { RANKED_MOST = 1000 };

/* A zeroed one knows nothing yet. */
struct ranked {
	const struct detail_def *def; /* of the mode that is shown; NULL: it keeps no rows */
	struct details_order order;
	/* the reading of the moment that is shown; NULL: there is none */
	const struct details *details;
	unsigned row[RANKED_MOST], count; /* indices of its rows, the first in front */
	/* of the strip's column over all rows (def->has_strip): per second where that is known */
	struct detail_summary strip;
	enum details_as strip_as;
	/* The most rows that a reading of this run had.  It outlives the run until the next one of
	 * this mode has a reading. */
	unsigned most;
	uint32_t most_run;
	/* row[] was made from these */
	struct details_order ranked_by;
	int64_t ranked_at_ns;
};

/* Takes the rows of this moment, and ranks them where they or the order are new.  def: of the
 * mode that is shown; another one than before begins in its usual order. */
void ranked_look(struct ranked *r, const struct detail_def *def, const struct moment *m);
/* -1 or +1 goes to the column before or after this one.  A SUM has two, per second and in all. */
void ranked_step(struct ranked *r, int step);
void ranked_turn(struct ranked *r); /* the last to the front */

/* "rx/s", "slowest µs": what stands over a column. */
char *ranked_title(const struct detail_column *column, enum details_as as, char *out, size_t size);
