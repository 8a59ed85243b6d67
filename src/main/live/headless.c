/* The loop without a screen.  See headless.h. */
#include "main/live/headless.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "main/live/loop.h"
#include "main/live/plain_text.h"
#include "main/live/signals.h"

enum { CAPTURE_LOOK_MS = 500 };

struct headless {
	struct desk *desk;
	struct live_loop loop;
	bool unread; /* nobody takes what is said */
};

/* SIGUSR1 */
static void save_snapshot(void *ctx, int signo)
{
	struct desk *d = ctx;
	struct err err = ERR_NONE;
	char path[4096];

	(void)signo;
	if (desk_snapshot(d, NULL, path, sizeof(path), &err) < 0)
		fprintf(stderr, "netdyno: %s\n", err.text);
	else
		fprintf(stderr, "snapshot: %s\n", path);
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

static void run_to_end(struct headless *h)
{
	while (!h->desk->over && live_loop_turn(&h->loop, h->desk->taping.capture ? CAPTURE_LOOK_MS : -1))
		check_reader(h);
	desk_pump(h->desk);
}

static int status_of(const struct headless *h)
{
	const struct desk *d = h->desk;
	/* What could not be written to it says nothing that its going has not said. */
	bool hung_up = h->loop.interrupts && stdout_hung_up();

	if (d->failed || d->outputs.failed || d->outputs.broken_pipe || (d->lines_errno && !hung_up))
		return EXIT_FAILED;
	return h->loop.interrupts ? EXIT_INTERRUPTED : desk_status(d);
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
	/* The first demand for an end lets the run finish in order. */
	struct headless h = { .desk = d,
		.loop = { .session = d->session, .ctx = d, .pump = desk_pump, .signal = save_snapshot, .patience = 1 } };
	struct err err = ERR_NONE;

	h.loop.signal_fd = signals_open(false, &err);
	if (h.loop.signal_fd < 0)
		return complain(&err);
	if (desk_start(d, &err) < 0) {
		close(h.loop.signal_fd);
		return complain(&err);
	}
	run_to_end(&h);
	/* Told more than once to end, and something does not: nobody waits for it. */
	d->abandoned = !d->over;
	if (d->abandoned)
		keep_unfinished(d);
	int status = say_end(&h);
	close(h.loop.signal_fd);
	return status;
}
