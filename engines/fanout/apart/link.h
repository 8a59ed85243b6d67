/* A writer's connection to readers of another process: says hello (hello.h), learns where they are,
 * and keeps their reports in the shares that it would otherwise read.  One owner, the first
 * writer; open() may wait up to some seconds. */
#pragma once

#include "engines/fanout/apart/hello.h"
#include "run/worker.h"

struct fanout_link {
	int fd; /* -1: none */
	unsigned workers;
	uint16_t session;
	size_t bytes; /* of a report that is not yet whole */
	uint8_t in[64 * HELLO_REPORT_BYTES];
	uint64_t calls; /* system calls */
};

/* Fills what shared has of the readers: number, addresses, shares.  0, or -errno with *err that
 * says what is wrong with them.  fanout_link_close() in any case. */
int fanout_link_open(struct fanout_link *l, struct worker *w, struct err *err);
/* Takes the reports that have come.  0, or -errno with *err: they are gone. */
int fanout_link_read(struct fanout_link *l, struct worker *w, struct err *err);
void fanout_link_close(struct fanout_link *l); /* accepts half-opened */
