/* Hardware counters on machines that this one is not: a scripted PMU (pmu.h) opens, refuses,
 * multiplexes. */
#include "check.h"

#include <errno.h>
#include <inttypes.h>

#include "pmu.h"

enum { CORE = 4, ATOM = 10, ALL = (1 << PERF_EVENTS) - 1 };

static struct perf perf;

static void open_on(const char *cpus)
{
	struct cpu_list list;

	assert_int_equal(cpu_list_parse(cpus, &list, NULL), 0);
	perf_open_self(&perf, &pmu_calls, &list);
}

static uint64_t count_of(enum perf_event_kind kind)
{
	uint64_t n = 0;

	if (!perf_count(&perf, kind, &n))
		fail_msg("event %d is unknown: %s", (int)kind, perf.why);
	return n;
}

/* Checks that exactly these are known: the others have a reason, and no descriptor is left open. */
static void expect_known(unsigned kinds, unsigned types)
{
	unsigned known = 0;
	uint64_t n;

	for (unsigned k = 0; k < PERF_EVENTS; k++)
		known += kinds >> k & 1;
	if (perf.known != kinds)
		fail_msg("known are %#x, expected %#x; why: %s", perf.known, kinds, perf.why);
	for (unsigned k = 0; k < PERF_EVENTS; k++)
		assert_int_equal(perf_count(&perf, k, &n), kinds >> k & 1);
	assert_int_equal(!perf.why[0], kinds == ALL);
	assert_int_equal(pmu_open_count(), known * types);
}

static void make_hybrid(void)
{
	pmu_device("cpu_core", "4\n", "0-3\n");
	pmu_device("cpu_atom", "10\n", "4-7\n");
	pmu_device("uncore_imc_0", "12\n", NULL);
	pmu_device("software", "1\n", NULL);
}

/* ---- groups and turns ---- */

static void events_are_one_group(void **state)
{
	(void)state;
	pmu_device("cpu", "4\n", NULL);
	open_on("0-1");
	expect_known(ALL, 1);
	assert_int_equal(pmu.opens, PERF_EVENTS);
	for (unsigned k = 0; k < PERF_EVENTS; k++) {
		assert_int_equal(pmu.fd[k].kind, k);
		assert_int_equal(pmu.fd[k].group, k ? FIRST_FD : -1);
		assert_int_equal(pmu.fd[k].pmu, 0);
		assert_false(pmu.fd[k].user_only);
		assert_int_equal(count_of(k), 1000);
	}
	assert_int_equal(perf.unseen_ns, 0);
	perf_close(&perf);
}

/* Threads by the hundred have two events each, and no turns: whatever happens, a few calls. */
static void few_for_many_threads(void **state)
{
	struct cpu_list list = { .count = 1 };

	(void)state;
	perf_open_few(&perf, &pmu_calls, &list);
	expect_known(1u << PERF_CYCLES | 1u << PERF_INSTRUCTIONS, 1);
	assert_int_equal(pmu.opens, 2);
	assert_string_equal(perf.why, "l1d_misses, llc_misses, branch_misses: not counted with more than 64 workers: opening and "
				      "reading them would hold up the run");
	perf_close(&perf);
	pmu.idle_opens = 4;
	perf_open_few(&perf, &pmu_calls, &list);
	expect_known(0, 1);
	assert_int_equal(pmu.opens, 4);
	assert_contains(perf.why, "other programs hold the hardware counters");
	perf_close(&perf);
}

static void what_does_not_fit_the_group_is_alone(void **state)
{
	(void)state;
	pmu.rule[0] = (struct pmu_rule){ PERF_LLC_MISSES, ANY, ANY, 1, EINVAL };
	open_on("0");
	expect_known(ALL, 1);
	assert_int_equal(pmu_find(PERF_LLC_MISSES, 0)->group, -1);
	assert_int_equal(pmu_find(PERF_BRANCH_MISSES, 0)->group, FIRST_FD);
	perf_close(&perf);
}

