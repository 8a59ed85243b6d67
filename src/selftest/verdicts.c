/* Faults that the verdict must name: a far end that stands still, a process that is stopped, a rate
 * that is too much, a copy that was to be none, a CPU that somebody else has.  See fault.h. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/file.h"
#include "selftest/fault.h"

enum { FEW = 100, MORE = 50, PERCENT = 100, WORKERS = 4, LINE_BYTES = 128 };

static const int64_t stall_ns = 1300ll * NS_PER_MS, stop_ns = 800ll * NS_PER_MS, spin_ns = 500ll * NS_PER_MS,
		     rate_ns = 300ll * NS_PER_MS;

#define CLIENT_OF "echo --role client --host 127.0.0.1 --port %d --cores 1 --rate 500 --warmup 0 --duration 0"
#define BOTH_ENDS "echo --listen 127.0.0.1 --cores 1 --warmup 0 "

/* The number that stands behind these words of the verdict, in thousandths. */
static int64_t verdict_number(struct play *p, const char *words, const char *before)
{
	const char *line = child_verdict(&p->run, words), *at = line ? strstr(line, before) : NULL;

	if (line)
		snprintf(p->row->said, sizeof(p->row->said), "%s", line);
	return at ? (int64_t)(strtod(at + strlen(before), NULL) * 1000 + 0.5) : SELFTEST_UNKNOWN;
}

/* A process of the run is stopped for a time; how long it was, or -errno. */
static int64_t verdict_stop(pid_t pid, int64_t ns, struct err *err)
{
	int64_t from_ns = clock_now_ns();

	if (kill(pid, SIGSTOP) < 0)
		return err_sys(err, errno, "stop a process");
	wait_ns(ns);
	kill(pid, SIGCONT);
	return clock_now_ns() - from_ns;
}

/* Once the run sends; then it must go on, and end. */
static int64_t verdict_hold_up(struct play *p, pid_t pid, int64_t ns, struct err *err)
{
	int64_t stopped_ns, seen;
	int rc = play_await(p, "Udp", "InDatagrams", FEW, err);

	stopped_ns = rc < 0 ? rc : verdict_stop(pid, ns, err);
	seen = witness_snmp(&p->witness, WITNESS_SERVER, "Udp", "InDatagrams");
	if (stopped_ns >= 0)
		rc = play_await(p, "Udp", "InDatagrams", seen + MORE, err);
	if (rc >= 0)
		rc = child_finish(&p->run, err);
	return rc < 0 ? rc : stopped_ns;
}

static struct selftest_check *verdict_check(struct play *p, int64_t injected, const char *unit, int64_t less, int64_t more)
{
	struct selftest_check *check = play_check(p, "verdict", unit);

	check->injected = injected;
	check->less = less;
	check->more = more;
	return check;
}

/* ---- a server of its own ---- */

/* A server and its client, each a process. */
static int verdict_two_ends(struct play *p, struct err *err)
{
	char words[160];
	int port = play_free_port(err);

	witness_here(&p->witness);
	if (port < 0)
		return port;
	snprintf(words, sizeof(words), "echo --role server --listen 127.0.0.1 --port %d --cores 1 --warmup 0 --duration 0", port);
	int rc = play_start(p, &p->server, words, err);
	snprintf(words, sizeof(words), CLIENT_OF, port);
	return rc < 0 ? rc : play_start(p, &p->run, words, err);
}

int play_stall(struct play *p, struct err *err)
{
	int rc = verdict_two_ends(p, err);
	int64_t stopped_ns = rc < 0 ? rc : verdict_hold_up(p, p->server.pid, stall_ns, err);
	/* It is noticed by the answers that do not come, some milliseconds apart. */
	struct selftest_check *check = verdict_check(
		p, stopped_ns < 0 ? SELFTEST_UNKNOWN : stopped_ns / NS_PER_MS, "ms", 100, 2000);

	check->said = verdict_number(p, "did not answer for", "did not answer for ");
	return stopped_ns < 0 ? (int)stopped_ns : 0;
}

/* ---- both ends here ---- */

