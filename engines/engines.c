/* The table of modes.  A mode is added in its own file and one row here. */
#include "engines/engines.h"

#include <stddef.h>

#include "engines/chat/chat.h"
#include "engines/echo/echo.h"
#include "engines/fanout/fanout.h"
#include "engines/null/null.h"
#include "engines/stream/stream.h"

const struct engine *const engines_all[] = {
	&engine_echo,
	&engine_stream,
	&engine_chat,
	&engine_fanout,
	&engine_null,
	NULL,
};
