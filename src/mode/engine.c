/* Shared by all modes: the counters that each worker has, and looking things up in a mode's
 * tables.  See engine.h. */
#include "mode/engine.h"

#include <string.h>

const char *const role_names[] = { NULL, "server", "client", "both" };

const char *phase_name(enum phase phase)
{
	static const char *const names[] = {
		[PHASE_IDLE] = "idle",
		[PHASE_PREPARE] = "prepare",
		[PHASE_WARMUP] = "warm-up",
		[PHASE_SETTLE] = "settle",
		[PHASE_MEASURE] = "measure",
		[PHASE_DRAIN] = "drain",
		[PHASE_DONE] = "done",
		[PHASE_FAILED] = "failed",
	};

	return (unsigned)phase < sizeof(names) / sizeof(names[0]) ? names[phase] : "unknown";
}

static unsigned own_counters(const struct engine *e)
{
	unsigned n = 0;

	while (e && e->counters && e->counters[n].name && n < COUNTERS_MAX - COUNTER_OWN)
		n++;
	return n;
}

unsigned engine_counters(const struct engine *e)
{
	return COUNTER_OWN + own_counters(e);
}

const struct counter_def *engine_counter(const struct engine *e, unsigned index)
{
	return index < COUNTER_OWN ? &counters_common[index] : &e->counters[index - COUNTER_OWN];
}

int engine_find_counter(const struct engine *e, const char *name)
{
	unsigned n = engine_counters(e);

	for (unsigned i = 0; i < n; i++)
		if (!strcmp(engine_counter(e, i)->name, name))
			return (int)i;
	return -1;
}

uint64_t counter_merge(enum counter_kind kind, uint64_t a, uint64_t b)
{
	switch (kind) {
	case COUNTER_SUM:
	case COUNTER_GAUGE:
		return a + b;
	case COUNTER_MIN:
		return a < b ? a : b;
	case COUNTER_MAX:
		if (a == COUNTER_NOTHING || b == COUNTER_NOTHING)
			return a == COUNTER_NOTHING ? b : a;
		return a > b ? a : b;
	}
	return 0;
}

unsigned detail_columns(const struct detail_def *def)
{
	unsigned n = 0;

	while (def && n < DETAIL_COLUMNS_MAX && def->columns[n].name)
		n++;
	return n;
}

unsigned engine_latencies(const struct engine *e)
{
	unsigned n = 0;

	while (e->latencies && n < LATENCIES_MAX && e->latencies[n].name)
		n++;
	return n;
}

unsigned engine_stages(const struct engine *e)
{
	unsigned n = 0;

	while (e->stages && n < STAGES_MAX && e->stages[n].name)
		n++;
	return n;
}

const struct role_words *engine_role(const struct engine *e, unsigned roles)
{
	static const struct role_words server = { "server", "srv" }, client = { "client", "cli" };

	if (roles & ROLE_SERVER)
		return e->server ? e->server : &server;
	return e->client ? e->client : &client;
}

unsigned engine_methods(const struct engine *e)
{
	unsigned n = 0;

	while (e->methods && e->methods[n])
		n++;
	return n;
}

bool method_runs(const struct method *m, char *why, size_t size)
{
	if (size)
		why[0] = '\0';
	if (!m->missing)
		return !m->probe || m->probe(why, size);
	snprintf(why, size, "%s", m->missing);
	return false;
}

bool method_runs_on_veth(const struct method *m, char *why, size_t size)
{
	if (!m->packet_socket || m->loads_program || m->missing)
		return method_runs(m, why, size);
	if (size)
		why[0] = '\0';
	return true;
}

const struct method *engine_find_method(const struct engine *e, const char *name)
{
	for (unsigned i = 0; e->methods && e->methods[i]; i++)
		if (!strcmp(e->methods[i]->name, name))
			return e->methods[i];
	return NULL;
}

const struct engine *engine_find(const struct engine *const *engines, const char *name)
{
	for (unsigned i = 0; engines[i]; i++)
		if (!strcmp(engines[i]->name, name))
			return engines[i];
	return NULL;
}

enum {
	EACH = SHOW_DRILL | SHOW_CORE,
	WIDE = SHOW_DRILL | SHOW_CORE | SHOW_SUM,
};

