/* Words of a command line, taken apart one option at a time.  See options_next() in options.h. */
#include "mode/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { SETS = sizeof(((struct option_words *)NULL)->set) / sizeof(struct options *) };

static int say_unexpected(const struct option_words *words, const char *word, struct err *err)
{
	char quoted[TEXT_SHOWN_BYTES];

	return err_say(err, EINVAL, "unexpected word \"%s\"%s%s%s", text_shown(word, quoted), words->advice ? " (" : "",
		words->advice ? words->advice : "", words->advice ? ")" : "");
}

static int say_unknown(const struct option_words *words, const char *name, struct err *err)
{
	struct text_guess guess = { .word = name };
	char quoted[TEXT_SHOWN_BYTES];

	text_guess_offer(&guess, "help");
	for (int i = SETS; i-- > 0;)
		for (unsigned k = 0; words->set[i] && k < words->set[i]->count; k++)
			text_guess_offer(&guess, words->set[i]->def[k]->name);
	return err_say(err, ENOENT, "unknown option --%s%s", text_shown(name, quoted), text_guess_ask(&guess, "--", ""));
}

/* By its name, or where that is NULL by its letter. */
static bool find_option(const struct option_words *words, const char *name, char letter, struct option_word *word)
{
	for (int i = 0; i < SETS; i++)
		for (unsigned k = 0; words->set[i] && k < words->set[i]->count; k++) {
			const struct option_def *def = words->set[i]->def[k];

			if (name ? strcmp(def->name, name) != 0 : def->letter != letter)
				continue;
			word->set = words->set[i];
			word->def = def;
			return true;
		}
	return false;
}

/* name, name=value, no-name */
static int take_long(const struct option_words *words, const char *text, struct option_word *word, struct err *err)
{
	size_t length = strcspn(text, "=");
	char quoted[TEXT_SHOWN_BYTES];

	if (length >= sizeof(word->name))
		return err_say(err, ENOENT, "unknown option --%.60s...", text_escape(text, length, quoted, sizeof(quoted)));
	memcpy(word->name, text, length);
	word->value = text[length] ? text + length + 1 : NULL;
	if (find_option(words, word->name, 0, word))
		return 0;
	if (strncmp(word->name, "no-", 3) != 0 || !find_option(words, word->name + 3, 0, word) || word->def->type != OPTION_BOOL)
		return say_unknown(words, word->name, err);
	if (word->value)
		return err_say(err, EINVAL, "--%s takes no value", word->name);
	word->value = "no";
	return 0;
}

/* x, xvalue, x=value */
static int take_letter(const struct option_words *words, const char *text, struct option_word *word, struct err *err)
{
	char quoted[TEXT_SHOWN_BYTES];

	if (!find_option(words, NULL, text[0], word))
		return err_say(err, ENOENT, "unknown option -%s", text_shown(text, quoted));
	if (text[1])
		word->value = text + 1 + (text[1] == '=');
	return 0;
}

/* A flag takes no word behind it as its value, but for a list, which can only be meant for it. */
static bool is_flag_alone(const struct option_words *words, const struct option_def *def, const char *next)
{
	return def->type == OPTION_BOOL && !(next && next[0] != '-' && words->is_list && words->is_list(def, next));
}

static int take_value(struct option_words *words, struct option_word *word, struct err *err)
{
	const char *next = words->at < words->argc ? words->argv[words->at] : NULL, *name = word->def->name;

	if (word->value)
		return 1;
	if (is_flag_alone(words, word->def, next)) {
		word->value = "yes";
		return 1;
	}
	if (!next || (!strncmp(next, "--", 2) && !(word->def->flags & OPTION_WORDS)))
		return err_say(err, EINVAL, "--%s needs a value (--%s %s)", name, name, word->def->value_name);
	word->value = next;
	words->at++;
	return 1;
}

int options_next(struct option_words *words, struct option_word *ret_word, struct err *err)
{
	*ret_word = (struct option_word){ 0 };
	if (words->at < words->argc && !strcmp(words->argv[words->at], "--")) {
		words->at++;
		return words->at < words->argc ? say_unexpected(words, words->argv[words->at], err) : 0;
	}
	if (words->at >= words->argc)
		return 0;
	const char *text = words->argv[words->at++];
	if (text[0] != '-' || !text[1])
		return say_unexpected(words, text, err);
	int rc = text[1] == '-' ? take_long(words, text + 2, ret_word, err) : take_letter(words, text + 1, ret_word, err);
	return rc < 0 ? rc : take_value(words, ret_word, err);
}

int options_parse(struct options *o, int argc, char **argv, int from, struct err *err)
{
	struct option_words words = { .set = { o }, .argc = argc, .argv = argv, .at = from };
	struct option_word word;
	int rc;

	while ((rc = options_next(&words, &word, err)) > 0) {
		rc = options_set(o, word.def->name, word.value, err);
		if (rc < 0)
			break;
	}
	return rc;
}
