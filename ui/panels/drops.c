/* The drops panel names the places where packets were lost, and what helps; the ledger's line
 * accounts for all packets. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "record/judge/remedy.h"
#include "ui/panels/panels.h"
#include "ui/widgets/widgets.h"

/* ---- the drops panel ---- */

enum { SHARE_WIDTH = 9 }; /* "999.9 ppm" */

struct drop_columns {
	int name, rate, total, share, bar; /* the column of each; -1: no room */
	int rate_width, total_width;
};

/* The longest name of a place. */
static int drop_names_width(const struct dash *d)
{
	int most = 0;

	for (unsigned i = 0; i < d->drops; i++)
		most = canvas_width(d->drop[i].place->title) > most ? canvas_width(d->drop[i].place->title) : most;
	return most;
}

/* Shares give way to names. */
static struct drop_columns drop_columns_of(const struct dash *d, int columns)
{
	struct drop_columns c = { .name = 1, .share = -1, .bar = -1 };
	bool shares = columns >= 52 && (columns >= 72 || drop_names_width(d) <= columns - 32);

	c.rate_width = columns >= 72 ? 8 : 7;
	c.total_width = columns >= 52 ? 11 : 10;
	c.rate = columns >= 72 ? 34 : shares ? columns - 30 : columns >= 36 ? columns - 8 - c.total_width : columns - 8;
	c.total = shares ? c.rate + c.rate_width + 1 : columns >= 36 ? c.rate + c.rate_width : -1;
	if (shares)
		c.share = c.total + 12;
	if (columns >= 78)
		c.bar = c.share + 11;
	return c;
}

static void paint_place(struct dash *d, struct rect area, int row, const struct drop_line *line)
{
	struct drop_columns c = drop_columns_of(d, area.columns);
	struct canvas *canvas = &d->canvas;
	bool known = line->place->known;
	enum style style = !known ? STYLE_DIM : line->total ? STYLE_BAD : STYLE_TEXT;
	char text[48];
	int at = area.row + row, left = area.column;

	canvas_put_cut(canvas, at, left + c.name, c.rate - c.name - 1, STYLE_TEXT, line->place->title);
	canvas_put_right(canvas, at, left + c.rate, c.rate_width,
		isnan(line->per_s) ? STYLE_DIM
		: line->per_s > 0  ? STYLE_BAD
				   : STYLE_TEXT,
		text_human(line->per_s, text, sizeof(text)));
	if (c.total >= 0)
		canvas_put_right(canvas, at, left + c.total, c.total_width, style,
			known ? text_grouped(line->total, text, sizeof(text)) : "--");
	if (c.share < 0)
		return;
	if (!known) {
		canvas_put_cut(canvas, at, left + c.share, area.columns - c.share, STYLE_DIM, line->place->why);
		return;
	}
	words_share(line->total, d->drops_lost, d->drops_sent, text, sizeof(text));
	canvas_put_right(canvas, at, left + c.share, SHARE_WIDTH, style, text);
	if (c.bar >= 0 && d->drops_lost)
		bar_paint(canvas, at, left + c.bar, area.columns - c.bar - 1, (double)line->total / (double)d->drops_lost,
			STYLE_BAD);
}

static void paint_drop_head(struct dash *d, struct rect area)
{
	const struct engine *e = dash_engine(d);
	struct drop_columns c = drop_columns_of(d, area.columns);

	area_put(&d->canvas, area, 1, c.name, STYLE_DIM, "place");
	canvas_put_right(&d->canvas, area.row + 1, area.column + c.rate, c.rate_width, STYLE_DIM, "/s");
	if (c.total >= 0)
		canvas_put_right(&d->canvas, area.row + 1, area.column + c.total, c.total_width, STYLE_DIM,
			e && e->packet_rate ? e->packets : "packets");
	if (c.share >= 0)
		canvas_put_right(&d->canvas, area.row + 1, area.column + c.share, SHARE_WIDTH, STYLE_DIM, "of sent");
}

/* With less room than places: those that lost most come first, the others are counted in the
 * rule. */
static int paint_places(struct dash *d, struct rect area, int row)
{
	bool done[LEDGER_PLACES_MAX] = { false };
	int shown = 0;

	for (; row < area.rows && shown < (int)d->drops; row++, shown++) {
		int best = -1;

		for (int i = 0; i < (int)d->drops; i++)
			if (!done[i] && (best < 0 || d->drop[i].total > d->drop[best].total))
				best = i;
		if ((int)d->drops <= area.rows - row + shown && !done[shown])
			best = shown; /* all fit: in the order of the ledger */
		done[best] = true;
		paint_place(d, area, row, &d->drop[best]);
	}
	return shown;
}

/* ---- the second ledger of a mode that keeps one: below the places of the first ---- */

