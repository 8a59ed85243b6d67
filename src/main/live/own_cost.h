/* The cost of netdyno itself beside the traffic: CPU time of the main thread and of the session's
 * control thread.  Main thread only. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct own_cost {
	pid_t control; /* thread id; 0: unknown, then only the main thread is counted */
};

/* Before session_new() and after it: the thread that has come is the control thread. */
pid_t own_cost_newest_thread(void);
void own_cost_init(struct own_cost *c, pid_t newest_before);
int64_t own_cost_ns(const struct own_cost *c);
