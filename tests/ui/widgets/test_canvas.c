/* The canvas: text in, clipped and harmless; text out. */
#include "painted.h"

#include <limits.h>
#include <locale.h>
#include <wchar.h>

#include "base/text.h"
#include "ui/canvas/area.h"
#include "ui/canvas/glyph.h"
#include "../../support/asserts.h"

static void test_put_uses_columns_and_clips(void **state)
{
	(void)state;
	struct canvas c = canvas_of(2, 10, CHARSET_BRAILLE);

	assert_int_equal(canvas_put(&c, 0, 0, -1, STYLE_KEY, "µs · p99"), 8);
	assert_int_equal(canvas_put(&c, 1, 7, -1, STYLE_TEXT, "abcdef"), 3);
	assert_int_equal(canvas_put(&c, 1, 0, 2, STYLE_TEXT, "abcdef"), 2);
	/* the part left of the canvas counts, too */
	assert_int_equal(canvas_put(&c, 1, -2, 4, STYLE_TEXT, "xyzt"), 4);
	assert_int_equal(canvas_put(&c, 7, 0, -1, STYLE_TEXT, "row outside"), 10);
	assert_int_equal(canvas_put(&c, 0, 10, -1, STYLE_TEXT, "column outside"), 0);
	assert_int_equal(canvas_put(&c, 0, INT_MAX, -1, STYLE_TEXT, "far"), 0);
	canvas_put(&c, INT_MIN, INT_MIN, -1, STYLE_TEXT, "far");
	assert_painted(&c, "µs · p99\nzt     abc\n");
	assert_int_equal(style_at(&c, 0, 0), STYLE_KEY);
	assert_int_equal(style_at(&c, 0, 8), STYLE_TEXT);
	canvas_free(&c);
}

static void test_right_and_cut_never_shorten_silently(void **state)
{
	(void)state;
	struct canvas c = canvas_of(5, 8, CHARSET_BRAILLE);

	assert_int_equal(canvas_put_right(&c, 0, 0, 8, STYLE_TEXT, "812.4k"), 6);
	assert_int_equal(canvas_put_right(&c, 1, 0, 5, STYLE_TEXT, "812.4k"), 4);
	assert_int_equal(canvas_put_cut(&c, 2, 0, 6, STYLE_TEXT, "812.4k"), 6);
	assert_int_equal(canvas_put_cut(&c, 3, 2, 3, STYLE_TEXT, "812.4k"), 1); /* no digit */
	assert_int_equal(canvas_put_cut(&c, 4, 0, 0, STYLE_TEXT, "x"), 0);
	assert_int_equal(canvas_put_cut(&c, 4, 0, -5, STYLE_TEXT, "x"), 0);
	assert_int_equal(canvas_put_right(&c, 4, 0, -5, STYLE_TEXT, "x"), 0);
	assert_painted(&c, "  812.4k\n 812k\n812.4k\n  …\n\n");
	canvas_free(&c);
}

/* Words may be cut, a number is whole or not there. */
static void test_no_number_is_cut(void **state)
{
	(void)state;
	struct canvas c = canvas_of(4, 12, CHARSET_BRAILLE);

	assert_int_equal(canvas_put_cut(&c, 0, 0, 10, STYLE_TEXT, "burst: 1874"), 6);
	assert_int_equal(canvas_put(&c, 1, 0, 8, STYLE_TEXT, "lost 187 400"), 8);
	assert_int_equal(canvas_put(&c, 2, 2, -1, STYLE_TEXT, "at cpu1 cpu2"), 10);
	assert_int_equal(canvas_put_cut(&c, 3, 0, 8, STYLE_TEXT, "only words"), 5);
	assert_painted(&c, "burst…\nlost\n  at cpu1\nonly…\n");
	canvas_free(&c);
}

/* A text that is cut ends behind a word, and behind no dot that joins two parts; parts go whole. */
static void test_words_and_parts_are_whole(void **state)
{
	(void)state;
	struct canvas c = canvas_of(5, 30, CHARSET_BRAILLE);
	char text[] = "a 1 · b 2 · c 3";

	canvas_put_cut(&c, 0, 0, 16, STYLE_TEXT, "one two · three four");
	canvas_put_cut(&c, 1, 0, 12, STYLE_TEXT, "one two · three");
	canvas_put_cut(&c, 2, 0, 9, STYLE_TEXT, "a wonderfully long one");
	canvas_put_cut(&c, 3, 0, 25, STYLE_TEXT, "565.3k received, 0 lost, 0 unexplained");
	canvas_put_cut(&c, 4, 0, 28, STYLE_TEXT, "sent 2 994 000 = received 2 991 006");
	assert_painted(&c, "one two · three…\none two…\na wonder…\n565.3k received, 0 lost…\nsent 2 994 000 = received…\n");
	canvas_free(&c);
	area_shed(15, 1, text);
	assert_string_equal(text, "a 1 · b 2 · c 3");
	assert_int_equal(area_wrap_rows(9, text), 2);
	area_shed(9, 1, text);
	assert_string_equal(text, "a 1 · b 2");
	area_shed(1, 1, text);
	assert_string_equal(text, "a 1");
	assert_int_equal(area_wrap_rows(0, text), 0);
}

