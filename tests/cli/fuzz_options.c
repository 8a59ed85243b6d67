/* Command lines made of bytes: split into words at newlines, read as options of each mode in turn.
 * For any input, values keep their ranges, a refused line says why in one line, and copies and
 * carries hold. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/engines.h"

enum { WORDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

static int split(char *text, char **words)
{
	int n = 0;

	while (text && n < WORDS_MAX)
		words[n++] = strsep(&text, "\n");
	return n;
}

static void check_values(const struct options *o)
{
	for (unsigned i = 0; i < o->count; i++) {
		const struct option_def *def = o->def[i];
		const struct option_value *v = &o->value[i];
		int is_number = def->type == OPTION_COUNT || def->type == OPTION_SIZE || def->type == OPTION_DURATION;

		require(v->text != NULL, "every value has a text");
		if (is_number && v->is_set)
			require(v->number >= def->min && v->number <= def->max, "numbers keep their range");
		if (is_number && !v->is_set)
			require(def->unset_ok, "only what may be unset is unset");
		require(options_check(o, def->name, v->text, NULL) == 0 || def->type == OPTION_TEXT,
			"what stands there is valid");
	}
}

static void check_error(int rc, const struct err *err)
{
	require(rc <= 0, "0 or -errno");
	require((rc < 0) == (err->code != 0), "an error has a code");
	require(rc == 0 || err->text[0], "an error has words");
	require(!strchr(err->text, '\n'), "in one line");
}

static void try_mode(const struct engine *engine, int argc, char **argv)
{
	struct options o, copy, other;
	struct err err = ERR_NONE;

	require(options_init(&o, engine, &err) == 0, "a table of defaults");
	check_error(options_parse(&o, argc, argv, 0, &err), &err);
	check_values(&o);
	require(options_copy(&copy, &o, NULL) == 0, "a copy");
	require(options_init(&other, engines_all[0], NULL) == 0, "another mode's table");
	options_carry(&other, &copy);
	check_values(&other);
	options_free(&other);
	options_free(&copy);
	options_free(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words[WORDS_MAX], *text = malloc(size + 1);

	require(text != NULL, "memory");
	memcpy(text, data, size);
	text[size] = '\0';
	int n = split(text, words);
	for (unsigned i = 0; engines_all[i]; i++)
		if (engines_all[i]->built)
			try_mode(engines_all[i], n, words);
	free(text);
	return 0;
}
