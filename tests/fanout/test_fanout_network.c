/* Mode fanout over interfaces of its own namespaces: groups of IPv4 and IPv6 on loopback and on a
 * veth pair, and what stands in the way of the methods: no route, no right, no room. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../packet/netns.h"
#include "../engines/rig.h"

#include "../support/asserts.h"
#include "base/clock.h"
#include "engines/fanout/fanout.h"
#include "engines/fanout/shared.h"

enum { DEADLINE_MS = 100 }; /* of a round, where nobody says more */

static const struct fanout_shared *shared_of(const struct rig *rig)
{
	return rig->plan.shared;
}

static const struct method *method_of(const char *name)
{
	return engine_find_method(&engine_fanout, name);
}

/* ---- groups ---- */

static void measure_group(const char *host, const char *group)
{
	struct rig_config config = {
		.engine = &engine_fanout, .method = method_of("multicast"), .option = { "host", host, "readers", "9" }
	};
	struct rig rig;

	config.option[4] = group ? "group" : NULL;
	config.option[5] = group;
	rig_open_or_fail(&rig, &config);
	rig_measure(&rig, 300);
	rig_expect_balance(&rig);
	rig_expect_sound(&rig);
	assert_int_equal(rig_sum(&rig, ROLE_SERVER, FANOUT_C_STRAY), 0);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, FANOUT_C_COPIES), 9 * rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS));
	rig_close(&rig);
}

static void refuse_group(const char *option, const char *value, const char *group, int rc, const char *says)
{
	struct rig_config config = { .engine = &engine_fanout,
		.method = method_of("multicast"),
		.option = { option, value, "readers", "9", "group", group } };
	struct rig rig;

	config.option[4] = group ? "group" : NULL;
	assert_int_equal(rig_plan(&rig, &config), rc);
	assert_contains(rig.err.text, says);
	rig_close(&rig);
}

static void groups_on_loopback(void **state)
{
	(void)state;
	netns_need();
	measure_group("127.0.0.1", NULL);
	measure_group("127.0.0.1", "224.0.1.200");
	/* As the kernel is: no group of IPv6 is lo's. */
	refuse_group(
		"host", "::1", NULL, -ENOTSUP, "lo delivers nothing to ff02::4e44%lo (ip -6 route add local ff00::/8 dev lo");
	netns_run("ip -6 route add local ff00::/8 dev lo");
	measure_group("::1", NULL);
	measure_group("::1", "ff05::4e44");
	measure_group("::1", "ff12::1%lo");
	netns_run("ip -6 route del local ff00::/8 dev lo");
}

static void groups_on_an_interface(void **state)
{
	(void)state;
	netns_need();
	measure_group("10.77.0.1", NULL);
	measure_group("fd77::1", NULL);
	measure_group("fd77::1", "ff02::4e44%va");
	measure_group("fd77::1", "ff05::4e44");
	measure_group("fd77::1", "ff15::1");
	/* A link's group needs the link; a wider one goes where routing says. */
	refuse_group("listen", "::", "ff02::4e44", -EINVAL,
		"--group ff02::4e44: a group of one link, and which one is not known: --group ff02::4e44%eth0");
	refuse_group("host", "fd77::1", "239.1.1.1", -EINVAL, "--group 239.1.1.1: of IPv4, and this run is over IPv6");
	refuse_group("host", "fd77::1", "fd77::9", -EINVAL, "--group fd77::9: not a multicast address");
	refuse_group("host", "fd77::1", "ff02::1%nowhere", -EINVAL, "--group ff02::1%nowhere");
}

