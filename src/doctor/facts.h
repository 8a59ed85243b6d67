/* What the doctor looks at: the state of this host, as it stands now.  Reading and judging are
 * apart, so that a test can make up every fact.  Main thread only. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cpu.h"
#include "base/quota.h"
#include "record/host.h"

enum {
	DOCTOR_GOVERNORS = 4,
	DOCTOR_IRQS = 32,
	DOCTOR_QUEUES = 16,
	DOCTOR_NEIGHBOURS = 3,
	DOCTOR_REFUSALS = 24,
	DOCTOR_UNKNOWN = -1, /* a number or a yes or no that could not be read */
};

/* A method, a path or the capture that does not run here, in the words of its own probe: so `list`
 * and `doctor` cannot disagree. */
struct doctor_refusal {
	char what[48]; /* "echo --method uring" */
	char why[240];
};

struct doctor_governor {
	char name[32];
	struct cpu_list cpus;
};

struct doctor_irq {
	int irq;
	char cpus[64]; /* smp_affinity_list: "0-3" */
};

struct doctor_queue {
	int index;
	char mask[128]; /* rps_cpus: "00000003" */
};

struct doctor_neighbour {
	pid_t pid;
	char name[32];
	double percent; /* of one CPU */
	bool kernel;    /* a kernel thread, which no signal stops */
};

struct doctor_facts {
	struct host_info host;
	bool root; /* the effective user may do everything: limits of users do not hold */

	/* ---- CPUs ---- */
	struct cpu_list allowed, online;
	/* Of allowed.cpu[i]: the first CPU of its core, and its NUMA node; DOCTOR_UNKNOWN. */
	short core[CPU_LIST_MAX], node[CPU_LIST_MAX];
	unsigned governors; /* 0: the machine has none, or does not tell */
	struct doctor_governor governor[DOCTOR_GOVERNORS];
	char clocksources[128]; /* that the kernel offers */
	/* The tightest CPU quota of the control groups that we are in; cpus 0: none. */
	struct quota_limit quota;

	/* ---- now ---- */
	double looked_s;      /* how long; 0: /proc/stat cannot be read */
	double steal_percent; /* of all CPU time */
	double busy_percent;  /* other processes and the kernel, of one CPU */
	unsigned neighbours;  /* the busiest first */
	struct doctor_neighbour neighbour[DOCTOR_NEIGHBOURS];

	/* ---- the interface ---- */
	char interface[IFNAMSIZ];
	bool has_device;                   /* hardware stands behind it: it may have interrupts */
	int rxcsum, txcsum, tso, gso, gro; /* 0, 1, DOCTOR_UNKNOWN */
	int interface_node;
	bool irqs_readable; /* /proc/irq is there */
	unsigned irqs, irqs_more;
	struct doctor_irq irq[DOCTOR_IRQS];
	unsigned queues, queues_more; /* whose rps_cpus can be read */
	struct doctor_queue queue[DOCTOR_QUEUES];

	/* ---- what the kernel allows ---- */
	int pmu;             /* do hardware counters count here? */
	char pmu_why[240];   /* if not */
	int64_t userns_max;  /* user.max_user_namespaces */
	int userns_clone;    /* kernel.unprivileged_userns_clone, of Debian's kernels */
	int userns_apparmor; /* kernel.apparmor_restrict_unprivileged_userns */
	int io_uring_disabled;
	int64_t memlock_soft, memlock_hard; /* bytes; INT64_MAX: no limit */
	int64_t nofile_soft, nofile_hard;
	char congestions[128]; /* net.ipv4.tcp_allowed_congestion_control */

	unsigned refusals;
	struct doctor_refusal refusal[DOCTOR_REFUSALS];
};

/* Reads all but the refusals; never fails: what is not there stays unknown.  `root` stands in front
 * of /proc and /sys ("", or a test's directory); host_info is always this machine's.  Looks at the
 * load for look_ns (0: not at all), and sleeps meanwhile. */
void doctor_facts_read(const char *root, const char *interface, int64_t look_ns, struct doctor_facts *ret_facts);
/* Adds one; beyond DOCTOR_REFUSALS they are left out. */
void doctor_facts_refuse(struct doctor_facts *facts, const char *what, const char *why);
