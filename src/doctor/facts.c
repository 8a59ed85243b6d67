/* The state of this host.  See facts.h. */
#include "doctor/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/perf.h"
#include "base/text.h"
#include "doctor/read.h"

/* ---- small files ---- */

bool doctor_read_line(const char *root, const char *path, char *out, size_t size)
{
	char full[DOCTOR_PATH_BYTES], raw[512];

	out[0] = '\0';
	snprintf(full, sizeof(full), "%s%s", root, path);
	if (!file_read_line(full, raw, sizeof(raw)))
		return false;
	text_escape(raw, strlen(raw), out, size);
	return true;
}

int64_t doctor_read_number(const char *root, const char *path)
{
	char line[64], *end;

	if (!doctor_read_line(root, path, line, sizeof(line)))
		return DOCTOR_UNKNOWN;
	long long n = strtoll(line, &end, 10);
	return end == line ? DOCTOR_UNKNOWN : n;
}

/* ---- CPUs ---- */

static void facts_read_cores(const char *root, struct doctor_facts *facts)
{
	char path[128], line[256];

	for (unsigned i = 0; i < facts->allowed.count; i++) {
		struct cpu_list siblings = { 0 };

		snprintf(
			path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", facts->allowed.cpu[i]);
		facts->core[i] = DOCTOR_UNKNOWN;
		if (doctor_read_line(root, path, line, sizeof(line)) && cpu_list_parse(line, &siblings, NULL) >= 0 &&
			siblings.count)
			facts->core[i] = siblings.cpu[0];
	}
}

static void facts_read_nodes(const char *root, struct doctor_facts *facts)
{
	enum { NODES_MAX = 64 };
	char path[128], line[512];

	for (unsigned i = 0; i < facts->allowed.count; i++)
		facts->node[i] = DOCTOR_UNKNOWN;
	for (short node = 0; node < NODES_MAX; node++) {
		struct cpu_list cpus = { 0 };

		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
		if (!doctor_read_line(root, path, line, sizeof(line)) || cpu_list_parse(line, &cpus, NULL) < 0)
			continue;
		for (unsigned i = 0; i < facts->allowed.count; i++)
			if (cpu_list_has(&cpus, facts->allowed.cpu[i]))
				facts->node[i] = node;
	}
}

static void facts_take_governor(struct doctor_facts *facts, int cpu, const char *name)
{
	unsigned i = 0;

	while (i < facts->governors && strcmp(facts->governor[i].name, name) != 0)
		i++;
	if (i == DOCTOR_GOVERNORS)
		return;
	struct doctor_governor *g = &facts->governor[i];
	if (i == facts->governors) {
		snprintf(g->name, sizeof(g->name), "%s", name);
		facts->governors++;
	}
	g->cpus.cpu[g->cpus.count++] = (short)cpu;
}

static void facts_read_governors(const char *root, struct doctor_facts *facts)
{
	char path[128], name[32];

	for (unsigned i = 0; i < facts->online.count; i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", facts->online.cpu[i]);
		if (doctor_read_line(root, path, name, sizeof(name)))
			facts_take_governor(facts, facts->online.cpu[i], name);
	}
}

/* ---- what the kernel allows ---- */

static void facts_read_pmu(struct doctor_facts *facts)
{
	struct perf perf;

	perf_open_self(&perf, &perf_calls_real, &facts->allowed);
	facts->pmu = perf.known != 0;
	snprintf(facts->pmu_why, sizeof(facts->pmu_why), "%s", perf.why);
	perf_close(&perf);
}

static int64_t limit_bytes(rlim_t limit)
{
	return limit == RLIM_INFINITY || limit > INT64_MAX ? INT64_MAX : (int64_t)limit;
}

static void read_limit(__rlimit_resource_t which, int64_t *ret_soft, int64_t *ret_hard)
{
	struct rlimit limit;
	bool known = getrlimit(which, &limit) == 0;

	*ret_soft = known ? limit_bytes(limit.rlim_cur) : DOCTOR_UNKNOWN;
	*ret_hard = known ? limit_bytes(limit.rlim_max) : DOCTOR_UNKNOWN;
}

static void facts_read_permissions(const char *root, struct doctor_facts *facts)
{
	facts->userns_max = doctor_read_number(root, "/proc/sys/user/max_user_namespaces");
	facts->userns_clone = (int)doctor_read_number(root, "/proc/sys/kernel/unprivileged_userns_clone");
	facts->userns_apparmor = (int)doctor_read_number(root, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
	facts->io_uring_disabled = (int)doctor_read_number(root, "/proc/sys/kernel/io_uring_disabled");
	doctor_read_line(
		root, "/proc/sys/net/ipv4/tcp_allowed_congestion_control", facts->congestions, sizeof(facts->congestions));
	doctor_read_line(root, "/sys/devices/system/clocksource/clocksource0/available_clocksource", facts->clocksources,
		sizeof(facts->clocksources));
	read_limit(RLIMIT_MEMLOCK, &facts->memlock_soft, &facts->memlock_hard);
	read_limit(RLIMIT_NOFILE, &facts->nofile_soft, &facts->nofile_hard);
}

/* ---- all ---- */

void doctor_facts_read(const char *root, const char *interface, int64_t look_ns, struct doctor_facts *ret_facts)
{
	struct doctor_facts *facts = ret_facts;

	*facts = (struct doctor_facts){ .root = geteuid() == 0 };
	snprintf(facts->interface, sizeof(facts->interface), "%s", interface);
	host_read(&facts->host);
	cpu_allowed(&facts->allowed);
	cpu_online(&facts->online);
	facts_read_cores(root, facts);
	facts_read_nodes(root, facts);
	facts_read_governors(root, facts);
	facts_read_permissions(root, facts);
	facts_read_pmu(facts);
	quota_tightest(root, &facts->quota);
	doctor_read_interface(root, facts);
	doctor_read_load(root, look_ns, facts);
}

void doctor_facts_refuse(struct doctor_facts *facts, const char *what, const char *why)
{
	if (facts->refusals == DOCTOR_REFUSALS)
		return;
	struct doctor_refusal *r = &facts->refusal[facts->refusals++];
	snprintf(r->what, sizeof(r->what), "%s", what);
	snprintf(r->why, sizeof(r->why), "%s", why);
}
