/* Mode fanout without sockets: its datagram, the parts of readers, rounds, their spread and their
 * deadline, fresh payloads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/asserts.h"
#include "engines/fanout/apart/hello.h"
#include "engines/fanout/payload.h"
#include "engines/fanout/round.h"
#include "engines/fanout/wire.h"

/* ---- the datagram ---- */

static void a_header_is_cut_off_at_its_end(void **state)
{
	static const uint8_t whole[] = { 0x78, 0x56, 0x34, 0x12, 4, 3, 2, 1, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 };

	(void)state;
	for (uint32_t bytes = 1; bytes <= 20; bytes++) {
		uint8_t at[20];

		memset(at, 0xee, sizeof(at));
		fanout_put(at, bytes, 0x12345678, 0x01020304, 0x1122334455667788);
		for (uint32_t i = 0; i < sizeof(at); i++)
			assert_int_equal(at[i], i < bytes && i < FANOUT_HEADER_BYTES ? whole[i] : 0xee);
		assert_int_equal(fanout_tag(at, bytes), fanout_tag_of(0x12345678, bytes));
		assert_int_equal(fanout_tag(at, bytes) == fanout_tag_of(0x12345679, bytes), 0);
		assert_true(fanout_is_for(at, bytes, 0x01020304));
		assert_int_equal(fanout_is_for(at, bytes, 0x01020305), bytes < FANOUT_TOKEN_BYTES);
		if (bytes >= FANOUT_HEADER_BYTES)
			assert_int_equal(fanout_sent_ns(at), 0x1122334455667788);
	}
}

static void parts_hold_all(void **state)
{
	(void)state;
	for (unsigned total = 1; total < 60; total++)
		for (unsigned parts = 1; parts <= total; parts++) {
			unsigned next = 0;

			for (unsigned i = 0; i < parts; i++) {
				unsigned first = fanout_part_first(i, parts, total), end = fanout_part_first(i + 1, parts, total);

				assert_int_equal(first, next);
				assert_between(end - first, total / parts, (total + parts - 1) / parts);
				for (; next < end; next++)
					assert_int_equal(fanout_part_of(next, parts, total), i);
			}
			assert_int_equal(next, total);
		}
}

static void payloads_differ(void **state)
{
	enum { BYTES = 100 };
	struct fanout_payload p;
	uint8_t all[FANOUT_PAYLOADS][BYTES];

	(void)state;
	assert_int_equal(fanout_payload_init(&p, BYTES, 1), 0);
	for (unsigned i = 0; i < FANOUT_PAYLOADS; i++) {
		fanout_payload_fill(&p, all[i], BYTES);
		for (unsigned k = 0; k < i; k++)
			assert_memory_not_equal(all[i], all[k], BYTES);
	}
	fanout_payload_free(&p);
}

/* ---- rounds ---- */

static void take(struct fanout_tally *t, struct fanout_share *share, uint32_t round, int64_t now_ns)
{
	fanout_tally_take(t, round, now_ns);
	fanout_tally_show(t, share, true);
}

/* The spread is from the first datagram of any reader to the last of any, of this round alone. */
static void a_round_is_seen_over_all_workers(void **state)
{
	struct fanout_share share[2] = { 0 };
	struct fanout_tally tally[2] = { 0 };
	struct fanout_state s;

	(void)state;
	s = fanout_round_state(share, 2, 1);
	assert_int_equal(s.have, 0);
	assert_int_equal(s.spread_ns, 0);
	take(&tally[0], &share[0], 1, 1000);
	s = fanout_round_state(share, 2, 1);
	assert_int_equal(s.have, 1);
	assert_int_equal(s.spread_ns, 0);
	take(&tally[1], &share[1], 1, 900);
	take(&tally[0], &share[0], 1, 1400);
	s = fanout_round_state(share, 2, 1);
	assert_int_equal(s.have, 3);
	assert_int_equal(s.spread_ns, 500);
	/* One worker is in the next round already: what it has is not of this one. */
	take(&tally[1], &share[1], 2, 2000);
	s = fanout_round_state(share, 2, 1);
	assert_int_equal(s.have, 2);
	assert_int_equal(s.spread_ns, 400);
	s = fanout_round_state(share, 2, 2);
	assert_int_equal(s.have, 1);
	assert_int_equal(s.spread_ns, 0);
}

