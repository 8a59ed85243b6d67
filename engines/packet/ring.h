/* A ring of frames to send, shared with the kernel: AF_PACKET, PACKET_TX_RING, TPACKET_V2
 * (packet(7), networking/packet_mmap.rst; Linux 4.6).  A burst costs one send(2).
 *
 * The owner writes a frame into ring_slot(), queues it, and flushes.  The kernel takes frames
 * in order, within the call only; what it did not take is taken back, so that nothing ever waits
 * in the ring unnoticed.  A slot is, in the kernel's words: TP_STATUS_AVAILABLE, free;
 * SEND_REQUEST, queued; SENDING, taken but not yet out of the device; WRONG_FORMAT, refused.
 * PACKET_LOSS stays off: with it the kernel drops a frame of wrong format without a word.
 *
 * Each slot begins with a virtio_net_hdr (PACKET_VNET_HDR) that asks for the whole frame to be
 * copied.  Otherwise the socket buffer refers to the ring's memory behind the Ethernet header,
 * and on lo the slot is given back before the receiver has seen it; the copy is made sooner or
 * later anyhow over lo and veth, and making it at once is a fifth faster there (measured, Linux
 * 6.18).  It also leaves slots free as soon as flush returns, unless the device queues them.  With
 * this header the kernel does not hold frames against the MTU: see frame_check_payload().
 *
 * The socket receives nothing (protocol 0).  One owner thread; only open allocates. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mode/path.h"

enum { RING_SLOTS_MAX = 4096 };

struct ring_config {
	const struct path *path; /* makes the socket, in its namespace */
	void *path_state;
	enum role role;
	unsigned slots;       /* 1..RING_SLOTS_MAX, made a little more to fill whole pages */
	uint32_t frame_bytes; /* the longest frame, Ethernet header included: 14..131072 */
	/* PACKET_QDISC_BYPASS: frames go to the device without its queueing discipline.  Nothing
	 * buffers them then when the device is full, and no capture on this side sees them; over
	 * lo and veth, which have none, it gains nothing. */
	bool bypass;
};

/* Cumulative; written by the ring, read by its owner. */
struct ring_totals {
	uint64_t taken, bytes; /* frames that the kernel took, and their bytes */
	uint64_t wrong;        /* times that it refused a frame: WRONG_FORMAT */
	uint64_t full;         /* times that no slot was free */
	uint64_t calls;        /* of send(2) */
};

struct ring {
	int fd;
	uint8_t *memory; /* of the slots; NULL: not mapped */
	size_t memory_bytes;
	uint32_t slot_bytes, block_bytes, slots_a_block;
	unsigned slots;
	unsigned head;   /* the slot that the kernel looks at next */
	unsigned queued; /* slots from head on that are filled */
	struct ring_totals totals;
};

/* May this process open a packet socket?  false with the reason: "needs CAP_NET_RAW: ..." */
bool ring_probe(char *why, size_t size);

/* 0, or -errno with *err: -EPERM without CAP_NET_RAW, -EINVAL for a size that cannot be.
 * ring_close() in any case. */
int ring_open(struct ring *ring, const struct ring_config *config, struct err *err);
/* Frames leave through this interface from now on.  0 or -errno with *err. */
int ring_bind(struct ring *ring, unsigned interface, struct err *err);
/* Accepts zeroed and half-opened. */
void ring_close(struct ring *ring);

/* Room for the next frame, frame_bytes of it; NULL: every slot is queued, or not yet out. */
uint8_t *ring_slot(struct ring *ring);
/* A frame of so many bytes stands in ring_slot(). */
void ring_queue(struct ring *ring, uint32_t bytes);
/* Sends what is queued, without waiting; returns how many frames the kernel took.  If that is not
 * all, *ret_errno says why the next one was not, and it and those behind it are no longer queued.
 * EMSGSIZE, EINVAL: it never will be; ENOBUFS, EAGAIN: later, poll(2) fd for POLLOUT. */
unsigned ring_flush(struct ring *ring, int *ret_errno);
