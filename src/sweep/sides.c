/* The axis of a comparison: two sets of options.  See sides.h. */
#include "sweep/sides.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { WORDS_MAX = 128 };

const struct option_def sweep_side = { .name = "side", .type = OPTION_TEXT, .default_text = "" };

static int say_side(struct err *err, const char *name, const struct err *why)
{
	/* An unknown option is a usage error, too. */
	return err_say(err, why->code == ENOENT ? EINVAL : why->code, "--%s: %s", name, why->text);
}

/* An option that is not kept with a result changes nothing of what is measured. */
static int check_words(const struct options *options, int argc, char **argv, struct err *err)
{
	struct options scratch;
	struct option_words words = { .set = { &scratch, NULL }, .argc = argc, .argv = argv };
	struct option_word word;
	int rc = options_copy(&scratch, options, err);

	if (rc < 0)
		return rc;
	while ((rc = options_next(&words, &word, err)) > 0)
		if (!(word.def->flags & OPTION_RESULT)) {
			rc = err_say(err, EINVAL, "--%s is for the whole comparison, not for a side of it", word.def->name);
			break;
		}
	options_free(&scratch);
	return rc;
}

int sweep_side_apply(struct options *options, const char *text, struct err *err)
{
	char *copy = strdup(text), *argv[WORDS_MAX + 1], *at = NULL;
	int argc = 0, rc = copy ? 0 : err_sys(err, ENOMEM, "read the options of a side");

	for (char *word = copy ? strtok_r(copy, " \t", &at) : NULL; word && argc < WORDS_MAX; word = strtok_r(NULL, " \t", &at))
		argv[argc++] = word;
	argv[argc] = NULL;
	if (rc >= 0)
		rc = check_words(options, argc, argv, err);
	if (rc >= 0)
		rc = options_parse(options, argc, argv, 0, err);
	free(copy);
	return rc;
}

/* ---- the axis ---- */

static int fill_side(struct sweep_axis *axis, const struct options *options, const char *name, const char *text,
	struct options *ret_options, struct err *err)
{
	struct err why = ERR_NONE;
	int rc = options_copy(ret_options, options, err);

	if (rc < 0)
		return rc;
	if (sweep_side_apply(ret_options, text, &why) < 0)
		return say_side(err, name, &why);
	axis->number[axis->count] = NAN;
	axis->text[axis->count] = strdup(text);
	return axis->text[axis->count++] ? 0 : err_sys(err, ENOMEM, "read --%s", name);
}

static bool are_same(const struct options *a, const struct options *b)
{
	for (unsigned i = 0; i < a->count; i++)
		if (a->value[i].is_set != b->value[i].is_set || a->value[i].number != b->value[i].number ||
			strcmp(a->value[i].text, b->value[i].text) != 0)
			return false;
	return true;
}

int sweep_plan_set_sides(struct sweep_plan *plan, const char *a, const char *b, bool *ret_same, struct err *err)
{
	struct sweep_axis axis = { .def = &sweep_side, .text = calloc(2, sizeof(char *)), .number = calloc(2, sizeof(double)) };
	struct options options[2] = { 0 };
	int rc = axis.text && axis.number ? 0 : err_sys(err, ENOMEM, "read the sides");

	if (rc >= 0)
		rc = fill_side(&axis, &plan->options, "a", a, &options[0], err);
	if (rc >= 0)
		rc = fill_side(&axis, &plan->options, "b", b, &options[1], err);
	if (rc >= 0) {
		*ret_same = are_same(&options[0], &options[1]);
		plan->sides = true;
		plan->axis[plan->axes++] = axis;
		axis = (struct sweep_axis){ 0 };
	}
	for (unsigned i = 0; i < axis.count; i++)
		free(axis.text[i]);
	free(axis.text);
	free(axis.number);
	options_free(&options[0]);
	options_free(&options[1]);
	return rc;
}
