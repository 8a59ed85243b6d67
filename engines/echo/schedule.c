/* See engines/echo/schedule.h. */
#include "engines/echo/schedule.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

int echo_schedule_init(struct echo_schedule *s, unsigned batch)
{
	s->burst_due_ns = calloc(batch, sizeof(*s->burst_due_ns));
	s->sent_ns = calloc(ECHO_SENT_RING, sizeof(*s->sent_ns));
	if (!s->burst_due_ns || !s->sent_ns)
		return -ENOMEM;
	echo_touch(s->sent_ns, ECHO_SENT_RING * sizeof(*s->sent_ns));
	return 0;
}

void echo_schedule_free(struct echo_schedule *s)
{
	free(s->burst_due_ns);
	free(s->sent_ns);
}

void echo_schedule_start(struct echo_schedule *s, int64_t now_ns, uint64_t rate, unsigned index, unsigned clients)
{
	s->before += s->due;
	s->due = 0;
	s->rate = rate;
	pace_start(&s->pace, now_ns, pace_share(rate, index, clients));
}

void echo_schedule_overslept(struct echo_schedule *s, int64_t now_ns)
{
	if (now_ns < s->pace.next_ns)
		return;
	uint64_t due = pace_due(&s->pace, now_ns) - 1;
	if (due > s->due)
		s->due = due;
}

unsigned echo_schedule_offer(struct echo_schedule *s, struct echo_flows *flows, struct udp_send *slot, unsigned n,
	uint16_t *burst_flow, int64_t *ret_now_ns)
{
	unsigned offered = 0;

	for (; offered < n && echo_schedule_owes(s); offered++) {
		unsigned index = (unsigned)((s->sent + offered) % flows->count);
		int64_t due_ns = pace_take(&s->pace);

		echo_put(slot[offered].data, (uint16_t)(flows->first + index), echo_flows_send(flows, index, 1), due_ns);
		burst_flow[offered] = (uint16_t)index;
		s->burst_due_ns[offered] = due_ns;
	}
	/* Before the call that sends: an answer may be read by the time that it returns. */
	*ret_now_ns = clock_now_ns();
	for (unsigned i = 0; i < offered; i++)
		s->sent_ns[(s->sent + i) % ECHO_SENT_RING] = *ret_now_ns;
	return offered;
}

void echo_schedule_settle(struct echo_schedule *s, unsigned offered, unsigned taken, int64_t sent_ns, struct histogram *lateness)
{
	if (taken < offered)
		pace_untake(&s->pace, offered - taken);
	for (unsigned i = 0; i < taken; i++)
		histogram_record(lateness, sent_ns - s->burst_due_ns[i]);
	s->sent += taken;
}
