/* Rows of a counter table that every UDP mode has: the totals of its ports (port.h), and the
 * drops at its sockets.  They have the same names, places and words in all of them. */
#pragma once

#include "mode/engine.h"

/* Shown in the drill-down, in results' sum and in its cores[]. */
enum { UDP_SHOW = SHOW_DRILL | SHOW_SUM | SHOW_CORE };

/* totals.send_errors; things: "datagrams", "copies". */
#define UDP_TX_ERRORS(things)                                                                                                    \
	{                                                                                                                        \
		.name = "tx_errors", .title = "tx err", .unit = "packets", .roles = ROLE_CLIENT, .ledger = LEDGER_LOST_ARRIVING, \
		.place = "send_error", .place_title = "send error", .show = UDP_SHOW,                                            \
		.help = things " that the kernel refused to send for good"                                                       \
	}

/* totals.send_busy */
#define UDP_TX_RETRIES                                                                                                  \
	{                                                                                                               \
		.name = "tx_retries", .title = "tx again", .unit = "times", .roles = ROLE_CLIENT, .show = UDP_SHOW,     \
		.help = "times that the kernel had no room for a send (EAGAIN, ENOBUFS): kept and sent later, not lost" \
	}

/* totals.refused; in words, nobody is there: "nobody listens". */
#define UDP_REFUSED(nobody)                                                                                            \
	{                                                                                                              \
		.name = "refused", .title = "refused", .unit = "packets", .roles = ROLE_CLIENT, .ledger = LEDGER_LOST, \
		.place = "refused", .place_title = "refused, " nobody, .show = UDP_SHOW,                               \
		.help = "datagrams that came back as an ICMP error: " nobody " there"                                  \
	}

/* udp_group_drops() of the sockets of this side ("server"), counted by workers of these roles.
 * alone: the side of the ledger in a run of servers only. */
#define UDP_SOCKET_DROPS(side, head, workers, alone)                                                                            \
	{                                                                                                                       \
		.name = side "_socket_drops", .title = head, .unit = "packets", .roles = workers, .ledger = LEDGER_LOST,        \
		.server_ledger = alone, .place = side "_socket_buffer", .place_title = side " socket buffer", .show = UDP_SHOW, \
		.help = "dropped because a " side " socket's receive buffer was full (SO_MEMINFO)"                              \
	}
