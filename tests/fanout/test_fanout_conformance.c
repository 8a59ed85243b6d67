/* Mode fanout over real sockets: every method with datagrams of all lengths, several workers of
 * each role, both kinds of rounds; the counts of each reader are exact. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../packet/netns.h"
#include "../engines/rig.h"

#include "base/clock.h"
#include "base/procnet.h"
#include "engines/fanout/fanout.h"
#include "engines/fanout/shared.h"

static const struct fanout_shared *shared_of(const struct rig *rig)
{
	return rig->plan.shared;
}

/* A row stands at any place: by its id. */
static uint64_t row_value(struct details *d, uint64_t id, unsigned column)
{
	for (unsigned i = 0; i < d->rows; i++)
		if (d->row[i].id == id)
			return d->row[i].value[column];
	fail_msg("no row of reader %llu", (unsigned long long)id);
	return 0;
}

static struct details *read_rows(struct rig *rig, struct rows_reader *r)
{
	struct rows *rows[RIG_WORKERS];

	for (unsigned i = 0; i < rig->opened; i++)
		rows[i] = rig->worker[i].rows;
	assert_int_equal(rows_reader_init(r, rig->engine->details, rows, rig->opened, &rig->err), 0);
	return rows_reader_read(r, clock_run_ns());
}

/* Each reader got what its writer sent to it, but for what is counted as lost there. */
static void expect_each_exact(struct rig *rig)
{
	const struct fanout_shared *s = shared_of(rig);
	struct rows_reader r;
	struct details *d = read_rows(rig, &r);
	uint64_t all = 0;

	assert_non_null(d);
	assert_int_equal(d->rows, s->readers);
	for (unsigned i = 0; i < s->readers; i++) {
		uint64_t sent = atomic_load(&s->desk[fanout_part_of(i, s->writers, s->readers)].sent_each);
		uint64_t got = row_value(d, i + 1, FANOUT_D_RECEIVED),
			 lost = row_value(d, i + 1, FANOUT_D_DROPPED) + row_value(d, i + 1, FANOUT_D_LATE);

		/* The round that sending was stopped in went to some of them. */
		assert_between(got + lost, sent, sent + s->each);
		all += got + lost;
	}
	assert_int_equal(all, rig_sum(rig, ROLE_CLIENT, FANOUT_C_COPIES));
	free(d);
	rows_reader_close(&r);
}

/* The kernel's own count of what happened since `before`, in this namespace, where nobody else
 * sends: nstat(8) shows the same. */
static void expect_kernel_agrees(struct rig *rig, const struct procnet *before)
{
	uint64_t drops = rig_sum(rig, ROLE_SERVER, FANOUT_C_READER_DROPS), delta[PROCNET_FIELDS];
	uint64_t taken = rig_sum(rig, ROLE_SERVER, COUNTER_RX_PACKETS) + rig_sum(rig, ROLE_SERVER, FANOUT_C_LATE);
	struct procnet after;

	procnet_read(&after);
	for (unsigned i = 0; i < PROCNET_FIELDS; i++)
		delta[i] = after.value[i] - before->value[i];
	assert_int_equal(delta[PROCNET_UDP_IN], taken);
	assert_int_equal(delta[PROCNET_UDP_RCVBUF_ERRORS] + delta[PROCNET_UDP_MEM_ERRORS], drops);
	assert_int_equal(delta[PROCNET_UDP_IN_ERRORS], drops);
	assert_int_equal(delta[PROCNET_UDP_NO_PORTS], 0);
	assert_int_equal(delta[PROCNET_UDP_SNDBUF_ERRORS], 0);
	/* Frames pass UDP's own way out. */
	assert_int_equal(
		delta[PROCNET_UDP_OUT], shared_of(rig)->method->frames ? 0 : rig_sum(rig, ROLE_CLIENT, COUNTER_TX_PACKETS));
}

/* What the panel of costs is made of: packets that the kernel was given, and receive calls. */
static void expect_costs(struct rig *rig)
{
	const struct fanout_method *m = shared_of(rig)->method;
	uint64_t calls = 0, skbs = rig_sum(rig, ROLE_CLIENT, FANOUT_C_TX_SKBS);

	for (unsigned i = 1; i < UDP_FILLS; i++)
		calls += rig_sum(rig, ROLE_SERVER, FANOUT_C_FILL + i);
	assert_int_equal(calls, rig_sum(rig, ROLE_SERVER, FANOUT_C_RECEIVES));
	assert_more(calls, 0);
	if (m->multicast || m->segments)
		assert_between(skbs, 1, rig_sum(rig, ROLE_CLIENT, FANOUT_C_COPIES));
	else
		assert_int_equal(skbs, rig_sum(rig, ROLE_CLIENT, FANOUT_C_COPIES));
}

