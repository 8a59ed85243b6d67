/* The two rows on top: name, modes and run state; what runs, and what the view has been told
 * (frozen, compared, filtered, opened). */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "mode/in_force.h"
#include "ui/panels/panels.h"

/* ---- the run's state ---- */

struct state_word {
	const char *text;
	enum style style;
};

static const struct state_word state_words[] = {
	[PHASE_IDLE] = { "○ STOPPED", STYLE_DIM },
	[PHASE_PREPARE] = { "○ PREPARING", STYLE_WARNING },
	[PHASE_WARMUP] = { "● WARM-UP", STYLE_WARNING },
	[PHASE_SETTLE] = { "● SETTLING", STYLE_WARNING },
	[PHASE_MEASURE] = { "● RUN", STYLE_GOOD },
	[PHASE_DRAIN] = { "● DRAINING", STYLE_WARNING },
	[PHASE_DONE] = { "○ DONE", STYLE_STRONG },
	[PHASE_FAILED] = { "✗ FAILED", STYLE_BAD },
};

/* By the clock, not by the data: it goes on while samples stay away. */
static int64_t elapsed_ns(const struct dash *d, const struct run_info *info, enum phase phase)
{
	const struct run_final *final = history_final(d->board->history, info->id);
	const struct sample *start = history_measure_start(d->board->history, info->id);
	const struct sample *newest = history_fine(d->board->history, 0);

	if (final)
		return final->measured_ns;
	if (d->board->read_only)
		return newest ? newest->measured_ns : 0;
	if (phase == PHASE_WARMUP)
		return d->now_ns - info->started_ns;
	if (!start)
		return 0;
	if (phase == PHASE_DRAIN && newest && newest->measured_ns)
		return newest->measured_ns;
	return d->now_ns - start->at_ns + start->measured_ns;
}

enum style state_text(const struct dash *d, char *out, size_t size)
{
	const struct run_info *info = history_newest_run(d->board->history);
	enum phase phase = history_phase(d->board->history);
	const struct state_word *word = &state_words[phase];
	char now[32], end[32];

	if (!info || phase == PHASE_IDLE || phase == PHASE_PREPARE || phase == PHASE_FAILED) {
		snprintf(out, size, "%s", word->text);
		return word->style;
	}
	int64_t length = phase == PHASE_WARMUP ? info->warmup_ns : info->duration_ns;

	text_clock(elapsed_ns(d, info, phase), now, sizeof(now));
	if (phase == PHASE_DONE)
		length = 0;
	text_clock(length, end, sizeof(end));
	snprintf(out, size, "%s %s%s%s", d->board->read_only ? "○ SAVED" : word->text, now, length ? "/" : "", length ? end : "");
	return d->board->read_only ? STYLE_STRONG : word->style;
}

/* ---- tabs ---- */

/* Forms of the tabs, the longest first: the modes' names with their titles; a title for the current
 * one alone; names; numbers for all but the current one. */
enum tabs { TABS_TITLES, TABS_TITLE, TABS_NAMES, TABS_NUMBERS };

static int tab_text(const struct dash *d, unsigned mode, unsigned number, enum tabs form, char *out, size_t size)
{
	const struct engine *e = d->board->mode[mode].engine;
	bool current = mode == d->board->current_mode, titled = form == TABS_TITLES || (form == TABS_TITLE && current);
	const char *mark = current && dash_running(d) ? " ●" : "";
	char name[64];

	if (titled)
		words_mode(e, name, sizeof(name));
	else
		snprintf(name, sizeof(name), "%s", e->name);
	if (form == TABS_NUMBERS && !current)
		snprintf(out, size, "%u", number);
	else
		snprintf(out, size, current ? "[%u %s%s]" : "%u %s%s", number, name, mark);
	return canvas_width(out);
}

static int tabs_width(const struct dash *d, enum tabs form)
{
	char text[96];
	int width = 0;

	for (unsigned i = 0, number = 0; i < d->board->modes; i++)
		if (dash_is_tab(d, i))
			width += tab_text(d, i, ++number, form, text, sizeof(text)) + 1;
	return width - 1;
}

