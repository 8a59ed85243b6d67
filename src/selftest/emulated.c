/* What the path does to packets on purpose and loses none by: the kernel's netem, where that is.
 * See fault.h. */
#include <stdio.h>

#include "base/clock.h"
#include "selftest/fault.h"

/* of the path's options below */
enum { DELAY_US = 10000, OVERTAKEN_MOST = 64 };

static const int64_t traffic_ns = 500ll * NS_PER_MS;

/* What came to both sides and was sent by neither. */
static int64_t emulated_copies(const struct witness *w)
{
	int64_t copies = 0;

	for (unsigned side = 0; side < WITNESS_SIDES; side++)
		copies += witness_snmp(w, side, "Ip", "InReceives") - witness_snmp(w, side, "Ip", "OutRequests");
	return copies;
}

static void emulated_check(struct play *p)
{
	struct selftest_check *check;

	switch (p->fault->emulates) {
	case EMULATES_COPIES:
		check = play_check(p, "copies", "packets");
		check->said = child_number(&p->run, "end.impairments.copies");
		check->second = emulated_copies(&p->witness);
		snprintf(check->source, sizeof(check->source), "Ip InReceives - OutRequests of both namespaces (nstat)");
		break;
	case EMULATES_ORDER:
		check = play_check(p, "reordered", "packets");
		check->said = child_number(&p->run, "end.sum.reordered");
		check->second = child_number(&p->run, "end.impairments.reordered");
		check->each_most = OVERTAKEN_MOST;
		snprintf(check->source, sizeof(check->source), "sent at once (tc -s qdisc), each overtakes some");
		break;
	case EMULATES_DELAY:
		check = play_check(p, "rtt", "us");
		check->injected = 2 * DELAY_US;
		check->said = child_number(&p->run, "end.rtt_us.min");
		check->more = DELAY_US;
		break;
	}
}

int play_emulated(struct play *p, struct err *err)
{
	char words[160];

	snprintf(words, sizeof(words), "echo --path veth --cores 1 --rate 2000 --warmup 0 --duration 0 %s", p->fault->options);
	int rc = play_start(p, &p->run, words, err);
	if (rc >= 0)
		rc = play_meet(p, err);
	if (rc >= 0)
		wait_ns(traffic_ns);
	if (rc >= 0)
		rc = child_finish(&p->run, err);
	emulated_check(p);
	return rc;
}
