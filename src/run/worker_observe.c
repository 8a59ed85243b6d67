/* A worker's housekeeping: its thread's counters, as the kernel has them.  See worker.h. */
#include "run/worker.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "run/thread.h"

static uint64_t timeval_ns(struct timeval t)
{
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_usec * NS_PER_US;
}

static void observe_usage(struct worker *w)
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage) < 0)
		return;
	counter_set(w->counters, COUNTER_CPU_USER_NS, timeval_ns(usage.ru_utime));
	counter_set(w->counters, COUNTER_CPU_SYSTEM_NS, timeval_ns(usage.ru_stime));
	counter_set(w->counters, COUNTER_CTX_VOLUNTARY, (uint64_t)usage.ru_nvcsw);
	counter_set(w->counters, COUNTER_CTX_INVOLUNTARY, (uint64_t)usage.ru_nivcsw);
	counter_set(w->counters, COUNTER_PAGE_FAULTS, (uint64_t)(usage.ru_minflt + usage.ru_majflt));
}

static void observe_helpers(struct worker *w)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < w->helpers; i++) {
		struct worker_helper *h = &w->helper[i];

		if (h->tid && thread_cpu_ns(h->tid, &h->cpu_ns) < 0)
			h->tid = 0;
		sum += h->cpu_ns - h->from_ns;
	}
	counter_set(w->counters, COUNTER_HELPER_CPU_NS, sum);
}

/* "cpu-time run-delay timeslices", in ns. */
static void observe_delay(struct worker *w)
{
	char text[80];
	unsigned long long delay_ns;
	ssize_t n = w->schedstat_fd < 0 ? -1 : pread(w->schedstat_fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return;
	text[n] = 0;
	if (sscanf(text, "%*u %llu", &delay_ns) == 1)
		counter_set(w->counters, COUNTER_RUN_DELAY_NS, delay_ns);
}

static const unsigned perf_counter[PERF_EVENTS] = {
	[PERF_CYCLES] = COUNTER_CYCLES,
	[PERF_INSTRUCTIONS] = COUNTER_INSTRUCTIONS,
	[PERF_L1D_MISSES] = COUNTER_L1D_MISSES,
	[PERF_LLC_MISSES] = COUNTER_LLC_MISSES,
	[PERF_BRANCH_MISSES] = COUNTER_BRANCH_MISSES,
};

static void observe_perf(struct worker *w)
{
	uint64_t count;

	perf_update(&w->perf);
	for (int kind = 0; kind < PERF_EVENTS; kind++)
		if (perf_count(&w->perf, (enum perf_event_kind)kind, &count))
			counter_set(w->counters, perf_counter[kind], count);
	counter_set(w->counters, COUNTER_PERF_UNSEEN_NS, w->perf.unseen_ns);
}

int worker_observe(struct worker *w)
{
	int rc = w->engine->observe ? w->engine->observe(w, &w->err) : 0;

	if (!w->engine->synthetic) {
		observe_usage(w);
		observe_helpers(w);
		observe_perf(w);
		observe_delay(w);
		/* Away from its own CPU, if its cpuset has changed. */
		atomic_store_explicit(&w->status->cpu, sched_getcpu() + 1, memory_order_relaxed);
	}
	counter_set(w->counters, COUNTER_OBSERVED_NS, (uint64_t)clock_run_ns());
	return rc;
}

void worker_mark(struct worker *w, struct worker_mark *mark)
{
	for (unsigned i = 0; i < COUNTERS_MAX; i++)
		mark->value[i] = counter_get(w->counters, i);
	mark->at_ns = clock_run_ns();
}

static void open_perf(struct worker *w)
{
	struct cpu_list cpus = { .count = 1, .cpu = { (short)w->self->cpu } };
	uint64_t count;
	bool any = false;

	if (w->engine->synthetic)
		return;
	if (!w->pinned)
		cpu_allowed(&cpus);
	(w->plan->workers > PERF_WORKERS ? perf_open_few : perf_open_self)(&w->perf, w->perf_calls, &cpus);
	for (int kind = 0; kind < PERF_EVENTS; kind++)
		if (perf_count(&w->perf, (enum perf_event_kind)kind, &count))
			any = true;
		else
			w->unknown |= (uint64_t)1 << perf_counter[kind];
	if (!any)
		w->unknown |= (uint64_t)1 << COUNTER_PERF_UNSEEN_NS;
}

static void open_schedstat(struct worker *w)
{
	if (!w->engine->synthetic)
		w->schedstat_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	if (w->schedstat_fd < 0)
		w->unknown |= (uint64_t)1 << COUNTER_RUN_DELAY_NS;
}

void worker_observe_open(struct worker *w)
{
	open_perf(w);
	open_schedstat(w);
}
