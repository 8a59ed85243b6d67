/* Loss that is no worker's own, in namespaces of the test's own: a firewall drops datagrams, a
 * fragment has no room.  Each has its place, and what the host's counters alone speak for makes
 * nothing valid. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../engines/session_rig.h"
#include "../packet/netns.h"
#include "engines/echo/echo.h"
#include "engines/echo/shared.h"
#include "engines/fanout/fanout.h"
#include "engines/fanout/shared.h"
#include "firewall.h"

/* A server that gets no CPU for some time does not tell. */
enum { FEW = 20, DEADLINE_S = 60, TRIES = 10 };

static int wall = -1, far_wall = -1; /* of this namespace, of the other one */

static void need(int fd)
{
	netns_need();
	if (fd >= 0)
		return;
	print_message("no nf_tables here\n");
	skip();
}

static const struct ledger_place *place_of(const struct ledger *l, const char *key)
{
	for (unsigned i = 0; i < l->places; i++)
		if (!strcmp(l->place[i].key, key))
			return &l->place[i];
	return NULL;
}

static void fail_over_places(const struct ledger *l, const char *wanted)
{
	for (unsigned i = 0; i < l->places; i++)
		if (l->place[i].lost)
			print_message("%s: %llu\n", l->place[i].key, (unsigned long long)l->place[i].lost);
	fail_msg("not all of %llu lost of %llu are at %s; unexplained %lld", (unsigned long long)l->lost,
		(unsigned long long)l->sent, wanted, (long long)l->unexplained);
}

/* All that was lost has this place, but for what a machine without a CPU to spare was late with. */
static void expect_lost_at(const struct ledger *l, const char *key)
{
	if (place_of(l, key)->lost + place_of(l, "late")->lost != l->lost)
		fail_over_places(l, key);
}

/* The run is stopped; its ledger and verdict. */
static void finish(struct session_rig *s, uint32_t id, struct outcome *o, struct ledger *l, struct verdict *v)
{
	session_stop(s->session, false);
	session_rig_await(s, id, outcome_has_final, o);
	outcome_ledger(o, l);
	struct reading whole = reading_of_final(o->info, o->final);
	verdict_of(&whole, l, false, v);
}

static void expect_caution(const struct verdict *v, const char *text)
{
	for (unsigned i = 0; i < v->cautions; i++)
		if (strstr(v->caution[i], text))
			return;
	fail_msg("no caution \"%s\" among %u (%s)", text, v->cautions, v->caution[0]);
}

static void expect_reason(const struct verdict *v, const char *text)
{
	for (unsigned i = 0; i < v->reasons; i++)
		if (strstr(v->reason[i], text))
			return;
	fail_msg("no reason \"%s\" among %u (%s)", text, v->reasons, v->reason[0]);
}

/* ---- both ends here ---- */

static const char *const slow_echo[] = { "rate", "500", "warmup", "0", "duration", "0", "payload", "4000", "listen", "127.0.0.1",
	NULL };

static uint32_t start_slow_echo(struct session_rig *s, struct outcome *o)
{
	session_rig_open(s, &engine_echo, DEADLINE_S);
	uint32_t id = session_rig_start(s, slow_echo);
	session_rig_await_counter(s, id, COUNTER_RX_PACKETS, FEW, o);
	return id;
}

static void a_firewall_is_not_explained_away(void **state)
{
	struct outcome o = { 0 };
	struct session_rig s;
	struct ledger l;
	struct verdict v;

	(void)state;
	need(wall);
	uint32_t id = start_slow_echo(&s, &o);
	firewall_drop(wall, true);
	session_rig_await_counter(&s, id, ECHO_C_GIVEN_UP, FEW, &o);
	firewall_drop(wall, false);
	finish(&s, id, &o, &l, &v);
	assert_at_least(l.lost, FEW);
	assert_int_equal(l.unexplained + (int64_t)(l.host_lost + place_of(&l, "late")->lost), l.lost);
	assert_int_equal(place_of(&l, "server_socket_buffer")->lost, 0);
	assert_false(l.balanced);
	assert_false(v.valid);
	expect_reason(&v, "unexplained");
	outcome_free(&o);
	session_rig_close(&s);
}

static bool set_fragment_room(const char *bytes)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ipfrag_high_thresh", "w");
	bool good = f && fputs(bytes, f) >= 0;

	return f && fclose(f) == 0 && good;
}

