/* The names in a record.  See results/record.h. */
#include "results/record.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MEMBER(structure, member, kind, low, high)                                                                              \
	{                                                                                                                       \
		.name = #member, .offset = offsetof(struct structure, member), .size = sizeof(((struct structure *)0)->member), \
		.type = kind, .min = low, .max = high                                                                           \
	}

/* Times are bounded so that differences of any two stay within 64 bits. */
#define TIME(structure, member) MEMBER(structure, member, MEMBER_I64, -(INT64_MAX / 4), INT64_MAX / 4)

/* ... and this one is a length of time. */
#define SPAN(structure, member) MEMBER(structure, member, MEMBER_I64, 0, INT64_MAX / 4)

/* That files of earlier versions do not have. */
#define LATER(structure, member, kind, low, high)                                                                               \
	{                                                                                                                       \
		.name = #member, .offset = offsetof(struct structure, member), .size = sizeof(((struct structure *)0)->member), \
		.type = kind, .min = low, .max = high, .optional = true                                                         \
	}
#define LATER_SPAN(structure, member) LATER(structure, member, MEMBER_I64, 0, INT64_MAX / 4)

const struct member sample_members[] = {
	MEMBER(sample, sequence, MEMBER_U64, 0, 0),
	SPAN(sample, window_ns),
	TIME(sample, late_ns),
	MEMBER(sample, is_interval, MEMBER_BOOL, 0, 0),
	MEMBER(sample, interval_s, MEMBER_REAL, 0, 0),
	SPAN(sample, measured_ns),
	SPAN(sample, away_ns),
	LATER_SPAN(sample, suspended_ns),
	LATER_SPAN(sample, held_ns),
	LATER_SPAN(sample, silent_ns),
	MEMBER(sample, load, MEMBER_U64, 0, 0),
	MEMBER(sample, net_fresh, MEMBER_BOOL, 0, 0),
	{ 0 },
};

const struct member latency_members[] = {
	MEMBER(latency_summary, count, MEMBER_U64, 0, 0),
	MEMBER(latency_summary, mean_ns, MEMBER_REAL, 0, 0),
	SPAN(latency_summary, min_ns),
	SPAN(latency_summary, p50_ns),
	SPAN(latency_summary, p75_ns),
	SPAN(latency_summary, p90_ns),
	SPAN(latency_summary, p95_ns),
	SPAN(latency_summary, p99_ns),
	SPAN(latency_summary, p99_9_ns),
	SPAN(latency_summary, p99_99_ns),
	SPAN(latency_summary, max_ns),
	{ 0 },
};

const struct member run_members[] = {
	MEMBER(run_info, id, MEMBER_U32, 1, INT32_MAX),
	MEMBER(run_info, ran, MEMBER_TEXT, 0, 0),
	MEMBER(run_info, peer, MEMBER_TEXT, 0, 0),
	MEMBER(run_info, interface, MEMBER_TEXT, 0, 0),
	MEMBER(run_info, path, MEMBER_TEXT, 0, 0),
	MEMBER(run_info, tx_roles, MEMBER_U32, 0, ROLE_BOTH),
	MEMBER(run_info, rx_roles, MEMBER_U32, 0, ROLE_BOTH),
	MEMBER(run_info, flying, MEMBER_U32, 0, ROLE_BOTH),
	MEMBER(run_info, told, MEMBER_BOOL, 0, 0),
	LATER(run_info, needs_word, MEMBER_BOOL, 0, 0),
	MEMBER(run_info, rest, MEMBER_U32, 0, LEDGER_RESTS - 1),
	MEMBER(run_info, wire_overhead_bytes, MEMBER_U32, 0, 65535),
	MEMBER(run_info, host_places, MEMBER_U32, 0, UINT32_MAX),
	MEMBER(run_info, packet_copies, MEMBER_U32, 0, INT32_MAX),
	MEMBER(run_info, packet_joins, MEMBER_U32, 0, UINT16_MAX),
	MEMBER(run_info, fragments, MEMBER_U32, 0, UINT16_MAX),
	MEMBER(run_info, expects_answers, MEMBER_BOOL, 0, 0),
	MEMBER(run_info, closed_loop, MEMBER_BOOL, 0, 0),
	MEMBER(run_info, load, MEMBER_U64, 0, 0),
	MEMBER(run_info, address_family, MEMBER_INT, 0, 255),
	TIME(run_info, started_ns),
	TIME(run_info, started_wall_ns),
	SPAN(run_info, duration_ns),
	SPAN(run_info, warmup_ns),
	SPAN(run_info, interval_ns),
	{ 0 },
};

