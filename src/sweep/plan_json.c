/* Plans of sweeps as JSON, and back: what plan.json holds.  See sweep.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "results/json_parts.h"
#include "sweep/sides.h"

/* ---- to JSON ---- */

/* Every option as it would be typed: so that it can be set again, whatever the defaults are by
 * then. */
static json_t *options_to_json(const struct options *o)
{
	struct json_maker m = json_make();

	for (unsigned i = 0; i < o->count; i++)
		if (o->def[i]->flags & OPTION_RESULT)
			json_put(&m, o->def[i]->name, json_of_text(o->value[i].text));
	return json_made(&m);
}

static json_t *axis_to_json(const struct sweep_axis *axis)
{
	struct json_maker m = json_make();
	json_t *values = json_array();
	bool failed = false;

	for (unsigned i = 0; i < axis->count; i++)
		json_append(values, json_of_text(axis->text[i]), &failed);
	if (failed) {
		json_decref(values);
		values = NULL;
	}
	json_put(&m, "option", json_string(axis->def->name));
	json_put(&m, "values", values);
	return json_made(&m);
}

json_t *sweep_plan_to_json(const struct sweep_plan *plan)
{
	struct json_maker m = json_make();
	json_t *axes = json_array();
	bool failed = false;

	for (unsigned i = 0; i < plan->axes; i++)
		json_append(axes, axis_to_json(&plan->axis[i]), &failed);
	if (failed) {
		json_decref(axes);
		axes = NULL;
	}
	json_put(&m, "mode", json_string(plan->options.engine->name));
	json_put(&m, "repeat", json_integer(plan->repeat));
	json_put(&m, "retries", json_integer(plan->retries));
	if (plan->sides) {
		json_put(&m, "thrown_rounds", json_integer(plan->thrown));
		json_put(&m, "until_percent", plan->until > 0 ? json_real(100 * plan->until) : json_null());
	}
	json_put(&m, "axes", axes);
	json_put(&m, "options", options_to_json(&plan->options));
	return json_made(&m);
}

/* ---- from JSON ---- */

static int say_broken(struct err *err, const char *what)
{
	return err_say(err, EINVAL, "not the plan of a sweep: %s", what);
}

/* Defaults of today are not looked at: an option that the plan does not know has come since, and
 * keeps its own. */
static int options_from_json(struct options *o, const json_t *object, struct err *err)
{
	int rc = json_is_object(object) ? 0 : say_broken(err, "no options");

	for (unsigned i = 0; rc >= 0 && i < o->count; i++) {
		const json_t *text = json_object_get(object, o->def[i]->name);

		/* A value that equals the default was not given. */
		if (json_is_string(text) && strcmp(json_string_value(text), o->value[i].text) != 0)
			rc = options_set(o, o->def[i]->name, json_string_value(text), err);
	}
	return rc;
}

static int sides_from_json(struct sweep_plan *plan, const json_t *values, struct err *err)
{
	const char *a = json_string_value(json_array_get(values, 0)), *b = json_string_value(json_array_get(values, 1));
	bool same;

	if (!a || !b || json_array_size(values) != 2 || plan->axes)
		return say_broken(err, "no two sides");
	return sweep_plan_set_sides(plan, a, b, &same, err);
}

static int axis_from_json(struct sweep_plan *plan, const json_t *object, struct err *err)
{
	const char *name = json_string_value(json_object_get(object, "option"));
	json_t *values = json_object_get(object, "values"), *value;
	char *list = NULL;
	size_t i, length = 0;
	FILE *out;

	if (name && !strcmp(name, sweep_side.name))
		return sides_from_json(plan, values, err);
	int option = name && !plan->sides ? options_find(&plan->options, name) : -1;
	if (option < 0)
		return say_broken(err, "an axis names an unknown option");
	out = open_memstream(&list, &length);
	if (!out)
		return err_sys(err, ENOMEM, "read the plan");
	json_array_foreach(values, i, value)
	{
		const char *text = json_string_value(value);

		fprintf(out, "%s%s", i ? plan->options.def[option]->type == OPTION_CPUS ? "/" : "," : "", text ? text : "");
	}
	int rc = fclose(out) != 0 ? err_sys(err, ENOMEM, "read the plan") : sweep_plan_set_axis(plan, name, list, err);
	free(list);
	return rc;
}

static int fill_plan(struct sweep_plan *plan, const json_t *object, struct err *err)
{
	json_t *axes = json_object_get(object, "axes"), *axis;
	double slots;
	size_t i;
	int rc = options_from_json(&plan->options, json_object_get(object, "options"), err);

	json_array_foreach(axes, i, axis)
	{
		if (rc >= 0)
			rc = axis_from_json(plan, axis, err);
	}
	return rc < 0 ? rc : sweep_plan_close(plan, &slots, err);
}

int sweep_plan_from_json(struct sweep_plan *plan, const json_t *object, const struct engine *const *engines, struct err *err)
{
	const char *mode = json_string_value(json_object_get(object, "mode"));
	json_int_t repeat = json_integer_value(json_object_get(object, "repeat"));
	const json_t *kept = json_object_get(object, "retries");
	json_int_t retries = kept ? json_integer_value(kept) : 1;
	const struct engine *engine = mode ? engine_find(engines, mode) : NULL;
	json_int_t thrown = json_integer_value(json_object_get(object, "thrown_rounds"));
	double until = json_number_value(json_object_get(object, "until_percent"));
	struct sweep_plan made = { 0 };
	char quoted[TEXT_SHOWN_BYTES];

	if (!engine || !engine->built)
		return err_say(err, EINVAL, "not the plan of a sweep: unknown mode \"%s\"", mode ? text_shown(mode, quoted) : "");
	if (repeat < 1 || repeat > UINT16_MAX)
		return say_broken(err, "no repeat");
	if (retries < 0 || retries > UINT16_MAX)
		return say_broken(err, "no such retries");
	int rc = options_init(&made.options, engine, err);
	made.repeat = (unsigned)repeat;
	made.thrown = thrown > 0 && thrown < repeat ? (unsigned)thrown : 0;
	made.until = until > 0 ? until / 100 : 0;
	made.retries = (unsigned)retries;
	if (rc >= 0)
		rc = fill_plan(&made, object, err);
	if (rc < 0)
		sweep_plan_free(&made);
	else
		*plan = made;
	return rc;
}

const char *sweep_plan_noun(const char *directory)
{
	char path[PATH_MAX], *text = NULL;
	size_t length = 0;
	bool is_read = snprintf(path, sizeof(path), "%s/plan.json", directory) < (int)sizeof(path) &&
		       file_read_all(path, SWEEP_PLAN_BYTES_MAX, &text, &length, NULL) >= 0;
	json_t *document = is_read ? json_loadb(text, length, 0, NULL) : NULL;
	bool sides = json_object_get(json_object_get(document, "plan"), "thrown_rounds") != NULL;

	json_decref(document);
	free(text);
	return sides ? "comparison" : "sweep";
}
