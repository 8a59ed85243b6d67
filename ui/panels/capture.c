/* The capture: its state, and the last packets that it saw; and the status line with what the
 * interface itself costs. */
#include <arpa/inet.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/panels/panels.h"

/* Rows that a capture that goes on wants beside the two that it has anyway. */
enum { CAPTURE_LINES = 6 };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static char *bytes_text(uint64_t bytes, char *out, size_t size)
{
	char human[32];

	snprintf(out, size, "%sB", text_human((double)bytes, human, sizeof(human)));
	return out;
}

static void drops_text(const struct capture_state *s, char *out, size_t size)
{
	char kernel[32] = "--", writer[32];

	if (s->kernel_drops_known)
		text_grouped(s->kernel_drops, kernel, sizeof(kernel));
	snprintf(out, size, "kernel drops %s · writer lost %s", kernel, text_grouped(s->writer_drops, writer, sizeof(writer)));
}

static bool has_drops(const struct capture_state *s)
{
	return (s->kernel_drops_known && s->kernel_drops) || s->writer_drops;
}

/* ---- the panel ---- */

static int capture_paint_state(struct dash *d, struct rect area)
{
	const struct capture_state *s = &d->board->capture;
	char packets[32], bytes[32], drops[96], line[PATH_MAX];
	int row = 1;

	if (!s->active && !s->path[0]) {
		if (s->message[0])
			canvas_put_cut(&d->canvas, area.row + row++, area.column + 1, area.columns - 2,
				s->failed ? STYLE_BAD : STYLE_WARNING, s->message);
		canvas_put_cut(&d->canvas, area.row + row++, area.column + 1, area.columns - 2, STYLE_DIM,
			d->board->read_only ? "none" : "none · W: interface, sample, limits, filter");
		return row;
	}
	area_put(&d->canvas, area, row, 1,
		s->active   ? STYLE_RECORD
		: s->failed ? STYLE_BAD
			    : STYLE_DIM,
		s->active   ? "● REC"
		: s->failed ? "✗ FAILED"
			    : "○ ended");
	/* The name comes last: it may be cut, a number never. */
	snprintf(line, sizeof(line), "%s packets  %s  %s", text_grouped(s->packets, packets, sizeof(packets)),
		bytes_text(s->bytes, bytes, sizeof(bytes)), base_name(s->path));
	canvas_put_cut(&d->canvas, area.row + row++, area.column + 10, area.columns - 11, STYLE_TEXT, line);
	drops_text(s, drops, sizeof(drops));
	snprintf(line, sizeof(line), "%s · snaplen %u · 1/%u", drops, s->options.snaplen_bytes, s->options.sample_1_in);
	area_shed(area.columns - 2, 1, line);
	area_put(&d->canvas, area, row++, 1, has_drops(s) ? STYLE_BAD : STYLE_TEXT, line);
	if (s->message[0])
		canvas_put_cut(&d->canvas, area.row + row++, area.column + 1, area.columns - 2, STYLE_WARNING, s->message);
	else if (s->filter[0] && area.rows > 5)
		area_printf(&d->canvas, area, row++, 1, STYLE_DIM, "filter: %s", s->filter);
	return row;
}

static void address_text(const struct packet *p, bool source, bool ports_only, char *out, size_t size)
{
	char address[INET6_ADDRSTRLEN] = "?";
	const uint8_t *bytes = source ? p->source : p->destination;
	unsigned port = source ? p->source_port : p->destination_port;

	if (ports_only) {
		snprintf(out, size, "%u", port);
		return;
	}

	inet_ntop(p->family == 6 ? AF_INET6 : AF_INET, bytes, address, sizeof(address));
	snprintf(out, size, p->family == 6 ? "[%s]:%u" : "%s:%u", address, port);
}

static void age_text(const struct packet *p, char *out, size_t size)
{
	if (!p->has_echo || p->age_ns == INT64_MIN)
		snprintf(out, size, "--");
	else if (p->age_ns < 0)
		snprintf(out, size, "-%.1fµs", (double)-p->age_ns / NS_PER_US);
	else {
		char value[32];

		words_ns((double)p->age_ns, value, sizeof(value));
		snprintf(out, size, "%s%s", value, words_us_unit(value));
	}
}

static void paint_packet(struct dash *d, struct rect area, int row, const struct packet *p)
{
	char from[64], to[64], age[32], at[32], line[256];
	enum style style = p->note[0] ? STYLE_WARNING : p->reply ? STYLE_SERVER : STYLE_CLIENT;

	clock_format_hms(p->wall_ns, at, sizeof(at));
	if (p->family == 0) {
		area_printf(&d->canvas, area, row, 1, STYLE_DIM, "%s not IP, %u bytes %s", at, p->wire_bytes, p->note);
		return;
	}
	address_text(p, true, area.columns < 72, from, sizeof(from));
	address_text(p, false, area.columns < 72, to, sizeof(to));
	age_text(p, age, sizeof(age));
	if (p->has_echo)
		snprintf(line, sizeof(line), "%s→%s %s flow %u #%llu age %s %uB %s", from, to, p->reply ? "answer  " : "question",
			p->flow, (unsigned long long)p->counter, age, p->payload_bytes, p->note);
	else
		snprintf(line, sizeof(line), "%s→%s proto %u %uB %s", from, to, p->protocol, p->payload_bytes, p->note);
	if (area.columns >= 90) {
		area_printf(&d->canvas, area, row, 1, STYLE_DIM, "%s.%06u", at, (unsigned)(p->wall_ns % NS_PER_S / NS_PER_US));
		canvas_put_cut(&d->canvas, area.row + row, area.column + 17, area.columns - 18, style, line);
	} else {
		canvas_put_cut(&d->canvas, area.row + row, area.column + 1, area.columns - 2, style, line);
	}
}

