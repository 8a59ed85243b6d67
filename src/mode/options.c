/* The option table at work: values by type, messages that name option, value and range.  See
 * options.h. */
#include "mode/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "mode/engine.h"

enum { METHODS_MAX = 128 };

unsigned options_table_length(const struct option_def *table)
{
	unsigned n = 0;

	while (table && table[n].name)
		n++;
	return n;
}

const struct option_def *options_table_find(const struct option_def *table, const char *name)
{
	for (; table && table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	return NULL;
}

bool option_is_told(const struct option_def *def, const struct option_value *value)
{
	return def->flags & OPTION_RESULT && (value->is_set || !(def->flags & OPTION_HIDDEN));
}

bool option_is_number(const struct option_def *def)
{
	return def->type == OPTION_COUNT || def->type == OPTION_DECIMAL || def->type == OPTION_SIZE ||
	       def->type == OPTION_DURATION;
}

double option_real(const struct option_def *def, const struct option_value *value)
{
	double number = (double)value->number;

	return def->type == OPTION_DURATION ? number / NS_PER_S : def->type == OPTION_DECIMAL ? number / 1000 : number;
}

/* ---- what may stand there ---- */

static char *range_size(const struct option_def *def, char *out, size_t size)
{
	char high[32];

	if (def->max < 1 << 20)
		snprintf(out, size, "%" PRId64 "..%" PRId64 " bytes", def->min, def->max);
	else
		snprintf(out, size, "%" PRId64 "..%s bytes", def->min, text_size(def->max, high, sizeof(high)));
	return out;
}

static char *range_duration(const struct option_def *def, char *out, size_t size)
{
	char low[32], high[32];

	snprintf(out, size, "%s..%s", text_duration(def->min, low, sizeof(low)), text_duration(def->max, high, sizeof(high)));
	return out;
}

static char *join(const char *head, const char *const *names, char *out, size_t size)
{
	snprintf(out, size, "%s", head);
	for (size_t i = 0; names[i]; i++)
		text_add(out, size, "%s%s", i ? ", " : "", names[i]);
	return out;
}

char *options_range_text(const struct option_def *def, char *out, size_t size)
{
	switch (def->type) {
	case OPTION_BOOL:
		snprintf(out, size, "yes or no");
		break;
	case OPTION_COUNT:
		snprintf(out, size, "%" PRId64 "..%" PRId64, def->min, def->max);
		break;
	case OPTION_DECIMAL:
		snprintf(out, size, "%g..%.12g", (double)def->min / 1000, (double)def->max / 1000);
		break;
	case OPTION_SIZE:
		return range_size(def, out, size);
	case OPTION_DURATION:
		return range_duration(def, out, size);
	case OPTION_CHOICE:
		return join(def->choices[1] ? "one of " : "", def->choices, out, size);
	case OPTION_METHOD:
		snprintf(out, size, "a method of the mode");
		break;
	case OPTION_CPUS:
		snprintf(out, size, "a CPU list such as 0-3,6");
		break;
	case OPTION_TEXT:
		snprintf(out, size, "text");
		break;
	}
	return out;
}

/* ---- parsing, by type: 0 or -errno; *ret_text, where it is set, replaces what was typed ---- */

struct parsed {
	int64_t number;
	const char *text;
	bool is_set;
};

typedef int (*number_parser)(const char *text, int64_t *ret_number, struct err *err);

static int parse_number(const struct option_def *def, const char *text, number_parser parse, const char *expected,
	struct parsed *ret_parsed, struct err *err)
{
	char quoted[TEXT_SHOWN_BYTES], range[96];
	int64_t number = 0;
	int rc = parse(text, &number, NULL);

	if (rc == -ERANGE || (rc == 0 && (number < def->min || number > def->max)))
		return err_say(err, ERANGE, "--%s %s: out of range %s", def->name, text_shown(text, quoted),
			options_range_text(def, range, sizeof(range)));
	if (rc < 0)
		return err_say(err, EINVAL, "--%s %s: expected %s", def->name, text_shown(text, quoted), expected);
	*ret_parsed = (struct parsed){ .number = number, .text = text, .is_set = true };
	return 0;
}

static int say_not_in_list(
	const struct option_def *def, const char *text, const char *const *names, const char *what, struct err *err)
{
	struct text_guess guess = { .word = text };
	char quoted[TEXT_SHOWN_BYTES], list[192];

	for (size_t i = 0; names[i]; i++)
		text_guess_offer(&guess, names[i]);
	return err_say(err, EINVAL, "--%s %s: unknown %s%s; known: %s", def->name, text_shown(text, quoted), what,
		text_guess_ask(&guess, "", ""), join("", names, list, sizeof(list)));
}

static int parse_choice(const struct option_def *def, const char *text, struct parsed *ret_parsed, struct err *err)
{
	for (int i = 0; def->choices[i]; i++) {
		if (strcmp(def->choices[i], text) != 0)
			continue;
		*ret_parsed = (struct parsed){ .number = i, .text = text, .is_set = true };
		return 0;
	}
	return say_not_in_list(def, text, def->choices, "value", err);
}

static int parse_bool(const struct option_def *def, const char *text, struct parsed *ret_parsed, struct err *err)
{
	static const char *const words[] = { "no", "yes", "off", "on", "false", "true", "0", "1" };
	char quoted[TEXT_SHOWN_BYTES];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], text) != 0)
			continue;
		*ret_parsed = (struct parsed){ .number = i & 1, .text = words[i & 1], .is_set = true };
		return 0;
	}
	return err_say(err, EINVAL, "--%s %s: expected yes or no", def->name, text_shown(text, quoted));
}

