/* The self-test: faults that are known are put into runs of this very program, and what its ledger
 * and verdict say of them is held against what was put in and what the kernel itself counted.
 *
 * A row is one fault in one mode and method.  It is played by a process of its own, which has a
 * user namespace, and where the run is on loopback a network namespace, of its own; the run is
 * another process, this program again.  So nothing is lost, sent or changed outside, and everything
 * ends with the row, however that ends. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "record/host.h"

enum { SELFTEST_ROWS_MAX = 128, SELFTEST_METHODS = 64, SELFTEST_CHECKS = 6, SELFTEST_NAME = 40, SELFTEST_TEXT = 240 };
#define SELFTEST_UNKNOWN INT64_MIN

enum selftest_outcome { SELFTEST_AGREES, SELFTEST_DIFFERS, SELFTEST_SKIPPED, SELFTEST_OUTCOMES };
extern const char *const selftest_outcome_names[SELFTEST_OUTCOMES]; /* "agrees" */

/* One figure: as it was put in, as netdyno says it, and as somebody else counted it.
 * SELFTEST_UNKNOWN: nobody can know that number. */
struct selftest_check {
	char place[SELFTEST_NAME]; /* of the ledger, a counter of the sum, or "verdict" */
	char unit[12];             /* "packets", "us", "ms", "%" */
	int64_t injected, said, second;
	char source[SELFTEST_TEXT / 2]; /* of `second`; "": there is none */
	/* one of `second` stands for so many of `said`: both 1 but where the kernel counts packets
	 * that hold several datagrams */
	uint32_t each_least, each_most;
	/* said may be so much less or more than what was put in, or where nobody can know that,
	 * than what was counted */
	int64_t less, more;
	bool agrees;
};

/* Plain data: it is handed from process to process as it stands. */
struct selftest_row {
	char name[SELFTEST_NAME]; /* "echo-gso-buffer" */
	char injected[SELFTEST_TEXT];
	enum selftest_outcome outcome;
	unsigned checks;
	struct selftest_check check[SELFTEST_CHECKS];
	/* the verdict's words, where it is the verdict that must say it */
	char said[SELFTEST_TEXT];
	char why[SELFTEST_TEXT]; /* skipped or differs: the reason */
	double seconds;
};

/* What can run here; a method or path that cannot has the reason in `why`. */
struct selftest_method {
	const char *mode, *name;
	char why[SELFTEST_TEXT];
};
struct selftest_here {
	unsigned methods;
	struct selftest_method method[SELFTEST_METHODS];
	char veth_why[SELFTEST_TEXT]; /* "": path veth runs here */
	const char *lie;              /* a place whose counter is to lie; "": none */
};

/* Fills in name and injected of every row that there is, in their order; returns how many. */
unsigned selftest_rows(const struct selftest_here *here, struct selftest_row ret_row[SELFTEST_ROWS_MAX]);
/* Does the pattern (fnmatch(3)) name this row?  "": all of them. */
bool selftest_wanted(const char *pattern, const struct selftest_row *row);

/* Plays the rows, several at a time where they bear that, and calls said() for each as soon as it
 * and all before it are over.  Main thread, with no other thread running; signal_fd as
 * signals_open() made it: a signal ends it, -EINTR, and then the rest is skipped.  0 or -errno. */
int selftest_play(const struct selftest_here *here, struct selftest_row *row, unsigned rows, int signal_fd,
	void (*said)(const struct selftest_row *row), struct err *err);

/* Every check agrees.  Pure. */
bool selftest_agrees(const struct selftest_row *row);
/* The whole as docs/selftest.schema.json describes it.  NULL when out of memory. */
json_t *json_of_selftest(const struct host_info *host, const struct selftest_row *row, unsigned rows, double seconds);
