/* Golden screens: scripts.c is played to the real program.  test_screens [--update] [NAME...]:
 * --update writes the golden files; "tabs" is the row of tabs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
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

static bool play(struct program *p, const struct script *script, const struct step *step, uint64_t *keys)
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
		return golden_check(t, !script->no_tabs, NETDYNO_GOLDEN, step->text, update);
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
		ok &= play(&p, script, step, &keys);
	assert_true(ok);
}

/* The row of tabs, which the screens leave out: long and short names, themes, ASCII, no colours. */
static void test_tabs(void **state)
{
	static const struct {
		int rows, columns;
		const char *theme, *locale, *variable;
	} cases[] = { { 60, 200, "dark", NULL, NULL }, { 40, 120, "dark", NULL, NULL }, { 24, 80, "dark", NULL, NULL },
		{ 10, 40, "dark", NULL, NULL }, { 24, 80, "light", NULL, NULL }, { 24, 80, "safe", NULL, NULL },
		{ 24, 80, "dark", "C", NULL }, { 24, 80, "dark", NULL, "NO_COLOR=1" } };
	static struct program p;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	*state = &p;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const environment[] = { cases[i].variable, NULL };
		const char *const arguments[] = { "--theme", cases[i].theme, NULL };

		program_start(&p, &(struct program_config){ .rows = cases[i].rows,
					  .columns = cases[i].columns,
					  .ticks = TICKS,
					  .locale = cases[i].locale,
					  .arguments = arguments,
					  .environment = environment });
		assert_true(term_wait_sample(p.term, TICKS + 1));
		char *row = golden_dump(p.term, 0, 1);
		fputs(row, out);
		free(row);
		program_end(&p);
	}
	fclose(out);
	assert_true(golden_compare(text, NETDYNO_GOLDEN, "tabs", update));
	free(text);
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
	if (wanted("tabs", argc, argv, from))
		tests[count++] = (struct CMUnitTest){ "tabs", test_tabs, NULL, stop, NULL };
	for (const struct script *s = scripts; s->name && count < SCRIPTS_MAX; s++)
		if (wanted(s->name, argc, argv, from))
			tests[count++] = (struct CMUnitTest){ s->name, test_script, NULL, stop, (void *)(uintptr_t)s };
	return run_part("screens", tests, count);
}