/* The forms of its line, the fullest first.  Its name stays: "sent" alone would be of the other. */
static const struct second_form {
	bool words, places, exact;
} second_forms[] = {
	{ .words = true, .places = true, .exact = true },
	{ .places = true, .exact = true },
	{ .exact = true },
	{ .exact = false },
};

static void second_add(char *out, size_t size, bool exact, const char *before, uint64_t n)
{
	char count[32];

	text_add(out, size, "%s %s", before,
		exact ? text_grouped(n, count, sizeof(count)) : text_human((double)n, count, sizeof(count)));
}

static void second_text(
	const struct ledger_def *def, const struct ledger *l, const struct second_form *form, char *out, size_t size)
{
	uint64_t lost = 0;
	char name[96];

	snprintf(out, size, "%s:", def->name);
	second_add(out, size, form->exact, " sent", l->sent);
	snprintf(name, sizeof(name), " = %.*s", form->words ? 80 : (int)strcspn(def->received, " "), def->received);
	second_add(out, size, form->exact, name, l->received);
	for (unsigned i = 0; i < l->places; i++) {
		lost += l->place[i].lost;
		snprintf(name, sizeof(name), " + %s", l->place[i].title);
		if (form->places && l->place[i].lost)
			second_add(out, size, form->exact, name, l->place[i].lost);
	}
	if (!form->places && lost)
		second_add(out, size, form->exact, " + lost", lost);
	if (l->in_flight)
		second_add(out, size, form->exact, " + in flight", l->in_flight);
	if (l->unexplained)
		second_add(out, size, form->exact, l->unexplained < 0 ? " - unexplained" : " + unexplained",
			(uint64_t)llabs(l->unexplained));
}

/* In the fullest form that fits; where none does, whether it balances. */
static void drops_paint_second(struct dash *d, struct rect area, int row)
{
	const struct ledger_def *def = dash_engine(d)->second_ledger;
	const struct ledger *l = &d->second;
	char text[256] = "";

	if (row >= area.rows || !l->known)
		return;
	for (size_t i = 0;
		i < sizeof(second_forms) / sizeof(second_forms[0]) && (i == 0 || canvas_width(text) > area.columns - 2); i++)
		second_text(def, l, &second_forms[i], text, sizeof(text));
	if (canvas_width(text) > area.columns - 2)
		snprintf(text, sizeof(text), "%s: %s", def->name, l->balanced ? "✓ balanced" : "✗ unbalanced");
	canvas_put_cut(&d->canvas, area.row + row, area.column + 1, area.columns - 2, l->balanced ? STYLE_TEXT : STYLE_BAD, text);
}

/* ---- what helps ---- */

static unsigned drops_lossy(const struct dash *d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->drops; i++)
		n += d->drop[i].total > 0;
	return n;
}

/* The place with the rank-th largest loss; NULL. */
static const struct drop_line *drops_ranked(const struct dash *d, unsigned rank)
{
	for (unsigned i = 0; i < d->drops; i++) {
		const struct drop_line *line = &d->drop[i];
		unsigned before = 0;

		for (unsigned k = 0; k < d->drops; k++)
			before += d->drop[k].total > line->total || (d->drop[k].total == line->total && k < i);
		if (before == rank && line->total)
			return line;
	}
	return NULL;
}

/* "full at rcvbuf 4K · F2 raises it, rmem_max 4M · last drop 12s ago"; of one of several places
 * with its name. */
static void drops_remedy(const struct dash *d, const struct drop_line *line, char *out, size_t size)
{
	char helps[200], ago[32];
	bool live = line->last_ns && !d->moment.final && line->last_ns <= d->moment.at_ns;

	out[0] = '\0';
	remedy_text(line->place->remedy, d->moment.info, &d->board->host, helps, sizeof(helps));
	if (drops_lossy(d) > 1 && (*helps || live))
		text_add(out, size, "%s%s", line->place->title, *helps ? ": " : "");
	text_add(out, size, "%s", helps);
	if (!live)
		return;
	int64_t whole_ns = (d->moment.at_ns - line->last_ns) / NS_PER_S * NS_PER_S;
	text_add(out, size, "%slast drop %s%s", *out ? " · " : "", whole_ns ? text_duration(whole_ns, ago, sizeof(ago)) : "now",
		whole_ns ? " ago" : "");
}

/* The arrow stands in front of a remedy, and a blank behind it. */
enum { REMEDY_TEXT = 3 };

static int drops_remedy_room(int columns)
{
	return columns - REMEDY_TEXT - 1;
}

/* The rows that remedies take in so many columns. */
static int drops_remedy_rows(const struct dash *d, int columns)
{
	char text[320];
	int rows = 0;

	for (unsigned rank = 0; rank < drops_lossy(d) && drops_remedy_room(columns) > 0; rank++) {
		drops_remedy(d, drops_ranked(d, rank), text, sizeof(text));
		rows += area_wrap_rows(drops_remedy_room(columns), text);
	}
	return rows;
}

