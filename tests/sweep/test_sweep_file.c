/* Plan files: their contents, and every way in which they can be wrong. */
#include "fixture.h"

static const char head[] = "[sweep]\nmode = toy\n";

static int parse(struct sweep_file *file, const char *text, struct err *err)
{
	*file = (struct sweep_file){ 0 };
	return sweep_file_parse(file, text, strlen(text), "plan.ini", toy_engines, sweep_own_options, err);
}

static void a_whole_plan(void **state)
{
	static const char text[] =
		"; what it is for\n\n[sweep]\nmode = toy\nrepeat = 2 ; few\n\n[axes]\nsize = 16K, 64K,\n  256K\n\t1M\n"
		"server-cpus = 0,1/2\nthreads: 1, 2\n[options]\n# all alike\nduration = 500ms\npeers = a,b\n";
	static const struct {
		enum sweep_section section;
		const char *name, *value;
		int line;
	} rows[] = {
		{ SWEEP_SECTION_SWEEP, "mode", "toy", 4 },
		{ SWEEP_SECTION_SWEEP, "repeat", "2", 5 },
		{ SWEEP_SECTION_AXES, "size", "16K, 64K,256K,1M", 8 },
		{ SWEEP_SECTION_AXES, "server-cpus", "0,1/2", 11 },
		{ SWEEP_SECTION_AXES, "threads", "1, 2", 12 },
		{ SWEEP_SECTION_OPTIONS, "duration", "500ms", 15 },
		{ SWEEP_SECTION_OPTIONS, "peers", "a,b", 16 },
	};
	struct sweep_file file;
	struct err err = ERR_NONE;

	(void)state;
	if (parse(&file, text, &err) < 0)
		fail_msg("%s", err.text);
	assert_ptr_equal(file.engine, &engine_toy);
	assert_int_equal(file.count, sizeof(rows) / sizeof(rows[0]));
	for (unsigned i = 0; i < file.count; i++) {
		assert_int_equal(file.entry[i].section, rows[i].section);
		assert_string_equal(file.entry[i].name, rows[i].name);
		assert_string_equal(file.entry[i].value, rows[i].value);
		assert_int_equal(file.entry[i].line, rows[i].line);
	}
	sweep_file_free(&file);
}

static void small_plans(void **state)
{
	static const char *const texts[] = {
		"[sweep]\nmode=toy",
		"[axes]\nsize=1K\n[sweep]\nmode=toy\n", /* sections in any order */
		"\xef\xbb\xbf[sweep]\r\nmode = toy\r\n[axes]\r\nsize = 1K, 2K\r\n",
		"[sweep]\n  mode = toy\n[axes]\n  size = 1K\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sweep_file file;
		struct err err = ERR_NONE;

		if (parse(&file, texts[i], &err) < 0)
			fail_msg("plan %zu: %s", i, err.text);
		sweep_file_free(&file);
	}
}

static void refuse(const char *rest, int rc, const char *words)
{
	struct sweep_file file;
	struct err err = ERR_NONE;
	char text[2000];

	snprintf(text, sizeof(text), "%s%s", *rest == '!' ? "" : head, rest + (*rest == '!'));
	int got = parse(&file, text, &err);
	if (got != rc)
		fail_msg("%s\nis answered by %d (%s), expected %d", text, got, err.text, rc);
	assert_says(&err, words);
	assert_null(strchr(err.text, '\n'));
	assert_int_equal(file.count, 0);
}

