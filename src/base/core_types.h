/* The types of cores that a machine has (performance and efficiency, big and LITTLE), as
 * performance counters tell them apart.
 *
 * A core type is a PMU, /sys/bus/event_source/devices/NAME/, with a file `cpus`: the CPUs it
 * counts on (PMUs outside the cores have `cpumask` instead).  x86 machines with equal cores have
 * one PMU, `cpu`, without that file; hybrid ones cpu_core, cpu_atom; ARM ones have the file
 * always.  Any thread; nothing stays open. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cpu.h"

enum { CORE_TYPES_MAX = 4 };

struct core_type {
	char name[32];
	uint32_t pmu; /* `type` of perf_event_open(2) */
};

struct core_types {
	unsigned count; /* 0: the machine does not tell, its cores are equal */
	bool others;    /* it has core types besides these */
	struct core_type type[CORE_TYPES_MAX];
};

/* The types that these CPUs are of; `root` stands in front of /sys ("", or a test's directory).
 * -ENODEV with *err where one of the CPUs is of none although others are, -E2BIG where they are
 * of more than CORE_TYPES_MAX. */
int core_types_find(const char *root, const struct cpu_list *cpus, struct core_types *ret_types, struct err *err);
