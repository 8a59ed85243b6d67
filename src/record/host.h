/* The machine that this is: goes into every result, so that numbers can be compared honestly.  Read
 * once, main thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mode/options.h"

struct host_info {
	char kernel[80], machine[32], cpu_model[80], mitigations[160], governor[32], hypervisor[32], clocksource[32];
	/* the system's default: what a connection gets that asks for none */
	char tcp_congestion[32];
	unsigned cpus_online, cpus_allowed;
	/* -1: unreadable */
	int64_t rmem_max, wmem_max, rmem_default, wmem_default, netdev_max_backlog, optmem_max;
	/* -1: unreadable */
	int perf_paranoid;
};

void host_read(struct host_info *ret_host);

/* Texts and numbers of struct host_info by key: one table to write, to read and to look up. */
struct host_field {
	const char *key;
	size_t offset, size; /* size > 0: text; 0: a number */
	enum { HOST_TEXT, HOST_UNSIGNED, HOST_INT, HOST_INT64 } type;
};
extern const struct host_field host_fields[]; /* ended by key == NULL */

/* The value that the machine gives to an option that is not set; "" where the system does not
 * decide it, or that is not known. */
const char *host_default(const struct host_info *host, const struct option_def *def);
