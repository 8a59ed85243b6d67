/* Gathers a session's updates.  See support.h. */
#include "support.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mode/path.h"

/* ---- gathering ---- */

void gather_free(struct gathered *g)
{
	for (unsigned i = 0; i < g->count; i++)
		update_free(g->update[i]);
	free(g->update);
	*g = (struct gathered){ 0 };
}

static void keep(struct gathered *g, struct update *u)
{
	if (g->count == g->room) {
		g->room = g->room ? 2 * g->room : 64;
		g->update = realloc(g->update, g->room * sizeof(struct update *));
		assert_non_null(g->update);
	}
	g->update[g->count++] = u;
}

struct wanted {
	enum update_kind kind;
	uint32_t run_id;
	enum phase phase;
};

static bool is_wanted(const struct update *u, const struct wanted *w)
{
	if (u->kind != w->kind || u->run_id != w->run_id)
		return false;
	if (u->kind == UPDATE_PHASE)
		return u->phase == w->phase;
	return u->kind != UPDATE_SAMPLE || u->sample->phase == w->phase;
}

static void gather_until(struct session *s, const struct wanted *w, unsigned count, struct gathered *g)
{
	struct pollfd fd = { .fd = session_fd(s), .events = POLLIN };
	int64_t deadline_ns = clock_now_ns() + (int64_t)GATHER_DEADLINE_S * NS_PER_S;
	struct update *u;

	for (unsigned i = 0; i < g->count && count; i++)
		count -= is_wanted(g->update[i], w);
	while (count) {
		if (clock_now_ns() > deadline_ns)
			fail_msg("no update of kind %d, phase %s from run %u", w->kind, phase_name(w->phase), w->run_id);
		poll(&fd, 1, 1000);
		while (count && (u = session_next(s))) {
			count -= is_wanted(u, w);
			keep(g, u);
		}
	}
}

const struct run_final *gather_until_final(struct session *s, uint32_t run_id, struct gathered *g)
{
	struct wanted w = { .kind = UPDATE_FINAL, .run_id = run_id };

	gather_until(s, &w, 1, g);
	return gathered_final(g, run_id);
}

void gather_until_phase(struct session *s, uint32_t run_id, enum phase phase, struct gathered *g)
{
	struct wanted w = { .kind = UPDATE_PHASE, .run_id = run_id, .phase = phase };

	gather_until(s, &w, 1, g);
}

void gather_until_samples(struct session *s, uint32_t run_id, enum phase phase, unsigned count, struct gathered *g)
{
	struct wanted w = { .kind = UPDATE_SAMPLE, .run_id = run_id, .phase = phase };

	gather_until(s, &w, count, g);
}

/* ---- looking at what was gathered ---- */

static const struct update *find(const struct gathered *g, enum update_kind kind, uint32_t run_id)
{
	for (unsigned i = 0; i < g->count; i++)
		if (g->update[i]->kind == kind && g->update[i]->run_id == run_id)
			return g->update[i];
	return NULL;
}

const struct run_info *gathered_run(const struct gathered *g, uint32_t run_id)
{
	const struct update *u = NULL;

	for (unsigned i = 0; i < g->count && !u; i++)
		if (g->update[i]->kind == UPDATE_RUN && g->update[i]->run->id == run_id)
			u = g->update[i];
	return u ? u->run : NULL;
}

const struct run_final *gathered_final(const struct gathered *g, uint32_t run_id)
{
	const struct update *u = find(g, UPDATE_FINAL, run_id);

	return u ? u->final : NULL;
}

unsigned gathered_samples(const struct gathered *g, uint32_t run_id)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->count; i++)
		n += g->update[i]->kind == UPDATE_SAMPLE && g->update[i]->run_id == run_id;
	return n;
}

struct reading gathered_reading(const struct gathered *g, uint32_t run_id)
{
	return reading_of_final(gathered_run(g, run_id), gathered_final(g, run_id));
}

const struct sample *gathered_sample(const struct gathered *g, uint32_t run_id, int index)
{
	int at = index < 0 ? index + (int)gathered_samples(g, run_id) : index;

	for (unsigned i = 0; i < g->count; i++)
		if (g->update[i]->kind == UPDATE_SAMPLE && g->update[i]->run_id == run_id && at-- == 0)
			return g->update[i]->sample;
	return NULL;
}

unsigned gathered_events(const struct gathered *g, uint32_t run_id, const char *part)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->count; i++)
		n += g->update[i]->kind == UPDATE_EVENT && (!run_id || g->update[i]->run_id == run_id) &&
		     strstr(g->update[i]->event.text, part);
	return n;
}

char *gathered_phases(const struct gathered *g, uint32_t run_id, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < g->count; i++)
		if (g->update[i]->kind == UPDATE_PHASE && g->update[i]->run_id == run_id && at < size)
			at += (size_t)snprintf(out + at, size - at, "%s%s", at ? " " : "", phase_name(g->update[i]->phase));
	return out;
}

/* ---- making ---- */

void make_options(struct options *o, const struct engine *engine, const char *const *pairs)
{
	struct err err = ERR_NONE;
	char name[32];

	if (options_init(o, engine, &err) < 0)
		fail_msg("%s", err.text);
	for (; *pairs; pairs++) {
		const char *value = strchr(*pairs, '=');

		assert_non_null(value);
		snprintf(name, sizeof(name), "%.*s", (int)(value - *pairs), *pairs);
		if (options_set(o, name, value + 1, &err) < 0)
			fail_msg("%s: %s", *pairs, err.text);
	}
}

struct session *make_session(unsigned virtual_ticks, bool want_totals)
{
	struct session_config config = { .paths = paths_here, .virtual_ticks = virtual_ticks, .want_totals = want_totals };
	struct session *s = NULL;
	struct err err = ERR_NONE;

	if (session_new(&config, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

uint32_t start_run(struct session *s, const struct engine *engine, const char *const *pairs)
{
	struct options o;
	struct err err = ERR_NONE;

	make_options(&o, engine, pairs);
	int id = session_start(s, &o, &err);
	options_free(&o);
	if (id <= 0)
		fail_msg("session_start: %d %s", id, err.text);
	return (uint32_t)id;
}

uint64_t sum_of_workers(const struct run_info *info, const struct worker_sample *worker, unsigned roles, unsigned counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < info->workers; i++)
		if (info->worker[i].role & roles)
			sum += worker[i].value[counter];
	return sum;
}
