/* The set-up form: fields built from an option table, edited as text, validated one by one; the
 * engines run on until Apply.  Pure state + painting into a canvas; knows neither curses nor the
 * board. */
#pragma once

#include "mode/options.h"
#include "ui/canvas/canvas.h"
#include "ui/canvas/keys.h"

struct form;

enum form_result { FORM_OPEN, FORM_APPLY, FORM_CANCEL };

/* method_names: the choices of OPTION_METHOD fields (NULL-terminated; why_not[i] non-NULL greys
 * one out). Fields are the options flagged OPTION_FORM.  NULL when out of memory. */
struct form *form_new(
	const char *title, const struct options *options, const char *const *method_names, const char *const *why_not);
void form_free(struct form *f); /* accepts NULL */
/* The fields of the options from this index on stand in front of the others.  Before the first key;
 * without memory for it the order stays. */
void form_lead(struct form *f, unsigned option);
/* The value that an option has if nobody types one; "" is not known. */
void form_set_default(struct form *f, const char *option, const char *text);
/* Up/Down/Tab move; typing edits; Left/Right move in text or step choices; Space toggles flags;
 * F10 or Ctrl-S or Enter on [Apply] applies if all fields are valid (else goes to the first bad
 * one); Esc cancels; Ctrl-U clears (a field left empty that needs a value gets its default back);
 * Del back to the default. */
enum form_result form_key(struct form *f, int key);
enum form_result form_click(struct form *f, int row, int column);
void form_paint(struct form *f, struct canvas *c, struct rect area);
/* After FORM_APPLY: the values cannot be had after all. A message that begins with an option's
 * name ("filter ...", "--payload ...") goes to its field, and the focus too. */
void form_refuse(struct form *f, const char *message);
/* The option whose field has the focus, as an index; -1: a button has it. */
int form_focused(const struct form *f);
/* The edited values, all valid after FORM_APPLY; owned by the form. */
const struct options *form_options(const struct form *f);
