/* Buffers that the kernel picks from by itself for what is received: a provided-buffer ring
 * (io_uring_register_buf_ring(3), Linux 5.19).  A buffer is the kernel's until a completion names
 * it, then the owner's until it is returned and shown.  One owner; only map allocates. */
#pragma once

#include "engines/uring/uring.h"

enum { URING_BUFFERS_MAX = 4096 };

struct uring_buffers {
	uint8_t *memory; /* the ring, then the buffers; NULL: none */
	size_t memory_bytes, stride;
	struct io_uring_buf_ring *ring;
	uint8_t *first;
	uint32_t bytes; /* of each, that the kernel may fill */
	unsigned count, mask;
	unsigned returned; /* and not yet shown */
	unsigned kernels;  /* that the kernel has */
};

/* count: 1..URING_BUFFERS_MAX, `stride` apart, of which the kernel may fill `bytes`.  All pages are
 * there from the beginning.  0 or -ENOMEM; unmap accepts zeroed. */
int uring_buffers_map(struct uring_buffers *b, unsigned count, uint32_t bytes, size_t stride);
/* The kernel may pick from them as group `index` of this ring, all of them; a group ends with the
 * ring.  0, or -errno with *err. */
int uring_buffers_register(struct uring_buffers *b, struct uring *ring, unsigned index, struct err *err);
/* When nothing that picks from them is pending. */
void uring_buffers_unmap(struct uring_buffers *b, struct uring *ring, unsigned index);

static inline uint8_t *uring_buffers_at(const struct uring_buffers *b, unsigned buffer)
{
	return b->first + buffer * b->stride;
}

/* The buffer that a completion names is the owner's now. */
static inline unsigned uring_buffers_take(struct uring_buffers *b, const struct io_uring_cqe *cqe)
{
	b->kernels--;
	return cqe->flags >> IORING_CQE_BUFFER_SHIFT;
}

static inline void uring_buffers_return(struct uring_buffers *b, unsigned buffer)
{
	io_uring_buf_ring_add(
		b->ring, uring_buffers_at(b, buffer), b->bytes, (unsigned short)buffer, (int)b->mask, (int)b->returned++);
}

/* The kernel gets all that have been returned. */
static inline void uring_buffers_show(struct uring_buffers *b)
{
	if (!b->returned)
		return;
	io_uring_buf_ring_advance(b->ring, (int)b->returned);
	b->kernels += b->returned;
	b->returned = 0;
}
