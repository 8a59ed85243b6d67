/* Runs as plain text.  See main/live/plain_text.h. */
#include "main/live/plain_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/text.h"
#include "main/cli/help.h"
#include "mode/in_force.h"
#include "record/rates.h"
#include "record/run_line.h"
#include "record/judge/steadiness.h"
#include "ui/dash/headline.h"

enum { TEXT = 32 };

static const char *packets_of(const struct run_info *info)
{
	return info->engine->packets ? info->engine->packets : "packets";
}

static char *fixed(double value, int decimals, char out[TEXT])
{
	if (isnan(value))
		snprintf(out, TEXT, "--");
	else
		snprintf(out, TEXT, "%.*f", decimals, value);
	return out;
}

/* Long lines are wrapped for a terminal, and left whole for a pipe. */
static void paragraph(FILE *out, int first, int rest, const char *text)
{
	int width = help_width(out);

	if (!width) {
		fprintf(out, "%*s%s\n", first, "", text);
		return;
	}
	fprintf(out, "%*s", first, "");
	help_fill(out, text, first, rest, width);
}

static char *us(int64_t ns, char out[TEXT])
{
	return fixed((double)ns / NS_PER_US, 1, out);
}

/* ---- header ---- */

static void cpus_of(const struct run_info *info, enum role role, char *out, size_t size)
{
	struct cpu_list list = { .count = 0 };

	for (unsigned i = 0; i < info->workers; i++)
		if (info->worker[i].role == role && info->worker[i].cpu >= 0 && list.count < CPU_LIST_MAX &&
			!cpu_list_has(&list, info->worker[i].cpu))
			list.cpu[list.count++] = (short)info->worker[i].cpu;
	cpu_list_format(&list, out, size);
}

static unsigned count_role(const struct run_info *info, enum role role)
{
	unsigned n = 0;

	for (unsigned i = 0; i < info->workers; i++)
		n += info->worker[i].role == role;
	return n;
}

static void header_role(FILE *out, const struct run_info *info, enum role role, const char *gap)
{
	unsigned n = count_role(info, role);
	char cpus[128];

	if (!n)
		return;
	cpus_of(info, role, cpus, sizeof(cpus));
	fprintf(out, "%s%u %s%s", gap, n, engine_role(info->engine, role)->title, n == 1 ? "" : "s");
	if (*cpus)
		fprintf(out, " on CPU%s %s", strpbrk(cpus, ",-") ? "s" : "", cpus);
}

/* The mode's own options as they stand, defaults and the system's choice too: what a stranger
 * needs to do it again. */
static void header_options(FILE *out, const struct run_info *info, const struct host_info *host)
{
	unsigned own = options_table_length(info->engine->options), first = info->options.count - own;

	for (unsigned i = first, told = 0; i < info->options.count; i++) {
		const struct option_def *def = info->options.def[i];
		const char *text = info->options.value[i].is_set ? info->options.value[i].text : host_default(host, def);

		if ((info->options.value[i].is_set || *text) && def->flags & OPTION_RESULT &&
			!option_idle_why(&info->options, def->name))
			fprintf(out, "%s--%s %s", told++ ? " " : "  ", def->name, text);
	}
	if (own)
		fputc('\n', out);
}

void plain_text_header(FILE *out, const struct run_info *info, const struct host_info *host)
{
	char warmup[TEXT], duration[TEXT];

	fprintf(out, "netdyno %s: %s, method %s, %s", NETDYNO_VERSION, info->engine->title, info->ran, info->path);
	fprintf(out, "%s%s\n", info->peer[0] ? " " : "", info->peer);
	header_role(out, info, ROLE_SERVER, "  ");
	header_role(out, info, ROLE_CLIENT, info->role == ROLE_BOTH ? ", " : "  ");
	if (info->load_name)
		fprintf(out, "; %s loop, %s %" PRIu64, info->closed_loop ? "closed" : "open", info->load_name, info->load);
	fprintf(out, "; %s warm-up, then %s\n", text_duration(info->warmup_ns, warmup, sizeof(warmup)),
		info->duration_ns ? text_duration(info->duration_ns, duration, sizeof(duration)) : "until stopped");
	header_options(out, info, host);
	for (size_t i = 0; i < sizeof(info->notes) / sizeof(info->notes[0]); i++)
		if (info->notes[i][0])
			fprintf(out, "  note: %s\n", info->notes[i]);
}

