/* The CPUs of this host.  See cpu_use.h. */
#include "record/cpu_use.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { USE_USER, USE_SYSTEM, USE_SOFTIRQ, USE_STEAL, USE_ALL, USE_KINDS, STAT_BYTES = 1 << 20 };

/* "cpu3 10 0 20 300 0 1 2 0 0 0": user, nice, system, idle, iowait, irq, softirq, steal.  Guests'
 * time is in user. */
static bool cpu_use_line(const char *line, int *ret_cpu, uint64_t tick[USE_KINDS])
{
	uint64_t v[8];

	/* The first line, "cpu  ...", is all of them together. */
	if (strncmp(line, "cpu", 3) || line[3] < '0' || line[3] > '9' ||
		sscanf(line, "cpu%d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
			ret_cpu, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 9)
		return false;
	tick[USE_USER] = v[0] + v[1];
	tick[USE_SYSTEM] = v[2];
	tick[USE_SOFTIRQ] = v[5] + v[6];
	tick[USE_STEAL] = v[7];
	tick[USE_ALL] = 0;
	for (int i = 0; i < 8; i++)
		tick[USE_ALL] += v[i];
	return true;
}

/* Of a CPU that went away and came back, or of idle time that went backwards, nothing is known. */
static float cpu_use_part(const uint64_t now[USE_KINDS], const uint64_t then[USE_KINDS], unsigned kind)
{
	uint64_t all = now[USE_ALL] - then[USE_ALL];

	if (now[USE_ALL] <= then[USE_ALL] || now[kind] < then[kind] || now[kind] - then[kind] > all)
		return 0;
	return (float)(now[kind] - then[kind]) / (float)all;
}

void cpu_use_take(struct cpu_use *use, const char *text)
{
	unsigned n = 0, before = use->seen;
	uint64_t tick[USE_KINDS];
	int cpu;

	use->count = 0;
	for (const char *line = text; line && n < CPU_LIST_MAX; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (!cpu_use_line(line, &cpu, tick))
			continue;
		bool known = n < before && use->one[n].cpu == (short)cpu;

		if (known)
			use->one[n] = (struct cpu_use_one){ .cpu = (short)cpu,
				.user = cpu_use_part(tick, use->tick[n], USE_USER),
				.system = cpu_use_part(tick, use->tick[n], USE_SYSTEM),
				.softirq = cpu_use_part(tick, use->tick[n], USE_SOFTIRQ),
				.steal = cpu_use_part(tick, use->tick[n], USE_STEAL) };
		else
			before = 0; /* another set of CPUs */
		use->one[n].cpu = (short)cpu;
		memcpy(use->tick[n++], tick, sizeof(tick));
	}
	use->seen = n;
	use->count = before == n ? n : 0;
}

void cpu_use_read(struct cpu_use *use)
{
	char *text;
	size_t length;

	if (file_read_all("/proc/stat", STAT_BYTES, &text, &length, NULL)) {
		use->count = use->seen = 0;
		return;
	}
	cpu_use_take(use, text);
	free(text);
}

const struct cpu_use_one *cpu_use_find(const struct cpu_use *use, int cpu)
{
	for (unsigned i = 0; i < use->count; i++)
		if (use->one[i].cpu == cpu)
			return &use->one[i];
	return NULL;
}