static void a_later_event_leads_where_the_first_is_missing(void **state)
{
	(void)state;
	pmu.rule[0] = (struct pmu_rule){ PERF_CYCLES, ANY, ANY, 0, ENOENT };
	open_on("0");
	expect_known(ALL & ~(1u << PERF_CYCLES), 1);
	assert_int_equal(pmu_find(PERF_INSTRUCTIONS, 0)->group, -1);
	assert_int_equal(pmu_find(PERF_BRANCH_MISSES, 0)->group, FIRST_FD);
	assert_string_equal(perf.why, "cycles: not counted by this CPU (perf_event_open: No such file or directory)");
	perf_close(&perf);
}

/* Somebody holds a counter, so the kernel never schedules the group as a whole: its events then
 * take turns alone. */
static void a_group_that_never_runs_is_dissolved(void **state)
{
	(void)state;
	pmu.idle_opens = PERF_EVENTS;
	open_on("0");
	expect_known(ALL, 1);
	assert_int_equal(pmu.opens, 2 * PERF_EVENTS);
	for (unsigned k = 0; k < PERF_EVENTS; k++)
		assert_int_equal(pmu_find(k, 0)->group, -1);
	perf_close(&perf);
}

static void a_turn_that_comes_later_is_waited_for(void **state)
{
	(void)state;
	pmu.idle_reads = 40;
	open_on("0");
	expect_known(ALL, 1);
	assert_more(pmu.reads, 40);
	perf_close(&perf);
}

static void what_never_runs_is_unknown(void **state)
{
	(void)state;
	pmu.idle_kinds = 1u << PERF_L1D_MISSES | 1u << PERF_LLC_MISSES;
	open_on("0");
	expect_known(ALL & ~pmu.idle_kinds, 1);
	assert_string_equal(
		perf.why, "l1d_misses, llc_misses: other programs hold the hardware counters (perf, the NMI watchdog)");
	perf_close(&perf);
}

static void what_cannot_be_read_is_unknown(void **state)
{
	(void)state;
	pmu.unreadable = true;
	open_on("0");
	expect_known(0, 1);
	perf_update(&perf);
	perf_close(&perf);
}

/* ---- scaling ---- */

static void counts_are_scaled(void **state)
{
	(void)state;
	static const struct {
		struct pmu_times now;
		uint64_t count, unseen_ns;
	} rows[] = {
		{ { 1000, 1000, 1000 }, 1000, 0 },
		{ { 3000, 2000, 1500 }, 1000 + 4000, 500 }, /* on half of the time */
		/* 3000*3000/2500 would be less than before */
		{ { 3000, 3000, 2500 }, 5000, 500 },
		{ { 3100, 4000, 3500 }, 5100, 500 }, /* on all of the time */
		/* no turn: as before, on the average */
		{ { 3100, 6000, 3500 }, 5100 + 2550, 2500 },
		{ { 3100, 6000, 3500 }, 7650, 2500 }, /* did not run itself */
		{ { 3100 + (1ull << 61), 6000 + (1ull << 40), 3500 + (1ull << 39) }, 7650 + (1ull << 62), 2500 + (1ull << 39) },
	};

	open_on("0");
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pmu_fd *f = pmu_find(PERF_CYCLES, 0);

		f->now = rows[i].now;
		perf_update(&perf);
		if (count_of(PERF_CYCLES) != rows[i].count || perf.unseen_ns != rows[i].unseen_ns)
			fail_msg("row %u: %" PRIu64 " cycles, %" PRIu64 " ns unseen; expected %" PRIu64 ", %" PRIu64, i,
				count_of(PERF_CYCLES), perf.unseen_ns, rows[i].count, rows[i].unseen_ns);
		assert_int_equal(count_of(PERF_INSTRUCTIONS), 1000);
	}
	perf_close(&perf);
}

static void the_event_that_fares_worst_is_what_is_unseen(void **state)
{
	(void)state;
	open_on("0");
	for (unsigned k = 0; k < PERF_EVENTS; k++)
		pmu_find(k, 0)->now = (struct pmu_times){ 2000, 2000, 2000 - 100 * k };
	perf_update(&perf);
	assert_int_equal(perf.unseen_ns, 400);
	perf_update(&perf);
	assert_int_equal(perf.unseen_ns, 400);
	perf_close(&perf);
}

