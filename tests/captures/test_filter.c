/* The filter expressions: their text, that libpcap takes them, and what they let through, bit by
 * bit, without any capture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "captures/filter.h"
#include "frames.h"

static struct capture_request request_of(int protocol, unsigned sample_1_in, bool echo_header)
{
	struct capture_request r = { .protocol = protocol, .echo_header = echo_header };

	ports_add(&r.ports, 5000, 5000);
	capture_options_default(&r.options);
	r.options.sample_1_in = sample_1_in;
	return r;
}

static void expect(const struct capture_request *r, const char *want)
{
	struct err err = ERR_NONE;
	char text[FILTER_BYTES];

	if (capture_filter_text(r, text, sizeof(text), &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(text, want);
}

static void test_texts(void **state)
{
	(void)state;
	struct capture_request r = request_of(IPPROTO_UDP, 1, true);

	expect(&r, "udp port 5000");
	ports_add(&r.ports, 6000, 6999);
	expect(&r, "udp port 5000 or udp portrange 6000-6999");
	snprintf(r.options.filter, sizeof(r.options.filter), "src host 127.0.0.1");
	expect(&r, "(udp port 5000 or udp portrange 6000-6999) and (src host 127.0.0.1)");
	r = request_of(IPPROTO_UDP, 64, true);
	expect(&r, "(udp port 5000) and ((ip and udp and udp[12:4] & 63 = 0) or (ip6 and udp and ip6[52:4] & 63 = 0))");
	r = request_of(0, 1, false);
	expect(&r, "port 5000");
	r = request_of(IPPROTO_TCP, 1, false);
	expect(&r, "tcp port 5000");
}

static void test_too_long(void **state)
{
	(void)state;
	struct capture_request r = request_of(IPPROTO_UDP, 1, true);
	struct err err = ERR_NONE;
	char text[12] = "untouched";

	assert_int_equal(capture_filter_text(&r, text, sizeof(text), &err), -E2BIG);
	assert_string_equal(text, "untouched");
	assert_string_equal(err.text, "capture: the filter is too long");
}

/* Counts those of 4096 frames, which differ in one number, that pass the filter. */
static unsigned passing(const struct capture_request *r, const struct frame_spec *spec, size_t number_at, uint32_t step)
{
	struct bpf_program program;
	char text[FILTER_BYTES];
	unsigned passed = 0;
	struct frame f;

	assert_int_equal(capture_filter_text(r, text, sizeof(text), NULL), 0);
	pcap_t *pcap = pcap_open_dead(spec->linktype, 65535);
	assert_non_null(pcap);
	if (pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) < 0)
		fail_msg("%s: %s", text, pcap_geterr(pcap));
	frame_make(spec, &f);
	for (uint32_t i = 0; i < 4096; i++) {
		const uint32_t value = 1000000 + i * step;
		struct pcap_pkthdr header = { .caplen = (uint32_t)f.len, .len = (uint32_t)f.len };

		for (int b = 0; b < 4; b++)
			f.bytes[number_at + (size_t)b] = (uint8_t)(value >> (24 - 8 * b));
		passed += pcap_offline_filter(&program, &header, f.bytes) != 0;
	}
	pcap_freecode(&program);
	pcap_close(pcap);
	return passed;
}

static void test_counter_sampling_is_exact(void **state)
{
	(void)state;
	for (int ip6 = 0; ip6 < 2; ip6++)
		for (unsigned n = 2; n <= 1024; n *= 2) {
			const struct frame_spec spec = {
				.linktype = 1, .payload_bytes = 64, .ip6 = ip6, .ip4_option_bytes = ip6 ? 0 : 8
			};
			const struct capture_request r = request_of(IPPROTO_UDP, n, true);
			unsigned passed = passing(&r, &spec, frame_transport_at(&spec) + 12, 1);

			if (passed != 4096 / n)
				fail_msg("IPv%d, 1 in %u: %u of 4096 passed", ip6 ? 6 : 4, n, passed);
		}
}

/* A hash is not exact, but it must be near: within a factor of two for numbers that step by 1,
 * by a payload, by a power of two. */
static void test_hash_sampling_is_near(void **state)
{
	(void)state;
	static const uint32_t steps[] = { 1, 64, 1448, 65483, 65536, 16384 };

	for (int tcp = 0; tcp < 2; tcp++)
		for (int ip6 = 0; ip6 < 2; ip6++)
			for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
				const struct frame_spec spec = { .linktype = 1, .payload_bytes = 64, .ip6 = ip6, .tcp = tcp };
				const struct capture_request r = request_of(tcp ? IPPROTO_TCP : IPPROTO_UDP, 16, false);
				unsigned passed = passing(&r, &spec, frame_transport_at(&spec) + (tcp ? 4 : 8), steps[i]);

				if (passed < 128 || passed > 512)
					fail_msg("%s over IPv%d, step %u, 1 in 16: %u of 4096 passed", tcp ? "TCP" : "UDP",
						ip6 ? 6 : 4, steps[i], passed);
			}
}

static void test_both_protocols(void **state)
{
	(void)state;
	const struct capture_request all = request_of(0, 1, false), some = request_of(0, 16, false);

	for (int tcp = 0; tcp < 2; tcp++) {
		const struct frame_spec spec = { .linktype = 1, .payload_bytes = 64, .tcp = tcp };
		size_t at = frame_transport_at(&spec) + (tcp ? 4 : 8);

		assert_int_equal(passing(&all, &spec, at, 1), 4096);
		assert_in_range(passing(&some, &spec, at, 1), 128, 512);
	}
	assert_string_equal(capture_sampling(&some), "by a hash of the first 8 payload bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_counter_sampling_is_exact),
		cmocka_unit_test(test_hash_sampling_is_near),
		cmocka_unit_test(test_both_protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
