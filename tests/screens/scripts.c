/* The scripts of the golden screens.  A new screen is added here; test_screens --update makes
 * its golden file. */
#include "scripts.h"

#include <stddef.h>

#define KEY_F2    "\033OQ"
#define KEY_F10   "\033[21~"
#define KEY_DOWN  "\033OB"
#define KEY_LEFT  "\033OD"
#define KEY_ESC   "\033"
#define KEY_ENTER "\r"

/* The first screen of a size and kind, when the clock has come to its end. */
/* The last sample of a run of 300 ticks: one for each tick, and one that begins the measurement. */
enum { ALL = 301 };

#define FIRST(screen)                         \
	{                                     \
		{ STEP_SAMPLE, NULL, ALL },   \
		{                             \
			STEP_CHECK, screen, 0 \
		}                             \
	}

const struct script scripts[] = {
	{ .name = "first 80x24", .columns = 80, .rows = 24, .step = FIRST("first-80x24") },
	{ .name = "first 120x40", .columns = 120, .rows = 40, .step = FIRST("first-120x40") },
	{ .name = "first 200x60", .columns = 200, .rows = 60, .step = FIRST("first-200x60") },
	{ .name = "first 40x10", .columns = 40, .rows = 10, .step = FIRST("first-40x10") },
	{ .name = "three lines", .columns = 36, .rows = 6, .no_tabs = true, .step = FIRST("three-lines") },
	{ .name = "C locale", .columns = 80, .rows = 24, .locale = "C", .step = FIRST("ascii") },
	{ .name = "block charset", .columns = 80, .rows = 24, .arguments = { "--charset", "block" }, .step = FIRST("block") },
	{ .name = "NO_COLOR", .columns = 80, .rows = 24, .environment = { "NO_COLOR=1" }, .step = FIRST("no-color") },
	{ .name = "eight colours", .columns = 80, .rows = 24, .environment = { "TERM=linux" }, .step = FIRST("linux") },
	{ .name = "no colours, and padding", .columns = 80, .rows = 24, .environment = { "TERM=vt100" }, .step = FIRST("vt100") },
	{ .name = "light theme", .columns = 80, .rows = 24, .arguments = { "--theme", "light" }, .step = FIRST("light") },
	{ .name = "colour-blind safe theme",
		.columns = 80,
		.rows = 24,
		.arguments = { "--theme", "safe" },
		.step = FIRST("safe") },
	{ .name = "theme key",
		.columns = 80,
		.rows = 24,
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, "t", 1 }, { STEP_CHECK, "theme-key", 0 } } },
	{ .name = "help",
		.columns = 80,
		.rows = 24,
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, "?", 1 }, { STEP_CHECK, "help", 0 }, { STEP_KEYS, KEY_ESC, 1 },
			{ STEP_CHECK, "first-80x24", 0 } } },
	{ .name = "freeze and time cursor",
		.columns = 120,
		.rows = 40,
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, " ", 1 }, { STEP_CHECK, "frozen", 0 },
			{ STEP_KEYS, KEY_LEFT KEY_LEFT KEY_LEFT, 3 }, { STEP_CHECK, "frozen-cursor", 0 }, { STEP_KEYS, " ", 1 },
			{ STEP_CHECK, "first-120x40", 0 } } },
	{ .name = "pick a core and drill into it",
		.columns = 80,
		.rows = 24,
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, "jj", 2 }, { STEP_CHECK, "picked", 0 },
			{ STEP_KEYS, KEY_ENTER, 1 }, { STEP_CHECK, "drill", 0 } } },
	{ .name = "set-up form",
		.columns = 80,
		.rows = 24,
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, KEY_F2, 1 }, { STEP_CHECK, "form", 0 },
			{ STEP_KEYS, KEY_ESC, 1 }, { STEP_CHECK, "first-80x24", 0 } } },
	{ .name = "baseline",
		.columns = 120,
		.rows = 40,
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, "b", 1 }, { STEP_CHECK, "baseline", 0 } } },
	{ .name = "filter",
		.columns = 80,
		.rows = 24,
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, "/cpu1", 5 }, { STEP_CHECK, "filter-typed", 0 },
			{ STEP_KEYS, KEY_ENTER, 1 }, { STEP_CHECK, "filter", 0 } } },
	{ .name = "expand",
		.columns = 80,
		.rows = 24,
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, "e", 1 }, { STEP_CHECK, "expand-1", 0 }, { STEP_KEYS, "e", 1 },
			{ STEP_CHECK, "expand-2", 0 }, { STEP_KEYS, KEY_ESC, 1 } } },
	{ .name = "zoom",
		.columns = 80,
		.rows = 24,
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, "+", 1 }, { STEP_CHECK, "zoom", 0 } } },
	{ .name = "losses", .columns = 120, .rows = 40, .arguments = { "--loss-ppm", "20000" }, .step = FIRST("losses") },
	{ .name = "losses on three lines",
		.columns = 36,
		.rows = 6,
		.no_tabs = true,
		.arguments = { "--loss-ppm", "20000" },
		.step = FIRST("three-lines-losses") },
	{ .name = "a wrong value in the form",
		.columns = 80,
		.rows = 24,
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, KEY_F2 KEY_DOWN KEY_DOWN KEY_DOWN "70000" KEY_F10, 10 },
			{ STEP_CHECK, "form-wrong", 0 }, { STEP_KEYS, KEY_ESC, 1 }, { STEP_CHECK, "first-80x24", 0 } } },
	{ .name = "rows 80x24", .columns = 80, .rows = 24, .arguments = { "--rows", "500" }, .step = FIRST("rows-80x24") },
	{ .name = "rows 120x40", .columns = 120, .rows = 40, .arguments = { "--rows", "500" }, .step = FIRST("rows-120x40") },
	{ .name = "rows 200x60", .columns = 200, .rows = 60, .arguments = { "--rows", "500" }, .step = FIRST("rows-200x60") },
	{ .name = "rows sorted and expanded",
		.columns = 80,
		.rows = 24,
		.arguments = { "--rows", "500" },
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, ">I", 2 }, { STEP_CHECK, "rows-sorted", 0 },
			{ STEP_KEYS, "eeeeee", 6 }, { STEP_KEYS, "jjjjj", 5 }, { STEP_CHECK, "rows-expanded", 0 } } },
	{ .name = "stopped",
		.columns = 80,
		.rows = 24,
		.step = { { STEP_SAMPLE, NULL, ALL }, { STEP_KEYS, "r", 1 }, { STEP_TEXT, "DONE", 0 },
			{ STEP_TEXT, "whole run", 0 }, { STEP_CHECK, "stopped", 0 } } },
	{ .name = NULL },
};