/* The readers stand on the other host, as it were. */
static void open_across(struct rig *readers, struct rig *writer, const char *there, const char *method, const char *group)
{
	struct rig_config config = { .engine = &engine_fanout,
		.servers = 1,
		.threads = true,
		.unchecked = true,
		.option = { "method", method, "readers", "20", "listen", there, "rcvbuf", "1M" } };
	char port[8];

	config.option[8] = group ? "group" : NULL;
	config.option[9] = group;
	netns_peer();
	rig_open_or_fail(readers, &config);
	netns_home();
	rig_enter(readers, PHASE_MEASURE);
	snprintf(port, sizeof(port), "%u", net_port(&shared_of(readers)->at.listen[0]));
	config = (struct rig_config){ .engine = &engine_fanout,
		.clients = 1,
		.threads = true,
		.unchecked = true,
		.option = { "method", method, "host", there, "port", port } };
	rig_open_or_fail(writer, &config);
	assert_int_equal(shared_of(writer)->readers, 20);
}

static void close_across(struct rig *readers, struct rig *writer)
{
	rig_expect_balance(writer);
	assert_int_equal(rig_sum(readers, ROLE_SERVER, COUNTER_RX_PACKETS) + rig_sum(readers, ROLE_SERVER, FANOUT_C_LATE),
		rig_sum(writer, ROLE_CLIENT, FANOUT_C_COPIES));
	rig_close(writer);
	rig_close(readers);
}

static void group_across(const char *there, const char *group)
{
	struct rig readers, writer;

	open_across(&readers, &writer, there, "multicast", group);
	rig_measure(&writer, 500);
	close_across(&readers, &writer);
}

static void groups_across_a_wire(void **state)
{
	(void)state;
	netns_need();
	group_across("10.77.0.2", NULL);
	group_across("fd77::2", NULL);
	group_across("fd77::2", "ff05::4e44");
	group_across("fd77::2", "ff02::99%vb");
}

/* ---- in the way ---- */

static void no_route_is_named(void **state)
{
	struct rig_config config = {
		.engine = &engine_fanout, .clients = 1, .threads = true, .option = { "host", "10.99.0.1", "method", "mmsg" }
	};
	struct rig rig;

	(void)state;
	netns_need();
	assert_int_equal(rig_open(&rig, &config), -ENETUNREACH);
	assert_contains(rig.err.text, "connect 10.99.0.1:5000: Network is unreachable");
	rig_close(&rig);
}

/* An interface that goes down takes its routes along: the writer waits, and goes on when it is
 * back. */
static void a_wire_that_is_cut_is_waited_for(void **state)
{
	static const char *const method[] = { "mmsg", "connected", "single" };
	struct rig readers, writer;

	(void)state;
	netns_need();
	for (unsigned i = 0; i < sizeof(method) / sizeof(method[0]); i++) {
		open_across(&readers, &writer, "10.77.0.2", method[i], NULL);
		rig_enter(&writer, PHASE_MEASURE);
		rig_until(&writer, ROLE_BOTH, rig_has_received, 200);
		int64_t cut_ns = clock_now_ns();
		netns_run("ip link set va down");
		uint64_t before = rig_sum(&writer, ROLE_CLIENT, COUNTER_TX_PACKETS);
		for (unsigned k = 0; k < 3; k++)
			rig_observe(&writer);
		netns_run("ip link set va up");
		rig_until(&writer, ROLE_BOTH, rig_has_received, before + 400);
		rig_observe(&writer);
		/* One that was on the wire is lost, and its round ended by the deadline; a wire
		 * that is slow to come back may swallow one a deadline. */
		assert_at_most(rig_sum(&writer, ROLE_CLIENT, FANOUT_C_INCOMPLETE),
			2 + (clock_now_ns() - cut_ns) / ((int64_t)DEADLINE_MS * NS_PER_MS));
		rig_close(&writer);
		rig_close(&readers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_on_loopback),
		cmocka_unit_test(groups_on_an_interface),
		cmocka_unit_test(groups_across_a_wire),
		cmocka_unit_test(no_route_is_named),
		cmocka_unit_test(a_wire_that_is_cut_is_waited_for),
	};

	if (netns_make())
		netns_pair();
	start_first_thread();
	return cmocka_run_group_tests_name("fanout network", tests, NULL, NULL);
}
