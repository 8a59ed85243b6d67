/* The room of mode chat: what its clients get, over real sockets and a real epoll, whatever they
 * read and whenever.  The model is a list of all lines: a client must get a subsequence of those
 * of others since it came, whole lines, and what is missing must have been counted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "base/rng.h"
#include "engines/chat/log.h"
#include "engines/chat/room.h"

enum { PEOPLE = 6, LINES_MAX = 20000, LINE_BYTES = 512 };

struct person {
	struct chat_member *member; /* NULL: not there */
	int fd;                     /* its own end */
	unsigned since;             /* lines said before it came */
	char *got;                  /* all it has read */
	size_t bytes, room;
};

struct theatre {
	struct chat_room room;
	int epoll_fd;
	struct person person[PEOPLE];
	char *line[LINES_MAX]; /* with its end */
	int author[LINES_MAX];
	unsigned lines;
	struct rng rng;
};

static void open_theatre(struct theatre *t, struct chat_room_config config, uint64_t seed)
{
	struct err err = ERR_NONE;

	memset(t, 0, sizeof(*t));
	t->rng.state = seed;
	t->epoll_fd = config.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	config.line_bytes = LINE_BYTES;
	config.members = config.members ? config.members : PEOPLE;
	if (chat_room_open(&t->room, &config, &err) < 0)
		fail_msg("%s", err.text);
}

static void come(struct theatre *t, unsigned who)
{
	int pair[2], small = 4608;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	t->person[who].member = chat_room_join(&t->room, pair[0]);
	assert_non_null(t->person[who].member);
	t->person[who].fd = pair[1];
	t->person[who].since = t->lines;
}

static void say(struct theatre *t, int who, const char *text, size_t bytes)
{
	assert_less(t->lines, LINES_MAX);
	t->line[t->lines] = malloc(bytes + 2);
	snprintf(t->line[t->lines], bytes + 2, "%.*s\n", (int)bytes, text);
	t->author[t->lines++] = who;
	chat_room_say(&t->room, who < 0 ? NULL : t->person[who].member, (const uint8_t *)text, bytes);
}

/* Lines differ, so that a wrong one is seen. */
static void say_something(struct theatre *t, int who, size_t bytes)
{
	char text[LINE_BYTES];
	int n = snprintf(text, sizeof(text), "%u %d ", t->lines, who);

	memset(text + n, 'a' + t->lines % 26, sizeof(text) - (size_t)n);
	say(t, who, text, bytes > (size_t)n ? bytes : (size_t)n);
}

static void read_some(struct person *p, size_t bytes)
{
	if (p->room < p->bytes + bytes + 1) {
		p->room = (p->bytes + bytes) * 2 + 1;
		p->got = realloc(p->got, p->room);
	}
	ssize_t n = read(p->fd, p->got + p->bytes, bytes);

	if (n > 0)
		p->bytes += (size_t)n;
}

static void handle_writable(struct theatre *t)
{
	struct epoll_event event[PEOPLE];
	int n = epoll_wait(t->epoll_fd, event, PEOPLE, 0);

	for (int i = 0; i < n; i++)
		if (event[i].events & EPOLLOUT)
			chat_room_writable(&t->room, &t->room.member[event[i].data.u64]);
}

static uint64_t all_pending(struct theatre *t)
{
	uint64_t sum = 0;

	chat_room_settle(&t->room);
	for (unsigned i = 0; i < t->room.presents; i++)
		sum += chat_member_pending(&t->room, &t->room.member[t->room.present[i]]);
	return sum;
}

static uint64_t all_dropped(const struct theatre *t)
{
	const struct chat_room_totals *s = &t->room.totals;

	return s->dropped_newest + s->dropped_oldest + s->dropped_log + s->dropped_closed;
}

static void check_balance(struct theatre *t)
{
	uint64_t pending = all_pending(t);

	assert_int_equal(t->room.totals.owed, t->room.totals.delivered + all_dropped(t) + pending);
}

