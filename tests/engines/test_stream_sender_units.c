/* The sending side of mode stream: zero-copy completions; and every send method against a scripted
 * socket that takes any part of what it is offered. */
#include "frames.h"

#include <time.h> /* linux/errqueue.h needs it */

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "engines/stream/stream.h"
#include "engines/stream/worker.h"
#include "engines/tcp/completions.h"
#include "engines/tcp/sender.h"
#include "../support/asserts.h"

/* ---- completions ---- */

/* Takes ranges in any order, over the wrap: all are counted once, and `done` is the oldest that is
 * still out. */
static void completions_in_any_order(void **state)
{
	static const uint32_t starts[] = { 0, 1, UINT32_MAX - 5, UINT32_MAX - 1500, 0x7ffffff0 };
	struct rng rng = { .state = 4 };

	(void)state;
	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		for (unsigned round = 0; round < 50; round++) {
			struct completions c = { .next = starts[s], .done = starts[s] };
			unsigned count = 1 + (unsigned)(rng_next(&rng) % 3000), taken = 0;
			bool out[3000];

			for (unsigned i = 0; i < count; i++) {
				assert_int_equal(completions_issue(&c), starts[s] + i);
				out[i] = true;
			}
			while (taken < count) {
				unsigned from = (unsigned)(rng_next(&rng) % count), to = from + (unsigned)(rng_next(&rng) % 400);
				unsigned fresh = 0, oldest = 0;

				to = to < count ? to : count - 1;
				for (unsigned i = from; i <= to; i++) {
					fresh += out[i];
					out[i] = false;
				}
				assert_int_equal(completions_take(&c, starts[s] + from, starts[s] + to), fresh);
				taken += fresh;
				while (oldest < count && !out[oldest])
					oldest++;
				assert_int_equal(c.done, starts[s] + oldest);
				assert_int_equal(completions_reached(&c, starts[s] + from), from < oldest);
			}
			assert_int_equal(completions_outstanding(&c), 0);
		}
	}
}

static void completions_that_make_no_sense(void **state)
{
	struct completions c = { .next = UINT32_MAX - 1, .done = UINT32_MAX - 1 };

	(void)state;
	assert_int_equal(completions_take(&c, 0, UINT32_MAX), 0);
	for (unsigned i = 0; i < 4; i++)
		completions_issue(&c);
	/* never issued */
	assert_int_equal(completions_take(&c, 10, 20), 0);
	assert_int_equal(completions_take(&c, UINT32_MAX - 9, UINT32_MAX - 2), 0); /* long done */
	/* began before */
	assert_int_equal(completions_take(&c, UINT32_MAX - 9, UINT32_MAX - 1), 1);
	/* ends beyond, over the wrap */
	assert_int_equal(completions_take(&c, UINT32_MAX, 100), 3);
	assert_int_equal(completions_outstanding(&c), 0);
	assert_int_equal(completions_take(&c, UINT32_MAX, 100), 0);
	for (unsigned i = 0; i < COMPLETIONS_MAX; i++)
		completions_issue(&c);
	assert_int_equal(completions_take(&c, c.done + 1, c.next - 1), COMPLETIONS_MAX - 1);
	assert_int_equal(completions_outstanding(&c), COMPLETIONS_MAX);
	assert_int_equal(completions_take(&c, c.done, c.done), 1);
	assert_int_equal(completions_outstanding(&c), 0);
}

/* ---- senders against a scripted socket ---- */

/* The socket takes what the script says, and gives completions back when the script says so. */
static struct script {
	struct rng rng;
	size_t most;    /* bytes a call takes at most; 0: as the dice fall */
	int error_in_8; /* of 8 calls, how many have no room */
	int errnum;     /* they fail with */
	uint8_t *got;
	size_t bytes, room;
	uint32_t issued, completed;
	bool hold, copied; /* hold: no completion comes */
} script;

