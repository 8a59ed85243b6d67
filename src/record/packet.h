/* A decoded packet and the state of a capture, as screens show them.  Filled by captures/, read
 * by ui/: neither includes the other. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct packet {
	int64_t wall_ns;     /* capture time stamp, CLOCK_REALTIME */
	uint32_t wire_bytes; /* length on the wire */
	uint32_t captured_bytes;
	uint8_t family;   /* 4, 6; 0: not IP */
	uint8_t protocol; /* 17, 6; 0 */
	uint16_t source_port, destination_port;
	uint8_t source[16], destination[16];
	uint16_t payload_bytes; /* UDP length - 8, or TCP payload */
	bool has_echo;          /* the payload carries an echo header: */
	bool reply;
	uint16_t flow;
	uint64_t counter;  /* 48 bits */
	uint64_t stamp_ns; /* time in the datagram, CLOCK_MONOTONIC of the sender */
	int64_t age_ns;    /* capture time - stamp, converted to one clock; INT64_MIN if unknown */
	char note[32];     /* "short", "fragment", "" */
};

struct capture_options {
	char interface[16];     /* "" = the run's */
	unsigned sample_1_in;   /* 1 = all; a power of two */
	unsigned snaplen_bytes; /* default 96 */
	uint64_t limit_bytes;   /* 0 = none; default 100 MB */
	int64_t limit_ns;       /* 0 = none; default 60 s */
	char filter[200];       /* extra filter expression, and-ed; "" none */
};

struct capture_state {
	bool active, failed;
	char path[4096], interface[16], filter[256];
	char message[256];       /* why not, how to get the privilege, or why it ended */
	uint64_t packets, bytes; /* written to the file */
	uint64_t kernel_drops;   /* pcap_stats.ps_drop */
	uint64_t writer_drops;   /* read from the kernel but not written (disk) */
	bool kernel_drops_known;
	int64_t since_ns; /* run clock */
	struct capture_options options;
};

enum { PACKETS_SHOWN = 64 };
