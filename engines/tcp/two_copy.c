/* Method two-copy: the fields are copied into one buffer, which send(2) copies into the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engines/tcp/sender.h"

struct two_copy {
	struct tcp_sender sender; /* first: the common part */
	struct tcp_message message;
	uint8_t *buffer;
	bool gathered; /* the begun message is in the buffer */
};

static void two_copy_close(struct tcp_sender *s)
{
	struct two_copy *t = (struct two_copy *)s;

	if (!t)
		return;
	tcp_message_free(&t->message);
	free(t->buffer);
	free(t);
}

static int two_copy_open(const struct tcp_sender_method *method, size_t size, const struct tcp_calls *calls,
	struct tcp_sender **ret_sender, struct err *err)
{
	struct two_copy *t = calloc(1, sizeof(*t));

	if (!t || tcp_message_init(&t->message, size) < 0 || !(t->buffer = malloc(size))) {
		two_copy_close(&t->sender);
		return err_sys(err, ENOMEM, "open two-copy sender, message and buffer of %zu bytes each", size);
	}
	memset(t->buffer, 0, size);
	t->sender = (struct tcp_sender){ .method = method, .calls = calls, .size = size, .fd = -1, .flags = MSG_DONTWAIT };
	*ret_sender = &t->sender;
	return 0;
}

static size_t two_copy_bytes(size_t size)
{
	return tcp_message_bytes(size) + size;
}

static struct tcp_message *two_copy_begin(struct tcp_sender *s)
{
	struct two_copy *t = (struct two_copy *)s;

	s->left = s->size;
	t->gathered = false;
	return &t->message;
}

static void gather(struct two_copy *t)
{
	uint8_t *to = t->buffer;

	for (unsigned i = 0; i < TCP_FIELDS; i++) {
		memcpy(to, t->message.field[i], t->message.length[i]);
		to += t->message.length[i];
	}
	t->gathered = true;
}

static ssize_t two_copy_send(struct tcp_sender *s)
{
	struct two_copy *t = (struct two_copy *)s;

	if (!t->gathered)
		gather(t);
	return tcp_sent(s, s->calls->send(s->fd, t->buffer + (s->size - s->left), s->left, s->flags | MSG_NOSIGNAL));
}

const struct tcp_sender_method tcp_two_copy = {
	.method = { .name = "two-copy", .summary = "fields copied into one buffer, then send" },
	.bytes = two_copy_bytes,
	.open = two_copy_open,
	.attach = tcp_attach_plain,
	.begin = two_copy_begin,
	.send = two_copy_send,
	.close = two_copy_close,
};
