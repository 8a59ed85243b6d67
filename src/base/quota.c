/* See quota.h. */
#include "base/quota.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { LINE = 512, NS_PER_US = 1000 };

/* Walks over the group that this process is in and all above it; `one` gets the directory of each,
 * behind the root. */
struct quota_walk {
	const char *root;
	bool (*one)(struct quota_walk *walk, const char *directory);
	uint64_t throttled_us;
	struct quota_limit limit; /* cpus 0: none yet */
};

static bool walk_groups(struct quota_walk *walk, const char *mount, char *group)
{
	char directory[PATH_MAX];
	bool any = false;

	group[strcspn(group, "\n")] = '\0';
	if (!strcmp(group, "/"))
		*group = '\0';
	for (;;) {
		char *slash = strrchr(group, '/');

		snprintf(directory, sizeof(directory), "/sys/fs/cgroup%s%s", mount, group);
		any |= walk->one(walk, directory);
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
static bool walk_line(struct quota_walk *walk, char *line)
{
	char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
	char mount[LINE + 1];

	if (!group)
		return false;
	*group++ = '\0';
	controllers++;
	if (!*controllers)
		return walk_groups(walk, "", group);
	if (!has_cpu(controllers))
		return false;
	snprintf(mount, sizeof(mount), "/%s", controllers);
	return walk_groups(walk, mount, group);
}

static int walk_all(struct quota_walk *walk)
{
	char path[PATH_MAX], line[LINE];
	bool any = false;

	snprintf(path, sizeof(path), "%s/proc/self/cgroup", walk->root);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		any |= walk_line(walk, line);
	if (f)
		fclose(f);
	return any ? 0 : -ENOENT;
}

/* ---- throttling ---- */

/* One group's; false where it has no such file, as the root group. */
static bool throttled_of_group(struct quota_walk *walk, const char *directory)
{
	char path[PATH_MAX], line[LINE];
	uint64_t value;
	bool found = false;

	snprintf(path, sizeof(path), "%s%s/cpu.stat", walk->root, directory);
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
		walk->throttled_us += value;
	return found;
}

int quota_throttled_us(const char *root, uint64_t *ret_us)
{
	struct quota_walk walk = { .root = root, .one = throttled_of_group };
	int rc = walk_all(&walk);

	if (rc >= 0)
		*ret_us = walk.throttled_us;
	return rc;
}

/* ---- the limit ---- */

static bool limit_line(const char *root, const char *directory, const char *name, char *ret_path, char *ret_line)
{
	char full[PATH_MAX];

	snprintf(ret_path, QUOTA_FILE_BYTES, "%s/%s", directory, name);
	snprintf(full, sizeof(full), "%s%s", root, ret_path);
	return file_read_line(full, ret_line, QUOTA_TEXT_BYTES);
}

/* "150000 100000" or "max 100000" of version 2, -1 or 150000 and its period of version 1: no
 * number, or none above 0, is no quota. */
static bool limit_of_group(struct quota_walk *walk, const char *directory)
{
	char period_file[QUOTA_FILE_BYTES], period[QUOTA_TEXT_BYTES], *end;
	struct quota_limit limit = { 0 };
	double quota, of;

	if (limit_line(walk->root, directory, "cpu.max", limit.file, limit.text)) {
		quota = strtod(limit.text, &end);
		of = strtod(end, NULL);
	} else if (limit_line(walk->root, directory, "cpu.cfs_quota_us", limit.file, limit.text) &&
		   limit_line(walk->root, directory, "cpu.cfs_period_us", period_file, period)) {
		quota = strtod(limit.text, NULL);
		of = strtod(period, NULL);
	} else {
		return false;
	}
	if (!(quota > 0 && of > 0))
		return false;
	limit.cpus = quota / of;
	if (!(walk->limit.cpus > 0) || limit.cpus < walk->limit.cpus)
		walk->limit = limit;
	return true;
}

int quota_tightest(const char *root, struct quota_limit *ret_limit)
{
	struct quota_walk walk = { .root = root, .one = limit_of_group };
	int rc = walk_all(&walk);

	if (rc >= 0)
		*ret_limit = walk.limit;
	return rc;
}
