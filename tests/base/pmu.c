/* The scripted PMU.  See pmu.h. */
#include "pmu.h"

#include <errno.h>

#include "check.h"

struct pmu pmu;
static char root[64];

static unsigned kind_of(const struct perf_event_attr *attr)
{
	uint64_t config = attr->config & UINT32_MAX;

	if (attr->type == PERF_TYPE_HW_CACHE) {
		assert_int_equal(config, PERF_COUNT_HW_CACHE_L1D | PERF_COUNT_HW_CACHE_RESULT_MISS << 16);
		return PERF_L1D_MISSES;
	}
	assert_int_equal(attr->type, PERF_TYPE_HARDWARE);
	switch (config) {
	case PERF_COUNT_HW_CPU_CYCLES:
		return PERF_CYCLES;
	case PERF_COUNT_HW_INSTRUCTIONS:
		return PERF_INSTRUCTIONS;
	case PERF_COUNT_HW_CACHE_MISSES:
		return PERF_LLC_MISSES;
	}
	assert_int_equal(config, PERF_COUNT_HW_BRANCH_MISSES);
	return PERF_BRANCH_MISSES;
}

static int refusal(const struct pmu_fd *f)
{
	for (const struct pmu_rule *r = pmu.rule; r->error; r++)
		if ((r->kind == ANY || r->kind == (int)f->kind) && (r->pmu == ANY || r->pmu == (int)f->pmu) &&
			(r->user_only == ANY || r->user_only == f->user_only) && (!r->grouped || f->group >= 0))
			return r->error;
	return 0;
}

static struct pmu_fd *opened(int fd)
{
	assert_in_range(fd, FIRST_FD, FIRST_FD + (int)pmu.opens - 1);
	struct pmu_fd *f = &pmu.fd[fd - FIRST_FD];
	if (!f->is_open)
		fail_msg("descriptor %d is used after it was closed", fd);
	return f;
}

static int scripted_open(const struct perf_event_attr *attr, int group)
{
	struct pmu_fd f = { .is_open = true,
		.kind = kind_of(attr),
		.pmu = (unsigned)(attr->config >> 32),
		.user_only = attr->exclude_kernel,
		.group = group,
		.now = { 1000, 1000, 1000 } };

	assert_int_equal(attr->size, sizeof(*attr));
	assert_int_equal(attr->read_format, PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING);
	assert_false(attr->disabled || attr->inherit || attr->exclude_user);
	if (group >= 0) {
		assert_int_equal(opened(group)->pmu, f.pmu);
		assert_int_equal(opened(group)->group, -1);
	}
	errno = refusal(&f);
	if (errno)
		return -1;
	if (pmu.opens < pmu.idle_opens || pmu.idle_kinds >> f.kind & 1)
		f.now = (struct pmu_times){ 0, 1000, 0 };
	assert_less(pmu.opens, PMU_FDS);
	pmu.fd[pmu.opens] = f;
	return FIRST_FD + (int)pmu.opens++;
}

static ssize_t scripted_read(int fd, void *into, size_t bytes)
{
	struct pmu_times now = opened(fd)->now;

	assert_int_equal(bytes, sizeof(now));
	if (pmu.unreadable)
		return 0;
	if (pmu.reads++ < pmu.idle_reads)
		now.value = now.running = 0;
	memcpy(into, &now, sizeof(now));
	return (ssize_t)sizeof(now);
}

static int scripted_close(int fd)
{
	opened(fd)->is_open = false;
	pmu.closes++;
	return 0;
}

struct perf_calls pmu_calls = { .open = scripted_open, .read = scripted_read, .close = scripted_close, .root = root };

struct pmu_fd *pmu_find(unsigned kind, unsigned pmu_type)
{
	for (unsigned i = 0; i < pmu.opens; i++)
		if (pmu.fd[i].is_open && pmu.fd[i].kind == kind && pmu.fd[i].pmu == pmu_type)
			return &pmu.fd[i];
	return NULL;
}

unsigned pmu_open_count(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < pmu.opens; i++)
		n += pmu.fd[i].is_open;
	return n;
}

/* ---- the directory ---- */

void pmu_file(const char *path, const char *text)
{
	char command[512], name[256];

	snprintf(command, sizeof(command), "mkdir -p \"$(dirname '%s%s')\"", root, path);
	assert_int_equal(system(command), 0);
	snprintf(name, sizeof(name), "%s%s", root, path);
	FILE *f = fopen(name, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

void pmu_device(const char *name, const char *type, const char *cpus)
{
	char path[200];

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name);
	pmu_file(path, type);
	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/cpus", name);
	if (cpus)
		pmu_file(path, cpus);
}

int pmu_setup(void **state)
{
	(void)state;
	memset(&pmu, 0, sizeof(pmu));
	strcpy(root, "/tmp/nd-pmu-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

int pmu_teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	if (system(command))
		return -1;
	if (pmu_open_count() || pmu.closes != pmu.opens) {
		print_error("%u of %u descriptors are still open, %u were closed\n", pmu_open_count(), pmu.opens, pmu.closes);
		return -1;
	}
	return 0;
}
