/* All panels, from top to bottom of a column.  A new panel is a file that ends with its struct
 * panel_def, and a row here. */
#include "ui/panels/panels.h"

#include <stdio.h>

extern const struct panel_def panel_cores, panel_chart, panel_heat, panel_drops, panel_events, panel_compare, panel_percentiles,
	panel_capture, panel_details, panel_figures, panel_strip, panel_methods, panel_trend, panel_why, panel_tcp, panel_cpus,
	panel_stages;

const struct panel_row panel_rows[] = {
	{ &panel_cores, SIDE_LEFT, .stays = 80, .turn = 50, 'c', "a row per worker: rates, drops, percentiles, busy" },
	{ &panel_chart, SIDE_LEFT, .stays = 60, .turn = 10, 't', "what is moved, over time" },
	{ &panel_heat, SIDE_LEFT, .stays = 50, .turn = 20, 'h', "how long it takes, over time: every value" },
	{ &panel_trend, SIDE_LEFT, .stays = 52, .turn = 25, 'r', "the mode's own figure, over time" },
	{ &panel_strip, SIDE_LEFT, .stays = 56, .turn = 57, 's', "every connection or reader, a cell each" },
	{ &panel_drops, SIDE_RIGHT, .stays = 70, .turn = 40, 'd', "where packets were lost: the ledger" },
	{ &panel_events, SIDE_LEFT, .stays = 30, .turn = 60, 'v', "the verdict in full, and what happened" },
	{ &panel_figures, SIDE_RIGHT, .stays = 58, .turn = 45, 'f', "what the mode works out: costs, waits, TCP" },
	{ &panel_methods, SIDE_RIGHT, .stays = 57, .turn = 58, 'm', "the methods that have run, side by side" },
	{ &panel_why, SIDE_RIGHT, .stays = 45, .turn = 46, 'y', "why a method is as fast as it is" },
	{ &panel_stages, SIDE_RIGHT, .stays = 48, .turn = 35, 'g', "where a packet's time went, stage by stage" },
	{ &panel_tcp, SIDE_RIGHT, .stays = 42, .turn = 47, 'n', "the connections as the kernel has them: cwnd, rtt, pacing" },
	{ &panel_cpus, SIDE_RIGHT, .stays = 15, .turn = 52, 'u', "the CPUs of this host: user, system, interrupts" },
	{ &panel_details, SIDE_RIGHT, .stays = 55, .turn = 55, 'l', "a row per connection or reader, the worst first" },
	{ &panel_compare, SIDE_RIGHT, .stays = 20, .turn = 70, 'a', "this run beside another one" },
	{ &panel_percentiles, SIDE_RIGHT, .stays = 40, .turn = 30, 'p', "how long it takes, in figures" },
	{ &panel_capture, SIDE_RIGHT, .stays = 10, .turn = 80, 'w', "packets, as they are written to a file" },
	{ .def = NULL },
};

char *panel_range(int first, int room, int all, char *out, size_t size)
{
	int last = first + room < all ? first + room : all;

	if (all > room && room > 0)
		snprintf(out, size, "%d-%d of %d", first + 1, last, all);
	else
		out[0] = '\0';
	return out;
}
