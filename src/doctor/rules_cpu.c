/* CPUs, clock, and what is below the kernel. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "doctor/rules.h"

enum { LIST_BYTES = 400 };

/* The command that runs server and client where doctor_place() says; without one nothing is
 * written. */
static void say_places(const struct doctor_facts *facts, struct doctor_finding *f)
{
	struct cpu_list server, client;
	char left[LIST_BYTES], right[LIST_BYTES];

	if (!doctor_place(facts, &server, &client))
		return;
	snprintf(f->mend, sizeof(f->mend), "netdyno run echo --server-cpus %s --client-cpus %s",
		cpu_list_format(&server, left, sizeof(left)), cpu_list_format(&client, right, sizeof(right)));
	snprintf(f->undo, sizeof(f->undo), "netdyno run echo");
}

static void look_cpus(const struct doctor_facts *facts, struct doctor_finding *f)
{
	unsigned allowed = facts->allowed.count, online = facts->online.count;
	char text[LIST_BYTES];

	if (allowed < 2)
		doctor_say(f, DOCTOR_FALSIFIES, "%u CPU (%u online): server and client share it", allowed, online);
	else if (allowed < online)
		doctor_say(f, DOCTOR_NOTE, "%u of %u CPUs may be used (affinity mask %s)", allowed, online,
			cpu_list_format(&facts->allowed, text, sizeof(text)));
	else
		doctor_say(f, DOCTOR_OK, "%u CPUs", allowed);
	if (allowed < online) {
		snprintf(f->mend, sizeof(f->mend), "taskset -pc %s $$", cpu_list_format(&facts->online, text, sizeof(text)));
		snprintf(f->undo, sizeof(f->undo), "taskset -pc %s $$", cpu_list_format(&facts->allowed, text, sizeof(text)));
	}
}

static void look_smt(const struct doctor_facts *facts, struct doctor_finding *f)
{
	bool known = facts->allowed.count && facts->core[0] >= 0;

	if (!known)
		doctor_say(f, DOCTOR_NOT_KNOWN, "/sys does not tell which CPUs share a core%s",
			*facts->host.hypervisor && strcmp(facts->host.hypervisor, "none") ? " (a virtual machine may hide it)"
											  : "");
	else if (!doctor_shares_core(facts))
		doctor_say(f, DOCTOR_OK, "server and client share no core");
	else
		doctor_say(f, DOCTOR_LIMITS, "server and client run on siblings of one core where nobody places them");
	if (f->severity == DOCTOR_LIMITS)
		say_places(facts, f);
}

static void look_numa(const struct doctor_facts *facts, struct doctor_finding *f)
{
	unsigned nodes = 0, known = 0;

	for (unsigned i = 0; i < facts->allowed.count; i++) {
		bool is_new = facts->node[i] >= 0;

		known += facts->node[i] >= 0;
		for (unsigned j = 0; j < i; j++)
			is_new &= facts->node[j] != facts->node[i];
		nodes += is_new;
	}
	if (!known)
		doctor_say(f, DOCTOR_NOT_KNOWN, "/sys does not tell the nodes");
	else if (nodes < 2)
		doctor_say(f, DOCTOR_OK, "one node");
	else if (facts->interface_node >= 0)
		doctor_say(f, DOCTOR_LIMITS, "our CPUs are on %u nodes, %s is on node %d", nodes, facts->interface,
			facts->interface_node);
	else
		doctor_say(f, DOCTOR_LIMITS, "our CPUs are on %u nodes: server and client may be on two", nodes);
	if (f->severity == DOCTOR_LIMITS)
		say_places(facts, f);
}

static void set_governor(char *out, size_t size, const char *name, const struct cpu_list *cpus)
{
	char words[DOCTOR_COMMAND_BYTES / 2] = "";

	/* 0-3,6 is {0..3} 6 for bash */
	for (unsigned i = 0, end; i < cpus->count; i = end) {
		for (end = i + 1; end < cpus->count && cpus->cpu[end] == cpus->cpu[end - 1] + 1;)
			end++;
		if (end - i > 2)
			text_add(words, sizeof(words), " {%d..%d}", cpus->cpu[i], cpus->cpu[end - 1]);
		else
			for (unsigned j = i; j < end; j++)
				text_add(words, sizeof(words), " %d", cpus->cpu[j]);
	}
	text_add(out, size, "%sfor c in%s; do echo %s >/sys/devices/system/cpu/cpu$c/cpufreq/scaling_governor; done",
		*out ? "; " : "", words, name);
}

