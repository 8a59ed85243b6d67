/* The themes.  True colours are written out; the 256-colour index is the nearest cell of the
 * 6x6x6 cube or the grey ramp, worked out here by the compiler; the eight colours are chosen by
 * hand, because nearness means little there.
 *
 * dark, light: for a terminal's own background of that kind.  mono: attributes only.  safe:
 * colours after Okabe & Ito, "Color Universal Design" (2008), blue against orange, never red
 * against green; it paints its own background, so that it reads the same everywhere.  Heat ramps
 * rise or fall in lightness all the way. */
#include "ui/canvas/theme.h"

#include <string.h>

/* Cube levels are 0 95 135 175 215 255: the nearest to v. */
#define CUBE(v)      ((v) < 48 ? 0 : (v) < 115 ? 1 : ((v)-35) / 40)
#define RED(rgb)     (((rgb) >> 16) & 0xff)
#define GREEN(rgb)   (((rgb) >> 8) & 0xff)
#define BLUE(rgb)    ((rgb)&0xff)
#define IS_GREY(rgb) (RED(rgb) == GREEN(rgb) && GREEN(rgb) == BLUE(rgb) && RED(rgb) >= 8 && RED(rgb) <= 238)
#define TO_CUBE(rgb) (16 + 36 * CUBE(RED(rgb)) + 6 * CUBE(GREEN(rgb)) + CUBE(BLUE(rgb)))
#define TO_256(rgb)  (uint8_t)(IS_GREY(rgb) ? 232 + (RED(rgb) - 8 + 5) / 10 : TO_CUBE(rgb))

enum { BLACK, DARK_RED, DARK_GREEN, BROWN, NAVY, MAGENTA, CYAN, GREY };

#define OWN(attr)                            \
	{                                    \
		-1, -1, 0, 0, -1, -1, (attr) \
	}
#define FG(rgb, eight, attr)                                   \
	{                                                      \
		(rgb), -1, TO_256(rgb), 0, (eight), -1, (attr) \
	}
#define ON(rgb, eight, back, back_eight, attr)                                          \
	{                                                                               \
		(rgb), (back), TO_256(rgb), TO_256(back), (eight), (back_eight), (attr) \
	}

static const struct theme dark = {
	.name = "dark",
	.summary = "for dark terminals",
	.look = {
		[STYLE_TEXT] = OWN(0),
		[STYLE_DIM] = FG(0x949494, GREY, 0),
		[STYLE_STRONG] = OWN(ATTR_BOLD),
		[STYLE_TITLE] = FG(0x87d7ff, CYAN, ATTR_BOLD),
		[STYLE_FRAME] = FG(0x6c7a89, CYAN, 0),
		[STYLE_KEY] = FG(0xffd75f, BROWN, ATTR_BOLD),
		[STYLE_KEY_LABEL] = FG(0xbcbcbc, GREY, 0),
		[STYLE_TAB] = FG(0xd0d0d0, GREY, ATTR_BOLD),
		[STYLE_TAB_CURRENT] = ON(0x080808, BLACK, 0x87d7ff, CYAN, 0),
		[STYLE_TAB_GREYED] = FG(0x808080, GREY, 0),
		[STYLE_SELECTED] = ON(0xffffff, GREY, 0x005f87, NAVY, ATTR_BOLD),
		[STYLE_SERVER] = FG(0x87afff, CYAN, 0),
		[STYLE_CLIENT] = FG(0xffaf87, BROWN, 0),
		[STYLE_SUM] = OWN(ATTR_BOLD),
		[STYLE_GOOD] = FG(0x5fd75f, DARK_GREEN, 0),
		[STYLE_WARNING] = FG(0xffd75f, BROWN, 0),
		[STYLE_BAD] = FG(0xff6b6b, DARK_RED, ATTR_BOLD),
		[STYLE_BETTER] = FG(0x5fd75f, DARK_GREEN, ATTR_BOLD),
		[STYLE_WORSE] = FG(0xff8787, DARK_RED, ATTR_BOLD),
		[STYLE_SAME] = FG(0x9e9e9e, GREY, 0),
		[STYLE_CHART] = FG(0x5fd7af, CYAN, 0),
		[STYLE_CHART_BASE] = FG(0xffaf00, BROWN, ATTR_BOLD),
		[STYLE_CHART_MARK] = FG(0xff87d7, MAGENTA, 0),
		[STYLE_CURSOR] = ON(0x080808, BLACK, 0xffd75f, BROWN, 0),
		[STYLE_BAR] = FG(0x5fd7af, CYAN, 0),
		[STYLE_AXIS] = FG(0x949494, GREY, 0),
		[STYLE_TOAST] = ON(0x080808, BLACK, 0xafd787, DARK_GREEN, 0),
		[STYLE_RECORD] = FG(0xff5f5f, DARK_RED, ATTR_BOLD),
		[STYLE_FROZEN] = ON(0x080808, BLACK, 0x5fafff, CYAN, 0),
		[STYLE_FIELD] = ON(0xe4e4e4, GREY, 0x303030, NAVY, 0),
		[STYLE_FIELD_BAD] = ON(0xffffff, GREY, 0xaf0000, DARK_RED, ATTR_BOLD),
		[STYLE_FIELD_CHANGED] = ON(0xffd75f, BROWN, 0x303030, NAVY, ATTR_BOLD),
		[STYLE_HEAT_0] = OWN(0),
		[STYLE_HEAT_1] = FG(0x8a94ff, CYAN, 0),
		[STYLE_HEAT_2] = FG(0x7fb4ff, CYAN, 0),
		[STYLE_HEAT_3] = FG(0x66cfe0, CYAN, 0),
		[STYLE_HEAT_4] = FG(0x87e8a8, CYAN, 0),
		[STYLE_HEAT_5] = FG(0xa8ec78, BROWN, 0),
		[STYLE_HEAT_6] = FG(0xe8ee60, BROWN, 0),
		[STYLE_HEAT_7] = FG(0xfffbc0, GREY, ATTR_BOLD),
	},
};