/* One person got a subsequence of what others said; returns how many lines are missing. */
static uint64_t check_person(const struct theatre *t, unsigned who)
{
	const struct person *p = &t->person[who];
	uint64_t missing = 0;
	size_t at = 0;

	for (unsigned i = p->since; i < t->lines; i++) {
		size_t bytes = strlen(t->line[i]);

		if (t->author[i] == (int)who)
			continue;
		if (at + bytes <= p->bytes && !memcmp(p->got + at, t->line[i], bytes))
			at += bytes;
		else
			missing++;
	}
	assert_int_equal(at, p->bytes);
	return missing;
}

static void close_theatre(struct theatre *t)
{
	chat_room_close(&t->room);
	close(t->epoll_fd);
	for (unsigned i = 0; i < PEOPLE; i++) {
		if (t->person[i].member)
			close(t->person[i].fd);
		free(t->person[i].got);
	}
	for (unsigned i = 0; i < t->lines; i++)
		free(t->line[i]);
}

/* All that still waits is read. */
static void read_out(struct theatre *t)
{
	for (unsigned rounds = 0; rounds < 10000; rounds++) {
		size_t before = 0, after = 0;

		for (unsigned i = 0; i < PEOPLE; i++) {
			before += t->person[i].bytes;
			if (t->person[i].member)
				read_some(&t->person[i], 4096);
			after += t->person[i].bytes;
		}
		handle_writable(t);
		if (before == after && !all_pending(t))
			return;
	}
	fail_msg("lines still wait: %llu", (unsigned long long)all_pending(t));
}

/* ---- whatever happens ---- */

static void act(struct theatre *t)
{
	unsigned who = (unsigned)(rng_next(&t->rng) % PEOPLE);

	switch (rng_next(&t->rng) % 8) {
	case 0:
	case 1:
	case 2:
	case 3:
		/* Person 0 reads rarely, and says much. */
		say_something(t,
			rng_next(&t->rng) % 3   ? (int)who
			: rng_next(&t->rng) % 2 ? 0
						: -1,
			rng_next(&t->rng) % (LINE_BYTES - 2));
		break;
	case 4:
	case 5:
		if (who || rng_next(&t->rng) % 64 == 0)
			read_some(&t->person[who], rng_next(&t->rng) % 6000);
		break;
	case 6:
		handle_writable(t);
		break;
	default:
		chat_room_flush(&t->room);
		break;
	}
}

/* The balance is looked at, and the room settled for that, once in `every` acts.  What all have
 * come to in the end. */
static struct chat_room_totals one_story(const struct chat_room_config *config, uint64_t seed, unsigned every)
{
	struct chat_room_totals totals;
	struct theatre t;

	open_theatre(&t, *config, seed);
	for (unsigned i = 0; i < PEOPLE; i++)
		come(&t, i);
	for (unsigned i = 0; i < 4000; i++) {
		act(&t);
		if (i % every == 0)
			check_balance(&t);
	}
	chat_room_flush(&t.room);
	read_out(&t);
	check_balance(&t);
	for (unsigned i = 0; i < PEOPLE; i++)
		assert_int_equal(check_person(&t, i), t.person[i].member->dropped);
	totals = t.room.totals;
	close_theatre(&t);
	return totals;
}

/* However seldom what waits is looked at, the same becomes of it. */
static void three_stories(const struct chat_room_config *config, uint64_t seed)
{
	static const unsigned every[] = { 1, 16, 4000 };
	struct chat_room_totals first = one_story(config, seed, every[0]);

	for (unsigned i = 1; i < 3; i++) {
		struct chat_room_totals t = one_story(config, seed, every[i]);

		assert_int_equal(t.owed, first.owed);
		assert_int_equal(t.delivered, first.delivered);
		assert_int_equal(t.dropped_newest, first.dropped_newest);
		assert_int_equal(t.dropped_oldest, first.dropped_oldest);
		assert_int_equal(t.dropped_log, first.dropped_log);
		assert_int_equal(t.sends, first.sends);
	}
}

static void everybody_gets_all_or_it_is_counted(void **state)
{
	static const enum chat_slow policies[] = { SLOW_NEWEST, SLOW_OLDEST };

	(void)state;
	for (unsigned p = 0; p < 2; p++)
		for (unsigned how = 0; how < 4; how++)
			for (uint64_t seed = 1; seed <= 4; seed++) {
				struct chat_room_config config = { .slow = policies[p],
					.direct = how & 1,
					.trigger = how & 2 ? EPOLLET : 0,
					.queue_bytes = 2048,
					.log_bytes = 1 << 20 };

				three_stories(&config, seed);
				/* The log goes round before a queue is full. */
				config.queue_bytes = 1 << 20;
				config.log_bytes = 16384;
				three_stories(&config, seed);
			}
}