static void measure(const struct rig_config *config, uint64_t packets)
{
	struct rig rig;

	rig_open_or_fail(&rig, config);
	/* Both ends say by which method the run is. */
	for (unsigned i = 0; config->method && i < rig.plan.workers; i++)
		assert_ptr_equal(rig.plan.worker[i].method, config->method);
	rig_measure(&rig, packets);
	rig_expect_balance(&rig);
	rig_expect_sound(&rig);
	assert_int_equal(rig_sum(&rig, ROLE_BOTH, FANOUT_C_STRAY), 0);
	expect_each_exact(&rig);
	expect_costs(&rig);
	rig_close(&rig);
}

/* A method may have a limit of its own, which it names. */
static bool fits(const struct rig_config *config)
{
	struct rig rig;
	bool fits = rig_plan(&rig, config) >= 0 || !strstr(rig.err.text, "takes datagrams of at most");

	rig_close(&rig);
	return fits;
}

static void all_lengths(const struct engine *engine, const struct method *method)
{
	static const char *const size[] = { "1", "2", "3", "7", "8", "15", "16", "64", "1472", "1500", "9000", "65507" };
	static const char *const payload[] = { "unique", "shared" };

	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		struct rig_config config = { .engine = engine,
			.method = method,
			.option = { "size", size[i], "readers", "7", "payload", payload[i % 2], "rcvbuf", "1M" } };

		if (fits(&config))
			measure(&config, 600);
	}
}

/* Datagrams of several rounds look alike if they have a byte of it alone: 256 rounds are few. */
static void short_rounds_go_round(const struct engine *engine, const struct method *method)
{
	measure(&(struct rig_config){ .engine = engine, .method = method, .option = { "size", "1", "readers", "2" } }, 2000);
}

static void several_workers(const struct engine *engine, const struct method *method)
{
	static const char *const sync[] = { "round", "free" };
	bool alone = method->limits;

	for (unsigned i = 0; i < 4; i++)
		measure(&(struct rig_config){ .engine = engine,
				.method = method,
				.servers = 1 + i,
				.clients = alone ? 1 : 4 - i,
				.threads = i % 2,
				.option = { "sync", sync[i % 2], "readers", "11", "datagrams", "3", "rcvbuf", "1M" } },
			1500);
}

/* A flood that readers cannot follow: what is lost is lost at their buffers, each counted. */
static void floods_are_counted(const struct engine *engine, const struct method *method)
{
	struct rig rig;

	rig_open_or_fail(&rig,
		&(struct rig_config){
			.engine = engine, .method = method, .option = { "sync", "free", "readers", "5", "rcvbuf", "4096" } });
	rig_enter(&rig, PHASE_MEASURE);
	/* Only the writer goes on, until every buffer is full. */
	for (unsigned i = 0; i < 400; i++)
		rig_step(&rig, ROLE_CLIENT);
	rig_drain(&rig);
	rig_expect_balance(&rig);
	expect_each_exact(&rig);
	assert_more(rig_sum(&rig, ROLE_SERVER, FANOUT_C_READER_DROPS), 0);
	assert_less(rig_sum(&rig, ROLE_SERVER, FANOUT_C_WORST), 1000000);
	rig_close(&rig);
}

/* Readers that do not read: each round ends by its deadline, and what comes later is late. */
static bool has_given_up(struct rig *rig, uint64_t rounds)
{
	return rig_sum(rig, ROLE_CLIENT, FANOUT_C_INCOMPLETE) >= rounds;
}

static void deadlines_end_rounds(const struct engine *engine, const struct method *method)
{
	struct rig rig;

	rig_open_or_fail(&rig,
		&(struct rig_config){ .engine = engine, .method = method, .option = { "readers", "4", "deadline", "1ms" } });
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_CLIENT, has_given_up, 3);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, FANOUT_C_MISSED), 12);
	assert_int_equal(rig_sum(&rig, ROLE_CLIENT, FANOUT_C_COMPLETE), 0);
	rig_drain(&rig);
	/* The round under way is not late yet. */
	assert_between(rig_sum(&rig, ROLE_SERVER, FANOUT_C_LATE), 8, 12);
	rig_expect_balance(&rig);
	expect_each_exact(&rig);
	rig_close(&rig);
}

