/* See stage.h. */
#include "selftest/stage.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

/* ---- what runs here ---- */

bool stage_skips(const struct selftest_here *here, const struct row_of *of, struct selftest_row *row)
{
	const struct fault *f = of->fault;
	const char *why = of->method ? of->method->why : "";

	if (!*why && f->needs != NEEDS_LOOPBACK)
		why = here->veth_why;
	if (!*why && f->needs == NEEDS_ROOT_VETH && geteuid() != 0)
		why = "only root may hold a device back or steer its packets (napi_defer_hard_irqs, rps_cpus)";
	snprintf(row->why, sizeof(row->why), "%s", why);
	return *why;
}

/* ---- namespaces ---- */

/* All rights in there; user_namespaces(7). */
static bool stage_map_ids(unsigned uid, unsigned gid)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "0 %u 1", uid);
	snprintf(gids, sizeof(gids), "0 %u 1", gid);
	return play_write("/proc/self/setgroups", "deny") && play_write("/proc/self/uid_map", uids) &&
	       play_write("/proc/self/gid_map", gids);
}

static bool stage_set_lo_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;

	if (fd >= 0)
		close(fd);
	return up;
}

/* Root may do without a user namespace of its own, and must where the first one's rights count. */
static int stage_enter(enum fault_needs needs, struct err *err)
{
	unsigned uid = geteuid(), gid = getegid();
	int net = needs == NEEDS_LOOPBACK ? CLONE_NEWNET : 0;
	bool own = needs != NEEDS_ROOT_VETH && unshare(CLONE_NEWUSER | net) == 0;

	if (own && !stage_map_ids(uid, gid))
		return err_sys(err, errno, "make a user namespace");
	if (!own && net && unshare(net) < 0)
		return err_sys(err, errno, "make a network namespace");
	/* Changes of rights take it away: prctl(2). */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return net && !stage_set_lo_up() ? err_sys(err, errno, "set lo up") : 0;
}

/* ---- the play ---- */

/* An XDP program takes the first user namespace's rights. */
static enum fault_needs stage_needs(const struct row_of *of)
{
	bool program = of->method && !strcmp(of->method->mode, "echo") && !strcmp(of->method->name, "xdp");

	return program && of->fault->needs == NEEDS_VETH ? NEEDS_ROOT_VETH : of->fault->needs;
}

static void stage_conclude(struct selftest_row *row, const struct err *err)
{
	selftest_judge(row);
	row->outcome = !err->code && selftest_agrees(row) ? SELFTEST_AGREES : SELFTEST_DIFFERS;
	/* What this kernel has not cannot be put in. */
	if (err->code == ENOTSUP)
		row->outcome = SELFTEST_SKIPPED;
	if (err->code)
		snprintf(row->why, sizeof(row->why), "%s", err->text);
	for (unsigned i = 0; !*row->why && i < row->checks; i++)
		if (!row->check[i].agrees)
			snprintf(row->why, sizeof(row->why), "%s is not what was put in or counted", row->check[i].place);
}

void stage_play(const struct selftest_here *here, const struct row_of *of, struct selftest_row *row)
{
	struct play p = { .fault = of->fault,
		.method = of->method ? of->method->name : NULL,
		.lie = here->lie,
		.row = row,
		.run = { .out = -1, .told = -1 },
		.server = { .out = -1, .told = -1 } };
	struct err err = ERR_NONE;
	int64_t from_ns = clock_now_ns();

	row->why[0] = '\0';
	witness_here(&p.witness);
	if (stage_enter(stage_needs(of), &err) < 0) {
		snprintf(row->why, sizeof(row->why), "%s", err.text);
		return;
	}
	of->fault->play(&p, &err);
	child_end(&p.run);
	child_end(&p.server);
	witness_close(&p.witness);
	stage_conclude(row, &err);
	row->seconds = (double)(clock_now_ns() - from_ns) / NS_PER_S;
}
