/* Hardware counters of the calling thread: see perf.h. */
#include "base/perf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cpu.h"

#define CACHE_READ_MISS(cache) ((cache) | PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

static const struct {
	const char *name;
	uint32_t type;
	uint64_t config;
} events[PERF_EVENTS] = {
	[PERF_CYCLES] = { "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
	[PERF_INSTRUCTIONS] = { "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
	[PERF_L1D_MISSES] = { "l1d_misses", PERF_TYPE_HW_CACHE, CACHE_READ_MISS(PERF_COUNT_HW_CACHE_L1D) },
	[PERF_LLC_MISSES] = { "llc_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
	[PERF_BRANCH_MISSES] = { "branch_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES },
};

const char *perf_name(enum perf_event_kind kind)
{
	return (unsigned)kind < PERF_EVENTS ? events[kind].name : "?";
}

static bool read_line(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");
	bool good = f && fgets(out, (int)size, f);

	if (f)
		fclose(f);
	if (good)
		out[strcspn(out, "\n")] = '\0';
	return good;
}

/* Hybrid processors have a PMU per core type, and a plain event counts on one type only: names the PMU of the CPU we are on,
 * in the upper half of config (perf_event_open(2), Linux >= 5.14).  0 elsewhere. */
static uint64_t core_type(void)
{
	static const char *const pmus[] = { "cpu_core", "cpu_atom" };
	int cpu = sched_getcpu();

	for (size_t i = 0; i < sizeof(pmus) / sizeof(*pmus); i++) {
		struct cpu_list cpus;
		char path[80], text[256];
		unsigned type;

		snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/cpus", pmus[i]);
		if (!read_line(path, text, sizeof(text)) || cpu_list_parse(text, &cpus, NULL) < 0 || !cpu_list_has(&cpus, cpu))
			continue;
		snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", pmus[i]);
		if (read_line(path, text, sizeof(text)) && sscanf(text, "%u", &type) == 1)
			return (uint64_t)type << 32;
	}
	return 0;
}

static int open_event(enum perf_event_kind kind, uint64_t pmu, bool user_only, int group)
{
	struct perf_event_attr attr = {
		.type = events[kind].type,
		.size = sizeof(attr),
		.config = events[kind].config | pmu,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
		.exclude_kernel = user_only,
		.exclude_hv = user_only,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, group, PERF_FLAG_FD_CLOEXEC);
}

static void explain(struct perf *perf, int errnum)
{
	char scratch[64];
	const char *reason = strerror_r(errnum, scratch, sizeof(scratch));

	if (perf->why[0])
		return;
	if (errnum == EACCES || errnum == EPERM)
		snprintf(perf->why, sizeof(perf->why), "not permitted: lower kernel.perf_event_paranoid (perf_event_open: %s)",
			reason);
	else if (errnum == ENOENT || errnum == ENODEV || errnum == EOPNOTSUPP)
		snprintf(perf->why, sizeof(perf->why), "no hardware counters on this machine (perf_event_open: %s)", reason);
	else
		snprintf(perf->why, sizeof(perf->why), "perf_event_open: %s", reason);
}

void perf_open_self(struct perf *perf)
{
	uint64_t pmu = core_type();
	bool user_only = false;
	int leader = -1;

	*perf = (struct perf){ .fd = { -1, -1, -1, -1, -1 } };
	for (unsigned kind = 0; kind < PERF_EVENTS; kind++) {
		int fd = open_event(kind, pmu, user_only, leader);

		if (fd < 0 && (errno == EACCES || errno == EPERM) && !user_only) {
			user_only = true;
			fd = open_event(kind, pmu, user_only, leader);
		}
		/* EINVAL: does not fit into the group; alone it can still be multiplexed. */
		if (fd < 0 && errno == EINVAL && leader >= 0)
			fd = open_event(kind, pmu, user_only, -1);
		if (fd < 0)
			explain(perf, errno);
		else if (leader < 0)
			leader = fd;
		perf->fd[kind] = fd;
	}
}

bool perf_read(const struct perf *perf, enum perf_event_kind kind, uint64_t *ret_count)
{
	struct {
		uint64_t value, enabled, running;
	} now;

	if (perf->fd[kind] < 0 || read(perf->fd[kind], &now, sizeof(now)) != (ssize_t)sizeof(now))
		return false;
	if (!now.running) /* never on the hardware: its 0 would be a false one */
		return false;
	if (now.running < now.enabled)
		now.value = (uint64_t)((unsigned __int128)now.value * now.enabled / now.running);
	*ret_count = now.value;
	return true;
}

void perf_close(struct perf *perf)
{
	if (!perf)
		return;
	for (unsigned kind = 0; kind < PERF_EVENTS; kind++) {
		if (perf->fd[kind] >= 0)
			close(perf->fd[kind]);
		perf->fd[kind] = -1;
	}
}
