/* Placement and choice of method.  Synthetic placement is the same on every machine; the real
 * one is checked against what this machine offers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/toy.h"
#include "base/cpu.h"
#include "mode/plan.h"

static const struct method *const none[] = { &toy_never, NULL };
static const struct engine mute = { .name = "mute", .built = true, .methods = none };

/* "role=server cores=2" into options of the mode. */
static void make(struct options *o, const struct engine *engine, const char *settings)
{
	struct err err = ERR_NONE;
	char copy[200], *rest = copy, *word;

	if (options_init(o, engine, &err) < 0)
		fail_msg("%s", err.text);
	snprintf(copy, sizeof(copy), "%s", settings);
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		if (options_set(o, word, value, &err) < 0)
			fail_msg("%s", err.text);
	}
}

/* "s0 s1 c2* ": role, CPU, * where shared. */
static void describe(const struct plan *plan, char *out, size_t size)
{
	size_t used = 0;

	*out = '\0';
	for (unsigned i = 0; i < plan->workers && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%c%d%s", i ? " " : "",
			plan->worker[i].role == ROLE_SERVER ? 's' : 'c', plan->worker[i].cpu,
			plan->worker[i].shares_cpu ? "*" : "");
}

static void test_synthetic_placement(void **state)
{
	static const char *const cases[][2] = {
		{ "", "s0 s1 s2 s3 c4 c5 c6 c7" },
		{ "cores=2", "s0 s1 c2 c3" },
		{ "role=server", "s0 s1 s2 s3" },
		{ "role=client cores=1", "c0" },
		{ "server-cpus=0-1 client-cpus=1,2", "s0 s1* c1* c2" },
		{ "server-cpus=6,4 cores=1", "s6 c0" },
		{ "server-cpus=0-2", "s0 s1 s2 c3 c4 c5 c6 c7" },
		{ "role=server server-cpus=900", "s900" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan plan = { 0 };
		struct options o;
		struct err err = ERR_NONE;
		char text[200];

		make(&o, &engine_toy, cases[i][0]);
		if (plan_place(&o, true, &plan, &err) < 0)
			fail_msg("\"%s\": %s", cases[i][0], err.text);
		describe(&plan, text, sizeof(text));
		if (strcmp(text, cases[i][1]) != 0)
			fail_msg("\"%s\": %s, expected %s", cases[i][0], text, cases[i][1]);
		for (unsigned w = 1; w < plan.workers; w++)
			if (plan.worker[w].role == plan.worker[w - 1].role)
				assert_int_equal(plan.worker[w].index, plan.worker[w - 1].index + 1);
		plan_free(&plan);
		plan_free(&plan);
		options_free(&o);
	}
}

/* More workers than CPUs go round and round, and those that share a CPU are marked. */
static void test_spread(void **state)
{
	static const struct {
		const char *settings;
		unsigned workers;
		const char *want;
	} cases[] = {
		{ "cores=1", 1, "s0 c1" },
		{ "cores=1", 3, "s0* s0* s0* c1* c1* c1*" },
		{ "cores=2", 3, "s0* s1 s0* c2* c3 c2*" },
		{ "role=client cores=4", 2, "c0 c1" },
		{ "server-cpus=0 client-cpus=0", 1, "s0* c0*" },
	};
	struct err err = ERR_NONE;
	struct options o;
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan plan = { 0 };

		make(&o, &engine_toy, cases[i].settings);
		assert_int_equal(plan_place(&o, true, &plan, &err), 0);
		assert_int_equal(plan_spread(&plan, cases[i].workers, cases[i].workers, &err), 0);
		describe(&plan, text, sizeof(text));
		assert_string_equal(text, cases[i].want);
		for (unsigned w = 0; w < cases[i].workers; w++)
			assert_int_equal(plan.worker[w].index, w);
		plan_free(&plan);
		options_free(&o);
	}
}

