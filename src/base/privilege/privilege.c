/* See privilege.h. */
#include "base/privilege/privilege.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <time.h>

/* The sets that a thread of this process may take, made at the start: what gives up a privilege
 * must not fail for want of memory.  cap_set_proc(3) does not change them. */
static struct {
	bool permitted; /* CAP_NET_RAW was, at the start */
	cap_t resting;  /* CAP_NET_RAW is permitted, */
	cap_t raised;   /* effective, too, */
	cap_t without;  /* neither */
	cap_t none;     /* no capability at all */
} sets;

/* Without CAP_NET_RAW in these, as the calling thread's else. */
static cap_t privilege_without(const cap_flag_t *flags, int count)
{
	static const cap_value_t net_raw[] = { CAP_NET_RAW };
	cap_t own = cap_get_proc();

	for (int i = 0; own && i < count; i++)
		cap_set_flag(own, flags[i], 1, net_raw, CAP_CLEAR);
	return own;
}

int privilege_begin(struct err *err)
{
	/* Not inheritable, not ambient either: programs that are started do not get it. */
	static const cap_flag_t flags[] = { CAP_INHERITABLE, CAP_EFFECTIVE, CAP_PERMITTED };
	cap_flag_value_t permitted = CAP_CLEAR;

	sets.raised = privilege_without(flags, 1);
	sets.resting = privilege_without(flags, 2);
	sets.without = privilege_without(flags, 3);
	sets.none = cap_init();
	if (!sets.raised || !sets.resting || !sets.without || !sets.none)
		return err_sys(err, errno, "read this process's capabilities");
	cap_get_flag(sets.resting, CAP_NET_RAW, CAP_PERMITTED, &permitted);
	sets.permitted = permitted == CAP_SET;
	return cap_set_proc(sets.resting) < 0 ? err_sys(err, errno, "set this process's capabilities") : 0;
}

void privilege_drop(void)
{
	if (sets.permitted)
		cap_set_proc(sets.without);
}

void privilege_drop_all(void)
{
	if (sets.none)
		cap_set_proc(sets.none);
}

bool privilege_raise(void)
{
	return sets.permitted && cap_set_proc(sets.raised) == 0;
}

void privilege_lower(bool raised)
{
	int saved = errno;

	if (raised)
		cap_set_proc(sets.resting);
	errno = saved;
}

/* ---- packet sockets ---- */

static int open_packet_socket(int domain)
{
	bool raised = privilege_raise();
	int fd = socket(domain, SOCK_RAW | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -errno : fd;

	privilege_lower(raised);
	return rc;
}

/* One question at a time, and its answer. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by lock */
	bool runs;
	enum { OPENER_FREE, OPENER_ASKED, OPENER_ANSWERED } state;
	int domain, answer;
} opener = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void opener_await(int state)
{
	while ((int)opener.state != state)
		pthread_cond_wait(&opener.changed, &opener.lock);
}

static void opener_go_on(int state)
{
	opener.state = state;
	pthread_cond_broadcast(&opener.changed);
}

static void *opener_main(void *arg)
{
	pthread_setname_np(pthread_self(), "nd-opener");
	pthread_mutex_lock(&opener.lock);
	for (;;) {
		opener_await(OPENER_ASKED);
		opener.answer = open_packet_socket(opener.domain);
		opener_go_on(OPENER_ANSWERED);
	}
	return arg;
}

/* Until the opener has answered, which takes one socket(2).  It is told again and again, so that
 * one wake-up that gets lost holds up nobody. */
static void opener_await_answer(void)
{
	struct timespec until;

	while (opener.state != OPENER_ANSWERED) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		if (pthread_cond_timedwait(&opener.changed, &opener.lock, &until) == ETIMEDOUT)
			pthread_cond_broadcast(&opener.changed);
	}
}

static int opener_ask(int domain)
{
	int answer;

	opener_await(OPENER_FREE);
	opener.domain = domain;
	opener_go_on(OPENER_ASKED);
	opener_await_answer();
	answer = opener.answer;
	opener_go_on(OPENER_FREE);
	return answer;
}

int privilege_start_opener(struct err *err)
{
	sigset_t all, before;
	pthread_t thread;
	int rc = 0;

	if (!sets.permitted)
		return 0;
	pthread_mutex_lock(&opener.lock);
	if (!opener.runs) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		rc = pthread_create(&thread, NULL, opener_main, NULL);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		opener.runs = !rc;
		if (!rc)
			pthread_detach(thread);
	}
	pthread_mutex_unlock(&opener.lock);
	return rc ? err_sys(err, rc, "start the thread that opens packet sockets") : 0;
}

int privilege_socket(int domain)
{
	int fd;

	pthread_mutex_lock(&opener.lock);
	fd = opener.runs ? opener_ask(domain) : open_packet_socket(domain);
	pthread_mutex_unlock(&opener.lock);
	return fd;
}
