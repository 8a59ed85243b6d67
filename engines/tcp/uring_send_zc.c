/* Method send-zc: SENDMSG_ZC of io_uring (Linux >= 6.2, for the word whether it copied).
 *
 * The kernel sends from the fields themselves, as with MSG_ZEROCOPY (zero_copy.c), but says so in
 * the ring: a request has one completion when the message has been taken, and a notice when its
 * memory is free again.  A message is one request (MSG_WAITALL): where the socket has no room the
 * kernel goes on by itself, and the sender sleeps in the ring until it is done.
 *
 * Messages come from a ring in a mapping of its own, whose pages are exchanged for fresh ones when
 * a connection ends with notices missing: the kernel may still be sending from them. */
#include "engines/tcp/uring_send_zc.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "engines/uring/uring.h"
#include "engines/uring/uring_probe.h"

/* Newer than liburing 2.3 (linux/io_uring.h, Linux 6.2). */
#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE (1U << 3)
#endif
#ifndef IORING_NOTIF_USAGE_ZC_COPIED
#define IORING_NOTIF_USAGE_ZC_COPIED (1U << 31)
#endif

enum { ENTRIES = 8 };

struct zc_slot {
	struct tcp_message message;
	unsigned notices; /* that have not come */
};

struct send_zc {
	struct tcp_sender sender; /* first: the common part */
	struct uring_user user;
	struct uring *ring;
	unsigned index;
	uint16_t connection; /* number of it: what comes of an earlier one is ignored */
	struct zc_slot *slot;
	unsigned slots, head;
	uint8_t *memory; /* of the messages */
	size_t memory_bytes;
	/* the request of the begun message */
	struct msghdr header;
	struct iovec parts[TCP_FIELDS];
	bool asked;    /* it is on its way */
	bool answered; /* it has ended, with this result, which send() has not seen */
	int result;
};

/* ---- does it run ---- */

static void send_zc_prepare(struct io_uring_sqe *sqe, int fd, const struct msghdr *header)
{
	io_uring_prep_sendmsg_zc(sqe, fd, header, MSG_NOSIGNAL | MSG_WAITALL);
	sqe->ioprio |= IORING_SEND_ZC_REPORT_USAGE;
}

/* The flag is looked at before the descriptor. */
static bool send_zc_probe(char *why, size_t size)
{
	struct uring_config config = { .entries = 1 };
	struct io_uring_cqe *cqe;
	struct msghdr header = { 0 };
	struct io_uring ring;

	if (!uring_probe(why, size))
		return false;
	if (uring_set_up(&ring, &config) < 0)
		return false;
	send_zc_prepare(io_uring_get_sqe(&ring), -1, &header);
	bool known = io_uring_submit_and_wait(&ring, 1) >= 0 && io_uring_peek_cqe(&ring, &cqe) == 0 && cqe->res != -EINVAL;
	io_uring_queue_exit(&ring);
	if (!known)
		snprintf(why, size, "needs Linux 6.2: SENDMSG_ZC that says whether it copied");
	return known;
}

/* ---- completions ---- */

static int send_zc_done(struct uring_user *user, uint32_t tag, const struct io_uring_cqe *cqe, struct err *err)
{
	struct send_zc *z = (struct send_zc *)((char *)user - offsetof(struct send_zc, user));
	struct zc_slot *slot = &z->slot[tag & UINT16_MAX];

	(void)err;
	if (tag >> 16 != z->connection)
		return 0;
	if (cqe->flags & IORING_CQE_F_NOTIF) {
		slot->notices--;
		z->sender.totals.completions++;
		z->sender.totals.copied += (uint32_t)cqe->res & IORING_NOTIF_USAGE_ZC_COPIED ? 1 : 0;
		return 0;
	}
	slot->notices += cqe->flags & IORING_CQE_F_MORE ? 1 : 0;
	z->asked = false;
	z->answered = true;
	z->result = cqe->res;
	return 0;
}

static int send_zc_turn(struct send_zc *z)
{
	uint64_t calls = z->ring->calls;
	struct err ignored = ERR_NONE;
	int rc = uring_turn(z->ring, &ignored);

	z->sender.totals.syscalls += z->ring->calls - calls;
	return rc;
}

static void send_zc_reap(struct tcp_sender *s)
{
	struct send_zc *z = (struct send_zc *)s;

	if (uring_has_work(z->ring))
		send_zc_turn(z);
}

/* ---- send ---- */

static struct tcp_message *send_zc_begin(struct tcp_sender *s)
{
	struct send_zc *z = (struct send_zc *)s;
	struct zc_slot *slot = &z->slot[z->head];

	s->wait_events = POLLIN;
	if (slot->notices)
		send_zc_reap(s);
	if (slot->notices)
		return NULL;
	s->left = s->size;
	return &slot->message;
}

static bool send_zc_ask(struct send_zc *z)
{
	struct tcp_sender *s = &z->sender;
	struct io_uring_sqe *sqe = uring_sqe(z->ring);

	if (!sqe)
		return false;
	z->header = (struct msghdr){
		.msg_iov = z->parts,
		.msg_iovlen = tcp_message_parts(&z->slot[z->head].message, s->size - s->left, z->parts),
	};
	send_zc_prepare(sqe, (int)z->index, &z->header);
	uring_tag(z->ring, sqe, z->index, (uint32_t)z->connection << 16 | z->head);
	z->asked = true;
	return true;
}

