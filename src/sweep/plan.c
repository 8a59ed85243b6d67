/* Plans of sweeps: axes, cells, order.  See sweep.h. */
#include "sweep/sweep.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "sweep/sides.h"

/* ---- lists ---- */

static char separator(const struct option_def *def)
{
	return def->type == OPTION_CPUS ? '/' : ',';
}

static bool may_be_swept(const struct option_def *def)
{
	return def->flags & OPTION_RESULT && !(def->flags & OPTION_LIST);
}

bool sweep_is_list(const struct option_def *def, const char *text)
{
	return may_be_swept(def) && strchr(text, separator(def));
}

static void axis_free(struct sweep_axis *axis)
{
	for (unsigned i = 0; axis->text && i < axis->count; i++)
		free(axis->text[i]);
	free(axis->text);
	free(axis->number);
	*axis = (struct sweep_axis){ 0 };
}

static double number_of(const struct option_def *def, const struct option_value *value)
{
	if (!option_is_number(def) || !value->is_set)
		return NAN;
	return option_real(def, value);
}

/* 1K and 1024 are the same cell twice. */
static bool has_value(const struct sweep_axis *axis, const char *text, double number)
{
	for (unsigned i = 0; i < axis->count; i++)
		if (isnan(number) ? isnan(axis->number[i]) && !strcmp(axis->text[i], text) : axis->number[i] == number)
			return true;
	return false;
}

static int add_value(struct sweep_axis *axis, struct options *scratch, const char *text, struct err *err)
{
	const char *name = axis->def->name;
	char quoted[TEXT_SHOWN_BYTES];

	if (!*text)
		return err_say(err, EINVAL, "--%s: an empty value in the list", name);
	int rc = options_set(scratch, name, text, err);
	if (rc < 0)
		return rc;
	const struct option_value *value = &scratch->value[options_find(scratch, name)];
	double number = number_of(axis->def, value);
	const char *shown = value->is_set ? value->text : "auto";
	if (has_value(axis, shown, number))
		return err_say(err, EINVAL, "--%s: %s is in the list twice", name, text_shown(text, quoted));
	if (axis->count == SWEEP_VALUES_MAX)
		return err_say(err, ERANGE, "--%s: more than %d values in the list", name, SWEEP_VALUES_MAX);
	axis->text[axis->count] = strdup(shown);
	if (!axis->text[axis->count])
		return err_sys(err, ENOMEM, "read --%s", name);
	axis->number[axis->count++] = number;
	axis->numeric &= !isnan(number);
	return 0;
}

/* The next value of the list, without the blanks around it; *at is moved behind it, or NULL
 * after the last. */
static char *next_value(char **at, char between)
{
	char *value = *at + strspn(*at, " \t"), *end = strchr(value, between);

	*at = end ? end + 1 : NULL;
	if (!end)
		end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	return value;
}

static size_t count_values(const char *list, char between)
{
	size_t n = 1;

	for (; *list; list++)
		n += *list == between;
	return n;
}

static int fill_axis(struct sweep_axis *axis, struct options *scratch, const char *list, struct err *err)
{
	char between = separator(axis->def);
	size_t room = count_values(list, between);
	char *copy = strdup(list), *at = copy;
	int rc = 0;

	if (room > SWEEP_VALUES_MAX)
		rc = err_say(err, ERANGE, "--%s: more than %d values in the list", axis->def->name, SWEEP_VALUES_MAX);
	else {
		axis->text = calloc(room, sizeof(axis->text[0]));
		axis->number = calloc(room, sizeof(axis->number[0]));
		if (!copy || !axis->text || !axis->number)
			rc = err_sys(err, ENOMEM, "read --%s", axis->def->name);
	}
	while (rc >= 0 && at)
		rc = add_value(axis, scratch, next_value(&at, between), err);
	free(copy);
	return rc;
}

/* ---- the plan ---- */

int sweep_plan_init(struct sweep_plan *plan, const struct options *options, unsigned repeat, struct err *err)
{
	struct sweep_plan made = { .repeat = repeat, .cells = 1 };
	int rc = options_copy(&made.options, options, err);

	if (rc >= 0)
		*plan = made;
	return rc;
}

void sweep_plan_free(struct sweep_plan *plan)
{
	for (unsigned i = 0; i < plan->axes; i++)
		axis_free(&plan->axis[i]);
	options_free(&plan->options);
	*plan = (struct sweep_plan){ 0 };
}

static int find_axis(const struct sweep_plan *plan, const char *name)
{
	for (unsigned i = 0; i < plan->axes; i++)
		if (!strcmp(plan->axis[i].def->name, name))
			return (int)i;
	return -1;
}

