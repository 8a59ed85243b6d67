/* Hardware counters from the worker's thread to the words in the results: a PMU made of descriptors
 * that only this test can read. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/worker.h"
#include "../support/toy.h"

enum { DESCRIPTORS = 1024 };

/* Every reading of an event is 1000 more, and on the hardware for half of the time; LLC misses
 * are not counted. */
static struct {
	int refuse; /* errno for counting the kernel, 0: none */
	_Atomic int opened, closed;
	uint64_t reads[DESCRIPTORS]; /* by descriptor; a worker's alone */
} pmu;

static int pmu_open(const struct perf_event_attr *attr, int group)
{
	(void)group;
	errno = pmu.refuse && !attr->exclude_kernel                         ? pmu.refuse
		: !pmu.refuse && attr->config == PERF_COUNT_HW_CACHE_MISSES ? ENOENT
									    : 0;
	int fd = errno ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd >= DESCRIPTORS) {
		close(fd);
		errno = EMFILE;
		return -1;
	}
	if (fd >= 0) {
		pmu.opened++;
		pmu.reads[fd] = 0;
	}
	return fd;
}

static ssize_t pmu_read(int fd, void *into, size_t bytes)
{
	uint64_t n = ++pmu.reads[fd], now[3] = { 1000 * n, 2000000 * n, 1000000 * n };

	memcpy(into, now, bytes);
	return (ssize_t)bytes;
}

static int pmu_close(int fd)
{
	pmu.closed++;
	return close(fd);
}

static const struct perf_calls pmu_calls = { .open = pmu_open, .read = pmu_read, .close = pmu_close, .root = "/nowhere" };

struct rig {
	struct plan plan;
	struct plan_worker planned;
	struct worker worker;
};

static void start(struct rig *rig)
{
	struct err err = ERR_NONE;

	script_reset();
	memset(rig, 0, sizeof(*rig));
	rig->plan.workers = 1;
	rig->plan.worker = &rig->planned;
	rig->planned = (struct plan_worker){ .role = ROLE_SERVER, .cpu = -1 };
	assert_int_equal(worker_init(&rig->worker, &engine_toy, NULL, &rig->plan, 0, &err), 0);
	rig->worker.perf_calls = &pmu_calls;
	assert_int_equal(worker_start(&rig->worker, &err), 0);
}

static void enter(struct rig *rig, enum phase phase)
{
	int64_t deadline = clock_now_ns() + 30ll * NS_PER_S;

	worker_tell(&rig->worker, phase);
	while (atomic_load_explicit(&rig->worker.status->phase, memory_order_acquire) != (uint32_t)phase) {
		if (clock_now_ns() > deadline)
			fail_msg("the worker did not enter %s", phase_name(phase));
		sched_yield();
	}
}

static uint64_t measured(const struct rig *rig, unsigned counter)
{
	return rig->worker.measure_to.value[counter] - rig->worker.measure_from.value[counter];
}

static void finish(struct rig *rig)
{
	worker_stop(&rig->worker);
	assert_int_equal(pmu.opened, pmu.closed);
	worker_free(&rig->worker);
}

static bool is_unknown(const struct rig *rig, unsigned counter)
{
	return rig->worker.unknown >> counter & 1;
}

static void a_phase_has_the_counts_of_its_own(void **state)
{
	(void)state;
	struct rig rig;

	memset(&pmu, 0, sizeof(pmu));
	start(&rig);
	enter(&rig, PHASE_WARMUP);
	enter(&rig, PHASE_MEASURE);
	enter(&rig, PHASE_DRAIN);
	assert_int_equal(measured(&rig, COUNTER_CYCLES), 2000);
	assert_int_equal(measured(&rig, COUNTER_L1D_MISSES), 2000);
	assert_int_equal(measured(&rig, COUNTER_PERF_UNSEEN_NS), 1000000);
	assert_false(is_unknown(&rig, COUNTER_CYCLES));
	assert_false(is_unknown(&rig, COUNTER_PERF_UNSEEN_NS));
	assert_true(is_unknown(&rig, COUNTER_LLC_MISSES));
	assert_string_equal(
		rig.worker.perf.why, "llc_misses: not counted by this CPU (perf_event_open: No such file or directory)");
	finish(&rig);
}

static void user_space_alone_is_not_the_number(void **state)
{
	(void)state;
	struct rig rig;

	memset(&pmu, 0, sizeof(pmu));
	pmu.refuse = EACCES;
	start(&rig);
	enter(&rig, PHASE_MEASURE);
	for (unsigned c = COUNTER_CYCLES; c <= COUNTER_PERF_UNSEEN_NS; c++) {
		assert_true(is_unknown(&rig, c));
		assert_int_equal(counter_get(rig.worker.counters, c), 0);
	}
	assert_contains(rig.worker.perf.why, "not permitted");
	finish(&rig);
}

/* The engine gives a reason for its own counters; hardware counters have another one. */
static void each_counter_has_its_own_reason(void **state)
{
	(void)state;
	struct run_worker w = { .unknown_why = "the server is another process", .hardware_why = "no hardware counters" };

	assert_string_equal(run_worker_why(&w, COUNTER_CYCLES), "no hardware counters");
	assert_string_equal(run_worker_why(&w, COUNTER_BRANCH_MISSES), "no hardware counters");
	assert_string_equal(run_worker_why(&w, COUNTER_PERF_UNSEEN_NS), "no hardware counters");
	assert_string_equal(run_worker_why(&w, COUNTER_OWN), "the server is another process");
	assert_contains(run_worker_why(&w, COUNTER_RUN_DELAY_NS), "schedstat");
	w.hardware_why[0] = '\0'; /* a mode that makes figures up says it of all */
	assert_string_equal(run_worker_why(&w, COUNTER_CYCLES), "the server is another process");
	w.unknown_why[0] = '\0';
	assert_string_equal(run_worker_why(&w, COUNTER_CYCLES), "cannot be read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phase_has_the_counts_of_its_own),
		cmocka_unit_test(user_space_alone_is_not_the_number),
		cmocka_unit_test(each_counter_has_its_own_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