static void lost_fragments_have_a_place(void **state)
{
	struct outcome o = { 0 };
	struct session_rig s;
	struct ledger l;
	struct verdict v;

	(void)state;
	netns_need();
	netns_run("ip link set lo mtu 1500");
	uint32_t id = start_slow_echo(&s, &o);
	assert_int_equal(o.info->fragments, 3); /* 4024 bytes in parts of 1480 */
	FILE *f = fopen("/proc/sys/net/ipv4/ipfrag_low_thresh", "w");
	bool settable = f && fputs("0", f) >= 0;
	if (f)
		settable = fclose(f) == 0 && settable;
	settable = settable && set_fragment_room("0");
	if (settable) {
		session_rig_await_counter(&s, id, ECHO_C_GIVEN_UP, FEW, &o);
		assert_true(set_fragment_room("4194304"));
	}
	finish(&s, id, &o, &l, &v);
	netns_run("ip link set lo mtu 65536");
	expect_caution(&v, "3 fragments a datagram");
	const struct ledger_place *p = place_of(&l, "ip_reassembly");
	assert_true(p && p->known && p->host_wide);
	if (settable) {
		assert_at_least(p->seen, FEW);
		expect_lost_at(&l, "ip_reassembly");
		assert_int_equal(l.unexplained, 0);
		assert_false(v.valid);
		expect_reason(&v, "IP reassembly at most");
	}
	outcome_free(&o);
	session_rig_close(&s);
}

/* ---- the other end behind a firewall ---- */

struct ends {
	struct session_rig far, here;
	uint32_t far_id, here_id;
	struct outcome far_o, here_o;
};

static void open_ends(struct ends *e, const struct engine *engine, const char *const *far, const char *const *here)
{
	memset(e, 0, sizeof(*e));
	netns_peer();
	session_rig_open(&e->far, engine, DEADLINE_S);
	e->far_id = session_rig_start(&e->far, far);
	session_rig_await(&e->far, e->far_id, outcome_has_info, &e->far_o);
	netns_home();
	session_rig_open(&e->here, engine, DEADLINE_S);
	e->here_id = session_rig_start(&e->here, here);
}

static void close_ends(struct ends *e)
{
	session_stop(e->far.session, true);
	session_rig_close(&e->here);
	session_rig_close(&e->far);
	outcome_free(&e->here_o);
	outcome_free(&e->far_o);
}

static const char *const slow_client[] = { "role", "client", "host", "10.77.0.2", "port", "5077", "rate", "500", "warmup", "0",
	"duration", "0", NULL };

/* A firewall of this end loses datagrams for a while. */
static void lose_some(struct ends *e, const char *const *server, int at, struct ledger *l, struct verdict *v)
{
	open_ends(e, &engine_echo, server, slow_client);
	session_rig_await_counter(&e->here, e->here_id, COUNTER_RX_PACKETS, FEW, &e->here_o);
	firewall_drop(at, true);
	session_rig_await_counter(&e->here, e->here_id, ECHO_C_GIVEN_UP, FEW, &e->here_o);
	firewall_drop(at, false);
	finish(&e->here, e->here_id, &e->here_o, l, v);
	assert_int_equal(l->unexplained, 0);
	assert_at_least(l->lost, FEW);
}

/* Of a server that does not tell. */
static void what_a_client_cannot_know_has_a_place(void **state)
{
	static const char *const server[] = { "role", "server", "listen", "10.77.0.2", "port", "5077", "warmup", "0", "duration",
		"0", "verbatim", "yes", NULL };
	struct ends e;
	struct ledger l;
	struct verdict v;

	(void)state;
	need(far_wall);
	lose_some(&e, server, far_wall, &l, &v);
	expect_lost_at(&l, "here_to_answer");
	assert_false(l.told);
	assert_false(place_of(&l, "server_socket_buffer")->known);
	assert_string_equal(place_of(&l, "server_socket_buffer")->why, "the server is another process");
	expect_caution(&v, "were lost somewhere between here and the answer");
	assert_string_equal(e.here_o.info->path, "remote");
	close_ends(&e);
}

/* Of one that does: it is said on which way they were lost. */
static void a_server_elsewhere_tells(void **state)
{
	static const char *const server[] = { "role", "server", "listen", "10.77.0.2", "port", "5077", "warmup", "0", "duration",
		"0", NULL };
	static const char *const way[] = { "path_there", "path_back" };
	struct ends e;
	struct ledger l;
	struct verdict v;

	(void)state;
	need(far_wall);
	need(wall);
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned tries = 0; tries < TRIES; tries++) {
			lose_some(&e, server, i ? wall : far_wall, &l, &v);
			if (l.told)
				break;
			close_ends(&e);
		}
		assert_true(l.told);
		expect_lost_at(&l, way[i]);
		assert_true(place_of(&l, "server_socket_buffer")->known);
		assert_int_equal(place_of(&l, "server_socket_buffer")->lost, 0);
		assert_true(l.balanced);
		expect_caution(&v, "were lost on the path");
		close_ends(&e);
	}
}

