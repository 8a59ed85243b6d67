/* The hit map: which places of a frame answer to the mouse.  The painters fill it, clicks are
 * looked up in it. */
#pragma once

#include "ui/canvas/canvas.h"

/* A click there acts as if this key had been pressed, or this worker's row picked. */
struct hit {
	struct rect area;
	int key; /* 0: pick `worker` */
	int worker;
};

enum { HITS_MAX = 160 };

struct hits {
	struct hit hit[HITS_MAX];
	unsigned count;
};

/* The first of places that overlap counts; silently dropped when full. */
void hits_add(struct hits *h, struct rect area, int key, int worker);
/* Looks up the place of a click; false: nothing answers there. */
bool hits_find(const struct hits *h, int row, int column, struct hit *ret_hit);
