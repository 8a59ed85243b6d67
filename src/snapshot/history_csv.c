/* A row `sum` for each sample, then a row for each worker.  See snapshot/history_csv.h. */
#include "snapshot/history_csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "results/record.h"

enum { NAMES_MAX = 256 };

/* Columns that depend on the modes of the runs in the history: the union of their counters and
 * of their latencies. */
struct sheet {
	const struct history *history;
	FILE *out;
	const char *counter[NAMES_MAX], *latency[NAMES_MAX];
	unsigned counters, latencies;
};

static void add_name(const char **names, unsigned *count, const char *name)
{
	for (unsigned i = 0; i < *count; i++)
		if (!strcmp(names[i], name))
			return;
	if (*count < NAMES_MAX)
		names[(*count)++] = name;
}

static void collect_columns(struct sheet *s)
{
	for (unsigned age = history_run_count(s->history); age-- > 0;) {
		const struct engine *e = history_run_by_age(s->history, age)->engine;

		for (unsigned i = 0; i < engine_counters(e); i++)
			add_name(s->counter, &s->counters, engine_counter(e, i)->name);
		for (unsigned i = 0; i < engine_latencies(e); i++)
			add_name(s->latency, &s->latencies, e->latencies[i].name);
	}
}

static void print_header(const struct sheet *s)
{
	fputs("run,phase,kept,t_s,at_ns,role,index,cpu,worker", s->out);
	for (unsigned i = 0; i < s->counters; i++)
		fprintf(s->out, ",%s", s->counter[i]);
	for (unsigned i = 0; i < s->latencies; i++)
		for (const struct member *m = latency_members; m->name; m++)
			fprintf(s->out, ",%s_%s", s->latency[i], m->name);
	for (const struct member *m = sample_members; m->name; m++)
		fprintf(s->out, ",%s", m->name);
	for (unsigned i = 0; i < PROCNET_FIELDS; i++)
		fprintf(s->out, ",net_%s", procnet_name((enum procnet_field)i));
	fputs(",net_why,heat\n", s->out);
}

static void print_member(FILE *out, const struct member *m, const void *from)
{
	const char *at = (const char *)from + m->offset;

	switch (m->type) {
	case MEMBER_U64:
		fprintf(out, ",%" PRIu64, *(const uint64_t *)at);
		break;
	case MEMBER_I64:
		fprintf(out, ",%" PRId64, *(const int64_t *)at);
		break;
	case MEMBER_BOOL:
		fprintf(out, ",%d", *(const bool *)at);
		break;
	case MEMBER_REAL:
		fprintf(out, ",%.17g", *(const double *)at);
		break;
	case MEMBER_U32:
	case MEMBER_INT:
	case MEMBER_TEXT:
		putc(',', out);
		break;
	}
}

static void print_latency(FILE *out, const struct latency_summary *l)
{
	for (const struct member *m = latency_members; m->name; m++)
		if (l && l->count)
			print_member(out, m, l);
		else
			putc(',', out);
}

static const struct latency_summary *latency_named(
	const struct engine *e, const struct latency_summary *summaries, const char *name)
{
	for (unsigned i = 0; i < engine_latencies(e); i++)
		if (!strcmp(e->latencies[i].name, name))
			return &summaries[i];
	return NULL;
}

static void print_latencies(const struct sheet *s, const struct engine *e, const struct latency_summary *summaries)
{
	for (unsigned i = 0; i < s->latencies; i++)
		print_latency(s->out, latency_named(e, summaries, s->latency[i]));
}

static void print_blanks(FILE *out, unsigned count)
{
	while (count--)
		putc(',', out);
}

/* ---- rows ---- */

static void print_place(const struct sheet *s, const struct run_info *info, const struct sample *sample, unsigned where)
{
	char kept[32];

	fprintf(s->out, "%u,%s,%s,%.6f,%" PRId64, sample->run_id, phase_name(sample->phase),
		kept_format(where, kept, sizeof(kept)), (double)(sample->at_ns - info->started_ns) / NS_PER_S, sample->at_ns);
}

