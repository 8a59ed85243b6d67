/* See message.h. */
#include "engines/tcp/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

int tcp_message_init(struct tcp_message *m, size_t size)
{
	*m = (struct tcp_message){ .size = size };
	for (unsigned i = 0; i < TCP_FIELDS; i++) {
		m->length[i] = size / TCP_FIELDS + (i < size % TCP_FIELDS);
		m->field[i] = aligned_alloc(ALIGNMENT, (m->length[i] / ALIGNMENT + 1) * ALIGNMENT);
		if (!m->field[i])
			return -ENOMEM;
		memset(m->field[i], 'a' + (int)i, m->length[i]);
	}
	return 0;
}

void tcp_message_free(struct tcp_message *m)
{
	for (unsigned i = 0; i < TCP_FIELDS; i++)
		free(m->field[i]);
	*m = (struct tcp_message){ 0 };
}

unsigned tcp_message_parts(const struct tcp_message *m, size_t offset, struct iovec parts[TCP_FIELDS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < TCP_FIELDS; i++) {
		if (offset >= m->length[i]) {
			offset -= m->length[i];
			continue;
		}
		parts[n++] = (struct iovec){ m->field[i] + offset, m->length[i] - offset };
		offset = 0;
	}
	return n;
}

void tcp_message_put(struct tcp_message *m, size_t offset, const void *data, size_t bytes)
{
	struct iovec parts[TCP_FIELDS];
	unsigned n = tcp_message_parts(m, offset, parts);
	const uint8_t *from = data;

	for (unsigned i = 0; i < n && bytes; i++) {
		size_t part = bytes < parts[i].iov_len ? bytes : parts[i].iov_len;

		memcpy(parts[i].iov_base, from, part);
		from += part;
		bytes -= part;
	}
}
