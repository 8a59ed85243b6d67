/* Real runs of mode chat, and people in its room: clients made by hand, over TCP sockets that block
 * for 20 s at most.  Every failure on the way fails the test. */
#pragma once

#include "session_rig.h"

#define OPTIONS(...)              \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

/* ---- people ---- */

int person_call(const char *address, unsigned port);
void person_says(int fd, const char *text);
/* Reads until the text has come, and says where it did not. */
void person_hears(int fd, const char *text);
/* Both are in the room, and hear each other. */
void people_meet(struct session_rig *s, uint32_t id, struct outcome *o, int a, int b);

/* ---- runs ---- */

/* A server with short queues; *o is for this run. */
uint32_t chat_server_start(
	struct session_rig *s, const char *address, const char *method, const char *loops, unsigned *ret_port, struct outcome *o);
/* Its ledger balances. */
void chat_server_end(struct session_rig *s, uint32_t id, struct outcome *o);

/* Of a run that is over: a counter, summed over the workers, since they opened. */
uint64_t outcome_sum(const struct outcome *o, unsigned counter);
/* Both ledgers leave nothing unexplained, to the last message. */
void chat_assert_balanced(const struct outcome *o, struct ledger *ret_deliveries);