/* Counted from the last send, to the nanosecond, however long it took to send. */
static void a_round_ends_when_all_have_it_or_by_its_deadline(void **state)
{
	struct fanout_cycle c = { .step = FANOUT_AWAIT, .from_ns = 0, .sent_ns = 5000, .moved_ns = 5000 };
	struct fanout_state none = { 0 }, some = { .have = 2 }, all = { .have = 3 }, more = { .have = 4 };

	(void)state;
	assert_int_equal(fanout_cycle_look(&c, &none, 3, 5999, 1000), FANOUT_GOES_ON);
	assert_int_equal(c.moved_ns, 5000);
	assert_int_equal(fanout_cycle_look(&c, &some, 3, 5998, 1000), FANOUT_GOES_ON);
	assert_int_equal(c.moved_ns, 5998);
	assert_int_equal(fanout_cycle_look(&c, &some, 3, 5999, 1000), FANOUT_GOES_ON);
	assert_int_equal(c.moved_ns, 5998);
	assert_int_equal(fanout_cycle_look(&c, &some, 3, 6000, 1000), FANOUT_GIVEN_UP);
	/* Complete is complete, however late it is seen. */
	assert_int_equal(fanout_cycle_look(&c, &all, 3, 99999, 1000), FANOUT_COMPLETE);
	assert_int_equal(fanout_cycle_look(&c, &more, 3, 5000, 1000), FANOUT_COMPLETE);
	/* None of them could be sent: nothing to wait for. */
	c.have = 0;
	assert_int_equal(fanout_cycle_look(&c, &none, 0, 5000, 1000), FANOUT_COMPLETE);
}

/* A round from whatever part of it a datagram has, however often that has gone round. */
static void a_newer_round_is_told_by_its_tag(void **state)
{
	(void)state;
	for (uint32_t bytes = 1; bytes <= 5; bytes++)
		for (uint32_t round = 0xffffff80; round != 300; round++) {
			uint32_t next = fanout_tag_of(round + 1, bytes), before = fanout_tag_of(round - 1, bytes);

			assert_int_equal(fanout_newer(round, next, bytes), round + 1);
			assert_int_equal(fanout_newer(round, before, bytes), round);
			assert_int_equal(fanout_newer(round, fanout_tag_of(round, bytes), bytes), round);
		}
}

/* ---- the hello ---- */

static void hellos_come_through(void **state)
{
	struct hello_request r = { HELLO_VERSION, HELLO_ROUNDS, 1500, 3, 0x01020304, 0x1122334455667788 }, r2;
	struct hello_answer a = { .version = HELLO_VERSION, .readers = 4, .workers = 2, .ranges = 2, .session = 9 }, a2;
	struct hello_range range[2] = { { 40000, 40002 }, { 65535, 65535 } }, range2[2];
	struct hello_report p = { 1, 9, 77, 4, 100, 200, 300, 5, 6 }, p2;
	struct hello_group group = { .bytes = { 0xff, 2, [15] = 1 } }, group2 = { 0 };
	uint8_t out[HELLO_REPORT_BYTES], body[HELLO_GROUP_BYTES + 2 * HELLO_RANGE_BYTES] = { 0 };

	(void)state;
	hello_put_request(out, &r);
	assert_int_equal(hello_get_request(out, &r2), HELLO_GOOD);
	assert_memory_equal(&r, &r2, sizeof(r));
	hello_put_head(out, &a);
	assert_int_equal(hello_get_head(out, &a2), HELLO_GOOD);
	assert_int_equal(a2.readers, a.readers);
	assert_int_equal(a2.workers, a.workers);
	assert_int_equal(a2.ranges, a.ranges);
	assert_int_equal(a2.session, a.session);
	for (unsigned i = 0; i < 2; i++)
		hello_put_range(body + HELLO_GROUP_BYTES + i * HELLO_RANGE_BYTES, &range[i]);
	assert_int_equal(hello_body_bytes(&a), sizeof(body));
	assert_int_equal(hello_get_body(body, &a, &group2, range2), HELLO_GOOD);
	assert_false(hello_has_group(&group2));
	assert_memory_equal(range, range2, sizeof(range));
	a.readers = 5;
	assert_int_equal(hello_get_body(body, &a, &group2, range2), HELLO_RANGE);
	a.ranges = 1;
	/* One port for all that have joined, and the group must be one. */
	hello_put_group(body, &group);
	hello_put_range(body + HELLO_GROUP_BYTES, &range[1]);
	assert_int_equal(hello_get_body(body, &a, &group2, range2), HELLO_GOOD);
	assert_memory_equal(&group, &group2, sizeof(group));
	group.bytes[0] = 0xfe;
	hello_put_group(body, &group);
	assert_int_equal(hello_get_body(body, &a, &group2, range2), HELLO_RANGE);
	hello_put_report(out, &p);
	assert_int_equal(hello_get_report(out, 2, &p2), HELLO_GOOD);
	assert_int_equal(p2.late, 6);
	assert_int_equal(p2.have, 4);
	assert_int_equal(hello_get_report(out, 1, &p2), HELLO_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_cut_off_at_its_end),
		cmocka_unit_test(parts_hold_all),
		cmocka_unit_test(payloads_differ),
		cmocka_unit_test(a_newer_round_is_told_by_its_tag),
		cmocka_unit_test(hellos_come_through),
		cmocka_unit_test(a_round_is_seen_over_all_workers),
		cmocka_unit_test(a_round_ends_when_all_have_it_or_by_its_deadline),
	};

	return cmocka_run_group_tests_name("fanout units", tests, NULL, NULL);
}
