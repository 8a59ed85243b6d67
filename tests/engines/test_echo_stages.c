/* Mode echo, latency by stage: which packets are stamped, what their times come to, and that the
 * stages of each add up to its RTT. */
#include "echo_rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/echo/stages/stages.h"
#include "mode/in_force.h"

/* ---- the kernel, as it is or not ---- */

static unsigned sends_to_fail; /* of the next calls with a stamped message; each loses its key */

int __real_sendmmsg(int fd, struct mmsghdr *message, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *message, unsigned count, int flags);

int __wrap_sendmmsg(int fd, struct mmsghdr *message, unsigned count, int flags)
{
	for (unsigned i = 0; i < count && sends_to_fail; i++) {
		if (!message[i].msg_hdr.msg_controllen)
			continue;
		sends_to_fail--;
		if (i)
			return __real_sendmmsg(fd, message, i, flags);
		/* A key is gone, and nobody has got the packet. */
		struct mmsghdr nowhere = message[0];
		struct sockaddr_in discard = {
			.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
		};

		nowhere.msg_hdr.msg_name = &discard;
		nowhere.msg_hdr.msg_namelen = sizeof(discard);
		__real_sendmmsg(fd, &nowhere, 1, flags);
		errno = ENOBUFS;
		return -1;
	}
	return __real_sendmmsg(fd, message, count, flags);
}

/* ---- parts ---- */

static void one_in_n_is_chosen(void **state)
{
	static const unsigned one_in[] = { 1, 2, 7, 64, 1000 };
	enum { PACKETS = 1000000, FLOW = 5 };

	(void)state;
	for (unsigned i = 0; i < sizeof(one_in) / sizeof(one_in[0]); i++) {
		uint32_t limit = echo_stages_limit(one_in[i]);
		uint64_t chosen = 0, last = 0, longest = 0;

		for (uint64_t counter = 1; counter <= PACKETS; counter++) {
			if (!echo_stages_has(limit, (uint64_t)FLOW << 48 | counter))
				continue;
			chosen++;
			longest = counter - last > longest ? counter - last : longest;
			last = counter;
		}
		assert_in_range(chosen, PACKETS / one_in[i] - 2, PACKETS / one_in[i] + 2);
		/* spread evenly: no gap is much longer than another */
		assert_in_range(longest, one_in[i], 3 * one_in[i]);
	}
	assert_int_equal(echo_stages_limit(0), 0);
}

static void times_must_be_in_order(void **state)
{
	const int64_t good[] = { 10, 12, 12, 30 }, unknown[] = { 10, 0, 12, 30 }, back[] = { 10, 12, 11, 30 };
	int64_t ns[3] = { 7, 7, 7 };

	(void)state;
	assert_false(stages_between(unknown, 3, ns));
	assert_false(stages_between(back, 3, ns));
	assert_int_equal(ns[0], 7);
	assert_true(stages_between(good, 3, ns));
	assert_int_equal(ns[0], 2);
	assert_int_equal(ns[1], 0);
	assert_int_equal(ns[2], 18);
}

/* The stages of the packets at a percentile are theirs alone. */
static void shares_are_of_their_packets(void **state)
{
	enum { USED = 0x5 };
	struct stage_record *r = calloc(1, sizeof(*r));
	struct stage_tally *t = calloc(1, sizeof(*t)), *before = calloc(1, sizeof(*before));
	struct stage_summary s;

	(void)state;
	assert_true(r && t && before);
	/* of 100: 90 take 100 + 20 ns, 10 take 100 + 1000 */
	for (int i = 0; i < 100; i++) {
		stage_record_stamped(r);
		stage_record_add(r, USED, (const int64_t[STAGES_MAX]){ [0] = 100, [1] = 999, [2] = i % 10 ? 20 : 1000 });
	}
	stage_tally_add(t, r);
	*before = *t;
	stage_tally_summarise(t, NULL, &s);
	assert_int_equal(s.stamped, 100);
	assert_int_equal(s.whole.count, 100);
	assert_int_equal(s.stage[0].count, 100);
	assert_int_equal(s.stage[1].count, 0);
	assert_int_equal(s.share_ns[0][0], 100);
	assert_int_equal(s.share_ns[0][2], 20);
	assert_int_equal(s.share_ns[2][0], 100);
	assert_int_equal(s.share_ns[2][2], 1000);
	assert_int_equal(s.share_ns[0][1], 0);
	/* and of a second alone, of what came in it */
	stage_record_add(r, USED, (const int64_t[STAGES_MAX]){ [0] = 50, [2] = 50 });
	memset(t, 0, sizeof(*t));
	stage_tally_add(t, r);
	stage_tally_summarise(t, before, &s);
	assert_int_equal(s.whole.count, 1);
	assert_int_equal(s.share_ns[1][0], 50);
	free(r);
	free(t);
	free(before);
}

