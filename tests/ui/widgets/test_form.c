/* The set-up form: keys in, fields and validity out; painted cell by cell. */
#include "painted.h"

#include "ui/widgets/form.h"

static const char *const waits[] = { "block", "spin", NULL };

static const struct option_def table[] = {
	{ .name = "method",
		.type = OPTION_METHOD,
		.flags = OPTION_FORM | OPTION_RESTART,
		.default_text = "",
		.help = "how to talk" },
	{ .name = "payload",
		.type = OPTION_SIZE,
		.flags = OPTION_FORM | OPTION_RESTART,
		.default_text = "64",
		.max = 65479,
		.help = "bytes after the header" },
	{ .name = "hidden", .type = OPTION_TEXT, .default_text = "", .help = "not in the form" },
	{ .name = "wait",
		.type = OPTION_CHOICE,
		.flags = OPTION_FORM,
		.choices = waits,
		.default_text = "block",
		.help = "sleep or spin" },
	{ .name = "verbatim", .type = OPTION_BOOL, .flags = OPTION_FORM, .default_text = "no", .help = "answer unchanged" },
	{ .name = "cpus", .type = OPTION_CPUS, .flags = OPTION_FORM, .default_text = "", .help = "CPUs of the servers" },
	{ .name = "warmup",
		.type = OPTION_DURATION,
		.flags = OPTION_FORM,
		.default_text = "1s",
		.max = 3600000000000,
		.help = "traffic that does not count" },
	{ .name = "rate",
		.type = OPTION_COUNT,
		.flags = OPTION_FORM,
		.default_text = "",
		.min = 1,
		.max = 1000000,
		.unset_ok = true,
		.help = "packets/s in all" },
	{ .name = "host", .type = OPTION_TEXT, .flags = OPTION_FORM, .default_text = "", .help = "server that clients talk to" },
	{ 0 },
};
enum { METHOD, PAYLOAD, WAIT, VERBATIM, CPUS, WARMUP, RATE, HOST, FIELDS, APPLY = FIELDS, CANCEL };

static const char *const methods[] = { "single", "mmsg", "uring", NULL };
static const char *const why_not[] = { NULL, NULL, "io_uring is off", NULL };

static struct options options;
static struct form *form;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(options_init_table(&options, table, NULL), 0);
	form = form_new("set-up", &options, methods, why_not);
	assert_non_null(form);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	form_free(form);
	options_free(&options);
	return 0;
}

static enum form_result press(int key)
{
	return form_key(form, key);
}

static void go_to(int field)
{
	for (int i = 0; i < 30; i++)
		press(KEYCODE_UP);
	for (int i = 0; i < field; i++)
		press(KEYCODE_DOWN);
}

static void type(const char *ascii)
{
	for (; *ascii; ascii++)
		assert_int_equal(press((unsigned char)*ascii), FORM_OPEN);
}

static void put(int field, const char *ascii)
{
	go_to(field);
	press(KEYCODE_CTRL_U);
	type(ascii);
}

static void assert_value(const char *name, const char *text)
{
	assert_string_equal(options_text(form_options(form), name), text);
}

static void assert_screen(int rows, int columns, enum charset charset, const char *expected)
{
	struct canvas c = canvas_of(rows, columns, charset);

	form_paint(form, &c, (struct rect){ 0, 0, rows, columns });
	assert_painted(&c, expected);
	canvas_free(&c);
}

static void test_untouched_form_applies_nothing(void **state)
{
	(void)state;
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	for (unsigned i = 0; i < options.count; i++) {
		assert_string_equal(form_options(form)->value[i].text, options.value[i].text);
		assert_false(form_options(form)->value[i].is_given);
	}
}

static void test_typing_and_apply(void **state)
{
	(void)state;
	put(PAYLOAD, "16K");
	put(WARMUP, "500ms");
	put(HOST, "::1");
	put(CPUS, "0");
	put(RATE, "50k");
	assert_value("payload", "64"); /* not before Apply */
	assert_int_equal(press(KEYCODE_CTRL_S), FORM_APPLY);
	assert_int_equal(options_number(form_options(form), "payload"), 16384);
	assert_int_equal(options_number(form_options(form), "warmup"), 500000000);
	assert_int_equal(options_number(form_options(form), "rate"), 50000);
	assert_value("host", "::1");
	assert_value("cpus", "0");
	assert_true(options_is_given(form_options(form), "payload"));
	assert_false(options_is_given(form_options(form), "wait"));
	/* the caller's are the caller's */
	assert_string_equal(options_text(&options, "payload"), "64");
}

