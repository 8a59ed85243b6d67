/* The two forms: set-up of the mode, and the capture's options.  The run goes on until Apply. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/dash/actions.h"
#include "ui/dash/setup/effective.h"
#include "ui/canvas/keys.h"

static void close_form(struct dash *d)
{
	form_free(d->form);
	d->form = NULL;
	view_back(&d->view);
}

static void show_form(struct dash *d, struct form *form, enum screen screen)
{
	if (!form) {
		dash_say(d, STYLE_BAD, "form: out of memory");
		return;
	}
	form_free(d->form);
	d->form = form;
	view_open(&d->view, screen);
}

/* ---- set-up ---- */

void act_setup(struct dash *d, int key)
{
	const struct board_mode *mode = &d->board->mode[d->board->current_mode];
	const char **names = calloc(mode->methods + 1, sizeof(*names)), **why = calloc(mode->methods + 1, sizeof(*why));
	char title[96], value[40];

	(void)key;
	snprintf(title, sizeof(title), "set-up: %s", mode->engine->name);
	for (unsigned i = 0; names && why && i < mode->methods; i++) {
		names[i] = mode->method[i].method->name;
		why[i] = mode->method[i].runs ? NULL : mode->method[i].why;
	}
	show_form(d, names && why ? form_new(title, &mode->options, names, why) : NULL, SCREEN_SETUP);
	for (unsigned i = 0; d->form && i < mode->options.count; i++)
		form_set_default(d->form, mode->options.def[i]->name, effective_value(d, i, value, sizeof(value)));
	if (d->form)
		form_lead(d->form, options_table_length(options_common));
	free(names);
	free(why);
}

static int apply_setup(struct dash *d, struct err *err)
{
	return d->requests->apply(d->requests->ctx, form_options(d->form), err);
}

/* ---- capture options ---- */

static const struct option_def capture_table[] = {
	{ .name = "interface",
		.type = OPTION_TEXT,
		.flags = OPTION_FORM,
		.value_name = "NAME",
		.default_text = "",
		.help = "interface to listen on (default: the run's)" },
	{ .name = "sample",
		.type = OPTION_COUNT,
		.flags = OPTION_FORM,
		.value_name = "N",
		.default_text = "1",
		.min = 1,
		.max = 1 << 20,
		.help = "keep one packet in N, chosen in the kernel: a power of two" },
	{ .name = "snaplen",
		.type = OPTION_COUNT,
		.flags = OPTION_FORM,
		.value_name = "BYTES",
		.default_text = "96",
		.min = 16,
		.max = 262144,
		.help = "bytes kept of each packet" },
	{ .name = "max-size",
		.type = OPTION_COUNT,
		.flags = OPTION_FORM,
		.value_name = "BYTES",
		.default_text = "100M",
		.min = 0,
		.max = INT64_C(1) << 50,
		.help = "stop at this file size (M: 10^6); 0: no limit" },
	{ .name = "max-time",
		.type = OPTION_DURATION,
		.flags = OPTION_FORM,
		.value_name = "TIME",
		.default_text = "60s",
		.min = 0,
		.max = INT64_C(1000000) * NS_PER_S,
		.help = "stop after this time; 0: no limit" },
	{ .name = "filter",
		.type = OPTION_TEXT,
		.flags = OPTION_FORM,
		.value_name = "EXPRESSION",
		.default_text = "",
		.help = "another condition, in the syntax of tcpdump" },
	{ 0 },
};

/* 100000000 -> "100M": the shortest form that is exact. */
static char *count_text(uint64_t n, char *out, size_t size)
{
	static const char suffix[] = { '\0', 'k', 'M', 'G' };
	unsigned power = 0;

	for (; n && n % 1000 == 0 && power + 1 < sizeof(suffix); power++)
		n /= 1000;
	snprintf(out, size, "%llu%c", (unsigned long long)n, suffix[power]);
	return out;
}

static int fill_capture_values(struct options *o, const struct capture_options *c, struct err *err)
{
	char text[64];
	int e = options_set(o, "sample", count_text(c->sample_1_in ? c->sample_1_in : 1, text, sizeof(text)), err);

	if (!e && c->snaplen_bytes)
		e = options_set(o, "snaplen", count_text(c->snaplen_bytes, text, sizeof(text)), err);
	if (!e)
		e = options_set(o, "max-size", count_text(c->limit_bytes, text, sizeof(text)), err);
	if (!e)
		e = options_set(o, "max-time", text_duration(c->limit_ns, text, sizeof(text)), err);
	if (!e && c->interface[0])
		e = options_set(o, "interface", c->interface, err);
	if (!e && c->filter[0])
		e = options_set(o, "filter", c->filter, err);
	return e;
}

void act_capture_options(struct dash *d, int key)
{
	struct options values;
	struct err err = ERR_NONE;

	(void)key;
	if (options_init_table(&values, capture_table, &err)) {
		dash_say(d, STYLE_BAD, err.text);
		return;
	}
	if (fill_capture_values(&values, &d->board->capture_options, &err))
		dash_say(d, STYLE_BAD, err.text);
	show_form(d, form_new("capture options", &values, NULL, NULL), SCREEN_CAPTURE);
	options_free(&values);
}

static int apply_capture(struct dash *d, struct err *err)
{
	const struct options *o = form_options(d->form);
	struct capture_options c = { .sample_1_in = (unsigned)options_number(o, "sample"),
		.snaplen_bytes = (unsigned)options_number(o, "snaplen"),
		.limit_bytes = (uint64_t)options_number(o, "max-size"),
		.limit_ns = options_number(o, "max-time") };

	if (c.sample_1_in & (c.sample_1_in - 1))
		return err_say(err, EINVAL, "sample 1/%u: not a power of two", c.sample_1_in);
	if (strlen(options_text(o, "interface")) >= sizeof(c.interface))
		return err_say(err, EINVAL, "interface \"%s\": the name is too long", options_text(o, "interface"));
	if (strlen(options_text(o, "filter")) >= sizeof(c.filter))
		return err_say(err, EINVAL, "filter: longer than %zu bytes", sizeof(c.filter) - 1);
	snprintf(c.interface, sizeof(c.interface), "%s", options_text(o, "interface"));
	snprintf(c.filter, sizeof(c.filter), "%s", options_text(o, "filter"));
	return d->requests->capture_options(d->requests->ctx, &c, err);
}

/* ---- both ---- */

static void forms_finish(struct dash *d, enum form_result result)
{
	struct err err = ERR_NONE;
	int outcome = 0;

	if (result == FORM_OPEN)
		return;
	if (result == FORM_APPLY)
		outcome = d->view.screen == SCREEN_SETUP ? apply_setup(d, &err) : apply_capture(d, &err);
	if (outcome < 0) { /* the form stays, so that what was typed is not lost */
		form_refuse(d->form, err.text);
		dash_say(d, STYLE_BAD, err.text);
		return;
	}
	close_form(d);
	if (result == FORM_APPLY) {
		d->applied_at = d->keys;
		dash_say(d, STYLE_TOAST, "applied");
	}
}

void act_form_key(struct dash *d, int key)
{
	if (d->form && key == KEYCODE_F1)
		view_open(&d->view, SCREEN_HELP);
	else if (d->form)
		forms_finish(d, form_key(d->form, key));
	else
		view_back(&d->view);
}

void act_form_click(struct dash *d, int row, int column)
{
	if (d->form)
		forms_finish(d, form_click(d->form, row, column));
}
