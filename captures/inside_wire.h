/* The words of a capture in another network namespace: see inside.h. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "captures/filter.h"
#include "record/packet.h"

enum {
	INSIDE_MAGIC = 0x6e647063,
	INSIDE_CAPTURED_MAX = 262144, /* libpcap's own limit of a packet */
	/* in place of a packet's length: the counts */
	INSIDE_COUNTS = -1,
};

struct inside_request {
	uint32_t magic;
	char interface[16];
	char filter[FILTER_BYTES];
	struct capture_options options;
};

struct inside_answer {
	uint32_t magic;
	int32_t code; /* 0 or a positive errno */
	int32_t linktype;
	char text[ERR_TEXT_BYTES];
};

/* In front of each packet's bytes. */
struct inside_record {
	int32_t captured; /* INSIDE_COUNTS: no bytes follow, and wire and dropped are the counts */
	uint32_t wire;
	uint32_t seconds, nanoseconds;
	uint32_t received, dropped;
};
