/* The reports of a comparison.  See report.h. */
#include "sweep/compare/report.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/text/table.h"
#include "results/json_parts.h"
#include "sweep/report.h"

enum { COLUMNS = 5, NUMBER_BYTES = 32, NOTE_BYTES = sizeof(((struct compare_report *)0)->note[0]) };

void compare_note(struct compare_report *report, const char *fmt, ...)
{
	va_list args;

	if (report->notes == COMPARE_NOTES_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(report->note[report->notes++], NOTE_BYTES, fmt, args);
	va_end(args);
}

/* ---- the limit ---- */

static struct compare_limit most_limited(const uint16_t *limited)
{
	struct compare_limit most = { .who = LIMIT_UNKNOWN };

	for (enum limit_who who = LIMIT_UNKNOWN + 1; who < LIMITS; who++)
		if (limited[who] > most.runs)
			most = (struct compare_limit){ .who = who, .runs = limited[who] };
	return most;
}

void compare_limits(struct compare_report *report, const uint16_t *a, const uint16_t *b)
{
	struct compare_limit *l = report->limit;
	char words_a[64], words_b[64], more[120] = "";

	l[0] = most_limited(a);
	l[1] = most_limited(b);
	if (!l[0].runs || !l[1].runs)
		return;
	if (l[0].who == LIMIT_CLIENT || l[1].who == LIMIT_CLIENT)
		snprintf(more, sizeof(more), "; where it is the %s, the %s could do more than is seen here",
			engine_role(report->engine, ROLE_CLIENT)->title, engine_role(report->engine, ROLE_SERVER)->title);
	compare_note(report, "the limit was %s in %u of A's %u runs, %s in %u of B's %u%s",
		limit_words(l[0].who, report->engine, words_a, sizeof(words_a)), l[0].runs, report->valid[0],
		limit_words(l[1].who, report->engine, words_b, sizeof(words_b)), l[1].runs, report->valid[1], more);
}

/* ---- the table ---- */

struct compare_table {
	const struct compare_report *report;
	unsigned rows, row[SWEEP_METRICS_MAX]; /* figures that are shown */
};

static void compare_choose(struct compare_table *t)
{
	const struct comparison *c = t->report->comparison;

	for (unsigned i = 0; i < c->metrics; i++)
		if (!isnan(c->of[i].a) || !isnan(c->of[i].b))
			t->row[t->rows++] = i;
}

static const char *mark_word(enum compared_mark mark)
{
	static const char *const words[] = { [COMPARED_UNTESTED] = "",
		[COMPARED_TOO_FEW] = "not enough, ",
		[COMPARED_SAME] = "= ",
		[COMPARED_LESS] = "▼ ",
		[COMPARED_MORE] = "▲ " };

	return words[mark];
}

static void compare_head(unsigned column, char *out, size_t size)
{
	static const char *const heads[COLUMNS] = { "median", "A", "B", "B against A", "95 % interval" };

	snprintf(out, size, "%s", heads[column]);
}

static void compare_cell(void *ctx, long row, unsigned column, char *out, size_t size)
{
	const struct compare_table *t = ctx;
	char text[COMPARED_TEXT_BYTES];

	if (row < 0) {
		compare_head(column, out, size);
		return;
	}
	const struct sweep_metric *m = &t->report->comparison->metric[t->row[row]];
	const struct compared *of = &t->report->comparison->of[t->row[row]];

	if (column == 0)
		snprintf(out, size, "%s%s%s", m->title, *m->unit ? " " : "", m->unit);
	else if (column < 3)
		text_four(column == 1 ? of->a : of->b, out, size);
	else if (column == 3)
		snprintf(out, size, "%s%s", mark_word(of->mark), compared_difference(of, text));
	else
		snprintf(out, size, "%s", compared_interval(of, text));
}

static void compare_write_table(FILE *out, const struct compare_report *report, bool markdown, unsigned room)
{
	struct compare_table t = { .report = report };

	compare_choose(&t);
	struct text_table table = {
		.columns = COLUMNS, .rows = t.rows, .markdown = markdown, .room = room, .keep = 4, .ctx = &t, .cell = compare_cell
	};
	if (t.rows)
		text_table_write(out, &table);
}

/* ---- words ---- */

static void write_answer(FILE *out, const struct comparison *c, unsigned i)
{
	char words[COMPARED_WORDS_BYTES];

	fputs(compared_words(&c->of[i], c->metric[i].title, c->tests, words), out);
}

/* Throughput and rate are one finding where every packet has the same size. */
static bool says_the_same(const struct comparison *c, unsigned i)
{
	return i == 1 && compared_alike(&c->of[0], &c->of[1]);
}

static size_t compare_known(const struct comparison *c)
{
	size_t known = 0;

	for (unsigned i = 0; i < c->metrics; i++)
		if (c->of[i].mark != COMPARED_UNTESTED) {
			size_t n = c->of[i].evidence.a < c->of[i].evidence.b ? c->of[i].evidence.a : c->of[i].evidence.b;

			known = n > known ? n : known;
		}
	return known;
}

static void write_too_few(FILE *out, const struct comparison *c, size_t known)
{
	if (!known)
		fprintf(out, "B against A: nothing can be said: no %s.\n",
			c->pairs ? "round has a valid run of each" : "valid run on one side");
	else
		fprintf(out, "B against A: not enough %s to tell: %zu, and %zu are the least.\n",
			c->pairs ? "rounds with a valid run of each" : "valid runs a side", known, c->least);
}

/* The scatter says how many rounds it takes; fewer than there are is no news. */
static void write_wanted(FILE *out, const struct comparison *c, size_t known)
{
	const struct compared *of = &c->of[0];

	if (of->mark == COMPARED_SAME && of->rounds_wanted > known)
		fprintf(out, "These runs scatter so that it would take about %zu rounds to show a difference of 5 %% in %s.\n",
			of->rounds_wanted, c->metric[0].title);
}

void compare_write_words(FILE *out, const struct compare_report *report)
{
	const struct comparison *c = report->comparison;
	size_t known = compare_known(c);
	bool any = false;

	if (known < c->least || !known) {
		write_too_few(out, c, known);
		return;
	}
	fputs("B against A: ", out);
	for (unsigned i = 0; i < c->metrics; i++) {
		if (c->of[i].mark < COMPARED_SAME || says_the_same(c, i))
			continue;
		fputs(any ? "; " : "", out);
		write_answer(out, c, i);
		any = true;
	}
	fputs(".\n", out);
	write_wanted(out, c, known);
}

/* ---- conditions ---- */

static const char *answer_word(enum condition_answer answer)
{
	static const char *const words[] = { [CONDITION_NOT_SHOWN] = "not shown",
		[CONDITION_HOLDS] = "holds",
		[CONDITION_UNKNOWN] = "cannot be told: there is no interval" };

	return words[answer];
}

void compare_write_conditions(FILE *out, const struct compare_report *report)
{
	for (unsigned i = 0; i < report->conditions; i++)
		fprintf(out, "fail if %s: %s\n", report->condition[i].text,
			answer_word(condition_ask(&report->condition[i], report->comparison)));
}

/* ---- text, Markdown ---- */

static void write_side(FILE *out, const struct compare_report *report, unsigned side)
{
	char quoted[256];
	const char *text = report->side[side];

	text_escape(text, strlen(text), quoted, sizeof(quoted));
	fprintf(out, "%c: %s (%u valid run%s)\n", side ? 'B' : 'A', *quoted ? quoted : "the common options", report->valid[side],
		report->valid[side] == 1 ? "" : "s");
}

void compare_write_text(FILE *out, const struct compare_report *report, unsigned room)
{
	for (unsigned i = 0; i < COMPARE_SIDES; i++)
		write_side(out, report, i);
	putc('\n', out);
	compare_write_table(out, report, false, room);
	putc('\n', out);
	if (report->stopped)
		fprintf(out, "not complete (%s): what there is so far\n", report->stopped);
	compare_write_words(out, report);
	for (unsigned i = 0; i < report->notes; i++)
		fprintf(out, "note: %s\n", report->note[i]);
	compare_write_conditions(out, report);
}

static void summary_conditions(FILE *out, const struct compare_report *report)
{
	if (report->conditions)
		fputs("\n## Conditions\n\n", out);
	for (unsigned i = 0; i < report->conditions; i++)
		fprintf(out, "- fail if `%s`: %s\n", report->condition[i].text,
			answer_word(condition_ask(&report->condition[i], report->comparison)));
}

void compare_write_summary(FILE *out, const struct compare_report *report, const char *chart)
{
	char host[320], time[40], quoted[256];

	clock_format_iso(clock_wall_of(clock_run_ns()), time, sizeof(time));
	fprintf(out, "# netdyno compare: %s (%s)\n\n", report->engine->name, report->engine->title);
	if (report->host)
		text_markdown(out, sweep_host_line(report->host, host, sizeof(host)));
	fprintf(out, "%snetdyno %s; %s.\n\n", report->host ? "; " : "", NETDYNO_VERSION, time);
	for (unsigned i = 0; i < COMPARE_SIDES; i++) {
		fprintf(out, "- %c (%u valid runs): ", i ? 'B' : 'A', report->valid[i]);
		text_markdown(out, text_escape(report->side[i], strlen(report->side[i]), quoted, sizeof(quoted)));
		putc('\n', out);
	}
	if (report->stopped) {
		fputs("\n**Not complete**: ", out);
		text_markdown(out, report->stopped);
		fputs(".\n", out);
	}
	putc('\n', out);
	compare_write_words(out, report);
	putc('\n', out);
	compare_write_table(out, report, true, 0);
	fputs("\n▲ ▼ = stand with the main figures, and all of them together are wrong of equals in at most one of thirty-two "
	      "comparisons; what has no mark was not tested.\n",
		out);
	summary_conditions(out, report);
	fputs(report->notes ? "\n## Notes\n\n" : "", out);
	for (unsigned i = 0; i < report->notes; i++) {
		fputs("- ", out);
		text_markdown(out, report->note[i]);
		putc('\n', out);
	}
	if (chart)
		fprintf(out, "\n![runs of B in per cent of A](%s)\n", chart);
}