int sweep_plan_set_axis(struct sweep_plan *plan, const char *name, const char *list, struct err *err)
{
	int option = options_find(&plan->options, name), at = find_axis(plan, name);
	struct options scratch = { 0 };

	if (option < 0)
		return options_check(&plan->options, name, "", err);
	struct sweep_axis axis = { .def = plan->options.def[option], .numeric = true };
	if (!may_be_swept(axis.def))
		return err_say(err, EINVAL, "--%s cannot be swept", name);
	if (!list[strspn(list, " \t")])
		return err_say(err, EINVAL, "--%s: an empty list", name);
	if (at < 0 && plan->axes == SWEEP_AXES_MAX)
		return err_say(err, ERANGE, "--%s: a sweep has at most %d axes", name, SWEEP_AXES_MAX);
	int rc = options_copy(&scratch, &plan->options, err);
	if (rc >= 0)
		rc = fill_axis(&axis, &scratch, list, err);
	options_free(&scratch);
	if (rc < 0) {
		axis_free(&axis);
		return rc;
	}
	if (at < 0)
		at = (int)plan->axes++;
	axis_free(&plan->axis[at]);
	plan->axis[at] = axis;
	return 0;
}

void sweep_plan_drop_axis(struct sweep_plan *plan, const char *name)
{
	int at = find_axis(plan, name);

	if (at < 0)
		return;
	axis_free(&plan->axis[at]);
	plan->axes--;
	memmove(&plan->axis[at], &plan->axis[at + 1], (plan->axes - (unsigned)at) * sizeof(plan->axis[0]));
	plan->axis[plan->axes] = (struct sweep_axis){ 0 };
}

int sweep_plan_close(struct sweep_plan *plan, double *ret_slots, struct err *err)
{
	double cells = 1;

	/* At most 2^12 each and 12 of them: no overflow of a double, and exact as long as it
	 * matters. */
	for (unsigned i = 0; i < plan->axes; i++)
		cells *= plan->axis[i].count;
	*ret_slots = cells * plan->repeat;
	if (*ret_slots > SWEEP_SLOTS_MAX)
		return err_say(err, ERANGE, "%.15g cells x %u repeats are more than a sweep can hold (%d runs)", cells,
			plan->repeat, SWEEP_SLOTS_MAX);
	plan->cells = (uint32_t)cells;
	return 0;
}

/* ---- cells ---- */

unsigned sweep_cell_value(const struct sweep_plan *plan, uint32_t cell, unsigned axis)
{
	for (unsigned i = plan->axes - 1; i > axis; i--)
		cell /= plan->axis[i].count;
	return cell % plan->axis[axis].count;
}

uint32_t sweep_cell_beside(const struct sweep_plan *plan, uint32_t cell, unsigned axis, unsigned value)
{
	uint32_t factor = 1;

	for (unsigned i = plan->axes - 1; i > axis; i--)
		factor *= plan->axis[i].count;
	return cell - sweep_cell_value(plan, cell, axis) * factor + value * factor;
}

void sweep_axis_order(const struct sweep_axis *axis, unsigned *ret_order)
{
	for (unsigned i = 0; i < axis->count; i++) {
		unsigned at = i;

		for (; axis->numeric && at > 0 && axis->number[ret_order[at - 1]] > axis->number[i]; at--)
			ret_order[at] = ret_order[at - 1];
		ret_order[at] = i;
	}
}

int sweep_cell_options(const struct sweep_plan *plan, uint32_t cell, struct options *ret_options, struct err *err)
{
	struct options made;
	int rc = options_copy(&made, &plan->options, err);

	if (rc < 0)
		return rc;
	for (unsigned i = 0; rc >= 0 && i < plan->axes; i++) {
		const struct sweep_axis *axis = &plan->axis[i];
		const char *text = axis->text[sweep_cell_value(plan, cell, i)];

		rc = axis->def == &sweep_side ? sweep_side_apply(&made, text, err)
					      : options_set(&made, axis->def->name, text, err);
	}
	if (rc < 0)
		options_free(&made);
	else
		*ret_options = made;
	return rc;
}

char *sweep_setting_label(const struct sweep_plan *plan, uint32_t cell, unsigned but, char *out, size_t size)
{
	char quoted[TEXT_SHOWN_BYTES];

	out[0] = '\0';
	for (unsigned i = 0; i < plan->axes; i++) {
		const char *text = plan->axis[i].text[sweep_cell_value(plan, cell, i)];

		if (i != but)
			text_add(out, size, "%s%s %s", *out ? ", " : "", plan->axis[i].def->name, text_shown(text, quoted));
	}
	return out;
}

char *sweep_cell_label(const struct sweep_plan *plan, uint32_t cell, char *out, size_t size)
{
	char quoted[TEXT_SHOWN_BYTES];

	if (plan->sides) {
		snprintf(out, size, "%c%s%s", cell ? 'B' : 'A', *plan->axis[0].text[cell] ? ": " : "",
			text_shown(plan->axis[0].text[cell], quoted));
		return out;
	}
	if (plan->axes)
		return sweep_setting_label(plan, cell, plan->axes, out, size);
	snprintf(out, size, "%s", plan->options.engine->name);
	return out;
}

static int64_t duration_of(const struct sweep_plan *plan, uint32_t cell, const char *name)
{
	int axis = find_axis(plan, name);

	if (axis < 0)
		return options_number(&plan->options, name);
	double seconds = plan->axis[axis].number[sweep_cell_value(plan, cell, (unsigned)axis)];
	return isnan(seconds) ? 0 : (int64_t)(seconds * NS_PER_S);
}

