/* What a verdict says of the CPUs.  See judge.h. */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "record/judge/judge.h"

static const double steal_most = 0.01;
/* of the measure phase, in which a quota stopped the process */
static const double throttled_most = 0.01;
/* of the CPU time, in which hardware counters were not counting */
static const double unseen_most = 0.01;
/* waking up alone takes some percent where a worker sleeps often */
static const double delay_most = 0.1;

static void judge_workers(const struct evidence *e, struct verdict *v)
{
	unsigned shared = 0, loose = 0, moved = 0;

	if (e->info->engine->synthetic)
		return;
	for (unsigned i = 0; i < e->info->workers; i++) {
		shared += e->info->worker[i].shares_cpu;
		loose += !e->info->worker[i].pinned;
		moved += e->info->worker[i].moved;
	}
	if (moved)
		verdict_caution(v, "%u of %u workers were moved to another CPU while they ran: their cpuset changed", moved,
			e->info->workers);
	if (shared) {
		verdict_caution(v, "%u of %u workers share a CPU with another", shared, e->info->workers);
		judge_helped_by(v, "fewer cores (F2): {cpus_allowed} CPUs are allowed here");
	}
	if (loose) {
		verdict_caution(v, "%u of %u workers are not pinned to a CPU", loose, e->info->workers);
		judge_helped_by(v, "server-cpus and client-cpus pin them (F2)");
	}
}

/* Share of the time that a worker was ready and had no CPU; negative if unknown. */
static double delay_share(const struct evidence *e, unsigned i)
{
	double delay_ns = (double)reading_value(e->edge, i, COUNTER_RUN_DELAY_NS);
	double observed_ns = (double)reading_value(e->edge, i, COUNTER_OBSERVED_NS);

	if (e->info->worker[i].unknown >> COUNTER_RUN_DELAY_NS & 1)
		return -1;
	return observed_ns > 0 ? delay_ns / observed_ns : -1;
}

/* Time that a quota kept the process from CPUs, over all of them; 0: none, or not known. */
static double throttled_ns(const struct evidence *e)
{
	const struct procnet *from = reading_net_from(e->edge), *to = reading_net_to(e->edge);

	if (!(from->known & to->known & 1u << PROCNET_THROTTLED_US))
		return 0;
	return (double)(to->value[PROCNET_THROTTLED_US] - from->value[PROCNET_THROTTLED_US]) * NS_PER_US;
}

/* The share of the time that other workers had this one's CPU. */
static double shared_share(const struct evidence *e, unsigned which)
{
	double cpu_ns = 0, observed_ns = (double)reading_value(e->edge, which, COUNTER_OBSERVED_NS);

	for (unsigned i = 0; i < e->info->workers; i++)
		if (i != which && e->info->worker[i].cpu == e->info->worker[which].cpu)
			cpu_ns += (double)(reading_value(e->edge, i, COUNTER_CPU_USER_NS) +
					   reading_value(e->edge, i, COUNTER_CPU_SYSTEM_NS));
	return observed_ns > 0 ? cpu_ns / observed_ns : 0;
}

/* Our own workers, if they used most of what it had to wait for. */
static const char *who_took(const struct evidence *e, unsigned which, double share, char *out, size_t size)
{
	if (throttled_ns(e) > share * (double)e->measured_ns / 2)
		return "a CPU quota (cgroup cpu.max)";
	if (e->info->worker[which].cpu < 0 || shared_share(e, which) < share / 2)
		return "something else";
	snprintf(out, size, "other workers of this run, on CPU %d too,", e->info->worker[which].cpu);
	return out;
}

static void judge_delay(const struct evidence *e, struct verdict *v)
{
	double most = 0;
	unsigned which = 0;
	char who[64];

	for (unsigned i = 0; i < e->info->workers; i++)
		if (delay_share(e, i) > most) {
			most = delay_share(e, i);
			which = i;
		}
	if (most <= delay_most)
		return;
	verdict_caution(v, "%s took the workers' CPUs: %s %u was ready to run and had to wait for %.0f %% of the time",
		who_took(e, which, most, who, sizeof(who)), engine_role(e->info->engine, e->info->worker[which].role)->title,
		e->info->worker[which].index, 100 * most);
	judge_helped_by(v, "netdyno doctor names what else runs here; a worker wants a CPU of its own");
}

/* Kept from all CPUs at once by the quota of its own control group. */
static void judge_quota(const struct evidence *e, struct verdict *v)
{
	double throttled_s = throttled_ns(e) / NS_PER_S;

	if (throttled_s * NS_PER_S <= (double)e->measured_ns * throttled_most)
		return;
	verdict_caution(v, "a CPU quota (cgroup cpu.max) stopped the process: its CPUs for %.2f s in all", throttled_s);
	judge_helped_by(v, "a higher cpu.max");
}

static void judge_steal(const struct evidence *e, struct verdict *v)
{
	const struct procnet *from = reading_net_from(e->edge), *to = reading_net_to(e->edge);
	uint32_t needed = 1u << PROCNET_STEAL_TICKS | 1u << PROCNET_CPU_TICKS;

	if ((from->known & to->known & needed) != needed)
		return;
	double all = (double)(to->value[PROCNET_CPU_TICKS] - from->value[PROCNET_CPU_TICKS]);
	double stolen = (double)(to->value[PROCNET_STEAL_TICKS] - from->value[PROCNET_STEAL_TICKS]);
	if (all > 0 && stolen / all > steal_most)
		verdict_caution(v, "the hypervisor took %.1f %% of the CPU time (steal)", 100 * stolen / all);
}

/* Warns where hardware counters were scaled up, over the workers that have any. */
static void judge_hardware(const struct evidence *e, struct verdict *v)
{
	static const unsigned parts[] = { COUNTER_PERF_UNSEEN_NS, COUNTER_CPU_USER_NS, COUNTER_CPU_SYSTEM_NS };
	double ns[3] = { 0 };

	for (unsigned i = 0; i < e->info->workers; i++)
		for (unsigned k = 0; k < 3 && !(e->info->worker[i].unknown >> COUNTER_PERF_UNSEEN_NS & 1); k++)
			ns[k] += (double)reading_value(e->edge, i, parts[k]);
	double cpu_ns = ns[1] + ns[2];
	if (cpu_ns > 0 && ns[0] / cpu_ns > unseen_most)
		verdict_caution(v,
			"hardware counters are estimates: they had to be shared, and one was not counting for %.0f %% of the "
			"workers' CPU time",
			fmin(100, 100 * ns[0] / cpu_ns));
}

void judge_cpus(const struct evidence *e, struct verdict *v)
{
	judge_workers(e, v);
	judge_delay(e, v);
	judge_quota(e, v);
}

void judge_host_cpus(const struct evidence *e, struct verdict *v)
{
	judge_steal(e, v);
	judge_hardware(e, v);
}