static ssize_t scripted(const struct iovec *part, size_t parts, int flags)
{
	size_t offered = 0, take;

	assert_true(flags & MSG_DONTWAIT);
	assert_true(flags & MSG_NOSIGNAL);
	for (size_t i = 0; i < parts; i++)
		offered += part[i].iov_len;
	assert_more(offered, 0);
	if ((int)(rng_next(&script.rng) % 8) < script.error_in_8 && (script.errnum != ENOBUFS || flags & MSG_ZEROCOPY)) {
		errno = script.errnum;
		return -1;
	}
	take = 1 + rng_next(&script.rng) % offered;
	if (script.most && take > script.most)
		take = script.most;
	assert_at_most(script.bytes + take, script.room);
	for (size_t left = take, i = 0; left; i++) {
		size_t n = part[i].iov_len < left ? part[i].iov_len : left;

		memcpy(script.got + script.bytes, part[i].iov_base, n);
		script.bytes += n;
		left -= n;
	}
	script.issued += (flags & MSG_ZEROCOPY) != 0;
	return (ssize_t)take;
}

static ssize_t scripted_send(int fd, const void *data, size_t bytes, int flags)
{
	struct iovec part = { (void *)data, bytes };

	(void)fd;
	return scripted(&part, 1, flags);
}

static ssize_t scripted_sendmsg(int fd, const struct msghdr *m, int flags)
{
	(void)fd;
	return scripted(m->msg_iov, m->msg_iovlen, flags);
}

static ssize_t scripted_recvmsg(int fd, struct msghdr *m, int flags)
{
	struct sock_extended_err e = { .ee_origin = SO_EE_ORIGIN_ZEROCOPY };
	struct cmsghdr *c = m->msg_control;

	(void)fd;
	assert_true(flags & MSG_ERRQUEUE);
	if (script.hold || script.completed == script.issued) {
		errno = EAGAIN;
		return -1;
	}
	e.ee_info = script.completed;
	script.completed += 1 + (uint32_t)(rng_next(&script.rng) % (script.issued - script.completed));
	e.ee_data = script.completed - 1;
	e.ee_code = script.copied ? SO_EE_CODE_ZEROCOPY_COPIED : 0;
	c->cmsg_level = SOL_IP;
	c->cmsg_type = IP_RECVERR;
	c->cmsg_len = CMSG_LEN(sizeof(e));
	memcpy(CMSG_DATA(c), &e, sizeof(e));
	m->msg_controllen = CMSG_SPACE(sizeof(e));
	return 0;
}

static const struct tcp_calls scripted_calls = { scripted_send, scripted_sendmsg, scripted_recvmsg };

