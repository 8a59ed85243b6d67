/* The pure parts of mode echo: datagram, judgement, flows, schedule, steering programs,
 * addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "base/rng.h"
#include "engines/echo/flow.h"
#include "engines/echo/wire.h"
#include "engines/net/pace.h"
#include "engines/udp/steer.h"
#include "../support/asserts.h"

/* ---- datagram ---- */

static void header_is_big_endian(void **state)
{
	static const uint8_t want[] = { 0x12, 0x34, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t got[ECHO_HEADER_BYTES];
	struct echo_header h;

	(void)state;
	echo_put(got, 0x1234, 0x112233445566, 0x0102030405060708);
	assert_memory_equal(got, want, sizeof(want));
	got[0] |= ECHO_REPLY_BYTE;
	echo_get(got, &h);
	assert_true(h.reply);
	assert_int_equal(h.flow, 0x1234);
	assert_int_equal(h.counter, 0x112233445566);
	assert_int_equal(h.stamp_ns, 0x0102030405060708);
}

static union net_address from(const char *text, unsigned port)
{
	union net_address a = { 0 };

	if (inet_pton(AF_INET, text, &a.v4.sin_addr) == 1)
		a.sa.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &a.v6.sin6_addr) == 1)
		a.sa.sa_family = AF_INET6;
	net_set_port(&a, port);
	return a;
}

