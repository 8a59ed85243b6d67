/* The judgement: each finding with its fact and without, its command, and what takes that back. */
#include "../support/asserts.h"
#include "healthy.h"

static struct doctor_facts facts;
static struct doctor_report report;

static const struct doctor_finding *find(const char *id)
{
	for (unsigned i = 0; i < report.count; i++)
		if (!strcmp(report.finding[i].id, id))
			return &report.finding[i];
	fail_msg("there is no check %s", id);
	return NULL;
}

/* ---- one fact, one finding ---- */

static void low_rmem(void)
{
	facts.host.rmem_max = 212992;
}
static void no_rmem(void)
{
	facts.host.rmem_max = -1;
}
static void low_wmem(void)
{
	facts.host.wmem_max = 212993;
}
static void low_backlog(void)
{
	facts.host.netdev_max_backlog = 1000;
}
static void low_optmem(void)
{
	facts.host.optmem_max = 20480;
}
static void bbr(void)
{
	strcpy(facts.host.tcp_congestion, "bbr");
}
static void bbr_or_reno(void)
{
	bbr();
	strcpy(facts.congestions, "reno bbr");
}
static void powersave(void)
{
	strcpy(facts.governor[0].name, "powersave");
}
static void two_governors(void)
{
	facts.governors = 2;
	facts.governor[0].cpus = (struct cpu_list){ 1, { 0 } };
	strcpy(facts.governor[1].name, "schedutil");
	facts.governor[1].cpus = (struct cpu_list){ 3, { 1, 2, 3 } };
}
static void siblings(void)
{
	facts.core[2] = 0;
	facts.core[3] = 1;
}
static void hidden_cores(void)
{
	for (unsigned i = 0; i < HEALTHY_CPUS; i++)
		facts.core[i] = DOCTOR_UNKNOWN;
}
static void one_core(void)
{
	for (unsigned i = 0; i < HEALTHY_CPUS; i++)
		facts.core[i] = 0;
}
static void two_nodes(void)
{
	facts.node[2] = facts.node[3] = 1;
	facts.interface_node = 1;
}
static void one_cpu(void)
{
	facts.allowed.count = 1;
}
static void three_cpus(void)
{
	facts.allowed.count = 3;
}
static void hpet(void)
{
	strcpy(facts.host.clocksource, "hpet");
}
static void hpet_alone(void)
{
	hpet();
	strcpy(facts.clocksources, "hpet acpi_pm");
}
static void kvm(void)
{
	strcpy(facts.host.hypervisor, "KVM");
}
static void flaws(void)
{
	strcpy(facts.host.mitigations, "meltdown: PTI");
}
static void stolen(void)
{
	facts.steal_percent = 3.4;
}
static void stolen_little(void)
{
	facts.steal_percent = 0.4;
}
static void no_proc(void)
{
	facts.looked_s = 0;
}
static void busy(void)
{
	facts.busy_percent = 178;
	facts.neighbours = 3;
	facts.neighbour[0] = (struct doctor_neighbour){ 71, "cc1", 96, false };
	facts.neighbour[1] = (struct doctor_neighbour){ 12, "ksoftirqd/0", 50, true };
	facts.neighbour[2] = (struct doctor_neighbour){ 72, "ld", 31, false };
}
static void busy_with_small_ones(void)
{
	busy();
	facts.neighbour[0].kernel = true;
	facts.neighbour[1].percent = facts.neighbour[2].percent = 4;
	facts.busy_percent = 194;
}
static void a_little_busy(void)
{
	facts.busy_percent = 6;
}
static void quota(void)
{
	facts.quota.cpus = 1.5;
	strcpy(facts.quota.file, "/sys/fs/cgroup/box/cpu.max");
	strcpy(facts.quota.text, "150000 100000");
}
static void quota_v1(void)
{
	facts.quota.cpus = 2;
	strcpy(facts.quota.file, "/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us");
	strcpy(facts.quota.text, "200000");
}
static void no_gro(void)
{
	facts.gro = facts.tso = 0;
}
static void no_ethtool(void)
{
	facts.rxcsum = facts.txcsum = facts.gso = facts.tso = facts.gro = DOCTOR_UNKNOWN;
}
static void one_irq_cpu(void)
{
	strcpy(facts.irq[1].cpus, "0");
}
static void no_proc_irq(void)
{
	facts.irqs_readable = false;
	facts.irqs = 0;
}
static void loopback(void)
{
	strcpy(facts.interface, "lo");
	facts.has_device = facts.irqs_readable = false;
	facts.irqs = 0;
}
static void steered(void)
{
	strcpy(facts.queue[1].mask, "00000000,0000000c");
}
static void no_queues(void)
{
	facts.queues = 0;
}
static void paranoid(void)
{
	facts.host.perf_paranoid = 2;
	facts.pmu = 0;
}
static void paranoid_root(void)
{
	paranoid();
	facts.root = true;
}
static void no_pmu(void)
{
	facts.pmu = 0;
	strcpy(facts.pmu_why, "no hardware counters on this machine");
}
static void no_namespaces(void)
{
	facts.userns_max = 0;
}
static void no_clone(void)
{
	facts.userns_clone = 0;
}
static void no_clone_root(void)
{
	no_clone();
	facts.root = true;
}
static void apparmor(void)
{
	facts.userns_apparmor = 1;
}
static void hidden_namespaces(void)
{
	facts.userns_max = DOCTOR_UNKNOWN;
}
static void uring_group(void)
{
	facts.io_uring_disabled = 1;
}
static void uring_group_root(void)
{
	uring_group();
	facts.root = true;
}
static void uring_off(void)
{
	facts.io_uring_disabled = 2;
	facts.root = true;
}
static void uring_old(void)
{
	facts.io_uring_disabled = DOCTOR_UNKNOWN;
}
static void low_memlock(void)
{
	facts.memlock_soft = 64 << 10;
}
static void low_memlock_hard(void)
{
	facts.memlock_soft = 64 << 10;
	facts.memlock_hard = 128 << 10;
}
static void free_memlock(void)
{
	low_memlock();
	facts.memlock_hard = INT64_MAX;
}
static void few_files(void)
{
	facts.nofile_hard = 4096;
}
static void refused(void)
{
	doctor_facts_refuse(&facts, "echo --method uring", "no io_uring here");
}

