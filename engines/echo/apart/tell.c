/* See tell.h. */
#include "engines/echo/apart/tell.h"

#include "base/procnet.h"
#include "engines/echo/shared.h"

_Static_assert((int)ECHO_TELL_SOCKETS >= (int)ECHO_LISTEN_MAX, "a socket for each address");

void echo_tell_open(struct worker *w, int fd, unsigned joined_max)
{
	struct echo_teller *t = &echo_shared_of(w)->teller[w->self->index];

	t->counters = w->counters;
	atomic_store_explicit(&t->socket[t->sockets++], fd, memory_order_relaxed);
	atomic_store_explicit(&t->joined_max, joined_max, memory_order_relaxed);
}

void echo_tell_close(struct worker *w)
{
	struct echo_teller *t = &echo_shared_of(w)->teller[w->self->index];

	for (unsigned i = 0; i < t->sockets; i++)
		atomic_store_explicit(&t->socket[i], -1, memory_order_relaxed);
}

/* As they stand now: what was dropped a moment ago is in them. */
static uint32_t teller_drops(const struct echo_teller *t)
{
	struct procnet_memory memory;
	uint32_t drops = 0;

	for (unsigned i = 0; i < t->sockets; i++)
		if (procnet_socket_memory(atomic_load_explicit(&t->socket[i], memory_order_relaxed), &memory) == 0)
			drops += memory.drops;
	return drops;
}

void echo_tell(const struct echo_shared *s, uint8_t data[ECHO_REPORT_BYTES])
{
	struct echo_report r = { .instance = s->instance, .joined_max = 1 };
	uint32_t drops = 0;

	for (unsigned i = 0; i < s->servers; i++) {
		const struct echo_teller *t = &s->teller[i];
		uint32_t joined = atomic_load_explicit(&t->joined_max, memory_order_relaxed);

		if (!t->counters)
			continue;
		r.reports += counter_get(t->counters, ECHO_C_REPORTS);
		r.questions += counter_get(t->counters, COUNTER_RX_PACKETS);
		r.answers += counter_get(t->counters, COUNTER_TX_PACKETS);
		r.reply_errors += counter_get(t->counters, ECHO_C_REPLY_ERRORS);
		r.joined_max = joined > r.joined_max ? joined : r.joined_max;
		drops += teller_drops(t);
	}
	r.drops = drops;
	echo_report_fill(data, &r);
}
