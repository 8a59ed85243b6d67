/* The set-up form on the canvas: a title, as many fields as there is room for, what the focused
 * one means, the buttons, the keys.  With less room the help shrinks first, then keys and
 * buttons go; F10 and Esc work all the same. */
#include "ui/widgets/form_state.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/canvas/paint.h"

/* MARKS: ">", a blank, "*", a blank. */
enum { LABEL_LEAST = 8, VALUE_MOST = 30, BESIDE_LEAST = 16, STATE_LEAST = 12, MARKS = 4 };

struct parts {
	struct rect title, list, help, buttons, keys; /* rows 0: no room */
};

static struct rect form_take(struct rect *area, int rows)
{
	struct rect part = { area->row, area->column, rows, area->columns };

	area->row += rows;
	area->rows -= rows;
	return part;
}

static struct parts arrange(struct rect area, unsigned fields)
{
	int rows = area.rows;
	int title = rows >= 3, buttons = rows >= 4, keys = rows >= 6, help = rows >= 18 ? 3 : rows >= 9 ? 2 : rows >= 5 ? 1 : 0;
	int list = rows - title - buttons - keys - help;
	struct parts p;

	if (list > (int)fields)
		list = (int)fields;
	p.title = form_take(&area, title);
	p.list = form_take(&area, list);
	p.help = form_take(&area, help);
	p.buttons = form_take(&area, buttons);
	p.keys = form_take(&area, keys);
	return p;
}

static int label_columns(const struct form *f, int columns)
{
	int widest = LABEL_LEAST;

	for (unsigned i = 0; i < f->fields; i++) {
		int width = canvas_width(form_def(f, &f->field[i])->name);

		widest = width > widest ? width : widest;
	}
	return widest > columns / 2 ? columns / 2 : widest;
}

/* Columns of the values; what is left beside them is for what is wrong with them. */
static int value_columns(int room)
{
	int width = room < VALUE_MOST + BESIDE_LEAST ? room - BESIDE_LEAST : VALUE_MOST;

	if (room < 2 * BESIDE_LEAST)
		width = room;
	return width < 0 ? 0 : width;
}

static void scroll_to_focus(struct form *f)
{
	unsigned rows = (unsigned)f->list.rows;

	if (rows == 0)
		return;
	if (f->focus < f->fields) {
		if (f->focus < f->first_shown)
			f->first_shown = f->focus;
		else if (f->focus >= f->first_shown + rows)
			f->first_shown = f->focus - rows + 1;
	}
	if (f->first_shown + rows > f->fields)
		f->first_shown = f->fields - rows;
}

/* ---- a field ---- */

static enum style value_style(const struct form *f, const struct form_field *field)
{
	return field->bad[0] ? STYLE_FIELD_BAD : form_is_changed(f, field) ? STYLE_FIELD_CHANGED : STYLE_FIELD;
}

/* The value itself says more than that nobody has chosen it. */
static const char *default_text(const struct form_field *field, char *out, size_t size)
{
	snprintf(out, size, "%s%sdefault", field->by_default, field->by_default[0] ? " · " : "");
	return out;
}

static void paint_choice(struct canvas *c, struct rect at, enum style style, const struct form_field *field, bool has_focus)
{
	char shown[FIELD_BYTES + 16], none[64];

	snprintf(shown, sizeof(shown), "‹ %s ›", field->text[0] ? field->text : default_text(field, none, sizeof(none)));
	canvas_put_cut(c, at.row, at.column, at.columns, style, shown);
	if (has_focus)
		canvas_restyle(c,
			(struct rect){
				at.row, at.column, 1, canvas_width(shown) < at.columns ? canvas_width(shown) : at.columns },
			STYLE_CURSOR);
}

/* What is seen of the text through the field's window, which ends within numbers, too. */
static void paint_part(struct canvas *c, const char *from, struct rect at, enum style style)
{
	char part[FIELD_BYTES];

	snprintf(part, sizeof(part), "%.*s", (int)text_bytes(from, at.columns > 0 ? (unsigned)at.columns : 0), from);
	canvas_put(c, at.row, at.column, at.columns, style, part);
}