/* ---- reasons ---- */

static void reasons_are_told(void **state)
{
	static const struct {
		struct pmu_rule rule[3];
		const char *paranoid; /* NULL: unreadable */
		const char *why;
	} rows[] = {
		{ { { ANY, ANY, ANY, 0, ENOENT } }, "2\n",
			"no hardware counters on this machine (perf_event_open: No such file or directory)" },
		{ { { ANY, ANY, ANY, 0, ENODEV } }, "2\n",
			"no hardware counters on this machine (perf_event_open: No such device)" },
		{ { { ANY, ANY, ANY, 0, EOPNOTSUPP } }, "2\n",
			"no hardware counters on this machine (perf_event_open: Operation not supported)" },
		{ { { ANY, ANY, ANY, 0, EMFILE } }, "2\n", "perf_event_open: Too many open files" },
		{ { { ANY, ANY, ANY, 0, EBUSY } }, "2\n", "other programs hold the hardware counters (perf, the NMI watchdog)" },
		{ { { ANY, ANY, ANY, 0, EINVAL } }, "2\n", "perf_event_open: Invalid argument" },
		/* the kernel would permit user space alone, but that is not asked for */
		{ { { ANY, ANY, 0, 0, EACCES } }, "2\n",
			"kernel.perf_event_paranoid is 2: counting the kernel takes 1 or less, or CAP_PERFMON (perf_event_open: "
			"Permission denied)" },
		/* nothing is permitted */
		{ { { ANY, ANY, ANY, 0, EACCES } }, "4\n",
			"kernel.perf_event_paranoid is 4: counting the kernel takes 1 or less, or CAP_PERFMON (perf_event_open: "
			"Permission denied)" },
		/* permission would not help */
		{ { { ANY, ANY, 0, 0, EACCES }, { ANY, ANY, 1, 0, ENOENT } }, "2\n",
			"no hardware counters on this machine (perf_event_open: No such file or directory)" },
		{ { { ANY, ANY, ANY, 0, EPERM } }, "1\n",
			"not permitted, perhaps by the policy of a container (perf_event_open: Operation not permitted)" },
		{ { { ANY, ANY, ANY, 0, EACCES } }, NULL,
			"not permitted, perhaps by the policy of a container (perf_event_open: Permission denied)" },
		{ { { PERF_LLC_MISSES, ANY, ANY, 0, ENOENT } }, NULL,
			"llc_misses: not counted by this CPU (perf_event_open: No such file or directory)" },
		{ { { PERF_L1D_MISSES, ANY, ANY, 0, ENOENT }, { PERF_LLC_MISSES, ANY, ANY, 0, EMFILE } }, NULL,
			"l1d_misses: not counted by this CPU (perf_event_open: No such file or directory); llc_misses: "
			"perf_event_open: Too many open files" },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(pmu_setup(state), 0);
		memcpy(pmu.rule, rows[i].rule, sizeof(rows[i].rule));
		if (rows[i].paranoid)
			pmu_file("/proc/sys/kernel/perf_event_paranoid", rows[i].paranoid);
		open_on("0");
		if (strcmp(perf.why, rows[i].why))
			fail_msg("row %u: \"%s\", expected \"%s\"", i, perf.why, rows[i].why);
		if (rows[i].rule[0].kind == ANY)
			expect_known(0, 1);
		perf_close(&perf);
		assert_int_equal(pmu_teardown(state), 0);
	}
}

static void user_space_alone_is_never_counted(void **state)
{
	(void)state;
	pmu.rule[0] = (struct pmu_rule){ ANY, ANY, 0, 0, EACCES };
	open_on("0");
	expect_known(0, 1);
	assert_int_equal(pmu.opens, PERF_EVENTS); /* looked at, and closed again */
	for (unsigned i = 0; i < pmu.opens; i++)
		assert_true(pmu.fd[i].user_only && !pmu.fd[i].is_open);
	perf_close(&perf);
}

