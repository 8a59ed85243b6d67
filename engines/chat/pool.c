/* Blocks.  See engines/chat/pool.h. */
#include "engines/chat/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

int chat_pool_open(struct chat_pool *p, uint32_t block_bytes, uint32_t blocks)
{
	void *memory;

	*p = (struct chat_pool){ .block_bytes = block_bytes, .blocks = blocks, .free = blocks };
	p->stack = malloc(blocks * sizeof(*p->stack));
	if (!p->stack)
		return -ENOMEM;
	for (uint32_t i = 0; i < blocks; i++)
		p->stack[i] = blocks - 1 - i;
	memory = mmap(
		NULL, (size_t)block_bytes * blocks, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	p->memory = memory;
	return 0;
}

void chat_pool_close(struct chat_pool *p)
{
	if (p->memory)
		munmap(p->memory, (size_t)p->block_bytes * p->blocks);
	free(p->stack);
	*p = (struct chat_pool){ 0 };
}

uint8_t *chat_pool_take(struct chat_pool *p)
{
	return p->free ? p->memory + (size_t)p->block_bytes * p->stack[--p->free] : NULL;
}

void chat_pool_give(struct chat_pool *p, uint8_t *block)
{
	if (block)
		p->stack[p->free++] = (uint32_t)((size_t)(block - p->memory) / p->block_bytes);
}
