/* Hardware counters of the calling thread: see perf.h.
 *
 * A hybrid machine has a PMU per core type, and a plain event counts on one of them only.  So
 * there is an event for each type, which names its PMU in the upper half of config
 * (PERF_PMU_CAP_EXTENDED_HW_TYPE, perf_event_open(2): Linux >= 5.14 on x86, 6.6 on ARM).  Each
 * is enabled whenever the thread runs, and running when it runs on such a core: their sum is the
 * thread's. */
#include "base/perf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

/* Events that share counters take turns of 1 to 10 ms (perf_event_mux_interval_ms). */
static const int64_t turn_ns = 20 * NS_PER_MS;

#define CACHE_READ_MISS(cache) ((cache) | PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

static const struct {
	const char *name;
	uint32_t type;
	uint64_t config;
} events[PERF_EVENTS] = {
	[PERF_CYCLES] = { "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
	[PERF_INSTRUCTIONS] = { "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
	[PERF_L1D_MISSES] = { "l1d_misses", PERF_TYPE_HW_CACHE, CACHE_READ_MISS(PERF_COUNT_HW_CACHE_L1D) },
	[PERF_LLC_MISSES] = { "llc_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
	[PERF_BRANCH_MISSES] = { "branch_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES },
};

/* While they are being opened. */
struct opening {
	struct perf *perf;
	struct core_types types;
	bool plain;                  /* events do not name a PMU */
	int leader[CORE_TYPES_MAX];  /* of the type's group, -1: none yet */
	int error[PERF_EVENTS];      /* why it is unknown: an errno; 0: it is open */
	unsigned where[PERF_EVENTS]; /* on which type */
};

/* ---- the real ones ---- */

static int real_open(const struct perf_event_attr *attr, int group_fd)
{
	return (int)syscall(SYS_perf_event_open, attr, 0, -1, group_fd, PERF_FLAG_FD_CLOEXEC);
}

const struct perf_calls perf_calls_real = { .open = real_open, .read = read, .close = close, .root = "" };

/* ---- reading ---- */

/* The layout of read(2) on an event, as read_format asks for it. */
struct reading {
	uint64_t value, enabled, running;
};

static bool is_open(const struct perf_counter *c)
{
	return c->fd[0] >= 0;
}

/* Enabled is the same time on each core type, but for the moment between their openings. */
static bool read_counter(const struct perf *perf, const struct perf_counter *c, struct reading *ret_sum)
{
	struct reading sum = { 0 }, one;

	for (unsigned t = 0; t < perf->types; t++) {
		if (perf->calls->read(c->fd[t], &one, sizeof(one)) != (ssize_t)sizeof(one))
			return false;
		sum.value += one.value;
		sum.running += one.running;
		sum.enabled = one.enabled > sum.enabled ? one.enabled : sum.enabled;
	}
	*ret_sum = sum;
	return true;
}

static uint64_t scaled(uint64_t n, uint64_t multiplier, uint64_t divisor)
{
	return (uint64_t)((unsigned __int128)n * multiplier / divisor);
}

/* Scales the increase since the last reading, so that the count never falls and a phase contains
 * no part of the one before.  If the event was not counted meanwhile, it is assumed to have
 * continued at its old rate, since 0 would be wrong.  Returns the time without counting. */
static uint64_t advance(struct perf_counter *c, const struct reading *now)
{
	uint64_t value = now->value - c->value, enabled = now->enabled - c->enabled, running = now->running - c->running;

	if (running)
		c->count += running < enabled ? scaled(value, enabled, running) : value;
	else if (c->enabled)
		c->count += scaled(c->count, enabled, c->enabled);
	c->value = now->value;
	c->enabled = now->enabled;
	c->running = now->running;
	return enabled > running ? enabled - running : 0;
}

void perf_update(struct perf *perf)
{
	uint64_t unseen_ns = 0;

	for (unsigned kind = 0; kind < PERF_EVENTS; kind++) {
		struct reading now;

		/* Reading does not fail: it did not when they were opened. */
		if (!(perf->known >> kind & 1) || !perf->calls || !read_counter(perf, &perf->counter[kind], &now))
			continue;
		uint64_t missed_ns = advance(&perf->counter[kind], &now);
		unseen_ns = missed_ns > unseen_ns ? missed_ns : unseen_ns;
	}
	perf->unseen_ns += unseen_ns;
}

bool perf_count(const struct perf *perf, enum perf_event_kind kind, uint64_t *ret_count)
{
	if (!(perf->known >> kind & 1))
		return false;
	*ret_count = perf->counter[kind].count;
	return true;
}

/* ---- opening ---- */

static int try_open(const struct opening *o, unsigned kind, unsigned type, bool user_only, int group)
{
	uint64_t pmu = o->plain ? 0 : (uint64_t)o->types.type[type].pmu << 32;
	struct perf_event_attr attr = {
		.type = events[kind].type,
		.size = sizeof(attr),
		.config = events[kind].config | pmu,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
		.exclude_kernel = user_only,
		.exclude_hv = user_only,
	};
	int fd = o->perf->calls->open(&attr, group);

	return fd >= 0 ? fd : -errno;
}

static bool is_forbidden(int error)
{
	return error == EACCES || error == EPERM;
}

static bool is_missing(int error)
{
	return error == ENOENT || error == ENODEV || error == EOPNOTSUPP;
}

/* The kernel asks for permission before it looks for the hardware.  Nobody shall lower a limit
 * only to learn that there is none. */
static int what_is_missing(const struct opening *o, unsigned kind, unsigned type, int forbidden)
{
	int fd = try_open(o, kind, type, true, -1);

	if (fd >= 0)
		o->perf->calls->close(fd);
	return is_missing(-fd) ? fd : forbidden;
}

static int open_event(struct opening *o, unsigned kind, unsigned type, int group)
{
	int fd = try_open(o, kind, type, false, group);

	/* EINVAL: does not fit into the group; alone it can still be multiplexed. */
	if (fd == -EINVAL && group >= 0)
		fd = try_open(o, kind, type, false, -1);
	return is_forbidden(-fd) ? what_is_missing(o, kind, type, fd) : fd;
}

static void close_counter(const struct perf *perf, struct perf_counter *c)
{
	for (unsigned t = 0; t < perf->types; t++) {
		if (c->fd[t] >= 0)
			perf->calls->close(c->fd[t]);
		c->fd[t] = -1;
	}
}

/* An event that one of the core types lacks would be a part of the number: it is not counted on
 * the others either. */
static void give_up(struct opening *o, unsigned kind, unsigned type, int error)
{
	struct perf_counter *c = &o->perf->counter[kind];

	for (unsigned t = 0; t < o->perf->types; t++)
		if (c->fd[t] >= 0 && c->fd[t] == o->leader[t])
			o->leader[t] = -1;
	close_counter(o->perf, c);
	o->error[kind] = error;
	o->where[kind] = type;
}

static void open_counter(struct opening *o, unsigned kind, bool grouped)
{
	for (unsigned t = 0; t < o->perf->types && !o->error[kind]; t++) {
		int fd = open_event(o, kind, t, grouped ? o->leader[t] : -1);

		if (fd < 0) {
			give_up(o, kind, t, -fd);
			return;
		}
		o->perf->counter[kind].fd[t] = fd;
		if (o->leader[t] < 0)
			o->leader[t] = fd;
	}
}

static void open_counters(struct opening *o, bool grouped)
{
	for (unsigned t = 0; t < CORE_TYPES_MAX; t++)
		o->leader[t] = -1;
	for (unsigned kind = 0; kind < PERF_EVENTS; kind++)
		open_counter(o, kind, grouped);
}

static bool has_run(const struct perf *perf, const struct perf_counter *c)
{
	struct reading now;

	return read_counter(perf, c, &now) && now.running;
}

static bool all_have_run(const struct perf *perf)
{
	for (unsigned kind = 0; kind < PERF_EVENTS; kind++)
		if (is_open(&perf->counter[kind]) && !has_run(perf, &perf->counter[kind]))
			return false;
	return true;
}

/* A group counts as a whole or not at all: where others (the NMI watchdog is one) leave too few
 * counters for it, each event takes its own turns.  The thread does not sleep meanwhile: only
 * while it runs there are turns. */
static void share_counters(struct opening *o)
{
	int64_t deadline = clock_now_ns() + turn_ns;

	for (unsigned kind = 0; kind < PERF_EVENTS; kind++)
		close_counter(o->perf, &o->perf->counter[kind]);
	open_counters(o, false);
	while (!all_have_run(o->perf) && clock_now_ns() < deadline)
		;
	for (unsigned kind = 0; kind < PERF_EVENTS; kind++)
		if (!o->error[kind] && !has_run(o->perf, &o->perf->counter[kind]))
			give_up(o, kind, 0, EBUSY);
}

/* Kernels that cannot be told which PMU take a plain event, and count it on the PMU that they
 * find first.  For a thread that stays on one type of cores that is right or never runs. */
static void choose_form(struct opening *o)
{
	o->plain = !o->types.count || (o->types.count == 1 && !o->types.others);
	if (o->plain || o->types.count > 1)
		return;
	int fd = open_event(o, PERF_CYCLES, 0, -1);
	if (fd >= 0)
		o->perf->calls->close(fd);
	o->plain = fd == -EINVAL || is_missing(-fd);
}

/* ---- why not ---- */

static bool read_paranoid(const char *root, int *ret_level)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/proc/sys/kernel/perf_event_paranoid", root);
	FILE *f = fopen(path, "re");
	bool good = f && fscanf(f, "%d", ret_level) == 1;
	if (f)
		fclose(f);
	return good;
}

static void word_forbidden(const struct opening *o, const char *reason, char *out, size_t size)
{
	int level;

	if (read_paranoid(o->perf->calls->root, &level) && level > 1)
		snprintf(out, size,
			"kernel.perf_event_paranoid is %d: counting the kernel takes 1 or less, or CAP_PERFMON (perf_event_open: "
			"%s)",
			level, reason);
	else
		snprintf(out, size, "not permitted, perhaps by the policy of a container (perf_event_open: %s)", reason);
}

static void word(const struct opening *o, unsigned kind, bool all, char *out, size_t size)
{
	const char *cores = o->types.count + o->types.others > 1 ? o->types.type[o->where[kind]].name : NULL;
	char scratch[64];
	int error = o->error[kind];
	const char *reason = strerror_r(error, scratch, sizeof(scratch));

	if (error == E2BIG)
		snprintf(out, size, "not counted with more than %u workers: opening and reading them would hold up the run",
			PERF_WORKERS);
	else if (is_forbidden(error))
		word_forbidden(o, reason, out, size);
	else if (error == EBUSY && o->plain && cores)
		snprintf(out, size, "this kernel does not count on %s cores", cores);
	else if (error == EBUSY)
		snprintf(out, size, "other programs hold the hardware counters (perf, the NMI watchdog)");
	else if (is_missing(error) && cores && !o->plain)
		snprintf(out, size, "not counted on %s cores (perf_event_open: %s)", cores, reason);
	else if (is_missing(error))
		snprintf(out, size, "%s (perf_event_open: %s)",
			all ? "no hardware counters on this machine" : "not counted by this CPU", reason);
	else
		snprintf(out, size, "perf_event_open: %s", reason);
}

/* The events that are unknown for the same reason as this one: a bit each. */
static unsigned alike(const struct opening *o, unsigned kind)
{
	unsigned set = 0;

	for (unsigned i = 0; i < PERF_EVENTS; i++)
		if (o->error[i] == o->error[kind] && o->where[i] == o->where[kind])
			set |= 1u << i;
	return set;
}

static void add_text(char *out, size_t size, const char *text)
{
	size_t used = strlen(out);

	snprintf(out + used, size - used, "%s", text);
}

/* "l1d_misses, llc_misses: not counted by this CPU (...)"; without names if it is true of
 * all. */
static void explain(const struct opening *o)
{
	char *why = o->perf->why, text[160];
	size_t size = sizeof(o->perf->why);
	unsigned said = 0, all = (1u << PERF_EVENTS) - 1;

	for (unsigned kind = 0; kind < PERF_EVENTS; kind++) {
		unsigned set = alike(o, kind), named = 0;

		if (!o->error[kind] || said >> kind & 1)
			continue;
		for (unsigned i = 0; i < PERF_EVENTS && set != all; i++)
			if (set >> i & 1) {
				add_text(why, size, named++ ? ", " : said ? "; " : "");
				add_text(why, size, events[i].name);
			}
		word(o, kind, set == all, text, sizeof(text));
		add_text(why, size, named ? ": " : "");
		add_text(why, size, text);
		said |= set;
	}
}

/* ---- public ---- */

static void open_events(struct perf *perf, const struct perf_calls *calls, const struct cpu_list *cpus, bool few)
{
	struct opening o = { .perf = perf };
	struct err err = ERR_NONE;

	*perf = (struct perf){ .calls = calls };
	for (unsigned kind = 0; kind < PERF_EVENTS; kind++)
		for (unsigned t = 0; t < CORE_TYPES_MAX; t++)
			perf->counter[kind].fd[t] = -1;
	if (core_types_find(calls->root, cpus, &o.types, &err) < 0) {
		snprintf(perf->why, sizeof(perf->why), "%s", err.text);
		return;
	}
	perf->types = o.types.count ? o.types.count : 1;
	for (unsigned kind = 0; few && kind < PERF_EVENTS; kind++)
		o.error[kind] = kind == PERF_CYCLES || kind == PERF_INSTRUCTIONS ? 0 : E2BIG;
	choose_form(&o);
	open_counters(&o, true);
	if (!all_have_run(perf) && !few)
		share_counters(&o);
	for (unsigned kind = 0; few && kind < PERF_EVENTS; kind++)
		if (!o.error[kind] && !has_run(perf, &perf->counter[kind]))
			give_up(&o, kind, 0, EBUSY);
	for (unsigned kind = 0; kind < PERF_EVENTS; kind++)
		perf->known |= (unsigned)!o.error[kind] << kind;
	explain(&o);
	perf_update(perf);
}

void perf_open_self(struct perf *perf, const struct perf_calls *calls, const struct cpu_list *cpus)
{
	open_events(perf, calls, cpus, false);
}

void perf_open_few(struct perf *perf, const struct perf_calls *calls, const struct cpu_list *cpus)
{
	open_events(perf, calls, cpus, true);
}

void perf_close(struct perf *perf)
{
	if (!perf || !perf->calls)
		return;
	for (unsigned kind = 0; kind < PERF_EVENTS; kind++)
		close_counter(perf, &perf->counter[kind]);
	perf->calls = NULL;
}
