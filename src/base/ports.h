/* A run's own UDP or TCP ports, as a few ranges.  A value; no thread of its own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { PORT_RANGES_MAX = 16 };

struct port_range {
	uint16_t first, last; /* both are in it; 1..65535 */
};

/* In ascending order; no two of them overlap or adjoin. */
struct ports {
	struct port_range range[PORT_RANGES_MAX];
	unsigned count;
};

/* Adds first..last.  Ranges that now touch become one.  false, and *p is untouched: no such
 * ports, or more than PORT_RANGES_MAX separate ranges. */
bool ports_add(struct ports *p, unsigned first, unsigned last);
