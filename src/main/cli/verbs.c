/* The verbs, and what they all say at their end.  See program.h. */
#include "main/cli/program.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "main/live/relay.h"
#include "path/veth/helper.h"
#include "results/json_parts.h"

const struct verb verbs[] = {
	{ .name = "dash",
		.usage = "netdyno [dash] [MODE] [options]",
		.summary = "the dashboard; without MODE it runs echo, both ends on loopback",
		.options = display_options,
		.takes_mode = true,
		.may_capture = true,
		.go = verb_dash },
	{ .name = "run",
		.usage = "netdyno run MODE [options]",
		.summary = "one run without a screen: prints a line per interval, writes JSON, JSON lines or CSV",
		.takes_mode = true,
		.may_capture = true,
		.go = verb_run },
	{ .name = "list",
		.usage = "netdyno list [--json]",
		.summary = "the modes and methods, and whether each runs on this machine",
		.options = list_options,
		.may_capture = true,
		.go = verb_list },
	{ .name = "open",
		.usage = "netdyno open [A] DIR|FILE",
		.summary = "shows a saved snapshot or result on the dashboard, beside another one, A",
		.options = display_options,
		.go = verb_open },
	{ .name = "sweep",
		.usage = "netdyno sweep MODE|PLAN.ini [options]",
		.summary =
			"runs every combination of option values, such as --size 16K,64K (between CPU lists: /): tables, CSV and "
			"charts",
		.options = sweep_options,
		.takes_mode = true,
		.takes_lists = true,
		.may_capture = true,
		.go = verb_sweep },
	{ .name = "compare",
		.usage = "netdyno compare MODE --a OPTIONS --b OPTIONS [options]",
		.summary = "is B better than A?  Runs both in turn, in random order, and tells a difference from chance",
		.options = compare_options,
		.takes_mode = true,
		.may_capture = true,
		.go = verb_compare },
	{ .name = "doctor",
		.usage = "netdyno doctor [options]",
		.summary = "what on this host limits or falsifies results, with the commands that mend it and undo that",
		.options = doctor_options,
		.may_capture = true,
		.go = verb_doctor },
	{ .name = "selftest",
		.usage = "netdyno selftest [options]",
		.summary = "puts faults that are known into runs, and shows that ledger and verdict name each, to the packet",
		.options = selftest_options,
		.may_capture = true,
		.go = verb_selftest },
	{ .name = "__complete", .usage = "", .summary = "", .hidden = true, .go = verb_complete },
	{ .name = VETH_HELPER_VERB, .usage = "", .summary = "", .hidden = true, .may_capture = true, .go = verb_veth },
	{ 0 },
};

const struct verb *verb_find(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

/* ---- what went wrong ---- */

void say_path(FILE *out, const char *before, const char *path, const char *after)
{
	/* \xNN for each byte, at worst */
	char safe[4 * PATH_MAX];

	fprintf(out, "%s%s%s\n", before, text_escape(path, strlen(path), safe, sizeof(safe)), after);
}

int complain(const struct err *err)
{
	struct rlimit limit;

	fprintf(stderr, "netdyno: %s", err->text);
	if (err->code == EMFILE && getrlimit(RLIMIT_NOFILE, &limit) == 0)
		fprintf(stderr, " (the limit is %llu: raise it with ulimit -n)", (unsigned long long)limit.rlim_cur);
	fputc('\n', stderr);
	return err->code == EINVAL || err->code == ERANGE ? EXIT_USAGE : EXIT_FAILED;
}

int complain_usage(const struct err *err)
{
	int status = complain(err);

	return err->code == ENOMEM ? status : EXIT_USAGE;
}

bool stdout_hung_up(void)
{
	return !isatty(STDOUT_FILENO) && errno == EIO;
}

int finish_stdout(int status)
{
	int rc = relay_drain(stdout);

	if (!rc || (status == EXIT_INTERRUPTED && stdout_hung_up()))
		return status;
	if (rc == -EINTR)
		return EXIT_INTERRUPTED;
	if (rc == -ETIMEDOUT)
		fprintf(stderr, "netdyno: write to stdout: nobody read it, and the rest was given up\n");
	else if (rc != -EPIPE)
		fprintf(stderr, "netdyno: write to stdout: %s\n", strerror(-rc));
	return EXIT_FAILED;
}

int finish_document(json_t *document, int status)
{
	if (!document) {
		fprintf(stderr, "netdyno: out of memory\n");
		return EXIT_FAILED;
	}
	json_dumpf(document, stdout, JSON_INDENT(2) | RESULTS_DUMP);
	putchar('\n');
	json_decref(document);
	return finish_stdout(status);
}
