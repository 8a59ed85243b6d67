/* The doctor's worst findings.  See worst.h. */
#include "main/doctor/worst.h"

#include <stdio.h>
#include <stdlib.h>

#include "doctor/doctor.h"

unsigned doctor_worst(char line[][DOCTOR_LINE_BYTES], unsigned most)
{
	struct doctor_facts *facts = calloc(1, sizeof(*facts));
	struct doctor_report *report = calloc(1, sizeof(*report));
	unsigned n = 0;

	if (facts && report) {
		doctor_facts_read("", "lo", 0, facts);
		doctor_judge(facts, report);
	}
	/* Without memory there is no finding. */
	for (unsigned i = 0; report && i < report->count && n < most; i++) {
		const struct doctor_finding *f = &report->finding[i];

		if (f->severity >= DOCTOR_LIMITS)
			snprintf(line[n++], DOCTOR_LINE_BYTES, "netdyno doctor, %s: %s: %.120s",
				f->severity == DOCTOR_FALSIFIES ? "falsifies" : "limits", f->title, f->what);
	}
	free(facts);
	free(report);
	return n;
}
