/* netdyno selftest: faults that are known, and what ledger and verdict say of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "engines/engines.h"
#include "main/cli/cli.h"
#include "main/cli/help.h"
#include "main/live/signals.h"
#include "path/paths.h"
#include "results/json_parts.h"
#include "selftest/selftest.h"

const struct option_def selftest_options[] = {
	{ .name = "json", .type = OPTION_BOOL, .default_text = "no", .help = "as JSON (selftest.schema.json), at the end" },
	{ .name = "only",
		.type = OPTION_TEXT,
		.value_name = "NAME",
		.default_text = "",
		.help = "these rows alone; * and ? stand for any letters: 'echo-*'" },
	{ .name = "list", .type = OPTION_BOOL, .default_text = "no", .help = "say which rows there are, and play none" },
	{ .name = "lie",
		.type = OPTION_TEXT,
		.flags = OPTION_HIDDEN,
		.value_name = "PLACE",
		.default_text = "",
		.help = "the ledger counts one packet too many at this place: this must be found" },
	{ 0 },
};

enum { OUTCOME = 9, NAME = 28, PLACE = 22, FIGURE = 10 };

/* ---- what runs here ---- */

/* The modes whose ledgers have places along the path. */
static const char *const modes[] = { "echo", "fanout", NULL };

static void ask_methods(struct selftest_here *here, const struct engine *e)
{
	for (unsigned i = 0; i < engine_methods(e) && here->methods < SELFTEST_METHODS; i++) {
		struct selftest_method *m = &here->method[here->methods++];

		*m = (struct selftest_method){ .mode = e->name, .name = e->methods[i]->name };
		if (!method_runs_on_veth(e->methods[i], m->why, sizeof(m->why)) && !*m->why)
			snprintf(m->why, sizeof(m->why), "it does not run here");
	}
}

static void ask_all(struct selftest_here *here)
{
	for (unsigned i = 0; modes[i]; i++)
		ask_methods(here, engine_find(engines_all, modes[i]));
	if (!path_find(paths_all, "veth")->probe(here->veth_why, sizeof(here->veth_why)) && !*here->veth_why)
		snprintf(here->veth_why, sizeof(here->veth_why), "path veth does not run here");
}

/* ---- text ---- */

static void say_head(void)
{
	printf("%-*s%-*s%-*s%*s%*s%*s  %s\n", OUTCOME, "", NAME, "fault", PLACE, "place", FIGURE, "injected", FIGURE, "said",
		FIGURE, "counted", "by");
}

static void say_figure(int64_t n, const char *unit)
{
	char text[40] = "--";

	if (n != SELFTEST_UNKNOWN)
		snprintf(text, sizeof(text), "%lld%s%s", (long long)n, *unit ? " " : "", unit);
	printf("%*s", FIGURE, text);
}

static void say_check(const struct selftest_check *c)
{
	const char *unit = strcmp(c->unit, "packets") ? c->unit : "";

	printf("%-*s", PLACE, c->place);
	say_figure(c->injected, unit);
	say_figure(c->said, unit);
	say_figure(c->second, unit);
	printf("%s%s", *c->source ? "  " : "", c->source);
	if (c->each_most > 1 && c->each_least == c->each_most)
		printf(", %u datagrams each", c->each_most);
	else if (c->each_most > 1)
		printf(", up to %u datagrams each", c->each_most);
	puts(c->agrees ? "" : "  DIFFERS");
}

/* Beside the name, or below it. */
static void say_below(const char *label, const char *text)
{
	if (*text)
		printf("%*s%s%s\n", OUTCOME + NAME, "", label, text);
}

static void say_row(const struct selftest_row *row)
{
	printf("%-*s%-*s", OUTCOME, selftest_outcome_names[row->outcome], NAME, row->name);
	if (row->outcome == SELFTEST_SKIPPED) {
		puts(row->why);
		return;
	}
	puts(row->injected);
	for (unsigned i = 0; i < row->checks; i++) {
		printf("%*s", OUTCOME + NAME, "");
		say_check(&row->check[i]);
	}
	say_below("verdict: ", row->said);
	say_below("", row->why);
	fflush(stdout);
}