static int parse_method(
	const struct options *o, const struct option_def *def, const char *text, struct parsed *ret_parsed, struct err *err)
{
	const char *names[METHODS_MAX] = { NULL };
	char what[64];
	unsigned n = 0;

	*ret_parsed = (struct parsed){ .text = text, .is_set = *text != '\0' };
	if (!*text || !o->engine || !o->engine->methods)
		return 0;
	for (; o->engine->methods[n] && n < METHODS_MAX - 1; n++) {
		names[n] = o->engine->methods[n]->name;
		if (!strcmp(names[n], text))
			return 0;
	}
	snprintf(what, sizeof(what), "method of mode %s", o->engine->name);
	return say_not_in_list(def, text, names, what, err);
}

static int parse_cpus(const struct option_def *def, const char *text, struct parsed *ret_parsed, struct err *err)
{
	struct err why = ERR_NONE;
	struct cpu_list list;
	char quoted[TEXT_SHOWN_BYTES];

	if (*text && cpu_list_parse(text, &list, &why) < 0)
		return err_say(err, EINVAL, "--%s %s: expected a CPU list such as 0-3,6 (%.120s)", def->name,
			text_shown(text, quoted), why.text);
	*ret_parsed = (struct parsed){ .text = text, .is_set = *text != '\0' };
	return 0;
}

static bool may_be_auto(const struct option_def *def)
{
	return def->unset_ok || def->type == OPTION_METHOD || def->type == OPTION_CPUS;
}

static int parse(
	const struct options *o, const struct option_def *def, const char *text, struct parsed *ret_parsed, struct err *err)
{
	static const char sizes[] = "a size such as 64, 16K, 1M";
	static const char durations[] = "a duration such as 500ms, 10s, 5m";
	static const char counts[] = "a whole number such as 8, 50k, 1M";
	static const char decimals[] = "a number such as 8, 0.1, 50k";

	if (may_be_auto(def) && (!*text || !strcmp(text, "auto"))) {
		*ret_parsed = (struct parsed){ .text = "" };
		return 0;
	}
	switch (def->type) {
	case OPTION_BOOL:
		return parse_bool(def, text, ret_parsed, err);
	case OPTION_COUNT:
		return parse_number(def, text, text_parse_count, counts, ret_parsed, err);
	case OPTION_DECIMAL:
		return parse_number(def, text, text_parse_decimal, decimals, ret_parsed, err);
	case OPTION_SIZE:
		return parse_number(def, text, text_parse_size, sizes, ret_parsed, err);
	case OPTION_DURATION:
		return parse_number(def, text, text_parse_duration, durations, ret_parsed, err);
	case OPTION_CHOICE:
		return parse_choice(def, text, ret_parsed, err);
	case OPTION_METHOD:
		return parse_method(o, def, text, ret_parsed, err);
	case OPTION_CPUS:
		return parse_cpus(def, text, ret_parsed, err);
	case OPTION_TEXT:
		break;
	}
	*ret_parsed = (struct parsed){ .text = text, .is_set = *text != '\0' };
	return 0;
}

/* ---- life ---- */

static int store(struct options *o, unsigned index, const char *text, bool given, struct err *err)
{
	struct option_value *value = &o->value[index];
	struct parsed parsed;
	int rc = parse(o, o->def[index], text, &parsed, err);

	if (rc < 0)
		return rc;
	char *copy = strdup(parsed.text);
	if (!copy)
		return err_sys(err, ENOMEM, "keep --%s", o->def[index]->name);
	free(value->text);
	*value = (struct option_value){ .number = parsed.number, .text = copy, .is_set = parsed.is_set, .is_given = given };
	return 0;
}

