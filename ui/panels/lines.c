/* Below 40x10: what matters most, in at most three lines. */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "ui/dash/headline.h"
#include "ui/panels/panels.h"

static void rates_text(const struct dash *d, char *out, size_t size)
{
	const struct run_info *info = d->moment.info;
	struct rates rx;
	char rate[48], drops[32];

	moment_rates(&d->moment, -1, info ? info->rx_roles : ROLE_BOTH, &rx);
	snprintf(out, size, "%s drop %s/s",
		headline_text(dash_engine(d), info ? headline_rate(info, &rx, info->rx_roles) : rx.rx_pps, rate, sizeof(rate)),
		text_human(d->lost_per_s, drops, sizeof(drops)));
}

static void latency_text(const struct dash *d, char *out, size_t size)
{
	struct latency_summary l;
	char p99[32];

	moment_latency(&d->moment, -1, 0, &l);
	words_us(&l, l.p99_ns, p99, sizeof(p99));
	const char *unit = words_us_unit(p99);
	snprintf(out, size, "p99 %s%s%s%s", p99, *unit ? " " : "", unit,
		d->moment.info && d->moment.info->closed_loop ? " closed loop!" : "");
}

void screen_lines_paint(struct dash *d)
{
	struct rect area = d->layout.main;
	char text[128], state[64];
	enum style style = state_text(d, state, sizeof(state));

	if (d->view.toast[0] && area.rows) {
		canvas_put_cut(&d->canvas, 0, 0, area.columns, d->view.toast_style, d->view.toast);
	} else {
		snprintf(text, sizeof(text), "%s%s", state, d->view.frozen ? " VIEW FROZEN" : "");
		canvas_put_cut(&d->canvas, 0, 0, area.columns, style, text);
	}
	rates_text(d, text, sizeof(text));
	if (area.rows > 1)
		canvas_put_cut(&d->canvas, 1, 0, area.columns, STYLE_STRONG, text);
	latency_text(d, text, sizeof(text));
	if (area.rows > 2)
		canvas_put_cut(&d->canvas, 2, 0, area.columns, STYLE_TEXT, text);
}
