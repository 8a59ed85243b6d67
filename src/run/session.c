/* The session: the control thread, and what the main thread asks of it.  See session.h. */
#include "run/session.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "mode/path.h"
#include "run/run.h"
#include "run/thread.h"

enum { SAMPLES_WAITING = 128, END_S = 30 };

static const int64_t default_tick_ns = 100 * NS_PER_MS;

struct session {
	struct run_session shared;
	pthread_t thread;
	bool started;
	bool lost;        /* a worker may still use it; control thread, then main */
	sem_t ended;      /* the control thread has nothing left to do but to return */
	uint32_t last_id; /* main thread */
};

/* ---- control thread ---- */

static void *control_main(void *arg)
{
	struct session *s = arg;
	struct run *before = NULL; /* over; may still have what the next one takes over */
	struct orders orders;

	thread_name_self("nd-control");
	for (;;) {
		orders_read(&s->shared.desk, &orders);
		struct run *r = orders.next && !orders.quit ? orders_take_run(&s->shared.desk) : NULL;

		if (r && before)
			run_inherit(r, before);
		run_free(before);
		before = r;
		if (orders.quit) {
			reasons_close(s->shared.reasons);
			sem_post(&s->ended);
			return NULL;
		}
		if (r) {
			run_execute(r, &s->shared);
			s->lost |= r->lost;
		} else {
			orders_wait(&s->shared.desk, -1, -1);
		}
	}
}

/* ---- main thread ---- */

static int check_config(const struct session_config *config, struct err *err)
{
	if (!config->paths)
		return err_say(err, EINVAL, "session: no paths");
	if (config->sample_ns < 0)
		return err_say(err, EINVAL, "session: a tick of %lld ns", (long long)config->sample_ns);
	if (!config->virtual_ticks && clock_is_virtual())
		return err_say(err, EINVAL, "session: the clock is virtual already");
	return 0;
}

static int session_open(struct session *s, struct err *err)
{
	unsigned ticks = s->shared.config.virtual_ticks;
	int rc;

	/* On the virtual clock all ticks of a run come at once, and none may be missing. */
	if ((rc = mailbox_init(&s->shared.mailbox, SAMPLES_WAITING + 2 * ticks, err)) < 0)
		return rc;
	if ((rc = orders_init(&s->shared.desk, err)) < 0)
		return rc;
	s->shared.ack_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->shared.ack_fd < 0)
		return err_sys(err, errno, "session: eventfd");
	if (ticks)
		clock_virtual_set(NS_PER_S);
	return thread_start(&s->thread, control_main, s, "control", err);
}

int session_new(const struct session_config *config, struct session **ret_session, struct err *err)
{
	int rc = check_config(config, err);
	struct session *s;

	if (rc < 0)
		return rc;
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_sys(err, ENOMEM, "session");
	s->shared.config = *config;
	if (!config->sample_ns)
		s->shared.config.sample_ns = default_tick_ns;
	s->shared.mailbox.fd = s->shared.desk.fd = s->shared.ack_fd = -1;
	sem_init(&s->ended, 0, 0);
	pthread_mutex_init(&s->shared.open_path.lock, NULL);
	if ((rc = session_open(s, err)) < 0) {
		session_free(s);
		return rc;
	}
	s->started = true;
	*ret_session = s;
	return 0;
}

/* The longest that a run may take to end: each step of it is bounded (worker_start(), run_tell(),
 * the drain, worker_stop()). */
static bool control_has_ended(struct session *s)
{
	int64_t until_ns = clock_now_ns() + (int64_t)END_S * NS_PER_S;
	struct timespec until = { .tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S };
	int rc;

	while ((rc = sem_clockwait(&s->ended, CLOCK_MONOTONIC, &until)) < 0 && errno == EINTR)
		;
	return rc == 0;
}

bool session_free(struct session *s)
{
	if (!s)
		return true;
	run_free(orders_put_quit(&s->shared.desk));
	if (s->started) {
		if (!control_has_ended(s))
			return false;
		pthread_join(s->thread, NULL);
		if (s->lost)
			return false;
	}
	mailbox_close(&s->shared.mailbox);
	orders_close(&s->shared.desk);
	if (s->shared.ack_fd >= 0)
		close(s->shared.ack_fd);
	sem_destroy(&s->ended);
	pthread_mutex_destroy(&s->shared.open_path.lock);
	free(s);
	return true;
}

/* A run that waited and will never begin still gets its final: its id has been given out.  Nothing
 * failed: somebody changed their mind. */
static void turn_away(struct session *s, struct run *r, const char *why)
{
	if (!r)
		return;
	r->interrupted = true;
	err_say(&r->err, ECANCELED, "%s", why);
	run_make_final(r, PHASE_DONE);
	mailbox_put(&s->shared.mailbox, r->ending);
	r->ending = NULL;
	run_free(r);
}

int session_check(const struct options *options, const struct path *const *paths, struct err *err)
{
	struct run *r = NULL;
	int rc = run_new(options, paths, 1, false, &r, err);

	run_free(r);
	return rc;
}

int session_try(const struct session *s, const struct options *options, struct err *err)
{
	return session_check(options, s->shared.config.paths, err);
}

const struct path *session_path(const struct session *s, const char *name)
{
	return path_find(s->shared.config.paths, name);
}

int session_start(struct session *s, const struct options *options, struct err *err)
{
	struct run *r = NULL;
	int rc = run_new(options, s->shared.config.paths, s->last_id + 1, s->shared.config.virtual_ticks > 0, &r, err);

	if (rc < 0)
		return rc;
	s->last_id++;
	turn_away(s,
		orders_put_run(
			&s->shared.desk, r, r->id, r->plan.load, r->plan.load_min, r->plan.load_name ? r->plan.load_max : 0),
		"another run was started before this one began");
	return (int)s->last_id;
}

void session_stop(struct session *s, bool immediate)
{
	turn_away(s, orders_put_stop(&s->shared.desk, immediate), "stopped before it began");
}

void session_go(struct session *s, uint32_t run_id)
{
	orders_put_go(&s->shared.desk, run_id);
}

uint64_t session_set_load(struct session *s, uint64_t load)
{
	return orders_put_load(&s->shared.desk, load);
}

uint64_t session_load(const struct session *s, uint64_t *ret_min, uint64_t *ret_max)
{
	struct session *own = (struct session *)(uintptr_t)s; /* reading takes the mutex */

	return orders_load(&own->shared.desk, ret_min, ret_max);
}

int session_capture_socket(struct session *s, uint32_t run_id, struct err *err)
{
	int rc;

	pthread_mutex_lock(&s->shared.open_path.lock);
	if (s->shared.open_path.run_id != run_id || !s->shared.open_path.path->capture)
		rc = err_say(err, ENODATA, "capture: the run's path is not open");
	else
		rc = s->shared.open_path.path->capture(s->shared.open_path.state, err);
	pthread_mutex_unlock(&s->shared.open_path.lock);
	return rc;
}

int session_fd(const struct session *s)
{
	return s->shared.mailbox.fd;
}

struct update *session_next(struct session *s)
{
	return mailbox_take(&s->shared.mailbox);
}

void session_event(struct session *s, enum severity severity, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	mailbox_put_event_va(&s->shared.mailbox, 0, severity, fmt, args);
	va_end(args);
}
