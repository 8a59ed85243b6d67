/* Plays the shell for the program under test; see leader.h. */
#include "leader.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- environment ---- */

static void environment_add(char **environment, const char *name, const char *value)
{
	unsigned n = 0;

	while (environment[n])
		n++;
	if (!value || n + 1 >= ENVIRONMENT_MAX)
		return;
	if (asprintf(&environment[n], "%s=%s", name, value) < 0)
		environment[n] = NULL;
}

static bool environment_has(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (unsigned i = 0; environment[i]; i++)
		if (!strncmp(environment[i], name, length) && environment[i][length] == '=')
			return true;
	return false;
}

void leader_environment(const struct term_config *config, char **environment)
{
	static const char *const inherited[] = { "PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
		"LSAN_OPTIONS", NULL };

	environment_add(environment, "TZ", "UTC");
	environment_add(environment, "HOME", config->directory);
	environment_add(environment, "LC_ALL", config->locale);
	for (unsigned i = 0; config->environment && config->environment[i]; i++) {
		const char *equals = strchr(config->environment[i], '=');
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)(equals - config->environment[i]), config->environment[i]);
		environment_add(environment, name, equals + 1);
	}
	if (!environment_has(environment, "TERM"))
		environment_add(environment, "TERM", "xterm-256color");
	for (unsigned i = 0; inherited[i]; i++)
		if (!environment_has(environment, inherited[i]))
			environment_add(environment, inherited[i], getenv(inherited[i]));
}

void leader_environment_free(char **environment)
{
	for (unsigned i = 0; i < ENVIRONMENT_MAX; i++)
		free(environment[i]);
}

/* ---- the process ---- */

static void leader_run_program(const struct term_config *config, char *const *environment)
{
	/* Nobody outlives the test, however that ends. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	tcsetpgrp(STDIN_FILENO, getpid());
	signal(SIGTTOU, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	if (chdir(config->directory) == 0)
		execve(config->argv[0], (char *const *)(uintptr_t)config->argv, environment);
	dprintf(STDERR_FILENO, "%s: %s\r\n", config->argv[0], strerror(errno));
	_exit(127);
}

static void leader_tell(int events, pid_t program, int status)
{
	struct leader_event e = { .program = program, .status = status };

	if (write(events, &e, sizeof(e)) != sizeof(e))
		_exit(1);
}

void leader_main(const struct term_config *config, char *const *environment, int events, int control)
{
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The foreground is given to and taken from the program, also while this process is in
	 * the background. */
	signal(SIGTTOU, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* The test looks at the settings of the terminal first. */
	if (read(control, &go, 1) != 1)
		_exit(1);
	pid_t program = fork();

	if (program == 0)
		leader_run_program(config, environment);
	setpgid(program, program);
	leader_tell(events, program, 0);
	for (;;) {
		int status;

		if (waitpid(program, &status, WUNTRACED) < 0)
			_exit(1);
		leader_tell(events, 0, status);
		if (!WIFSTOPPED(status))
			break;
		tcsetpgrp(STDIN_FILENO, getpgrp());
		if (read(control, &go, 1) != 1)
			_exit(1);
		tcsetpgrp(STDIN_FILENO, program);
		kill(-program, SIGCONT);
	}
	/* The terminal stays as the program left it until the test has looked. */
	while (read(control, &go, 1) == 1)
		;
	_exit(0);
}