static void nothing_is_dropped_where_all_fits(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 4; how++) {
		struct theatre t;

		open_theatre(&t,
			(struct chat_room_config){ .log_bytes = 8 << 20,
				.queue_bytes = 4 << 20,
				.slow = SLOW_DISCONNECT,
				.direct = how & 1,
				.trigger = how & 2 ? EPOLLET : 0 },
			how);
		for (unsigned i = 0; i < PEOPLE; i++)
			come(&t, i);
		for (unsigned i = 0; i < 3000; i++)
			act(&t);
		chat_room_flush(&t.room);
		read_out(&t);
		assert_int_equal(t.room.totals.owed, t.room.totals.delivered);
		for (unsigned i = 0; i < PEOPLE; i++)
			assert_int_equal(check_person(&t, i), 0);
		close_theatre(&t);
	}
}

/* ---- limits ---- */

static void flush(struct theatre *t)
{
	chat_room_flush(&t->room);
	chat_room_settle(&t->room);
}

/* Person 1 speaks, person 0 does not read, and its queue is filled to the last byte. */
static void fill_queue(struct theatre *t, enum chat_slow slow, bool direct)
{
	size_t queue = 4096;

	open_theatre(
		t, (struct chat_room_config){ .log_bytes = 1 << 20, .queue_bytes = queue, .slow = slow, .direct = direct }, 1);
	come(t, 0);
	come(t, 1);
	while (!t->person[0].member->behind) {
		say_something(t, 1, 100);
		flush(t);
	}
	for (;;) {
		size_t left = queue - chat_member_pending_bytes(&t->room, t->person[0].member);

		if (!left)
			break;
		/* Not so that a single byte is left: the shortest line has two. */
		say_something(t, 1, left > 302 ? 200 : left - 1);
		flush(t);
	}
	assert_int_equal(all_dropped(t), 0);
	assert_int_equal(chat_member_pending_bytes(&t->room, t->person[0].member), queue);
	assert_int_equal(t->person[0].member->end, END_NONE);
}

/* Those who do not read are not asked for each line. */
static void one_who_waits_costs_nothing(void **state)
{
	struct theatre t;
	uint64_t sends, controls;

	(void)state;
	fill_queue(&t, SLOW_OLDEST, true);
	sends = t.room.totals.sends;
	controls = t.room.totals.controls;
	assert_int_equal(t.room.actives, 1);
	for (unsigned i = 0; i < 1000; i++)
		say_something(&t, 1, 100);
	assert_int_equal(t.room.totals.sends, sends);
	assert_int_equal(t.room.totals.controls, controls);
	assert_int_equal(t.room.totals.dropped_oldest, 0);
	chat_room_settle(&t.room);
	assert_more(t.room.totals.dropped_oldest, 900);
	read_out(&t);
	assert_int_equal(t.room.actives, 2);
	check_balance(&t);
	assert_int_equal(check_person(&t, 0), t.room.totals.dropped_oldest);
	close_theatre(&t);
}

static void a_byte_too_many(void **state)
{
	(void)state;
	for (unsigned direct = 0; direct < 2; direct++) {
		struct theatre t;
		uint64_t pending;

		fill_queue(&t, SLOW_NEWEST, direct);
		pending = chat_member_pending(&t.room, t.person[0].member);
		say(&t, 1, "", 0);
		flush(&t);
		assert_int_equal(t.room.totals.dropped_newest, 1);
		assert_int_equal(chat_member_pending(&t.room, t.person[0].member), pending);
		/* It gets new ones again when it has taken what was kept. */
		read_out(&t);
		say(&t, 1, "again", 5);
		flush(&t);
		read_out(&t);
		assert_int_equal(check_person(&t, 0), 1);
		close_theatre(&t);

		fill_queue(&t, SLOW_OLDEST, direct);
		say(&t, 1, "", 0);
		flush(&t);
		assert_int_equal(t.room.totals.dropped_oldest, 1);
		assert_at_most(chat_member_pending_bytes(&t.room, t.person[0].member), 4096);
		read_out(&t);
		assert_int_equal(check_person(&t, 0), 1);
		close_theatre(&t);

		fill_queue(&t, SLOW_DISCONNECT, direct);
		say(&t, 1, "", 0);
		flush(&t);
		assert_int_equal(t.person[0].member->end, END_SLOW);
		assert_int_equal(chat_room_close_ended(&t.room), 1);
		assert_int_equal(t.room.totals.slow_closed, 1);
		check_balance(&t);
		close_theatre(&t);
	}
}