static void paint_typed(
	struct canvas *c, const struct form *f, const struct form_field *field, struct rect at, enum style style, bool has_focus)
{
	int shift = has_focus ? form_text_shift(f, field) : 0;
	const char *from = field->text + form_offset(field->text, shift);
	char none[64];

	if (!field->text[0] && !has_focus)
		canvas_put_cut(c, at.row, at.column, at.columns, style, default_text(field, none, sizeof(none)));
	else if (has_focus)
		paint_part(c, from, at, style);
	else
		canvas_put_cut(c, at.row, at.column, at.columns, style, from);
	if (!has_focus)
		return;
	char before[FIELD_BYTES];
	memcpy(before, field->text, field->cursor);
	before[field->cursor] = '\0';
	canvas_restyle(c, (struct rect){ at.row, at.column + canvas_width(before) - shift, 1, at.columns > 0 }, STYLE_CURSOR);
}

static void paint_field(struct canvas *c, const struct form *f, unsigned index, int row, int label)
{
	const struct form_field *field = &f->field[index];
	bool has_focus = index == f->focus;
	struct rect at = { row, f->value_column, 1, f->value_columns };
	int column = f->list.column, right = column + f->list.columns, beside = at.column + at.columns + 1;
	enum style style = value_style(f, field);

	canvas_put(c, row, column, right - column, STYLE_STRONG, has_focus ? ">" : " ");
	canvas_put_cut(c, row, column + 1, label < right - column - 1 ? label : right - column - 1,
		has_focus ? STYLE_STRONG : STYLE_TEXT, form_def(f, field)->name);
	if (form_is_changed(f, field) && column + label + 2 < right)
		canvas_put(c, row, column + label + 2, 1, STYLE_WARNING, "*");
	canvas_fill(c, at, style, NULL);
	if (form_choice(f, field, 0))
		paint_choice(c, at, style, field, has_focus);
	else
		paint_typed(c, f, field, at, style, has_focus);
	if (field->bad[0] && right - beside >= BESIDE_LEAST - 1) {
		canvas_put(c, row, beside, right - beside, STYLE_BAD, "!");
		canvas_put_cut(c, row, beside + 2, right - beside - 2, STYLE_BAD, field->bad);
	}
}

/* ---- help, buttons, keys ---- */

/* Returns the rows used; the last one shows that there was more. */
static int paint_wrapped(struct canvas *c, struct rect area, enum style style, const char *text)
{
	int row = 0;

	if (area.columns <= 0)
		return 0;
	for (; row < area.rows && *text; row++) {
		char line[FIELD_MESSAGE_BYTES + 256];

		if (row == area.rows - 1) {
			canvas_put_cut(c, area.row + row, area.column, area.columns, style, text);
			return area.rows;
		}
		size_t bytes = text_line(text, (unsigned)area.columns);

		snprintf(line, sizeof(line), "%.*s", (int)bytes, text);
		text += bytes;
		text += strspn(text, " ");
		canvas_put(c, area.row + row, area.column, area.columns, style, line);
	}
	return row;
}

static void paint_help(struct canvas *c, const struct form *f, struct rect area)
{
	char text[FIELD_MESSAGE_BYTES + 256], range[128];
	int used = 0;

	if (f->focus >= f->fields || area.rows < 1)
		return;
	const struct form_field *field = &f->field[f->focus];
	const struct option_def *def = form_def(f, field);
	struct rect inner = { area.row, area.column + 1, area.rows, area.columns > 2 ? area.columns - 2 : 0 };

	if (field->bad[0])
		used = paint_wrapped(c, inner, STYLE_BAD, field->bad);
	inner.row += used;
	inner.rows -= used;
	if (form_choice(f, field, 0) || def->type == OPTION_TEXT)
		snprintf(text, sizeof(text), "%s", def->help ? def->help : "");
	else
		snprintf(
			text, sizeof(text), "%s · %s", options_range_text(def, range, sizeof(range)), def->help ? def->help : "");
	paint_wrapped(c, inner, STYLE_DIM, text);
}

