/* The loop without a screen.  See headless.h. */
#include "main/live/headless.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "main/live/plain_text.h"
#include "main/live/signals.h"

enum { LAST_WORDS_MS = 1000 };

struct headless {
	struct desk *desk;
	int signal_fd;
	unsigned interrupts;
	bool unread;        /* nobody takes what is said */
	int64_t give_up_ns; /* 0: no deadline */
};

static void on_interrupt(struct headless *h)
{
	h->interrupts++;
	if (h->interrupts == 1) {
		session_stop(h->desk->session, false);
		return;
	}
	session_stop(h->desk->session, true);
	if (!h->give_up_ns)
		h->give_up_ns = clock_now_ns() + (int64_t)LAST_WORDS_MS * NS_PER_MS;
	if (h->interrupts > 2)
		h->give_up_ns = clock_now_ns();
}

static void save_snapshot(struct desk *d)
{
	struct err err = ERR_NONE;
	char path[4096];

	if (desk_snapshot(d, NULL, path, sizeof(path), &err) < 0)
		fprintf(stderr, "netdyno: %s\n", err.text);
	else
		fprintf(stderr, "snapshot: %s\n", path);
}

static void take_signals(struct headless *h)
{
	int signo;

	while ((signo = signals_next(h->signal_fd)))
		if (signo == SIGUSR1)
			save_snapshot(h->desk);
		else
			on_interrupt(h);
}

static int wait_ms(const struct headless *h)
{
	if (!h->give_up_ns)
		return h->desk->taping.capture ? 500 : -1;
	int64_t left = h->give_up_ns - clock_now_ns();
	return left > 0 ? (int)(left / NS_PER_MS) + 1 : 0;
}

static bool given_up(const struct headless *h)
{
	return h->give_up_ns && clock_now_ns() >= h->give_up_ns;
}

/* Nobody reads what a run says: it ends, quietly.  A full disk under stdout ends nothing: the
 * result files may be elsewhere. */
static void check_reader(struct headless *h)
{
	if (h->unread || !(h->desk->outputs.broken_pipe || h->desk->lines_errno == EPIPE))
		return;
	h->unread = true;
	session_stop(h->desk->session, false);
}

static void loop(struct headless *h)
{
	struct pollfd fds[] = { { .fd = session_fd(h->desk->session), .events = POLLIN },
		{ .fd = h->signal_fd, .events = POLLIN } };

	while (!h->desk->over && !given_up(h)) {
		if (poll(fds, 2, wait_ms(h)) < 0 && errno != EINTR)
			break;
		take_signals(h);
		desk_pump(h->desk);
		check_reader(h);
	}
	desk_pump(h->desk);
}

static int status_of(const struct headless *h)
{
	const struct desk *d = h->desk;
	/* What could not be written to it says nothing that its going has not said. */
	bool hung_up = h->interrupts && stdout_hung_up();

	if (d->failed || d->outputs.failed || d->outputs.broken_pipe || (d->lines_errno && !hung_up))
		return EXIT_FAILED;
	return h->interrupts ? EXIT_INTERRUPTED : desk_status(d);
}

static int say_end(struct headless *h)
{
	struct desk *d = h->desk;
	struct results_source source = desk_source(d);

	if (d->measured && d->lines && !h->unread)
		lines_summary(d->lines, &source);
	if (d->lines && fflush(d->lines) != 0 && !d->lines_errno)
		d->lines_errno = errno;
	if (d->lines_errno && d->lines_errno != EPIPE)
		fprintf(stderr, "netdyno: write to stdout: %s\n", strerror(d->lines_errno));
	if (d->failed)
		complain(&d->why);
	else if (!d->measured && d->over)
		fprintf(stderr, "netdyno: ended before anything was measured\n");
	return status_of(h);
}

/* It would not end in time, or was told to end at once: what has been measured so far is kept. */
static void keep_unfinished(struct desk *d)
{
	struct results_source source = desk_source(d);

	if (!history_measure_start(d->history, d->run_id))
		return;
	fprintf(stderr, "netdyno: the run is not waited for: these results are of what was read so far\n");
	d->measured = true;
	outputs_finish(&d->outputs, &source, stderr);
}

int headless_run(struct desk *d)
{
	struct headless h = { .desk = d };
	struct err err = ERR_NONE;

	h.signal_fd = signals_open(false, &err);
	if (h.signal_fd < 0)
		return complain(&err);
	if (desk_start(d, &err) < 0) {
		close(h.signal_fd);
		return complain(&err);
	}
	loop(&h);
	/* Told more than once to end, and something does not: nobody waits for it. */
	d->abandoned = !d->over;
	if (d->abandoned)
		keep_unfinished(d);
	int status = say_end(&h);
	close(h.signal_fd);
	return status;
}
