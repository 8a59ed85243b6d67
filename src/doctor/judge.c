/* The judgement.  See doctor.h. */
#include "doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/rules.h"

const char *const doctor_severity_names[DOCTOR_SEVERITIES] = { [DOCTOR_OK] = "ok",
	[DOCTOR_NOT_KNOWN] = "not known",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_LIMITS] = "limits",
	[DOCTOR_FALSIFIES] = "falsifies" };

void doctor_say(struct doctor_finding *f, enum doctor_severity severity, const char *fmt, ...)
{
	va_list args;

	f->severity = severity;
	va_start(args, fmt);
	vsnprintf(f->what, sizeof(f->what), fmt, args);
	va_end(args);
}

void doctor_sysctl(struct doctor_finding *f, const char *name, int64_t value, int64_t present)
{
	snprintf(f->mend, sizeof(f->mend), "sysctl -w %s=%lld", name, (long long)value);
	snprintf(f->undo, sizeof(f->undo), "sysctl -w %s=%lld", name, (long long)present);
}

bool doctor_has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	while (*list) {
		size_t n = strcspn(list, " ");

		if (n == length && !strncmp(list, word, n))
			return true;
		list += n + strspn(list + n, " ");
	}
	return false;
}

/* ---- where server and client run ---- */

static bool judge_is_near(const struct doctor_facts *facts, unsigned i, int node)
{
	return node < 0 || facts->node[i] == node;
}

/* The cores of a node, by their first CPU. */
static void judge_cores(const struct doctor_facts *facts, int node, struct cpu_list *ret_cores)
{
	ret_cores->count = 0;
	for (unsigned i = 0; i < facts->allowed.count; i++)
		if (facts->core[i] >= 0 && judge_is_near(facts, i, node) && !cpu_list_has(ret_cores, facts->core[i]))
			ret_cores->cpu[ret_cores->count++] = facts->core[i];
}

static int judge_best_node(const struct doctor_facts *facts)
{
	struct cpu_list cores;

	judge_cores(facts, facts->interface_node, &cores);
	if (facts->interface_node >= 0 && cores.count >= 2)
		return facts->interface_node;
	for (unsigned i = 0; i < facts->allowed.count; i++) {
		judge_cores(facts, facts->node[i], &cores);
		if (facts->node[i] >= 0 && cores.count >= 2)
			return facts->node[i];
	}
	return DOCTOR_UNKNOWN;
}

bool doctor_place(const struct doctor_facts *facts, struct cpu_list *ret_server, struct cpu_list *ret_client)
{
	int node = judge_best_node(facts);
	struct cpu_list cores;

	judge_cores(facts, node, &cores);
	ret_server->count = ret_client->count = 0;
	for (unsigned i = 0; i < facts->allowed.count; i++) {
		unsigned core = 0;

		while (core < cores.count && cores.cpu[core] != facts->core[i])
			core++;
		if (core == cores.count || !judge_is_near(facts, i, node))
			continue;
		struct cpu_list *side = core < cores.count / 2 ? ret_server : ret_client;
		side->cpu[side->count++] = facts->allowed.cpu[i];
	}
	return cores.count >= 2;
}

/* As plan.c shares CPUs out where nobody names them: servers from the front, clients from the
 * middle on. */
bool doctor_shares_core(const struct doctor_facts *facts)
{
	unsigned n = facts->allowed.count, half = n / 2;

	for (unsigned server = 0; server < half; server++)
		for (unsigned client = half; client < n; client++)
			if (facts->core[server] >= 0 && facts->core[server] == facts->core[client])
				return true;
	return false;
}

/* ---- the report ---- */

static void judge_rules(const struct doctor_facts *facts, const struct doctor_rule *rule, struct doctor_report *report)
{
	for (; rule->id && report->count < DOCTOR_FINDINGS_MAX; rule++) {
		struct doctor_finding *f = &report->finding[report->count++];

		*f = (struct doctor_finding){ .id = rule->id, .title = rule->title, .why = rule->why };
		rule->look(facts, f);
	}
}

static void judge_refusals(const struct doctor_facts *facts, struct doctor_report *report)
{
	for (unsigned i = 0; i < facts->refusals && report->count < DOCTOR_FINDINGS_MAX; i++) {
		struct doctor_finding *f = &report->finding[report->count++];

		*f = (struct doctor_finding){ .id = "runs",
			.title = "what does not run here",
			.why = "it cannot be measured on this host; netdyno list says the same" };
		doctor_say(f, DOCTOR_LIMITS, "%s: %s", facts->refusal[i].what, facts->refusal[i].why);
	}
}

/* Worse ones move up past better ones only, so that equals keep their order. */
static void judge_sort(struct doctor_report *report)
{
	for (unsigned i = 1; i < report->count; i++) {
		struct doctor_finding moving = report->finding[i];
		unsigned at = i;

		for (; at > 0 && report->finding[at - 1].severity < moving.severity; at--)
			report->finding[at] = report->finding[at - 1];
		report->finding[at] = moving;
	}
}

void doctor_judge(const struct doctor_facts *facts, struct doctor_report *ret_report)
{
	ret_report->count = 0;
	memset(ret_report->of, 0, sizeof(ret_report->of));
	judge_rules(facts, doctor_rules_now, ret_report);
	judge_rules(facts, doctor_rules_cpu, ret_report);
	judge_rules(facts, doctor_rules_net, ret_report);
	judge_rules(facts, doctor_rules_kernel, ret_report);
	judge_refusals(facts, ret_report);
	for (unsigned i = 0; i < ret_report->count; i++)
		ret_report->of[ret_report->finding[i].severity]++;
	judge_sort(ret_report);
}