static void paint_tabs(struct dash *d, int column, int limit)
{
	enum tabs form = TABS_TITLES;
	char text[96];

	while (form < TABS_NUMBERS && tabs_width(d, form) > limit - column)
		form++;
	for (unsigned i = 0, number = 0; i < d->board->modes; i++) {
		if (!dash_is_tab(d, i))
			continue;
		int width = tab_text(d, i, ++number, form, text, sizeof(text));
		enum style style = i == d->board->current_mode       ? STYLE_TAB_CURRENT
				   : d->board->mode[i].engine->built ? STYLE_TAB
								     : STYLE_TAB_GREYED;

		if (column + width > limit)
			continue;
		canvas_put(&d->canvas, 0, column, width, style, text);
		hits_add(&d->hits, (struct rect){ 0, column, 1, width }, '0' + (int)number, 0);
		column += width + 1;
	}
}

/* Which end of the run is here, where the other one is not; "". */
static const char *role_alone(const struct dash *d)
{
	const struct run_info *info = d->moment.info;
	unsigned roles = 0;

	for (unsigned i = 0; info && i < info->workers; i++)
		roles |= info->worker[i].role;
	return roles == ROLE_SERVER || roles == ROLE_CLIENT ? engine_role(info->engine, roles)->title : "";
}

void state_parts(const struct dash *d, struct line *l)
{
	char state[64];
	enum style style = state_text(d, state, sizeof(state));
	const char *role = role_alone(d);
	struct line_part *p = line_add(l, 0, style, "%s", state);

	snprintf(p->brief, sizeof(p->brief), "%.*s", (int)strcspn(state, "/"), state);
	if (*role)
		line_add(l, 0, style, "%s", role);
}

void panel_title_paint(struct dash *d)
{
	struct rect area = d->layout.title;
	struct line state = { 0 };

	state_parts(d, &state);
	int width = line_put_right(&d->canvas, area.row, area.column, area.columns - 1, &state);
	int column = area.columns - 1 - width;
	int name = canvas_put(&d->canvas, 0, 1, column - 1, STYLE_TITLE, area.columns >= 60 ? "netdyno " : "nd ");

	paint_tabs(d, 1 + name, column - 1);
}

/* ---- what runs ---- */

static bool has_cpu_before(const struct run_info *info, unsigned worker)
{
	for (unsigned i = 0; i < worker; i++)
		if (info->worker[i].cpu == info->worker[worker].cpu)
			return true;
	return false;
}

/* The CPUs that the workers have between them where some must share; 0: each has its own, or is not
 * pinned. */
static unsigned shared_cpus(const struct run_info *info)
{
	unsigned cpus = 0;
	bool shared = false;

	for (unsigned i = 0; i < info->workers; i++) {
		shared |= info->worker[i].shares_cpu;
		if (info->worker[i].cpu < 0)
			return 0;
		cpus += !has_cpu_before(info, i);
	}
	return shared ? cpus : 0;
}

static void title_count_roles(const struct run_info *info, char *out, size_t size)
{
	unsigned servers = 0, clients = 0, cpus = shared_cpus(info);
	const char *title;

	for (unsigned i = 0; i < info->workers; i++)
		*(info->worker[i].role == ROLE_SERVER ? &servers : &clients) += 1;
	title = engine_role(info->engine, servers ? ROLE_SERVER : ROLE_CLIENT)->title;
	if (servers && clients && cpus)
		snprintf(out, size, "%u+%u threads on %u CPU%s", servers, clients, cpus, cpus == 1 ? "" : "s");
	else if (cpus)
		snprintf(out, size, "%u %s threads on %u CPU%s", servers + clients, title, cpus, cpus == 1 ? "" : "s");
	else if (servers && clients)
		snprintf(out, size, "%u+%u cores", servers, clients);
	else
		snprintf(out, size, "%u %s core%s", servers + clients, title, servers + clients == 1 ? "" : "s");
}

/* Ranks of options by what they tell of a run, the most first: chosen by the user, decided by the
 * system. */
enum worth { WORTH_GIVEN, WORTH_SYSTEM, WORTHS };

/* "127.0.0.1:5000" says the port. */
static bool port_is_said(const struct run_info *info)
{
	const char *colon = strrchr(info->peer, ':'), *port = options_text(&info->options, "port");

	return colon && !strcmp(colon + 1, port);
}

/* Ends and path have their own words in the rows on top. */
static bool option_is_said(const struct run_info *info, const char *name)
{
	return !strcmp(name, "role") || (!strcmp(name, "port") && port_is_said(info)) ||
	       (!strcmp(name, "path") && info->path[0]) || (info->load_name && !strcmp(name, info->load_name));
}