static void take(struct echo_pending *p, unsigned socket, uint32_t key, enum udp_stamp_at at, uint64_t want)
{
	const struct udp_stamp stamp = { .key = key, .at = at, .real_ns = 1000 + key };
	struct echo_pending_send send = { .sequence = 0 };
	bool whole = echo_pending_take(p, socket, &stamp, &send);

	assert_int_equal(whole ? send.sequence : 0, want);
	if (whole)
		assert_int_equal(send.scheduler_ns, 1000 + key);
}

/* Keys are counted for each socket, and begin anew where they are lost. */
static void pending_sends_know_their_keys(void **state)
{
	struct echo_pending *p = calloc(1, sizeof(*p));

	(void)state;
	assert_non_null(p);
	assert_int_equal(echo_pending_init(p, 2), 0);
	for (uint64_t i = 1; i <= 4; i++)
		assert_true(echo_pending_add(p, &(struct echo_pending_send){ .socket = i % 2, .sequence = i, .since_ns = 1 }));
	take(p, 1, 1, UDP_STAMP_SCHEDULER, 0);
	take(p, 0, 1, UDP_STAMP_SCHEDULER, 0);
	take(p, 0, 7, UDP_STAMP_DEVICE, 0);
	take(p, 1, 1, UDP_STAMP_DEVICE, 3);
	take(p, 0, 1, UDP_STAMP_DEVICE, 4);
	take(p, 0, 1, UDP_STAMP_DEVICE, 0);
	assert_int_equal(p->count, 2);
	echo_pending_restart(p, 0);
	assert_int_equal(p->count, 1);
	assert_true(echo_pending_add(p, &(struct echo_pending_send){ .socket = 0, .sequence = 9, .since_ns = 5 }));
	take(p, 0, 0, UDP_STAMP_SCHEDULER, 0);
	echo_pending_expire(p, NS_PER_S + 2);
	assert_int_equal(p->count, 1);
	take(p, 0, 0, UDP_STAMP_DEVICE, 9);
	for (unsigned i = 0; i < ECHO_PENDING; i++)
		assert_true(echo_pending_add(p, &(struct echo_pending_send){ .sequence = 1 }));
	assert_false(echo_pending_add(p, &(struct echo_pending_send){ .sequence = 1 }));
	echo_pending_free(p);
	free(p);
}

/* ---- runs ---- */

/* What the workers of this role have recorded. */
static void summarise(struct rig *rig, unsigned roles, struct stage_tally *t, struct stage_summary *ret_summary)
{
	memset(t, 0, sizeof(*t));
	for (unsigned i = 0; i < rig->opened; i++)
		if (rig->worker[i].self->role & roles && rig->worker[i].stages)
			stage_tally_add(t, rig->worker[i].stages);
	struct stage_tally *copy = malloc(sizeof(*copy));

	assert_non_null(copy);
	*copy = *t;
	stage_tally_summarise(copy, NULL, ret_summary);
	free(copy);
}

static void expect_same_values(const struct hist *sums, const struct hist *rtt)
{
	assert_int_equal(sums->count, rtt->count);
	assert_int_equal(sums->sum_ns, rtt->sum_ns);
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		assert_int_equal(sums->bucket[i], rtt->bucket[i]);
}

static void expect_stages_add_up(const struct stage_tally *t)
{
	uint64_t sum_ns = 0;

	for (unsigned i = 0; i < STAGES_MAX; i++)
		sum_ns += t->stage[i].sum_ns;
	assert_int_equal(sum_ns, t->whole.sum_ns);
}

/* Each packet is stamped, and the sum of its stages is the very number that the RTT has.  False: a
 * stamp of the kernel's was missing, and its packet was left out. */
static bool stages_add_up(const struct udp_method *method, const char *const *more, unsigned latency)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 1,
		.clients = 1,
		.method = &method->method,
		.option = { "stages", "1", "window", "4" } };
	struct stage_tally *t = malloc(sizeof(*t));
	struct stage_summary s;
	struct hist rtt;

	for (unsigned i = 0; more[i]; i++)
		config.option[4 + i] = more[i];
	assert_non_null(t);
	rig_open_or_fail(&rig, &config);
	rig_measure(&rig, 300);
	rig_observe(&rig);
	rig_expect_balance(&rig);
	summarise(&rig, ROLE_CLIENT, t, &s);
	histogram_copy(rig_client(&rig, 0)->latency[latency], &rtt);
	expect_stages_add_up(t);
	bool complete = t->whole.count == rtt.count;

	if (complete) {
		assert_int_equal(s.stamped, rtt.count);
		expect_same_values(&t->whole, &rtt);
		for (unsigned i = 0; i < ECHO_STAGES; i++)
			assert_int_equal(s.stage[i].count, i == ECHO_STAGE_AWAY ? 0 : s.stamped);
	}
	free(t);
	rig_close(&rig);
	return complete;
}

/* A machine that is busy loses a stamp now and then, not each time. */
static void expect_all_add_up(const struct udp_method *method, const char *const *more, unsigned latency)
{
	enum { TRIES = 10 };

	for (unsigned i = 0; i < TRIES; i++)
		if (stages_add_up(method, more, latency))
			return;
	fail_msg("%s: stamps were missing %u times in a row", method->method.name, TRIES);
}

