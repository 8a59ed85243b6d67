/* The set-up form: its state and its keys. */
#include "ui/widgets/form_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/canvas/glyph.h"

const struct option_def *form_def(const struct form *f, const struct form_field *field)
{
	return f->options.def[field->option];
}

bool form_is_changed(const struct form *f, const struct form_field *field)
{
	return strcmp(field->text, f->options.value[field->option].text) != 0;
}

const char *form_choice(const struct form *f, const struct form_field *field, unsigned i)
{
	static const char *const answers[] = { "no", "yes" };
	const struct option_def *def = form_def(f, field);

	switch (def->type) {
	case OPTION_BOOL:
		return i < 2 ? answers[i] : NULL;
	case OPTION_CHOICE:
		for (unsigned k = 0; k < i; k++)
			if (!def->choices[k])
				return NULL;
		return def->choices[i];
	case OPTION_METHOD: /* the first is the mode's default */
		return i == 0 ? "" : i <= f->methods ? f->method[i - 1] : NULL;
	default:
		return NULL;
	}
}

size_t form_offset(const char *text, int columns)
{
	return text_bytes(text, columns > 0 ? (unsigned)columns : 0);
}

static int cursor_column(const struct form_field *field)
{
	char before[FIELD_BYTES];

	memcpy(before, field->text, field->cursor);
	before[field->cursor] = '\0';
	return canvas_width(before);
}

int form_text_shift(const struct form *f, const struct form_field *field)
{
	int shift = cursor_column(field) - f->value_columns + 1;

	return shift > 0 ? shift : 0;
}

/* ---- validity ---- */

static const char *form_why_not(const struct form *f, const struct form_field *field)
{
	for (unsigned i = 0; form_def(f, field)->type == OPTION_METHOD && i < f->methods; i++)
		if (strcmp(f->method[i], field->text) == 0)
			return f->why[i];
	return NULL;
}

/* "--payload 70000: out of range ..." without what stands beside it anyway. */
static const char *without_name(const char *message)
{
	const char *colon = strncmp(message, "--", 2) == 0 ? strstr(message, ": ") : NULL;

	return colon ? colon + 2 : message;
}

static void check(const struct form *f, struct form_field *field)
{
	const char *why = form_why_not(f, field);
	struct err err = ERR_NONE;

	field->bad[0] = '\0';
	field->emptied = false;
	if (why) {
		snprintf(field->bad, sizeof(field->bad), "does not run here: %s", why);
	} else if (options_check(&f->options, form_def(f, field)->name, field->text, &err) < 0) {
		field->emptied = !field->text[0];
		if (!field->emptied)
			snprintf(field->bad, sizeof(field->bad), "%s", without_name(err.text));
	}
}

/* ---- editing ---- */

static void set_text(struct form *f, struct form_field *field, const char *text)
{
	snprintf(field->text, sizeof(field->text), "%s", text);
	field->cursor = strlen(field->text);
	field->to_default = false;
	check(f, field);
}

static bool is_typed(const struct form *f, const struct form_field *field)
{
	return !form_choice(f, field, 0);
}

static unsigned choices(const struct form *f, const struct form_field *field)
{
	unsigned n = 0;

	while (form_choice(f, field, n))
		n++;
	return n;
}

static unsigned chosen(const struct form *f, const struct form_field *field, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(form_choice(f, field, i), field->text) == 0)
			return i;
	return 0;
}

static void step_choice(struct form *f, struct form_field *field, int step)
{
	unsigned n = choices(f, field);

	if (n > 0)
		set_text(f, field, form_choice(f, field, (chosen(f, field, n) + n + (unsigned)step) % n));
}

/* To the next choice that begins with the letter. */
static void jump_choice(struct form *f, struct form_field *field, int letter)
{
	unsigned n = choices(f, field), at = chosen(f, field, n);

	for (unsigned i = 1; i <= n; i++) {
		const char *name = form_choice(f, field, (at + i) % n);

		if (letter < 0x80 && name[0] == (char)letter) {
			set_text(f, field, name);
			return;
		}
	}
}

