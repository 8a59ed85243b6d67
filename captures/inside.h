/* A capture in another network namespace.  A process there, a child of the run's path's helper,
 * opens it with libpcap and sends what it sees through a stream socket; a capture's thread here
 * reads that as it would read from libpcap.  Both ends are this program, on this host.
 *
 * The request, its answer, then records until this end has shut its half and all has been told:
 * the process ends with the socket, whoever closes it. */
#pragma once

#include <pcap/pcap.h>

#include "captures/capture.h"

struct inside;

/* The life of the process there, in the namespace already; `fd` is its end.  Returns its exit
 * status. */
int capture_inside(int fd);

/* As capture_open(), through this end of the socket, which stays the caller's. */
int inside_open(int fd, const struct capture_request *request, const char *interface, const char *filter,
	struct inside **ret_inside, struct err *err);
void inside_close(struct inside *in);
int inside_linktype(const struct inside *in);
/* Readable (poll) when there is more. */
int inside_fd(const struct inside *in);
/* As pcap_dispatch(), without waiting; -errno where it has ended: inside_why() says how. */
int inside_dispatch(struct inside *in, unsigned max, pcap_handler handler, uint8_t *user);
const char *inside_why(const struct inside *in);
/* The kernel's counts, as of the last that was read; false before the first. */
bool inside_stats(const struct inside *in, struct pcap_stat *ret_stat);
/* Asks for the rest; inside_dispatch() gives it, and then -EPIPE. */
void inside_finish(struct inside *in);