static void capture_paint(struct dash *d, struct rect area)
{
	const struct board *b = d->board;
	bool full = d->layout.kind == LAYOUT_FULL;
	int row, first = full ? d->view.scroll : 0;

	area_rule(&d->canvas, area, "capture",
		b->read_only        ? NULL
		: b->capture.active ? "w stop · W options"
				    : "w start · W options");
	row = capture_paint_state(d, area);
	for (int i = first; i < (int)b->packets && row < area.rows; i++)
		paint_packet(d, area, row++, &b->packet[i]);
}

/* Without a capture one line says how to begin one: the rows are for others. */
static int capture_lines(const struct dash *d)
{
	const struct board *b = d->board;

	return b->capture.active || b->capture.path[0] || b->capture.message[0] || b->packets ? CAPTURE_LINES : 0;
}

const struct panel_def panel_capture = {
	.name = "capture",
	.shows = PANEL_CAPTURE,
	.narrow = { .min = 4, .want = 2, .weight = 1 },
	.wide = { .min = 4, .want = 2, .weight = 2 },
	.paint = capture_paint,
	.lines = capture_lines,
};

/* ---- the status line ---- */

static void cost_text(const struct dash *d, char *out, size_t size)
{
	if (!d->cost.known || d->board->hide_cost)
		snprintf(out, size, "UI -- %% -- ms late --");
	else
		snprintf(out, size, "UI %.1f %% %.1f ms late %llu", d->cost.cpu_percent, d->cost.draw_ms,
			(unsigned long long)d->series.late_ticks);
}

static enum style capture_style(const struct capture_state *s)
{
	return has_drops(s) ? STYLE_BAD : s->active ? STYLE_RECORD : STYLE_DIM;
}

/* A capture that goes on, or what is left of it; none says nothing. */
static void capture_parts(const struct capture_state *s, struct line *l)
{
	char packets[32], bytes[32];

	if (!s->active && s->message[0]) {
		line_add(l, 2, s->failed ? STYLE_BAD : STYLE_WARNING, "%s capture: %s", s->failed ? "✗" : "○", s->message);
		return;
	}
	if (!s->active && !s->path[0])
		return;
	line_add(l, 1, capture_style(s), "%s PCAP %s", s->active ? "●" : "○", bytes_text(s->bytes, bytes, sizeof(bytes)));
	line_add(l, 6, capture_style(s), " %s %s pkt", s->interface, text_grouped(s->packets, packets, sizeof(packets)));
}

static void capture_drop_parts(const struct capture_state *s, struct line *l)
{
	char kernel[32] = "--", writer[32];

	if (!s->active && (s->message[0] || !s->path[0]))
		return;
	if (s->kernel_drops_known)
		text_grouped(s->kernel_drops, kernel, sizeof(kernel));
	line_add(l, has_drops(s) ? 2 : 5, capture_style(s), "kernel drops %s", kernel);
	line_add(l, has_drops(s) ? 3 : 7, capture_style(s), "writer lost %s",
		text_grouped(s->writer_drops, writer, sizeof(writer)));
}

bool status_has_capture(const struct dash *d)
{
	const struct capture_state *s = &d->board->capture;

	return s->active || s->message[0] || (s->path[0] && has_drops(s));
}

void status_parts(const struct dash *d, struct line *l)
{
	char cost[64];

	if (status_has_capture(d)) {
		capture_parts(&d->board->capture, l);
		capture_drop_parts(&d->board->capture, l);
	}
	cost_text(d, cost, sizeof(cost));
	struct line_part *p = line_add(l, 4, STYLE_DIM, "%s", cost);
	snprintf(p->brief, sizeof(p->brief), "%.*s", (int)(strstr(cost, " %") + 2 - cost), cost);
}

void panel_status_paint(struct dash *d, struct rect area)
{
	struct line left = { 0 };
	char right[64];

	cost_text(d, right, sizeof(right));
	int column = area.columns - 1 - canvas_width(right);
	area_put(&d->canvas, area, 0, column, STYLE_DIM, right);
	capture_parts(&d->board->capture, &left);
	capture_drop_parts(&d->board->capture, &left);
	if (!left.count)
		line_add(&left, 1, STYLE_DIM, "○ no capture%s", d->board->read_only ? "" : " · w starts one");
	line_put(&d->canvas, area.row, area.column + 1, column - 3, &left);
}
