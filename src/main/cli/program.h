/* Shared by the verbs: exit statuses, the verb table, and the command line of one invocation.
 * Main thread only. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "mode/engine.h"
#include "mode/options.h"

enum { EXIT_VALID = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INVALID = 3, EXIT_BEYOND = 4, EXIT_INTERRUPTED = 130 };

struct verb {
	const char *name, *usage, *summary;
	const struct option_def *options; /* the verb's own; NULL: none */
	bool takes_mode;                  /* a mode and its options may follow */
	bool takes_lists;                 /* values of a mode's options may be lists */
	bool to_come;                     /* listed as such; says so when it is called */
	bool hidden;
	/* may open packet sockets; the others give CAP_NET_RAW up before they read anything */
	bool may_capture;
	/* argv[from...] is what follows the verb; returns an exit status. */
	int (*go)(const struct verb *verb, int argc, char **argv, int from);
};

/* ended by name == NULL; the first is the one meant where none is named */
extern const struct verb verbs[];
const struct verb *verb_find(const char *name);

int verb_dash(const struct verb *verb, int argc, char **argv, int from);
int verb_run(const struct verb *verb, int argc, char **argv, int from);
int verb_list(const struct verb *verb, int argc, char **argv, int from);
int verb_open(const struct verb *verb, int argc, char **argv, int from);
int verb_sweep(const struct verb *verb, int argc, char **argv, int from);
int verb_compare(const struct verb *verb, int argc, char **argv, int from);
int verb_doctor(const struct verb *verb, int argc, char **argv, int from);
int verb_selftest(const struct verb *verb, int argc, char **argv, int from);
int verb_complete(const struct verb *verb, int argc, char **argv, int from);
int verb_veth(const struct verb *verb, int argc, char **argv, int from);

/* Options of the screen, shared by dash and open; settings.c reads the same names from the
 * settings file. */
extern const struct option_def display_options[];
extern const struct option_def list_options[];
extern const struct option_def sweep_options[];
extern const struct option_def compare_options[];
extern const struct option_def doctor_options[];
extern const struct option_def selftest_options[];

/* Prints a line with a path in it, which may hold anything: as text_escape() makes it. */
void say_path(FILE *out, const char *before, const char *path, const char *after);
/* Prints "netdyno: <what err says>" to stderr, with advice where the errno has some; returns
 * EXIT_USAGE for EINVAL and ERANGE, else EXIT_FAILED. */
int complain(const struct err *err);
/* The same for what was wrong on the command line, whatever the errno. */
int complain_usage(const struct err *err);
/* Was stdout a terminal that has gone?  (A hung-up one answers everything with EIO.) */
bool stdout_hung_up(void);
/* Flushes stdout and waits for its reader (relay_drain()); a full disk is found here.  EPIPE is
 * quiet, and so is a terminal whose going ended the run.  Returns `status`, or EXIT_FAILED, or
 * EXIT_INTERRUPTED where a signal ended the wait. */
int finish_stdout(int status);
/* The same for a document, which it prints and frees; NULL: there was no memory for it. */
struct json_t;
int finish_document(struct json_t *document, int status);