/* The value that option i has in this run; "": none, the default, or it is shown elsewhere. */
static const char *option_shown(const struct dash *d, const struct run_info *info, unsigned i)
{
	const struct option_def *def = info->options.def[i];
	const struct option_value *value = &info->options.value[i];
	const char *text = value->is_set && value->text[0] ? value->text : host_default(&d->board->host, def);

	if (!(def->flags & OPTION_FORM) || def->type == OPTION_METHOD || def->flags & OPTION_WORKERS || !*text)
		return "";
	if ((!value->is_given && value->text[0]) || option_is_said(info, def->name))
		return "";
	return option_idle_why(&info->options, def->name) ? "" : text;
}

static enum worth option_worth(const struct run_info *info, unsigned i)
{
	return info->options.value[i].is_given ? WORTH_GIVEN : WORTH_SYSTEM;
}

enum { OPTIONS_MAX = 64 };

/* The texts of all options; how many there are. */
static unsigned options_shown(const struct dash *d, const struct run_info *info, const char *text[OPTIONS_MAX])
{
	unsigned count = info->options.count < OPTIONS_MAX ? info->options.count : OPTIONS_MAX;

	for (unsigned i = 0; i < count; i++)
		text[i] = option_shown(d, info, i);
	return count;
}

/* The options that somebody chose, so that a picture of the screen says what it shows.  Where there
 * is not room for all, those that say most. */
static void append_options(const struct dash *d, const struct run_info *info, int room, char *out, size_t size)
{
	bool fits[OPTIONS_MAX] = { false };
	const char *text[OPTIONS_MAX];
	unsigned count = options_shown(d, info, text);
	int used = canvas_width(out);

	for (int worth = 0; worth < WORTHS; worth++)
		for (unsigned i = 0; i < count; i++) {
			/* " · ", and a blank */
			int width = *text[i] ? canvas_width(info->options.def[i]->name) + canvas_width(text[i]) + 4 : 0;

			if (!width || (int)option_worth(info, i) != worth || used + width > room)
				continue;
			used += width;
			fits[i] = true;
		}
	for (unsigned i = 0; i < count; i++)
		if (fits[i])
			text_add(out, size, " · %s %s", info->options.def[i]->name, text[i]);
}

static bool both_ends(const struct run_info *info)
{
	unsigned roles = 0;

	for (unsigned i = 0; i < info->workers; i++)
		roles |= info->worker[i].role;
	return roles == ROLE_BOTH;
}

static void append_peer(const struct run_info *info, int room, char *out, size_t size)
{
	if (info->peer[0] && canvas_width(out) + (int)strlen(info->peer) + 3 <= room)
		text_add(out, size, " · %s", info->peer);
}

/* The load at the moment that is shown: [ and ] change it while a run goes on. */
static uint64_t load_shown(const struct dash *d, const struct run_info *info)
{
	const struct board *b = d->board;
	bool live = !b->read_only && !d->moment.final && info == history_newest_run(b->history) && !d->view.frozen;

	if (live && b->load)
		return b->load;
	if (d->moment.final && d->moment.final->load)
		return d->moment.final->load;
	return d->moment.to && d->moment.to->load ? d->moment.to->load : info->load;
}

static void run_text(struct dash *d, int room, char *out, size_t size)
{
	const struct run_info *info = d->moment.info ? d->moment.info : history_newest_run(d->board->history);
	char cores[48];

	out[0] = '\0';
	if (!info) {
		const struct engine *e = dash_engine(d);

		text_add(out, size, "%s", e ? e->summary : "no mode");
		return;
	}
	title_count_roles(info, cores, sizeof(cores));
	text_add(out, size, "method ‹%s› · %s · %s", info->ran, info->path[0] ? info->path : info->interface, cores);
	if (info->load_name)
		text_add(out, size, " · %s %llu", info->load_name, (unsigned long long)load_shown(d, info));
	/* With both ends here nobody chose the port, so the options that somebody chose go
	 * first. */
	if (both_ends(info))
		append_options(d, info, room, out, size);
	append_peer(info, room, out, size);
	if (!both_ends(info))
		append_options(d, info, room, out, size);
}

