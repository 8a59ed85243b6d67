/* AUTO becomes braille where the locale is UTF-8 (setlocale(3) is main's) and the terminal is
 * not the Linux console, else ASCII. */
#pragma once

#include "ui/ui.h"

enum ui_charset charset_resolve(enum ui_charset wanted);
