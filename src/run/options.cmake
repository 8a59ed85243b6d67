set(RUN_OPTIONS_SOURCES options.c options_common.c options_parse.c plan.c)