/* Its own lines neither come back to it nor fill its queue. */
static void own_lines(void **state)
{
	(void)state;
	for (unsigned direct = 0; direct < 2; direct++) {
		struct theatre t;

		fill_queue(&t, SLOW_DISCONNECT, direct);
		for (unsigned i = 0; i < 100; i++) {
			say_something(&t, 0, 200);
			flush(&t);
			read_some(&t.person[1], 4096);
		}
		assert_int_equal(t.person[0].member->end, END_NONE);
		read_out(&t);
		assert_int_equal(check_person(&t, 0), 0);
		assert_int_equal(check_person(&t, 1), 0);
		close_theatre(&t);
	}
}

static void one_who_goes(void **state)
{
	struct theatre t;
	uint64_t pending;

	(void)state;
	fill_queue(&t, SLOW_OLDEST, true);
	pending = chat_member_pending(&t.room, t.person[0].member);
	chat_room_end(&t.room, t.person[0].member, END_RESET);
	say_something(&t, 1, 100); /* it is owed this one, too, and does not get it */
	assert_int_equal(chat_room_close_ended(&t.room), 1);
	assert_int_equal(t.room.totals.dropped_closed, pending + 1);
	assert_int_equal(t.room.presents, 1);
	assert_int_equal(t.room.lates, 0);
	check_balance(&t);
	close(t.person[0].fd);
	come(&t, 0);
	say_something(&t, 1, 100);
	read_out(&t);
	close_theatre(&t);
}

static void a_full_room(void **state)
{
	struct theatre t;
	int pair[2];

	(void)state;
	open_theatre(&t, (struct chat_room_config){ .log_bytes = 1 << 16, .queue_bytes = 4096, .members = 1, .direct = true }, 1);
	come(&t, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_null(chat_room_join(&t.room, pair[0]));
	assert_int_equal(errno, EMFILE);
	close(pair[0]);
	close(pair[1]);
	close_theatre(&t);
}

/* ---- the log ---- */

static void log_goes_round(void **state)
{
	struct chat_log log;
	struct err err = ERR_NONE;
	struct rng rng = { .state = 3 };

	(void)state;
	assert_int_equal(chat_log_open(&log, 4096, &err), 0);
	for (unsigned i = 0; i < 20000; i++) {
		size_t bytes = 1 + rng_next(&rng) % 600;

		chat_log_forget(&log, chat_log_room(&log, bytes));
		memset(chat_log_line(&log), (int)(i % 251), bytes);
		assert_int_equal(chat_log_append(&log, bytes), i);
		for (uint64_t k = log.first; k < log.next; k++) {
			const struct chat_record *r = chat_log_record(&log, k);
			const uint8_t *data = chat_log_data(&log, r->at);

			assert_int_equal(data[0], k % 251);
			assert_int_equal(data[r->bytes - 1], k % 251);
			assert_int_equal(chat_log_find(&log, r->at), k);
			assert_int_equal(chat_log_find(&log, r->at + r->bytes - 1), k);
		}
	}
	chat_log_close(&log);
	chat_log_close(&log);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_goes_round),
		cmocka_unit_test(nothing_is_dropped_where_all_fits),
		cmocka_unit_test(everybody_gets_all_or_it_is_counted),
		cmocka_unit_test(a_byte_too_many),
		cmocka_unit_test(one_who_waits_costs_nothing),
		cmocka_unit_test(own_lines),
		cmocka_unit_test(one_who_goes),
		cmocka_unit_test(a_full_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
