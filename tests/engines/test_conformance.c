/* Tests every mode with every method, whatever it moves.  A mode or method becomes part of this
 * test by its row in the table: over loopback, and where its row says that it opens packet or
 * AF_XDP sockets, so that it stands on a device, over a pair of devices as well. */
#include <errno.h>

#include "rig.h"

#include <limits.h>
#include <string.h>

#include "engines/engines.h"
#include "path/paths.h"
#include "path/veth/child.h"

/* A map that leaked in each cycle would make 70, or 30 beside a sanitizer: it takes a second and
 * more for a cycle of some methods, and its allocator has maps of its own.  A cycle over veth
 * starts a helper: there one that leaked would make 20. */
#ifdef NETDYNO_SANITIZED
enum { CYCLES = 60, SETTLED_CYCLES = 20, LAST_CYCLES = 10, MAPS_MORE = 30 };
#else
enum { CYCLES = 100, SETTLED_CYCLES = 20, LAST_CYCLES = 10, MAPS_MORE = 8 };
#endif
enum { VETH_CYCLES = 30, VETH_SETTLED_CYCLES = 5, VETH_LAST_CYCLES = 5 };

/* A method, and the path that it is held to account over. */
struct bench {
	const struct engine *engine;
	const struct method *method;
	const struct path *path; /* NULL: loopback */
	bool again;              /* over loopback it has been tested already */
};

/* All else is zero: a test adds what it needs. */
static struct rig_config config_of(const struct bench *b)
{
	return (struct rig_config){ .engine = b->engine, .method = b->method, .path = b->path };
}

/* Has it been tested? */
static bool on_loopback(void (*fn)(const struct bench *b), const struct engine *engine, const struct method *method)
{
	char why[160];
	bool runs = method_runs(method, why, sizeof(why));

	if (!runs)
		print_message("%s %s does not run here: %s\n", engine->name, method->name, why);
	if (!runs || !rig_opens(engine, method))
		return false;
	fn(&(struct bench){ .engine = engine, .method = method });
	return true;
}

static void on_devices(void (*fn)(const struct bench *b), const struct engine *engine, const struct method *method, bool again)
{
	char why[240];

	if (!path_veth.probe(why, sizeof(why)))
		print_message(
			"%s %s is not tested on a device: path veth does not run here: %s\n", engine->name, method->name, why);
	else if (rig_opens_over(&path_veth, engine, method))
		fn(&(struct bench){ engine, method, &path_veth, again });
}

/* Calls fn for every method that runs here, of every mode. */
static void for_all(void (*fn)(const struct bench *b))
{
	for (unsigned i = 0; engines_all[i]; i++)
		for (unsigned m = 0; engines_all[i]->built && engines_all[i]->methods[m]; m++) {
			const struct method *method = engines_all[i]->methods[m];
			bool tested = on_loopback(fn, engines_all[i], method);

			if (method->packet_socket)
				on_devices(fn, engines_all[i], method, tested);
		}
}

/* Checks that each packet either arrived or was lost at a named place, and that no counter calls
 * the numbers wrong. */
static void expect_good_numbers(struct rig *rig)
{
	/* A synthetic mode goes on making numbers up. */
	if (rig->engine->synthetic)
		rig_stop(rig);
	const struct plan *p = &rig->plan;
	uint64_t packets = rig_since(rig, p->rx_roles, COUNTER_RX_PACKETS);
	uint64_t bytes = rig_since(rig, p->rx_roles, COUNTER_RX_BYTES);
	uint64_t sent = rig_since(rig, p->tx_roles, COUNTER_TX_PACKETS);
	uint64_t sent_bytes = rig_since(rig, p->tx_roles, COUNTER_TX_BYTES);
	struct rig_ledger l;

	rig_expect_balance(rig);
	rig_expect_sound(rig);
	rig_read_ledger(rig, &l);
	assert_more(packets, 0);
	assert_more(l.sent, 0);
	if (rig->engine->reliable)
		assert_int_equal(l.lost, 0);
	/* Each packet arrives as long as it was sent; a broadcast arrives more often than it was
	 * sent. */
	assert_equals((double)bytes / (double)packets, (double)sent_bytes / (double)sent);
	if (engine_latencies(rig->engine) && !rig_latencies(rig, 0))
		fail_msg("%s %s: no %s of %llu packets", rig->engine->name, p->ran, rig->engine->latencies[0].name,
			(unsigned long long)packets);
	assert_string_not_equal(p->ran, "");
}