static void say_nothing(const struct selftest_row *row)
{
	(void)row;
}

static void say_list(const struct selftest_row *row, unsigned rows)
{
	for (unsigned i = 0; i < rows; i++)
		printf("%-*s%s\n", NAME, row[i].name, row[i].injected);
}

/* ---- the verb ---- */

struct selftest {
	struct selftest_here here;
	struct selftest_row row[SELFTEST_ROWS_MAX];
	unsigned rows;
	double seconds;
};

static unsigned count(const struct selftest *t, enum selftest_outcome outcome)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->rows; i++)
		n += t->row[i].outcome == outcome;
	return n;
}

static int say_json(const struct selftest *t, int status)
{
	struct host_info host;

	host_read(&host);
	return finish_document(json_of_selftest(&host, t->row, t->rows, t->seconds), status);
}

static int say_sum(const struct selftest *t, int status)
{
	unsigned differ = count(t, SELFTEST_DIFFERS);

	printf("%u fault%s: %u agree, %u differ%s, %u skipped; %.1f s\n", t->rows, t->rows == 1 ? "" : "s",
		count(t, SELFTEST_AGREES), differ, differ == 1 ? "s" : "", count(t, SELFTEST_SKIPPED), t->seconds);
	return finish_stdout(status);
}

static int selftest_go(struct selftest *t, bool json, int signal_fd)
{
	struct err err = ERR_NONE;
	int64_t from_ns = clock_now_ns();

	if (!json)
		say_head();
	/* Processes are forked off: what waits to be printed is printed by this one. */
	fflush(stdout);
	int rc = selftest_play(&t->here, t->row, t->rows, signal_fd, json ? say_nothing : say_row, &err);
	t->seconds = (double)(clock_now_ns() - from_ns) / NS_PER_S;
	if (rc < 0 && rc != -EINTR)
		return complain(&err);
	int status = rc == -EINTR ? EXIT_INTERRUPTED : count(t, SELFTEST_DIFFERS) ? EXIT_FAILED : EXIT_VALID;

	return json ? say_json(t, status) : say_sum(t, status);
}

/* The rows that are asked for, or a word about what was asked. */
static int selftest_choose(struct selftest *t, const char *only, struct err *err)
{
	static struct selftest_row all[SELFTEST_ROWS_MAX];
	unsigned rows = selftest_rows(&t->here, all);
	char shown[TEXT_SHOWN_BYTES];

	for (unsigned i = 0; i < rows; i++)
		if (selftest_wanted(only, &all[i]))
			t->row[t->rows++] = all[i];
	if (t->rows)
		return 0;
	struct text_guess guess = { .word = only };
	for (unsigned i = 0; i < rows; i++)
		text_guess_offer(&guess, all[i].name);
	return err_say(err, EINVAL, "--only %s: there is no such row%s; --list has their names", text_shown(only, shown),
		text_guess_ask(&guess, "", ""));
}

int verb_selftest(const struct verb *verb, int argc, char **argv, int from)
{
	static struct selftest t;
	struct options own = { 0 };
	struct err err = ERR_NONE;
	int status = EXIT_VALID;

	if (cli_asks_help(argc, argv, from))
		return help_verb(verb, NULL);
	/* Asking what runs here starts processes: from then on a signal ends all in order. */
	int signal_fd = signals_open(false, &err), rc = signal_fd;
	if (rc < 0)
		return complain(&err);
	rc = cli_read_own(verb, argc, argv, from, &own, &err);
	if (rc >= 0) {
		t.here.lie = options_text(&own, "lie");
		ask_all(&t.here);
		rc = selftest_choose(&t, options_text(&own, "only"), &err);
	}
	if (rc < 0)
		status = complain_usage(&err);
	else if (options_number(&own, "list"))
		say_list(t.row, t.rows);
	else
		status = selftest_go(&t, options_number(&own, "json"), signal_fd);
	bool listed = rc >= 0 && options_number(&own, "list");
	options_free(&own);
	signals_close(signal_fd);
	return listed ? finish_stdout(status) : status;
}
