/* Buffers, queues, the interface, and TCP. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "doctor/rules.h"

enum {
	BUFFER_WANTED = 16 << 20,  /* a second of 100 Mbit/s, or 10 ms of 10 Gbit/s */
	BACKLOG_WANTED = 10000,    /* ten times the kernel's default */
	OPTMEM_WANTED = 128 << 10, /* the kernel's default since 6.7 */
};

static void look_buffer(struct doctor_finding *f, const char *name, int64_t present)
{
	char text[32], full[64];

	snprintf(full, sizeof(full), "net.core.%s", name);
	if (present < 0)
		doctor_say(f, DOCTOR_NOT_KNOWN, "/proc/sys/net/core/%s cannot be read here", name);
	else
		doctor_say(f, present < BUFFER_WANTED ? DOCTOR_LIMITS : DOCTOR_OK, "%s is %s", full,
			text_size(present, text, sizeof(text)));
	if (f->severity == DOCTOR_LIMITS)
		doctor_sysctl(f, full, BUFFER_WANTED, present);
}

static void look_rmem(const struct doctor_facts *facts, struct doctor_finding *f)
{
	look_buffer(f, "rmem_max", facts->host.rmem_max);
}

static void look_wmem(const struct doctor_facts *facts, struct doctor_finding *f)
{
	look_buffer(f, "wmem_max", facts->host.wmem_max);
}

static void look_number(struct doctor_finding *f, const char *name, int64_t present, int64_t wanted)
{
	char full[64];

	snprintf(full, sizeof(full), "net.core.%s", name);
	if (present < 0)
		doctor_say(f, DOCTOR_NOT_KNOWN, "/proc/sys/net/core/%s cannot be read here", name);
	else
		doctor_say(f, present < wanted ? DOCTOR_LIMITS : DOCTOR_OK, "%s is %lld", full, (long long)present);
	if (f->severity == DOCTOR_LIMITS)
		doctor_sysctl(f, full, wanted, present);
}

static void look_backlog(const struct doctor_facts *facts, struct doctor_finding *f)
{
	look_number(f, "netdev_max_backlog", facts->host.netdev_max_backlog, BACKLOG_WANTED);
}

static void look_optmem(const struct doctor_facts *facts, struct doctor_finding *f)
{
	look_number(f, "optmem_max", facts->host.optmem_max, OPTMEM_WANTED);
}

/* ---- the interface ---- */

static void switch_feature(char out[DOCTOR_COMMAND_BYTES], const char *interface, const char *feature, const char *how)
{
	if (!*out)
		snprintf(out, DOCTOR_COMMAND_BYTES, "ethtool -K %s", interface);
	text_add(out, DOCTOR_COMMAND_BYTES, " %s %s", feature, how);
}

static void look_offloads(const struct doctor_facts *facts, struct doctor_finding *f)
{
	const struct {
		const char *name;
		int on;
	} feature[] = { { "rx", facts->rxcsum }, { "tx", facts->txcsum }, { "gso", facts->gso }, { "tso", facts->tso },
		{ "gro", facts->gro } };
	char off[64] = "";
	unsigned known = 0;

	for (unsigned i = 0; i < sizeof(feature) / sizeof(feature[0]); i++) {
		known += feature[i].on >= 0;
		if (feature[i].on != 0)
			continue;
		text_add(off, sizeof(off), "%s%s", *off ? ", " : "", feature[i].name);
		switch_feature(f->mend, facts->interface, feature[i].name, "on");
		switch_feature(f->undo, facts->interface, feature[i].name, "off");
	}
	if (!known)
		doctor_say(f, DOCTOR_NOT_KNOWN, "%s does not tell (ethtool -k)", facts->interface);
	else if (!*off)
		doctor_say(f, DOCTOR_OK, "rx, tx, gso, tso and gro of %s are on", facts->interface);
	else
		doctor_say(f, DOCTOR_LIMITS, "%s: %s off", facts->interface, off);
}

static bool are_on_one_cpu(const struct doctor_facts *facts)
{
	if (facts->irqs < 2 || strpbrk(facts->irq[0].cpus, ",-"))
		return false;
	for (unsigned i = 1; i < facts->irqs; i++)
		if (strcmp(facts->irq[i].cpus, facts->irq[0].cpus) != 0)
			return false;
	return true;
}

static void spread_interrupts(const struct doctor_facts *facts, struct doctor_finding *f)
{
	for (unsigned i = 0; i < facts->irqs; i++) {
		const struct doctor_irq *irq = &facts->irq[i];

		text_add(f->mend, sizeof(f->mend), "%secho %d >/proc/irq/%d/smp_affinity_list", i ? "; " : "",
			facts->online.cpu[i % facts->online.count], irq->irq);
		text_add(f->undo, sizeof(f->undo), "%secho %s >/proc/irq/%d/smp_affinity_list", i ? "; " : "", irq->cpus,
			irq->irq);
	}
}