const struct member worker_members[] = {
	MEMBER(run_worker, index, MEMBER_U32, 0, UINT16_MAX),
	MEMBER(run_worker, cpu, MEMBER_INT, -1, 1 << 20),
	MEMBER(run_worker, shares_cpu, MEMBER_BOOL, 0, 0),
	MEMBER(run_worker, pinned, MEMBER_BOOL, 0, 0),
	MEMBER(run_worker, moved, MEMBER_BOOL, 0, 0),
	MEMBER(run_worker, unknown_why, MEMBER_TEXT, 0, 0),
	MEMBER(run_worker, hardware_why, MEMBER_TEXT, 0, 0),
	{ 0 },
};

const struct member final_members[] = {
	MEMBER(run_final, interrupted, MEMBER_BOOL, 0, 0),
	SPAN(run_final, suspended_ns),
	SPAN(run_final, held_ns),
	SPAN(run_final, measured_ns),
	MEMBER(run_final, load, MEMBER_U64, 0, 0),
	MEMBER(run_final, never_answered, MEMBER_BOOL, 0, 0),
	MEMBER(run_final, refusal, MEMBER_INT, 0, 4095),
	SPAN(run_final, silent_ns),
	SPAN(run_final, away_ns),
	{ 0 },
};

const struct member details_members[] = {
	TIME(details, at_ns),
	MEMBER(details, seconds, MEMBER_REAL, 0, 0),
	MEMBER(details, missed, MEMBER_U64, 0, 0),
	{ 0 },
};

const struct member stages_members[] = {
	TIME(stage_summary, at_ns),
	MEMBER(stage_summary, stamped, MEMBER_U64, 0, 0),
	{ 0 },
};

const struct member event_members[] = {
	TIME(history_event, at_ns),
	MEMBER(history_event, run_id, MEMBER_U32, 0, INT32_MAX),
	MEMBER(history_event, text, MEMBER_TEXT, 0, 0),
	{ 0 },
};

const char *const severity_names[3] = { [SEVERITY_INFO] = "info", [SEVERITY_WARNING] = "warning", [SEVERITY_ERROR] = "error" };
const char *const ledger_side_names[LEDGER_IN_FLIGHT + 1] = { [LEDGER_NONE] = "none",
	[LEDGER_SENT] = "sent",
	[LEDGER_RECEIVED] = "received",
	[LEDGER_CARRIED] = "carried",
	[LEDGER_LOST_ARRIVING] = "lost_arriving",
	[LEDGER_LOST] = "lost",
	[LEDGER_LOST_UP_TO] = "lost_up_to",
	[LEDGER_ARRIVED_THERE] = "arrived_there",
	[LEDGER_TOLD] = "told",
	[LEDGER_IN_FLIGHT] = "in_flight" };

static const struct {
	unsigned where;
	const char *name;
} kept_names[] = { { HISTORY_FINE, "tick" }, { HISTORY_COARSE, "interval" }, { HISTORY_BASE, "base" } };

enum { KEPT_NAMES = sizeof(kept_names) / sizeof(kept_names[0]) };

char *kept_format(unsigned where, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < KEPT_NAMES && used < size; i++)
		if (where & kept_names[i].where)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "+" : "", kept_names[i].name);
	return out;
}

unsigned kept_parse(const char *text)
{
	unsigned where = 0;

	while (*text) {
		size_t len = strcspn(text, "+");
		unsigned found = 0;

		for (unsigned i = 0; i < KEPT_NAMES; i++)
			if (strlen(kept_names[i].name) == len && !strncmp(text, kept_names[i].name, len))
				found = kept_names[i].where;
		if (!found || where & found)
			return 0;
		where |= found;
		text += len + (text[len] == '+');
	}
	return where;
}
