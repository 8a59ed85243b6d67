/* netdyno: chooses the verb. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/privilege/privilege.h"
#include "engines/engines.h"
#include "main/cli/cli.h"
#include "main/cli/help.h"
#include "main/live/relay.h"

static bool is_word(const char *word, const char *a, const char *b)
{
	return !strcmp(word, a) || !strcmp(word, b);
}

static int dispatch(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	struct err err = ERR_NONE;

	if (is_word(word, "--version", "-V")) {
		printf("netdyno %s\n", NETDYNO_VERSION);
		return finish_stdout(EXIT_VALID);
	}
	if (is_word(word, "--help", "-h") || is_word(word, "help", "help"))
		return help_program();
	const struct verb *verb = verb_find(word);
	if (!(verb ? verb : &verbs[0])->may_capture)
		privilege_drop();
	if (verb && verb->to_come && cli_asks_help(argc, argv, 2))
		return help_program();
	if (verb)
		return verb->go(verb, argc, argv, 2);
	if (!*word || *word == '-' || engine_find(engines_all, word))
		return verbs[0].go(&verbs[0], argc, argv, 1);
	cli_say_unknown_mode(word, true, &err);
	return complain_usage(&err);
}

/* Without them a socket or a result file would get the number that messages are written to.
 * Read-only, so that writing to a closed stdout is an error. */
static void open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			return;
}

int main(int argc, char **argv)
{
	struct err err = ERR_NONE;

	open_standard_streams();
	if (privilege_begin(&err) < 0)
		return complain(&err);
	setlocale(LC_CTYPE, "");
	/* A reader that goes away is an error of write(2), not a death. */
	signal(SIGPIPE, SIG_IGN);
	/* Our parent may have ignored it: then nobody could wait for gnuplot (wait(2)). */
	signal(SIGCHLD, SIG_DFL);
	/* So is a file that has reached the limit of its size (ulimit -f): like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	int status = dispatch(argc, argv);
	/* The last words may still be on their way. */
	relay_drain(stderr);
	return status;
}
