/* Reading: from a /proc and /sys that a test makes up, from none, and from this machine's. */
#include "../support/asserts.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "doctor/read.h"

static char root[64];
static struct doctor_facts facts;

static int begin(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/netdyno-doctor-XXXXXX");
	memset(&facts, 0, sizeof(facts));
	return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes a file below the root, and the directories that it needs. */
static void put(const char *path, const char *text)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(full, 0700) < 0)
			assert_int_equal(errno, EEXIST);
		*slash = '/';
	}
	FILE *out = fopen(full, "we");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void interrupts_and_queues(void **state)
{
	(void)state;
	strcpy(facts.interface, "nd9");
	put("/sys/class/net/nd9/device/numa_node", "1\n");
	put("/sys/class/net/nd9/device/msi_irqs/112", "msix\n");
	put("/sys/class/net/nd9/device/msi_irqs/37", "msix\n");
	put("/proc/irq/37/smp_affinity_list", "0-3\n");
	put("/proc/irq/112/smp_affinity_list", "2\n");
	put("/sys/class/net/nd9/queues/rx-0/rps_cpus", "0000000c\n");
	put("/sys/class/net/nd9/queues/tx-0/xps_cpus", "00000001\n");
	doctor_read_interface(root, &facts);
	assert_true(facts.has_device);
	assert_true(facts.irqs_readable);
	assert_int_equal(facts.interface_node, 1);
	assert_int_equal(facts.irqs, 2);
	assert_int_equal(facts.irq[0].irq, 37);
	assert_string_equal(facts.irq[0].cpus, "0-3");
	assert_int_equal(facts.irq[1].irq, 112);
	assert_int_equal(facts.queues, 1);
	assert_string_equal(facts.queue[0].mask, "0000000c");
	/* No interface of this name is here to ask. */
	assert_int_equal(facts.gro, DOCTOR_UNKNOWN);
}

static void more_interrupts_than_there_is_room(void **state)
{
	(void)state;
	strcpy(facts.interface, "nd9");
	for (int i = 0; i < DOCTOR_IRQS + 5; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/sys/class/net/nd9/device/msi_irqs/%d", 100 + i);
		put(path, "");
		snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity_list", 100 + i);
		put(path, "0\n");
	}
	doctor_read_interface(root, &facts);
	assert_int_equal(facts.irqs, DOCTOR_IRQS);
	assert_int_equal(facts.irqs_more, 5);
}

static void cores_nodes_and_governors(void **state)
{
	(void)state;
	struct cpu_list here;
	char path[128];

	cpu_allowed(&here);
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", here.cpu[0]);
	put(path, "7,9\n");
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", here.cpu[0]);
	put(path, "schedutil\n");
	put("/sys/devices/system/node/node3/cpulist", "0-1023\n");
	put("/proc/sys/kernel/io_uring_disabled", "2\n");
	put("/proc/sys/user/max_user_namespaces", "0\n");
	doctor_facts_read(root, "nd9", 0, &facts);
	assert_int_equal(facts.core[0], 7);
	assert_int_equal(facts.node[0], 3);
	assert_int_equal(facts.governors, 1);
	assert_string_equal(facts.governor[0].name, "schedutil");
	assert_int_equal(facts.governor[0].cpus.count, 1);
	assert_int_equal(facts.io_uring_disabled, 2);
	assert_int_equal(facts.userns_max, 0);
	assert_equals(facts.looked_s, 0);
}

static void nothing_is_there(void **state)
{
	(void)state;
	doctor_facts_read(root, "nd9", NS_PER_MS, &facts);
	assert_more(facts.allowed.count, 0);
	assert_int_equal(facts.core[0], DOCTOR_UNKNOWN);
	assert_int_equal(facts.node[0], DOCTOR_UNKNOWN);
	assert_int_equal(facts.governors + facts.irqs + facts.queues + facts.neighbours, 0);
	assert_false(facts.irqs_readable);
	assert_equals(facts.looked_s, 0);
	assert_int_equal(facts.userns_max, DOCTOR_UNKNOWN);
	assert_int_equal(facts.io_uring_disabled, DOCTOR_UNKNOWN);
	assert_string_equal(facts.congestions, "");
}

/* What stands there does not move, so nobody is busy; odd names and lines are no harm. */
static void a_load_that_does_not_move(void **state)
{
	(void)state;
	put("/proc/stat", "cpu  100 0 50 1000 0 0 0 7\ncpu0 100 0 50 1000 0 0 0 7\n");
	put("/proc/11/stat", "11 (a) b (c) S 1 1 1 0 -1 4194304 0 0 0 0 30 20 0 0\n");
	put("/proc/12/stat", "12 (cut\n");
	put("/proc/13/stat", "");
	doctor_read_load(root, NS_PER_MS, &facts);
	assert_more(facts.looked_s, 0);
	assert_equals(facts.busy_percent, 0);
	assert_equals(facts.steal_percent, 0);
	assert_int_equal(facts.neighbours, 0);
}

static void this_machine_is_read(void **state)
{
	(void)state;
	doctor_facts_read("", "lo", 10 * NS_PER_MS, &facts);
	assert_more(facts.looked_s, 0);
	assert_at_least(facts.busy_percent, 0);
	assert_between(facts.steal_percent, 0, 100);
	assert_at_most(facts.neighbours, DOCTOR_NEIGHBOURS);
	for (unsigned i = 1; i < facts.neighbours; i++)
		assert_at_least(facts.neighbour[i - 1].percent, facts.neighbour[i].percent);
	assert_more(facts.nofile_hard, 0);
	assert_false(facts.has_device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(interrupts_and_queues, begin, end),
		cmocka_unit_test_setup_teardown(more_interrupts_than_there_is_room, begin, end),
		cmocka_unit_test_setup_teardown(cores_nodes_and_governors, begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_there, begin, end),
		cmocka_unit_test_setup_teardown(a_load_that_does_not_move, begin, end),
		cmocka_unit_test_setup_teardown(this_machine_is_read, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