static void test_bytes_that_are_no_text_become_stand_ins(void **state)
{
	static const struct {
		const char *text, *shown;
		int width;
	} cases[] = {
		{ "a\x1b[31mb", "a␛[31mb", 7 },
		{ "\t\n\r\x7f", "␉␊␍␡", 4 },
		{ "\xc2\x9b"
		  "31m",
			"�31m", 4 },     /* CSI as one C1 character */
		{ "\xff\xfe", "��", 2 }, /* no UTF-8 at all */
		{ "\xc3", "�", 1 },      /* cut short by the end */
		{ "\xe2\x82", "��", 2 },
		{ "\xe2\x82x", "��x", 3 },
		{ "\xc0\xaf", "��", 2 }, /* overlong */
		{ "\xe0\x80\xaf", "���", 3 },
		{ "\xed\xa0\x80", "���", 3 },      /* a surrogate */
		{ "\xf4\x90\x80\x80", "����", 4 }, /* beyond U+10FFFF */
		{ "e\xcc\x81", "e�", 2 },          /* combining accent */
		{ "\xe6\xbc\xa2", "�", 1 },        /* two columns wide */
		{ "\xe2\x80\xae"
		  "abc",
			"�abc", 4 },        /* right-to-left override */
		{ "\xe2\x80\x8b", "�", 1 }, /* zero width */
		{ "\xf0\x9f\x98\x80", "�", 1 },
		{ "\xc2\xa0x", " x", 2 },
		{ "é ñ Σ ▲ ⣿", "é ñ Σ ▲ ⣿", 9 },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct canvas c = canvas_of(1, 12, CHARSET_BRAILLE);
		char expected[64];

		assert_int_equal(canvas_put(&c, 0, 0, -1, STYLE_TEXT, cases[i].text), cases[i].width);
		assert_int_equal(canvas_width(cases[i].text), cases[i].width);
		snprintf(expected, sizeof(expected), "%s\n", cases[i].shown);
		assert_painted(&c, expected);
		canvas_free(&c);
	}
}

static void test_ascii_has_only_ascii(void **state)
{
	(void)state;
	struct canvas c = canvas_of(2, 40, CHARSET_ASCII);

	canvas_put(&c, 0, 0, -1, STYLE_TEXT, "─│┌└├┤┼┄ ▲▼=≠≤± µΣ ● … ‹mmsg› ░▒▓█ ✓");
	canvas_fill(&c, (struct rect){ 1, 0, 1, 4 }, STYLE_TEXT, "─");
	canvas_put(&c, 1, 5, -1, STYLE_TEXT, "\x1b\xff漢⣿");
	assert_painted(&c, "-|+++++- ^v=!<~ uS * ~ <mmsg> .+## +\n---- ???:\n");
	canvas_free(&c);
}

