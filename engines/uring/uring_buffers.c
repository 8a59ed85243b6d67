/* See uring_buffers.h. */
#include "engines/uring/uring_buffers.h"

#include <errno.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096 };

int uring_buffers_map(struct uring_buffers *b, unsigned count, uint32_t bytes, size_t stride)
{
	unsigned entries = 1;

	while (entries < count)
		entries *= 2;
	size_t ring_bytes = (entries * sizeof(struct io_uring_buf) + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
	size_t all = ring_bytes + count * stride;
	void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	*b = (struct uring_buffers){
		.memory = memory,
		.memory_bytes = all,
		.stride = stride,
		.ring = memory,
		.first = (uint8_t *)memory + ring_bytes,
		.bytes = bytes,
		.count = count,
		.mask = entries - 1,
	};
	return 0;
}

int uring_buffers_register(struct uring_buffers *b, struct uring *ring, unsigned index, struct err *err)
{
	struct io_uring_buf_reg given = { .ring_addr = (uintptr_t)b->ring, .ring_entries = b->mask + 1, .bgid = (uint16_t)index };
	int rc = io_uring_register_buf_ring(&ring->ring, &given, 0);

	if (rc < 0)
		return err_sys(err, -rc, "register %u buffers with an io_uring", b->count);
	for (unsigned i = 0; i < b->count; i++)
		uring_buffers_return(b, i);
	uring_buffers_show(b);
	return 0;
}

void uring_buffers_unmap(struct uring_buffers *b, struct uring *ring, unsigned index)
{
	if (ring)
		io_uring_unregister_buf_ring(&ring->ring, (int)index);
	if (b->memory)
		munmap(b->memory, b->memory_bytes);
	*b = (struct uring_buffers){ 0 };
}
