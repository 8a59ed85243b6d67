/* See engines/stream/wire.h. */
#include "engines/stream/wire.h"

#include <endian.h>
#include <string.h>

#include "base/rng.h"

/* ---- greetings ---- */

static const char magic[8] = "netdyn\x01\n";

static void put64(uint8_t *out, uint64_t value)
{
	value = htobe64(value);
	memcpy(out, &value, sizeof(value));
}

static uint64_t get64(const uint8_t *in)
{
	uint64_t value;

	memcpy(&value, in, sizeof(value));
	return be64toh(value);
}

void stream_greeting_put(uint8_t out[STREAM_GREETING_BYTES], const struct stream_greeting *g)
{
	const uint64_t value[] = { (uint64_t)g->flags << 32 | g->flow, g->token, g->boot, g->size, g->seed, g->sequence, 0 };

	memcpy(out, magic, sizeof(magic));
	for (unsigned i = 0; i < sizeof(value) / sizeof(value[0]); i++)
		put64(out + 8 * (i + 1), value[i]);
}

bool stream_greeting_get(const uint8_t in[STREAM_GREETING_BYTES], struct stream_greeting *ret_greeting)
{
	if (memcmp(in, magic, sizeof(magic)) != 0)
		return false;
	*ret_greeting = (struct stream_greeting){ .flags = (uint32_t)(get64(in + 8) >> 32),
		.flow = (uint32_t)get64(in + 8),
		.token = get64(in + 16),
		.boot = get64(in + 24),
		.size = get64(in + 32),
		.seed = get64(in + 40),
		.sequence = get64(in + 48) };
	return true;
}

const char *stream_greeting_differs(const struct stream_greeting *a, const struct stream_greeting *b)
{
	uint32_t flags = a->flags ^ b->flags;

	if (flags & STREAM_SERVER_SENDS)
		return "reverse";
	if (a->size != b->size)
		return "size";
	if (flags & STREAM_VERIFY)
		return "verify";
	return a->flags & STREAM_VERIFY && a->seed != b->seed ? "seed" : NULL;
}

/* ---- messages ---- */

size_t stream_header_bytes(uint64_t size)
{
	return size >= STREAM_HEADER_BYTES ? STREAM_HEADER_BYTES : (size_t)size / 8 * 8;
}

void stream_put_header(struct tcp_message *m, uint64_t sequence, int64_t sent_ns)
{
	uint8_t header[STREAM_HEADER_BYTES];

	put64(header, sequence);
	put64(header + 8, (uint64_t)sent_ns);
	put64(header + 16, m->size);
	tcp_message_put(m, 0, header, stream_header_bytes(m->size));
}

/* The pattern is one 64-bit word per 8 bytes of message, little-endian. */
static uint64_t pattern_base(uint64_t seed, uint64_t sequence)
{
	return rng_mix(seed ^ rng_mix(sequence));
}

static uint64_t pattern_word(uint64_t base, uint64_t offset)
{
	return base + offset / 8 * 0x9e3779b97f4a7c15u;
}

static uint8_t pattern_byte(uint64_t base, uint64_t offset)
{
	return (uint8_t)(pattern_word(base, offset) >> offset % 8 * 8);
}

static void fill_pattern(uint64_t base, uint64_t offset, uint8_t *data, size_t bytes)
{
	size_t i = 0;

	for (; i < bytes && (offset + i) % 8; i++)
		data[i] = pattern_byte(base, offset + i);
	for (; i + 8 <= bytes; i += 8) {
		uint64_t word = htole64(pattern_word(base, offset + i));

		memcpy(data + i, &word, sizeof(word));
	}
	for (; i < bytes; i++)
		data[i] = pattern_byte(base, offset + i);
}

void stream_put_pattern(struct tcp_message *m, uint64_t seed, uint64_t sequence)
{
	struct iovec parts[TCP_FIELDS];
	uint64_t offset = stream_header_bytes(m->size), base = pattern_base(seed, sequence);
	unsigned n = tcp_message_parts(m, offset, parts);

	for (unsigned i = 0; i < n; i++) {
		fill_pattern(base, offset, parts[i].iov_base, parts[i].iov_len);
		offset += parts[i].iov_len;
	}
}

static uint64_t wrong_bytes(uint64_t base, uint64_t offset, const uint8_t *data, size_t bytes)
{
	uint64_t wrong = 0;

	for (size_t i = 0; i < bytes; i++)
		wrong += data[i] != pattern_byte(base, offset + i);
	return wrong;
}

uint64_t stream_check_pattern(uint64_t seed, uint64_t sequence, uint64_t offset, const uint8_t *data, size_t bytes)
{
	uint64_t base = pattern_base(seed, sequence), wrong;
	size_t i = (8 - offset % 8) % 8;

	i = i < bytes ? i : bytes;
	wrong = wrong_bytes(base, offset, data, i);
	for (; i + 8 <= bytes; i += 8) {
		uint64_t want = htole64(pattern_word(base, offset + i));

		if (memcmp(data + i, &want, sizeof(want)) != 0)
			wrong += wrong_bytes(base, offset + i, data + i, 8);
	}
	return wrong + wrong_bytes(base, offset + i, data + i, bytes - i);
}

/* ---- framing ---- */

void stream_frame_start(struct stream_frame *f, uint64_t sequence)
{
	f->sequence = sequence;
	f->offset = 0;
	f->damaged_bytes = 0;
}

size_t stream_frame_take(struct stream_frame *f, const uint8_t *data, size_t bytes)
{
	size_t header = stream_header_bytes(f->size), done = 0;

	if (bytes > f->size - f->offset)
		bytes = (size_t)(f->size - f->offset);
	if (data && f->offset < header) {
		done = header - (size_t)f->offset < bytes ? header - (size_t)f->offset : bytes;
		memcpy(f->header + f->offset, data, done);
	}
	if (data && f->verify && bytes > done)
		f->damaged_bytes += stream_check_pattern(f->seed, f->sequence, f->offset + done, data + done, bytes - done);
	f->offset += bytes;
	return bytes;
}

struct stream_arrival stream_frame_next(struct stream_frame *f)
{
	size_t header = stream_header_bytes(f->size);
	struct stream_arrival a = { .sequence = f->sequence, .damaged_bytes = f->damaged_bytes };
	uint64_t wrong = 0;

	if (header >= 8)
		wrong += get64(f->header) != f->sequence ? 8 : 0;
	if (header >= 24)
		wrong += get64(f->header + 16) != f->size ? 8 : 0;
	a.damaged_bytes += wrong;
	if (header >= STREAM_TIMED_BYTES && !wrong)
		a.sent_ns = (int64_t)get64(f->header + 8);
	stream_frame_start(f, f->sequence + 1);
	return a;
}
