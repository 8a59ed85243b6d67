/* Words are shed, digits never: whatever the size of the window, the mode, the state and the
 * values, no number on the screen is cut, and the words for states that change what a number is
 * worth (frozen, not valid, one role alone) outlive all others.
 *
 * Every text that panels paint goes through the functions below (-Wl,--wrap); when the frame is
 * done, each number in it stands there whole, or not at all. */
#include "stage.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "engines/engines.h"
#include "ui/canvas/keys.h"
#include "ui/canvas/paint.h"
#include "ui/dash/keytable.h"
#include "ui/dash/setup/effective.h"
#include "../../support/asserts.h"

/* ---- what was painted ---- */

enum { PUTS_MAX = 4000, TEXT_BYTES = 240 };

struct put {
	int row, column;
	char text[TEXT_BYTES];
};

static struct put puts_made[PUTS_MAX];
static unsigned puts_count;
static char frame_name[160];

/* The test of this test: texts are cut where their room ends, as if the canvas did not care. */
static bool guard_is_off;
static unsigned cuts_seen;

static int paint_without_guard(struct canvas *c, int row, int column, int limit, enum style style, const char *text)
{
	int used = 0;

	for (; *text && (limit < 0 || used < limit); used++) {
		uint32_t code;

		text += text_decode(text, &code);
		paint_glyph(c, row, column + used, style, code);
	}
	return used;
}

static void record(const struct canvas *c, int row, int column, const char *text)
{
	if (c != &dash.canvas || !strpbrk(text, "0123456789"))
		return;
	assert_in_range(puts_count, 0, PUTS_MAX - 1);
	struct put *p = &puts_made[puts_count++];
	p->row = row;
	p->column = column;
	snprintf(p->text, sizeof(p->text), "%s", text);
}

int __real_canvas_put(struct canvas *c, int row, int column, int limit, enum style style, const char *text);
int __wrap_canvas_put(struct canvas *c, int row, int column, int limit, enum style style, const char *text);
int __real_canvas_put_cut(struct canvas *c, int row, int column, int columns, enum style style, const char *text);
int __wrap_canvas_put_cut(struct canvas *c, int row, int column, int columns, enum style style, const char *text);
int __real_canvas_put_right(struct canvas *c, int row, int column, int columns, enum style style, const char *text);
int __wrap_canvas_put_right(struct canvas *c, int row, int column, int columns, enum style style, const char *text);
void __real_canvas_rule(struct canvas *c, int row, int column, int columns, const char *title, const char *note);
void __wrap_canvas_rule(struct canvas *c, int row, int column, int columns, const char *title, const char *note);

int __wrap_canvas_put(struct canvas *c, int row, int column, int limit, enum style style, const char *text)
{
	record(c, row, column, text);
	if (guard_is_off)
		return paint_without_guard(c, row, column, limit, style, text);
	return __real_canvas_put(c, row, column, limit, style, text);
}

/* A figure alone in its field is shortened, never left out. */
static const char *as_figure(int columns, const char *text, char *out, size_t size)
{
	if (canvas_width(text) <= columns)
		return text;
	text_shorter(text, columns > 0 ? (unsigned)columns : 0, out, size);
	if (!*out && isdigit((unsigned char)text[0]) && !text[strspn(text, "0123456789 .,kMGTmsµ%")])
		fail_msg("%s: no room for \"%s\" in %d cells", frame_name, text, columns);
	return *out ? out : text;
}

int __wrap_canvas_put_cut(struct canvas *c, int row, int column, int columns, enum style style, const char *text)
{
	char figure[64];

	record(c, row, column, guard_is_off ? text : as_figure(columns, text, figure, sizeof(figure)));
	if (guard_is_off)
		return paint_without_guard(c, row, column, columns, style, text);
	return __real_canvas_put_cut(c, row, column, columns, style, text);
}

int __wrap_canvas_put_right(struct canvas *c, int row, int column, int columns, enum style style, const char *text)
{
	char figure[64];
	const char *shown = guard_is_off ? text : as_figure(columns, text, figure, sizeof(figure));
	int width = canvas_width(shown), from = width < columns ? column + columns - width : column;

	record(c, row, from, shown);
	if (guard_is_off)
		return paint_without_guard(c, row, from, columns, style, text);
	return __real_canvas_put_right(c, row, column, columns, style, text);
}

