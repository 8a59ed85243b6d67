/* An AF_XDP socket: frames of one queue of one device, received and sent through rings that it
 * shares with the kernel, out of memory (umem) that it shares, too.  Documentation/networking/
 * af_xdp.rst; Linux 5.4 (XDP_USE_NEED_WAKEUP).
 *
 * Frames of the memory go round: those that are spare stand in a stack; some of them are with the
 * kernel to receive into (fill ring), come back filled (receive ring), are sent (send ring) and
 * come back (completion ring).  A frame is named by its address in the memory.
 *
 * With copies the kernel copies each frame into, or out of, an skb or a buffer of the driver's;
 * it sends within the call of xdp_socket_kick() only.  Without (zero-copy) the device reads and
 * writes the memory itself, and the kernel says when it has to be called (need-wakeup).
 *
 * One owner thread; only open allocates.  The rings' memory order is libxdp's (xdp/xsk.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xdp/xsk.h>

#include "base/err.h"

enum {
	XDP_FRAME_BYTES_MAX = 4096,
	/* of each frame that is received into: XDP_PACKET_HEADROOM of linux/bpf.h */
	XDP_HEADROOM_BYTES = 256,
};

/* The choices of --xdp-mode in their order. */
enum xdp_copying { XDP_COPYING_AUTO, XDP_COPYING_COPY, XDP_COPYING_ZERO_COPY };

struct xdp_socket_config {
	int fd; /* AF_XDP, of path->socket(); the socket's from a call of open on */
	unsigned interface, queue;
	const char *name; /* of the interface, for errors */
	enum xdp_copying copying;
	bool receives;        /* else it only sends */
	bool wants_checksums; /* the kernel is to finish those of frames that are sent */
	uint32_t frames;      /* a power of 2 */
	uint32_t frame_bytes; /* a power of 2, 2048 or XDP_FRAME_BYTES_MAX */
};

/* Lost frames, as XDP_STATISTICS has them; cumulative. */
struct xdp_losses {
	uint64_t no_frame;  /* nothing in the fill ring, or longer than a frame of the memory */
	uint64_t ring_full; /* the receive ring */
	uint64_t invalid;   /* descriptors of ours that the kernel refused */
};

struct xdp_socket {
	int fd;
	uint8_t *memory;
	size_t memory_bytes;
	uint32_t frame_bytes;
	bool zero_copy;
	bool checksums; /* xdp_socket_ask_checksum() may be used (Linux 6.11, with copies) */
	struct xsk_ring_prod fill, send;
	struct xsk_ring_cons receive, done;
	struct {
		void *at; /* NULL: not mapped */
		size_t bytes;
	} map[4];
	uint64_t *spare; /* [frames], a stack */
	uint32_t spares;
	uint32_t sent; /* descriptors that the kernel took, as last counted; wraps */
};

/* 0, or -errno with *err: -ENOBUFS where too little memory may be locked (getrlimit(2),
 * RLIMIT_MEMLOCK), -EBUSY where the queue has a socket of another program, -EOPNOTSUPP where it
 * was told zero-copy and the device has none, -EINVAL where there is no such queue or the device
 * gives this one no zero-copy.  xdp_socket_close() in any case. */
int xdp_socket_open(struct xdp_socket *x, const struct xdp_socket_config *config, struct err *err);
/* Accepts what has fd -1 and is zeroed else, and half-opened. */
void xdp_socket_close(struct xdp_socket *x);
/* May this process have an AF_XDP socket in its own network namespace? */
bool xdp_socket_probe(char *why, size_t size);

static inline uint8_t *xdp_socket_frame(const struct xdp_socket *x, uint64_t address)
{
	return x->memory + address;
}

/* Of something that begins within a frame. */
static inline uint64_t xdp_socket_frame_of(const struct xdp_socket *x, uint64_t address)
{
	return address & ~(uint64_t)(x->frame_bytes - 1);
}

static inline void xdp_socket_spare(struct xdp_socket *x, uint64_t address)
{
	x->spare[x->spares++] = xdp_socket_frame_of(x, address);
}

/* Spare frames to the kernel, as many as it has room for. */
void xdp_socket_feed(struct xdp_socket *x);
/* Frames that have left become spare. */
void xdp_socket_reap(struct xdp_socket *x);
/* Descriptors in the send ring that the kernel has not taken. */
static inline uint32_t xdp_socket_unsent(const struct xdp_socket *x)
{
	return *x->send.producer - __atomic_load_n(x->send.consumer, __ATOMIC_ACQUIRE);
}

/* Room in front of a frame whose checksum is asked for. */
enum { XDP_REQUEST_BYTES = 24 };
/* The descriptor of a frame that is sent as it is; and of one whose checksum the kernel finishes
 * over all from this offset on, as it does for frames of its own, after xdp_socket_ask_checksum(),
 * which writes in front of the frame.  A receiver on the same host does without: see turn.h. */
struct xdp_desc xdp_socket_whole(uint64_t address, uint32_t bytes);
struct xdp_desc xdp_socket_unsummed(uint64_t address, uint32_t bytes);
void xdp_socket_ask_checksum(struct xdp_socket *x, uint64_t address, uint16_t from, uint16_t offset);
/* The length of the descriptor `i` behind those that were counted as sent. */
static inline uint32_t xdp_socket_length(struct xdp_socket *x, uint32_t i)
{
	return xsk_ring_prod__tx_desc(&x->send, x->sent + i)->len;
}

/* One system call that makes the kernel send, without waiting: 0, or the errno.  EAGAIN: it sends a
 * limited number in a call; EBUSY: the last one that it took was dropped. */
int xdp_socket_kick(struct xdp_socket *x);
/* 0, or -errno of the socket (SO_ERROR): -ENETDOWN where the interface has gone. */
int xdp_socket_error(const struct xdp_socket *x);
int xdp_socket_losses(const struct xdp_socket *x, struct xdp_losses *ret_losses);
