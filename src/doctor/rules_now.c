/* What disturbs at this moment. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "doctor/rules.h"

static const double steal_note = 0.1, steal_bad = 1, busy_note = 5, busy_bad = 25;

static void look_steal(const struct doctor_facts *facts, struct doctor_finding *f)
{
	double steal = facts->steal_percent;

	if (!(facts->looked_s > 0))
		doctor_say(f, DOCTOR_NOT_KNOWN, "/proc/stat cannot be read here");
	else
		doctor_say(f,
			steal > steal_bad    ? DOCTOR_FALSIFIES
			: steal > steal_note ? DOCTOR_NOTE
					     : DOCTOR_OK,
			"the hypervisor took %.1f %% of the CPU time in %.1f s", steal, facts->looked_s);
}

/* Names who is worth it, and how to stop them: by a signal, but for threads of the kernel. */
static void stop_neighbours(const struct doctor_facts *facts, struct doctor_finding *f)
{
	double named = 0;

	for (unsigned i = 0; i < facts->neighbours && facts->neighbour[i].percent >= busy_note; i++) {
		const struct doctor_neighbour *n = &facts->neighbour[i];

		text_add(f->what, sizeof(f->what), "%s%s (%d) %.0f %%", i ? ", " : ": ", n->name, (int)n->pid, n->percent);
		named += n->percent;
		if (n->kernel)
			continue;
		text_add(f->mend, sizeof(f->mend), "%s %d", *f->mend ? "" : "kill -STOP", (int)n->pid);
		text_add(f->undo, sizeof(f->undo), "%s %d", *f->undo ? "" : "kill -CONT", (int)n->pid);
	}
	if (named < facts->busy_percent / 2)
		text_add(f->what, sizeof(f->what), "%sprocesses that come and go, and small ones", named > 0 ? ", " : ": ");
}

static void look_neighbours(const struct doctor_facts *facts, struct doctor_finding *f)
{
	double busy = facts->busy_percent;

	if (!(facts->looked_s > 0)) {
		doctor_say(f, DOCTOR_NOT_KNOWN, "/proc/stat cannot be read here");
		return;
	}
	doctor_say(f,
		busy > busy_bad    ? DOCTOR_FALSIFIES
		: busy > busy_note ? DOCTOR_NOTE
				   : DOCTOR_OK,
		"others use %.0f %% of a CPU", busy);
	if (f->severity != DOCTOR_OK)
		stop_neighbours(facts, f);
}

static void look_quota(const struct doctor_facts *facts, struct doctor_finding *f)
{
	const char *file = facts->quota.file;
	bool v2 = strstr(file, "cpu.max") != NULL;

	if (!(facts->quota.cpus > 0)) {
		doctor_say(f, DOCTOR_OK, "no control group of ours has one");
		return;
	}
	doctor_say(f, DOCTOR_FALSIFIES, "a control group allows %.2f CPUs of %u (%s)", facts->quota.cpus, facts->allowed.count,
		file);
	snprintf(f->mend, sizeof(f->mend), "echo %s >%s", v2 ? "max" : "-1", file);
	snprintf(f->undo, sizeof(f->undo), "echo %s >%s", facts->quota.text, file);
}

const struct doctor_rule doctor_rules_now[] = {
	{ "neighbours", "busy neighbours", "a worker that waits for its CPU measures the neighbour, not the network",
		look_neighbours },
	{ "steal", "stolen CPU time",
		"time that another virtual machine takes looks like a slow kernel and a long tail; ask for a dedicated CPU, or "
		"measure at another time",
		look_steal },
	{ "cpu_quota", "CPU quota", "when the quota is used up, all workers stand still until the next period", look_quota },
	{ 0 },
};
