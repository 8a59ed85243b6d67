/* Inside mode null: what its worker knows, and what its files share.  See null.h. */
#pragma once

#include "run/worker.h"

enum {
	COUNTER_LOST_NETWORK = COUNTER_OWN,
	COUNTER_LOST_SOCKET,
	COUNTER_ROW_QUICKEST,
	COUNTER_ROW_SLOWEST,
};

struct null_row;

struct null_worker {
	bool full;
	uint64_t rate, loss_ppm, seed, helpers;
	int64_t loss_every_ns;
	unsigned index, siblings; /* among the workers of its role */
	int64_t opened_ns, origin_ns, last_ns;
	uint64_t before, lost_before; /* due and lost up to origin_ns */
	uint64_t due, lost, home;     /* packets sent, lost, received so far */
	uint64_t stride, next_record; /* every stride-th answer's latency is recorded */
	struct null_row *row;         /* [rows] */
	unsigned rows;
};

/* This worker's part of n packets of the whole run: the parts of all add up to n. */
uint64_t null_share(const struct null_worker *s, uint64_t n);
/* Around 15 us, and one in 512 much slower. */
int64_t null_latency(const struct null_worker *s, uint64_t packet);

/* rows.c: made-up details, as if the packets came over --rows connections. */
int null_open_rows(struct worker *w, struct null_worker *s, struct err *err);
/* Brings the rows up to now; on the virtual clock a second call changes nothing. */
void null_step_rows(struct worker *w, struct null_worker *s);
void null_close_rows(struct null_worker *s);
extern const struct detail_def null_details;
