/* CPU quotas: the files of both versions of control groups, made up. */
#include "check.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/quota.h"

static char root[] = "/tmp/nd-quota-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_root(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[80];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

static void version_2(void **state)
{
	uint64_t us = 77;

	(void)state;
	put("proc/self/cgroup", "0::/a.slice/b\n");
	assert_int_equal(quota_throttled_us(root, &us), -ENOENT);
	assert_int_equal(us, 77);
	put("sys/fs/cgroup/a.slice/b/cpu.stat", "usage_usec 5\nnr_throttled 3\nthrottled_usec 1200\nnr_bursts 0\n");
	put("sys/fs/cgroup/a.slice/cpu.stat", "usage_usec 5\nthrottled_usec 34\n");
	put("sys/fs/cgroup/cpu.stat", "usage_usec 9\n"); /* the root has none */
	assert_int_equal(quota_throttled_us(root, &us), 0);
	assert_int_equal(us, 1234);
	/* a container sees its own group as the root */
	put("proc/self/cgroup", "0::/\n");
	put("sys/fs/cgroup/cpu.stat", "throttled_usec 8\n");
	assert_int_equal(quota_throttled_us(root, &us), 0);
	assert_int_equal(us, 8);
}

static void version_1(void **state)
{
	uint64_t us;

	(void)state;
	put("proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/x\n1:name=systemd:/y\n");
	put("sys/fs/cgroup/cpuset/x/cpu.stat", "throttled_time 999000\n");
	put("sys/fs/cgroup/cpu,cpuacct/x/cpu.stat", "nr_periods 10\nnr_throttled 2\nthrottled_time 5000000\n");
	assert_int_equal(quota_throttled_us(root, &us), 0);
	assert_int_equal(us, 5000);
}

static void nothing_and_nonsense(void **state)
{
	uint64_t us;

	(void)state;
	assert_int_equal(quota_throttled_us(root, &us), -ENOENT);
	put("proc/self/cgroup", "\n::\n0\n0:\n:cpu\n3:cpu\n3:cpux,xcpu,cpuset:/x\n");
	assert_int_equal(quota_throttled_us(root, &us), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(version_2, make_root, remove_root),
		cmocka_unit_test_setup_teardown(version_1, make_root, remove_root),
		cmocka_unit_test_setup_teardown(nothing_and_nonsense, make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
