/* The form's inside, shared by its editing (form.c) and its painting (form_paint.c) alone. */
#pragma once

#include "ui/widgets/form.h"

enum { FIELD_BYTES = 4096 /* a path */, FIELD_MESSAGE_BYTES = ERR_TEXT_BYTES };

struct form_field {
	unsigned option; /* index into options */
	char text[FIELD_BYTES];
	size_t cursor;       /* byte offset, at the start of a code point */
	char by_default[40]; /* "" or what it comes to where nothing is typed */
	bool to_default;
	/* emptied, where nothing is no value: the default when it is left */
	bool emptied;
	char bad[FIELD_MESSAGE_BYTES]; /* "" or what is wrong with the text */
};

struct form {
	char *title;
	struct options options; /* the values that were given, until Apply */
	unsigned fields;
	struct form_field *field;
	unsigned methods;
	char **method;  /* names */
	char **why;     /* NULL, or why it does not run here */
	unsigned focus; /* field; then Apply, Cancel */
	/* The places of the last painting, for scrolling and the mouse. */
	unsigned first_shown;
	struct rect list, apply, cancel;
	int value_column, value_columns;
};

const struct option_def *form_def(const struct form *f, const struct form_field *field);
bool form_is_changed(const struct form *f, const struct form_field *field);
/* The i-th text that the field can be stepped to; NULL beyond, and for fields that are typed. */
const char *form_choice(const struct form *f, const struct form_field *field, unsigned i);
/* Byte offset of the code point at column `columns` of the text. */
size_t form_offset(const char *text, int columns);
/* The columns of the text that scroll out at the left, so that its cursor is in sight. */
int form_text_shift(const struct form *f, const struct form_field *field);
