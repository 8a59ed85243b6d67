/* The path is switched by its key while traffic runs, and goes along from mode to mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/wait.h>

#include "path/paths.h"
#include "path/veth/child.h"
#include "program.h"

static const char *const words[] = { "dash", "echo", "--warmup", "0", NULL };
static struct program program;

/* Ticks of the virtual clock are for synthetic modes; here they only make the program report its
 * frames. */
static int start(void **state)
{
	(void)state;
	program_start(&program, &(struct program_config){ .rows = 24, .columns = 100, .ticks = 1, .words = words });
	return 0;
}

static int stop(void **state)
{
	(void)state;
	program_end(&program);
	return 0;
}

static void await(const char *path)
{
	char text[40];

	snprintf(text, sizeof(text), "· %s ·", path);
	assert_true(term_wait_text(program.term, text));
	assert_true(term_wait_text(program.term, "● RUN"));
}

static void test_path_is_switched_live(void **state)
{
	static const char *const modes[] = { "2", "3", "4", "1" };
	char why[240];

	(void)state;
	veth_program = NETDYNO_PROGRAM;
	await("loopback");
	if (!path_veth.probe(why, sizeof(why))) {
		program_press(&program, "p");
		assert_true(term_wait_text(program.term, "no other path runs here"));
		skip();
	}
	program_press(&program, "p");
	await("veth");
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		program_press(&program, modes[i]);
		await("veth");
	}
	program_press(&program, "P");
	await("loopback");
	program_press(&program, "p");
	await("veth");
	/* A duel runs where its runs do. */
	assert_true(term_wait_text(program.term, "● RUN 00:02"));
	program_press(&program, "b");
	assert_true(term_wait_text(program.term, "base A"));
	program_press(&program, "m");
	await("veth");
	program_press(&program, "d");
	assert_true(term_wait_text(program.term, "the duel begins"));
	term_send(program.term, "q", 1);
	assert_true(term_wait_state(program.term, TERM_ENDED));
	assert_true(WIFEXITED(term_status(program.term)));
	assert_int_equal(WEXITSTATUS(term_status(program.term)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_path_is_switched_live, start, stop) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
