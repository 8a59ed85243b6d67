/* Whether curses knows the terminal, and what is taken in its place.  See terminal.h. */
#include "ui/terminal/terminal.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

/* Can a screen be drawn on one that is described like this? */
static bool known_as(const char *name)
{
	int outcome;
	const char *move = NULL;

	if (setupterm((char *)(uintptr_t)name, STDOUT_FILENO, &outcome) != OK)
		return false;
	move = tigetstr((char *)(uintptr_t) "cup");
	del_curterm(cur_term);
	return move && move != (char *)-1;
}

bool terminal_resolve(char *note, size_t size)
{
	/* Nearly every terminal of today understands what these have in common. */
	static const char *const common[] = { "xterm-256color", "xterm", "vt100", "ansi" };
	const char *term = getenv("TERM");

	note[0] = '\0';
	if (!term || known_as(term))
		return term != NULL;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		if (!known_as(common[i]))
			continue;
		snprintf(note, size, "terminal \"%s\" is not known here: drawn as %s (TERM)", term, common[i]);
		setenv("TERM", common[i], 1);
		return true;
	}
	return false;
}
