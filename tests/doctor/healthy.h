/* A host on which everything is in order: tests spoil one fact at a time. */
#pragma once

#include <string.h>

#include "doctor/doctor.h"

enum { HEALTHY_CPUS = 4 };

static inline void healthy(struct doctor_facts *f)
{
	*f = (struct doctor_facts){ .interface = "eth0",
		.host = { .kernel = "6.1",
			.mitigations = "none needed",
			.hypervisor = "none",
			.clocksource = "tsc",
			.tcp_congestion = "cubic",
			.cpus_online = HEALTHY_CPUS,
			.cpus_allowed = HEALTHY_CPUS,
			.rmem_max = 64 << 20,
			.wmem_max = 64 << 20,
			.netdev_max_backlog = 10000,
			.optmem_max = 131072,
			.perf_paranoid = 1 },
		.governors = 1,
		.governor = { { .name = "performance" } },
		.clocksources = "tsc hpet acpi_pm",
		.looked_s = 1,
		.has_device = true,
		.rxcsum = 1,
		.txcsum = 1,
		.tso = 1,
		.gso = 1,
		.gro = 1,
		.irqs_readable = true,
		.irqs = 2,
		.irq = { { 40, "0" }, { 41, "1" } },
		.queues = 2,
		.queue = { { 0, "0" }, { 1, "00000000,00000000" } },
		.pmu = 1,
		.userns_max = 1000,
		.userns_clone = 1,
		.userns_apparmor = 0,
		.memlock_soft = 8 << 20,
		.memlock_hard = 8 << 20,
		.nofile_soft = 1024,
		.nofile_hard = 1 << 20,
		.congestions = "reno cubic bbr" };
	f->allowed.count = f->online.count = f->governor[0].cpus.count = HEALTHY_CPUS;
	for (short i = 0; i < HEALTHY_CPUS; i++)
		f->allowed.cpu[i] = f->online.cpu[i] = f->governor[0].cpus.cpu[i] = f->core[i] = i;
}