static void test_bad_values_stop_apply_at_the_first(void **state)
{
	static const struct {
		int field;
		const char *text, *good;
	} cases[] = { { PAYLOAD, "70000", "1400" }, { PAYLOAD, "12q", "12" }, { CPUS, "x", "0-1" }, { WARMUP, "2h", "1h" },
		{ WARMUP, "soon", "0" }, { RATE, "0", "1" }, { RATE, "1000001", "1000000" }, { RATE, "-3", "" } };
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(NULL);
		put(cases[i].field, cases[i].text);
		put(HOST, "changed");
		go_to(APPLY);
		assert_int_equal(press(KEYCODE_ENTER), FORM_OPEN);
		assert_value("host", ""); /* whole or not at all */
		press(KEYCODE_CTRL_U);    /* the focus went to the bad one */
		type(cases[i].good);
		if (press(KEYCODE_F10) != FORM_APPLY)
			fail_msg("%s is still refused", cases[i].good);
		assert_value("host", "changed");
		teardown(NULL);
	}
	setup(NULL);
}

/* Emptied, a field that needs a value has its default again when it is left. */
static void test_an_emptied_field_is_no_error(void **state)
{
	(void)state;
	put(PAYLOAD, "1400");
	press(KEYCODE_CTRL_U);
	press(KEYCODE_DOWN);
	assert_screen(14, 60, CHARSET_BRAILLE,
		"─ set-up ───────────────────────────────────────────────────\n"
		" method     ‹ default ›\n"
		" payload    64\n"
		">wait       ‹ block ›\n"
		" verbatim   ‹ no ›\n"
		" cpus       default\n"
		" warmup     1s\n"
		" rate       default\n"
		" host       default\n"
		" sleep or spin\n"
		"\n"
		" [ Apply ] [ Cancel ]\n"
		" F10 Apply  Esc Cancel  ←→ Choose  Del Default  ^U Clear\n"
		"\n");
	put(PAYLOAD, "");
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("payload", "64");
	assert_false(options_is_given(form_options(form), "payload"));
}

/* The options from there on stand in front, and what is typed finds them. */
static void test_some_fields_lead(void **state)
{
	(void)state;
	form_lead(form, 7); /* rate */
	go_to(0);
	type("5k");
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_int_equal(options_number(form_options(form), "rate"), 5000);
}

/* A message about a value goes to its field, and so does the focus. */
static void test_a_refused_value_has_the_focus(void **state)
{
	(void)state;
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	form_refuse(form, "--host nowhere: there is no such host");
	press(KEYCODE_CTRL_U);
	type("::1");
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("host", "::1");
	form_refuse(form, "nobody knows why");
	press(KEYCODE_CTRL_U);
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("host", "");
}

static void test_choices_and_flags(void **state)
{
	(void)state;
	go_to(WAIT);
	press(KEYCODE_RIGHT);
	go_to(VERBATIM);
	press(' ');
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("wait", "spin");
	assert_int_equal(options_number(form_options(form), "verbatim"), 1);
	go_to(WAIT);
	press(KEYCODE_RIGHT); /* round to the first */
	go_to(VERBATIM);
	press('n');
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("wait", "block");
	assert_int_equal(options_number(form_options(form), "verbatim"), 0);
	go_to(WAIT);
	press('s');
	press(KEYCODE_BACKSPACE); /* nothing to delete in a choice */
	press(KEYCODE_CTRL_U);
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("wait", "spin");
}

static void test_method_steps_over_all_and_refuses_the_greyed(void **state)
{
	static const char *const order[] = { "single", "mmsg", "uring", "", "single" };
	(void)state;

	go_to(METHOD);
	for (size_t i = 0; i < 5; i++) {
		go_to(METHOD);
		press(KEYCODE_RIGHT);
		if (i == 2) {
			struct canvas c = canvas_of(12, 60, CHARSET_BRAILLE);

			form_paint(form, &c, (struct rect){ 0, 0, 12, 60 });
			char *text = canvas_to_text(&c);
			assert_non_null(strstr(text, "does not run here: io_uring is off"));
			free(text);
			canvas_free(&c);
			assert_int_equal(press(KEYCODE_F10), FORM_OPEN);
			continue;
		}
		assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
		assert_value("method", order[i]);
	}
	press(KEYCODE_LEFT);
	press(KEYCODE_LEFT);
	assert_int_equal(press(KEYCODE_F10), FORM_OPEN); /* back on uring */
	press('m');
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("method", "mmsg");
}

static void test_delete_goes_back_to_the_default(void **state)
{
	(void)state;
	put(PAYLOAD, "1400");
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_true(options_is_given(form_options(form), "payload"));
	go_to(PAYLOAD);
	press(KEYCODE_DELETE);
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("payload", "64");
	assert_false(options_is_given(form_options(form), "payload"));
	press(KEYCODE_DELETE); /* then typed over: given again */
	press(KEYCODE_BACKSPACE);
	type("5");
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("payload", "65");
	assert_true(options_is_given(form_options(form), "payload"));
}