static const struct doctor_case {
	void (*spoil)(void);
	const char *id;
	enum doctor_severity severity;
	const char *what, *mend, *undo; /* what: a part of it */
} cases[] = {
	{ low_rmem, "rmem_max", DOCTOR_LIMITS, "net.core.rmem_max is 208K", "sysctl -w net.core.rmem_max=16777216",
		"sysctl -w net.core.rmem_max=212992" },
	{ no_rmem, "rmem_max", DOCTOR_NOT_KNOWN, "/proc/sys/net/core/rmem_max", "", "" },
	{ low_wmem, "wmem_max", DOCTOR_LIMITS, "wmem_max", "sysctl -w net.core.wmem_max=16777216",
		"sysctl -w net.core.wmem_max=212993" },
	{ low_backlog, "netdev_max_backlog", DOCTOR_LIMITS, "1000", "sysctl -w net.core.netdev_max_backlog=10000",
		"sysctl -w net.core.netdev_max_backlog=1000" },
	{ low_optmem, "optmem_max", DOCTOR_LIMITS, "20480", "sysctl -w net.core.optmem_max=131072",
		"sysctl -w net.core.optmem_max=20480" },
	{ bbr, "congestion", DOCTOR_LIMITS, "--congestion cubic", "sysctl -w net.ipv4.tcp_congestion_control=cubic",
		"sysctl -w net.ipv4.tcp_congestion_control=bbr" },
	{ bbr_or_reno, "congestion", DOCTOR_LIMITS, "--congestion reno", "sysctl -w net.ipv4.tcp_congestion_control=reno",
		"sysctl -w net.ipv4.tcp_congestion_control=bbr" },
	{ powersave, "governor", DOCTOR_FALSIFIES, "powersave on CPUs 0-3",
		"for c in {0..3}; do echo performance >/sys/devices/system/cpu/cpu$c/cpufreq/scaling_governor; done",
		"for c in {0..3}; do echo powersave >/sys/devices/system/cpu/cpu$c/cpufreq/scaling_governor; done" },
	{ two_governors, "governor", DOCTOR_FALSIFIES, "schedutil on CPUs 1-3",
		"for c in {1..3}; do echo performance >/sys/devices/system/cpu/cpu$c/cpufreq/scaling_governor; done",
		"for c in {1..3}; do echo schedutil >/sys/devices/system/cpu/cpu$c/cpufreq/scaling_governor; done" },
	{ siblings, "smt", DOCTOR_LIMITS, "siblings", "netdyno run echo --server-cpus 0,2 --client-cpus 1,3",
		"netdyno run echo" },
	{ one_core, "smt", DOCTOR_LIMITS, "siblings", "", "" },
	{ hidden_cores, "smt", DOCTOR_NOT_KNOWN, "/sys does not tell", "", "" },
	{ two_nodes, "numa", DOCTOR_LIMITS, "eth0 is on node 1", "netdyno run echo --server-cpus 2 --client-cpus 3",
		"netdyno run echo" },
	{ one_cpu, "cpus", DOCTOR_FALSIFIES, "1 CPU (4 online)", "taskset -pc 0-3 $$", "taskset -pc 0 $$" },
	{ three_cpus, "cpus", DOCTOR_NOTE, "3 of 4", "taskset -pc 0-3 $$", "taskset -pc 0-2 $$" },
	{ hpet, "clocksource", DOCTOR_LIMITS, "hpet",
		"echo tsc >/sys/devices/system/clocksource/clocksource0/current_clocksource",
		"echo hpet >/sys/devices/system/clocksource/clocksource0/current_clocksource" },
	{ hpet_alone, "clocksource", DOCTOR_LIMITS, "hpet", "", "" },
	{ kvm, "virtual_machine", DOCTOR_NOTE, "KVM", "", "" },
	{ flaws, "mitigations", DOCTOR_NOTE, "PTI", "", "" },
	{ stolen, "steal", DOCTOR_FALSIFIES, "3.4 %", "", "" },
	{ stolen_little, "steal", DOCTOR_NOTE, "0.4 %", "", "" },
	{ no_proc, "steal", DOCTOR_NOT_KNOWN, "/proc/stat", "", "" },
	{ no_proc, "neighbours", DOCTOR_NOT_KNOWN, "/proc/stat", "", "" },
	{ busy, "neighbours", DOCTOR_FALSIFIES, "178 % of a CPU: cc1 (71) 96 %, ksoftirqd/0 (12) 50 %, ld (72) 31 %",
		"kill -STOP 71 72", "kill -CONT 71 72" },
	{ busy_with_small_ones, "neighbours", DOCTOR_FALSIFIES,
		"194 % of a CPU: cc1 (71) 96 %, processes that come and go, and small ones", "", "" },
	{ a_little_busy, "neighbours", DOCTOR_NOTE, "6 % of a CPU: processes that come and go", "", "" },
	{ quota, "cpu_quota", DOCTOR_FALSIFIES, "1.50 CPUs of 4", "echo max >/sys/fs/cgroup/box/cpu.max",
		"echo 150000 100000 >/sys/fs/cgroup/box/cpu.max" },
	{ quota_v1, "cpu_quota", DOCTOR_FALSIFIES, "2.00 CPUs", "echo -1 >/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us",
		"echo 200000 >/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us" },
	{ no_gro, "offloads", DOCTOR_LIMITS, "tso, gro off", "ethtool -K eth0 tso on gro on", "ethtool -K eth0 tso off gro off" },
	{ no_ethtool, "offloads", DOCTOR_NOT_KNOWN, "eth0", "", "" },
	{ one_irq_cpu, "interrupts", DOCTOR_LIMITS, "all 2 of eth0 are served by CPU 0",
		"echo 0 >/proc/irq/40/smp_affinity_list; echo 1 >/proc/irq/41/smp_affinity_list",
		"echo 0 >/proc/irq/40/smp_affinity_list; echo 0 >/proc/irq/41/smp_affinity_list" },
	{ no_proc_irq, "interrupts", DOCTOR_NOT_KNOWN, "there is no /proc/irq here", "", "" },
	{ loopback, "interrupts", DOCTOR_OK, "lo has no interrupts", "", "" },
	{ steered, "rps", DOCTOR_NOTE, "steered", "echo 0 >/sys/class/net/eth0/queues/rx-1/rps_cpus",
		"echo 00000000,0000000c >/sys/class/net/eth0/queues/rx-1/rps_cpus" },
	{ no_queues, "rps", DOCTOR_NOT_KNOWN, "/sys", "", "" },
	{ paranoid, "perf_event_paranoid", DOCTOR_LIMITS, "is 2", "sysctl -w kernel.perf_event_paranoid=1",
		"sysctl -w kernel.perf_event_paranoid=2" },
	{ paranoid, "pmu", DOCTOR_NOT_KNOWN, "forbids a try", "", "" },
	{ paranoid_root, "perf_event_paranoid", DOCTOR_OK, "", "", "" },
	{ no_pmu, "pmu", DOCTOR_NOTE, "no hardware counters", "", "" },
	{ no_namespaces, "user_namespaces", DOCTOR_LIMITS, "is 0", "sysctl -w user.max_user_namespaces=1024",
		"sysctl -w user.max_user_namespaces=0" },
	{ no_clone, "user_namespaces", DOCTOR_LIMITS, "is 0", "sysctl -w kernel.unprivileged_userns_clone=1",
		"sysctl -w kernel.unprivileged_userns_clone=0" },
	{ no_clone_root, "user_namespaces", DOCTOR_OK, "", "", "" },
	{ apparmor, "user_namespaces", DOCTOR_LIMITS, "is 1", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
		"sysctl -w kernel.apparmor_restrict_unprivileged_userns=1" },
	{ hidden_namespaces, "user_namespaces", DOCTOR_NOT_KNOWN, "/proc/sys/user", "", "" },
	{ uring_group, "io_uring", DOCTOR_LIMITS, "is 1", "sysctl -w kernel.io_uring_disabled=0",
		"sysctl -w kernel.io_uring_disabled=1" },
	{ uring_group_root, "io_uring", DOCTOR_OK, "", "", "" },
	{ uring_off, "io_uring", DOCTOR_LIMITS, "is 2", "sysctl -w kernel.io_uring_disabled=0",
		"sysctl -w kernel.io_uring_disabled=2" },
	{ uring_old, "io_uring", DOCTOR_NOT_KNOWN, "not there", "", "" },
	{ low_memlock, "memlock", DOCTOR_LIMITS, "64K", "ulimit -S -l 8192", "ulimit -S -l 64" },
	{ free_memlock, "memlock", DOCTOR_LIMITS, "64K", "ulimit -S -l unlimited", "ulimit -S -l 64" },
	{ low_memlock_hard, "memlock", DOCTOR_LIMITS, "64K", "sudo prlimit --pid $$ --memlock=8388608:8388608",
		"prlimit --pid $$ --memlock=65536:131072" },
	{ few_files, "descriptors", DOCTOR_LIMITS, "4096", "sudo prlimit --pid $$ --nofile=20500:20500",
		"prlimit --pid $$ --nofile=1024:4096" },
	{ refused, "runs", DOCTOR_LIMITS, "echo --method uring: no io_uring here", "", "" },
};