/* With 1000 readers, each with a row: what each got, what was dropped there, and what the kernel
 * says of it. */
static void thousand_readers(const struct engine *engine, const struct method *method)
{
	static const struct {
		const char *sync, *rcvbuf;
		unsigned floods; /* steps of the writer alone */
	} how[] = { { "round", "256K", 0 }, { "free", "256K", 0 }, { "free", "2048", 100 } };

	netns_need();
	for (unsigned i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		struct procnet before;
		struct rig rig;

		rig_open_or_fail(&rig,
			&(struct rig_config){ .engine = engine,
				.method = method,
				.option = { "readers", "1000", "sync", how[i].sync, "rcvbuf", how[i].rcvbuf, "size", "64" } });
		procnet_read(&before);
		rig_enter(&rig, PHASE_MEASURE);
		for (unsigned k = 0; k < how[i].floods; k++)
			rig_step(&rig, ROLE_CLIENT);
		rig_until(&rig, ROLE_BOTH, rig_has_received, 3000);
		rig_drain(&rig);
		rig_expect_balance(&rig);
		expect_each_exact(&rig);
		expect_kernel_agrees(&rig, &before);
		if (how[i].floods)
			assert_more(rig_sum(&rig, ROLE_SERVER, FANOUT_C_READER_DROPS), 0);
		rig_close(&rig);
	}
}

/* A writer that is told a rate keeps to it, and is judged by it. */
static void rates_are_kept(const struct engine *engine, const struct method *method)
{
	struct rig rig;

	rig_open_or_fail(
		&rig, &(struct rig_config){
			      .engine = engine, .method = method, .option = { "readers", "10", "sync", "free", "rate", "500" } });
	rig_enter(&rig, PHASE_MEASURE);
	int64_t from_ns = clock_now_ns();
	rig_until(&rig, ROLE_BOTH, rig_has_received, 500);
	assert_at_least(clock_now_ns() - from_ns, 49 * 2 * (int64_t)NS_PER_MS - 2 * (int64_t)NS_PER_MS);
	rig_drain(&rig);
	rig_expect_balance(&rig);
	uint64_t due = rig_sum(&rig, ROLE_CLIENT, COUNTER_SCHEDULED), sent = rig_sum(&rig, ROLE_CLIENT, COUNTER_TX_PACKETS);
	assert_at_least(due, sent);
	rig_close(&rig);
}

static void over_six(const struct engine *engine, const struct method *method)
{
	/* Multicast has its own tests: lo refuses it. */
	if (!fanout_method_of(method)->multicast)
		measure(&(struct rig_config){ .engine = engine, .method = method, .option = { "host", "::1", "readers", "3" } },
			100);
}

/* A stranger's datagrams are none of the run's. */
static void strangers_do_not_count(const struct engine *engine, const struct method *method)
{
	static const uint8_t junk[1500] = { 1 };
	struct rig rig;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	rig_open_or_fail(&rig,
		&(struct rig_config){ .engine = engine, .method = method, .unchecked = true, .option = { "readers", "1" } });
	rig_enter(&rig, PHASE_MEASURE);
	const union net_address *to = &shared_of(&rig)->to[0];
	union net_address at = *to;
	if (!fanout_method_of(method)->multicast) {
		for (size_t bytes = 1; bytes <= sizeof(junk); bytes += bytes == 1 ? 98 : bytes == 99 ? 1401 : 1)
			assert_int_equal(sendto(fd, junk, bytes, 0, &at.sa, net_address_bytes(&at)), bytes);
		rig_until(&rig, ROLE_BOTH, rig_has_received, 50);
		assert_int_equal(rig_sum(&rig, ROLE_SERVER, FANOUT_C_STRAY), 3);
	}
	rig_drain(&rig);
	rig_expect_balance(&rig);
	rig_close(&rig);
	close(fd);
}

/* Longer than the interface takes in one piece: named, with the limit. */
static void limits_are_named(void **state)
{
	static const char *const method[] = { "packet", "gso" };
	static const char *const why[] = { "one frame each, and lo has an MTU of 1400", "the MTU of lo is 1400" };

	(void)state;
	netns_need();
	netns_run("ip link set lo mtu 1400");
	for (unsigned i = 0; i < 2; i++) {
		struct rig_config config = { .engine = &engine_fanout, .option = { "method", method[i], "size", "1373" } };
		const struct method *m = engine_find_method(&engine_fanout, method[i]);
		char unable[160];
		struct rig rig;

		if (!method_runs(m, unable, sizeof(unable)))
			continue;
		assert_int_equal(rig_open(&rig, &config), -EINVAL);
		assert_contains(rig.err.text, "takes datagrams of at most 1372 bytes, these have 1373");
		assert_contains(rig.err.text, why[i]);
		rig_close(&rig);
		config.option[3] = "1372";
		measure(&config, 300);
	}
	netns_run("ip link set lo mtu 65536");
}

