/* See tell.h. */
#include "engines/chat/apart/tell.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engines/chat/shared.h"

void chat_tell_open(struct worker *w, struct chat_tell *t)
{
	for (unsigned i = 0; i < CHAT_ASKERS; i++)
		t->asker[i].fd = -1;
	chat_shared_of(w)->teller[w->self->index] = w->counters;
}

static void tell_drop(struct chat_tell *t, struct chat_asker *a)
{
	if (a->fd >= 0) {
		close(a->fd);
		t->calls++;
	}
	*a = (struct chat_asker){ .fd = -1 };
}

void chat_tell_close(struct chat_tell *t)
{
	for (unsigned i = 0; i < CHAT_ASKERS; i++)
		tell_drop(t, &t->asker[i]);
}

/* They are short, and its socket is empty: what has no room now is no honest asker's. */
static void tell_send(struct chat_tell *t, struct chat_asker *a, const void *data, size_t bytes)
{
	t->calls++;
	if (send(a->fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)bytes)
		tell_drop(t, a);
}

void chat_tell_take(struct chat_tell *t, int epoll_fd, int fd, uint32_t token)
{
	struct chat_asker *a = &t->asker[t->next];
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.u64 = CHAT_TAG_ASKER + t->next };
	uint8_t hello[CHAT_HELLO_BYTES];

	t->next = (t->next + 1) % CHAT_ASKERS;
	tell_drop(t, a);
	a->fd = fd;
	t->calls++;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0) {
		tell_drop(t, a);
		return;
	}
	chat_hello_ask(hello, token);
	tell_send(t, a, hello, sizeof(hello));
}

bool chat_tell_read(struct chat_tell *t, unsigned which)
{
	struct chat_asker *a = &t->asker[which];
	ssize_t n;

	if (a->fd < 0)
		return false;
	n = recv(a->fd, a->frame + a->got, sizeof(a->frame) - a->got, MSG_DONTWAIT);
	t->calls++;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	a->got += n > 0 ? (unsigned)n : 0;
	if (n > 0 && a->got < sizeof(a->frame))
		return false;
	if (n > 0 && net_report_is_asked(a->frame))
		return true;
	tell_drop(t, a);
	return false;
}

static void tell_sum(struct chat_shared *s, struct chat_report *r)
{
	*r = (struct chat_report){ .instance = s->instance,
		.reports = atomic_fetch_add_explicit(&s->reports, 1, memory_order_relaxed) + 1 };
	for (unsigned i = 0; i < s->loops; i++) {
		const struct counters *k = s->teller[i];

		if (!k)
			continue;
		r->connections += counter_get(k, CHAT_C_CONNECTIONS);
		r->joined += counter_get(k, CHAT_C_JOINED);
		r->read += counter_get(k, COUNTER_RX_PACKETS);
		r->owed += counter_get(k, CHAT_C_OWED);
		r->delivered += counter_get(k, CHAT_C_DELIVERED);
		r->dropped += counter_get(k, CHAT_C_DROPPED_NEWEST) + counter_get(k, CHAT_C_DROPPED_OLDEST) +
			      counter_get(k, CHAT_C_DROPPED_LOG);
		r->gone += counter_get(k, CHAT_C_DROPPED_CLOSED);
		r->queued += counter_get(k, CHAT_C_QUEUED);
	}
}

void chat_tell_answer(struct chat_shared *s, struct chat_tell *t, unsigned which)
{
	struct chat_asker *a = &t->asker[which];
	struct chat_report r;

	tell_sum(s, &r);
	chat_report_fill(a->frame, &r);
	a->got = 0;
	tell_send(t, a, a->frame, sizeof(a->frame));
}
