/* CPU lists, affinity, and what CPUs this machine offers.  Any thread.  The affinity mask that
 * the process was started with is read once, at the first call, and kept: threads change their
 * own later. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { CPU_LIST_MAX = 1024 };

/* An ordered list without duplicates: "0-3,6" is {0,1,2,3,6}, "6,0" keeps its order. */
struct cpu_list {
	unsigned count;
	short cpu[CPU_LIST_MAX];
};

/* Parses "0-3,6"; a CPU named twice counts once, where it came first.  -EINVAL with the
 * offending part named; *ret_list untouched on failure. */
int cpu_list_parse(const char *text, struct cpu_list *ret_list, struct err *err);
/* Writes the shortest form, "0-3,6"; returns out. */
char *cpu_list_format(const struct cpu_list *list, char *out, size_t size);
bool cpu_list_has(const struct cpu_list *list, int cpu);

/* The CPUs this process may use: online and in the affinity mask it was started with
 * (sched_getaffinity(2), masks of over 1024 CPUs included).  Never empty. */
void cpu_allowed(struct cpu_list *ret_list);
/* The online CPUs of /sys/devices/system/cpu/online; falls back on sysconf(3). */
void cpu_online(struct cpu_list *ret_list);
/* 0, or -EINVAL with "CPU 5 is offline", "CPU 5 does not exist (this machine has 0-1)", "CPU 3
 * is outside this process's affinity mask (0-1)". */
int cpu_check(int cpu, struct err *err);

/* Pins the calling thread (pthread_setaffinity_np(3)). 0 or -errno. */
int cpu_pin_self(int cpu, struct err *err);
/* Takes the calling thread off the given CPUs where that leaves at least one; else does nothing.
 * Returns whether it did. */
bool cpu_avoid_self(const struct cpu_list *busy);