/* What the server's own socket dropped in the client's measure phase, to the packet: the warm-up
 * has losses of its own. */
static void a_server_elsewhere_tells_its_drops(void **state)
{
	static const char *const server[] = { "role", "server", "listen", "10.77.0.2", "port", "5077", "warmup", "0", "duration",
		"0", "method", "single", "rcvbuf", "2000", NULL };
	static const char *const client[] = { "role", "client", "host", "10.77.0.2", "port", "5077", "window", "200", "warmup",
		"0.2", "duration", "0.5", "payload", "400", NULL };
	struct ends e;
	struct ledger l, far;
	struct verdict v;

	(void)state;
	need(far_wall);
	for (unsigned tries = 0; tries < TRIES; tries++) {
		open_ends(&e, &engine_echo, server, client);
		session_rig_await(&e.here, e.here_id, outcome_has_final, &e.here_o);
		outcome_ledger(&e.here_o, &l);
		finish(&e.far, e.far_id, &e.far_o, &far, &v);
		if (l.told)
			break;
		close_ends(&e);
	}
	assert_true(l.told);
	assert_at_least(place_of(&l, "server_socket_buffer")->lost, 1);
	expect_lost_at(&l, "server_socket_buffer");
	assert_int_equal(l.unexplained, 0);
	assert_true(l.balanced);
	assert_at_least(place_of(&far, "server_socket_buffer")->lost, l.lost);
	close_ends(&e);
}

/* Packets that came to the other namespace and went no further: its firewall drops them. */
static unsigned long long far_dropped(void)
{
	unsigned long long came = 0, handed_on = 0;
	char line[1024];

	netns_peer();
	FILE *f = fopen("/proc/thread-self/net/snmp", "r");
	assert_non_null(f);
	/* The second line of IP: forwarding, default TTL, InReceives, ...; InDelivers is the
	 * ninth. */
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Ip: %*d %*d %llu %*u %*u %*u %*u %*u %llu", &came, &handed_on) == 2)
			break;
	fclose(f);
	netns_home();
	assert_at_least(came, 1);
	return came - handed_on;
}

static unsigned long long enough_dropped;

static bool far_wall_has_dropped(const struct outcome *o)
{
	return o->final || far_dropped() >= enough_dropped;
}

/* A round may be incomplete because it is late. */
static void a_loss_on_the_path_has_a_place(void **state)
{
	static const char *const readers[] = { "role", "server", "readers", "4", "listen", "10.77.0.2", "port", "5078", "warmup",
		"0", "duration", "0", NULL };
	static const char *const writer[] = { "role", "client", "host", "10.77.0.2", "port", "5078", "rate", "200", "warmup", "0",
		"duration", "0", NULL };
	struct ends e;
	struct ledger l;
	struct verdict v;

	(void)state;
	need(far_wall);
	open_ends(&e, &engine_fanout, readers, writer);
	session_rig_await_counter(&e.here, e.here_id, FANOUT_C_COMPLETE, FEW, &e.here_o);
	enough_dropped = far_dropped() + FEW;
	firewall_drop(far_wall, true);
	session_rig_await(&e.here, e.here_id, far_wall_has_dropped, &e.here_o);
	firewall_drop(far_wall, false);
	session_rig_await_counter(&e.here, e.here_id, FANOUT_C_COMPLETE, 2 * FEW, &e.here_o);
	finish(&e.here, e.here_id, &e.here_o, &l, &v);
	assert_int_equal(l.unexplained, 0);
	assert_at_least(place_of(&l, "path")->lost, 1);
	expect_caution(&v, "were lost on the path");
	close_ends(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_firewall_is_not_explained_away),
		cmocka_unit_test(lost_fragments_have_a_place),
		cmocka_unit_test(what_a_client_cannot_know_has_a_place),
		cmocka_unit_test(a_server_elsewhere_tells),
		cmocka_unit_test(a_server_elsewhere_tells_its_drops),
		cmocka_unit_test(a_loss_on_the_path_has_a_place),
	};

	/* Before there is any thread. */
	if (netns_make()) {
		netns_pair();
		wall = firewall_open();
		netns_peer();
		far_wall = firewall_open();
		netns_home();
	}
	return cmocka_run_group_tests_name("losses on the way", tests, NULL, NULL);
}
