/* What the terminal is sent.  See pen.h. */
#include "ui/terminal/pen.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

#undef columns /* term.h's short names of capabilities */
#undef lines

enum {
	OUT_BYTES = 16384,
	CELL_BYTES = 1024, /* more than one cell takes, with the way to it and what ends a frame */
	SEQUENCE_BYTES = 64,
	BRIDGE_BYTES = 3, /* cells that stay are sent again where that takes no more than a step */
	NOWHERE = -1,
};

/* What switches a style on. */
struct ink {
	char attributes[SEQUENCE_BYTES], foreground[SEQUENCE_BYTES], background[SEQUENCE_BYTES];
	unsigned bits; /* ATTR_* */
};

static const struct ink nothing_on;

static struct {
	char out[OUT_BYTES];
	size_t length;
	int colors;
	struct ink ink[STYLES];
	char plain[2 * SEQUENCE_BYTES]; /* switches everything off */
	bool ansi_moves, ansi_steps, scrolls;
	const struct ink *on; /* NULL: not known */
	int row, column;      /* of the cursor; NOWHERE: not known */
} pen;

/* ---- the terminal's description ---- */

/* "": it has no such capability. */
static const char *pen_capability(const char *name)
{
	const char *text = tigetstr((char *)(uintptr_t)name);

	return text && text != (const char *)-1 ? text : "";
}

static struct {
	char *out;
	size_t length, size;
} collected;

static int pen_collect(int byte)
{
	if (collected.length + 1 < collected.size)
		collected.out[collected.length++] = (char)byte;
	return byte;
}

/* Appends a capability, with the padding that the terminal wants. */
static void pen_expand(const char *text, char *out, size_t size)
{
	collected.out = out;
	collected.length = strlen(out);
	collected.size = size;
	if (text && *text)
		tputs(text, 1, pen_collect);
	out[collected.length] = '\0';
}

int pen_colors(void)
{
	int colors = tigetnum((char *)(uintptr_t) "colors");

	if (!*pen_capability("setaf") || !*pen_capability("setab") || !*pen_capability("op"))
		return 0;
	if (colors >= PEN_DIRECT_COLORS && tigetflag((char *)(uintptr_t) "RGB") > 0)
		return PEN_DIRECT_COLORS;
	return colors >= 256 ? 256 : colors >= 8 ? 8 : 0;
}

void pen_open(int colors)
{
	const char *off = pen_capability("sgr0");

	pen.colors = colors;
	pen.length = 0;
	pen.plain[0] = '\0';
	pen_expand(off, pen.plain, sizeof(pen.plain));
	/* Where attributes have a sequence of their own, colours stay. */
	if (colors && !strstr(off, "[m") && !strstr(off, "[0"))
		pen_expand(pen_capability("op"), pen.plain, sizeof(pen.plain));
	pen.ansi_moves = !strcmp(pen_capability("cup"), "\033[%i%p1%d;%p2%dH");
	pen.ansi_steps = !strcmp(pen_capability("cuf"), "\033[%p1%dC");
	pen.scrolls = tigetflag((char *)(uintptr_t) "am") > 0 && tigetflag((char *)(uintptr_t) "xenl") <= 0;
	pen_forget();
}

bool pen_scrolls(void)
{
	return pen.scrolls;
}

/* ---- inks ---- */

static const struct {
	unsigned bit;
	const char *name;
	int with_color; /* its bit among those that may not meet a colour (ncv) */
} pen_attributes[] = {
	{ ATTR_BOLD, "bold", 32 },
	{ ATTR_REVERSE, "rev", 4 },
	{ ATTR_UNDERLINE, "smul", 2 },
	{ ATTR_DIM, "dim", 16 },
};

static int pen_color(int32_t rgb, uint8_t of_256, int8_t of_8)
{
	/* 0..7 would mean the palette; 0x10 is as good as black */
	if (pen.colors == PEN_DIRECT_COLORS)
		return rgb < 0 ? -1 : rgb < 8 ? 16 : rgb;
	if (pen.colors == 256)
		return rgb < 0 ? -1 : of_256;
	return pen.colors ? of_8 : -1;
}

static void pen_mix_color(const char *name, int color, char out[SEQUENCE_BYTES])
{
	out[0] = '\0';
	if (color >= 0)
		pen_expand(tiparm(pen_capability(name), color), out, SEQUENCE_BYTES);
}

static void pen_mix(const struct look *look, struct ink *ink)
{
	int refused = tigetnum((char *)(uintptr_t) "ncv");

	*ink = (struct ink){ .bits = 0 };
	pen_mix_color("setaf", pen_color(look->foreground, look->foreground_256, look->foreground_8), ink->foreground);
	pen_mix_color("setab", pen_color(look->background, look->background_256, look->background_8), ink->background);
	bool colored = ink->foreground[0] || ink->background[0];
	for (size_t i = 0; i < sizeof(pen_attributes) / sizeof(pen_attributes[0]); i++) {
		const char *on = pen_capability(pen_attributes[i].name);

		if (!(look->attributes & pen_attributes[i].bit) || !*on || !pen.plain[0])
			continue;
		if (colored && refused > 0 && refused & pen_attributes[i].with_color)
			continue;
		ink->bits |= pen_attributes[i].bit;
		pen_expand(on, ink->attributes, sizeof(ink->attributes));
	}
}

