/* Own cost.  See own_cost.h. */
#include "main/live/own_cost.h"

#include <dirent.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

/* Thread ids grow; where they have wrapped round, the control thread is not found and not
 * counted. */
pid_t own_cost_newest_thread(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	pid_t newest = 0;

	while (tasks && (entry = readdir(tasks))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > newest)
			newest = tid;
	}
	if (tasks)
		closedir(tasks);
	return newest;
}

void own_cost_init(struct own_cost *c, pid_t newest_before)
{
	pid_t newest = own_cost_newest_thread();

	c->control = newest > newest_before ? newest : 0;
}

/* The CPU clock of a thread of this process by its id: what pthread_getcpuclockid(3) makes of a
 * pthread_t (Linux: CPUCLOCK_SCHED = 2, per thread = 4). */
static clockid_t thread_clock(pid_t tid)
{
	return (clockid_t)(~(unsigned)tid << 3 | 4 | 2);
}

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	return clock_gettime(id, &ts) == 0 ? (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec : 0;
}

int64_t own_cost_ns(const struct own_cost *c)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID) + (c->control ? read_clock(thread_clock(c->control)) : 0);
}