static struct rect paint_button(struct canvas *c, struct rect row, int column, const char *text, bool has_focus)
{
	int width = canvas_width(text), room = row.columns - (column - row.column);

	if (row.rows < 1 || width > room)
		return (struct rect){ 0 };
	canvas_put(c, row.row, column, width, has_focus ? STYLE_SELECTED : STYLE_STRONG, text);
	return (struct rect){ row.row, column, 1, width };
}

static void form_paint_state(struct canvas *c, const struct form *f, struct rect row, int column)
{
	unsigned changed = 0, bad = 0;
	bool restart = false;
	char text[96];

	for (unsigned i = 0; i < f->fields; i++) {
		bool differs = form_is_changed(f, &f->field[i]);

		changed += differs;
		bad += f->field[i].bad[0] != '\0';
		restart |= differs && form_def(f, &f->field[i])->flags & OPTION_RESTART;
	}
	if (row.rows < 1 || row.column + row.columns - column < STATE_LEAST || (!changed && !bad))
		return;
	if (bad)
		snprintf(text, sizeof(text), "%u to correct", bad);
	else
		snprintf(text, sizeof(text), "%u changed%s", changed, restart ? " · restarts the run" : "");
	canvas_put_cut(c, row.row, column, row.column + row.columns - column, bad ? STYLE_BAD : STYLE_WARNING, text);
}

/* Whole hints only, the most needed first. */
static void form_paint_keys(struct canvas *c, struct rect row)
{
	static const struct {
		const char *key, *does;
	} hints[] = { { "F10", "Apply" }, { "Esc", "Cancel" }, { "←→", "Choose" }, { "Del", "Default" }, { "^U", "Clear" },
		{ "F1", "Help" }, { "Tab", "Next" } };
	int column = row.column + 1, right = row.column + row.columns;

	for (size_t i = 0; row.rows > 0 && i < sizeof(hints) / sizeof(hints[0]); i++) {
		int width = canvas_width(hints[i].key) + 1 + canvas_width(hints[i].does);

		if (column + width > right)
			break;
		int used = canvas_put(c, row.row, column, -1, STYLE_KEY, hints[i].key);
		canvas_put(c, row.row, column + used + 1, -1, STYLE_KEY_LABEL, hints[i].does);
		column += width + 2;
	}
}

static void form_paint_title(struct canvas *c, const struct form *f, struct rect area)
{
	char note[48] = "";

	if (area.rows < 1)
		return;
	if (f->list.rows > 0 && (unsigned)f->list.rows < f->fields)
		snprintf(note, sizeof(note), "%u-%u of %u", f->first_shown + 1, f->first_shown + (unsigned)f->list.rows,
			f->fields);
	canvas_rule(c, area.row, area.column, area.columns, f->title, note);
}

void form_paint(struct form *f, struct canvas *c, struct rect area)
{
	area = paint_area(area);
	struct parts p = arrange(area, f->fields);
	int label = label_columns(f, area.columns);

	canvas_fill(c, area, STYLE_TEXT, NULL);
	f->list = p.list;
	f->value_column = area.column + label + MARKS;
	f->value_columns = value_columns(area.column + area.columns - 1 - f->value_column);
	scroll_to_focus(f);
	form_paint_title(c, f, p.title);
	for (int i = 0; i < p.list.rows; i++)
		paint_field(c, f, f->first_shown + (unsigned)i, p.list.row + i, label);
	paint_help(c, f, p.help);
	f->apply = paint_button(c, p.buttons, area.column + 1, "[ Apply ]", f->focus == f->fields);
	f->cancel = paint_button(c, p.buttons, area.column + 11, "[ Cancel ]", f->focus == f->fields + 1);
	form_paint_state(c, f, p.buttons, area.column + 23);
	form_paint_keys(c, p.keys);
}
