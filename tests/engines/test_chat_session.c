/* Mode chat in real runs: both ends, one end with clients made by hand, connections that outlive
 * their run; nothing left behind. */
#include "chat_people.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "base/clock.h"
#include "engines/chat/chat.h"
#include "engines/chat/shared.h"

enum { DEADLINE_S = 30 };

static void run_once(struct session_rig *s, const char *const *options, struct outcome *o)
{
	*o = (struct outcome){ 0 };
	session_rig_await(s, session_rig_start(s, options), outcome_has_final, o);
	if (o->final->how == PHASE_FAILED)
		fail_msg("%s", o->final->err.text);
}

/* ---- both ends ---- */

/* The latency has a value for each line that was received in the measure phase or, which is said
 * apart, after it in the drain, but for those that had been sent before it, which are counted. */
static void expect_all_timed(const struct outcome *o)
{
	struct reading r = reading_of_final(o->info, o->final), whole = reading_drained(&r);
	uint64_t received = reading_sum(&whole, -1, ROLE_CLIENT, COUNTER_RX_PACKETS).value;
	uint64_t carried = reading_sum(&whole, -1, ROLE_CLIENT, CHAT_C_CARRIED).value;

	assert_int_equal(reading_sum(&r, -1, ROLE_CLIENT, COUNTER_RX_PACKETS).value + reading_in_drain(&r), received);
	assert_int_equal(o->final->total[CHAT_L_DELIVERY].count + carried, received);
}

static void deliveries_balance(void **state)
{
	static const char *const runs[][20] = {
		{ "method", "lt", "conns", "50", NULL },
		{ "method", "et", "conns", "50", NULL },
		{ "method", "lt", "conns", "50", "delivery", "log", NULL },
		{ "method", "et", "conns", "50", "delivery", "log", "tick", "0", NULL },
		{ "method", "lt", "conns", "40", "loops", "3", NULL },
		{ "method", "et", "conns", "40", "loops", "3", "delivery", "log", NULL },
		{ "conns", "40", "wait", "poll", "loops", "2", NULL },
		{ "conns", "40", "wait", "spin", "loops", "2", NULL },
		{ "conns", "40", "rate", "50", "burst", "yes", "msg-bytes", "1000", NULL },
		{ "conns", "40", "rate", "0.5", "readers", "3", NULL },
		{ "conns", "40", "window", "50", "msg-bytes", "32", NULL },
		{ "conns", "3", "readers", "1", "rate", "100", NULL },
	};
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		const char *options[26] = { "duration", "300ms", "warmup", "50ms" };
		struct outcome o;
		struct ledger l;

		memcpy(options + 4, runs[i], sizeof(runs[i]));
		run_once(&s, options, &o);
		chat_assert_balanced(&o, &l);
		print_message("run %zu: owed %llu\n", i, (unsigned long long)l.sent);
		assert_int_equal(l.lost, 0);
		assert_more(l.received, 0);
		/* Readers have all that the kernel took. */
		if (i != 9 && i != 11)
			assert_int_equal(outcome_sum(&o, CHAT_C_DELIVERED), l.received);
		expect_all_timed(&o);
		assert_int_equal(outcome_sum(&o, CHAT_C_MISSING), 0);
		assert_int_equal(outcome_sum(&o, CHAT_C_REPEATED), 0);
		assert_int_equal(outcome_sum(&o, CHAT_C_FOREIGN), 0);
		assert_int_equal(outcome_sum(&o, CHAT_C_RECONNECTS), 0);
		outcome_free(&o);
	}
	session_rig_close(&s);
}

/* Nobody reads: queues fill, and what is dropped is counted at its place. */
static void nobody_reads(void **state)
{
	static const char *const policies[] = { "drop-newest", "drop-oldest", "disconnect" };
	static const unsigned counters[] = { CHAT_C_DROPPED_NEWEST, CHAT_C_DROPPED_OLDEST, CHAT_C_SLOW_CLOSED };
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	for (unsigned how = 0; how < 6; how++) {
		struct outcome o;
		struct ledger l;

		run_once(&s,
			OPTIONS("duration", "500ms", "warmup", "100ms", "conns", "10", "recv", "no", "queue", "8K", "line-max",
				"4K", "msg-bytes", "4K", "sndbuf", "4K", "rcvbuf", "4K", "slow", policies[how % 3], "delivery",
				how < 3 ? "direct" : "log"),
			&o);
		print_message("%s, %s\n", policies[how % 3], how < 3 ? "direct" : "log");
		chat_assert_balanced(&o, &l);
		assert_more(outcome_sum(&o, counters[how % 3]), 0);
		outcome_free(&o);
	}
	session_rig_close(&s);
}