static int64_t side_ns(const struct sweep_plan *plan, uint32_t cell)
{
	struct options options;
	int64_t ns = 0;

	if (sweep_cell_options(plan, cell, &options, NULL) < 0)
		return ns;
	ns = options_number(&options, "warmup") + options_number(&options, "duration");
	options_free(&options);
	return ns;
}

int64_t sweep_cell_ns(const struct sweep_plan *plan, uint32_t cell)
{
	if (plan->sides)
		return side_ns(plan, cell);
	return duration_of(plan, cell, "warmup") + duration_of(plan, cell, "duration");
}

/* Fisher and Yates, as Durstenfeld has it (CACM 7, 1964); the bias of a remainder of 64 bits is
 * below 2^-32. */
void sweep_order(uint32_t cells, uint64_t seed, unsigned round, uint32_t *ret_order)
{
	struct rng rng = { .state = rng_mix(seed + rng_mix(round)) };

	for (uint32_t i = 0; i < cells; i++)
		ret_order[i] = i;
	for (uint32_t i = cells; i > 1; i--) {
		uint32_t j = (uint32_t)(rng_next(&rng) % i), kept = ret_order[i - 1];

		ret_order[i - 1] = ret_order[j];
		ret_order[j] = kept;
	}
}

/* ---- comparison ---- */

static bool same_value(const struct option_def *def, const struct option_value *a, const struct option_value *b)
{
	if (a->is_set != b->is_set)
		return false;
	return option_is_number(def) || def->type == OPTION_BOOL || def->type == OPTION_CHOICE ? a->number == b->number
											       : !strcmp(a->text, b->text);
}

static const char *shown_value(const struct option_value *value, char quoted[TEXT_SHOWN_BYTES])
{
	return value->is_set ? text_shown(value->text, quoted) : "unset";
}

static int compare_options(const struct sweep_plan *then, const struct sweep_plan *now, struct err *err)
{
	char a[TEXT_SHOWN_BYTES], b[TEXT_SHOWN_BYTES];

	for (unsigned i = 0; i < now->options.count; i++) {
		const struct option_def *def = now->options.def[i];
		int at = options_find(&then->options, def->name);

		if (!(def->flags & OPTION_RESULT) || at < 0 || find_axis(now, def->name) >= 0)
			continue;
		if (!same_value(def, &then->options.value[at], &now->options.value[i]))
			return err_say(err, EINVAL, "it had --%s %s, now it is %s", def->name,
				shown_value(&then->options.value[at], a), shown_value(&now->options.value[i], b));
	}
	return 0;
}

static int compare_axis(const struct sweep_axis *then, const struct sweep_axis *now, struct err *err)
{
	char a[TEXT_SHOWN_BYTES], b[TEXT_SHOWN_BYTES];

	if (strcmp(then->def->name, now->def->name) != 0)
		return err_say(err, EINVAL, "its axis was %s, now it is %s", then->def->name, now->def->name);
	if (then->count != now->count)
		return err_say(err, EINVAL, "it had %u value%s of --%s, now there %s %u", then->count,
			then->count == 1 ? "" : "s", then->def->name, now->count == 1 ? "is" : "are", now->count);
	for (unsigned i = 0; i < now->count; i++) {
		bool same = isnan(then->number[i]) ? !strcmp(then->text[i], now->text[i]) : then->number[i] == now->number[i];

		if (!same)
			return err_say(err, EINVAL, "it had --%s %s, now it is %s", now->def->name, text_shown(then->text[i], a),
				text_shown(now->text[i], b));
	}
	return 0;
}

int sweep_plan_compare(const struct sweep_plan *then, const struct sweep_plan *now, struct err *err)
{
	int rc = 0;

	if (then->options.engine != now->options.engine)
		return err_say(err, EINVAL, "it is of mode %s, not %s", then->options.engine->name, now->options.engine->name);
	if (then->sides != now->sides)
		return err_say(err, EINVAL, "it is a %s", then->sides ? "comparison" : "sweep");
	if (then->repeat != now->repeat && now->sides)
		return err_say(
			err, EINVAL, "it had --rounds %u, now it is %u", then->repeat - then->thrown, now->repeat - now->thrown);
	if (then->until < now->until || then->until > now->until)
		return err_say(err, EINVAL, "it had --until ci:%g%%, now it is ci:%g%%", 100 * then->until, 100 * now->until);
	if (then->repeat > now->repeat)
		return err_say(err, EINVAL, "it had --repeat %u, now it is %u", then->repeat, now->repeat);
	if (then->axes != now->axes)
		return err_say(err, EINVAL, "it had %u ax%s, now there %s %u", then->axes, then->axes == 1 ? "is" : "es",
			now->axes == 1 ? "is" : "are", now->axes);
	for (unsigned i = 0; rc >= 0 && i < now->axes; i++)
		rc = compare_axis(&then->axis[i], &now->axis[i], err);
	return rc < 0 ? rc : compare_options(then, now, err);
}
