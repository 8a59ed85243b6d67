/* The mailbox: updates on their way from the control thread (and whoever reports an event) to
 * the one consumer.
 *
 * Any thread may put; one thread takes.  Bounded in ordinary samples: where the consumer does
 * not keep up, the oldest of them are dropped and an event says how many.  Everything else
 * (runs, phases, events, finals, interval samples, the first sample of a measurement) always
 * arrives. */
#pragma once

#include <pthread.h>
#include <stdarg.h>

#include "record/sample.h"

struct mailbox {
	pthread_mutex_t mutex;        /* held for a few words and calls that never block */
	struct update *first, **last; /* under the mutex, as all below */
	unsigned samples, samples_max;
	uint64_t dropped;
	int fd; /* eventfd, readable while there is something */
};

int mailbox_init(struct mailbox *m, unsigned samples_max, struct err *err);
void mailbox_close(struct mailbox *m); /* frees what nobody took */

struct update *mailbox_take(struct mailbox *m); /* or NULL */

/* Takes over an update that was made before, with malloc(3): what must arrive even when memory is
 * out. */
void mailbox_put(struct mailbox *m, struct update *u);
/* Make and put; when memory is out the update is lost (and what it held is freed). */
void mailbox_put_phase(struct mailbox *m, uint32_t run_id, enum phase phase);
void mailbox_put_moved(struct mailbox *m, uint32_t run_id, unsigned worker, int cpu);
void mailbox_put_sample(struct mailbox *m, struct sample *s);
void mailbox_put_event(struct mailbox *m, uint32_t run_id, enum severity severity, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void mailbox_put_event_va(struct mailbox *m, uint32_t run_id, enum severity severity, const char *fmt, va_list args)
	__attribute__((format(printf, 4, 0)));
