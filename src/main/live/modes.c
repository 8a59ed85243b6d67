/* The board's modes and methods.  See main/live/modes.h. */
#include "main/live/modes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engines/engines.h"
#include "main/cli/settings.h"
#include "mode/plan.h"

/* Hidden modes are shown only where they are the one that was asked for. */
static bool is_shown(const struct engine *e, const struct engine *asked)
{
	return !e->hidden || e == asked;
}

static int probe_methods(struct board_mode *mode, struct err *err)
{
	unsigned n = engine_methods(mode->engine);

	mode->method = calloc(n ? n : 1, sizeof(mode->method[0]));
	if (!mode->method)
		return err_sys(err, ENOMEM, "list the methods of %s", mode->engine->name);
	mode->methods = n;
	for (unsigned i = 0; i < n; i++) {
		struct board_method *m = &mode->method[i];

		m->method = mode->engine->methods[i];
		m->runs = method_runs(m->method, m->why, sizeof(m->why));
	}
	return 0;
}

static int init_mode(struct board_mode *mode, const struct engine *engine, const struct engine *asked, struct err *err)
{
	mode->engine = engine;
	int rc = options_init(&mode->options, engine, err);
	if (rc < 0 || !engine->built)
		return rc;
	/* The mode that was asked for gets the command line's options from its caller. */
	if (engine != asked)
		settings_read_mode(&mode->options, stderr);
	return probe_methods(mode, err);
}

int modes_init(struct board *b, const struct engine *engine, struct err *err)
{
	unsigned n = 0;

	*b = (struct board){ .current_method = -1 };
	while (engines_all[n])
		n++;
	b->mode = calloc(n ? n : 1, sizeof(b->mode[0]));
	if (!b->mode)
		return err_sys(err, ENOMEM, "list the modes");
	for (unsigned i = 0; i < n; i++) {
		if (!is_shown(engines_all[i], engine))
			continue;
		if (engines_all[i] == engine)
			b->current_mode = b->modes;
		int rc = init_mode(&b->mode[b->modes++], engines_all[i], engine, err);
		if (rc < 0) {
			modes_free(b);
			return rc;
		}
	}
	return 0;
}

void modes_free(struct board *b)
{
	for (unsigned i = 0; i < b->modes; i++) {
		options_free(&b->mode[i].options);
		free(b->mode[i].method);
	}
	free(b->mode);
	b->mode = NULL;
	b->modes = 0;
}

void modes_find_method(struct board *b)
{
	const struct board_mode *mode = &b->mode[b->current_mode];
	unsigned role = plan_role(&mode->options);
	const struct method *server = NULL, *client = NULL;

	b->current_method = -1;
	if (role & ROLE_SERVER)
		plan_method(mode->engine, &mode->options, ROLE_SERVER, &server, NULL);
	if (role & ROLE_CLIENT)
		plan_method(mode->engine, &mode->options, ROLE_CLIENT, &client, NULL);
	if (server && client && server != client)
		return;
	for (unsigned i = 0; i < mode->methods; i++)
		if (mode->method[i].method == (server ? server : client))
			b->current_method = (int)i;
}