void __wrap_canvas_rule(struct canvas *c, int row, int column, int columns, const char *title, const char *note)
{
	if (title)
		record(c, row, column + 2, title);
	/* a note that does not fit is left out */
	if (note && (title ? canvas_width(title) + 2 : 0) + canvas_width(note) + 6 <= columns)
		record(c, row, column + columns - canvas_width(note) - 2, note);
	__real_canvas_rule(c, row, column, columns, title, note);
}

/* ---- what is there ---- */

static bool is_number_part(const char *text)
{
	bool group = text[0] == ' ' && isdigit((unsigned char)text[1]) && isdigit((unsigned char)text[2]) &&
		     isdigit((unsigned char)text[3]) && !isdigit((unsigned char)text[4]);

	return isalnum((unsigned char)*text) || *text == '.' || !strncmp(text, "µ", 2) || group;
}

static bool stands_at(int row, int column, const char *glyph, size_t bytes)
{
	const struct cell *cell = canvas_cell(&dash.canvas, row, column);

	return cell && strlen(cell->glyph) == bytes && !memcmp(cell->glyph, glyph, bytes);
}

/* Is the text in front of the number there, too?  Else something else stands in this place. */
static bool follows_its_text(const struct put *p, const char *from, int column)
{
	const struct cell *cell = canvas_cell(&dash.canvas, p->row, column - 1);

	if (from == p->text || !cell)
		return true;
	return from[-1] == ' ' ? !cell->glyph[0] || cell->glyph[0] == ' ' : cell->glyph[0] && strchr(p->text, cell->glyph[0]);
}

/* A run of letters and digits from its first digit on: "12" of "cpu12", "9.40ms", "1 874". */
static void check_number(const struct put *p, const char *from, const char *to, int column)
{
	bool followed = follows_its_text(p, from, column);
	int wrong = 0, right = 0;
	bool first = false, last = false;

	for (const char *at = from; at < to; column++) {
		uint32_t code;
		size_t bytes = text_decode(at, &code);
		bool blank = *at == ' ' && canvas_cell(&dash.canvas, p->row, column) &&
			     !canvas_cell(&dash.canvas, p->row, column)->glyph[0];

		last = blank || stands_at(p->row, column, at, bytes);
		first |= at == from && last;
		*(last ? &right : &wrong) += 1;
		at += bytes;
	}
	if (!wrong || !((first && followed) || (last && right > 1)))
		return;
	cuts_seen++;
	if (!guard_is_off) {
		char *screen = canvas_to_text(&dash.canvas);

		fail_msg("%s: \"%.*s\" of \"%s\" is cut in\n%s", frame_name, (int)(to - from), from, p->text, screen);
	}
}

static void check_put(const struct put *p)
{
	int column = p->column;

	for (const char *at = p->text; *at; column++) {
		uint32_t code;

		if (isdigit((unsigned char)*at)) {
			const char *to = at;

			while (*to && is_number_part(to))
				to += text_decode(to, &code);
			check_number(p, at, to, column);
			column += (int)text_width_of(at, (size_t)(to - at)) - 1;
			at = to;
			continue;
		}
		at += text_decode(at, &code);
	}
}

static void frame_whole(const char *mode, const char *state, double magnitude, int rows, int columns)
{
	snprintf(frame_name, sizeof(frame_name), "%s, %s, values of %g, %dx%d", mode, state, magnitude, columns, rows);
	puts_count = 0;
	frame(rows, columns);
	for (unsigned i = 0; i < puts_count; i++)
		check_put(&puts_made[i]);
}

/* ---- boards of all modes and states ---- */

static double magnitude;

/* All that counts up grows by so many a second, and all else stands there. */
static void fill_all(const struct made *m, struct worker_sample *w, unsigned worker)
{
	uint64_t step = (uint64_t)(magnitude / 10);

	for (unsigned i = 0; i < engine_counters(m->engine); i++) {
		const struct counter_def *def = engine_counter(m->engine, i);

		if (i == COUNTER_OBSERVED_NS || i == COUNTER_CPU_USER_NS || i == COUNTER_CPU_SYSTEM_NS ||
			i == COUNTER_HELPER_CPU_NS)
			continue;
		if (counter_is_level(def->kind))
			w->value[i] = (uint64_t)magnitude;
		else
			w->value[i] += step + worker % 3;
	}
	for (unsigned i = 0; i < LATENCIES_MAX; i++)
		w->latency[i] = (struct latency_summary){ .count = step + 1,
			.mean_ns = magnitude,
			.min_ns = (int64_t)(magnitude / 8),
			.p50_ns = (int64_t)(magnitude / 4),
			.p75_ns = (int64_t)(magnitude / 3),
			.p90_ns = (int64_t)(magnitude / 2),
			.p95_ns = (int64_t)(magnitude / 1.5),
			.p99_ns = (int64_t)(magnitude / 1.2),
			.p99_9_ns = (int64_t)(magnitude / 1.1),
			.p99_99_ns = (int64_t)(magnitude / 1.05),
			.max_ns = (int64_t)magnitude };
}

