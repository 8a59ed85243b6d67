/* For the tests of mode stream: a received stream of bytes is read message by message. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engines/stream/wire.h"
#include "../support/asserts.h"

/* Takes all messages of the bytes: their numbers must go on from *next without a gap; damaged bytes
 * are added up.  Returns how many were completed. */
static inline unsigned take_all(struct stream_frame *f, const uint8_t *data, size_t bytes, uint64_t *next, uint64_t *damaged)
{
	unsigned messages = 0;
	size_t done = 0;

	while (done < bytes) {
		done += stream_frame_take(f, data + done, bytes - done);
		if (stream_frame_is_whole(f)) {
			struct stream_arrival a = stream_frame_next(f);

			assert_int_equal(a.sequence, *next);
			if (f->size >= STREAM_TIMED_BYTES && !a.damaged_bytes)
				assert_more(a.sent_ns, 0);
			(*next)++;
			*damaged += a.damaged_bytes;
			messages++;
		}
	}
	return messages;
}
