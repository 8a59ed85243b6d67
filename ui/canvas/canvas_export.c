/* A canvas as text and as SVG.
 *
 * SVG: the page, then per row the backgrounds, then the glyphs in runs of one style.  A run of
 * text says how long it must be (textLength) and ends at two blanks, so that it lines up with
 * whatever monospaced font the viewer has; runs of graphic glyphs are paths (svg_shapes.h). */
#include "ui/canvas/canvas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/canvas/glyph.h"
#include "ui/canvas/svg_shapes.h"
#include "ui/canvas/theme.h"

enum { BASELINE = 14, FONT_SIZE = 15 /* monospaced fonts advance 0.6 of it: 9 */ };

/* The character of a cell, 0 for a blank.  Control characters never come out. */
static uint32_t shown_in(const struct canvas *c, int row, int column)
{
	const struct cell *cell = &c->cell[(size_t)row * (size_t)c->columns + (size_t)column];
	uint32_t cp;

	if (!cell->glyph[0])
		return 0;
	text_decode(cell->glyph, &cp);
	return glyph_shown(cp, CHARSET_BRAILLE);
}

static unsigned style_in(const struct canvas *c, int row, int column)
{
	unsigned style = c->cell[(size_t)row * (size_t)c->columns + (size_t)column].style;

	return style < STYLES ? style : STYLE_TEXT;
}

/* The stream's text, or NULL if anything went wrong on the way. */
static char *export_finish(FILE *out, char **text)
{
	int bad = ferror(out);

	if (fclose(out) != 0 || bad) {
		free(*text);
		return NULL;
	}
	return *text;
}

char *canvas_to_text(const struct canvas *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (int row = 0; row < c->rows; row++) {
		int blanks = 0;

		for (int column = 0; column < c->columns; column++) {
			uint32_t cp = shown_in(c, row, column);
			char glyph[5];

			if (!cp) {
				blanks++;
				continue;
			}
			glyph_encode(cp, glyph);
			fprintf(out, "%*s%s", blanks, "", glyph);
			blanks = 0;
		}
		fputc('\n', out);
	}
	return export_finish(out, &text);
}

/* ---- SVG ---- */

struct page {
	const struct canvas *canvas;
	const struct theme *theme;
	int32_t foreground, background;
	FILE *out;
};

struct ink {
	int32_t foreground, background; /* background -1: the page's */
	uint8_t attributes;
};

static struct ink ink_of(const struct page *p, unsigned style)
{
	const struct look *look = &p->theme->look[style];
	struct ink ink = { look->foreground < 0 ? p->foreground : look->foreground, look->background, look->attributes };

	if (look->attributes & ATTR_REVERSE) {
		int32_t ground = look->background < 0 ? p->background : look->background;

		ink.background = ink.foreground;
		ink.foreground = ground;
	}
	return ink;
}

static void write_escaped(FILE *out, uint32_t cp)
{
	static const struct {
		char character;
		const char *entity;
	} entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&apos;" } };
	char glyph[5];

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (cp == (uint32_t)entities[i].character) {
			fputs(entities[i].entity, out);
			return;
		}
	glyph_encode(cp ? cp : ' ', glyph);
	fputs(glyph, out);
}

static void write_escaped_text(FILE *out, const char *text)
{
	uint32_t cp;

	while (*text) {
		text += text_decode(text, &cp);
		write_escaped(out, glyph_shown(cp, CHARSET_BRAILLE));
	}
}

static void write_rect(const struct page *p, int x, int y, int width, int height, int32_t rgb)
{
	fprintf(p->out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n", x, y, width, height,
		(unsigned)rgb);
}

/* Backgrounds and underlines, blanks included. */
static void write_grounds(const struct page *p, int row)
{
	const struct canvas *c = p->canvas;
	int end;

	for (int column = 0; column < c->columns; column = end) {
		unsigned style = style_in(c, row, column);
		struct ink ink = ink_of(p, style);

		for (end = column + 1; end < c->columns && style_in(c, row, end) == style;)
			end++;
		int x = column * SVG_CELL_WIDTH, y = row * SVG_CELL_HEIGHT, width = (end - column) * SVG_CELL_WIDTH;
		if (ink.background >= 0 && ink.background != p->background)
			write_rect(p, x, y, width, SVG_CELL_HEIGHT, ink.background);
		if (ink.attributes & ATTR_UNDERLINE)
			write_rect(p, x, y + SVG_CELL_HEIGHT - 2, width, 1, ink.foreground);
	}
}

