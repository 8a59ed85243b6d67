/* What is done to the dashboard, and which screens are compared on the way. */
#pragma once

enum step_kind {
	STEP_END,
	/* types text, which is `number` keys, and waits for the frame that has seen them all */
	STEP_KEYS,
	STEP_SAMPLE, /* waits for that many samples */
	STEP_TEXT,   /* waits until text stands on the screen */
	STEP_CHECK,  /* compares with the golden screen called text */
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
	unsigned ticks; /* 0: 300 */
	const char *locale;
	const char *arguments[SCRIPT_WORDS_MAX], *environment[SCRIPT_WORDS_MAX];
	struct step step[STEPS_MAX];
};

extern const struct script scripts[]; /* ended by name == NULL */