static void mistakes(void **state)
{
	char line[400] = "[axes]\nsize = 1K";

	(void)state;
	refuse("[axes]\nsiez = 1K,2K\n", -ENOENT, "plan.ini:4: unknown key siez in [axes] (did you mean size?)");
	refuse("[options]\ndurtion = 1\n", -ENOENT, "plan.ini:4: unknown key durtion in [options] (did you mean duration?)");
	refuse("repaet = 3\n", -ENOENT, "plan.ini:3: unknown key repaet in [sweep] (did you mean repeat?)");
	refuse("resume = x\n", -ENOENT, "plan.ini:3: unknown key resume in [sweep]");
	refuse("size = 1K\n", -EINVAL, "plan.ini:3: size belongs in [axes] or [options]");
	refuse("[options]\nrepeat = 2\n", -EINVAL, "plan.ini:4: repeat belongs in [sweep]");
	refuse("[axes]\nrepeat = 2,3\n", -EINVAL, "plan.ini:4: repeat belongs in [sweep]");
	refuse("repeat = 0\n", -ERANGE, "plan.ini:3: --repeat 0: out of range 1..1000");
	refuse("mode = toy\n", -EINVAL, "plan.ini:3: mode is set twice (first in line 2)");
	refuse("[axes]\nsize = 1K\nthreads = 1\nsize = 2K\n", -EINVAL, "plan.ini:6: size is set twice (first in line 4)");
	refuse("[axes]\nsize = 1K\n[options]\nsize = 2K\n", -EINVAL, "plan.ini:6: size is set twice");
	refuse("[axes]\nsize = 1K\n[axes]\n size = 2K\n", -EINVAL, "plan.ini:6: size is set twice");
	refuse("[axes]\nsize =\n", -EINVAL, "plan.ini:4: --size: an empty list");
	refuse("[axes]\nsize = 1K,,2K\n", -EINVAL, "plan.ini:4: --size: an empty value in the list");
	refuse("[axes]\nsize = 1K, 2G\n", -ERANGE, "plan.ini:4: --size 2G: out of range");
	refuse("[axes]\nsize = 1K,\n 2K\n 1024\n", -EINVAL, "plan.ini:4: --size: 1024 is in the list twice");
	refuse("[axes]\npeers = a,b\n", -EINVAL, "plan.ini:4: --peers cannot be swept");
	refuse("[options]\nsize = 1K,2K\n", -EINVAL, "plan.ini:4: --size: a list belongs in [axes]");
	refuse("[options]\nkind = oval\n", -EINVAL, "plan.ini:4: --kind oval: unknown value");
	refuse("[options]\njson = x\n", -ENOENT, "plan.ini:4: unknown key json in [options]");
	refuse("[axis]\nsize = 1K\n", -ENOENT, "plan.ini:4: unknown section [axis] (did you mean [axes]?)");
	refuse("[axes]\nsize 1K\n", -EINVAL, "plan.ini:4: expected [section] or name = value");
	refuse("[axes\nsize = 1K\n", -EINVAL, "plan.ini:3: expected [section] or name = value");
	refuse("!size = 1K\n", -EINVAL, "plan.ini:1: this key stands before the first section");
	refuse("!", -EINVAL, "no mode: [sweep] needs a line such as: mode = toy");
	refuse("![axes]\nmode = toy\n", -EINVAL, "plan.ini:2: mode belongs in [sweep]");
	refuse("![sweep]\nmode = tyo\n", -ENOENT, "plan.ini:2: unknown mode \"tyo\" (did you mean toy?)");
	refuse("![sweep]\nmode = later\n", -EINVAL, "plan.ini:2: mode later (to come) is not built yet");
	refuse("[axes]\nsize\033[31m = 1\n", -ENOENT, "unknown key size\\x1b");
	for (size_t used = strlen(line); used < 300; used += 3)
		snprintf(line + used, sizeof(line) - used, ",%zu", 10 + used % 90);
	refuse(line, -EINVAL, "plan.ini:4: longer than");
}

static void no_text(void **state)
{
	struct sweep_file file = { 0 };
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(sweep_file_parse(&file, "[sweep]\n\0", 9, "p", toy_engines, sweep_own_options, &err), -EINVAL);
	assert_says(&err, "p: not a text file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_plan),
		cmocka_unit_test(small_plans),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
