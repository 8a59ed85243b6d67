/* Options of mode stream: refusals and their words, resources that the process lacks, and options
 * set on sockets. */
#include "stream_rig.h"

#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>

static void refuse(const char *const *option, const char *words)
{
	unsigned fds = open_fds();
	struct rig rig;

	assert_less(stream_rig_try(&rig, option), 0);
	if (!strstr(rig.err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, rig.err.text);
	rig_close(&rig);
	assert_int_equal(open_fds(), fds);
}

static void wrong_options(void **state)
{
	(void)state;
	refuse(RIG_OPTIONS("size", "0"), "--size 0: out of range 1..1G bytes");
	refuse(RIG_OPTIONS("size", "1073741825"), "out of range");
	refuse(RIG_OPTIONS("threads", "0"), "--threads 0: out of range");
	refuse(RIG_OPTIONS("rate", "0"), "--rate 0: out of range");
	refuse(RIG_OPTIONS("verify", "yes", "receive", "discard"), "--verify");
	refuse(RIG_OPTIONS("size", "1G", "threads", "256", "method", "two-copy"),
		"--threads 256: two-copy messages take 524288 MiB");
	refuse(RIG_OPTIONS("congestion", "nonsense"), "--congestion nonsense: not available here; available: ");
	refuse(RIG_OPTIONS("congestion", "a-name-longer-than-any"), "--congestion a-name-longer-than-any: not available here");
}

static void port_in_use(void **state)
{
	struct rig first;
	char port[8];

	(void)state;
	stream_rig_free_port(port);
	stream_rig_open(&first, RIG_OPTIONS("port", port, "threads", "1"));
	refuse(RIG_OPTIONS("port", port, "threads", "1"), "Address already in use");
	rig_close(&first);
}

/* The process has no descriptor for a socket: a clear line, and nothing left behind. */
static void no_descriptors_left(void **state)
{
	struct rlimit old, less;
	struct rig rig;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	less = (struct rlimit){ 3, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
	int rc = stream_rig_try(&rig, RIG_OPTIONS("threads", "1", "congestion", "reno"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_less(rc, 0);
	if (!strstr(rig.err.text, "Too many open files"))
		fail_msg("%s", rig.err.text);
	rig_close(&rig);
}

static void congestion_is_set(void **state)
{
	struct rig rig;
	char name[16];
	socklen_t bytes;

	(void)state;
	stream_rig_open(&rig, RIG_OPTIONS("threads", "1", "congestion", "reno"));
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_BOTH, stream_rig_has_connections, 2);
	for (unsigned i = 0; i < 2; i++) {
		bytes = sizeof(name);
		assert_int_equal(getsockopt(stream_rig_state(&rig, i)->link.fd, IPPROTO_TCP, TCP_CONGESTION, name, &bytes), 0);
		assert_string_equal(name, "reno");
	}
	rig_close(&rig);
}

/* The kernel grants twice what is asked for (socket(7)); each side shows the buffer of its own
 * direction. */
static void buffers_are_shown(void **state)
{
	struct rig rig;

	(void)state;
	stream_rig_open(&rig, RIG_OPTIONS("threads", "1", "rcvbuf", "100000", "sndbuf", "50000"));
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_BOTH, stream_rig_has_connections, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(engine_stream.observe(&rig.worker[i], &rig.err), 0);
		assert_int_equal(
			counter_get(rig.worker[i].counters, STREAM_C_BUFFER), stream_rig_state(&rig, i)->sends ? 100000 : 200000);
	}
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITHOUT_LEAK(wrong_options),
		TEST_WITHOUT_LEAK(port_in_use),
		TEST_WITHOUT_LEAK(no_descriptors_left),
		TEST_WITHOUT_LEAK(congestion_is_set),
		TEST_WITHOUT_LEAK(buffers_are_shown),
	};

	return cmocka_run_group_tests_name("stream options", tests, NULL, NULL);
}
