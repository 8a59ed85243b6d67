/* Conditions on a comparison: "rx_pps<-5%" holds where B is shown to answer at least 5 % fewer
 * than A.  Pure; main thread only. */
#pragma once

#include "sweep/compare/comparison.h"

struct condition {
	unsigned metric; /* of the mode's figures */
	bool above;      /* >; else < */
	double limit;    /* relative: -0.05 of -5 % */
	char text[112];  /* as it was given, without blanks */
};

enum condition_answer {
	CONDITION_NOT_SHOWN, /* part of the interval or all of it lies within the limit */
	CONDITION_HOLDS,     /* the whole interval lies beyond the limit */
	CONDITION_UNKNOWN,   /* there is no interval: too few runs, or no ratio */
};

/* METRIC<PERCENT or METRIC>PERCENT, blanks between the parts: METRIC is a column of results.csv
 * ("rx_pps", "rtt_p99_us"), or p50, p99 for those of the mode's first latency; PERCENT is a
 * decimal number with or without a sign and %, above -100.  -EINVAL and -ERANGE with what is wrong
 * and which metrics there are; then *ret_condition is untouched. */
int condition_parse(
	const char *text, const struct sweep_metric *metric, unsigned metrics, struct condition *ret_condition, struct err *err);
enum condition_answer condition_ask(const struct condition *condition, const struct comparison *comparison);
