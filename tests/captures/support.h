/* Shared by the tests of captures: a scratch directory, traffic over loopback that they send
 * themselves, and a reader of captures. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "../support/leaks.h"
#include "captures/capture.h"

#define NEED_PRIVILEGE()                                      \
	do {                                                  \
		char why_[128];                               \
		if (!capture_probe(why_, sizeof(why_))) {     \
			print_message("skipped: %s\n", why_); \
			skip();                               \
		}                                             \
	} while (0)

#define CASE(name) cmocka_unit_test_setup_teardown(name, tape_setup, tape_teardown)

enum { DEADLINE_S = 20 };

/* tape_setup() makes the directory and tape_teardown() removes it; path lies in it and names no
 * file yet. */
extern char scratch[64], path[128];

int tape_setup(void **state);
int tape_teardown(void **state);

/* Datagrams from `source` to `sink`, which has the run's port. */
struct traffic {
	int sink, source;
	uint16_t port;
	struct sockaddr_storage to;
	socklen_t to_size;
	uint64_t counter;
};

void traffic_open(struct traffic *t, int family);
void traffic_close(struct traffic *t);
/* Echo datagrams of flow 77 with counters that go on from call to call; every third one is a
 * reply.  The receiver's buffer may overflow: taps see them all. */
void traffic_send(struct traffic *t, unsigned count);

struct capture_request request_of(const struct traffic *t);
struct capture *must_start(const struct capture_request *r);
void must_stop(struct capture *c);
void wait_a_little(void);
/* Waits until so many packets are in the file. */
void wait_packets(struct capture *c, uint64_t count);
/* Waits until it has ended by itself; sends meanwhile where t is given. */
void wait_end(struct capture *c, struct traffic *t, struct capture_state *ret);

struct content {
	unsigned packets, replies;
	uint64_t first, last; /* counters */
	uint64_t step;        /* between neighbours; UINT64_MAX: not regular */
	bool nanoseconds;
	uint16_t port;
	int snaplen;
};

struct content read_back(const char *file);
/* Lines of `tcpdump -r`, or -1 where there is no tcpdump. */
int tcpdump_lines(const char *file);
