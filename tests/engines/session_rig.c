/* See session_rig.h. */
#include "session_rig.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "mode/path.h"

void session_rig_open(struct session_rig *rig, const struct engine *engine, int deadline_s)
{
	struct session_config config = { .paths = paths_here };
	struct err err = ERR_NONE;

	*rig = (struct session_rig){ .engine = engine, .deadline_s = deadline_s };
	if (session_new(&config, &rig->session, &err) < 0)
		fail_msg("%s", err.text);
}

void session_rig_close(struct session_rig *rig)
{
	session_free(rig->session);
}

uint32_t session_rig_start(struct session_rig *rig, const char *const *option)
{
	struct options o;
	struct err err = ERR_NONE;

	if (options_init(&o, rig->engine, &err) < 0)
		fail_msg("%s", err.text);
	for (; *option; option += 2)
		if (options_set(&o, option[0], option[1], &err) < 0)
			fail_msg("%s", err.text);
	int id = session_start(rig->session, &o, &err);
	if (id <= 0)
		fail_msg("%s", err.text);
	options_free(&o);
	return (uint32_t)id;
}

static void keep(struct update *u, uint32_t id, struct outcome *o)
{
	if (u->run_id == id && u->kind == UPDATE_RUN) {
		o->info = u->run;
		u->run = NULL;
	} else if (u->run_id == id && u->kind == UPDATE_FINAL) {
		o->final = u->final;
		u->final = NULL;
	} else if (u->run_id == id && u->kind == UPDATE_PHASE) {
		o->measures |= u->phase == PHASE_MEASURE;
	} else if (u->run_id == id && u->kind == UPDATE_SAMPLE) {
		o->value = 0;
		for (unsigned i = 0; i < u->sample->workers; i++)
			o->value += u->sample->worker[i].value[o->counter];
	} else if (u->kind == UPDATE_EVENT && strstr(u->event.text, "no answer from")) {
		o->silent = true;
	}
	update_free(u);
}

void session_rig_await(struct session_rig *rig, uint32_t id, bool (*done)(const struct outcome *o), struct outcome *o)
{
	int64_t end = clock_now_ns() + (int64_t)rig->deadline_s * NS_PER_S;

	while (!done(o)) {
		struct pollfd p = { .fd = session_fd(rig->session), .events = POLLIN };
		struct update *u;

		if (clock_now_ns() > end)
			fail_msg("run %u: not in %d s", id, rig->deadline_s);
		poll(&p, 1, 100);
		while ((u = session_next(rig->session)))
			keep(u, id, o);
	}
}

static bool outcome_measures(const struct outcome *o)
{
	return o->measures || o->final;
}

void session_rig_await_measure(struct session_rig *rig, uint32_t id, struct outcome *o)
{
	session_rig_await(rig, id, outcome_measures, o);
	if (o->final)
		fail_msg("run %u: %s", id, o->final->err.text);
}

static bool outcome_is_enough(const struct outcome *o)
{
	return o->value >= o->least || o->final;
}

void session_rig_await_counter(struct session_rig *rig, uint32_t id, unsigned counter, uint64_t least, struct outcome *o)
{
	o->counter = counter;
	o->value = 0;
	o->least = least;
	session_rig_await(rig, id, outcome_is_enough, o);
	if (o->final)
		fail_msg("run %u: %s", id, o->final->err.text);
}

bool outcome_has_info(const struct outcome *o)
{
	return o->info;
}

bool outcome_has_final(const struct outcome *o)
{
	return o->final;
}

bool outcome_is_silent(const struct outcome *o)
{
	return o->silent;
}

void outcome_ledger(const struct outcome *o, struct ledger *ret_ledger)
{
	struct reading whole = reading_of_final(o->info, o->final);

	if (o->final->err.text[0])
		fail_msg("%s", o->final->err.text);
	ledger_of(&whole, ret_ledger);
}

void outcome_second_ledger(const struct outcome *o, struct ledger *ret_ledger)
{
	struct reading whole = reading_of_final(o->info, o->final);

	ledger_second_of(&whole, ret_ledger);
}

void outcome_free(struct outcome *o)
{
	run_info_free(o->info);
	run_final_free(o->final);
}
