/* The settings file, $XDG_CONFIG_HOME/netdyno/config.ini: [dash] for the screen, [MODE] for
 * defaults of a mode's options.  Main thread only. */
#pragma once

#include <stdio.h>

#include "mode/options.h"

/* Applies [mode] of options->engine, and [dash] to display (may be NULL: not looked at), as
 * defaults below the command line.  Mistakes in the file are skipped, with a line to `warnings`
 * that names file, line and the nearest known word.  No file: nothing happens. */
void settings_read(struct options *options, struct options *display, FILE *warnings);
/* [mode] alone, once one of the others has been called: for the modes that the dashboard may
 * switch to.  What is wrong with the file as a whole has been said by then. */
void settings_read_mode(struct options *options, FILE *warnings);
/* [dash] alone. */
void settings_read_display(struct options *display, FILE *warnings);
/* Sets one key in a section and keeps all else that stands in the file; makes the file if there
 * is none.  Whole or not at all. */
int settings_keep(const char *section, const char *name, const char *value, struct err *err);
/* The same on text: a new text (free it) or NULL when out of memory.  Pure. */
char *settings_edit(const char *text, const char *section, const char *name, const char *value);
