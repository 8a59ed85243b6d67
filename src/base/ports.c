/* See ports.h. */
#include "base/ports.h"

#include <string.h>

enum { PORT_MAX = 65535 };

bool ports_add(struct ports *p, unsigned first, unsigned last)
{
	unsigned from = 0, to;

	if (first < 1 || first > last || last > PORT_MAX)
		return false;
	while (from < p->count && p->range[from].last + 1u < first)
		from++;
	/* range[from] to range[to - 1] touch the new one. */
	for (to = from; to < p->count && p->range[to].first <= last + 1; to++) {
		first = p->range[to].first < first ? p->range[to].first : first;
		last = p->range[to].last > last ? p->range[to].last : last;
	}
	if (to == from && p->count == PORT_RANGES_MAX)
		return false;
	memmove(&p->range[from + 1], &p->range[to], (p->count - to) * sizeof(p->range[0]));
	p->range[from] = (struct port_range){ (uint16_t)first, (uint16_t)last };
	p->count = p->count - (to - from) + 1;
	return true;
}
