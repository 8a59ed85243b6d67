/* Rows of a counter table that every UDP mode has: the totals of its ports (port.h), and the
 * drops at its sockets.  They have the same names, places and words in all of them. */
#pragma once

#include "mode/engine.h"

/* ---- how full a receive call comes back ---- */

/* Datagrams of a call: none, 1, 2-3, 4-7, ... and at last 512 or more. */
enum { UDP_FILLS = 11 };

/* Cumulative; the owner of the port counts. */
struct udp_fill {
	uint64_t elements; /* packets as the kernel handed them over: several datagrams with GRO */
	uint64_t filled;   /* calls that brought some */
	uint64_t calls[UDP_FILLS];
};

static inline void udp_fill_add(struct udp_fill *f, unsigned elements, unsigned datagrams)
{
	unsigned i = datagrams ? 32u - (unsigned)__builtin_clz(datagrams) : 0;

	f->elements += elements;
	f->filled += datagrams > 0;
	f->calls[i < UDP_FILLS ? i : UDP_FILLS - 1]++;
}

static inline void udp_fill_merge(struct udp_fill *into, const struct udp_fill *add)
{
	into->elements += add->elements;
	into->filled += add->filled;
	for (unsigned i = 0; i < UDP_FILLS; i++)
		into->calls[i] += add->calls[i];
}

/* One of them: calls with this many datagrams, in a word for the name and in words. */
#define UDP_FILL(word, words)                                                                                       \
	{                                                                                                           \
		.name = "fill_" word, .title = "fill " word, .unit = "calls", .roles = ROLE_BOTH, .show = SHOW_SUM, \
		.help = "receive calls that came back with " words                                                  \
	}
/* All of them, from this index of a table on. */
#define UDP_FILL_COUNTERS(first)                                                                                          \
	[first] = UDP_FILL("0", "no datagram"), [(first) + 1] = UDP_FILL("1", "one datagram"),                            \
	[(first) + 2] = UDP_FILL("2", "2 or 3 datagrams"), [(first) + 3] = UDP_FILL("4", "4 to 7 datagrams"),             \
	[(first) + 4] = UDP_FILL("8", "8 to 15 datagrams"), [(first) + 5] = UDP_FILL("16", "16 to 31 datagrams"),         \
	[(first) + 6] = UDP_FILL("32", "32 to 63 datagrams"), [(first) + 7] = UDP_FILL("64", "64 to 127 datagrams"),      \
	[(first) + 8] = UDP_FILL("128", "128 to 255 datagrams"), [(first) + 9] = UDP_FILL("256", "256 to 511 datagrams"), \
	[(first) + 10] = UDP_FILL("512", "512 or more datagrams")

/* udp_fill.filled */
#define UDP_FILLED(shown)                                                                                    \
	{                                                                                                    \
		.name = "receives", .title = "receives", .unit = "calls", .roles = ROLE_BOTH, .show = shown, \
		.help = "receive calls that brought something"                                               \
	}

/* ---- rows ---- */

/* Shown in the drill-down, in results' sum and in its cores[]. */
enum { UDP_SHOW = SHOW_DRILL | SHOW_SUM | SHOW_CORE };

/* totals.send_errors; things: "datagrams", "copies". */
#define UDP_TX_ERRORS(things)                                                                                                    \
	{                                                                                                                        \
		.name = "tx_errors", .title = "tx err", .unit = "packets", .roles = ROLE_CLIENT, .ledger = LEDGER_LOST_ARRIVING, \
		.place = "send_error", .place_title = "send error", .show = UDP_SHOW,                                            \
		.remedy = "refused by the kernel: the events name its error (route, firewall, MTU)",                             \
		.help = things " that the kernel refused to send for good"                                                       \
	}

/* totals.send_busy */
#define UDP_TX_RETRIES                                                                                                  \
	{                                                                                                               \
		.name = "tx_retries", .title = "tx again", .unit = "times", .roles = ROLE_CLIENT, .retried = true,      \
		.show = UDP_SHOW,                                                                                       \
		.help = "times that the kernel had no room for a send (EAGAIN, ENOBUFS): kept and sent later, not lost" \
	}

/* totals.starved, of ports of these roles */
#define UDP_STARVED(workers)                                                                                                 \
	{                                                                                                                    \
		.name = "rx_starved", .title = "starved", .unit = "times", .roles = workers, .show = UDP_SHOW | SHOW_IF_ANY, \
		.help = "times that the kernel had no buffer of ours for what came: it waited in the socket"                 \
	}

/* totals.refused; in words, nobody is there: "nobody listens". */
#define UDP_REFUSED(nobody)                                                                                            \
	{                                                                                                              \
		.name = "refused", .title = "refused", .unit = "packets", .roles = ROLE_CLIENT, .ledger = LEDGER_LOST, \
		.place = "refused", .place_title = "refused, " nobody, .show = UDP_SHOW,                               \
		.remedy = "start the other end, or mend host and port (F2)",                                           \
		.help = "datagrams that came back as an ICMP error: " nobody " there"                                  \
	}

/* The datagrams that may have been in the packets that UDP_SOCKET_DROPS counts, beside the first:
 * for each of these segments_max - 1. */
#define UDP_MORE_DROPS(side, head, workers)                                                                                    \
	{                                                                                                                      \
		.name = side "_joined_drops", .title = head, .unit = "packets", .roles = workers, .ledger = LEDGER_LOST_UP_TO, \
		.server_ledger = LEDGER_NONE, .place = side "_socket_buffer", .place_title = side " socket buffer",            \
		.show = UDP_SHOW | SHOW_IF_ANY,                                                                                \
		.help = "datagrams that may have been in what a " side " socket dropped, beside one each: at most (GRO)"       \
	}

/* udp_group_drops() of the sockets of this side ("server"), counted by workers of these roles.
 * alone: the side of the ledger in a run of servers only. */
#define UDP_SOCKET_DROPS(side, head, workers, alone)                                                                            \
	{                                                                                                                       \
		.name = side "_socket_drops", .title = head, .unit = "packets", .roles = workers, .ledger = LEDGER_LOST,        \
		.server_ledger = alone, .place = side "_socket_buffer", .place_title = side " socket buffer", .show = UDP_SHOW, \
		.remedy = "full at rcvbuf {rcvbuf} · F2 raises it, rmem_max {rmem_max}",                                        \
		.help = "dropped because a " side " socket's receive buffer was full (SO_MEMINFO)"                              \
	}

/* totals.no_frame, .ring_full and .bad_frame of the servers' ports: what a method that receives
 * below the socket loses in front of it.  One counter: there is room for few. */
#define UDP_XDP_DROPS                                                                                                           \
	{                                                                                                                       \
		.name = "server_xdp_drops", .title = "srv xdp", .unit = "packets", .roles = ROLE_SERVER, .ledger = LEDGER_LOST, \
		.server_ledger = LEDGER_LOST_ARRIVING, .place = "server_xdp_socket", .place_title = "server AF_XDP socket",     \
		.remedy = "more workers, with a queue each, or a lower rate", .show = UDP_SHOW | SHOW_IF_ANY,                   \
		.help = "lost at a server's AF_XDP socket: no free frame, a full ring (XDP_STATISTICS), a wrong length "        \
			"or checksum"                                                                                           \
	}
