/* Mode chat: a connection may be lost at any moment of a run, with messages on it that the server
 * has not read.  The test steps both ends by hand, so that each of them is where the test wants it
 * when that happens; both ledgers must balance to the last message. */
#include "rig.h"

#include "base/clock.h"
#include "engines/chat/chat.h"
#include "engines/chat/load/load.h"
#include "engines/chat/server.h"

enum { CONNECTIONS = 6, WINDOW = 5 };

/* When a connection is lost: the ends enter a phase one after the other. */
enum moment {
	WARMING_UP,
	CLIENTS_SETTLE,
	BOTH_SETTLE,
	LOOPS_MEASURE,
	BOTH_MEASURE,
	CLIENTS_DRAIN,
	BOTH_DRAIN,
	MOMENTS,
};

static const struct {
	unsigned roles;
	enum phase phase;
} steps[MOMENTS] = {
	[WARMING_UP] = { ROLE_BOTH, PHASE_WARMUP },
	[CLIENTS_SETTLE] = { ROLE_CLIENT, PHASE_SETTLE },
	[BOTH_SETTLE] = { ROLE_SERVER, PHASE_SETTLE },
	[LOOPS_MEASURE] = { ROLE_SERVER, PHASE_MEASURE },
	[BOTH_MEASURE] = { ROLE_CLIENT, PHASE_MEASURE },
	[CLIENTS_DRAIN] = { ROLE_CLIENT, PHASE_DRAIN },
	[BOTH_DRAIN] = { ROLE_SERVER, PHASE_DRAIN },
};

static unsigned count_up(struct rig *rig)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < rig->clients; i++)
		sum += ((const struct load *)rig_client(rig, i)->state)->ups;
	return sum;
}

/* The loops know whose they are. */
static bool has_greeted(struct rig *rig, uint64_t connections)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < rig->servers; i++) {
		const struct chat_loop *l = rig_server(rig, i)->state;

		for (unsigned k = 0; k < l->room.presents; k++)
			sum += l->room.member[l->room.present[k]].connection != CHAT_STRANGER;
	}
	return sum >= connections;
}

static bool has_at_most_up(struct rig *rig, uint64_t connections)
{
	return count_up(rig) <= connections;
}

static uint64_t count_unread(struct rig *rig)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < rig->clients; i++) {
		const struct load *x = rig_client(rig, i)->state;

		for (unsigned k = 0; k < x->connections; k++)
			sum += load_unread(&x->connection[k], load_read(rig->plan.shared, &x->connection[k]));
	}
	return sum;
}

/* Much is on its way to the loops.  They are stepped only so that windows open. */
static void fill_the_way(struct rig *rig)
{
	for (unsigned i = 0; count_unread(rig) < CONNECTIONS * WINDOW / 2; i++) {
		assert_less(i, 10000);
		if (i % 20 == 19)
			rig_step(rig, ROLE_SERVER);
		rig_step(rig, ROLE_CLIENT);
	}
}

/* A loop closes the first client of the load that it has, without reading what that has sent, and
 * the client learns of it. */
static void lose_one(struct rig *rig)
{
	unsigned up = count_up(rig);

	for (unsigned i = 0; i < rig->servers; i++) {
		struct chat_loop *l = rig_server(rig, i)->state;

		for (unsigned k = 0; k < l->room.presents; k++) {
			struct chat_member *m = &l->room.member[l->room.present[k]];

			if (m->connection == CHAT_STRANGER)
				continue;
			chat_room_end(&l->room, m, END_SLOW);
			rig_step(rig, ROLE_SERVER);
			rig_until(rig, ROLE_CLIENT, has_at_most_up, up - 1);
			return;
		}
	}
	fail_msg("no connection is left to be lost");
}

/* As the table of rows has it: what was sent, but for what is read, lost or in flight. */
static int64_t unexplained_messages(struct rig *rig)
{
	uint64_t left = 0;

	for (const struct ledger_row *row = chat_messages.rows; row->side != LEDGER_NONE; row++) {
		uint64_t n = row->side == LEDGER_IN_FLIGHT ? rig_sum(rig, row->roles, row->counter)
							   : rig_since(rig, row->roles, row->counter);

		left += row->side == LEDGER_SENT ? n : -n;
	}
	return (int64_t)left;
}

static int64_t unexplained_deliveries(struct rig *rig)
{
	struct rig_ledger l;

	rig_read_ledger(rig, &l);
	return (int64_t)(l.sent - l.received - l.lost - rig_sum(rig, ROLE_SERVER, CHAT_C_QUEUED));
}

/* Until that moment nothing is read before a phase is entered, so that much is on its way then. */
static void go_through(struct rig *rig, enum moment moment)
{
	for (unsigned i = 0; i < MOMENTS; i++) {
		rig_enter_roles(rig, steps[i].roles, steps[i].phase);
		if (i == WARMING_UP)
			rig_until(rig, ROLE_BOTH, has_greeted, CONNECTIONS);
		if (steps[i].phase == PHASE_WARMUP || i == BOTH_MEASURE)
			fill_the_way(rig);
		if (i == moment)
			lose_one(rig);
	}
	rig_drain(rig);
	rig_observe(rig);
}

static void lose_at_each_moment(const char *method, const char *delivery, const char *loops)
{
	for (unsigned moment = 0; moment < MOMENTS; moment++) {
		struct rig rig;

		rig_open_or_fail(&rig, &(struct rig_config){ .engine = &engine_chat,
					       .option = { "method", method, "delivery", delivery, "loops", loops, "conns", "6",
						       "window", "5", "tick", "0" } });
		go_through(&rig, moment);
		print_message("%s, %s, %s loops, moment %u\n", method, delivery, loops, moment);
		assert_int_equal(unexplained_messages(&rig), 0);
		assert_int_equal(unexplained_deliveries(&rig), 0);
		assert_more(rig_sum(&rig, ROLE_BOTH, CHAT_C_MESSAGES_LOST), 0);
		assert_int_equal(rig_sum(&rig, ROLE_CLIENT, CHAT_C_REPEATED), 0);
		rig_close(&rig);
	}
}

static void lost_at_any_moment(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 8; how++)
		lose_at_each_moment(how & 1 ? "et" : "lt", how & 2 ? "log" : "direct", how & 4 ? "3" : "1");
}

static bool has_nothing_unread(struct rig *rig, uint64_t value)
{
	return count_unread(rig) <= value;
}

/* Loops read as long as there is something to read, however long the run waits for it. */
static void a_drain_that_takes_long(void **state)
{
	static const char *const methods[] = { "lt", "et" };

	(void)state;
	for (unsigned how = 0; how < 2; how++) {
		struct rig rig;

		rig_open_or_fail(&rig, &(struct rig_config){ .engine = &engine_chat,
					       .option = { "method", methods[how], "conns", "6", "window", "5" } });
		rig_enter(&rig, PHASE_MEASURE);
		rig_until(&rig, ROLE_BOTH, has_greeted, CONNECTIONS);
		fill_the_way(&rig);
		rig_enter(&rig, PHASE_DRAIN);
		/* It has lasted for a minute already. */
		for (unsigned i = 0; i < rig.servers; i++)
			rig_server(&rig, i)->phase_ns -= 60ll * NS_PER_S;
		rig_until(&rig, ROLE_BOTH, has_nothing_unread, 0);
		rig_drain(&rig);
		assert_int_equal(unexplained_messages(&rig), 0);
		rig_close(&rig);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drain_that_takes_long),
		cmocka_unit_test(lost_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