static void test_every_glyph_that_gets_through_is_one_column(void **state)
{
	(void)state;
	/* The C library's table is newer or older than a terminal's; what we let through must be
	 * narrow in it, if it knows the character at all. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	for (uint32_t cp = 1; cp < 0x110000; cp++) {
		uint32_t shown = glyph_shown(cp, CHARSET_BRAILLE), plain = glyph_shown(cp, CHARSET_ASCII);

		if (plain >= 0x7f || (plain && plain <= 0x20))
			fail_msg("U+%04X is shown as U+%04X in ASCII", cp, plain);
		if (shown && (shown <= 0x20 || (shown >= 0x7f && shown < 0xa1)))
			fail_msg("U+%04X is shown as U+%04X", cp, shown);
		if (shown == cp && wcwidth((wchar_t)cp) != 1)
			fail_msg("U+%04X gets through, but is %d columns wide", cp, wcwidth((wchar_t)cp));
	}
	setlocale(LC_CTYPE, "C");
}

static void test_utf8_round_trip(void **state)
{
	(void)state;
	for (uint32_t cp = 1; cp < 0x110000; cp += cp < 0x3000 ? 1 : 37) {
		char bytes[5];
		uint32_t back;

		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		int n = glyph_encode(cp, bytes);
		assert_int_equal(text_decode(bytes, &back), n);
		assert_int_equal(back, cp);
		assert_int_equal(strlen(bytes), (size_t)n);
	}
}

static void test_rule(void **state)
{
	(void)state;
	struct canvas c = canvas_of(7, 40, CHARSET_BRAILLE);

	canvas_rule(&c, 0, 0, 40, "cores · rx", "S sort");
	canvas_rule(&c, 1, 0, 23, "cores · rx", "S sort");
	canvas_rule(&c, 2, 0, 24, "cores · rx", "S sort");
	canvas_rule(&c, 3, 0, 10, "cores · rx", NULL);
	canvas_rule(&c, 4, 0, 4, "cores", "note");
	canvas_rule(&c, 5, 0, 12, NULL, "note");
	canvas_rule(&c, 6, 0, 6, "", "");
	assert_painted(&c, "─ cores · rx ────────────────── S sort ─\n"
			   "─ cores · rx ──────────\n"
			   "─ cores · rx ── S sort ─\n"
			   "─ cores… ─\n"
			   "────\n"
			   "───── note ─\n"
			   "──────\n");
	assert_int_equal(style_at(&c, 0, 0), STYLE_FRAME);
	assert_int_equal(style_at(&c, 0, 2), STYLE_TITLE);
	assert_int_equal(style_at(&c, 0, 33), STYLE_DIM);
	canvas_free(&c);
}

static void test_fill_and_restyle_clip(void **state)
{
	(void)state;
	struct canvas c = canvas_of(3, 5, CHARSET_BRAILLE);

	canvas_fill(&c, (struct rect){ -1, -1, 3, 3 }, STYLE_BAD, "x");
	canvas_fill(&c, (struct rect){ 2, 3, INT_MAX, INT_MAX }, STYLE_BAD, "y");
	canvas_fill(&c, (struct rect){ 0, 0, -4, 3 }, STYLE_BAD, "z");
	canvas_fill(&c, (struct rect){ INT_MIN, INT_MIN, INT_MAX, INT_MAX }, STYLE_BAD, "z");
	canvas_restyle(&c, (struct rect){ 1, 0, 9, 1 }, STYLE_GOOD);
	assert_painted(&c, "xx\nxx\n   yy\n");
	assert_int_equal(style_at(&c, 0, 0), STYLE_BAD);
	assert_int_equal(style_at(&c, 2, 0), STYLE_GOOD);
	canvas_clear(&c);
	assert_painted(&c, "\n\n\n");
	canvas_free(&c);
}

static void test_resize(void **state)
{
	(void)state;
	struct canvas c = canvas_of(2, 2, CHARSET_BLOCK);

	canvas_put(&c, 0, 0, -1, STYLE_TEXT, "ab");
	assert_less(canvas_resize(&c, INT_MAX, INT_MAX), 0);
	assert_painted(&c, "ab\n\n"); /* untouched by the failure */
	assert_int_equal(canvas_resize(&c, 0, 7), 0);
	assert_null(canvas_cell(&c, 0, 0));
	canvas_put(&c, 0, 0, -1, STYLE_TEXT, "ab");
	canvas_fill(&c, (struct rect){ 0, 0, 9, 9 }, STYLE_TEXT, "x");
	canvas_rule(&c, 0, 0, 9, "t", "n");
	canvas_clear(&c);
	assert_painted(&c, "");
	assert_int_equal(canvas_resize(&c, -3, -3), 0);
	assert_painted(&c, "");
	assert_int_equal(c.charset, CHARSET_BLOCK);
	canvas_free(&c);
	canvas_free(&c);
}

static void test_printf(void **state)
{
	(void)state;
	struct canvas c = canvas_of(1, 12, CHARSET_BRAILLE);
	char big[3000];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(canvas_printf(&c, 0, 0, -1, STYLE_TEXT, "%d %s", 42, "µs"), 5);
	assert_painted(&c, "42 µs\n");
	assert_int_equal(canvas_printf(&c, 0, 0, -1, STYLE_TEXT, "%s", big), 12);
	canvas_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_uses_columns_and_clips),
		cmocka_unit_test(test_right_and_cut_never_shorten_silently),
		cmocka_unit_test(test_no_number_is_cut),
		cmocka_unit_test(test_words_and_parts_are_whole),
		cmocka_unit_test(test_bytes_that_are_no_text_become_stand_ins),
		cmocka_unit_test(test_ascii_has_only_ascii),
		cmocka_unit_test(test_every_glyph_that_gets_through_is_one_column),
		cmocka_unit_test(test_utf8_round_trip),
		cmocka_unit_test(test_rule),
		cmocka_unit_test(test_fill_and_restyle_clip),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_printf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
