/* Golden screens: scripts.c is played to the real program.  test_screens [--update] [NAME...]:
 * --update writes the golden files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "golden.h"
#include "program.h"
#include "scripts.h"
#include "../support/parts.h"

enum { TICKS = 300, SCRIPTS_MAX = 64 };

static bool update;

static int stop(void **state)
{
	static struct program none;
	struct program *p = *state ? *state : &none;

	program_end(p);
	return 0;
}

static bool play(struct program *p, const struct step *step, uint64_t *keys)
{
	struct term *t = p->term;

	switch (step->kind) {
	case STEP_KEYS:
		*keys += step->number;
		term_send(t, step->text, strlen(step->text));
		return term_wait_keys(t, *keys);
	case STEP_SAMPLE:
		return term_wait_sample(t, step->number);
	case STEP_TEXT:
		return term_wait_text(t, step->text);
	case STEP_CHECK:
		return golden_check(t, NETDYNO_GOLDEN, step->text, update);
	case STEP_END:
		break;
	}
	return true;
}

static void test_script(void **state)
{
	static struct program p;
	const struct script *script = *state;
	uint64_t keys = 0;

	program_start(&p, &(struct program_config){
				  .rows = script->rows,
				  .columns = script->columns,
				  .ticks = script->ticks ? script->ticks : TICKS,
				  .locale = script->locale,
				  .arguments = script->arguments,
				  .environment = script->environment,
			  });
	*state = &p;
	bool ok = true;

	/* All screens of a script are compared, so that one look at the output shows all
	 * differences. */
	for (const struct step *step = script->step; step->kind != STEP_END; step++)
		ok &= play(&p, step, &keys);
	assert_true(ok);
}

static bool wanted(const char *name, int argc, char **argv, int from)
{
	for (int i = from; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return from == argc;
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[SCRIPTS_MAX];
	size_t count = 0;
	int from = 1;

	if (argc > 1 && !strcmp(argv[1], "--update")) {
		update = true;
		from = 2;
	}
	for (const struct script *s = scripts; s->name && count < SCRIPTS_MAX; s++)
		if (wanted(s->name, argc, argv, from))
			tests[count++] = (struct CMUnitTest){ s->name, test_script, NULL, stop, (void *)(uintptr_t)s };
	return run_part("screens", tests, count);
}
