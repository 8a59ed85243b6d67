/* The loop without a screen.  See headless.h. */
#include "main/live/headless.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "main/live/loop.h"
#include "main/live/plain_text.h"
#include "main/live/relay.h"
#include "main/live/signals.h"

enum { CAPTURE_LOOK_MS = 500 };

struct headless {
	struct console *console;
	struct live_loop loop;
	bool unread; /* the reader of stdout has gone */
};

/* SIGUSR1 */
static void save_snapshot(void *ctx, int signo)
{
	struct console *c = ctx;
	struct err err = ERR_NONE;
	char path[4096];

	(void)signo;
	if (console_snapshot(c, NULL, path, sizeof(path), &err) < 0)
		fprintf(stderr, "netdyno: %s\n", err.text);
	else
		say_path(stderr, "snapshot: ", path, "");
}

/* Nobody reads what a run says: it ends, quietly.  A full disk under stdout ends nothing: the
 * result files may be elsewhere. */
static void check_reader(struct headless *h)
{
	if (h->unread || !(h->console->outputs.broken_pipe || h->console->lines_errno == EPIPE || relay_error(stdout) == EPIPE))
		return;
	h->unread = true;
	session_stop(h->console->session, false);
}

static void run_to_end(struct headless *h)
{
	while (!h->console->over && live_loop_turn(&h->loop, h->console->run_capture.capture ? CAPTURE_LOOK_MS : -1))
		check_reader(h);
	console_pump(h->console);
}

static int status_of(const struct headless *h)
{
	const struct console *c = h->console;
	/* A terminal that hung up ended the run: that it took no more output is no failure
	 * of its own. */
	bool hung_up = h->loop.interrupts && stdout_hung_up();

	if (h->loop.failed || c->failed || c->outputs.failed || c->run_capture.lost || c->outputs.broken_pipe ||
		(c->lines_errno && !hung_up))
		return EXIT_FAILED;
	return h->loop.interrupts ? EXIT_INTERRUPTED : console_status(c);
}

static int say_end(struct headless *h)
{
	struct console *c = h->console;
	struct results_source source = console_source(c);

	if (c->measured && c->lines && !h->unread)
		plain_text_summary(c->lines, &source);
	if (c->lines && fflush(c->lines) != 0 && !c->lines_errno)
		c->lines_errno = errno;
	if (c->lines_errno && c->lines_errno != EPIPE)
		fprintf(stderr, "netdyno: write to stdout: %s\n", strerror(c->lines_errno));
	if (h->loop.failed)
		fprintf(stderr, "netdyno: wait for the run: %s\n", strerror(h->loop.failed));
	if (c->failed)
		complain(&c->why);
	else if (!c->measured && c->over)
		fprintf(stderr, "netdyno: the run ended before anything was measured\n");
	return status_of(h);
}

/* The run did not end in time, or had to end at once: the measurement so far is kept. */
static void keep_unfinished(struct console *c)
{
	struct results_source source = console_source(c);

	if (!history_measure_start(c->history, c->run_id))
		return;
	fprintf(stderr, "netdyno: the run does not end: the results cover only what was read so far\n");
	c->measured = true;
	outputs_finish(&c->outputs, &source, true, stderr);
}

int headless_run(struct console *c)
{
	/* The first demand for an end lets the run finish in order. */
	struct headless h = { .console = c,
		.loop = { .session = c->session, .ctx = c, .pump = console_pump, .signal = save_snapshot, .patience = 1 } };
	struct err err = ERR_NONE;

	h.loop.signal_fd = signals_open(false, &err);
	if (h.loop.signal_fd < 0)
		return complain(&err);
	if (console_start(c, &err) < 0) {
		close(h.loop.signal_fd);
		return complain(&err);
	}
	run_to_end(&h);
	/* It was told more than once to end and does not: it is not waited for. */
	c->abandoned = !c->over;
	if (c->abandoned)
		keep_unfinished(c);
	int status = say_end(&h);
	close(h.loop.signal_fd);
	return status;
}
