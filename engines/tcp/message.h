/* A message of a TCP mode: 8 separately allocated fields, as an application's records are.
 * Fields differ in length by at most a byte; those of a message of less than 8 bytes may be
 * empty.  One owner; only init allocates. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum { TCP_FIELDS = 8 };

struct tcp_message {
	size_t size; /* of all fields together */
	uint8_t *field[TCP_FIELDS];
	size_t length[TCP_FIELDS];
};

/* size >= 1.  Every byte is written, so that no two pages are the kernel's one page of zeros.  0
 * or -ENOMEM; free accepts zeroed and half-made ones. */
int tcp_message_init(struct tcp_message *m, size_t size);
void tcp_message_free(struct tcp_message *m);

/* The same fields in memory of the caller's, who frees it: tcp_message_bytes() of it, aligned as
 * malloc() aligns. */
size_t tcp_message_bytes(size_t size);
void tcp_message_place(struct tcp_message *m, size_t size, uint8_t *memory);

/* How many messages of this size make a ring for a method whose kernel sends from them later. */
unsigned tcp_ring_messages(size_t size);

/* The bytes from `offset` on as they lie in memory: fills parts[], returns how many (0 where
 * offset is the size).  Pure. */
unsigned tcp_message_parts(const struct tcp_message *m, size_t offset, struct iovec parts[TCP_FIELDS]);
/* Copies bytes into the message at `offset`, over the borders of fields; they must fit. */
void tcp_message_put(struct tcp_message *m, size_t offset, const void *data, size_t bytes);
