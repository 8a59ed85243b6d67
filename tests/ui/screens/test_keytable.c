/* The key table: no key means two things, every key is explained, does what it says, and the
 * footer fits. */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ui/canvas/keys.h"
#include "ui/dash/keytable.h"
#include "../../support/asserts.h"

static int open_dash(void **state)
{
	(void)state;
	made_open(&made, 2, 2);
	stage_run(60);
	stage_dash(CHARSET_BRAILLE, "dark");
	frame(24, 80);
	return 0;
}

static void no_key_means_two_things(void **state)
{
	(void)state;
	for (unsigned a = 0; a < key_def_count; a++)
		for (unsigned b = a + 1; b < key_def_count; b++)
			for (int i = 0; i < KEYS_PER_DEF; i++)
				for (int j = 0; j < KEYS_PER_DEF; j++)
					if (key_defs[a].key[i] && key_defs[a].key[i] == key_defs[b].key[j] &&
						key_defs[a].screens & key_defs[b].screens)
						fail_msg("\"%s\" and \"%s\" share key %#x", key_defs[a].keys, key_defs[b].keys,
							(unsigned)key_defs[a].key[i]);
}

static void every_key_is_explained(void **state)
{
	char *help = key_help();
	unsigned lines = 0;

	(void)state;
	assert_non_null(help);
	for (unsigned i = 0; i < key_def_count; i++) {
		if (!key_defs[i].keys[0] || strlen(key_defs[i].does) < 4 || !key_defs[i].act)
			fail_msg("entry %u (\"%s\") is not explained", i, key_defs[i].keys);
		if (!strstr(help, key_defs[i].does))
			fail_msg("\"%s\" is not in the help", key_defs[i].keys);
	}
	for (const char *p = help; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, key_def_count);
	free(help);
}

/* The table has every key that SCREENS.md promises. */
static void all_keys_are_there(void **state)
{
	static const int promised[] = { '1', '4', KEYCODE_TAB, KEYCODE_SHIFT_TAB, 'm', 'M', 'p', 'P', 'r', ' ', 'f', KEYCODE_LEFT,
		KEYCODE_RIGHT, '[', ']', '+', '-', '=', 'j', 'k', KEYCODE_UP, KEYCODE_DOWN, KEYCODE_ENTER, 'S', 'e', 's', 'w',
		'W', 'b', 'c', KEYCODE_F2, 'o', '/', 't', '?', KEYCODE_F1, 'h', 'u', KEYCODE_CTRL_L, KEYCODE_CTRL_Z, 'q',
		KEYCODE_F10, KEYCODE_CTRL_C };

	(void)state;
	for (size_t i = 0; i < sizeof(promised) / sizeof(promised[0]); i++)
		if (!key_find(&dash, promised[i]))
			fail_msg("key %#x means nothing on the dashboard", (unsigned)promised[i]);
}

static void the_footer_fits(void **state)
{
	struct canvas *c = &dash.canvas;

	(void)state;
	for (int columns = LAYOUT_MIN_COLUMNS; columns <= 200; columns++) {
		const char *quit = "q Quit";
		bool found = false;

		assert_int_equal(dash_resize(&dash, 24, columns), 0);
		frame_paint(&dash);
		for (int i = 0; i + 5 < columns && !found; i++) {
			found = true;
			for (int j = 0; j < 6 && found; j++) {
				const char *glyph = canvas_cell(c, 23, i + j)->glyph;
				char shown = (char)(glyph[0] ? glyph[0] : ' ');

				found = shown == quit[j];
			}
		}
		if (!found)
			fail_msg("no \"q Quit\" in the footer of %d columns", columns);
	}
}

/* What a newcomer must find is in the footer of the smallest usual window; what has no room there
 * is on wider ones, or behind ?. */
static void the_footer_has_the_keys_that_matter(void **state)
{
	static const struct {
		int columns;
		const char *key;
	} wanted[] = { { 80, "? Help" }, { 80, "[] Load" }, { 80, "b Base" }, { 80, "g Panels" }, { 80, "s Snap" },
		{ 80, "q Quit" }, { 120, "y Chart" }, { 120, "x Side" }, { 120, "R Runs" }, { 120, "w Pcap" },
		{ 200, "e Expand" }, { 200, "Enter Drill" }, { 200, "/ Filter" }, { 40, "? Help" }, { 40, "r Run" },
		{ 40, "q Quit" } };

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		frame(24, wanted[i].columns);
		if (!on_screen(wanted[i].key))
			fail_msg("no \"%s\" in %d columns", wanted[i].key, wanted[i].columns);
	}
	press('b');
	press('j'); /* ends the toast */
	frame(24, 80);
	assert_true(on_screen("d Duel"));
	assert_true(on_screen("[] Load"));
}