/* ---- intervals ---- */

/* A mode that counts no losses says nothing of them. */
static bool can_lose(const struct engine *engine)
{
	for (unsigned i = COUNTER_OWN; i < engine_counters(engine); i++)
		if (engine_counter(engine, i)->ledger == LEDGER_LOST)
			return true;
	return false;
}

void plain_text_interval(FILE *out, const struct results_source *source, const struct sample *interval)
{
	const struct run_info *info = history_run(source->history, interval->run_id);
	const struct sample *base = history_measure_start(source->history, interval->run_id);
	struct reading r = reading_between(info, history_interval_start(source->history, interval), interval);
	const struct latency_summary *l = &interval->merged[0];
	char pps[TEXT], mbps[TEXT], drops[TEXT], p50[TEXT], p99[TEXT], max[TEXT];
	struct rates rx;

	if (!info)
		return;
	rates_of(&r, -1, info->rx_roles, &rx);
	fprintf(out, "%8.1f s  %8s %s/s  %9s Mbit/s", (double)interval->measured_ns / NS_PER_S,
		text_human(rx.rx_pps, pps, sizeof(pps)), packets_of(info), fixed(rx.rx_mbps, 1, mbps));
	if (can_lose(info->engine))
		fprintf(out, "  lost %s/s", text_human(ledger_span_per_second(base, &r), drops, sizeof(drops)));
	if (l->count)
		fprintf(out, "  %s us p50 %s  p99 %s  max %s", info->engine->latencies[0].title, us(l->p50_ns, p50),
			us(l->p99_ns, p99), us(l->max_ns, max));
	fputc('\n', out);
}

/* ---- summary ---- */

static void summary_rates(FILE *out, const struct reading *r)
{
	struct rates rx, tx;
	char n[TEXT], pps[TEXT], mbps[TEXT];

	rates_of(r, -1, r->info->rx_roles, &rx);
	rates_of(r, -1, r->info->tx_roles, &tx);
	fprintf(out, "  received %15s %s  %12s /s  %10s Mbit/s\n", text_grouped(rx.value[COUNTER_RX_PACKETS], n, TEXT),
		packets_of(r->info), fixed(rx.rx_pps, 1, pps), fixed(rx.rx_mbps, 1, mbps));
	if (reading_in_drain(r))
		fprintf(out, "  + drain  %15s %s, which the ledger and the latencies have, and rates do not\n",
			text_grouped(reading_in_drain(r), n, TEXT), packets_of(r->info));
	if (tx.unknown >> COUNTER_TX_PACKETS & 1)
		fprintf(out, "  sent     %15s (%s)\n", "--", run_missing_end(r->info));
	else
		fprintf(out, "  sent     %15s %*s  %12s /s  %10s Mbit/s\n", text_grouped(tx.value[COUNTER_TX_PACKETS], n, TEXT),
			(int)strlen(packets_of(r->info)), "", fixed(tx.tx_pps, 1, pps), fixed(tx.tx_mbps, 1, mbps));
}

/* The loss at no worker's own place, so that the column adds up. */
static void summary_elsewhere(FILE *out, const struct reading *r, const struct ledger *ledger, double at_workers)
{
	double all = ledger->known ? (double)ledger->lost * NS_PER_S / (double)reading_measured_ns(r) : NAN;
	char lost[TEXT];

	if (all - at_workers > 0.005)
		fprintf(out, "  %-11s %10s %10s %9s %9s %7s\n", "elsewhere", "", "", "", "",
			text_human(all - at_workers, lost, sizeof(lost)));
}

