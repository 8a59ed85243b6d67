/* The loop around a session.  See main/live/loop.h. */
#include "main/live/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "main/live/relay.h"
#include "main/live/signals.h"
#include "path/paths.h"

/* LOOK_MS: that something came is looked at so often even if nothing says so: the write to a
 * descriptor that says it may fail. */
enum { LAST_WORDS_MS = 1000, INTERRUPTS_MAX = 2, LOOK_MS = 1000 };
enum { FD_UPDATES, FD_SIGNALS, FD_KEYS, FDS };

struct session_config live_loop_session(unsigned virtual_ticks)
{
	return (struct session_config){
		.paths = paths_all, .virtual_ticks = virtual_ticks, .want_totals = true, .want_reasons = true
	};
}

int live_loop_check(const struct options *options, struct err *err)
{
	return session_check(options, paths_all, err);
}

/* Somebody asks for an end. */
static void live_loop_interrupt(struct live_loop *loop)
{
	bool at_once = loop->interrupts++ >= loop->patience;

	session_stop(loop->session, at_once);
	if (loop->interrupts > 1)
		relay_hurry(RELAY_TWICE_MS);
	if (loop->interrupts > INTERRUPTS_MAX)
		loop->give_up_ns = clock_now_ns();
	else if (at_once && !loop->give_up_ns)
		loop->give_up_ns = clock_now_ns() + (int64_t)LAST_WORDS_MS * NS_PER_MS;
}

static void take_signals(struct live_loop *loop)
{
	int signo;

	while (loop->signal_fd >= 0 && (signo = signals_next(loop->signal_fd))) {
		if (signo == SIGTERM || signo == SIGHUP)
			relay_hurry(RELAY_ONCE_MS);
		if (signo == SIGINT || signo == SIGTERM || signo == SIGHUP)
			live_loop_interrupt(loop);
		else if (loop->signal)
			loop->signal(loop->ctx, signo);
	}
}

/* A terminal that has gone asks for an end, too, unless that is on its way already. */
static void take_keys(struct live_loop *loop, short events)
{
	loop->keys_gone = events & (POLLHUP | POLLERR | POLLNVAL);
	if (loop->keys_gone ? !loop->interrupts : events & POLLIN && loop->keys(loop->ctx))
		live_loop_interrupt(loop);
}

static int wait_ms(const struct live_loop *loop, int timeout_ms)
{
	int64_t left_ms = (loop->give_up_ns - clock_now_ns()) / NS_PER_MS + 1;

	if (timeout_ms < 0 || timeout_ms > LOOK_MS)
		timeout_ms = LOOK_MS;
	if (!loop->give_up_ns || (timeout_ms >= 0 && timeout_ms < left_ms))
		return timeout_ms;
	return left_ms > 0 ? (int)left_ms : 0;
}

bool live_loop_turn(struct live_loop *loop, int timeout_ms)
{
	struct pollfd fds[FDS] = { [FD_UPDATES] = { .fd = session_fd(loop->session), .events = POLLIN },
		[FD_SIGNALS] = { .fd = loop->signal_fd, .events = POLLIN },
		[FD_KEYS] = { .fd = loop->keys && !loop->keys_gone ? STDIN_FILENO : -1, .events = POLLIN } };

	if (loop->give_up_ns && clock_now_ns() >= loop->give_up_ns)
		return false;
	if (poll(fds, FDS, wait_ms(loop, timeout_ms)) < 0) {
		/* Out of memory, or of the descriptors that poll(2) may look at. */
		loop->failed = errno == EINTR ? 0 : errno;
		fds[FD_KEYS].revents = 0;
	}
	if (loop->failed)
		return false;
	take_signals(loop);
	if (fds[FD_KEYS].revents)
		take_keys(loop, fds[FD_KEYS].revents);
	loop->pump(loop->ctx);
	return true;
}
