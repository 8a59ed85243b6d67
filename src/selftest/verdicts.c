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

enum { FEW = 250, MORE = 50, SEGMENTS = 1000, PERCENT = 100, WORKERS = 4, LINE_BYTES = 128 };

/* The run looks at its counters each tick, and tells of looks that were late by so much or more.
 * Its verdicts round. */
enum { TICK_MS = 100, TOLD_FROM_MS = 100, ROUNDED_MS = 50, ROUNDED_PERCENT = 5 };

static const int64_t stall_ns = 1300ll * NS_PER_MS, stop_ns = 800ll * NS_PER_MS, spin_ns = 500ll * NS_PER_MS,
		     rate_ns = 300ll * NS_PER_MS, patience_ns = 15ll * NS_PER_S;

#define CLIENT_OF "echo --role client --host 127.0.0.1 --port %d --cores 1 --rate 500 --warmup 0 --duration 0"
#define BOTH_ENDS "echo --listen 127.0.0.1 --cores 1 --warmup 0 "

/* The number that stands behind these words of the verdict, in thousandths. */
static int64_t verdict_number(const struct play *p, const char *words)
{
	const char *line = child_verdict(&p->run, words);

	return line ? (int64_t)(strtod(strstr(line, words) + strlen(words), NULL) * 1000 + 0.5) : SELFTEST_UNKNOWN;
}

/* ... which is what the row is about. */
static int64_t verdict_says(struct play *p, const char *words)
{
	const char *line = child_verdict(&p->run, words);

	if (line)
		snprintf(p->row->said, sizeof(p->row->said), "%s", line);
	return verdict_number(p, words);
}

struct words_awaited {
	struct child *run;
	int64_t from;
	const char *words;
};

static bool verdict_run_has_told(void *of)
{
	const struct words_awaited *a = of;

	return child_has_ended(a->run) || child_has_told(a->run, a->from, a->words);
}

/* Until the run prints these words, or ends.  NULL: not at all. */
static int verdict_await_words(struct child *run, int64_t from, const char *words, struct err *err)
{
	struct words_awaited a = { run, from, words };

	if (!words || wait_until(verdict_run_has_told, &a, patience_ns))
		return 0;
	return err_say(err, ETIMEDOUT, "a run does not say \"%s\"", words);
}

/* A process of the run that is stopped: for a time, and until the run has told what it must. */
struct halt {
	pid_t pid;
	int64_t least_ns;
	/* what the run prints before and meanwhile; NULL: neither is waited for */
	const char *before, *meanwhile;
};

/* How long it stood still at least, or -errno. */
static int64_t verdict_stop(struct play *p, const struct halt *h, struct err *err)
{
	int64_t from_ns, to_ns, told = child_told(&p->run);

	if (kill(h->pid, SIGSTOP) < 0)
		return err_sys(err, errno, "stop a process");
	from_ns = clock_now_ns();
	wait_ns(h->least_ns);
	int rc = verdict_await_words(&p->run, told, h->meanwhile, err);
	to_ns = clock_now_ns();
	kill(h->pid, SIGCONT);
	return rc < 0 ? rc : to_ns - from_ns;
}

/* Once the run sends; then it must go on, and end. */
static int64_t verdict_hold_up(struct play *p, const struct halt *h, struct err *err)
{
	int64_t stopped_ns, seen;
	int rc = play_await(p, "Udp", "InDatagrams", FEW, err);

	if (rc >= 0)
		rc = verdict_await_words(&p->run, 0, h->before, err);
	stopped_ns = rc < 0 ? rc : verdict_stop(p, h, err);
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
	if (rc >= 0)
		rc = verdict_await_words(&p->server, 0, "start: echo", err);
	snprintf(words, sizeof(words), CLIENT_OF, port);
	return rc < 0 ? rc : play_start(p, &p->run, words, err);
}

/* How late looks of the run were, as it says itself, all together. */
static int64_t verdict_late_ms(const struct play *p)
{
	int64_t held_ms = verdict_number(p, "held up for "), starved_ms = verdict_number(p, "starved for ");

	return (held_ms > 0 ? held_ms : 0) + (starved_ms > 0 ? starved_ms : 0);
}

/* The silence counts from the look that found the last answers up to the one that finds new ones.
 * Once the client has said that nobody answers, its verdict must say so, too. */
int play_stall(struct play *p, struct err *err)
{
	int rc = verdict_two_ends(p, err);
	const struct halt halt = { .pid = p->server.pid, .least_ns = stall_ns, .meanwhile = "no answer from" };
	int64_t stopped_ns = rc < 0 ? rc : verdict_hold_up(p, &halt, err);
	struct selftest_check *check = verdict_check(p, stopped_ns < 0 ? SELFTEST_UNKNOWN : stopped_ns / NS_PER_MS, "ms",
		TICK_MS + TOLD_FROM_MS + ROUNDED_MS + verdict_late_ms(p), 2000);

	check->said = verdict_says(p, "was away for ");
	return stopped_ns < 0 ? (int)stopped_ns : 0;
}

/* ---- both ends here ---- */