static void look_governor(const struct doctor_facts *facts, struct doctor_finding *f)
{
	if (!facts->governors) {
		doctor_say(f, DOCTOR_OK, "this machine has none to choose");
		return;
	}
	doctor_say(f, DOCTOR_OK, "performance");
	for (unsigned i = 0; i < facts->governors; i++) {
		const struct doctor_governor *g = &facts->governor[i];
		char list[LIST_BYTES];

		if (!strcmp(g->name, "performance"))
			continue;
		if (f->severity == DOCTOR_OK)
			doctor_say(f, DOCTOR_FALSIFIES, "%s", "");
		text_add(f->what, sizeof(f->what), "%s%s on CPUs %s", *f->what ? "; " : "", g->name,
			cpu_list_format(&g->cpus, list, sizeof(list)));
		set_governor(f->mend, sizeof(f->mend), "performance", &g->cpus);
		set_governor(f->undo, sizeof(f->undo), g->name, &g->cpus);
	}
}

/* These are read without a system call (vdso(7)). */
static bool is_fast_clock(const char *name)
{
	static const char *const fast[] = { "tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter",
		"riscv_clocksource", "timebase", "tod", "stable_counter" };

	for (unsigned i = 0; i < sizeof(fast) / sizeof(fast[0]); i++)
		if (!strcmp(name, fast[i]))
			return true;
	return false;
}

static void look_clock(const struct doctor_facts *facts, struct doctor_finding *f)
{
	static const char file[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
	const char *clock = facts->host.clocksource;

	if (!*clock)
		doctor_say(f, DOCTOR_NOT_KNOWN, "/sys does not tell");
	else
		doctor_say(f, is_fast_clock(clock) ? DOCTOR_OK : DOCTOR_LIMITS, "%s", clock);
	if (f->severity == DOCTOR_LIMITS && doctor_has_word(facts->clocksources, "tsc")) {
		snprintf(f->mend, sizeof(f->mend), "echo tsc >%s", file);
		snprintf(f->undo, sizeof(f->undo), "echo %s >%s", clock, file);
	}
}

static void look_machine(const struct doctor_facts *facts, struct doctor_finding *f)
{
	const char *hypervisor = facts->host.hypervisor;

	if (!*hypervisor)
		doctor_say(f, DOCTOR_NOT_KNOWN, "neither the CPU nor /sys tells");
	else if (!strcmp(hypervisor, "none"))
		doctor_say(f, DOCTOR_OK, "no");
	else
		doctor_say(f, DOCTOR_NOTE, "yes: %s", hypervisor);
}

static void look_mitigations(const struct doctor_facts *facts, struct doctor_finding *f)
{
	const char *text = facts->host.mitigations;

	if (!*text)
		doctor_say(f, DOCTOR_NOT_KNOWN, "/sys does not tell");
	else if (!strcmp(text, "none needed"))
		doctor_say(f, DOCTOR_OK, "none needed");
	else
		doctor_say(f, DOCTOR_NOTE, "%s", text);
}

const struct doctor_rule doctor_rules_cpu[] = {
	{ "cpus", "CPUs", "server and client each need a CPU of their own, else each waits for the other", look_cpus },
	{ "governor", "frequency governor",
		"the clock of a CPU follows the load: a run with more load has faster CPUs, and numbers cannot be compared",
		look_governor },
	{ "smt", "siblings of a core", "two threads of one core share its units and caches: each is slower, and unevenly",
		look_smt },
	{ "numa", "NUMA nodes", "memory and interrupts of another node cost more, and runs differ by where they land",
		look_numa },
	{ "clocksource", "clock source",
		"with this one each reading of the time is a system call of hundreds of nanoseconds or more: every time stamp "
		"costs it",
		look_clock },
	{ "virtual_machine", "virtual machine",
		"interrupts, timers and wake-ups cost more than on the bare machine; compare with runs of this machine only",
		look_machine },
	{ "mitigations", "mitigations of CPU flaws",
		"they make system calls dearer: state them with the numbers (results do), and compare with none that lack them",
		look_mitigations },
	{ 0 },
};