static void every_fact_has_its_finding(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct doctor_case *c = &cases[i];

		healthy(&facts);
		c->spoil();
		doctor_judge(&facts, &report);
		const struct doctor_finding *f = find(c->id);
		if (f->severity != c->severity)
			print_error("case %zu, %s: %s\n", i, c->id, f->what);
		assert_string_equal(doctor_severity_names[f->severity], doctor_severity_names[c->severity]);
		assert_contains(f->what, c->what);
		assert_string_equal(f->mend, c->mend);
		assert_string_equal(f->undo, c->undo);
	}
}

static void a_healthy_host_has_none(void **state)
{
	(void)state;
	healthy(&facts);
	doctor_judge(&facts, &report);
	for (unsigned i = 0; i < report.count; i++)
		if (report.finding[i].severity != DOCTOR_OK)
			fail_msg("%s: %s", report.finding[i].id, report.finding[i].what);
	assert_int_equal(report.of[DOCTOR_OK], report.count);
	assert_int_equal(report.count, 24);
}

/* Every check says something, has a reason, and never half of a pair of commands. */
static void texts_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		healthy(&facts);
		cases[i].spoil();
		doctor_judge(&facts, &report);
		for (unsigned n = 0; n < report.count; n++) {
			const struct doctor_finding *f = &report.finding[n];

			assert_more(strlen(f->what), 0);
			assert_more(strlen(f->why), 20);
			assert_int_equal(*f->mend != '\0', *f->undo != '\0');
			assert_true(!*f->mend || strcmp(f->mend, f->undo) != 0);
		}
	}
}

