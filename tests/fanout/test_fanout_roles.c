/* Mode fanout with readers and writer apart: a run of each, as in two processes.  Both ledgers are
 * exact; strangers, a second writer, readers that die and readers that are none are told apart. */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../engines/rig.h"

#include "base/clock.h"
#include "engines/fanout/fanout.h"
#include "engines/fanout/shared.h"

static const struct fanout_shared *shared_of(const struct rig *rig)
{
	return rig->plan.shared;
}

/* Frames arrive over IPv6 loopback only. */
static const char *address_for(const char *method)
{
	return strcmp(method, "packet") && strcmp(method, "xdp") ? "127.0.0.1" : "::1";
}

static void open_readers(struct rig *rig, const char *method, unsigned workers, const char *readers)
{
	rig_open_or_fail(
		rig, &(struct rig_config){ .engine = &engine_fanout,
			     .servers = workers,
			     .threads = true,
			     .unchecked = true,
			     .option = { "readers", readers, "rcvbuf", "1M", "method", method, "listen", address_for(method) } });
	rig_enter(rig, PHASE_MEASURE);
}

static struct rig_config writer_of(const struct rig *readers, const char *method, const char *sync, char port[8])
{
	snprintf(port, 8, "%u", net_port(&shared_of(readers)->at.listen[0]));
	return (struct rig_config){ .engine = &engine_fanout,
		.clients = 1,
		.threads = true,
		.unchecked = true,
		.option = { "port", port, "method", method, "sync", sync, "host", address_for(method) } };
}

/* Both ends count the same as sent, and as received or lost, to the datagram. */
static void apart(const char *method, const char *sync, unsigned workers)
{
	struct rig readers, writer;
	struct rig_ledger l;
	char port[8];

	open_readers(&readers, method, workers, "20");
	struct rig_config config = writer_of(&readers, method, sync, port);
	rig_open_or_fail(&writer, &config);
	assert_int_equal(shared_of(&writer)->readers, 20);
	rig_enter(&writer, PHASE_WARMUP);
	rig_until(&writer, ROLE_BOTH, rig_has_received, 100);
	rig_drain(&writer);
	rig_measure(&writer, 500);
	rig_expect_balance(&writer);
	rig_read_ledger(&writer, &l);
	assert_more(l.received, 0);
	rig_observe(&readers);
	uint64_t got = rig_sum(&readers, ROLE_SERVER, COUNTER_RX_PACKETS),
		 lost = rig_sum(&readers, ROLE_SERVER, FANOUT_C_READER_DROPS) + rig_sum(&readers, ROLE_SERVER, FANOUT_C_LATE);
	assert_int_equal(got + lost, rig_sum(&writer, ROLE_CLIENT, FANOUT_C_COPIES));
	assert_int_equal(got, rig_sum(&writer, ROLE_CLIENT, COUNTER_RX_PACKETS));
	/* On one host the time from send to receive is known. */
	assert_int_equal(rig_latencies(&readers, FANOUT_L_DELIVERY), got);
	rig_close(&writer);
	rig_enter(&readers, PHASE_DRAIN);
	rig_expect_balance(&readers);
	rig_close(&readers);
}

static void apart_by(const struct engine *engine, const struct method *method)
{
	(void)engine;
	apart(method->name, "round", 1);
	apart(method->name, "free", 1);
	apart(method->name, "round", 3);
}

static void every_method_goes_apart(void **state)
{
	(void)state;
	rig_for_all(&engine_fanout, apart_by);
}

static bool has_writers(struct rig *rig, uint64_t n)
{
	rig_observe(rig);
	return rig_sum(rig, ROLE_SERVER, FANOUT_C_WRITERS) == n;
}

static bool has_strangers(struct rig *rig, uint64_t n)
{
	rig_observe(rig);
	return rig_sum(rig, ROLE_SERVER, FANOUT_C_STRANGERS) >= n;
}

/* One after the other: each finds the readers as if it were the first. */
static void writers_take_turns(void **state)
{
	struct rig readers, writer, second;
	char port[8];

	(void)state;
	open_readers(&readers, "mmsg", 2, "8");
	for (unsigned i = 0; i < 3; i++) {
		struct rig_config config = writer_of(&readers, "single", "round", port);

		rig_open_or_fail(&writer, &config);
		assert_int_equal(rig_open(&second, &config), -EBUSY);
		assert_contains(second.err.text, "another writer is there");
		rig_close(&second);
		rig_measure(&writer, 200);
		rig_expect_balance(&writer);
		rig_close(&writer);
		rig_until(&readers, ROLE_BOTH, has_writers, 0);
	}
	rig_close(&readers);
}