static void look_interrupts(const struct doctor_facts *facts, struct doctor_finding *f)
{
	if (!facts->has_device)
		doctor_say(f, DOCTOR_OK, "%s has no interrupts: the sender's CPU delivers", facts->interface);
	else if (!facts->irqs_readable)
		doctor_say(f, DOCTOR_NOT_KNOWN, "there is no /proc/irq here: which CPUs serve %s is not known", facts->interface);
	else if (!facts->irqs)
		doctor_say(f, DOCTOR_NOT_KNOWN, "/sys does not tell the interrupts of %s", facts->interface);
	else if (!are_on_one_cpu(facts) || facts->online.count < 2)
		doctor_say(f, DOCTOR_OK, "%u of %s are spread", facts->irqs + facts->irqs_more, facts->interface);
	else
		doctor_say(f, DOCTOR_LIMITS, "all %u of %s are served by CPU %s%s", facts->irqs + facts->irqs_more,
			facts->interface, facts->irq[0].cpus, facts->irqs_more ? "; too many for a command here" : "");
	if (f->severity == DOCTOR_LIMITS && !facts->irqs_more)
		spread_interrupts(facts, f);
}

static void look_steering(const struct doctor_facts *facts, struct doctor_finding *f)
{
	for (unsigned i = 0; i < facts->queues; i++) {
		const struct doctor_queue *q = &facts->queue[i];

		if (!q->mask[strspn(q->mask, "0,")])
			continue;
		text_add(f->mend, sizeof(f->mend), "%secho 0 >/sys/class/net/%s/queues/rx-%d/rps_cpus", *f->mend ? "; " : "",
			facts->interface, q->index);
		text_add(f->undo, sizeof(f->undo), "%secho %s >/sys/class/net/%s/queues/rx-%d/rps_cpus", *f->undo ? "; " : "",
			q->mask, facts->interface, q->index);
	}
	if (!facts->queues)
		doctor_say(f, DOCTOR_NOT_KNOWN, "/sys does not tell the receive queues of %s", facts->interface);
	else if (!*f->mend)
		doctor_say(f, DOCTOR_OK, "no queue of %s is steered", facts->interface);
	else
		doctor_say(f, DOCTOR_NOTE, "receive queues of %s are steered%s", facts->interface,
			facts->queues_more ? "; the commands name the first ones" : "");
}

/* ---- TCP ---- */

static void look_congestion(const struct doctor_facts *facts, struct doctor_finding *f)
{
	const char *present = facts->host.tcp_congestion;
	const char *steady = doctor_has_word(facts->congestions, "cubic") ? "cubic" : "reno";

	if (!*present)
		doctor_say(f, DOCTOR_NOT_KNOWN, "/proc/sys/net/ipv4/tcp_congestion_control cannot be read here");
	else if (strncmp(present, "bbr", 3) != 0)
		doctor_say(f, DOCTOR_OK, "%s", present);
	else {
		doctor_say(f, DOCTOR_LIMITS, "the system's default is %s; one run may choose: --congestion %s", present, steady);
		snprintf(f->mend, sizeof(f->mend), "sysctl -w net.ipv4.tcp_congestion_control=%s", steady);
		snprintf(f->undo, sizeof(f->undo), "sysctl -w net.ipv4.tcp_congestion_control=%s", present);
	}
}

const struct doctor_rule doctor_rules_net[] = {
	{ "rmem_max", "largest receive buffer", "--rcvbuf gives no more than that: bursts are dropped at the socket", look_rmem },
	{ "wmem_max", "largest send buffer", "--sndbuf gives no more than that: senders wait, or get ENOBUFS", look_wmem },
	{ "netdev_max_backlog", "softnet backlog",
		"lo and veth put received packets on a queue per CPU, and drop what goes beyond this length", look_backlog },
	{ "optmem_max", "option memory", "MSG_ZEROCOPY keeps its completions there, and gets ENOBUFS when it is full",
		look_optmem },
	{ "offloads", "offloads of the interface", "without them each packet goes through the whole stack by itself",
		look_offloads },
	{ "interrupts", "interrupts of the interface", "one CPU takes in all packets, however many workers there are",
		look_interrupts },
	{ "rps", "receive packet steering",
		"packets move to another CPU on the way to the socket: that spreads load, and costs time for each",
		look_steering },
	{ "congestion", "congestion control",
		"bbr paces by its own estimate of the path, on loopback too: TCP is slower there, and runs differ",
		look_congestion },
	{ 0 },
};