/* Merged over the workers that count it; empty where nobody does or one does not know. */
static void print_counter_sum(const struct sheet *s, const struct run_info *info, const struct sample *sample, int counter)
{
	struct reading r = reading_between(info, NULL, sample);
	struct reading_sum sum = { 0 };

	if (counter >= 0)
		sum = reading_sum(&r, -1, ROLE_BOTH, (unsigned)counter);
	putc(',', s->out);
	if (sum.workers && !sum.why && !sum.none)
		fprintf(s->out, "%" PRIu64, sum.value);
}

/* Empty, too, where it is the lowest or highest of nothing. */
static void print_counter(
	const struct sheet *s, const struct run_info *info, const struct sample *sample, unsigned worker, int counter)
{
	putc(',', s->out);
	if (counter < 0 || info->worker[worker].unknown >> counter & 1)
		return;
	uint64_t value = sample->worker[worker].value[counter];
	if (!counter_is_nothing(engine_counter(info->engine, (unsigned)counter)->kind, value))
		fprintf(s->out, "%" PRIu64, value);
}

static void print_heat(FILE *out, const uint32_t *heat)
{
	const char *between = "";

	for (unsigned i = 0; i < HEAT_ROWS; i++) {
		if (!heat[i])
			continue;
		fprintf(out, "%s%u:%" PRIu32, between, i, heat[i]);
		between = ";";
	}
}

static void print_net(FILE *out, const struct procnet *net)
{
	for (unsigned i = 0; i < PROCNET_FIELDS; i++) {
		putc(',', out);
		if (procnet_has(net, (enum procnet_field)i))
			fprintf(out, "%" PRIu64, net->value[i]);
	}
	putc(',', out);
	csv_text(out, net->why);
}

static void print_sum_row(const struct sheet *s, const struct run_info *info, const struct sample *sample, unsigned where)
{
	print_place(s, info, sample, where);
	fputs(",sum,,,", s->out);
	for (unsigned i = 0; i < s->counters; i++)
		print_counter_sum(s, info, sample, engine_find_counter(info->engine, s->counter[i]));
	print_latencies(s, info->engine, sample->merged);
	for (const struct member *m = sample_members; m->name; m++)
		print_member(s->out, m, sample);
	print_net(s->out, &sample->net);
	putc(',', s->out);
	print_heat(s->out, sample->heat);
	putc('\n', s->out);
}

static void print_worker_row(
	const struct sheet *s, const struct run_info *info, const struct sample *sample, unsigned where, unsigned worker)
{
	const struct run_worker *w = &info->worker[worker];
	unsigned blanks = PROCNET_FIELDS + 2;

	print_place(s, info, sample, where);
	fprintf(s->out, ",%s,%u,%d,%u", role_names[w->role], w->index, w->cpu, worker);
	for (unsigned i = 0; i < s->counters; i++)
		print_counter(s, info, sample, worker, engine_find_counter(info->engine, s->counter[i]));
	print_latencies(s, info->engine, sample->worker[worker].latency);
	for (const struct member *m = sample_members; m->name; m++)
		blanks++;
	print_blanks(s->out, blanks);
	putc('\n', s->out);
}

static void print_sample(const struct sheet *s, const struct sample *sample, unsigned where)
{
	const struct run_info *info = history_run(s->history, sample->run_id);

	if (!info)
		return;
	print_sum_row(s, info, sample, where);
	for (unsigned i = 0; i < info->workers; i++)
		print_worker_row(s, info, sample, where, i);
}

int snapshot_write_sheet(const struct history *h, FILE *out, struct err *err)
{
	struct sheet sheet = { .history = h, .out = out };
	size_t count;
	struct kept_sample *all = results_samples(h, &count);

	if (!all)
		return err_sys(err, ENOMEM, "write history.csv");
	collect_columns(&sheet);
	print_header(&sheet);
	for (size_t i = 0; i < count && !ferror(out); i++)
		print_sample(&sheet, all[i].sample, all[i].where);
	free(all);
	return 0;
}