void pen_take_theme(const struct theme *theme)
{
	for (int i = 0; i < STYLES; i++)
		pen_mix(&theme->look[i], &pen.ink[i]);
	pen.on = NULL;
}

bool pen_is_plain(unsigned style)
{
	const struct ink *ink = &pen.ink[style];

	return !ink->bits && !ink->foreground[0] && !ink->background[0];
}

/* ---- writing ---- */

static void pen_flush(void)
{
	const char *text = pen.out;
	size_t length = pen.length;

	pen.length = 0;
	while (length) {
		ssize_t n = write(STDOUT_FILENO, text, length);
		struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };

		/* EAGAIN: somebody has made it non-blocking for all who share it */
		if (n < 0 && errno == EAGAIN)
			poll(&room, 1, -1);
		else if (n <= 0 && errno != EINTR)
			return;
		text += n > 0 ? n : 0;
		length -= n > 0 ? (size_t)n : 0;
	}
}

static void pen_add(const char *text, size_t bytes)
{
	memcpy(pen.out + pen.length, text, bytes);
	pen.length += bytes;
}

static void pen_add_text(const char *text)
{
	pen_add(text, strlen(text));
}

static void pen_add_number(int n)
{
	char digits[12];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	pen_add(digits + at, sizeof(digits) - at);
}

void pen_forget(void)
{
	pen.on = NULL;
	pen.row = pen.column = NOWHERE;
}

static void pen_take(const struct ink *to)
{
	const struct ink *on = pen.on;

	if (on == to)
		return;
	if (!on || on->bits & ~to->bits || (on->foreground[0] && !to->foreground[0]) ||
		(on->background[0] && !to->background[0])) {
		pen_add_text(pen.plain);
		on = &nothing_on;
	}
	if (to->bits & ~on->bits)
		pen_add_text(to->attributes);
	if (strcmp(to->foreground, on->foreground) != 0)
		pen_add_text(to->foreground);
	if (strcmp(to->background, on->background) != 0)
		pen_add_text(to->background);
	pen.on = to;
}

static size_t pen_glyph_bytes(const struct cell *cell)
{
	return cell->glyph[0] ? strlen(cell->glyph) : 1;
}

/* Can the cells between the cursor and this column be sent once more for less than a step takes? */
static bool pen_bridges(const struct cell *cell, int column)
{
	size_t bytes = 0;

	for (int i = pen.column; i < column && bytes <= BRIDGE_BYTES; i++)
		bytes += &pen.ink[cell[i].style] == pen.on ? pen_glyph_bytes(&cell[i]) : BRIDGE_BYTES + 1;
	return bytes <= BRIDGE_BYTES;
}

static void pen_put(const struct cell *cell)
{
	pen_take(&pen.ink[cell->style]);
	pen_add(cell->glyph[0] ? cell->glyph : " ", pen_glyph_bytes(cell));
}

static void pen_move(int row, int column)
{
	char sequence[SEQUENCE_BYTES] = "";

	if (pen.row == row && pen.ansi_steps && column > pen.column) {
		pen_add_text("\033[");
		if (column > pen.column + 1)
			pen_add_number(column - pen.column);
		pen_add_text("C");
	} else if (pen.ansi_moves) {
		pen_add_text("\033[");
		pen_add_number(row + 1);
		pen_add_text(";");
		pen_add_number(column + 1);
		pen_add_text("H");
	} else {
		pen_expand(tiparm(pen_capability("cup"), row, column), sequence, sizeof(sequence));
		pen_add_text(sequence);
	}
}

static void pen_reach(int row, int column, const struct cell *cell)
{
	if (pen.row == row && pen.column == column)
		return;
	if (pen.row == row && pen.column < column && pen_bridges(cell, column))
		while (pen.column < column)
			pen_put(&cell[pen.column++]);
	else
		pen_move(row, column);
	pen.row = row;
	pen.column = column;
}

void pen_row(int row, int cells, const struct cell *cell, const struct cell *shown)
{
	for (int i = 0; i < cells; i++) {
		if (shown && !memcmp(&cell[i], &shown[i], sizeof(*cell)))
			continue;
		if (pen.length + CELL_BYTES > OUT_BYTES)
			pen_flush();
		pen_reach(row, i, cell);
		pen_put(&cell[i]);
		pen.column++;
	}
	/* Behind the last column it is not the same place everywhere. */
	pen.row = pen.column == cells ? NOWHERE : pen.row;
}

void pen_wipe(void)
{
	char sequence[SEQUENCE_BYTES] = "";

	pen_take(&nothing_on);
	pen_expand(pen_capability("clear"), sequence, sizeof(sequence));
	pen_add_text(sequence);
	pen.row = pen.column = NOWHERE;
}

void pen_send(void)
{
	pen_take(&nothing_on);
	pen_flush();
}