static void what_is_half_open_is_closed_once(void **state)
{
	(void)state;
	struct perf never = { 0 };

	perf_close(NULL);
	perf_close(&never);
	make_hybrid();
	pmu.rule[0] = (struct pmu_rule){ PERF_L1D_MISSES, ATOM, ANY, 0, ENOENT };
	pmu.rule[1] = (struct pmu_rule){ PERF_BRANCH_MISSES, ANY, ANY, 0, EMFILE };
	open_on("0-7");
	expect_known(ALL & ~(1u << PERF_L1D_MISSES) & ~(1u << PERF_BRANCH_MISSES), 2);
	perf_close(&perf);
	assert_int_equal(pmu.closes, pmu.opens);
	perf_close(&perf);
	perf_update(&perf);
	assert_int_equal(count_of(PERF_CYCLES), 2000);
}

/* ---- core types ---- */

static void a_thread_that_may_go_anywhere_is_counted_on_each_type(void **state)
{
	(void)state;
	make_hybrid();
	open_on("0-7");
	expect_known(ALL, 2);
	for (unsigned k = 0; k < PERF_EVENTS; k++)
		for (unsigned t = 0; t < 2; t++) {
			const struct pmu_fd *f = pmu_find(k, t ? ATOM : CORE), *leader = pmu_find(PERF_CYCLES, t ? ATOM : CORE);

			assert_non_null(f);
			assert_int_equal(f->group, f == leader ? -1 : FIRST_FD + (int)(leader - pmu.fd));
		}
	/* It ran on both; two fifths of the time something else had the counters. */
	pmu_find(PERF_CYCLES, CORE)->now = (struct pmu_times){ 1000 + 9000, 11000, 1000 + 2000 };
	pmu_find(PERF_CYCLES, ATOM)->now = (struct pmu_times){ 1000 + 3000, 10999, 1000 + 4000 };
	uint64_t before = count_of(PERF_CYCLES);
	perf_update(&perf);
	assert_int_equal(count_of(PERF_CYCLES) - before, (9000 + 3000) * 10000 / (2000 + 4000));
	perf_close(&perf);
}

static void a_pinned_thread_is_counted_on_its_own_type(void **state)
{
	(void)state;
	make_hybrid();
	open_on("2");
	expect_known(ALL, 1);
	assert_non_null(pmu_find(PERF_CYCLES, CORE));
	assert_non_null(pmu_find(PERF_L1D_MISSES, CORE));
	perf_close(&perf);
	open_on("5");
	expect_known(ALL, 1);
	assert_non_null(pmu_find(PERF_CYCLES, ATOM));
	perf_close(&perf);
}

/* On half of the cores only it would be half of the number. */
static void what_one_type_lacks_is_unknown_where_the_thread_may_run_on_it(void **state)
{
	(void)state;
	static const struct {
		const char *cpus;
		unsigned known, types;
	} rows[] = {
		{ "0-7", ALL & ~(1u << PERF_L1D_MISSES), 2 },
		{ "3", ALL, 1 },
		{ "4", ALL & ~(1u << PERF_L1D_MISSES), 1 },
	};

	make_hybrid();
	pmu.rule[0] = (struct pmu_rule){ PERF_L1D_MISSES, ATOM, ANY, 0, ENOENT };
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_on(rows[i].cpus);
		expect_known(rows[i].known, rows[i].types);
		if (rows[i].known != ALL)
			assert_string_equal(perf.why,
				"l1d_misses: not counted on cpu_atom cores (perf_event_open: No such file or directory)");
		perf_close(&perf);
	}
}

static void a_leader_that_one_type_lacks_leaves_the_group_to_the_next(void **state)
{
	(void)state;
	make_hybrid();
	for (unsigned t = 0; t < 2; t++) { /* the one that is opened first is either */
		pmu.rule[0] = (struct pmu_rule){ PERF_CYCLES, t ? ATOM : CORE, ANY, 0, ENOENT };
		open_on("0-7");
		expect_known(ALL & ~(1u << PERF_CYCLES), 2);
		const struct pmu_fd *leader = pmu_find(PERF_INSTRUCTIONS, CORE);
		assert_int_equal(leader->group, -1);
		assert_int_equal(pmu_find(PERF_LLC_MISSES, CORE)->group, FIRST_FD + (int)(leader - pmu.fd));
		assert_int_equal(pmu_find(PERF_INSTRUCTIONS, ATOM)->group, -1);
		perf_close(&perf);
	}
}

