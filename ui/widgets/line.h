/* A line of parts: words are shed, digits never.  Where there is not room for all, whole parts give
 * way, the least important first.  Pure painters; main thread. */
#pragma once

#include "ui/canvas/canvas.h"

enum { LINE_PARTS = 20, LINE_BYTES = 200 };

struct line_part {
	/* brief: stands in before the part is given up; "" has none */
	char text[LINE_BYTES], brief[48];
	enum style style;
	int rank;   /* the highest gives way first; 0 never does */
	bool below; /* line_flow(): it begins a row of its own */
};

/* Begins empty: zero it. */
struct line {
	struct line_part part[LINE_PARTS];
	unsigned count;
};

/* Adds a part; " · " stands between two, unless the second begins with a blank or a comma.  More
 * than LINE_PARTS are left out.  Returns it, to give it a brief form or a row of its own. */
struct line_part *line_add(struct line *l, int rank, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

int line_width(const struct line *l);
/* Sheds parts until the rest takes at most so many cells, or only those of rank 0 are left. */
void line_fit(struct line *l, int columns);
/* Fits it, and paints it from `column` on; returns the cells that were used. */
int line_put(struct canvas *c, int row, int column, int columns, struct line *l);
/* The same, right-aligned. */
int line_put_right(struct canvas *c, int row, int column, int columns, struct line *l);
/* Over several rows, as many parts in each as fit; sheds parts until all of the rest have room. */
void line_flow(struct canvas *c, struct rect area, struct line *l);
