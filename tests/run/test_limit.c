/* Who was the limit: one suspect at a time, with the evidence. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#include "../support/asserts.h"
#include "../support/toy.h"
#include "base/clock.h"
#include "record/judge/limit.h"

enum { SERVER, CLIENT, WORKERS };

struct scene {
	struct run_info info;
	struct run_worker worker[WORKERS];
	struct run_final final;
	struct worker_sample edge[WORKERS];
	int64_t edge_ns[WORKERS];
	struct limit limit;
};

static void use_cpu(struct scene *s, unsigned worker, unsigned percent)
{
	s->edge[worker].value[COUNTER_CPU_USER_NS] = percent * 20ull * NS_PER_MS;
}

/* Two seconds of a closed loop in which both ends slept half of the time. */
static void begin(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->worker[SERVER] = (struct run_worker){ .role = ROLE_SERVER, .pinned = true };
	s->worker[CLIENT] = (struct run_worker){ .role = ROLE_CLIENT, .pinned = true };
	s->info = (struct run_info){ .engine = &engine_toy,
		.role = ROLE_BOTH,
		.tx_roles = ROLE_CLIENT,
		.rx_roles = ROLE_CLIENT,
		.closed_loop = true,
		.workers = WORKERS,
		.worker = s->worker };
	s->final = (struct run_final){ .how = PHASE_DONE,
		.workers = WORKERS,
		.edge = s->edge,
		.edge_ns = s->edge_ns,
		.settled = s->edge,
		.measured_ns = 2ll * NS_PER_S };
	s->final.net_from.known = s->final.net_to.known = UINT32_MAX;
	s->final.net_to.value[PROCNET_CPU_TICKS] = 400;
	for (unsigned i = 0; i < WORKERS; i++) {
		s->edge_ns[i] = 2ll * NS_PER_S;
		s->edge[i].value[COUNTER_OBSERVED_NS] = 2ull * NS_PER_S;
		s->edge[i].value[COUNTER_RX_PACKETS] = 100000;
		s->edge[i].value[COUNTER_TX_PACKETS] = 100000;
		s->edge[i].value[COUNTER_WAITS] = 25000;
		use_cpu(s, i, 50);
	}
}

static const struct limit *judge(struct scene *s)
{
	struct reading r = reading_of_final(&s->info, &s->final);

	limit_of(&r, &s->limit);
	return &s->limit;
}

static void both_sleep(void **unused)
{
	struct scene s;

	(void)unused;
	begin(&s);
	assert_int_equal(judge(&s)->who, LIMIT_WAKE_UPS);
	assert_string_equal(
		s.limit.text, "wake-ups: server busy 50 %, client busy 50 %; the client takes 4.0 messages a wake-up");
	/* The end that is here has time left, and nobody knows about the other. */
	s.info.role = ROLE_CLIENT;
	assert_int_equal(judge(&s)->who, LIMIT_ELSEWHERE);
}

static void an_end_is_full(void **unused)
{
	struct scene s;

	(void)unused;
	begin(&s);
	use_cpu(&s, SERVER, 97);
	assert_int_equal(judge(&s)->who, LIMIT_SERVER);
	assert_string_equal(
		s.limit.text, "the server: server busy 97 %, client busy 50 %; the server takes 4.0 messages a wake-up");
	use_cpu(&s, CLIENT, 95);
	assert_int_equal(judge(&s)->who, LIMIT_BOTH);
	use_cpu(&s, SERVER, 40);
	assert_int_equal(judge(&s)->who, LIMIT_CLIENT);
}

/* Threads that take the CPU away explain more than the ends do, and the hypervisor still more. */
static void the_cpu_was_taken(void **unused)
{
	struct scene s;

	(void)unused;
	begin(&s);
	use_cpu(&s, SERVER, 97);
	s.edge[CLIENT].value[COUNTER_RUN_DELAY_NS] = 600ull * NS_PER_MS;
	assert_int_equal(judge(&s)->who, LIMIT_OTHERS);
	assert_string_equal(s.limit.text, "other threads: client 0 was ready and had no CPU for 30 % of the time");
	s.worker[CLIENT].shares_cpu = true;
	assert_int_equal(judge(&s)->who, LIMIT_SHARED);
	s.final.net_to.value[PROCNET_THROTTLED_US] = 500000;
	assert_int_equal(judge(&s)->who, LIMIT_QUOTA);
	assert_string_equal(s.limit.text, "a CPU quota: cpu.max kept the process from its CPUs for 0.50 s of 2.00 s");
	s.final.net_to.value[PROCNET_STEAL_TICKS] = 40;
	assert_int_equal(judge(&s)->who, LIMIT_STOLEN);
	assert_string_equal(s.limit.text, "stolen CPU: the hypervisor took 10 % of the CPUs' time");
}

static void the_kernel_was_full(void **unused)
{
	struct scene s;

	(void)unused;
	begin(&s);
	s.final.net_to.value[PROCNET_SOFTIRQ_TICKS] = 180;
	assert_int_equal(judge(&s)->who, LIMIT_SOFTIRQ);
	assert_string_equal(s.limit.text, "softirq: the kernel's packet work took 45 % of the CPUs' time");
	/* Unknown is no evidence. */
	s.final.net_from.known = 0;
	assert_int_equal(judge(&s)->who, LIMIT_WAKE_UPS);
}

static void the_rate_was_kept(void **unused)
{
	struct scene s;

	(void)unused;
	begin(&s);
	s.info.closed_loop = false;
	s.edge[CLIENT].value[COUNTER_SCHEDULED] = 100000;
	assert_int_equal(judge(&s)->who, LIMIT_RATE);
	assert_string_equal(s.limit.text, "the rate that was asked for: server busy 50 %, client busy 50 %");
	s.edge[CLIENT].value[COUNTER_SCHEDULED] = 110000;
	assert_int_equal(judge(&s)->who, LIMIT_WAKE_UPS);
}

static void nothing_tells(void **unused)
{
	struct scene s;

	(void)unused;
	begin(&s);
	s.final.measured_ns = 0;
	assert_int_equal(judge(&s)->who, LIMIT_UNKNOWN);
	assert_string_equal(s.limit.text, "");
	assert_null(limit_name(LIMIT_UNKNOWN));
	for (unsigned i = LIMIT_UNKNOWN + 1; i < LIMITS; i++)
		assert_non_null(limit_name(i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sleep),
		cmocka_unit_test(an_end_is_full),
		cmocka_unit_test(the_cpu_was_taken),
		cmocka_unit_test(the_kernel_was_full),
		cmocka_unit_test(the_rate_was_kept),
		cmocka_unit_test(nothing_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
