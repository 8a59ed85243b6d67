/* The doctor's worst findings in a line each, for the dashboard.  Main thread only. */
#pragma once

enum { DOCTOR_LINE_BYTES = 200 };

/* What falsifies or limits results on this host, the worst first, at most `most`; returns how many.
 * Only what is read at once: it does not look at the load. */
unsigned doctor_worst(char line[][DOCTOR_LINE_BYTES], unsigned most);
