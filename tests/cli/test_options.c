/* The option table: every mode's table is sound; values are parsed, checked, copied, carried and
 * reset as options.h says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../support/toy.h"
#include "base/clock.h"
#include "base/text.h"
#include "engines/engines.h"
#include "mode/plan.h"

enum { WORDS_MAX = 16 };

/* Another mode has an option of the same name. */
static const struct option_def other_options[] = {
	{ .name = "payload", .type = OPTION_SIZE, .default_text = "8", .max = 100, .value_name = "BYTES", .help = "h" },
	{ 0 },
};
static const struct method *const other_methods[] = { &toy_slow, NULL };
static const struct engine other = { .name = "other", .built = true, .options = other_options, .methods = other_methods };

static void make(struct options *o, const struct engine *engine)
{
	struct err err = ERR_NONE;

	if (options_init(o, engine, &err) < 0)
		fail_msg("options_init: %s", err.text);
}

/* options_set() must fail with `code`, and the message must hold every one of the given words. */
static void expect_refused(struct options *o, const char *name, const char *text, int code, const char *words)
{
	struct err err = ERR_NONE;
	char copy[400], *rest = copy, *word;
	int rc = options_set(o, name, text, &err);

	if (rc != -code)
		fail_msg("--%s \"%s\": expected %d, got %d (%s)", name, text, -code, rc, err.text);
	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, "|")))
		if (!strstr(err.text, word))
			fail_msg("--%s \"%s\": \"%s\" does not name \"%s\"", name, text, err.text, word);
}

static void set(struct options *o, const char *name, const char *text)
{
	struct err err = ERR_NONE;

	if (options_set(o, name, text, &err) < 0)
		fail_msg("--%s %s: %s", name, text, err.text);
}

/* ---- every table ---- */

static void check_def(const struct engine *engine, const struct options *o, unsigned i)
{
	const struct option_def *def = o->def[i];
	bool number = def->type == OPTION_COUNT || def->type == OPTION_SIZE || def->type == OPTION_DURATION;

	for (unsigned j = 0; j < i; j++) {
		if (!strcmp(def->name, o->def[j]->name))
			fail_msg("mode %s: --%s stands twice", engine->name, def->name);
		if (def->letter && def->letter == o->def[j]->letter)
			fail_msg("mode %s: -%c is --%s and --%s", engine->name, def->letter, o->def[j]->name, def->name);
	}
	if (!def->help || !*def->help || def->help[strlen(def->help) - 1] == '.')
		fail_msg("mode %s: --%s: help is one line without a full stop", engine->name, def->name);
	if (!strncmp(def->name, "no-", 3))
		fail_msg("mode %s: --%s would read as a negation", engine->name, def->name);
	if ((def->type == OPTION_BOOL) != !def->value_name)
		fail_msg("mode %s: --%s: value_name and type do not fit", engine->name, def->name);
	if (number && def->min > def->max)
		fail_msg("mode %s: --%s: min %lld > max %lld", engine->name, def->name, (long long)def->min, (long long)def->max);
	if (def->type == OPTION_CHOICE && (!def->choices || !def->choices[0]))
		fail_msg("mode %s: --%s has no choices", engine->name, def->name);
	if (number && !def->unset_ok && !o->value[i].is_set)
		fail_msg("mode %s: --%s has no default", engine->name, def->name);
}

/* Both ends of a range are accepted, one beyond is not. */
static void check_range(struct options *o, unsigned i)
{
	const struct option_def *def = o->def[i];
	char text[32];

	if (def->type != OPTION_COUNT && def->type != OPTION_SIZE)
		return;
	snprintf(text, sizeof(text), "%lld", (long long)def->min);
	set(o, def->name, text);
	assert_int_equal(o->value[i].number, def->min);
	snprintf(text, sizeof(text), "%lld", (long long)def->max);
	set(o, def->name, text);
	assert_int_equal(o->value[i].number, def->max);
	if (def->max < INT64_MAX / 2) {
		snprintf(text, sizeof(text), "%lld", (long long)def->max + 1);
		expect_refused(o, def->name, text, ERANGE, "out of range");
	}
}

