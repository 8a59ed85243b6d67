/* The XDP program of a run: UDP datagrams to one address and port go to the AF_XDP socket of the
 * queue that they arrive on, everything else goes on to the kernel as ever, and so do datagrams
 * for a queue that has no socket, groups' frames, fragments, and IP headers with options.
 *
 * It is written here as instructions, so that no compiler for them is needed, and is the same for
 * native and generic XDP (bpf(2); Documentation/bpf/map_xskmap.rst; Linux 5.9).  It is attached by
 * a link, that is by a descriptor: when the last copy of that is closed, by whomever or by a
 * signal, the program is gone from the device.
 *
 * A device has one program.  Workers of a run share it: the first one attaches it, the last one to
 * close takes it off.  Any thread; a lock guards the table of programs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "engines/net/net.h"

enum { XDP_QUEUES_MAX = 256 };

enum xdp_hook {
	XDP_HOOK_NATIVE,  /* in the device's driver, before there is an skb */
	XDP_HOOK_GENERIC, /* in the kernel's stack, for every device */
};

struct xdp_program;

/* May this process load such a program?  false with the reason: "needs CAP_BPF and CAP_NET_ADMIN:
 * run it as root". */
bool xdp_program_probe(char *why, size_t size);
/* socket_fd: a socket in the device's network namespace.  to: an address, any, and a port.  0, or
 * -errno with *err: -EBUSY names the program that is there already. */
int xdp_program_open(int socket_fd, unsigned interface, const char *name, const union net_address *to,
	struct xdp_program **ret_program, struct err *err);
void xdp_program_close(struct xdp_program *p); /* accepts NULL */
enum xdp_hook xdp_program_hook(const struct xdp_program *p);
/* Gives a queue its socket.  0, or -errno with *err. */
int xdp_program_set_socket(struct xdp_program *p, unsigned queue, int xsk_fd, struct err *err);
