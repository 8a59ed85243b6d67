/* Runs an engine's operations on one thread, over real loopback sockets, without the run layer:
 * tests step servers and clients by hand, so that nothing depends on time but deadlines for what
 * must happen. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/leaks.h"
#include "engines/echo/echo.h"
#include "engines/echo/shared.h"

enum { RIG_WORKERS = 8, RIG_DEADLINE_S = 20 };

struct rig {
	struct options options;
	struct plan plan;
	struct worker worker[RIG_WORKERS];
	unsigned servers, clients, opened;
	struct err err;
	unsigned fds; /* open descriptors before */
};

/* What a test wants: workers of each role however many CPUs there are, a method for all, and
 * options as name, value pairs. */
struct rig_config {
	unsigned servers, clients;
	const struct udp_method *method; /* NULL: the default */
	const char *option[24];          /* pairs; ends with NULL */
};

/* Plans only; 0 or -errno in rig->err.  rig_close() in any case. */
int rig_plan(struct rig *rig, const struct rig_config *config);
/* Plans and opens all workers. */
int rig_open(struct rig *rig, const struct rig_config *config);
void rig_open_or_fail(struct rig *rig, const struct rig_config *config); /* fails the test */
/* Closes everything and checks that no descriptor is left. */
void rig_close(struct rig *rig);

/* Calls fn for every method that runs here. */
void rig_for_all(void (*fn)(const struct udp_method *method));

struct worker *rig_server(struct rig *rig, unsigned index);
struct worker *rig_client(struct rig *rig, unsigned index);
void rig_enter(struct rig *rig, enum phase phase);
/* One poll (or drain, as the phase is) of every worker of the roles; what they returned in all.
 * Fails the test on an error. */
int rig_step(struct rig *rig, unsigned roles);
/* Steps all until done() says so; fails the test after RIG_DEADLINE_S. */
void rig_until(struct rig *rig, unsigned roles, bool (*done)(struct rig *rig, uint64_t value), uint64_t value);
/* Runs the measure phase until the clients have `answers` and drains. */
void rig_measure(struct rig *rig, uint64_t answers);
void rig_drain(struct rig *rig);

uint64_t rig_sum(struct rig *rig, unsigned roles, unsigned counter);
bool rig_has_answers(struct rig *rig, uint64_t value);   /* clients' RX_PACKETS >= value */
bool rig_has_questions(struct rig *rig, uint64_t value); /* servers' RX_PACKETS >= value */
/* sent = received + all places, over the whole life; fails the test with all figures otherwise. */
void rig_expect_balance(struct rig *rig);
unsigned rig_port(const struct rig *rig);
uint64_t rig_latencies(struct rig *rig, unsigned index); /* count over clients */

/* A datagram socket of the test's own, bound to loopback (port 0: any), connected to `port`
 * unless 0; with a receive time limit. */
int rig_socket(int family, unsigned local_port, unsigned port);
