/* The ledger: sent = received + lost at each named place + (in flight, while it runs) +
 * unexplained.  And the verdict: may the number be used? Pure functions over samples and finals;
 * any thread. */
#pragma once

#include "record/sample.h"

enum { LEDGER_PLACES_MAX = 12 };

struct ledger_place {
	const char *key, *title; /* "server_socket_buffer", "server socket buffer" */
	bool known;
	/* counted for the whole host or namespace: attributed only up to what is otherwise
	 * unexplained */
	bool host_wide;
	uint64_t lost;   /* packets attributed to the place */
	uint64_t seen;   /* what the counter says (host-wide ones: may be somebody else's) */
	const char *why; /* where not known: the reason; else "" */
};

struct ledger {
	bool known; /* false: this role and mode keep none */
	uint64_t sent, received, in_flight;
	unsigned places;
	struct ledger_place place[LEDGER_PLACES_MAX];
	int64_t unexplained; /* > 0: missing; < 0: more accounted for than sent */
	bool balanced;       /* |unexplained| is 0.1 % of sent or less, or 0 */
	double lost_percent; /* (sent - received - in flight) of sent, clamped to 0..100 */
	uint64_t lost;
};

/* Live: from the measure phase's first sample to `to`. */
void ledger_between(const struct run_info *info, const struct sample *from, const struct sample *to, struct ledger *ret_ledger);
/* After the drain. */
void ledger_of_final(const struct run_info *info, const struct run_final *final, struct ledger *ret_ledger);

enum { VERDICT_LINES = 12 };

struct verdict {
	bool valid;
	unsigned reasons, cautions;
	char reason[VERDICT_LINES][200];
	char caution[VERDICT_LINES][200];
};

void verdict_of_final(const struct run_info *info, const struct run_final *final, const struct ledger *ledger, bool captured,
	struct verdict *ret_verdict);
/* What can be said while it runs. */
void verdict_live(const struct run_info *info, const struct sample *from, const struct sample *to, const struct ledger *ledger,
	bool captured, struct verdict *ret_verdict);
