/* The CPU quota of our control groups: cgroups(7), cpu.max of version 2, cpu.cfs_quota_us of
 * version 1.  A group's quota binds all groups below it: the tightest counts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/read.h"

static void quota_take(struct doctor_facts *facts, double quota, double period, const char *file, const char *text)
{
	if (!(quota > 0 && period > 0) || (facts->quota_cpus > 0 && facts->quota_cpus <= quota / period))
		return;
	facts->quota_cpus = quota / period;
	snprintf(facts->quota_file, sizeof(facts->quota_file), "%s", file);
	snprintf(facts->quota_text, sizeof(facts->quota_text), "%s", text);
}

/* "max 100000" is no quota; strtod() makes 0 of it. */
static void quota_of_v2(const char *root, const char *group, struct doctor_facts *facts)
{
	char path[DOCTOR_PATH_BYTES], line[48], *end;

	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cpu.max", group);
	if (!doctor_read_line(root, path, line, sizeof(line)))
		return;
	double quota = strtod(line, &end);
	quota_take(facts, quota, strtod(end, NULL), path, line);
}

static void quota_of_v1(const char *root, const char *group, struct doctor_facts *facts)
{
	char path[DOCTOR_PATH_BYTES], line[48];

	snprintf(path, sizeof(path), "/sys/fs/cgroup/cpu%s/cpu.cfs_period_us", group);
	double period = (double)doctor_read_number(root, path);

	snprintf(path, sizeof(path), "/sys/fs/cgroup/cpu%s/cpu.cfs_quota_us", group);
	if (doctor_read_line(root, path, line, sizeof(line)))
		quota_take(facts, strtod(line, NULL), period, path, line);
}

/* From our group up to the root. */
static void quota_of_groups(
	const char *root, char *group, void (*one)(const char *, const char *, struct doctor_facts *), struct doctor_facts *facts)
{
	for (;;) {
		char *slash = strrchr(group, '/');

		one(root, slash && slash[1] ? group : "", facts);
		if (!slash || !slash[1])
			return;
		*slash = '\0';
	}
}

/* "0::/user.slice/x", or of version 1 "1:cpu,cpuacct:/x" */
static void quota_of_line(const char *root, char *line, struct doctor_facts *facts)
{
	char *kind = strchr(line, ':'), *group = kind ? strchr(kind + 1, ':') : NULL;

	if (!group)
		return;
	*group++ = '\0';
	group[strcspn(group, "\n")] = '\0';
	if (!strcmp(line, "0:"))
		quota_of_groups(root, group, quota_of_v2, facts);
	else if (!strncmp(kind, ":cpu", 4) && (!kind[4] || kind[4] == ','))
		quota_of_groups(root, group, quota_of_v1, facts);
}

void doctor_read_quota(const char *root, struct doctor_facts *facts)
{
	char path[DOCTOR_PATH_BYTES], line[DOCTOR_PATH_BYTES / 2];
	FILE *in;

	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in))
		quota_of_line(root, line, facts);
	if (in)
		fclose(in);
}
