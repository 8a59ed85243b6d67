/* Blocks of one size for what is half read or half sent.  Pages that no block has used cost
 * nothing.  One owner; only open() allocates. */
#pragma once

#include <stdint.h>

struct chat_pool {
	uint8_t *memory;
	uint32_t block_bytes, blocks, free;
	uint32_t *stack; /* [blocks]: free ones */
};

int chat_pool_open(struct chat_pool *p, uint32_t block_bytes, uint32_t blocks); /* 0 or -errno */
/* accepts a zeroed one */
void chat_pool_close(struct chat_pool *p);
/* NULL: none is left */
uint8_t *chat_pool_take(struct chat_pool *p);
void chat_pool_give(struct chat_pool *p, uint8_t *block); /* accepts NULL */
