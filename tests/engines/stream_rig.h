/* Runs mode stream's operations on one thread, over real loopback sockets, without the run
 * layer.  See rig.h, which does it for mode echo. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/leaks.h"
#include "engines/stream/stream.h"
#include "engines/stream/worker.h"

enum { STREAM_RIG_WORKERS = 16, STREAM_RIG_DEADLINE_S = 30 };

struct stream_rig {
	struct options options;
	struct plan plan;
	struct worker worker[STREAM_RIG_WORKERS];
	unsigned opened;
	struct err err;
};

/* Options as name, value pairs, ended by NULL. */
#define RIG_OPTIONS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

/* Plans and opens all workers; 0 or -errno in rig->err.  stream_rig_close() in any case. */
int stream_rig_try(struct stream_rig *rig, const char *const *option);
void stream_rig_open(struct stream_rig *rig, const char *const *option); /* or fails the test */
void stream_rig_close(struct stream_rig *rig);

/* MEASURE is entered first by those that receive, everything else first by those that send. */
void stream_rig_enter(struct stream_rig *rig, enum phase phase);
/* One poll of every worker; -errno in rig->err where one failed. */
int stream_rig_step(struct stream_rig *rig);
/* Steps until done() says so, `other` (may be NULL) in turns with it; fails the test after the
 * deadline. */
void stream_rig_until(
	struct stream_rig *rig, struct stream_rig *other, bool (*done)(struct stream_rig *rig, uint64_t value), uint64_t value);
/* Runs the measure phase until so many messages have been received, and drains. */
void stream_rig_measure(struct stream_rig *rig, uint64_t messages);
void stream_rig_drain(struct stream_rig *rig);

uint64_t stream_rig_sum(struct stream_rig *rig, unsigned counter);
bool stream_rig_received(struct stream_rig *rig, uint64_t messages);
bool stream_rig_sent_bytes(struct stream_rig *rig, uint64_t bytes);
/* Sent = received + lost, exactly, and nothing damaged. */
void stream_rig_expect_balance(struct stream_rig *rig);
unsigned stream_rig_port(const struct stream_rig *rig);
uint64_t stream_rig_latencies(struct stream_rig *rig, unsigned index);
