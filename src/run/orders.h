/* Orders from the main thread to the control thread: the next run, a stop, another load, the end.
 * A few words under a mutex, and an eventfd that wakes the control thread. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct run;

/* The orders as the control thread reads them. */
struct orders {
	bool next, stop, immediate, quit;
	uint32_t go;       /* this run may begin; 0: none */
	uint32_t load_run; /* the load belongs to this run; 0: there is none */
	uint64_t load;
};

struct order_desk {
	pthread_mutex_t mutex; /* held for a few words, and in no call that waits */
	struct orders orders;  /* under the mutex, as all below */
	struct run *run;       /* the next one, not yet begun */
	uint64_t load_min, load_max;
	int fd; /* readable when something was asked */
};

int orders_init(struct order_desk *desk, struct err *err);
void orders_close(struct order_desk *desk);

/* ---- main thread ---- */

/* The run that shall go next; returns the one that waited there and will never begin, or NULL.
 * Takes back a stop. */
struct run *orders_put_run(struct order_desk *desk, struct run *run, uint32_t id, uint64_t load, uint64_t min, uint64_t max);
/* Also takes the waiting run back, which is returned. */
struct run *orders_put_stop(struct order_desk *desk, bool immediate);
struct run *orders_put_quit(struct order_desk *desk);
void orders_put_go(struct order_desk *desk, uint32_t run_id);
/* Clamped; returns what holds, 0 if there is no load. */
uint64_t orders_put_load(struct order_desk *desk, uint64_t load);
uint64_t orders_load(struct order_desk *desk, uint64_t *ret_min, uint64_t *ret_max);

/* ---- control thread ---- */

void orders_read(struct order_desk *desk, struct orders *ret_orders);
/* The next run or NULL; a stop that was meant for the one before is forgotten. */
struct run *orders_take_run(struct order_desk *desk);
/* Run `id` is over: its load is gone. */
void orders_run_over(struct order_desk *desk, uint32_t id);
/* Sleeps until something is asked, `also_fd` is readable (cleared then; -1: none), or timeout_ns
 * (< 0: none) is over. */
void orders_wait(struct order_desk *desk, int also_fd, int64_t timeout_ns);
