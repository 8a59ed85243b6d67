/* The room's members, and the way of a line to them.  See engines/chat/room.h; sending is
 * deliver.c. */
#include "engines/chat/room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engines/chat/deliver.h"
#include "engines/chat/wire.h"

/* ---- life ---- */

static int allocate_members(struct chat_room *r)
{
	unsigned members = r->config.members;

	r->member = calloc(members, sizeof(*r->member));
	r->free_member = malloc(members * sizeof(*r->free_member));
	r->present = malloc(members * sizeof(*r->present));
	r->late = malloc(members * sizeof(*r->late));
	r->spoke = malloc(members * sizeof(*r->spoke));
	r->ending = malloc(members * sizeof(*r->ending));
	if (!r->member || !r->free_member || !r->present || !r->late || !r->spoke || !r->ending)
		return -ENOMEM;
	for (unsigned i = 0; i < members; i++)
		r->free_member[i] = members - 1 - i;
	r->frees = members;
	return 0;
}

int chat_room_open(struct chat_room *r, const struct chat_room_config *config, struct err *err)
{
	int rc;

	*r = (struct chat_room){ .config = *config };
	if ((rc = chat_log_open(&r->log, config->log_bytes, err)) < 0)
		return rc;
	/* A client may have one line half read and one half sent. */
	rc = allocate_members(r);
	if (rc >= 0)
		rc = chat_pool_open(&r->pool, config->line_bytes, 2 * config->members);
	return rc < 0 ? err_sys(err, -rc, "prepare a room of %u clients", config->members) : 0;
}

void chat_room_close(struct chat_room *r)
{
	for (unsigned i = 0; i < r->presents; i++)
		if (r->member[r->present[i]].fd >= 0)
			close(r->member[r->present[i]].fd);
	chat_log_close(&r->log);
	chat_pool_close(&r->pool);
	free(r->member);
	free(r->free_member);
	free(r->present);
	free(r->late);
	free(r->spoke);
	free(r->ending);
	*r = (struct chat_room){ 0 };
}

/* ---- coming and going ---- */

struct chat_member *chat_room_join(struct chat_room *r, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | r->config.trigger };
	struct chat_member *m;

	if (!r->frees) {
		errno = EMFILE;
		return NULL;
	}
	m = &r->member[r->free_member[r->frees - 1]];
	event.data.u64 = (uint64_t)(m - r->member);
	r->totals.controls++;
	if (epoll_ctl(r->config.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return NULL;
	r->frees--;
	*m = (struct chat_member){
		.fd = fd, .index = (uint32_t)(m - r->member), .connection = CHAT_STRANGER, .joined = r->log.next
	};
	chat_room_place(r, r->presents, r->actives < r->presents ? r->present[r->actives] : m->index);
	chat_room_place(r, r->actives++, m->index);
	r->presents++;
	r->totals.joined++;
	return m;
}

void chat_room_end(struct chat_room *r, struct chat_member *m, enum chat_end why)
{
	if (m->end != END_NONE)
		return;
	m->end = why;
	r->ending[r->endings++] = m->index;
}

static void count_end(struct chat_room_totals *t, enum chat_end why)
{
	uint64_t *const of[] = {
		[END_LEFT] = &t->left,
		[END_RESET] = &t->reset,
		[END_SLOW] = &t->slow_closed,
		[END_LONG_LINE] = &t->long_lines,
	};

	/* Nobody has come. */
	if (why == END_ASKS)
		t->joined--;
	else
		++*of[why];
}

static void close_member(struct chat_room *r, struct chat_member *m)
{
	deliver_settle(r, m);
	r->totals.dropped_closed += chat_member_pending(r, m);
	count_end(&r->totals, m->end);
	deliver_forget(r, m);
	chat_room_place(r, m->place, r->present[--r->actives]);
	if (--r->presents > r->actives)
		chat_room_place(r, r->actives, r->present[r->presents]);
	chat_pool_give(&r->pool, m->part);
	if (m->fd >= 0)
		close(m->fd); /* leaves the epoll with it */
	*m = (struct chat_member){ .fd = -1, .index = m->index };
	r->free_member[r->frees++] = m->index;
}

unsigned chat_room_close_ended(struct chat_room *r)
{
	unsigned count = r->endings;

	/* Nobody who is told here ends another. */
	for (unsigned i = 0; i < count; i++)
		close_member(r, &r->member[r->ending[i]]);
	r->endings = 0;
	return count;
}

/* ---- lines ---- */

/* Room in the log: the oldest records go, and with them what clients have not taken of them. */
static void room_make_room(struct chat_room *r, size_t bytes)
{
	uint64_t first = chat_log_room(&r->log, bytes);

	if (first > r->done) {
		chat_room_flush(r);
		first = chat_log_room(&r->log, bytes);
	}
	if (first > r->kept)
		r->kept = deliver_give_up(r, first);
	chat_log_forget(&r->log, first);
}

static void note_own(struct chat_room *r, struct chat_own *own, uint64_t sequence, size_t bytes)
{
	if (own->count++)
		chat_log_record(&r->log, own->last)->next_own = sequence;
	else
		own->first = sequence;
	own->last = sequence;
	own->bytes += bytes;
}

void chat_room_say(struct chat_room *r, struct chat_member *author, const uint8_t *line, size_t bytes)
{
	uint64_t sequence;
	uint8_t *to;

	room_make_room(r, bytes + 1);
	to = chat_log_line(&r->log);
	chat_clean(to, line, bytes);
	to[bytes] = '\n';
	sequence = chat_log_append(&r->log, bytes + 1);
	if (author && author->waits && !author->own_new.count)
		r->spoke[r->spokes++] = author->index;
	if (author)
		note_own(r, &author->own_new, sequence, bytes + 1);
	if (r->config.direct)
		chat_room_flush(r);
}
