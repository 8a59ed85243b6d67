/* The dashboard without a terminal: as text and as SVG.  See ui.h. */
#include "ui/ui.h"

#include <errno.h>
#include <stdlib.h>

#include "ui/panels/frame.h"
#include "ui/panels/panels.h"

int ui_render(const struct board *board, int columns, int rows, enum charset charset, const char *theme, char **ret_text,
	char **ret_svg, struct err *err)
{
	struct dash d;
	int e = dash_init(&d, board, NULL, panel_rows, charset_resolve(charset), theme, err);
	char *text = NULL, *svg = NULL;

	if (!e && dash_resize(&d, rows, columns))
		e = err_sys(err, ENOMEM, "screen");
	if (!e) {
		frame_paint(&d);
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