static void summary_workers(FILE *out, const struct reading *r, const struct ledger *ledger)
{
	struct reading drained = reading_drained(r);
	double at_workers = 0;

	char rx[TEXT], tx[TEXT], rx_mbps[TEXT], tx_mbps[TEXT], drops[TEXT], busy[TEXT];

	fprintf(out, "  %-6s %4s %10s %10s %9s %9s %7s %6s %9s\n", "role", "cpu", "rx/s", "tx/s", "rx Mbit/s", "tx Mbit/s",
		"lost/s", "busy %", "switches");
	for (unsigned i = 0; i < r->info->workers; i++) {
		const struct run_worker *w = &r->info->worker[i];
		struct rates one;

		struct rates settled;

		rates_of(r, (int)i, ROLE_BOTH, &one);
		rates_of(&drained, (int)i, ROLE_BOTH, &settled);
		at_workers += isnan(settled.drops_per_s) ? 0 : settled.drops_per_s;
		fprintf(out, "  %-6s %4d %10s %10s %9s %9s %7s %6s %9" PRIu64 "\n", engine_role(r->info->engine, w->role)->title,
			w->cpu, text_human(one.rx_pps, rx, sizeof(rx)), text_human(one.tx_pps, tx, sizeof(tx)),
			fixed(one.rx_mbps, 1, rx_mbps), fixed(one.tx_mbps, 1, tx_mbps),
			text_human(settled.drops_per_s, drops, sizeof(drops)), fixed(100 * one.busy, 1, busy),
			one.value[COUNTER_CTX_VOLUNTARY] + one.value[COUNTER_CTX_INVOLUNTARY]);
	}
	summary_elsewhere(out, r, ledger, at_workers);
}

static void summary_figures(FILE *out, const struct reading *r)
{
	const struct figure_def *f = r->info->engine->figures;
	char text[TEXT], explained[FIGURE_WHY_BYTES], line[300];

	for (; f && f->name; f++) {
		if (!(f->show & SHOW_SUM) || !figure_has(f, r, -1))
			continue;
		double value = figure_value(f, r, -1);
		const char *why = isnan(value) ? figure_explain(r->info, f, explained) : NULL;

		snprintf(line, sizeof(line), "%s %s%s%s%s%s%s", f->name, text_human(value, text, sizeof(text)),
			*f->unit ? " " : "", f->unit, why ? " (" : "", why ? why : "", why ? ")" : "");
		paragraph(out, 2, 4, line);
	}
}

/* The mode's own counters, those that have counted anything; what was lost stands with the
 * ledger. */
static void summary_counters(FILE *out, const struct reading *r)
{
	unsigned counters = engine_counters(r->info->engine);
	char line[1200] = "", n[TEXT];
	struct rates all;

	rates_of(r, -1, ROLE_BOTH, &all);
	for (unsigned i = COUNTER_OWN; i < counters; i++) {
		const struct counter_def *def = engine_counter(r->info->engine, i);

		if (def->show & SHOW_SUM && def->kind == COUNTER_SUM && !reading_is_drop(r->info, def) && all.value[i])
			text_add(line, sizeof(line), "%s%s %s %s", *line ? ", " : "counted: ", def->name,
				text_grouped(all.value[i], n, TEXT),
				strcmp(def->unit, "packets") ? def->unit : packets_of(r->info));
	}
	if (*line)
		paragraph(out, 2, 4, line);
}

/* Merged over the run; false where there is none. */
static bool latency_of(const struct reading *r, unsigned index, struct latency_summary *ret_summary)
{
	const struct hist *total = r->final ? r->final->total : r->to ? r->to->total : NULL;

	if (total)
		hist_summarise(&total[index], ret_summary);
	return total && ret_summary->count;
}

/* How sure the percentiles are; nothing where the run tells it of none. */
static void summary_spans(FILE *out, const struct history *h, const struct reading *r, unsigned which)
{
	const struct hist *total = r->final ? r->final->total : r->to->total;
	struct percentile_span span[STEADINESS_PERCENTILES];
	char line[400] = "", low[TEXT], high[TEXT];
	bool is_known = false;

	steadiness_percentiles(h, r->info->id, which, &total[which], span);
	for (unsigned i = 0; i < STEADINESS_PERCENTILES; i++) {
		is_known |= !span[i].why;
		text_add(line, sizeof(line), "%s %s %s%s%s", i ? "," : "95 % intervals ", steadiness_percentile[i].title,
			span[i].why ? "--" : us(span[i].low_ns, low), span[i].why ? "" : "..",
			span[i].why ? "" : us(span[i].high_ns, high));
	}
	if (is_known)
		paragraph(out, 4, 6, line);
}