/* Clients send more than the server reads by the end of the drain, which it is still at work
 * then: what is unread is in flight. */
static void messages_are_left_unread(void **state)
{
	static const char *const methods[] = { "lt", "et" };
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	for (unsigned how = 0; how < 4; how++) {
		struct outcome o;
		struct ledger l;

		run_once(&s,
			OPTIONS("duration", "300ms", "warmup", how & 2 ? "0" : "100ms", "conns", "400", "recv", "no", "method",
				methods[how & 1], "loops", how & 2 ? "2" : "1"),
			&o);
		chat_assert_balanced(&o, &l);
		assert_more(outcome_sum(&o, CHAT_C_MESSAGES_FLYING), 0);
		outcome_free(&o);
	}
	session_rig_close(&s);
}

/* ---- connections outlive their run ---- */

static unsigned socket_inodes(uint64_t *inode, unsigned room)
{
	unsigned n = 0;

	for (int fd = 0; fd < 4096 && n < room; fd++) {
		struct stat st;

		if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
			inode[n++] = st.st_ino;
	}
	return n;
}

static unsigned in_both(const uint64_t *a, unsigned as, const uint64_t *b, unsigned bs)
{
	unsigned n = 0;

	for (unsigned i = 0; i < as; i++)
		for (unsigned k = 0; k < bs; k++)
			n += a[i] == b[k];
	return n;
}

static void methods_flip_on_live_connections(void **state)
{
	enum { CONNECTIONS = 30, FLIPS = 4 };
	unsigned fds = open_fds(), threads = running_threads(), befores = 0;
	uint64_t before[256], after[256];
	struct session_rig s;
	struct outcome o;
	uint32_t last = 0;

	(void)state;
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	for (unsigned i = 0; i <= FLIPS; i++) {
		uint32_t id = session_rig_start(&s,
			OPTIONS("method", i % 2 ? "et" : "lt", "conns", "30", "loops", "2", "warmup", "100ms", "duration", "0"));

		if (last) {
			o = (struct outcome){ 0 };
			session_rig_await(&s, last, outcome_has_final, &o);
			assert_int_equal(outcome_sum(&o, CHAT_C_RECONNECTS), 0);
			assert_int_equal(outcome_sum(&o, CHAT_C_MISSING), 0);
			outcome_free(&o);
		}
		o = (struct outcome){ 0 };
		session_rig_await_measure(&s, id, &o);
		unsigned afters = socket_inodes(after, 256);
		if (last)
			assert_at_least(in_both(before, befores, after, afters), 2 * CONNECTIONS);
		memcpy(before, after, sizeof(before));
		befores = afters;
		outcome_free(&o);
		last = id;
	}
	session_rig_close(&s);
	assert_int_equal(open_fds(), fds);
	for (unsigned i = 0; i < 1000 && running_threads() != threads; i++)
		poll(NULL, 0, 1); /* a joined thread may stay in /proc for a moment */
	assert_int_equal(running_threads(), threads);
}

/* ---- people ---- */

static void people_talk(void **state)
{
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	for (unsigned how = 0; how < 4; how++) {
		struct outcome o;
		unsigned port;
		uint32_t id = chat_server_start(&s, "127.0.0.1", how & 1 ? "et" : "lt", how & 2 ? "3" : "1", &port, &o);
		int a = person_call("127.0.0.1", port), b = person_call("127.0.0.1", port);

		people_meet(&s, id, &o, a, b);
		person_says(a, "half a li");
		person_says(b, "\x1b[2Jred\r\n");
		person_hears(a, "?[2Jred\n");
		person_says(a, "ne\nand\none\nmore\n");
		person_hears(b, "half a line\nand\none\nmore\n");
		/* Words that were said before somebody leaves in order arrive. */
		person_says(a, "bye\n");
		shutdown(a, SHUT_WR);
		person_hears(b, "bye\n");
		close(a);
		close(b);
		chat_server_end(&s, id, &o);
		assert_int_equal(outcome_sum(&o, COUNTER_RX_PACKETS), 8);
		assert_int_equal(outcome_sum(&o, CHAT_C_JOINED), 2);
		outcome_free(&o);
	}
	session_rig_close(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(deliveries_balance),
		cmocka_unit_test(nobody_reads),
		cmocka_unit_test(messages_are_left_unread),
		cmocka_unit_test(methods_flip_on_live_connections),
		cmocka_unit_test(people_talk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
