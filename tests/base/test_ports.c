/* Ranges of ports against a set with a bit for each port. */
#include "check.h"

#include "base/ports.h"
#include "base/rng.h"

static void expect(const struct ports *p, const char *want)
{
	char text[256] = "";
	size_t used = 0;

	for (unsigned i = 0; i < p->count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %u-%u", p->range[i].first, p->range[i].last);
	assert_string_equal(text, want);
}

static void touching_ranges_become_one(void **state)
{
	struct ports p = { 0 };

	(void)state;
	assert_true(ports_add(&p, 5000, 5000));
	assert_true(ports_add(&p, 7000, 7009));
	assert_true(ports_add(&p, 4000, 4000));
	expect(&p, " 4000-4000 5000-5000 7000-7009");
	assert_true(ports_add(&p, 5001, 5001));
	assert_true(ports_add(&p, 4999, 4999));
	assert_true(ports_add(&p, 7003, 7005));
	expect(&p, " 4000-4000 4999-5001 7000-7009");
	assert_true(ports_add(&p, 4500, 6999));
	expect(&p, " 4000-4000 4500-7009");
	assert_true(ports_add(&p, 1, 65535));
	expect(&p, " 1-65535");
}

static void what_are_no_ports(void **state)
{
	struct ports p = { 0 };

	(void)state;
	assert_false(ports_add(&p, 0, 10));
	assert_false(ports_add(&p, 10, 9));
	assert_false(ports_add(&p, 65535, 65536));
	assert_int_equal(p.count, 0);
}

static void too_many_ranges(void **state)
{
	struct ports p = { 0 };

	(void)state;
	for (unsigned i = 0; i < PORT_RANGES_MAX; i++)
		assert_true(ports_add(&p, 100 + 2 * i, 100 + 2 * i));
	assert_false(ports_add(&p, 1000, 1000));
	assert_int_equal(p.count, PORT_RANGES_MAX);
	assert_true(ports_add(&p, 101, 101));
	assert_true(ports_add(&p, 1000, 1000));
	assert_int_equal(p.count, PORT_RANGES_MAX);
	assert_int_equal(p.range[0].first, 100);
	assert_int_equal(p.range[0].last, 102);
}

static void holds_what_was_added(void **state)
{
	struct rng rng = { .state = 1 };

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		bool in[66] = { 0 };
		struct ports p = { 0 };

		for (unsigned i = 0; i < 12; i++) {
			unsigned first = 1 + (unsigned)(rng_next(&rng) % 60), last = first + (unsigned)(rng_next(&rng) % 4);

			assert_true(ports_add(&p, first, last));
			for (unsigned port = first; port <= last; port++)
				in[port] = true;
		}
		for (unsigned i = 0; i < p.count; i++) {
			if (i && p.range[i].first <= p.range[i - 1].last + 1)
				fail_msg("round %u: %u touches %u", round, p.range[i].first, p.range[i - 1].last);
			for (unsigned port = p.range[i].first; port <= p.range[i].last; port++) {
				if (!in[port])
					fail_msg("round %u: %u was not added", round, port);
				in[port] = false;
			}
		}
		for (unsigned port = 0; port < 66; port++)
			if (in[port])
				fail_msg("round %u: %u is missing", round, port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(touching_ranges_become_one),
		cmocka_unit_test(what_are_no_ports),
		cmocka_unit_test(too_many_ranges),
		cmocka_unit_test(holds_what_was_added),
	};

	return cmocka_run_group_tests_name("ports", tests, NULL, NULL);
}