/* The readers' end dies: its writer's run ends, and says why. */
static void readers_that_die_are_gone(void **state)
{
	struct rig readers, writer;
	char port[8];
	int64_t end;
	int rc = 0;

	(void)state;
	for (unsigned free = 0; free < 2; free++) {
		open_readers(&readers, "mmsg", 1, "8");
		struct rig_config config = writer_of(&readers, "connected", free ? "free" : "round", port);
		rig_open_or_fail(&writer, &config);
		rig_enter(&writer, PHASE_MEASURE);
		rig_until(&writer, ROLE_BOTH, rig_has_sent, 50);
		rig_close(&readers);
		end = clock_now_ns() + (int64_t)RIG_DEADLINE_S * NS_PER_S;
		/* The sampler's tick makes it look. */
		for (unsigned i = 0; (rc = rig_try_step(&writer, ROLE_BOTH)) >= 0 && clock_now_ns() < end; i++)
			worker_tick(&writer.worker[0], ++writer.tick, true);
		assert_int_equal(rc, -ECONNRESET);
		assert_contains(writer.err.text, "are gone");
		rig_close(&writer);
	}
}

/* ---- strangers ---- */

static int call(const struct rig *readers)
{
	const union net_address *a = &shared_of(readers)->at.listen[0];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, &a->sa, net_address_bytes(a)), 0);
	return fd;
}

/* Until the other end closes; how much came. */
static size_t hear(int fd, uint8_t *in, size_t room)
{
	size_t bytes = 0;
	ssize_t n;

	while ((n = recv(fd, in + bytes, room - bytes, 0)) > 0)
		bytes += (size_t)n;
	close(fd);
	return bytes;
}

static void strangers_are_shown_out(void **state)
{
	static const char junk[] = "GET / HTTP/1.1\r\nHost: somewhere\r\n\r\n";
	struct hello_request good = { HELLO_VERSION, HELLO_ROUNDS, 100, 1, 1, 1 }, other = good, long_one = good, group = good;
	struct rig readers, writer;
	struct hello_answer a = { 0 };
	uint8_t out[HELLO_REQUEST_BYTES], in[256];
	char port[8];

	(void)state;
	open_readers(&readers, "mmsg", 1, "4");
	int fd = call(&readers);
	assert_int_equal(send(fd, junk, sizeof(junk), 0), sizeof(junk));
	assert_int_equal(hear(fd, in, sizeof(in)), 0);
	other.version = HELLO_VERSION + 1;
	hello_put_request(out, &other);
	fd = call(&readers);
	assert_int_equal(send(fd, out, sizeof(out), 0), sizeof(out));
	assert_int_equal(hear(fd, in, sizeof(in)), HELLO_HEAD_BYTES);
	assert_int_equal(hello_get_head(in, &a), HELLO_GOOD);
	assert_int_equal(a.status, HELLO_OTHER_VERSION);
	long_one.bytes = 65508;
	hello_put_request(out, &long_one);
	fd = call(&readers);
	assert_int_equal(send(fd, out, sizeof(out), 0), sizeof(out));
	assert_int_equal(hear(fd, in, sizeof(in)), 0);
	group.flags |= HELLO_MULTICAST;
	hello_put_request(out, &group);
	fd = call(&readers);
	assert_int_equal(send(fd, out, sizeof(out), 0), sizeof(out));
	assert_int_equal(hear(fd, in, sizeof(in)), HELLO_HEAD_BYTES);
	assert_int_equal(hello_get_head(in, &a), HELLO_GOOD);
	assert_int_equal(a.status, HELLO_WRONG_METHOD);
	/* One that says half a hello and goes. */
	fd = call(&readers);
	assert_int_equal(send(fd, out, 5, 0), 5);
	close(fd);
	rig_until(&readers, ROLE_BOTH, has_strangers, 5);
	/* After all that a writer is served. */
	struct rig_config config = writer_of(&readers, "mmsg", "round", port);
	rig_open_or_fail(&writer, &config);
	rig_measure(&writer, 50);
	rig_expect_balance(&writer);
	rig_close(&writer);
	rig_close(&readers);
}

/* ---- readers that are none ---- */

