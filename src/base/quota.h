/* The CPU quota of the control group that this process is in: cgroups(7), cpu.max, or of version 1
 * cpu.cfs_quota_us.  Any thread; opens and closes its files. */
#pragma once

#include <stdint.h>

/* Microseconds for which the group, or one above it, was kept from its CPUs because its quota was
 * used up (cpu.stat: throttled_usec; version 1: throttled_time), over all CPUs, since it was made.
 * root: "", or a directory in place of / for tests.  0, or -ENOENT: no such controller here. */
int quota_throttled_us(const char *root, uint64_t *ret_us);
