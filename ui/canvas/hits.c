/* The hit map.  See hits.h. */
#include "ui/canvas/hits.h"

void hits_add(struct hits *h, struct rect area, int key, int worker)
{
	if (h->count < HITS_MAX)
		h->hit[h->count++] = (struct hit){ area, key, worker };
}

bool hits_find(const struct hits *h, int row, int column, struct hit *ret_hit)
{
	for (unsigned i = 0; i < h->count; i++) {
		struct rect a = h->hit[i].area;

		if (row >= a.row && row < a.row + a.rows && column >= a.column && column < a.column + a.columns) {
			*ret_hit = h->hit[i];
			return true;
		}
	}
	return false;
}
