/* Which options do nothing, in each mode and role: they are refused where the user gives them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engines/engines.h"
#include "mode/in_force.h"

#define OF_ECHO " payload flows sockets window rate verify" JOINING
/* Of methods that join nothing; of those without a ring. */
#define JOINING   " gso gro" RING
#define RING      " sqpoll xdp-mode"
#define OF_FANOUT " size sync rate payload datagrams deadline pool group xdp-mode"

/* Names of the idle ones in the order of the tables, a blank between. */
static const struct {
	const char *mode, *set[7]; /* name, value, ..., NULL */
	const char *idle;
} rows[] = {
	{ "echo", { NULL }, "gso gro sqpoll xdp-mode" },
	{ "echo", { "method", "gso", NULL }, "sqpoll xdp-mode stages" },
	{ "echo", { "client-method", "gso", NULL }, "sqpoll xdp-mode stages" },
	{ "echo", { "method", "uring", NULL }, "xdp-mode stages" },
	{ "echo", { "client-method", "uring", NULL }, "xdp-mode stages" },
	{ "echo", { "role", "client", "server-method", "uring", NULL },
		"listen server-method server-cpus steer verbatim" JOINING },
	{ "echo", { "role", "client", "server-method", "gso", NULL }, "listen server-method server-cpus steer verbatim" JOINING },
	{ "echo", { "rate", "5", NULL }, "window" JOINING },
	{ "echo", { "server-method", "mmsg", "client-method", "single", NULL }, "method" JOINING },
	{ "echo", { "role", "client", NULL }, "listen server-method server-cpus steer verbatim" JOINING },
	{ "echo", { "role", "client", "rate", "5", NULL }, "listen server-method server-cpus window steer verbatim" JOINING },
	{ "echo", { "role", "client", "client-method", "mmsg", NULL },
		"listen method server-method server-cpus steer verbatim" JOINING },
	{ "echo", { "role", "server", NULL }, "host client-method client-cpus" OF_ECHO },
	{ "stream", { NULL }, "client-method" },
	{ "stream", { "reverse", "yes", NULL }, "server-method" },
	{ "stream", { "role", "client", NULL }, "listen method server-method client-method server-cpus rate" },
	{ "stream", { "role", "client", "reverse", "yes", NULL }, "listen server-method server-cpus receive" },
	{ "stream", { "role", "server", NULL }, "host client-method client-cpus receive" },
	{ "stream", { "role", "server", "reverse", "yes", NULL }, "host method server-method client-method client-cpus rate" },
	{ "chat", { NULL }, "client-method tick" },
	{ "chat", { "rate", "5", "delivery", "log", NULL }, "client-method window" },
	{ "chat", { "role", "client", NULL },
		"listen method server-method client-method server-cpus loops delivery tick queue slow log busy-poll" },
	{ "chat", { "role", "server", NULL },
		"host client-method client-cpus conns rate window msg-bytes recv readers burst messages ramp tick" },
	{ "fanout", { NULL }, "pool group xdp-mode" },
	{ "fanout", { "sync", "free", "method", "threads", NULL }, "deadline group xdp-mode" },
	{ "fanout", { "method", "multicast", NULL }, "pool xdp-mode" },
	{ "fanout", { "role", "client", NULL }, "listen server-method server-cpus readers pool group xdp-mode" },
	{ "fanout", { "role", "server", NULL }, "host client-method client-cpus" OF_FANOUT },
	{ "null", { NULL }, "" },
	{ "null", { "method", "full", NULL }, "rate loss-ppm loss-every helpers rows" },
	{ "null", { "role", "client", NULL }, "listen server-method server-cpus" },
};

static void make(size_t row, struct options *o)
{
	struct err err = ERR_NONE;

	assert_int_equal(options_init(o, engine_find(engines_all, rows[row].mode), &err), 0);
	for (const char *const *set = rows[row].set; *set; set += 2)
		if (options_set(o, set[0], set[1], &err) < 0)
			fail_msg("%s", err.text);
	/* The row's own settings are not the option that it asks about. */
	for (unsigned i = 0; i < o->count; i++)
		o->value[i].is_given = false;
}

/* In every mode alike: rows do not name them. */
static const char *const of_veth[] = { "mtu", "veth-offload", "veth-queues", "rate-limit", "loss", "delay", "reorder",
	"duplicate" };
enum { OF_VETH = sizeof(of_veth) / sizeof(of_veth[0]) };

static bool is_of_veth(const char *name)
{
	for (unsigned i = 0; i < OF_VETH; i++)
		if (!strcmp(of_veth[i], name))
			return true;
	return false;
}

static void options_of_the_pair_do_nothing_elsewhere(void **state)
{
	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct options o;

		make(row, &o);
		for (unsigned i = 0; i < OF_VETH; i++)
			assert_string_equal(option_idle_why(&o, of_veth[i]), "it is of the devices of --path veth");
		assert_int_equal(options_set(&o, "path", "veth", NULL), 0);
		for (unsigned i = 0; i < OF_VETH; i++)
			assert_null(option_idle_why(&o, of_veth[i]));
		options_free(&o);
	}
}

static void some_options_do_nothing(void **state)
{
	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		char idle[600] = "";
		struct options o;

		make(row, &o);
		for (unsigned i = 0; i < o.count; i++)
			if (!is_of_veth(o.def[i]->name) && option_idle_why(&o, o.def[i]->name))
				snprintf(idle + strlen(idle), sizeof(idle) - strlen(idle), "%s%s", *idle ? " " : "",
					o.def[i]->name);
		if (strcmp(idle, rows[row].idle))
			fail_msg("%s (row %zu): \"%s\", not \"%s\"", rows[row].mode, row, idle, rows[row].idle);
		options_free(&o);
	}
}

/* Given, each of them is refused, and no other. */
static void what_does_nothing_is_refused(void **state)
{
	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct options o;

		make(row, &o);
		for (unsigned i = 0; i < o.count; i++) {
			const char *why = option_idle_why(&o, o.def[i]->name);
			struct err err = ERR_NONE;
			char text[200];

			o.value[i].is_given = true;
			assert_int_equal(options_check_force(&o, &err), why ? -EINVAL : 0);
			snprintf(text, sizeof(text), "--%s does nothing in this run: %s", o.def[i]->name, why ? why : "");
			if (why)
				assert_string_equal(err.text, text);
			o.value[i].is_given = false;
		}
		options_free(&o);
	}
}

static void what_is_carried_over_is_left_out(void **state)
{
	struct err err = ERR_NONE;
	struct options o;

	(void)state;
	assert_int_equal(options_init(&o, engine_find(engines_all, "stream"), &err), 0);
	assert_int_equal(options_set(&o, "rate", "7", &err), 0);
	assert_int_equal(options_set(&o, "size", "7", &err), 0);
	assert_int_equal(options_set(&o, "role", "client", &err), 0);
	options_forget_idle(&o);
	assert_false(options_is_set(&o, "rate"));
	assert_int_equal(options_number(&o, "size"), 7);
	assert_int_equal(options_check_force(&o, &err), 0);
	options_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(some_options_do_nothing),
		cmocka_unit_test(options_of_the_pair_do_nothing_elsewhere),
		cmocka_unit_test(what_does_nothing_is_refused),
		cmocka_unit_test(what_is_carried_over_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
