/* Core types from sysfs: see core_types.h. */
#include "base/core_types.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "base/file.h"

static bool read_line(const char *directory, const char *pmu, const char *file, char *out, size_t size)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s/%s", directory, pmu, file);
	return file_read_line(path, out, size);
}

static bool read_type(const char *directory, const char *pmu, struct core_type *ret_type, struct cpu_list *ret_cpus)
{
	char text[4096];

	if (!read_line(directory, pmu, "cpus", text, sizeof(text)) || cpu_list_parse(text, ret_cpus, NULL) < 0)
		return false;
	snprintf(ret_type->name, sizeof(ret_type->name), "%s", pmu);
	return read_line(directory, pmu, "type", text, sizeof(text)) && sscanf(text, "%u", &ret_type->pmu) == 1;
}

/* Counts the CPUs that are in the list, too. */
static unsigned common(const struct cpu_list *cpus, const struct cpu_list *list)
{
	unsigned n = 0;

	for (unsigned i = 0; i < cpus->count; i++)
		n += cpu_list_has(list, cpus->cpu[i]);
	return n;
}

static int too_many(struct err *err)
{
	return err_say(err, E2BIG, "the CPUs are of more than %d core types", CORE_TYPES_MAX);
}

int core_types_find(const char *root, const struct cpu_list *cpus, struct core_types *ret_types, struct err *err)
{
	struct core_types types = { 0 };
	struct core_type type;
	struct cpu_list list;
	unsigned covered = 0;
	char path[256], text[64];

	snprintf(path, sizeof(path), "%s/sys/bus/event_source/devices", root);
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_name[0] == '.' || !read_type(path, e->d_name, &type, &list))
			continue;
		unsigned here = common(cpus, &list);
		covered += here;
		types.others |= !here;
		if (here && types.count < CORE_TYPES_MAX)
			types.type[types.count++] = type;
		else if (here) {
			closedir(d);
			return too_many(err);
		}
	}
	if (d)
		closedir(d);
	if ((types.count || types.others) && covered < cpus->count)
		return err_say(err, ENODEV, "no PMU covers all of CPUs %s", cpu_list_format(cpus, text, sizeof(text)));
	*ret_types = types;
	return 0;
}
