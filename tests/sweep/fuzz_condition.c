/* Conditions made of bytes: one that is taken is within its range and reads back as the same; one
 * that is refused says why in one line. */
#include "fixture.h"

#include "sweep/compare/condition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

static void read_back(const struct condition *taken, const struct sweep_state *state)
{
	struct condition again;

	require(taken->metric < state->metrics, "a figure of the mode");
	require(taken->limit > -1 && taken->limit <= 1e4, "a limit within its range");
	require(condition_parse(taken->text, state->metric, state->metrics, &again, NULL) == 0, "its text is one");
	require(again.metric == taken->metric && again.above == taken->above, "and means the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sweep_plan plan;
	struct sweep_state state;
	struct condition condition;
	struct err err = ERR_NONE;
	char *text = malloc(size + 1);

	require(text != NULL, "memory");
	memcpy(text, data, size);
	text[size] = '\0';
	make_plan(&plan, 1, "size=1K");
	require(sweep_state_init(&state, &plan, NULL) == 0, "a state");
	int rc = condition_parse(text, state.metric, state.metrics, &condition, &err);
	require((rc < 0) == (err.code != 0), "an error has a code");
	require(rc >= 0 || (err.text[0] && !strchr(err.text, '\n')), "and words, in one line");
	if (rc >= 0)
		read_back(&condition, &state);
	sweep_state_free(&state);
	sweep_plan_free(&plan);
	free(text);
	return 0;
}
