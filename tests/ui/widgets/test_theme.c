/* Every theme has a look for every style, one that can be read, in every depth of colour. */
#include "painted.h"

#include <math.h>

#include "ui/canvas/theme.h"
#include "../../support/asserts.h"

static double linear(double v)
{
	v /= 255;
	return v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* Relative luminance and contrast as WCAG 2 defines them. */
static double luminance(int32_t rgb)
{
	return 0.2126 * linear(rgb >> 16 & 255) + 0.7152 * linear(rgb >> 8 & 255) + 0.0722 * linear(rgb & 255);
}

static double contrast(int32_t a, int32_t b)
{
	double x = luminance(a), y = luminance(b);

	return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

static int32_t from_256(int i)
{
	static const int level[] = { 0, 95, 135, 175, 215, 255 };

	if (i >= 232)
		return (8 + (i - 232) * 10) * 0x010101;
	i -= 16;
	return level[i / 36] << 16 | level[i / 6 % 6] << 8 | level[i % 6];
}

/* xterm's */
static const int32_t eight[] = { 0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5 };

enum depth { TRUE_COLOUR, COLOURS_256, COLOURS_8, DEPTHS };

static int32_t foreground(const struct theme *t, enum style s, enum depth d)
{
	const struct look *l = &t->look[s];
	int32_t own = t->light ? 0x000000 : 0xe5e5e5;

	if (d == COLOURS_8)
		return l->foreground_8 < 0 ? own : eight[l->foreground_8];
	if (l->foreground < 0)
		return own;
	return d == TRUE_COLOUR ? l->foreground : from_256(l->foreground_256);
}

static int32_t background(const struct theme *t, enum style s, enum depth d)
{
	const struct look *l = &t->look[s];
	int32_t own = t->light ? 0xffffff : 0x1c1c1c; /* not quite black: the harder case */

	if (d == COLOURS_8)
		return l->background_8 < 0 ? (t->light ? 0xffffff : 0) : eight[l->background_8];
	if (l->background < 0)
		return own;
	return d == TRUE_COLOUR ? l->background : from_256(l->background_256);
}

static void test_names(void **state)
{
	static const char *const names[] = { "dark", "light", "mono", "safe" };
	const struct theme *t = theme_find(NULL);
	(void)state;

	for (size_t i = 0; i < 4; i++, t = theme_next(t)) {
		assert_string_equal(t->name, names[i]);
		assert_ptr_equal(theme_find(names[i]), t);
		assert_more(strlen(t->summary), 0);
	}
	assert_string_equal(t->name, "dark");
	assert_null(theme_find("Dark"));
	assert_null(theme_find(""));
}

static void check_contrast(const struct theme *t, enum style s, enum depth d)
{
	/* A frame and greyed text may be fainter than text that must be read; eight colours
	 * leave little choice. */
	bool faint = s == STYLE_FRAME || s == STYLE_TAB_GREYED || (s >= STYLE_HEAT_0 && s <= STYLE_HEAT_7) || d == COLOURS_8;
	double least = faint ? 3 : 4.5, is = contrast(foreground(t, s, d), background(t, s, d));

	if (is < least)
		fail_msg("theme %s, style %d, depth %d: contrast %.2f < %.1f (#%06x on #%06x)", t->name, (int)s, (int)d, is,
			least, (unsigned)foreground(t, s, d), (unsigned)background(t, s, d));
}

static void test_every_style_can_be_read(void **state)
{
	(void)state;
	for (const struct theme *const *t = themes; *t; t++)
		for (int s = 0; s < STYLES; s++)
			for (int d = 0; d < DEPTHS; d++)
				check_contrast(*t, (enum style)s, (enum depth)d);
}

/* The terminal's own colour is 0, another is none of the 16 that people set themselves. */
static void assert_256(int colour, int colour_256)
{
	if (colour < 0)
		assert_int_equal(colour_256, 0);
	else
		assert_at_least(colour_256, 16);
}

/* "Own" must mean the same in the three ways to say it. */
static void test_depths_agree_on_own(void **state)
{
	(void)state;
	for (const struct theme *const *t = themes; *t; t++)
		for (int s = 0; s < STYLES; s++) {
			const struct look *l = &(*t)->look[s];

			assert_int_equal(l->foreground < 0, l->foreground_8 < 0);
			assert_int_equal(l->background < 0, l->background_8 < 0);
			assert_256(l->foreground, l->foreground_256);
			assert_256(l->background, l->background_256);
		}
}

static void test_heat_is_monotone(void **state)
{
	(void)state;
	for (const struct theme *const *t = themes; *t; t++)
		for (int d = 0; d < DEPTHS; d++)
			for (enum style s = STYLE_HEAT_1; s < STYLE_HEAT_7; s++) {
				double a = luminance(foreground(*t, s, (enum depth)d)),
				       b = luminance(foreground(*t, s + 1, (enum depth)d));

				if ((*t)->light ? b > a : b < a)
					fail_msg("theme %s, depth %d: heat %d -> %d goes %.3f -> %.3f", (*t)->name, d,
						(int)(s - STYLE_HEAT_0), (int)(s + 1 - STYLE_HEAT_0), a, b);
			}
}

static void test_mono_has_no_colour(void **state)
{
	const struct theme *t = theme_find("mono");
	(void)state;

	for (int s = 0; s < STYLES; s++) {
		assert_int_equal(t->look[s].foreground, -1);
		assert_int_equal(t->look[s].background, -1);
	}
	assert_true(t->look[STYLE_SELECTED].attributes & ATTR_REVERSE);
	assert_true(t->look[STYLE_CURSOR].attributes & ATTR_REVERSE);
	assert_int_not_equal(t->look[STYLE_FIELD].attributes, t->look[STYLE_FIELD_BAD].attributes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_every_style_can_be_read),
		cmocka_unit_test(test_depths_agree_on_own),
		cmocka_unit_test(test_heat_is_monotone),
		cmocka_unit_test(test_mono_has_no_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