/* Nothing could be read: that is said, and is no failure. */
static void nothing_is_known(void **state)
{
	(void)state;
	memset(&facts, 0, sizeof(facts));
	facts.host.rmem_max = facts.host.wmem_max = facts.host.netdev_max_backlog = facts.host.optmem_max = -1;
	facts.host.perf_paranoid = -1;
	facts.userns_max = facts.userns_clone = facts.userns_apparmor = facts.io_uring_disabled = DOCTOR_UNKNOWN;
	facts.memlock_soft = facts.nofile_hard = facts.interface_node = DOCTOR_UNKNOWN;
	facts.allowed.count = facts.online.count = 2;
	facts.core[0] = facts.core[1] = facts.node[0] = facts.node[1] = DOCTOR_UNKNOWN;
	no_ethtool();
	facts.has_device = true;
	doctor_judge(&facts, &report);
	assert_int_equal(report.of[DOCTOR_FALSIFIES] + report.of[DOCTOR_LIMITS], 0);
	assert_at_least(report.of[DOCTOR_NOT_KNOWN], 15);
}

static void the_worst_comes_first(void **state)
{
	(void)state;
	healthy(&facts);
	low_wmem();
	stolen();
	kvm();
	low_rmem();
	no_queues();
	doctor_judge(&facts, &report);
	static const char *const order[] = { "steal", "rmem_max", "wmem_max", "virtual_machine", "rps" };
	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		assert_string_equal(report.finding[i].id, order[i]);
	assert_int_equal(report.of[DOCTOR_LIMITS], 2);
}

