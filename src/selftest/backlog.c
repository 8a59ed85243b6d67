/* The backlog of a CPU: one sends in bursts, and has another one take them (RPS, see the kernel's
 * networking/scaling.rst), which is slower at that.  The limit, net.core.netdev_max_backlog, is the
 * host's and stays as it is; the steering is of the run's own device.  See fault.h.
 *
 * While the queue is full that CPU takes packets and does nothing else, so that hardly anybody else
 * can send to itself there: of others' packets next to none can be lost. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "path/veth/pair.h"
#include "selftest/fault.h"

enum {
	BURSTS_PER_S = 10,
	EACH = 500, /* datagrams of a burst for each reader */
	MORE = 4,   /* a burst is so many times what the backlog holds */
	LOST_ENOUGH = 50,
	BACKLOG_MOST = 16384,
	MASK_BITS = 32, /* of a word of a mask of CPUs, which commas separate */
};

static const int64_t backlog_patience_ns = 3ll * NS_PER_S;

/* This CPU alone, as the kernel's files have it: "2", "1,00000000". */
static void backlog_mask(int cpu, char *out, size_t size)
{
	int n = snprintf(out, size, "%x", 1u << cpu % MASK_BITS);

	for (int word = cpu / MASK_BITS; word > 0 && n >= 0 && (size_t)n < size; word--)
		n += snprintf(out + n, size - (size_t)n, ",00000000");
}

static int backlog_steer(const struct play *p, int cpu, struct err *err)
{
	char mask[CPU_LIST_MAX / MASK_BITS * 9 + 9];
	int rc = witness_enter(&p->witness, WITNESS_SERVER, err);

	if (rc < 0)
		return rc;
	backlog_mask(cpu, mask, sizeof(mask));
	if (!play_own_sys() || !play_write(DEVICE "queues/rx-0/rps_cpus", mask))
		return err_say(err, ENOTSUP, "this system does not let a device's packets be steered to a CPU (rps_cpus)");
	return 0;
}

static bool backlog_has_lost(void *of)
{
	struct play *p = of;

	return witness_link_untaken(&p->witness, WITNESS_SERVER) >= LOST_ENOUGH || child_has_ended(&p->run);
}

/* Single frames, of joined datagrams that are cut on their way to the device: nothing is sent
 * faster. */
static int backlog_run(struct play *p, const struct cpu_list *allowed, unsigned limit, struct err *err)
{
	char words[300];

	snprintf(words, sizeof(words),
		"fanout --path veth --method gso --veth-offload off --sync free --readers %u --datagrams %d --size 64 --rate %d "
		"--rcvbuf 4M --sndbuf 16M --client-cpus %d --server-cpus %d --warmup 0 --duration 0",
		limit * MORE / EACH + 1, EACH, BURSTS_PER_S, allowed->cpu[0], allowed->cpu[1]);
	int rc = play_start(p, &p->run, words, err);
	if (rc >= 0)
		rc = play_meet(p, err);
	if (rc >= 0)
		rc = backlog_steer(p, allowed->cpu[1], err);
	if (rc < 0)
		return rc;
	wait_until(backlog_has_lost, p, backlog_patience_ns);
	return child_finish(&p->run, err);
}

int play_backlog(struct play *p, struct err *err)
{
	struct cpu_list allowed;
	unsigned limit = 0;
	FILE *f = fopen("/proc/sys/net/core/netdev_max_backlog", "re");
	bool known = f && fscanf(f, "%u", &limit) == 1;

	if (f)
		fclose(f);
	cpu_allowed(&allowed);
	if (allowed.count < 2)
		return err_say(err, ENOTSUP, "one CPU cannot be faster than itself: it takes two");
	if (!known || limit > BACKLOG_MOST)
		return err_say(err, ENOTSUP, "net.core.netdev_max_backlog is not known, or too long to be filled");
	int rc = backlog_run(p, &allowed, limit, err);
	struct selftest_check *check = play_check(p, "softnet_backlog", "packets");

	check->said = play_place(p, check->place);
	check->second = witness_link_untaken(&p->witness, WITNESS_SERVER);
	snprintf(check->source, sizeof(check->source), "rx_dropped of the readers' device (ip -s link)");
	play_balance(p);
	return rc < 0 ? rc : play_happened(p, err);
}
