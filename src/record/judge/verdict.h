/* The verdict: may the number be used, and is it what its name suggests?  See DESIGN section 4.
 * Pure; any thread. */
#pragma once

#include "record/ledger.h"
#include "record/judge/limit.h"

enum { VERDICT_LINES = 12 };

struct verdict {
	bool valid;
	unsigned reasons, cautions;
	char reason[VERDICT_LINES][200];
	char caution[VERDICT_LINES][200];
	/* of each: what helps, for remedy_text(); NULL: nothing that is known */
	const char *reason_remedy[VERDICT_LINES], *caution_remedy[VERDICT_LINES];
	/* more is lost than the percentiles can do without: a caution says so */
	bool lossy;
	struct limit limit; /* who was, or is */
};

/* Judges a final, or two samples of the measure phase: then what was measured so far.
 * captured: a capture was on. */
void verdict_of(const struct reading *r, const struct ledger *ledger, bool captured, struct verdict *ret_verdict);

/* Adds a caution; those beyond VERDICT_LINES are left out. */
void verdict_caution(struct verdict *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