static void stages_of_each_packet_add_up_to_its_rtt(void **state)
{
	static const char *const shapes[][6] = { { NULL }, { "flows", "3", "sockets", "3", NULL },
		{ "listen", "0.0.0.0", NULL } };

	(void)state;
	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		expect_all_add_up(&udp_mmsg, shapes[i], ECHO_L_RTT);
		expect_all_add_up(&udp_single, shapes[i], ECHO_L_RTT);
	}
	expect_all_add_up(&udp_mmsg, (const char *const[]){ "rate", "20000", NULL }, ECHO_L_RTT_SEND);
}

/* Each end says what it can know. */
static void ends_alone_know_their_own(void **state)
{
	static const unsigned of_client = 1u << ECHO_STAGE_CLIENT_SEND | 1u << ECHO_STAGE_CLIENT_QUEUE | 1u << ECHO_STAGE_AWAY |
					  1u << ECHO_STAGE_CLIENT_RECEIVE;
	static const unsigned of_server = 1u << ECHO_STAGE_SERVER_RECEIVE | 1u << ECHO_STAGE_SERVER |
					  1u << ECHO_STAGE_SERVER_SEND | 1u << ECHO_STAGE_SERVER_QUEUE;
	struct rig server, client;
	struct rig_config at_server = {
		.engine = &engine_echo, .servers = 1, .unchecked = true, .option = { "role", "server", "stages", "2" }
	};
	struct stage_tally *t = malloc(sizeof(*t));
	struct stage_summary s;
	char port[8];

	(void)state;
	assert_non_null(t);
	rig_open_or_fail(&server, &at_server);
	snprintf(port, sizeof(port), "%u", rig_port(&server));
	struct rig_config at_client = { .engine = &engine_echo,
		.clients = 1,
		.unchecked = true,
		.option = { "role", "client", "port", port, "stages", "2", "window", "4" } };
	rig_open_or_fail(&client, &at_client);
	rig_enter(&server, PHASE_MEASURE);
	rig_enter(&client, PHASE_MEASURE);
	rig_until_with(&client, &server, rig_has_received, 200);
	summarise(&client, ROLE_CLIENT, t, &s);
	assert_more(s.whole.count, 50);
	expect_stages_add_up(t);
	for (unsigned i = 0; i < ECHO_STAGES; i++)
		assert_int_equal(s.stage[i].count > 0, of_client >> i & 1);
	summarise(&server, ROLE_SERVER, t, &s);
	assert_more(s.whole.count, 50);
	expect_stages_add_up(t);
	for (unsigned i = 0; i < ECHO_STAGES; i++)
		assert_int_equal(s.stage[i].count > 0, of_server >> i & 1);
	free(t);
	rig_close(&client);
	rig_close(&server);
}

/* A send that fails takes a key with it: the packets after it still get their own times. */
static void failed_sends_shift_no_times(void **state)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo,
		.servers = 1,
		.clients = 1,
		.method = &udp_mmsg.method,
		.option = { "stages", "3", "window", "8" } };
	struct stage_tally *t = malloc(sizeof(*t));
	struct stage_summary s, then;

	(void)state;
	assert_non_null(t);
	rig_open_or_fail(&rig, &config);
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 50);
	sends_to_fail = 5;
	rig_until(&rig, ROLE_BOTH, rig_has_received, 400);
	assert_int_equal(sends_to_fail, 0);
	summarise(&rig, ROLE_CLIENT, t, &s);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 1000);
	summarise(&rig, ROLE_CLIENT, t, &then);
	expect_stages_add_up(t);
	/* from then on none is incomplete */
	assert_more(then.whole.count, s.whole.count + 150);
	rig_drain(&rig);
	rig_expect_balance(&rig);
	free(t);
	rig_close(&rig);
}

static void without_the_option_nothing_is_stamped(void **state)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_echo, .servers = 1, .clients = 1 };

	(void)state;
	rig_open_or_fail(&rig, &config);
	assert_int_equal(rig.plan.stage_roles, 0);
	assert_null(rig_client(&rig, 0)->stages);
	rig_close(&rig);
	/* Nor by a method that cannot, which the dashboard may switch to. */
	struct rig_config gso = {
		.engine = &engine_echo, .servers = 1, .clients = 1, .option = { "method", "gso", "stages", "5" }
	};
	rig_open_or_fail(&rig, &gso);
	assert_int_equal(rig.plan.stage_roles, 0);
	assert_non_null(option_idle_why(&rig.options, "stages"));
	rig_measure(&rig, 100);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_in_n_is_chosen),
		cmocka_unit_test(times_must_be_in_order),
		cmocka_unit_test(shares_are_of_their_packets),
		cmocka_unit_test(pending_sends_know_their_keys),
		cmocka_unit_test(stages_of_each_packet_add_up_to_its_rtt),
		cmocka_unit_test(ends_alone_know_their_own),
		cmocka_unit_test(failed_sends_shift_no_times),
		cmocka_unit_test(without_the_option_nothing_is_stamped),
	};

	return cmocka_run_group_tests_name("echo stages", tests, NULL, NULL);
}
