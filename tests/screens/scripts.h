/* The scripts of the golden screens: steps on the dashboard, and the screens that are compared on
 * the way. */
#pragma once

#include <stdbool.h>

enum step_kind {
	STEP_END,
	/* types text, which is `number` keys, and waits for the frame that has seen them all */
	STEP_KEYS,
	STEP_SAMPLE, /* waits for that many samples */
	STEP_TEXT,   /* waits until text stands on the screen */
	/* compares with the golden screen called text, the row of tabs left out: that is
	 * checked once, so that a new mode does not change all screens */
	STEP_CHECK,
};

struct step {
	enum step_kind kind;
	const char *text;
	unsigned number;
};

enum { STEPS_MAX = 12, SCRIPT_WORDS_MAX = 6 };

struct script {
	const char *name;
	int columns, rows;
	bool no_tabs;   /* too small for them: the first row is like the others */
	unsigned ticks; /* 0: 300 */
	const char *locale;
	const char *arguments[SCRIPT_WORDS_MAX], *environment[SCRIPT_WORDS_MAX];
	struct step step[STEPS_MAX];
};

extern const struct script scripts[]; /* ended by name == NULL */
