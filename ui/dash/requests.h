/* Requests: what the dashboard asks of main, which fills the table.  Main thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mode/options.h"
#include "record/packet.h"

/* A painted screen, as a snapshot keeps it. */
struct ui_picture {
	const char *text; /* UTF-8, or NULL: out of memory */
	const char *svg;  /* likewise */
};

/* Each returns 0 or -errno with *err (shown as a toast); ret texts are shown as toasts.  ctx is
 * passed through.  Where the board is read_only, only keep_setting is asked for. */
struct ui_requests {
	void *ctx;
	void (*pump)(void *ctx); /* takes updates into the board */
	int (*run)(void *ctx, bool on, struct err *err);
	int (*choose_mode)(void *ctx, unsigned mode, struct err *err);
	/* +1, -1: next that runs here and on this path.  Where 0 is returned and *err has a text,
	 * that names those which were passed over for the first time, and why. */
	int (*choose_method)(void *ctx, int step, struct err *err);
	int (*choose_path)(void *ctx, int step, struct err *err);
	/* +1 more, -1 less */
	int (*change_load)(void *ctx, int direction, struct err *err);
	/* the run that is the baseline from now on; 0: none is */
	int (*keep_base)(void *ctx, uint32_t run_id, struct err *err);
	/* starts a duel of the baseline against the options as they are, or stops it */
	int (*duel)(void *ctx, bool on, struct err *err);
	/* the set-up form's outcome */
	int (*apply)(void *ctx, const struct options *options, struct err *err);
	int (*snapshot)(void *ctx, const struct ui_picture *picture, char *ret_path, size_t size, struct err *err);
	int (*capture)(void *ctx, bool on, struct err *err);
	int (*capture_options)(void *ctx, const struct capture_options *options, struct err *err);
	/* theme and such, for the config file */
	void (*keep_setting)(void *ctx, const char *name, const char *value);
};
