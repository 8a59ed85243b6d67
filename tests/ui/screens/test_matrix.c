/* Every mode in every state at every size: one golden file for a mode and a state, with all sizes
 * in it.  test_matrix_screens [--update]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "modes.h"
#include "stage.h"
#include "../../support/asserts.h"
#include "../../support/parts.h"

static const struct {
	int columns, rows;
} sizes[] = { { 80, 24 }, { 120, 40 }, { 200, 60 }, { 40, 10 }, { 20, 5 } };

/* factor: of MADE_PPS for each client; loss: packets a tick, where the mode loses any by number. */
static const struct matrix_mode {
	const char *name, *method;
	unsigned servers, clients, loss;
	double factor;
} modes[] = {
	{ "echo", "mmsg", 2, 2, 300, 200 },
	{ "stream", "two-copy", 2, 2, 1, 20 },
	{ "chat", "et", 2, 1, 1, 1 },
	{ "fanout", "mmsg", 1, 1, 1, 200 },
};

/* Without a number the workers are the mode's. */
static const struct matrix_state {
	const char *name;
	unsigned workers;
	bool loss, frozen, invalid, server_alone;
} states[] = {
	{ .name = "running" },
	{ .name = "loss", .loss = true },
	{ .name = "frozen", .frozen = true },
	{ .name = "invalid", .invalid = true },
	{ .name = "server", .server_alone = true },
	{ .name = "64-workers", .workers = 32 },
};

enum { MODES = sizeof(modes) / sizeof(modes[0]), STATES = sizeof(states) / sizeof(states[0]) };

static struct matrix_cell {
	const struct matrix_mode *mode;
	const struct matrix_state *state;
	char name[48];
} cells[MODES * STATES];

static struct cpu_use host_cpus;

/* The workers' CPUs and as many more. */
static void matrix_fill_cpus(unsigned count)
{
	host_cpus = (struct cpu_use){ .count = count };
	for (unsigned i = 0; i < count; i++)
		host_cpus.one[i] = (struct cpu_use_one){ .cpu = (short)i, .user = 0.1f, .system = 0.3f, .softirq = 0.1f };
}

static void matrix_fill_host(unsigned workers)
{
	struct host_info *host = &made.board.host;

	host->rmem_max = host->wmem_max = 4 << 20;
	host->rmem_default = host->wmem_default = 208 << 10;
	host->netdev_max_backlog = 1000;
	snprintf(host->tcp_congestion, sizeof(host->tcp_congestion), "cubic");
	matrix_fill_cpus(workers);
	made.board.cpus = &host_cpus;
}

static void matrix_open(const struct matrix_mode *mode, const struct matrix_state *state)
{
	unsigned servers = state->workers ? state->workers : mode->servers;
	unsigned clients = state->server_alone ? 0 : state->workers ? state->workers : mode->clients;

	modes_open(&made, mode->name, servers, clients);
	matrix_fill_host(servers + clients);
	made.ran = mode->method;
	made.loss = state->loss ? mode->loss : 0;
	made.suspended_ns = state->invalid ? 2 * NS_PER_S : 0;
	stage_dash(CHARSET_BRAILLE, NULL);
	made_run(&made, !state->server_alone);
	made_event(&made, SEVERITY_INFO, "run #1 start: warm-up 1 s, then until stopped");
	made_ticks(&made, 10, PHASE_WARMUP, mode->factor);
	made_event(&made, SEVERITY_INFO, "warm-up over, counting from zero");
	made_ticks(&made, 61, PHASE_MEASURE, mode->factor);
	frame(24, 80);
	if (!state->frozen)
		return;
	press(' ');
	made_ticks(&made, 20, PHASE_MEASURE, 2 * mode->factor);
}

/* No part, remedy or head is there by half, and no value is called "default". */
static void matrix_check(const char *screen)
{
	static const char *const never[] = { "·…", "→…", ":…", "(default)", "rmem_max 0B", "msms" };

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (strstr(screen, never[i]))
			fail_msg("\"%s\" stands in\n%s", never[i], screen);
}

static void matrix_golden(void **of)
{
	const struct matrix_cell *cell = *of;
	char *text = NULL, name[64];
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	matrix_open(cell->mode, cell->state);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		frame(sizes[i].rows, sizes[i].columns);
		char *screen = canvas_to_text(&dash.canvas);

		assert_non_null(screen);
		matrix_check(screen);
		fprintf(out, "==== %dx%d\n%s", sizes[i].columns, sizes[i].rows, screen);
		free(screen);
	}
	assert_int_equal(fclose(out), 0);
	snprintf(name, sizeof(name), "matrix/%s", cell->name);
	stage_golden_text(name, text);
	free(text);
	stage_close();
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[MODES * STATES];

	for (unsigned i = 0; i < MODES * STATES; i++) {
		struct matrix_cell *cell = &cells[i];

		cell->mode = &modes[i / STATES];
		cell->state = &states[i % STATES];
		snprintf(cell->name, sizeof(cell->name), "%s-%s", cell->mode->name, cell->state->name);
		tests[i] = (struct CMUnitTest){ cell->name, matrix_golden, NULL, NULL, cell };
	}
	stage_update = argc > 1 && !strcmp(argv[1], "--update");
	setenv("TZ", "UTC0", 1);
	return run_part("matrix", tests, MODES * STATES);
}
