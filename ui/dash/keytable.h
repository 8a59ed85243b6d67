/* The key table: which keys there are, what each does, where and when it is valid.  Dispatch,
 * help, footer and the man page's list are made from it. */
#pragma once

#include "ui/dash/dash.h"

enum { KEYS_PER_DEF = 4 };

struct key_def {
	int key[KEYS_PER_DEF]; /* 0 unused */
	const char *keys;      /* the keys as people read them: "Space f" */
	const char *does;
	unsigned screens;                    /* bit per enum screen */
	bool (*valid)(const struct dash *d); /* NULL: always */
	/* "? Help": as it stands in the footer; NULL: not there */
	const char *footer;
	int rank; /* footer: the lowest has its place first, then who still fits */
	void (*act)(struct dash *d, int key);
};

extern const struct key_def key_defs[];
extern const unsigned key_def_count;

bool key_is_valid(const struct dash *d, const struct key_def *def);
/* The entry that this key means now; NULL: none. */
const struct key_def *key_find(const struct dash *d, int key);
/* Does what the key means: to the form, the filter being typed, or by the table. */
void key_dispatch(struct dash *d, int key);
/* A click or the wheel at this cell. */
void key_mouse(struct dash *d, int row, int column, int wheel);

/* The table as text, for `--help` and the man page: one "keys<TAB>what it does" line each,
 * malloc'ed; NULL when out of memory. */
char *key_help(void);