static void test_tables_of_all_modes(void **state)
{
	(void)state;
	for (unsigned e = 0; engines_all[e]; e++) {
		struct options o;

		if (!engines_all[e]->built)
			continue;
		make(&o, engines_all[e]);
		for (unsigned i = 0; i < o.count; i++)
			check_def(engines_all[e], &o, i);
		for (unsigned i = 0; i < o.count; i++)
			check_range(&o, i);
		options_free(&o);
	}
}

static void test_common_names(void **state)
{
	static const char *const names[] = { "role", "host", "listen", "ipv4", "ipv6", "port", "method", "server-method",
		"client-method", "cores", "server-cpus", "client-cpus", "duration", "warmup", "interval", "path", "mtu",
		"veth-offload", "veth-queues", "rate-limit", "loss", "delay", "reorder", "duplicate", "wait", "rcvbuf", "sndbuf",
		"seed", "capture", "out", "json", "jsonl", "csv", "handicap", "lie", "force" };
	struct options o;

	(void)state;
	make(&o, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (options_find(&o, names[i]) < 0)
			fail_msg("--%s is not there", names[i]);
	assert_int_equal(o.count, sizeof(names) / sizeof(names[0]));
	options_free(&o);
}

/* ---- values ---- */

static void test_defaults(void **state)
{
	struct options o;

	(void)state;
	make(&o, &engine_toy);
	assert_string_equal(options_text(&o, "role"), "both");
	assert_int_equal(plan_role(&o), ROLE_BOTH);
	assert_int_equal(options_number(&o, "warmup"), NS_PER_S);
	assert_int_equal(options_number(&o, "payload"), 64);
	assert_false(options_is_set(&o, "duration"));
	assert_int_equal(options_number(&o, "duration"), 0);
	assert_false(options_is_given(&o, "payload"));
	assert_string_equal(options_text(&o, "listen"), "127.0.0.1,::1");
	options_free(&o);
}

static void test_set_by_type(void **state)
{
	struct options o;

	(void)state;
	make(&o, &engine_toy);
	set(&o, "payload", "16K");
	assert_int_equal(options_number(&o, "payload"), 16384);
	assert_string_equal(options_text(&o, "payload"), "16K");
	assert_true(options_is_given(&o, "payload"));
	set(&o, "duration", "500ms");
	assert_int_equal(options_number(&o, "duration"), 500ll * NS_PER_MS);
	set(&o, "rate", "50k");
	assert_int_equal(options_number(&o, "rate"), 50000);
	set(&o, "rate", "auto");
	assert_false(options_is_set(&o, "rate"));
	assert_int_equal(options_number(&o, "rate"), 0);
	set(&o, "kind", "square");
	assert_int_equal(options_number(&o, "kind"), 1);
	set(&o, "verify", "on");
	assert_int_equal(options_number(&o, "verify"), 1);
	assert_string_equal(options_text(&o, "verify"), "yes");
	set(&o, "method", "slow");
	set(&o, "server-cpus", "0-3,6");
	assert_string_equal(options_text(&o, "server-cpus"), "0-3,6");
	set(&o, "role", "server");
	assert_int_equal(plan_role(&o), ROLE_SERVER);
	set(&o, "role", "client");
	assert_int_equal(plan_role(&o), ROLE_CLIENT);
	options_free(&o);
}

static void test_refusals_name_option_value_and_range(void **state)
{
	struct options o;

	(void)state;
	make(&o, &engine_toy);
	expect_refused(&o, "payload", "70000", ERANGE, "--payload 70000: out of range 0..65479 bytes");
	expect_refused(&o, "payload", "99999999999999999999", ERANGE, "--payload|out of range|65479");
	expect_refused(&o, "payload", "big", EINVAL, "--payload big|16K");
	expect_refused(&o, "payload", "", EINVAL, "--payload");
	expect_refused(&o, "duration", "10parsecs", EINVAL, "--duration 10parsecs: expected a duration such as 500ms, 10s, 5m");
	expect_refused(&o, "interval", "1ms", ERANGE, "--interval 1ms: out of range 100ms..");
	expect_refused(&o, "port", "0", ERANGE, "--port 0: out of range 1..65535");
	expect_refused(&o, "port", "http", EINVAL, "--port http|whole number");
	expect_refused(&o, "kind", "squar", EINVAL, "--kind squar|did you mean square?");
	expect_refused(&o, "kind", "oval", EINVAL, "--kind oval|round, square");
	expect_refused(&o, "method", "fats", EINVAL, "--method fats|of mode toy|did you mean fast?");
	expect_refused(&o, "verify", "maybe", EINVAL, "--verify maybe|yes or no");
	expect_refused(&o, "server-cpus", "0-", EINVAL, "--server-cpus 0-|CPU list");
	expect_refused(&o, "paylod", "1", ENOENT, "unknown option --paylod (did you mean --payload?)");
	expect_refused(&o, "xyzzyplugh", "1", ENOENT, "unknown option --xyzzyplugh");
	expect_refused(&o, "seed", "\033[31m", EINVAL, "\\x1b");
	assert_string_equal(options_text(&o, "payload"), "64");
	assert_int_equal(options_number(&o, "payload"), 64);
	options_free(&o);
}

static void test_check_does_not_set(void **state)
{
	struct options o;

	(void)state;
	make(&o, &engine_toy);
	assert_int_equal(options_check(&o, "payload", "100", NULL), 0);
	assert_int_equal(options_check(&o, "payload", "70000", NULL), -ERANGE);
	assert_int_equal(options_number(&o, "payload"), 64);
	options_free(&o);
}

static void test_reset_and_default(void **state)
{
	struct options o;

	(void)state;
	make(&o, &engine_toy);
	set(&o, "payload", "100");
	assert_int_equal(options_reset(&o, "payload", NULL), 0);
	assert_int_equal(options_number(&o, "payload"), 64);
	assert_false(options_is_given(&o, "payload"));
	assert_int_equal(options_set_default(&o, "duration", "10s", NULL), 0);
	assert_true(options_is_set(&o, "duration"));
	assert_false(options_is_given(&o, "duration"));
	options_free(&o);
}

static void test_copy_is_deep(void **state)
{
	struct options o, copy;

	(void)state;
	make(&o, &engine_toy);
	set(&o, "payload", "100");
	assert_int_equal(options_copy(&copy, &o, NULL), 0);
	set(&o, "payload", "200");
	assert_int_equal(options_number(&copy, "payload"), 100);
	assert_string_equal(options_text(&copy, "payload"), "100");
	assert_true(options_is_given(&copy, "payload"));
	assert_ptr_equal(copy.engine, &engine_toy);
	options_free(&o);
	options_free(&copy);
	options_free(&copy);
}

static void test_carry_takes_what_is_valid_there(void **state)
{
	struct options a, b;

	(void)state;
	make(&a, &engine_toy);
	make(&b, &other);
	set(&a, "payload", "200"); /* b: at most 100 */
	set(&a, "method", "fast"); /* b has no such method */
	set(&a, "warmup", "0");
	options_set_default(&a, "seed", "9", NULL);
	options_carry(&b, &a);
	assert_int_equal(options_number(&b, "payload"), 8);
	assert_string_equal(options_text(&b, "method"), "");
	assert_int_equal(options_number(&b, "warmup"), 0);
	assert_true(options_is_given(&b, "warmup"));
	assert_int_equal(options_number(&b, "seed"), 1);
	set(&a, "payload", "50");
	set(&a, "method", "slow");
	options_carry(&b, &a);
	assert_int_equal(options_number(&b, "payload"), 50);
	assert_string_equal(options_text(&b, "method"), "slow");
	options_free(&a);
	options_free(&b);
}

/* ---- the command line ---- */

/* Splits `line` at blanks and parses it; returns options_parse()'s answer. */
static int parse(struct options *o, const char *line, struct err *err)
{
	char copy[256], *argv[WORDS_MAX], *rest = copy;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	while (rest && argc < WORDS_MAX)
		argv[argc++] = strsep(&rest, " ");
	return options_parse(o, argc, argv, 0, err);
}

static void test_command_line_forms(void **state)
{
	struct options o;
	struct err err = ERR_NONE;

	(void)state;
	make(&o, &engine_toy);
	if (parse(&o, "--payload 1 --rate=5 -p 7000 --verify --kind square --payload 2 -t2s --json -", &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(options_number(&o, "payload"), 2);
	assert_int_equal(options_number(&o, "rate"), 5);
	assert_int_equal(options_number(&o, "port"), 7000);
	assert_int_equal(options_number(&o, "verify"), 1);
	assert_int_equal(options_number(&o, "duration"), 2ll * NS_PER_S);
	assert_string_equal(options_text(&o, "json"), "-");
	assert_int_equal(parse(&o, "--no-verify", &err), 0);
	assert_int_equal(options_number(&o, "verify"), 0);
	assert_int_equal(parse(&o, "--verify=yes", &err), 0);
	assert_int_equal(options_number(&o, "verify"), 1);
	assert_int_equal(parse(&o, "--", &err), 0);
	options_free(&o);
}

static void test_command_line_errors(void **state)
{
	static const char *const lines[][2] = {
		{ "word", "unexpected word \"word\"" },
		{ "-- --payload 5", "unexpected word \"--payload\"" },
		{ "--payload", "--payload needs a value (--payload BYTES)" },
		{ "--payload --rate 5", "--payload needs a value" },
		{ "--payload -5", "--payload -5" },
		{ "--no-verify=yes", "--no-verify takes no value" },
		{ "--no-payload", "unknown option --no-payload" },
		{ "-x", "unknown option -x" },
		{ "-", "unexpected word \"-\"" },
		{ "--paylod=5", "did you mean --payload?" },
	};
	struct options o;

	(void)state;
	make(&o, &engine_toy);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct err err = ERR_NONE;
		int rc = parse(&o, lines[i][0], &err);

		if (rc >= 0 || !strstr(err.text, lines[i][1]))
			fail_msg("\"%s\": %d \"%s\", expected \"%s\"", lines[i][0], rc, err.text, lines[i][1]);
	}
	options_free(&o);
}

/* Two sets: the first that has the name takes it; a word that is no option ends the reading. */
static void test_words_of_two_sets(void **state)
{
	static const struct option_def own_table[] = {
		{ .name = "payload", .type = OPTION_TEXT, .default_text = "" },
		{ .name = "yes", .letter = 'y', .type = OPTION_BOOL, .default_text = "no" },
		{ 0 },
	};
	char *argv[] = { (char *)"--payload", (char *)"9", (char *)"--rate=5", (char *)"-y", (char *)"--no-verify",
		(char *)"stray" };
	static const struct {
		const char *name, *value;
		bool own;
	} expected[] = { { "payload", "9", true }, { "rate", "5", false }, { "yes", "yes", true }, { "verify", "no", false } };
	struct options o, own;
	struct option_words words = { .set = { &own, &o }, .argc = 6, .argv = argv, .advice = "none goes here" };
	struct option_word word;
	struct err err = ERR_NONE;

	(void)state;
	make(&o, &engine_toy);
	assert_int_equal(options_init_table(&own, own_table, NULL), 0);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_int_equal(options_next(&words, &word, &err), 1);
		assert_string_equal(word.def->name, expected[i].name);
		assert_string_equal(word.value, expected[i].value);
		assert_int_equal(word.set == &own, expected[i].own);
	}
	assert_int_equal(options_next(&words, &word, &err), -EINVAL);
	assert_string_equal(err.text, "unexpected word \"stray\" (none goes here)");
	options_free(&o);
	options_free(&own);
}

static const char *range_text(const struct options *o, const char *name, char *out, size_t size)
{
	return options_range_text(o->def[options_find(o, name)], out, size);
}

static void test_range_texts(void **state)
{
	struct options o;
	char text[96];

	(void)state;
	make(&o, &engine_toy);
	assert_string_equal(range_text(&o, "payload", text, sizeof(text)), "0..65479 bytes");
	assert_string_equal(range_text(&o, "kind", text, sizeof(text)), "one of round, square");
	assert_string_equal(range_text(&o, "verify", text, sizeof(text)), "yes or no");
	assert_string_equal(range_text(&o, "wait", text, sizeof(text)), "one of block, poll, spin");
	assert_string_equal(range_text(&o, "kind", text, 8), "one of ");
	options_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_of_all_modes),
		cmocka_unit_test(test_common_names),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_set_by_type),
		cmocka_unit_test(test_refusals_name_option_value_and_range),
		cmocka_unit_test(test_check_does_not_set),
		cmocka_unit_test(test_reset_and_default),
		cmocka_unit_test(test_copy_is_deep),
		cmocka_unit_test(test_carry_takes_what_is_valid_there),
		cmocka_unit_test(test_command_line_forms),
		cmocka_unit_test(test_command_line_errors),
		cmocka_unit_test(test_words_of_two_sets),
		cmocka_unit_test(test_range_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