/* The result of a request that is done. */
static ssize_t send_zc_take(struct send_zc *z)
{
	struct tcp_sender *s = &z->sender;

	z->answered = false;
	if (z->result == -EAGAIN || z->result == -EINTR) {
		s->totals.again += z->result == -EAGAIN;
		return 0;
	}
	if (z->result == -ENOBUFS || z->result == -ENOMEM) {
		s->totals.no_buffers++;
		return 0;
	}
	if (z->result < 0)
		return z->result;
	s->left -= (size_t)z->result;
	s->totals.partial += s->left != 0;
	if (!s->left)
		z->head = (z->head + 1) % z->slots;
	return z->result;
}

static ssize_t send_zc_send(struct tcp_sender *s)
{
	struct send_zc *z = (struct send_zc *)s;

	s->wait_events = POLLIN;
	if (!z->answered) {
		if (!z->asked && !send_zc_ask(z))
			return 0;
		int rc = send_zc_turn(z);
		if (rc < 0)
			return rc;
	}
	return z->answered ? send_zc_take(z) : 0;
}

static int send_zc_wait(struct tcp_sender *s, struct worker *w, int64_t until_ns, struct err *err)
{
	return uring_wait(((struct send_zc *)s)->ring, w, until_ns, err);
}

/* ---- life ---- */

static void send_zc_close(struct tcp_sender *s)
{
	struct send_zc *z = (struct send_zc *)s;

	if (!z)
		return;
	if (z->ring)
		uring_leave(z->ring, z->index);
	if (z->memory)
		munmap(z->memory, z->memory_bytes);
	free(z->slot);
	free(z);
}

static size_t send_zc_bytes(size_t size)
{
	return tcp_ring_messages(size) * tcp_message_bytes(size);
}

static void send_zc_place(struct send_zc *z)
{
	for (unsigned i = 0; i < z->slots; i++) {
		tcp_message_place(&z->slot[i].message, z->sender.size, z->memory + i * tcp_message_bytes(z->sender.size));
		z->slot[i].notices = 0;
	}
}

static int send_zc_allocate(struct send_zc *z)
{
	size_t bytes = send_zc_bytes(z->sender.size);
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -ENOMEM;
	z->memory = memory;
	z->memory_bytes = bytes;
	z->slots = tcp_ring_messages(z->sender.size);
	z->slot = calloc(z->slots, sizeof(*z->slot));
	if (!z->slot)
		return -ENOMEM;
	send_zc_place(z);
	return 0;
}

static int send_zc_join(struct send_zc *z, struct err *err)
{
	struct uring_config config = { .entries = ENTRIES };
	int index = uring_join(&z->ring, &config, &z->user, -1, err);

	if (index < 0)
		return index;
	z->index = (unsigned)index;
	z->sender.wait_fd = z->ring->ring.ring_fd;
	return 0;
}

static int send_zc_open(const struct tcp_sender_method *method, size_t size, const struct tcp_calls *calls,
	struct tcp_sender **ret_sender, struct err *err)
{
	struct send_zc *z = calloc(1, sizeof(*z));
	int rc;

	if (!z)
		return err_sys(err, ENOMEM, "open send-zc sender");
	z->sender = (struct tcp_sender){ .method = method, .calls = calls, .size = size, .fd = -1 };
	z->user = (struct uring_user){ .done = send_zc_done, .notices = true };
	rc = send_zc_allocate(z) < 0 ? err_sys(err, ENOMEM, "open send-zc sender, messages of %zu bytes", size)
				     : send_zc_join(z, err);
	if (rc < 0) {
		send_zc_close(&z->sender);
		return rc;
	}
	*ret_sender = &z->sender;
	return 0;
}

/* Fresh pages instead of those that the kernel may still be sending from. */
static void send_zc_renew(struct send_zc *z)
{
	unsigned missing = 0;

	for (unsigned i = 0; i < z->slots; i++)
		missing += z->slot[i].notices;
	if (!missing)
		return;
	madvise(z->memory, z->memory_bytes, MADV_DONTNEED);
	send_zc_place(z);
}

static int send_zc_attach(struct tcp_sender *s, int fd, struct err *err)
{
	struct send_zc *z = (struct send_zc *)s;

	s->fd = fd;
	s->left = 0;
	uring_cancel(z->ring, z->index);
	z->connection++;
	z->asked = z->answered = false;
	z->head = 0;
	send_zc_renew(z);
	return uring_set_socket(z->ring, z->index, fd, err);
}

const struct tcp_sender_method tcp_send_zc = {
	.method = { .name = "send-zc", .summary = TCP_SEND_ZC_SUMMARY, .probe = send_zc_probe },
	.bytes = send_zc_bytes,
	.open = send_zc_open,
	.attach = send_zc_attach,
	.begin = send_zc_begin,
	.send = send_zc_send,
	.reap = send_zc_reap,
	.wait = send_zc_wait,
	.close = send_zc_close,
};