/* As many as have room, those of the places that lost most. */
static void drops_paint_remedies(struct dash *d, struct rect area, int row)
{
	char text[320];
	int room = drops_remedy_room(area.columns);

	for (unsigned rank = 0; rank < drops_lossy(d) && row < area.rows; rank++) {
		drops_remedy(d, drops_ranked(d, rank), text, sizeof(text));
		area_shed(room, area.rows - row, text);
		if (!*text)
			continue;
		area_put(&d->canvas, area, row, 1, STYLE_WARNING, "→");
		if (row + 1 == area.rows)
			canvas_put_cut(&d->canvas, area.row + row++, area.column + REMEDY_TEXT, room, STYLE_WARNING, text);
		else
			row += area_wrap(&d->canvas, area, row, REMEDY_TEXT, STYLE_WARNING, text);
	}
}

/* Rows for places, of so many: what helps has room, too. */
static int drops_place_rows(const struct dash *d, int room, int columns)
{
	int lossy = (int)drops_lossy(d), helps = drops_remedy_rows(d, columns), places = (int)d->drops + d->second.known;
	int least = lossy < room / 2 ? lossy : room / 2;

	if (!lossy || room >= places + helps)
		return places < room ? places : room;
	least = least < 1 ? 1 : least;
	return room - helps > least ? room - helps : least;
}

/* Each figure's window stands in the head: the second, and the run. */
static void drops_rule(struct dash *d, struct rect area, int hidden)
{
	char note[64] = "", at[32];

	if (hidden > 0)
		snprintf(note, sizeof(note), "%d more", hidden);
	else if (view_cleared(&d->view, d->moment.info))
		snprintf(note, sizeof(note), "since %s", dash_hms(d, d->view.clear.at_ns, at, sizeof(at)));
	area_rule(&d->canvas, area, d->moment.final ? "drops by place · whole run" : "drops by place · last 1 s, run", note);
}

static void drops_paint(struct dash *d, struct rect area)
{
	bool head = area.rows >= 4 || area.rows - 2 >= (int)d->drops;
	int row = 1 + head, rows = drops_place_rows(d, area.rows - row, area.columns);
	/* It goes before places that lose nothing. */
	bool second = d->second.known && rows > (drops_lossy(d) ? (int)drops_lossy(d) : 1);
	int places = rows - second;

	drops_rule(d, area, d->ledger.known ? (int)d->drops - places : 0);
	if (!d->ledger.known) {
		area_put(&d->canvas, area, 1, 1, STYLE_DIM,
			!d->moment.info                      ? "no run yet"
			: d->ledger.why                      ? d->ledger.why
			: d->moment.start || d->moment.final ? ledger_missing(d->moment.info)
							     : "-- until the measurement begins");
		return;
	}
	if (head)
		paint_drop_head(d, area);
	row += paint_places(d, (struct rect){ area.row, area.column, row + places, area.columns }, row);
	if (second)
		drops_paint_second(d, area, row++);
	drops_paint_remedies(d, area, row);
}

/* In one column it stands only where something is lost. */
static int drops_lines(const struct dash *d)
{
	bool narrow = d->canvas.columns < LAYOUT_TWO_COLUMNS;
	int lossy = (int)drops_lossy(d), columns = narrow ? d->canvas.columns / 2 : d->canvas.columns * 46 / 100 - 1;

	if (!d->ledger.known)
		return narrow || d->moment.start || d->moment.final ? PANEL_ASIDE : 5;
	if (narrow && !lossy && !d->ledger.lost && (!d->second.known || !d->second.lost))
		return PANEL_ASIDE;
	return (narrow ? lossy : (int)d->ledger.places) + d->second.known + drops_remedy_rows(d, columns);
}

const struct panel_def panel_drops = {
	.name = "drops",
	.shows = PANEL_LEDGER,
	.narrow = { .min = 4, .want = 2 },
	.wide = { .min = 4, .want = 2 },
	.paint = drops_paint,
	.lines = drops_lines,
};

/* ---- the ledger's line ---- */

static void add_count(char *out, size_t size, const char *name, uint64_t n)
{
	char count[32];

	text_add(out, size, "%s %s", name, text_grouped(n, count, sizeof(count)));
}

static uint64_t lost_somewhere(const struct ledger *l)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < l->places; i++)
		if (l->place[i].known)
			sum += l->place[i].lost;
	return sum;
}

static void drops_add_places(const struct ledger *l, char *out, size_t size)
{
	char name[96];

	for (unsigned i = 0; i < l->places; i++) {
		if (!l->place[i].known || !l->place[i].lost)
			continue;
		snprintf(name, sizeof(name), " + %s", l->place[i].title);
		add_count(out, size, name, l->place[i].lost);
	}
}

