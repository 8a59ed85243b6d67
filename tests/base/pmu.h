/* A scripted PMU behind struct perf_calls, and the sysfs and procfs that go with it in a
 * directory of the test's own.  One thread. */
#pragma once

#include <linux/perf_event.h>

#include "base/perf.h"

enum {
	ANY = -1,
	PMU_FDS = 200,
	/* no descriptor of the process has such a number: closing one for real would be noticed */
	FIRST_FD = 1000
};

/* The first rule that an opening fits decides: it fails with `error`. */
struct pmu_rule {
	int kind;      /* enum perf_event_kind or ANY */
	int pmu;       /* its name in the upper half of config; 0: none is named */
	int user_only; /* 0, 1 or ANY */
	int grouped;   /* 1: a member of a group */
	int error;
};

struct pmu_times { /* the answer to read(2) */
	uint64_t value, enabled, running;
};

struct pmu_fd {
	bool is_open;
	unsigned kind, pmu;
	bool user_only;
	int group;
	struct pmu_times now;
};

struct pmu {
	/* the script */
	struct pmu_rule rule[8]; /* ends at error 0 */
	unsigned idle_opens;     /* the first so many that are opened never run */
	unsigned idle_kinds;     /* bit per event that never runs */
	unsigned idle_reads;     /* the first so many readings: nothing has run yet */
	bool unreadable;
	/* the record of calls */
	struct pmu_fd fd[PMU_FDS];
	unsigned opens, reads, closes;
};

extern struct pmu pmu;
extern struct perf_calls pmu_calls;

int pmu_setup(void **state);    /* cmocka: an empty machine, an obliging kernel */
int pmu_teardown(void **state); /* cmocka: nothing may be open */
/* A file below the root, with its directories. */
void pmu_file(const char *path, const char *text);
/* A PMU in sysfs; cpus NULL: no such file. */
void pmu_device(const char *name, const char *type, const char *cpus);
/* The open descriptor of this event on this PMU, or NULL. */
struct pmu_fd *pmu_find(unsigned kind, unsigned pmu_type);
unsigned pmu_open_count(void);