static void test_editing_keeps_code_points_whole(void **state)
{
	(void)state;
	go_to(HOST);
	press(0xe9);    /* é */
	press(0x20ac);  /* € */
	press(0x1f600); /* four bytes */
	press('z');
	press(KEYCODE_LEFT);
	press(KEYCODE_LEFT);
	press(KEYCODE_BACKSPACE);
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("host", "é\xf0\x9f\x98\x80z");
	press(KEYCODE_HOME);
	press('a');
	press(KEYCODE_END);
	press('b');
	press(KEYCODE_RIGHT);
	press('c');
	press(0xd800); /* no character */
	press(0x85);   /* a control character */
	press(1);
	press(KEYCODE_F5); /* no key of the form */
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("host", "aé\xf0\x9f\x98\x80zbc");
	for (int i = 0; i < 20; i++)
		press(KEYCODE_BACKSPACE);
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("host", "");
}

static void test_text_has_an_end(void **state)
{
	(void)state;
	go_to(HOST);
	for (int i = 0; i < 10000; i++)
		press(0x20ac);
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_int_equal(strlen(options_text(form_options(form), "host")) % 3, 0);
	struct canvas c = canvas_of(10, 40, CHARSET_BRAILLE);
	form_paint(form, &c, (struct rect){ 0, 0, 10, 40 });
	canvas_free(&c);
}

static void test_cancel_and_buttons(void **state)
{
	(void)state;
	assert_int_equal(press(KEYCODE_ESCAPE), FORM_CANCEL);
	go_to(CANCEL);
	assert_int_equal(press(KEYCODE_ENTER), FORM_CANCEL);
	press(KEYCODE_LEFT);
	assert_int_equal(press(KEYCODE_ENTER), FORM_APPLY);
	press(KEYCODE_RIGHT);
	assert_int_equal(press(' '), FORM_CANCEL);
	press(KEYCODE_TAB); /* round to the first field */
	press(KEYCODE_RIGHT);
	press(KEYCODE_SHIFT_TAB);
	press(KEYCODE_SHIFT_TAB);
	assert_int_equal(press(KEYCODE_ENTER), FORM_APPLY);
	assert_value("method", "single");
	go_to(PAYLOAD);
	assert_int_equal(press(KEYCODE_ENTER), FORM_OPEN); /* a field: on to the next */
	press(' ');
	assert_int_equal(press(KEYCODE_F10), FORM_APPLY);
	assert_value("wait", "spin");
}

static void test_painted_whole(void **state)
{
	(void)state;
	put(PAYLOAD, "70000");
	go_to(WAIT);
	press(KEYCODE_RIGHT);
	assert_screen(14, 60, CHARSET_BRAILLE,
		"─ set-up ───────────────────────────────────────────────────\n"
		" method     ‹ default ›\n"
		" payload  * 70000                          ! out of range…\n"
		">wait     * ‹ spin ›\n"
		" verbatim   ‹ no ›\n"
		" cpus       default\n"
		" warmup     1s\n"
		" rate       default\n"
		" host       default\n"
		" sleep or spin\n"
		"\n"
		" [ Apply ] [ Cancel ]  1 to correct\n"
		" F10 Apply  Esc Cancel  ←→ Choose  Del Default  ^U Clear\n"
		"\n");
	go_to(PAYLOAD);
	press(KEYCODE_DELETE);
	assert_screen(14, 60, CHARSET_ASCII,
		"- set-up ---------------------------------------------------\n"
		" method     < default >\n"
		">payload    64\n"
		" wait     * < spin >\n"
		" verbatim   < no >\n"
		" cpus       default\n"
		" warmup     1s\n"
		" rate       default\n"
		" host       default\n"
		" 0..65479 bytes . bytes after the header\n"
		"\n"
		" [ Apply ] [ Cancel ]  1 changed\n"
		" F10 Apply  Esc Cancel  <> Choose  Del Default  ^U Clear\n"
		"\n");
}

static void test_painted_small_scrolls(void **state)
{
	(void)state;
	put(RATE, "0");
	assert_screen(10, 40, CHARSET_BRAILLE,
		"─ set-up ──────────────────── 3-7 of 8 ─\n"
		" wait       ‹ block ›\n"
		" verbatim   ‹ no ›\n"
		" cpus       default\n"
		" warmup     1s\n"
		">rate     * 0\n"
		" out of range 1..1000000\n"
		" 1..1000000 · packets/s in all\n"
		" [ Apply ] [ Cancel ]  1 to correct\n"
		" F10 Apply  Esc Cancel  ←→ Choose\n");
	go_to(METHOD);
	press(KEYCODE_PAGE_DOWN); /* the shown value less one */
	assert_screen(4, 24, CHARSET_BRAILLE,
		"─ set-up ──── 4-5 of 8 ─\n"
		" verbatim   ‹ no ›\n"
		">cpus\n"
		" [ Apply ] [ Cancel ]\n");
}