static void insert(struct form *f, struct form_field *field, uint32_t cp)
{
	char glyph[5];
	size_t len = strlen(field->text), n = (size_t)glyph_encode(cp, glyph);

	if (len + n >= sizeof(field->text))
		return;
	memmove(field->text + field->cursor + n, field->text + field->cursor, len - field->cursor + 1);
	memcpy(field->text + field->cursor, glyph, n);
	field->cursor += n;
	field->to_default = false;
	check(f, field);
}

/* Steps over a whole code point, or over a byte that belongs to none. */
static size_t before_cursor(const struct form_field *field)
{
	return form_offset(field->text, cursor_column(field) - 1);
}

static size_t after_cursor(const struct form_field *field)
{
	uint32_t cp;

	if (!field->text[field->cursor])
		return field->cursor;
	return field->cursor + text_decode(field->text + field->cursor, &cp);
}

static bool is_text_key(int key)
{
	return key >= 0x20 && key < 0x110000 && !(key >= 0x7f && key < 0xa0) && !(key >= 0xd800 && key < 0xe000);
}

static void type(struct form *f, struct form_field *field, int key)
{
	if (is_typed(f, field))
		insert(f, field, (uint32_t)key);
	else if (key == ' ')
		step_choice(f, field, 1);
	else
		jump_choice(f, field, key);
}

/* ---- apply ---- */

static int form_store(struct form *f, struct form_field *field)
{
	const char *name = form_def(f, field)->name;
	struct err err = ERR_NONE;
	int rc = 0;

	if (field->to_default)
		rc = options_reset(&f->options, name, &err);
	else if (form_is_changed(f, field))
		rc = options_set(&f->options, name, field->text, &err);
	if (rc < 0)
		snprintf(field->bad, sizeof(field->bad), "%s", without_name(err.text));
	return rc;
}

static struct form_field *focused(struct form *f)
{
	return f->focus < f->fields ? &f->field[f->focus] : NULL;
}

static void set_to_default(struct form *f, struct form_field *field)
{
	set_text(f, field, form_def(f, field)->default_text);
	field->to_default = true;
}

static void move_to(struct form *f, unsigned to)
{
	struct form_field *field = focused(f);

	if (field && field->emptied)
		set_to_default(f, field);
	f->focus = to;
}

/* Nothing is stored while anything is wrong: the form is applied whole or not at all. */
static enum form_result apply(struct form *f)
{
	move_to(f, f->focus);
	for (unsigned i = 0; i < f->fields; i++) {
		check(f, &f->field[i]);
		if (f->field[i].bad[0]) {
			f->focus = i;
			return FORM_OPEN;
		}
	}
	for (unsigned i = 0; i < f->fields; i++)
		if (form_store(f, &f->field[i]) < 0) {
			f->focus = i;
			return FORM_OPEN;
		}
	return FORM_APPLY;
}

/* ---- keys ---- */

static void move_focus(struct form *f, int step)
{
	int last = (int)f->fields + 1, at = (int)f->focus + step;

	move_to(f, (unsigned)(at < 0 ? 0 : at > last ? last : at));
}

static enum form_result key_up(struct form *f)
{
	move_focus(f, -1);
	return FORM_OPEN;
}

static enum form_result key_down(struct form *f)
{
	move_focus(f, 1);
	return FORM_OPEN;
}

static enum form_result key_tab(struct form *f)
{
	move_to(f, (f->focus + 1) % (f->fields + 2));
	return FORM_OPEN;
}

static enum form_result key_shift_tab(struct form *f)
{
	move_to(f, (f->focus + f->fields + 1) % (f->fields + 2));
	return FORM_OPEN;
}

static int page(const struct form *f)
{
	return f->list.rows > 1 ? f->list.rows - 1 : 1;
}

static enum form_result key_page_up(struct form *f)
{
	move_focus(f, -page(f));
	return FORM_OPEN;
}

static enum form_result key_page_down(struct form *f)
{
	move_focus(f, page(f));
	return FORM_OPEN;
}