/* Only black, red, blue and magenta of the eight colours can be read on white. */
static const struct theme light = {
	.name = "light",
	.summary = "for light terminals",
	.light = true,
	.look = {
		[STYLE_TEXT] = OWN(0),
		[STYLE_DIM] = FG(0x606060, BLACK, 0),
		[STYLE_STRONG] = OWN(ATTR_BOLD),
		[STYLE_TITLE] = FG(0x005f87, NAVY, ATTR_BOLD),
		[STYLE_FRAME] = FG(0x7a8691, NAVY, 0),
		[STYLE_KEY] = FG(0x870087, MAGENTA, ATTR_BOLD),
		[STYLE_KEY_LABEL] = FG(0x444444, BLACK, 0),
		[STYLE_TAB] = FG(0x303030, BLACK, ATTR_BOLD),
		[STYLE_TAB_CURRENT] = ON(0xffffff, GREY, 0x005f87, NAVY, ATTR_BOLD),
		[STYLE_TAB_GREYED] = FG(0x767676, BLACK, 0),
		[STYLE_SELECTED] = ON(0x080808, BLACK, 0xafd7ff, CYAN, 0),
		[STYLE_SERVER] = FG(0x005faf, NAVY, 0),
		[STYLE_CLIENT] = FG(0x875f00, MAGENTA, 0),
		[STYLE_SUM] = OWN(ATTR_BOLD),
		[STYLE_GOOD] = FG(0x006f00, NAVY, 0),
		[STYLE_WARNING] = FG(0x8a5a00, MAGENTA, ATTR_BOLD),
		[STYLE_BAD] = FG(0xaf0000, DARK_RED, ATTR_BOLD),
		[STYLE_BETTER] = FG(0x006f00, NAVY, ATTR_BOLD),
		[STYLE_WORSE] = FG(0xaf0000, DARK_RED, ATTR_BOLD),
		[STYLE_SAME] = FG(0x585858, BLACK, 0),
		[STYLE_CHART] = FG(0x006f7f, NAVY, 0),
		[STYLE_CHART_BASE] = FG(0xaf5f00, DARK_RED, ATTR_BOLD),
		[STYLE_CHART_MARK] = FG(0x87005f, MAGENTA, 0),
		[STYLE_CURSOR] = ON(0x080808, BLACK, 0xffd75f, BROWN, 0),
		[STYLE_BAR] = FG(0x006f7f, NAVY, 0),
		[STYLE_AXIS] = FG(0x606060, BLACK, 0),
		[STYLE_TOAST] = ON(0x080808, BLACK, 0xafd787, DARK_GREEN, 0),
		[STYLE_RECORD] = FG(0xd70000, DARK_RED, ATTR_BOLD),
		[STYLE_FROZEN] = ON(0xffffff, GREY, 0x005faf, NAVY, ATTR_BOLD),
		[STYLE_FIELD] = ON(0x080808, BLACK, 0xdadada, CYAN, 0),
		[STYLE_FIELD_BAD] = ON(0xffffff, GREY, 0xaf0000, DARK_RED, ATTR_BOLD),
		[STYLE_FIELD_CHANGED] = ON(0x870087, NAVY, 0xdadada, CYAN, 0),
		[STYLE_HEAT_0] = OWN(0),
		[STYLE_HEAT_1] = FG(0x3f7f9f, MAGENTA, 0),
		[STYLE_HEAT_2] = FG(0x2f6f9f, MAGENTA, 0),
		[STYLE_HEAT_3] = FG(0x2f5fa0, NAVY, 0),
		[STYLE_HEAT_4] = FG(0x2f45a0, NAVY, 0),
		[STYLE_HEAT_5] = FG(0x402a90, NAVY, 0),
		[STYLE_HEAT_6] = FG(0x46106a, BLACK, 0),
		[STYLE_HEAT_7] = FG(0x200828, BLACK, ATTR_BOLD),
	},
};

