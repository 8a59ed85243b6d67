/* All panels, from top to bottom of a column.  A new panel is a file that ends with its struct
 * panel_def, and a row here. */
#include "ui/panels/panels.h"

extern const struct panel_def panel_cores, panel_chart, panel_heat, panel_drops, panel_events, panel_compare, panel_percentiles,
	panel_capture, panel_details, panel_figures, panel_strip, panel_methods, panel_trend, panel_why, panel_stages;

const struct panel_row panel_rows[] = {
	{ &panel_cores, SIDE_LEFT, .stays = 80, .turn = 50 },
	{ &panel_chart, SIDE_LEFT, .stays = 60, .turn = 10 },
	{ &panel_heat, SIDE_LEFT, .stays = 50, .turn = 20 },
	{ &panel_trend, SIDE_LEFT, .stays = 52, .turn = 25 },
	{ &panel_strip, SIDE_LEFT, .stays = 56, .turn = 57 },
	{ &panel_drops, SIDE_RIGHT, .stays = 70, .turn = 40 },
	{ &panel_events, SIDE_LEFT, .stays = 30, .turn = 60 },
	{ &panel_figures, SIDE_RIGHT, .stays = 58, .turn = 45 },
	{ &panel_methods, SIDE_RIGHT, .stays = 57, .turn = 58 },
	{ &panel_why, SIDE_RIGHT, .stays = 45, .turn = 46 },
	{ &panel_stages, SIDE_RIGHT, .stays = 48, .turn = 35 },
	{ &panel_details, SIDE_RIGHT, .stays = 55, .turn = 55 },
	{ &panel_compare, SIDE_RIGHT, .stays = 20, .turn = 70 },
	{ &panel_percentiles, SIDE_RIGHT, .stays = 40, .turn = 30 },
	{ &panel_capture, SIDE_RIGHT, .stays = 10, .turn = 80 },
	{ .def = NULL },
};
