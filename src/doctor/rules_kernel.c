/* What the kernel, and the limits of this user, allow. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "doctor/rules.h"

enum {
	PARANOID_WANTED = 1,
	MEMLOCK_WANTED = 8 << 20, /* rings, and pages that MSG_ZEROCOPY pins */
	NOFILE_WANTED = 20500,    /* 10,000 connections, both ends here */
	USERNS_WANTED = 1024,
};

/* Nothing else tells that the kernel lets us count, so the counters have been tried. */
static void look_paranoid(const struct doctor_facts *facts, struct doctor_finding *f)
{
	int level = facts->host.perf_paranoid;

	if (facts->pmu == 1 || facts->root || level <= PARANOID_WANTED)
		doctor_say(f, DOCTOR_OK, "kernel.perf_event_paranoid is %d", level);
	else {
		doctor_say(f, DOCTOR_LIMITS, "kernel.perf_event_paranoid is %d", level);
		doctor_sysctl(f, "kernel.perf_event_paranoid", PARANOID_WANTED, level);
	}
}

static void look_pmu(const struct doctor_facts *facts, struct doctor_finding *f)
{
	if (facts->pmu == 1)
		doctor_say(f, DOCTOR_OK, "hardware counters count here");
	else if (!facts->root && facts->host.perf_paranoid > PARANOID_WANTED)
		doctor_say(f, DOCTOR_NOT_KNOWN, "kernel.perf_event_paranoid forbids a try");
	else
		doctor_say(f, DOCTOR_NOTE, "%s", *facts->pmu_why ? facts->pmu_why : "no hardware counters on this machine");
}

static void look_namespaces(const struct doctor_facts *facts, struct doctor_finding *f)
{
	const struct {
		const char *name;
		int64_t present, wanted;
		bool forbids;
	} of[] = {
		{ "user.max_user_namespaces", facts->userns_max, USERNS_WANTED, facts->userns_max == 0 },
		{ "kernel.unprivileged_userns_clone", facts->userns_clone, 1, facts->userns_clone == 0 && !facts->root },
		{ "kernel.apparmor_restrict_unprivileged_userns", facts->userns_apparmor, 0,
			facts->userns_apparmor == 1 && !facts->root },
	};

	if (facts->userns_max < 0) {
		doctor_say(f, DOCTOR_NOT_KNOWN, "/proc/sys/user/max_user_namespaces cannot be read here");
		return;
	}
	doctor_say(f, DOCTOR_OK, "allowed");
	for (unsigned i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (of[i].forbids) {
			doctor_say(f, DOCTOR_LIMITS, "%s is %lld", of[i].name, (long long)of[i].present);
			doctor_sysctl(f, of[i].name, of[i].wanted, of[i].present);
			return;
		}
}

static void look_io_uring(const struct doctor_facts *facts, struct doctor_finding *f)
{
	int disabled = facts->io_uring_disabled;

	if (disabled == DOCTOR_UNKNOWN) {
		doctor_say(f, DOCTOR_NOT_KNOWN, "kernel.io_uring_disabled is not there (Linux before 6.6, or no io_uring)");
		return;
	}
	bool forbids = disabled == 2 || (disabled == 1 && !facts->root);
	doctor_say(f, forbids ? DOCTOR_LIMITS : DOCTOR_OK, "kernel.io_uring_disabled is %d", disabled);
	if (forbids)
		doctor_sysctl(f, "kernel.io_uring_disabled", 0, disabled);
}

/* ---- limits ---- */

static void limit_command(char out[DOCTOR_COMMAND_BYTES], const char *option, int64_t value, int64_t unit)
{
	if (value == INT64_MAX)
		snprintf(out, DOCTOR_COMMAND_BYTES, "ulimit %s unlimited", option);
	else
		snprintf(out, DOCTOR_COMMAND_BYTES, "ulimit %s %lld", option, (long long)(value / unit));
}

/* Up to the hard limit anybody may raise it; beyond, root: of the shell that starts netdyno. */
static void raise_memlock(const struct doctor_facts *facts, struct doctor_finding *f)
{
	if (facts->memlock_hard >= MEMLOCK_WANTED) {
		limit_command(f->mend, "-S -l", facts->memlock_hard, 1024);
		limit_command(f->undo, "-S -l", facts->memlock_soft, 1024);
		return;
	}
	snprintf(f->mend, sizeof(f->mend), "sudo prlimit --pid $$ --memlock=%d:%d", MEMLOCK_WANTED, MEMLOCK_WANTED);
	snprintf(f->undo, sizeof(f->undo), "prlimit --pid $$ --memlock=%lld:%lld", (long long)facts->memlock_soft,
		(long long)facts->memlock_hard);
}

static void look_memlock(const struct doctor_facts *facts, struct doctor_finding *f)
{
	char text[32];

	if (facts->memlock_soft < 0)
		doctor_say(f, DOCTOR_NOT_KNOWN, "getrlimit does not tell");
	else if (facts->root || facts->memlock_soft == INT64_MAX)
		doctor_say(f, DOCTOR_OK, "no limit");
	else
		doctor_say(f, facts->memlock_soft < MEMLOCK_WANTED ? DOCTOR_LIMITS : DOCTOR_OK, "%s",
			text_size(facts->memlock_soft, text, sizeof(text)));
	if (f->severity == DOCTOR_LIMITS)
		raise_memlock(facts, f);
}

/* The soft limit is raised by netdyno itself as far as the hard one lets it. */
static void look_descriptors(const struct doctor_facts *facts, struct doctor_finding *f)
{
	int64_t hard = facts->nofile_hard;

	if (hard < 0)
		doctor_say(f, DOCTOR_NOT_KNOWN, "getrlimit does not tell");
	else if (hard >= NOFILE_WANTED)
		doctor_say(f, DOCTOR_OK, "enough");
	else {
		doctor_say(f, DOCTOR_LIMITS, "at most %lld, about %lld connections with both ends here", (long long)hard,
			(long long)(hard > 64 ? (hard - 64) / 2 : 0));
		snprintf(f->mend, sizeof(f->mend), "sudo prlimit --pid $$ --nofile=%d:%d", NOFILE_WANTED, NOFILE_WANTED);
		snprintf(f->undo, sizeof(f->undo), "prlimit --pid $$ --nofile=%lld:%lld", (long long)facts->nofile_soft,
			(long long)hard);
	}
}

const struct doctor_rule doctor_rules_kernel[] = {
	{ "perf_event_paranoid", "who may count cycles",
		"the kernel's share of cycles and instructions stays unknown, and most of network I/O is spent there",
		look_paranoid },
	{ "pmu", "hardware counters", "cycles, instructions and cache misses stay unknown; CPU time and context switches do not",
		look_pmu },
	{ "user_namespaces", "user namespaces", "a private network (path veth) needs root without them", look_namespaces },
	{ "io_uring", "io_uring", "methods that use it do not run", look_io_uring },
	{ "memlock", "locked memory", "MSG_ZEROCOPY and rings pin pages, and get ENOBUFS or ENOMEM beyond the limit",
		look_memlock },
	{ "descriptors", "open files", "chat has two descriptors for each connection, and gets no more connections than that",
		look_descriptors },
	{ 0 },
};