static const struct theme mono = {
	.name = "mono",
	.summary = "no colours, only bold and reverse",
	.look = {
		[STYLE_TEXT] = OWN(0),
		[STYLE_DIM] = OWN(ATTR_DIM),
		[STYLE_STRONG] = OWN(ATTR_BOLD),
		[STYLE_TITLE] = OWN(ATTR_BOLD),
		[STYLE_FRAME] = OWN(ATTR_DIM),
		[STYLE_KEY] = OWN(ATTR_BOLD),
		[STYLE_KEY_LABEL] = OWN(0),
		[STYLE_TAB] = OWN(0),
		[STYLE_TAB_CURRENT] = OWN(ATTR_REVERSE),
		[STYLE_TAB_GREYED] = OWN(ATTR_DIM),
		[STYLE_SELECTED] = OWN(ATTR_REVERSE),
		[STYLE_SERVER] = OWN(0),
		[STYLE_CLIENT] = OWN(0),
		[STYLE_SUM] = OWN(ATTR_BOLD),
		[STYLE_GOOD] = OWN(0),
		[STYLE_WARNING] = OWN(ATTR_BOLD),
		[STYLE_BAD] = OWN(ATTR_BOLD | ATTR_UNDERLINE),
		[STYLE_BETTER] = OWN(ATTR_BOLD),
		[STYLE_WORSE] = OWN(ATTR_BOLD | ATTR_UNDERLINE),
		[STYLE_SAME] = OWN(0),
		[STYLE_CHART] = OWN(0),
		[STYLE_CHART_BASE] = OWN(ATTR_BOLD),
		[STYLE_CHART_MARK] = OWN(ATTR_BOLD),
		[STYLE_CURSOR] = OWN(ATTR_REVERSE),
		[STYLE_BAR] = OWN(0),
		[STYLE_AXIS] = OWN(0),
		[STYLE_TOAST] = OWN(ATTR_REVERSE),
		[STYLE_RECORD] = OWN(ATTR_BOLD),
		[STYLE_FROZEN] = OWN(ATTR_REVERSE | ATTR_BOLD),
		[STYLE_FIELD] = OWN(ATTR_UNDERLINE),
		[STYLE_FIELD_BAD] = OWN(ATTR_REVERSE),
		[STYLE_FIELD_CHANGED] = OWN(ATTR_UNDERLINE | ATTR_BOLD),
		[STYLE_HEAT_0] = OWN(0),
		[STYLE_HEAT_1] = OWN(ATTR_DIM),
		[STYLE_HEAT_2] = OWN(0),
		[STYLE_HEAT_3] = OWN(0),
		[STYLE_HEAT_4] = OWN(0),
		[STYLE_HEAT_5] = OWN(0),
		[STYLE_HEAT_6] = OWN(ATTR_BOLD),
		[STYLE_HEAT_7] = OWN(ATTR_BOLD),
	},
};

#define PAPER                  0x121212
#define SAFE(rgb, eight, attr) ON(rgb, eight, PAPER, BLACK, attr)

