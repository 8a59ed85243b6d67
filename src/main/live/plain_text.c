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
#include "record/rates.h"

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

	for (unsigned i = first; i < info->options.count; i++) {
		const struct option_def *def = info->options.def[i];
		const char *text = info->options.value[i].is_set ? info->options.value[i].text : host_default(host, def->name);

		if ((info->options.value[i].is_set || *text) && def->flags & OPTION_RESULT)
			fprintf(out, "%s--%s %s", i == first ? "  " : " ", def->name, text);
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

/* The sample that the interval began with: the interval before, or the start of the measurement. */
static const struct sample *interval_start(const struct results_source *source, const struct sample *interval)
{
	const struct sample *s;

	for (unsigned age = 0; (s = history_coarse(source->history, age)); age++)
		if (s->run_id == interval->run_id && s->is_interval && s->at_ns < interval->at_ns)
			return s;
	return history_measure_start(source->history, interval->run_id);
}

/* A mode that counts no losses says nothing of them. */
static bool can_lose(const struct engine *engine)
{
	for (unsigned i = COUNTER_OWN; i < engine_counters(engine); i++)
		if (engine_counter(engine, i)->ledger == LEDGER_LOST)
			return true;
	return false;
}

static uint64_t missing_nowhere(const struct ledger *l)
{
	return l->unexplained > 0 ? (uint64_t)l->unexplained : 0;
}

/* What was lost at places, and what is missing without one.  Where not every place can be read
 * (another process's socket), what is missing between the two ends is known all the same. */
static double lost_per_second(const struct results_source *source, const struct run_info *info, const struct sample *from,
	const struct sample *to, const struct rates *all)
{
	const struct sample *base = history_measure_start(source->history, info->id);
	bool places_known = !isnan(all->drops_per_s);
	struct ledger before = { 0 }, after = { 0 };

	if (!base || !from || from->at_ns >= to->at_ns)
		return all->drops_per_s;
	ledger_between(info, base, from, &before);
	ledger_between(info, base, to, &after);
	if (!after.known)
		return all->drops_per_s;
	uint64_t earlier = places_known ? missing_nowhere(&before) : before.lost;
	uint64_t now = places_known ? missing_nowhere(&after) : after.lost;
	double more = now > earlier ? (double)(now - earlier) * NS_PER_S / (double)(to->at_ns - from->at_ns) : 0;
	return places_known ? all->drops_per_s + more : more;
}

void plain_text_interval(FILE *out, const struct results_source *source, const struct sample *interval)
{
	const struct run_info *info = history_run(source->history, interval->run_id);
	const struct sample *from = interval_start(source, interval);
	const struct latency_summary *l = &interval->merged[0];
	char pps[TEXT], mbps[TEXT], drops[TEXT], p50[TEXT], p99[TEXT], max[TEXT];
	struct rates rx, all;

	if (!info)
		return;
	rates_between(info, from, interval, -1, info->rx_roles, &rx);
	rates_between(info, from, interval, -1, ROLE_BOTH, &all);
	fprintf(out, "%8.1f s  %8s %s/s  %9s Mbit/s", (double)interval->measured_ns / NS_PER_S,
		text_human(rx.rx_pps, pps, sizeof(pps)), packets_of(info), fixed(rx.rx_mbps, 1, mbps));
	if (can_lose(info->engine))
		fprintf(out, "  lost %s/s",
			text_human(lost_per_second(source, info, from, interval, &all), drops, sizeof(drops)));
	if (l->count)
		fprintf(out, "  %s us p50 %s  p99 %s  max %s", info->engine->latencies[0].title, us(l->p50_ns, p50),
			us(l->p99_ns, p99), us(l->max_ns, max));
	fputc('\n', out);
}

/* ---- summary ---- */

struct view {
	const struct results_source *source;
	const struct run_info *info;
	const struct run_final *final; /* NULL: from .. to instead */
	const struct sample *from, *to;
};

static void rates_of(const struct view *v, int worker, unsigned roles, struct rates *ret_rates)
{
	if (v->final)
		rates_of_final(v->info, v->final, worker, roles, ret_rates);
	else
		rates_between(v->info, v->from, v->to, worker, roles, ret_rates);
}

static void summary_rates(FILE *out, const struct view *v)
{
	struct rates rx, tx;
	char n[TEXT], pps[TEXT], mbps[TEXT];

	rates_of(v, -1, v->info->rx_roles, &rx);
	rates_of(v, -1, v->info->tx_roles, &tx);
	fprintf(out, "  received %15s %s  %12s /s  %10s Mbit/s\n", text_grouped(rx.value[COUNTER_RX_PACKETS], n, TEXT),
		packets_of(v->info), fixed(rx.rx_pps, 1, pps), fixed(rx.rx_mbps, 1, mbps));
	if (tx.unknown >> COUNTER_TX_PACKETS & 1)
		fprintf(out, "  sent     %15s (%s)\n", "--", run_missing_end(v->info));
	else
		fprintf(out, "  sent     %15s %*s  %12s /s  %10s Mbit/s\n", text_grouped(tx.value[COUNTER_TX_PACKETS], n, TEXT),
			(int)strlen(packets_of(v->info)), "", fixed(tx.tx_pps, 1, pps), fixed(tx.tx_mbps, 1, mbps));
}

static void summary_workers(FILE *out, const struct view *v)
{
	char rx[TEXT], tx[TEXT], rx_mbps[TEXT], tx_mbps[TEXT], drops[TEXT], busy[TEXT];

	fprintf(out, "  %-6s %4s %10s %10s %10s %10s %8s %6s %9s\n", "role", "cpu", "rx/s", "tx/s", "rx Mbit/s", "tx Mbit/s",
		"lost/s", "busy %", "switches");
	for (unsigned i = 0; i < v->info->workers; i++) {
		const struct run_worker *w = &v->info->worker[i];
		struct rates r;

		rates_of(v, (int)i, ROLE_BOTH, &r);
		fprintf(out, "  %-6s %4d %10s %10s %10s %10s %8s %6s %9" PRIu64 "\n",
			engine_role(v->info->engine, w->role)->title, w->cpu, text_human(r.rx_pps, rx, sizeof(rx)),
			text_human(r.tx_pps, tx, sizeof(tx)), fixed(r.rx_mbps, 1, rx_mbps), fixed(r.tx_mbps, 1, tx_mbps),
			text_human(r.drops_per_s, drops, sizeof(drops)), fixed(100 * r.busy, 1, busy),
			r.value[COUNTER_CTX_VOLUNTARY] + r.value[COUNTER_CTX_INVOLUNTARY]);
	}
}

static void summary_figures(FILE *out, const struct view *v)
{
	const struct figure_def *f = v->info->engine->figures;
	char text[TEXT], explained[FIGURE_WHY_BYTES];

	for (; f && f->name; f++) {
		if (!(f->show & SHOW_SUM))
			continue;
		double value = figure_value(f, v->info, v->from, v->to, v->final, -1);
		const char *why = isnan(value) ? figure_explain(v->info, f, explained) : NULL;

		fprintf(out, "  %s %s%s%s%s%s%s\n", f->name, text_human(value, text, sizeof(text)), *f->unit ? " " : "", f->unit,
			why ? " (" : "", why ? why : "", why ? ")" : "");
	}
}

/* The mode's own counters, those that have counted anything; what was lost stands with the
 * ledger. */
static void summary_counters(FILE *out, const struct view *v)
{
	unsigned counters = engine_counters(v->info->engine);
	char line[1200] = "", n[TEXT];
	struct rates all;

	rates_of(v, -1, ROLE_BOTH, &all);
	for (unsigned i = COUNTER_OWN; i < counters; i++) {
		const struct counter_def *def = engine_counter(v->info->engine, i);

		if (def->show & SHOW_SUM && def->kind == COUNTER_SUM && !rates_is_drop(v->info, def) && all.value[i])
			text_add(line, sizeof(line), "%s%s %s %s", *line ? ", " : "counted: ", def->name,
				text_grouped(all.value[i], n, TEXT),
				strcmp(def->unit, "packets") ? def->unit : packets_of(v->info));
	}
	if (*line)
		paragraph(out, 2, 4, line);
}

/* Merged over the run; false where there is none. */
static bool latency_of(const struct view *v, unsigned index, struct latency_summary *ret_summary)
{
	const struct hist *total = v->final ? v->final->total : v->to ? v->to->total : NULL;

	if (total)
		hist_summarise(&total[index], ret_summary);
	return total && ret_summary->count;
}

static void summary_latencies(FILE *out, const struct view *v)
{
	for (unsigned i = 0; i < engine_latencies(v->info->engine); i++) {
		const struct latency_def *def = &v->info->engine->latencies[i];
		struct latency_summary l;
		char n[TEXT], t[8][TEXT], line[400];

		if (!latency_of(v, i, &l))
			continue;
		snprintf(line, sizeof(line), "%s us  min %s, mean %s, p50 %s, p90 %s, p99 %s, p99.9 %s, p99.99 %s, max %s",
			def->title, us(l.min_ns, t[0]), us((int64_t)l.mean_ns, t[1]), us(l.p50_ns, t[2]), us(l.p90_ns, t[3]),
			us(l.p99_ns, t[4]), us(l.p99_9_ns, t[5]), us(l.p99_99_ns, t[6]), us(l.max_ns, t[7]));
		paragraph(out, 2, 4, line);
		fprintf(out, "    %s values, measured from %s\n", text_grouped(l.count, n, TEXT), def->since);
	}
}

static void summary_ledger(FILE *out, const struct ledger *ledger)
{
	char a[TEXT], b[TEXT], c[TEXT], places[1200] = "";

	if (!ledger->known)
		return;
	for (unsigned i = 0; i < ledger->places; i++) {
		const struct ledger_place *p = &ledger->place[i];
		const char *gap = i ? "; " : "lost by place: ";

		if (p->known)
			text_add(places, sizeof(places), "%s%s %s", gap, p->title, text_grouped(p->lost, a, TEXT));
		else
			text_add(places, sizeof(places), "%s%s -- (%s)", gap, p->title, p->why);
	}
	if (ledger->places)
		paragraph(out, 2, 4, places);
	fprintf(out, "  ledger: sent %s = received %s + lost %s", text_grouped(ledger->sent, a, TEXT),
		text_grouped(ledger->received, b, TEXT),
		text_grouped(ledger->lost - (ledger->unexplained > 0 ? (uint64_t)ledger->unexplained : 0), c, TEXT));
	if (ledger->in_flight)
		fprintf(out, " + in flight %s", text_grouped(ledger->in_flight, a, TEXT));
	fprintf(out, " + unexplained %" PRId64 " (%s)\n", ledger->unexplained,
		ledger->balanced ? "balanced" : "does not balance");
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
}

static double seconds_of(const struct view *v)
{
	if (v->final)
		return (double)v->final->measured_ns / NS_PER_S;
	return v->from ? (double)(v->to->at_ns - v->from->at_ns) / NS_PER_S : 0;
}

void plain_text_summary(FILE *out, const struct results_source *source)
{
	struct view v = { .source = source,
		.info = history_run(source->history, source->run_id),
		.final = history_final(source->history, source->run_id),
		.from = history_measure_start(source->history, source->run_id),
		.to = history_fine(source->history, 0) };
	struct ledger ledger;
	struct verdict verdict;

	if (!v.info || (!v.final && !(v.from && v.to && v.to->run_id == source->run_id))) {
		fprintf(out, "nothing was measured\n");
		return;
	}
	results_judge(source, &ledger, &verdict);
	fprintf(out, "%s, method %s: measured %.2f s%s\n", v.info->engine->title, v.info->ran, seconds_of(&v),
		v.final && v.final->interrupted && v.info->duration_ns ? ", interrupted"
		: v.final                                              ? ""
								       : ", not finished");
	summary_rates(out, &v);
	summary_latencies(out, &v);
	summary_figures(out, &v);
	summary_counters(out, &v);
	summary_workers(out, &v);
	summary_ledger(out, &ledger);
	summary_verdict(out, &verdict);
}

void plain_text_event(FILE *out, int64_t at_ns, enum severity severity, const char *text)
{
	static const char marks[] = { [SEVERITY_INFO] = '*', [SEVERITY_WARNING] = '!', [SEVERITY_ERROR] = '!' };
	char when[TEXT], safe[400];

	clock_format_hms(clock_wall_of(at_ns), when, sizeof(when));
	fprintf(out, "%s %c %s\n", when, marks[severity], text_escape(text, strlen(text), safe, sizeof(safe)));
}
