/* The settings file: its errors are named, the file stays as it is, and its defaults lie below the
 * command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/engines.h"
#include "main/cli/program.h"
#include "main/cli/settings.h"

static char home[] = "/tmp/netdyno-settings-XXXXXX", path[PATH_MAX];

static int make_home(void **state)
{
	char directory[PATH_MAX];

	(void)state;
	if (!mkdtemp(home))
		return -1;
	setenv("XDG_CONFIG_HOME", home, 1);
	snprintf(directory, sizeof(directory), "%s/netdyno", home);
	snprintf(path, sizeof(path), "%s/netdyno/config.ini", home);
	return mkdir(directory, 0700);
}

static int remove_home(void **state)
{
	char directory[PATH_MAX];

	(void)state;
	unlink(path);
	snprintf(directory, sizeof(directory), "%s/netdyno", home);
	rmdir(directory);
	return rmdir(home);
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void expect_edit(const char *text, const char *name, const char *value, const char *expected)
{
	char *edited = settings_edit(text, "dash", name, value);

	assert_non_null(edited);
	if (strcmp(edited, expected) != 0)
		fail_msg("edited:\n%s\nexpected:\n%s", edited, expected);
	free(edited);
}

static void test_edit(void **state)
{
	(void)state;
	expect_edit("", "theme", "mono", "[dash]\ntheme = mono\n");
	expect_edit("[dash]\ntheme = dark\n", "theme", "mono", "[dash]\ntheme = mono\n");
	expect_edit("[dash]\ntheme=dark", "theme", "mono", "[dash]\ntheme = mono\n");
	expect_edit("; mine\n[dash]\n# colours\ntheme : dark\n\n[echo]\ntheme = 1\n", "theme", "mono",
		"; mine\n[dash]\n# colours\ntheme = mono\n\n[echo]\ntheme = 1\n");
	expect_edit("[dash]\nmouse = no\n\n[echo]\n", "theme", "mono", "[dash]\nmouse = no\ntheme = mono\n\n[echo]\n");
	expect_edit("[echo]\ntheme = 1", "theme", "mono", "[echo]\ntheme = 1\n\n[dash]\ntheme = mono\n");
	expect_edit("[dashing]\ntheme = 1\n", "theme", "mono", "[dashing]\ntheme = 1\n\n[dash]\ntheme = mono\n");
	expect_edit("[dash]\nthemes = 1\n", "theme", "mono", "[dash]\nthemes = 1\ntheme = mono\n");
}

/* Reads the settings for the first mode; returns the warnings (free them). */
static char *read_settings(struct options *o, struct options *display)
{
	char *warnings = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&warnings, &size);

	assert_non_null(out);
	assert_int_equal(options_init(o, engines_all[0], NULL), 0);
	assert_int_equal(options_init_table(display, display_options, NULL), 0);
	settings_read(o, display, out);
	fclose(out);
	return warnings;
}

static void test_read(void **state)
{
	struct options o, display;
	char text[200];

	(void)state;
	snprintf(text, sizeof(text), "[dash]\ntheme = mono\nmouse = no\n[%s]\nwarmup = 2s\nseed = 7\n", engines_all[0]->name);
	write_file(text);
	char *warnings = read_settings(&o, &display);
	assert_string_equal(warnings, "");
	assert_string_equal(options_text(&display, "theme"), "mono");
	assert_int_equal(options_number(&display, "mouse"), 0);
	assert_int_equal(options_number(&o, "warmup"), 2000000000);
	assert_int_equal(options_number(&o, "seed"), 7);
	assert_false(options_is_given(&o, "seed"));
	free(warnings);
	options_free(&o);
	options_free(&display);
}

static void expect_warning(const char *text, const char *words)
{
	struct options o, display;

	write_file(text);
	char *warnings = read_settings(&o, &display);
	if (!strstr(warnings, words))
		fail_msg("warnings:\n%s\nexpected: %s", warnings, words);
	assert_string_equal(options_text(&display, "theme"), "dark");
	free(warnings);
	options_free(&o);
	options_free(&display);
}

static void test_warnings_name_file_line_and_nearest(void **state)
{
	char text[200];

	(void)state;
	expect_warning("[dash]\n\n# note\nthem = mono\n", "config.ini:4: [dash] unknown option --them (did you mean --theme?)");
	expect_warning("[dash]\ntheme = monk\n", "config.ini:2: [dash] --theme monk: unknown value (did you mean mono?");
	expect_warning("[dahs]\ntheme = mono\n", "config.ini:2: unknown section [dahs] (did you mean [dash]?)");
	snprintf(text, sizeof(text), "[%s]\nwarmup = soon\n", engines_all[0]->name);
	expect_warning(text, "config.ini:2: ");
	expect_warning("[dash]\njust words\n", "config.ini:2: expected");
	expect_warning("\x01\x02\xff[[[\n", "config.ini:1: expected");
}

static void test_keep_and_read_again(void **state)
{
	struct options o, display;
	struct err err = ERR_NONE;

	(void)state;
	write_file("; mine\n[dash]\nmouse = no\n");
	if (settings_keep("dash", "theme", "light", &err) < 0)
		fail_msg("%s", err.text);
	char *warnings = read_settings(&o, &display);
	assert_string_equal(warnings, "");
	assert_string_equal(options_text(&display, "theme"), "light");
	assert_int_equal(options_number(&display, "mouse"), 0);
	free(warnings);
	options_free(&o);
	options_free(&display);
}

static void test_no_file(void **state)
{
	struct options o, display;
	struct err err = ERR_NONE;

	(void)state;
	unlink(path);
	char *warnings = read_settings(&o, &display);
	assert_string_equal(warnings, "");
	free(warnings);
	options_free(&o);
	options_free(&display);
	if (settings_keep("dash", "theme", "safe", &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(access(path, R_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_warnings_name_file_line_and_nearest),
		cmocka_unit_test(test_keep_and_read_again),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
