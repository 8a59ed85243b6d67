/* The headline row: what the run does, in one line that a glance takes in.  The figures of the last
 * second, or of the whole run when it is over; mean and highest of its intervals where there is
 * room. */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "ui/dash/headline.h"
#include "ui/panels/panels.h"

/* Mean of the intervals, and the highest of them and of what is shown: a second that is half over
 * may be higher than all that are whole. */
static void headline_add_spread(const struct dash *d, double now, struct line *l)
{
	enum metric metric = headline_is_bits(dash_engine(d)) ? METRIC_MBPS : METRIC_PPS;
	const double *value = d->tally.value[metric];
	double scale = metric == METRIC_MBPS ? 1e6 : 1, max = NAN;
	char mean[32], most[32];

	for (unsigned i = 0; i < d->tally.n; i++)
		max = isnan(max) || value[i] > max ? value[i] : max;
	if (d->tally.n < 2 || isnan(max))
		return;
	line_add(l, 8, STYLE_DIM, " (mean %s, max %s)", text_human(scale * tally_mean(value, d->tally.n), mean, sizeof(mean)),
		text_human(fmax(scale * max, now), most, sizeof(most)));
}

static void headline_add_bits(const struct dash *d, const struct rates *rx, struct line *l)
{
	char text[48];
	double mbps = dash_mbps(d, rx, true);

	line_add(l, 6, STYLE_TEXT, "%s %sbit/s", text_human(d->in_gbits ? mbps / 1e3 : mbps, text, sizeof(text)),
		d->in_gbits ? "G" : "M");
}

static void headline_add_rate(const struct dash *d, struct line *l)
{
	const struct run_info *info = d->moment.info;
	const struct engine *e = dash_engine(d);
	char text[48], other[48];
	struct rates rx;

	moment_rates_of(&d->moment, -1, info->rx_roles, 0, &rx);
	double now = headline_rate(info, &rx, info->rx_roles);

	line_add(l, 0, STYLE_STRONG, "%s", headline_text(e, now, text, sizeof(text)));
	headline_add_spread(d, now, l);
	if (headline_is_bits(e))
		line_add(l, 6, STYLE_TEXT, "%s %s", text_human(rx.rx_pps, other, sizeof(other)), headline_packet_rate(e));
	else
		headline_add_bits(d, &rx, l);
}

static void headline_add_latency(const struct dash *d, struct line *l)
{
	const struct latency_def *def = dash_engine(d)->latencies;
	struct latency_summary s;
	char p50[32], p99[32];

	if (!def || !def->name || !dash_records(d, def))
		return;
	moment_latency(&d->moment, -1, 0, &s);
	dash_latency(d, &s, s.p50_ns, p50, sizeof(p50));
	dash_latency(d, &s, s.p99_ns, p99, sizeof(p99));
	line_add(l, 5, STYLE_TEXT, "p50 %s", p50);
	const char *unit = dash_latency_unit(d, p99);
	line_add(l, 3, STYLE_TEXT, "p99 %s%s%s", p99, *unit ? " " : "", unit);
}

/* Of the run, where its neighbours are of the last second. */
static void headline_add_lost(const struct dash *d, struct line *l)
{
	bool cleared = view_cleared(&d->view, d->moment.info);
	const char *since = cleared ? ", since cleared" : d->moment.final ? "" : ", run";
	char text[32];

	if (!d->ledger.known)
		return;
	if (!d->drops_lost) {
		line_add(l, 2, STYLE_GOOD, "0 lost%s", cleared ? since : "");
		return;
	}
	words_share(d->drops_lost, d->drops_lost, d->drops_sent, text, sizeof(text));
	struct line_part *p = line_add(l, 2, STYLE_BAD, "%s lost%s", text, since);
	snprintf(p->brief, sizeof(p->brief), "%s lost", text);
}

static void headline_add_cpus(const struct dash *d, struct line *l)
{
	const struct run_info *info = d->moment.info;
	double cpus = 0;

	for (unsigned i = 0; i < info->workers; i++) {
		struct rates r;

		moment_rates_of(&d->moment, (int)i, ROLE_BOTH, 0, &r);
		cpus += r.busy;
	}
	if (!isnan(cpus))
		line_add(l, 7, STYLE_TEXT, "%.1f CPUs", cpus);
}

void panel_headline_paint(struct dash *d, struct rect area)
{
	struct line l = { 0 };

	if (!d->moment.info || !(d->moment.to || d->moment.final)) {
		area_put(&d->canvas, area, 0, 1, STYLE_DIM,
			d->view.cursor_ns ? "no data at the cursor"
			: dash_running(d) ? "no sample yet"
					  : "no run yet: r starts one");
		return;
	}
	headline_add_rate(d, &l);
	headline_add_latency(d, &l);
	headline_add_lost(d, &l);
	headline_add_cpus(d, &l);
	line_add(&l, 4, STYLE_DIM, "%s", dash_window(d));
	line_put(&d->canvas, area.row, area.column + 1, area.columns - 2, &l);
}
