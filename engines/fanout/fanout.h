/* Mode fanout: one UDP writer, many reader sockets, a row of engines.c. */
#pragma once

#include "mode/engine.h"

extern const struct engine engine_fanout;
