/* The load's side of report.h: the first worker of a load whose server is elsewhere asks it for its
 * counts, when it opens and when traffic has stopped.  What it is told becomes counters of this
 * worker, so that both ledgers have the server's side, too.
 *
 * They are this run's only where nobody else is in the room, where the server stays the same one,
 * and where it was asked at both ends of the measure phase; else nothing is told.  Owner: the
 * worker. */
#pragma once

#include "engines/chat/apart/report.h"
#include "run/worker.h"

struct chat_ask {
	bool on;
	int fd; /* valid where on */
	uint64_t token;
	uint32_t number;   /* of the newest question */
	uint32_t first;    /* of the first one of this quiet phase */
	bool due;          /* in a quiet phase */
	bool pending;      /* ... and the server has not told yet that all is settled */
	bool fresh, based; /* told since traffic stopped; before the measure phase, too */
	bool told;         /* the ledgers are whole */
	int64_t next_ns;   /* of the next question */
	uint8_t frame[CHAT_REPORT_BYTES];
	unsigned got;                    /* bytes of the next answer */
	struct chat_report base, newest; /* the first word, and the last one */
	/* since the first: read by the server, gone with a connection, neither yet */
	uint64_t read, lost, unread;
	uint64_t queued_before; /* deliveries that waited when the measure phase began */
};

/* In open(), before the first connection is made: a server that does not tell is not asked
 * again. */
void chat_ask_open(struct worker *w, struct chat_ask *a);
void chat_ask_close(struct chat_ask *a); /* accepts zeroed */
/* The worker has entered this phase. */
void chat_ask_enter(struct chat_ask *a, enum phase phase);
/* In a quiet phase: asks where it is time for that, takes what has come. */
void chat_ask_step(struct worker *w, struct chat_ask *a, int64_t now_ns);
/* The server's side of the ledgers, but for the messages'. */
void chat_ask_count(struct worker *w, const struct chat_ask *a);
