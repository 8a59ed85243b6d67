/* The last row: a toast while there is one, the filter while it is typed, else the keys that are
 * valid now. */
#include <stdio.h>
#include <string.h>

#include "ui/dash/keytable.h"
#include "ui/panels/panels.h"
#include "ui/canvas/keys.h"

enum { FOOTER_KEYS_MAX = 48 };

struct item {
	const struct key_def *def;
	int width; /* with the blank after it */
};

static unsigned footer_collect(const struct dash *d, struct item item[])
{
	unsigned n = 0;

	for (unsigned i = 0; i < key_def_count && n < FOOTER_KEYS_MAX; i++) {
		if (!key_defs[i].footer || !key_is_valid(d, &key_defs[i]))
			continue;
		item[n++] = (struct item){ &key_defs[i], canvas_width(key_defs[i].footer) + 1 };
	}
	return n;
}

static unsigned shed(struct item item[], unsigned n, int columns)
{
	int width = 1;

	for (unsigned i = 0; i < n; i++)
		width += item[i].width;
	while (n && width > columns + 1) {
		unsigned worst = 0;

		for (unsigned i = 1; i < n; i++)
			if (item[i].def->priority > item[worst].def->priority)
				worst = i;
		width -= item[worst].width;
		n--;
		memmove(&item[worst], &item[worst + 1], (n - worst) * sizeof(item[0]));
	}
	return n;
}

static void footer_paint_keys(struct dash *d, struct rect area)
{
	struct item item[FOOTER_KEYS_MAX];
	unsigned n = shed(item, footer_collect(d, item), area.columns);
	int column = 1;

	for (unsigned i = 0; i < n; i++) {
		const char *text = item[i].def->footer;
		char key[24];

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
		snprintf(prompt, sizeof(prompt), "/%s_   Enter keeps · Esc drops the %s", view_typed(&d->view),
			d->view.screen == SCREEN_HELP ? "search" : "filter");
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
