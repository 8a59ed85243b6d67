/* A port of method xdp in namespaces of the test's own, and the kernel's sockets at the other end
 * of a veth pair.  As root: a program is loaded into the kernel. */
#pragma once

#include "netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engines/udp/xdp.h"

enum { XDP_RIG_BYTES = 1472, XDP_RIG_BATCH = 32, XDP_RIG_DEADLINE_S = 30 };

struct xdp_rig {
	struct udp_port *port;
	union net_address at; /* of the port */
	int client;           /* connected with it, in the other namespace */
	unsigned fds;
};

/* The namespaces and the pair, before the first test. */
void xdp_make(void);
/* Skips the test, with the reason, where no such program may be loaded. */
void xdp_need(void);

struct udp_config xdp_config(int fd, uint32_t receive_bytes);
/* 0, or -errno with nothing left open. */
int xdp_open_port(struct xdp_rig *r, const char *host, uint32_t bytes, struct err *err);
void xdp_rig_open(struct xdp_rig *r, const char *host, uint32_t bytes);
void xdp_rig_close(struct xdp_rig *r); /* no descriptor is left */

/* One turn of a server: answers all that is there, with the first byte's highest bit set.  Returns
 * how many. */
int xdp_serve(struct xdp_rig *r, struct err *err);
/* Serves until so many were answered. */
void xdp_serve_all(struct xdp_rig *r, unsigned count);
void xdp_await(int fd); /* until it can be read */
/* A datagram of the client's, and its answer. */
void xdp_send_bytes(struct xdp_rig *r, size_t len, unsigned char first);
void xdp_expect_bytes(struct xdp_rig *r, size_t len, unsigned char first);

/* Datagrams that the kernel has thrown away for their checksums, here; in the other namespace. */
uint64_t xdp_checksum_errors(void);
uint64_t xdp_checksum_errors_there(void);
bool xdp_has_program(const char *interface);
