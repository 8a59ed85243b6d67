/* See message.h. */
#include "engines/tcp/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ALIGNMENT = 64,
	RING_BYTES = 4 << 20,
	RING_MAX = 64,
	LARGE_BYTES = 64 << 20, /* from here on one message is enough memory */
};

static size_t length_of(size_t size, unsigned field)
{
	return size / TCP_FIELDS + (field < size % TCP_FIELDS);
}

static size_t room_of(size_t length)
{
	return (length / ALIGNMENT + 1) * ALIGNMENT;
}

static void set_field(struct tcp_message *m, unsigned field, uint8_t *memory)
{
	m->field[field] = memory;
	m->length[field] = length_of(m->size, field);
	memset(memory, 'a' + (int)field, m->length[field]);
}

int tcp_message_init(struct tcp_message *m, size_t size)
{
	*m = (struct tcp_message){ .size = size };
	for (unsigned i = 0; i < TCP_FIELDS; i++) {
		uint8_t *memory = aligned_alloc(ALIGNMENT, room_of(length_of(size, i)));

		if (!memory)
			return -ENOMEM;
		set_field(m, i, memory);
	}
	return 0;
}

size_t tcp_message_bytes(size_t size)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < TCP_FIELDS; i++)
		bytes += room_of(length_of(size, i));
	return bytes;
}

void tcp_message_place(struct tcp_message *m, size_t size, uint8_t *memory)
{
	*m = (struct tcp_message){ .size = size };
	for (unsigned i = 0; i < TCP_FIELDS; i++) {
		set_field(m, i, memory);
		memory += room_of(m->length[i]);
	}
}

unsigned tcp_ring_messages(size_t size)
{
	size_t messages = RING_BYTES / size;

	if (messages > RING_MAX)
		return RING_MAX;
	return messages >= 2 ? (unsigned)messages : size < LARGE_BYTES ? 2 : 1;
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
