/* Method zero-copy: sendmsg(2) with MSG_ZEROCOPY (Linux >= 4.14).  The kernel sends from the
 * fields themselves and says on the socket's error queue when it is done with them; until then
 * the message is not touched, so messages come from a ring.
 *
 * Completions are taken in batches: when three quarters of the ring are on their way (the kernel
 * puts ranges together that are not fetched), and when the owner has slept.  ENOBUFS
 * (net.core.optmem_max, or RLIMIT_MEMLOCK) waits for completions; with none to wait for, that
 * part is sent by copying and counted as such.
 *
 * The ring is a mapping of its own.  What an ended connection has not sent yet, the kernel goes
 * on sending from the same pages: they are unmapped, or exchanged for fresh ones, and never
 * written to again; freed to the heap they would be. */
#include <time.h> /* linux/errqueue.h needs it */

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engines/tcp/completions.h"
#include "engines/tcp/sender.h"

enum {
	REAPS = 256, /* notifications fetched at a time */
};

struct slot {
	struct tcp_message message;
	uint32_t last; /* number of the last call that sent of it */
};

struct zero_copy {
	struct tcp_sender sender; /* first: the common part */
	struct completions completions;
	struct slot *ring;
	uint8_t *memory; /* of the ring's messages */
	size_t memory_bytes;
	/* head: the begun one or the next; busy: those before it that are not known to be done */
	unsigned slots, head, busy;
	unsigned unreaped; /* begun since completions were fetched */
	bool called;       /* something of the begun message is on its way */
};

/* ---- open ---- */

static bool zero_copy_probe(char *why, size_t size)
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = -1;

	if (fd < 0)
		fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		rc = setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on));
		close(fd);
	}
	if (rc < 0)
		snprintf(why, size, "needs SO_ZEROCOPY for TCP: Linux 4.14 or newer");
	return rc >= 0;
}

static void zero_copy_close(struct tcp_sender *s)
{
	struct zero_copy *z = (struct zero_copy *)s;

	if (!z)
		return;
	if (z->memory)
		munmap(z->memory, z->memory_bytes);
	free(z->ring);
	free(z);
}

static size_t zero_copy_bytes(size_t size)
{
	return tcp_ring_messages(size) * tcp_message_bytes(size);
}

static void place_messages(struct zero_copy *z)
{
	for (unsigned i = 0; i < z->slots; i++)
		tcp_message_place(&z->ring[i].message, z->sender.size, z->memory + i * tcp_message_bytes(z->sender.size));
}

static int map_messages(struct zero_copy *z)
{
	size_t bytes = zero_copy_bytes(z->sender.size);
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -ENOMEM;
	z->memory = memory;
	z->memory_bytes = bytes;
	place_messages(z);
	return 0;
}

static int zero_copy_open(const struct tcp_sender_method *method, size_t size, const struct tcp_calls *calls,
	struct tcp_sender **ret_sender, struct err *err)
{
	struct zero_copy *z = calloc(1, sizeof(*z));
	int rc = -ENOMEM;

	if (z) {
		z->sender =
			(struct tcp_sender){ .method = method, .calls = calls, .size = size, .fd = -1, .flags = MSG_DONTWAIT };
		z->slots = tcp_ring_messages(size);
		z->ring = calloc(z->slots, sizeof(*z->ring));
		rc = z->ring ? map_messages(z) : -ENOMEM;
	}
	if (rc < 0) {
		int slots = z ? (int)z->slots : 0;

		zero_copy_close(&z->sender);
		return err_sys(err, ENOMEM, "open zero-copy sender, %d messages of %zu bytes", slots, size);
	}
	*ret_sender = &z->sender;
	return 0;
}

/* Fresh pages instead of those that the kernel may still be sending from. */
static void renew_messages(struct zero_copy *z)
{
	madvise(z->memory, z->memory_bytes, MADV_DONTNEED);
	place_messages(z);
}

static int zero_copy_attach(struct tcp_sender *s, int fd, struct err *err)
{
	struct zero_copy *z = (struct zero_copy *)s;
	int on = 1;

	s->fd = fd;
	s->left = 0;
	if (completions_outstanding(&z->completions))
		renew_messages(z);
	z->completions = (struct completions){ 0 };
	z->head = z->busy = z->unreaped = 0;
	z->called = false;
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)) < 0)
		return err_sys(err, errno, "setsockopt SO_ZEROCOPY");
	return 0;
}

/* ---- completions ---- */