/* One that answers with these bytes, whatever it is asked; then the writer must say this. */
static void answers_with(const uint8_t *bytes, size_t size, const char *says)
{
	union net_address a = { .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct rig writer;
	char port[8];

	assert_int_equal(bind(fd, &a.sa, net_address_bytes(&a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, &a.sa, &length), 0);
	snprintf(port, sizeof(port), "%u", net_port(&a));
	struct rig_config config = { .engine = &engine_fanout,
		.clients = 1,
		.threads = true,
		.unchecked = true,
		.option = { "port", port, "host", "127.0.0.1" } };
	assert_int_equal(rig_plan(&writer, &config), 0);
	assert_int_equal(worker_init(&writer.worker[0], &engine_fanout, &writer.options, &writer.plan, 0, &writer.err), 0);
	writer.opened = 1;
	/* The answer waits for the question: there is room for it in the socket. */
	pid_t child = fork();
	if (child == 0) {
		int peer = accept(fd, NULL, NULL);
		uint8_t in[HELLO_REQUEST_BYTES];

		if (recv(peer, in, sizeof(in), MSG_WAITALL) != sizeof(in) || send(peer, bytes, size, 0) != (ssize_t)size)
			_exit(1);
		close(peer);
		_exit(0);
	}
	assert_int_equal(worker_start(&writer.worker[0], &writer.err) < 0, 1);
	assert_contains(writer.err.text[0] ? writer.err.text : writer.worker[0].err.text, says);
	rig_close(&writer);
	close(fd);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

enum { ANSWER_BYTES = HELLO_HEAD_BYTES + HELLO_GROUP_BYTES + HELLO_RANGE_BYTES };

static void put_answer(uint8_t out[ANSWER_BYTES], struct hello_answer a, struct hello_range r)
{
	static const struct hello_group none = { 0 };

	hello_put_head(out, &a);
	hello_put_group(out + HELLO_HEAD_BYTES, &none);
	hello_put_range(out + HELLO_HEAD_BYTES + HELLO_GROUP_BYTES, &r);
}

static void readers_that_are_none_are_named(void **state)
{
	struct hello_answer good = { .version = HELLO_VERSION, .readers = 10, .workers = 1, .ranges = 1 }, a;
	uint8_t out[ANSWER_BYTES];
	static const uint8_t junk[64] = "220 mail.example.org ESMTP here, please say who you are\r\n";

	(void)state;
	answers_with(junk, sizeof(junk), "not an answer of mode fanout");
	answers_with(junk, 0, "closed the connection");
	answers_with(junk, 5, "closed the connection");
	a = good;
	a.version = 7;
	put_answer(out, a, (struct hello_range){ 40000, 40009 });
	answers_with(out, sizeof(out), "speaks version 7 of the hello, this netdyno 2");
	a = good;
	a.readers = HELLO_READERS_MAX + 1;
	put_answer(out, a, (struct hello_range){ 40000, 40009 });
	answers_with(out, sizeof(out), "announces readers or ports that cannot be");
	put_answer(out, good, (struct hello_range){ 40000, 40010 });
	answers_with(out, sizeof(out), "announces readers or ports that cannot be");
	put_answer(out, good, (struct hello_range){ 0, 9 });
	answers_with(out, sizeof(out), "announces readers or ports that cannot be");
}

static void nobody_is_there(void **state)
{
	struct rig_config config = {
		.engine = &engine_fanout, .clients = 1, .option = { "port", "1", "host", "127.0.0.1", "size", "64" }
	};
	struct rig rig;

	(void)state;
	assert_int_equal(rig_open(&rig, &config), -ECONNREFUSED);
	assert_contains(rig.err.text, "connect 127.0.0.1:1 (netdyno run fanout --role server): Connection refused");
	rig_close(&rig);
	config.option[4] = "readers";
	config.option[5] = "5";
	assert_int_equal(rig_open(&rig, &config), -EINVAL);
	assert_contains(rig.err.text, "--readers 5: the readers' own end says how many there are");
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_method_goes_apart),
		cmocka_unit_test(writers_take_turns),
		cmocka_unit_test(readers_that_die_are_gone),
		cmocka_unit_test(strangers_are_shown_out),
		cmocka_unit_test(readers_that_are_none_are_named),
		cmocka_unit_test(nobody_is_there),
	};

	return cmocka_run_group_tests_name("fanout roles", tests, NULL, NULL);
}
