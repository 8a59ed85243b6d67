/* How far a sweep is.  See main/sweep/progress.h. */
#include "main/sweep/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "main/cli/help.h"
#include "sweep/report.h"

enum { BAR = 20, LINE_BYTES = 1024 };

void sweep_progress_init(struct sweep_progress *p, const struct sweep_state *state)
{
	const char *term = getenv("TERM");

	*p = (struct sweep_progress){ .state = state,
		.live = isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0 };
}

int sweep_progress_show(struct sweep_progress *p, const struct terminal_config *config, const char *directory, struct err *err)
{
	return sweep_screen_open(config, p->state, directory, &p->screen, err);
}

static void erase(struct sweep_progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}

void sweep_progress_draw(struct sweep_progress *p)
{
	const struct sweep_state *s = p->state;
	uint64_t ended = sweep_state_ended(s);
	int full = s->slots ? (int)(ended * BAR / s->slots) : BAR;
	char line[LINE_BYTES], label[SWEEP_LABEL_BYTES] = "", left[32], bar[BAR + 1];
	int width = help_width(stderr);

	if (p->screen)
		sweep_screen_draw(p->screen);
	if (p->screen || !p->live)
		return;
	for (int i = 0; i < BAR; i++)
		bar[i] = i < full ? '#' : '-';
	bar[BAR] = '\0';
	if (s->running)
		sweep_cell_label(s->plan, s->current, label, sizeof(label));
	snprintf(line, sizeof(line), "[%s] %" PRIu64 "/%" PRIu64 "  ETA %s  %s%s%s", bar, ended, s->slots,
		text_eta(sweep_state_eta_s(s), left, sizeof(left)), label, p->last[0] ? "  last: " : "", p->last);
	/* At once, and cleared behind it: the line never flickers. */
	fprintf(stderr, "\r%.*s\033[K", (int)text_bytes(line, (unsigned)(width ? width : 80) - 1), line);
	p->shown = true;
}

static void describe(const struct sweep_state *state, const json_t *row, bool valid, char *out, size_t size)
{

	out[0] = '\0';
	for (unsigned i = 0; i < state->metrics; i++) {
		const struct sweep_metric *m = &state->metric[i];
		const json_t *value = json_object_get(row, m->column);
		char number[32];
		const char *unit;

		if (!m->bars || !json_is_number(value))
			continue;
		double scale = sweep_state_unit(state, i, &unit);
		text_add(out, size, "%s%s%s%s %s", *out ? ", " : "", m->better < 0 ? m->title : "", m->better < 0 ? " " : "",
			text_four(scale * json_number_value(value), number, sizeof(number)), unit);
	}
	if (!valid)
		text_add(out, size, "%sINVALID", *out ? ", " : "");
}

static void say_on_screen(struct sweep_progress *p, uint32_t cell, unsigned round)
{
	char text[SWEEP_LABEL_BYTES + sizeof(p->last) + 64], label[SWEEP_LABEL_BYTES];

	snprintf(text, sizeof(text), "round %u, %s: %s", round + 1, sweep_cell_label(p->state->plan, cell, label, sizeof(label)),
		p->last);
	sweep_screen_say(p->screen, text);
}

void sweep_progress_run(struct sweep_progress *p, uint32_t cell, unsigned round, const json_t *row, bool valid)
{
	const struct sweep_state *s = p->state;
	char label[SWEEP_LABEL_BYTES], left[32];

	describe(s, row, valid, p->last, sizeof(p->last));
	if (p->screen)
		say_on_screen(p, cell, round);
	else if (p->live)
		sweep_progress_draw(p);
	else
		fprintf(stderr, "%" PRIu64 "/%" PRIu64 "  round %u  %s: %s  ETA %s\n", sweep_state_ended(s), s->slots, round + 1,
			sweep_cell_label(s->plan, cell, label, sizeof(label)), p->last,
			text_eta(sweep_state_eta_s(s), left, sizeof(left)));
}

void sweep_progress_say(struct sweep_progress *p, const char *fmt, ...)
{
	va_list args;

	if (p->screen) {
		char text[LINE_BYTES];

		va_start(args, fmt);
		vsnprintf(text, sizeof(text), fmt, args);
		va_end(args);
		sweep_screen_say(p->screen, text);
		return;
	}
	erase(p);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	putc('\n', stderr);
	sweep_progress_draw(p);
}

void sweep_progress_end(struct sweep_progress *p)
{
	sweep_screen_close(p->screen);
	p->screen = NULL;
	erase(p);
	fflush(stderr);
	p->live = false;
}
