/* The command line of one verb: the mode, its options, and the verb's own options.  Main thread
 * only. */
#pragma once

#include "main/cli/program.h"

struct cli_list {
	const char *name; /* of the option */
	const char *text; /* points into argv */
};

struct cli {
	const struct verb *verb;
	const struct engine *engine;
	struct options options; /* common + the mode's */
	struct options own;     /* the verb's; empty if it has none */
	/* of a verb that takes them: lists of values, in the order of the command line */
	unsigned lists;
	struct cli_list *list;
	bool help; /* --help was asked for: show it and end */
};

/* Reads settings file, mode and options.  need_mode: the mode must be named (else the first of
 * the table is meant).  0 or -errno with *err; -EINVAL, -ERANGE and -ENOENT are usage errors.
 * Free with cli_free() in any case. */
int cli_read(struct cli *cli, const struct verb *verb, bool need_mode, int argc, char **argv, int from, struct err *err);
/* The same where the mode does not stand on the command line, and argv[from] is the first
 * option. */
int cli_read_options(
	struct cli *cli, const struct verb *verb, const struct engine *engine, int argc, char **argv, int from, struct err *err);
void cli_free(struct cli *cli);

/* Is this the name of a method of this mode that opens packet sockets? */
bool cli_is_packet_method(const struct engine *engine, const char *name);
/* Will a run with these options open one, for that or for --capture? */
bool cli_wants_packet_sockets(const struct options *o);
/* Before anything that comes from outside is read: keeps the right to open packet sockets for those
 * that will need it (base/privilege/privilege.h), or gives it up.  0 or -errno. */
int cli_keep_privilege(bool wanted, struct err *err);

/* -ENOENT "unknown mode "ehco" (did you mean echo?)"; with_verbs: verbs are candidates too. */
int cli_say_unknown_mode(const char *word, bool with_verbs, struct err *err);
/* NETDYNO_TEST_TICKS: how many ticks of the virtual clock a run of a synthetic mode gets before
 * time stands still; 0: the clock is real. */
unsigned cli_test_ticks(const struct engine *engine);
/* Is that variable set?  Then the dashboard reports its frames to the test that reads them,
 * whatever the mode. */
bool cli_test_reports(void);
/* Is there a --help or -h among the words? */
bool cli_asks_help(int argc, char **argv, int from);
/* The options of a verb that takes no mode.  0 or -EINVAL; options_free() either way. */
int cli_read_own(const struct verb *verb, int argc, char **argv, int from, struct options *ret_own, struct err *err);
