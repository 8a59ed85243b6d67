/* The server's side of report.h: what all servers of this process have counted, told by the one
 * that is asked. */
#pragma once

#include "engines/echo/apart/report.h"
#include "run/worker.h"

enum { ECHO_TELL_SOCKETS = 8 };

/* Of one server, for the others; it writes it when it opens and closes. */
struct echo_teller {
	const struct counters *counters;
	unsigned sockets;
	_Atomic int socket[ECHO_TELL_SOCKETS]; /* -1: closed */
	_Atomic uint32_t joined_max;
};

struct echo_shared;

/* The worker has opened one more socket, whose packets hold so many datagrams at most. */
void echo_tell_open(struct worker *w, int fd, unsigned joined_max);
/* It closes them. */
void echo_tell_close(struct worker *w);
/* Any server: makes the answer of a question.  A system call for each socket. */
void echo_tell(const struct echo_shared *s, uint8_t data[ECHO_REPORT_BYTES]);