static struct details *rows_of_all(const struct made *m)
{
	enum { ROWS = 40 };
	struct details *d = m->engine->details ? details_new(ROWS) : NULL;

	if (!d)
		return NULL;
	d->at_ns = m->now_ns;
	d->seconds = 1;
	for (unsigned i = 0; i < ROWS; i++) {
		d->row[i] = (struct detail_row){ .id = 1 + (uint64_t)magnitude + i, .worker = i % (m->servers + m->clients) };
		for (unsigned k = 0; k < DETAIL_COLUMNS_MAX; k++)
			d->row[i].value[k] = d->row[i].recent[k] = (uint64_t)magnitude;
	}
	return d;
}

struct state {
	const char *name;
	unsigned servers, clients, loss;
	bool frozen, cursor, invalid, base, final;
};

static const struct state states[] = {
	{ .name = "running", .servers = 1, .clients = 1 },
	{ .name = "loss", .servers = 2, .clients = 2, .loss = 90000 },
	{ .name = "frozen", .servers = 1, .clients = 2, .frozen = true },
	{ .name = "frozen with a cursor", .servers = 2, .clients = 2, .cursor = true, .frozen = true },
	{ .name = "invalid", .servers = 1, .clients = 1, .loss = 12345, .invalid = true },
	{ .name = "invalid and frozen", .servers = 1, .clients = 1, .invalid = true, .frozen = true },
	{ .name = "server alone", .servers = 3 },
	{ .name = "64 workers", .servers = 32, .clients = 32, .loss = 1 },
	{ .name = "compared", .servers = 1, .clients = 1, .base = true },
	{ .name = "over", .servers = 1, .clients = 1, .loss = 7, .final = true },
};

enum { STATES = sizeof(states) / sizeof(states[0]) };

static void open_state(const struct engine *engine, const struct state *state, double values)
{
	magnitude = values;
	made_open_with(&made, engine, state->servers, state->clients);
	made.ran = engine->methods[0]->name;
	made.fill = fill_all;
	made.details = rows_of_all;
	made.loss = state->loss;
	made.suspended_ns = state->invalid ? 4ll * NS_PER_S : 0;
	stage_dash(CHARSET_BRAILLE, NULL);
	stage_run(state->clients > 8 ? 21 : 41);
	made_event(&made, SEVERITY_WARNING, "cpu1 server socket buffer burst: 187400 packets in 90.5ms");
	frame(24, 80);
	if (state->base) {
		press('b');
		magnitude = values * 20 + 5000;
		made_run(&made, true);
		made_ticks(&made, 31, PHASE_MEASURE, 3);
	}
	if (state->final)
		made_final(&made);
	if (state->frozen)
		press(' ');
	if (state->cursor)
		press(KEYCODE_LEFT);
}

static void states_are_said(const struct engine *engine, const struct state *state)
{
	if (state->frozen)
		assert_true(on_screen("FROZEN"));
	if (state->invalid)
		assert_true(on_screen("NOT VALID"));
	if (!state->clients)
		assert_true(on_screen(engine_role(engine, ROLE_SERVER)->title));
}

static const int all_rows[] = { 5, 6, 7, 8, 9, 10, 12, 13, 14, 16, 18, 20, 24, 29, 30, 36, 40, 50, 60, 80, 100 };
static const int all_columns[] = { 20, 21, 24, 29, 30, 33, 36, 39, 40, 44, 48, 52, 58, 64, 70, 72, 76, 79, 80, 84, 90, 99, 100,
	110, 120, 132, 150, 170, 200, 240, 300 };
static const double magnitudes[] = { 0, 7, 96, 1874, 54321, 999950, 12345678, 7.3e9, 9.99e10, 1e12 };

enum {
	ROWS = sizeof(all_rows) / sizeof(int),
	COLUMNS = sizeof(all_columns) / sizeof(int),
	MAGNITUDES = sizeof(magnitudes) / sizeof(double)
};

