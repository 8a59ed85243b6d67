/* The dashboard without a terminal: as text and as SVG.  See ui.h. */
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "ui/canvas/charset.h"
#include "ui/dash/dash.h"

enum ui_charset charset_resolve(enum ui_charset wanted)
{
	const char *terminal = getenv("TERM");

	if (wanted != CHARSET_AUTO)
		return wanted;
	/* The fonts of the Linux console have 512 glyphs at most; braille is not among them. */
	if (terminal && strcmp(terminal, "linux") == 0)
		return CHARSET_ASCII;
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? CHARSET_BRAILLE : CHARSET_ASCII;
}

int ui_render(const struct board *board, int columns, int rows, enum ui_charset charset, const char *theme, char **ret_text,
	char **ret_svg, struct err *err)
{
	struct dash d;
	int e = dash_init(&d, board, NULL, charset_resolve(charset), theme, err);
	char *text = NULL, *svg = NULL;

	if (!e && dash_resize(&d, rows, columns))
		e = err_sys(err, ENOMEM, "screen");
	if (!e) {
		dash_frame(&d);
		text = canvas_to_text(&d.canvas);
		svg = canvas_to_svg(&d.canvas, d.view.theme->name, "netdyno");
		if (!text || !svg)
			e = err_sys(err, ENOMEM, "screen");
	}
	dash_free(&d);
	if (e) {
		free(text);
		free(svg);
		return e;
	}
	*ret_text = text;
	*ret_svg = svg;
	return 0;
}