static void judgement(void **state)
{
	static const struct {
		size_t len;
		uint8_t first;
		bool truncated;
		const char *from;
		unsigned port;
		enum echo_judgement plain, verbatim;
	} cases[] = {
		{ 16, 0, false, "127.0.0.1", 1024, ECHO_ANSWER, ECHO_ANSWER },
		{ 65495, 0x7f, false, "::1", 65535, ECHO_ANSWER, ECHO_ANSWER },
		{ 0, 0, false, "127.0.0.1", 4000, ECHO_SHORT, ECHO_ANSWER },
		{ 1, 0, false, "127.0.0.1", 4000, ECHO_SHORT, ECHO_ANSWER },
		{ 15, 0, false, "127.0.0.1", 4000, ECHO_SHORT, ECHO_ANSWER },
		{ 16, 0x80, false, "127.0.0.1", 4000, ECHO_REPLY_BIT, ECHO_ANSWER },
		{ 80, 0xff, false, "::1", 4000, ECHO_REPLY_BIT, ECHO_ANSWER },
		{ 80, 0, true, "127.0.0.1", 4000, ECHO_LONG, ECHO_LONG },
		{ 80, 0, false, "127.0.0.1", 0, ECHO_LOW_PORT, ECHO_LOW_PORT },
		{ 80, 0, false, "127.0.0.1", 7, ECHO_LOW_PORT, ECHO_LOW_PORT },
		{ 80, 0, false, "::1", 1023, ECHO_LOW_PORT, ECHO_LOW_PORT },
		/* the server's own port number */
		{ 80, 0, false, "192.0.2.1", 5000, ECHO_ANSWER, ECHO_LOW_PORT },
		{ 80, 0, false, "224.0.0.1", 4000, ECHO_GROUP, ECHO_GROUP },
		{ 80, 0, false, "239.255.255.255", 4000, ECHO_GROUP, ECHO_GROUP },
		{ 80, 0, false, "255.255.255.255", 4000, ECHO_GROUP, ECHO_GROUP },
		{ 80, 0, false, "127.255.255.255", 4000, ECHO_GROUP, ECHO_GROUP },
		{ 80, 0, false, "0.0.0.0", 4000, ECHO_GROUP, ECHO_GROUP },
		{ 80, 0, false, "ff02::1", 4000, ECHO_GROUP, ECHO_GROUP },
		{ 80, 0, false, "::", 4000, ECHO_GROUP, ECHO_GROUP },
		{ 80, 0, false, "::ffff:224.0.0.1", 4000, ECHO_GROUP, ECHO_GROUP },
		{ 80, 0, false, "::ffff:192.0.2.1", 4000, ECHO_ANSWER, ECHO_ANSWER },
		{ 80, 0, false, "no address", 4000, ECHO_GROUP, ECHO_GROUP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		union net_address a = from(cases[i].from, cases[i].port);
		/* A copy of exactly that length: a sanitizer sees a read beyond it. */
		uint8_t *data = calloc(1, cases[i].len ? cases[i].len : 1);

		assert_non_null(data);
		data[0] = cases[i].first;
		enum echo_judgement plain = echo_judge_bytes(
			data, cases[i].len, cases[i].truncated, echo_judge_source(&a, 5000, false), false);
		enum echo_judgement verbatim = echo_judge_bytes(
			data, cases[i].len, cases[i].truncated, echo_judge_source(&a, 5000, true), true);
		free(data);
		if (plain != cases[i].plain || verbatim != cases[i].verbatim)
			fail_msg("case %zu (%s): %d, verbatim %d; want %d, %d", i, cases[i].from, plain, verbatim, cases[i].plain,
				cases[i].verbatim);
	}
}

/* ---- flows ---- */

static struct echo_answer answer_to(unsigned index, uint64_t counter)
{
	return (struct echo_answer){ .index = index, .counter = counter };
}

static void in_order(void **state)
{
	struct echo_flows f;

	(void)state;
	assert_int_equal(echo_flows_init(&f, 10, 3), 0);
	for (uint64_t c = 1; c <= 5; c++)
		assert_int_equal(echo_flows_send(&f, 1, 1), c);
	assert_int_equal(f.in_flight, 5);
	for (uint64_t c = 1; c <= 5; c++) {
		struct echo_answer a = answer_to(1, c);

		assert_int_equal(echo_flows_take(&f, &a, 1000), ECHO_FIRST);
		assert_int_equal(f.in_flight, 5 - c);
		assert_int_equal(echo_flows_take(&f, &a, 1000), ECHO_DUPLICATE);
		assert_int_equal(f.in_flight, 5 - c);
	}
	echo_flows_free(&f);
}

static void out_of_order_and_late(void **state)
{
	struct echo_flows f;
	struct echo_answer first = answer_to(0, 1), second = answer_to(0, 2), third = answer_to(0, 3), fourth = answer_to(0, 4);

	(void)state;
	assert_int_equal(echo_flows_init(&f, 0, 1), 0);
	for (int i = 0; i < 4; i++)
		echo_flows_send(&f, 0, 1);
	assert_int_equal(echo_flows_take(&f, &third, 1000), ECHO_FIRST);
	/* Those before it may still come. */
	assert_int_equal(f.in_flight, 3);
	assert_int_equal(echo_flows_take(&f, &first, 1000), ECHO_REORDERED);
	assert_int_equal(echo_flows_take(&f, &second, ECHO_LATE_NS + 1), ECHO_LATE);
	assert_int_equal(echo_flows_take(&f, &second, ECHO_LATE_NS + 1), ECHO_DUPLICATE);
	assert_int_equal(f.in_flight, 1);
	/* It was given up, and arrives after all. */
	echo_flows_give_up(&f, 0);
	assert_int_equal(f.given_up, 1);
	assert_int_equal(f.in_flight, 0);
	assert_int_equal(echo_flows_take(&f, &fourth, ECHO_LATE_NS), ECHO_FIRST);
	assert_int_equal(f.in_flight, 0);
	echo_flows_free(&f);
}

static void phases_and_unsend(void **state)
{
	struct echo_flows f;
	struct echo_answer old = answer_to(0, 1), new = answer_to(0, 2);

	(void)state;
	assert_int_equal(echo_flows_init(&f, 0, 1), 0);
	echo_flows_send(&f, 0, 1);
	echo_flows_rebase(&f);
	assert_int_equal(f.in_flight, 0);
	assert_int_equal(echo_flows_send(&f, 0, 1), 2);
	assert_int_equal(echo_flows_send(&f, 0, 1), 3);
	echo_flows_unsend(&f, 0);
	assert_int_equal(f.in_flight, 1);
	assert_int_equal(echo_flows_take(&f, &old, ECHO_LATE_NS * 2), ECHO_CARRIED);
	assert_int_equal(f.in_flight, 1);
	assert_int_equal(echo_flows_take(&f, &new, 1), ECHO_FIRST);
	assert_int_equal(f.in_flight, 0);
	echo_flows_free(&f);
}

/* An ICMP error forged for what has not gone out must not upset the count. */
static void refused_in_mid_burst(void **state)
{
	struct echo_flows f;
	uint8_t data[ECHO_HEADER_BYTES];

	(void)state;
	assert_int_equal(echo_flows_init(&f, 7, 1), 0);
	for (int i = 0; i < 3; i++)
		echo_flows_send(&f, 0, 1);
	echo_put(data, 7, 3, 0);
	assert_int_equal(echo_flows_refused(&f, data, 15), -1);
	assert_int_equal(echo_flows_refused(&f, data, sizeof(data)), 0);
	echo_flows_unsend(&f, 0);
	echo_flows_unsend(&f, 0);
	assert_int_equal(f.in_flight, 1);
	assert_int_equal(echo_flow_outstanding(&f.flow[0]), 1);
	echo_flows_unsend(&f, 0);
	assert_int_equal(f.in_flight, 0);
	echo_put(data, 8, 1, 0);
	assert_int_equal(echo_flows_refused(&f, data, sizeof(data)), -1);
	echo_flows_free(&f);
}

/* A datagram is given up after a second, and no younger one, whatever was answered meanwhile. */
static void late_ones_are_given_up(void **state)
{
	struct echo_flows f;
	struct echo_answer newest = answer_to(1, 30), second = answer_to(1, 2);

	(void)state;
	assert_int_equal(echo_flows_init(&f, 0, 2), 0);
	/* Sends one each look; after ten looks the first of them is a second old. */
	for (int64_t look = 1; look <= 30; look++) {
		echo_flows_send(&f, 1, 1);
		echo_flows_scan(&f, look * ECHO_SCAN_NS);
		assert_int_equal(f.given_up, look > 10 ? look - 10 : 0);
		assert_int_equal(f.in_flight, look > 10 ? 10 : look);
	}
	assert_int_equal(echo_flows_take(&f, &newest, 1), ECHO_FIRST);
	assert_int_equal(echo_flow_outstanding(&f.flow[1]), 9);
	assert_int_equal(echo_flows_take(&f, &second, ECHO_LATE_NS * 3), ECHO_LATE);
	assert_int_equal(echo_flow_outstanding(&f.flow[1]), 9);
	/* A look that comes late finds more of them. */
	echo_flows_scan(&f, 40 * ECHO_SCAN_NS);
	assert_int_equal(f.in_flight, 0);
	assert_int_equal(f.given_up, 29);
	echo_flows_free(&f);
}

/* Rings are reused: an answer from before the ring is late, never a first one twice. */
static void around_the_ring(void **state)
{
	struct echo_flows f;
	unsigned flows = ECHO_FLOWS_MAX;

	(void)state;
	assert_int_equal(echo_flows_init(&f, 0, flows), 0);
	uint64_t ring = f.ring_mask + 1;
	assert_at_least(ring, ECHO_RING_BITS_MIN);
	for (uint64_t c = 1; c <= 3 * ring; c++) {
		struct echo_answer a = answer_to(flows - 1, c);

		assert_int_equal(echo_flows_send(&f, flows - 1, 1), c);
		assert_int_equal(echo_flows_take(&f, &a, 1), ECHO_FIRST);
	}
	struct echo_answer forgotten = answer_to(flows - 1, 2 * ring), known = answer_to(flows - 1, 2 * ring + 1);
	assert_int_equal(echo_flows_take(&f, &forgotten, 1), ECHO_LATE);
	assert_int_equal(echo_flows_take(&f, &known, 1), ECHO_DUPLICATE);
	assert_int_equal(f.in_flight, 0);
	echo_flows_free(&f);
}

static void strays(void **state)
{
	static const struct {
		uint16_t flow;
		uint64_t counter;
		int64_t stamp;
		size_t len;
		bool good;
	} cases[] = {
		{ 100, 1, 1000, 80, true },
		{ 101, 1, 1000, 80, false }, /* nothing sent on it */
		{ 99, 1, 1000, 80, false },
		{ 102, 1, 1000, 80, false },
		{ 0x7fff, 1, 1000, 80, false },
		{ 100, 0, 1000, 80, false },
		{ 100, 2, 1000, 80, false },
		{ 100, 0xffffffffffff, 1000, 80, false },
		{ 100, 1, 999, 80, false },
		{ 100, 1, 2000, 80, true },
		{ 100, 1, 2001, 80, false },
		{ 100, 1, -1, 80, false },
		{ 100, 1, 1000, 79, false },
		{ 100, 1, 1000, 81, false },
		{ 100, 1, 1000, 16, false },
	};
	struct echo_flows f;
	struct echo_answer a;

	(void)state;
	assert_int_equal(echo_flows_init(&f, 100, 2), 0);
	echo_flows_send(&f, 0, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t data[128] = { 0 };

		echo_put(data, cases[i].flow, cases[i].counter, cases[i].stamp);
		if (echo_flows_parse(&f, data, cases[i].len, 80, 1000, 2000, &a) != cases[i].good)
			fail_msg("case %zu: want %d", i, cases[i].good);
	}
	for (size_t len = 0; len < ECHO_HEADER_BYTES; len++)
		assert_false(echo_flows_parse(&f, NULL, len, len, 1000, 2000, &a));
	echo_flows_free(&f);
}

/* Runs of answers settle as one by one, whatever has come before. */
static void expect_same_flows(const struct echo_flows *a, const struct echo_flows *b, uint64_t step)
{
	for (unsigned i = 0; i < a->count; i++) {
		const struct echo_flow *x = &a->flow[i], *y = &b->flow[i];

		if (x->next != y->next || x->low != y->low || x->out != y->out || x->newest != y->newest || x->base != y->base)
			fail_msg("step %llu, flow %u: low %llu and %llu, out %llu and %llu, newest %llu and %llu",
				(unsigned long long)step, i, (unsigned long long)x->low, (unsigned long long)y->low,
				(unsigned long long)x->out, (unsigned long long)y->out, (unsigned long long)x->newest,
				(unsigned long long)y->newest);
	}
	assert_int_equal(a->in_flight, b->in_flight);
	assert_int_equal(a->given_up, b->given_up);
	assert_memory_equal(a->answered, b->answered, (size_t)a->count * a->ring_words * sizeof(*a->answered));
}

static void take_both(struct echo_flows *runs, struct echo_flows *single, const struct echo_answer *first, unsigned count,
	int64_t age_ns, uint64_t *taken_as_run)
{
	bool all_first = true, run = echo_flows_take_run(runs, first, count, age_ns);

	for (unsigned i = 0; i < count; i++) {
		struct echo_answer a = { .index = first->index, .counter = first->counter + i };

		all_first &= echo_flows_take(single, &a, age_ns) == ECHO_FIRST;
		if (!run)
			echo_flows_take(runs, &a, age_ns);
	}
	if (run)
		assert_true(all_first);
	*taken_as_run += run;
}

static void runs_are_as_one_by_one(void **state)
{
	struct echo_flows runs, single;
	struct rng rng = { .state = 3 };
	uint64_t taken_as_run = 0;

	(void)state;
	assert_int_equal(echo_flows_init(&runs, 0, 2), 0);
	assert_int_equal(echo_flows_init(&single, 0, 2), 0);
	for (uint64_t step = 0; step < 20000; step++) {
		unsigned index = (unsigned)(rng_next(&rng) % 2), count = 1 + (unsigned)(rng_next(&rng) % 130);
		uint64_t sent = runs.flow[index].next - 1, before = rng_next(&rng) % 300;

		if (rng_next(&rng) % 2) {
			assert_int_equal(echo_flows_send(&runs, index, count), sent + 1);
			for (unsigned i = 0; i < count; i++)
				echo_flows_send(&single, index, 1);
		} else if (sent > before) {
			struct echo_answer first = { .index = index, .counter = sent - before };

			if (count > before + 1)
				count = (unsigned)before + 1;
			take_both(&runs, &single, &first, count, step % 50 ? 1000 : ECHO_LATE_NS + 1, &taken_as_run);
		}
		if (step % 5000 == 4999) {
			echo_flows_rebase(&runs);
			echo_flows_rebase(&single);
		}
		if (step % 16 == 0 || step == 19999)
			expect_same_flows(&runs, &single, step);
	}
	assert_more(taken_as_run, 100);
	echo_flows_free(&runs);
	echo_flows_free(&single);
}

/* ---- schedule ---- */

static void schedule_is_exact(void **state)
{
	static const uint64_t rates[] = { 1, 3, 7, 999, 50000, 333333, 1000000, 99999989, 100000000, 1000000000 };

	(void)state;
	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		struct pace p;

		pace_start(&p, 1000, rates[r]);
		for (uint64_t k = 0; k < 100000; k++) {
			int64_t want = 1000 + (int64_t)((unsigned __int128)k * 1000000000 / rates[r]);

			assert_int_equal(p.next_ns, want);
			/* A packet is due from that very nanosecond on; if several share it, the
			 * last of them counts. */
			assert_at_least(pace_due(&p, want), k + 1);
			assert_at_most(pace_due(&p, want - 1), k);
			assert_int_equal(pace_take(&p), want);
			if (k % 1000 == 999) {
				pace_untake(&p, 17);
				for (int i = 0; i < 17; i++)
					pace_take(&p);
			}
		}
		assert_int_equal(p.taken, 100000);
	}
}

