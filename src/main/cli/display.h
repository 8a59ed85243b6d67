/* The looks of the dashboard, from options, settings and environment. */
#pragma once

#include "mode/options.h"
#include "ui/terminal/terminal.h"

/* choices of --theme and --charset */
extern const char *const display_themes[], *const display_charsets[];

/* own: display_options, or a table with some of them.  theme points into it. */
void display_config(const struct options *own, struct terminal_config *ret_config);
/* Is there a terminal that a dashboard can be drawn on?  If not, *ret_why says what is in the
 * way. */
bool display_can_draw(const char **ret_why);