/* An interval that has been told: the run looks at its clock by then. */
int play_suspended(struct play *p, struct err *err)
{
	witness_here(&p->witness);
	int rc = play_start(p, &p->run, BOTH_ENDS "--rate 500 --duration 0 --interval 100ms", err);
	const struct halt halt = { .pid = p->run.pid, .least_ns = stop_ns, .before = "answers/s" };
	int64_t stopped_ns = rc < 0 ? rc : verdict_hold_up(p, &halt, err);
	struct selftest_check *check = verdict_check(
		p, stopped_ns < 0 ? SELFTEST_UNKNOWN : stopped_ns / NS_PER_MS, "ms", TICK_MS + ROUNDED_MS, 2000);

	check->said = verdict_says(p, "was suspended or starved for ");
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

	check->said = verdict_says(p, "could not keep the rate: sent ");
	if (check->said > 0)
		check->said /= 1000;
	check->second = witness_snmp(&p->witness, WITNESS_CLIENT, "Udp", "OutDatagrams");
	snprintf(check->source, sizeof(check->source), "Udp OutDatagrams of the client's namespace (nstat)");
	return rc;
}

int play_copied(struct play *p, struct err *err)
{
	witness_here(&p->witness);
	int rc = play_start(p, &p->run, "stream --method zero-copy --listen 127.0.0.1 --threads 1 --warmup 0 --duration 0", err);

	if (rc >= 0)
		rc = play_await(p, "Tcp", "InSegs", SEGMENTS, err);
	if (rc >= 0)
		rc = child_finish(&p->run, err);
	struct selftest_check *check = verdict_check(p, PERCENT, "%", 0, 0);

	check->said = verdict_says(p, "the kernel copied ");
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

/* How long a worker had a CPU, and was ready and had none: /proc/PID/task/TID/schedstat. */
struct cpu_share {
	int64_t ran_ns, waited_ns;
};

/* Of each worker of the run. */
static unsigned verdict_shares(pid_t pid, struct cpu_share ret_share[WORKERS])
{
	char path[64], line[LINE_BYTES];
	const struct dirent *task;
	unsigned n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *d = opendir(path);
	while (d && n < WORKERS && (task = readdir(d))) {
		bool is_worker = verdict_read(pid, task->d_name, "comm", line) &&
				 (!strncmp(line, "nd-srv", 6) || !strncmp(line, "nd-cli", 6));
		long long ran_ns, waited_ns;

		if (is_worker && verdict_read(pid, task->d_name, "schedstat", line) &&
			sscanf(line, "%lld %lld", &ran_ns, &waited_ns) == 2)
			ret_share[n++] = (struct cpu_share){ ran_ns, waited_ns };
	}
	if (d)
		closedir(d);
	return n;
}

/* While somebody spins: the longest that one of the workers waited, as far as its waits were over,
 * and the shortest that one of them ran. */
static bool verdict_steal(pid_t run, int cpu, struct cpu_share *ret_stolen)
{
	struct cpu_share before[WORKERS], after[WORKERS], stolen = { .ran_ns = INT64_MAX };
	unsigned n = verdict_shares(run, before);
	pid_t spinner = verdict_spin(cpu);

	wait_ns(spin_ns);
	unsigned now = verdict_shares(run, after);
	for (unsigned i = 0; i < n && now == n; i++) {
		int64_t ran_ns = after[i].ran_ns - before[i].ran_ns, waited_ns = after[i].waited_ns - before[i].waited_ns;

		stolen.ran_ns = ran_ns < stolen.ran_ns ? ran_ns : stolen.ran_ns;
		stolen.waited_ns = waited_ns > stolen.waited_ns ? waited_ns : stolen.waited_ns;
	}
	*ret_stolen = stolen;
	if (spinner > 0) {
		kill(spinner, SIGKILL);
		waitpid(spinner, NULL, 0);
	}
	return n && now == n && spinner > 0;
}

/* What it waited then is a part of what the verdict is about, which is no more than the time that
 * it did not run. */
static void verdict_check_share(struct play *p, const struct cpu_share *stolen)
{
	int64_t measured_ms = child_thousandths(&p->run, "end.seconds"), ran_ms = stolen->ran_ns / NS_PER_MS;
	struct selftest_check *check = verdict_check(p, SELFTEST_UNKNOWN, "%", ROUNDED_PERCENT, ROUNDED_PERCENT);

	snprintf(check->source, sizeof(check->source), "/proc/PID/task/TID/schedstat of the workers");
	check->said = verdict_says(p, "had to wait for ");
	if (check->said > 0)
		check->said /= 1000;
	if (measured_ms <= 0)
		return;
	check->second = PERCENT * (stolen->waited_ns / NS_PER_MS) / measured_ms;
	check->more += PERCENT * (measured_ms - ran_ms) / measured_ms - check->second;
}

/* Its worker spins, too, so that both want the CPU all the time. */
int play_stolen(struct play *p, struct err *err)
{
	struct cpu_share stolen = { 0 };
	struct cpu_list allowed;
	char words[160];

	witness_here(&p->witness);
	cpu_allowed(&allowed);
	snprintf(words, sizeof(words), BOTH_ENDS "--server-cpus %d --wait spin --rate 500 --duration 0", allowed.cpu[0]);
	int rc = play_start(p, &p->run, words, err);
	if (rc >= 0)
		rc = play_await(p, "Udp", "InDatagrams", 1, err);
	if (rc >= 0 && !verdict_steal(p->run.pid, allowed.cpu[0], &stolen))
		rc = err_say(err, EIO, "the workers' waits cannot be read");
	if (rc >= 0)
		rc = child_finish(&p->run, err);
	verdict_check_share(p, &stolen);
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
	{ .word = "stalled-server",
		.injected = "the server's process is stopped for 1.3 s or more (SIGSTOP)",
		.play = play_stall },
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