static void test_real_placement_uses_what_is_offered(void **state)
{
	struct plan plan = { 0 };
	struct cpu_list offer;
	struct options o;
	unsigned roles = 0;

	(void)state;
	cpu_allowed(&offer);
	make(&o, &engine_toy, "");
	assert_int_equal(plan_place(&o, false, &plan, NULL), 0);
	assert_int_equal(plan.workers, offer.count > 1 ? offer.count : 2);
	for (unsigned i = 0; i < plan.workers; i++) {
		assert_true(cpu_list_has(&offer, plan.worker[i].cpu));
		assert_int_equal(plan.worker[i].shares_cpu, offer.count == 1);
		roles |= plan.worker[i].role;
	}
	assert_int_equal(roles, ROLE_BOTH);
	plan_free(&plan);
	options_free(&o);
}

static void expect_refused(const char *settings, const char *words)
{
	struct plan plan = { 0 };
	struct options o;
	struct err err = ERR_NONE;

	make(&o, &engine_toy, settings);
	int rc = plan_place(&o, false, &plan, &err);
	if (rc != -EINVAL || !strstr(err.text, words))
		fail_msg("\"%s\": %d \"%s\", expected \"%s\"", settings, rc, err.text, words);
	assert_null(plan.worker);
	options_free(&o);
}

static void test_more_than_the_machine_has(void **state)
{
	struct cpu_list offer;
	char words[200], list[100];

	(void)state;
	cpu_allowed(&offer);
	if (offer.count >= 1024)
		skip();
	cpu_list_format(&offer, list, sizeof(list));
	snprintf(words, sizeof(words), "--cores 1024: out of range 1..%u (this machine offers CPUs %s)", offer.count, list);
	expect_refused("cores=1024", words);
	expect_refused("server-cpus=1023", "--server-cpus 1023: CPU 1023");
	expect_refused("role=client client-cpus=1023", "--client-cpus 1023: CPU 1023");
	snprintf(list, sizeof(list), "server-cpus=%d cores=2", offer.cpu[0]);
	expect_refused(list, "--cores 2: out of range 1..1 (--server-cpus names CPUs");
}

static void test_made_up_cpus_have_a_limit(void **state)
{
	struct plan plan = { 0 };
	struct err err = ERR_NONE;
	struct options o;

	(void)state;
	make(&o, &engine_toy, "cores=65");
	assert_int_equal(plan_place(&o, true, &plan, &err), -EINVAL);
	if (!strstr(err.text, "--cores 65: out of range 1..64"))
		fail_msg("\"%s\"", err.text);
	options_free(&o);
	err_clear(&err);
	make(&o, &engine_toy, "cores=64");
	assert_int_equal(plan_place(&o, true, &plan, &err), 0);
	assert_int_equal(plan.workers, 128);
	plan_free(&plan);
	options_free(&o);
}

static void expect_method(const struct engine *engine, const char *settings, enum role role, const char *name)
{
	const struct method *m = NULL;
	struct err err = ERR_NONE;
	struct options o;

	make(&o, engine, settings);
	if (plan_method(engine, &o, role, &m, &err) < 0)
		fail_msg("\"%s\": %s", settings, err.text);
	assert_string_equal(m->name, name);
	options_free(&o);
}

static void expect_no_method(const struct engine *engine, const char *settings, const char *words)
{
	const struct method *m = NULL;
	struct err err = ERR_NONE;
	struct options o;

	make(&o, engine, settings);
	int rc = plan_method(engine, &o, ROLE_SERVER, &m, &err);
	if (rc != -ENOTSUP || !strstr(err.text, words) || m)
		fail_msg("\"%s\": %d \"%s\", expected \"%s\"", settings, rc, err.text, words);
	options_free(&o);
}