static void make_arm(void)
{
	pmu_device("armv8_cortex_a53", "9\n", "0-3\n");
	pmu_device("armv8_cortex_a72", "8\n", "4-5\n");
	pmu_device("arm_spe_0", "10\n", NULL);
}

static void one_type_of_cores_needs_no_name(void **state)
{
	(void)state;
	pmu_device("armv8_pmuv3_0", "8\n", "0-3\n");
	open_on("0-3");
	expect_known(ALL, 1);
	assert_non_null(pmu_find(PERF_CYCLES, 0));
	perf_close(&perf);
}

/* Linux on ARM before 6.6 takes no PMU in config, and opens a plain event on the PMU that it
 * finds first. */
static void kernels_that_cannot_name_a_type(void **state)
{
	(void)state;
	static const int refusals[] = { ENOENT, EINVAL, EOPNOTSUPP };

	make_arm();
	for (unsigned i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		pmu.rule[0] = (struct pmu_rule){ ANY, 8, ANY, 0, refusals[i] };
		pmu.rule[1] = (struct pmu_rule){ ANY, 9, ANY, 0, refusals[i] };
		pmu.idle_kinds = 0;
		open_on("0-5");
		expect_known(0, 2);
		assert_contains(
			perf.why, refusals[i] == EINVAL ? "perf_event_open: Invalid argument" : "not counted on armv8_cortex_a");
		perf_close(&perf);
		open_on("4");
		expect_known(ALL, 1);
		assert_non_null(pmu_find(PERF_CYCLES, 0));
		perf_close(&perf);
		pmu.idle_kinds = ALL; /* it found the other one */
		open_on("4");
		expect_known(0, 1);
		assert_string_equal(perf.why, "this kernel does not count on armv8_cortex_a72 cores");
		perf_close(&perf);
	}
}

static void a_refusal_for_want_of_permission_keeps_the_type(void **state)
{
	(void)state;
	make_arm();
	pmu_file("/proc/sys/kernel/perf_event_paranoid", "2\n");
	pmu.rule[0] = (struct pmu_rule){ ANY, ANY, 0, 0, EACCES };
	open_on("4");
	expect_known(0, 1);
	for (unsigned i = 0; i < pmu.opens; i++)
		assert_int_equal(pmu.fd[i].pmu, 8);
	assert_contains(perf.why, "kernel.perf_event_paranoid is 2");
	perf_close(&perf);
}

static void cores_without_a_pmu_are_unknown(void **state)
{
	(void)state;
	pmu_device("armv8_cortex_a72", "8\n", "4-5\n");
	pmu_device("broken", "not a number\n", "0-3\n");
	pmu_device("odd", "11\n", "0-x\n");
	open_on("0-5");
	expect_known(0, 0);
	assert_string_equal(perf.why, "no PMU covers all of CPUs 0-5");
	open_on("2");
	expect_known(0, 0);
	perf_update(&perf);
	perf_close(&perf);
	open_on("5");
	expect_known(ALL, 1);
	perf_close(&perf);
}

static void there_is_an_end_to_core_types(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= CORE_TYPES_MAX; i++) {
		char name[16], type[16], cpu[16];

		snprintf(name, sizeof(name), "cores_%u", i);
		snprintf(type, sizeof(type), "%u\n", 20 + i);
		snprintf(cpu, sizeof(cpu), "%u\n", i);
		pmu_device(name, type, cpu);
	}
	open_on("0-3");
	expect_known(ALL, CORE_TYPES_MAX);
	assert_int_equal(count_of(PERF_CYCLES), 4000);
	perf_close(&perf);
	open_on("0-4");
	expect_known(0, 0);
	assert_string_equal(perf.why, "the CPUs are of more than 4 core types");
	perf_close(&perf);
}

/* ---- this machine ---- */

/* With a PMU the figures grow with the work; without one each is unknown, and the reason stands
 * there. */