static void test_styles(void **state)
{
	(void)state;
	struct canvas c = canvas_of(14, 60, CHARSET_BRAILLE);

	put(PAYLOAD, "70000");
	put(WARMUP, "2s");
	form_paint(form, &c, (struct rect){ 0, 0, 14, 60 });
	assert_int_equal(style_at(&c, 2, 12), STYLE_FIELD_BAD);
	assert_int_equal(style_at(&c, 2, 43), STYLE_BAD);
	assert_int_equal(style_at(&c, 6, 12), STYLE_FIELD_CHANGED);
	assert_int_equal(style_at(&c, 6, 14), STYLE_CURSOR); /* after the text */
	assert_int_equal(style_at(&c, 7, 12), STYLE_FIELD);
	go_to(APPLY);
	form_paint(form, &c, (struct rect){ 0, 0, 14, 60 });
	assert_int_equal(style_at(&c, 11, 1), STYLE_SELECTED);
	assert_int_equal(style_at(&c, 11, 12), STYLE_STRONG);
	canvas_free(&c);
}

static void test_long_text_scrolls_with_its_cursor(void **state)
{
	(void)state;
	put(HOST, "abcdefghijklmnopqrstuvwxyz0123456789");
	struct canvas c = canvas_of(14, 40, CHARSET_BRAILLE);
	form_paint(form, &c, (struct rect){ 0, 0, 14, 40 });
	assert_string_equal(canvas_cell(&c, 8, 37)->glyph, "9");
	assert_int_equal(style_at(&c, 8, 38), STYLE_CURSOR);
	press(KEYCODE_HOME);
	form_paint(form, &c, (struct rect){ 0, 0, 14, 40 });
	assert_string_equal(canvas_cell(&c, 8, 12)->glyph, "a");
	assert_int_equal(style_at(&c, 8, 12), STYLE_CURSOR);
	canvas_free(&c);
}

static void test_mouse(void **state)
{
	(void)state;
	struct canvas c = canvas_of(14, 60, CHARSET_BRAILLE);

	form_paint(form, &c, (struct rect){ 0, 0, 14, 60 });
	assert_int_equal(form_click(form, 2, 3), FORM_OPEN); /* payload's name */
	type("0");
	assert_int_equal(form_click(form, 2, 12), FORM_OPEN); /* before its first digit */
	type("1");
	assert_int_equal(form_click(form, 3, 14), FORM_OPEN);
	assert_int_equal(form_click(form, 3, 14), FORM_OPEN); /* again: the choice steps */
	assert_int_equal(form_click(form, 13, 59), FORM_OPEN);
	assert_int_equal(form_click(form, -1, -1), FORM_OPEN);
	assert_int_equal(form_click(form, 11, 12), FORM_CANCEL);
	assert_int_equal(form_click(form, 11, 5), FORM_APPLY);
	assert_value("payload", "1640");
	assert_value("wait", "spin");
	canvas_free(&c);
}

static void test_no_fields_no_methods(void **state)
{
	static const struct option_def none[] = { { 0 } };
	struct options empty;
	(void)state;

	assert_int_equal(options_init_table(&empty, none, NULL), 0);
	struct form *f = form_new("", &empty, NULL, NULL);
	struct canvas c = canvas_of(6, 30, CHARSET_BRAILLE);
	form_paint(f, &c, (struct rect){ 0, 0, 6, 30 });
	form_key(f, 'x');
	form_key(f, KEYCODE_LEFT);
	assert_int_equal(form_key(f, KEYCODE_ENTER), FORM_APPLY);
	form_free(f);
	form_free(NULL);
	options_free(&empty);
	canvas_free(&c);
}

#define IN_FORM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FORM(test_untouched_form_applies_nothing),
		IN_FORM(test_typing_and_apply),
		IN_FORM(test_an_emptied_field_is_no_error),
		IN_FORM(test_some_fields_lead),
		IN_FORM(test_a_refused_value_has_the_focus),
		IN_FORM(test_choices_and_flags),
		IN_FORM(test_method_steps_over_all_and_refuses_the_greyed),
		IN_FORM(test_delete_goes_back_to_the_default),
		IN_FORM(test_editing_keeps_code_points_whole),
		IN_FORM(test_text_has_an_end),
		IN_FORM(test_cancel_and_buttons),
		IN_FORM(test_painted_whole),
		IN_FORM(test_painted_small_scrolls),
		IN_FORM(test_styles),
		IN_FORM(test_long_text_scrolls_with_its_cursor),
		IN_FORM(test_mouse),
		cmocka_unit_test_teardown(test_bad_values_stop_apply_at_the_first, teardown),
		cmocka_unit_test(test_no_fields_no_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