/* Each mode, state and magnitude takes one in seventeen of the sizes, each another one. */
static void no_number_is_cut(void **unused)
{
	unsigned turn = 0;

	(void)unused;
	for (unsigned mode = 0; engines_all[mode]; mode++)
		for (unsigned s = 0; s < STATES; s++)
			for (unsigned m = (mode + s) % 3; m < MAGNITUDES; m += 3, turn++) {
				open_state(engines_all[mode], &states[s], magnitudes[m]);
				for (unsigned size = turn % 17; size < ROWS * COLUMNS; size += 17) {
					frame_whole(engines_all[mode]->name, states[s].name, magnitudes[m],
						all_rows[size / COLUMNS], all_columns[size % COLUMNS]);
					states_are_said(engines_all[mode], &states[s]);
				}
				stage_close();
			}
}

static void row_text(int row, char *out, size_t size)
{
	out[0] = '\0';
	for (int column = 0; column < dash.canvas.columns; column++) {
		const char *glyph = canvas_cell(&dash.canvas, row, column)->glyph;

		text_add(out, size, "%s", *glyph ? glyph : " ");
	}
}

/* Of the panels that show figures, each says in its head of which time.  A row of the methods says
 * of which run it is. */
static void head_names_its_window(void)
{
	static const char *const windows[] = { "last 1 s", "whole run", "this run", "· 60 s", "means", "since", "· now",
		"at the end", "1 s to " };
	static const char *const without[] = { "events", "capture", "A/B", "methods" };
	const char *name = dash_expanded(&dash)->name;
	char head[800];

	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (!strcmp(name, without[i]))
			return;
	row_text(dash.layout.main.row, head, sizeof(head));
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++)
		if (strstr(head, windows[i]))
			return;
	fail_msg("%s: the head of %s names no window: %s", frame_name, name, head);
}

static void expanded_panels_are_whole(void **unused)
{
	(void)unused;
	for (unsigned mode = 0; engines_all[mode]; mode++) {
		open_state(engines_all[mode], &states[mode % 2], magnitudes[3 + 2 * mode % 7]);
		for (int i = 0; dash.panels[i].def; i++) {
			press('e');
			for (unsigned size = (unsigned)i % 13; size < ROWS * COLUMNS; size += 13)
				frame_whole(engines_all[mode]->name, dash_expanded(&dash)->name, magnitude,
					all_rows[size / COLUMNS], all_columns[size % COLUMNS]);
			frame_whole(engines_all[mode]->name, dash_expanded(&dash)->name, magnitude, 40, 120);
			head_names_its_window();
		}
		stage_close();
	}
}

/* With a canvas that cuts numbers, this test finds some in every mode. */
static void cut_numbers_are_found(void **unused)
{
	(void)unused;
	guard_is_off = true;
	for (unsigned mode = 0; engines_all[mode]; mode++) {
		cuts_seen = 0;
		open_state(engines_all[mode], &states[1], 12345678);
		for (unsigned size = 0; size < ROWS * COLUMNS; size += 7)
			frame_whole(engines_all[mode]->name, states[1].name, magnitude, all_rows[size / COLUMNS],
				all_columns[size % COLUMNS]);
		stage_close();
		assert_at_least(cuts_seen, 1);
	}
	guard_is_off = false;
}

/* The set-up form says of every option what it comes to where nobody sets it, before the first run
 * and in one. */
static void options_say_what_they_come_to(void **unused)
{
	char value[64];

	(void)unused;
	for (unsigned mode = 0; engines_all[mode]; mode++)
		for (int run = 0; run < 2; run++) {
			const struct options *o = &made.mode[0].options;

			made_open_with(&made, engines_all[mode], 1, 1);
			snprintf(made.board.host.tcp_congestion, sizeof(made.board.host.tcp_congestion), "cubic");
			stage_dash(CHARSET_BRAILLE, NULL);
			if (run)
				stage_run(11);
			frame(24, 80);
			for (unsigned i = 0; i < o->count; i++)
				if (o->def[i]->flags & OPTION_FORM && !o->value[i].text[0] &&
					!*effective_value(&dash, i, value, sizeof(value)))
					fail_msg("%s: --%s does not say what it comes to", engines_all[mode]->name,
						o->def[i]->name);
			stage_close();
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_number_is_cut),
		cmocka_unit_test(expanded_panels_are_whole),
		cmocka_unit_test(cut_numbers_are_found),
		cmocka_unit_test(options_say_what_they_come_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
