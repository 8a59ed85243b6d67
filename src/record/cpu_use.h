/* How this host uses its CPUs, each between two readings of /proc/stat (proc(5)).  A value; main
 * thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cpu.h"

/* Shares of the time between the readings, 0..1. */
struct cpu_use_one {
	short cpu;
	float user, system; /* nice is the user's */
	float softirq;      /* and hard interrupts: packets on loopback are received there */
	float steal;
};

struct cpu_use {
	unsigned count; /* 0: not known, or not yet */
	struct cpu_use_one one[CPU_LIST_MAX];
	/* Of the last reading: ticks of each kind, and of all. */
	unsigned seen;
	uint64_t tick[CPU_LIST_MAX][5];
};

/* Reads it again, for the time since the last call.  A file that cannot be read leaves count 0. */
void cpu_use_read(struct cpu_use *use);
/* The same of text in the form of /proc/stat: for tests. */
void cpu_use_take(struct cpu_use *use, const char *text);
/* Of this CPU; NULL: not known. */
const struct cpu_use_one *cpu_use_find(const struct cpu_use *use, int cpu);
