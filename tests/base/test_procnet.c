/* Kernel counters against a second reader of the same files, and a real socket that overflows. */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/procnet.h"

/* An independent reader: column `name` of the Udp lines of snmp (by counting words), plus
 * snmp6's. */
static uint64_t second_udp(const char *name)
{
	static char text[1 << 16];
	FILE *f = fopen("/proc/self/net/snmp", "r");
	uint64_t value, sum = 0;
	char key[80];
	int column = 0, offset = 0, n;

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	const char *names = strstr(text, "\nUdp: ") + 6, *values = strstr(names, "\nUdp: ") + 6;
	for (; sscanf(names + offset, "%79s%n", key, &n) == 1 && strcmp(key, name); offset += n)
		column++;
	for (; sscanf(values, "%" SCNu64 "%n", &value, &n) == 1; values += n)
		if (column-- == 0)
			sum = value;
	f = fopen("/proc/self/net/snmp6", "r");
	while (f && fscanf(f, "%79s %" SCNu64, key, &value) == 2)
		if (!strncmp(key, "Udp6", 4) && !strcmp(key + 4, name))
			sum += value;
	if (f)
		fclose(f);
	return sum;
}

/* Others use this machine, too: their packets must lie between two readings of our own. */
static void test_udp_against_second_reader(void **state)
{
	(void)state;
	static const struct {
		enum procnet_field field;
		const char *name;
	} rows[] = {
		{ PROCNET_UDP_IN, "InDatagrams" },
		{ PROCNET_UDP_OUT, "OutDatagrams" },
		{ PROCNET_UDP_IN_ERRORS, "InErrors" },
		{ PROCNET_UDP_NO_PORTS, "NoPorts" },
		{ PROCNET_UDP_RCVBUF_ERRORS, "RcvbufErrors" },
		{ PROCNET_UDP_SNDBUF_ERRORS, "SndbufErrors" },
		{ PROCNET_UDP_MEM_ERRORS, "MemErrors" },
	};
	struct procnet before, after;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		procnet_read(&before);
		uint64_t second = second_udp(rows[i].name);
		procnet_read(&after);
		assert_true(procnet_has(&before, rows[i].field));
		if (second < before.value[rows[i].field] || second > after.value[rows[i].field])
			fail_msg("%s: %" PRIu64 " is not within %" PRIu64 "..%" PRIu64, rows[i].name, second,
				before.value[rows[i].field], after.value[rows[i].field]);
	}
}

static void test_host_counters(void **state)
{
	(void)state;
	struct procnet before, after;
	uint64_t processed = 0, dropped = 0, squeezed = 0, state_ticks = 0, ticks = 0, softirq = 0;
	unsigned a, b, c;
	char line[512];

	procnet_read(&before);
	FILE *f = fopen("/proc/net/softnet_stat", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) && sscanf(line, "%x %x %x", &a, &b, &c) == 3) {
		processed += a;
		dropped += b;
		squeezed += c;
	}
	fclose(f);
	f = fopen("/proc/stat", "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "cpu"), 0);
	for (int i = 0; i < 8 && fscanf(f, "%" SCNu64, &state_ticks) == 1; i++) {
		ticks += state_ticks;
		softirq = i == 6 ? state_ticks : softirq;
	}
	fclose(f);
	procnet_read(&after);
	assert_in_range(processed, before.value[PROCNET_SOFTNET_PROCESSED], after.value[PROCNET_SOFTNET_PROCESSED]);
	assert_in_range(dropped, before.value[PROCNET_SOFTNET_DROPPED], after.value[PROCNET_SOFTNET_DROPPED]);
	assert_in_range(squeezed, before.value[PROCNET_SOFTNET_SQUEEZED], after.value[PROCNET_SOFTNET_SQUEEZED]);
	assert_in_range(ticks, before.value[PROCNET_CPU_TICKS], after.value[PROCNET_CPU_TICKS]);
	assert_in_range(softirq, before.value[PROCNET_SOFTIRQ_TICKS], after.value[PROCNET_SOFTIRQ_TICKS]);
	assert_in_range(state_ticks, before.value[PROCNET_STEAL_TICKS], after.value[PROCNET_STEAL_TICKS]);
	/* All but what namespaces of a run's own count, and what only younger kernels do. */
	assert_int_equal(before.known | 1u << PROCNET_IP_OUT,
		((1u << PROCNET_FIELDS) - 1) &
			~(1u << PROCNET_LINK_DROPPED | 1u << PROCNET_LINK_IMPAIRED | 1u << PROCNET_LINK_EMULATED |
				1u << PROCNET_LINK_REORDERED | 1u << PROCNET_LINK_COPIES | 1u << PROCNET_LINK_UNTAKEN |
				1u << PROCNET_QUEUE_DROPPED | 1u << PROCNET_QUEUE_HELD));
	assert_string_equal(before.why, "");
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned f = 0; f < PROCNET_FIELDS; f++)
		for (unsigned g = 0; g < f; g++)
			assert_string_not_equal(procnet_name(f), procnet_name(g));
	assert_string_equal(procnet_name(PROCNET_FIELDS), "?");
}

static int open_receiver(int bytes, struct sockaddr_in *ret_address)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(*ret_address);

	assert_at_least(fd, 0);
	*ret_address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)ret_address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)ret_address, &size), 0);
	return fd;
}

/* On loopback a datagram is in the receiver's queue, or dropped there, when sendto() returns,
 * unless softirqs are deferred: wait for the sum. */
static void test_socket_memory(void **state)
{
	(void)state;
	enum { SENT = 500 };
	struct sockaddr_in address;
	struct procnet before, after;
	int receiver = open_receiver(4096, &address), sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int64_t deadline = clock_now_ns() + 10 * (int64_t)NS_PER_S;
	struct procnet_memory memory = { .drops = 77 };
	unsigned received = 0;
	char data[200] = "x";

	assert_int_equal(procnet_socket_memory(receiver, &memory), 0);
	assert_int_equal(memory.drops, 0);
	/* SO_RCVBUF doubles what it is given, socket(7) */
	assert_int_equal(memory.rcvbuf_bytes, 2 * 4096);
	procnet_read(&before);
	for (int i = 0; i < SENT; i++)
		assert_int_equal(
			sendto(sender, data, sizeof(data), 0, (struct sockaddr *)&address, sizeof(address)), sizeof(data));
	do {
		while (recv(receiver, data, sizeof(data), 0) > 0)
			received++;
		assert_int_equal(procnet_socket_memory(receiver, &memory), 0);
	} while (received + memory.drops < SENT && clock_now_ns() < deadline);
	procnet_read(&after);
	assert_int_equal(received + memory.drops, SENT);
	assert_more(memory.drops, 0);
	assert_at_least(after.value[PROCNET_UDP_RCVBUF_ERRORS] - before.value[PROCNET_UDP_RCVBUF_ERRORS], memory.drops);
	assert_at_least(after.value[PROCNET_UDP_OUT] - before.value[PROCNET_UDP_OUT], SENT);
	close(receiver);
	close(sender);
	memory.drops = 77;
	assert_int_equal(procnet_socket_memory(-1, &memory), -EBADF);
	assert_int_equal(memory.drops, 77);
}

static void test_nothing_stays_open(void **state)
{
	(void)state;
	unsigned before = open_fds();
	struct procnet p;

	for (int i = 0; i < 100; i++)
		procnet_read(&p);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp_against_second_reader),
		cmocka_unit_test(test_host_counters),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_socket_memory),
		cmocka_unit_test(test_nothing_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