static void summary_latencies(FILE *out, const struct history *h, const struct reading *r, const struct ledger *ledger)
{
	for (unsigned i = 0; i < engine_latencies(r->info->engine); i++) {
		const struct latency_def *def = &r->info->engine->latencies[i];
		struct latency_summary l;
		char n[TEXT], t[8][TEXT], line[400];

		if (!latency_of(r, i, &l))
			continue;
		snprintf(line, sizeof(line), "%s us  min %s, mean %s, p50 %s, p90 %s, p99 %s, p99.9 %s, p99.99 %s, max %s",
			def->title, us(l.min_ns, t[0]), us((int64_t)l.mean_ns, t[1]), us(l.p50_ns, t[2]), us(l.p90_ns, t[3]),
			us(l.p99_ns, t[4]), us(l.p99_9_ns, t[5]), us(l.p99_99_ns, t[6]), us(l.max_ns, t[7]));
		paragraph(out, 2, 4, line);
		summary_spans(out, h, r, i);
		double percent = ledger_coverage(ledger, def, l.count);
		fprintf(out, "    %s values, measured from %s", text_grouped(l.count, n, TEXT), def->since);
		if (percent < 100)
			fprintf(out, "; %.2f %% of the packets sent", percent);
		fputc('\n', out);
	}
}

static void summary_stage(FILE *out, const char *title, const struct latency_summary *l, const int64_t at_ns[STAGE_POINTS])
{
	char t[4 + STAGE_POINTS][TEXT];

	fprintf(out, "    %-18s %9s %9s %9s %9s  ", title, us(l->p50_ns, t[0]), us(l->p90_ns, t[1]), us(l->p99_ns, t[2]),
		us(l->max_ns, t[3]));
	for (unsigned p = 0; p < STAGE_POINTS; p++)
		fprintf(out, " %9s", us(at_ns[p], t[4 + p]));
	fputc('\n', out);
}

static void summary_stages_table(FILE *out, const struct engine *e, const struct stage_summary *s)
{
	int64_t sum_ns[STAGE_POINTS] = { 0 };

	for (unsigned i = 0; i < engine_stages(e); i++) {
		int64_t at_ns[STAGE_POINTS];

		for (unsigned p = 0; p < STAGE_POINTS; p++)
			sum_ns[p] += at_ns[p] = s->share_ns[p][i];
		if (s->stage[i].count)
			summary_stage(out, e->stages[i].title, &s->stage[i], at_ns);
	}
	summary_stage(out, "sum", &s->whole, sum_ns);
}

/* The stages of stamped packets, and those of the packets around some percentiles, which add up. */
static void summary_stages(FILE *out, const struct history *h, const struct run_info *info)
{
	const struct stage_summary *s = history_stages(h, info->id);
	char n[2][TEXT], head[TEXT];

	if (!s)
		return;
	fprintf(out, "  latency by stage, us: 1 packet in %" PRId64 ", %s of %s complete\n",
		options_number(&info->options, "stages"), text_grouped(s->whole.count, n[0], TEXT),
		text_grouped(s->stamped, n[1], TEXT));
	if (!s->whole.count)
		return;
	fprintf(out, "    %-18s %9s %9s %9s %9s  ", "stage", "p50", "p90", "p99", "max");
	for (unsigned p = 0; p < STAGE_POINTS; p++) {
		snprintf(head, sizeof(head), "at %s", stage_points[p].key);
		fprintf(out, " %9s", head);
	}
	fputc('\n', out);
	summary_stages_table(out, info->engine, s);
}

/* All rows in one line, and the worst of them. */
static void summary_details(FILE *out, const struct history *h, const struct run_info *info)
{
	const struct detail_def *def = info->engine->details;
	const struct details *d = def ? history_details(h, info->id) : NULL;
	struct details_order order;
	struct detail_summary all;
	unsigned worst;
	char at_worst[TEXT], median[TEXT], line[300] = "";

	if (!d || !d->rows)
		return;
	order = details_usual_order(def, DETAILS_TOTAL);
	details_rank(def, d, &order, &worst, 1);
	if (details_summarise(def, d, order.column, DETAILS_TOTAL, &all) < 0 || !all.count)
		return;
	const struct detail_row *row = &d->row[worst];
	const struct run_worker *w = &info->worker[row->worker];
	text_add(line, sizeof(line), "%u %s: %s %s at worst (%s %u, #%llu), median %s", d->rows, def->name,
		def->columns[order.column].name, text_human(order.ascending ? all.min : all.max, at_worst, TEXT),
		engine_role(info->engine, w->role)->title, w->index, (unsigned long long)row->id,
		text_human(all.median, median, TEXT));
	if (d->missed)
		text_add(line, sizeof(line), "; no room for %llu more", (unsigned long long)d->missed);
	paragraph(out, 2, 4, line);
}

