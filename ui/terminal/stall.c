/* See stall.h. */
#include "ui/terminal/stall.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { LOOK_MS = 100 };

static struct {
	bool open;
	int fd;
	timer_t timer;
	int64_t patience_ns, began_ns;
	volatile sig_atomic_t writing, thrown;
} stall;

static bool is_end_pending(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) || sigismember(&pending, SIGHUP));
}

/* Without SA_RESTART: the write(2) returns, is repeated by curses, and finds room.  Somebody may
 * also have stopped the terminal (tcflow(3)). */
static void on_look(int signo)
{
	int64_t lasts_ns = clock_now_ns() - stall.began_ns;
	int saved = errno;

	(void)signo;
	if (stall.writing &&
		(lasts_ns >= stall.patience_ns || (lasts_ns >= STALL_HURRY_MS * (int64_t)NS_PER_MS && is_end_pending()))) {
		stall.thrown = 1;
		tcflush(stall.fd, TCOFLUSH);
		tcflow(stall.fd, TCOON);
	}
	errno = saved;
}

void stall_open(int fd)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN };
	struct sigaction action = { .sa_handler = on_look };
	sigset_t look;

	stall_close();
	event.sigev_notify_thread_id = gettid();
	sigemptyset(&action.sa_mask);
	sigemptyset(&look);
	sigaddset(&look, SIGRTMIN);
	pthread_sigmask(SIG_UNBLOCK, &look, NULL);
	stall.fd = fd;
	stall.open = sigaction(SIGRTMIN, &action, NULL) == 0 && timer_create(CLOCK_MONOTONIC, &event, &stall.timer) == 0;
}

void stall_close(void)
{
	if (stall.open)
		timer_delete(stall.timer);
	stall.open = false;
}

bool stall_has_room(int fd)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	/* One that has gone takes everything: with an error. */
	return poll(&room, 1, 0) != 0;
}

static void set_timer(int every_ms)
{
	struct timespec every = { .tv_nsec = every_ms * (long)NS_PER_MS };
	struct itimerspec times = { .it_interval = every, .it_value = every };

	if (stall.open)
		timer_settime(stall.timer, 0, &times, NULL);
}

void stall_begin(int patience_ms)
{
	stall.began_ns = clock_now_ns();
	stall.patience_ns = patience_ms * (int64_t)NS_PER_MS;
	stall.thrown = 0;
	stall.writing = 1;
	set_timer(LOOK_MS);
}

bool stall_end(void)
{
	stall.writing = 0;
	set_timer(0);
	return stall.thrown;
}