int play_suspended(struct play *p, struct err *err)
{
	witness_here(&p->witness);
	int rc = play_start(p, &p->run, BOTH_ENDS "--rate 500 --duration 0", err);
	int64_t stopped_ns = rc < 0 ? rc : verdict_hold_up(p, p->run.pid, stop_ns, err);
	struct selftest_check *check = verdict_check(
		p, stopped_ns < 0 ? SELFTEST_UNKNOWN : stopped_ns / NS_PER_MS, "ms", 150, 2000);

	check->said = verdict_number(p, "was suspended or starved", "starved for ");
	return stopped_ns < 0 ? (int)stopped_ns : 0;
}

/* What is said to be sent is what the client's namespace sent: nobody else is there. */
int play_rate(struct play *p, struct err *err)
{
	int rc = play_start(p, &p->run, "echo --path veth --cores 1 --rate 100M --warmup 0 --duration 0", err);

	if (rc >= 0)
		rc = play_meet(p, err);
	wait_ns(rate_ns);
	if (rc >= 0)
		rc = child_finish(&p->run, err);
	struct selftest_check *check = verdict_check(p, SELFTEST_UNKNOWN, "packets", 0, 0);

	check->said = verdict_number(p, "could not keep the rate", "sent ");
	if (check->said > 0)
		check->said /= 1000;
	check->second = witness_snmp(&p->witness, WITNESS_CLIENT, "Udp", "OutDatagrams");
	snprintf(check->source, sizeof(check->source), "Udp OutDatagrams of the client's namespace (nstat)");
	return rc;
}

int play_copied(struct play *p, struct err *err)
{
	witness_here(&p->witness);
	int rc = play_start(
		p, &p->run, "stream --method zero-copy --listen 127.0.0.1 --threads 1 --warmup 0 --duration 300ms", err);

	if (rc >= 0)
		rc = child_await(&p->run, err);
	struct selftest_check *check = verdict_check(p, PERCENT, "%", 0, 0);

	check->said = verdict_number(p, "the kernel copied", "the kernel copied ");
	if (check->said > 0)
		check->said /= 1000;
	return rc;
}

/* ---- a CPU that somebody else has ---- */

static pid_t verdict_spin(int cpu)
{
	pid_t self = getpid(), pid = fork();

	if (pid)
		return pid;
	child_end_with(self);
	if (cpu_pin_self(cpu, NULL) < 0)
		child_vanish();
	for (volatile unsigned turns = 0;; turns++)
		;
}

static bool verdict_read(pid_t pid, const char *task, const char *name, char line[LINE_BYTES])
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/%s", (int)pid, task, name);
	return file_read_line(path, line, LINE_BYTES);
}

/* How long each worker of the run was ready and had no CPU: /proc/PID/task/TID/schedstat. */
static unsigned verdict_delays(pid_t pid, int64_t ret_ns[WORKERS])
{
	char path[64], line[LINE_BYTES];
	const struct dirent *task;
	unsigned n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *d = opendir(path);
	while (d && n < WORKERS && (task = readdir(d))) {
		bool is_worker = verdict_read(pid, task->d_name, "comm", line) &&
				 (!strncmp(line, "nd-srv", 6) || !strncmp(line, "nd-cli", 6));
		long long delay_ns;

		if (is_worker && verdict_read(pid, task->d_name, "schedstat", line) && sscanf(line, "%*u %lld", &delay_ns) == 1)
			ret_ns[n++] = delay_ns;
	}
	if (d)
		closedir(d);
	return n;
}

/* While somebody spins: the share of the time that a worker had to wait, in percent; the most. */
static int64_t verdict_waited(pid_t run, int cpu)
{
	int64_t before[WORKERS], after[WORKERS], most = 0, from_ns = clock_now_ns();
	unsigned n = verdict_delays(run, before);
	pid_t spinner = verdict_spin(cpu);

	wait_ns(spin_ns);
	unsigned now = verdict_delays(run, after);
	for (unsigned i = 0; i < n && now == n; i++)
		most = after[i] - before[i] > most ? after[i] - before[i] : most;
	int64_t all_ns = clock_now_ns() - from_ns;
	if (spinner > 0) {
		kill(spinner, SIGKILL);
		waitpid(spinner, NULL, 0);
	}
	return n && now == n && spinner > 0 ? PERCENT * most / all_ns : SELFTEST_UNKNOWN;
}