static enum form_result sideways(struct form *f, int step)
{
	struct form_field *field = focused(f);

	if (!field)
		f->focus = step < 0 ? f->fields : f->fields + 1;
	else if (!is_typed(f, field))
		step_choice(f, field, step);
	else
		field->cursor = step < 0 ? before_cursor(field) : after_cursor(field);
	return FORM_OPEN;
}

static enum form_result key_left(struct form *f)
{
	return sideways(f, -1);
}

static enum form_result key_right(struct form *f)
{
	return sideways(f, 1);
}

static enum form_result to_end(struct form *f, bool end)
{
	struct form_field *field = focused(f);

	if (!field)
		return FORM_OPEN;
	if (is_typed(f, field))
		field->cursor = end ? strlen(field->text) : 0;
	else
		set_text(f, field, form_choice(f, field, end ? choices(f, field) - 1 : 0));
	return FORM_OPEN;
}

static enum form_result key_home(struct form *f)
{
	return to_end(f, false);
}

static enum form_result key_end(struct form *f)
{
	return to_end(f, true);
}

static enum form_result key_backspace(struct form *f)
{
	struct form_field *field = focused(f);

	if (!field || !is_typed(f, field) || field->cursor == 0)
		return FORM_OPEN;
	size_t to = before_cursor(field);
	memmove(field->text + to, field->text + field->cursor, strlen(field->text + field->cursor) + 1);
	field->cursor = to;
	field->to_default = false;
	check(f, field);
	return FORM_OPEN;
}

static enum form_result key_delete(struct form *f)
{
	struct form_field *field = focused(f);

	if (field)
		set_to_default(f, field);
	return FORM_OPEN;
}

static enum form_result key_clear(struct form *f)
{
	struct form_field *field = focused(f);

	if (field && is_typed(f, field))
		set_text(f, field, "");
	return FORM_OPEN;
}

static enum form_result press(struct form *f)
{
	return f->focus == f->fields ? apply(f) : FORM_CANCEL;
}

static enum form_result key_enter(struct form *f)
{
	return focused(f) ? key_down(f) : press(f);
}

static enum form_result key_cancel(struct form *f)
{
	(void)f;
	return FORM_CANCEL;
}

static const struct {
	int key;
	enum form_result (*pressed)(struct form *f);
} keys[] = {
	{ KEYCODE_UP, key_up },
	{ KEYCODE_DOWN, key_down },
	{ KEYCODE_TAB, key_tab },
	{ '\t', key_tab },
	{ KEYCODE_SHIFT_TAB, key_shift_tab },
	{ KEYCODE_PAGE_UP, key_page_up },
	{ KEYCODE_PAGE_DOWN, key_page_down },
	{ KEYCODE_LEFT, key_left },
	{ KEYCODE_RIGHT, key_right },
	{ KEYCODE_HOME, key_home },
	{ KEYCODE_END, key_end },
	{ KEYCODE_BACKSPACE, key_backspace },
	{ KEYCODE_DELETE, key_delete },
	{ KEYCODE_CTRL_U, key_clear },
	{ KEYCODE_ENTER, key_enter },
	{ '\n', key_enter },
	{ '\r', key_enter },
	{ KEYCODE_F10, apply },
	{ KEYCODE_CTRL_S, apply },
	{ KEYCODE_ESCAPE, key_cancel },
};

enum form_result form_key(struct form *f, int key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].key == key)
			return keys[i].pressed(f);
	if (!is_text_key(key))
		return FORM_OPEN;
	if (!focused(f))
		return key == ' ' ? press(f) : FORM_OPEN;
	type(f, focused(f), key);
	return FORM_OPEN;
}

static bool form_inside(struct rect r, int row, int column)
{
	return row >= r.row && row < r.row + r.rows && column >= r.column && column < r.column + r.columns;
}

/* A click on a field takes the focus; one into its value puts the cursor there, or steps a
 * choice that has the focus already. */
