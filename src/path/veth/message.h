/* The words between a process that runs path veth and its helper, over Unix sockets of type
 * SOCK_SEQPACKET.  Both are this program, on this host: numbers stand in its own byte order.
 *
 *   control: the first request is VETH_SET_UP; its answer carries the counter files of both
 *            namespaces.  Then any number of VETH_TAP and VETH_CAPTURE, each with one end of a
 *            socket pair; they have no answer.  Its end ends the helper.
 *   a tap:   the helper keeps it full of answers, each with one new socket or the reason why there
 *            is none.  So a socket is there before it is asked for.
 *   capture: a new process on the server's side captures, and says what it sees through that
 *            socket (captures/inside.h); it ends with it.
 *
 * Reading is pure.  Sending and receiving: any thread. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum veth_side { VETH_SERVER, VETH_CLIENT, VETH_SIDES };

enum {
	VETH_MAGIC = 0x6e647674,
	VETH_MTU_MIN = 68 /* RFC 791 */,
	VETH_MTU_MAX = 65535,
	VETH_QUEUES_MAX = 256,
	VETH_RATE_MIN = 8000 /* bit/s */,
	VETH_DELAY_MAX_S = 10,
	VETH_OF_ALL = 100000, /* shares of all packets are so many of these */
	/* counter files of a side: /proc/net/snmp, snmp6 and dev */
	VETH_FILES_A_SIDE = 3,
	VETH_FILES = VETH_SIDES * VETH_FILES_A_SIDE,
};

/* --veth-offload; options_common's choices have the same order. */
enum veth_offload { VETH_OFFLOAD_AS_MADE, VETH_OFFLOAD_ON, VETH_OFFLOAD_OFF, VETH_OFFLOADS };

enum veth_asked { VETH_SET_UP = 1, VETH_TAP, VETH_CAPTURE };

struct veth_shape {
	uint64_t rate_bits_per_s; /* 0: no limit */
	uint64_t seed;            /* of what is chosen by chance */
	uint64_t delay_ns;        /* 0: none */
	uint32_t mtu_bytes, queues, offload;
	uint32_t loss_of_100000, reorder_of_100000, duplicate_of_100000; /* 0: none */
};

/* The arguments of socket(2), without SOCK_CLOEXEC, which all have. */
struct veth_socket {
	uint32_t side;
	int32_t domain, type, protocol;
};

struct veth_request {
	uint32_t magic, asked;
	struct veth_shape shape;   /* of VETH_SET_UP, else zeroed */
	struct veth_socket socket; /* of VETH_TAP, else zeroed */
};

struct veth_answer {
	uint32_t magic;
	int32_t code; /* 0 or a positive errno */
	/* bit per counter file that is there; they follow each other in this order */
	uint32_t files;
	char text[ERR_TEXT_BYTES];
};

/* A request with as many descriptors: 0, or -EPROTO where it is none that a helper may do. */
int veth_request_read(const void *bytes, size_t size, unsigned descriptors, struct veth_request *ret_request);
/* An answer, likewise.  Its text ends within it. */
int veth_answer_read(const void *bytes, size_t size, unsigned descriptors, struct veth_answer *ret_answer);
/* How much of it must be sent: its text is cut off behind its end. */
size_t veth_answer_bytes(const struct veth_answer *answer);

/* One message with these descriptors, which stay the caller's.  0 or -errno; -EAGAIN where the
 * other end is full and `flags` has MSG_DONTWAIT. */
int veth_send(int fd, const void *bytes, size_t size, const int *descriptors, unsigned count, int flags);
/* One message: its length, 0 at the other end's end, or -errno; -EMFILE where descriptors could
 * not be taken.  The descriptors are the caller's, and close on exec. */
ssize_t veth_receive(int fd, void *bytes, size_t size, int ret_descriptors[VETH_FILES], unsigned *ret_count);
