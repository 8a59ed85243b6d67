/* Plan files made of bytes: a plan that is taken can be expanded, and one that is refused says why
 * in one line. */
#include "fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

static void expand(const struct sweep_file *file)
{
	struct sweep_plan plan;
	struct options o;
	double slots;

	require(options_init(&o, file->engine, NULL) == 0, "a table of defaults");
	for (unsigned i = 0; i < file->count; i++)
		if (file->entry[i].section == SWEEP_SECTION_OPTIONS)
			require(options_set(&o, file->entry[i].name, file->entry[i].value, NULL) == 0,
				"options of a plan are valid");
	require(sweep_plan_init(&plan, &o, 1, NULL) == 0, "a plan");
	for (unsigned i = 0; i < file->count; i++)
		if (file->entry[i].section == SWEEP_SECTION_AXES)
			require(sweep_plan_set_axis(&plan, file->entry[i].name, file->entry[i].value, NULL) == 0, "so are axes");
	if (sweep_plan_close(&plan, &slots, NULL) == 0) {
		struct options last;

		require(sweep_cell_options(&plan, plan.cells - 1, &last, NULL) == 0, "the last cell has options");
		options_free(&last);
	}
	sweep_plan_free(&plan);
	options_free(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sweep_file file = { 0 };
	struct err err = ERR_NONE;
	char *text = malloc(size + 1);

	require(text != NULL, "memory");
	memcpy(text, data, size);
	text[size] = '\0';
	int rc = sweep_file_parse(&file, text, size, "plan.ini", toy_engines, sweep_own_options, &err);
	require((rc < 0) == (err.code != 0), "an error has a code");
	require(rc >= 0 || (err.text[0] && !strchr(err.text, '\n')), "and words, in one line");
	if (rc >= 0)
		expand(&file);
	else
		require(file.count == 0, "nothing is left of a plan that is refused");
	sweep_file_free(&file);
	free(text);
	return 0;
}