/* TX_PACKETS and RX_PACKETS stand on no side here: the plan's tx_ledger and rx_ledger say where. */
const struct counter_def counters_common[COUNTER_OWN] = {
	[COUNTER_TX_PACKETS] = { .name = "tx_packets",
		.title = "tx",
		.unit = "packets",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "datagrams or messages that the kernel took" },
	[COUNTER_TX_BYTES] = { .name = "tx_bytes",
		.title = "tx B",
		.unit = "bytes",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "bytes that the application sent in them" },
	[COUNTER_RX_PACKETS] = { .name = "rx_packets",
		.title = "rx",
		.unit = "packets",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "valid datagrams or messages that arrived, each counted once" },
	[COUNTER_RX_BYTES] = { .name = "rx_bytes",
		.title = "rx B",
		.unit = "bytes",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "bytes that the application received in them" },
	[COUNTER_IN_FLIGHT] = { .name = "in_flight",
		.title = "flying",
		.unit = "packets",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_BOTH,
		.ledger = LEDGER_IN_FLIGHT,
		.show = SHOW_DRILL,
		.help = "sent, not yet answered and not yet given up" },
	[COUNTER_SCHEDULED] = { .name = "scheduled",
		.title = "due",
		.unit = "packets",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "packets due by the schedule of an open loop; 0 in a closed loop" },
	[COUNTER_SYSCALLS] = { .name = "syscalls",
		.title = "syscalls",
		.unit = "calls",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "system calls of the worker, its waits included" },
	[COUNTER_WAITS] = { .name = "waits",
		.title = "waits",
		.unit = "calls",
		.roles = ROLE_BOTH,
		.show = EACH,
		.help = "times the worker slept because there was nothing to do" },
	[COUNTER_CPU_USER_NS] = { .name = "cpu_user_ns",
		.title = "user",
		.unit = "ns",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "CPU time in user space, from getrusage(RUSAGE_THREAD)" },
	[COUNTER_CPU_SYSTEM_NS] = { .name = "cpu_system_ns",
		.title = "system",
		.unit = "ns",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "CPU time in the kernel, from getrusage(RUSAGE_THREAD)" },
	[COUNTER_CTX_VOLUNTARY] = { .name = "ctx_voluntary",
		.title = "ctx vol",
		.unit = "switches",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "context switches because the worker slept" },
	[COUNTER_CTX_INVOLUNTARY] = { .name = "ctx_involuntary",
		.title = "ctx inv",
		.unit = "switches",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "context switches because something else took the CPU" },
	[COUNTER_PAGE_FAULTS] = { .name = "page_faults",
		.title = "faults",
		.unit = "faults",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "page faults, minor and major" },
	[COUNTER_CYCLES] = { .name = "cycles",
		.title = "cycles",
		.unit = "cycles",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "CPU cycles of the worker's thread; unknown without a hardware counter" },
	[COUNTER_INSTRUCTIONS] = { .name = "instructions",
		.title = "instr",
		.unit = "instructions",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "instructions retired; unknown without a hardware counter" },
	[COUNTER_L1D_MISSES] = { .name = "l1d_misses",
		.title = "l1d miss",
		.unit = "misses",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "level 1 data cache read misses; unknown without a hardware counter" },
	[COUNTER_LLC_MISSES] = { .name = "llc_misses",
		.title = "llc miss",
		.unit = "misses",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "last level cache misses; unknown without a hardware counter" },
	[COUNTER_BRANCH_MISSES] = { .name = "branch_misses",
		.title = "br miss",
		.unit = "misses",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "mispredicted branches; unknown without a hardware counter" },
	[COUNTER_PERF_UNSEEN_NS] = { .name = "perf_unseen_ns",
		.title = "unseen",
		.unit = "ns",
		.roles = ROLE_BOTH,
		.show = SHOW_CORE,
		.help = "CPU time in which a hardware counter did not count; its value is scaled up for that" },
	[COUNTER_RUN_DELAY_NS] = { .name = "run_delay_ns",
		.title = "delay",
		.unit = "ns",
		.roles = ROLE_BOTH,
		.show = EACH,
		.help = "time that the worker was ready to run and something else had its CPU" },
	[COUNTER_HELPER_CPU_NS] = { .name = "helper_cpu_ns",
		.title = "helpers",
		.unit = "ns",
		.roles = ROLE_BOTH,
		.show = WIDE | SHOW_IF_ANY,
		.help = "CPU time of the threads that work for the worker, from their CPU clocks" },
	[COUNTER_OBSERVED_NS] = { .name = "observed_ns",
		.title = "observed",
		.unit = "ns",
		.roles = ROLE_BOTH,
		.show = 0,
		.help = "when CPU time, context switches and hardware counters were read" },
};
