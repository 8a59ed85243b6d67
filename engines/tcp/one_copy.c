/* Method one-copy: sendmsg(2) with an element per field; the only copy is the kernel's. */
#include <errno.h>
#include <stdlib.h>

#include "engines/tcp/sender.h"

struct one_copy {
	struct tcp_sender sender; /* first: the common part */
	struct tcp_message message;
};

static void one_copy_close(struct tcp_sender *s)
{
	struct one_copy *o = (struct one_copy *)s;

	if (o)
		tcp_message_free(&o->message);
	free(o);
}

static int one_copy_open(const struct tcp_sender_method *method, size_t size, const struct tcp_calls *calls,
	struct tcp_sender **ret_sender, struct err *err)
{
	struct one_copy *o = calloc(1, sizeof(*o));

	if (!o || tcp_message_init(&o->message, size) < 0) {
		one_copy_close(&o->sender);
		return err_sys(err, ENOMEM, "open one-copy sender, message of %zu bytes", size);
	}
	o->sender = (struct tcp_sender){ .method = method, .calls = calls, .size = size, .fd = -1, .flags = MSG_DONTWAIT };
	*ret_sender = &o->sender;
	return 0;
}

static struct tcp_message *one_copy_begin(struct tcp_sender *s)
{
	struct one_copy *o = (struct one_copy *)s;

	s->left = s->size;
	return &o->message;
}

static ssize_t one_copy_send(struct tcp_sender *s)
{
	struct one_copy *o = (struct one_copy *)s;
	struct iovec parts[TCP_FIELDS];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = tcp_message_parts(&o->message, s->size - s->left, parts) };

	return tcp_sent(s, s->calls->sendmsg(s->fd, &message, s->flags | MSG_NOSIGNAL));
}

const struct tcp_sender_method tcp_one_copy = {
	.method = { .name = "one-copy", .summary = "sendmsg with 8 elements: the kernel gathers the fields" },
	.bytes = tcp_message_bytes,
	.open = one_copy_open,
	.attach = tcp_attach_plain,
	.begin = one_copy_begin,
	.send = one_copy_send,
	.close = one_copy_close,
};
