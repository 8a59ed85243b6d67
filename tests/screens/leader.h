/* The process between a test and the program on its terminal: session leader, starts the program
 * in a process group of its own in the foreground, tells of its stops and its end, and lets it
 * go on when told. */
#pragma once

#include "term.h"

enum { ENVIRONMENT_MAX = 32 };

/* The leader's reports to the test. */
struct leader_event {
	pid_t program; /* > 0: it was started; 0: its status changed */
	int status;
};

/* Runs in the child of forkpty(3), never returns.  events: where to tell; control: the first
 * byte starts the program, each further one lets it go on. */
void leader_main(const struct term_config *config, char *const *environment, int events, int control);

/* Fills environment[ENVIRONMENT_MAX], NULL-terminated; free it with the other. */
void leader_environment(const struct term_config *config, char **environment);
void leader_environment_free(char **environment);
