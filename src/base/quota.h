/* The CPU quota of the control group that this process is in: cgroups(7), cpu.max, or of version 1
 * cpu.cfs_quota_us.  Any thread; opens and closes its files. */
#pragma once

#include <stdint.h>

/* Microseconds for which the group, or one above it, was kept from its CPUs because its quota was
 * used up (cpu.stat: throttled_usec; version 1: throttled_time), over all CPUs, since it was made.
 * root: "", or a directory in place of / for tests.  0, or -ENOENT: no such controller here. */
int quota_throttled_us(const char *root, uint64_t *ret_us);

enum { QUOTA_FILE_BYTES = 320, QUOTA_TEXT_BYTES = 48 };

struct quota_limit {
	double cpus;                 /* 1.5: so much CPU time in each second */
	char file[QUOTA_FILE_BYTES]; /* where it is set, and what stands there */
	char text[QUOTA_TEXT_BYTES];
};

/* The tightest quota of the group and those above it.  0, or -ENOENT: none of them has one. */
int quota_tightest(const char *root, struct quota_limit *ret_limit);