static void refusals_have_an_end(void **state)
{
	(void)state;
	healthy(&facts);
	for (unsigned i = 0; i < 3 * DOCTOR_REFUSALS; i++)
		refused();
	doctor_judge(&facts, &report);
	assert_int_equal(facts.refusals, DOCTOR_REFUSALS);
	assert_int_equal(report.of[DOCTOR_LIMITS], DOCTOR_REFUSALS);
}

/* A command of that kind that is cut off would be worse than none. */
static void commands_are_never_cut(void **state)
{
	(void)state;
	healthy(&facts);
	facts.irqs = DOCTOR_IRQS;
	for (int i = 0; i < DOCTOR_IRQS; i++)
		facts.irq[i] = (struct doctor_irq){ 1000 + i, "0" };
	facts.queues = DOCTOR_QUEUES;
	for (int i = 0; i < DOCTOR_QUEUES; i++)
		facts.queue[i] = (struct doctor_queue){ i, "ffffffff,ffffffff" };
	doctor_judge(&facts, &report);
	assert_contains(find("interrupts")->undo, "echo 0 >/proc/irq/1031/smp_affinity_list");
	assert_contains(find("rps")->undo, "rx-15/rps_cpus");
	facts.irqs_more = 1;
	doctor_judge(&facts, &report);
	assert_string_equal(find("interrupts")->mend, "");
	assert_contains(find("interrupts")->what, "all 33");
}

static void words_are_whole_words(void **state)
{
	(void)state;
	assert_true(doctor_has_word("reno cubic bbr", "cubic"));
	assert_true(doctor_has_word("cubic", "cubic"));
	assert_false(doctor_has_word("reno bbr2", "bbr"));
	assert_false(doctor_has_word("", "bbr"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fact_has_its_finding),
		cmocka_unit_test(a_healthy_host_has_none),
		cmocka_unit_test(texts_are_whole),
		cmocka_unit_test(nothing_is_known),
		cmocka_unit_test(the_worst_comes_first),
		cmocka_unit_test(refusals_have_an_end),
		cmocka_unit_test(commands_are_never_cut),
		cmocka_unit_test(words_are_whole_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
