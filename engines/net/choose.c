/* Happy eyeballs.  See choose.h. */
#include "engines/net/choose.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"

enum { QUESTION_BYTES = 16 }; /* of an echo datagram: a server that is none drops it */

static const int64_t stagger_ns = 250 * NS_PER_MS; /* RFC 8305, section 5 */
static const int64_t limit_ns = NS_PER_S;

struct race {
	const union net_address *address;
	unsigned count, begun;
	int type;
	struct pollfd fd[NET_ADDRESSES_MAX]; /* fd -1: it has failed */
};

static void race_begin_next(struct race *r)
{
	static const uint8_t question[QUESTION_BYTES];
	const union net_address *a = &r->address[r->begun];
	struct pollfd *p = &r->fd[r->begun++];
	bool stream = r->type == SOCK_STREAM;

	*p = (struct pollfd){ .fd = socket(a->sa.sa_family, r->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
		.events = stream ? POLLOUT : POLLIN };
	if (p->fd < 0)
		return;
	if ((connect(p->fd, &a->sa, net_address_bytes(a)) == 0 || errno == EINPROGRESS) &&
		(stream || send(p->fd, question, sizeof(question), MSG_NOSIGNAL) >= 0))
		return;
	close(p->fd);
	p->fd = -1;
}

static bool race_has_answered(const struct race *r, int fd)
{
	uint8_t answer[QUESTION_BYTES];
	socklen_t size = sizeof(int);
	int error = 0;

	if (r->type == SOCK_STREAM)
		return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && !error;
	return recv(fd, answer, sizeof(answer), 0) >= 0;
}

/* The first that has answered, or -1; those that have failed are out. */
static int race_look(struct race *r)
{
	int winner = -1;

	for (unsigned i = 0; i < r->begun && winner < 0; i++) {
		if (r->fd[i].fd < 0 || !r->fd[i].revents)
			continue;
		if (race_has_answered(r, r->fd[i].fd)) {
			winner = (int)i;
		} else {
			close(r->fd[i].fd);
			r->fd[i].fd = -1;
		}
	}
	return winner;
}

static unsigned race_first_alive(const struct race *r)
{
	for (unsigned i = 0; i < r->begun; i++)
		if (r->fd[i].fd >= 0)
			return i;
	return r->begun < r->count ? r->begun : r->count;
}

unsigned net_choose(const union net_address *address, unsigned count, int type)
{
	struct race r = { .address = address, .count = count, .type = type };
	int64_t began_ns = clock_now_ns(), now_ns = began_ns, next_ns = began_ns;
	int winner = -1;

	if (count < 2)
		return 0;
	while (winner < 0 && now_ns < began_ns + limit_ns) {
		bool all_failed = race_first_alive(&r) >= r.begun;

		if (r.begun < count && (all_failed || now_ns >= next_ns)) {
			race_begin_next(&r);
			next_ns = now_ns + stagger_ns;
		} else if (all_failed)
			break;
		int64_t until_ns = r.begun < count && next_ns < began_ns + limit_ns ? next_ns : began_ns + limit_ns;
		if (poll(r.fd, r.begun, (int)((until_ns - now_ns) / NS_PER_MS) + 1) > 0)
			winner = race_look(&r);
		now_ns = clock_now_ns();
	}
	unsigned chosen = winner >= 0 ? (unsigned)winner : race_first_alive(&r);
	for (unsigned i = 0; i < r.begun; i++)
		if (r.fd[i].fd >= 0)
			close(r.fd[i].fd);
	return chosen < count ? chosen : 0;
}