static void this_machine(void **state)
{
	(void)state;
	unsigned before = open_fds();
	struct cpu_list cpus;
	uint64_t first = 0, second = 0;
	volatile unsigned work = 0; /* read below, so that the loop stays */

	cpu_allowed(&cpus);
	perf_open_self(&perf, &perf_calls_real, &cpus);
	if (perf_count(&perf, PERF_INSTRUCTIONS, &first)) {
		for (int i = 0; i < 100000; i++)
			work += 1;
		perf_update(&perf);
		assert_true(perf_count(&perf, PERF_INSTRUCTIONS, &second));
		assert_at_least(second, first + work);
	}
	if (perf.known == ALL)
		assert_string_equal(perf.why, "");
	else {
		assert_more(strlen(perf.why), 0);
		print_message("unknown here: %s\n", perf.why);
	}
	perf_close(&perf);
	perf_close(&perf);
	assert_int_equal(open_fds(), before);
}

static int open_task_clock(const struct perf_event_attr *attr, int group)
{
	struct perf_event_attr software = *attr;

	software.type = PERF_TYPE_SOFTWARE;
	software.config = PERF_COUNT_SW_TASK_CLOCK;
	return perf_calls_real.open(&software, group);
}

/* Every Linux has software events: groups and what read(2) gives are the same.  A task clock
 * counts the ns in which it runs. */
static void a_real_kernel_reads_like_the_script(void **state)
{
	(void)state;
	struct perf_calls calls = perf_calls_real;
	unsigned before = open_fds();
	struct cpu_list cpus;

	calls.open = open_task_clock;
	cpu_allowed(&cpus);
	perf_open_self(&perf, &calls, &cpus);
	if (!perf.known)
		print_message("not tried: %s\n", perf.why);
	else {
		uint64_t first = count_of(PERF_BRANCH_MISSES), running = perf.counter[PERF_BRANCH_MISSES].running;

		assert_int_equal(open_fds(), before + PERF_EVENTS * perf.types);
		assert_more(first, 0);
		while (count_of(PERF_BRANCH_MISSES) < first + 1000000)
			perf_update(&perf);
		uint64_t counted = count_of(PERF_BRANCH_MISSES) - first;
		running = perf.counter[PERF_BRANCH_MISSES].running - running;
		assert_in_range(counted, running - running / 10, running + running / 10);
	}
	perf_close(&perf);
	assert_int_equal(open_fds(), before);
}

#define SCRIPTED(test) cmocka_unit_test_setup_teardown(test, pmu_setup, pmu_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRIPTED(events_are_one_group),
		SCRIPTED(few_for_many_threads),
		SCRIPTED(what_does_not_fit_the_group_is_alone),
		SCRIPTED(a_later_event_leads_where_the_first_is_missing),
		SCRIPTED(a_group_that_never_runs_is_dissolved),
		SCRIPTED(a_turn_that_comes_later_is_waited_for),
		SCRIPTED(what_never_runs_is_unknown),
		SCRIPTED(what_cannot_be_read_is_unknown),
		SCRIPTED(counts_are_scaled),
		SCRIPTED(the_event_that_fares_worst_is_what_is_unseen),
		cmocka_unit_test(reasons_are_told),
		SCRIPTED(user_space_alone_is_never_counted),
		SCRIPTED(what_is_half_open_is_closed_once),
		SCRIPTED(a_thread_that_may_go_anywhere_is_counted_on_each_type),
		SCRIPTED(a_pinned_thread_is_counted_on_its_own_type),
		SCRIPTED(what_one_type_lacks_is_unknown_where_the_thread_may_run_on_it),
		SCRIPTED(a_leader_that_one_type_lacks_leaves_the_group_to_the_next),
		SCRIPTED(one_type_of_cores_needs_no_name),
		SCRIPTED(kernels_that_cannot_name_a_type),
		SCRIPTED(a_refusal_for_want_of_permission_keeps_the_type),
		SCRIPTED(cores_without_a_pmu_are_unknown),
		SCRIPTED(there_is_an_end_to_core_types),
		cmocka_unit_test(this_machine),
		cmocka_unit_test(a_real_kernel_reads_like_the_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