static const struct theme safe = {
	.name = "safe",
	.summary = "colour-blind safe: blue and orange on black",
	.look = {
		[STYLE_TEXT] = SAFE(0xe4e4e4, GREY, 0),
		[STYLE_DIM] = SAFE(0x9e9e9e, GREY, 0),
		[STYLE_STRONG] = SAFE(0xffffff, GREY, ATTR_BOLD),
		[STYLE_TITLE] = SAFE(0x56b4e9, CYAN, ATTR_BOLD),
		[STYLE_FRAME] = SAFE(0x767676, GREY, 0),
		[STYLE_KEY] = SAFE(0xf0e442, BROWN, ATTR_BOLD),
		[STYLE_KEY_LABEL] = SAFE(0xbcbcbc, GREY, 0),
		[STYLE_TAB] = SAFE(0xd0d0d0, GREY, ATTR_BOLD),
		[STYLE_TAB_CURRENT] = ON(0x080808, BLACK, 0x56b4e9, CYAN, 0),
		[STYLE_TAB_GREYED] = SAFE(0x808080, GREY, 0),
		[STYLE_SELECTED] = ON(0xffffff, GREY, 0x005a8f, NAVY, ATTR_BOLD),
		[STYLE_SERVER] = SAFE(0x56b4e9, CYAN, 0),
		[STYLE_CLIENT] = SAFE(0xe69f00, BROWN, 0),
		[STYLE_SUM] = SAFE(0xffffff, GREY, ATTR_BOLD),
		[STYLE_GOOD] = SAFE(0x56b4e9, CYAN, 0),
		[STYLE_WARNING] = SAFE(0xf0e442, BROWN, 0),
		[STYLE_BAD] = SAFE(0xe69f00, BROWN, ATTR_BOLD),
		[STYLE_BETTER] = SAFE(0x56b4e9, CYAN, ATTR_BOLD),
		[STYLE_WORSE] = SAFE(0xe69f00, BROWN, ATTR_BOLD),
		[STYLE_SAME] = SAFE(0xa8a8a8, GREY, 0),
		[STYLE_CHART] = SAFE(0x56b4e9, CYAN, 0),
		[STYLE_CHART_BASE] = SAFE(0xe69f00, BROWN, ATTR_BOLD),
		[STYLE_CHART_MARK] = SAFE(0xf0e442, GREY, ATTR_BOLD),
		[STYLE_CURSOR] = ON(0x080808, BLACK, 0xf0e442, BROWN, 0),
		[STYLE_BAR] = SAFE(0x56b4e9, CYAN, 0),
		[STYLE_AXIS] = SAFE(0x9e9e9e, GREY, 0),
		[STYLE_TOAST] = ON(0x080808, BLACK, 0x56b4e9, CYAN, 0),
		[STYLE_RECORD] = SAFE(0xe69f00, BROWN, ATTR_BOLD),
		[STYLE_FROZEN] = ON(0x080808, BLACK, 0xf0e442, BROWN, 0),
		[STYLE_FIELD] = ON(0xe4e4e4, GREY, 0x3a3a3a, NAVY, 0),
		[STYLE_FIELD_BAD] = ON(0x080808, BLACK, 0xe69f00, BROWN, 0),
		[STYLE_FIELD_CHANGED] = ON(0xf0e442, BROWN, 0x3a3a3a, NAVY, ATTR_BOLD),
		[STYLE_HEAT_0] = SAFE(0xe4e4e4, GREY, 0),
		[STYLE_HEAT_1] = SAFE(0x7d97cc, CYAN, 0),
		[STYLE_HEAT_2] = SAFE(0x8ba3c4, CYAN, 0),
		[STYLE_HEAT_3] = SAFE(0x9fb0b8, CYAN, 0),
		[STYLE_HEAT_4] = SAFE(0xb4b8a4, CYAN, 0),
		[STYLE_HEAT_5] = SAFE(0xd2c07a, BROWN, 0),
		[STYLE_HEAT_6] = SAFE(0xebd55a, BROWN, 0),
		[STYLE_HEAT_7] = SAFE(0xfff07a, GREY, ATTR_BOLD),
	},
};

const struct theme *const themes[] = { &dark, &light, &mono, &safe, NULL };

const struct theme *theme_find(const char *name)
{
	if (!name)
		return themes[0];
	for (const struct theme *const *t = themes; *t; t++)
		if (strcmp((*t)->name, name) == 0)
			return *t;
	return NULL;
}

const struct theme *theme_next(const struct theme *t)
{
	for (const struct theme *const *at = themes; *at; at++)
		if (*at == t && at[1])
			return at[1];
	return themes[0];
}