static void requests_are_made(void **state)
{
	(void)state;
	press('m');
	assert_int_equal(calls.count[CALL_METHOD], 1);
	assert_int_equal(calls.last, 1);
	press('M');
	assert_int_equal(calls.last, -1);
	press('p');
	assert_int_equal(calls.count[CALL_PATH], 1);
	assert_int_equal(calls.last, 1);
	press('P');
	assert_int_equal(calls.last, -1);
	press('r');
	assert_int_equal(calls.count[CALL_RUN], 1);
	assert_int_equal(calls.last, 0);
	press(']');
	assert_int_equal(calls.last, 1);
	press('[');
	assert_int_equal(calls.last, -1);
	press('s');
	assert_int_equal(calls.count[CALL_SNAPSHOT], 1);
	assert_int_equal(calls.last, 1);
	assert_non_null(strstr(dash.view.toast, "/some/where"));
	press('w');
	assert_int_equal(calls.count[CALL_CAPTURE], 1);
	press('t');
	assert_int_equal(calls.count[CALL_KEEP], 1);
	assert_string_not_equal(dash.view.theme->name, "dark");
}

static void failures_become_toasts(void **state)
{
	static const int asking[] = { 'm', 'p', 'r', ']', 's', 'w' };

	(void)state;
	calls.fail = true;
	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++) {
		press(asking[i]);
		assert_string_equal(dash.view.toast, "asked in vain");
	}
	press('j');
	assert_string_equal(dash.view.toast, "");
}

static void modes_to_come_say_so(void **state)
{
	(void)state;
	press('2');
	assert_string_equal(dash.view.toast, "mode later is not built yet");
	assert_true(on_screen("mode later is not built yet"));
	press(KEYCODE_TAB);
	assert_string_equal(dash.view.toast, "not built yet: later");
	press('3'); /* hidden ones are no tabs */
	assert_string_equal(dash.view.toast, "there are 2 modes");
	assert_int_equal(calls.count[CALL_MODE], 0);
}

static void screens_go_back_one_by_one(void **state)
{
	(void)state;
	press('e');
	assert_int_equal(dash.view.screen, SCREEN_PANEL);
	press(KEYCODE_ENTER);
	assert_int_equal(dash.view.screen, SCREEN_DRILL);
	press('?');
	assert_int_equal(dash.view.screen, SCREEN_HELP);
	press(KEYCODE_ESCAPE);
	assert_int_equal(dash.view.screen, SCREEN_DRILL);
	press(KEYCODE_ESCAPE);
	assert_int_equal(dash.view.screen, SCREEN_PANEL);
	press(KEYCODE_ESCAPE);
	assert_int_equal(dash.view.screen, SCREEN_DASH);
}

static void forms_take_the_keys(void **state)
{
	(void)state;
	press(KEYCODE_F2);
	assert_int_equal(dash.view.screen, SCREEN_SETUP);
	press('q');
	assert_false(dash.quit);
	press(KEYCODE_CTRL_S);
	if (dash.view.screen == SCREEN_SETUP) /* 'q' was no value for the first field */
		press(KEYCODE_ESCAPE);
	assert_int_equal(dash.view.screen, SCREEN_DASH);
	press('W');
	assert_int_equal(dash.view.screen, SCREEN_CAPTURE);
	press(KEYCODE_CTRL_S);
	assert_int_equal(dash.view.screen, SCREEN_DASH);
	assert_int_equal(calls.count[CALL_CAPTURE_OPTIONS], 1);
	assert_int_equal(calls.last, 96);
	press('q');
	assert_true(dash.quit);
}

static void the_filter_takes_the_keys(void **state)
{
	(void)state;
	press('/');
	press('c');
	press('l');
	press('i');
	assert_false(dash.quit);
	press(KEYCODE_ENTER);
	assert_string_equal(dash.view.filter, "cli");
	assert_int_equal(dash.order_count, 2);
	press(KEYCODE_ESCAPE);
	assert_string_equal(dash.view.filter, "");
	assert_int_equal(dash.order_count, 4);
}