static void schedule_after_a_year(void **state)
{
	struct pace p;
	int64_t year = 365ll * 24 * 3600 * 1000000000;

	(void)state;
	pace_start(&p, 5, 100000000);
	assert_int_equal(pace_due(&p, 5 + year), 365ull * 24 * 3600 * 100000000 + 1);
	assert_int_equal(pace_due(&p, 4), 0);
	pace_start(&p, 5, 0);
	assert_int_equal(pace_due(&p, 5 + year), 0);
	assert_int_equal(p.next_ns, INT64_MAX);
}

static void shares_sum_up(void **state)
{
	(void)state;
	for (uint64_t rate = 1; rate < 200; rate += 7)
		for (unsigned n = 1; n < 20; n++) {
			uint64_t sum = 0;

			for (unsigned i = 0; i < n; i++) {
				uint64_t share = pace_share(rate, i, n);

				assert_in_range(share, rate / n, rate / n + 1);
				sum += share;
			}
			assert_int_equal(sum, rate);
		}
}

/* ---- steering ---- */

/* Runs the program as the kernel would; knows only the instructions that steer.c uses. */
static unsigned interpret(const struct sock_filter *program, unsigned len, uint16_t first, unsigned cpu)
{
	uint32_t a = 0;

	for (unsigned pc = 0; pc < len; pc++) {
		const struct sock_filter *i = &program[pc];

		switch (i->code) {
		case BPF_LD | BPF_H | BPF_ABS:
			a = first;
			break;
		case BPF_LD | BPF_W | BPF_ABS:
			assert_int_equal(i->k, (uint32_t)(SKF_AD_OFF + SKF_AD_CPU));
			a = cpu;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_ALU | BPF_MOD | BPF_K:
			a %= i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_RET | BPF_A:
			return a;
		default:
			fail_msg("instruction %#x", i->code);
		}
	}
	fail_msg("the program has no end");
	return 0;
}

