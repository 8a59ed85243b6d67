/* Method xdp of the UDP port: frames of one queue of the interface, past the kernel's IP and UDP
 * (AF_XDP; engines/xdp/).  For ports that only answer, and for those that only send.
 *
 *   - An XDP program gives the port the datagrams to its socket's address and port, of the queue
 *     place.queue.  What it passes on (fragments, IP options, other queues) comes in through the
 *     socket, which is read when nothing else is there, and is answered through it.
 *   - Frames are answered in place, with checksums of their own: see engines/packet/turn.h.
 *   - What is sent is written straight into frames; engines/packet/hosts.h has the way to its
 *     hosts.
 *   - A client of one peer (config.connected) has no queue of its own: it runs as mmsg, and says
 *     so.
 *   - With copies, which is all that veth can, a call sends, and what the kernel has no room for
 *     is sent by the next one.
 *   - Over lo it does not answer: answers would come in as from a wire, and be thrown away.
 *   - port->wait is an epoll descriptor.
 *
 * Receiving takes a program in the kernel: CAP_BPF and CAP_NET_ADMIN in the first user namespace,
 * and on path veth CAP_SYS_ADMIN: root.  Sending takes CAP_NET_RAW, which path veth gives.
 *
 * Contract, thread and errors: port.h. */
#pragma once

#include "engines/udp/port.h"

#define UDP_XDP_SUMMARY "AF_XDP: frames answered in place, past the IP stack; not over lo"

bool udp_xdp_probe(char *why, size_t size);       /* answering */
bool udp_xdp_probe_sends(char *why, size_t size); /* sending */
void udp_xdp_limits(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits);
void udp_xdp_limits_sends(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits);

/* The row of a mode's options for config.xdp_mode. */
#define UDP_XDP_MODE_OPTION                                                                                              \
	{                                                                                                                \
		.name = "xdp-mode", .type = OPTION_CHOICE, .flags = OPTION_RESTART | OPTION_RESULT, .value_name = "HOW", \
		.choices = udp_xdp_choices, .default_text = "auto",                                                      \
		.help = "method xdp: frames are copied by the kernel, or not; auto: zero-copy where the device can"      \
	}

/* The row of a mode that answers, and of one that sends. */
#ifdef NETDYNO_XDP
#define UDP_XDP_METHOD                                                                                                           \
	{                                                                                                                        \
		.name = "xdp", .summary = UDP_XDP_SUMMARY, .packet_socket = true, .loads_program = true, .probe = udp_xdp_probe, \
		.limits = udp_xdp_limits                                                                                         \
	}
#define UDP_XDP_METHOD_SENDS(summary_text)                                                                   \
	{                                                                                                    \
		.name = "xdp", .summary = summary_text, .packet_socket = true, .probe = udp_xdp_probe_sends, \
		.limits = udp_xdp_limits_sends                                                               \
	}
#else
#define UDP_XDP_METHOD                     METHOD_MISSING("xdp", UDP_XDP_SUMMARY, "libxdp", "libxdp-dev")
#define UDP_XDP_METHOD_SENDS(summary_text) METHOD_MISSING("xdp", summary_text, "libxdp", "libxdp-dev")
#endif

extern const struct udp_method udp_xdp;
