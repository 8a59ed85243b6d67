/* Helpers for the tests of mode stream, on top of the rig. */
#pragma once

#include "engines/stream/stream.h"
#include "engines/stream/worker.h"
#include "rig.h"

/* Plans and opens all workers with these options; 0 or -errno in rig->err.  Call rig_close() in any
 * case. */
int stream_rig_try(struct rig *rig, const char *const *option);
void stream_rig_open(struct rig *rig, const char *const *option); /* or fails the test */
uint64_t stream_rig_sum(struct rig *rig, unsigned counter);       /* of both roles */
/* Checks that sent = received + lost, exactly, and that nothing is damaged. */
void stream_rig_expect_balance(struct rig *rig);
struct stream_worker *stream_rig_state(struct rig *rig, unsigned worker);
bool stream_rig_has_connections(struct rig *rig, uint64_t value);
/* Returns a port of loopback that was free a moment ago. */
void stream_rig_free_port(char port[8]);