static void test_methods(void **state)
{
	(void)state;
	expect_method(&engine_toy, "", ROLE_SERVER, "slow");
	expect_method(&engine_toy, "method=fast", ROLE_CLIENT, "fast");
	expect_method(&engine_toy, "method=fast server-method=slow", ROLE_SERVER, "slow");
	expect_method(&engine_toy, "method=fast server-method=slow", ROLE_CLIENT, "fast");
	expect_method(&engine_toy, "client-method=fast", ROLE_CLIENT, "fast");
	expect_method(&engine_toy, "client-method=fast", ROLE_SERVER, "slow");
	expect_no_method(&engine_toy, "method=never", "method never does not run here: the moon is wrong");
	expect_no_method(&mute, "", "no method of mode mute runs here: never: the moon is wrong");
}

/* ---- what was not there at build time, and what methods cannot do ---- */

static void test_missing_library(void **state)
{
	char why[160] = "";

	(void)state;
	const struct method *ring = engine_find_method(&engine_toy, "ring");
	assert_non_null(ring);
	assert_false(method_runs(ring, why, sizeof(why)));
	assert_string_equal(why, "this netdyno was built without libring: install libring-dev and build it again");
	expect_method(&engine_toy, "", ROLE_CLIENT, "slow");
	expect_no_method(&engine_toy, "method=ring",
		"method ring does not run here: this netdyno was built without libring: install libring-dev and build it again");
	assert_int_equal(engine_methods(&engine_toy), 4);
}

static void two_queues(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits)
{
	(void)o;
	assert_string_equal(plan->interface, "eth0");
	if (role == ROLE_CLIENT)
		return;
	limits->workers = 2;
	limits->datagram_bytes = 1472;
	snprintf(limits->workers_why, sizeof(limits->workers_why), "eth0 has 2 queues");
	snprintf(limits->bytes_why, sizeof(limits->bytes_why), "the MTU of eth0 is 1500");
}

static const struct method method_queues = { .name = "queues", .limits = two_queues };

/* After limits: the plan in words, or the error. */
static void limited(const char *settings, const struct plan_demand *demand, const char *want)
{
	struct plan plan = { .interface = "eth0" };
	struct err err = ERR_NONE;
	struct options o;
	char text[200];

	make(&o, &engine_toy, settings);
	assert_int_equal(plan_place(&o, true, &plan, &err), 0);
	for (unsigned i = 0; i < plan.workers; i++)
		plan.worker[i].method = &method_queues;
	if (plan_limit(&o, demand, &plan, &err) < 0)
		snprintf(text, sizeof(text), "%.150s", err.text);
	else
		describe(&plan, text, sizeof(text));
	assert_string_equal(text, want);
	plan_free(&plan);
	options_free(&o);
}

static void test_limits(void **state)
{
	const struct plan_demand none_asked = { 0 }, cores = { .workers_option = "cores" };
	const struct plan_demand fits = { .bytes_option = "host", .datagram_bytes = 1472 };
	const struct plan_demand too_long = { .bytes_option = "host", .datagram_bytes = 1473 };

	(void)state;
	limited("", &none_asked, "s0 s1 c4 c5 c6 c7");
	limited("role=client", &none_asked, "c0 c1 c2 c3");
	limited("cores=2", &none_asked, "s0 s1 c2 c3");
	limited("cores=3", &none_asked, "--cores 3: method queues takes at most 2 of them (eth0 has 2 queues)");
	limited("cores=3", &cores, "--cores 3: method queues takes at most 2 of them (eth0 has 2 queues)");
	limited("server-cpus=0-2", &none_asked, "--server-cpus 0-2: method queues takes at most 2 of them (eth0 has 2 queues)");
	limited("client-cpus=0-2", &none_asked, "s3 s4 c0 c1 c2");
	limited("cores=1", &fits, "s0 c1");
	limited("cores=1 host=x", &too_long,
		"--host x: method queues takes datagrams of at most 1472 bytes, these have 1473 (the MTU of eth0 is 1500)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_synthetic_placement),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_real_placement_uses_what_is_offered),
		cmocka_unit_test(test_more_than_the_machine_has),
		cmocka_unit_test(test_made_up_cpus_have_a_limit),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_missing_library),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