static void steering_programs(void **state)
{
	static struct sock_filter program[STEER_PROGRAM_MAX];
	static int cpus[1024];
	const int some[] = { 4, -1, 6 };

	(void)state;
	for (unsigned n = 1; n <= 1024; n += 341) {
		unsigned len = steer_program(STEER_FLOW, cpus, n, program);

		for (unsigned flow = 0; flow < 0x8000; flow += 97) {
			assert_int_equal(interpret(program, len, (uint16_t)flow, 0), flow % n);
			assert_int_equal(interpret(program, len, (uint16_t)(flow | 0x8000), 0), flow % n);
		}
	}
	unsigned len = steer_program(STEER_CPU, some, 3, program);
	assert_int_equal(interpret(program, len, 9, 4), 0);
	assert_int_equal(interpret(program, len, 9, 6), 2);
	assert_int_equal(interpret(program, len, 9, 7), 1);
	for (int i = 0; i < 1024; i++)
		cpus[i] = 2 * i;
	len = steer_program(STEER_CPU, cpus, 1024, program);
	assert_at_most(len, STEER_PROGRAM_MAX);
	for (unsigned i = 0; i < 1024; i++)
		assert_int_equal(interpret(program, len, 0, 2 * i), i);
	assert_int_equal(steer_program(STEER_HASH, some, 3, program), 0);
}

