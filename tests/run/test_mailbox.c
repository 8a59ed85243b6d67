/* The mailbox: its order, its bound, and the updates that it never drops. */
#include "support.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "run/mailbox.h"

enum { BOUND = 10 };

static int begin(void **state)
{
	struct mailbox *m = malloc(sizeof(*m));
	struct err err = ERR_NONE;

	assert_non_null(m);
	assert_int_equal(mailbox_init(m, BOUND, &err), 0);
	*state = m;
	return 0;
}

static int end(void **state)
{
	mailbox_close(*state);
	free(*state);
	return 0;
}

static void put_sample(struct mailbox *m, uint64_t sequence, bool is_interval, int64_t measured_ns)
{
	struct sample *s = sample_new(1);

	assert_non_null(s);
	s->sequence = sequence;
	s->is_interval = is_interval;
	s->phase = PHASE_MEASURE;
	s->measured_ns = measured_ns;
	s->total = calloc(1, sizeof(*s->total));
	mailbox_put_sample(m, s);
}

static bool readable(const struct mailbox *m)
{
	struct pollfd fd = { .fd = m->fd, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void it_keeps_the_order(void **state)
{
	struct mailbox *m = *state;

	assert_false(readable(m));
	assert_null(mailbox_take(m));
	for (unsigned i = 0; i < BOUND; i++)
		put_sample(m, i, false, 1);
	for (unsigned i = 0; i < BOUND; i++) {
		assert_true(readable(m));
		struct update *u = mailbox_take(m);
		assert_int_equal(u->kind, UPDATE_SAMPLE);
		assert_int_equal(u->sample->sequence, i);
		update_free(u);
	}
	assert_false(readable(m));
	assert_null(mailbox_take(m));
}

/* 1000 samples that nobody takes: the last BOUND are left, with everything that is not an
 * ordinary sample, and one event tells of the rest. */
static void it_drops_the_oldest_samples_only(void **state)
{
	struct mailbox *m = *state;
	unsigned events = 0, samples = 0, intervals = 0, first = 0, finals = 0;
	uint64_t oldest = 0;

	put_sample(m, 0, false, 0);
	for (unsigned i = 1; i <= 1000; i++) {
		put_sample(m, i, i % 100 == 0, 1);
		if (i % 250 == 0)
			mailbox_put_event(m, 1, SEVERITY_INFO, "event %u", i);
	}
	mailbox_put_final(m, calloc(1, sizeof(struct run_final)));
	for (struct update *u; (u = mailbox_take(m)); update_free(u)) {
		if (!events)
			assert_contains(u->event.text, "980 samples skipped");
		events += u->kind == UPDATE_EVENT;
		finals += u->kind == UPDATE_FINAL;
		if (u->kind != UPDATE_SAMPLE)
			continue;
		intervals += u->sample->is_interval;
		first += !u->sample->measured_ns;
		if (!u->sample->is_interval && u->sample->measured_ns) {
			oldest = oldest ? oldest : u->sample->sequence;
			samples++;
		}
	}
	assert_int_equal(events, 5);
	assert_int_equal(finals, 1);
	assert_int_equal(samples, BOUND);
	assert_int_equal(oldest, 990);
	assert_int_equal(intervals, 10);
	assert_int_equal(first, 1);
}

static void it_goes_on_after_it_was_emptied(void **state)
{
	struct mailbox *m = *state;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < BOUND + 1; i++)
			put_sample(m, i, false, 1);
		unsigned n = 0;
		for (struct update *u; (u = mailbox_take(m)); update_free(u))
			n++;
		assert_int_equal(n, BOUND + 1); /* with the event */
	}
}

static void it_frees_what_nobody_took(void **state)
{
	put_sample(*state, 1, false, 1);
	mailbox_put_run(*state, calloc(1, sizeof(struct run_info)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_keeps_the_order, begin, end),
		cmocka_unit_test_setup_teardown(it_drops_the_oldest_samples_only, begin, end),
		cmocka_unit_test_setup_teardown(it_goes_on_after_it_was_emptied, begin, end),
		cmocka_unit_test_setup_teardown(it_frees_what_nobody_took, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