static void summary_places(FILE *out, const struct ledger *ledger)
{
	char n[TEXT], places[1200] = "";

	for (unsigned i = 0; i < ledger->places; i++) {
		const struct ledger_place *p = &ledger->place[i];
		const char *gap = i ? "; " : "lost by place: ";

		if (p->known)
			text_add(places, sizeof(places), "%s%s %s%s", gap, p->title, p->host_wide && p->lost ? "at most " : "",
				text_grouped(p->lost, n, TEXT));
		else
			text_add(places, sizeof(places), "%s%s -- (%s)", gap, p->title, p->why);
	}
	if (ledger->places)
		paragraph(out, 2, 4, places);
}

static void summary_balance(FILE *out, const char *name, const char *received, const struct ledger *ledger)
{
	char a[TEXT], b[TEXT], c[TEXT], line[400] = "";

	text_add(line, sizeof(line), "%s: sent %s = %s %s + lost %s", name, text_grouped(ledger->sent, a, TEXT), received,
		text_grouped(ledger->received, b, TEXT),
		text_grouped(ledger->lost - (ledger->unexplained > 0 ? (uint64_t)ledger->unexplained : 0), c, TEXT));
	if (ledger->in_flight)
		text_add(line, sizeof(line), " + in flight %s", text_grouped(ledger->in_flight, a, TEXT));
	text_add(line, sizeof(line), " + unexplained %" PRId64 " (%s)", ledger->unexplained,
		ledger->balanced ? "balanced" : "does not balance");
	paragraph(out, 2, 4, line);
}

static void summary_ledger(FILE *out, const struct ledger *ledger)
{
	if (!ledger->known) {
		if (ledger->why)
			fprintf(out, "  ledger: -- (%s)\n", ledger->why);
		return;
	}
	summary_places(out, ledger);
	summary_balance(out, "ledger", "received", ledger);
}

/* The kernel's own word, of everybody's packets; where it cannot be had, only who lost some is
 * told. */
static void summary_reasons(FILE *out, const struct ledger *ledger, const struct run_final *f)
{
	char n[TEXT], line[1200] = "";

	if (!f)
		return;
	if (!f->reasons.known && f->reasons.why[0] && ledger->known && ledger->lost)
		text_add(line, sizeof(line), "kernel's drop reasons: -- (%s)", f->reasons.why);
	for (unsigned i = 0; i < f->reasons.count; i++)
		text_add(line, sizeof(line), "%s%s %s",
			i ? ", " : "kernel's drop reasons, of this whole host, at most: ", f->reasons.reason[i].name,
			text_grouped(f->reasons.reason[i].packets, n, TEXT));
	if (*line)
		paragraph(out, 2, 4, line);
}

static void summary_second_ledger(FILE *out, const struct reading *r)
{
	const struct ledger_def *def = r->info->engine->second_ledger;
	struct ledger second;

	if (!def)
		return;
	ledger_second_of(r, &second);
	if (second.known)
		summary_balance(out, def->name, def->received, &second);
	else
		fprintf(out, "  %s: no ledger (%s)\n", def->name, run_missing_end(r->info));
}

static void summary_verdict(FILE *out, const struct verdict *verdict)
{
	char line[256];

	fprintf(out, "  verdict: %s\n", verdict->valid ? "valid" : "INVALID: do not use these numbers");
	for (unsigned i = 0; i < verdict->reasons; i++) {
		snprintf(line, sizeof(line), "because %s", verdict->reason[i]);
		paragraph(out, 4, 6, line);
	}
	for (unsigned i = 0; i < verdict->cautions; i++) {
		snprintf(line, sizeof(line), "caution: %s", verdict->caution[i]);
		paragraph(out, 4, 6, line);
	}
	if (verdict->limit.who != LIMIT_UNKNOWN) {
		snprintf(line, sizeof(line), "limit: %s", verdict->limit.text);
		paragraph(out, 2, 6, line);
	}
}