static void write_shapes(const struct page *p, int row, int from, int to, const struct ink *ink, int opacity)
{
	fprintf(p->out, "<path fill=\"#%06x\"", (unsigned)ink->foreground);
	if (opacity < 4 || ink->attributes & ATTR_DIM)
		fprintf(p->out, " fill-opacity=\"%g\"", opacity / 4.0 * (ink->attributes & ATTR_DIM ? 0.6 : 1));
	fputs(" d=\"", p->out);
	for (int column = from; column < to; column++)
		svg_shape_write(p->out, shown_in(p->canvas, row, column), column * SVG_CELL_WIDTH, row * SVG_CELL_HEIGHT);
	fputs("\"/>\n", p->out);
}

static void export_write_text(const struct page *p, int row, int from, int to, const struct ink *ink)
{
	fprintf(p->out, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#%06x\"%s%s>",
		from * SVG_CELL_WIDTH, row * SVG_CELL_HEIGHT + BASELINE, (to - from) * SVG_CELL_WIDTH, (unsigned)ink->foreground,
		ink->attributes & ATTR_BOLD ? " font-weight=\"bold\"" : "",
		ink->attributes & ATTR_DIM ? " fill-opacity=\"0.6\"" : "");
	for (int column = from; column < to; column++)
		write_escaped(p->out, shown_in(p->canvas, row, column));
	fputs("</text>\n", p->out);
}

/* The end of the run that begins at `from`: a run ends where the style changes, where text turns
 * into shapes or back, or where two blanks follow one another. */
static int run_end(const struct canvas *c, int row, int from)
{
	unsigned style = style_in(c, row, from);
	int opacity = svg_shape_opacity(shown_in(c, row, from)), end = from + 1;

	for (; end < c->columns && style_in(c, row, end) == style; end++) {
		uint32_t cp = shown_in(c, row, end);

		if (!cp && (opacity || end + 1 >= c->columns || !shown_in(c, row, end + 1) || style_in(c, row, end + 1) != style))
			break;
		if (cp && svg_shape_opacity(cp) != opacity)
			break;
	}
	/* A blank before the change of kind belongs to nobody. */
	return end - 1 > from && !shown_in(c, row, end - 1) ? end - 1 : end;
}

static void write_glyphs(const struct page *p, int row)
{
	const struct canvas *c = p->canvas;
	int end;

	for (int column = 0; column < c->columns; column = end) {
		uint32_t cp = shown_in(c, row, column);
		struct ink ink = ink_of(p, style_in(c, row, column));

		end = column + 1;
		if (!cp)
			continue;
		end = run_end(c, row, column);
		if (svg_shape_opacity(cp))
			write_shapes(p, row, column, end, &ink, svg_shape_opacity(cp));
		else
			export_write_text(p, row, column, end, &ink);
	}
}

static void write_head(const struct page *p, const char *title)
{
	int width = p->canvas->columns * SVG_CELL_WIDTH, height = p->canvas->rows * SVG_CELL_HEIGHT;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", p->out);
	fprintf(p->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
		"%d\" "
		"font-family=\"'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace\" font-size=\"%d\">\n",
		width, height, width, height, FONT_SIZE);
	fputs("<title>", p->out);
	write_escaped_text(p->out, title ? title : "");
	fputs("</title>\n", p->out);
	write_rect(p, 0, 0, width, height, p->background);
}

char *canvas_to_svg(const struct canvas *c, const char *theme, const char *title)
{
	struct page p = { .canvas = c, .theme = theme_find(theme) };
	char *text = NULL;
	size_t size;

	p.theme = p.theme ? p.theme : theme_find(NULL);
	const struct look *plain = &p.theme->look[STYLE_TEXT];
	p.foreground = plain->foreground >= 0 ? plain->foreground : p.theme->light ? 0x1f2328 : 0xd8dee4;
	p.background = plain->background >= 0 ? plain->background : p.theme->light ? 0xffffff : 0x0d1117;
	p.out = open_memstream(&text, &size);
	if (!p.out)
		return NULL;
	write_head(&p, title);
	for (int row = 0; row < c->rows; row++) {
		write_grounds(&p, row);
		write_glyphs(&p, row);
	}
	fputs("</svg>\n", p.out);
	return export_finish(p.out, &text);
}
