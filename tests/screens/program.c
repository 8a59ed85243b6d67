/* Starting the real program on a test terminal; see program.h. */
#include "program.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 32, VARIABLES_MAX = 8 };

static unsigned add_words(const char **argv, unsigned count, const char *const *words)
{
	for (unsigned i = 0; words && words[i] && count + 1 < WORDS_MAX; i++)
		argv[count++] = words[i];
	return count;
}

static void open_term(struct program *p, const struct program_config *config)
{
	static const char *const usual[] = { "dash", "null", "--seed", "7", "--cores", "4", NULL };
	const char *argv[WORDS_MAX] = { NETDYNO_PROGRAM };
	const char *environment[VARIABLES_MAX] = { NULL };
	unsigned variables = 0;
	char ticks[64];

	add_words(argv, add_words(argv, 1, config->words ? config->words : usual), config->arguments);
	snprintf(ticks, sizeof(ticks), "NETDYNO_TEST_TICKS=%u", config->ticks);
	if (config->ticks)
		environment[variables++] = ticks;
	for (unsigned i = 0; config->environment && config->environment[i] && variables + 1 < VARIABLES_MAX; i++)
		environment[variables++] = config->environment[i];
	p->term = term_open(&(struct term_config){
		.rows = config->rows,
		.columns = config->columns,
		.argv = argv,
		.environment = environment,
		.locale = config->locale ? config->locale : "C.UTF-8",
		.directory = p->directory,
	});
	assert_non_null(p->term);
}

void program_start(struct program *p, const struct program_config *config)
{
	strcpy(p->directory, "/tmp/netdyno-screen-XXXXXX");
	assert_non_null(mkdtemp(p->directory));
	open_term(p, config);
}

void program_again(struct program *p, const struct program_config *config)
{
	term_close(p->term);
	open_term(p, config);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

void program_end(struct program *p)
{
	term_close(p->term);
	p->term = NULL;
	if (p->directory[0])
		nftw(p->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	p->directory[0] = '\0';
}

void program_press(struct program *p, const char *key)
{
	uint64_t before = term_report(p->term).keys;

	term_send(p->term, key, strlen(key));
	assert_true(term_wait_keys(p->term, before + 1));
}
