/* Options that do nothing in a run: those of the other end, and those that another option switches
 * off.  A result does not tell them, and who gives one is told that it would do nothing.  Pure; any
 * thread. */
#pragma once

#include "mode/engine.h"

/* Why this option does nothing with the others as they are; NULL: it is in force. */
const char *option_idle_why(const struct options *o, const char *name);
/* None that the user gave is idle: 0, or -EINVAL naming the first that is. */
int options_check_force(const struct options *o, struct err *err);
/* Puts those that were given and are idle back to their defaults. */
void options_forget_idle(struct options *o);

/* For rules: which ends are not here. */
bool option_without_clients(const struct options *o);
bool option_without_servers(const struct options *o);
