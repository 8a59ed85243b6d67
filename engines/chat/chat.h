/* Mode chat: an epoll broadcast server and its load. */
#pragma once

#include "mode/engine.h"

extern const struct engine engine_chat;