static struct tcp_sender *open_scripted(const struct method *method, size_t size, unsigned messages)
{
	const struct tcp_sender_method *m = tcp_sender_method_of(method);
	struct tcp_sender *s = NULL;
	struct err err = ERR_NONE;
	/* zero-copy wants a real one to switch on */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	script = (struct script){ .rng = { .state = size }, .room = size * messages, .errnum = EAGAIN };
	script.got = malloc(script.room);
	assert_non_null(script.got);
	if (m->open(m, size, &scripted_calls, &s, &err) < 0 || m->attach(s, fd, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static void close_scripted(struct tcp_sender *s)
{
	int fd = s->fd;

	s->method->close(s);
	close(fd);
	free(script.got);
}

static void send_messages(struct tcp_sender *s, unsigned messages)
{
	for (uint64_t i = 0; i < messages; i++) {
		struct tcp_message *m = s->method->begin(s);
		unsigned tries = 0;

		assert_non_null(m);
		stream_put_pattern(m, 1, i);
		stream_put_header(m, i, 1);
		assert_int_equal(s->left, s->size);
		while (s->left) {
			size_t left = s->left;
			ssize_t n = s->method->send(s);

			assert_at_least(n, 0);
			assert_int_equal(left - s->left, n);
			assert_less(++tries, 100000);
		}
	}
}

static void expect_messages(size_t size, unsigned messages)
{
	struct stream_frame f = { .size = size, .seed = 1, .verify = true };
	uint64_t next = 0, damaged = 0;

	stream_frame_start(&f, 0);
	assert_int_equal(script.bytes, size * messages);
	assert_int_equal(take_all(&f, script.got, script.bytes, &next, &damaged), messages);
	assert_int_equal(damaged, 0);
}

/* One that waits by itself makes system calls of its own, too. */
static bool uses_calls(const struct method *m)
{
	return !m->missing && !tcp_sender_method_of(m)->wait;
}

static void every_method_over_partial_sends(void **state)
{
	static const size_t sizes[] = { 1, 7, 8, 9, 23, 24, 100, 1000 };
	enum { MESSAGES = 200 };

	(void)state;
	for (unsigned i = 0; engine_stream.methods[i]; i++)
		for (size_t z = 0; uses_calls(engine_stream.methods[i]) && z < sizeof(sizes) / sizeof(sizes[0]); z++)
			for (size_t most = 0; most <= sizes[z] && most < 40; most++) {
				struct tcp_sender *s = open_scripted(engine_stream.methods[i], sizes[z], MESSAGES);

				script.most = most;
				script.error_in_8 = (int)(most % 4);
				send_messages(s, MESSAGES);
				expect_messages(sizes[z], MESSAGES);
				assert_int_equal(s->totals.again > 0, script.error_in_8 > 0);
				close_scripted(s);
			}
}

/* The ring runs dry when nothing completes, is full again when it does, and no message is lent
 * before its time. */
static void zero_copy_waits_for_completions(void **state)
{
	const struct tcp_sender_method *m = &tcp_zero_copy;
	struct tcp_sender *s = open_scripted(&m->method, 1000, 10000);
	struct tcp_message *first = NULL, *next;
	unsigned lent = 0;

	(void)state;
	script.hold = true;
	script.copied = true;
	while ((next = m->begin(s))) {
		assert_ptr_not_equal(next, first);
		first = first ? first : next;
		while (s->left)
			assert_at_least(m->send(s), 0);
		assert_less(++lent, 1000);
	}
	assert_more(lent, 1);
	assert_int_equal(s->wait_events, 0);
	assert_null(m->begin(s));
	assert_int_equal(s->totals.completions, 0);
	script.hold = false;
	assert_ptr_equal(m->begin(s), first);
	assert_int_equal(s->totals.completions, script.issued);
	assert_int_equal(s->totals.copied, script.issued);
	close_scripted(s);
}

static void zero_copy_without_buffers(void **state)
{
	struct tcp_sender *s = open_scripted(&tcp_zero_copy.method, 500, 300);

	(void)state;
	script.errnum = ENOBUFS;
	script.error_in_8 = 5;
	send_messages(s, 300);
	expect_messages(500, 300);
	assert_more(s->totals.no_buffers, 0);
	s->method->reap(s);
	assert_at_least(s->totals.completions, script.issued);
	close_scripted(s);
	/* If every zero-copy send is refused, everything is sent by copying, and counted as
	 * that. */
	s = open_scripted(&tcp_zero_copy.method, 500, 300);
	script.errnum = ENOBUFS;
	script.error_in_8 = 8;
	send_messages(s, 300);
	expect_messages(500, 300);
	assert_int_equal(script.issued, 0);
	assert_at_least(s->totals.copied, 300);
	assert_int_equal(s->totals.copied, s->totals.completions);
	close_scripted(s);
}

/* A connection over loopback whose receiver has not read yet. */
static void make_connection(int fd[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &bytes), 0);
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd[0], (struct sockaddr *)&a, sizeof(a)), 0);
	fd[1] = accept(listener, NULL, NULL);
	assert_at_least(fd[1], 0);
	close(listener);
}

