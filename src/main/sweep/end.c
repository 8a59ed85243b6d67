/* The end of a sweep.  See main/sweep/end.h. */
#include "main/sweep/end.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "engines/engines.h"
#include "main/cli/program.h"
#include "main/sweep/compare_end.h"
#include "main/sweep/task.h"
#include "sweep/chart_draw.h"

/* ---- reports ---- */

static int write_summary(const struct sweep_store *store, const struct sweep_report *report, struct err *err)
{
	struct file_out out = { 0 };
	int rc = sweep_store_begin(store, "summary.md", &out, err);

	if (rc < 0)
		return rc;
	sweep_write_summary(out.stream, report);
	rc = file_commit(&out, err);
	file_abort(&out);
	return rc;
}

static int write_reports(struct sweep_store *store, const struct sweep_state *state, const struct host_info *host,
	const char *stopped, bool *ret_interrupted, struct err *err)
{
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	struct sweep_report report = { .state = state, .host = host, .charts = charts, .stopped = stopped };
	int rc = charts ? sweep_store_write_csv(store, err) : err_sys(err, ENOMEM, "write the results");

	/* A user who interrupts the sweep does not want to wait for pictures. */
	if (rc >= 0)
		rc = sweep_plot(store, state, host, !stopped, charts, err);
	if (rc >= 0)
		rc = write_summary(store, &report, err);
	if (rc >= 0)
		rc = sweep_store_write_document(store, "sweep.json", sweep_to_json(&report), err);
	if (rc >= 0 && charts->why[0])
		fprintf(stderr, "netdyno: %s\n", charts->why);
	if (rc >= 0 && charts->count && !stopped)
		sweep_write_missing(stderr, state, "netdyno: ");
	*ret_interrupted = rc >= 0 && charts->interrupted;
	free(charts);
	return rc;
}

/* ---- words ---- */

/* Writes a word so that a shell reads it back: in quotes unless it is plain. */
static void print_word(FILE *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+,:@%=-";
	char clean[PATH_MAX];

	text_escape(text, strlen(text), clean, sizeof(clean));
	bool quoted = !clean[strspn(clean, plain)];

	fputs(quoted ? "" : "'", out);
	for (const char *c = clean; *c; c++)
		fputs(*c == '\'' ? "'\\''" : (char[]){ *c, 0 }, out);
	fputs(quoted ? "" : "'", out);
}

void sweep_say_how(const char *what, const struct sweep_plan *plan, const char *directory)
{
	fprintf(stderr, "netdyno: %s: netdyno %s --resume ", what, sweep_verb(plan));
	print_word(stderr, directory);
	putc('\n', stderr);
}

static int status_of(const struct sweep_state *state, enum sweep_end end)
{
	if (end == SWEEP_INTERRUPTED)
		return EXIT_INTERRUPTED;
	if (end == SWEEP_BROKEN || state->failed)
		return EXIT_FAILED;
	return state->invalid ? EXIT_INVALID : EXIT_VALID;
}

unsigned sweep_room(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void sweep_print(const struct sweep_state *state)
{
	sweep_write_table(stdout, state, sweep_room());
	putchar('\n');
	sweep_write_findings(stdout, state);
}

static int show_plan(const char *directory, const struct sweep_plan *plan, struct err *err)
{
	struct sweep_state state;
	int rc = sweep_state_init(&state, plan, err);

	if (rc >= 0)
		rc = sweep_store_load(directory, &state, err);
	if (rc >= 0) {
		printf("%s of %s: %" PRIu64 " of %" PRIu64 " runs are done\n\n", plan->sides ? "comparison" : "sweep",
			plan->options.engine->name, state.done, state.slots);
		if (plan->sides)
			compare_print(&state);
		else
			sweep_print(&state);
		fflush(stdout);
		if (state.done < state.slots)
			sweep_say_how("not complete; to continue", plan, directory);
	}
	sweep_state_free(&state);
	return rc;
}

int sweep_show(const char *directory, struct err *err)
{
	struct sweep_plan plan = { 0 };
	json_t *host = NULL;
	int rc = sweep_store_read_plan(directory, engines_all, &plan, &host, err);

	if (rc >= 0)
		rc = show_plan(directory, &plan, err);
	json_decref(host);
	sweep_plan_free(&plan);
	return rc;
}

int sweep_finish(struct sweep_store *store, const struct sweep_state *state, const struct host_info *host, enum sweep_end end,
	const struct err *why)
{
	const char *stopped = end == SWEEP_INTERRUPTED ? "interrupted" : end == SWEEP_BROKEN ? why->text : NULL;
	int status = status_of(state, end);
	struct err err = ERR_NONE;
	bool interrupted = false;

	if (end == SWEEP_BROKEN)
		complain(why);
	if (write_reports(store, state, host, stopped, &interrupted, &err) < 0) {
		complain(&err);
		status = end == SWEEP_INTERRUPTED ? status : EXIT_FAILED;
	}
	sweep_print(state);
	say_path(stdout, "results: ", store->directory, "");
	if (interrupted)
		status = EXIT_INTERRUPTED;
	/* Both streams may be one terminal: these are the last words. */
	status = finish_stdout(status);
	if (stopped)
		sweep_say_how(
			end == SWEEP_INTERRUPTED ? "interrupted; to continue" : "to continue", state->plan, store->directory);
	else if (interrupted)
		sweep_say_how("all runs are done; to draw the charts", state->plan, store->directory);
	else if (state->failed)
		sweep_say_how("to try the failed runs again", state->plan, store->directory);
	return status;
}
