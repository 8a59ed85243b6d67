/* Words of a command line into options.  See options_parse() in options.h. */
#include "mode/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { NAME_BYTES = 64 };

/* One word taken apart: --name, --name=value, --no-name, -x, -xvalue. */
struct word {
	char name[NAME_BYTES];
	const char *value; /* behind '=', or behind the letter; NULL: none */
	bool negated;
};

static int say_unexpected(const char *word, struct err *err)
{
	char quoted[TEXT_SHOWN_BYTES];

	return err_say(err, EINVAL, "unexpected word \"%s\"", text_shown(word, quoted));
}

static int split_long(const struct options *o, const char *text, struct word *ret_word, struct err *err)
{
	struct word word = { .value = NULL };
	const char *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : strlen(text);
	char quoted[TEXT_SHOWN_BYTES];

	if (length >= sizeof(word.name))
		return err_say(err, EINVAL, "unknown option --%.60s...", text_escape(text, length, quoted, sizeof(quoted)));
	memcpy(word.name, text, length);
	word.name[length] = '\0';
	word.value = equals ? equals + 1 : NULL;
	if (options_find(o, word.name) < 0 && !strncmp(word.name, "no-", 3)) {
		int at = options_find(o, word.name + 3);

		word.negated = at >= 0 && o->def[at]->type == OPTION_BOOL;
		if (word.negated)
			memmove(word.name, word.name + 3, length - 2);
	}
	*ret_word = word;
	return 0;
}

static int split_letter(const struct options *o, const char *text, struct word *ret_word, struct err *err)
{
	struct word word = { .value = text[1] ? text + 1 : NULL };
	char quoted[TEXT_SHOWN_BYTES];

	for (unsigned i = 0; i < o->count; i++) {
		if (!o->def[i]->letter || o->def[i]->letter != text[0])
			continue;
		if (word.value && *word.value == '=')
			word.value++;
		snprintf(word.name, sizeof(word.name), "%s", o->def[i]->name);
		*ret_word = word;
		return 0;
	}
	return err_say(err, ENOENT, "unknown option -%s", text_shown(text, quoted));
}

/* Sets what `word` says; the value may be the next word.  Returns the number of words taken or
 * -errno. */
static int take(struct options *o, const struct word *word, const char *next, struct err *err)
{
	int at = options_find(o, word->name);
	bool is_flag = at >= 0 && o->def[at]->type == OPTION_BOOL;
	const char *value = word->value;
	int taken = 1;

	if (at < 0)
		return options_set(o, word->name, "", err);
	if (is_flag && word->negated && value)
		return err_say(err, EINVAL, "--no-%s takes no value", word->name);
	if (is_flag && !value)
		value = word->negated ? "no" : "yes";
	if (!value && (!next || !strncmp(next, "--", 2)))
		return err_say(err, EINVAL, "--%s needs a value (--%s %s)", word->name, word->name, o->def[at]->value_name);
	if (!value) {
		value = next;
		taken = 2;
	}
	int rc = options_set(o, word->name, value, err);
	return rc < 0 ? rc : taken;
}

static int parse_word(struct options *o, const char *text, const char *next, struct err *err)
{
	struct word word;
	int rc;

	if (text[0] != '-' || !text[1] || !strcmp(text, "--"))
		return say_unexpected(text, err);
	rc = text[1] == '-' ? split_long(o, text + 2, &word, err) : split_letter(o, text + 1, &word, err);
	return rc < 0 ? rc : take(o, &word, next, err);
}

int options_parse(struct options *o, int argc, char **argv, int from, options_also_fn also, void *ctx, struct err *err)
{
	bool options_over = false;

	for (int i = from; i < argc;) {
		int taken = 0;

		if (options_over)
			return say_unexpected(argv[i], err);
		if (!strcmp(argv[i], "--")) {
			options_over = true;
			i++;
			continue;
		}
		if (also)
			taken = also(ctx, argc, argv, i, err);
		if (taken == 0)
			taken = parse_word(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL, err);
		if (taken < 0)
			return taken;
		i += taken;
	}
	return 0;
}