/* All bytes that a message of tcp_message_init() has, again and again, until the connection
 * ends. */
static void expect_untouched(int fd, size_t size, size_t total)
{
	uint8_t data[4096];
	size_t got = 0, wrong = 0;
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		for (ssize_t i = 0; i < n; i++, got++)
			wrong += data[i] != 'a' + (got % size) / (size / TCP_FIELDS);
	assert_int_equal(got, total);
	assert_int_equal(wrong, 0);
}

/* The next owner of freed memory writes to it. */
static void write_to_free_memory(size_t bytes)
{
	static void *kept[4096];
	enum { KEPT = sizeof(kept) / sizeof(kept[0]) };

	for (unsigned i = 0; i < KEPT; i++) {
		kept[i] = malloc(bytes);
		assert_non_null(kept[i]);
		memset(kept[i], 'Z', bytes);
	}
	for (unsigned i = 0; i < KEPT; i++)
		free(kept[i]);
}

static size_t send_until_full(struct tcp_sender *s)
{
	size_t total = 0;
	ssize_t n = 1;

	while (n > 0 && tcp_zero_copy.begin(s))
		for (n = 1; n > 0 && s->left; total += (size_t)n)
			n = tcp_zero_copy.send(s);
	assert_int_equal(n < 0 ? n : 0, 0);
	assert_more(total, 0);
	return total;
}

/* Bytes that were handed over arrive unchanged, though the sender is closed, or goes on with
 * another connection, while the kernel still sends from its messages. */
static void zero_copy_ends_with_sends_on_their_way(void **state)
{
	enum { SIZE = 16 << 10 };

	(void)state;
	for (int goes_on = 0; goes_on < 2; goes_on++) {
		struct tcp_sender *s;
		struct err err = ERR_NONE;
		size_t total;
		int fd[2];

		make_connection(fd);
		assert_int_equal(tcp_zero_copy.open(&tcp_zero_copy, SIZE, &tcp_calls_real, &s, &err), 0);
		assert_int_equal(tcp_zero_copy.attach(s, fd[0], &err), 0);
		total = send_until_full(s);
		close(fd[0]);
		if (goes_on) {
			struct tcp_message *m;

			assert_int_equal(tcp_zero_copy.attach(s, -1, &err), 0);
			m = tcp_zero_copy.begin(s);
			for (unsigned f = 0; f < TCP_FIELDS; f++)
				memset(m->field[f], 'Z', m->length[f]);
		}
		tcp_zero_copy.close(s);
		write_to_free_memory(SIZE / TCP_FIELDS);
		expect_untouched(fd[1], SIZE, total);
		close(fd[1]);
	}
}

static void lost_connections_are_told(void **state)
{
	(void)state;
	for (unsigned i = 0; engine_stream.methods[i]; i++) {
		if (!uses_calls(engine_stream.methods[i]))
			continue;
		struct tcp_sender *s = open_scripted(engine_stream.methods[i], 100, 4);
		int fd = s->fd;

		assert_non_null(s->method->begin(s));
		script.error_in_8 = 8;
		script.errnum = ECONNRESET;
		assert_int_equal(s->method->send(s), -ECONNRESET);
		assert_int_equal(s->method->attach(s, fd, NULL), 0);
		assert_int_equal(s->left, 0);
		script.error_in_8 = 0;
		send_messages(s, 4);
		expect_messages(100, 4);
		close_scripted(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(completions_in_any_order),
		cmocka_unit_test(completions_that_make_no_sense),
		cmocka_unit_test(every_method_over_partial_sends),
		cmocka_unit_test(zero_copy_waits_for_completions),
		cmocka_unit_test(zero_copy_without_buffers),
		cmocka_unit_test(zero_copy_ends_with_sends_on_their_way),
		cmocka_unit_test(lost_connections_are_told),
	};

	return cmocka_run_group_tests_name("stream sender units", tests, NULL, NULL);
}