/* While a reliable mode runs its ends are read one after the other: what arrived between the two
 * readings. */
static uint64_t counted_meanwhile(const struct ledger *l)
{
	int64_t over = (int64_t)(l->received + lost_somewhere(l) + l->in_flight - l->sent) + l->unexplained;

	return over > 0 ? (uint64_t)over : 0;
}

/* The forms of the line, the fullest first.  A ledger that balances leaves nothing unexplained: the
 * mark at its end says that, too. */
static const struct ledger_form {
	bool prefix, places, zero;
} ledger_forms[] = {
	{ .prefix = true, .places = true, .zero = true },
	{ .places = true, .zero = true },
	{ .places = true },
	{ .prefix = true, .zero = true },
	{ .zero = true },
	{ .places = false },
};

static void ledger_text(const struct ledger *l, const char *prefix, const struct ledger_form *form, char *out, size_t size)
{
	snprintf(out, size, "%s", prefix);
	add_count(out, size, "sent", l->sent);
	add_count(out, size, " = received", l->received);
	if (form->places)
		drops_add_places(l, out, size);
	else if (lost_somewhere(l))
		add_count(out, size, " + lost", lost_somewhere(l));
	if (l->in_flight)
		add_count(out, size, " + in flight", l->in_flight);
	if (counted_meanwhile(l))
		add_count(out, size, " - counted meanwhile", counted_meanwhile(l));
	if (form->zero || l->unexplained)
		add_count(out, size, l->unexplained < 0 ? " - unexplained" : " + unexplained", (uint64_t)llabs(l->unexplained));
}

static enum style balance_text(const struct ledger *l, bool lags, char *out, size_t size)
{
	char n[32];

	if (l->unexplained == 0) {
		snprintf(out, size, "✓ balanced ");
		return STYLE_GOOD;
	}
	if (l->balanced) {
		snprintf(out, size, "✓ within 0.1 %% ");
		return STYLE_GOOD;
	}
	if (lags) {
		snprintf(out, size, "≈ balanced, counters lag ");
		return STYLE_GOOD;
	}
	snprintf(out, size, "✗ %s %s ", text_grouped((uint64_t)llabs(l->unexplained), n, sizeof(n)),
		l->unexplained > 0 ? "unexplained" : "more than sent");
	return STYLE_BAD;
}

static void ledger_short_text(const struct ledger *l, const char *prefix, char *out, size_t size)
{
	char sent[32], received[32], lost[32];

	snprintf(out, size, "%ssent %s recv %s lost %s", prefix, text_human((double)l->sent, sent, sizeof(sent)),
		text_human((double)l->received, received, sizeof(received)),
		text_human((double)lost_somewhere(l), lost, sizeof(lost)));
}

static void ledger_paint_why(struct dash *d, struct rect area)
{
	int at = 1 + area_put(&d->canvas, area, 0, 1, STYLE_DIM, "ledger: ");

	canvas_put_cut(&d->canvas, area.row, area.column + at, area.columns - at - 1, STYLE_DIM, dash_not_judged_why(d));
}

/* The fullest form that fits.  It is of the whole run even where totals count from later: said
 * there in every form. */
void panel_ledger_paint(struct dash *d, struct rect area)
{
	const struct ledger *l = &d->ledger;
	char text[512], right[64];
	int room;

	if (!l->known) {
		if (!d->layout.verdict.rows && panel_failure(d))
			area_put(&d->canvas, area, 0, 1, STYLE_BAD, panel_failure(d));
		else
			ledger_paint_why(d, area);
		return;
	}
	enum style style = balance_text(l, d->ledger_lags, right, sizeof(right));
	room = area.columns - canvas_width(right) - 2;
	bool cleared = view_cleared(&d->view, d->moment.info);
	const char *plain = cleared ? "whole run: " : "", *full = cleared ? "ledger of the whole run: " : "ledger: ";
	for (size_t i = 0; i < sizeof(ledger_forms) / sizeof(ledger_forms[0]) && (i == 0 || canvas_width(text) > room); i++)
		ledger_text(l, ledger_forms[i].prefix ? full : plain, &ledger_forms[i], text, sizeof(text));
	if (canvas_width(text) > room)
		ledger_short_text(l, plain, text, sizeof(text));
	if (canvas_width(text) > room) { /* numbers before words: the mark alone is left */
		snprintf(right + strcspn(right, " "), sizeof(right) - strcspn(right, " "), " ");
		room = area.columns - canvas_width(right) - 2;
	}
	canvas_put_cut(&d->canvas, area.row, 1, room, l->balanced || d->ledger_lags ? STYLE_TEXT : STYLE_BAD, text);
	area_put_right(&d->canvas, area, 0, style, right);
}
