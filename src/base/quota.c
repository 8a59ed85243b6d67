/* See quota.h. */
#include "base/quota.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE = 512, NS_PER_US = 1000 };

/* One group's; false where it has no such file, as the root group. */
static bool quota_of_group(const char *root, const char *mount, const char *group, uint64_t *ret_us)
{
	char path[PATH_MAX], line[LINE];
	uint64_t value;
	bool found = false;

	snprintf(path, sizeof(path), "%s/sys/fs/cgroup%s%s/cpu.stat", root, mount, group);
	FILE *f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "throttled_usec %" SCNu64, &value) == 1)
			found = true;
		else if (sscanf(line, "throttled_time %" SCNu64, &value) == 1) {
			found = true;
			value /= NS_PER_US;
		}
	}
	if (f)
		fclose(f);
	if (found)
		*ret_us += value;
	return found;
}

/* The group and all above it. */
static bool quota_of_groups(const char *root, const char *mount, char *group, uint64_t *ret_us)
{
	bool any = false;

	group[strcspn(group, "\n")] = '\0';
	if (!strcmp(group, "/"))
		*group = '\0';
	for (;;) {
		char *slash = strrchr(group, '/');

		any |= quota_of_group(root, mount, group, ret_us);
		if (!slash)
			return any;
		*slash = '\0';
	}
}

static bool has_cpu(const char *controllers)
{
	for (const char *at = controllers; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, "cpu", 3) && (at[3] == ',' || !at[3]))
			return true;
	}
	return false;
}

/* "0::/user.slice/a" of version 2, "4:cpu,cpuacct:/a" of version 1. */
static bool quota_of_line(const char *root, char *line, uint64_t *ret_us)
{
	char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
	char mount[LINE + 1];

	if (!group)
		return false;
	*group++ = '\0';
	controllers++;
	if (!*controllers)
		return quota_of_groups(root, "", group, ret_us);
	if (!has_cpu(controllers))
		return false;
	snprintf(mount, sizeof(mount), "/%s", controllers);
	return quota_of_groups(root, mount, group, ret_us);
}

int quota_throttled_us(const char *root, uint64_t *ret_us)
{
	char path[PATH_MAX], line[LINE];
	uint64_t us = 0;
	bool any = false;

	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		any |= quota_of_line(root, line, &us);
	if (f)
		fclose(f);
	if (!any)
		return -ENOENT;
	*ret_us = us;
	return 0;
}
