/* Charts of a sweep on disk: scripts and data always, pictures where gnuplot is installed.  Main
 * thread only. */
#pragma once

#include "sweep/report.h"
#include "sweep/store.h"

/* Writes DIR/charts/NAME.gp and .dat; with `pictures` also .png and .svg.  That there is no
 * gnuplot, or that it fails, is no error: ret_charts->why says it. */
int sweep_plot(const struct sweep_store *store, const struct sweep_state *state, const struct host_info *host, bool pictures,
	struct sweep_charts *ret_charts, struct err *err);
/* The same with one script, charts/NAME.gp, which holds its data itself and draws NAME; the name
 * has "-vs-" in it. */
int sweep_plot_script(const struct sweep_store *store, const char *name, void (*write)(FILE *out, const void *ctx),
	const void *ctx, bool pictures, struct sweep_charts *ret_charts, struct err *err);
/* Removes what sweep_plot() has ever written. */
void sweep_plot_clear(const char *directory);
