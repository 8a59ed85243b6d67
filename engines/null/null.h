/* Mode null: no I/O, deterministic counters and latencies; a row of engines.c. */
#pragma once

#include "mode/engine.h"

extern const struct engine engine_null;