static bool is_notification(const struct cmsghdr *c, const struct sock_extended_err *e)
{
	bool error = (c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
		     (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR);

	return error && c->cmsg_len >= CMSG_LEN(sizeof(*e)) && e->ee_origin == SO_EE_ORIGIN_ZEROCOPY && !e->ee_errno;
}

static void take(struct zero_copy *z, struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		const struct sock_extended_err *e = (const struct sock_extended_err *)CMSG_DATA(c);
		uint32_t taken;

		if (!is_notification(c, e))
			continue;
		taken = completions_take(&z->completions, e->ee_info, e->ee_data);
		z->sender.totals.completions += taken;
		if (e->ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
			z->sender.totals.copied += taken;
	}
}

/* Slots are given free from the oldest on. */
static void release(struct zero_copy *z)
{
	while (z->busy) {
		unsigned oldest = (z->head + z->slots - z->busy) % z->slots;

		if (!completions_reached(&z->completions, z->ring[oldest].last))
			break;
		z->busy--;
	}
}

static void zero_copy_reap(struct tcp_sender *s)
{
	struct zero_copy *z = (struct zero_copy *)s;

	z->unreaped = 0;
	for (unsigned i = 0; i < REAPS && completions_outstanding(&z->completions); i++) {
		alignas(struct cmsghdr) char control[128];
		struct msghdr message = { .msg_control = control, .msg_controllen = sizeof(control) };

		s->totals.syscalls++;
		if (s->calls->recvmsg(s->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
		take(z, &message);
	}
	release(z);
}

/* ---- send ---- */

static struct tcp_message *zero_copy_begin(struct tcp_sender *s)
{
	struct zero_copy *z = (struct zero_copy *)s;
	bool low = z->busy * 4 >= z->slots * 3 && z->unreaped * 8 >= z->slots;

	if (low || z->busy == z->slots)
		zero_copy_reap(s);
	if (z->busy == z->slots) {
		s->wait_events = 0;
		return NULL;
	}
	z->unreaped++;
	z->called = false;
	s->left = s->size;
	return &z->ring[z->head].message;
}

/* ENOBUFS, and nothing on its way whose completion would help. */
static ssize_t send_copying(struct zero_copy *z, const struct msghdr *message)
{
	struct tcp_sender *s = &z->sender;
	ssize_t n = tcp_sent(s, s->calls->sendmsg(s->fd, message, s->flags | MSG_NOSIGNAL));

	if (n > 0) {
		s->totals.completions++;
		s->totals.copied++;
	}
	return n;
}

static ssize_t no_buffers(struct zero_copy *z, const struct msghdr *message)
{
	struct tcp_sender *s = &z->sender;

	s->totals.syscalls++;
	s->totals.no_buffers++;
	zero_copy_reap(s);
	if (!completions_outstanding(&z->completions))
		return send_copying(z, message);
	s->wait_events = 0;
	return 0;
}

/* The message is out of the owner's hands. */
static void finish(struct zero_copy *z)
{
	if (z->called) {
		z->busy++;
		z->head = (z->head + 1) % z->slots;
	}
}

static ssize_t zero_copy_send(struct tcp_sender *s)
{
	struct zero_copy *z = (struct zero_copy *)s;
	struct slot *slot = &z->ring[z->head];
	struct iovec parts[TCP_FIELDS];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = tcp_message_parts(&slot->message, s->size - s->left, parts) };
	ssize_t n;

	if (completions_outstanding(&z->completions) == COMPLETIONS_MAX) {
		zero_copy_reap(s);
		s->wait_events = 0;
		if (completions_outstanding(&z->completions) == COMPLETIONS_MAX)
			return 0;
	}
	n = s->calls->sendmsg(s->fd, &message, s->flags | MSG_NOSIGNAL | MSG_ZEROCOPY);
	if (n < 0 && errno == ENOBUFS) {
		n = no_buffers(z, &message);
	} else {
		n = tcp_sent(s, n);
		if (n > 0) {
			slot->last = completions_issue(&z->completions);
			z->called = true;
		}
	}
	if (n > 0 && !s->left)
		finish(z);
	return n;
}

const struct tcp_sender_method tcp_zero_copy = {
	.method = { .name = "zero-copy",
		.summary = "MSG_ZEROCOPY: the device sends from the fields; local paths copy all the same",
		.probe = zero_copy_probe },
	.bytes = zero_copy_bytes,
	.open = zero_copy_open,
	.attach = zero_copy_attach,
	.begin = zero_copy_begin,
	.send = zero_copy_send,
	.reap = zero_copy_reap,
	.close = zero_copy_close,
};
