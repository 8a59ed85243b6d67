/* Hand-made runs, samples and finals of the made-up mode. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../support/toy.h"
#include "base/clock.h"
#include "results/results.h"

/* Server 0 on CPU 0, client 0 on CPU 1; the client's cycles are unknown. */
struct run_info *toy_run(uint32_t id);
/* Sets the numbers of servers and clients. */
struct run_info *toy_run_of(uint32_t id, unsigned servers, unsigned clients);
struct sample *toy_sample(uint32_t run_id, enum phase phase, int64_t at_ns);
/* A sample after `steps` steady tenths of a second of measuring: 100 sent and 90 answered in each,
 * 4 dropped at the server. */
struct sample *toy_steady(uint32_t run_id, unsigned steps, bool interval);
struct run_final *toy_final(uint32_t run_id, unsigned workers, unsigned steps);
/* Makes so many rows of worker 1; the first has a MIN of nothing. */
struct details *toy_details(unsigned rows);

void toy_take_run(struct history *h, struct run_info *info);
void toy_take_phase(struct history *h, uint32_t run_id, enum phase phase);
void toy_take_sample(struct history *h, struct sample *s);
void toy_take_final(struct history *h, struct run_final *f);
void toy_take_event(struct history *h, int64_t at_ns, uint32_t run_id, enum severity severity, const char *text);

/* A history with one finished steady run of `seconds`, one interval a second. */
struct history *toy_history(unsigned seconds, bool finished);
struct host_info toy_host(void);

/* Latency histogram with `count` values around 20 us. */
void toy_hist(struct hist *h, unsigned count);

#define assert_close(a, b, eps)                                                     \
	do {                                                                        \
		double close_a = (a), close_b = (b);                                \
		if (!(fabs(close_a - close_b) <= (eps)))                            \
			fail_msg("%s = %.9g, %s = %.9g", #a, close_a, #b, close_b); \
	} while (0)