/* ---- addresses ---- */

static void addresses(void **state)
{
	static const struct {
		const char *text, *host, *with_port;
		bool any, loopback;
	} cases[] = {
		{ "127.0.0.1", "127.0.0.1", "127.0.0.1:5000", false, true },
		{ "127.3.2.1", "127.3.2.1", "127.3.2.1:5000", false, true },
		{ "0.0.0.0", "0.0.0.0", "0.0.0.0:5000", true, false },
		{ "192.0.2.7", "192.0.2.7", "192.0.2.7:5000", false, false },
		{ "::1", "::1", "[::1]:5000", false, true },
		{ "[::1]", "::1", "[::1]:5000", false, true },
		{ "::", "::", "[::]:5000", true, false },
		{ "2001:db8::1", "2001:db8::1", "[2001:db8::1]:5000", false, false },
	};
	char text[NET_ADDRESS_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		union net_address a;
		struct err err = ERR_NONE;

		if (net_resolve(cases[i].text, "host", 5000, &a, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_string_equal(net_format_host(&a, text, sizeof(text)), cases[i].host);
		assert_string_equal(net_format(&a, text, sizeof(text)), cases[i].with_port);
		assert_int_equal(net_is_any(&a), cases[i].any);
		assert_int_equal(net_is_loopback(&a), cases[i].loopback);
		assert_int_equal(net_port(&a), 5000);
	}
}

static void bad_addresses(void **state)
{
	static const char *const bad[] = { "", "[]", "1.2.3.4.5", "127.0.0.1:80", "not a host", "::1::" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		union net_address a;
		struct err err = ERR_NONE;

		if (net_resolve(bad[i], "host", 1, &a, &err) != -EINVAL || !strstr(err.text, "--host"))
			fail_msg("\"%s\": %s", bad[i], err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_big_endian),
		cmocka_unit_test(judgement),
		cmocka_unit_test(in_order),
		cmocka_unit_test(out_of_order_and_late),
		cmocka_unit_test(phases_and_unsend),
		cmocka_unit_test(refused_in_mid_burst),
		cmocka_unit_test(late_ones_are_given_up),
		cmocka_unit_test(around_the_ring),
		cmocka_unit_test(strays),
		cmocka_unit_test(runs_are_as_one_by_one),
		cmocka_unit_test(schedule_is_exact),
		cmocka_unit_test(schedule_after_a_year),
		cmocka_unit_test(shares_sum_up),
		cmocka_unit_test(steering_programs),
		cmocka_unit_test(addresses),
		cmocka_unit_test(bad_addresses),
	};

	return cmocka_run_group_tests_name("echo units", tests, NULL, NULL);
}
