/* Who uses the CPUs now: /proc/stat and /proc/PID/stat (proc(5)), read twice. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "doctor/read.h"

enum { TASKS_MAX = 8192, STAT_STATES = 8, STATE_IDLE = 3, STATE_IOWAIT = 4, STATE_STEAL = 7 };
/* PF_KTHREAD of linux/sched.h, as field 9 of /proc/PID/stat shows it */
static const unsigned long kernel_thread = 0x00200000;

struct load_task {
	pid_t pid;
	bool kernel;
	char name[32];
	uint64_t ticks;
};

struct load {
	bool known;
	uint64_t state[STAT_STATES]; /* user nice system idle iowait irq softirq steal */
	unsigned tasks;
	struct load_task *task;
};

static bool load_read_states(const char *root, struct load *load)
{
	char line[512], *at = line + 3;

	if (!doctor_read_line(root, "/proc/stat", line, sizeof(line)) || strncmp(line, "cpu ", 4) != 0)
		return false;
	for (unsigned i = 0; i < STAT_STATES; i++)
		load->state[i] = strtoull(at, &at, 10);
	return true;
}

/* "12 (name with) blanks) S ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime
 * stime": the name ends at the last parenthesis. */
static bool load_parse_task(char *line, struct load_task *task)
{
	char *open = strchr(line, '('), *close = strrchr(line, ')');
	unsigned long flags, user, system;

	if (!open || !close || close < open ||
		sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %lu %lu", &flags, &user, &system) != 3)
		return false;
	task->pid = (pid_t)atoi(line);
	task->kernel = flags & kernel_thread;
	task->ticks = user + system;
	text_escape(open + 1, (size_t)(close - open) - 1, task->name, sizeof(task->name));
	return true;
}

static void load_read_tasks(const char *root, struct load *load)
{
	char path[DOCTOR_PATH_BYTES], line[1024];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/proc", root);
	dir = opendir(path);
	for (struct dirent *e; dir && load->tasks < TASKS_MAX && (e = readdir(dir));) {
		snprintf(path, sizeof(path), "%s/proc/%.20s/stat", root, e->d_name);
		if (isdigit((unsigned char)e->d_name[0]) && file_read_line(path, line, sizeof(line)) &&
			load_parse_task(line, &load->task[load->tasks]))
			load->tasks++;
	}
	if (dir)
		closedir(dir);
}

static void load_read(const char *root, struct load *load)
{
	*load = (struct load){ .task = calloc(TASKS_MAX, sizeof(*load->task)) };
	load->known = load_read_states(root, load);
	if (load->task)
		load_read_tasks(root, load);
}

static int load_by_pid(const void *a, const void *b)
{
	pid_t left = ((const struct load_task *)a)->pid, right = ((const struct load_task *)b)->pid;

	return (left > right) - (left < right);
}

/* Puts one among the busiest, which stand in order. */
static void load_rank(struct doctor_facts *facts, const struct load_task *task, double percent)
{
	unsigned at = facts->neighbours;

	while (at > 0 && facts->neighbour[at - 1].percent < percent)
		at--;
	if (at == DOCTOR_NEIGHBOURS)
		return;
	unsigned kept = facts->neighbours < DOCTOR_NEIGHBOURS ? facts->neighbours : DOCTOR_NEIGHBOURS - 1;
	memmove(&facts->neighbour[at + 1], &facts->neighbour[at], (kept - at) * sizeof(facts->neighbour[0]));
	facts->neighbour[at] = (struct doctor_neighbour){ .pid = task->pid, .percent = percent, .kernel = task->kernel };
	snprintf(facts->neighbour[at].name, sizeof(facts->neighbour[at].name), "%s", task->name);
	facts->neighbours = kept + 1;
}

/* A process that has gone in between is in the sum only. */
static void load_find_neighbours(struct load *from, const struct load *to, double ticks_per_cpu, struct doctor_facts *facts)
{
	if (!from->task || !to->task)
		return;
	qsort(from->task, from->tasks, sizeof(*from->task), load_by_pid);
	for (unsigned i = 0; i < to->tasks; i++) {
		const struct load_task *now = &to->task[i];
		const struct load_task *then = bsearch(now, from->task, from->tasks, sizeof(*now), load_by_pid);
		uint64_t before = then ? then->ticks : 0;

		if (now->pid != getpid() && now->ticks > before)
			load_rank(facts, now, 100 * (double)(now->ticks - before) / ticks_per_cpu);
	}
}

static void load_compare(struct load *from, const struct load *to, double looked_s, struct doctor_facts *facts)
{
	double ticks_per_cpu = looked_s * (double)sysconf(_SC_CLK_TCK), busy = 0, all = 0;

	for (unsigned i = 0; i < STAT_STATES; i++) {
		double ticks = to->state[i] > from->state[i] ? (double)(to->state[i] - from->state[i]) : 0;

		all += ticks;
		if (i != STATE_IDLE && i != STATE_IOWAIT && i != STATE_STEAL)
			busy += ticks;
	}
	facts->looked_s = looked_s;
	facts->busy_percent = 100 * busy / ticks_per_cpu;
	facts->steal_percent = all > 0 ? 100 * (double)(to->state[STATE_STEAL] - from->state[STATE_STEAL]) / all : 0;
	load_find_neighbours(from, to, ticks_per_cpu, facts);
}

void doctor_read_load(const char *root, int64_t look_ns, struct doctor_facts *facts)
{
	struct timespec pause = { .tv_sec = look_ns / NS_PER_S, .tv_nsec = look_ns % NS_PER_S };
	int64_t started_ns = clock_now_ns();
	struct load from, to;

	if (look_ns <= 0)
		return;
	load_read(root, &from);
	if (from.known)
		nanosleep(&pause, NULL);
	load_read(root, &to);
	if (from.known && to.known)
		load_compare(&from, &to, (double)(clock_now_ns() - started_ns) / NS_PER_S, facts);
	free(from.task);
	free(to.task);
}
