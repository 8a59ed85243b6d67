/* The last row: a toast while there is one, the filter while it is typed, else the keys that are
 * valid now. */
#include <stdio.h>
#include <string.h>

#include "ui/dash/keytable.h"
#include "ui/panels/panels.h"
#include "ui/canvas/keys.h"

enum { FOOTER_KEYS_MAX = 48 };

struct footer_item {
	const struct key_def *def;
	int width; /* with the blank before it */
	bool fits;
};

static unsigned footer_collect(const struct dash *d, struct footer_item item[])
{
	unsigned n = 0;

	for (unsigned i = 0; i < key_def_count && n < FOOTER_KEYS_MAX; i++) {
		if (!key_defs[i].footer || !key_is_valid(d, &key_defs[i]))
			continue;
		item[n++] = (struct footer_item){ &key_defs[i], canvas_width(key_defs[i].footer) + 1, false };
	}
	return n;
}

/* The next by rank behind this one, in the order of the table where two are alike; NULL: none. */
static struct footer_item *footer_next(struct footer_item item[], unsigned n, const struct footer_item *last)
{
	struct footer_item *best = NULL;

	for (struct footer_item *i = item; i < item + n; i++) {
		if (last && (i->def->rank < last->def->rank || (i->def->rank == last->def->rank && i <= last)))
			continue;
		if (!best || i->def->rank < best->def->rank)
			best = i;
	}
	return best;
}

/* By rank: a short one may stand where a more important one had no room. */
static void footer_choose(struct footer_item item[], unsigned n, int columns)
{
	int used = 0;

	for (struct footer_item *i = footer_next(item, n, NULL); i; i = footer_next(item, n, i)) {
		i->fits = used + i->width <= columns;
		used += i->fits ? i->width : 0;
	}
}

static void footer_paint_keys(struct dash *d, struct rect area)
{
	struct footer_item item[FOOTER_KEYS_MAX];
	unsigned n = footer_collect(d, item);
	int column = 1;

	footer_choose(item, n, area.columns);
	for (unsigned i = 0; i < n; i++) {
		const char *text = item[i].def->footer;
		char key[24];

		if (!item[i].fits)
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)strcspn(text, " "), text);
		area_put(&d->canvas, area, 0, column, STYLE_KEY_LABEL, text);
		area_put(&d->canvas, area, 0, column, STYLE_KEY, key);
		hits_add(&d->hits, (struct rect){ area.row, column, 1, item[i].width - 1 }, item[i].def->key[0], 0);
		column += item[i].width;
	}
}

void panel_footer_paint(struct dash *d, struct rect area)
{
	char prompt[FILTER_BYTES + 80];

	if (d->view.filter_typing) {
		snprintf(prompt, sizeof(prompt), "/%s_   Enter keeps · Esc drops the %s · Ctrl-U empties it",
			view_typed(&d->view), d->view.screen == SCREEN_HELP ? "search" : "filter");
		area_shed(area.columns - 2, 1, prompt);
		area_put(&d->canvas, area, 0, 1, STYLE_FIELD, prompt);
	} else if (d->view.toast[0]) {
		canvas_fill(&d->canvas, area, d->view.toast_style, " ");
		canvas_put_cut(&d->canvas, area.row, 1, area.columns - 2, d->view.toast_style, d->view.toast);
	} else if (d->view.screen == SCREEN_SETUP || d->view.screen == SCREEN_CAPTURE) {
		area_put(&d->canvas, area, 0, 1, STYLE_KEY_LABEL, "the run goes on until Apply");
	} else {
		footer_paint_keys(d, area);
	}
}
