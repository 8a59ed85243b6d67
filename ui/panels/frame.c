/* A whole frame.  See frame.h. */
#include "ui/panels/frame.h"

#include "ui/panels/panels.h"

static void paint_form(struct dash *d, struct rect area)
{
	if (d->form)
		form_paint(d->form, &d->canvas, area);
}

static void (*const screen_paints[SCREENS])(struct dash *, struct rect) = {
	[SCREEN_DRILL] = screen_drill_paint,
	[SCREEN_HELP] = screen_help_paint,
	[SCREEN_MENU] = screen_menu_paint,
	[SCREEN_RUNS] = screen_runs_paint,
	[SCREEN_SETUP] = paint_form,
	[SCREEN_CAPTURE] = paint_form,
};

/* Is there a panel's rule at this row on that side of the divider? */
static bool rule_at(const struct layout *l, int row, bool right)
{
	for (int i = 0; i < PANELS_MAX; i++)
		if (l->panel[i].rows > 0 && l->panel[i].row == row && (l->panel[i].column > l->divider) == right)
			return true;
	return false;
}

static void paint_divider(struct dash *d)
{
	static const char *const joints[2][2] = { { "│", "├" }, { "┤", "┼" } };
	const struct layout *l = &d->layout;

	for (int i = 0; i < l->main.rows; i++) {
		int row = l->main.row + i;
		bool left = rule_at(l, row, false), right = rule_at(l, row, true);

		canvas_put(&d->canvas, row, l->divider, 1, STYLE_FRAME, i == 0 && left && right ? "┬" : joints[left][right]);
	}
}

static void expand_by_click(struct dash *d, struct rect area, int panel)
{
	if (panel >= 0)
		hits_add(&d->hits, area, KEY_PANEL + panel, 0);
}

/* These rows are cut short; a click on one opens the panel that has all of it. */
static void paint_edges(struct dash *d)
{
	expand_by_click(d, d->layout.ledger, dash_panel(d, PANEL_LEDGER));
	expand_by_click(d, d->layout.verdict, dash_panel(d, PANEL_VERDICT));
	expand_by_click(d, d->layout.status, dash_panel(d, PANEL_CAPTURE));
	panel_title_paint(d);
	panel_method_paint(d);
	if (d->layout.headline.rows)
		panel_headline_paint(d, d->layout.headline);
	panel_ledger_paint(d, d->layout.ledger);
	if (d->layout.verdict.rows)
		panel_verdict_paint(d, d->layout.verdict);
	if (d->layout.status.rows)
		panel_status_paint(d, d->layout.status);
	panel_footer_paint(d, d->layout.footer);
}

void frame_paint(struct dash *d)
{
	dash_look(d);
	canvas_clear(&d->canvas);
	d->hits.count = 0;
	if (d->layout.kind == LAYOUT_LINES) {
		screen_lines_paint(d);
		return;
	}
	paint_edges(d);
	if (screen_paints[d->view.screen])
		screen_paints[d->view.screen](d, d->layout.main);
	for (int i = 0; d->panels[i].def; i++)
		if (d->layout.panel[i].rows > 0) {
			struct rect area = d->layout.panel[i];

			d->panels[i].def->paint(d, area);
			expand_by_click(d, (struct rect){ area.row, area.column, 1, area.columns }, i);
		}
	if (d->layout.kind == LAYOUT_TWO)
		paint_divider(d);
}
