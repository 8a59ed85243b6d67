/* What an option comes to where nobody has set it: read off the run that goes on, off the machine,
 * or off the words of the option's own help.  Pure; main thread only. */
#pragma once

#include "ui/dash/dash.h"

/* "mmsg", "0-3", "212992"; "" where that is not known.  `i` is the option's index in the options of
 * the current mode. */
const char *effective_value(const struct dash *d, unsigned i, char *out, size_t size);
