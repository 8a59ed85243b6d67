/* Mode stream: TCP bulk transfer, a row of engines.c. */
#pragma once

#include "mode/engine.h"

extern const struct engine engine_stream;