static void click_field(struct form *f, unsigned at, int column)
{
	bool again = f->focus == at;
	struct form_field *field = &f->field[at];

	move_to(f, at);
	if (column < f->value_column || column >= f->value_column + f->value_columns)
		return;
	if (is_typed(f, field))
		field->cursor = form_offset(field->text, column - f->value_column + (again ? form_text_shift(f, field) : 0));
	else if (again)
		step_choice(f, field, 1);
}

enum form_result form_click(struct form *f, int row, int column)
{
	if (form_inside(f->apply, row, column)) {
		move_to(f, f->fields);
		return press(f);
	}
	if (form_inside(f->cancel, row, column))
		return FORM_CANCEL;
	if (form_inside(f->list, row, column) && f->first_shown + (unsigned)(row - f->list.row) < f->fields)
		click_field(f, f->first_shown + (unsigned)(row - f->list.row), column);
	return FORM_OPEN;
}

void form_lead(struct form *f, unsigned option)
{
	unsigned first = 0;

	while (first < f->fields && f->field[first].option < option)
		first++;
	size_t before = first * sizeof(*f->field), behind = (f->fields - first) * sizeof(*f->field);
	struct form_field *moved = before ? malloc(before) : NULL;

	if (!moved)
		return;
	memcpy(moved, f->field, before);
	memmove(f->field, f->field + first, behind);
	memcpy(f->field + (f->fields - first), moved, before);
	free(moved);
}

void form_refuse(struct form *f, const char *message)
{
	const char *name = message + 2 * (strncmp(message, "--", 2) == 0);

	for (unsigned i = 0; i < f->fields; i++) {
		size_t length = strlen(form_def(f, &f->field[i])->name);

		if (strncmp(name, form_def(f, &f->field[i])->name, length) != 0 || !strchr(" :", name[length]))
			continue;
		snprintf(f->field[i].bad, sizeof(f->field[i].bad), "%s", without_name(message));
		f->focus = i;
		return;
	}
}

void form_set_default(struct form *f, const char *option, const char *text)
{
	for (unsigned i = 0; i < f->fields; i++)
		if (strcmp(form_def(f, &f->field[i])->name, option) == 0)
			snprintf(f->field[i].by_default, sizeof(f->field[i].by_default), "%s", text);
}

int form_focused(const struct form *f)
{
	return f->focus < f->fields ? (int)f->field[f->focus].option : -1;
}

const struct options *form_options(const struct form *f)
{
	return &f->options;
}

/* ---- life ---- */

static int copy_methods(struct form *f, const char *const *names, const char *const *why)
{
	while (names && names[f->methods])
		f->methods++;
	f->method = calloc(f->methods + 1, sizeof(*f->method));
	f->why = calloc(f->methods + 1, sizeof(*f->why));
	if (!f->method || !f->why)
		return -1;
	for (unsigned i = 0; i < f->methods; i++) {
		f->method[i] = strdup(names[i]);
		f->why[i] = why && why[i] ? strdup(why[i]) : NULL;
		if (!f->method[i] || (why && why[i] && !f->why[i]))
			return -1;
	}
	return 0;
}

static int make_fields(struct form *f)
{
	f->field = calloc(f->options.count + 1, sizeof(*f->field));
	if (!f->field)
		return -1;
	for (unsigned i = 0; i < f->options.count; i++) {
		struct form_field *field = &f->field[f->fields];

		if (!(f->options.def[i]->flags & OPTION_FORM))
			continue;
		field->option = i;
		set_text(f, field, f->options.value[i].text);
		f->fields++;
	}
	return 0;
}

struct form *form_new(const char *title, const struct options *options, const char *const *method_names, const char *const *why)
{
	struct form *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->title = strdup(title);
	if (!f->title || options_copy(&f->options, options, NULL) < 0 || copy_methods(f, method_names, why) < 0 ||
		make_fields(f) < 0) {
		form_free(f);
		return NULL;
	}
	return f;
}

void form_free(struct form *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < f->methods; i++) {
		free(f->method ? f->method[i] : NULL);
		free(f->why ? f->why[i] : NULL);
	}
	free(f->method);
	free(f->why);
	free(f->field);
	free(f->title);
	options_free(&f->options);
	free(f);
}
