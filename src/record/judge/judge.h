/* Between the files that a verdict is made by.  Pure; any thread. */
#pragma once

#include <stdint.h>

#include "record/ledger.h"
#include "record/reading.h"
#include "record/judge/verdict.h"

/* The evidence of a verdict. */
struct evidence {
	const struct run_info *info;
	const struct reading *edge; /* what rates are made of */
	struct reading settled;     /* ... and the ledger */
	const struct ledger *ledger;
	int64_t measured_ns;
	uint64_t load;    /* now, or at the end; 0 unknown */
	char refusal[96]; /* the newest refusal of a send or connection, in words; "": none */
};

/* What helps against the caution that was added last, for remedy_text(); NULL: nothing known. */
void judge_helped_by(struct verdict *v, const char *remedy);

/* Cautions: had the workers the CPUs that they were to have? */
void judge_cpus(const struct evidence *e, struct verdict *v);
/* ... and what was it worth: time that the hypervisor took, counters that are estimates. */
void judge_host_cpus(const struct evidence *e, struct verdict *v);
