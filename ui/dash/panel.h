/* The contract of a panel: one const struct in its own file (ui/panels), and one row in the table
 * of all panels (ui/panels/panels.c), which says where it stands and who gives way to whom. */
#pragma once

#include "ui/canvas/canvas.h"

struct dash;

/* Keys, clicks and other panels find a panel by the things that it shows in full. */
enum panel_shows {
	PANEL_WORKERS = 1, /* a row per worker: up and down pick one, also on the full screen */
	PANEL_TIME = 2,    /* time runs across; all such panels show the same stretch */
	PANEL_LEDGER = 4,
	PANEL_VERDICT = 8,
	PANEL_CAPTURE = 16,
	PANEL_DETAILS = 32, /* a row per connection or reader */
	PANEL_DUEL = 64,    /* gives way to no other while there is one */
};

/* Rows, the one with the title included. */
struct panel_size {
	int min, want; /* want: beside the lines that it can fill (lines) */
	int weight;    /* its share of what is left over when all have what they want */
};

enum {
	PANEL_ASIDE = -1, /* not on the dashboard; expanded it says what is missing */
	PANEL_NONE = -2,  /* nowhere */
};

struct panel_def {
	const char *name;         /* "drops" */
	unsigned shows;           /* bit set of enum panel_shows */
	struct panel_size narrow; /* panels in one column */
	struct panel_size wide;   /* panels in two columns */
	/* in one column that is wide and high enough: at the right of the panel before it */
	bool beside;
	/* Mandatory.  Paints into d->canvas; the area begins with the row of the panel's rule. */
	void (*paint)(struct dash *d, struct rect area);
	/* The lines that it can fill now, or PANEL_ASIDE, PANEL_NONE; NULL: its sizes say all. */
	int (*lines)(const struct dash *d);
	/* The key that sorts rows, while the panel is expanded; NULL: the workers are sorted. */
	void (*sort)(struct dash *d);
};

enum side { SIDE_LEFT, SIDE_RIGHT };

struct panel_row {
	const struct panel_def *def;
	enum side side; /* of two columns */
	int stays;      /* the least gives way first when the window gets smaller */
	int turn;       /* order in which `e` expands them */
	char key;       /* of the menu that `g` opens */
	const char *about;
};

enum { PANELS_MAX = 24 };