/* The final, or what there is until now. */
static struct reading reading_of_source(const struct results_source *source)
{
	const struct history *h = source->history;
	const struct run_info *info = history_run(h, source->run_id);
	const struct run_final *final = history_final(h, source->run_id);

	if (final)
		return reading_of_final(info, final);
	return reading_between(info, history_measure_start(h, source->run_id), history_fine(h, 0));
}

void plain_text_summary(FILE *out, const struct results_source *source)
{
	struct reading r = reading_of_source(source);
	struct ledger ledger;
	struct verdict verdict;

	if (!r.info || (!r.final && !reading_is_pair(&r))) {
		fprintf(out, "nothing was measured\n");
		return;
	}
	results_judge(source, &ledger, &verdict);
	fprintf(out, "%s, method %s: measured %.2f s%s\n", r.info->engine->title, r.info->ran,
		(double)reading_measured_ns(&r) / NS_PER_S,
		!r.final                                      ? ", not finished"
		: r.final->interrupted && r.info->duration_ns ? ", interrupted"
							      : "");
	summary_rates(out, &r);
	summary_latencies(out, source->history, &r, &ledger);
	summary_stages(out, source->history, r.info);
	summary_figures(out, &r);
	summary_counters(out, &r);
	summary_workers(out, &r, &ledger);
	summary_details(out, source->history, r.info);
	summary_ledger(out, &ledger);
	summary_reasons(out, &ledger, r.final);
	summary_second_ledger(out, &r);
	summary_verdict(out, &verdict);
}

/* ---- all runs ---- */

static void runs_add_figures(const struct run_line *run, char *line, size_t size)
{
	const struct engine *e = run->info->engine;
	char a[TEXT], b[TEXT];

	text_add(line, size, " %s", headline_text(e, run->rate, a, sizeof(a)));
	if (run->latency.count)
		text_add(line, size, ", p50 %s p99 %s us", us(run->latency.p50_ns, a), us(run->latency.p99_ns, b));
	if (!isnan(run->lost_percent))
		text_add(line, size, ", lost %.3g %%", run->lost_percent);
	text_add(line, size, ", %s, %s", text_duration((int64_t)(run->seconds + 0.5) * NS_PER_S, a, sizeof(a)),
		!run->verdict.valid     ? "INVALID"
		: run->verdict.cautions ? "valid with cautions"
					: "valid");
}

static void runs_add(FILE *out, const struct run_info *before, const struct run_line *run)
{
	char line[700] = "", when[TEXT], differs[300];

	clock_format_hms(run->info->started_wall_ns, when, sizeof(when));
	text_add(line, sizeof(line), "#%u %s %s, method %s:", run->info->id, when, run->info->engine->name, run->info->ran);
	if (run->measured)
		runs_add_figures(run, line, sizeof(line));
	else
		text_add(line, sizeof(line), " %s", run->failed ? "failed" : "nothing was measured");
	if (before)
		text_add(line, sizeof(line), "; %s", run_line_differ(before, run->info, " to ", differs, sizeof(differs)));
	paragraph(out, 2, 6, line);
}

void plain_text_runs(FILE *out, const struct history *h, bool captured)
{
	const struct run_info *before = NULL;

	for (unsigned age = history_run_count(h); age-- > 0;) {
		const struct run_info *info = history_run_by_age(h, age);
		struct run_line run;

		run_line_of(h, info->id, captured && !age, &run);
		runs_add(out, before, &run);
		before = info;
	}
}

void plain_text_event(FILE *out, int64_t at_ns, enum severity severity, const char *text)
{
	static const char marks[] = { [SEVERITY_INFO] = '*', [SEVERITY_WARNING] = '!', [SEVERITY_ERROR] = '!' };
	char when[TEXT], safe[400];

	clock_format_hms(clock_wall_of(at_ns), when, sizeof(when));
	fprintf(out, "%s %c %s\n", when, marks[severity], text_escape(text, strlen(text), safe, sizeof(safe)));
}
