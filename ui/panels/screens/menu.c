/* The menu of the panels: a letter opens one. */
#include <stdio.h>

#include "ui/panels/panels.h"

enum { MENU_NAME = 4, MENU_ABOUT = 18 };

static void menu_paint_row(struct dash *d, struct rect area, int row, int panel)
{
	const struct panel_row *p = &d->panels[panel];
	bool is_there = d->lines[panel] != PANEL_NONE;
	char key[2] = { p->key, '\0' };

	area_put(&d->canvas, area, row, 1, is_there ? STYLE_KEY : STYLE_DIM, key);
	area_put(&d->canvas, area, row, MENU_NAME, is_there ? STYLE_STRONG : STYLE_DIM, p->def->name);
	if (row < area.rows)
		canvas_put_cut(&d->canvas, area.row + row, area.column + MENU_ABOUT, area.columns - MENU_ABOUT - 1,
			is_there ? STYLE_TEXT : STYLE_DIM, is_there ? p->about : "nothing to show in this run");
	hits_add(&d->hits, (struct rect){ area.row + row, area.column, row < area.rows, area.columns }, p->key, 0);
}

void screen_menu_paint(struct dash *d, struct rect area)
{
	struct rect inside = { area.row + 1, area.column, area.rows - 1, area.columns };
	int panels = 0, most;
	char note[64], range[32];

	while (d->panels[panels].def)
		panels++;
	most = panels > inside.rows ? panels - inside.rows : 0;
	if (d->view.scroll > most)
		d->view.scroll = most;
	for (int i = d->view.scroll; i < panels; i++)
		menu_paint_row(d, inside, i - d->view.scroll, i);
	panel_range(d->view.scroll, inside.rows, panels, range, sizeof(range));
	snprintf(note, sizeof(note), "%s%sEsc back", range, range[0] ? " · " : "");
	area_rule(&d->canvas, area, "panels: a letter opens one", note);
}