/* Gives room for `count` options; values are empty text until set. */
static int options_allocate(struct options *o, unsigned count)
{
	*o = (struct options){ 0 };
	o->def = calloc(count ? count : 1, sizeof(const struct option_def *));
	o->value = calloc(count ? count : 1, sizeof(o->value[0]));
	if (!o->def || !o->value)
		return -ENOMEM;
	o->count = count;
	return 0;
}

static int init(struct options *o, const struct engine *engine, const struct option_def *first, const struct option_def *second,
	struct err *err)
{
	unsigned a = options_table_length(first), b = options_table_length(second);
	int rc = options_allocate(o, a + b);

	o->engine = engine;
	if (rc < 0)
		err_sys(err, ENOMEM, "make an option table");
	for (unsigned i = 0; rc >= 0 && i < a + b; i++) {
		o->def[i] = i < a ? &first[i] : &second[i - a];
		rc = store(o, i, o->def[i]->default_text, false, err);
	}
	if (rc < 0)
		options_free(o);
	return rc;
}

int options_init(struct options *o, const struct engine *engine, struct err *err)
{
	return init(o, engine, options_common, engine ? engine->options : NULL, err);
}

int options_init_table(struct options *o, const struct option_def *table, struct err *err)
{
	return init(o, NULL, table, NULL, err);
}

int options_copy(struct options *to, const struct options *from, struct err *err)
{
	struct options copy;

	if (options_allocate(&copy, from->count) < 0)
		goto no_memory;
	copy.engine = from->engine;
	for (unsigned i = 0; i < from->count; i++) {
		copy.def[i] = from->def[i];
		copy.value[i] = from->value[i];
		copy.value[i].text = strdup(from->value[i].text);
		if (!copy.value[i].text)
			goto no_memory;
	}
	*to = copy;
	return 0;
no_memory:
	options_free(&copy);
	return err_sys(err, ENOMEM, "copy the options");
}

void options_free(struct options *o)
{
	for (unsigned i = 0; o->value && i < o->count; i++)
		free(o->value[i].text);
	free(o->value);
	free(o->def);
	*o = (struct options){ 0 };
}

/* ---- by name ---- */

int options_find(const struct options *o, const char *name)
{
	for (unsigned i = 0; i < o->count; i++)
		if (!strcmp(o->def[i]->name, name))
			return (int)i;
	return -1;
}

static int say_unknown(const struct options *o, const char *name, struct err *err)
{
	struct text_guess guess = { .word = name };
	char quoted[TEXT_SHOWN_BYTES];

	for (unsigned i = 0; i < o->count; i++)
		text_guess_offer(&guess, o->def[i]->name);
	return err_say(err, ENOENT, "unknown option --%s%s", text_shown(name, quoted), text_guess_ask(&guess, "--", ""));
}

int options_set(struct options *o, const char *name, const char *text, struct err *err)
{
	int i = options_find(o, name);

	return i < 0 ? say_unknown(o, name, err) : store(o, (unsigned)i, text, true, err);
}

int options_set_default(struct options *o, const char *name, const char *text, struct err *err)
{
	int i = options_find(o, name);

	return i < 0 ? say_unknown(o, name, err) : store(o, (unsigned)i, text, false, err);
}

int options_check(const struct options *o, const char *name, const char *text, struct err *err)
{
	struct parsed parsed;
	int i = options_find(o, name);

	return i < 0 ? say_unknown(o, name, err) : parse(o, o->def[i], text, &parsed, err);
}

int options_reset(struct options *o, const char *name, struct err *err)
{
	int i = options_find(o, name);

	return i < 0 ? say_unknown(o, name, err) : store(o, (unsigned)i, o->def[i]->default_text, false, err);
}

void options_carry(struct options *to, const struct options *from)
{
	for (unsigned i = 0; i < from->count; i++) {
		int at = options_find(to, from->def[i]->name);

		/* A value that is not valid there leaves that mode's own value alone. */
		if (at >= 0 && from->value[i].is_given && to->def[at]->type == from->def[i]->type)
			store(to, (unsigned)at, from->value[i].text, true, NULL);
	}
}

int64_t options_number(const struct options *o, const char *name)
{
	int i = options_find(o, name);

	return i < 0 ? 0 : o->value[i].number;
}

const char *options_text(const struct options *o, const char *name)
{
	int i = options_find(o, name);

	return i < 0 ? "" : o->value[i].text;
}

bool options_is_set(const struct options *o, const char *name)
{
	int i = options_find(o, name);

	return i >= 0 && o->value[i].is_set;
}

bool options_is_given(const struct options *o, const char *name)
{
	int i = options_find(o, name);

	return i >= 0 && o->value[i].is_given;
}
