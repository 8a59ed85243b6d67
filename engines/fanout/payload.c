/* See payload.h. */
#include "engines/fanout/payload.h"

#include <errno.h>
#include <stdlib.h>

#include "base/rng.h"

int fanout_payload_init(struct fanout_payload *p, uint32_t bytes, uint64_t seed)
{
	struct rng rng = { .state = seed };
	size_t all = bytes + (size_t)FANOUT_PAYLOADS * FANOUT_PAYLOAD_LINE;

	*p = (struct fanout_payload){ .bytes = malloc(all) };
	if (!p->bytes)
		return -ENOMEM;
	for (size_t i = 0; i < all; i++)
		p->bytes[i] = (uint8_t)rng_next(&rng);
	return 0;
}

void fanout_payload_free(struct fanout_payload *p)
{
	free(p->bytes);
	*p = (struct fanout_payload){ 0 };
}
