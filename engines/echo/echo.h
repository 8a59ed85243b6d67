/* Mode echo: scalable UDP echo, a row of engines.c. */
#pragma once

#include "mode/engine.h"

extern const struct engine engine_echo;