/* The readers are at ::1, unless the user says, where IPv4 loopback throws frames away. */
static void frames_go_where_they_arrive(void **state)
{
	const struct method *m = engine_find_method(&engine_fanout, "packet");
	struct rig_config config = { .engine = &engine_fanout, .method = m };
	char why[160];
	struct rig rig;

	(void)state;
	netns_need();
	if (!method_runs(m, why, sizeof(why)))
		return;
	netns_lo_switch("accept_local", false);
	assert_int_equal(rig_plan(&rig, &config), 0);
	assert_int_equal(rig.plan.address_family, AF_INET6);
	rig_close(&rig);
	measure(&config, 300);
	config.option[0] = "host";
	config.option[1] = "127.0.0.1";
	assert_int_equal(rig_open(&rig, &config), -ENOTSUP);
	assert_contains(rig.err.text, "lo throws away frames for 127.0.0.1");
	rig_close(&rig);
	netns_lo_switch("accept_local", true);
	config.option[0] = NULL;
	assert_int_equal(rig_plan(&rig, &config), 0);
	assert_int_equal(rig.plan.address_family, AF_INET);
	rig_close(&rig);
}

static void refuse(const char *option, const char *value, const char *more, const char *its_value, const char *says)
{
	struct rig rig;
	struct rig_config config = { .engine = &engine_fanout, .option = { option, value, more, its_value } };

	assert_less(rig_open(&rig, &config), 0);
	assert_contains(rig.err.text, says);
	rig_close(&rig);
}

static void bad_options_are_named(void **state)
{
	struct rlimit limit;
	char needs[64];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	snprintf(needs, sizeof(needs), "this process may have %llu", (unsigned long long)limit.rlim_max);
	refuse("readers", "0", NULL, NULL, "--readers 0: out of range 1..1000000");
	refuse("size", "0", NULL, NULL, "--size 0: out of range 1..65507");
	refuse("size", "65508", NULL, NULL, "--size 65508: out of range 1..65507");
	refuse("sync", "often", NULL, NULL, "known: round, free");
	if (limit.rlim_max < 1000000) {
		refuse("readers", "1000000", NULL, NULL, "--readers 1000000: needs about 1000256 descriptors");
		refuse("readers", "1000000", NULL, NULL, needs);
	}
	refuse("readers", "1000", "port", "65000", "--readers 1000: each needs a port, and there are 535 from 65001 on");
	refuse("method", "multicast", "group", "10.0.0.1", "--group 10.0.0.1: not a multicast address");
	refuse("method", "multicast", "group", "ff02::1", "--group ff02::1: of IPv6, and this run is over IPv4");
	refuse("server-method", "single", NULL, NULL, "only the writer has a method");
}

#define FOR_ALL(name)                               \
	static void all_##name(void **state)        \
	{                                           \
		(void)state;                        \
		rig_for_all(&engine_fanout, &name); \
	}
FOR_ALL(all_lengths)
FOR_ALL(short_rounds_go_round)
FOR_ALL(several_workers)
FOR_ALL(floods_are_counted)
FOR_ALL(deadlines_end_rounds)
FOR_ALL(thousand_readers)
FOR_ALL(rates_are_kept)
FOR_ALL(over_six)
FOR_ALL(strangers_do_not_count)

int main(void)
{
	/* In a namespace of its own method packet may send over lo, too. */
	if (netns_make()) {
		netns_lo_switch("accept_local", true);
		netns_lo_switch("route_localnet", true);
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_all_lengths),
		cmocka_unit_test(all_short_rounds_go_round),
		cmocka_unit_test(all_several_workers),
		cmocka_unit_test(all_floods_are_counted),
		cmocka_unit_test(all_deadlines_end_rounds),
		cmocka_unit_test(all_thousand_readers),
		cmocka_unit_test(all_rates_are_kept),
		cmocka_unit_test(all_over_six),
		cmocka_unit_test(all_strangers_do_not_count),
		cmocka_unit_test(limits_are_named),
		cmocka_unit_test(frames_go_where_they_arrive),
		cmocka_unit_test(bad_options_are_named),
	};

	start_first_thread();
	return cmocka_run_group_tests_name("fanout conformance", tests, NULL, NULL);
}
