/* The send contract of TCP modes: how a message is handed to the kernel.  One file per method:
 * two_copy, one_copy, zero_copy; sendfile, splice and io_uring's SEND_ZC fit in here, too.
 *
 * A sender has one owner thread, which calls all its operations; only open() allocates.  It
 * outlives connections: attach() gives it the next one.
 *
 * begin() lends a message to be filled; what it holds from before is there still.  send() hands
 * over as much of it as the kernel takes now, and is called again until `left` is 0; then the
 * message is the sender's: a method that sends asynchronously lends it again only when the
 * kernel is done with it.  Between begin() and the end of the message nobody changes it.
 *
 * "Not now" (NULL from begin(), 0 from send()): wait for the socket with `wait_events`; 0 means
 * that only completions (POLLERR, which poll(2) reports unasked) help.
 *
 * Sources: send(2), sendmsg(2), tcp(7), Documentation/networking/msg_zerocopy.rst. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"
#include "engines/tcp/message.h"
#include "mode/engine.h"

/* The system calls that senders make; tests put scripted ones in their place. */
struct tcp_calls {
	ssize_t (*send)(int fd, const void *data, size_t bytes, int flags);
	ssize_t (*sendmsg)(int fd, const struct msghdr *message, int flags);
	ssize_t (*recvmsg)(int fd, struct msghdr *message, int flags);
};
extern const struct tcp_calls tcp_calls_real;

/* Cumulative; written by the sender, read by its owner. */
struct tcp_totals {
	uint64_t syscalls;
	uint64_t partial;     /* calls that took less than was left */
	uint64_t again;       /* calls that took nothing: EAGAIN */
	uint64_t completions; /* zero-copy sends that the kernel is done with */
	uint64_t copied;      /* of these, those that it copied after all */
	/* ENOBUFS: no memory for the notification, or over the limit of locked memory */
	uint64_t no_buffers;
};

struct tcp_sender_method;

/* The common part of all senders; a method's own struct begins with it. */
struct tcp_sender {
	const struct tcp_sender_method *method;
	const struct tcp_calls *calls;
	size_t size; /* of a message */
	int fd;      /* -1: none; the owner's */
	/* of send calls; the owner's: MSG_DONTWAIT, or 0 on a socket that blocks, with a time
	 * limit (SO_SNDTIMEO) */
	int flags;
	size_t left; /* of the begun message; 0: none is begun */
	short wait_events;
	int wait_fd; /* to wait for; of a method that has wait(), else unused */
	struct tcp_totals totals;
};

struct tcp_sender_method {
	struct method method; /* first: a plan's method pointer is this */
	/* mandatory: memory that open() takes for messages of this size; pure */
	size_t (*bytes)(size_t size);
	/* mandatory: size >= 1.  0 and *ret_sender, or -errno with *err */
	int (*open)(const struct tcp_sender_method *method, size_t size, const struct tcp_calls *calls,
		struct tcp_sender **ret_sender, struct err *err);
	/* mandatory: a new connection, or -1: none any more.  What was begun or on its way on
	 * the one before is forgotten.  0 or -errno with *err */
	int (*attach)(struct tcp_sender *s, int fd, struct err *err);
	struct tcp_message *(*begin)(struct tcp_sender *s); /* mandatory */
	/* mandatory: bytes taken, 0: not now, or -errno: the connection is lost.  Where it may
	 * block it returns early for a signal or the time limit only. */
	ssize_t (*send)(struct tcp_sender *s);
	/* NULL if nothing completes later: takes what completions there are */
	void (*reap)(struct tcp_sender *s);
	/* NULL: "not now" waits for the socket, and with flags 0 send() itself blocks.  Else it
	 * waits for wait_fd, and this is the wait for engine->wait(), whose contract it keeps;
	 * send() never blocks, and makes its own system calls in place of tcp_calls. */
	int (*wait)(struct tcp_sender *s, struct worker *w, int64_t until_ns, struct err *err);
	/* mandatory; accepts NULL and half-opened; leaves the connection alone */
	void (*close)(struct tcp_sender *s);
};

extern const struct tcp_sender_method tcp_one_copy, tcp_two_copy, tcp_zero_copy;

static inline const struct tcp_sender_method *tcp_sender_method_of(const struct method *method)
{
	return (const struct tcp_sender_method *)method;
}

/* ---- for methods ---- */

/* The result of a send call, as send() returns it; counts it, takes it off `left`. */
ssize_t tcp_sent(struct tcp_sender *s, ssize_t n);
/* For methods whose connections need nothing. */
int tcp_attach_plain(struct tcp_sender *s, int fd, struct err *err);