/* Its worker spins, too, so that both want the CPU all the time. */
int play_stolen(struct play *p, struct err *err)
{
	struct cpu_list allowed;
	char words[160];

	witness_here(&p->witness);
	cpu_allowed(&allowed);
	snprintf(words, sizeof(words), BOTH_ENDS "--server-cpus %d --wait spin --rate 500 --duration 0", allowed.cpu[0]);
	int rc = play_start(p, &p->run, words, err);
	if (rc >= 0)
		rc = play_await(p, "Udp", "InDatagrams", 1, err);
	int64_t share = rc < 0 ? SELFTEST_UNKNOWN : verdict_waited(p->run.pid, allowed.cpu[0]);
	if (rc >= 0)
		rc = child_finish(&p->run, err);
	/* What came before and after that time is told along. */
	struct selftest_check *check = verdict_check(p, SELFTEST_UNKNOWN, "%", 25, 25);

	check->said = verdict_number(p, "took the workers' CPUs", "had to wait for ");
	if (check->said > 0)
		check->said /= 1000;
	check->second = share;
	snprintf(check->source, sizeof(check->source), "/proc/PID/task/TID/schedstat of the workers");
	return rc;
}

/* ---- the table ---- */

#define FAR(name, what, which)                                                                                                \
	{                                                                                                                     \
		.word = name, .injected = "one of 10 answers of a foreign server " what ", 40 of them", .play = play_far_end, \
		.kind = which                                                                                                 \
	}

const struct fault fault_others[] = {
	FAR("duplicates", "comes twice", FAR_DUPLICATED),
	FAR("reordered", "is overtaken by the next", FAR_REORDERED),
	FAR("late", "comes after 1.3 s", FAR_LATE),
	FAR("lost-there", "never comes", FAR_LOST),
	{ .word = "path-copies",
		.injected = "the path sends one of 10 packets twice (--duplicate)",
		.needs = NEEDS_VETH,
		.play = play_emulated,
		.options = "--duplicate 10",
		.emulates = EMULATES_COPIES },
	{ .word = "path-order",
		.injected = "the path sends one of 100 packets in front of others (--reorder)",
		.needs = NEEDS_VETH,
		.play = play_emulated,
		.options = "--reorder 1 --delay 10ms",
		.emulates = EMULATES_ORDER },
	{ .word = "path-delay",
		.injected = "the path takes 10 ms each way (--delay)",
		.needs = NEEDS_VETH,
		.play = play_emulated,
		.options = "--delay 10ms",
		.emulates = EMULATES_DELAY },
	{ .word = "no-socket",
		.injected = "a foreign server closes its socket: nobody listens at its port any more",
		.play = play_far_end,
		.kind = FAR_GONE },
	{ .word = "stalled-server", .injected = "the server's process is stopped for 1.3 s (SIGSTOP)", .play = play_stall },
	{ .word = "suspended",
		.injected = "netdyno itself is stopped for 0.8 s (SIGSTOP)",
		.alone = true,
		.play = play_suspended },
	{ .word = "rate", .injected = "a rate of 100 million packets/s", .needs = NEEDS_VETH, .alone = true, .play = play_rate },
	{ .word = "copied",
		.injected = "zero-copy over loopback, where the kernel always copies",
		.alone = true,
		.play = play_copied },
	{ .word = "stolen-cpu", .injected = "a process that spins on the server's CPU", .alone = true, .play = play_stolen },
	{ .word = "backlog",
		.injected =
			"a CPU is given bursts of datagrams by another, faster than it takes them from its backlog (rps_cpus)",
		.needs = NEEDS_ROOT_VETH,
		.alone = true,
		.play = play_backlog },
	{ 0 },
};