static void measure(const struct bench *b, bool threads)
{
	struct rig_config config = config_of(b);
	struct rig rig;

	config.threads = threads;
	rig_open_or_fail(&rig, &config);
	rig_enter(&rig, PHASE_WARMUP);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 50);
	rig_drain(&rig);
	rig_measure(&rig, 500);
	expect_good_numbers(&rig);
	rig_close(&rig);
}

static void measures(const struct bench *b)
{
	measure(b, false);
	measure(b, true);
}

static void waits_as_told(const struct bench *b)
{
	static const char *const how[] = { "block", "poll", "spin" };

	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		struct rig_config config = config_of(b);
		struct rig rig;

		config.threads = true;
		config.option[0] = "wait";
		config.option[1] = how[i];
		rig_open_or_fail(&rig, &config);
		rig_measure(&rig, 300);
		expect_good_numbers(&rig);
		rig_close(&rig);
	}
}

/* Runs cycles with and without a drain before the end.  What leaks over veth leaks over loopback,
 * too, where a cycle starts no helper. */
static void stops_and_starts(const struct bench *b)
{
	unsigned most = 0, least = UINT_MAX; /* maps at first, and in the end */
	unsigned cycles = b->path ? VETH_CYCLES : CYCLES, settled = b->path ? VETH_SETTLED_CYCLES : SETTLED_CYCLES,
		 last = b->path ? VETH_LAST_CYCLES : LAST_CYCLES;

	if (b->again)
		return;
	for (unsigned i = 0; i < cycles; i++) {
		struct rig_config config = config_of(b);
		struct rig rig;

		config.threads = true;
		rig_open_or_fail(&rig, &config);
		rig_enter(&rig, i % 3 ? PHASE_MEASURE : PHASE_WARMUP);
		rig_until(&rig, ROLE_BOTH, rig_has_received, i % 2);
		if (i % 2)
			rig_drain(&rig);
		rig_close(&rig);
		/* Stacks and arenas of threads are kept for the next ones, now more, now less. */
		unsigned maps = memory_maps();
		if (i <= settled && maps > most)
			most = maps;
		if (i >= cycles - last && maps < least)
			least = maps;
	}
	assert_at_most(least, most + MAPS_MORE);
}

/* close() accepts workers that were never opened, and some that were. */
static void closes_half_opened(const struct bench *b)
{
	const struct engine *engine = b->engine;
	struct rig_config config = config_of(b);
	struct rig rig;

	assert_int_equal(rig_plan(&rig, &config), 0);
	rig_close(&rig);
	for (unsigned open = 0; open <= 2; open++) {
		assert_int_equal(rig_plan(&rig, &config), 0);
		for (unsigned i = 0; i < rig.plan.workers; i++) {
			assert_int_equal(worker_init(&rig.worker[i], engine, &rig.options, &rig.plan, i, &rig.err), 0);
			rig.opened++;
			if (i < open && engine->open(&rig.worker[i], &rig.err) < 0)
				fail_msg("%s", rig.err.text);
		}
		rig_close(&rig);
	}
}

/* If both ends may have methods of their own, all pairs of them must understand each other. */
static void pairs(const struct bench *b)
{
	const struct method *const *clients = b->engine->methods;
	char why[160];

	for (unsigned i = 0; clients[i]; i++) {
		struct rig_config config = { .engine = b->engine,
			.path = b->path,
			.option = { "server-method", b->method->name, "client-method", clients[i]->name } };
		struct rig rig;

		if (!method_runs(clients[i], why, sizeof(why)))
			continue;
		int rc = rig_open(&rig, &config);
		if (rc < 0 && rc != -ENOTSUP) {
			/* of one end alone: said at once */
			assert_contains(rig.err.text, "-method");
		} else if (rc < 0) {
			print_message("%s\n", rig.err.text);
		} else {
			rig_measure(&rig, 200);
			expect_good_numbers(&rig);
		}
		rig_close(&rig);
	}
}

#define FOR_ALL(name)                        \
	static void all_##name(void **state) \
	{                                    \
		(void)state;                 \
		for_all(name);               \
	}
FOR_ALL(measures)
FOR_ALL(waits_as_told)
FOR_ALL(stops_and_starts)
FOR_ALL(closes_half_opened)
FOR_ALL(pairs)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_measures),
		cmocka_unit_test(all_waits_as_told),
		cmocka_unit_test(all_stops_and_starts),
		cmocka_unit_test(all_closes_half_opened),
		cmocka_unit_test(all_pairs),
	};

#ifdef NETDYNO_PROGRAM
	veth_program = NETDYNO_PROGRAM;
#endif
	start_first_thread();
	return cmocka_run_group_tests_name("conformance", tests, NULL, NULL);
}
