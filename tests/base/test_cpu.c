/* CPU lists, and what may be used here.  main() narrows the affinity mask before anything looks
 * at it. */
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "base/cpu.h"

static int allowed_cpu; /* the only CPU of the mask that main() has set */

static void expect(const char *text, unsigned count, const short *cpus)
{
	struct cpu_list list;
	struct err err = ERR_NONE;

	if (cpu_list_parse(text, &list, &err) != 0)
		fail_msg("\"%s\": %s", text, err.text);
	assert_int_equal(list.count, count);
	assert_memory_equal(list.cpu, cpus, count * sizeof(*cpus));
}

static void test_parse(void **state)
{
	(void)state;
	expect("0", 1, (const short[]){ 0 });
	expect("0-3,6", 5, (const short[]){ 0, 1, 2, 3, 6 });
	expect("6,0", 2, (const short[]){ 6, 0 });
	expect("3,1-4,3,1", 4, (const short[]){ 3, 1, 2, 4 });
	expect("5-5", 1, (const short[]){ 5 });
	expect("1024,32767", 2, (const short[]){ 1024, 32767 });
	expect("007", 1, (const short[]){ 7 });
}

static void test_bad_lists(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "empty" },
		{ "a", "\"a\"" },
		{ "0,,2", "\"\"" },
		{ "0,", "\"\"" },
		{ ",0", "\"\"" },
		{ "3-1", "\"3-1\" runs" },
		{ "0-", "\"0-\"" },
		{ "-1", "\"-1\"" },
		{ "0-1-2", "\"0-1-2\"" },
		{ "1 ", "\"1 \"" },
		{ " 1", "\" 1\"" },
		{ "+1", "\"+1\"" },
		{ "0x1", "\"0x1\"" },
		{ "1.5", "\"1.5\"" },
		{ "0,2x,4", "\"2x\"" },
		{ "32768", "\"32768\"" },
		{ "0-1024", "1024 CPUs" },
		{ "99999999999999999999", "99999999999999999999" },
	};
	const struct cpu_list before = { .count = 2, .cpu = { 7, 9 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct cpu_list list = before;
		struct err err = ERR_NONE;
		int r = cpu_list_parse(rows[i].text, &list, &err);

		if (r != -EINVAL)
			fail_msg("\"%s\": %d, not %d", rows[i].text, r, -EINVAL);
		assert_contains(err.text, rows[i].says);
		assert_memory_equal(&list, &before, sizeof(list));
	}
}

static void test_format(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "0", "0" },
		{ "0,1,2,3,6", "0-3,6" },
		{ "6,0", "6,0" },
		{ "1,0", "1,0" },
		{ "0,1", "0-1" },
		{ "9,3-5,1", "9,3-5,1" },
		{ "0-1023", "0-1023" },
	};
	struct cpu_list list;
	char text[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(cpu_list_parse(rows[i].in, &list, NULL), 0);
		assert_string_equal(cpu_list_format(&list, text, sizeof(text)), rows[i].out);
	}
	list.count = 0;
	assert_string_equal(cpu_list_format(&list, text, sizeof(text)), "");
	assert_int_equal(cpu_list_parse("0,2,4,6,8,10,12,14,16", &list, NULL), 0);
	assert_string_equal(cpu_list_format(&list, text, 12), "0,2,4,6,...");
	cpu_list_format(&list, text, 3);
	assert_less(strlen(text), 3);
}

static void test_this_machine(void **state)
{
	(void)state;
	struct cpu_list online, allowed;

	cpu_online(&online);
	cpu_allowed(&allowed);
	assert_at_least(online.count, 1);
	assert_int_equal(allowed.count, 1);
	assert_int_equal(allowed.cpu[0], allowed_cpu);
	assert_true(cpu_list_has(&online, allowed_cpu));
	assert_false(cpu_list_has(&online, 32767));
}

static void test_check_says_why(void **state)
{
	(void)state;
	struct cpu_list online;
	struct err err = ERR_NONE;

	assert_int_equal(cpu_check(allowed_cpu, &err), 0);
	assert_int_equal(cpu_check(30000, &err), -EINVAL);
	assert_contains(err.text, "CPU 30000 does not exist (this machine has 0");
	err_clear(&err);
	assert_int_equal(cpu_check(-1, &err), -EINVAL);
	assert_contains(err.text, "CPU -1 does not exist");
	cpu_online(&online);
	for (unsigned i = 0; i < online.count; i++)
		if (online.cpu[i] != allowed_cpu) {
			char want[96];

			err_clear(&err);
			assert_int_equal(cpu_check(online.cpu[i], &err), -EINVAL);
			snprintf(want, sizeof(want), "CPU %d is outside this process's affinity mask (%d)", online.cpu[i],
				allowed_cpu);
			assert_string_equal(err.text, want);
		}
}

static void *pinned(void *arg)
{
	struct err err = ERR_NONE;
	const struct cpu_list elsewhere = { .count = 1, .cpu = { 32767 } };
	const struct cpu_list everywhere = { .count = 1, .cpu = { (short)allowed_cpu } };
	bool good = cpu_pin_self(allowed_cpu, &err) == 0 && sched_getcpu() == allowed_cpu;

	good = good && cpu_pin_self(30000, &err) == -EINVAL && strstr(err.text, "pin to CPU 30000: ") != NULL;
	err_clear(&err);
	good = good && cpu_pin_self(-1, &err) == -EINVAL && cpu_pin_self(40000, NULL) == -EINVAL;
	good = good && cpu_avoid_self(&elsewhere) && !cpu_avoid_self(&everywhere);
	return good ? arg : NULL;
}

static void test_pin(void **state)
{
	(void)state;
	pthread_t thread;
	void *result = NULL;

	assert_int_equal(pthread_create(&thread, NULL, pinned, &allowed_cpu), 0);
	pthread_join(thread, &result);
	assert_non_null(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_this_machine),
		cmocka_unit_test(test_check_says_why),
		cmocka_unit_test(test_pin),
	};
	cpu_set_t set;

	allowed_cpu = sched_getcpu();
	CPU_ZERO(&set);
	CPU_SET((unsigned)allowed_cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0) {
		perror("sched_setaffinity");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
