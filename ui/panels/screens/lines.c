/* Below 30x8: what matters most, in as many lines as there are. */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "ui/dash/headline.h"
#include "ui/panels/panels.h"

static void lines_add_rates(const struct dash *d, struct line *l)
{
	const struct run_info *info = d->moment.info;
	struct rates rx;
	char rate[48], drops[32];

	moment_rates_of(&d->moment, -1, info ? info->rx_roles : ROLE_BOTH, 0, &rx);
	line_add(l, 1, STYLE_STRONG, "%s",
		headline_text(dash_engine(d), info ? headline_rate(info, &rx, info->rx_roles) : rx.rx_pps, rate, sizeof(rate)))
		->below = true;
	line_add(l, 2, d->lost_per_s > 0 ? STYLE_BAD : STYLE_STRONG, " drop %s/s",
		text_human(d->lost_per_s, drops, sizeof(drops)));
}

static void lines_add_latency(const struct dash *d, struct line *l)
{
	struct latency_summary s;
	const struct latency_def *def = d->moment.info ? d->moment.info->engine->latencies : NULL;
	char p99[32], p50[32];

	if (d->moment.info && (!def || !def->name || !dash_records(d, def)))
		return;
	moment_latency(&d->moment, -1, 0, &s);
	dash_latency(d, &s, s.p99_ns, p99, sizeof(p99));
	dash_latency(d, &s, s.p50_ns, p50, sizeof(p50));
	const char *unit = dash_latency_unit(d, p99);
	line_add(l, 3, STYLE_TEXT, "p99 %s%s%s", p99, *unit ? " " : "", unit)->below = true;
	if (d->moment.info && d->moment.info->closed_loop)
		line_add(l, 5, STYLE_WARNING, "closed loop!");
	line_add(l, 6, STYLE_TEXT, "p50 %s%s%s", p50, *unit ? " " : "", unit);
}

static void lines_add_loss(const struct dash *d, struct line *l)
{
	char share[32];

	if (d->ledger.known && d->drops_lost)
		line_add(l, 4, STYLE_BAD, "%s lost",
			words_share(d->drops_lost, d->drops_lost, d->drops_sent, share, sizeof(share)))
			->below = true;
}

void screen_lines_paint(struct dash *d)
{
	struct rect area = d->layout.main;
	struct line l = { 0 };

	if (d->view.toast[0] && area.rows > 1) {
		canvas_put_cut(&d->canvas, --area.rows, 0, area.columns, d->view.toast_style, d->view.toast);
	}
	state_parts(d, &l);
	view_parts(d, &l);
	lines_add_rates(d, &l);
	lines_add_latency(d, &l);
	lines_add_loss(d, &l);
	line_flow(&d->canvas, area, &l);
}