/* That the view stands still, and where: its words outlive all others. */
static void frozen_parts(const struct dash *d, struct line *l)
{
	const struct run_info *newest = history_newest_run(d->board->history);
	char at[32];

	if (!d->view.frozen && !d->view.run_shown)
		return;
	if (d->view.run_shown)
		line_add(l, 0, STYLE_FROZEN, "RUN #%u SHOWN", d->view.run_shown);
	else
		line_add(l, 0, STYLE_FROZEN, "VIEW FROZEN");
	if (d->view.cursor_ns)
		line_add(l, 2, STYLE_FROZEN, ", cursor %s", dash_hms(d, d->view.cursor_ns, at, sizeof(at)));
	else
		line_add(l, 2, STYLE_FROZEN, " %s", dash_hms(d, d->view.hold.at_ns, at, sizeof(at)));
	if (newest && d->view.hold.to && newest->id != d->view.hold.to->run_id)
		line_add(l, 3, STYLE_FROZEN, ", another run since");
	else if (dash_running(d))
		line_add(l, 4, STYLE_FROZEN, ", run continues");
}

void view_parts(const struct dash *d, struct line *l)
{
	frozen_parts(d, l);
	if (!d->layout.verdict.rows && dash_is_judged(d) && !d->verdict.valid)
		line_add(l, 0, STYLE_BAD, "✗ NOT VALID");
}

/* Without what differs, and without the reminder. */
static int sentence_length(const char *sentence)
{
	int length = (int)strcspn(sentence, "(;");

	return length && sentence[length - 1] == ' ' ? length - 1 : length;
}

static void base_parts(const struct dash *d, struct line *l)
{
	char at[32];

	if (d->sentence_a[0]) {
		line_add(l, 5, STYLE_CHART_BASE, "%.*s", sentence_length(d->sentence_a), d->sentence_a);
		return;
	}
	clock_format_hms(d->view.base.started_wall_ns, at, sizeof(at));
	bool other = d->view.base.engine && d->view.base.engine != dash_engine(d);
	line_add(l, 5, STYLE_CHART_BASE, "base A ‹%s›%s%s", d->view.base.method, other ? " of " : "",
		other ? d->view.base.engine->name : "");
	line_add(l, 6, STYLE_CHART_BASE, " %s n=%u", at, d->view.base.n);
}

/* The state of the view, the most surprising part of it first. */
static void other_parts(const struct dash *d, struct line *l)
{
	if (l->count)
		return;
	if (d->board->read_only)
		line_add(l, 5, STYLE_WARNING, "%s", d->board->title_note);
	else if (d->view.base_kept)
		base_parts(d, l);
	else if (d->view.filter[0])
		line_add(l, 5, STYLE_WARNING, "filter /%s", d->view.filter);
	else if (d->sentence[0])
		line_add(l, 5, STYLE_CHART_BASE, "%.*s", sentence_length(d->sentence), d->sentence);
}

/* " method ‹", "›" and the blanks before what is at the right */
enum { METHOD_WORDS = 12 };

/* The cells for what is at the right: the method goes before what is compared with it, but not
 * before the view's state. */
static int method_right_most(const struct dash *d, struct rect area, struct line right)
{
	int method = d->moment.info ? canvas_width(d->moment.info->ran) + METHOD_WORDS : 0, half = area.columns / 2;
	int most = area.columns - 1 - (method < half ? method : half);

	line_fit(&right, most);
	return line_width(&right) <= most ? most : area.columns - 1;
}

/* Its end says most: of a path the directory's name. */
static void keep_last_part(struct line_part *p, int columns)
{
	const char *text = p->text;

	while (*text && canvas_width(text) > columns)
		text++;
	memmove(p->text, text, strlen(text) + 1);
}

void panel_method_paint(struct dash *d)
{
	struct rect area = d->layout.method;
	struct line right = { 0 };
	char left[400];

	view_parts(d, &right);
	other_parts(d, &right);
	if (d->board->read_only && !d->view.frozen && right.count)
		keep_last_part(&right.part[right.count - 1], area.columns * 6 / 10);
	int taken = method_right_most(d, area, right);
	int width = line_put_right(&d->canvas, area.row, area.column + area.columns - 1 - taken, taken, &right);
	int column = area.columns - 1 - width;
	int room = width ? column - 2 : column - 1;
	run_text(d, room - 1, left, sizeof(left));
	area_shed(room, 1, left);
	if (column > 8) /* less says nothing */
		canvas_put_cut(&d->canvas, area.row, 1, room, STYLE_TEXT, left);
}
