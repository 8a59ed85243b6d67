/* The way from the control thread to the consumer.  See mailbox.h. */
#include "run/mailbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

int mailbox_init(struct mailbox *m, unsigned samples_max, struct err *err)
{
	*m = (struct mailbox){ .samples_max = samples_max };
	m->last = &m->first;
	pthread_mutex_init(&m->mutex, NULL);
	m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return m->fd >= 0 ? 0 : err_sys(err, errno, "mailbox: eventfd");
}

void mailbox_close(struct mailbox *m)
{
	struct update *u;

	while ((u = m->first)) {
		m->first = u->next;
		update_free(u);
	}
	if (m->fd >= 0)
		close(m->fd);
	pthread_mutex_destroy(&m->mutex);
}

/* ---- the bound ---- */

static bool may_be_dropped(const struct update *u)
{
	return u->kind == UPDATE_SAMPLE && !u->sample->is_interval &&
	       !(u->sample->phase == PHASE_MEASURE && !u->sample->measured_ns);
}

/* Unlinks the oldest ordinary sample. */
static struct update *oldest_sample(struct mailbox *m)
{
	struct update **at = &m->first;

	while (*at && !may_be_dropped(*at))
		at = &(*at)->next;
	struct update *u = *at;
	if (!u)
		return NULL;
	*at = u->next;
	if (m->last == &u->next)
		m->last = at;
	m->samples--;
	return u;
}

static struct update *gap_event(uint64_t dropped)
{
	struct update *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->kind = UPDATE_EVENT;
	u->at_ns = clock_run_ns();
	u->event.severity = SEVERITY_WARNING;
	snprintf(u->event.text, sizeof(u->event.text), "the display fell behind: %llu samples skipped",
		(unsigned long long)dropped);
	return u;
}

/* ---- put and take ---- */

static void announce(struct mailbox *m)
{
	uint64_t one = 1;

	/* Fails only when the count is full, and then it is readable already. */
	if (write(m->fd, &one, sizeof(one)) < 0)
		return;
}

static void nothing_left(struct mailbox *m)
{
	uint64_t count;

	if (read(m->fd, &count, sizeof(count)) < 0)
		return;
}

void mailbox_put(struct mailbox *m, struct update *u)
{
	struct update *old = NULL;

	u->next = NULL;
	pthread_mutex_lock(&m->mutex);
	*m->last = u;
	m->last = &u->next;
	m->samples += may_be_dropped(u);
	if (m->samples > m->samples_max && (old = oldest_sample(m)))
		m->dropped++;
	announce(m);
	pthread_mutex_unlock(&m->mutex);
	update_free(old);
}

struct update *mailbox_take(struct mailbox *m)
{
	pthread_mutex_lock(&m->mutex);
	struct update *u = m->dropped ? gap_event(m->dropped) : NULL;
	if (u) {
		m->dropped = 0;
	} else if ((u = m->first)) {
		m->first = u->next;
		m->samples -= may_be_dropped(u);
		u->next = NULL;
	}
	if (!m->first) {
		m->last = &m->first;
		nothing_left(m);
	}
	pthread_mutex_unlock(&m->mutex);
	return u;
}

/* ---- by kind ---- */

static struct update *update_new(enum update_kind kind, uint32_t run_id, int64_t at_ns)
{
	struct update *u = calloc(1, sizeof(*u));

	if (u) {
		u->kind = kind;
		u->run_id = run_id;
		u->at_ns = at_ns;
	}
	return u;
}

void mailbox_put_phase(struct mailbox *m, uint32_t run_id, enum phase phase)
{
	struct update *u = update_new(UPDATE_PHASE, run_id, clock_run_ns());

	if (!u)
		return;
	u->phase = phase;
	mailbox_put(m, u);
}

void mailbox_put_moved(struct mailbox *m, uint32_t run_id, unsigned worker, int cpu)
{
	struct update *u = update_new(UPDATE_MOVED, run_id, clock_run_ns());

	if (!u)
		return;
	u->moved.worker = worker;
	u->moved.cpu = cpu;
	mailbox_put(m, u);
}

void mailbox_put_sample(struct mailbox *m, struct sample *s)
{
	struct update *u = update_new(UPDATE_SAMPLE, s->run_id, s->at_ns);

	if (!u) {
		sample_free(s);
		return;
	}
	u->sample = s;
	mailbox_put(m, u);
}

void mailbox_put_event_va(struct mailbox *m, uint32_t run_id, enum severity severity, const char *fmt, va_list args)
{
	struct update *u = update_new(UPDATE_EVENT, run_id, clock_run_ns());

	if (!u)
		return;
	u->event.severity = severity;
	vsnprintf(u->event.text, sizeof(u->event.text), fmt, args);
	mailbox_put(m, u);
}

void mailbox_put_event(struct mailbox *m, uint32_t run_id, enum severity severity, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	mailbox_put_event_va(m, run_id, severity, fmt, args);
	va_end(args);
}