static void clicks_are_keys(void **state)
{
	struct hit hit;
	int row = -1, column = -1;

	(void)state;
	for (int i = 0; i < 80; i++)
		if (hits_find(&dash.hits, 23, i, &hit) && hit.key == ' ')
			column = i;
	assert_at_least(column, 0);
	key_mouse(&dash, 23, column, 0);
	assert_true(dash.view.frozen);
	frame_paint(&dash);
	for (int i = 0; i < 24; i++)
		if (hits_find(&dash.hits, i, 5, &hit) && !hit.key && hit.worker == 1)
			row = i;
	assert_at_least(row, 0);
	key_mouse(&dash, row, 5, 0);
	assert_int_equal(dash.view.pick, 1);
	assert_int_equal(dash.view.screen, SCREEN_DASH);
	key_mouse(&dash, row, 5, 0);
	assert_int_equal(dash.view.screen, SCREEN_DRILL);
	key_mouse(&dash, 300, -4, 0);
}

static void nothing_can_be_changed_in_an_opened_snapshot(void **state)
{
	(void)state;
	made.board.read_only = true;
	frame_paint(&dash);
	for (int key = 1; key < KEYCODE_MOUSE; key = key == 0x7e ? KEYCODE_UP : key + 1) {
		press(key);
		while (view_back(&dash.view))
			;
		dash.view.filter_typing = false;
	}
	for (int i = 0; i < CALLS; i++)
		if (i != CALL_KEEP)
			assert_int_equal(calls.count[i], 0);
}

static void refusals_are_said(void **state)
{
	static const int changing[] = { 'r', 'm', 'p', '1', KEYCODE_TAB, KEYCODE_F2, 'w', 'W', '[', 's' };

	(void)state;
	press('n');
	assert_string_equal(dash.view.toast, "there is no filter: / sets one");
	press('B');
	assert_string_equal(dash.view.toast, "there is no baseline: b keeps one");
	made.board.load_max = made.board.load_min = 0;
	press(']');
	assert_string_equal(dash.view.toast, "this run has no load to change");
	made.board.read_only = true;
	for (size_t i = 0; i < sizeof(changing) / sizeof(changing[0]); i++) {
		press(changing[i]);
		assert_string_equal(dash.view.toast, "a saved run cannot be started or changed");
	}
	press('z');
	assert_string_equal(dash.view.toast, "z: no such key here");
}

/* Two modes measure different things: no duel is offered between them, and A says what it is of. */
static void a_baseline_of_another_mode_is_no_rival(void **state)
{
	(void)state;
	press('b');
	press('j');
	assert_true(on_screen("d Duel"));
	dash.view.base.engine = made.mode[1].engine;
	frame_paint(&dash);
	assert_true(not_on_screen("d Duel"));
	assert_true(on_screen("of later"));
	press('d');
	assert_string_equal(dash.view.toast, "baseline A is a run of another mode: b keeps one of this mode");
	assert_int_equal(calls.count[CALL_DUEL], 0);
}

/* On 80 columns no line of the help is cut. */
static void help_is_read_in_full(void **state)
{
	(void)state;
	assert_int_equal(dash_resize(&dash, 70, 80), 0);
	press('?');
	char *text = canvas_to_text(&dash.canvas);
	assert_non_null(text);
	if (strstr(strstr(text, "help:"), "…") && strstr(strstr(text, "help:"), "…") < strstr(text, "late  "))
		fail_msg("cut in\n%s", text);
	assert_non_null(strstr(text, "late  "));
	free(text);
}

#define dash_test(f) cmocka_unit_test_setup_teardown(f, open_dash, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		dash_test(no_key_means_two_things),
		dash_test(every_key_is_explained),
		dash_test(all_keys_are_there),
		dash_test(the_footer_fits),
		dash_test(the_footer_has_the_keys_that_matter),
		dash_test(requests_are_made),
		dash_test(failures_become_toasts),
		dash_test(modes_to_come_say_so),
		dash_test(screens_go_back_one_by_one),
		dash_test(forms_take_the_keys),
		dash_test(the_filter_takes_the_keys),
		dash_test(clicks_are_keys),
		dash_test(nothing_can_be_changed_in_an_opened_snapshot),
		dash_test(refusals_are_said),
		dash_test(a_baseline_of_another_mode_is_no_rival),
		dash_test(help_is_read_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
