/* Hardware counters of one thread through perf_event_open(2): user space and kernel, grouped, on
 * every core type that the thread may run on, scaled up when multiplexed.
 *
 * A counter that cannot be had whole is unknown with the reason, never 0 and never a part of the
 * number under the same name: counting user space alone is all that kernel.perf_event_paranoid 2
 * permits, but most of what network I/O costs is spent in the kernel.
 *
 * Opened, updated and closed by the thread that is counted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/core_types.h"

enum perf_event_kind { PERF_CYCLES, PERF_INSTRUCTIONS, PERF_L1D_MISSES, PERF_LLC_MISSES, PERF_BRANCH_MISSES, PERF_EVENTS };
enum {
	PERF_WHY_BYTES = 240,
	PERF_WORKERS = 64, /* threads of a program up to which each has all events */
};

struct perf_event_attr;

/* The system calls of perf.c; tests replace them by scripted ones. */
struct perf_calls {
	/* perf_event_open(2) for the calling thread on any CPU, close-on-exec: a descriptor, or
	 * -1 with errno */
	int (*open)(const struct perf_event_attr *attr, int group_fd);
	ssize_t (*read)(int fd, void *into, size_t bytes);
	int (*close)(int fd);
	const char *root; /* in front of /sys and /proc: "" */
};
extern const struct perf_calls perf_calls_real;

struct perf_counter {
	int fd[CORE_TYPES_MAX];           /* -1: not open */
	uint64_t value, enabled, running; /* as last read, summed over the core types */
	uint64_t count;                   /* scaled; never falls */
};

struct perf {
	const struct perf_calls *calls; /* NULL: never opened */
	unsigned types;                 /* used of each fd[] */
	unsigned known;                 /* bit per event */
	struct perf_counter counter[PERF_EVENTS];
	/* time on a CPU that the event which fared worst was not counted in, since it was
	 * opened: what counts are scaled up for */
	uint64_t unseen_ns;
	/* of those that are unknown: "no hardware counters on this machine (perf_event_open: No
	 * such file or directory)", or "" */
	char why[PERF_WHY_BYTES];
};

/* Never fails: what cannot be opened is unknown.  `cpus` are those that the thread may run on.
 * Takes up to 20 ms where the counters have to be shared. */
void perf_open_self(struct perf *perf, const struct perf_calls *calls, const struct cpu_list *cpus);
/* Cycles and instructions alone, without turns: for threads by the hundred, whose opening and
 * reading would cost more than what they do. */
void perf_open_few(struct perf *perf, const struct perf_calls *calls, const struct cpu_list *cpus);
/* Reads all counters: a system call for each, and core type. */
void perf_update(struct perf *perf);
/* The count of the last update, since it was opened; false where unknown. */
bool perf_count(const struct perf *perf, enum perf_event_kind kind, uint64_t *ret_count);
/* accepts NULL and a zeroed, half-opened or closed one; counts stay */
void perf_close(struct perf *perf);
